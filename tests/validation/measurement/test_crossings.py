"""Crossings of measured curves: their place, their error, and what is said where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import expit

torch = pytest.importorskip("torch")

from regimes.numerics.speciation.clone_probability import clone_probability  # noqa: E402
from regimes.validation.measurement.crossings import measured_crossing  # noqa: E402

TIMES = np.array([0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5])


def curve(t, at=1.0, slope=4.0):
    return expit(-slope * np.log(np.asarray(t) / at))


def draws(values, pairs, size=200, seed=0):
    return np.random.default_rng(seed).binomial(pairs, values, size=(size, values.size)) / pairs


@pytest.mark.parametrize("at", [0.75, 0.95, 1.0, 1.3])
def test_a_smooth_curve_crosses_where_it_does(at):
    values = curve(TIMES, at)
    assert measured_crossing(TIMES, values, 0.5, draws(values, 1000)).time == pytest.approx(at, rel=3e-3)


@pytest.mark.parametrize("pairs", [2_000, 20_000])
def test_the_error_is_that_of_repeated_measurements(pairs):
    rng = np.random.default_rng(1)
    found = []
    for seed in range(40):
        values = rng.binomial(pairs, curve(TIMES)) / pairs
        found.append(measured_crossing(TIMES, values, 0.5, draws(values, pairs, 50, seed)))
    times, errors = np.array([each.time for each in found]), np.array([each.se for each in found])
    # The deviation of 40 measurements is known to 1/sqrt(78), and that of a mean to 1/sqrt(40).
    assert abs(np.log(errors.mean() / times.std(ddof=1))) < 4 / np.sqrt(78)
    assert abs(times.mean() - 1) < 4 * times.std(ddof=1) / np.sqrt(40)


@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=12), st.floats(0.05, 0.95))
def test_a_crossing_lies_between_the_values_around_it(values, level):
    falling = np.array(sorted(values, reverse=True))
    t = np.linspace(0.3, 2.0, falling.size)
    found = measured_crossing(t, falling, level, np.stack([falling, falling])).time
    if not falling[0] > level > falling[-1]:
        assert found is None
        return
    assert t[falling > level].max() <= found * (1 + 1e-12)
    assert found <= t[falling < level].min() * (1 + 1e-12)


def test_noise_adds_no_crossing():
    values = np.array([1.0, 0.9, 0.55, 0.45, 0.55, 0.45, 0.1, 0.0])
    found = measured_crossing(TIMES, values, 0.5, draws(values, 1000))
    assert 0.8 <= found.time <= 1.1
    assert found.se > 0


@pytest.mark.parametrize(("level", "side"), [(0.01, "above"), (0.99, "below")])
def test_a_curve_on_one_side_has_a_reason(level, side):
    values = curve(TIMES)
    found = measured_crossing(TIMES, values, level, draws(values, 100), what="phi")
    assert found.time is None
    assert found.se is None
    assert found.reason.startswith(f"phi stays {side} {level} for t from 0.5 to 1.5 (it goes from 0.941 to 0.165)")


def test_a_crossing_at_the_edge_has_no_error():
    values = curve(TIMES, at=1.48)
    found = measured_crossing(TIMES, values, 0.5, draws(values, 50))
    assert found.time == pytest.approx(1.48, rel=1e-2)
    assert found.se is None
    assert "near an end of the times" in found.reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 1.0], [1.0, 0.0], 0.5, np.zeros((2, 2))), "at least 3 increasing times"),
        (([1.0, 0.5, 2.0], np.zeros(3), 0.5, np.zeros((2, 3))), "at least 3 increasing times"),
        ((TIMES, np.zeros(7), 0.5, np.zeros((2, 8))), r"values must have shape \(8,\)"),
        ((TIMES, np.zeros(8), 0.5, np.zeros((1, 8))), "B >= 2"),
        ((TIMES, np.full(8, np.nan), 0.5, np.zeros((2, 8))), "must be finite"),
    ],
)
def test_wrong_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=f"measured_crossing: .*{message}"):
        measured_crossing(*arguments)


def test_all_times_tell_the_crossing():
    """The curve is fitted to all of them, and lies nearer than an interpolation between the two next to the level."""
    rng, pairs = np.random.default_rng(4), 600
    times = np.array([0.3, 0.5, 0.65, 0.8, 0.9, 1.0, 1.15, 1.35, 1.6])
    true = curve(times, slope=2.5)
    fitted, interpolated = [], []
    for seed in range(60):
        values = rng.binomial(pairs, true) / pairs
        fitted.append(measured_crossing(times, values, 0.5, draws(values, pairs, 30, seed)).time)
        falling = np.minimum.accumulate(values)
        interpolated.append(np.interp(-0.5, -falling, times))
    assert np.std(fitted) < 0.75 * np.std(interpolated)


def test_a_curve_that_no_fit_describes_is_interpolated():
    """A plateau above the level, then a steep fall, of a model that has learned one of its classes badly."""
    t = np.linspace(0.5, 1.5, 11)
    values = np.array([0.98, 0.75, 0.72, 0.72, 0.72, 0.72, 0.72, 0.7, 0.5, 0.2, 0.05])
    found = measured_crossing(t, values, 0.6, draws(values, 10_000))
    assert found.time == pytest.approx(np.exp(PchipInterpolator(np.log(t), values).solve(0.6, extrapolate=False)[0]))
    assert 0 < found.se < 0.01


def test_a_fall_between_two_times_tells_no_error():
    values = np.where(TIMES < 0.95, 0.99, 0.01)
    found = measured_crossing(TIMES, values, 0.5, draws(values, 1000))
    assert 0.9 < found.time < 1.0
    assert found.se is None
    assert "measure at times in between" in found.reason


def test_a_level_that_is_never_passed_is_not_passed_by_the_fit_alone():
    values = np.array([0.98, 0.9, 0.8, 0.7, 0.62, 0.58, 0.57, 0.57])
    assert measured_crossing(TIMES, values, 0.55, draws(values, 300)).time is None


@pytest.mark.parametrize("pairs", [600, 10_000])
def test_curves_of_other_shapes_are_met_without_bias(pairs):
    """The clone probability of two Gaussian classes, normalised, is no logistic curve in log t."""
    t = np.array([0.3, 0.5, 0.65, 0.8, 0.9, 1.0, 1.15, 1.35, 1.6])

    def phi(t):
        return 2 * clone_probability(2.5 * np.exp(-2 * t) / (1 - np.exp(-2 * t) + 0.3 * np.exp(-2 * t))) - 1

    true = brentq(lambda t: float(phi(t)) - 0.5504, 0.2, 2.0)
    rng, found = np.random.default_rng(pairs), []
    for seed in range(40):
        share = rng.binomial(pairs, (1 + phi(t)) / 2) / pairs
        found.append(measured_crossing(t, 2 * share - 1, 0.5504, 2 * draws(share, pairs, 60, seed) - 1))
    z = np.array([(each.time - true) / each.se for each in found])
    assert abs(z.mean()) < 4 / np.sqrt(40)
    assert np.mean(z**2) < 1 + 4 * np.sqrt(2 / 40)
