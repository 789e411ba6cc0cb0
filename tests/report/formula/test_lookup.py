"""What a person may call a formula or a number, and where it leads."""

import pytest
import sympy

from regimes.report.formula.lookup import SYMBOLS, look_up
from regimes.report.formula.number_links import number_links
from regimes.report.formula.places import compiled_at, held_by, written_at
from regimes.theory.catalogue import formula
from regimes.theory.formula.written import written

# Measured in simulations, or counted: no formula makes them.
COUNTED = (
    "measure.",
    "steps.",
    "steps.",
    "components.",
    "connecting.",
    "links.",
    "tree.",
    "copies.",
    "collapse.last_change",
)
TESTS = 15


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("snr", "snr"),
        ("t_S", "speciation_time"),
        ("tS", "speciation_time"),
        ("$t_{C}$", "collapse_time"),
        ("phi", "clone_probability"),
        ("φ", "clone_probability"),
        ("epsilon*", "hierarchy_threshold_pair"),
        ("eps_star", "hierarchy_threshold_pair"),
        ("ε*", "hierarchy_threshold_pair"),
        ("lambda_c", "percolation_threshold_fit"),
        ("λ_c", "percolation_threshold_fit"),
        ("collapse.time", "leave_one_out_excess_entropy"),
        ("threshold.exact.level_3", "normalised_clone_probability"),
        ("clone_class", "class_clone_probability"),
        ("log_n_star", "log_critical_samples"),
        ("susceptibility_mean_field", "hierarchy_leaf_correlation"),
        ("leave_one_out_se", "leave_one_out_excess_entropy"),
        ("chi", "hierarchy_leaf_correlation"),
        ("χ", "hierarchy_leaf_correlation"),
    ],
)
def test_names_symbols_keys_and_curves(asked, first):
    assert look_up(asked).formulas[0] == look_up(asked).main == first


def test_what_no_formula_gives_has_no_main_one():
    assert look_up("percolation.width").main is None
    assert look_up("percolation.width").rest
    assert look_up("density_evolution").formulas == ()


def test_symbols_are_those_of_their_formulas():
    for symbol, names in SYMBOLS.items():
        assert {str(formula(name).symbol) for name in names} == {symbol}
    speciation = [name for name in written() if str(formula(name).symbol) == "t_S"]
    assert sorted(speciation) == sorted(SYMBOLS["t_S"])


@pytest.mark.parametrize(
    ("wrong", "offered"),
    [
        ("colapse_time", "collapse_time"),
        ("clock.snrr", "clock.snr"),
        ("clone_clas", "clone_class"),
        ("point_time", "collapse.point_time"),
        ("class_time", "speciation.class_time"),
        ("J_test", "losses.J_test"),
    ],
)
def test_a_wrong_name_is_answered_with_close_ones(wrong, offered):
    with pytest.raises(
        ValueError, match=f"^derive: no formula, number, symbol or curve is called '{wrong}'; did .*{offered}"
    ):
        look_up(wrong)
    with pytest.raises(ValueError, match="called 'xyzzy'; `regimes derive --list` lists all$"):
        look_up("xyzzy")


def test_every_number_leads_to_its_formulas_solver_and_tests():
    links = number_links()
    assert links
    for key, entry in links.items():
        assert look_up(key).number == entry
        assert entry.label
        assert entry.solvers
        assert 1 <= len(entry.checks) + len(entry.tests) <= TESTS + 5
        assert not set(entry.checks) & set(entry.tests)
        assert set(entry.formulas) <= set(written())
        assert entry.formulas or key.startswith(COUNTED), key


def test_every_formula_has_a_test():
    assert all(1 <= len(held_by(name)) <= 5 for name in written())


def test_lines_are_those_of_the_sources():
    place, line = written_at("snr").split(":")
    assert place == "regimes/theory/process/forward.py"
    assert written()["snr"].file.read_text(encoding="utf-8").splitlines()[int(line) - 1] == "SNR = Formula("
    for name in ("collapse_time", "hierarchy_threshold_pair", "score_from_v", "index_clone_probability"):
        assert compiled_at(name)
        for where in compiled_at(name):
            place, line = where.split(":")
            source = written()["snr"].file.parents[3] / place
            assert name in source.read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_the_index_of_formulas_is_what_is_built():
    for name, place in written().items():
        entry = formula(name)
        assert (entry.name, entry.title) == (name, place.title)
        assert isinstance(entry.expr, sympy.Basic)
    text = "".join(path.read_text(encoding="utf-8") for path in written()["snr"].file.parents[1].rglob("*.py"))
    assert text.count(" = Formula(\n") == len(written())
