"""Collapse from parameters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes import predict_collapse
from regimes.collapse import finite_size_collapse_time


@pytest.mark.parametrize(("d", "t_C"), [(256, 1.299), (1024, 1.978), (4096, 2.667)])
def test_published_collapse_times(d, t_C):
    assert predict_collapse(d, 20000, 1).t_C == pytest.approx(t_C, abs=5e-4)  # biroli2024, figure 3


def test_class_information_that_the_paper_omits():
    result = predict_collapse(256, 20000, 1, mu=1, t=[2.12])
    assert float(result.excess_entropy[0]) == pytest.approx(0.8124, abs=5e-5)
    assert result.excess_entropy_corrected is not None
    assert float(result.excess_entropy_corrected[0]) == pytest.approx(0.7497, abs=5e-5)
    assert result.t_C_corrected == pytest.approx(1.334, abs=5e-4)


@given(st.floats(1, 1e6), st.floats(1.01, 1e12), st.floats(1e-3, 1e3))
def test_n_star_at_the_collapse_time_is_n(d, n, sigma):
    t_C = predict_collapse(d, n, sigma).t_C
    if not 1e-12 < t_C < 300:
        return
    result = predict_collapse(d, n, sigma, t=[t_C])
    assert float(result.log_n_star[0]) == pytest.approx(np.log(n), rel=1e-9)
    assert float(result.excess_entropy[0]) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(2, 1e5), st.floats(2.5, 1e9), st.floats(0.05, 20), st.floats(0.01, 20))
def test_class_information_delays_collapse_by_at_most_half_the_points(d, n, sigma, mu):
    result = predict_collapse(d, n, sigma, mu=mu)
    later = predict_collapse(d, n / 2, sigma).t_C
    assert result.t_C_corrected is not None
    assert result.t_C * (1 - 1e-9) <= result.t_C_corrected <= later * (1 + 1e-9)


def leave_one_out_zero(d, n, draws, seed):
    """Zero of the leave-one-out excess entropy of isotropic Gaussian points, by brute force in d dimensions."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0.6, 1.6, 41) * predict_collapse(d, n, 1).t_C
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
    n, closed = 2000, predict_collapse(d, 2000, 1).t_C
    roots = np.array([leave_one_out_zero(d, n, 200, seed) for seed in range(6)]) / closed - 1
    predicted = finite_size_collapse_time(d, n, 1) / closed - 1
    assert low < roots.mean() < high
    assert low < predicted < high
    # The prediction is asymptotic in d: what it leaves unexplained is less than half of the shift.
    assert abs(roots.mean() - predicted) < 0.5 * roots.mean()


def test_finite_size_shift_vanishes_with_dimension():
    shifts = [
        finite_size_collapse_time(d, 2000, 1) / predict_collapse(d, 2000, 1).t_C - 1 for d in (16, 64, 256, 1024, 4096)
    ]
    assert np.all(np.diff(shifts) < 0)
    assert 0.10 < shifts[0] < 0.13  # measured on isotropic Gaussian data


def test_finite_size_of_a_mixture_counts_the_class():
    """Measured by brute force on mixtures of 2000 points, mu = sigma = 1: 0.8590(12) and 1.5143(4)."""
    for d, measured in ((64, 0.8590), (256, 1.5143)):
        result = predict_collapse(d, 2000, 1, mu=1)
        assert result.t_C_finite_size == pytest.approx(measured, rel=0.002)
        assert result.t_C_finite_size > result.t_C_corrected > result.t_C


def test_too_small_for_the_finite_size_argument():
    assert predict_collapse(1, 100, 1).t_C_finite_size is None
    with pytest.raises(ValueError, match="too small for an argument about large d"):
        finite_size_collapse_time(1, 100, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 100, 1), "d .* at least 1, got 0"),
        ((16, 1, 1), "n .* must exceed 1, got 1: one point is always collapsed"),
        ((16, -5, 1), "n .* must be positive and finite, got -5"),
        ((16, 100, 0), "sigma .* must be positive and finite, got 0"),
        ((16, 100, float("nan")), "sigma .* got nan"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        predict_collapse(*arguments)


def test_extremes_stay_finite():
    for arguments in [(1, 2, 1e-3), (1e6, 2, 1e3), (2, 1e300, 1), (3072, 50000, 0.5)]:
        result = predict_collapse(*arguments, mu=0.3)
        assert np.all(np.isfinite(result.excess_entropy))
        assert np.isfinite(result.t_C)
        assert result.t_C_corrected is not None


def test_to_dict_has_the_published_keys():
    plain = predict_collapse(16, 100, 1).to_dict()
    assert {"t_C", "t", "excess_entropy", "log_n_star"} <= set(plain)
    assert "t_C_corrected" not in plain
    assert {"t_C_corrected", "excess_entropy_corrected"} <= set(predict_collapse(16, 100, 1, mu=1).to_dict())
