"""Roots and crossings."""

import numpy as np
import pytest
from scipy.optimize import brentq

from regimes.numerics.estimation import roots
from regimes.numerics.estimation.roots import bracketed_root, curve_crossings
from regimes.numerics.interface.errors import NotConverged


def test_root_and_ends():
    assert bracketed_root(np.cos, 1.0, 2.0) == pytest.approx(np.pi / 2, abs=1e-12)
    assert bracketed_root(lambda x: x, 0.0, 1.0) == 0.0
    assert bracketed_root(lambda x: x - 1, 0.0, 1.0) == 1.0


@pytest.mark.parametrize("tolerance", [1e-13, 1e-9, 1e-4])
def test_every_step_is_that_of_scipy(tolerance):
    """The same points are asked for, in the same order, to the last bit: 2000 curves, smooth, stepped and flat."""
    rng = np.random.default_rng(0)
    for curve in range(2000):
        a, b, c = rng.normal(size=3) * 10.0 ** rng.integers(-3, 3, 3)
        functions = (
            lambda x, a=a, b=b, c=c: a * x**3 + b * x + c,
            lambda x, a=a, b=b, c=c: np.tanh(a * (x - c)) + 0.3 * b,
            lambda x, a=a, b=b, c=c: np.exp(min(a * x, 300.0)) - abs(b) - 1.1,
            lambda x, a=a, b=b, c=c: np.sign(x - c) * abs(x - c) ** 0.2 + 1e-3 * a,
            lambda x, a=a, b=b, c=c: float(np.floor(b * x)) + 0.5 + c,
            lambda x, a=a, b=b, c=c: (x - c) ** 9,
        )
        function, low, high = functions[curve % 6], *np.sort(rng.normal(size=2) * 10).tolist()
        if not function(low) * function(high) < 0:
            continue
        options = {"xtol": tolerance, "rtol": max(tolerance, 1e-15), "maxiter": 200}
        assert asked(bracketed_root, function, low, high, tolerance=tolerance) == asked(
            brentq, function, low, high, **options
        )


def asked(solver, function, *arguments, **options):
    """The points at which a solver evaluates the function, and the root."""
    points = []

    def watched(x):
        points.append(x)
        return function(x)

    root = solver(watched, *arguments, **options)
    return [*points, root]


def test_a_function_that_is_not_a_number_inside_the_bracket():
    with pytest.raises(ValueError, match=r"width: the function is not a number at 0\.5; narrow the bracket"):
        bracketed_root(lambda x: x - 0.5 if x in (0.0, 1.0) else np.nan, 0.0, 1.0, what="width")


def test_no_change_of_sign():
    with pytest.raises(
        ValueError, match=r"overlap: the bracket must hold a change of sign, got 1 at 0 and 2 at 1; widen"
    ):
        bracketed_root(lambda x: 1 + x, 0.0, 1.0, what="overlap")


def test_not_converged(monkeypatch):
    monkeypatch.setattr(roots, "_ITERATIONS", 2)
    with pytest.raises(
        NotConverged, match="not converged after 2 iterations, residual .*; narrow the bracket"
    ) as caught:
        bracketed_root(lambda x: x**3 - 0.123, 0.0, 10.0)
    assert caught.value.iterations == 2
    assert caught.value.residual > 0


def test_crossings_of_a_smooth_curve_are_better_than_the_grid():
    t = np.geomspace(0.02, 3, 72)
    found = curve_crossings(t, np.tanh(3 * np.log(t)), 0.3)
    assert found.tolist() == pytest.approx([np.exp(np.arctanh(0.3) / 3)], rel=1e-5)


def test_all_crossings_in_order_and_none():
    t = np.geomspace(1, 100, 400)
    found = curve_crossings(t, np.sin(np.log(t) * 3), 0.0)
    assert found.tolist() == pytest.approx(np.exp(np.pi * np.arange(1, 5) / 3), rel=1e-6)
    assert curve_crossings(t, np.ones(400), 0.5).size == 0


def test_a_knot_on_the_level_is_a_crossing():
    t = np.geomspace(0.1, 10, 41)
    for i in (5, 20, 35, 40):
        curve = np.log(t) ** 3 + np.log(t)
        assert curve_crossings(t, curve, curve[i]) == pytest.approx([t[i]], rel=1e-9)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="must be 1-d of the same length"):
        curve_crossings([1, 2, 3], [1, 2], 0.0)
