"""How activations at all positions of a torus divide into what x does, what y does, and what only both do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CodeMeasures", "measure_code"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CodeMeasures:
    """Two-way analysis of variance of activations, with as many images of each position as there are replicates.

    With ``m(x, y)`` the mean over replicates, ``f(x)`` its mean over y and ``g(y)`` its mean over x, both less the
    grand mean, and ``h = m - f - g - mean``: variances are mean squared lengths of f, g and h without what the scatter
    of replicates adds to them.

    Attributes
    ----------
    x, y, both : float
        Shares of f, g and h in their sum: of a factorised code, one that is a sum of a code of x and one of y, the
        last is 0.
    noise : float
        Variance of a single image about its position's mean, over that sum.
    crossed : float
        Weighted mean of the squared cosine of f(x) and g(y), 0 if x and y are written in orthogonal directions.
    parallel : float
        Mean cosine of the displacements by one change of y at two values of x, and of x and y exchanged:
        ``y/(y + both)`` and ``x/(x + both)``, averaged.
    kernel_x, kernel_y : ndarray, shape (N/2 + 1,)
        Cosine of f(x) and f(x + k), of g(y) and g(y + k), for steps k: values of a feature that are written in
        orthogonal directions have ``-1/(N - 1)`` from k = 1 on.
    """

    x: float
    y: float
    both: float
    noise: float
    crossed: float
    parallel: float
    kernel_x: Array
    kernel_y: Array


def measure_code(activations: Array) -> CodeMeasures:
    """Measure activations, shape (replicates, N, N, D), [r, y, x]; two replicates or more, or one without noise."""
    replicates, rows, columns, _ = activations.shape
    cells = activations.mean(axis=0)
    spread = float(activations.var(axis=0, ddof=1).sum(axis=2).mean()) if replicates > 1 else 0.0
    centred = cells - cells.mean(axis=(0, 1))
    f, g = centred.mean(axis=0), centred.mean(axis=1)
    h = centred - f - g[:, None]
    error = spread / replicates
    free_x, free_y = (columns - 1) / (columns * rows), (rows - 1) / (columns * rows)
    raw = [float((each**2).sum(axis=-1).mean()) for each in (f, g, h)]
    free = (free_x, free_y, free_x * (rows - 1))
    var_x, var_y, both = (max(value - error * part, 0.0) for value, part in zip(raw, free, strict=True))
    total = var_x + var_y + both
    if not total > 0:
        zero = np.zeros(columns // 2 + 1)
        return CodeMeasures(0.0, 0.0, 0.0, np.inf, 0.0, 0.0, zero, zero)
    inner = f @ g.T
    crossed = float((inner**2).mean() / max(raw[0] * raw[1], np.finfo(float).tiny))
    parallel = [each / (each + both) if each > 0 else 0.0 for each in (var_x, var_y)]
    return CodeMeasures(
        x=var_x / total,
        y=var_y / total,
        both=both / total,
        noise=spread / total,
        crossed=crossed,
        parallel=float(np.mean(parallel)),
        kernel_x=_kernel(f, var_x, error * free_x),
        kernel_y=_kernel(g, var_y, error * free_y),
    )


def _kernel(means: Array, variance: float, error: float) -> Array:
    count = len(means)
    products = np.array([(means * np.roll(means, -k, axis=0)).sum(axis=1).mean() for k in range(count // 2 + 1)])
    # Means less their mean: the error of one of them is shared, with the other sign, by the others.
    products[0] -= error
    products[1:] += error / (count - 1)
    return products / variance if variance > 0 else np.zeros_like(products)
