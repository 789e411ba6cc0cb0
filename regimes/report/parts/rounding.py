"""Numbers with their standard errors in brackets, in units of the last digits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["capped", "curve_entry", "rounded"]

_MOST_DECIMALS = 7
_DECIMALS = 4
_NOTHING = 5e-8


def rounded(value: float, error: float | None = None) -> str:
    """A number with two digits of its error; four digits where there is no error, or none that could be seen.

    >>> rounded(0.19718, 0.00031), rounded(153.27, 4.21), rounded(1532.7, 42.1), rounded(0.0625)
    ('0.19718(31)', '153.3(42)', '1533(42)', '0.0625')
    """
    if error is None or not error > 10.0 ** (1 - _MOST_DECIMALS):
        return f"{value:.4g}"
    return _with_error(value, error, max(0, 1 - math.floor(math.log10(error))))


def capped(value: float, error: float | None = None, *, digits: int = 3) -> str:
    """A number of a curve with its error, to four decimals, or to some digits if those are more decimals.

    >>> capped(0.15749, 0.00075), capped(0.9999952, 0.0000048), capped(0.00070042, 0.0000351), capped(10.72, 0.31)
    ('0.1575(8)', '1.0000', '0.000700(35)', '10.72(31)')
    """
    if error is None or not error > 0:
        return f"{value:.4g}"
    most = _DECIMALS
    if digits and value:
        most = max(most, digits - 1 - math.floor(math.log10(abs(value))))
    return _with_error(value, error, min(most, max(0, 1 - math.floor(math.log10(error)))))


def curve_entry(values: NDArray[np.float64], errors: NDArray[np.float64] | None, row: int, *, digits: int = 3) -> str:
    """One number of a curve; 0 where nothing of it could be seen."""
    value = float(values[row])
    return "0" if value < _NOTHING else capped(value, None if errors is None else float(errors[row]), digits=digits)


def _with_error(value: float, error: float, decimals: int) -> str:
    units = round(error * 10**decimals)
    return f"{value:.{decimals}f}" + (f"({units})" if units else "")
