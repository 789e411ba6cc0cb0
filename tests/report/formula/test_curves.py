"""Curves lead to formulas: those that are evaluated while a result is computed."""

import pytest

from regimes import (
    BumpGrid,
    Hierarchy,
    Mixture,
    predict,
    predict_collapse,
    predict_hierarchy,
    predict_percolation,
    predict_speciation,
)
from regimes.composition import BumpStaircase, predict_staircase
from regimes.hierarchy import HierarchyPlane, hierarchy_phase_diagram, hierarchy_transition
from regimes.learning import predict_training
from regimes.report.formula.curves import CURVES, SIMULATED, curve_formulas, curve_kinds
from regimes.theory.formula.record import recorded
from regimes.theory.formula.written import written

# Abscissas and places in a schedule, and what an experiment prints beside what it compares.
OTHER = {
    "t",
    "losses.t",
    "held_out.t",
    "step",
    "belief",
    "noise_level",
    "lambda",
    "sigma",
    "symbols",
    "panels",
    "tables",
}
OTHER |= {f"{of}.t{model}" for of in ("guidance", "uturn") for model in ("", "_memorised")}
OTHER |= {"start.t", "steps.snr", "training.log_sigma", "uturn.retained_t"}
OTHER |= {f"steps.{grid}_{clock}" for grid in ("own", "best", "best_path") for clock in ("sigma", "t")} | {
    "steps.diffusers"
}
OTHER |= {"copies.points", "copies.samples", "data.collapse_bound", "data.collapse_times", "points", "points.by_class"}
OTHER |= {"guidance.classes", "guidance.pairs", "uturn.bands"}
OTHER |= {"tau", "spectrum.eigenvalue", "levels", "modes", "classes"}  # of the training clock
OTHER |= {"directions", "merges", "pairs", "sizes"}  # lists of named parts, whose numbers are rows as well


@pytest.mark.parametrize(
    "compute",
    [
        lambda: predict_speciation(Mixture(256, 1, 1)),
        lambda: predict_collapse(Mixture(256, 1, 1, 20000)),
        lambda: predict("iris", rng=1, probes=64),
        lambda: predict_hierarchy(Hierarchy(8, 2, 2, 3)),
        lambda: hierarchy_transition(Hierarchy(32, 8)),
        lambda: hierarchy_phase_diagram(HierarchyPlane((2,), 100)),
        lambda: predict_percolation(BumpGrid(16, 0.7), runs=2),
        lambda: predict_staircase(BumpStaircase(largest=3.0)),
        lambda: predict_training(spectrum=[[1.0, 40], [3.0, 20]], samples=200),
    ],
)
def test_formulas_of_curves_are_those_that_were_evaluated(compute):
    with recorded() as used:
        result = compute()
    known = CURVES[result.kind]
    assert set(known) & set(result.curves)
    for name, formulas in known.items():
        if name in result.curves:
            assert set(formulas) <= set(used), name


def test_every_curve_that_a_test_saw_is_known():
    for name, kinds in curve_kinds().items():
        found = curve_formulas(name)
        missing = [kind for kind in kinds if kind not in found and kind != "experiment"]
        assert name in OTHER or not missing, (name, missing)


def test_curves_are_of_results_and_their_formulas_exist():
    for kind in {*CURVES, *SIMULATED}:
        for name in (*CURVES.get(kind, ()), *SIMULATED.get(kind, ())):
            assert kind in curve_kinds()[name], name
        assert {name for names in CURVES.get(kind, {}).values() for name in names} <= set(written())


def test_an_error_leads_where_its_curve_does():
    assert curve_formulas("clone_class_se") == curve_formulas("clone_class") != {}
    assert curve_formulas("clone_clas") == {}
