"""Rules of a hierarchy: what is accepted, and what is said about the rest."""

from dataclasses import astuple

import numpy as np
import pytest

from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules

TOP = [[[0, 1], [1, 0]], [[0, 0], [1, 1]]]


def test_sizes_are_read_from_the_tables() -> None:
    top = [[[0, 1, 2]], [[2, 1, 0]]]
    below = [[[0, 0, 0]], [[1, 1, 1]], [[2, 2, 2]]]
    rules = HierarchyRules([top, below, below])
    assert (rules.v, rules.m, rules.s, rules.L, rules.classes, rules.leaves) == (3, 1, 3, 3, 2, 27)
    assert [rules.symbols(level) for level in range(4)] == [2, 3, 3, 3]


def test_rules_are_copied_and_cannot_be_changed() -> None:
    table = np.array(TOP)
    rules = HierarchyRules([table], v=2)
    table[:] = 0
    assert rules.tables[0].tolist() == TOP
    with pytest.raises(ValueError, match="read-only"):
        rules.tables[0][0, 0, 0] = 1


def test_whole_numbers_may_be_floats() -> None:
    assert HierarchyRules([np.array(TOP, dtype=float)], v=2).tables[0].dtype == np.int64


@pytest.mark.parametrize(
    ("tables", "v", "message"),
    [
        ([], 2, "at least one level of rules is needed"),
        ([TOP], None, "the number of symbols v must be given"),
        ([TOP], 1, r"v \(number of symbols\) must be at least 2, got 1"),
        ([[[0, 1], [1, 0]]], 2, r"must have shape \(symbols, rules, children\), got \(2, 2\)"),
        ([[[[0, 1]], [[1]]]], 2, "must be a regular array"),
        ([[[["a", "b"]]]], 2, "the table of level 0 must hold whole numbers, got text"),
        ([[[[None, 1]]]], 2, "the table of level 0 must hold whole numbers, got other objects"),
        (5, 2, "tables must be a sequence, one table a level, got 5"),
        ([[[[0.5, 1]]]], 2, "must hold whole numbers, got float64"),
        ([[[[0]], [[1]]]], 2, r"s \(children of a symbol\) must be at least 2, got 1"),
        ([TOP], 3, None),
        ([[[[0, 2]], [[1, 0]]]], 2, "must lie between 0 and 1, got 2"),
        ([[[[0, -1]], [[1, 0]]]], 2, "must lie between 0 and 1, got -1"),
        ([TOP, TOP, [[[0, 1]], [[1, 0]]]], 2, r"the table of level 2 must have shape \(2, 2, 2\), got \(2, 1, 2\)"),
        ([[[[0, 1]], [[0, 1]]]], 2, r"level 0 are ambiguous: the tuple \(0, 1\) is a rule of the symbols 0, 1"),
        ([[[[0, 1], [0, 1]]]], 2, r"the tuple \(0, 1\) is a rule twice of symbol 0"),
    ],
)
def test_what_is_no_set_of_rules_is_refused(tables: list, v: int | None, message: str | None) -> None:
    if message is None:
        assert HierarchyRules(tables, v).v == v
        return
    with pytest.raises(ValueError, match="^HierarchyRules: .*" + message):
        HierarchyRules(tables, v)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"v": 1}, r"v \(number of symbols\) must be at least 2, got 1"),
        ({"s": 1}, r"s \(children of a symbol\) must be at least 2, got 1"),
        ({"m": 0}, r"m \(rules of a symbol\) must be at least 1, got 0"),
        ({"m": 9}, r"m \(rules of a symbol\) must be at most v\^\(s-1\) = 8, .* got 9"),
        ({"v": True}, r"v \(number of symbols\) must be a whole number, got True"),
        ({"m": 2.0}, r"m \(rules of a symbol\) must be a whole number, got 2.0"),
        ({"L": 0}, r"L \(levels of rules\) must be at least 1, got 0"),
        ({"classes": 33}, r"classes times m must be at most v\^s = 64, .* got 33 times 2"),
        ({"classes": 0}, r"classes \(number of symbols of the root\) must be at least 1, got 0"),
    ],
)
def test_parameters_out_of_range_are_refused(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match="^Hierarchy: " + message):
        Hierarchy(**({"v": 8, "m": 2, "s": 2, "L": 3} | given))


def test_the_largest_number_of_rules_uses_every_tuple() -> None:
    assert astuple(Hierarchy(8, 8, 2, 3)) == (8, 8, 2, 3, 8)
    assert Hierarchy(2, 4, 2, 1, classes=1).classes == 1  # one level below one class has room for all


def test_rules_show_their_numbers_on_one_line() -> None:
    rules = HierarchyRules([[[[0, 1]], [[1, 0]], [[1, 1]]], [[[0, 0]], [[1, 1]]]])
    assert repr(rules) == "HierarchyRules(v=2, m=1, s=2, L=2, classes=3)"


def test_tables_are_not_rules() -> None:
    with pytest.raises(ValueError, match=r"^f: rules must be HierarchyRules, got list; .* HierarchyRules\(tables\)$"):
        checked_rules("f", [[[[0, 1]], [[1, 0]]]])
    with pytest.raises(ValueError, match="^f: rules must be HierarchyRules, got NoneType; random_hierarchy draws"):
        checked_rules("f", None)
