"""Scaling and centring: which numbers the diffusion model is taken to see."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Affine, PointArray, Preprocessing
from regimes.numerics.interface.checks import as_given
from regimes.numerics.interface.progress import Progress, silent

__all__ = ["SCALES", "Scaling", "check_scale", "preprocess", "scaling_of", "squares_about"]

SCALES = ("none", "range", "standard", "feature")
"""Scalings by name; a positive number, the factor itself, is the fifth."""

_FAINT = 1e-3
_VALUES = 2**20  # that are squared together


def check_scale(scale: str | float) -> str | float:
    """The name of a scaling, or a positive factor as a float."""
    rule = f"load_dataset: scale must be one of {', '.join(SCALES)}, or a positive finite factor, got {scale!r}"
    if isinstance(scale, str):
        if scale not in SCALES:
            raise ValueError(rule)
        return scale
    try:
        factor = float(scale)
    except (TypeError, ValueError):
        raise ValueError(rule) from None
    if isinstance(scale, bool | np.bool_) or not math.isfinite(factor) or factor <= 0:
        raise ValueError(rule)
    return factor


def preprocess(
    X: PointArray,
    *,
    scale: str | float = "none",
    center: bool = True,
    known_range: tuple[float, float] | None = None,
) -> tuple[Preprocessing, Affine]:
    """Scale and centre finite points in place, since large data should be held once: what was done, and as a map.

    ``"none"`` leaves the values; ``"range"`` maps the range of the whole array to [-1, 1] by one affine map;
    ``"standard"`` divides by one number, so that the variance per dimension (trace of the covariance over d)
    is 1; ``"feature"`` divides each feature by its own standard deviation; a number multiplies. Variances
    have divisor n - 1. With centring a constant feature becomes exactly 0, whatever the scaling.

    >>> import numpy as np
    >>> X = np.array([[0.0, 16.0], [8.0, 0.0]])
    >>> preprocess(X, scale="range")[0].description
    'range [0, 16] mapped to [-1, 1], mean subtracted'
    >>> X.tolist()
    [[-0.5, 1.0], [0.5, -1.0]]
    """
    scale = check_scale(scale)
    low, high = X.min(axis=0), X.max(axis=0)
    input_range = known_range or (float(low.min()), float(high.max()))
    with np.errstate(all="ignore"):  # judged by its outcome below
        mean = X.mean(axis=0, dtype=np.float64)
        if center:
            X -= mean
            X -= X.mean(axis=0, dtype=np.float64)  # the rounding error of the first pass
            X[:, low == high] = 0.0
            variances = squares_about(X, np.zeros(1)) / (len(X) - 1)
        else:
            variances = np.where(low == high, 0.0, squares_about(X, mean) / (len(X) - 1))
        scaling = scaling_of(scale, variances, input_range, center=center)
        X *= scaling.factor
        if not center:
            X += scaling.offset
    if not center and not np.isfinite(X).all():
        raise _unusable(np.inf, low, high)
    return scaling.record(input_range, low, high), scaling.affine(mean)


@dataclass(frozen=True, eq=False)
class Scaling:
    """Factor, or one for each feature, what is added after it without centring, and both in words.

    ``variances`` are those of the features before.
    """

    name: str
    center: bool
    factor: float | NDArray[np.float64]
    offset: float
    words: str
    variances: NDArray[np.float64]

    def affine(self, mean: NDArray[np.float64]) -> Affine:
        """The same as a map of other values, of features with these means; one that is constant has its factor too."""
        taken_off = mean * self.factor + self.offset if self.center else np.zeros(mean.size)
        return Affine(self.factor, self.offset, taken_off)

    def record(
        self, input_range: tuple[float, float], low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> Preprocessing:
        """What was done to values with these extremes of each feature."""
        with np.errstate(all="ignore"):
            scaled = self.variances * self.factor * self.factor
            mean_variance = float(scaled.mean())
        if not (math.isfinite(mean_variance) and mean_variance > 0):
            raise _unusable(mean_variance, low, high)
        one = isinstance(self.factor, float)
        return Preprocessing(
            scale=self.name,
            center=self.center,
            factor=float(self.factor) if one else None,
            offset=self.offset if one else None,
            description=f"{self.words}, mean {'subtracted' if self.center else 'kept'}",
            input_range=input_range,
            mean_variance=mean_variance,
            faint=float(((scaled > 0) & (scaled < _FAINT * mean_variance)).mean()),
        )


def scaling_of(
    scale: str | float, variances: NDArray[np.float64], input_range: tuple[float, float], *, center: bool
) -> Scaling:
    """The scaling that has this name, or this factor, of features with these variances."""
    name = scale if isinstance(scale, str) else "factor"
    return Scaling(name, center, *_factors(scale, variances, input_range), variances)


def _unusable(variance: float, low: NDArray[np.float64], high: NDArray[np.float64]) -> ValueError:
    return ValueError(
        "load_dataset: the variance of the scaled values must be a positive number within float64, got "
        f"{variance:g} from values in [{low.min():g}, {high.max():g}]; multiply the data by a suitable factor first"
    )


def squares_about(X: Any, origin: NDArray[np.float64], report: Progress = silent) -> NDArray[np.float64]:
    """Sum over points, held or not, of the squared distance of each feature from an origin, in double precision."""
    result, step = np.zeros(X.shape[1]), max(1, _VALUES // X.shape[1])
    for start in range(0, len(X), step):
        report("reading: variances", start, len(X))
        block = X[start : start + step] - origin
        result += np.einsum("ij,ij->j", block, block)
    return result


def _factors(
    scale: str | float, variances: NDArray[np.float64], input_range: tuple[float, float]
) -> tuple[float | NDArray[np.float64], float, str]:
    """Factor or factors, what is added after them, and both in words."""
    if not isinstance(scale, str):
        return scale, 0.0, f"values multiplied by {as_given(scale)}"
    if scale == "none":
        return 1.0, 0.0, "values as given"
    if scale == "standard":
        factor = float(1.0 / np.sqrt(variances.mean()))
        return factor, 0.0, f"values multiplied by {factor:.6g} (variance per dimension 1)"
    if scale == "feature":
        varying = variances > 0
        factors = np.where(varying, 1.0 / np.sqrt(np.where(varying, variances, 1.0)), 1.0)
        return factors, 0.0, "each feature divided by its standard deviation"
    low, high = input_range
    half = high / 2 - low / 2  # high - low can overflow
    factor = float(np.divide(1.0, half))
    return factor, -(high / 2 + low / 2) * factor, f"range [{low:g}, {high:g}] mapped to [-1, 1]"
