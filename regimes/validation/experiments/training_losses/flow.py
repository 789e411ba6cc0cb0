"""Gradient flow of features whose matrices are at hand: exact, mode by mode, by eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.learning.noised_features import NoisedFeatures

__all__ = ["Flow", "gradient_flow"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """Losses at training times, and all eigenvalues of U."""

    train: Array
    test: Array
    eigenvalues: Array


def gradient_flow(seen: NoisedFeatures, all_data: NoisedFeatures, t: float, times: Array) -> Flow:
    """From zero weights; losses per coordinate, on the points that are trained on and on all data."""
    p, d = seen.overlap.shape
    values, axes = np.linalg.eigh(seen.covariance)
    own, other = axes.T @ seen.overlap, axes.T @ all_data.overlap
    along, across = (own**2).sum(axis=1), (own * other).sum(axis=1)
    curved = (axes.T @ all_data.covariance @ axes) * (own @ own.T)
    learned = compile_formula("learning_time", target="numpy")(t, p / d, values)
    test_gain, train_gain = (compile_formula(f"mode_{name}_gain", target="numpy") for name in ("test", "train"))
    train, test = np.empty(times.size), np.empty(times.size)
    for place, time in enumerate(times):
        gain = test_gain(time / learned, values)
        train[place] = 1 - along @ train_gain(time / learned, values) / d
        test[place] = 1 - 2 * across @ gain / d + gain @ curved @ gain / d
    return Flow(train, test, values)
