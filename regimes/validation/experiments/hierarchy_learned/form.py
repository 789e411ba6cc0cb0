"""How much is trained and measured, and the data of each seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import HierarchySample, sample_hierarchy
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.runner.shared_trainings import Training
from regimes.validation.training import TreeDenoiser

__all__ = ["T_RANGE", "HierarchyForm", "SeedData", "one_hot", "seed_data", "seed_numbers", "times_at", "training_of"]

Array = NDArray[np.float64]

T_RANGE = (0.02, 2.0)
"""At the first a leaf is all but known, at the last less than .1 nats are left of a point."""

_SEEDS = 64  # runs with other seeds share nothing
_TRAIN, _HELD_OUT, _FRESH = range(3)


@dataclass(frozen=True)
class HierarchyForm:
    """Size of the experiment."""

    v: int
    m: int
    s: int
    L: int
    sizes: tuple[int, ...]  # training points
    seeds: int  # rules, data and first weights are drawn anew with each
    width: int  # of the network
    training_steps: int
    batch: int
    learning_rate: float
    ema: float
    held_out: int  # points that choose the weights
    evaluate_every: int
    snapshots: tuple[int, ...]  # steps at which the training is looked at
    log_snr: tuple[float, ...]  # noise levels of losses and U-turns, equally spaced
    loss_points: int
    turns: int  # U-turns at each noise level
    steps: int  # of a backward path
    generated: int

    @property
    def hierarchy(self) -> Hierarchy:
        """The model."""
        return Hierarchy(self.v, self.m, self.s, self.L)

    @property
    def options(self) -> Mapping[str, Any]:
        """Of every training."""
        return {
            "prediction": "x0",
            "steps": self.training_steps,
            "batch": self.batch,
            "learning_rate": self.learning_rate,
            "ema": self.ema,
            "t_range": T_RANGE,
            "evaluate_every": self.evaluate_every,
            "snapshots": self.snapshots,
        }


@dataclass(frozen=True, eq=False)
class SeedData:
    """Rules and data of one seed; smaller training sets are the beginnings of the largest."""

    number: int
    rules: HierarchyRules
    train: HierarchySample
    held_out: Tensor
    fresh: HierarchySample  # neither trained on nor used to choose weights


def seed_data(form: HierarchyForm, seed: int) -> SeedData:
    """Draw rules and data."""
    rules = random_hierarchy(form.hierarchy, rng=seed)
    fresh = max(form.loss_points, form.turns * len(form.log_snr))
    drawn = [
        sample_hierarchy(rules, count, rng=3 * seed + part)
        for part, count in ((_TRAIN, max(form.sizes)), (_HELD_OUT, form.held_out), (_FRESH, fresh))
    ]
    return SeedData(seed, rules, drawn[0], one_hot(drawn[1]), drawn[2])


def seed_numbers(form: HierarchyForm, seed: int) -> range:
    """Seeds of the data of a run with a seed."""
    return range(_SEEDS * seed, _SEEDS * seed + form.seeds)


def one_hot(sample: HierarchySample) -> Tensor:
    """Data as the network sees them, (n, d, v)."""
    return torch.from_numpy(sample.one_hot()).float()


def training_of(form: HierarchyForm, data: SeedData, n: int) -> Training:
    """The training on the first n points."""
    network = TreeDenoiser(form.v, form.s, form.L, width=form.width, rng=data.number)
    options = dict(form.options) | {"rng": data.number}
    return Training(network, one_hot(data.train)[:n], data.held_out, options)


def times_at(log_snr: tuple[float, ...]) -> list[float]:
    """Ornstein-Uhlenbeck times of noise levels."""
    return [float(t) for t in compile_formula("time_from_log_snr", target="numpy")(np.array(log_snr))]
