"""Which grid points connect."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, disc_neighbourhood


@pytest.mark.parametrize(
    ("squared", "z"),
    [(1, 4), (2, 8), (4, 12), (5, 20), (8, 24), (9, 28), (10, 36), (16, 48), (25, 80), (36, 112), (64, 196)],
)
def test_neighbours_on_the_square_lattice(squared, z):
    """Number of vectors of norm at most R^2 of the square lattice, less the origin (OEIS A057655)."""
    assert disc_neighbourhood(math.sqrt(squared)).z == z


@given(
    squared=st.integers(1, 60),
    steps=st.tuples(*[st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0])] * 2),
)
def test_a_disc_holds_just_the_points_within_it(squared, steps):
    radius = math.sqrt(squared)
    found = {tuple(offset) for offset in disc_neighbourhood(radius, steps=steps).offsets.tolist()}
    box = range(-20, 21)
    # In quarters of a pixel squared the comparison is exact.
    wanted = {
        (i, j)
        for i, j in itertools.product(box, box)
        if (i, j) != (0, 0) and (2 * i * steps[0]) ** 2 + (2 * j * steps[1]) ** 2 <= 4 * squared
    }
    assert found == wanted


def test_steps_give_the_dimension():
    assert disc_neighbourhood(3, steps=(1,)).offsets.ravel().tolist() == [-3, -2, -1, 1, 2, 3]
    assert [disc_neighbourhood(r, steps=(1, 1, 1)).z for r in (1, 2**0.5, 3**0.5, 2)] == [6, 18, 26, 32]
    assert disc_neighbourhood(2, steps=2).steps == (2.0, 2.0)


def test_nothing_within_reach():
    empty = disc_neighbourhood(0.9)
    assert empty.z == 0
    assert empty.reach == (0, 0)
    assert empty.dimensions == 2


def test_offsets_are_sorted_frozen_and_shown():
    own = Neighbourhood(np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]), (1, 2))
    assert own.offsets.tolist() == [[-1, 0], [0, -1], [0, 1], [1, 0]]
    assert (own.z, own.radius, own.steps, own.reach) == (4, None, (1.0, 2.0), (1, 1))
    assert repr(own) == "Neighbourhood(z=4, dimensions=2, steps=(1.0, 2.0))"
    assert repr(disc_neighbourhood(1)) == "Neighbourhood(z=4, dimensions=2, radius=1, steps=(1.0, 1.0))"
    with pytest.raises(ValueError, match="read-only"):
        own.offsets[0] = 0


@pytest.mark.parametrize(
    ("offsets", "error"),
    [
        ([[1, 0]], "must hold the opposite of each"),
        ([[0, 0]], "must differ from each other and from 0"),
        ([[1, 0], [-1, 0], [1, 0], [-1, 0]], "must differ from each other and from 0"),
        ([1, -1], r"whole numbers of shape \(z, dimensions\), got int64 of shape \(2,\)"),
        ([[0.5], [-0.5]], "got float64"),
        ([[1], [1, 2]], "rows of different lengths"),
    ],
)
def test_offsets_that_do_not_fit(offsets, error):
    with pytest.raises(ValueError, match=error):
        Neighbourhood(offsets)


def test_bad_radii_and_steps():
    for radius in (0, -1, math.nan, math.inf, "wide"):
        with pytest.raises(ValueError, match="radius \\(distance up to which points connect, in pixels\\) must be"):
            disc_neighbourhood(radius)
    with pytest.raises(ValueError, match="steps .* must be positive and finite, got 0"):
        disc_neighbourhood(1, steps=(1, 0))
    with pytest.raises(ValueError, match="one for each axis, got none"):
        disc_neighbourhood(1, steps=())
    with pytest.raises(ValueError, match="one for each of the 2 dimensions, got 3"):
        Neighbourhood([[0, 1], [0, -1]], (1, 1, 1))
    with pytest.raises(ValueError, match="take a smaller radius, or raise memory"):
        disc_neighbourhood(1e6)
