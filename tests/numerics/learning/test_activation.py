"""Moments of activations: against closed forms, multiple precision, and a rule that knows no closed form."""

import math

import mpmath
import numpy as np
import pytest

from regimes.numerics.learning.activation import ACTIVATIONS, activation_moments


def sizes(t, variance):
    noise = -math.expm1(-2 * t)
    return math.exp(-2 * t) * variance, noise


@pytest.mark.parametrize("t", [1e-3, 0.05, 1.0, 3.0])
@pytest.mark.parametrize("variance", [0.1, 1.0, 30.0])
def test_erf_is_the_arcsine_law(t, variance):
    of_data, noise = sizes(t, variance)
    total = of_data + noise
    found = activation_moments("erf", t, variance)
    with mpmath.workdps(40):
        product = [2 / mpmath.pi * mpmath.asin(2 * mpmath.mpf(c) / (1 + 2 * total)) for c in (of_data, total)]
        slope = 2 / mpmath.sqrt(mpmath.pi * (1 + 2 * mpmath.mpf(total)))
        shared = product[0] - slope**2 * of_data
        own = product[1] - product[0] - slope**2 * noise
    assert found.slope == pytest.approx(float(slope), rel=1e-12)
    assert found.shared == pytest.approx(float(shared), rel=1e-8, abs=1e-17)
    assert found.own == pytest.approx(float(own), rel=1e-8)


@pytest.mark.parametrize(("name", "function"), [("tanh", mpmath.tanh), ("sin", mpmath.sin)])
def test_parts_add_up_to_the_mean_square(name, function):
    t, variance = 0.05, 2.0
    of_data, noise = sizes(t, variance)
    found = activation_moments(name, t, variance)
    width = mpmath.sqrt(of_data + noise)

    def mean(f):
        return float(mpmath.quad(lambda g: f(width * g) * mpmath.npdf(g), [-12, -4, 0, 4, 12]))

    assert found.slope == pytest.approx(mean(lambda y: function(y) * y) / float(width) ** 2, rel=1e-12)
    whole = found.mean**2 + found.slope**2 * (of_data + noise) + found.shared + found.own
    assert whole == pytest.approx(mean(lambda y: function(y) ** 2), rel=1e-12)


def test_relu_is_what_a_fine_grid_says():
    of_data, noise = sizes(0.5, 9.0)
    x, z = np.arange(-9.5, 9.5, 0.004), np.arange(-9.5, 9.5, 0.02)
    over_x, over_z = np.exp(-(x**2) / 2) * 0.004 / math.sqrt(2 * math.pi), np.exp(-(z**2) / 2)
    over_z /= over_z.sum()
    values = np.maximum(math.sqrt(of_data) * x[:, None] + math.sqrt(noise) * z, 0)
    given_x = values @ over_z
    mean = over_x @ given_x
    shared = over_x @ (given_x - mean - 0.5 * math.sqrt(of_data) * x) ** 2
    own = over_x @ (values**2 @ over_z - given_x**2) - noise / 4
    found = activation_moments("relu", 0.5, 9.0)
    assert (found.mean, found.slope) == pytest.approx((mean, 0.5), rel=1e-6)
    assert (found.shared, found.own) == pytest.approx((shared, own), rel=1e-6)


def test_even_activations_have_no_line():
    assert activation_moments(np.cos, 0.3, 1.0).slope == 0.0


def test_what_has_no_moments_is_refused():
    with pytest.raises(ValueError, match="activation must be one of tanh, erf"):
        activation_moments("swish2", 0.1, 1.0)
    with pytest.raises(ValueError, match="must be smooth, with moments that a quadrature finds"):
        activation_moments(np.sign, 0.1, 1.0)
    with pytest.raises(ValueError, match="must give a finite number for each number"):
        activation_moments(lambda y: np.exp(y**4), 0.1, 1.0)
    with pytest.raises(ValueError, match="got shape"):
        activation_moments(lambda y: 1.0, 0.1, 1.0)
    for t, variance in ((0.0, 1.0), (-1.0, 1.0), (math.inf, 1.0), (0.1, 0.0), (0.1, math.nan)):
        with pytest.raises(ValueError, match="must be positive and finite"):
            activation_moments("tanh", t, variance)
    with pytest.raises(ValueError, match="scale the data"):
        activation_moments("tanh", 0.1, 1e9)
    assert {activation_moments(name, 0.1, 1.0).own >= 0 for name in ACTIVATIONS} == {True}
