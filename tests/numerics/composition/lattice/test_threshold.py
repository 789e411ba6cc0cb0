"""Thresholds of infinite grids: the table, the fit, and what the results say about both."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest

from regimes.composition import (
    Neighbourhood,
    bump_neighbourhood,
    disc_neighbourhood,
    extrapolated_threshold,
    lattice_threshold,
)
from regimes.numerics.composition.lattice.disc_limit import disc_limit
from regimes.numerics.composition.lattice.threshold_table import LITERATURE, SQUARE_LATTICE

SHELLS = sorted({i * i + j * j for i in range(11) for j in range(11)} - {0})


def disc(squared):
    return disc_neighbourhood(math.sqrt(squared))


@pytest.mark.parametrize(
    ("squared", "value"),
    [
        (1, 0.5929),
        (2, 0.4068),
        (4, 0.2889),
        (5, 0.1972),
        (8, 0.1647),
        (10, 0.1157),
        (16, 0.0877),
        (25, 0.0541),
        (36, 0.0393),
        (64, 0.0227),
    ],
)
def test_thresholds_of_an_earlier_simulation(squared, value):
    found = lattice_threshold(disc(squared))
    assert found.method == ("literature" if squared <= 2 else "measured")
    assert found.value == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("z", [4, 8])
def test_the_simulation_agrees_with_the_literature(z):
    """Jacobsen 2015, and its matching lattice."""
    (value, error), (known, _) = SQUARE_LATTICE[z], LITERATURE[z]
    assert abs(value - known) <= 2 * error
    found = lattice_threshold(disc(z // 4))
    assert (found.value, found.method) == (known, "literature")


def test_seven_zones_agree_with_another_simulation():
    """arXiv 2503.16703, 0.11535; half a unit of its last digit."""
    value, error = SQUARE_LATTICE[36]
    assert abs(value - 0.11535) <= 2 * error + 5e-6


def test_the_table_holds_all_discs_up_to_radius_ten():
    assert {disc(squared).z for squared in SHELLS if squared <= 100} == set(SQUARE_LATTICE)
    assert all(0 < error < 2e-3 * value for value, error in SQUARE_LATTICE.values())


def test_the_page_shows_the_table():
    page = (Path(__file__).parents[4] / "docs" / "composition.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+) \| ([\d.]+)\((\d+)\) \| ([+-][\d.]+)% ", page, re.MULTILINE)
    assert len(rows) == 16
    for squared, z, value, error, off in rows:
        assert disc(int(squared)).z == int(z)
        assert (float(value), int(error)) == (SQUARE_LATTICE[int(z)][0], round(1e6 * SQUARE_LATTICE[int(z)][1]))
        assert float(off) == pytest.approx(100 * (4.51234948 / (int(z) + 3.3) / float(value) - 1), abs=0.06)


def test_what_the_fit_says_about_itself_is_true_of_the_table():
    """z from 8 on: within 2.1%; beyond radius 4 already within the half per cent that is said of larger discs."""
    for z, (value, error) in SQUARE_LATTICE.items():
        off = abs(4 * 1.12808737 / (z + 3.3) - value)
        if z >= 8:
            assert off <= 0.021 * value + 2 * error
        if z > 48:
            assert off <= 0.005 * value + 2 * error


def test_larger_discs_take_the_fit():
    found = lattice_threshold(disc_neighbourhood(20))
    assert found.method == "fit"
    assert found.z == 1256
    assert found.value == pytest.approx(4.51234948 / (1256 + 3.3))
    assert found.error == pytest.approx(0.005 * found.value)
    assert found.error_is == "largest deviation"
    limit = disc_limit(disc_neighbourhood(20))
    assert (limit.value, limit.holds) == (pytest.approx(4.51234948 / (math.pi * 400)), True)


def test_the_limit_of_discs_says_where_it_holds():
    for radius, error in ((5.99, None), (6, 0.08), (8.99, 0.08), (9, 0.05), (11.99, 0.05), (12, 0.033), (100, 0.033)):
        found = disc_limit(disc_neighbourhood(radius))
        assert (found.holds, found.error) == (error is not None, error)
    uneven = disc_limit(disc_neighbourhood(12, steps=(1, 2)))
    assert (uneven.holds, uneven.error) == (True, None)


def test_the_limit_of_an_ellipse_counts_its_points():
    """4 eta_c over the number of neighbours, which a large ellipse holds but for its edge."""
    for steps in ((1, 2), (3, 1)):
        near = disc_neighbourhood(60, steps=steps)
        assert disc_limit(near).value * near.z == pytest.approx(4.51234948, rel=0.01)


def test_the_limit_of_discs_is_as_close_as_it_says():
    """At the shells, and just below the next one, where the limit is smallest for the same neighbours."""
    worst = 0.0
    for squared, following in itertools.pairwise(SHELLS):
        for radius in (math.sqrt(squared), math.sqrt(following) * (1 - 1e-9)):
            found, limit = lattice_threshold(disc_neighbourhood(radius)), disc_limit(disc_neighbourhood(radius))
            if radius >= 6 and found.method == "measured":
                off = abs(limit.value / found.value - 1)
                assert off <= limit.error + 2 * found.error / found.value
                worst = max(worst, off)
    assert worst > 0.079
    # Larger ones against the fit.
    for squared in range(101, 1000, 9):
        limit = disc_limit(disc(squared))
        assert abs(limit.value / lattice_threshold(disc(squared)).value - 1) <= limit.error


def test_the_limit_of_discs_is_useless_below_six_steps():
    for squared, off in ((10, 0.24), (26, 0.12)):
        limit = disc_limit(disc(squared))
        assert limit.value / lattice_threshold(disc(squared)).value - 1 == pytest.approx(off, abs=0.006)
        assert limit.error is None


def test_images_sampled_at_pixels_take_the_table_where_they_fill_a_disc():
    sampled = bump_neighbourhood(0.5, pixels=True)
    assert (lattice_threshold(sampled).method, sampled.z, disc_limit(sampled)) == ("measured", 12, None)
    assert lattice_threshold(Neighbourhood([[0, 1], [0, -1], [1, 0], [-1, 0]])).method == "literature"
    cross = Neighbourhood([[0, 1], [0, -1], [1, 0], [-1, 0], [2, 0], [-2, 0], [0, 2], [0, -2]])
    found = lattice_threshold(cross)  # eight neighbours, but not those of the disc
    assert (found.method, found.error) == ("fit", None)
    assert found.error_is == "unknown: the fit is for discs and ellipses"


def test_uneven_steps_take_the_fit():
    assert lattice_threshold(disc_neighbourhood(4, steps=(2, 1))).error == pytest.approx(0.03 * 4.51234948 / (24 + 3.3))
    flat = lattice_threshold(disc_neighbourhood(5, steps=(4, 1)))
    assert flat.error == pytest.approx(0.1 * flat.value)
    few = lattice_threshold(disc_neighbourhood(1, steps=(1, 0.6)))
    assert (few.z, few.method) == (4, "literature")  # the steps differ, the neighbours do not


def test_scaled_steps_change_nothing():
    one, other = lattice_threshold(disc_neighbourhood(2)), lattice_threshold(disc_neighbourhood(5, steps=2.5))
    assert one.value == other.value
    one, other = disc_limit(disc_neighbourhood(2)), disc_limit(disc_neighbourhood(5, steps=2.5))
    assert one.value == pytest.approx(other.value)


def test_chains_and_separate_lines_percolate_at_one_only():
    for neighbourhood in (disc_neighbourhood(3, steps=(1,)), disc_neighbourhood(2, steps=(5, 1))):
        found = lattice_threshold(neighbourhood)
        assert (found.value, found.error, found.method) == (1.0, 0.0, "exact")


def test_planes_that_do_not_connect_have_no_threshold_here():
    plane = lattice_threshold(disc_neighbourhood(1.5, steps=(4, 1, 1)))
    assert (plane.value, plane.error, plane.method) == (None, None, "none")
    assert plane.error_is.startswith("the neighbours of a point are in one plane")
    assert lattice_threshold(disc_neighbourhood(1.5, steps=(4, 4, 1))).value == 1


def test_more_dimensions_have_none():
    found = lattice_threshold(disc_neighbourhood(1, steps=(1, 1, 1)))
    assert found.value is None
    assert found.method == "none"
    assert "simulate with lattice_percolation" in found.error_is
    assert found.z == 6


def test_no_neighbours_at_all():
    with pytest.raises(ValueError, match=r"no two grid points connect \(z = 0\); take a larger radius"):
        lattice_threshold(disc_neighbourhood(0.5))


@pytest.mark.parametrize("squared", [1, 5, 16])
def test_the_table_against_a_new_simulation(squared):
    """A quick one; benchmarks/percolation_thresholds.py is the long form."""
    found = extrapolated_threshold(disc(squared), sizes=(64, 128, 256), runs=200, rng=7)
    value, error = SQUARE_LATTICE[disc(squared).z]
    z = (found.threshold - value) / np.hypot(found.threshold_se, error)
    assert abs(z) < 3.3
