"""When two Gaussian classes part: against drawn log-odds, quadrature, and the clone probability of mixtures."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.speciation.class_pairs.gaussian_pairs import LogOdds, Overlap, SharedCovariance
from regimes.speciation import gaussian_class_times, mixture_clones


def covariance(rng, d, size):
    root = rng.normal(size=(d, d))
    return size * (root @ root.T / d + 0.2 * np.eye(d))


def two_classes(d=6):
    rng = np.random.default_rng(3)
    means = rng.normal(size=(2, d))
    return means, np.stack([covariance(rng, d, 1.0), covariance(rng, d, 2.5)])


def noised(means, covariances, t):
    e = np.exp(-t)
    return e * means, e**2 * covariances + (1 - e**2) * np.eye(means.shape[1])


def measures(means, covariances):
    spread, axes = np.linalg.eigh(covariances)
    return LogOdds.of(means, axes, spread), Overlap.of(means, axes, spread)


@pytest.mark.parametrize("t", [0.1, 0.8])
def test_the_balance_is_that_of_drawn_log_odds(t):
    means, covariances = two_classes()
    m, C = noised(means, covariances, t)
    rng, ratios, errors = np.random.default_rng(5), [], []
    laws = [multivariate_normal(m[k], C[k]) for k in (0, 1)]
    for own, other in ((0, 1), (1, 0)):
        x = rng.multivariate_normal(m[own], C[own], size=100_000)
        odds = laws[own].logpdf(x) - laws[other].logpdf(x)
        centred = odds / odds.std() - (odds - odds.mean()) ** 2 * odds.mean() / (2 * odds.std() ** 3)
        ratios.append(odds.mean() / odds.std())
        errors.append(centred.std() / np.sqrt(x.shape[0]))  # delta method
    computed = measures(means, covariances)[0].at(np.full((2, 2), t))[0, 1]
    assert abs(computed - np.mean(ratios)) < 4 * np.hypot(*errors) / 2


def test_twice_the_distance_is_the_integral_of_the_root_of_the_densities():
    for m, s in ((0.7, 2.0), (0.0, 0.3), (3.0, 1.0)):
        affinity = quad(lambda x, m=m, s=s: np.sqrt(norm.pdf(x, m, s) * norm.pdf(x)), -40, 40, limit=400)[0]
        t = 1e-12
        overlap = measures(np.array([[m], [0.0]]), np.array([[[s**2]], [[1.0]]]))[1]
        assert overlap.at(np.full((2, 2), t))[0, 1] == pytest.approx(-2 * np.log(affinity), rel=1e-8)


def test_one_covariance_gives_the_time_of_kappa_one_by_every_measure():
    rng = np.random.default_rng(0)
    means, shared = rng.normal(size=(3, 8)), covariance(rng, 8, 1.0)
    spread, axes = np.linalg.eigh(shared)
    expected = SharedCovariance(means @ axes, spread)
    for criterion in ("distance", "log-odds"):
        times = gaussian_class_times(means, np.stack([shared] * 3), criterion=criterion)
        for i, j in ((0, 1), (0, 2), (1, 2)):
            gap, e2 = means[i] - means[j], np.exp(-2 * times[i, j])
            kappa = e2 * gap @ np.linalg.solve(e2 * shared + (1 - e2) * np.eye(8), gap) / 4
            assert kappa == pytest.approx(1, abs=1e-8)
            assert expected.at(times)[i, j] == pytest.approx(1, abs=1e-8)


def test_means_alone_in_isotropic_classes_give_the_closed_form():
    means = np.zeros((2, 5))
    means[:, 0] = 2, -2
    closed = float(compile_formula("mixture_speciation_time", target="numpy")(1, 2.0, 0.8))
    assert gaussian_class_times(means, [0.64, 0.64])[0, 1] == pytest.approx(closed, rel=1e-9)


def test_covariances_alone_in_sixty_dimensions():
    # The asymptote is too late by 8%: the clone probability decides, sampled from the exact posterior.
    means, variances, t = np.zeros((2, 60)), [6.0, 1.0], np.linspace(1.0, 1.5, 11)
    sampled = mixture_clones([1, 1], means, variances, t, samples=40_000, rng=1)
    level = (sampled.clone_probability - 0.5) / 0.5
    time = curve_crossings(t, level, 0.5504005)[0]
    assert time == pytest.approx(1.21, abs=0.01)
    assert float(compile_formula("covariance_class_time", target="numpy")(60 * 25.0)) == pytest.approx(1.308, abs=1e-3)
    for criterion in ("distance", "log-odds"):
        assert gaussian_class_times(means, variances, criterion=criterion)[0, 1] == pytest.approx(time, rel=0.01)


@pytest.mark.parametrize("criterion", ["distance", "log-odds"])
def test_covariances_alone_tend_to_the_asymptote_as_dimensions_grow(criterion):
    ahead = []
    for d in (30, 120, 480):
        time = gaussian_class_times(np.zeros((2, d)), [6.0, 1.0], criterion=criterion)[0, 1]
        ahead.append(float(compile_formula("covariance_class_time", target="numpy")(25.0 * d)) - time)
    # What is left out is a relative exp(-2t) (C_1 - C_2), which is sqrt(8/d) there.
    assert ahead[0] / ahead[1] == pytest.approx(2, rel=0.1)
    assert ahead[1] / ahead[2] == pytest.approx(2, rel=0.1)
    assert 0 < ahead[2] < 0.05


def test_classes_that_are_the_same_never_part_and_neither_do_close_ones():
    times = gaussian_class_times(np.zeros((3, 4)), [1.0, 1.0, 1.1])
    assert np.isnan(times).all()


@pytest.mark.parametrize(
    ("means", "covariances", "options", "text"),
    [
        (np.zeros((1, 3)), [1.0], {}, r"means must be finite, shape \(K >= 2, d\)"),
        (np.zeros((2, 3)), [1.0, 1.0, 1.0], {}, r"covariances must have shape \(2,\), \(2, 3\) or \(2, 3, 3\)"),
        (np.zeros((2, 3)), [1.0, -1.0], {}, "positive semi-definite"),
        (np.zeros((2, 3)), [1.0, 1.0], {"criterion": "mean"}, "criterion must be 'distance' or 'log-odds', got 'mean'"),
    ],
)
def test_wrong_input_is_refused(means, covariances, options, text):
    with pytest.raises(ValueError, match=f"^gaussian_class_times: .*{text}"):
        gaussian_class_times(means, covariances, **options)
