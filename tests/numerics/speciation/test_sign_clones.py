"""Clones told apart by the sign of m.x_0: 50-digit references, Bayes' rule on a grid, sampling and limits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from regimes import compile_formula, formula
from regimes.numerics.speciation.sign_clones import sign_clone_disagreement, sign_clone_probability
from regimes.speciation import clone_probability
from regimes.validation import Agreement

# t, sqrt(d) mu/sigma, sigma: early and late, overlapping and far classes, narrow and wide ones; psi from 0.5 to 1e-266.
PLACES = [
    (1e-8, 0.01, 1.0),
    (1e-7, 10.2, 51.0),
    (0.002, 34.9, 1.34),
    (0.05, 0.8, 0.02),
    (0.368, 2.07, 4.17),
    (0.9, 8.0, 1.0),
    (2.5, 90.0, 0.05),
    (6.0, 0.3, 100.0),
    (20.0, 3.0, 1.0),
]


def reference(t, distance, sigma):
    """2 E p (1 - p) by quadrature over x_t in 30 digits, from the joint densities of x_t and the sign."""
    t, distance, sigma = mpmath.mpf(t), mpmath.mpf(distance), mpmath.mpf(sigma)
    noise = -mpmath.expm1(-2 * t)
    spread = noise + sigma**2 * mpmath.exp(-2 * t)
    r = distance * sigma * mpmath.exp(-t) / mpmath.sqrt(spread)
    deviation = sigma * mpmath.sqrt(noise / spread)

    def joint(y, side):
        total = mpmath.mpf(0)
        for centre in (distance * sigma, -distance * sigma):
            x = mpmath.sqrt(spread) * y
            mean = centre + sigma**2 * mpmath.exp(-t) / spread * (x - mpmath.exp(-t) * centre)
            # exp(-r^2/2) is left out: the tolerance of the quadrature is absolute.
            density = mpmath.exp(-(y**2) / 2 + mpmath.sign(centre) * r * y)
            total += density * mpmath.erfc(-side * mean / deviation / mpmath.sqrt(2)) / 2
        return total

    slope = sigma * mpmath.exp(-t) / mpmath.sqrt(noise)
    scales = (1 / mpmath.sqrt(1 + slope**2), 1 / (1 + r), mpmath.mpf(1))
    end = min(mpmath.mpf(16), 60 / r, (r / slope + 16) / slope)
    edges = sorted({k * scale for scale in scales for k in (0, 0.5, 1, 2, 4, 8, 16, 32) if k * scale < end} | {end})
    unit = mpmath.sqrt(1 + slope**2)

    def integrand(y):
        plus, minus = joint(y, 1), joint(y, -1)
        return unit * plus * minus / (plus + minus)

    half = mpmath.quad(integrand, edges) / unit
    return 2 * half * mpmath.exp(-(r**2) / 2) / mpmath.sqrt(2 * mpmath.pi)


@pytest.mark.parametrize("place", PLACES)
def test_disagreement_has_twelve_digits(place):
    t, distance, sigma = place
    mu = distance * sigma
    with mpmath.workdps(30):
        exact = reference(t, mpmath.mpf(mu) / mpmath.mpf(sigma), sigma)
        computed = float(sign_clone_disagreement(t, 1, mu, sigma))
        assert abs(mpmath.mpf(computed) / exact - 1) < 5e-13
        assert abs(1 - exact - mpmath.mpf(float(sign_clone_probability(t, 1, mu, sigma)))) < 1e-15


def test_formula_of_the_theory_is_what_is_integrated():
    t, d, mu, sigma = 0.3, 4.0, 0.6, 0.8
    share = sigma**2 * np.exp(-2 * t) / (-np.expm1(-2 * t) + sigma**2 * np.exp(-2 * t))
    exact = formula("sign_clone_disagreement").mp(np.sqrt(d) * mu / sigma, share, dps=16)
    assert float(sign_clone_disagreement(t, d, mu, sigma)) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize(("t", "d", "mu", "sigma"), [(0.2, 1, 0.5, 1.0), (0.7, 16, 0.2, 1.5), (1.2, 9, 1.0, 0.4)])
def test_bayes_rule_on_a_grid(t, d, mu, sigma):
    """P(x_0 > 0 | x_t) from prior times likelihood on a grid of x_0, nothing known of posteriors."""
    centre = np.sqrt(d) * mu
    a = np.linspace(0, centre + 10 * sigma, 3001)[1:]  # every point stands for itself and its mirror image
    x = np.linspace(0, np.exp(-t) * a[-1] + 8, 1201)
    prior = np.exp(-((a - centre) ** 2) / (2 * sigma**2)) + np.exp(-((a + centre) ** 2) / (2 * sigma**2))
    noise = -np.expm1(-2 * t)
    right, left = (
        np.exp(-((x[:, None] - sign * np.exp(-t) * a) ** 2) / (2 * noise)) @ prior
        # the trapezoidal rule counts x_0 = 0 half
        + np.exp(-(x**2) / (2 * noise)) * np.exp(-(centre**2) / (2 * sigma**2))
        for sign in (1, -1)
    )
    weight = right + left
    weight[0] /= 2
    psi = np.sum(2 * right * left / (right + left) ** 2 * weight) / np.sum(weight)
    assert float(sign_clone_disagreement(t, d, mu, sigma)) == pytest.approx(psi, rel=3e-6)


def test_against_sampling():
    """Two posterior draws from one x_t in d dimensions: class, then point; the sign of m.x_0 of both."""
    rng, samples, d = np.random.default_rng(3), 200_000, 3
    m = np.array([0.5, -0.2, 0.4])
    for t, sigma in ((0.2, 1.0), (0.6, 0.5), (1.0, 2.0)):
        a = rng.choice([-1, 1], (samples, 1)) * m + sigma * rng.standard_normal((samples, d))
        noise = -np.expm1(-2 * t)
        x = np.exp(-t) * a + np.sqrt(noise) * rng.standard_normal((samples, d))
        spread = noise + sigma**2 * np.exp(-2 * t)
        plus = 1 / (1 + np.exp(-2 * np.exp(-t) * (x @ m) / spread))
        signs = []
        for _ in range(2):
            centre = np.where(rng.random(samples) < plus, 1, -1)[:, None] * m
            clone = centre + sigma**2 * np.exp(-t) / spread * (x - np.exp(-t) * centre)
            clone += sigma * np.sqrt(noise / spread) * rng.standard_normal((samples, d))
            signs.append(clone @ m > 0)
        same = signs[0] == signs[1]
        exact = float(sign_clone_probability(t, d, np.linalg.norm(m) / np.sqrt(d), sigma))
        error = float(same.std(ddof=1) / np.sqrt(samples))
        assert abs(Agreement("phi_sign", t, exact, float(same.mean()), error, samples).z) < 4


def test_narrow_classes_end_where_their_class_is():
    t = np.array([0.1, 0.5, 1.0, 3.0])
    kappa = compile_formula("mixture_kappa", target="numpy")(t, 4, 0.5, 1e-3)
    np.testing.assert_allclose(sign_clone_probability(t, 4, 0.5, 1e-3), clone_probability(kappa), rtol=1e-14)


def test_one_class_is_the_arc_cosine_law():
    """Without a distance between the classes two clones are normal with correlation sigma^2 exp(-2t)/Gamma_t."""
    t, sigma = np.geomspace(1e-6, 5, 12), 0.7
    share = sigma**2 * np.exp(-2 * t) / (-np.expm1(-2 * t) + sigma**2 * np.exp(-2 * t))
    exact = compile_formula("kept_sign_probability", target="numpy")(share)
    np.testing.assert_allclose(sign_clone_probability(t, 4, 1e-9, sigma), exact, rtol=1e-13)


def test_limits():
    assert float(sign_clone_probability(300.0, 64, 1, 1)) == 0.5
    early = sign_clone_disagreement(np.array([1e-12, 4e-12]), 2, 0.5, 1.0)
    assert early[1] < 1e-5
    assert early[1] / early[0] == pytest.approx(2, rel=1e-5)  # only what lies within sqrt(Delta_t) of the boundary
    assert float(sign_clone_disagreement(1e-3, 64, 10, 1)) == 0.0


@given(st.floats(1e-6, 20), st.floats(1e-3, 30), st.floats(0.05, 20), st.floats(0.01, 1))
def test_clones_agree_less_the_later_they_are_born(t, distance, sigma, step):
    early, late = sign_clone_disagreement([t, t * (1 + step)], 1, distance * sigma, sigma)
    assert 0 <= early <= late * (1 + 1e-12)
    assert late <= 0.5


@pytest.mark.parametrize("distance", [0.3, 0.7, 1.5, 3.0])
def test_sign_and_class_differ_where_classes_overlap(distance):
    """Early on the sign is known and the class is not; in the end both are unknown, the sign the less so.

    At late times 2 p - 1 is linear in y: with slope b r_0 for the class and b E|r_0 + g| for the sign.
    """
    t = np.array([1e-4, 7.0])
    kappa = compile_formula("mixture_kappa", target="numpy")(t, 1, distance, 1)
    sign, label = sign_clone_probability(t, 1, distance, 1), clone_probability(kappa)
    assert sign[0] > 0.99
    assert sign[0] > label[0]
    slope = distance * (2 * norm.cdf(distance) - 1) + 2 * norm.pdf(distance)
    assert (sign[1] - 0.5) / (label[1] - 0.5) == pytest.approx((slope / distance) ** 2, rel=1e-4)


def test_shapes_and_blocks():
    t = np.linspace(0.01, 5, 2500)
    values = sign_clone_probability(t, 16, 0.3, 1)
    assert values.shape == t.shape
    assert float(sign_clone_probability(t[1777], 16, 0.3, 1)) == values[1777]
    assert sign_clone_probability([1.0], 16, 0.3, 1).shape == (1,)
    assert sign_clone_probability(1.0, 16, 0.3, 1).shape == ()


@pytest.mark.parametrize("function", [sign_clone_probability, sign_clone_disagreement])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 4, 1, 1), r"t \(Ornstein-Uhlenbeck time\) must be positive and finite, got 0"),
        (([[1.0]], 4, 1, 1), r"t .* must be a number or a 1-d sequence, got shape \(1, 1\)"),
        ((1, 0.5, 1, 1), r"d \(dimension\) must be finite and at least 1, got 0.5"),
        ((1, 4, 0, 1), r"mu \(distance of a class centre per sqrt\(d\)\) must be positive and finite, got 0"),
        ((1, 4, 1, -1), r"sigma \(standard deviation of a class\) must be positive and finite, got -1"),
    ],
)
def test_bad_input(function, arguments, message):
    with pytest.raises(ValueError, match=f"^{function.__name__}: {message}"):
        function(*arguments)
