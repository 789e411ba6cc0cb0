"""The mixture of candidates with the highest score: quadratic by least squares on the simplex, or logarithmic."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_log_mixture", "best_mixture"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

_ROUNDS = 25


def best_mixture(own: Array, squares: Array) -> Array:
    """Weights w >= 0 of sum 1 with the highest ``2 w.own - w.squares.w``, of each problem along the leading axes.

    ``own`` (..., C) is the mean of each candidate's posterior of the true class, ``squares`` (..., C, C) that of the
    products of two candidates summed over the classes. Every face of the simplex is tried: exact, for few candidates.
    """
    count = own.shape[-1]
    best = np.full(own.shape[:-1], -np.inf)
    weights = np.zeros(own.shape)
    for size in range(1, count + 1):
        for face in map(list, combinations(range(count), size)):
            # Stationary on the face: S w + lambda = b and sum w = 1.
            bordered = np.zeros((*own.shape[:-1], size + 1, size + 1))
            bordered[..., :size, :size] = squares[..., face, :][..., face]
            # Equal candidates make it singular; this chooses between them and moves nothing else.
            bordered[..., range(size), range(size)] += 1e-9
            bordered[..., :size, size] = bordered[..., size, :size] = 1
            right = np.concatenate([own[..., face], np.ones((*own.shape[:-1], 1))], axis=-1)
            found = np.linalg.solve(bordered, right[..., None])[..., :size, 0]
            found = np.where((found >= 0).all(axis=-1, keepdims=True), found, 0.0)
            score = _score(found, own[..., face], squares[..., face, :][..., face])
            score = np.where(found.any(axis=-1), score, -np.inf)
            better = score > best
            best = np.where(better, score, best)
            full = np.zeros(own.shape)
            full[..., face] = found
            weights = np.where(better[..., None], full, weights)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def best_log_mixture(own: Single) -> Array:
    """Weights w >= 0 of sum 1 with the highest mean of log(w.own), of each problem along the first axis.

    ``own`` (T, M, C) is what each candidate gives to the truth. As of one draw more that only the first candidate
    explains, whose weight therefore never vanishes. Each round raises the score (expectation and maximisation); what is
    left after the last costs height and no truth.
    """
    times, _, count = own.shape
    weights = np.full((times, count), 1 / count)
    for _ in range(_ROUNDS):
        total = np.matmul(own, weights[:, :, None].astype(np.float32))[:, :, 0]
        share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)  # of what no candidate explains: none
        weights *= np.matmul(share[:, None], own)[:, 0]
        weights[:, 0] += 1.0
        weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights)


def _score(weights: Array, own: Array, squares: Array) -> Array:
    return np.asarray(
        2 * np.einsum("...c,...c->...", weights, own) - np.einsum("...c,...cd,...d->...", weights, squares, weights)
    )
