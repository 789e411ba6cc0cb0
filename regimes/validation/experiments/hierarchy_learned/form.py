"""How much is trained and measured, and the data of each seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regimes.datasets.hierarchy.rules import random_hierarchy
from regimes.datasets.hierarchy.sample import HierarchySample
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.runner.shared_trainings import Training
from regimes.validation.experiments.runner.tree_denoisers import TreeForm, drawn, tree_training

__all__ = ["HierarchyForm", "SeedData", "seed_data", "times_at", "training_of"]

_FRESH = 2


@dataclass(frozen=True)
class HierarchyForm(TreeForm):
    """Size of the experiment."""

    v: int
    m: int
    s: int
    L: int
    seeds: int  # rules, data and first weights are drawn anew with each
    log_snr: tuple[float, ...]  # noise levels of losses, U-turns and clones, equally spaced
    loss_points: int
    turns: int  # U-turns, and pairs of clones, at each noise level
    steps: int  # of a backward path
    generated: int

    @property
    def hierarchy(self) -> Hierarchy:
        """The model."""
        return Hierarchy(self.v, self.m, self.s, self.L)


@dataclass(frozen=True, eq=False)
class SeedData:
    """Rules and data of one seed; smaller training sets are the beginnings of the largest."""

    number: int
    rules: HierarchyRules
    train: HierarchySample
    fresh: HierarchySample  # neither trained on nor used to choose weights


def seed_data(form: HierarchyForm, seed: int) -> SeedData:
    """Draw rules and data."""
    rules = random_hierarchy(form.hierarchy, rng=seed)
    fresh = max(form.loss_points, form.turns * len(form.log_snr))
    return SeedData(seed, rules, drawn(rules, max(form.sizes), seed), drawn(rules, fresh, seed, _FRESH))


def training_of(form: HierarchyForm, data: SeedData, n: int) -> Training:
    """The training on the first n points."""
    return tree_training(form, data.rules, data.number, n)


def times_at(log_snr: tuple[float, ...]) -> list[float]:
    """Ornstein-Uhlenbeck times of noise levels."""
    return [float(t) for t in compile_formula("time_from_log_snr", target="numpy")(np.array(log_snr))]
