"""Predictions of a denoiser held against Bayes' rule and the slope of the density, by 50-digit arithmetic."""

import mpmath
import pytest

from regimes import formula

POINTS = ((0.3, -1.5), (0.7, 0.8))  # weight and place: a law that is neither centred nor symmetric
TIMES = [1e-6, 0.01, 0.5, 3.0, 40.0]
PLACES = [-2.0, 0.1, 1.7]


@pytest.fixture(autouse=True, scope="module")
def sixty_digits():
    with mpmath.workdps(60):
        yield


def law(t):
    return mpmath.exp(-t), mpmath.sqrt(-mpmath.expm1(-2 * mpmath.mpf(t)))


def density(x, t):
    amplitude, deviation = law(t)
    return mpmath.fsum(w * mpmath.npdf(x, amplitude * a, deviation) for w, a in POINTS)


def posterior_mean(x, t, of):
    """Bayes' rule for what depends on the data point and the noise that it leaves."""
    amplitude, deviation = law(t)
    terms = [
        w * mpmath.npdf(x, amplitude * a, deviation) * of(mpmath.mpf(a), (x - amplitude * a) / deviation)
        for w, a in POINTS
    ]
    return mpmath.fsum(terms) / density(x, t)


def slope(x, t):
    """Of the logarithm of the density, by differentiation of each term."""
    amplitude, deviation = law(t)
    terms = [w * mpmath.npdf(x, amplitude * a, deviation) * (amplitude * a - x) / deviation**2 for w, a in POINTS]
    return mpmath.fsum(terms) / density(x, t)


def predictions(x, t):
    amplitude, deviation = law(t)
    return {
        "noise": posterior_mean(x, t, lambda a, z: z),
        "v": posterior_mean(x, t, lambda a, z: amplitude * z - deviation * a),
        "velocity": posterior_mean(x, t, lambda a, z: z - a),
    }


def test_the_slope_of_the_density_is_its_numerical_derivative():
    found = mpmath.diff(lambda x: mpmath.log(density(x, 0.5)), 0.1)
    assert abs(found / slope(mpmath.mpf(0.1), 0.5) - 1) < 1e-15


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("place", PLACES)
def test_score_and_posterior_mean_from_every_prediction(t, place):
    x = mpmath.exp(-t) * mpmath.mpf(place)
    score, mean = slope(x, t), posterior_mean(x, t, lambda a, z: a)
    known = predictions(x, t)
    assert abs(formula("score_from_noise").mp(known["noise"], t) / score - 1) < 1e-35
    assert abs(formula("posterior_mean_from_noise").mp(x, known["noise"], t) / mean - 1) < 1e-25
    assert abs(formula("posterior_mean_from_score").mp(x, score, t) / mean - 1) < 1e-25
    for name in ("v", "velocity"):
        assert abs(formula(f"score_from_{name}").mp(x, known[name], t) / score - 1) < 1e-35
        assert abs(formula(f"posterior_mean_from_{name}").mp(x, known[name], t) / mean - 1) < 1e-25


@pytest.mark.parametrize("sigma", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("t", [0.05, 1.0, 5.0])
def test_a_gaussian_class_by_quadrature(t, sigma):
    centre, x = 1.3, 0.4
    amplitude, deviation = law(t)

    def weighed(of):
        near = [centre - 12 * sigma, centre, centre + 12 * sigma]
        peak = (x * sigma**2 * amplitude + centre * deviation**2) / (sigma**2 * amplitude**2 + deviation**2)
        return mpmath.quad(
            lambda a: mpmath.npdf(a, centre, sigma) * mpmath.npdf(x, amplitude * a, deviation) * of(a),
            sorted([*near, peak, peak - deviation, peak + deviation]),
        )

    with mpmath.workdps(20):
        total, mean = weighed(lambda a: 1), weighed(lambda a: a)
        slope = weighed(lambda a: (amplitude * a - x) / deviation**2)
        assert abs(formula("gaussian_posterior_mean").mp(x, centre, t, sigma) / (mean / total) - 1) < 1e-12
        assert abs(formula("gaussian_score").mp(x, centre, t, sigma) / (slope / total) - 1) < 1e-12


@pytest.mark.parametrize("t", TIMES)
def test_scales_reach_the_coordinates_of_other_models(t):
    amplitude, deviation = law(t)
    s = formula("flow_time").mp(t, dps=60)
    flow, exploding = formula("flow_scale").mp(t, dps=60), formula("exploding_scale").mp(t, dps=60)
    assert abs(flow * amplitude - (1 - s)) < mpmath.mpf(10) ** -50
    assert abs(flow * deviation - s) < mpmath.mpf(10) ** -50
    assert abs(exploding * amplitude - 1) < mpmath.mpf(10) ** -50
    assert abs(exploding * deviation / formula("edm_sigma").mp(t, dps=60) - 1) < mpmath.mpf(10) ** -40


def test_limits():
    """Noise alone at late times; the data point itself, whatever the prediction, as noise vanishes."""
    assert abs(formula("score_from_noise").mp(0.7, 50) + 0.7) < 1e-40
    assert abs(formula("score_from_v").mp(0.7, 0.2, 100) + 0.7) < 1e-40
    assert abs(formula("posterior_mean_from_v").mp(0.7, 0.2, 1e-20) - 0.7) < 1e-9
    assert abs(formula("posterior_mean_from_velocity").mp(0.7, 0.2, 1e-20) - 0.7) < 1e-9
