"""Where in the plane of symbols and rules there is a transition, and at which noise, in mean field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, whole_number
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import Result
from regimes.theory.formula.record import recorded

__all__ = ["HierarchyPlane", "PhaseDiagram", "hierarchy_phase_diagram"]

_SYMBOLS, _BELIEFS = 121, 241


@dataclass(frozen=True)
class HierarchyPlane:
    """Planes of symbols and rules, one for each number of children.

    Parameters
    ----------
    children : sequence of int
        Numbers of children, each at least 2.
    largest_v : float
        Largest number of symbols, above 2.
    """

    children: Sequence[int] = (2, 3, 4)
    largest_v: float = 64

    def __post_init__(self) -> None:
        name = "HierarchyPlane"
        children = tuple(whole_number(name, "children", "of a symbol", s, at_least=2) for s in self.children)
        if not children:
            raise ValueError(f"{name}: children must name at least one number of children, got none")
        object.__setattr__(self, "children", children)
        if positive_number(name, "largest_v", "largest number of symbols", self.largest_v) <= 2:
            raise ValueError(f"{name}: largest_v (largest number of symbols) must exceed 2, got {self.largest_v:g}")


class PhaseDiagram(Result):
    """Mean-field transitions of random hierarchies in planes of symbols and rules, both taken as real numbers.

    ``numbers``: for each number of children s, ``phase.fewest_rules_s`` and ``phase.most_rules_s``, between which there
    is a transition at the largest number of symbols. ``curves`` over ``symbols``: ``rules`` (children, beliefs,
    symbols), the rules at which a belief is the unstable fixed point, with ``epsilon_star`` (beliefs, symbols) and
    ``susceptibility_growth`` (children, beliefs, symbols) there; ``fewest_rules`` and ``most_rules`` (children,
    symbols), where the upward map has slope 1 at 1/v and at 1.
    """

    kind = "phase diagram"
    problem_type = HierarchyPlane


def hierarchy_phase_diagram(plane: HierarchyPlane | None = None) -> PhaseDiagram:
    """Where in the plane of symbols and rules there is a transition, at which noise, and whether chi diverges.

    Parameters
    ----------
    plane : HierarchyPlane, optional
        Numbers of children and the largest number of symbols; 2 to 4 children and 64 symbols by default.

    Returns
    -------
    PhaseDiagram
        The planes; ``plot`` takes an axis for each number of children.

    Notes
    -----
    Mean field of sclocchi2024; derived. Every belief between 1/v and 1 is the fixed point of some real
    number of rules, so that no root is solved.

    Examples
    --------
    >>> round(hierarchy_phase_diagram(HierarchyPlane([2]))["phase.most_rules_2"].value, 1)
    32.5
    """
    plane = HierarchyPlane() if plane is None else plane
    value = {
        name: compile_formula(f"hierarchy_{name}", target="numpy")
        for name in ("fixed_point_rules", "epsilon_from_belief", "slope", "susceptibility_ratio")
    }
    at_one, at_uniform = (
        compile_formula(f"hierarchy_slope_at_{place}", target="numpy") for place in ("one", "uniform")
    )
    v = np.geomspace(2.0, plane.largest_v, _SYMBOLS)
    inside = np.linspace(0.0, 1.0, _BELIEFS)[1:-1, None] ** 2
    p = 1 / v + (1 - 1 / v) * inside
    curves: dict[str, list[Any]] = {"rules": [], "susceptibility_growth": [], "fewest_rules": [], "most_rules": []}
    numbers = {}
    for s in plane.children:
        m = value["fixed_point_rules"](p, v, s)
        curves["rules"].append(m)
        curves["susceptibility_growth"].append(value["susceptibility_ratio"](value["slope"](p, v, m, s), s))
        # The slope at 1 grows in proportion to m, that at 1/v in proportion to 1/m.
        for name, slope, power in (("fewest", at_uniform, 1), ("most", at_one, -1)):
            with recorded() as used:
                boundary = slope(v, 1.0, s) ** power
            curves[f"{name}_rules"].append(boundary)
            label = f"{name} rules a symbol with a transition, s = {s}, v = {plane.largest_v:g}"
            numbers[f"phase.{name}_rules_{s}"] = Number(label, float(boundary[-1]), formulas=tuple(used))
    stacked = {name: np.stack(each) for name, each in curves.items()}
    stacked["epsilon_star"] = value["epsilon_from_belief"](p, v)
    return PhaseDiagram(
        plane, numbers, {"symbols": v, **stacked}, assumes=("annealed average over the rules", "deep trees")
    )
