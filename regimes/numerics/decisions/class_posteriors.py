"""Class posteriors of noised points of known class: held out, for a model that generalises, or exact over the points.

What is known of the class of a probe differs: of a held-out posterior q the class that made the probe scores what q
claims; the exact posterior over the points is itself the law of that class, and scores are averaged over it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import check_memory, positive_times, whole_number
from regimes.numerics.interface.data_checks import checked_labels, checked_points
from regimes.numerics.interface.progress import silent
from regimes.numerics.speciation.class_bound.held_out import held_out_bytes, held_out_scores
from regimes.numerics.speciation.class_bound.probes import FEWEST_KEPT
from regimes.numerics.speciation.class_bound.request import checked_request
from regimes.theory.formula.record import note, recorded

__all__ = ["ClassPosteriors", "exact_class_posteriors", "held_out_class_posteriors"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Counts = NDArray[np.int64]

_PART = "class posteriors over the points"
_MOST_PROBES, _FEWEST_PROBES, _PAIRS = 1024, 256, 2**21
_BLOCK = 2**20  # pairs of a noised point and a point at a time


@dataclass(frozen=True, eq=False)
class ClassPosteriors:
    """Posteriors (sign, time, probe, class) of the noised points of ``members`` with +z and -z.

    ``copies`` numbers the group of near copies of each probe's point, ``share`` (K,) is the weight of each class among
    all n points, ``exact`` says whether the posterior is itself the law of the class given x_t.
    """

    t: Array
    posterior: Single
    members: Counts
    copies: Counts
    share: Array
    n: int
    exact: bool
    formulas: tuple[str, ...]

    def scored(self, score: Callable[[Array], Array]) -> Array:
        """Scores (time, probe), mean over both signs, of what a function gives for each class at a time after another.

        The function has the posteriors (sign, probe, class) of that time.
        """
        probes = np.arange(self.members.size)
        scores = np.empty((self.t.size, probes.size))
        for row, q in zip(scores, self.posterior.swapaxes(0, 1), strict=True):
            values = score(q.astype(np.float64))
            row[:] = ((values * q).sum(axis=-1) if self.exact else values[:, probes, self.members]).mean(axis=0)
        return scores


def held_out_class_posteriors(
    X: ArrayLike,
    labels: ArrayLike,
    t: ArrayLike,
    *,
    copies: ArrayLike | None = None,
    rng: int | np.random.Generator = 0,
    memory: int = 2**30,
    progress: Callable[[str, int, int], None] | None = None,
) -> ClassPosteriors:
    """Posteriors as :func:`class_bound` makes them, mixed for the highest log score on inner folds.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points, already scaled.
    labels : array_like of int, shape (n,)
        Classes 0 to K - 1, each of which has a point; K at least 2.
    t : array_like, shape (T,)
        Ornstein-Uhlenbeck times, positive.
    copies : array_like of int, shape (n,), optional
        Number of the group of near copies of each point; one group shares a fold.
    rng : int or numpy.random.Generator
        Seed or generator.
    memory : int
        Bytes for working arrays; of data that exceed it, and of more than 20 000 points, a sample is used.
    progress : callable, optional
        Called with (part, noised points done, noised points).

    Returns
    -------
    ClassPosteriors
        Of at most 2048 noised points; of many classes fewer, as many as the memory holds the posteriors of.

    Raises
    ------
    ValueError
        As :func:`class_bound`; of many classes also where the memory does not hold the posteriors of 128.

    Notes
    -----
    Derived (``class_log_ratio``): any posterior that has not seen the point that is scored gives a lower bound on the
    information, whatever the weights of its mixture, as long as these have not seen the point either. A share
    1/n of the class weights is mixed in last: no other fold expects the only point of a class.

    Examples
    --------
    >>> labels = np.arange(60) % 2
    >>> X = np.random.default_rng(0).normal(size=(60, 4)) + 3.0 * labels[:, None]
    >>> held_out_class_posteriors(X, labels, [0.5, 2.0]).posterior.shape  # 60 points with 5 noises, of two signs, each
    (2, 2, 300, 2)
    """
    name = "held_out_class_posteriors"
    kept = lambda classes, folds: held_out_bytes(classes, keep=True, folds=folds)  # noqa: E731
    given = checked_request(name, X, labels, t, groups=copies, folds=5, rng=rng, memory=memory, kept=kept)
    with recorded() as noted:
        found = held_out_scores(given, progress, keep=True, logarithmic=True)
    used, floor = given.used, np.float32(1 / given.n)
    return ClassPosteriors(
        t=given.times,
        posterior=(1 - floor) * found.posteriors + floor * given.share.astype(np.float32),
        members=used.members[used.own],
        copies=used.group[used.own],
        share=given.share,
        n=given.n,
        exact=False,
        formulas=tuple(name for name in noted if name != "class_quadratic_score"),
    )


def exact_class_posteriors(
    X: ArrayLike,
    labels: ArrayLike,
    t: ArrayLike,
    *,
    copies: ArrayLike | None = None,
    probes: int | None = None,
    rng: int | np.random.Generator = 0,
    memory: int = 2**30,
    progress: Callable[[str, int, int], None] | None = None,
) -> ClassPosteriors:
    """Posterior of the class under the exact score of the points, which all count, the own one too.

    Parameters
    ----------
    X, labels, t, copies, rng, memory, progress
        As of :func:`held_out_class_posteriors`; all points are used, a block of them after another.
    probes : int, optional
        Number of noised points, each with +z and -z; the points take turns. ``2^21/n`` within 256 and 1024 by default,
        of many classes fewer, 128 at least.

    Returns
    -------
    ClassPosteriors
        With the sum of the weights of the points of each class.

    Raises
    ------
    ValueError
        If X, labels, t or an option is out of range, or the memory does not hold the posteriors.

    Notes
    -----
    Derived (``point_log_weight``). Exponents are in single precision, off by 1e-7 of snr times the squared extent.

    Examples
    --------
    >>> found = exact_class_posteriors([[-3.0], [3.0]], [0, 1], [0.1, 8.0], probes=2)
    >>> found.posterior[0, :, 0].max(axis=-1).round(2).tolist()
    [1.0, 0.5]
    """
    name = "exact_class_posteriors"
    points = checked_points(name, X)
    n, d = points.values.shape
    classes, members = checked_labels(name, labels, n)
    groups = np.arange(n) if copies is None else np.asarray(copies, dtype=np.int64)
    times = positive_times(name, t)
    each = 8 * times.size * (2 * classes + 4) + 16 * d
    wanted = int(np.clip(_PAIRS // n, _FEWEST_PROBES, _MOST_PROBES))
    if each * wanted > memory:
        wanted = max(FEWEST_KEPT, memory // (2 * each))
    count = whole_number(name, "probes", "noised points", wanted if probes is None else probes, at_least=2)
    held = each * count
    advice = "leave out classes, or make fewer of them by merging some"
    check_memory(name, f"{count} noised points with posteriors of {classes} classes", held, memory, advice)
    drawn = generator(Stream.CLASS_WINDOW, rng)
    own = np.resize(drawn.permutation(n), count)
    noise = drawn.standard_normal((count, d), dtype=np.float32)
    made = np.asarray(points.values[own] - points.mean, dtype=np.float32)
    with recorded() as noted:
        snr = compile_formula("snr", target="numpy")(times)
        note("point_log_weight")
        sums = _ClassSums(made, noise, snr, classes)
        step = max(1, min(_BLOCK // count, (memory - held) // (8 * (d + 5 * count))))
        for start in range(0, n, step):
            stop = min(start + step, n)
            sums.add(np.asarray(points.values[start:stop] - points.mean, dtype=np.float32), members[start:stop])
            (progress or silent)(_PART, stop, n)
    return ClassPosteriors(
        t=times,
        posterior=sums.posterior(),
        members=members[own],
        copies=groups[own],
        share=np.bincount(members, minlength=classes) / n,
        n=n,
        exact=True,
        formulas=tuple(noted),
    )


class _ClassSums:
    """Sums of the weights of points of each class at noised points, in units of the largest weight so far."""

    def __init__(self, made: Single, noise: Single, snr: Array, classes: int) -> None:
        self._made, self._noise, self._snr = made, noise, snr.astype(np.float32)
        self._top = np.full((2, snr.size, len(made)), -np.inf, np.float32)
        self._sums = np.zeros((2, snr.size, len(made), classes), np.float32)

    def add(self, points: Single, members: Counts) -> None:
        """Weigh some more points."""
        order = np.argsort(members, kind="stable")
        points, present = points[order], np.unique(members)
        starts = np.searchsorted(members[order], present)
        close = self._made @ points.T - np.einsum("ij,ij->i", points, points) / 2
        along = self._noise @ points.T
        for i, ratio in enumerate(self._snr):
            straight, shaken = close * ratio, along * np.sqrt(ratio)
            for sign, weight in enumerate((straight + shaken, straight - shaken)):
                top = np.maximum(self._top[sign, i], weight.max(axis=1))
                self._sums[sign, i] *= np.exp(self._top[sign, i] - top)[:, None]
                weight -= top[:, None]
                np.exp(weight, out=weight)
                self._sums[sign, i][:, present] += np.add.reduceat(weight, starts, axis=1)
                self._top[sign, i] = top

    def posterior(self) -> Single:
        """Of each class, shape (sign, time, probe, class)."""
        return np.asarray(self._sums / self._sums.sum(axis=-1, keepdims=True))
