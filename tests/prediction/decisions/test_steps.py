"""Answers on steps and start: closed forms of the plug-in covariance, truths of planted data, reasons for bad ones."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq

from regimes import load_dataset, noise_schedule
from regimes.numerics.interface.progress import silent
from regimes.prediction.dataset.found import Budget, Found
from regimes.prediction.decisions.start import start_answer
from regimes.prediction.decisions.steps import gaussians_of, step_plan, steps_answer

KEYS = {f"steps.{what}_divergence.{grid}" for what in ("path", "end") for grid in ("own", "best")}


def found(X, *, schedule="ddpm-linear", probes=None, groups=20, **options):
    data = load_dataset(X)
    steps = noise_schedule(schedule, **options)
    return Found(data, steps, Budget(probes, 0.01, 0, groups, 2**30, silent), True, None)


def test_the_numbers_are_those_of_the_covariance_of_the_points():
    of = found("digits", inference_steps=20)
    answer = steps_answer(of, of.schedule)
    assert set(answer.numbers) == KEYS | {"steps.needed", "steps.start_divergence"}
    lam = np.linalg.eigvalsh(np.cov(of.data.X.T)).clip(0)
    s = 1 / np.expm1(2 * of.schedule.t)
    deviation = np.ones(lam.size) * (s[0] ** 2 * lam + s[0])
    for begin, end in pairwise(s):
        deviation = (1 + (end - begin) * lam / (1 + begin * lam)) ** 2 * deviation + end - begin
    ratio = (s[-1] ** 2 * lam + s[-1]) / deviation
    assert answer.numbers["steps.end_divergence.own"].value == pytest.approx((ratio - 1 - np.log(ratio)).sum() / 2)
    path = (np.diff(s)[:, None] * lam / (1 + s[:-1, None] * lam)).sum() / 2
    path -= np.log1p(s[-1] * lam).sum() / 2 - np.log1p(s[0] * lam).sum() / 2
    assert answer.numbers["steps.path_divergence.own"].value == pytest.approx(path)
    assert answer.numbers["steps.path_divergence.best"].value < path / 50
    assert answer.numbers["steps.end_divergence.best"].value < answer.numbers["steps.end_divergence.own"].value / 15
    assert answer.numbers["steps.needed"].value == 22
    assert all("covariance of these points" in number.reason for number in answer.numbers.values())
    assert "path_divergence_slope" in answer.numbers["steps.path_divergence.best"].formulas
    assert "end_divergence_slope" in answer.numbers["steps.end_divergence.best"].formulas
    assert "end_divergence_slope" not in answer.numbers["steps.end_divergence.own"].formulas
    assert answer.curves["steps.best_sigma"].size == answer.curves["steps.own_t"].size == 20
    # The grid to take is that of the final samples, in the curves as for diffusers; the other one stands beside it.
    plan, told = step_plan(of, of.schedule), answer.curves["steps.diffusers"][0]
    assert told["sigmas"][:20] == answer.curves["steps.best_sigma"].tolist() == plan.best.sigma.tolist()
    assert told["end_divergence"] == answer.numbers["steps.end_divergence.best"].value
    assert told["path_divergence"] > answer.numbers["steps.path_divergence.best"].value
    assert answer.curves["steps.best_path_sigma"].tolist() == plan.best_path.sigma.tolist()
    assert "22 calls of the best grid bring the final samples within 1 nat of the data." in answer.sentences
    assert any("DDIM with eta = 1" in line for line in answer.assumes)


def test_unknown_eigenvalues_make_a_bracket_that_holds_what_they_are():
    of = found(np.random.default_rng(2).normal(size=(400, 60)) / np.arange(1, 61), inference_steps=12)
    whole = steps_answer(of, of.schedule)
    known, rest = of.spread.eigenvalues[:10], of.spread.eigenvalues[10:]
    of.__dict__["spread"] = replace(
        of.spread, eigenvalues=known, remainder=float(rest.sum()), remainder_count=rest.size, exact=False
    )
    part = steps_answer(of, of.schedule)
    assert gaussians_of(of.spread)[1] is not None
    for key in KEYS:
        low, high = part.numbers[key].interval
        assert low * 0.99 <= whole.numbers[key].value <= high * 1.01
        assert "not computed" in part.numbers[key].covers


def test_no_grid_has_a_reason():
    of = found(np.random.default_rng(0).normal(size=(20, 3)), inference_steps=1)
    answer, reason = steps_answer(of, of.schedule), "two noise levels at least"
    assert all(number.value is None and reason in number.reason for number in answer.numbers.values())
    assert reason in answer.sentences[0]


def test_few_points_and_pure_noise_and_flows():
    of = found(np.random.default_rng(0).normal(size=(12, 30)), schedule="flow", inference_steps=8)
    answer = steps_answer(of, of.schedule)
    assert answer.numbers["steps.start_divergence"].value == 0
    assert answer.numbers["steps.needed"].value > 1
    assert any("11 directions of 30" in each for each in answer.warnings)
    plan = step_plan(of, of.schedule)
    assert np.isinf(plan.best.sigma[0])
    assert plan.best.calls == 8


def test_a_start_that_is_too_late_is_said():
    of = found(1e5 * np.random.default_rng(0).normal(size=(50, 4)), inference_steps=20)
    answer = steps_answer(of, of.schedule)
    assert answer.numbers["steps.start_divergence"].value > 1e6
    assert "the first noise level is too low for these data" in answer.warnings[0]


@pytest.mark.parametrize("name", ["wine", "iris", "diabetes"])
@pytest.mark.parametrize("schedule", ["ddpm-linear", "cosine", "karras", "flow"])
def test_no_grid_of_a_schedule_needs_fewer_calls(name, schedule):
    """Nor has it nearer samples; with the grid that is best for paths some had."""
    of = found(name, schedule=schedule, inference_steps=20)
    answer = steps_answer(of, of.schedule, nats=0.1)
    assert answer.numbers["steps.end_divergence.best"].value < answer.numbers["steps.end_divergence.own"].value
    needed = int(answer.numbers["steps.needed"].value)
    fewer = found(name, schedule=schedule, inference_steps=needed - 1)
    assert steps_answer(fewer, fewer.schedule).numbers["steps.end_divergence.own"].value > 0.1


def two_classes(rng, n, d, width, centre):
    X = width * rng.normal(size=(n, d))
    X[:, 0] += centre * rng.choice([-1.0, 1.0], n)
    return X


def divergence_from_the_gaussian(t, width, centre):
    """Of the direction between the classes, the only one that is not Gaussian, by quadrature."""
    variance = width**2 + np.expm1(2 * t)
    x = np.linspace(-1, 1, 8001) * (centre + 10 * np.sqrt(variance))
    density = sum(np.exp(-((x - c) ** 2) / (2 * variance)) for c in (-centre, centre))
    density /= 2 * np.sqrt(2 * np.pi * variance)
    entropy = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), x)
    return np.log(2 * np.pi * np.e * (variance + centre**2)) / 2 - entropy


def test_the_start_of_two_classes_holds_the_truth():
    of = found(two_classes(np.random.default_rng(1), 700, 8, 0.4, 2.0), probes=2048)
    answer = start_answer(of, of.schedule)
    number = answer.numbers["start.time"]
    truth = brentq(lambda t: divergence_from_the_gaussian(t, 0.4, 2.0) - 0.1, 0.05, 3)
    assert number.interval[0] < truth < number.interval[1]
    assert abs(number.value / truth - 1) < 0.15
    assert number.step.sigma == pytest.approx(np.sqrt(np.expm1(2 * number.value)), rel=0.01)
    assert "late_start_divergence" in number.formulas
    curve = answer.curves
    true = [divergence_from_the_gaussian(t, 0.4, 2.0) for t in curve["start.t"]]
    assert np.mean((curve["start.divergence_low"] <= true) & (true <= curve["start.divergence_high"])) > 0.9


def test_gaussian_points_have_no_start_and_say_so():
    of = found(np.random.default_rng(3).normal(size=(500, 12)) / np.arange(1, 13), probes=2048)
    answer = start_answer(of, of.schedule)
    number = answer.numbers["start.time"]
    assert number.value is None
    assert number.reason.startswith("above t = ")
    assert number.reason.endswith(" these data do not tell the noised data from a Gaussian, nor how near they are")


@pytest.mark.parametrize(
    ("X", "groups", "reason"),
    [
        (np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 10, axis=0), 20, "at least 8 points"),
        (np.random.default_rng(0).normal(size=(6, 3)), 20, "at least 8 points"),
        (np.random.default_rng(0).normal(size=(60, 3)), 2, "5 groups of points at least"),
    ],
)
def test_no_start_has_a_reason(X, groups, reason):
    of = found(X, groups=groups, probes=256)
    answer = start_answer(of, of.schedule)
    assert answer.numbers["start.time"].value is None
    assert reason in answer.numbers["start.time"].reason
