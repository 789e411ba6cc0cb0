"""The class clone probability of the population, bounded from below by class posteriors that are held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import positive_times, whole_number
from regimes.numerics.interface.data_checks import checked_labels, checked_points
from regimes.numerics.speciation.class_bound.candidates import CANDIDATES, Candidates, moments
from regimes.numerics.speciation.class_bound.gaussian import Noising
from regimes.numerics.speciation.class_bound.kernel import TEMPERATURES
from regimes.numerics.speciation.class_bound.probes import Used, draw_used
from regimes.numerics.speciation.class_bound.simplex import best_mixture
from regimes.theory.formula.record import recorded

__all__ = ["ClassBound", "class_bound"]

Array = NDArray[np.float64]

_LARGEST = 1e15
_ROWS = 2**18  # pairs of a noised point and a point at a time: what the nearest cache holds of them


@dataclass(frozen=True, eq=False)
class ClassBound:
    """A lower bound on phi_class of the population at every time, up to the sampling of the points.

    Attributes
    ----------
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times.
    phi, phi_se : ndarray, shape (T,)
        Mean quadratic score of the held-out class posterior, at most phi_class in expectation; its standard error.
    normalised, normalised_se : ndarray, shape (T,)
        ``(phi - floor)/(1 - floor)``, and its standard error over groups of points, the class weights being drawn too.
    contributions : ndarray, shape (G, T)
        What each group of near copies adds to ``normalised`` beyond its share; of mean zero.
    weights : ndarray, shape (T, C)
        Share of each of ``candidates`` in the posterior, mean over the folds.
    candidates : tuple of str
        What the class posterior is mixed of.
    floor : float
        phi_class at infinite noise, the sum of the squared class weights.
    n, classes, probes, folds : int
        Number of points, classes, noised points (each with +z and -z) and folds.
    formulas : tuple of str
        Formulas behind the bound.
    """

    t: Array
    phi: Array
    phi_se: Array
    normalised: Array
    normalised_se: Array
    contributions: Array
    weights: Array
    candidates: tuple[str, ...]
    floor: float
    n: int
    classes: int
    probes: int
    folds: int
    formulas: tuple[str, ...]


def class_bound(
    X: ArrayLike,
    labels: ArrayLike,
    t: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    folds: int = 5,
    rng: int | np.random.Generator = 0,
    memory: int = 2**30,
    progress: Callable[[str, int, int], None] | None = None,
) -> ClassBound:
    """Bound from below the probability that two clones share their class, for a model that generalises.

    For any class posterior q that was made without the point that is scored, and p the posterior of the population::

        phi_class(t) = E sum_k p_k^2 >= E [2 q(k*|x_t) - sum_k q(k|x_t)^2]

    since the difference is ``E sum_k (p_k - q_k)^2``. Here q is a mixture of the class weights, Gaussian classes of one
    or of own covariances, and the kernel of the points in two widths. Its weights are those with the highest score on
    inner folds: models that have seen neither the fold scored now nor the one scored later.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points, already scaled.
    labels : array_like of int, shape (n,)
        Classes 0 to K - 1, each of which has a point; K at least 2.
    t : array_like, shape (T,)
        Ornstein-Uhlenbeck times, positive.
    groups : array_like of int, shape (n,), optional
        Number of the group of near copies of each point; one group shares a fold and counts once in the errors.
    folds : int
        Number of folds, at least 3; at most one per group is used.
    rng : int or numpy.random.Generator
        Seed or generator.
    memory : int
        Bytes for working arrays; of data that exceed it, and of more than 20 000 points, a sample is used.
    progress : callable, optional
        Called with (part, noised points done, noised points).

    Returns
    -------
    ClassBound
        The bound at every time, with errors.

    Raises
    ------
    ValueError
        If X, labels, groups, t or an option is out of range, there is one class, or there are fewer than 3 groups.

    Notes
    -----
    Derived: ``class_quadratic_score``. The same noise serves all times. That any candidate is wrong costs height and
    no truth. Errors are those of independent points given what was learned in the other folds.

    Examples
    --------
    >>> draw = np.random.default_rng(0)
    >>> labels = np.arange(200) % 2
    >>> X = draw.normal(size=(200, 16)) + (2 * labels[:, None] - 1)
    >>> bound = class_bound(X, labels, [0.5, 1.39, 3.0])
    >>> bool(abs(bound.normalised[1] - 0.55) < 0.1)  # 0.55 at kappa = 1 for the population
    True
    """
    data = checked_points("class_bound", X)
    n = len(data.values)
    classes, members = checked_labels("class_bound", labels, n)
    if classes < 2:
        raise ValueError("class_bound: labels must hold at least 2 classes, got 1; one class is decided at every time")
    group = _checked_groups(groups, n)
    times = positive_times("class_bound", t)
    _check_scale(times, data.extent(data.mean))
    folds = min(whole_number("class_bound", "folds", "of the points", folds, at_least=3), np.unique(group).size)
    if folds < 3:
        raise ValueError(f"class_bound: there must be at least 3 groups of near copies, got {folds}; add points")
    memory = whole_number("class_bound", "memory", "bytes", memory, at_least=2**20)
    drawn = generator(Stream.CLASS_BOUND, rng)
    with recorded() as noted:
        used = draw_used(data, members, group, folds, memory, drawn)
        scores, weights = _held_out_scores(used, classes, folds, times, memory, drawn, progress)
        share = np.bincount(members, minlength=classes) / n
        floor = float(np.sum(share**2))
        phi = scores.mean(axis=1)
        normalised = np.asarray(compile_formula("normalised_clone_probability", target="numpy")(phi, floor))
    # The class weights are drawn as well: a further point of class k moves the floor by 2 (w_k - floor)/n.
    heavier = 2 * (share[used.members[used.own]] - floor)
    moved = (scores - phi[:, None]) / (1 - floor) - ((1 - phi) / (1 - floor) ** 2)[:, None] * (heavier - heavier.mean())
    contributions = _by_group(moved, used.group[used.own])
    return ClassBound(
        t=times,
        phi=phi,
        phi_se=_error(_by_group(scores - phi[:, None], used.group[used.own])),
        normalised=normalised,
        normalised_se=_error(contributions),
        contributions=contributions,
        weights=weights,
        candidates=CANDIDATES,
        floor=floor,
        n=n,
        classes=classes,
        probes=len(used.own),
        folds=folds,
        formulas=tuple(noted),
    )


def _held_out_scores(
    used: Used,
    classes: int,
    folds: int,
    times: Array,
    memory: int,
    drawn: np.random.Generator,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[Array, Array]:
    """Score of each (time, probe), and the mean weights of the candidates at each time."""
    at, count = Noising.at(times), len(CANDIDATES)
    candidates = Candidates(used, classes, drawn)
    inner_own = np.zeros((folds, times.size, count))
    inner_squares = np.zeros((folds, times.size, count, count))
    own = np.empty((times.size, len(used.own), count), np.float32)
    squares = np.empty((times.size, len(used.own), count, count), np.float32)
    rows = _block_rows(used, classes, folds, times.size, memory)
    of_fold, done = used.fold[used.own], 0
    for fold in range(folds):
        kernel = candidates.kernel(fold)
        mine = np.flatnonzero(of_fold == fold)
        for start in range(0, mine.size, rows):
            some = mine[start : start + rows]
            points, noise, members = used.points[used.own[some]], used.noise[some], used.members[used.own[some]]
            sums = kernel.at(points, noise, at)
            for other, posteriors in candidates.posteriors(fold, sums, points, noise, at):
                found = moments(posteriors, members)
                if other == fold:
                    own[:, some], squares[:, some] = found.own, found.squares
                else:
                    inner_own[other] += found.own.sum(axis=1, dtype=np.float64)
                    inner_squares[other] += found.squares.sum(axis=1, dtype=np.float64)
            done += some.size
            if progress is not None:
                progress("held-out classes", done, len(used.own))
    rest = (len(used.own) - np.bincount(of_fold, minlength=folds))[:, None, None]
    weights = best_mixture(inner_own / rest, inner_squares / rest[..., None])  # fold, time, candidate
    chosen = weights[of_fold].transpose(1, 0, 2)  # time, probe, candidate
    score = compile_formula("class_quadratic_score", target="numpy")
    own_class = np.einsum("tpc,tpc->tp", chosen, own)
    both = np.einsum("tpc,tpcd,tpd->tp", chosen, squares, chosen, optimize=True)
    return np.asarray(score(own_class, both)), weights.mean(axis=0)


def _block_rows(used: Used, classes: int, folds: int, times: int, memory: int) -> int:
    """Noised points at a time, so that their arrays stay within the memory."""
    n, d = used.points.shape
    sums = len(TEMPERATURES) * 2 * times * folds * classes
    posteriors = 4 * len(CANDIDATES) * 2 * times * classes
    each = 4 * (5 * n + 4 * d + 2 * sums + posteriors)
    return int(max(1, min(max(128, _ROWS // n), memory // (2 * each))))


def _check_scale(times: Array, extent: float) -> None:
    """Exponents must lie within the range of single precision."""
    with np.errstate(over="ignore"):
        largest = np.sqrt(compile_formula("snr", target="numpy")(times)) * extent
    worst = int(np.argmax(np.maximum(largest, extent)))
    if not max(largest[worst], extent) <= _LARGEST:
        raise ValueError(
            f"class_bound: the extent of the data ({extent:.3g}), times sqrt(snr) too, must stay below {_LARGEST:g}, "
            f"got t = {times[worst]:g}; ask for larger times or rescale the data"
        )


def _checked_groups(groups: ArrayLike | None, n: int) -> NDArray[np.int64]:
    if groups is None:
        return np.arange(n)
    given = np.asarray(groups)
    if given.shape != (n,) or given.dtype.kind not in "iu":
        raise ValueError(
            f"class_bound: groups must be one whole number per point, shape ({n},), got {given.dtype} of shape "
            f"{given.shape}"
        )
    return given.astype(np.int64)


def _by_group(contributions: Array, group: NDArray[np.int64]) -> Array:
    """Sums over the members of each group, in units of the mean size: shape (G, T)."""
    names, place = np.unique(group, return_inverse=True)
    sums = np.zeros((names.size, len(contributions)))
    np.add.at(sums, place, contributions.T)
    return np.asarray(sums * (names.size / contributions.shape[1]))


def _error(contributions: Array) -> Array:
    count = len(contributions)
    return np.asarray(contributions.std(axis=0, ddof=1) / np.sqrt(count))
