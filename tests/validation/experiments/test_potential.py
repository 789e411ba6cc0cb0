"""The potential of the overlap: steps in bins, the test of a histogram, and what the experiment makes of both."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.validation import run_experiment  # noqa: E402
from regimes.validation.experiments.potential.figure import _integrated  # noqa: E402
from regimes.validation.experiments.potential.law import Binned, OverlapLaw, binned, histogram_test  # noqa: E402
from regimes.validation.experiments.potential.runs import BINS, WINDOW, transition_times  # noqa: E402

LAW = OverlapLaw(64, 1.0, 0.8)
T = 1.9


def overlaps(size, t, seed=0, law=LAW):
    """Draws from the law of q, by its definition."""
    rng = np.random.default_rng(seed)
    gamma = 1 - math.exp(-2 * t) + law.sigma**2 * math.exp(-2 * t)
    side = rng.choice([-1.0, 1.0], size)
    return law.mu * (side * math.sqrt(law.d) * law.mu * math.exp(-t) + math.sqrt(gamma) * rng.standard_normal(size))


def forward_pair(size, t, dt, seed=0, law=LAW):
    rng = np.random.default_rng(seed + 100)
    earlier = overlaps(size, t - dt, seed, law)
    return math.exp(-dt) * earlier + law.mu * math.sqrt(-math.expm1(-2 * dt)) * rng.standard_normal(size), earlier


def test_overlaps_of_states_are_projections():
    x = torch.randn(50, 64, generator=torch.Generator().manual_seed(1))
    m = LAW.mu * np.ones(64)
    assert LAW.overlap(x) == pytest.approx(x.double().numpy() @ m / 8)
    assert LAW.score().means[0] == pytest.approx(m)


def test_edges_have_their_shares_below_them():
    shares = np.array([1e-3, 0.2, 0.5, 0.9])
    assert LAW.distribution(LAW.edges(T, shares), T) == pytest.approx(shares, rel=1e-3)


@pytest.mark.parametrize("dt", [0.05, 1.0])
def test_pairs_of_forward_noise_know_drift_and_noise_at_any_step(dt):
    """In one dimension, drawn here; z-scores of twelve bins."""
    q, earlier = forward_pair(200_000, T, dt, seed=round(10 * dt))
    edges = LAW.edges(T, np.arange(1, 12) / 12)
    bins = Binned(binned(LAW, q, T, *LAW.exact_step(q, earlier, T, dt), edges))
    assert np.abs((bins.drift - bins.theory) / bins.drift_se).max() < 4
    assert np.abs((bins.noise - 2) / bins.noise_se).max() < 4
    # What an increment over dt would say instead is wrong at the longer step.
    naive = Binned(binned(LAW, q, T, (earlier - q) / dt, earlier, edges))
    worst = np.abs((naive.drift - naive.theory) / naive.drift_se).max()
    assert (worst > 20) == (dt == 1.0)


def test_a_wrong_potential_is_noticed():
    q, earlier = forward_pair(100_000, T, 0.3)
    wrong = OverlapLaw(80, 1.0, 0.8)
    edges = LAW.edges(T, np.arange(1, 6) / 6)
    bins = Binned(binned(wrong, q, T, *wrong.exact_step(q, earlier, T, 0.3), edges))
    assert np.abs((bins.drift - bins.theory) / bins.drift_se).max() > 5


def test_one_euler_step_has_the_drift_it_is_made_with():
    rng = np.random.default_rng(4)
    q, h = overlaps(1000, T), 0.01
    noise = rng.standard_normal(1000)
    drift, square = LAW.euler_step(q, q + h * LAW.drift(q, T) + math.sqrt(2 * h) * noise, T, h)
    assert drift - LAW.drift(q, T) == pytest.approx(math.sqrt(2 / h) * noise)
    assert square == pytest.approx(2 * noise**2)


def test_bins_hold_means_and_standard_errors():
    rng = np.random.default_rng(5)
    q = rng.uniform(-2, 2, 1000)
    drift, noise = LAW.drift(q, T) + rng.standard_normal(1000), rng.chisquare(1, 1000)
    edges = np.array([-1.0, 0.0, 1.0])
    parts = [binned(LAW, q[i], T, drift[i], noise[i], edges) for i in (slice(300), slice(300, None))]
    bins = Binned(sum(parts))
    inside = (q > -1) & (q <= 0)
    deviation = (drift - LAW.drift(q, T))[inside]
    assert bins.count[1] == inside.sum()
    assert bins.q[1] == pytest.approx(q[inside].mean())
    assert bins.theory[1] == pytest.approx(LAW.drift(q, T)[inside].mean())
    assert bins.drift[1] == pytest.approx(drift[inside].mean())
    assert bins.drift_se[1] == pytest.approx(deviation.std(ddof=1) / math.sqrt(inside.sum()))
    assert bins.noise[1] == pytest.approx(noise[inside].mean())
    joined = bins.joined(2)
    assert joined.count.tolist() == [bins.count[:2].sum(), bins.count[2:].sum()]
    assert bins.joined(1).noise[0] == pytest.approx(noise.mean())


def test_histograms_of_the_law_are_accepted_as_often_as_they_should():
    p = np.array([histogram_test(LAW, overlaps(2000, T, seed), T, 20)[0].p for seed in range(200)])
    below = (p < 0.1).sum()
    assert abs(below - 20) < 4 * math.sqrt(200 * 0.1 * 0.9)
    assert abs(p.mean() - 0.5) < 4 / math.sqrt(12 * 200)


def test_histograms_of_another_law_are_not():
    test, edges, counts = histogram_test(LAW, overlaps(2000, T - 0.3), T, 20)
    assert test.p < 1e-6
    assert test.dof == len(edges) == len(counts) - 1
    assert counts.sum() == 2000


@pytest.mark.parametrize("t", [0.7, 4.0])
def test_every_bin_of_a_histogram_is_expected_to_be_filled(t):
    """Between the wells of the earliest time few are expected, and bins are joined."""
    _, edges, counts = histogram_test(LAW, overlaps(3000, t), t, 40)
    expected = 3000 * np.diff(LAW.distribution(edges, t), prepend=0, append=1)
    assert expected.min() >= 20
    width, middle = np.diff(edges), np.searchsorted(edges, 0) - 1
    assert width.min() > 0
    assert (width[middle] > 1.5 * np.median(width)) == (t == 0.7)
    assert len(counts) < 40


def test_the_potential_comes_back_from_its_drift():
    q = LAW.edges(T, (np.arange(400) + 0.5) / 400)
    sums = np.zeros((7, 400))
    sums[0], sums[1], sums[2], sums[4] = 2, 2 * q, 2 * LAW.drift(q, T), 2.0
    well, error = _integrated(Binned(sums))
    assert well == pytest.approx(LAW.potential(q, T), abs=2e-3)
    assert np.all(error > 0)
    assert error[200] < error[300] < error[399]


def test_the_times_are_before_at_and_after_both_transitions():
    marks, at = transition_times()
    assert marks["t_S"] == pytest.approx(math.log(256) / 2)
    assert marks["t_V"] == pytest.approx(math.log(2 * 256) / 2)
    assert at[0] > at[1] == marks["t_V"] > at[2] == marks["t_S"] > at[3]
    assert np.diff(at).max() < -WINDOW  # windows do not overlap


@pytest.mark.simulation
def test_every_source_agrees(tiny):
    result = tiny("potential")
    assert len(result.agreement) == 3 * 2 * 4 * BINS
    assert [test.quantity for test in result.tests] == [
        "drift, noised pairs",
        "2 mu^2, noised pairs",
        "drift, single steps",
        "2 mu^2, single steps",
        "drift, displacement",
        "2 mu^2, displacement",
        *(f"law of q, t = {t:.3g}" for t in transition_times()[1]),
    ]
    steps = [each for each in result.agreement if each.quantity.startswith("drift") and "single steps" in each.quantity]
    # 0.3 in steps of at most 0.02, an even number on either side of the middle.
    assert sum(each.samples for each in steps) == 4 * 400 * 16
    assert min(test.p for test in result.tests) > 1e-4
    assert result["measure.drift_ratio.noised_pairs"].value == pytest.approx(1, abs=0.3)


@pytest.mark.long
def test_the_full_form_agrees():
    result = run_experiment("potential", device="cpu")
    assert result.verdict == "agrees"
    assert result["measure.drift_ratio.noised_pairs"].error < 0.005
    assert all(abs(change) < 0.5 for change, _ in result.tables["change"])
