"""Collapse from parameters."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import Collapse, Mixture, predict_collapse
from regimes.numerics.collapse.finite_size import (
    collapse_time,
    collapse_time_with_classes,
    finite_size_collapse_time,
)


@pytest.mark.parametrize(("d", "t_C"), [(256, 1.299), (1024, 1.978), (4096, 2.667)])
def test_published_collapse_times(d, t_C):
    assert collapse_time(Mixture(d, 0, 1, 20000)) == pytest.approx(t_C, abs=5e-4)  # biroli2024, figure 3


def test_class_information_that_the_paper_omits():
    result = predict_collapse(Mixture(256, 1, 1, 20000), t=[2.12])
    assert float(result.curves["excess_entropy"][0]) == pytest.approx(0.8124, abs=5e-5)
    assert float(result.curves["excess_entropy_with_classes"][0]) == pytest.approx(0.7497, abs=5e-5)
    assert result["collapse.time_with_classes"].value == pytest.approx(1.334, abs=5e-4)


@given(st.floats(1, 1e6), st.floats(1.01, 1e12), st.floats(1e-3, 1e3))
def test_n_star_at_the_collapse_time_is_n(d, n, sigma):
    one = Mixture(d, 0, sigma, n)
    t_C = collapse_time(one)
    if not 1e-12 < t_C < 300:
        return
    curves = predict_collapse(one, t=[t_C]).curves
    assert float(curves["log_n_star"][0]) == pytest.approx(np.log(n), rel=1e-9)
    assert float(curves["excess_entropy"][0]) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(2, 1e5), st.floats(2.5, 1e9), st.floats(0.05, 20), st.floats(0.01, 20))
def test_class_information_delays_collapse_by_at_most_half_the_points(d, n, sigma, mu):
    mixture = Mixture(d, mu, sigma, n)
    own, later = collapse_time(mixture), collapse_time(mixture.with_points(n / 2))
    assert own * (1 - 1e-9) <= collapse_time_with_classes(mixture) <= later * (1 + 1e-9)


def leave_one_out_zero(d, n, draws, seed):
    """Zero of the leave-one-out excess entropy of isotropic Gaussian points, by brute force in d dimensions."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0.6, 1.6, 41) * collapse_time(Mixture(d, 0, 1, n))
    snr = np.exp(-2 * t) / -np.expm1(-2 * t)
    points = rng.standard_normal((n, d))
    squares = (points**2).sum(axis=1)
    total = np.zeros(t.size)
    for own in rng.choice(n, size=draws, replace=False):
        z = rng.standard_normal(d)
        distance = squares + squares[own] - 2 * points @ points[own]
        overlap = (points[own] - points) @ z
        for sign in (1, -1):
            exponents = -snr[:, None] / 2 * distance - sign * np.sqrt(snr)[:, None] * overlap
            exponents[:, own] = -np.inf
            peak = exponents.max(axis=1)
            total += peak + np.log(np.exp(exponents - peak[:, None]).sum(axis=1))
    excess = np.log(n) - np.log(n - 1) + total / (2 * draws)
    return float(np.interp(0.0, excess, t))


@pytest.mark.parametrize(("d", "low", "high"), [(64, 0.04, 0.06), (256, 0.015, 0.035)])
def test_finite_size_shift_is_the_condensation_gap(d, low, high):
    """The leave-one-out zero of data lies above the closed form by the predicted few per cent."""
    n, one = 2000, Mixture(d, 0, 1, 2000)
    closed = collapse_time(one)
    roots = np.array([leave_one_out_zero(d, n, 200, seed) for seed in range(6)]) / closed - 1
    predicted = finite_size_collapse_time(one) / closed - 1
    assert low < roots.mean() < high
    assert low < predicted < high
    # The prediction is asymptotic in d: what it leaves unexplained is less than half of the shift.
    assert abs(roots.mean() - predicted) < 0.5 * roots.mean()


def test_finite_size_shift_vanishes_with_dimension():
    mixtures = [Mixture(d, 0, 1, 2000) for d in (16, 64, 256, 1024, 4096)]
    shifts = [finite_size_collapse_time(each) / collapse_time(each) - 1 for each in mixtures]
    assert np.all(np.diff(shifts) < 0)
    assert 0.10 < shifts[0] < 0.13  # measured on isotropic Gaussian data


def test_finite_size_of_a_mixture_counts_the_class():
    """Measured by brute force on mixtures of 2000 points, mu = sigma = 1: 0.8590(12) and 1.5143(4)."""
    for d, measured in ((64, 0.8590), (256, 1.5143)):
        result = predict_collapse(Mixture(d, 1, 1, 2000))
        keys = ("time_closed_form", "time_with_classes", "leave_one_out_zero")
        closed, with_classes, zero = (result[f"collapse.{key}"].value for key in keys)
        assert zero == pytest.approx(measured, rel=0.002)
        assert zero > with_classes > closed


def test_too_small_for_the_finite_size_argument():
    small = Mixture(1, 0, 1, 100)
    found = predict_collapse(small)["collapse.leave_one_out_zero"]
    assert found.value is None
    assert "too small for an argument about large d" in found.reason
    with pytest.raises(ValueError, match="too small for an argument about large d"):
        finite_size_collapse_time(small)
    with pytest.raises(ValueError, match=r"n .* must be at least 8, got 5"):
        finite_size_collapse_time(Mixture(64, 1, 1, 5))


def test_a_mixture_without_points_does_not_collapse():
    with pytest.raises(ValueError, match=r"the mixture needs n, the number of training points; give Mixture\(d, mu"):
        predict_collapse(Mixture(16, 0, 1))


def test_extremes_stay_finite():
    for d, n, sigma in [(1, 2, 1e-3), (1e6, 2, 1e3), (2, 1e300, 1), (3072, 50000, 0.5)]:
        result = predict_collapse(Mixture(d, 0.3, sigma, n))
        assert np.all(np.isfinite(result.curves["excess_entropy"]))
        assert np.isfinite(result["collapse.time_closed_form"].value)
        assert result["collapse.time_with_classes"].value is not None


def test_each_number_names_its_formulas_and_can_be_stored():
    result = predict_collapse(Mixture(256, 1, 1, 20000))
    used = {key.partition(".")[2]: set(each.formulas) for key, each in result.numbers.items()}
    assert used["time_closed_form"] == {"collapse_time"}
    assert {"excess_entropy_corrected", "mixture_kappa", "collapse_time"} <= used["time_with_classes"]
    finite = {"collapse_width", "collapse_margin_ratio", "collapse_gap_integrand", "isotropic_information"}
    assert finite <= used["leave_one_out_zero"]
    for one in (result, predict_collapse(Mixture(16, 0, 1, 100))):
        assert Collapse.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    assert one["collapse.time_with_classes"].reason == "mu = 0: one Gaussian has no classes"
