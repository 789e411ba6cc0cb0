"""Times at which curves are computed: even in log snr, which is what the posterior feels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula

__all__ = ["even_times", "times_around"]


def even_times(first: float, last: float, count: int) -> NDArray[np.float64]:
    """Increasing times between two, even in log snr: geometric at small t, linear at large."""
    high, low = compile_formula("log_snr", target="numpy")([first, last])
    return np.asarray(compile_formula("time_from_log_snr", target="numpy")(np.linspace(high, low, count)))


def times_around(time: float, reach: float, last: float, count: int) -> NDArray[np.float64]:
    """The same, ``reach`` nats of log snr to either side of a time and not beyond the last one."""
    centre = float(compile_formula("log_snr", target="numpy")(time))
    ends = compile_formula("time_from_log_snr", target="numpy")([centre + reach, centre - reach])
    return even_times(float(ends[0]), min(float(ends[1]), last), count)
