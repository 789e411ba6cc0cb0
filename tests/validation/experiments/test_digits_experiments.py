"""Denoisers trained on digits: choice of pairs, what is compared, what tells memory from generalisation, resuming."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import load_dataset  # noqa: E402
from regimes.validation.experiments.digits_collapse import experiment as collapse_module  # noqa: E402
from regimes.validation.experiments.digits_speciation.pair import PREDICTIONS  # noqa: E402
from regimes.validation.experiments.digits_speciation.runs import pairs_by_speciation, spectral_time  # noqa: E402
from regimes.validation.experiments.runner import trained_case as case_module  # noqa: E402
from regimes.validation.scores import EmpiricalScore  # noqa: E402


def test_pairs_are_chosen_by_their_speciation_time():
    chosen = pairs_by_speciation(6)
    times = [spectral_time(load_dataset("digits", classes=list(each)).X) for each in chosen]
    assert len(set(chosen)) == 6
    assert times == sorted(times)
    # The two ends are the extremes of all 45 pairs (3-9 and 3-4), the others within half of the widest spacing.
    assert (chosen[0], chosen[-1]) == (("3", "9"), ("3", "4"))
    wanted = np.linspace(times[0], times[-1], 6)
    assert np.abs(np.array(times) - wanted).max() < (times[-1] - times[0]) / 10


@pytest.fixture
def speciation(tiny):
    return tiny("digits-speciation")


@pytest.fixture
def collapse(tiny):
    return tiny("digits-collapse")


@pytest.mark.simulation
def test_phi_index_stands_beside_phi_class(speciation):
    quantities = [each.quantity for each in speciation.agreement]
    for pair in ("3-9", "3-4"):
        assert quantities.count(f"phi_class, {pair}") == quantities.count(f"phi_index, {pair}") == 4
    found = speciation.tables["pairs"][0]
    assert {"classifier", "phi_from_held_out", "generated", "losses", "training", "measurement"} <= set(found)
    assert found["n_train"] + found["n_test"] == 363
    curve = found["measurement"]["phi_class"]
    assert len(curve["corrected"]) == len(curve["measured"]) == 4
    assert 0.5 < found["classifier"]["accuracy"] <= 1


@pytest.mark.simulation
def test_ratios_and_the_best_prediction(speciation):
    for pair in speciation.tables["pairs"]:
        key = "measure.class_time_corrected"
        crossings = [pair["measurement"]["measured"][key], pair["trained_again"][0][key]]
        times = [each["time"] for each in crossings if each["se"] is not None]
        for name in PREDICTIONS:
            predicted = pair["measurement"]["predicted"][name]["time"]
            ratio = speciation.numbers.get(f"measure.ratio.{name.partition('.')[2]}.{pair['name']}")
            if times:
                assert ratio.value == pytest.approx(np.exp(np.mean(np.log(times))) / predicted)
            else:
                assert ratio is None
    assert speciation.tables["published"]["CIFAR"] == 0.68
    assert speciation.verdict == "compared"
    rms = {key: number.value for key, number in speciation.numbers.items() if key.startswith("measure.rms_log_ratio.")}
    if rms:
        best = speciation.tables["best"].partition(".")[2]
        assert rms[f"measure.rms_log_ratio.{best}"] == min(rms.values())


@pytest.mark.simulation
def test_collapse_reports_both_cases(collapse):
    few, many = (collapse.tables[name] for name in ("few-digits", "many-digits"))
    assert (few["n_train"], many["n_train"]) == (16, 97)
    for each in (few, many):
        times = len(each["measurement"]["t"])  # eight around the prediction, and further ones below
        gap = each["gap"]
        assert gap["t"] == pytest.approx(each["t_C"] / 2)
        assert gap["share"] == pytest.approx(gap["value"] / gap["of_exact_score"])
        assert each["memorises"] == (gap["share"] - 1.96 * gap["share_se"] > 0.5)
        assert len(each["steps"]["phi_index"]["change"]) == times
        assert each["exact_score_test"]["dof"] == times >= 8
    assert any("near-copies" in text for text in collapse.statements)
    assert any("apart" in text for text in collapse.statements)


@pytest.mark.simulation
def test_a_denoiser_with_the_exact_score_is_found_to_memorise(monkeypatch, plan_of, run_tiny):
    """In place of the trained one: phi_index, last change and G must all be those of the exact empirical score."""

    class Exact:
        held_out_loss = None

        def __init__(self, inner, points):
            self.inner, self.points = inner, points
            self.best_step, self.history = inner.best_step, inner.history

        def score(self):
            return EmpiricalScore(self.points)

        def to_dict(self):
            return self.inner.to_dict()

    keep, gap = case_module.kept_denoiser, case_module.information_gap
    seen = []

    def kept(store, name, train, *, device):
        inner = keep(store, name, train, device=device)
        return Exact(inner, seen[-1])

    def gap_of(bench, name, of, *arguments, **options):
        return gap(bench, name, of.score() if isinstance(of, Exact) else of, *arguments, **options)

    split = collapse_module.split_points

    def remembered(*arguments):
        found = split(*arguments)
        seen.append(found[0].X)
        return found

    monkeypatch.setattr(case_module, "kept_denoiser", kept)
    monkeypatch.setattr(case_module, "information_gap", gap_of)
    monkeypatch.setattr(collapse_module, "split_points", remembered)
    plan = plan_of("digits-collapse")
    form = replace(plan.quick, memoriser=replace(plan.quick.memoriser, clones=400, steps=60, generated=60))
    result = run_tiny("digits-collapse", plan=replace(plan, quick=form), rng=2)
    few = result.tables["few-digits"]
    assert result.verdict == "agrees"
    assert few["memorises"]
    assert few["gap"]["share"] == pytest.approx(1.0)
    # The same score, on the same points: t_C from the losses is that of the exact score, near the one from the data.
    assert few["t_C_of_model"] == pytest.approx(few["t_C_of_exact_score"])
    assert few["t_C_of_model"][0] == pytest.approx(few["t_C"], rel=0.2)
    assert few["generated"]["copies"] > 0.9
