"""The mean quadratic score of held-out class posteriors, with what each group of points adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula

__all__ = ["ClassScore", "class_score"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassScore:
    """Means over probes and their errors at every time, and contributions (G, T) of the groups to ``normalised``."""

    phi: Array
    phi_se: Array
    normalised: Array
    normalised_se: Array
    contributions: Array


def class_score(scores: Array, share: Array, members: Counts, group: Counts) -> ClassScore:
    """Mean of the scores (T, P) of probes, given their classes, their groups, and the class weights of all points."""
    floor = float(np.sum(share**2))
    phi = scores.mean(axis=1)
    normalised = np.asarray(compile_formula("normalised_clone_probability", target="numpy")(phi, floor))
    # The class weights are drawn as well: a further point of class k moves the floor by 2 (w_k - floor)/n.
    heavier = 2 * (share[members] - floor)
    moved = (scores - phi[:, None]) / (1 - floor) - ((1 - phi) / (1 - floor) ** 2)[:, None] * (heavier - heavier.mean())
    names, place = np.unique(group, return_inverse=True)
    contributions = _by_group(moved, place, names.size)
    phi_se = _error(_by_group(scores - phi[:, None], place, names.size))
    return ClassScore(phi, phi_se, normalised, _error(contributions), contributions)


def _by_group(contributions: Array, place: NDArray[np.intp], count: int) -> Array:
    """Sums over the members of each group, in units of the mean size: shape (G, T)."""
    sums = np.zeros((count, len(contributions)))
    np.add.at(sums, place, contributions.T)
    return np.asarray(sums * (count / contributions.shape[1]))


def _error(contributions: Array) -> Array:
    count = len(contributions)
    return np.asarray(contributions.std(axis=0, ddof=1) / np.sqrt(count))
