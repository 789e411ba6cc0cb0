"""Nonlinear features against plain averages, the law behind the ends, and the power of the comparison."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.learning import gaussian_features, true_features  # noqa: E402
from regimes.numerics.learning.noised_features import Series, draw_weights, hermite_means, noised_features  # noqa: E402
from regimes.validation.experiments.runner.random_features import FeatureCase, population_features, variances  # noqa: E402
from regimes.validation.experiments.runner.run import run_plan  # noqa: E402
from regimes.validation.experiments.training_spectrum import runs  # noqa: E402
from regimes.validation.experiments.training_spectrum.analysis import TRACY_WIDOM, effective_dimension  # noqa: E402
from regimes.validation.experiments.training_spectrum.experiment import PLAN  # noqa: E402

CASE = FeatureCase("k^-1", "tanh", 2.0, 1.0, 0.2)
D, P, N = 20, 12, 6


def features(activation, W, x):
    found = W @ x / np.sqrt(W.shape[1])
    return np.maximum(found, 0) if activation == "relu" else np.tanh(found)


def noised(activation, weights, x, t, rng):
    """Features of noised points and the noise itself."""
    z = rng.standard_normal(x.shape)
    W = weights.rows * weights.lengths[:, None] * np.sqrt(x.shape[0])
    return features(activation, W, np.exp(-t) * x + np.sqrt(-np.expm1(-2 * t)) * z), z


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("unit", [True, False])
def test_means_over_noise_are_those_of_many_noises(activation, unit):
    case, lam = replace(CASE, activation=activation), variances("k^-1", D)
    weights = draw_weights(P, D, np.random.default_rng(0), unit=unit)
    found = noised_features(case.activation, case.t, weights, lam, N, np.random.default_rng(1))
    x = np.sqrt(lam)[:, None] * np.random.default_rng(1).standard_normal((D, N))  # the same points
    rng, U, V = np.random.default_rng(2), [], []
    for _ in range(40):
        f, z = noised(activation, weights, np.repeat(x, 400, axis=1), case.t, rng)
        U.append(f @ f.T / f.shape[1])
        V.append(f @ z.T / f.shape[1])
    for mine, drawn in ((found.covariance, U), (found.overlap, V)):
        away = (mine - np.mean(drawn, axis=0)) / (np.std(drawn, axis=0, ddof=1) / np.sqrt(len(drawn)))
        assert np.abs(away).max() < 5


def test_means_over_all_points_are_those_of_many_points():
    lam = variances("k^-1", D)
    weights = draw_weights(P, D, np.random.default_rng(3), unit=False)
    found, rng, U, V = population_features(CASE, weights, lam), np.random.default_rng(4), [], []
    for _ in range(40):
        f, z = noised("tanh", weights, np.sqrt(lam)[:, None] * rng.standard_normal((D, 2500)), CASE.t, rng)
        U.append(f @ f.T / f.shape[1])
        V.append(f @ z.T / f.shape[1])
    for mine, drawn in ((found.covariance, U), (found.overlap, V)):
        away = (mine - np.mean(drawn, axis=0)) / (np.std(drawn, axis=0, ddof=1) / np.sqrt(len(drawn)))
        assert np.abs(away).max() < 5


def test_weights_of_one_length_give_the_same_law_as_in_the_numerics():
    """Another draw of the same law: means of eigenvalues over draws agree within their scatter."""
    lam, seeds = variances("one level", 30), range(12)
    case = FeatureCase("one level", "tanh", 2.0, 1.0, 0.1)
    mine, theirs = [], []
    for seed in seeds:
        rng = np.random.default_rng([7, seed])
        mine.append(
            noised_features(case.activation, case.t, draw_weights(60, 30, rng, unit=True), lam, 30, rng).covariance
        )
        theirs.append(true_features("tanh", lam, 60, 30, 0.1, np.random.default_rng([8, seed])).covariance)
    one, other = (np.sort(np.linalg.eigvalsh(each), axis=1)[:, ::6] for each in (mine, theirs))
    se = np.sqrt((one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / len(seeds))
    assert np.abs((one.mean(axis=0) - other.mean(axis=0)) / se).max() < 4.5


def test_coefficients_of_the_rectifier_are_closed():
    z, weights = np.polynomial.legendre.leggauss(400)  # on each side of the kink by itself
    centre, spread = np.array([[0.3, -0.7]]), np.array([[0.6]])
    parts, square = hermite_means("relu", centre, spread, Series(4, 0))
    for place, c in enumerate(centre[0]):
        kink = -c / 0.6
        node = kink + (12 - kink) * (z + 1) / 2
        weight = weights * (12 - kink) / 2 * np.exp(-(node**2) / 2) / np.sqrt(2 * np.pi)
        value = c + 0.6 * node
        basis = [np.ones_like(node), node, node**2 - 1, node**3 - 3 * node, node**4 - 6 * node**2 + 3]
        assert [part[0, place] for part in parts] == pytest.approx([weight @ (value * each) for each in basis])
        assert square[0, place] == pytest.approx(weight @ value**2)


def test_largest_eigenvalues_lie_below_the_edge_as_tracy_and_widom_say():
    """White Wishart matrices, whose edge is (1 + sqrt gamma)^2, with the centring of Johnstone 2001."""
    n, p, rng = 200, 50, np.random.default_rng(0)
    largest = [np.linalg.eigvalsh(x.T @ x)[-1] for x in rng.standard_normal((600, n, p))]
    edge, se = (np.sqrt(n - 1) + np.sqrt(p)) ** 2, np.std(largest) / np.sqrt(len(largest))
    assert np.mean(largest) + TRACY_WIDOM * np.std(largest) == pytest.approx(edge, abs=6 * se)
    assert np.mean(largest) < edge - 10 * se


def test_directions_of_a_point():
    assert effective_dimension("one level", 30) == pytest.approx(30)
    assert effective_dimension("k^-1", 400) == pytest.approx(26.3, abs=0.1)


def test_other_moments_disagree(monkeypatch):
    """The test has power: 5% less of what the copies of a point share are seen in the quick form."""
    monkeypatch.setattr(
        runs, "gaussian_features", lambda given, rng: gaussian_features(replace(given, v2=0.95 * given.v2), rng)
    )
    assert (
        run_plan(
            replace(PLAN, quick=replace(PLAN.quick, dimensions=(20,), repetitions=(2,))), quick=True, device="cpu"
        ).verdict
        == "disagrees"
    )


@pytest.mark.simulation
def test_the_equations_hold_for_gaussian_matrices(tiny):
    result = tiny("training-spectrum")
    assert result.verdict == "agrees"
    assert all(case["atom_counted"] for case in result.tables["cases"])
    one = result.tables["cases"][0]["dimensions"]
    lowest = [abs(one[d]["kinds"]["normal rows"]["equations"]["floor"][1]) for d in one]
    assert lowest[0] > lowest[1]
