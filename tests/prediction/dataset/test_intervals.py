"""Crossings and their intervals for curves whose roots are known: straight lines and parabolas in log t."""

import numpy as np
import pytest

from regimes.prediction.dataset.intervals import crossing

T = np.geomspace(0.2, 5, 60)


def test_error_of_known_roots_has_students_factor():
    """Five roots: their jackknife error is sqrt(4/5 of the sum of squares), and t(4) is 2.7764 at 97.5% (any table)."""
    roots = np.array([1.0, 1.1, 0.9, 1.05, 0.95])
    found = crossing(T, np.log(T / 1.02), np.zeros(60), np.log(T / roots[:, None]), 0.0, "a line")
    half = 2.7764451 * np.sqrt(0.8 * 0.025)
    assert found.time == pytest.approx(1.02, rel=1e-9)
    assert found.interval == pytest.approx((1.02 - half, 1.02 + half), rel=1e-7)


def test_the_last_crossing_counts_in_every_group():
    """Parabolas that cross twice: the first root is the same, the last one moves."""
    last = np.array([2.0, 2.1, 1.9, 2.05, 1.95])
    curves = np.log(T / 0.5) * np.log(T / last[:, None])
    found = crossing(T, np.log(T / 0.5) * np.log(T / 2), np.zeros(60), curves, 0.0, "a parabola")
    assert found.time == pytest.approx(2, rel=1e-9)
    assert found.interval[1] - found.time == pytest.approx(2.7764451 * np.sqrt(0.8 * 0.025), rel=1e-6)


def test_error_over_probes_is_carried_by_the_slope_in_time():
    """The slope of 3 log(t/0.8) is 3/0.8 at the root."""
    found = crossing(T, 3 * np.log(T / 0.8), 0.01 * T, None, 0.0, "a line")
    half = 1.959964 * 0.01 * 0.8 / (3 / 0.8)
    assert found.covers == "probes"
    assert found.interval[1] - found.interval[0] == pytest.approx(2 * half, rel=0.01)
