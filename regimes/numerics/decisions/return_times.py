"""To which points a model that has memorised returns: the probability for each, and where it passes one half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import positive_times, whole_number
from regimes.numerics.interface.data_checks import checked_labels, checked_points
from regimes.numerics.posterior.layout import choose_products
from regimes.numerics.posterior.summary import RETURN, RETURNS
from regimes.numerics.posterior.sweep import Layout, Sweep
from regimes.theory.formula.record import note, recorded

__all__ = ["ReturnProbabilities", "last_return_times", "return_probabilities"]

Array = NDArray[np.float64]

_SMALLEST = 1e-7  # of a probability and its complement, which exponentials of single precision tell


@dataclass(frozen=True, eq=False)
class ReturnProbabilities:
    """Probability that a trajectory through a noised point returns to it or to a near copy of it.

    Attributes
    ----------
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times, increasing.
    chosen : ndarray of int64, shape (C,)
        Numbers of the points.
    values, error : ndarray, shape (C, T)
        The probabilities, and their standard errors over the noises.
    noises : int
        Noises of each point, each used with both signs.
    formulas : tuple of str
        Formulas behind them.
    """

    t: Array
    chosen: NDArray[np.int64]
    values: Array
    error: Array
    noises: int
    formulas: tuple[str, ...]


def return_probabilities(
    X: ArrayLike,
    t: ArrayLike,
    *,
    chosen: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    singles: bool = True,
    noises: int = 8,
    rng: int | np.random.Generator = 0,
    memory: int = 2 * 2**30,
) -> ReturnProbabilities:
    """Probability that a model with the exact score of the points returns to a point from a noised form of it.

    ``w_mu(t) = E P(mu | x_t)`` over x_t made from mu, in the posterior over all points; with groups of near copies that
    of the group of mu. Its mean over all points is the probability that two clones share their point.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points.
    t : array_like, shape (T,)
        Ornstein-Uhlenbeck times, increasing.
    chosen : array_like of int, shape (C,), optional
        Points that are asked for; all by default.
    labels : array_like of int, shape (n,), optional
        Groups of near copies, as ``near_copies(X).as_classes``; each point is on its own by default.
    singles : bool
        Whether each point of group 0 is on its own, as ``near_copies(X).singles`` says.
    noises : int
        Noises of each point, each used with both signs: ``2 C n T`` exponentials for each.
    rng : int or numpy.random.Generator
        Seed or generator.
    memory : int
        Bytes for working arrays, beyond X.

    Returns
    -------
    ReturnProbabilities
        The probabilities with their errors.

    Raises
    ------
    ValueError
        If the data or an option is unusable, or the memory does not hold the smallest block.

    Notes
    -----
    Derived (``return_probability``): for two points alone ``clone_probability`` at ``kappa = snr distance^2/4``.

    Examples
    --------
    >>> found = return_probabilities([[0.0], [1.0], [9.0]], [1.0, 5.0], noises=4000)
    >>> found.values.round(1).tolist()
    [[0.5, 0.3], [0.5, 0.3], [0.9, 0.3]]
    """
    name = "return_probabilities"
    points = checked_points(name, X)
    n, d = points.values.shape
    times = positive_times(name, t)
    if np.any(np.diff(times) <= 0):
        raise ValueError(f"{name}: t must increase, got {times.size} times that do not; sort them, each once")
    rows = np.arange(n) if chosen is None else np.asarray(chosen, dtype=np.int64)
    if rows.ndim != 1 or rows.size == 0 or rows.min() < 0 or rows.max() >= n:
        raise ValueError(f"{name}: chosen must list numbers of points, 0 to {n - 1}, got shape {rows.shape}; check it")
    classes, members = checked_labels(name, labels, n)
    noises = whole_number(name, "noises", "noises of each point", noises, at_least=2)
    memory = whole_number(name, "memory", "bytes", memory, at_least=1)
    draws, probes = generator(Stream.RETURNS, rng), rows.size * noises
    dtype: np.dtype[np.floating] = np.dtype("f8" if choose_products(n, d, probes) == "double" else "f4")
    extent = points.extent(points.mean) or 1.0
    with recorded() as used:
        factor = np.sqrt(compile_formula("snr", target="numpy")(times)) * extent
        note(RETURNS)
    layout = Layout(members, np.zeros(n, dtype=np.int64), classes, 1, singles)
    sweep = Sweep(points, layout, np.asarray(factor), dtype, probes, memory)
    mu, found, done = np.tile(rows, noises), np.empty((probes, times.size)), 0
    while done < probes:
        some = mu[done : done + sweep.probes]
        for block in sweep(some, draws.standard_normal((some.size, d)).astype(dtype)):
            found[done : done + len(block)] = block[:, :, RETURN, 0]
            done += len(block)
    of_noise = found.reshape(noises, rows.size, times.size)
    error = of_noise.std(axis=0, ddof=1) / np.sqrt(noises)
    return ReturnProbabilities(times, rows, of_noise.mean(axis=0), error, noises, tuple(used))


def last_return_times(found: ReturnProbabilities) -> tuple[Array, Array]:
    """Where each probability passes one half for the last time, with its standard error, linear in log odds and log t.

    A time is infinite where the probability is above one half at the last time, and 0 where it is below at all times.
    """
    t, inside = np.log(found.t), np.clip(found.values, _SMALLEST, 1 - _SMALLEST)
    odds = np.log(inside) - np.log1p(-inside)
    above = odds > 0
    before = found.t.size - 1 - above[:, ::-1].argmax(axis=1)  # the last time above
    none, all_along = ~above.any(axis=1), above[:, -1]
    before = np.minimum(before, found.t.size - 2)
    rows = np.arange(len(odds))
    low, high = odds[rows, before], odds[rows, before + 1]
    fall = np.where(none | all_along, 1.0, low - high)
    share = np.clip(low / fall, 0.0, 1.0)
    at = t[before] + share * (t[before + 1] - t[before])
    spread = found.error / (inside * (1 - inside))
    mixed = (1 - share) * spread[rows, before] + share * spread[rows, before + 1]
    time = np.where(none, 0.0, np.where(all_along, np.inf, np.exp(at)))
    error = np.where(none | all_along, 0.0, np.exp(at) * mixed * (t[before + 1] - t[before]) / fall)
    return time, error
