"""Between which times the top direction stands out: the variance along it, found on one half, measured on the other."""

from __future__ import annotations

import numpy as np

from panel.crossings import Reference

SPLITS = 20


def direction_time(X: np.ndarray) -> Reference:
    """Middle of 1/2 log of the split and the naive top variance, with half their distance as error.

    The naive one is biased upwards; the split one downwards, since the direction of a half is not that of the
    population. None where the split variance does not exceed the mean variance by two standard errors.
    """
    rng = np.random.default_rng(3)
    X = X - X.mean(axis=0)
    n, d = X.shape
    mean = (X**2).sum() / ((n - 1) * d)
    naive = np.linalg.norm(X, 2) ** 2 / (n - 1)
    split, errors = [], []
    for _ in range(SPLITS):
        order = rng.permutation(n)
        for found, measured in ((order[: n // 2], order[n // 2 :]), (order[n // 2 :], order[: n // 2])):
            first = X[found] - X[found].mean(axis=0)
            axis = np.linalg.svd(first, full_matrices=False)[2][0]
            squares = (X[measured] @ axis - (X[measured] @ axis).mean()) ** 2
            split.append(squares.sum() / (len(measured) - 1))
            errors.append(squares.std() / np.sqrt(len(measured)))
    low = float(np.mean(split))
    if low < mean + 2 * np.mean(errors) or low <= 1 or d < 2:
        return Reference()
    ends = 0.5 * np.log([low, naive])
    return Reference(float(ends.mean()), float((ends[1] - ends[0]) / 2 + np.mean(errors) / np.sqrt(2) / (2 * low)))
