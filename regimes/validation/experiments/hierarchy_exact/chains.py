"""Chains of U-turns: what is left of the start after many of them at one time, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.sample import sample_hierarchy
from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.hierarchy.belief_propagation import belief_propagation, sample_posterior
from regimes.numerics.hierarchy.noise import leaf_messages
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.hierarchy_exact.runs import HierarchyModel, rules_of, source_of
from regimes.validation.experiments.runner.run import Bench

__all__ = ["Chain", "ChainForm", "chain"]

Array = NDArray[np.float64]

_CHAINS = 5
_LOST = np.exp(-1)


@dataclass(frozen=True)
class ChainForm:
    """Chains of draws from the posterior."""

    multiples: tuple[float, ...]  # times in units of the threshold
    rules: int
    starts: int  # chains for each set of rules
    turns: tuple[int, ...]  # numbers of U-turns after which the start is looked for; 1 first


@dataclass(frozen=True, eq=False)
class Chain:
    """What chains keep of their start. Data are their stationary law, so that in the end two draws of data agree."""

    model: HierarchyModel
    depth: int
    multiple: float
    t: float
    turns: tuple[int, ...]
    kept: Array  # (turns, chains, depth + 1): share of the nodes of each level with the symbol of the start
    floor: Array  # (rules, depth + 1): the same of two independent data points, exact

    @property
    def memory(self) -> tuple[Array, Array]:
        """Kept beyond chance, of what could be, (turns, depth + 1), and its standard error over sets of rules."""
        rules = len(self.floor)
        kept = self.kept.reshape(len(self.turns), rules, -1, self.kept.shape[2]).mean(axis=2)
        left = [_memory(np.delete(kept, one, axis=1), np.delete(self.floor, one, axis=0)) for one in range(rules)]
        shape = (len(self.turns), self.depth + 1)
        se = jackknife_error(np.stack([each.ravel() for each in left])).reshape(shape)
        return _memory(kept, self.floor), se

    def lifetime(self, level: int) -> float | None:
        """U-turns after which 1/e of the memory of a level is left, None where more is left in the end."""
        curve = np.concatenate([[1.0], self.memory[0][:, level]])
        at = np.concatenate([[0.0], self.turns])
        after = np.flatnonzero(curve <= _LOST)
        if not after.size:
            return None
        k = int(after[0])
        share = np.log(curve[k - 1] / _LOST) / np.log(curve[k - 1] / max(curve[k], 1e-3))
        return float(at[k - 1] + share * (at[k] - at[k - 1]))


def chain(bench: Bench, number: int, model: HierarchyModel, form: ChainForm, depth: int, place: int) -> Chain:
    """Chains at one time, of trees of one depth."""
    multiple = form.multiples[place]
    t, hierarchy = multiple * model.threshold, model.hierarchy(depth)

    def compute() -> dict[str, Any]:
        kept, floors = [], []
        for each in range(form.rules):
            rules = rules_of(bench, number, hierarchy, each)
            source = source_of(bench, _CHAINS, number, depth, place, each)
            kept.append(_followed(rules, form, t, source))
            flat = belief_propagation(rules, np.ones((1, rules.leaves, rules.v))).marginals
            floors.append([float(np.square(flat[level][0]).sum(axis=1).mean()) for level in range(depth + 1)])
            bench.report(
                f"chains of {model.name} at depth {depth}, {multiple:g} of the threshold", each + 1, form.rules
            )
        return {"kept": np.concatenate(kept, axis=1), "floor": np.array(floors)}

    found = bench.store.piece(f"chains,model={number},depth={depth},time={place}", compute)
    return Chain(model, depth, multiple, t, form.turns, found["kept"], found["floor"])


def _followed(rules: HierarchyRules, form: ChainForm, t: float, source: np.random.Generator) -> Array:
    start = sample_hierarchy(rules, form.starts, rng=source).tree
    tree, kept = start, []
    for turn in range(1, form.turns[-1] + 1):
        messages = leaf_messages(tree[-1], "gaussian", t, rules.v, rng=source)
        tree = tuple(level[0] for level in sample_posterior(rules, messages, rng=source))
        if turn in form.turns:
            kept.append(np.stack([(a == b).mean(axis=1) for a, b in zip(tree, start, strict=True)], axis=1))
    return np.stack(kept)


def _memory(kept: Array, floor: Array) -> Array:
    """Means over rules: kept (turns, rules, levels)."""
    chance = floor.mean(axis=0)
    return np.asarray((kept.mean(axis=1) - chance) / (1 - chance))
