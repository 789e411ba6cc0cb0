"""When trainings generalise, memorise and have their least held-out loss, and how that grows with their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.runner.along_training import Estimate, interval
from regimes.validation.experiments.runner.helping import NOT_TOLD
from regimes.validation.experiments.training_networks.clock import learning_time
from regimes.validation.experiments.training_networks.form import TrainingNetworksForm
from regimes.validation.experiments.training_networks.runs import SourceFound
from regimes.validation.measurement.estimate import crossing

__all__ = ["Times", "beside", "held_out", "least", "order", "shares", "times_of"]

Array = NDArray[np.float64]
Log = list[float | None]

_NEAR = 0.2  # a slope off by this much changes a time by a factor of 1.5 when n grows eightfold


@dataclass(frozen=True)
class Times:
    """Logarithms of times by number of images, one for each seed; None where there is none between two snapshots."""

    first: Mapping[int, Log]  # copies
    memorised: Mapping[int, Log]
    generalised: Mapping[int, Log]  # to a held-out loss that all sizes reach
    generalised_alone: Mapping[int, Log]  # to the same part of the way to the least loss of this size
    least: Mapping[int, Log]  # held-out loss

    @property
    def least_over_first(self) -> dict[int, Log]:
        """Logarithm of the time of the least held-out loss over that of the first copies."""
        return {
            n: [None if a is None or b is None else a - b for a, b in zip(self.least[n], self.first[n], strict=True)]
            for n in self.first
        }


def shares(found: SourceFound, n: int) -> Array:
    """Shares of copies, (seeds, snapshots)."""
    return np.stack([each.copies.shares for each in found.trainings[n]])


def held_out(found: SourceFound, n: int) -> Array:
    """Held-out losses, (seeds, snapshots)."""
    return np.stack([each.losses.held_out for each in found.trainings[n]])


def times_of(form: TrainingNetworksForm, found: SourceFound, *, by_rate: bool = True) -> Times:
    """Read all times, in sums of the learning rate or in steps; straight lines in their logarithm."""
    training, sizes = found.form.training, found.form.sizes
    steps = learning_time(training.snapshots, training.steps) if by_rate else np.array(training.snapshots, float)
    log_time = np.log(steps)
    copied = {n: shares(found, n) for n in sizes}
    lowest = {n: held_out(found, n).min(axis=1) for n in sizes}
    common = np.max([lowest[n] for n in sizes], axis=0)  # the least loss of the size that gets least far, by seed
    part = {n: [_part(found, n, seed, low[seed]) for seed in range(found.form.seeds)] for n, low in lowest.items()}
    together = {n: [_part(found, n, seed, common[seed]) for seed in range(found.form.seeds)] for n in sizes}
    return Times(
        first={n: [crossing(log_time, row, form.first) for row in copied[n]] for n in sizes},
        memorised={n: [crossing(log_time, row, form.memorised) for row in copied[n]] for n in sizes},
        generalised={n: [crossing(log_time, row, form.learned) for row in together[n]] for n in sizes},
        generalised_alone={n: [crossing(log_time, row, form.learned) for row in part[n]] for n in sizes},
        least={n: [least(log_time, row) for row in held_out(found, n)] for n in sizes},
    )


def _part(found: SourceFound, n: int, seed: int, bottom: float) -> Array:
    """Part of the way of the held-out loss from before the training to a bottom."""
    losses = found.trainings[n][seed].losses
    return np.asarray((losses.start - losses.held_out) / (losses.start - bottom))


def least(x: Array, y: Array) -> float | None:
    """Where y is least, by the parabola through its lowest point and the two beside it; None at an end."""
    k = int(np.argmin(y))
    if k in (0, len(y) - 1):
        return None
    (left, right), (down, up) = x[[k - 1, k + 1]] - x[k], y[[k - 1, k + 1]] - y[k]
    curved, tilted = down * right - up * left, down * right**2 - up * left**2
    return float(x[k] + tilted / (2 * curved)) if curved > 0 else float(x[k])


def beside(slope: Estimate, claimed: float, other: float) -> str:
    """What a slope says of the one that is claimed, beside another that is not."""
    ends = interval(slope)
    if ends is None:
        return NOT_TOLD
    low, high = ends
    if low <= claimed <= high:
        return NOT_TOLD if low <= other <= high else "as claimed"
    if abs(low - claimed) <= _NEAR and abs(high - claimed) <= _NEAR:
        return "nearly as claimed"
    return "more than claimed" if low > claimed else "less than claimed"


def order(least_over_first: Estimate) -> str:
    """Whether the held-out loss is least before or after the first copies."""
    ends = interval(least_over_first)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return NOT_TOLD
    return "before" if ends[1] < 0 else "after"
