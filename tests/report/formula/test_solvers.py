"""The functions named between a formula and its row: they exist, they are reached from the row, and tests call them."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from regimes.report.formula.curves import curve_formulas, curve_kinds
from regimes.report.formula.explanation import explanation_text
from regimes.report.formula.lookup import look_up
from regimes.report.formula.number_links import number_links, solver_at
from regimes.report.formula.places import callers_of, compiled_at
from regimes.report.formula.solvers import CURVE_SOLVERS, SOLVERS, curve_solvers, solvers

ROOT = Path(__file__).parents[3]
# Given, a level, what models do and how far it is from what was predicted.
WITHOUT = r"(agreement|measure)\..*|collapse\.point_level|losses\.log_n"


@cache
def imported(file):
    """Files of the package that one of them imports, within functions too."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("regimes."):
            near = node.module.replace(".", "/")
            for path in (f"{near}.py", *(f"{near}/{each.name}.py" for each in node.names)):
                found |= {path} if (ROOT / path).exists() else set()
    return found


@cache
def reached(file):
    found, ahead = set(), [file]
    while ahead:
        if (here := ahead.pop()) not in found:
            found.add(here)
            ahead += imported(here)
    return found


@cache
def askers(file):
    """A file, and those of its room that import it, by whatever way."""
    room = (ROOT / file).parent
    return [path for each in room.glob("*.py") if file in reached(path := each.relative_to(ROOT).as_posix())]


def test_every_pattern_is_of_a_number_or_a_curve():
    for pattern in SOLVERS:
        assert any(re.fullmatch(pattern, key) for key in number_links()), pattern
    for pattern in CURVE_SOLVERS:
        assert any(re.fullmatch(pattern, name) for name in curve_kinds()), pattern


def test_solvers_exist_and_are_reached_from_where_the_row_is_made():
    for key, number in number_links().items():
        below = {
            path for made in number.solvers for asker in askers(made.partition("::")[0]) for path in reached(asker)
        }
        for place in solvers(key):
            assert re.search(r":\d+ \(", solver_at(place)), place
            assert place.partition("::")[0] in below, (key, place)


def test_every_number_has_a_solver_or_is_a_formula_in_its_row():
    for key, number in number_links().items():
        if solvers(key) or re.fullmatch(WITHOUT, key):
            continue
        files = tuple(place.partition("::")[0] for place in number.solvers)
        main = look_up(key).main
        evaluated = main is not None and (
            any(each.startswith(files) for each in compiled_at(main)) or "speciation" in key
        )
        assert evaluated or any(file.startswith("regimes/numerics") for file in files), key


def test_some_solver_of_each_number_and_curve_has_a_test():
    for key in number_links():
        assert not solvers(key) or key.endswith("class_time_gaussian") or any(map(callers_of, solvers(key))), key
    for name in curve_kinds():
        assert not curve_solvers(name) or any(map(callers_of, curve_solvers(name))), name
        assert not curve_solvers(name) or curve_formulas(name), name
    for place in {place for each in SOLVERS.values() for place in each}:
        for test in callers_of(place):
            file, _, name = test.removesuffix(" (long)").partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test


@pytest.mark.skipif(not (ROOT / "docs").exists(), reason="the documents are not here")
def test_the_way_of_one_number_in_the_documents_is_the_one_that_is_printed():
    text = (ROOT / "docs" / "where.md").read_text(encoding="utf-8")
    way = text.partition("## The way of one number")[2].partition("5. The `Number`")[0]
    named = set(re.findall(r"`((?:theory|numerics|prediction)/\S+\.py)`", way)) - {"numerics/compiled/compile.py"}
    printed = explanation_text(look_up("collapse.time"))
    assert len(named) == 7
    assert not [path for path in named if f"regimes/{path}:" not in printed]
