"""Components of kept grid points against scipy.ndimage, dense graphs, covers of the torus and all distances."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from regimes.numerics.composition.lattice.kept_percolation import kept_percolation
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, disc_neighbourhood

SQUARE = Neighbourhood([[0, 1], [0, -1], [1, 0], [-1, 0]])
SHAPES = {1: (23,), 2: (11, 14), 3: (7, 8, 6)}


def displacements(shape, periodic):
    """Displacements of all pairs of grid points in array order, the shortest with periodic edges."""
    places = np.array(list(itertools.product(*map(range, shape))))
    apart = places[None] - places[:, None]
    if periodic:
        sizes = np.array(shape)
        apart = (apart + sizes // 2) % sizes - sizes // 2
    return apart


def linked(shape, neighbourhood, periodic):
    known = set(map(tuple, neighbourhood.offsets.tolist()))
    apart = displacements(shape, periodic)
    n = len(apart)
    return np.array([[tuple(apart[i, j].tolist()) in known for j in range(n)] for i in range(n)])


def winds(kept, neighbourhood, axis, copies=13):
    """Whether a component holds a point and its copy one or more turns on, in a long cover of the torus."""
    size = kept.shape[axis]
    cover = np.concatenate([kept] * copies, axis=axis)
    places = np.argwhere(cover)
    index = np.full(cover.shape, -1)
    index[cover] = np.arange(len(places))
    ends = []
    for offset in neighbourhood.offsets:
        other = places + offset
        inside = (other[:, axis] >= 0) & (other[:, axis] < size * copies)
        other %= np.array(cover.shape)
        found = index[tuple(other.T)]
        good = inside & (found >= 0)
        ends.append(np.stack([np.flatnonzero(good), found[good]]))
    pairs = np.concatenate(ends, axis=1) if ends else np.empty((2, 0), dtype=int)
    graph = csr_matrix((np.ones(pairs.shape[1]), pairs), shape=(len(places), len(places)))
    _, label = connected_components(graph, directed=False)
    found = set()
    for place, own in zip(places.tolist(), label, strict=True):
        if place[axis] // size != copies // 2:
            continue
        for turn in range(1, 4):
            further = list(place)
            further[axis] += turn * size
            if label[index[tuple(further)]] == own:
                home = list(place)
                home[axis] %= size
                found.add(tuple(home))
    return found


@pytest.mark.parametrize("structure", [1, 2])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_labels_are_those_of_ndimage(dimensions, structure):
    connect = ndimage.generate_binary_structure(dimensions, min(structure, dimensions))
    offsets = np.argwhere(connect) - 1
    neighbourhood = Neighbourhood(offsets[offsets.any(axis=1)])
    shape = {1: (200,), 2: (40, 31), 3: (12, 9, 11)}[dimensions]
    for seed, p in enumerate((0.2, 0.4, 0.6, 0.95)):
        kept = np.random.default_rng(seed).random(shape) < p
        result = kept_percolation(kept, neighbourhood)
        expected, count = ndimage.label(kept, connect)
        pairs = set(zip(result.labels[kept].tolist(), expected[kept].tolist(), strict=True))
        assert len(pairs) == count == len(result.sizes)
        assert np.all(result.labels[~kept] == -1)
        assert result.sizes.tolist() == np.bincount(result.labels[kept]).tolist()
        assert result.sizes.tolist() == sorted(result.sizes, reverse=True)
        assert (result.kept, result.held_out) == (kept.sum(), (~kept).sum())
        assert result.largest == pytest.approx(result.sizes[0] / kept.sum())
        firsts = [(-size, int(np.argmax(result.labels.ravel() == k))) for k, size in enumerate(result.sizes)]
        assert firsts == sorted(firsts)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize(
    ("dimensions", "radius"), [(1, 2.0), (1, 5.5), (2, 1.0), (2, 2.3), (2, 4.0), (3, 1.5), (3, 2.0)]
)
def test_any_neighbourhood_against_the_dense_graph(dimensions, radius, periodic):
    shape, steps = SHAPES[dimensions], (1.0, 1.5, 0.8)[:dimensions]
    neighbourhood = disc_neighbourhood(radius, steps=steps)
    links = linked(shape, neighbourhood, periodic)
    apart = displacements(shape, periodic) * np.array(steps)
    distances = np.sqrt((apart**2).sum(axis=-1))
    for seed, p in enumerate((0.03, 0.1, 0.3)):
        kept = np.random.default_rng(seed).random(shape) < p
        kept.flat[seed] = True
        if periodic and any(size <= 2 * r for size, r in zip(shape, neighbourhood.reach, strict=True)):
            with pytest.raises(ValueError, match="each axis must be longer than twice the reach"):
                kept_percolation(kept, neighbourhood, periodic=True)
            continue
        result = kept_percolation(kept, neighbourhood, periodic=periodic)
        flat = kept.ravel()
        _, expected = connected_components(csr_matrix(links[np.ix_(flat, flat)]), directed=False)
        pairs = set(zip(result.labels[kept].tolist(), expected.tolist(), strict=True))
        assert len(pairs) == expected.max() + 1 == len(result.sizes)
        np.testing.assert_array_equal(result.kept_neighbours.ravel(), links[:, flat].sum(axis=1))
        nearest = distances[:, flat].min(axis=1)
        np.testing.assert_allclose(result.held_out_distance.ravel(), nearest, rtol=1e-12)
        assert result.farthest == pytest.approx(nearest.max())
        assert result.out_of_reach == np.count_nonzero(nearest > radius * (1 + 1e-12))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("radius", [1.0, 1.5, 2.3])
def test_winding_against_a_cover_of_the_torus(radius, axis):
    neighbourhood = disc_neighbourhood(radius)
    threshold = {1.0: 0.59, 1.5: 0.41, 2.3: 0.2}[radius]
    seen = set()
    for seed in range(30):
        kept = np.random.default_rng(seed).random((9, 8)) < threshold
        result = kept_percolation(kept, neighbourhood, periodic=True, axis=axis)
        expected = winds(kept, neighbourhood, axis)
        found = {tuple(p) for p in np.argwhere(np.isin(result.labels, result.spanning)).tolist()}
        assert found == expected
        assert result.depth is None
        seen.add(result.spans)
    assert seen == {False, True}


def test_a_spiral_winds_along_both_axes():
    kept = np.zeros((6, 6), dtype=bool)
    kept[np.arange(6), np.arange(6)] = True
    diagonal = Neighbourhood([[1, 1], [-1, -1]])
    for axis in (0, 1):
        assert kept_percolation(kept, diagonal, periodic=True, axis=axis).spanning.tolist() == [0]
    column = np.zeros((6, 6), dtype=bool)
    column[:, 2] = True
    assert kept_percolation(column, SQUARE, periodic=True, axis=0).spans
    assert not kept_percolation(column, SQUARE, periodic=True, axis=1).spans
    column[3, 2] = False
    result = kept_percolation(column, SQUARE, periodic=True, axis=0)
    assert (result.sizes.tolist(), result.spans) == ([5], False)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(1, 12), st.floats(0.2, 1), st.integers(0, 500), st.integers(1, 6))
def test_spanning_joins_both_bands(rows, columns, p, seed, depth):
    kept = np.random.default_rng(seed).random((rows, columns)) < p
    kept[0, 0] = True
    depth = min(depth, rows // 2)
    result = kept_percolation(kept, SQUARE, depth=depth)
    labels, count = ndimage.label(kept)
    expected = [k for k in range(1, count + 1) if (labels[:depth] == k).any() and (labels[rows - depth :] == k).any()]
    assert len(result.spanning) == len(expected)
    assert result.spans == bool(expected)
    turned = kept_percolation(kept.T, SQUARE, axis=1, depth=depth)
    assert turned.sizes.tolist() == result.sizes.tolist()
    assert turned.spans == result.spans


@pytest.mark.parametrize(
    ("radius", "steps", "size", "depth"),
    [
        (1, 1, 20, 1),
        (3.99, 1, 20, 1),
        (4, 1, 20, 2),
        (2 * 2 * math.sqrt(math.log(math.e)), 1, 20, 2),
        (8, 1, 20, 4),
        (8, 2, 20, 2),
        (40, 1, 20, 10),
        (40, 1, 1, 1),
    ],
)
def test_depth_is_half_the_radius(radius, steps, size, depth):
    kept = np.ones((size, 2), dtype=bool)
    assert kept_percolation(kept, disc_neighbourhood(radius, steps=(steps, 1))).depth == depth
    far = Neighbourhood([[4, 0], [-4, 0], [0, 1], [0, -1]])
    assert kept_percolation(kept, far).depth == min(2, max(1, size // 2))


def test_held_out_patterns():
    """A square, a cross and stripes held out of 16 x 16 points, with a radius of 2."""
    near = disc_neighbourhood(2)
    everything = np.ones((16, 16), dtype=bool)
    whole = kept_percolation(everything, near)
    assert (whole.held_out, whole.out_of_reach, whole.farthest, whole.largest) == (0, 0, 0.0, 1.0)

    square = everything.copy()
    square[5:11, 5:11] = False
    result = kept_percolation(square, near)
    assert (result.sizes.tolist(), result.held_out) == ([220], 36)
    assert result.farthest == 3.0
    assert result.out_of_reach == 4
    assert np.argwhere((result.kept_neighbours == 0) & ~square).tolist() == [[7, 7], [7, 8], [8, 7], [8, 8]]

    cross = everything.copy()
    cross[7:9] = cross[:, 7:9] = False
    assert kept_percolation(cross, near).sizes.tolist() == [49] * 4
    assert not kept_percolation(cross, near).spans
    assert kept_percolation(cross, disc_neighbourhood(3)).sizes.tolist() == [196]
    assert kept_percolation(cross, near, periodic=True).sizes.tolist() == [196]

    stripes = everything.copy()
    stripes[::2] = False
    assert kept_percolation(stripes, disc_neighbourhood(1.5)).sizes.tolist() == [16] * 8
    assert kept_percolation(stripes, near).sizes.tolist() == [128]
    assert kept_percolation(stripes, Neighbourhood(np.empty((0, 2), dtype=int))).sizes.tolist() == [1] * 128


def test_a_result_is_shown_in_a_line():
    result = kept_percolation(np.eye(4, dtype=bool), SQUARE)
    assert "KeptComponents(kept=4, held_out=12, components=4, largest=0.25, spans=False" in repr(result)


FULL = np.ones((4, 4), dtype=bool)


@pytest.mark.parametrize(
    ("kept", "options", "message"),
    [
        (FULL * 1, {}, "kept must be an array of True and False in one to three dimensions, got int64 of shape"),
        (np.ones((2, 2, 2, 2), dtype=bool), {}, "in one to three dimensions, got bool of shape"),
        ([[True], [True, False]], {}, "kept must be a regular array, got rows of different lengths"),
        (FULL[0], {}, "the neighbourhood must have as many dimensions as kept, 1, got 2"),
        (~FULL, {}, "kept must keep at least one point, got none of 16"),
        (FULL, {"axis": 2}, r"axis \(along which a cluster spans\) must be one of \(0, 1\), got 2"),
        (FULL, {"axis": -1}, r"axis \(along which a cluster spans\) must be at least 0, got -1"),
        (FULL, {"depth": 3}, "must be at most half of the 4 points along axis 0, got 3"),
        (FULL, {"depth": 0}, "depth .* must be at least 1, got 0"),
        (
            FULL,
            {"depth": 1, "periodic": True},
            "depth is of the bands at open edges, got 1 with periodic ones",
        ),
        (
            FULL[:2],
            {"periodic": True},
            r"longer than twice the reach of the neighbourhood, got shape \(2, 4\) and reach",
        ),
    ],
)
def test_bad_input(kept, options, message):
    with pytest.raises(ValueError, match=f"kept_percolation: .*{message}"):
        kept_percolation(kept, SQUARE, **options)


def test_a_radius_is_no_neighbourhood():
    with pytest.raises(
        ValueError, match="must be a Neighbourhood, got float; disc_neighbourhood makes one of a radius"
    ):
        kept_percolation(FULL, 2.0)
