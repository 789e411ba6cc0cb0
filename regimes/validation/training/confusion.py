"""The clone probability behind what an imperfect classifier says of pairs of clones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CorrectedCloneProbability", "corrected_clone_probability"]

# Half a count in every cell of the confusion matrix, in its variance alone: no error in n points is no proof of none.
_PRIOR = 0.5
_WORST_CONDITION = 1e3

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CorrectedCloneProbability:
    """Probability that two clones end in the same class, as classified and corrected for the classifier's errors.

    Attributes
    ----------
    raw, raw_se : float
        Share of the pairs that are classified alike, and its binomial error.
    corrected, corrected_se : float
        Trace of the joint law of the true classes, and its error with that of the confusion matrix in it. It is not cut
        to [0, 1].
    joint : ndarray, shape (K, K)
        Estimated joint law of the true classes of a pair.
    pairs : int
        Number of pairs.
    """

    raw: float
    raw_se: float
    corrected: float
    corrected_se: float
    joint: Array
    pairs: int


def corrected_clone_probability(pair_counts: ArrayLike, confusion: ArrayLike) -> CorrectedCloneProbability:
    """Correct the clone probability for the errors of a classifier.

    Let P be the joint law of the true classes of two clones, and ``C_ab`` the probability that a point of class a is
    classified as b. If the errors on the two clones are independent given their classes, classified pairs have the law
    ``Q = C^T P C``. Hence ``P = C^{-T} Q C^{-1}``, and

        phi = trace P = sum_ij Q_ij W_ij,    W = (C^T C)^{-1}.

    It is linear in Q, whose counts are multinomial: variance ``(sum Q W^2 - phi^2)/pairs``. A change of C gives
    ``dphi = -2 sum_ab (C^{-T} Q_s W)_ab dC_ab``, Q_s the symmetric part of Q; the rows of C are multinomial as well.
    Both variances add, to first order in the errors; in that of C, every cell has half a count more than was seen.

    Parameters
    ----------
    pair_counts : array_like, shape (K, K)
        Number of pairs by the classes found for the first and the second clone. Pairs are independent: one of each x_t.
    confusion : array_like, shape (K, K)
        Number of points of known class (row) by the class found (column), by a classifier that had not seen them.

    Returns
    -------
    CorrectedCloneProbability
        Raw and corrected, each with its error.

    Raises
    ------
    ValueError
        If a matrix is not square or not of counts, a class has no point, or the classifier does not tell the classes
        apart.

    Notes
    -----
    Derived here. What it cannot see: clones of one x_t that resemble the same border case err together, and a generated
    point may belong to no class.

    Examples
    --------
    A classifier that errs on 10% of the points, and clones that always agree:

    >>> result = corrected_clone_probability([[410, 90], [90, 410]], [[90, 10], [10, 90]])
    >>> result.raw, round(result.corrected, 6), round(result.corrected_se, 3)
    (0.82, 1.0, 0.057)
    """
    counts = _counts("pair_counts", pair_counts)
    known = _counts("confusion", confusion)
    if counts.shape != known.shape:
        raise ValueError(
            f"corrected_clone_probability: pair_counts and confusion must have one shape, got {counts.shape} and "
            f"{known.shape}"
        )
    pairs, of_class = counts.sum(), known.sum(axis=1)
    if pairs < 2 or not np.all(of_class >= 2):
        raise ValueError(
            f"corrected_clone_probability: at least 2 pairs and 2 points of each class are needed, got {pairs:g} pairs "
            f"and {of_class.astype(int).tolist()} points"
        )
    errors = known / of_class[:, None]
    if np.linalg.cond(errors) > _WORST_CONDITION:
        raise ValueError(
            "corrected_clone_probability: the classifier must tell the classes apart, got confusion rows "
            f"{errors.round(3).tolist()}; the correction would divide by nothing. Train a better one"
        )
    found = counts / pairs
    inverse = np.linalg.inv(errors)
    weight = inverse @ inverse.T
    joint = inverse.T @ found @ inverse
    phi = float(np.trace(joint))
    of_pairs = (np.sum(found * weight**2) - phi**2) / pairs
    slope = -2 * inverse.T @ ((found + found.T) / 2) @ weight
    smoothed = (known + _PRIOR) / (of_class + _PRIOR * len(known))[:, None]
    of_rows = np.sum(smoothed * slope**2, axis=1) - np.sum(smoothed * slope, axis=1) ** 2
    raw = float(np.trace(found))
    return CorrectedCloneProbability(
        raw=raw,
        raw_se=float(np.sqrt(max(raw * (1 - raw), 0.0) / pairs)),
        corrected=phi,
        corrected_se=float(np.sqrt(max(of_pairs, 0.0) + np.sum(of_rows / of_class))),
        joint=joint,
        pairs=int(pairs),
    )


def _counts(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or len(array) < 2 or array.dtype.kind not in "biuf":
        raise ValueError(
            f"corrected_clone_probability: {name} must be a square matrix of counts, K x K with K at least 2, got "
            f"shape {array.shape} of {array.dtype}"
        )
    counts = array.astype(np.float64)
    if not np.all((counts >= 0) & (counts == np.floor(counts))) or not np.isfinite(counts).all():
        raise ValueError(
            f"corrected_clone_probability: {name} must hold counts, whole numbers from 0, got {array.tolist()}"
        )
    return counts
