"""The transform of the features' spectrum: by other equations, by other solvers, by finite matrices, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from regimes.numerics.learning.features import random_features
from regimes.numerics.learning.transform import feature_transform

inf = math.inf
CASES = [
    {"eigenvalues": [1.0], "features": 4.0, "samples": 2.0, "t": 0.05},
    {"eigenvalues": [1.0, 5.0], "features": 8.0, "samples": 1.0, "t": 0.3},
    {"eigenvalues": [0.0, 0.3, 2.0, 40.0], "features": 2.0, "samples": 60.0, "t": 0.02, "activation": "relu"},
    {"eigenvalues": [1.0, 2.0], "features": 20.0, "samples": 10.0, "t": 1.5, "activation": np.cos},
]
POINTS = np.array([-1 + 0.3j, 0.01 + 1e-3j, 0.3 + 0.02j, 1.5 + 0.2j, 12 + 1j])


def problem(case):
    case = dict(case)
    k = len(case["eigenvalues"])
    d = 60.0
    return random_features(
        case.pop("eigenvalues"),
        counts=[d / k] * k,
        features=case.pop("features") * d,
        samples=case.pop("samples") * d,
        **case,
    )


def published(given, z, q, den):
    """Residuals of the three saddle-point equations of bonnaire2025, in q, r and s', lambda in the features' units."""
    psi_p = given.psi_p
    hat_s, hat_r = given.b2 * psi_p + 1 / q, psi_p / den
    r = given.shares @ (given.levels / (hat_s + given.levels * hat_r))
    s = given.shares @ (1 / (hat_s + given.levels * hat_r))
    third = psi_p * (given.s2 - z) + psi_p * given.v2 / den + (1 - psi_p) / q - s / q**2
    return third / psi_p, den - 1 - psi_p * given.points_ratio * (r + given.v2 * q)


def by_iteration(given, z):
    """Fixed point of the published equations, as a map of the upper half plane into itself, damped."""
    q, den = -1 / z, 1.0 + 0j
    for _ in range(200_000):
        M = given.levels / den + given.b2
        seen = 1 + given.psi_p * q * M
        next_q = 1 / (given.s2 - z + given.v2 / den + given.shares @ (M / seen))
        r = given.shares @ (given.levels * q / seen)
        next_den = 1 + given.psi_p * given.points_ratio * (r + given.v2 * q)
        if abs(next_q - q) < 1e-14 * abs(q) and abs(next_den - den) < 1e-14 * abs(den):
            return next_q
        q, den = (q + next_q) / 2, (den + next_den) / 2
    raise AssertionError("the iteration did not settle")


@pytest.mark.parametrize("case", CASES)
def test_published_equations_hold(case):
    given = problem(case)
    found = feature_transform(given, POINTS)
    for z, q, u, y in zip(POINTS, found.q, found.u, found.y, strict=True):
        residuals = published(given, z, q, u * y / (1 + u * given.b2))
        assert np.abs(residuals).max() < 1e-11 * max(1, abs(1 / q))


@pytest.mark.parametrize("case", CASES)
def test_an_iteration_agrees(case):
    given = problem(case)
    for z in POINTS:
        assert complex(feature_transform(given, z).q) == pytest.approx(by_iteration(given, z), rel=1e-8)


@pytest.mark.parametrize("psi", [0.5, 3.0])
def test_a_linear_activation_of_endless_points_is_marchenko_pastur(psi):
    t, lam = 0.4, 2.0
    given = random_features([lam], counts=[10], features=10 * psi, samples=inf, t=t, activation="linear")
    m = math.exp(-2 * t) * lam - math.expm1(-2 * t)
    for z in POINTS:
        # q = 1/(-z + m/(1 + psi m q))
        roots = np.roots([z * psi * m, z + psi * m - m, 1])
        assert complex(feature_transform(given, z).q) == pytest.approx(roots[np.argmax(roots.imag)], rel=1e-10)


def test_many_points_are_the_population():
    case = CASES[1]
    gaps = []
    for samples in (1e3, 1e5, 1e7):
        given = problem({**case, "samples": samples})
        endless = given.of_samples(inf)
        gaps.append(np.abs(feature_transform(given, POINTS).q / feature_transform(endless, POINTS).q - 1).max())
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-4


def test_many_features_are_the_kernel_of_the_points():
    """p to infinity: over psi_p, the eigenvalues above the floor are those of a matrix of the points alone."""
    rng = np.random.default_rng(0)
    d, n, psi = 300, 450, 1e5
    given = random_features([1.0, 3.0], counts=[150, 150], features=psi * d, samples=n, t=0.2)
    levels = np.repeat(given.levels, 150)
    X = np.sqrt(levels)[:, None] * rng.standard_normal((d, n)) / math.sqrt(n)
    of_points = math.sqrt(given.v2 * d / n) * np.eye(n)
    # Columns of W, and of Omega/sqrt d, are orthogonal, of the square psi_p.
    joint = np.block([[X, math.sqrt(given.b2) * np.eye(d)], [of_points, np.zeros((n, d))]])
    eigenvalues = np.linalg.eigvalsh(joint @ joint.T)
    for z in (0.3 + 0.1j, 2 + 0.5j):
        q = complex(feature_transform(given, given.floor + z * psi).q) * psi**2 + (psi - 1 - n / d) / z
        assert q == pytest.approx((1 + n / d) * np.mean(1 / (eigenvalues - z)), rel=0.01)


@settings(max_examples=40, deadline=None)
@drawn(
    st.lists(st.floats(1e-3, 50.0), min_size=1, max_size=6),
    st.floats(0.05, 50.0),
    st.floats(0.05, 1e3),
    st.floats(0.01, 2.0),
    st.floats(1e-3, 30.0),
    st.floats(1e-6, 1.0),
)
def test_it_is_the_transform_of_a_positive_measure(eigenvalues, psi_p, psi_n, t, x, height):
    d = 100.0
    given = random_features(
        eigenvalues,
        counts=[d / len(eigenvalues)] * len(eigenvalues),
        features=psi_p * d,
        samples=max(psi_n * d, 1),
        t=t,
    )
    z = x * (1 + 1j * height)
    q = complex(feature_transform(given, z).q)
    assert 0 < q.imag <= (1 + 1e-9) / z.imag
    assert (z * q).imag >= -1e-9 * abs(z * q)
    assert abs(q) <= (1 + 1e-9) / z.imag


def test_bad_input_is_refused():
    good = {"features": 10.0, "samples": 20.0, "t": 0.1}
    for change, words in (
        ({"features": 0.5}, "number of features, p.*at least 1, got 0.5"),
        ({"samples": 0}, "number of training points, n.*at least 1, got 0"),
        ({"features": inf}, "number of features, p"),
        ({"t": 0.0}, "Ornstein-Uhlenbeck time"),
        ({"counts": [1.0, 2.0]}, "one of counts for each"),
        ({"counts": [-1.0]}, "counts must be positive"),
    ):
        with pytest.raises(ValueError, match=words):
            random_features([1.0], **{**good, **change})
    for values in ([-1.0, 2.0], [0.0, 0.0], [math.nan], [inf]):
        with pytest.raises(ValueError, match="must be finite and not negative, and one positive"):
            random_features(values, **good)
    with pytest.raises(ValueError, match="not below the real axis"):
        feature_transform(random_features([1.0], **good), 1 - 1j)
