"""U-turns without a hierarchy: exact posteriors by enumeration, correlations of signs by another library, limits."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from regimes import Hierarchy
from regimes.hierarchy import (
    gaussian_field_correlations,
    gaussian_field_uturns,
    power_law_spectrum,
    random_hierarchy,
    sample_hierarchy,
    token_mixture_uturns,
)
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.belief_propagation import sample_posterior
from regimes.numerics.hierarchy.noise import leaf_messages


def susceptibility(unchanged, groups=20):
    """chi of spins and its standard error over groups of samples."""
    spins = 2.0 * unchanged - 1
    values = [part.sum(axis=1).var(ddof=1) / part.var(axis=0, ddof=1).sum() for part in np.array_split(spins, groups)]
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(groups)


def joint_covariance(spectrum, t):
    """Covariances of field and clone as matrices, by inverting the whole posterior."""
    d = len(spectrum)
    prior = toeplitz(np.fft.ifft(spectrum).real)
    noise = 1 - np.exp(-2 * t)
    cross = prior @ np.linalg.solve(np.exp(-2 * t) * prior + noise * np.eye(d), prior) * np.exp(-2 * t)
    return prior, cross


def mean_product_of_signs(covariance):
    """E of the product of four signs by the orthant probabilities of scipy."""
    total = 0.0
    for signs in itertools.product([1, -1], repeat=3):
        flip = np.array([1, *signs])
        orthant = multivariate_normal(np.zeros(4), covariance * np.outer(flip, flip), seed=1, abseps=1e-7, maxpts=10**6)
        total += 2 * np.prod(flip) * orthant.cdf(np.zeros(4))
    return total


@pytest.mark.parametrize(("a", "t"), [(0.0, 0.5), (0.75, 1.2), (2.0, 0.05)])
def test_correlations_of_signs_against_orthant_probabilities(a, t):
    spectrum = power_law_spectrum(16, a)
    prior, cross = joint_covariance(spectrum, t)
    result = gaussian_field_correlations(spectrum, t)
    for r in (1, 8):
        sites = np.ix_([0, r], [0, r])
        four = np.block([[prior[sites], cross[sites]], [cross[sites], prior[sites]]])
        expected = mean_product_of_signs(four) - (2 * result.kept - 1) ** 2
        assert result.correlation[r] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(("d", "a", "t"), [(16, 0.0, 0.5), (15, 0.75, 0.3), (16, 2.0, 1.0), (33, 1.0, 3.0)])
def test_squared_changes_against_matrices(d, a, t):
    spectrum = power_law_spectrum(d, a)
    prior, cross = joint_covariance(spectrum, t)
    change = 2 * (prior - cross)  # covariance of a - a'; that of the squares is twice its square
    expected = (change**2).sum() / (np.diag(change) ** 2).sum()
    result = gaussian_field_correlations(spectrum, t)
    assert result.change_susceptibility == pytest.approx(expected, rel=1e-10)
    assert result.kept == pytest.approx(0.5 + np.arcsin(cross[0, 0] / prior[0, 0]) / np.pi, rel=1e-10)


@pytest.mark.parametrize(("d", "a", "t"), [(64, 0.75, 0.6), (63, 1.5, 0.3), (64, 0.25, 0.1)])
def test_samples_of_a_field_agree_with_the_exact_correlations(d, a, t):
    spectrum = power_law_spectrum(d, a)
    exact = gaussian_field_correlations(spectrum, t)
    turns = gaussian_field_uturns(spectrum, t, 20000, rng=1)
    assert abs(turns.kept - exact.kept) < 4 * turns.kept_se
    chi, error = susceptibility(turns.unchanged)
    assert abs(chi - exact.susceptibility) < 4 * error
    spins = 2.0 * turns.unchanged - 1
    for r in (1, 2, 7, d // 2):
        products = (spins * np.roll(spins, r, axis=1)).mean(axis=1)
        error = products.std(ddof=1) / np.sqrt(len(products))
        assert abs(products.mean() - (2 * exact.kept - 1) ** 2 - exact.correlation[r]) < 4 * error


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=12).filter(lambda half: max(half) > 1e-3),
    st.lists(st.floats(0.01, 8), min_size=2, max_size=5, unique=True),
)
def test_squared_changes_correlate_more_and_more_whatever_the_spectrum(half, times):
    spectrum = np.array([0.0, *half, *half[::-1]])
    chi = [gaussian_field_correlations(spectrum, t).change_susceptibility for t in sorted(times)]
    assert np.all(np.diff(chi) > -1e-9)
    assert chi[-1] <= len(spectrum) * (spectrum**2).sum() / spectrum.sum() ** 2 * (1 + 1e-9)


def test_at_late_times_field_and_clone_are_independent():
    spectrum = power_law_spectrum(256, 0.8)
    result = gaussian_field_correlations(spectrum, 25.0)
    c = np.fft.ifft(spectrum).real[:129]
    np.testing.assert_allclose(result.correlation, (2 / np.pi * np.arcsin(np.minimum(c, 1))) ** 2, atol=1e-12)
    assert result.kept == pytest.approx(0.5)


def test_only_long_range_fields_have_a_maximum_and_a_shallow_one():
    times = np.geomspace(0.02, 9, 60)

    def rise(d, a):
        chi = [gaussian_field_correlations(power_law_spectrum(d, a), t).susceptibility for t in times]
        return max(chi) / chi[-1]

    assert rise(1024, 0.0) < 1.0001
    assert rise(1024, 2.0) < 1.0001
    heights = [rise(d, 0.75) for d in (256, 1024, 4096)]
    assert np.all(np.diff(heights) > 0.01)
    assert heights[-1] == pytest.approx(1.078, abs=0.002)


def test_neighbours_that_are_nearly_equal():
    # Nearly one wave, whose zeros move by a few sites: 1 - c^2 of neighbours is 2e-6.
    spectrum = power_law_spectrum(4096, 6.0)
    result = gaussian_field_correlations(spectrum, 0.01)
    assert np.all(np.abs(result.correlation) <= result.correlation[0])
    spins = 2.0 * gaussian_field_uturns(spectrum, 0.01, 2000).unchanged - 1
    for r in (1, 3, 20, 2048):
        products = (spins * np.roll(spins, r, axis=1)).mean(axis=1)
        error = products.std(ddof=1) / np.sqrt(len(products))
        assert abs(products.mean() - (2 * result.kept - 1) ** 2 - result.correlation[r]) < 4 * error


def exact_token_posterior(template, v, fidelity, t, weight, tokens, noise):
    """Posterior of every (class, tokens), by Bayes' rule over all of them."""
    classes, d = template.shape
    points = np.array(list(itertools.product(range(v), repeat=d)))
    x = np.exp(-t) * np.eye(v)[tokens] + np.sqrt(1 - np.exp(-2 * t)) * noise
    residual = x[None] - np.exp(-t) * np.eye(v)[points]
    log_likelihood = -(residual**2).sum(axis=(1, 2)) / (2 * (1 - np.exp(-2 * t)))
    prior = np.array(
        [
            weight[k] * np.prod(np.where(points == template[k], fidelity, (1 - fidelity) / (v - 1)), axis=1)
            for k in range(classes)
        ]
    )
    posterior = prior * np.exp(log_likelihood - log_likelihood.max())
    return points, posterior / posterior.sum()


@pytest.mark.parametrize("t", [0.1, 0.4, 1.0])
def test_token_uturns_against_enumeration(t):
    rng = np.random.default_rng(4)
    template = np.array([[0, 1], [2, 1], [1, 0]])
    v, fidelity, weight = 3, 0.7, np.array([0.5, 0.3, 0.2])
    # Frequencies of (which tokens, which class came back): the posterior of each noised point, summed over all points.
    averaged = []
    for _ in range(3000):
        own = rng.choice(3, p=weight)
        tokens = np.where(rng.random(2) < fidelity, template[own], (template[own] + rng.integers(1, v, 2)) % v)
        points, posterior = exact_token_posterior(template, v, fidelity, t, weight, tokens, rng.standard_normal((2, v)))
        cell = (points == tokens) @ [1, 2]
        pattern = [np.bincount(cell, weights=posterior[[own]].sum(axis=0), minlength=4)]
        pattern.append(np.bincount(cell, weights=np.delete(posterior, own, axis=0).sum(axis=0), minlength=4))
        averaged.append(np.concatenate(pattern))
    expected, expected_error = np.mean(averaged, axis=0), np.std(averaged, axis=0) / np.sqrt(len(averaged))
    turns = token_mixture_uturns(template, v, fidelity, t, 40000, weights=5 * weight, rng=1)
    found = np.bincount(turns.unchanged @ [1, 2] + 4 * ~turns.same_class, minlength=8) / turns.samples
    error = np.hypot(expected_error, np.sqrt(expected * (1 - expected) / turns.samples))
    assert np.abs((found - expected) / error).max() < 4


def test_every_clone_belongs_to_its_point_in_blocks_as_well():
    # 3000 samples of 300 tokens are more than one block; with hardly any noise every clone must be its own point.
    template = np.random.default_rng(0).integers(0, 4, (8, 300))
    turns = token_mixture_uturns(template, 4, 0.9, 0.02, 3000)
    assert turns.samples == 3000
    assert turns.kept > 0.999
    assert turns.same_class.all()


@pytest.mark.parametrize(("classes", "d"), [(2, 128), (4, 64)])
def test_late_token_uturns_have_the_susceptibility_of_two_independent_points(classes, d):
    # Templates that differ everywhere: sites are alike, and at late times the formula is exact.
    v, fidelity = 4, 0.7
    template = np.repeat(np.arange(classes)[:, None], d, axis=1)
    turns = token_mixture_uturns(template, v, fidelity, 25.0, 20000, rng=2)
    stray = (1 - fidelity) / (v - 1)
    same = fidelity**2 + (v - 1) * stray**2
    other = 2 * fidelity * stray + (v - 2) * stray**2
    expected = compile_formula("cloned_class_susceptibility", target="numpy")(d, 1 / classes, same, other)
    chi, error = susceptibility(turns.unchanged, 40)
    assert abs(chi - expected) < 4 * error
    assert abs(turns.same_class.mean() - 1 / classes) < 4 * np.sqrt((1 - 1 / classes) / classes / turns.samples)
    assert abs(turns.kept - (same / classes + (1 - 1 / classes) * other)) < 4 * turns.kept_se


def peak_of_mixture(classes, d, samples=1500):
    times = 0.5 * np.log(d) + np.array([-1.9, -1.5, -1.2, -0.9, -0.5, 0.0, 1.0, 3.0])
    template = np.random.default_rng(7).integers(0, 4, (classes, d))
    chi = [susceptibility(token_mixture_uturns(template, 4, 0.7, t, samples).unchanged, 8) for t in times]
    return np.array(chi).T


def test_a_flat_mixture_of_many_classes_has_a_peak_that_grows_like_d():
    small, large = (peak_of_mixture(32, d)[0] for d in (64, 256))
    assert 0 < small.argmax() < 4
    assert small.max() > 2 * small[-1]
    assert large.max() > 4 * large[-1]
    assert (large.max() - 1) / (small.max() - 1) == pytest.approx(4, rel=0.25)


def test_a_flat_mixture_of_two_classes_has_none():
    chi, error = peak_of_mixture(2, 256)
    assert np.all(np.diff(chi) > -2 * np.hypot(error[1:], error[:-1]))
    assert chi[-1] > 15


def test_the_peak_of_a_hierarchy_stands_above_its_late_value():
    def chi(t):
        unchanged = []
        for seed in range(6):
            sample = sample_hierarchy(random_hierarchy(Hierarchy(64, 8, L=6), rng=seed), 300, rng=seed)
            messages = leaf_messages(sample.leaves, "gaussian", t, 64, rng=seed)
            unchanged.append(sample_posterior(sample.rules, messages, rng=seed)[-1][0] == sample.leaves)
        return susceptibility(np.concatenate(unchanged), 6)[0]  # one group for each draw of the rules

    assert chi(0.088) > 4 * chi(4.0)
    assert chi(0.088) > 2 * chi(0.05)


def test_the_same_seed_gives_the_same_bytes():
    template = [[0, 1, 2, 0], [2, 1, 0, 1]]
    for make in (
        lambda seed: token_mixture_uturns(template, 3, 0.8, 0.7, 50, rng=seed),
        lambda seed: gaussian_field_uturns(power_law_spectrum(16, 1.0), 0.7, 50, rng=seed),
    ):
        assert make(3).unchanged.tobytes() == make(3).unchanged.tobytes()
        assert make(3).unchanged.tobytes() != make(4).unchanged.tobytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0, 1]], 2, 0.8, 1.0, 10), "at least two classes"),
        (([0, 1], 2, 0.8, 1.0, 10), r"of shape \(2,\)"),
        (([[0, 1], [1, 2]], 2, 0.8, 1.0, 10), "must lie between 0 and 1, got 0 to 2"),
        (([[0.0, 1], [1, 0]], 2, 0.8, 1.0, 10), "got float64"),
        (([[0, 1], [1, 0]], 1, 0.8, 1.0, 10), "v .number of symbols. must be at least 2"),
        (([[0, 1], [1, 0]], 2, 1.0, 1.0, 10), r"must lie in \[1/v, 1\) = \[0.5, 1\), got 1"),
        (([[0, 1], [1, 0]], 2, 0.4, 1.0, 10), "got 0.4"),
        (([[0, 1], [1, 0]], 2, 0.8, 0.0, 10), "t .Ornstein-Uhlenbeck time. must be positive"),
        (([[0, 1], [1, 0]], 2, 0.8, 1.0, 1), "samples .number of U-turns. must be at least 2, got 1"),
    ],
)
def test_bad_mixtures(arguments, message):
    with pytest.raises(ValueError, match=r"^token_mixture_uturns: .*" + message):
        token_mixture_uturns(*arguments)


def test_bad_weights():
    for weights in ([1.0], [1.0, 0.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="weights must be 2 positive finite numbers"):
            token_mixture_uturns([[0, 1], [1, 0]], 2, 0.8, 1.0, 10, weights=weights)


@pytest.mark.parametrize(
    ("spectrum", "message"),
    [
        ([1.0], r"shape \(d,\) with d at least 2"),
        ([[1.0, 2.0]], r"got shape \(1, 2\)"),
        ([0.0, -1.0, -1.0], "finite and not negative"),
        ([0.0, 0.0, 0.0], "and some positive"),
        ([0.0, 1.0, 2.0], "the same eigenvalue at k and d - k"),
    ],
)
def test_bad_spectra(spectrum, message):
    for function in (gaussian_field_correlations, lambda s, t: gaussian_field_uturns(s, t, 10)):
        with pytest.raises(ValueError, match=message):
            function(spectrum, 1.0)


def test_bad_numbers():
    with pytest.raises(ValueError, match="rounding would decide which signs change"):
        gaussian_field_correlations(power_law_spectrum(8, 1.0), 1e-12)
    with pytest.raises(ValueError, match=r"d \(number of sites\) must be at least 2"):
        power_law_spectrum(1, 1.0)
    with pytest.raises(ValueError, match=r"a \(exponent\) must be finite"):
        power_law_spectrum(8, np.inf)
