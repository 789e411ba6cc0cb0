"""The answer to what a person asked about: where it comes from, the main formula in full, the others by name."""

from __future__ import annotations

from typing import Any

from regimes.report.formula.curves import curve_kinds
from regimes.report.formula.derivation import derivation_dict, derivation_text
from regimes.report.formula.lookup import Found
from regimes.report.formula.number_links import NumberLinks, main_formula, main_in, solver_at, why_not_last
from regimes.report.formula.places import compiled_at, written_at
from regimes.theory.catalogue import formula
from regimes.theory.formula.written import written

__all__ = ["explanation_dict", "explanation_text", "shown_formulas"]

_FEW = 5
"""Tests that are listed of many."""
_PLACES = 3


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
    return {
        f"curve of a result of kind {kind}": [found.curve[kind][0] if found.curve[kind] else "simulated or counted"]
        for kind in kinds or found.curve
    }


def _number_head(found: Found, number: NumberLinks, everything: bool) -> str:
    checks, tests = list(number.checks), list(number.tests)
    kinds = [f"{kind}: {label}" for kind, (label, _) in number.kinds.items()]
    rows = {
        "given by": [f"regimes {command}" for command in number.commands],
        "in a result of kind": kinds if len(kinds) > 1 else [kind.partition(":")[0] for kind in kinds],
        "main formula": _mains(found, number),
        "computed in": _computed(found, number),
        "rests on": [", ".join(number.sources)] if number.sources else [],
        "checked by": checks if everything else checks[:_FEW],
        "also run by" if checks else "run by": tests if everything else tests[: max(_FEW - len(checks), 0)],
    }
    return f"{number.label}  [{found.asked}]\n\n{_rows(rows)}"


def _mains(found: Found, number: NumberLinks) -> list[str]:
    """The main formula with its title, for each case where they differ, and what is covered there."""
    cases: dict[str | None, tuple[dict[str, None], dict[str, None]]] = {}
    for case in number.cases:
        results, covers = cases.setdefault(main_formula(found.asked, case.formulas), ({}, {}))
        results.update(dict.fromkeys(case.results))
        covers.update(dict.fromkeys(case.covers))
    lines = []
    for name, (results, covers) in cases.items():
        line = f"{name}: {written()[name].title}" if name else f"none: {why_not_last(found.asked)}"
        told = [*(results if set(results) != set(number.kinds) else ()), *covers]
        lines.append(line + (f" ({'; '.join(told)})" if len(cases) > 1 and told else ""))
    return lines


def _computed(found: Found, number: NumberLinks) -> list[str]:
    """The functions that make the number, and where below them the main formula is evaluated."""
    places = list(map(solver_at, number.solvers))
    if found.main is not None:
        files = tuple(place.partition("::")[0] for place in number.solvers)
        below = [place for place in compiled_at(found.main) if not place.startswith("regimes/validation")]
        near = [place for place in below if place.startswith(files)]  # other rooms evaluate it for numbers of their own
        places += [f"{place} (evaluates {found.main})" for place in near or below[:_PLACES]]
    return places


def _number_dict(found: Found, number: NumberLinks) -> dict[str, Any]:
    return {
        "label": number.label,
        "kinds": {kind: {"label": label, "commands": list(names)} for kind, (label, names) in number.kinds.items()},
        "cases": [
            {"main": main_formula(found.asked, case.formulas)} | {name: list(each) for name, each in vars(case).items()}
            for case in number.cases
        ],
        "computed": _computed(found, number),
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
