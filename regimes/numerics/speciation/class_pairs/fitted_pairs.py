"""Closed-form times of all pairs of classes of a data set, with what leaving out parts of it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.speciation.class_bound.folds import stratified_folds
from regimes.numerics.speciation.class_bound.gaussian import GaussianClasses, fit_gaussians
from regimes.numerics.speciation.class_bound.subspace import AXES, leading_axes
from regimes.numerics.speciation.class_pairs.gaussian_pairs import LogOdds, Overlap, SharedCovariance
from regimes.numerics.speciation.class_pairs.pair_roots import Apartness, latest_times, moved_times
from regimes.theory.formula.record import recorded

__all__ = ["FORMS", "FittedPairs", "fitted_pairs"]

Array = NDArray[np.float64]

FORMS = ("overlap", "log_odds", "means")
"""By Bhattacharyya distance and by log-odds, of classes with own covariances; with the covariance that all share."""

_WORK = 4e8  # squared number of classes, times fits, times the cube of the axes: a second or two
_MOST_POINTS = 20_000


@dataclass(frozen=True, eq=False)
class FittedPairs:
    """Times and jackknife errors of all pairs, shape (K, K), nan where there is none, by the names of ``FORMS``.

    ``axes`` is the number of leading axes of the data within which the classes were fitted, ``Lambda`` the largest
    variance of the points along one.
    """

    times: dict[str, Array]
    errors: dict[str, Array]
    formulas: dict[str, tuple[str, ...]]
    axes: int
    Lambda: float


def fitted_pairs(
    X: NDArray[Any], labels: NDArray[np.intp], groups: int, rng: int | np.random.Generator = 0
) -> FittedPairs:
    """Fit Gaussian classes to all points, and without each of the groups in turn; every class has two points."""
    drawn = generator(Stream.CLASS_PAIRS, rng)
    if len(X) > _MOST_POINTS:
        rows = _some_of_each(labels, drawn)
        X, labels = X[rows], labels[rows]
    points, members = X - X.mean(axis=0, dtype=np.float64), labels.astype(np.int64)
    classes = int(members.max()) + 1
    room = int((_WORK / (classes**2 * (groups + 1))) ** (1 / 3))
    axes = min(points.shape[1], AXES, max(room, 8))
    if axes < points.shape[1]:
        points = points @ leading_axes(points.astype(np.float32), drawn)[:, :axes].astype(np.float64)
    formulas, times = {}, {}
    with recorded() as shrunk:
        fitted = fit_gaussians(points, members, classes)
    for name, measure in _measures(fitted).items():
        with recorded() as used:
            times[name] = latest_times(measure)
        formulas[name] = (*shrunk, *used)
    part = stratified_folds(members, np.arange(len(members)), groups, drawn)
    left_out: dict[str, list[Array]] = {name: [] for name in FORMS}
    for each in range(groups):
        kept = part != each
        if np.unique(members[kept]).size < classes:
            continue  # a class whose last points are left out
        for name, measure in _measures(fit_gaussians(points[kept], members[kept], classes)).items():
            left_out[name].append(moved_times(measure, times[name]))
    errors = {name: _error(values, classes) for name, values in left_out.items()}
    top = float(np.linalg.eigvalsh(points.T @ points / len(points))[-1])
    return FittedPairs(times, errors, formulas, points.shape[1], top)


def _some_of_each(labels: NDArray[np.intp], drawn: np.random.Generator) -> NDArray[np.int64]:
    """Rows drawn at random, of each class in proportion but two at least."""
    share = _MOST_POINTS / len(labels)
    rows = [np.flatnonzero(labels == k) for k in range(int(labels.max()) + 1)]
    some = [drawn.choice(each, min(len(each), max(2, round(share * len(each)))), replace=False) for each in rows]
    return np.sort(np.concatenate(some))


def _measures(fit: GaussianClasses) -> dict[str, Apartness]:
    r = fit.own_spread.shape[1]
    own = fit.means[:, :r], fit.own_axes.astype(np.float64), fit.own_spread
    shared = SharedCovariance(fit.means, fit.spread)
    return dict(zip(FORMS, (Overlap.of(*own), LogOdds.of(*own), shared), strict=True))


def _error(left_out: list[Array], classes: int) -> Array:
    return jackknife_error(np.stack(left_out)) if len(left_out) > 1 else np.full((classes, classes), np.nan)
