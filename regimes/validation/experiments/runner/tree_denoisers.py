"""Tree-shaped denoisers trained on data of a random hierarchy: what experiments share is trained once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from regimes.datasets.hierarchy.sample import HierarchySample, sample_hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.runner.shared_trainings import Training
from regimes.validation.training import TreeDenoiser

__all__ = ["T_RANGE", "TreeForm", "drawn", "one_hot", "tree_training"]

T_RANGE = (0.02, 2.0)
"""At the first a leaf is all but known, at the last less than .1 nats are left of a point."""

_TRAIN, _HELD_OUT = range(2)


@dataclass(frozen=True)
class TreeForm:
    """How denoisers are trained."""

    sizes: tuple[int, ...]  # training points: smaller sets are the beginnings of the largest
    width: int  # of the network
    training_steps: int
    batch: int
    learning_rate: float
    ema: float
    held_out: int  # points that choose the weights
    evaluate_every: int
    snapshots: tuple[int, ...]  # steps at which the training is looked at

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


def drawn(rules: HierarchyRules, count: int, seed: int, part: int = _TRAIN) -> HierarchySample:
    """Data of one seed: part 0 is trained on, part 1 chooses the weights, part 2 is neither."""
    return sample_hierarchy(rules, count, rng=3 * seed + part)


def one_hot(sample: HierarchySample) -> Tensor:
    """Data as the network sees them, (n, d, v)."""
    return torch.from_numpy(sample.one_hot()).float()


def tree_training(form: TreeForm, rules: HierarchyRules, seed: int, n: int) -> Training:
    """The training on the first n points of a seed."""
    network = TreeDenoiser(rules.v, rules.s, rules.L, width=form.width, rng=seed)
    train, held_out = drawn(rules, max(form.sizes), seed), drawn(rules, form.held_out, seed, _HELD_OUT)
    return Training(network, one_hot(train)[:n], one_hot(held_out), dict(form.options) | {"rng": seed})
