"""What is printed for a formula, a number, a symbol and a curve: the main formula in full, the others by name."""

import json
import re

import pytest

from regimes.report.formula import derivation
from regimes.report.formula.explanation import explanation_dict, explanation_text
from regimes.report.formula.lookup import look_up
from regimes.report.formula.number_links import number_links
from regimes.theory import StepCheck
from regimes.theory.formula.written import written

LONGEST, TYPICAL = 125, 54  # lines, of which a derivation is most; that of the paths of a sampler has eight steps


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The checks themselves are the subject of the identity tests; here only the rendering is."""

    def checks(entry):
        count = len(entry.steps) + (entry.stable is not None)
        return tuple(StepCheck("stand-in", "numeric", 50.0, 3) for _ in range(count))

    monkeypatch.setattr(derivation, "checked_steps", checks)


def derived(text):
    """Formulas whose derivation is printed."""
    return [name for name in re.findall(r"^\S.*  \[(\w+)\]$", text, re.MULTILINE) if name in written()]


def listed(text):
    return re.findall(r"^  (\w+): .*, regimes/theory/\S+\.py:\d+$", text, re.MULTILINE)


@pytest.mark.parametrize("asked", ["collapse.time", "percolation.threshold_infinite", "t_S", "clone_class"])
def test_the_main_formula_in_full_and_each_other_on_a_line(asked):
    found = look_up(asked)
    text = explanation_text(found)
    assert derived(text) == [found.main]
    assert listed(text) == list(found.rest)
    assert "`regimes derive NAME` prints one of these" in text
    assert "regimes.formula(NAME)" in text
    every = explanation_text(found, everything=True)
    assert derived(every) == list(found.formulas)
    assert listed(every) == []


def test_every_number_fits_a_screen_and_a_scroll():
    lengths = []
    for key in number_links():
        text = explanation_text(look_up(key), unicode=False)
        assert text.isascii(), key
        assert f"[{key}]\n" in text
        lengths.append(len(text.splitlines()))
    assert max(lengths) <= LONGEST
    assert sorted(lengths)[len(lengths) // 2] <= TYPICAL


def test_a_number_says_who_computes_it_and_which_case_takes_which_formula():
    text = explanation_text(look_up("percolation.threshold_infinite"))
    assert re.search(r"^main formula: none: taken from a table .* \(few neighbours: .*\)$", text, re.MULTILINE)
    assert re.search(
        r"^ +percolation_threshold_fit: .*, regimes/theory/\S+\.py:\d+ \(more neighbours .*\)$", text, re.MULTILINE
    )
    assert re.search(r"^computed in: regimes/numerics/\S+/threshold.py:\d+ \(lattice_threshold\): ", text, re.MULTILINE)
    assert re.search(r"^ +regimes/numerics/\S+/threshold_table.py:\d+ \(SQUARE_LATTICE\): ", text, re.MULTILINE)
    assert re.search(r"^ +regimes/numerics/\S+\.py:\d+ \(evaluates percolation_threshold_fit\)$", text, re.MULTILINE)
    assert re.search(r"^row made in: regimes/prediction/composition/grid_rows.py:\d+ \(infinite_rows\)$", text, re.M)
    assert re.search(r"^of the solver: tests/numerics/composition/lattice/test_threshold.py::", text, re.MULTILINE)


@pytest.mark.parametrize("key", ["collapse.time", "threshold.value", "speciation.class_time", "collapse.bound"])
def test_formula_solver_and_test_stand_in_the_first_lines(key):
    first = explanation_text(look_up(key)).splitlines()[:12]
    for label in ("main formula", "computed in", "checked by", "of the solver"):
        assert any(line.startswith(f"{label}: ") for line in first), label


def test_a_given_number_is_not_said_to_be_computed():
    text = explanation_text(look_up("speciation.Lambda"))
    assert "\n              none (given: `regimes speciation --Lambda`)\n" in text
    assert look_up("collapse.point_time").main == "index_clone_probability"


def test_labels_of_every_kind_that_of_predict_first():
    text = explanation_text(look_up("speciation.class_time_memorised"))
    number = number_links()["speciation.class_time_memorised"]
    assert text.startswith(f"{number.kinds['dataset'][0]}  [speciation.class_time_memorised]\n")
    kinds = re.search(r"^in a result of kind: dataset: .*\n +measurement: .*$", text, re.MULTILINE)
    assert kinds


def test_few_tests_unless_all_are_asked_for_and_those_that_name_the_number_first():
    found = max(map(look_up, number_links()), key=lambda found: len(found.number.checks) if found.main else 0)
    assert len(found.number.checks) > 5

    def tests(text):
        return re.findall(r"tests/\S+::\w+", text.partition("\n\n" + written()[found.main].title)[0])

    assert tests(explanation_text(found))[:3] == list(found.number.checks[:3])
    assert len(tests(explanation_text(found))) <= 5
    every = tests(explanation_text(found, everything=True))
    assert every[: len(found.number.checks)] == list(found.number.checks)
    assert every[len(every) - len(found.number.tests) :] == list(found.number.tests)


def test_a_formula_that_is_a_curve_elsewhere_says_so():
    text = explanation_text(look_up("excess_entropy"))
    assert "curve of a result of kind dataset: empirical_excess_entropy\n" in text
    assert "main formula of: " not in text
    assert "main formula of: collapse.time_closed_form\n" in explanation_text(look_up("collapse_time"))


def test_what_is_counted_says_why_it_has_no_main_formula():
    assert "\nmain formula: none: counted, " in explanation_text(look_up("percolation.width"))
    text = explanation_text(look_up("density_evolution"))
    assert "simulated or counted" in text
    assert "of the solver: tests/numerics/hierarchy/test_density_evolution.py::" in text


@pytest.mark.parametrize(
    ("asked", "name"), [("collapse.time", "key"), ("t_S", "symbol"), ("t_C", "symbol"), ("clone_class", "curve")]
)
def test_json_has_what_the_text_has(asked, name):
    found = look_up(asked)
    plain = json.loads(json.dumps(explanation_dict(found)))
    assert plain[name] == asked
    assert plain["main"] == found.main
    assert [each["name"] for each in plain["derivations"]] == [found.main]
    assert [each["name"] for each in plain["others"]] == list(found.rest)
    every = explanation_dict(found, everything=True)
    assert [each["name"] for each in every["derivations"]] == list(found.formulas)
    if name == "key":
        assert plain["cases"][0]["main"] == found.main
        assert re.fullmatch(r"\S+\.py:\d+ \(\S+\): .+", plain["computed"][0])
        assert re.fullmatch(r"\S+\.py:\d+ \(\S+\)", plain["made"][0])
        assert plain["tests_of_solvers"]


def test_json_of_a_formula_is_its_derivation():
    plain = explanation_dict(look_up("speciation_time"))
    assert plain["name"] == "speciation_time"
    assert "speciation.leading" in plain["numbers"]
