"""The answer to what a person asked about: where it comes from, the main formula in full, the others by name."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

from regimes.report.formula.cases import when
from regimes.report.formula.curves import curve_kinds
from regimes.report.formula.derivation import derivation_dict, derivation_text
from regimes.report.formula.lookup import Found
from regimes.report.formula.number_links import (
    NumberLinks,
    main_formula,
    main_in,
    number_links,
    solver_at,
    why_not_last,
)
from regimes.report.formula.places import callers_of, compiled_at, written_at
from regimes.report.formula.solvers import curve_solvers, solvers
from regimes.theory.catalogue import formula
from regimes.theory.formula.written import written

__all__ = ["explanation_dict", "explanation_text", "shown_formulas"]

_FEW = 3
"""Tests that are listed of many."""
_OF_SOLVERS = 2


def shown_formulas(found: Found, everything: bool) -> tuple[str, ...]:
    """Formulas whose derivation is printed."""
    if everything or found.main is None:
        return found.formulas if everything else ()
    return (found.main,)


def explanation_text(found: Found, *, everything: bool = False, unicode: bool = True) -> str:
    """For a terminal; ``everything`` prints all derivations, and all tests that are shipped."""
    shown = shown_formulas(found, everything)
    own = found.asked in written()
    parts = [] if own else [_head(found, everything)]
    parts += [
        derivation_text(formula(name), unicode=unicode, places=everything or found.number is None) for name in shown
    ]
    if own and found.curve:
        parts.append(_rows(_curve_rows(found)))
    rest = [name for name in found.formulas if name not in shown]
    if rest:
        title = "other formulas of the symbol" if found.symbol else "also behind it" if shown else "behind it"
        parts.append("\n".join([f"{title}:", *map(_line, rest)]) + "\n")
    parts.append(_hint(found, rest, everything))
    return "\n".join(filter(None, parts))


def explanation_dict(found: Found, *, everything: bool = False) -> dict[str, Any]:
    """As plain values, ready for JSON: of a formula its derivation, of all else what it is with ``derivations``."""
    if found.asked in written():
        return derivation_dict(formula(found.asked))
    shown = shown_formulas(found, everything)
    about: dict[str, Any] = {"symbol" if found.symbol else "curve": found.asked}
    if found.number is not None:
        about = {"key": found.asked} | _number_dict(found, found.number)
    elif found.curve:
        about["kinds"] = {kind: list(names) for kind, names in found.curve.items()}
    if found.symbol:
        about["numbers"] = {key: name for name in reversed(found.formulas) for key in main_in(name)}
    return about | {
        "main": found.main,
        "derivations": [derivation_dict(formula(name)) for name in shown],
        "others": [
            {"name": name, "title": written()[name].title, "written": written_at(name)}
            for name in found.formulas
            if name not in shown
        ],
    }


def _head(found: Found, everything: bool) -> str:
    """What was asked for, before any formula."""
    if found.number is not None:
        return _number_head(found, found.number, everything)
    if found.symbol:
        numbers = {key: f"{key}, by {name}" for name in reversed(found.formulas) for key in main_in(name)}
        rows = {"number": list(reversed(numbers.values())), **_curve_rows(found)}
        return f"a symbol  [{found.asked}]\n\n{_rows(rows)}"
    return f"a curve  [{found.asked}]\n\n{_rows(_curve_rows(found))}"


def _curve_rows(found: Found) -> dict[str, list[str]]:
    kinds = [kind for kind in curve_kinds().get(found.asked, ()) if kind in found.curve]
    rows = {
        f"curve of a result of kind {kind}": [found.curve[kind][0] if found.curve[kind] else "simulated or counted"]
        for kind in kinds or found.curve
    }
    of = curve_solvers(found.asked)
    return rows | {"computed in": _solved(of), "of the solver": _tests_of(of)}


def _number_head(found: Found, number: NumberLinks, everything: bool) -> str:
    """The formula, where its value is found and what holds it come first."""
    checks, tests, of = list(number.checks), list(number.tests), solvers(_key(found))
    kinds = [f"{kind}: {label}" for kind, (label, _) in number.kinds.items()]
    rows = {
        "main formula": _mains(found, number),
        "computed in": _computed(found, number),
        "checked by": checks if everything else checks[:_FEW],
        "of the solver": _tests_of(of, None if everything else _OF_SOLVERS),
        "also run by" if checks else "run by": tests if everything else tests[: max(_FEW - len(checks), 0)],
        "row made in": _made(number) if of else [],
        "rests on": [", ".join(number.sources)] if number.sources else [],
        "given by": [", ".join(f"regimes {command}" for command in number.commands)] if number.commands else [],
        "in a result of kind": kinds if len(kinds) > 1 else [kind.partition(":")[0] for kind in kinds],
    }
    return f"{number.label}  [{found.asked}]\n\n{_rows(rows)}"


def _key(found: Found) -> str:
    """With N in the place of digits."""
    return found.asked if found.asked in number_links() else re.sub(r"\d+", "N", found.asked)


def _mains(found: Found, number: NumberLinks) -> list[str]:
    """The main formula with its place, for each case where they differ, and when that is."""
    told = when(_key(found))
    cases: dict[str | None, tuple[dict[str, None], dict[str, None]]] = {}
    for case in number.cases:
        results, covers = cases.setdefault(main_formula(_key(found), case.formulas), ({}, {}))
        results.update(dict.fromkeys(case.results))
        covers.update(dict.fromkeys(case.covers))
    lines = []
    for name, (results, covers) in cases.items():
        line = f"{name}: {written()[name].title}, {written_at(name)}" if name else "none"
        if not told.get(name, "").startswith("given") and (not name or len(cases) == 1):
            reason = why_not_last(_key(found), name)
            line += f": {reason}" if reason else ""
        about = [told[name]] if name in told else [*(results if set(results) != set(number.kinds) else ()), *covers]
        lines.append(line + (f" ({'; '.join(about)})" if len(cases) > 1 and about else ""))
    return lines


def _computed(found: Found, number: NumberLinks) -> list[str]:
    """The functions that find the number, and where in their files the main formula is evaluated."""
    of = solvers(_key(found))
    near = tuple(place.partition("::")[0] for place in of or number.solvers)
    places = _solved(of) or _made(number)
    if found.main is not None:
        compiled = [place for place in compiled_at(found.main) if place.startswith(near)]
        places += [f"{place} (evaluates {found.main})" for place in compiled]
    return places


def _made(number: NumberLinks) -> list[str]:
    return list(map(solver_at, number.solvers))


def _solved(of: dict[str, str]) -> list[str]:
    return [f"{solver_at(place)}: {what}" for place, what in of.items()]


def _tests_of(of: dict[str, str], most: int | None = _OF_SOLVERS) -> list[str]:
    """Tests of the first solver that has them, then of the next, each solver in turn."""
    tests = [callers_of(place) for place in of]
    turns = (each for turn in zip_longest(*tests) for each in turn if each is not None)
    return list(dict.fromkeys(turns))[:most]


def _number_dict(found: Found, number: NumberLinks) -> dict[str, Any]:
    return {
        "label": number.label,
        "kinds": {kind: {"label": label, "commands": list(names)} for kind, (label, names) in number.kinds.items()},
        "cases": [
            {"main": main_formula(_key(found), case.formulas)} | {name: list(each) for name, each in vars(case).items()}
            for case in number.cases
        ],
        "computed": _computed(found, number),
        "made": _made(number),
        "tests_of_solvers": _tests_of(solvers(_key(found)), None),
        "sources": list(number.sources),
        "checks": list(number.checks),
        "tests": list(number.tests),
    }


def _rows(rows: dict[str, list[str]]) -> str:
    lines = []
    for label, values in rows.items():
        lines += [
            f"{label if not place else '':{len(label)}}{' ' if place else ':'} {value}"
            for place, value in enumerate(values)
        ]
    return "".join(f"{line}\n" for line in lines)


def _line(name: str) -> str:
    return f"  {name}: {written()[name].title}, {written_at(name)}"


def _hint(found: Found, rest: list[str], everything: bool) -> str:
    """What to type next."""
    if rest and not everything:
        return (
            "`regimes derive NAME` prints one of these, `--all` all; in Python `regimes.formula(NAME)` is the formula\n"
        )
    if found.main is None:
        return ""
    return f"in Python: regimes.formula({found.main!r})\n"
