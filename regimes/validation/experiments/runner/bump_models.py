"""Conditional denoisers of bumps: how they are trained, and what they generate at given positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from regimes.datasets.composition.grid import ImageGrid
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.shared_trainings import Training
from regimes.validation.measurement.features import activations
from regimes.validation.sampling import NoiseStream, backward, backward_times
from regimes.validation.training import ConditionCode, SmallUNet, TrainedDenoiser

__all__ = [
    "FULL_TRAINING",
    "QUICK_TRAINING",
    "BumpTraining",
    "bump_training",
    "condition_code",
    "drawn_positions",
    "generated",
    "represented",
    "scaled",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BumpTraining:
    """Network and training; those of equal fields, seed, images and positions are trained once."""

    channels: int
    waves: int  # sines and cosines of each coordinate
    steps: int
    batch: int
    learning_rate: float
    ema: float
    snapshots: tuple[int, ...]
    code: str = "sinusoidal"  # of each coordinate; tables have an entry for each position, in which waves play no part

    @property
    def options(self) -> Mapping[str, Any]:
        """Of every training: the plain DDPM loss, without a linear denoiser in front."""
        return {
            "prediction": "eps",
            "precondition": False,
            "steps": self.steps,
            "batch": self.batch,
            "learning_rate": self.learning_rate,
            "ema": self.ema,
            "t_range": T_RANGE,
            "snapshots": self.snapshots,
        }


FULL_TRAINING = BumpTraining(
    channels=16,
    waves=8,
    steps=1500,
    batch=64,
    learning_rate=2e-3,
    ema=0.98,
    snapshots=(25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1200, 1500),
)
"""Two minutes of a core on 16 x 16 images; experiments that ask for the same steps and seed share it."""

QUICK_TRAINING = BumpTraining(
    channels=8,
    waves=4,
    steps=300,
    batch=32,
    learning_rate=4e-3,
    ema=0.95,
    snapshots=(20, 60, 120, 200, 300),
)


def bump_training(
    how: BumpTraining, grid: ImageGrid, images: Array, positions: Array, rng: int, *, levels: int | None = None
) -> Training:
    """The training on images of a grid, told their positions (x, y), nan where a coordinate is not told.

    The network halves images ``levels`` times, by default as often as their side suggests. Images may go around, the
    network does not: its dark edges alone tell it one place from another. If edges met, images moved by as many pixels
    as it halves away would be one to it, and no more than one in four could be right.
    """
    network = SmallUNet(
        (1, *grid.shape), channels=how.channels, levels=levels, condition=condition_code(how, grid), rng=rng
    )
    points = torch.from_numpy(scaled(images, grid)).float()[:, None]
    return Training(network, points, None, {**how.options, "rng": rng}, torch.from_numpy(positions).float())


def drawn_positions(positions: Array, count: int, order: np.random.Generator) -> Array:
    """Positions in random order, all of them before any again."""
    rounds = [order.permutation(len(positions)) for _ in range(-(-count // len(positions)))]
    return positions[np.concatenate(rounds)[:count]]


def generated(
    denoiser: TrainedDenoiser,
    grid: ImageGrid,
    positions: Array,
    noise: NoiseStream,
    *,
    steps: int,
    device: torch.device,
) -> tuple[Array, Tensor]:
    """Images that a denoiser makes for positions, (n, height, width) in units of the grid, and in its own units."""
    n, shape = len(positions), (1, *grid.shape)
    times = np.append(backward_times(START, end=T_RANGE[0], steps=steps - 1, spacing="log-snr"), 0.0)
    start = noise.substream(0).normal(0, 0, n, shape, device=device)
    score = denoiser.score(condition=positions)
    end = backward(score, start, times, sampler="ancestral", noise=noise.substream(1), batch=n)
    return (end[:, 0].double().cpu().numpy() + 1) / 2 * grid.amplitude, end


def represented(
    denoiser: TrainedDenoiser, layer: str, x: Tensor, positions: Array, log_snr: float
) -> NDArray[np.float32]:
    """Activations of a layer at noised images of one noise level, told their positions, (n, numbers)."""
    told = torch.tensor(positions, device=x.device, dtype=x.dtype)
    return activations(_At(denoiser.model, told, log_snr), f"model.{layer}", x, batch=len(x)).reshape(len(x), -1)


class _At(nn.Module):
    """A denoiser at one noise level and at given conditions."""

    def __init__(self, model: nn.Module, condition: Tensor, log_snr: float) -> None:
        super().__init__()
        self.model, self.condition, self.log_snr = model, condition, log_snr

    def forward(self, x: Tensor) -> Any:
        return self.model(x, x.new_full((len(x),), self.log_snr), self.condition)


def scaled(images: Array, grid: ImageGrid) -> Array:
    """Images from -1 (dark) to 1, to 3 where two stripes cross."""
    return 2 * images / grid.amplitude - 1


def condition_code(how: BumpTraining, grid: ImageGrid) -> ConditionCode:
    """The code in which the network is told positions."""
    height, width = map(float, grid.shape)
    if how.code == "sinusoidal":
        waves = 2 if grid.periodic else 1  # whole waves where edges meet, also half ones where they do not
        return ConditionCode(how.code, (0.0, 0.0), (width / waves, height / waves), 2 * how.waves)
    if how.code == "scalar":
        return ConditionCode(how.code, (0.0, 0.0), (width, height))
    if len(grid.x) != len(grid.y):
        raise ValueError(f"bump_training: a table must have as many entries for x as for y, got {grid.grid_shape}")
    return ConditionCode(how.code, (grid.x[0], grid.y[0]), (grid.x[-1], grid.y[-1]), len(grid.x))
