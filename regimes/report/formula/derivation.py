"""Derivations as text: every step with its reason and with how it was checked."""

from __future__ import annotations

from typing import Any

import sympy

from regimes.report.formula.outcomes import checked_steps
from regimes.report.formula.places import NumberLinks, compiled_at, tests_of, written_at
from regimes.theory.formula.formula import Formula, StepCheck
from regimes.theory.formula.written import written

__all__ = ["derivation_dict", "derivation_text", "number_text"]


def derivation_text(formula: Formula, *, unicode: bool = True) -> str:
    """A derivation for a terminal: the formula, where it stands and is used, its source, and the checked steps.

    Without ``unicode`` in characters that every console has.
    """

    def drawn(expression: Any) -> list[str]:
        text = sympy.pretty(expression, use_unicode=unicode, num_columns=100)
        return [f"     {line}".rstrip() for line in text.splitlines()]

    lines = [f"{formula.title}  [{formula.name}]", ""]
    lines += [*drawn(sympy.Eq(formula.symbol, formula.expr, evaluate=False)), "", "where"]
    lines += [f"  {v.name}: {v.meaning}, in {sympy.sstr(v.domain)}" for v in formula.inputs]
    lines += [f"  {sympy.sstr(relation)}" for relation in formula.where]
    lines += ["", f"source: {formula.source}"]
    if formula.assumes:
        lines += ["assumes:", *(f"  - {assumption}" for assumption in formula.assumes)]
    for label, places in _places(formula.name).items():
        lines += [f"{label}: {places[0]}", *(f"{'':{len(label) + 2}}{place}" for place in places[1:])]
    checks = checked_steps(formula)
    lines += ["", "derivation:"]
    for number, (step, check) in enumerate(zip(formula.steps, checks, strict=False), start=1):
        claim = step.claim if isinstance(step.claim, sympy.Eq) else sympy.Eq(formula.symbol, step.claim, evaluate=False)
        lines += ["", f"{number}. {step.reason}", *drawn(claim), f"   [{check}]"]
        lines += [f"   with {v.name}: {v.meaning}" for v in step.extra]
    if formula.stable is not None:
        lines += ["", "form evaluated in float64:", *drawn(formula.stable), f"   [{checks[-1]}]"]
    return "\n".join(lines) + "\n"


def number_text(key: str, links: NumberLinks) -> str:
    """Where a number comes from, for a terminal: who gives it, what made it, what holds it."""
    known = written()
    rows = {
        "given by": [f"regimes {command}" for command in links.commands],
        "in a result of kind": links.results,
        "made by": [f"{name}: {known[name].title}" for name in links.formulas]
        or ["no formula: it is counted or given"],
        "computed in": links.solvers,
        "held by": links.tests,
    }
    lines = [f"{links.label}  [{key}]", ""]
    for label, values in rows.items():
        if values:
            lines += [f"{label}: {values[0]}", *(f"{'':{len(label) + 2}}{value}" for value in values[1:])]
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
        "tests": list(tests_of(formula.name)),
    }


def _places(name: str) -> dict[str, tuple[str, ...]]:
    """Places of a formula by what they are; what there is none of is left out."""
    places = {"written": (written_at(name),), "compiled": compiled_at(name), "tests": tests_of(name)}
    return {label: found for label, found in places.items() if found}


def _outcome(check: StepCheck) -> dict[str, Any]:
    return {"method": check.method, "digits": check.digits, "points": check.points}
