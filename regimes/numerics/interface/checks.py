"""Checks of physics arguments: state the rule, then what was given."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "as_given",
    "check_memory",
    "gibibytes",
    "kept_fractions",
    "positive_number",
    "positive_times",
    "real_array",
    "whole_number",
]


_LONGEST = 200  # bits of a whole number that is shown


def as_given(value: float) -> str:
    """A number with all the digits that it was given with.

    >>> as_given(0.9999999999), as_given(3)
    ('0.9999999999', '3')
    """
    return repr(float(value)).removesuffix(".0")


def gibibytes(size: int) -> str:
    """A number of bytes, however large, in GiB."""
    if size.bit_length() > 1000:
        return "1e+300 GiB and more"
    return f"{size / 2**30:.3g} GiB"


def check_memory(function: str, what: str, needed: int, memory: int, advice: str) -> None:
    """Refuse arrays that would take more bytes than allowed, before they are made; advise what else to do."""
    if needed > memory:
        raise ValueError(
            f"{function}: {what} would take {gibibytes(needed)}, more than memory = {gibibytes(memory)}; {advice}, or "
            "raise memory"
        )


def positive_number(function: str, name: str, meaning: str, value: Any, *, at_least: float | None = None) -> float:
    """One positive finite number, not below ``at_least``."""
    rule = "positive and finite" if at_least is None else f"finite and at least {at_least:g}"
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{function}: {name} ({meaning}) must be a number, got {value!r}") from None
    if not math.isfinite(number) or number <= 0 or (at_least is not None and number < at_least):
        raise ValueError(f"{function}: {name} ({meaning}) must be {rule}, got {as_given(number)}")
    return number


def positive_times(function: str, t: ArrayLike) -> NDArray[np.float64]:
    """One Ornstein-Uhlenbeck time or several, as a 1-d array."""
    times = np.atleast_1d(np.asarray(t, dtype=np.float64))
    if times.ndim != 1 or times.size == 0:
        raise ValueError(
            f"{function}: t (Ornstein-Uhlenbeck times) must be a number or a 1-d sequence, got shape {times.shape}"
        )
    if not np.all(np.isfinite(times) & (times > 0)):
        bad = times[~(np.isfinite(times) & (times > 0))][0]
        raise ValueError(f"{function}: t (Ornstein-Uhlenbeck time) must be positive and finite, got {as_given(bad)}")
    return times


def kept_fractions(function: str, meaning: str, lambdas: ArrayLike, *, zero: bool = True) -> NDArray[np.float64]:
    """One kept fraction or several, in [0, 1] or without ``zero`` in (0, 1], as a 1-d array."""
    values = np.atleast_1d(real_array(function, "lambdas", lambdas))
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"{function}: lambdas ({meaning}) must be a number or a 1-d sequence, got shape {values.shape}"
        )
    inside = ((values >= 0) if zero else (values > 0)) & (values <= 1)
    if not inside.all():
        rule = "lie in [0, 1]" if zero else "be above 0 and at most 1"
        raise ValueError(f"{function}: lambdas ({meaning}) must {rule}, got {as_given(values[~inside][0])}")
    return values


def real_array(function: str, name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Real numbers of any shape, not copied if they are float64; infinite values and nan are let through."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{function}: {name} must be a regular array of real numbers, got rows of different lengths"
        ) from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{function}: {name} must hold real numbers, got {array.dtype}")
    return array.astype(np.float64, copy=False)


def whole_number(function: str, name: str, meaning: str, value: Any, *, at_least: int, at_most: float = 2.0**63) -> int:
    """One whole number from ``at_least`` to ``at_most``; True and False are none."""
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise ValueError(f"{function}: {name} ({meaning}) must be a whole number, got {value!r}")
    if number < at_least:
        raise ValueError(f"{function}: {name} ({meaning}) must be at least {at_least}, got {_shown(number)}")
    if number > at_most:
        raise ValueError(f"{function}: {name} ({meaning}) must be at most {at_most:.4g}, got {_shown(number)}")
    return number


def _shown(number: int) -> str:
    """A whole number, or how long it is."""
    bits = number.bit_length()
    return str(number) if bits <= _LONGEST else f"one of {int(bits * math.log10(2)) + 1} digits"
