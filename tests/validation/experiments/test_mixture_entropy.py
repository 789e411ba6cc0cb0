"""Excess entropy of mixtures: data in full against the sampled theory, the power of the test, resuming, each side."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation import run_experiment  # noqa: E402
from regimes.validation.experiments.mixture_entropy import runs  # noqa: E402
from regimes.validation.experiments.mixture_entropy.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.mixture_entropy.runs import (  # noqa: E402
    LEVELS,
    EntropyForm,
    EntropySide,
    closed_forms,
    entropy_case,
)
from regimes.validation.experiments.runner.run import Bench, run_plan  # noqa: E402
from regimes.validation.running.progress import silent  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402

FORM = EntropyForm((16, 48), n=300, redraws=20, probes=64, samples=400, pilot=64)
SMALL = replace(FORM, dimensions=(16,), redraws=14)
CPU = torch.device("cpu")


@pytest.fixture
def result(tiny):
    return tiny("mixture-entropy")


@pytest.mark.simulation
def test_theory_and_data_agree(result):
    assert result.verdict == "agrees"
    assert min(test.p for test in result.tests) > 1e-3
    assert [test.quantity for test in result.tests] == [
        "f^e/alpha, d = 16",
        "f^e/alpha, d = 48",
        "phi_index, d = 16",
        "phi_index, d = 48",
        "zero of the leave-one-out f",
    ]
    assert all(test.dof == len(LEVELS) for test in result.tests[:4])
    # More than the redraws alone would give, since part of the covariance is the theory's.
    assert all(test.draws >= FORM.redraws for test in result.tests[:4])


@pytest.mark.simulation
def test_times_are_those_at_which_theory_reaches_the_levels(result):
    for d in FORM.dimensions:
        points = [each for each in result.agreement if each.quantity == f"f^e/alpha, d = {d}"]
        assert [each.theory for each in points] == pytest.approx(LEVELS, abs=0.04)


@pytest.mark.simulation
def test_findings_tell_the_zeros(result):
    for case in result.tables["cases"]:
        formula = closed_forms(case["d"], FORM.n, np.ones(1))
        assert case["t_C"] == formula.t_C < case["t_C_corrected"] < case["zero_simulation"]
        assert abs(case["zero_simulation"] - case["zero_theory"]) < 5 * case["zero_simulation_se"]
        assert case["zero_simulation"] == pytest.approx(formula.t_C_finite_size, rel=0.03)
    assert any("above the asymptotic t_C" in text for text in result.statements)


@pytest.mark.simulation
def test_a_theory_of_slightly_narrower_classes_disagrees(monkeypatch):
    """The test has power: 4 per cent less in sigma are seen with few draws."""
    exact = runs.sampled_excess_entropy
    monkeypatch.setattr(
        runs,
        "sampled_excess_entropy",
        lambda given, t, **options: exact(replace(given, sigma=0.96 * given.sigma), t, **options),
    )
    assert run_plan(replace(PLAN, quick=FORM), quick=True, device="cpu").verdict == "disagrees"


def test_two_points_have_a_known_leave_one_out_entropy():
    """The data alone: with two points E log S = -snr (d sigma^2 + d mu^2), here mu = sigma = 1."""
    form, t = replace(FORM, n=2, probes=64), np.array([0.5, 1.0, 2.0])
    draws = [runs._redraw(3, i, t, form, NoiseStream(5, 2), CPU)["leave_one_out"] for i in range(300)]
    exact = 1 - 2 * 3 / np.expm1(2 * t) / np.log(2)
    z = (np.mean(draws, axis=0) - exact) / (np.std(draws, axis=0, ddof=1) / np.sqrt(len(draws)))
    assert np.abs(z).max() < 4


@pytest.mark.simulation
def test_seeds_change_theory_and_data():
    plan = replace(PLAN, quick=SMALL)
    one, other = (run_plan(plan, quick=True, device="cpu", rng=seed) for seed in (0, 1))
    assert one.agreement[0].theory != other.agreement[0].theory
    assert one.agreement[0].simulation != other.agreement[0].simulation


def test_standard_error_of_a_zero_is_that_of_its_curve():
    """A straight line in log t: the zero moves by the common shift of the curve over its slope."""
    case = entropy_case(16, SMALL, Bench(NoiseStream(0, 2), CPU, Checkpoints(None, {}), silent, 0))
    values = 2 * np.log(case.t / case.t[case.near_zero][2])
    side = EntropySide({"leave_one_out": values}, {"leave_one_out": 1e-6 * np.ones((case.t.size,) * 2)}, 10)
    root, se = case.zero(side)
    assert root == pytest.approx(case.t[case.near_zero][2])
    assert se == pytest.approx(root * 1e-3 / 2, rel=1e-3)
    with pytest.raises(ValueError, match="must change sign between t = .* draw more data sets or probes"):
        case.zero(replace(side, mean={"leave_one_out": values + 5}))


def test_forms_are_those_of_the_figure():
    assert PLAN.full.dimensions == (64, 256, 1024)
    assert PLAN.full.n == 20_000
    assert set(PLAN.quick.dimensions) <= set(PLAN.full.dimensions)
    assert min(PLAN.full.redraws, PLAN.quick.redraws) > 2 * len(LEVELS)


@pytest.mark.long
@pytest.mark.parametrize("quick", [True, False])
def test_published_size(quick):
    result = run_experiment("mixture-entropy", quick=quick, device="cpu", rng=1)
    assert result.verdict == "agrees"
    for case in result.tables["cases"]:
        assert case["zero_simulation"] == pytest.approx(case["t_C_finite_size"], rel=5e-3)
