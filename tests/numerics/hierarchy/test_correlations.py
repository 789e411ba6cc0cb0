"""Correlations in mean field against simulated chains, and the estimators against covariance matrices."""

import numpy as np
import pytest

from regimes.numerics.hierarchy.correlations import hierarchy_correlations
from regimes.numerics.hierarchy.mean_field import hierarchy_mean_field
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.hierarchy.spins import spin_correlations, spin_susceptibility
from regimes.numerics.hierarchy.transition import hierarchy_transition
from regimes.numerics.interface.result import plain


def test_susceptibility_of_the_table():
    found = hierarchy_correlations(Hierarchy(16, 4, 2, 8), [0.70, 0.775, 0.80, 0.90])
    np.testing.assert_allclose(found.susceptibility, [2.45, 4.25, 4.33, 1.73], rtol=0, atol=0.005)


def simulated_marks(v, m, L, epsilon, samples, seed, classes=None):
    """Right and wrong symbols down a binary tree: two children at a time, from the joint law given their parent."""
    field = hierarchy_mean_field(Hierarchy(v, m, 2, L, classes), epsilon)
    rng = np.random.default_rng(seed)
    marks = rng.random((samples, 1)) < field.reconstruction[0, 0]
    for level in range(1, L + 1):
        p, share = field.upward[level, 0], (m - 1) / (v**2 - 1)
        whole = p**2 + share * (1 - p**2)
        # both, first only, second only: the true pair, or any other pair with that many right symbols
        given_right = np.array([p**2, share * p * (1 - p), share * p * (1 - p)]) / whole
        given_wrong = np.array([0, p * (1 - p), p * (1 - p)]) / (1 - p**2)
        limits = np.cumsum(np.where(marks[..., None], given_right, given_wrong), axis=-1)
        draw = rng.random(marks.shape)
        first = (draw < limits[..., 1]).astype(bool)
        second = (draw < limits[..., 0]) | ((draw >= limits[..., 1]) & (draw < limits[..., 2]))
        marks = np.stack([first, second], axis=-1).reshape(samples, -1)
    return marks, field


@pytest.mark.parametrize(
    ("v", "m", "L", "epsilon", "classes"),
    [(16, 4, 5, 0.8, None), (16, 4, 5, 0.3, None), (8, 3, 4, 0.9, 20), (6, 1, 4, 0.7, 2)],
)
def test_correlations_of_simulated_chains(v, m, L, epsilon, classes):
    marks, field = simulated_marks(v, m, L, epsilon, 40_000, 7, classes)
    theory = hierarchy_correlations(Hierarchy(v, m, 2, L, classes), epsilon)
    assert abs(marks.mean() - field.reconstruction[L, 0]) < 4 * marks.mean(axis=1).std() / np.sqrt(len(marks))
    found = spin_correlations(marks, 2)
    z = (found.correlation - theory.correlation[:, 0]) / found.correlation_se
    assert np.abs(z).max() < 4
    assert abs(found.variance - theory.variance[0]) < 4 * found.variance_se
    chi = spin_susceptibility(marks)
    assert abs(chi.susceptibility - theory.susceptibility[0]) < 4 * chi.se


def test_at_the_transition_correlations_decay_by_the_eigenvalue_squared():
    """Far from both ends of a tree deep enough, C(r+1)/C(r) = (lambda/s)^2 at epsilon*."""
    for v, m, s in ((32, 8, 2), (4, 3, 3)):
        transition = hierarchy_transition(Hierarchy(v, m, s))
        found = hierarchy_correlations(Hierarchy(v, m, s, 60), transition["transition.epsilon_star"].value)
        ratio = found.correlation[5:11, 0] / found.correlation[4:10, 0]
        np.testing.assert_allclose(ratio, (transition["transition.slope"].value / s) ** 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("v", "m", "s", "diverges"), [(32, 8, 2, True), (64, 8, 2, True), (16, 4, 2, False), (8, 2, 2, False)]
)
def test_levels_add_to_the_susceptibility_by_the_predicted_ratio(v, m, s, diverges):
    numbers = hierarchy_transition(Hierarchy(v, m, s))
    epsilon, growth = numbers["transition.epsilon_star"].value, numbers["transition.susceptibility_growth"].value
    chi = [float(hierarchy_correlations(Hierarchy(v, m, s, L), epsilon).susceptibility[0]) for L in (38, 39, 40)]
    ratio = (chi[2] - chi[1]) / (chi[1] - chi[0])
    assert ratio == pytest.approx(growth, rel=0.003)
    assert growth == pytest.approx(numbers["transition.slope"].value ** 2 / s, rel=1e-14)
    assert (ratio > 1) is (growth > 1) is diverges


def test_small_noise_leaves_leaves_independent():
    found = hierarchy_correlations(Hierarchy(16, 4, 2, 6), [1e-15, 1e-9, 1e-4])
    np.testing.assert_allclose(found.susceptibility, 1, atol=2e-4)
    assert np.all(found.variance > 0)


def test_sum_over_distances_is_the_susceptibility():
    found = hierarchy_correlations(Hierarchy(5, 4, 3, 4, 6), [0.2, 0.6, 1.0])
    pairs = 2 * 3.0 ** (found.distance - 1)
    np.testing.assert_allclose(1 + pairs @ found.correlation / found.variance, found.susceptibility, rtol=1e-13)


def test_full_noise_correlates_through_the_rules_alone():
    """Two draws of trees from the same rules: the marks of siblings, averaged over draws of one level of rules."""
    v, m, samples = 4, 2, 100_000
    rng = np.random.default_rng(3)
    drawn = rng.permuted(np.tile(np.arange(v**2), (samples, 1)), axis=1)[:, : v * m]
    one, two = (drawn[np.arange(samples), rng.integers(v * m, size=samples)] for _ in range(2))
    marks = np.stack([one // v == two // v, one % v == two % v], axis=1)
    found, theory = spin_correlations(marks, 2), hierarchy_correlations(Hierarchy(v, m, 2, 1), 1.0)
    assert abs(found.correlation[0] - theory.correlation[0, 0]) < 4 * found.correlation_se[0]
    assert abs(found.variance - theory.variance[0]) < 4 * found.variance_se


def brute_force(unchanged):
    """Covariance matrix of the +-1 spins."""
    return np.cov(np.where(unchanged, 1.0, -1.0), rowvar=False)


def correlated_spins(samples, sites, seed):
    rng = np.random.default_rng(seed)
    field = rng.standard_normal((samples, sites)) + rng.standard_normal((samples, 1))
    return field > rng.uniform(-1, 1, sites)


@pytest.mark.parametrize(("samples", "sites"), [(3, 2), (50, 9), (400, 27)])
def test_susceptibility_is_that_of_the_covariance_matrix(samples, sites):
    unchanged = correlated_spins(samples, sites, 1) if samples > 3 else np.array([[1, 0], [0, 0], [1, 1]], dtype=bool)
    covariance = brute_force(unchanged)
    found = spin_susceptibility(unchanged)
    assert found.susceptibility == pytest.approx(covariance.sum() / np.trace(covariance), rel=1e-12)
    assert found.variance == pytest.approx(np.trace(covariance) / sites, rel=1e-12)
    without = [brute_force(np.delete(unchanged, k, axis=0)) for k in range(samples)]
    chi = np.array([c.sum() / np.trace(c) for c in without])
    assert found.se == pytest.approx(np.sqrt((samples - 1) / samples * ((chi - chi.mean()) ** 2).sum()), rel=1e-9)


def test_groups_are_left_out_whole():
    unchanged = correlated_spins(60, 8, 2)
    groups = np.random.default_rng(0).permutation(np.repeat([7, -1, 30, 4], [10, 20, 5, 25]))
    found = spin_correlations(unchanged, 2, groups)
    covariances = [brute_force(unchanged[groups != g]) for g in np.unique(groups)]
    for r in (1, 2, 3):
        pairs = (np.arange(8)[:, None] >> r == np.arange(8) >> r) & (
            np.arange(8)[:, None] >> (r - 1) != np.arange(8) >> (r - 1)
        )
        assert found.correlation[r - 1] == pytest.approx(brute_force(unchanged)[pairs].mean(), rel=1e-12)
        replicates = np.array([c[pairs].mean() for c in covariances])
        error = np.sqrt(3 / 4 * ((replicates - replicates.mean()) ** 2).sum())
        assert found.correlation_se[r - 1] == pytest.approx(error, rel=1e-9)
    assert found.groups == 4


def test_parts_do_not_change_the_result(monkeypatch):
    unchanged = correlated_spins(101, 27, 5)
    whole = plain(spin_correlations(unchanged, 3))
    monkeypatch.setattr("regimes.numerics.hierarchy.spins._CHUNK", 100)
    assert plain(spin_correlations(unchanged, 3)) == whole


def test_correlations_sum_to_the_susceptibility():
    unchanged = correlated_spins(500, 27, 6)
    found = spin_correlations(unchanged, 3)
    total = 1 + (2 * 3.0 ** (found.distance - 1)) @ found.correlation / found.variance
    assert spin_susceptibility(unchanged).susceptibility == pytest.approx(total, rel=1e-12)


def test_errors_of_known_spins():
    """200 sets of samples of K = 4 equal classes of independent sites: the scatter of chi is its standard error."""
    rng = np.random.default_rng(8)
    profiles = rng.uniform(0.2, 0.8, (4, 30))
    mean = profiles.mean(axis=0)
    covariance = (profiles - mean).T @ (profiles - mean) / 4
    np.fill_diagonal(covariance, mean * (1 - mean))
    found = [spin_susceptibility(rng.random((300, 30)) < profiles[rng.integers(4, size=300)]) for _ in range(200)]
    chi, se = np.array([(f.susceptibility, f.se) for f in found]).T
    truth = covariance.sum() / np.trace(covariance)
    assert abs(chi.mean() - truth) < 4 * chi.std() / np.sqrt(200)
    assert np.median(se) == pytest.approx(chi.std(ddof=1), rel=0.2)  # the scatter of 200 is known to 5%


@pytest.mark.parametrize(
    ("unchanged", "groups", "message"),
    [
        (
            np.ones((4, 2)),
            None,
            r"unchanged must be a boolean matrix \(samples, sites\), got float64 of shape \(4, 2\)",
        ),
        (np.ones(4, dtype=bool), None, "must be a boolean matrix"),
        (np.eye(2, dtype=bool), None, "at least two groups are needed, .* got 2 samples in 2 groups"),
        (np.eye(4, dtype=bool), [0, 0, 0, 0], "got 4 samples in 1 groups"),
        (np.eye(4, dtype=bool), [0, 1], r"groups must hold one number a sample, 4 of them, got shape \(2,\)"),
        (np.ones((9, 4), dtype=bool), None, "sites must vary .* got 0 sites that vary over 9 samples"),
    ],
)
def test_bad_samples(unchanged, groups, message):
    with pytest.raises(ValueError, match="spin_susceptibility: .*" + message):
        spin_susceptibility(unchanged, groups)


@pytest.mark.parametrize(("sites", "s"), [(6, 2), (1, 2), (4, 1), (4, 3)])
def test_sites_that_are_no_tree(sites, s):
    with pytest.raises(ValueError, match=rf"number of sites must be s\^L with s >= 2, got {sites} sites, s = {s}"):
        spin_correlations(correlated_spins(10, sites, 0), s)


def test_no_noise_is_refused():
    with pytest.raises(ValueError, match=r"hierarchy_correlations: epsilon .* must lie in \[1e-15, 1\], got 0"):
        hierarchy_correlations(Hierarchy(16, 4, 2, 6), [0.5, 0.0])
