"""The spline against scipy's, and polynomials that it must return."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from regimes.numerics.estimation.spline import Spline


@pytest.mark.parametrize("count", [2, 3, 4, 5, 60, 400])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_it_is_that_of_scipy(count, shape):
    rng = np.random.default_rng(count)
    x = np.cumsum(rng.uniform(0.01, 3, count))
    y = rng.normal(size=(count, *shape))
    own, other = Spline(x, y), CubicSpline(x, y)
    at = np.append(rng.uniform(x[0] - 0.1, x[-1] + 0.1, 50), x).reshape(-1, 1)
    for one, two in ((own, other), (own.antiderivative(), other.antiderivative())):
        expected = two(at)
        assert one(at).shape == expected.shape
        np.testing.assert_allclose(one(at), expected, rtol=0, atol=1e-13 * np.abs(expected).max())


def test_cubics_come_back():
    x = np.array([-1.0, 0.0, 0.5, 2.0, 2.1])
    spline = Spline(x, x**3 - x)
    assert float(spline(1.3)) == pytest.approx(1.3**3 - 1.3)
    assert float(spline.antiderivative()(3.0)) == pytest.approx((81 - 1) / 4 - (9 - 1) / 2)


@pytest.mark.parametrize(
    ("x", "y"), [([0.0], [1.0]), ([0.0, 0.0], [1.0, 2.0]), ([0.0, 1.0], [1.0]), ([[0.0, 1.0]], [1.0])]
)
def test_points_that_are_no_curve_are_refused(x, y):
    with pytest.raises(ValueError, match="Spline: x must be at least 2 numbers that increase"):
        Spline(x, y)


@pytest.mark.parametrize(("x", "y"), [([0.0, 1.0, np.inf], [0.0, 1.0, 2.0]), ([0.0, 1.0, 2.0], [0.0, np.nan, 2.0])])
def test_what_is_not_finite_is_refused_as_by_scipy(x, y):
    for spline in (Spline, CubicSpline):
        with pytest.raises(ValueError, match="finite"):
            spline(x, y)
