"""Derivations as text: every step with its reason and with how it was checked."""

from __future__ import annotations

from typing import Any

import sympy

from regimes.report.formula.outcomes import checked_steps
from regimes.theory.formula.formula import Formula, StepCheck

__all__ = ["derivation_dict", "derivation_text"]


def derivation_text(formula: Formula) -> str:
    """A derivation for a terminal: title, formula, inputs, source, assumptions and the checked steps."""
    lines = [
        f"{formula.title}  [{formula.name}]",
        "",
        *_indented(sympy.Eq(formula.symbol, formula.expr, evaluate=False)),
        "",
    ]
    lines += ["where"]
    lines += [f"  {v.name}: {v.meaning}, in {sympy.sstr(v.domain)}" for v in formula.inputs]
    lines += ["", f"source: {formula.source}"]
    if formula.assumes:
        lines += ["assumes:", *(f"  - {assumption}" for assumption in formula.assumes)]
    checks = checked_steps(formula)
    lines += ["", "derivation:" if formula.steps else "derivation: none, this is a definition"]
    for number, (step, check) in enumerate(zip(formula.steps, checks, strict=False), start=1):
        claim = step.claim if isinstance(step.claim, sympy.Eq) else sympy.Eq(formula.symbol, step.claim, evaluate=False)
        lines += ["", f"{number}. {step.reason}", *_indented(claim), f"   [{check}]"]
        lines += [f"   with {v.name}: {v.meaning}" for v in step.extra]
    if formula.stable is not None:
        lines += ["", "form evaluated in float64:", *_indented(formula.stable), f"   [{checks[-1]}]"]
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
        "steps": steps,
        "float_form": stable,
    }


def _outcome(check: StepCheck) -> dict[str, Any]:
    return {"method": check.method, "digits": check.digits, "points": check.points}


def _indented(expression: Any) -> list[str]:
    text = sympy.pretty(expression, use_unicode=True, num_columns=100)
    return [f"     {line}" for line in text.splitlines()]
