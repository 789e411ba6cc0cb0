"""What is read off U-turns, on planted classes, images and trainings whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from scipy.integrate import quad  # noqa: E402
from scipy.stats import norm  # noqa: E402

from regimes.numerics.decisions.retained_scales import BandPower  # noqa: E402
from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate  # noqa: E402
from regimes.validation.experiments.runner.run import Bench  # noqa: E402
from regimes.validation.experiments.uturns.exact import exact_classes, exact_directions, predicted_survival  # noqa: E402
from regimes.validation.experiments.uturns.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.uturns.form import Classes  # noqa: E402
from regimes.validation.experiments.uturns.predictions import Predicted, turn_times  # noqa: E402
from regimes.validation.experiments.uturns.readings import readings_of, verdict  # noqa: E402
from regimes.validation.experiments.uturns.runs import TrainingFound  # noqa: E402
from regimes.validation.experiments.uturns.summary import numbers_of, sentences, tables_of  # noqa: E402
from regimes.validation.experiments.uturns.turns import (  # noqa: E402
    SAMPLERS,
    Turns,
    band_correlations,
    corrected_survival,
)
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.scores import MixtureScore  # noqa: E402

FORM = PLAN.full
FLOOR = 0.1
T = np.geomspace(0.03, 3.9, 40)


def test_errors_of_the_classifier_are_taken_out():
    rng, classes, count = np.random.default_rng(900), 4, 60_000
    errors = 0.85 * np.eye(classes) + 0.15 * rng.dirichlet(np.ones(classes), size=classes)
    starts = rng.integers(classes, size=count)
    ends = np.where(rng.random(count) < 0.6, starts, rng.integers(classes, size=count))  # 0.6 + 0.4/4 survive
    seen = lambda of: (rng.random((len(of), 1)) > np.cumsum(errors, axis=1)[of]).sum(axis=1)  # noqa: E731
    known = rng.integers(classes, size=count)
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (known, seen(known)), 1)
    found = seen(ends)
    assert corrected_survival(starts, ends, None) == pytest.approx(0.7, abs=0.01)
    assert corrected_survival(starts, found, confusion) == pytest.approx(0.7, abs=0.012)
    assert corrected_survival(starts, found, None) < 0.65
    with pytest.raises(ValueError, match="must tell the classes apart, got the right one for 40 of 160 images"):
        corrected_survival(starts, found, np.full((4, 4), 10))


def test_each_band_is_read_by_itself():
    rng, x = np.random.default_rng(901), np.arange(8)
    waves = [np.ones(8) / 2, *(np.cos(2 * np.pi * k * x / 8 + 0.3) for k in (1, 3))]
    kept = (0.2, 0.9, 0.5)
    start = rng.normal(size=(3, 4000))
    end = np.stack([c * a + np.sqrt(1 - c**2) * rng.normal(size=4000) for c, a in zip(kept, start, strict=True)])
    one, other = (np.einsum("kn,kx->nx", each, np.stack(waves))[:, :, None] * np.ones(8) for each in (start, end))
    bands = [BandPower(low, high, np.ones(1)) for low, high in ((0, 1), (1, 2), (2, 4), (4, 8))]
    truth = [np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2)) for a, b in zip(start, end, strict=True)]
    found = band_correlations(one, other, bands)
    assert found[:3] == pytest.approx(truth)
    assert found[:3] == pytest.approx(kept, abs=0.05)


def test_unequal_classes_survive_as_quadrature_says():
    weights, sigma, half = np.array([0.2, 0.8]), 0.5, 2.0
    form = replace(FORM.exact, class_times=(0.7, 1.4), probes=2048, redraws=6)
    classes = Classes("unequal", tuple(weights), ((half, 0.0), (-half, 0.0)), sigma, known_flow=True)
    score = MixtureScore(weights, np.array(classes.centres), sigma)
    found = predicted_survival(form, classes, score, NoiseStream(902))
    for place, t in enumerate(form.class_times):
        deviation = np.sqrt(1 - np.exp(-2 * t) + sigma**2 * np.exp(-2 * t))
        laws = [norm(sign * half * np.exp(-t), deviation) for sign in (1, -1)]

        def both(x, laws=laws):
            joint = np.array([w * law.pdf(x) for w, law in zip(weights, laws, strict=True)])
            return (joint**2).sum() / joint.sum()

        # The flow keeps the order along the axis: the upper fifth of the noised points ends in the first class.
        low, high, edge = -10.0, 10.0, 0.0
        for _ in range(60):
            edge = (low + high) / 2
            above = sum(w * law.sf(edge) for w, law in zip(weights, laws, strict=True))
            low, high = (edge, high) if above > weights[0] else (low, edge)
        truth = {
            "stochastic": quad(both, -10, 10)[0],
            "deterministic": weights[0] * laws[0].sf(edge) + weights[1] * laws[1].cdf(edge),
        }
        for name in SAMPLERS:
            assert abs(found[name][place] - truth[name]) < 5 * found[f"{name}_se"][place]
            assert found[f"{name}_se"][place] < 0.006


def test_two_equal_classes_have_the_closed_forms():
    form = replace(FORM.exact, class_times=(np.log(2),))  # kappa = 1 at sigma = 1
    classes = Classes("equal", (0.5, 0.5), ((2.0, 0.0), (-2.0, 0.0)), 1.0, known_flow=True)
    found = predicted_survival(form, classes, None, NoiseStream(0))
    assert found["stochastic"] == pytest.approx([0.7752002])
    assert found["deterministic"] == pytest.approx([norm.cdf(1)])


def test_u_turns_under_exact_scores_meet_theory_and_tell_the_samplers_apart():
    form = replace(FORM.exact, class_times=(1.0,), direction_times=(0.4,), variances=(1.0, 4.0), points=4000, steps=80)
    store, silent = Checkpoints(None, {}), lambda part, done, total: None
    bench = Bench(NoiseStream(903), torch.device("cpu"), store, silent, 903)
    for found in (exact_classes(form, form.classes[0], bench.of(0)), exact_directions(form, bench.of(1))):
        for one, other in zip(found["stochastic"], found["deterministic"], strict=True):
            assert abs(one.z) < 4
            assert abs(other.z) < 4
            assert abs(replace(one, simulation=other.simulation).z) > 6


def planted(number, *, factor=1.0, keep=0.2, faster=1.0):
    """Survival from 1 to the floor, 5% below 1 at ``keep`` and 5% of the way at some later time, and a band."""
    left = 1 / (1 + (T * faster / keep) ** 2.4 * (0.05 / 0.85))  # 0.95 = 0.1 + 0.9 * 0.85/0.9 at keep
    lose = keep / faster * ((0.95 / 0.05) / (0.05 / 0.85)) ** (1 / 2.4)
    times = {
        f"{end}_{sampler}{suffix}": factor * time
        for suffix in ("", "_memorised")
        for sampler in SAMPLERS
        for end, time in (("keep", keep / faster), ("lose", lose))
    }
    bands = [BandPower(0, 1, np.ones(1)), BandPower(4, 8, np.full(1, 1e-3))]
    predicted = Predicted(
        times=times,
        lower=dict.fromkeys(times),
        curves={},
        floor=FLOOR,
        bands=bands,
    )
    t = np.union1d(T, list(times.values()))
    survival = np.interp(np.log(t), np.log(T), FLOOR + 0.9 * left)
    share = np.stack([1 / (1 + np.expm1(2 * t)), np.zeros_like(t)], axis=1)  # of a component of variance 1
    bands = {"stochastic": share, "deterministic": np.sqrt(share)}
    turns = {
        model: {name: Turns(t, survival, bands[name], 400) for name in SAMPLERS} for model in ("trained", "memorised")
    }
    return TrainingFound("digits", number, predicted, turns, np.stack([survival, 0 * t]), 0.98)


def read(found):
    return {(each.model, each.name): each for each in readings_of(found)}


def test_planted_times_are_found_and_hold():
    rows = read([planted(number, keep=keep) for number, keep in enumerate((0.2, 0.21, 0.22))])
    for each in rows.values():
        assert each.ratio.value == pytest.approx(0, abs=0.02)
        assert each.verdict == "holds"
    assert rows["trained", "keep_stochastic"].there.value == pytest.approx(0.95, abs=0.001)
    assert rows["trained", "lose_deterministic"].there.value == pytest.approx(0.05, abs=0.002)
    assert rows["trained", "half_stochastic.0_1"].predicted.value == pytest.approx(np.log(2) / 2)
    assert ("trained", "half_stochastic.4_8") not in rows  # too fine for these times


def test_a_lower_limit_may_be_passed_and_a_time_may_not():
    rows = read([planted(number, factor=0.5, keep=keep) for number, keep in enumerate((0.2, 0.205, 0.21))])
    assert rows["trained", "keep_stochastic"].verdict == "holds"
    assert rows["trained", "keep_deterministic"].verdict == "does not hold"
    assert rows["memorised", "lose_stochastic"].verdict == "does not hold"
    early = read([planted(number, factor=2.0, keep=keep) for number, keep in enumerate((0.2, 0.205, 0.21))])
    assert early["trained", "keep_stochastic"].verdict == "does not hold"


def test_the_rule():
    assert verdict(Estimate(0.0, 0.01, 3), least=False) == "holds"
    assert verdict(Estimate(0.0, 0.1, 3), least=False) == "not told"
    assert verdict(Estimate(0.0, None, 1), least=False) == "not told"
    assert verdict(Estimate(0.5, 0.01, 3), least=False) == "does not hold"
    assert verdict(Estimate(0.5, 0.01, 3), least=True) == "holds"
    assert verdict(Estimate(-0.1, 0.01, 3), least=True) == "holds"
    assert verdict(Estimate(-0.1, 0.05, 3), least=True) == "not told"
    assert verdict(Estimate(-0.5, 0.01, 3), least=True) == "does not hold"


def test_what_is_not_predicted_is_said_and_the_others_stand():
    found = [planted(number) for number in range(3)]
    for each in found:
        each.predicted.times["keep_stochastic"] = None
    rows = read(found)
    assert rows["trained", "keep_stochastic"].verdict == "nothing predicted"
    assert rows["trained", "keep_stochastic"].measured.value == pytest.approx(0.2, rel=0.02)
    readings = {"digits": readings_of(found)}
    numbers = numbers_of(readings, [])
    assert numbers["measure.ratio.digits.trained.keep_stochastic"].value is None
    assert numbers["measure.ratio.digits.trained.keep_stochastic"].reason
    said = " ".join(sentences({"digits": found}, readings, numbers, ["mnist"]))
    assert "class survives with 95% up to 0.199 (0.000) measured, nothing predicted" in said
    assert "factor 1 (factor 1.00): holds" in said
    assert "Not run: mnist." in said
    table = tables_of({"digits": found}, readings, ["mnist"])
    assert len(table["trainings"]["digits"]) == 3
    assert table["not_run"] == ["mnist"]


def test_times_are_multiples_of_the_predicted_ones():
    predicted = planted(0).predicted
    keep, lose = (predicted.times[f"{end}_stochastic"] for end in ("keep", "lose"))
    t = turn_times(FORM, predicted, "stochastic", "trained")
    assert keep in t
    assert lose in t
    assert min(abs(np.array(t) - 1.5 * keep)) < 1e-12
    assert min(t) >= 0.02
    assert max(t) <= 4.0
    predicted.times["keep_stochastic"] = None
    predicted.times["keep_stochastic_memorised"] = 0.3
    assert 0.3 in turn_times(FORM, predicted, "stochastic", "trained")
    predicted.times["keep_stochastic_memorised"] = None
    with pytest.raises(ValueError, match=r"no time is predicted .* \(keep, stochastic\); give more images"):
        turn_times(FORM, predicted, "stochastic", "trained")


def test_plans_that_compare_nothing_are_refused():
    with pytest.raises(ValueError, match="keep must hold 1, the predicted time itself"):
        replace(FORM, keep=(0.5, 2.0))
    source = FORM.sources[0]
    with pytest.raises(ValueError, match="must be of one source, got digits and mnist"):
        replace(FORM, sources=(replace(source, classes=FORM.sources[1].classes),))
    with pytest.raises(ValueError, match="than the 397 held out and the 1400 trained on, got turned = 398"):
        replace(FORM, sources=(replace(source, turned=398),))
