"""Clones of the mixture: the discrete chain against quadrature of its law, and what the experiment makes of it."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import expit, ndtr

torch = pytest.importorskip("torch")

from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.numerics.speciation.clone_probability import clone_probability  # noqa: E402
from regimes.numerics.speciation.sign_clones import sign_clone_probability  # noqa: E402
from regimes.validation import run_experiment  # noqa: E402
from regimes.validation.experiments.mixture_clones.experiment import (  # noqa: E402
    _COMPARED,
    _OFFSETS,
    _SAMPLER,
    PLAN,
)
from regimes.validation.experiments.mixture_clones.runs import CloneRuns, MixtureCurve, PairRun  # noqa: E402
from regimes.validation.sampling import CoarseNoise, NoiseStream, coupled_steps, halved_times, sampler  # noqa: E402
from regimes.validation.scores.projected_mixture import NOISE_AFTER_SPECIATION  # noqa: E402

CPU = torch.device("cpu")
OFFSETS = (-0.9, -0.6, 0.0, 0.9)
LARGE = MixtureCurve(0, 64, 1.0, OFFSETS)


def runs(seed=0):
    return CloneRuns(NoiseStream(seed, 1), CPU, Checkpoints(None, {}))


def chain_phi(of, times, name, first=None):
    """phi of the discrete chain along the axis, sigma = 1: P(class +) given the state, by quadrature step after step.

    ``first`` are the times of a backward run before, from pure noise; the law of x_t is that of noised data otherwise.
    """
    m = math.sqrt(of.d) * of.mu
    nodes, shares = np.polynomial.hermite_e.hermegauss(41)
    shares /= shares.sum()

    def mean(weights, k, x, t):
        centre = m * math.exp(-t)
        return weights.growth[k] * x + weights.score[k] * (centre * np.tanh(centre * x) - x)

    weights, u = sampler(name).weights(times), None
    for k in range(len(times) - 2, -1, -1):
        reach = m * math.exp(-times[k]) + 9
        x = reach * np.sinh(np.linspace(-4, 4, 601)) / math.sinh(4)
        ahead, noise = mean(weights, k, x, times[k]), weights.noise[k]
        if u is not None:
            value = u(ahead[:, None] + noise * nodes) @ shares
        elif of.by == "label":
            value = expit(2 * m * (ahead[:, None] + noise * nodes)) @ shares
        else:
            value = ndtr(ahead / noise) if noise > 0 else (1 + np.sign(ahead)) / 2
        u = bounded(CubicSpline(x, value), reach)
    r = m * math.exp(-times[0])
    y = np.linspace(-r - 9, r + 9, 4001)
    density = np.exp(-((y - r) ** 2) / 2) + np.exp(-((y + r) ** 2) / 2)
    if first is not None:
        density = chain_density(first, name, mean, y)
    p = u(y)
    return float(density @ (p**2 + (1 - p) ** 2) / density.sum())


def bounded(spline, reach):
    return lambda y: np.clip(spline(np.clip(y, -reach, reach)), 0, 1)


def chain_density(times, name, mean, y):
    """Law of the chain that began from pure noise: its density pushed forward on a grid."""
    weights, grid = sampler(name).weights(times), np.linspace(-12, 12, 401)
    density = np.exp(-(grid**2) / 2)
    for k in range(len(times) - 1):
        kernel = np.exp(-((grid[:, None] - mean(weights, k, grid, times[k])) ** 2) / (2 * weights.noise[k] ** 2))
        density = kernel @ (density / kernel.sum(axis=0))
    return np.interp(y, grid, density)


@pytest.mark.parametrize("name", ["euler-maruyama", "exponential", "ancestral"])
def test_runs_are_the_discrete_chain_they_say_and_halving_measures_its_error(name):
    step = 0.05
    point = runs().along_axis(LARGE, 0.9, PairRun(20_000, step, name))
    coarse = LARGE.coarse_times(point.t, 0.0, step)
    fine_phi, coarse_phi = chain_phi(LARGE, halved_times(coarse), name), chain_phi(LARGE, coarse, name)
    assert abs(point.phi - fine_phi) < 4 * point.se
    assert abs(point.change - (fine_phi - coarse_phi)) < 4 * point.change_se
    assert point.change_se < point.se
    # Halving tells the error that is left, up to one of second order (at t_S that of first order nearly vanishes).
    assert fine_phi - point.theory == pytest.approx(coarse_phi - fine_phi, rel=0.1)


def test_runs_from_pure_noise_are_the_discrete_chain_they_say():
    of, step = MixtureCurve(1, 64, 1.0, OFFSETS, "backward"), 0.1
    point = runs().along_axis(of, 0.0, PairRun(20_000, step, "euler-maruyama"))
    above = halved_times(of.coarse_times(of.t_S + NOISE_AFTER_SPECIATION, point.t, step))
    below = halved_times(of.coarse_times(point.t, 0.0, step))
    assert abs(point.phi - chain_phi(of, below, "euler-maruyama", above)) < 4 * point.se


def test_labels_are_the_discrete_chain_too():
    of = MixtureCurve(2, 64, 0.125, (0.2,), "forward", "label")
    point = runs().along_axis(of, 0.2, PairRun(20_000, 0.02, "exponential"))
    assert abs(point.phi - chain_phi(of, halved_times(of.coarse_times(0.2, 0.0, 0.02)), "exponential")) < 4 * point.se


@pytest.mark.parametrize("offset", OFFSETS)
def test_the_steps_of_the_full_form_are_short_enough(offset):
    """By the exact law of the chain: a tenth of a standard error of 10 000 pairs, extrapolated ones included."""
    form, t = PLAN.full, LARGE.t_S + offset
    theory = float(LARGE.theory(t))
    bound = 0.1 * math.sqrt(theory * (1 - theory) / form.pairs)
    times = halved_times(LARGE.coarse_times(t, 0.0, form.step))
    assert abs(chain_phi(LARGE, times, _SAMPLER) - theory) < bound
    coarse = LARGE.coarse_times(t, 0.0, form.step_in_full)
    fine = chain_phi(LARGE, halved_times(coarse), _SAMPLER)
    assert abs(2 * fine - chain_phi(LARGE, coarse, _SAMPLER) - theory) < bound


def test_the_steps_of_backward_runs_are_short_enough():
    """Where a standard error is smallest; at four times the step, of whose error as a first order a fourth is left."""
    of, step = MixtureCurve(1, 64, 1.0, OFFSETS, "backward"), 4 * PLAN.full.step
    t = of.t_S + OFFSETS[0]
    theory = float(of.theory(t))
    above = halved_times(of.coarse_times(of.t_S + NOISE_AFTER_SPECIATION, t, step))
    error = chain_phi(of, halved_times(of.coarse_times(t, 0.0, step)), _SAMPLER, above) - theory
    assert abs(error) / 4 < 0.1 * math.sqrt(theory * (1 - theory) / PLAN.full.pairs)


def test_the_sampler_is_the_one_with_the_smallest_error():
    """Root mean square over the times, and mean, in standard errors, at equal steps."""
    errors = {}
    for name in _COMPARED:
        found = []
        for offset in _OFFSETS:
            t, theory = LARGE.t_S + offset, float(LARGE.theory(LARGE.t_S + offset))
            error = chain_phi(LARGE, LARGE.coarse_times(t, 0.0, 0.02), name) - theory
            found.append(error / math.sqrt(theory * (1 - theory)))
        errors[name] = (math.sqrt(np.mean(np.square(found))), abs(np.mean(found)))
    assert min(errors, key=lambda name: errors[name][0]) == _SAMPLER
    assert min(errors, key=lambda name: errors[name][1]) == _SAMPLER


def test_pure_noise_is_close_to_the_law_at_the_start():
    kappa = math.exp(-2 * NOISE_AFTER_SPECIATION)
    y = np.linspace(-12, 12, 20_001)
    noise = np.exp(-(y**2) / 2)
    mixture = noise * np.exp(-kappa / 2) * np.cosh(math.sqrt(kappa) * y)
    distance = np.abs(mixture / mixture.sum() - noise / noise.sum()).sum() / 2
    assert distance < kappa / 2
    assert kappa == pytest.approx(1e-4)


def test_times_lead_to_zero_by_long_steps_after_the_decision():
    times = LARGE.coarse_times(2.5, 0.0, 0.05)
    steps = -np.diff(times)
    assert times[0] == 2.5
    assert times[-1] == 0
    assert steps.min() > 0
    decided = times[1:] < LARGE.t_S - 1.5 - 1e-9
    assert steps[~decided].max() <= 0.1 + 1e-12
    assert 0.1 < steps[decided].max() <= 0.2 + 1e-12
    assert LARGE.coarse_times(6.0, 3.0, 0.05)[-1] == 3.0
    early = MixtureCurve(0, 64, 0.125, (0.5,))
    assert early.t_S == 0
    assert np.ptp(np.diff(early.coarse_times(0.5, 0.0, 0.05))) < 1e-12


def test_both_definitions_of_the_class_have_their_theory():
    t = np.array([0.1, 0.5])
    assert (
        MixtureCurve(0, 64, 0.125, (), by="sign").theory(t).tolist() == sign_clone_probability(t, 64, 0.125, 1).tolist()
    )
    assert MixtureCurve(0, 64, 0.125, (), by="label").theory(t) == pytest.approx(clone_probability(np.exp(-2 * t)))


@pytest.mark.parametrize("branch", ["forward", "backward"])
def test_all_dimensions_are_one(branch):
    of = replace(LARGE, branch=branch)
    point, beside = runs(5).in_full(of, 0.0, PairRun(3000, 0.05, "euler-maruyama"))
    assert abs(point.z) < 4
    assert abs(beside.z) < 4
    assert point.se > math.sqrt(point.theory * (1 - point.theory) / 3000)
    assert "all 64 dimensions" in beside.quantity


def test_random_numbers_differ_between_points_and_kinds():
    other = MixtureCurve(1, 64, 1.0, OFFSETS)
    kept = {}
    for of in (LARGE, other):
        for offset in OFFSETS[2:]:
            t, noise = runs()._point_of(of, offset)
            kept[of.number, offset] = runs()._pairs(of, t, PairRun(400, 0.1, "euler-maruyama"), noise, False)
    for first, second in pairwise(kept.values()):
        assert (first != second).any()


def test_coarse_and_fine_run_share_their_noise():
    times = np.array([1.0, 0.5, 0.0])
    fine, coarse = (coupled_steps(times, "exponential", NoiseStream(3), coarse=each) for each in (False, True))
    assert fine["times"].tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert coarse["times"].tolist() == times.tolist()
    assert isinstance(coarse["noise"], CoarseNoise)
    assert coarse["noise"].noise == fine["noise"]


def test_threads_are_left_as_they_were():
    torch.set_num_threads(2)
    try:
        runs().along_axis(LARGE, 0.0, PairRun(10, 0.5, "exponential"))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.simulation
def test_what_is_compared(tiny):
    result = tiny("mixture-clones")
    # Of the last two, one from noised data and one from a backward run.
    assert len(result.agreement) == 2 * 2 * 8 + 4 * 8 + 2 + 2
    assert [test.quantity for test in result.tests] == [
        "phi by sign, forward",
        "phi by sign, backward",
        "phi by sign, sqrt(d) mu = sigma",
        "phi by label, sqrt(d) mu = sigma",
        "phi in all dimensions",
        "all of these",
        "mean z",
        "all dimensions against one, same steps",
    ]
    assert [test.dof for test in result.tests] == [16, 16, 16, 16, 2, 66, 1, 2]
    assert set(result.tables["samplers"]) == set(_COMPARED)
    assert len(result.tables["points"]) == 64
    assert any("Simulated in all dimensions: d = 32, 60 pairs" in text for text in result.statements)


@pytest.mark.long
def test_the_full_form_agrees():
    result = run_experiment("mixture-clones", device="cpu")
    assert result.verdict == "agrees"
    assert all(len(result.tables["samplers"][name]) == 3 for name in _COMPARED)
    assert abs(result["measure.mean_change"].value) < 0.05
