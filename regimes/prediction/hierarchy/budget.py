"""How much work a prediction for a hierarchy takes."""

from __future__ import annotations

from dataclasses import dataclass

from regimes.numerics.interface.checks import whole_number

__all__ = ["HierarchyBudget"]


@dataclass(frozen=True)
class HierarchyBudget:
    """Repetitions and memory of :func:`regimes.predict_hierarchy`.

    Parameters
    ----------
    instances, samples : int
        Sets of rules for the exact curves, and samples of each.
    population : int
        Messages in a population of density evolution for the threshold; the curves take a fifth of it at each level.
    memory : int
        Bytes of working memory; the result does not depend on it.
    """

    instances: int = 8
    samples: int = 64
    population: int = 10_000
    memory: int = 2 * 2**30

    def __post_init__(self) -> None:
        for name, meaning, least in (
            ("instances", "sets of rules", 1),
            ("samples", "samples of each set of rules", 2),
            ("population", "messages in a population", 2),
        ):
            whole_number("predict_hierarchy", name, meaning, getattr(self, name), at_least=least)
