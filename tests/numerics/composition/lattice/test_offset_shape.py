"""Separate grids, linear images of discs, and filled shapes: against minors, hulls and the table."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from regimes.composition import Neighbourhood, disc_neighbourhood, lattice_threshold
from regimes.numerics.composition.lattice.offset_shape import is_filled_and_symmetric, is_square_disc, sublattice_index

OFFSETS = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=5)


def disc(squared):
    return disc_neighbourhood(math.sqrt(squared))


def image(neighbourhood, matrix):
    return Neighbourhood(neighbourhood.offsets @ np.array(matrix))


@pytest.mark.parametrize("matrix", [[[1, 1], [1, -1]], [[2, 0], [0, 2]], [[1, 0], [3, 1]], [[3, 5], [0, 2]]])
def test_bonds_of_a_disc_are_known_on_any_grid_that_they_span(matrix):
    """Diagonals alone are the square grid turned; only bonds count, not where the points are drawn."""
    for squared in (1, 2, 5, 100):
        found, original = lattice_threshold(image(disc(squared), matrix)), lattice_threshold(disc(squared))
        assert (found.value, found.error, found.method) == (
            original.value,
            original.error,
            "literature" if squared <= 2 else "measured",
        )
        assert sublattice_index(image(disc(squared), matrix)) == abs(round(np.linalg.det(matrix)))
    large = lattice_threshold(image(disc(150), matrix))
    assert (large.method, large.error) == ("fit", pytest.approx(0.005 * large.value))


def test_bonds_of_the_square_grid_with_uneven_steps_are_known():
    assert lattice_threshold(disc_neighbourhood(1, steps=(1, 0.8))).value == lattice_threshold(disc(1)).value


def test_as_many_neighbours_as_a_disc_are_not_a_disc():
    hexagon = Neighbourhood([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]])
    cross = Neighbourhood([[0, 1], [0, -1], [1, 0], [-1, 0], [2, 0], [-2, 0], [0, 2], [0, -2]])
    line = Neighbourhood([[0, 1], [0, -1], [0, 2], [0, -2]])
    assert not any(is_square_disc(one) for one in (hexagon, cross, line, disc_neighbourhood(4, steps=(2, 1))))


@given(OFFSETS)
def test_separate_grids_are_counted_by_the_minors(rows):
    rows = {row for row in rows if any(row)}
    assume(rows)
    offsets = sorted(rows | {(-y, -x) for y, x in rows})
    minors = [a * d - b * c for (a, b), (c, d) in itertools.combinations(offsets, 2)]
    assert sublattice_index(Neighbourhood(offsets)) == math.gcd(*minors)


def test_separate_grids_without_a_disc_have_no_error():
    moves = [(y, x) for y, x in itertools.product((-4, -2, 2, 4), repeat=2) if abs(y) != abs(x)]
    found = lattice_threshold(Neighbourhood(moves))
    assert (found.method, found.error) == ("fit", None)
    assert found.error_is == (
        "unknown: the neighbours connect one grid point in 4, and the fit is for those that connect all"
    )


def in_hull(offsets):
    """Grid points of the convex hull but 0, by linear programming for each."""
    corners = np.asarray(offsets, dtype=float)
    equations = np.vstack([corners.T, np.ones(len(corners))])
    box = itertools.product(*(range(-r, r + 1) for r in np.abs(corners).max(axis=0).astype(int).tolist()))
    return {
        place
        for place in box
        if any(place) and linprog(np.zeros(len(corners)), A_eq=equations, b_eq=[*place, 1], method="highs").success
    }


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=4))
def test_filled_shapes_hold_their_hull(widths):
    """Rows of any widths, alike above and below."""
    rows = [(y, x) for y in range(1 - len(widths), len(widths)) for x in range(-widths[abs(y)], widths[abs(y)] + 1)]
    offsets = [row for row in rows if any(row)]
    assert is_filled_and_symmetric(Neighbourhood(offsets)) is (set(offsets) == in_hull(offsets))


def test_shapes_that_lean_or_have_holes_are_not_filled_and_symmetric():
    offsets = {tuple(row) for row in disc(10).offsets.tolist()}
    assert is_filled_and_symmetric(Neighbourhood(sorted(offsets)))
    for missing in ({(0, 1), (0, -1)}, {(3, 1), (-3, -1)}, {(1, 3), (-1, -3)}):
        left = Neighbourhood(sorted(offsets - missing))
        assert not is_filled_and_symmetric(left)
        assert lattice_threshold(left).error is None


# By extrapolated_threshold with sizes 256, 512, 1024 and 1500 orders.
FILLED = {
    "box 3": (0.086752, 2.6e-5),
    "box 5": (0.035850, 1.5e-5),
    "box 10": (0.0099326, 6.8e-6),
    "diamond 3": (0.161323, 3.7e-5),
    "diamond 5": (0.069556, 2.3e-5),
}


@pytest.mark.parametrize("name", FILLED)
def test_the_error_of_filled_shapes_holds_for_squares(name):
    kind, half = name.split()
    reach = range(-int(half), int(half) + 1)
    inside = [(y, x) for y in reach for x in reach if (y or x) and (kind == "box" or abs(y) + abs(x) <= int(half))]
    found = lattice_threshold(Neighbourhood(inside))
    value, error = FILLED[name]
    assert (found.method, found.error) == ("fit", pytest.approx(0.03 * found.value))
    assert abs(found.value - value) <= found.error + 2 * error
