"""Samples whose evidence is so strong that products underflow: again, in logarithms, or what is wrong with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.hierarchy.evidence import refuse_invalid
from regimes.numerics.hierarchy.layout import level_starts
from regimes.numerics.hierarchy.logarithms import draw_logarithms, propagate_logarithms, raise_logarithms
from regimes.numerics.hierarchy.rules import HierarchyRules

__all__ = ["SampleInLogarithms"]

Array = NDArray[np.float64]


class SampleInLogarithms:
    """One sample in logarithms: what is wrong with it, or its exact posterior."""

    def __init__(
        self, function: str, rules: HierarchyRules, messages: Array, prior: Array, sample: int, *, log: bool
    ) -> None:
        refuse_invalid(function, messages, sample, log=log)
        with np.errstate(divide="ignore"):
            leaves = messages if log else np.log(messages)
            self.log_prior = np.log(prior)
        self.rules = rules
        self.tables = np.concatenate([table.ravel() for table in rules.tables])
        rule_starts = np.cumsum([0, *(table.size for table in rules.tables), 0])
        self.starts = np.array([level_starts(rules), rule_starts])
        self.shape = (rules.classes, rules.v, rules.m, rules.s, rules.L)
        self.up = np.full((level_starts(rules)[-1], max(rules.classes, rules.v)), -np.inf)
        self.evidence, level, node = raise_logarithms(
            np.ascontiguousarray(leaves), self.tables, self.starts, self.shape, self.up
        )
        if level < 0 and not (self.up[0, : rules.classes] + self.log_prior > -np.inf).any():
            raise ValueError(
                f"{function}: prior and messages of sample {sample} contradict each other: every class that the "
                "messages allow has prior 0"
            )
        if level >= 0:
            raise ValueError(
                f"{function}: the evidence of sample {sample} is contradictory: the messages below node {node} of "
                f"level {level} leave no symbol possible there; messages must allow at least "
                "one tree that the rules make"
            )

    def marginals(self) -> tuple[float, list[Array]]:
        """Log-evidence, and the marginals of all levels."""
        down = np.empty_like(self.up)
        left = propagate_logarithms(self.up, self.log_prior, self.tables, self.starts, self.shape, down)
        internal = self.starts[0, self.rules.L]
        evidence = self.evidence + left - internal * float(np.log(self.rules.m))
        levels = range(self.rules.L + 1)
        rows = [
            down[self.starts[0, level] : self.starts[0, level + 1], : self.rules.symbols(level)] for level in levels
        ]
        return evidence, [np.exp(row) for row in rows]

    def draws(self, uniforms: Array) -> NDArray[np.int32]:
        """Trees, one for each row of uniforms."""
        trees = np.empty((uniforms.shape[0], self.up.shape[0]), dtype=np.int32)
        rows = np.ascontiguousarray(uniforms)
        draw_logarithms(self.up, self.log_prior, self.tables, self.starts, self.shape, rows, trees)
        return trees
