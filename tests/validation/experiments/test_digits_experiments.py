"""Denoisers trained on digits: choice of pairs, what is compared, what tells memory from generalisation, resuming."""

import json
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import predict  # noqa: E402
from regimes.validation import ExperimentResult, checkpoints  # noqa: E402
from regimes.validation.experiments import digits_collapse as collapse_module  # noqa: E402
from regimes.validation.experiments import digits_speciation as speciation_module  # noqa: E402
from regimes.validation.experiments import trained_case as case_module  # noqa: E402
from regimes.validation.experiments.digits_collapse.experiment import digits_collapse  # noqa: E402
from regimes.validation.experiments.digits_speciation.experiment import digits_speciation, pairs_by_speciation  # noqa: E402
from regimes.validation.experiments.digits_speciation.pair import PREDICTIONS  # noqa: E402
from regimes.validation.scores import EmpiricalScore  # noqa: E402

SHORT = {"training_steps": 12, "clones": 40, "steps": 6, "generated": 20, "control": 40, "probes": 128}
SPECIATION = replace(
    speciation_module._QUICK,
    width=16,
    classifier_steps=20,
    trainings=2,
    multiples=(0.4, 0.8, 1.2, 1.6),
    case=replace(speciation_module._QUICK.case, patience=12, **SHORT),
)
COLLAPSE = replace(
    collapse_module._QUICK,
    few=16,
    held_out_of_many=1700,
    width=16,
    memoriser=replace(collapse_module._QUICK.memoriser, **SHORT),
    generaliser=replace(collapse_module._QUICK.generaliser, patience=12, **SHORT),
)


def test_pairs_are_chosen_by_their_speciation_time():
    chosen = pairs_by_speciation(6)
    times = [predict("digits", classes=list(each), parts=["speciation"]).speciation.time for each in chosen]
    assert len(set(chosen)) == 6
    assert times == sorted(times)
    # The two ends are the extremes of all 45 pairs (3-9 and 3-4), the others within half of the widest spacing.
    assert (chosen[0], chosen[-1]) == (("3", "9"), ("3", "4"))
    wanted = np.linspace(times[0], times[-1], 6)
    assert np.abs(np.array(times) - wanted).max() < (times[-1] - times[0]) / 10


@pytest.fixture(scope="module")
def speciation():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speciation_module, "_QUICK", SPECIATION)
        yield digits_speciation(quick=True, device="cpu", rng=1)


@pytest.fixture(scope="module")
def collapse():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collapse_module, "_QUICK", COLLAPSE)
        yield digits_collapse(quick=True, device="cpu", rng=1)


@pytest.mark.parametrize("name", ["speciation", "collapse"])
def test_results_are_stored_and_drawn(name, request):
    result = request.getfixturevalue(name)
    stored = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert ExperimentResult.from_dict(stored).to_dict() == result.to_dict()
    assert len([ax for ax in result.plot().axes if ax.get_title()]) == len(result.panels)
    assert "check of the machinery" in result.statements[0]


def test_phi_index_stands_beside_phi_class(speciation):
    quantities = [each.quantity for each in speciation.agreement]
    for pair in ("3-9", "3-4"):
        assert quantities.count(f"phi_class, {pair}") == quantities.count(f"phi_index, {pair}") == 4
    found = speciation.findings["pairs"][0]
    assert {"classifier", "phi_from_held_out", "generated", "losses", "training", "measurement"} <= set(found)
    assert found["n_train"] + found["n_test"] == 363
    curve = found["measurement"]["phi_class"]
    assert len(curve["corrected"]) == len(curve["measured"]) == 4
    assert 0.5 < found["classifier"]["accuracy"] <= 1


def test_ratios_and_the_best_prediction(speciation):
    found = speciation.findings
    assert set(found["ratios"]) == set(PREDICTIONS)
    for pair in found["pairs"]:
        crossings = [pair["measurement"]["measured"]["class_corrected"], pair["trained_again"][0]["class_corrected"]]
        times = [each["time"] for each in crossings if each["se"] is not None]
        for name, ratios in found["ratios"].items():
            predicted = pair["measurement"]["predicted"][name]["time"]
            if times:
                assert ratios[pair["name"]][0] == pytest.approx(np.exp(np.mean(np.log(times))) / predicted)
            else:
                assert pair["name"] not in ratios
    assert found["published"]["CIFAR"] == 0.68
    assert speciation.verdict == "compared"
    if found["rms_log_ratio"]:
        assert found["rms_log_ratio"][found["best"]] == min(found["rms_log_ratio"].values())


def test_collapse_reports_both_cases(collapse):
    few, many = (collapse.findings[name] for name in ("few-digits", "many-digits"))
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


def test_a_denoiser_with_the_exact_score_is_found_to_memorise(monkeypatch):
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

    def gap_of(store, name, of, *arguments, **options):
        return gap(store, name, of.score() if isinstance(of, Exact) else of, *arguments, **options)

    split = collapse_module.split_points

    def remembered(*arguments):
        found = split(*arguments)
        seen.append(found[0].X)
        return found

    monkeypatch.setattr(case_module, "kept_denoiser", kept)
    monkeypatch.setattr(case_module, "information_gap", gap_of)
    monkeypatch.setattr(collapse_module, "split_points", remembered)
    form = replace(COLLAPSE, memoriser=replace(COLLAPSE.memoriser, clones=400, steps=60, generated=60))
    monkeypatch.setattr(collapse_module, "_QUICK", form)
    result = digits_collapse(quick=True, device="cpu", rng=2)
    few = result.findings["few-digits"]
    assert result.verdict == "agrees"
    assert few["memorises"]
    assert few["gap"]["share"] == pytest.approx(1.0)
    # The same score, on the same points: t_C from the losses is that of the exact score, near the one from the data.
    assert few["t_C_of_model"] == pytest.approx(few["t_C_of_exact_score"])
    assert few["t_C_of_model"][0] == pytest.approx(few["t_C"], rel=0.2)
    assert few["generated"]["copies"] > 0.9


class Stopped(Exception):
    pass


@pytest.mark.parametrize(
    ("name", "module", "form", "run", "part"),
    [
        pytest.param(
            "speciation", speciation_module, SPECIATION, digits_speciation, "3-4: clones", marks=pytest.mark.long
        ),
        ("collapse", collapse_module, COLLAPSE, digits_collapse, "many-digits: training"),
    ],
)
def test_an_interrupted_run_ends_alike(name, module, form, run, part, request, tmp_path, monkeypatch):
    whole = request.getfixturevalue(name)
    monkeypatch.setattr(module, "_QUICK", form)
    monkeypatch.setattr(checkpoints, "_EVERY", 0.0)

    def stop(what, done, total):
        if what == part and done * 2 > total:
            raise Stopped

    with pytest.raises(Stopped):
        run(quick=True, device="cpu", rng=1, checkpoint=tmp_path / "run", progress=stop)
    again = run(quick=True, device="cpu", rng=1, checkpoint=tmp_path / "run")
    one, two = (each.to_dict() for each in (whole, again))
    assert {**one, "seconds": 0} == {**two, "seconds": 0}
