"""Outcomes of the checks of derivations: shipped beside this module, else kept in the cache, else checked now.

Integrals at 70 digits take seconds, all formulas together a minute and a half. An outcome is sealed together with the
formula that it is of and with the code that checks: where either has changed since, it counts for nothing.
``python -m regimes.report.formula.outcomes`` checks what has changed and writes the shipped file again.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sympy

from regimes.numerics.compiled.formula_files import theory_cache
from regimes.numerics.compiled.sealed_file import digest, read_sealed, write_sealed
from regimes.theory.catalogue import catalogue
from regimes.theory.formula import joint_domain, special_functions, variable, verification
from regimes.theory.formula.formula import Formula, StepCheck

__all__ = ["checked_steps", "stale"]

SHIPPED = Path(__file__).with_name("outcomes.json")


def checked_steps(formula: Formula) -> tuple[StepCheck, ...]:
    """Checks of a derivation as :meth:`Formula.verify` gives them, recalled if this very formula has been checked."""
    found = _opened(formula, _shipped().get(formula.name))
    if found is not None:
        return found
    path = theory_cache() / f"{formula.name}.checks"
    found = _opened(formula, _parsed(read_sealed(path)))
    if found is not None:
        return found
    checks = formula.verify()
    write_sealed(path, json.dumps(_entry(formula, checks)).encode())
    return checks


def stale() -> list[str]:
    """Formulas whose shipped outcome is missing or of another text, and names of which there is no formula."""
    shipped, formulas = _shipped(), {formula.name: formula for formula in catalogue()}
    changed = [name for name, formula in formulas.items() if _opened(formula, shipped.get(name)) is None]
    return changed + sorted(set(shipped) - set(formulas))


def write() -> None:
    """Bring the shipped file up to date."""
    outcomes = {formula.name: _entry(formula, checked_steps(formula)) for formula in catalogue()}
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(outcomes.items())]
    SHIPPED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    _shipped.cache_clear()


def _entry(formula: Formula, checks: tuple[StepCheck, ...]) -> dict[str, Any]:
    outcome = [[check.method, check.digits, check.points] for check in checks]
    return {"seal": _seal(formula, outcome), "checks": outcome}


def _opened(formula: Formula, entry: Any) -> tuple[StepCheck, ...] | None:
    """What an entry holds, None if it is not the outcome of this formula."""
    try:
        outcome = entry["checks"]
        if entry["seal"] != _seal(formula, outcome):
            return None
        reasons = [step.reason for step in formula.steps] + ["float-safe form"] * (formula.stable is not None)
        return tuple(StepCheck(reason, *found) for reason, found in zip(reasons, outcome, strict=True))
    except (KeyError, TypeError, ValueError):
        return None


def _seal(formula: Formula, outcome: Any) -> str:
    return digest(json.dumps(outcome).encode(), *_content(formula), *_checking())


def _content(formula: Formula) -> Iterator[bytes]:
    """All of a formula that its checks depend on."""
    yield from (formula.name.encode(), sympy.srepr(formula.symbol).encode(), sympy.srepr(formula.expr).encode())
    yield b"" if formula.stable is None else sympy.srepr(formula.stable).encode()
    extra = (variable for step in formula.steps for variable in step.extra)
    for each in (*formula.inputs, *extra):
        yield from (sympy.srepr(each.symbol).encode(), sympy.srepr(each.domain).encode())
    for relation in formula.where:
        yield sympy.srepr(relation).encode()
    for step in formula.steps:
        yield from (step.reason.encode(), sympy.srepr(step.claim).encode())


@functools.cache
def _checking() -> tuple[bytes, ...]:
    """The code that checks."""
    modules = (verification, special_functions, joint_domain, variable)
    return tuple(Path(str(module.__file__)).read_bytes() for module in modules)


@functools.cache
def _shipped() -> dict[str, Any]:
    try:
        found = _parsed(SHIPPED.read_bytes())
    except OSError:
        return {}
    return found if isinstance(found, dict) else {}


def _parsed(content: bytes | None) -> Any:
    try:
        return None if content is None else json.loads(content)
    except ValueError:
        return None


if __name__ == "__main__":
    write()
