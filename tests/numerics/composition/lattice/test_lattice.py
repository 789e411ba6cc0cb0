"""Clusters of a grid against labelling at every number of kept points, and all configurations of small grids."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from regimes.numerics.composition.lattice.growth import Forest
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.lattice_percolation import lattice_percolation
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, disc_neighbourhood
from regimes.numerics.composition.lattice.sequence import percolation_sequence
from regimes.numerics.composition.lattice.stencil import make_stencil

CHAIN = disc_neighbourhood(1, steps=(1.0,))
SQUARE, EIGHT = disc_neighbourhood(1), disc_neighbourhood(2**0.5)
LOPSIDED = Neighbourhood([[0, 2], [0, -2], [3, -1], [-3, 1], [1, 1], [-1, -1]])

CASES = {
    "square": ((13, 13), SQUARE, {}),
    "eight": ((12, 12), EIGHT, {}),
    "oblong": ((7, 19), SQUARE, {"axis": 1}),
    "radius 4, oblong, axis 1": ((14, 23), disc_neighbourhood(4), {"axis": 1}),
    "radius 6: two words": ((20, 21), disc_neighbourhood(6), {}),
    "radius 9: five words": ((11, 14), disc_neighbourhood(9), {}),
    "rows of 61 points": ((3, 70), disc_neighbourhood(30.5, steps=(20, 1)), {"axis": 1}),
    "steps 1 and 2": ((14, 15), disc_neighbourhood(3, steps=(1, 2)), {}),
    "steps 2 and 1": ((14, 15), disc_neighbourhood(3, steps=(2, 1)), {"axis": 1}),
    "lopsided": ((15, 16), LOPSIDED, {}),
    "one direction only": ((9, 10), disc_neighbourhood(1, steps=(2, 1)), {}),
    "chain": ((90,), CHAIN, {}),
    "chain of reach 30": ((120,), disc_neighbourhood(30, steps=(1.0,)), {}),
    "even neighbours only": ((40,), Neighbourhood([[2], [-2]]), {}),
    "cube": ((6, 7, 8), disc_neighbourhood(1, steps=(1, 1, 1)), {}),
    "cube of 26": ((6, 7, 5), disc_neighbourhood(3**0.5, steps=(1, 1, 1)), {"axis": 2}),
    "cube, radius 2": ((7, 7, 7), disc_neighbourhood(2, steps=(1, 1, 1)), {"axis": 1}),
    "cube, steps 1, 2, 3": ((8, 6, 7), disc_neighbourhood(3, steps=(1, 2, 3)), {}),
    "deep bands": ((13, 13), SQUARE, {"depth": 3}),
    "periodic square": ((11, 11), SQUARE, {"periodic": True}),
    "periodic square, axis 1": ((11, 8), SQUARE, {"periodic": True, "axis": 1}),
    "periodic, smallest": ((3, 3), EIGHT, {"periodic": True}),
    "periodic radius 4": ((9, 14), disc_neighbourhood(4), {"periodic": True}),
    "periodic radius 4, axis 1": ((20, 19), disc_neighbourhood(4), {"periodic": True, "axis": 1}),
    "periodic radius 6": ((17, 13), disc_neighbourhood(6), {"periodic": True}),
    "periodic lopsided": ((10, 9), LOPSIDED, {"periodic": True}),
    "periodic chain of reach 4": ((40,), disc_neighbourhood(4, steps=(1.0,)), {"periodic": True}),
    "periodic cube": ((5, 4, 3), disc_neighbourhood(1, steps=(1, 1, 1)), {"periodic": True}),
    "periodic cube of 18": ((5, 4, 6), disc_neighbourhood(2**0.5, steps=(1, 1, 1)), {"periodic": True, "axis": 2}),
}


# The oracle: bonds of the full grid as a sparse matrix, clusters by scipy; windings by a walk over the cluster.


def bonds(shape, neighbourhood, periodic):
    """Pairs of points that connect, with the steps between them: (i, j, steps)."""
    points = np.array(list(itertools.product(*(range(size) for size in shape))))
    rows = []
    for offset in neighbourhood.offsets:
        ends = points + offset
        inside = np.ones(len(points), bool) if periodic else ((ends >= 0) & (ends < shape)).all(axis=1)
        i = np.flatnonzero(inside)
        j = np.ravel_multi_index((ends[inside] % shape).T, shape)
        rows += [(a, b, tuple(offset)) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    return rows


def neighbours_of(pairs, n):
    near = [[] for _ in range(n)]
    for a, b, steps in pairs:
        near[a].append((b, steps))
    return near


def component_sizes(kept, matrix):
    index = np.flatnonzero(kept)
    _, labels = connected_components(matrix[index][:, index], directed=False)
    return index, labels


def spans_between_bands(shape, axis, depth, index, labels):
    along = np.unravel_index(index, shape)[axis]
    first, last = labels[along < depth], labels[along >= shape[axis] - depth]
    return np.intersect1d(first, last).size > 0


def winds(kept, near, axis):
    """Whether two walks to one point of a cluster differ in their steps along the axis."""
    place = {}
    for root in np.flatnonzero(kept).tolist():
        if root in place:
            continue
        place[root], stack = 0, [root]
        while stack:
            i = stack.pop()
            for j, steps in near[i]:
                if not kept[j]:
                    continue
                there = place[i] + steps[axis]
                if j not in place:
                    place[j] = there
                    stack.append(j)
                elif place[j] != there:
                    return True
    return False


@pytest.mark.parametrize("case", CASES)
def test_every_number_of_kept_points_agrees_with_labelling(case):
    shape, neighbourhood, options = CASES[case]
    n, axis, periodic = math.prod(shape), options.get("axis", 0), options.get("periodic", False)
    rng = np.random.default_rng(list(case.encode()))
    pairs = bonds(shape, neighbourhood, periodic)
    i, j = np.array([pair[:2] for pair in pairs]).T
    matrix = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n)).tocsr()
    near = neighbours_of(pairs, n)
    along = (
        neighbourhood.reach[axis] if neighbourhood.radius is None else neighbourhood.radius / neighbourhood.steps[axis]
    )
    depth = options.get("depth", max(1, math.floor(along / 2 + 1e-9)))
    order = rng.permutation(n)
    sequence = percolation_sequence(order, Lattice(shape, neighbourhood, **options))
    first = None
    for k in range(n + 1):
        kept = np.zeros(n, bool)
        kept[order[:k]] = True
        index, labels = component_sizes(kept, matrix) if k else (np.empty(0, int), np.empty(0, int))
        sizes = np.bincount(labels)
        assert sequence.largest[k] == sizes.max(initial=0)
        assert sequence.squares[k] == (sizes.astype(int) ** 2).sum()
        if first is None:
            spans = winds(kept, near, axis) if periodic else spans_between_bands(shape, axis, depth, index, labels)
            first = k if spans else None
    assert sequence.spanning == first


@pytest.mark.parametrize(
    ("neighbourhood", "structure"),
    [(SQUARE, np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])), (EIGHT, np.ones((3, 3)))],
)
def test_a_grid_of_several_blocks_agrees_with_ndimage(neighbourhood, structure):
    shape = (301, 290)
    n = math.prod(shape)
    order = np.random.default_rng(1).permutation(n)
    sequence = percolation_sequence(order, Lattice(shape, neighbourhood))
    for k in (*range(1, n, 4999), sequence.spanning - 1, sequence.spanning, n):
        kept = np.zeros(n, bool)
        kept[order[:k]] = True
        labels, _ = ndimage.label(kept.reshape(shape), structure)
        sizes = np.bincount(labels.ravel())[1:]
        assert sequence.largest[k] == sizes.max()
        assert sequence.squares[k] == (sizes**2).sum()
        spans = np.intersect1d(labels[0][labels[0] > 0], labels[-1][labels[-1] > 0]).size > 0
        assert spans == (k >= sequence.spanning)


@pytest.mark.parametrize("neighbourhood", [SQUARE, EIGHT, disc_neighbourhood(4)])
def test_a_torus_of_several_blocks_agrees_with_labelling(neighbourhood):
    shape = (81, 80)
    n = math.prod(shape)
    order = np.random.default_rng(2).permutation(n)
    sequence = percolation_sequence(order, Lattice(shape, neighbourhood, periodic=True))
    pairs = bonds(shape, neighbourhood, True)
    i, j = np.array([pair[:2] for pair in pairs]).T
    matrix = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n)).tocsr()
    near = neighbours_of(pairs, n)
    for k in (*range(1, n, 617), sequence.spanning - 1, sequence.spanning, n):
        kept = np.zeros(n, bool)
        kept[order[:k]] = True
        sizes = np.bincount(component_sizes(kept, matrix)[1])
        assert sequence.largest[k] == sizes.max()
        assert sequence.squares[k] == (sizes**2).sum()
        if abs(k - sequence.spanning) <= 1:
            assert winds(kept, near, 0) == (k >= sequence.spanning)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_neighbourhood_agrees_with_labelling(data):
    dimensions = data.draw(st.integers(1, 3))
    half = data.draw(
        st.lists(st.tuples(*[st.integers(-3, 3)] * dimensions).filter(any), min_size=1, max_size=8, unique=True)
    )
    neighbourhood = Neighbourhood(np.unique(np.array(half + [tuple(-c for c in o) for o in half]), axis=0))
    periodic = data.draw(st.booleans())
    shape = tuple(
        data.draw(st.integers((2 * reach if periodic else reach) + 1, 9 if dimensions < 3 else 7))
        for reach in neighbourhood.reach
    )
    n = math.prod(shape)
    if n < 2:
        return
    order = np.random.default_rng(data.draw(st.integers(0, 10**6))).permutation(n)
    axis = data.draw(st.integers(0, dimensions - 1))
    depth = 1 if not periodic and shape[axis] > 1 else None
    if not periodic and shape[axis] == 1:
        return
    sequence = percolation_sequence(order, Lattice(shape, neighbourhood, periodic=periodic, axis=axis, depth=depth))
    pairs = bonds(shape, neighbourhood, periodic)
    i, j = np.array([pair[:2] for pair in pairs]).reshape(-1, 2).T
    matrix = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n)).tocsr()
    for k in {1, n, data.draw(st.integers(1, n)), sequence.spanning or n, max(1, (sequence.spanning or 1) - 1)}:
        kept = np.zeros(n, bool)
        kept[order[:k]] = True
        index, labels = component_sizes(kept, matrix)
        sizes = np.bincount(labels)
        assert sequence.largest[k] == sizes.max()
        assert sequence.squares[k] == (sizes**2).sum()
        if periodic:
            spans = winds(kept, neighbours_of(pairs, n), axis)
        else:
            spans = spans_between_bands(shape, axis, 1, index, labels)
        assert spans == (sequence.spanning is not None and k >= sequence.spanning)


# Averages, against all configurations of a small grid.


def enumerated(shape, neighbourhood, lambdas, *, periodic, axis):
    """Exact averages over all configurations: largest share, size of the other clusters, probability to span."""
    n = math.prod(shape)
    pairs = bonds(shape, neighbourhood, periodic)
    i, j = np.array([pair[:2] for pair in pairs]).T
    matrix = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n, n)).tocsr()
    near = neighbours_of(pairs, n)
    totals = np.zeros((n + 1, 4))
    for code in range(1, 2**n):
        kept = (code >> np.arange(n) & 1).astype(bool)
        index, labels = component_sizes(kept, matrix)
        sizes = np.bincount(labels)
        k, big = len(index), sizes.max()
        spans = winds(kept, near, axis) if periodic else spans_between_bands(shape, axis, 1, index, labels)
        totals[k] += big / n, (sizes**2).sum() - big**2, k - big, spans
    weights = np.array([[value**k * (1 - value) ** (n - k) for k in range(n + 1)] for value in lambdas])
    largest, squares, others, spanning = (weights @ totals).T
    return largest, squares / others, spanning


@pytest.mark.parametrize(
    ("shape", "neighbourhood", "options"),
    [
        ((2, 4), SQUARE, {"periodic": False, "axis": 1}),
        ((3, 3), EIGHT, {"periodic": False, "axis": 0}),
        ((3, 3), SQUARE, {"periodic": True, "axis": 0}),
        ((9,), disc_neighbourhood(2, steps=(1.0,)), {"periodic": False, "axis": 0}),
        ((9,), disc_neighbourhood(2, steps=(1.0,)), {"periodic": True, "axis": 0}),
        ((2, 2, 2), disc_neighbourhood(1, steps=(1, 1, 1)), {"periodic": False, "axis": 1}),
    ],
)
def test_averages_agree_with_all_configurations(shape, neighbourhood, options):
    lambdas = [0.1, 0.35, 0.6, 0.85]
    exact = enumerated(shape, neighbourhood, lambdas, **options)
    found = lattice_percolation(Lattice(shape, neighbourhood, **options), runs=2000, lambdas=lambdas, rng=3)
    values = (found.largest, found.mean_size, found.spanning)
    errors = (found.largest_se, found.mean_size_se, found.spanning_se)
    for value, error, truth in zip(values, errors, exact, strict=True):
        assert np.all(np.abs(value - truth) < 4.5 * error + 1e-12)


def test_no_point_and_all_points():
    found = lattice_percolation(Lattice((5, 6), SQUARE), runs=3, lambdas=[0, 1])
    assert found.largest.tolist() == [0, 1]
    assert found.mean_size.tolist() == [0, 0]
    assert found.spanning.tolist() == [0, 1]
    assert found.largest_share.tolist() == [0, 1]
    for errors in (found.largest_se, found.mean_size_se, found.spanning_se):
        assert errors.tolist() == [0, 0]


def test_a_chain_of_nearest_neighbours_spans_only_when_full():
    found = lattice_percolation(Lattice(20, CHAIN), runs=8, lambdas=[0.5, 0.9, 1])
    assert found.spanning_fraction.tolist() == [1] * 8
    np.testing.assert_allclose(found.spanning, [0.5**20, 0.9**20, 1], rtol=1e-12)
    assert found.threshold == pytest.approx(0.5 ** (1 / 20), rel=1e-11)
    assert found.threshold_se == 0 == found.width


def test_a_grid_that_cannot_span_says_so():
    found = lattice_percolation(Lattice(8, disc_neighbourhood(1, steps=(2, 1))), runs=2, lambdas=[0.5, 1])
    assert (found.threshold, found.threshold_se, found.width, found.spanning_fraction) == (None,) * 4
    assert found.spanning.tolist() == [0, 0]
    assert found.largest[1] == 1 / 8


def test_one_run_has_no_errors():
    found = lattice_percolation(Lattice(8, SQUARE), runs=1)
    assert found.threshold is not None
    assert (found.largest_se, found.mean_size_se, found.spanning_se, found.threshold_se, found.width) == (None,) * 5
    assert found.lambdas[0] == 0
    assert found.lambdas[-1] == 1
    assert np.all(np.diff(found.lambdas) > 0)


def test_a_third_order_adds_its_deviation_to_the_squares():
    """The first two are the same: n (n - 1) se^2 is the sum of squares about the mean, of two and of three."""
    two, three = (lattice_percolation(Lattice(12, SQUARE), runs=k, lambdas=[0.5, 0.6], rng=5) for k in (2, 3))
    for curve in ("largest", "spanning"):
        pair, mean = getattr(two, curve), getattr(three, curve)
        last = 3 * mean - 2 * pair
        squares = 2 * getattr(two, f"{curve}_se") ** 2 + 2 * (pair - mean) ** 2 + (last - mean) ** 2
        np.testing.assert_allclose(6 * getattr(three, f"{curve}_se") ** 2, squares, rtol=1e-9)


def test_threads_change_nothing_and_progress_counts():
    calls = []
    one = lattice_percolation(
        Lattice(90, EIGHT), runs=7, rng=5, threads=1, progress=lambda done, runs: calls.append((done, runs))
    )
    many = lattice_percolation(Lattice(90, EIGHT), runs=7, rng=5, threads=3)
    assert calls == [(done, 7) for done in range(1, 8)]
    for name in ("lambdas", "largest", "largest_se", "mean_size", "mean_size_se", "spanning", "spanning_fraction"):
        assert np.array_equal(getattr(one, name), getattr(many, name))
    assert one.threshold == many.threshold
    more = lattice_percolation(Lattice(90, EIGHT), runs=9, rng=5)
    assert np.array_equal(more.spanning_fraction[:7], one.spanning_fraction)
    other = lattice_percolation(Lattice(90, EIGHT), runs=7, rng=np.random.default_rng(5))
    assert not np.array_equal(other.spanning_fraction, one.spanning_fraction)


def test_the_depth_of_the_bands_is_half_the_radius_in_steps():
    for radius, steps, axis, depth in (
        (1, (1, 1), 0, 1),
        (4, (1, 1), 0, 2),
        (5, (1, 1), 0, 2),
        (4, (1, 2), 1, 1),
        (4, (0.5, 2), 0, 4),
        (0.6, (0.1, 0.1), 1, 3),
    ):
        neighbourhood = disc_neighbourhood(radius, steps=steps)
        assert Lattice(20, neighbourhood, axis=axis).depth == depth
    assert Lattice(20, Neighbourhood([[5, 0], [-5, 0], [0, 1], [0, -1]])).depth == 2
    assert Lattice(20, SQUARE, periodic=True).depth is None


def test_memory_is_counted_and_refused():
    for periodic in (False, True):
        lattice = Lattice(300, disc_neighbourhood(4), periodic=periodic)
        stencil = make_stencil(lattice)
        forest = Forest(stencil)
        taken = sum(array.nbytes for array in vars(forest).values() if isinstance(array, np.ndarray))
        taken -= forest.order.nbytes  # a view
        assert 0.9 * taken < lattice.forest_bytes < 1.1 * taken
        assert stencil.zone.nbytes < lattice.stencil_bytes
    with pytest.raises(
        ValueError, match="one run on 1000000 grid points would take .* memory = 0.001 GiB; take a smaller grid"
    ):
        lattice_percolation(Lattice(1000, SQUARE), memory=2**30 // 1000)
    with pytest.raises(ValueError, match="the clusters of 1000000 grid points would take"):
        percolation_sequence(np.arange(10**6), Lattice(1000, SQUARE), memory=10**6)


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        (
            (10, disc_neighbourhood(0.5)),
            {},
            "no two grid points connect (z = 0): the radius 0.5 is below every step of (1.0, 1.0)",
        ),
        ((10, Neighbourhood(np.empty((0, 2), int))), {}, "no two grid points connect (z = 0)"),
        (
            (10, disc_neighbourhood(12)),
            {},
            "radius 12, a reach of 12 steps, on 10 points along axis 0: a radius larger than the lattice",
        ),
        (((20, 7), disc_neighbourhood(7)), {}, "a reach of 7 steps, on 7 points along axis 1"),
        ((8, disc_neighbourhood(4)), {"periodic": True}, "on 8 points along axis 0; take at least 9 points"),
        (
            ((5, 5, 5), SQUARE),
            {},
            "shape (of the grid) must have the 2 dimensions of the neighbourhood, got 3: (5, 5, 5)",
        ),
        (("a", SQUARE), {}, "shape (grid points along an axis) must be a whole number, got 'a'"),
        ((5.5, SQUARE), {}, "shape (grid points along an axis) must be a whole number, got 5.5"),
        (((5, 0), SQUARE), {}, "shape (grid points along an axis) must be at least 1, got 0"),
        ((5, [[0, 1], [0, -1]]), {}, "neighbourhood must be a Neighbourhood, got list"),
        ((5, SQUARE), {"runs": 0}, "runs (number of orders) must be at least 1, got 0"),
        ((5, SQUARE), {"lambdas": [0.5, 1.2]}, "lambdas (fractions of kept grid points) must lie in [0, 1], got 1.2"),
        ((5, SQUARE), {"lambdas": [np.nan]}, "must lie in [0, 1], got nan"),
        ((5, SQUARE), {"lambdas": []}, "must be a number or a 1-d sequence, got shape (0,)"),
        ((5, SQUARE), {"axis": 2}, "axis (along which a cluster spans) must be one of (0, 1), got 2"),
        (
            (5, SQUARE),
            {"depth": 3},
            "depth (of the bands at the edges) must be at most half of the 5 points along axis 0, got 3",
        ),
        ((5, SQUARE), {"depth": 0}, "depth (of the bands at the edges, in grid points) must be at least 1, got 0"),
        ((5, SQUARE), {"depth": 1, "periodic": True}, "depth is of the bands at open edges, got 1 with periodic ones"),
        ((5, SQUARE), {"threads": 0}, "threads (orders at a time) must be at least 1, got 0"),
        ((5, SQUARE), {"rng": -1}, "rng (seed) must be at least 0, got -1"),
        ((60_000, SQUARE), {"memory": 2**60}, "at most 2^29 grid points"),
    ],
)
def test_wrong_input_is_refused(arguments, options, text):
    own = {name: value for name, value in options.items() if name in ("periodic", "axis", "depth")}
    others = {name: value for name, value in options.items() if name not in own}
    with pytest.raises(ValueError, match=re.escape(text)):
        lattice_percolation(Lattice(*arguments, **own), **others)


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 1, 2, 2], [0.0, 1.0, 2.0, 3.0], [[0, 1], [2, 3]], [0, 1, 2, 4]])
def test_an_order_must_be_a_permutation(order):
    with pytest.raises(ValueError, match="order must be a permutation of the 4 points 0 to 3"):
        percolation_sequence(order, Lattice(4, CHAIN))
