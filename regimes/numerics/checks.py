"""Checks of physics arguments: state the rule, then what was given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["positive_number", "positive_times"]


def positive_number(function: str, name: str, meaning: str, value: Any, *, at_least: float | None = None) -> float:
    """Check one positive finite number.

    Parameters
    ----------
    function, name, meaning : str
        For the error.
    value : number
        What was given.
    at_least : float, optional
        Smallest admissible value, itself included; any positive number otherwise.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ValueError
        If it is not a finite number in the range.

    Examples
    --------
    >>> positive_number("speciation", "d", "dimension", 64, at_least=1)
    64.0
    """
    rule = "positive and finite" if at_least is None else f"finite and at least {at_least:g}"
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{function}: {name} ({meaning}) must be a number, got {value!r}") from None
    if not math.isfinite(number) or number <= 0 or (at_least is not None and number < at_least):
        raise ValueError(f"{function}: {name} ({meaning}) must be {rule}, got {number:g}")
    return number


def positive_times(function: str, t: ArrayLike) -> NDArray[np.float64]:
    """Check Ornstein-Uhlenbeck times.

    Parameters
    ----------
    function : str
        For the error.
    t : array_like
        One time or a 1-d sequence.

    Returns
    -------
    ndarray, shape (T,)
        The times as float64.

    Raises
    ------
    ValueError
        If there is none, or one is not positive and finite.

    Examples
    --------
    >>> positive_times("speciation", [0.5, 1]).tolist()
    [0.5, 1.0]
    """
    times = np.atleast_1d(np.asarray(t, dtype=np.float64))
    if times.ndim != 1 or times.size == 0:
        raise ValueError(
            f"{function}: t (Ornstein-Uhlenbeck times) must be a number or a 1-d sequence, got shape {times.shape}"
        )
    if not np.all(np.isfinite(times) & (times > 0)):
        bad = times[~(np.isfinite(times) & (times > 0))][0]
        raise ValueError(f"{function}: t (Ornstein-Uhlenbeck time) must be positive and finite, got {bad:g}")
    return times
