"""Where a layer changes under U-turns, and how sharply, each with the groups of points left out in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.estimation.roots import bracketed_root
from regimes.prediction.hierarchy.features.cosines import GROUPS, LayerCosines

__all__ = ["Estimate", "LayerTransition", "contrast", "layer_transition", "level_times"]

HALF, QUARTERS = 0.5, (0.75, 0.25)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number and what it is without each group of points; missing where the curve does not reach its level."""

    value: float
    left_out: Array

    @property
    def known(self) -> bool:
        """Whether it was found."""
        return bool(np.isfinite(self.value))

    @property
    def error(self) -> float | None:
        """Jackknife error; None where a group's absence takes the curve off its level."""
        if not self.known or not np.isfinite(self.left_out).all():
            return None
        return float(jackknife_error(self.left_out))

    @property
    def z(self) -> float | None:
        """In units of its error."""
        return self.value / self.error if self.error else None


@dataclass(frozen=True, eq=False)
class LayerTransition:
    """Curves of one layer over t, with errors, and where its share falls.

    The share is ``(cosine - baseline)`` over its value at the smallest time; the baseline is the mean cosine of points
    with the U-turns of others at the same time. Places are of the largest non-increasing curve nearest to the share
    (isotonic regression), interpolated by monotone cubics in log sigma.
    """

    cosine: Array
    cosine_se: Array
    baseline: Array
    baseline_se: Array
    share: Array
    share_se: Array
    time: Estimate  # Ornstein-Uhlenbeck time at which the share is one half
    width: Estimate  # log sigma from three quarters to one quarter, sigma of the EDM clock
    width_time: Estimate  # the same on the clock t


def layer_transition(t: Array, layer: LayerCosines) -> LayerTransition:
    """Curves and places of a layer."""
    parts = np.stack([_curves(layer, left_out) for left_out in (None, *range(GROUPS))])  # (1 + G, 3, T)
    errors = jackknife_error(parts[1:])
    places = np.array([level_times(t, share) for share in parts[:, 2]])  # log sigma at 3/4, 1/2, 1/4
    times = _time(places)

    def estimate(values: Array) -> Estimate:
        return Estimate(float(values[0]), values[1:])

    (cosine, baseline, share), (cosine_se, baseline_se, share_se) = parts[0], errors
    return LayerTransition(
        cosine,
        cosine_se,
        baseline,
        baseline_se,
        share,
        share_se,
        time=estimate(times[:, 1]),
        width=estimate(places[:, 2] - places[:, 0]),
        width_time=estimate(times[:, 2] - times[:, 0]),
    )


def contrast(first: Estimate, last: Estimate) -> Estimate:
    """Logarithm of the ratio of two estimates of the same points, with the error of what they share."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return Estimate(float(np.log(first.value / last.value)), np.log(first.left_out / last.left_out))


def level_times(t: Array, share: Array) -> Array:
    """Log sigma at which a share passes 3/4, 1/2 and 1/4; nan where it does not."""
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import isotonic_regression

    place = np.log(compile_formula("edm_sigma", target="numpy")(t))
    falling = np.asarray(isotonic_regression(share, increasing=False).x)
    curve = PchipInterpolator(place, falling)
    found = []
    for level in (QUARTERS[0], HALF, QUARTERS[1]):
        after = int(np.argmax(falling <= level))
        if not (falling[0] > level >= falling[-1]):
            found.append(np.nan)
        elif falling[after] == level:
            found.append(place[after])
        else:
            low, high = float(place[after - 1]), float(place[after])
            found.append(bracketed_root(partial(_above, curve, level), low, high, what="share of a layer"))
    return np.array(found)


def _above(curve: Callable[[float], Any], level: float, place: float) -> float:
    return float(curve(place)) - level


def _curves(layer: LayerCosines, left_out: int | None) -> Array:
    """Mean cosine, baseline and share over t, of all points or of those outside a group."""
    n = layer.cosine.shape[1]
    kept = np.ones(n, dtype=bool) if left_out is None else np.arange(n) % GROUPS != left_out
    groups = np.ones(GROUPS, dtype=bool) if left_out is None else np.arange(GROUPS) != left_out
    count, own = int(kept.sum()), layer.cosine[:, kept].sum(axis=1)
    every = layer.between[:, groups][:, :, groups].sum(axis=(1, 2))
    mean, baseline = own / count, (every - own) / (count * (count - 1))
    return np.stack([mean, baseline, (mean - baseline) / (mean[0] - baseline[0])])


def _time(log_sigma: Array) -> Array:
    return np.asarray(compile_formula("time_from_edm_sigma", target="numpy")(np.exp(log_sigma)))
