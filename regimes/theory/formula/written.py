"""Where every formula is written: its module and line, read from the sources, so that none of them has to be built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Written", "written"]

_THEORY = Path(__file__).parents[1]
# In the order in which the theory is told.
_MODULES = (
    "process.forward",
    "process.clocks",
    "process.schedules",
    "process.sigma_grids",
    "process.schedule_changes",
    "process.denoisers",
    "process.samplers",
    "process.ancestral",
    "process.unmasking",
    "speciation.criteria",
    "speciation.mixture",
    "speciation.order_parameter",
    "speciation.order_parameter_steps",
    "speciation.clones",
    "speciation.mean_sech",
    "speciation.class_entropy",
    "speciation.sign_clones",
    "speciation.points",
    "speciation.direction",
    "speciation.log_odds",
    "speciation.class_bound",
    "collapse.information",
    "collapse.training_index",
    "collapse.random_energy",
    "collapse.excess_entropy",
    "collapse.finite_size",
    "collapse.condensed_sum",
    "collapse.population",
    "collapse.near_copies",
    "collapse.losses",
    "decisions.class_decided",
    "decisions.uturns",
    "decisions.training_noise",
    "decisions.copying",
    "decisions.steps",
    "decisions.best_grid",
    "decisions.final_samples",
    "decisions.start",
    "learning.features",
    "learning.resolvent",
    "learning.edges",
    "learning.losses",
    "hierarchy.leaves",
    "hierarchy.maps",
    "hierarchy.transition",
    "hierarchy.chain",
    "hierarchy.correlations",
    "hierarchy.uturns",
    "composition.bump",
    "composition.bump_overlap",
    "composition.pixel_overlap",
    "composition.noised_bump",
    "composition.percolation",
)
# Formulas stand at the margin, name and title first, each on a line: the catalogue's test holds it.
_HEAD = re.compile(r'^([A-Z]\w*) = Formula\(\n    name="(\w+)",\n    title="(.*)",$', re.MULTILINE)


@dataclass(frozen=True)
class Written:
    """Name and title of a formula, and where it stands: ``constant`` of ``module``, at ``line`` of ``file``."""

    name: str
    title: str
    module: str
    constant: str
    file: Path
    line: int

    @property
    def subject(self) -> str:
        """The room of the formula: process, speciation, collapse, decisions, learning, hierarchy or composition."""
        return self.module.split(".")[-2]


@cache
def written() -> dict[str, Written]:
    """Every formula of the theory by its name."""
    found: dict[str, Written] = {}
    for module in _MODULES:
        file = _THEORY.joinpath(*module.split(".")).with_suffix(".py")
        text = file.read_text(encoding="utf-8")
        for head in _HEAD.finditer(text):
            constant, name, title = head.groups()
            line = text.count("\n", 0, head.start()) + 1
            found[name] = Written(name, title, f"regimes.theory.{module}", constant, file, line)
    return found
