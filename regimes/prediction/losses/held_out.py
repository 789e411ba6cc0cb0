"""Losses of a model on points that it was not trained on, between the noise levels at which they were measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.step_grid import StepGrid
from regimes.prediction.losses.curve import LossCurve
from regimes.prediction.losses.information import loss_spline, variance_per_direction

__all__ = ["HeldOutLosses", "held_out_losses"]

Array = NDArray[np.float64]

_SLACK = 1e-9  # of a level that is the last measured one


@dataclass(frozen=True, eq=False)
class HeldOutLosses:
    """Losses at rising signal-to-noise ratios from 0 on, joined by the spline of their integral.

    Attributes
    ----------
    snr, loss : ndarray, shape (K,)
        The ratios, and squared errors summed over dimensions.
    covariance : ndarray, shape (K, K), or None
        Of their errors.
    se : ndarray, shape (K,)
        Standard errors, which are added where there is no covariance.
    """

    snr: Array
    loss: Array
    covariance: Array | None
    se: Array

    @property
    def least_time(self) -> float:
        """Ornstein-Uhlenbeck time of the smallest noise."""
        return float(compile_formula("time_from_snr", target="numpy")(self.snr[-1]))

    def reach(self, snr: float) -> bool:
        """Whether the losses go down to that noise."""
        return bool(snr <= self.snr[-1] * (1 + _SLACK))

    def information(self, snr: float) -> tuple[float, float]:
        """J, half the integral of the losses from pure noise on, in nats, and its error: at least I(a; x_t)."""
        value, error = self._value(lambda kept: loss_spline(self.snr, self._spread, kept)[1](np.array([snr]))[0])
        return value, error + self._gap * float(self.snr[1])

    def added_by_steps(self, grid: StepGrid) -> tuple[float, float]:
        """Divergence that the steps of a grid add to the paths of the model, in nats, and its error."""
        begin, length = grid.steps
        added = compile_formula("frozen_loss_divergence", target="numpy")

        def weights(kept: NDArray[np.intp]) -> Array:
            loss, information = loss_spline(self.snr, self._spread, kept)
            gain = information(begin + length) - information(begin)
            total: Array = added(length[:, None], loss(begin), gain).sum(axis=0)
            return total

        value, error = self._value(weights)
        below = begin < self.snr[1]
        unmeasured = length[below & (begin > 0)].sum() + (self.snr[1] if below.any() else 0.0)
        return value, error + self._gap * float(unmeasured)

    @property
    def _gap(self) -> float:
        """Half of what the loss may fall by between no signal and the first level, where it was not measured."""
        return float(abs(self.loss[0] - self.loss[1])) / 2

    def _value(self, weights: Callable[[NDArray[np.intp]], Array]) -> tuple[float, float]:
        """What is linear in the losses; its error holds what half of the levels would change."""
        every = np.arange(self.snr.size)
        whole, halved = (weights(kept) for kept in (every, np.unique([0, 1, *every[::-1][::2]])))
        scatter = np.abs(whole) @ self.se if self.covariance is None else np.sqrt(whole @ self.covariance @ whole)
        return float(whole @ self.loss), float(np.hypot(scatter, (whole - halved) @ self.loss))

    @cached_property
    def _spread(self) -> float:
        return variance_per_direction(float(self.loss[0]), self.loss[1:], self.snr[1:])


def held_out_losses(curve: LossCurve, total_variance: float) -> HeldOutLosses:
    """Losses on test points; without a signal the loss is the total variance where the curve does not tell it.

    Raises
    ------
    ValueError
        If there are no losses on test points, or fewer than three.
    """
    if curve.test_loss is None or curve.test_se is None:
        raise ValueError(
            "losses must be those on other points of the same law as well (test_loss): on the points that a model was "
            "trained on they tell what it has memorised"
        )
    if curve.t.size < 3:
        raise ValueError(f"losses must be measured at 3 noise levels at least, got {curve.t.size}")
    silent = total_variance if curve.test_variance is None else curve.test_variance
    covariance = curve.test_covariance
    return HeldOutLosses(
        np.append(0.0, curve.snr[::-1]),
        np.append(silent, curve.test_loss[::-1]),
        None if covariance is None else np.pad(covariance[::-1, ::-1], ((1, 0), (1, 0))),
        np.append(0.0, curve.test_se[::-1]),
    )
