"""What is varied, one thing at a time, and how much is trained and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import ImageGrid, image_grid
from regimes.validation.experiments.runner.bump_models import BumpTraining

__all__ = ["OVERLAPS", "PercolationForm", "Setting", "changed", "log_shares"]

OVERLAPS = (
    ("cosine", 0.005),
    ("cosine", 0.05),
    ("coefficient", 0.005),
    ("coefficient", 0.05),
    ("product", 0.005),
    ("product", 0.05),
)
"""Overlaps of images, and from how much on two connect: liang2024b draws .005, and .05 in one panel."""


@dataclass(frozen=True)
class Setting:
    """One way to train, at several kept shares."""

    name: str
    shares: tuple[float, ...]  # of the positions, increasing
    sigma: float = 1.0
    side: int = 12
    steps: int = 1000
    code: str = "sinusoidal"
    waves: int = 8
    levels: int = 2

    @property
    def grid(self) -> ImageGrid:
        """All positions, a pixel apart."""
        return image_grid(self.side, self.sigma)

    def training(self, how: BumpTraining) -> BumpTraining:
        """How it is trained; snapshots keep their place in the training."""
        snapshots = tuple(round(each * self.steps / how.steps) for each in how.snapshots)
        return replace(how, steps=self.steps, code=self.code, waves=self.waves, snapshots=snapshots)


@dataclass(frozen=True)
class PercolationForm:
    """Size of the experiment."""

    settings: tuple[Setting, ...]  # the first is what the others are compared with
    timed: float  # kept share, one of each setting, at which the time of learning is measured
    training: BumpTraining
    seeds: int
    sampling_steps: int
    looked: int  # generated images at held-out positions, and as many at kept ones
    draws: int  # noised images of each side, of the losses
    tolerance: float  # in pixels
    orders: int  # of random positions, of the thresholds

    def __post_init__(self) -> None:
        names = [each.name for each in self.settings]
        if len(set(names)) < len(names):
            raise ValueError(f"bump-percolation: settings must have names of their own, got {', '.join(names)}")
        if not 0 < self.tolerance < 0.5:
            raise ValueError(
                "bump-percolation: tolerance must lie below half a pixel, or an image is right for two positions, "
                f"got {self.tolerance:g}"
            )
        for each in self.settings:
            if self.timed not in each.shares or list(each.shares) != sorted(set(each.shares)):
                raise ValueError(
                    f"bump-percolation: shares must increase and hold timed = {self.timed:g}, got {each.shares} for "
                    f"{each.name}"
                )

    @property
    def base(self) -> Setting:
        """What the others are compared with."""
        return self.settings[0]

    @property
    def widths(self) -> tuple[Setting, ...]:
        """The settings that differ in the width of the bump alone, the base among them, the narrowest first."""
        found = [each for each in self.settings if set(changed(each, self.base)) <= {"sigma"}]
        return tuple(sorted(found, key=lambda each: each.sigma))


def changed(setting: Setting, base: Setting) -> Sequence[str]:
    """What differs from the base; shares do not count."""
    names = [each.name for each in fields(Setting) if each.name not in ("name", "shares")]
    return [name for name in names if getattr(setting, name) != getattr(base, name)]


def log_shares(setting: Setting) -> NDArray[np.float64]:
    """Logarithms of the shares that are kept, as whole numbers of positions make them."""
    n = setting.grid.n
    return np.asarray(np.log(np.round(np.array(setting.shares) * n) / n))
