"""Checks of physics arguments: state the rule, then what was given."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "check_memory",
    "gibibytes",
    "kept_fractions",
    "positive_number",
    "positive_times",
    "real_array",
    "seeded",
    "whole_number",
]


def gibibytes(size: int) -> str:
    """Show a number of bytes, however large.

    Parameters
    ----------
    size : int
        Bytes.

    Returns
    -------
    str
        The number in GiB, three digits.

    Examples
    --------
    >>> gibibytes(3 * 2**29), gibibytes(2**10_000)
    ('1.5 GiB', '1e+300 GiB and more')
    """
    if size.bit_length() > 1000:
        return "1e+300 GiB and more"
    return f"{size / 2**30:.3g} GiB"


def check_memory(function: str, what: str, needed: int, memory: int, advice: str) -> None:
    """Refuse arrays that would take more memory than allowed, before they are made.

    Parameters
    ----------
    function, what : str
        For the error.
    needed, memory : int
        Bytes.
    advice : str
        What to do other than to raise the memory.

    Raises
    ------
    ValueError
        If more is needed.
    """
    if needed > memory:
        raise ValueError(
            f"{function}: {what} would take {gibibytes(needed)}, more than memory = {gibibytes(memory)}; {advice}, or "
            "raise memory"
        )


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


def kept_fractions(function: str, meaning: str, lambdas: ArrayLike, *, zero: bool = True) -> NDArray[np.float64]:
    """Check fractions of points that are kept.

    Parameters
    ----------
    function, meaning : str
        For the error.
    lambdas : array_like
        One fraction or a 1-d sequence.
    zero : bool
        Whether nothing may be kept.

    Returns
    -------
    ndarray, shape (K,)
        As float64, in the order given.

    Raises
    ------
    ValueError
        If there is none, or one lies outside [0, 1].

    Examples
    --------
    >>> kept_fractions("data_percolation", "fractions kept", 0.5).tolist()
    [0.5]
    """
    values = np.atleast_1d(real_array(function, "lambdas", lambdas))
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"{function}: lambdas ({meaning}) must be a number or a 1-d sequence, got shape {values.shape}"
        )
    inside = ((values >= 0) if zero else (values > 0)) & (values <= 1)
    if not inside.all():
        rule = "lie in [0, 1]" if zero else "be above 0 and at most 1"
        raise ValueError(f"{function}: lambdas ({meaning}) must {rule}, got {values[~inside][0]:g}")
    return values


def real_array(function: str, name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Check that something is an array of real numbers.

    Parameters
    ----------
    function, name : str
        For the error.
    values : array_like
        What was given.

    Returns
    -------
    ndarray
        As float64, not copied if it is that already; infinite values and nan are let through.

    Raises
    ------
    ValueError
        If it is ragged, or holds anything but real numbers.

    Examples
    --------
    >>> real_array("belief_propagation", "messages", [[1, 2]]).tolist()
    [[1.0, 2.0]]
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{function}: {name} must be a regular array of real numbers, got rows of different lengths"
        ) from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{function}: {name} must hold real numbers, got {array.dtype}")
    return array.astype(np.float64, copy=False)


def whole_number(function: str, name: str, meaning: str, value: Any, *, at_least: int) -> int:
    """Check one whole number.

    Parameters
    ----------
    function, name, meaning : str
        For the error.
    value : int
        What was given.
    at_least : int
        Smallest admissible value.

    Returns
    -------
    int
        The value.

    Raises
    ------
    ValueError
        If it is not a whole number or too small.

    Examples
    --------
    >>> whole_number("random_hierarchy", "v", "number of symbols", 32, at_least=2)
    32
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{function}: {name} ({meaning}) must be a whole number, got {value!r}") from None
    if isinstance(value, bool | np.bool_):
        raise ValueError(f"{function}: {name} ({meaning}) must be a whole number, got {value!r}")
    if number < at_least:
        raise ValueError(f"{function}: {name} ({meaning}) must be at least {at_least}, got {number}")
    return number


def seeded(rng: int | np.random.Generator, stream: int) -> np.random.Generator:
    """Make the generator of one use of a seed.

    Parameters
    ----------
    rng : int or numpy.random.Generator
        Seed, or a generator, which is used as it is.
    stream : int
        Constant of the use, so that two uses of a seed share no numbers.

    Returns
    -------
    numpy.random.Generator
        The generator.

    Raises
    ------
    ValueError
        If the seed is not a whole number or negative.

    Examples
    --------
    >>> seeded(0, 1).random() == seeded(0, 2).random()
    False
    """
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng([stream, whole_number("rng", "rng", "seed", rng, at_least=0)])
