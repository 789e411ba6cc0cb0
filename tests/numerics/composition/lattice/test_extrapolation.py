"""Thresholds of infinite grids against the literature, and their fit against made-up sizes."""

import math
import re

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from regimes.numerics.composition.lattice.extrapolation import extrapolated_threshold
from regimes.numerics.composition.lattice.finite_size import fit_shift, fit_width
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, disc_neighbourhood
from regimes.numerics.interface.result import plain

SQUARE, EIGHT = disc_neighbourhood(1), disc_neighbourhood(2**0.5)
# Site percolation of the square lattice with 4 and 8 neighbours: matching lattices, so the sum is 1 (newman2001).
KNOWN = {1.0: 0.59274605, 2**0.5: 0.40725395}
# Simulated before this code was written, to .001.
TABLE = {
    2.0: 0.2889,
    5**0.5: 0.1972,
    8**0.5: 0.1647,
    10**0.5: 0.1157,
    4.0: 0.0877,
    5.0: 0.0541,
    6.0: 0.0393,
    8.0: 0.0227,
}
SIZES = np.array([64, 128, 256, 512])


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("radius", KNOWN)
def test_nearest_and_eight_neighbours(radius, periodic):
    found = extrapolated_threshold(disc_neighbourhood(radius), sizes=(16, 32, 64), runs=250, periodic=periodic, rng=1)
    assert abs(found.threshold - KNOWN[radius]) < 3 * found.threshold_se
    assert found.threshold_se < 0.003
    assert found.degrees == 0
    assert found.level == (0.52105829 if periodic else 0.5)


@pytest.mark.long
@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("radius", KNOWN)
def test_known_thresholds_to_a_ten_thousandth(radius, periodic):
    found = extrapolated_threshold(disc_neighbourhood(radius), runs=2500 if periodic else 4000, periodic=periodic)
    assert abs(found.threshold - KNOWN[radius]) < 2 * found.threshold_se
    assert found.threshold_se < 1e-4
    assert found.chi_square < 10
    assert abs(found.width_exponent - 0.75) < 0.02


@pytest.mark.long
@pytest.mark.parametrize("radius", TABLE)
def test_thresholds_of_longer_reach(radius):
    on_torus, open_edges = (
        extrapolated_threshold(disc_neighbourhood(radius), sizes=(128, 256, 512), runs=400, periodic=periodic)
        for periodic in (True, False)
    )
    assert abs(on_torus.threshold - TABLE[radius]) < 0.001
    difference = on_torus.threshold - open_edges.threshold
    assert abs(difference) < 3 * np.hypot(on_torus.threshold_se, open_edges.threshold_se)


def test_neighbourhoods_that_treat_axes_differently_are_read_at_the_median():
    stretched = disc_neighbourhood(2, steps=(1, 2))
    found = extrapolated_threshold(stretched, sizes=(24, 48), runs=100)
    assert found.level == 0.5
    assert found.assumes[1] == "shift exponent in (0.75, 0.75)"
    assert 0.3 < found.threshold < 0.6
    pairs = Neighbourhood([[0, 1], [0, -1], [2, 0], [-2, 0], [1, 0], [-1, 0]])
    assert extrapolated_threshold(pairs, sizes=(12, 24), runs=20).level == 0.5
    # Bonds with knight's moves of one hand: alike under exchange of the axes, but not under reflection.
    turned = Neighbourhood([[1, 2], [-1, -2], [2, 1], [-2, -1], [0, 1], [0, -1], [1, 0], [-1, 0]])
    assert extrapolated_threshold(turned, sizes=(12, 24), runs=20).level == 0.5


TRIANGULAR = Neighbourhood([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]])


@pytest.mark.parametrize("periodic", [True, False])
def test_the_triangular_lattice_percolates_at_one_half(periodic):
    """Exactly (sykes1964); its axes are not alike, so that the shift has the exponent 3/4, open edges too."""
    found = extrapolated_threshold(TRIANGULAR, sizes=(16, 32, 64, 128), runs=100, periodic=periodic, rng=2)
    assert found.level == 0.5
    assert found.shift_exponent == pytest.approx(0.75)
    assert found.assumes[1] == "shift exponent in (0.75, 0.75)"
    assert abs(found.threshold - 0.5) < 3 * found.threshold_se
    assert found.threshold_se < 0.003


def test_threads_change_nothing_and_progress_counts():
    calls = []
    options = {"sizes": (16, 32), "runs": 8, "rng": 3}
    one = extrapolated_threshold(EIGHT, threads=1, progress=lambda done, runs: calls.append((done, runs)), **options)
    many = extrapolated_threshold(EIGHT, threads=3, **options)
    assert calls == sorted(calls)
    assert calls[-1] == (40, 40)
    assert len(calls) > 4
    assert plain(one) == plain(many)
    assert one.runs.tolist() == [32, 8]


@pytest.mark.parametrize(("shift", "exponent"), [(0.4, 1.75), (0.0, 1.75), (-0.1, 1.2), (3.0, 2.2)])
def test_the_shift_fit_covers(shift, exponent):
    """Over made-up sizes with known threshold, the error is honest: the exponent's part included."""
    rng = np.random.default_rng(5)
    errors = np.array([1e-4, 1.2e-4, 1.5e-4, 2e-4])
    z = []
    for _ in range(120):
        values = 0.3 + shift * SIZES**-exponent + errors * rng.normal(size=4)
        found = fit_shift(SIZES, values, errors, (1.0, 2.5))
        z.append((found["threshold"] - 0.3) / found["threshold_se"])
        assert found["degrees"] == 1
    assert np.mean(np.abs(z) < 2) > 0.9
    assert abs(np.mean(z)) < 0.8


def test_the_error_holds_what_the_exponent_leaves_open():
    """Straight lines in N^-x by numpy, each as likely as exp(-chi^2/2): mean and deviation of the mixture."""
    errors = np.array([1e-3, 1.2e-3, 1.5e-3, 2e-3])
    values = 0.3 + 5 * SIZES**-1.4 + errors * [0.8, -1.1, 0.9, 0.4]
    rows = []
    for x in np.linspace(1.0, 2.5, 61):
        line, covariance = np.polyfit(SIZES**-x, values, 1, w=1 / errors, cov="unscaled")
        chi_square = np.sum(((values - np.polyval(line, SIZES**-x)) / errors) ** 2)
        rows.append((line[1], covariance[1, 1], math.exp(-chi_square / 2)))
    place, variance, likelihood = np.array(rows).T
    share = likelihood / likelihood.sum()
    assert share.max() > 2 * share.min()  # the data do tell exponents apart
    grid = np.linspace(0.25, 0.35, 20_001)
    density = sum(p * norm.pdf(grid, m, math.sqrt(v)) for p, m, v in zip(share, place, variance, strict=True))
    mean = trapezoid(density * grid, grid)
    deviation = math.sqrt(trapezoid(density * (grid - mean) ** 2, grid))
    assert deviation > 1.05 * math.sqrt(share @ variance)
    found = fit_shift(SIZES, values, errors, (1.0, 2.5))
    assert found["threshold"] == pytest.approx(mean, rel=1e-9)
    assert found["threshold_se"] == pytest.approx(deviation, rel=1e-6)


def test_a_resolved_exponent_is_found():
    values = 0.3 + 5 * SIZES**-1.4
    found = fit_shift(SIZES, values, np.full(4, 1e-6), (1.0, 2.5))
    assert abs(found["shift_exponent"] - 1.4) < 0.01
    assert abs(found["threshold"] - 0.3) < 1e-5
    assert found["shift"] == pytest.approx(5, rel=0.02)


def test_the_width_fit():
    widths = 0.4 * SIZES**-0.75
    found = fit_width(SIZES, widths, 0.01 * widths)
    assert found["width_amplitude"] == pytest.approx(0.4)
    assert found["width_exponent"] == pytest.approx(0.75)
    assert found["width_chi_square"] == pytest.approx(0, abs=1e-12)
    # Slope of a line through equal errors e of the logarithms: e / sqrt(sum of squared deviations).
    deviations = np.log(SIZES) - np.log(SIZES).mean()
    assert found["width_exponent_se"] == pytest.approx(0.01 / np.sqrt((deviations**2).sum()))


@pytest.mark.parametrize(
    ("neighbourhood", "options", "text"),
    [
        (
            disc_neighbourhood(1, steps=(1.0,)),
            {},
            "the exponents are those of the plane, got a neighbourhood with 1 dim",
        ),
        (SQUARE, {"sizes": (64,)}, "sizes (points along an axis) must be two or more, increasing, got [64]"),
        (SQUARE, {"sizes": (64, 32)}, "must be two or more, increasing, got [64, 32]"),
        (SQUARE, {"runs": 1}, "runs (orders on the largest grid) must be at least 8, got 1"),
        (disc_neighbourhood(9), {"sizes": (16, 64)}, "a reach of 9 steps, on 16 points along axis 0"),
        (disc_neighbourhood(1, steps=(2, 1)), {"sizes": (8, 16), "runs": 8}, "a cluster must be able to span"),
        (SQUARE, {"memory": 1000}, "one run on 262144 grid points would take"),
        (
            Neighbourhood([[1, 1], [-1, -1], [1, -1], [-1, 1]]),
            {},
            "must connect the whole grid, got Neighbourhood(z=4, dimensions=2, steps=(1.0, 1.0)), which connects only "
            "every 2nd point; take its offsets in steps from one such point to the next",
        ),
        (Neighbourhood([[0, 2], [0, -2], [2, 0], [-2, 0]]), {}, "connects only every 4th point; take"),
        ("square", {}, "neighbourhood must be a Neighbourhood, got str"),
    ],
)
def test_wrong_input_is_refused(neighbourhood, options, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        extrapolated_threshold(neighbourhood, **options)
