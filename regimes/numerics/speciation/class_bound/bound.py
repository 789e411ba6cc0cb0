"""The class clone probability of the population, bounded from below by class posteriors that are held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.speciation.class_bound.candidates import CANDIDATES
from regimes.numerics.speciation.class_bound.held_out import held_out_scores
from regimes.numerics.speciation.class_bound.request import checked_request
from regimes.numerics.speciation.class_bound.score import class_score
from regimes.theory.formula.record import recorded

__all__ = ["ClassBound", "class_bound"]

Array = NDArray[np.float64]


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
    given = checked_request("class_bound", X, labels, t, groups=groups, folds=folds, rng=rng, memory=memory)
    used, share = given.used, given.share
    with recorded() as noted:
        found = held_out_scores(given, progress)
        score = class_score(found.scores, share, used.members[used.own], used.group[used.own])
    return ClassBound(
        t=given.times,
        phi=score.phi,
        phi_se=score.phi_se,
        normalised=score.normalised,
        normalised_se=score.normalised_se,
        contributions=score.contributions,
        weights=found.weights,
        candidates=CANDIDATES,
        floor=float(np.sum(share**2)),
        n=given.n,
        classes=share.size,
        probes=len(used.own),
        folds=given.folds,
        formulas=tuple(noted),
    )
