"""Percolation of data against scipy's components of dense overlap matrices, enumeration and patterns on grids."""

import itertools
import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.datasets import load_digits

import regimes.numerics.composition.data.overlap_graph as graphs
from regimes.numerics.composition.data.connecting_overlaps import connecting_overlaps
from regimes.numerics.composition.data.overlap_graph import LinkBits, LinkLists, link_bits, link_lists
from regimes.numerics.composition.data.overlap_rows import overlap_rows
from regimes.numerics.composition.data.random_orders import join_points
from regimes.numerics.composition.data.random_parts import data_percolation
from regimes.numerics.composition.lattice.kept_percolation import kept_percolation
from regimes.numerics.composition.lattice.neighbourhood import disc_neighbourhood
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.result import plain

OVERLAPS = ["cosine", "coefficient", "product"]


def dense_overlaps(X, overlap):
    """Overlaps in extended precision, one pair at a time."""
    X = np.asarray(X, dtype=np.longdouble).reshape(len(X), -1)
    if overlap == "cosine":
        unit = X / np.sqrt((X**2).sum(axis=1, keepdims=True))
        return (unit[:, None] * unit).sum(axis=-1)
    p = X / X.sum(axis=1, keepdims=True)
    return (np.minimum(p[:, None], p) if overlap == "coefficient" else p[:, None] * p).sum(axis=-1)


def threshold(X, overlap, quantile):
    """A threshold between two overlaps that differ by more than rounding."""
    values = np.unique(np.triu(dense_overlaps(X, overlap), 1))
    values = values[np.append(True, np.diff(values) > 1e-9)]
    place = int(quantile * (len(values) - 1))
    return float(values[place] + values[place + 1]) / 2


def linked(X, tau, overlap):
    links = dense_overlaps(X, overlap) >= tau
    np.fill_diagonal(links, False)
    return links


def largest_component(links):
    return np.bincount(connected_components(csr_matrix(links), directed=False)[1]).max()


def drawn_orders(n, orders, rng=0):
    return [
        np.random.default_rng(seed).permutation(n)
        for seed in generator(Stream.COMPOSITION_DATA_ORDERS, rng).integers(2**63, size=orders).tolist()
    ]


def bits_of(links):
    n = len(links)
    padded = np.zeros((n, 64 * -(-n // 64)), dtype=bool)
    padded[:, :n] = links
    return LinkBits(np.packbits(padded, axis=1, bitorder="little").view(np.uint64), int(links.sum()) // 2)


def lists_of(links):
    matrix = csr_matrix(links)
    return LinkLists(
        matrix.indptr[:-1].astype(np.int64), matrix.indptr[1:].astype(np.int64), matrix.indices, int(links.sum()) // 2
    )


def unpacked(graph, n):
    links = np.zeros((n, n), dtype=bool)
    if isinstance(graph, LinkBits):
        return np.unpackbits(graph.bits.view(np.uint8), axis=1, bitorder="little")[:, :n].astype(bool)
    for i, (start, end) in enumerate(zip(graph.starts, graph.ends, strict=True)):
        links[i, graph.neighbours[start:end]] = True
    return links


@pytest.mark.parametrize("overlap", OVERLAPS)
@pytest.mark.parametrize(("n", "d"), [(2, 1), (63, 3), (64, 20), (130, 2), (300, 17)])
def test_links(n, d, overlap):
    X = np.random.default_rng(n).random((n, d)) ** 2
    tau = threshold(X, overlap, 0.8)
    rows = overlap_rows("test", X, overlap, 2**30)
    found = [link_bits(rows, tau)] + ([] if overlap == "product" else [link_lists(rows, tau)])
    for graph in found:
        np.testing.assert_array_equal(unpacked(graph, n), linked(X, tau, overlap))
        assert graph.links == linked(X, tau, overlap).sum() / 2


@pytest.mark.parametrize("overlap", ["cosine", "product"])
@pytest.mark.parametrize("n", [1023, 1024, 1089, 2050])
def test_links_of_several_tiles(n, overlap):
    X = np.random.default_rng(0).normal(size=(n, 3)) ** (2 if overlap == "product" else 1)
    tau = 0.8 if overlap == "cosine" else 0.5
    rows = overlap_rows("test", X, overlap, 2**30)
    expected = rows.values @ rows.values.T >= tau
    np.fill_diagonal(expected, False)
    np.testing.assert_array_equal(unpacked(link_bits(rows, tau), n), expected)
    if overlap == "cosine":
        np.testing.assert_array_equal(unpacked(link_lists(rows, tau), n), expected)


@pytest.mark.parametrize("block", [1, 500, 10**6])
def test_lists_are_complete_whatever_the_block(monkeypatch, block):
    rows = overlap_rows("test", np.random.default_rng(1).normal(size=(700, 3)), "cosine", 2**30)
    monkeypatch.setattr(graphs, "_BLOCK", block)
    np.testing.assert_array_equal(unpacked(link_lists(rows, 0.95), 700), unpacked(link_bits(rows, 0.95), 700))


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 400), st.integers(1, 60), st.floats(0, 1), st.floats(0, 0.02), st.integers(0, 1000))
def test_joining_in_an_order(n, groups, within, between, seed):
    """Clusters of any density, with some links between them: large components that form, grow and merge."""
    generator = np.random.default_rng(seed)
    group = generator.integers(groups, size=n)
    links = generator.random((n, n)) < np.where(group[:, None] == group, within, between)
    links = np.triu(links, 1) | np.triu(links, 1).T
    order = generator.permutation(n)
    sizes = [join_points(graph, order) for graph in (bits_of(links), lists_of(links))]
    for largest, roots in sizes:
        for k in {1, 2, n // 3 + 1, n // 2 + 1, n}:
            chosen = order[:k]
            assert largest[k - 1] == largest_component(links[np.ix_(chosen, chosen)])
        expected = connected_components(csr_matrix(links), directed=False)[1]
        assert len(set(zip(roots.tolist(), expected.tolist(), strict=True))) == len(set(roots.tolist()))
        assert len(set(roots.tolist())) == len(set(expected.tolist()))
    np.testing.assert_array_equal(sizes[0][0], sizes[1][0])


@pytest.mark.parametrize("groups", [2, 31, 32, 33, 40])
def test_joining_many_large_components(groups):
    """More clusters than there can be large components, joined by one last point."""
    n = 100 * groups
    group = np.arange(n) % groups
    links = group[:, None] == group
    links[-1] = links[:, -1] = True
    np.fill_diagonal(links, False)
    order = np.append(np.random.default_rng(0).permutation(n - 1), n - 1)
    for graph in (bits_of(links), lists_of(links)):
        largest, roots = join_points(graph, order)
        assert largest[-1] == n
        assert largest[-2] == 100
        assert len(set(roots.tolist())) == 1
        for k in (150, n // 2):
            assert largest[k - 1] == np.bincount(group[order[:k]]).max()


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_curves_are_those_of_scipy_for_the_same_orders(overlap):
    n, orders = 180, 5
    X = np.random.default_rng(3).random((n, 6)) ** 2
    tau = threshold(X, overlap, 0.9)
    links = linked(X, tau, overlap)
    result = data_percolation(X, tau, overlap=overlap, orders=orders, lambdas=np.arange(1, n + 1) / n)
    ratios = np.array(
        [
            [largest_component(links[np.ix_(order[:k], order[:k])]) / k for k in range(1, n + 1)]
            for order in drawn_orders(n, orders)
        ]
    )
    np.testing.assert_allclose(result.curve, ratios.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(result.curve_se, ratios.std(axis=0, ddof=1) / np.sqrt(orders), atol=1e-15)
    assert ratios[0, -1] >= 0.5
    starts = [next(k for k in range(1, n + 1) if (row[k - 1 :] >= 0.5).all()) for row in ratios]
    assert result.half_fraction == pytest.approx(np.mean(starts) / n, rel=1e-14)
    assert result.half_fraction_se == pytest.approx(np.std(starts, ddof=1) / np.sqrt(orders) / n, rel=1e-12)
    assert result.half_note == ""

    _, labels = connected_components(csr_matrix(links), directed=False)
    assert result.components.tolist() == sorted(np.bincount(labels), reverse=True)
    assert result.isolated == (links.sum(axis=1) == 0).sum()
    assert result.mean_degree == pytest.approx(links.sum() / n)
    assert result.largest == result.components[0] / n == result.curve[-1]
    for place, size in enumerate(result.components):
        members = np.flatnonzero(result.labels == place)
        assert len(members) == size
        assert len(set(labels[members])) == 1
    firsts = [(-size, np.argmax(result.labels == place)) for place, size in enumerate(result.components)]
    assert firsts == sorted(firsts)


def test_lists_and_bits_give_one_result(monkeypatch):
    X = np.random.default_rng(4).normal(size=(5000, 3))
    rows = overlap_rows("test", X, "cosine", 10**9)
    assert isinstance(graphs.overlap_graph("test", rows, 0.999, 10**9), LinkLists)
    assert isinstance(graphs.overlap_graph("test", rows, 0.9, 10**9), LinkBits)  # too many for lists
    lists = data_percolation(X, 0.999, orders=4)
    monkeypatch.setattr(graphs, "_FEW_DIMENSIONS", 2)
    assert isinstance(graphs.overlap_graph("test", rows, 0.999, 10**9), LinkBits)
    bits = data_percolation(X, 0.999, orders=4)
    assert plain(bits) == plain(lists)
    assert bits.labels.tolist() == lists.labels.tolist()


def test_one_cluster_among_single_points_by_enumeration():
    """Six equal points and four that overlap with nothing: all 210 patterns of an order, against 4000 random orders."""
    X = np.vstack([np.eye(5)[[0] * 6], np.eye(5)[1:]])
    result = data_percolation(X, 0.5, orders=4000, lambdas=np.arange(1, 11) / 10)
    assert result.components.tolist() == [6, 1, 1, 1, 1]
    ratios, starts = [], []
    for places in itertools.combinations(range(10), 6):
        inside = np.cumsum(np.isin(np.arange(10), places))
        ratio = np.maximum(inside, 1) / np.arange(1, 11)
        ratios.append(ratio)
        starts.append(next(k for k in range(10) if (ratio[k:] >= 0.5).all()) / 10 + 0.1)
    exact, spread = np.mean(ratios, axis=0), np.std(ratios, axis=0)
    np.testing.assert_allclose(result.curve[[0, -1]], [1.0, 0.6], rtol=1e-12)
    z = (result.curve - exact)[1:-1] / (spread[1:-1] / np.sqrt(4000))
    assert np.abs(z).max() < 4
    np.testing.assert_allclose(result.curve_se, spread / np.sqrt(4000), rtol=0.06, atol=1e-15)
    assert abs(result.half_fraction - np.mean(starts)) < 4 * np.std(starts) / np.sqrt(4000)
    assert result.half_fraction_se == pytest.approx(np.std(starts) / np.sqrt(4000), rel=0.06)


def ring(points, dimension, total):
    """Points on a circle in a plane of its own."""
    angle = 2 * np.pi * np.arange(points) / points
    X = np.zeros((points, total))
    X[:, dimension], X[:, dimension + 1] = np.cos(angle), np.sin(angle)
    return X


def test_two_rings():
    X = np.vstack([ring(30, 0, 4), ring(20, 2, 4)])
    small, large = math.cos(2 * math.pi / 20), math.cos(2 * math.pi / 30)
    both = data_percolation(X, 0.99 * small)
    assert both.components.tolist() == [30, 20]
    assert both.labels.tolist() == [0] * 30 + [1] * 20
    assert both.links == 50
    one = data_percolation(X, (small + large) / 2)
    assert one.components.tolist() == [30] + [1] * 20
    assert (one.isolated, one.links) == (20, 30)
    # On the threshold: neighbours connect, though their cosines are rounded.
    assert data_percolation(X, large).components.tolist() == [30] + [1] * 20
    assert data_percolation(X, small).components.tolist() == [30, 20]
    assert data_percolation(X, large * (1 + 1e-9)).links == 0


def test_bumps_on_a_grid_percolate_as_the_grid_does():
    """Images of bumps against the pattern of their positions; overlap exp(-r^2/(4 sigma^2)), ties at the radius."""
    sigma, radius = 2.0, 2.0
    pattern = np.random.default_rng(5).random((13, 11)) < 0.2
    y, x = np.nonzero(pattern)
    pixel = np.arange(56.0)
    rows, columns = (np.exp(-((pixel - 21 - centre[:, None]) ** 2) / (2 * sigma**2)) for centre in (y, x))
    images = rows[:, :, None] * columns[:, None, :]
    grid = kept_percolation(pattern, disc_neighbourhood(radius))
    result = data_percolation(images, math.exp(-(radius**2) / (4 * sigma**2)))
    assert 5 < len(result.components) < pattern.sum()
    assert result.components.tolist() == grid.sizes.tolist()
    assert result.labels.tolist() == grid.labels[pattern].tolist()
    assert 2 * result.links == grid.kept_neighbours[pattern].sum()
    assert result.d == 56 * 56
    product = math.exp(-(radius**2) / (4 * sigma**2)) / (4 * math.pi * sigma**2)
    assert data_percolation(images, product, overlap="product").labels.tolist() == result.labels.tolist()


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 80), st.integers(1, 20), st.sampled_from(OVERLAPS), st.integers(0, 1000))
def test_order_and_scale_of_points_change_nothing(n, d, overlap, seed):
    generator = np.random.default_rng(seed)
    X = generator.integers(0, 4, size=(n, d)) + 0.0
    X[:, 0] += 1
    tau = float(generator.choice(dense_overlaps(X, overlap).ravel()).astype(float))
    if tau == 0:
        return
    shuffled = generator.permutation(n)
    result, other = (data_percolation(Y, tau, overlap=overlap, orders=1) for Y in (X, X[shuffled]))
    assert other.components.tolist() == result.components.tolist()
    assert other.links == result.links
    pairs = set(zip(result.labels[shuffled].tolist(), other.labels.tolist(), strict=True))
    assert len(pairs) == len(result.components)
    scaled = data_percolation(
        X * generator.choice([1e-200, 3e-5, 7, 1e200], size=(n, 1)), tau, overlap=overlap, orders=1
    )
    assert scaled.labels.tolist() == result.labels.tolist()
    assert scaled.links == result.links


@pytest.mark.parametrize("overlap", ["cosine", "coefficient"])
def test_equal_points_connect_at_an_overlap_of_one(overlap):
    X = np.random.default_rng(0).random((50, 1000))
    copies = np.vstack([X, 3 * X, X[:10] / 7])
    result = data_percolation(copies, 1, overlap=overlap)
    assert result.components.tolist() == [3] * 10 + [2] * 40
    assert result.labels[:50].tolist() == list(range(50))


def test_close_to_the_threshold_the_overlap_decides():
    """Angles at which 1 - cos differs from 1 - tau by one part in 1e4, where distances of unit vectors are rounded."""
    gap = 1e-6
    for factor, connects in ((1 - 1e-4, True), (1 + 1e-4, False)):
        angle = math.sqrt(2 * gap * factor)  # 1 - cos = angle^2/2 to one part in 1e6
        X = [[math.cos(a), math.sin(a), 0] for a in (0.3, 0.3 + angle)]
        assert (data_percolation(X, 1 - gap).links == 1) is connects
        rows = overlap_rows("test", X, "cosine", 10**6)
        assert (link_lists(rows, 1 - gap).links == 1) is connects


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int16, bool])
def test_images_of_any_type(dtype):
    X = np.random.default_rng(0).integers(0, 2, size=(40, 4, 3)).astype(dtype)
    X[:, 0, 0] = 1
    before = X.copy()
    result = data_percolation(X, 0.7)
    flat = data_percolation(X.reshape(40, 12).astype(float), 0.7)
    assert plain(result) == plain(flat)
    assert result.d == 12
    np.testing.assert_array_equal(X, before)


def test_threads_and_memory_change_nothing():
    X = np.random.default_rng(7).random((1500, 5))
    first = data_percolation(X, 0.97, overlap="coefficient")
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        second = data_percolation(X, 0.97, overlap="coefficient", memory=10**7)
    finally:
        numba.set_num_threads(threads)
    assert plain(first) == plain(second)
    assert plain(data_percolation(X, 0.97, overlap="coefficient", rng=1)) != plain(first)
    generated = data_percolation(X, 0.97, overlap="coefficient", rng=np.random.default_rng(1), orders=3)
    assert generated.orders == 3


def test_half_of_what_is_kept():
    clusters = np.repeat(np.eye(4), [5, 3, 2, 2], axis=0)
    never = data_percolation(clusters, 0.5)
    assert (never.half_fraction, never.half_fraction_se) == (None, None)
    assert never.half_note.startswith("the largest component holds 0.417 of all points, less than half; lower tau")
    always = data_percolation(np.ones((12, 2)), 0.5)
    assert (always.half_fraction, always.half_fraction_se) == (1 / 12, 0)
    assert always.half_note.startswith(
        "in every order the largest component holds half or more from the first point on"
    )
    # Two halves: whatever is kept, the larger part of it is at least half.
    assert data_percolation(np.repeat(np.eye(2), 6, axis=0), 0.5).half_fraction == 1 / 12
    once = data_percolation(clusters[:9], 0.5, orders=1)
    assert once.curve_se is None
    assert once.half_fraction_se is None
    assert once.half_fraction is not None


def test_fractions_are_whole_numbers_of_points():
    result = data_percolation(np.eye(7), 0.5, lambdas=[0.5, 0.001, 0.52, 1.0])
    assert result.kept.tolist() == [1, 4, 7]
    np.testing.assert_allclose(result.lambdas, [1 / 7, 4 / 7, 1])
    np.testing.assert_allclose(result.curve, [1, 1 / 4, 1 / 7])
    assert data_percolation(np.eye(300), 0.5).kept.tolist() == list(range(3, 301, 3))


def test_a_result_is_shown_in_a_line():
    result = data_percolation(np.eye(4), 0.5)
    assert "components=4, largest=0.25, half_fraction=None" in repr(result)


def test_progress_ends_at_all_of_it():
    calls = []
    data_percolation(np.random.default_rng(0).random((50, 3)), 0.9, progress=lambda *call: calls.append(call))
    assert calls[-1] == (100, 100)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_digits():
    """Numbers of a data set that everyone has; standard errors are those of 32 orders."""
    X = load_digits().data
    result = data_percolation(X, 0.9)
    links = X @ X.T / np.sqrt(np.outer((X**2).sum(axis=1), (X**2).sum(axis=1))) >= 0.9
    sizes = np.bincount(connected_components(csr_matrix(links), directed=False)[1])
    assert result.components.tolist() == sorted(sizes, reverse=True)
    assert result.components[:2].tolist() == [1790, 1]
    assert 2 * result.links == links.sum() - len(X)
    assert result.half_fraction == pytest.approx(0.1461, abs=5e-5)
    assert result.half_fraction_se == pytest.approx(0.0057, abs=5e-5)
    other = data_percolation(X, 0.9, rng=1, orders=200)
    z = (other.half_fraction - result.half_fraction) / math.hypot(other.half_fraction_se, result.half_fraction_se)
    assert abs(z) < 4
    higher = data_percolation(X, 0.93)
    assert higher.half_fraction > result.half_fraction + 5 * higher.half_fraction_se
    assert data_percolation(X, 0.95).half_fraction is None


def test_directions_on_a_sphere_reach_the_threshold_of_discs():
    """Caps on a sphere are discs in the continuum: 4 eta_c = 4.51235 neighbours, up to n^(-1/(2 nu)) with nu = 4/3."""
    deviations = []
    for n in (3000, 30000):
        neighbours = []
        for seed in range(4):
            X = np.random.default_rng(seed).normal(size=(n, 3))
            result = data_percolation(X, 1 - 2 * 6 / n, orders=16)  # a cap is (1 - tau)/2 of the sphere
            assert abs(result.mean_degree - 6) < 0.2
            neighbours.append(result.half_fraction * result.mean_degree)
        deviations.append(1 - np.mean(neighbours) / 4.51235)
        assert 0 < deviations[-1] < 2 * n ** (-3 / 8)
    assert deviations[1] < deviations[0] / 2


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_connecting_overlaps_of_every_threshold(overlap):
    X = np.random.default_rng(9).random((70, 4)) ** 2
    found = connecting_overlaps(X, overlap=overlap)
    assert np.all(np.diff(found.overlaps) <= 0)
    overlaps = dense_overlaps(X, overlap)
    for value, largest in zip(found.overlaps, found.largest, strict=True):
        assert largest == largest_component(overlaps >= value * (1 - 1e-13)) / 70
    assert found.whole == found.overlaps[-1]
    assert found.half == found.overlaps[np.flatnonzero(found.largest >= 0.5)[0]]
    assert data_percolation(X, found.whole, overlap=overlap).components.tolist() == [70]
    assert len(data_percolation(X, found.whole * (1 + 1e-9), overlap=overlap).components) == 2
    assert data_percolation(X, found.half, overlap=overlap).largest >= 0.5
    assert data_percolation(X, found.half * (1 + 1e-9), overlap=overlap).largest < 0.5
    assert repr(found).startswith(f"ConnectingOverlaps(n=70, overlap={overlap!r}, whole=")


def test_connecting_overlaps_of_several_tiles():
    X = np.random.default_rng(9).normal(size=(1100, 3))
    found = connecting_overlaps(X)
    assert data_percolation(X, found.whole, orders=1).components.tolist() == [1100]
    assert data_percolation(X, found.half, orders=1).largest >= 0.5
    assert data_percolation(X, found.half * (1 + 1e-9), orders=1).largest < 0.5
    with pytest.raises(
        ValueError, match="connecting_overlaps: the overlaps of all pairs of n = 1100 points would take"
    ):
        connecting_overlaps(X, memory=10**6)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.eye(3), {"tau": 0}, r"data_percolation: tau \(overlap from which two points connect\) must be positive"),
        (np.eye(3), {"tau": 1.1}, "must be at most 1, got 1.1"),
        (np.eye(3), {"overlap": "dot"}, "overlap must be one of cosine, coefficient, product, got 'dot'"),
        (np.eye(3), {"orders": 0}, r"orders \(number of random orders\) must be at least 1, got 0"),
        (np.eye(3), {"lambdas": [0.5, 0]}, r"lambdas \(fractions kept\) must be above 0 and at most 1, got 0"),
        (np.eye(3), {"lambdas": [0.5, math.nan]}, "above 0 and at most 1, got nan"),
        (np.eye(3), {"lambdas": []}, "must be a number or a 1-d sequence, got shape \\(0,\\)"),
        (np.eye(3), {"memory": 10}, "3 points of 3 coordinates in float64 would take .*; take fewer points, or raise"),
        (np.eye(3), {"memory": 300}, "a bit for each pair of n = 3 points would take .*; take a random part of the"),
        (np.eye(3), {"rng": -1}, r"rng \(seed\) must be at least 0, got -1"),
        (object(), {}, r"got object; give an array of points, e.g. data.X or subset.images\(\)"),
        ([1.0, 2.0], {}, r"X must be 2-d, of shape \(n, d\), got shape \(2,\)"),
        ([[1.0], [1.0, 2.0]], {}, r"X must be an array of shape \(n, ...\), got points of unequal length"),
        ([[1.0, 2.0]], {}, "needs at least 2 points"),
        ([[1.0, math.inf], [0, 1]], {}, "must be finite, got inf in row 0, column 1"),
        (np.diag([1, 0, 1, 0]), {}, r"a zero vector has no direction \(cosine\), got zeros in rows 1, 3; drop such"),
        (np.zeros((8, 2)), {}, "got zeros in rows 0, 1, 2, 3, 4 and 3 more"),
        (np.diag([1, 0]), {"overlap": "product"}, r"has no density \(sum 0\), got zeros in row 1; drop"),
        (
            [[1, 0], [2, -1]],
            {"overlap": "coefficient"},
            "is of densities and needs values of at least 0, got -1 in row 1; take overlap='cosine', or undo",
        ),
    ],
)
def test_bad_input(X, options, message):
    with pytest.raises(ValueError, match=message):
        data_percolation(X, **({"tau": 0.5} | options))


def test_too_many_links_for_lists_and_bits():
    X = np.random.default_rng(0).random((6000, 2))
    with pytest.raises(ValueError, match="a bit for each pair of n = 6000 points would take"):
        data_percolation(X, 0.5, memory=10**6)
    with pytest.raises(ValueError, match="links of n = 6000 points would take .*; raise tau, take a random part of"):
        data_percolation(X, 1 - 1e-6, memory=2 * 10**6)
    rows = overlap_rows("test", X, "product", 10**6)
    with pytest.raises(
        ValueError, match="link_lists: the density product is no function of a distance; take link_bits"
    ):
        link_lists(rows, 0.5)
