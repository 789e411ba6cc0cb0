"""Derivations as text: every step with its reason and with how it was checked."""

from __future__ import annotations

import textwrap
from typing import Any

import sympy

from regimes.report.formula.number_links import main_in
from regimes.report.formula.outcomes import checked_steps
from regimes.report.formula.places import compiled_at, held_by, written_at
from regimes.theory.formula.formula import Formula, StepCheck, Variable

__all__ = ["derivation_dict", "derivation_text"]

_WIDTH = 100
_TALLEST = 12  # lines of an expression; one that is broken over more is read better in one line of code


def derivation_text(formula: Formula, *, unicode: bool = True, places: bool = True) -> str:
    """A derivation for a terminal: the formula, where it stands and is used, its source, and the checked steps.

    Without ``unicode`` in characters that every console has; without ``places`` not what compiles and what tests it.
    """

    def drawn(expression: Any) -> list[str]:
        lines = sympy.pretty(expression, use_unicode=unicode, num_columns=_WIDTH).splitlines()
        if len(lines) > _TALLEST:
            sides = expression.args if isinstance(expression, sympy.Eq) else (expression,)
            lines = textwrap.wrap(" = ".join(map(sympy.sstr, sides)), _WIDTH)
            lines = (
                lines
                if len(lines) <= _TALLEST // 2
                else [*lines[: _TALLEST // 2 - 1], "... (whole where it is written)"]
            )
        return [f"     {line}".rstrip() for line in lines]

    lines = [f"{formula.title}  [{formula.name}]", ""]
    lines += [*drawn(sympy.Eq(formula.symbol, formula.expr, evaluate=False)), "", "where"]
    lines += [f"  {v.name}: {v.meaning}, in {sympy.sstr(v.domain)}" for v in formula.inputs]
    lines += [f"  {sympy.sstr(relation)}" for relation in formula.where]
    lines += ["", f"source: {formula.source}"]
    if formula.assumes:
        lines += ["assumes:", *(f"  - {assumption}" for assumption in formula.assumes)]
    for label, found in _places(formula.name).items() if places else [("written", (written_at(formula.name),))]:
        lines += [f"{label}: {found[0]}", *(f"{'':{len(label) + 2}}{place}" for place in found[1:])]
    checks = checked_steps(formula)
    lines += ["", "derivation:"]
    met: set[Variable] = set()
    for number, (step, check) in enumerate(zip(formula.steps, checks, strict=False), start=1):
        claim = step.claim if isinstance(step.claim, sympy.Eq) else sympy.Eq(formula.symbol, step.claim, evaluate=False)
        lines += ["", f"{number}. {step.reason}", *drawn(claim), f"   [{check}]"]
        lines += [f"   with {v.name}: {v.meaning}" for v in step.extra if v not in met]
        met |= set(step.extra)
    if formula.stable is not None:
        lines += ["", "form evaluated in float64:", *drawn(formula.stable), f"   [{checks[-1]}]"]
    return "\n".join(lines) + "\n"


def derivation_dict(formula: Formula) -> dict[str, Any]:
    """A derivation as plain values, ready for JSON; each step has ``reason, latex, method, digits, points``."""
    checks = checked_steps(formula)
    steps = [
        {"reason": step.reason, "latex": sympy.latex(step.claim)} | _outcome(check)
        for step, check in zip(formula.steps, checks, strict=False)
    ]
    stable = None
    if formula.stable is not None:
        stable = {"latex": sympy.latex(formula.stable)} | _outcome(checks[-1])
    return {
        "name": formula.name,
        "title": formula.title,
        "latex": formula.latex(),
        "source": formula.source,
        "assumes": list(formula.assumes),
        "inputs": [{"name": v.name, "meaning": v.meaning, "domain": sympy.sstr(v.domain)} for v in formula.inputs],
        "where": [sympy.sstr(relation) for relation in formula.where],
        "steps": steps,
        "float_form": stable,
        "written": written_at(formula.name),
        "compiled": list(compiled_at(formula.name)),
        "tests": list(held_by(formula.name)),
        "numbers": list(main_in(formula.name)),
    }


def _places(name: str) -> dict[str, tuple[str, ...]]:
    """Places of a formula by what they are; what there is none of is left out."""
    places = {"written": (written_at(name),), "compiled": compiled_at(name), "tests": held_by(name)}
    places["main formula of"] = main_in(name)
    return {label: found for label, found in places.items() if found}


def _outcome(check: StepCheck) -> dict[str, Any]:
    return {"method": check.method, "digits": check.digits, "points": check.points}
