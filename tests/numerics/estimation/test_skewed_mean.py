"""One-sided limits of the mean of skewed draws."""

import numpy as np
import pytest
from scipy.stats import t as student

from regimes.numerics.estimation.skewed_mean import errors_below


@pytest.mark.parametrize("n", [40, 400])
def test_limits_of_draws_with_a_tail_downwards_fail_less_often(n):
    """Plain normal limits fail on 6.6 and 3.8% of such draws, where 2.5% are asked for: over half of it goes."""
    draws = -np.random.default_rng(0).exponential(size=(n, 20000))
    mean, error = draws.mean(axis=0), draws.std(axis=0, ddof=1) / np.sqrt(n)
    plain, corrected = (np.mean(mean - k * error > -1) - 0.025 for k in (1.959964, errors_below(draws, 0.975)))
    assert plain > 0.007
    assert corrected < 0.5 * plain


def test_without_skewness_it_is_students_factor():
    even = np.tile([[-1.0], [1.0]], (20, 1))
    assert errors_below(even, 0.975)[0] == pytest.approx(student.ppf(0.975, 39), rel=2e-3)


def test_a_tail_upwards_narrows_nothing():
    draws = np.random.default_rng(1).exponential(size=(40, 5))
    assert (errors_below(draws, 0.975) >= 1.96).all()
