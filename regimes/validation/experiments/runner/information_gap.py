"""Losses of a denoiser on training and test points, and their integrals over the signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.validation.experiments.runner.denoisers import T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling.samplers import Score
from regimes.validation.training import TrainedDenoiser, information_from_losses, loss_curve

__all__ = ["Gap", "information_gap"]

Array = NDArray[np.float64]

_TIMES, _LATEST = 28, 3.8


@dataclass(frozen=True, eq=False)
class Gap:
    """Losses and their integrals on training and test points."""

    t: Array  # (T,): increasing Ornstein-Uhlenbeck times
    train_loss: Array  # squared error of the posterior mean, summed over dimensions
    test_loss: Array
    train: Array  # J = 1/2 int_0^snr loss dsnr in nats
    train_se: Array
    test: Array
    test_se: Array
    gap: Array  # G = J_test - J_train
    gap_se: Array

    def at(self, t: float, name: str = "gap") -> tuple[float, float]:
        """Value and standard error at a time, interpolated in log t."""
        place = np.log(self.t)
        value, error = (np.interp(np.log(t), place, getattr(self, each)) for each in (name, f"{name}_se"))
        return float(value), float(error)

    def time_at(self, level: float, name: str = "test") -> tuple[float, float] | None:
        """Largest time at which an integral reaches a level, with its standard error, interpolated in log t.

        None if it stays on one side. For the exact empirical score of n points J_test is ``log n`` where the
        leave-one-out excess entropy is 0, at t_C.
        """
        value, error, place = getattr(self, name), getattr(self, f"{name}_se"), np.log(self.t)
        above = np.flatnonzero(value > level)
        if above.size == 0 or above[-1] == value.size - 1:
            return None
        i = int(above[-1])
        slope = (value[i + 1] - value[i]) / (place[i + 1] - place[i])
        t = float(np.exp(place[i] + (level - value[i]) / slope))
        return t, float(t * np.interp(np.log(t), place, error) / abs(slope))


def information_gap(
    bench: Bench, name: str, denoiser: TrainedDenoiser | Score, train: ArrayLike, test: Array, *, draws: int
) -> Gap:
    """Integrate the losses of a denoiser on training and test points."""

    def compute() -> dict[str, Array]:
        t = np.geomspace(T_RANGE[0], _LATEST, _TIMES)
        losses = loss_curve(denoiser, train, t, test=test, noise=bench.noise, draws=draws)
        found = information_from_losses(losses)
        both = {"train_loss": losses.train_loss, "test_loss": losses.test_loss}
        names = ("t", "train", "train_se", "test", "test_se", "gap", "gap_se")
        return {key: np.asarray(value) for key, value in (both | {key: getattr(found, key) for key in names}).items()}

    return Gap(**bench.store.piece(name, compute))
