"""Where numbers come from, and that the formula called the main one is the one that gives the number."""

import re
from pathlib import Path

import numpy as np
import pytest

from regimes import BumpGrid, Hierarchy, Mixture, clock, predict_collapse, predict_percolation, predict_speciation
from regimes.hierarchy import hierarchy_transition
from regimes.numerics.compiled.compile import CompiledFormula
from regimes.report.formula.cases import WHEN, general_label
from regimes.report.formula.number_links import EXCEPTIONS, main_formula, main_in, number_links, solver_at
from regimes.theory.formula.written import written

ROOT = Path(__file__).parents[3]
# Of a step or a fraction the schedule's formula fills the table that is searched; the finite-size zero is that of a sum
# whose last term, the one that tells it from the others, is an integral.
NOT_BY_VALUE = r"clock\.(step|fraction|position)\..*|collapse\.leave_one_out_zero"


@pytest.mark.parametrize(
    "compute",
    [
        lambda: predict_speciation(Mixture(256, 1, 1)),
        lambda: predict_collapse(Mixture(256, 1, 1, 20000)),
        lambda: clock(0.7),
        lambda: clock(sigma=0.7),
        lambda: hierarchy_transition(Hierarchy(32, 8)),
        lambda: hierarchy_transition(Hierarchy(8, 4, 3)),
        lambda: predict_percolation(BumpGrid(64, 0.7), runs=0),
        lambda: predict_percolation(BumpGrid(64, 2.9), runs=0),
    ],
)
def test_the_main_formula_takes_or_gives_the_value(compute, monkeypatch):
    met = {}
    evaluate = CompiledFormula.__call__

    def watched(self, *values):
        result = evaluate(self, *values)
        met.setdefault(self.name, []).extend(float(each) for each in (result, values[0]) if np.ndim(each) == 0)
        return result

    monkeypatch.setattr(CompiledFormula, "__call__", watched)
    held = 0
    for key, number in compute().numbers.items():
        main = main_formula(key, number.formulas)
        if number.value is None or main is None or re.fullmatch(NOT_BY_VALUE, key):
            continue
        values = [value * (64 * 64 if "images" in key else 1) for value in met[main]]
        assert np.isclose(values, number.value, rtol=1e-7, atol=0).any(), (key, main)
        held += 1
    assert held


def test_exceptions_are_needed_and_argued():
    numbers = number_links()
    for pattern, (names, reason) in EXCEPTIONS.items():
        keys = [key for key in numbers if re.fullmatch(pattern, key)]
        cases = [(key, case.formulas) for key in keys for case in numbers[key].cases if case.formulas]
        assert any(main_formula(key, formulas) != formulas[-1] for key, formulas in cases), pattern
        assert {main_formula(key, formulas) for key, formulas in cases} <= {*names, None}, pattern
        assert set(names) <= set(written())
        assert reason


def test_a_number_without_a_main_formula_is_counted_given_or_an_argued_exception():
    for key, number in number_links().items():
        for case in number.cases:
            if case.formulas and main_formula(key, case.formulas) is None:
                assert any(re.fullmatch(pattern, key) for pattern in EXCEPTIONS), key


def test_the_label_is_that_of_predict_where_predict_gives_the_number():
    number = number_links()["speciation.class_time_memorised"]
    assert len(number.kinds) == 2
    assert number.label == number.kinds["dataset"][0]
    assert number.kinds["dataset"][1] == ("predict",)


def test_cases_say_what_is_covered_where_the_main_formula_differs():
    number = number_links()["percolation.threshold_infinite"]
    covers = {main_formula("percolation.threshold_infinite", case.formulas): case.covers for case in number.cases}
    assert any("fit" in each for each in covers["percolation_threshold_fit"])
    assert "simulated, standard error" in covers[None]
    assert main_formula("percolation.threshold_infinite", number.cases[0].formulas) is None  # the usual case first


def test_words_of_cases_are_of_cases_that_were_seen():
    numbers = number_links()
    for pattern, words in WHEN.items():
        keys = [key for key in numbers if re.fullmatch(pattern, key)]
        seen = {main_formula(key, case.formulas) for key in keys for case in numbers[key].cases}
        assert seen <= set(words), pattern
        assert set(words) - {None} <= set(written())


def test_labels_name_no_class_of_the_data_of_a_test():
    assert not [key for key, number in number_links().items() if " | " in number.label]
    assert number_links()["classes.first.overlap"].label == "the two classes that part first: Gaussian classes, overlap"
    assert general_label("collapse.time", "a: b | c") == "a: b | c"


def test_solvers_are_functions_at_their_lines():
    for number in number_links().values():
        for place in number.solvers:
            shown = re.fullmatch(r"(\S+\.py):(\d+) \((\S+)\)", solver_at(place))
            line = (ROOT / shown[1]).read_text(encoding="utf-8").splitlines()[int(shown[2]) - 1]
            assert re.match(rf"\s*def {shown[3].rpartition('.')[2]}\(", line), place
    assert solver_at("regimes/prediction/dataset/predict.py::gone") == "regimes/prediction/dataset/predict.py"


def test_a_formula_knows_the_numbers_that_it_gives():
    assert {"speciation.leading", "speciation.spectral_time"} <= set(main_in("speciation_time"))
    assert main_in("mean_sech_dual_factor") == ()
