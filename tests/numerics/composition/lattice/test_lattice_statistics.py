"""Averages over orders against exact chains, crossing and winding probabilities, and the known exponents."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from scipy.stats import binom, chi2

from regimes.numerics.composition.lattice.canonical import canonical_average, canonical_weights
from regimes.numerics.composition.lattice.first_spanning import first_spanning
from regimes.numerics.composition.lattice.growth import Forest
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.lattice_percolation import lattice_percolation
from regimes.numerics.composition.lattice.neighbourhood import disc_neighbourhood
from regimes.numerics.composition.lattice.sequence import percolation_sequence
from regimes.numerics.composition.lattice.spanning import spanning_probability, spanning_quantile, spanning_width
from regimes.numerics.composition.lattice.stencil import make_stencil

SQUARE, EIGHT = disc_neighbourhood(1), disc_neighbourhood(2**0.5)
SQUARE_THRESHOLD = 0.59274605  # site percolation of the square lattice (newman2001 and later)
# Probabilities at the threshold to wind around a square torus: along a given axis, either, both (pinson1994).
WINDS, WINDS_EITHER, WINDS_BOTH = 0.521058290, 0.690473725, 0.351642855


@pytest.mark.parametrize(("n", "value"), [(1, 0.3), (7, 0.5), (900, 0.01), (900, 0.99), (10**6, 0.3), (2**24, 1e-6)])
def test_weights_are_binomial(n, value):
    weights = canonical_weights(n, np.array([value]))
    k = weights.low[0] + np.arange(weights.weights.size)
    np.testing.assert_allclose(weights.weights.sum(), 1, rtol=1e-12)
    mode = int(np.argmax(weights.weights))
    assert min(weights.weights[0], weights.weights[-1]) < 1e-16 * weights.weights[mode] or weights.weights.size == n + 1
    with mpmath.workdps(50):
        for i in {0, mode, weights.weights.size - 1, weights.weights.size // 3}:
            exact = (
                mpmath.binomial(n, int(k[i]))
                * mpmath.mpf(value) ** int(k[i])
                * (1 - mpmath.mpf(value)) ** int(n - k[i])
            )
            assert abs(weights.weights[i] / exact - 1) < 1e-10


def test_averages_of_powers_are_exact():
    n, lambdas = 5000, np.array([0, 1e-3, 0.2, 0.5927, 0.999, 1])
    k = np.arange(n + 1.0)
    np.testing.assert_allclose(canonical_average(k / n, lambdas), lambdas, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(canonical_average(k * (k - 1), lambdas), n * (n - 1) * lambdas**2, rtol=1e-12)
    np.testing.assert_allclose(canonical_average(np.sqrt(k), [0.3]), binom.pmf(k, n, 0.3) @ np.sqrt(k), rtol=1e-12)
    with pytest.raises(ValueError, match="values must be 1-d, one for each k = 0 to n, got shape"):
        canonical_average(np.ones((3, 3)), 0.5)
    with pytest.raises(ValueError, match=r"lambdas .* must lie in \[0, 1\], got -0.1"):
        canonical_average([0, 1], -0.1)


def test_averages_of_runs_are_those_of_their_sequences():
    """The blocks of a run, in sixteen lanes, against one sum over the whole sequence of the same order."""
    shape, lambdas = (120, 110), np.array([0, 0.001, 0.2, 0.5, 0.59, 0.7, 0.999, 1])
    n = math.prod(shape)
    forest = Forest(make_stencil(Lattice(shape, SQUARE)))
    found = lattice_percolation(Lattice(shape, SQUARE), runs=1, lambdas=lambdas, rng=np.random.default_rng(8))
    key = np.random.default_rng(8).integers(0, 2**64, size=1, dtype=np.uint64)
    spans = forest.run(int(key[0]), lambda *_: None)
    assert first_spanning(forest.stencil, key, 1)[0] == spans
    points = forest.points()
    order = np.empty(points.max() + 1, int)
    order[points] = np.arange(n)
    sequence = percolation_sequence(order[forest.order], Lattice(shape, SQUARE))
    assert sequence.spanning == spans
    assert found.spanning_fraction[0] == spans / n
    k, big = np.arange(n + 1), sequence.largest
    np.testing.assert_allclose(found.largest, canonical_average(big / n, lambdas), rtol=1e-12)
    squares = canonical_average(sequence.squares - big**2, lambdas)
    others = canonical_average(k - big, lambdas)
    some = others > 0
    np.testing.assert_allclose(found.mean_size[some], squares[some] / others[some], rtol=1e-9)
    np.testing.assert_allclose(found.spanning, binom.sf(spans - 1, n, lambdas), rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("neighbourhood", [SQUARE, disc_neighbourhood(3)])
def test_where_a_run_spans_is_where_its_curve_does(neighbourhood, periodic):
    stencil = make_stencil(Lattice((90, 80), neighbourhood, axis=1, periodic=periodic))
    keys = np.random.default_rng(4).integers(0, 2**64, size=9, dtype=np.uint64)
    forest = Forest(stencil)
    assert first_spanning(stencil, keys, 2).tolist() == [forest.run(int(key), lambda *_: None) for key in keys]


def test_all_orders_are_equally_likely():
    forest = Forest(make_stencil(Lattice(4, disc_neighbourhood(1, steps=(1.0,)))))
    keys = np.random.default_rng(4).integers(0, 2**64, size=12_000, dtype=np.uint64)
    seen = dict.fromkeys(itertools.permutations(forest.points().tolist()), 0)
    for key in keys.tolist():
        forest.run(key, lambda *_: None)
        seen[tuple(forest.order.tolist())] += 1
    counts = np.array(list(seen.values()))
    assert chi2.sf(((counts - 500) ** 2 / 500).sum(), 23) > 1e-4


@pytest.mark.parametrize("reach", [1, 2, 5])
def test_mean_size_on_a_ring(reach):
    """Clusters of a chain end at gaps of `reach` points: S = (1 + q)/(1 - q) with q = 1 - (1 - lambda)^reach."""
    n, runs = 30_000, 24
    ring = disc_neighbourhood(reach, steps=(1.0,))
    lambdas = np.array([0.05, 0.2, 0.4]) if reach > 1 else np.array([0.1, 0.5, 0.9])
    rng = np.random.default_rng(reach)
    sizes = np.array(
        [
            canonical_average(
                percolation_sequence(rng.permutation(n), Lattice(n, ring, periodic=True)).squares, lambdas
            )
            for _ in range(runs)
        ]
    ) / (n * lambdas)
    q = 1 - (1 - lambdas) ** reach
    # A kept point's cluster: itself and, to each side, a geometric number of further kept points.
    z = (sizes.mean(axis=0) - (1 + q) / (1 - q)) / (sizes.std(axis=0, ddof=1) / np.sqrt(runs))
    assert np.abs(z).max() < 4


def test_a_square_is_crossed_half_the_time_at_the_threshold():
    """With open edges R(p_c) = 1/2 + O(1/N); the finite size is seen at 16 and has to shrink."""
    excess = {}
    for size, runs in ((16, 10_000), (128, 800)):
        found = lattice_percolation(Lattice(size, SQUARE), runs=runs, lambdas=[SQUARE_THRESHOLD], rng=1)
        excess[size] = found.spanning[0] - 0.5, found.spanning_se[0]
    assert 4 * excess[16][1] < excess[16][0] < 0.05
    assert abs(excess[128][0] - excess[16][0] / 8) < 4 * excess[128][1]


def test_a_torus_is_wound_around_as_often_as_exactly_known():
    size, runs = 48, 1500
    n = size**2
    rng = np.random.default_rng(6)
    first = np.empty((runs, 2), np.int64)
    for run in range(runs):
        order = rng.permutation(n)
        for axis in (0, 1):
            first[run, axis] = percolation_sequence(order, Lattice(size, SQUARE, periodic=True, axis=axis)).spanning
    # Along both axes where both have been wound around: in the plane two such clusters meet.
    for numbers, exact in (
        (first[:, 0], WINDS),
        (first[:, 1], WINDS),
        (first.min(axis=1), WINDS_EITHER),
        (first.max(axis=1), WINDS_BOTH),
    ):
        probability = spanning_probability(numbers, n, np.array([SQUARE_THRESHOLD]))[:, 0]
        z = (probability.mean() - exact) / (probability.std(ddof=1) / np.sqrt(runs))
        assert abs(z) < 4


def test_the_largest_cluster_is_a_fractal_at_the_threshold():
    """Its points grow as N^(91/48)."""
    shares = [
        lattice_percolation(Lattice(size, SQUARE, periodic=True), runs=runs, lambdas=[SQUARE_THRESHOLD], rng=2)
        for size, runs in ((32, 4000), (256, 300))
    ]
    dimension = 2 + math.log(shares[1].largest[0] / shares[0].largest[0]) / math.log(256 / 32)
    error = math.hypot(*(found.largest_se[0] / found.largest[0] for found in shares)) / math.log(256 / 32)
    assert abs(dimension - 91 / 48) < 4 * error < 0.06


def test_the_median_crosses_where_the_curve_does():
    found = lattice_percolation(Lattice(40, EIGHT), runs=31, rng=3)
    curve = np.interp(found.threshold, found.lambdas, found.spanning)
    assert abs(curve - 0.5) < 0.02
    first = np.rint(found.spanning_fraction * 1600).astype(int)
    assert spanning_probability(first, 1600, np.array([found.threshold])).mean() == pytest.approx(0.5, abs=1e-9)
    assert abs(found.threshold - np.median(found.spanning_fraction)) < found.threshold_se
    assert found.width == pytest.approx(found.spanning_fraction.std(ddof=1))


@pytest.mark.parametrize(("runs", "covered"), [(8, 0.86), (32, 0.92)])
def test_the_error_of_the_median_covers_about_as_often_as_it_says(runs, covered):
    """Orders that spread far more than their numbers of points do, the hardest case: what the docstring says."""
    n = 4096
    everything = np.random.default_rng(7).binomial(n, np.random.default_rng(8).beta(40, 30, size=(400, runs)))
    truth, _ = spanning_quantile(everything.ravel(), n)
    found = np.array([spanning_quantile(first, n) for first in everything])
    inside = np.mean(np.abs(found[:, 0] - truth) < 2 * found[:, 1])
    assert inside > covered - 2 * math.sqrt(covered * (1 - covered) / 400)
    spread = found[:, 0].std()
    assert 0.8 < np.sqrt(np.mean(found[:, 1] ** 2)) / spread < 1.6
    assert spanning_quantile(everything[0, :7], n)[1] is None


@pytest.mark.parametrize(("size", "radius", "distinct"), [(16, 1, (50, 120)), (8, 1, (10, 45)), (96, 2, (700, 3000))])
def test_the_error_of_the_median_covers_however_few_values_the_orders_take(size, radius, distinct):
    """One big run split up: 40 sets of 2000 orders, which share few numbers of points on small grids."""
    sets, runs, n = 40, 2000 if size < 20 else 250, size**2
    stencil = make_stencil(Lattice(size, disc_neighbourhood(radius)))
    keys = np.random.default_rng(11).integers(0, 2**64, size=sets * runs, dtype=np.uint64)
    first = first_spanning(stencil, keys, 2)
    assert distinct[0] <= np.unique(first).size <= distinct[1]
    truth, own = spanning_quantile(first, n)
    found = np.array([spanning_quantile(some, n) for some in first.reshape(sets, runs)])
    z = (found[:, 0] - truth) / np.hypot(found[:, 1], own)
    # 40 draws: 36 within two errors is two deviations of their number below the mean; z^2 sums to chi^2.
    assert np.count_nonzero(np.abs(z) < 2) >= 36
    assert 1e-3 < chi2.cdf((z**2).sum(), sets) < 1 - 1e-3


def test_the_width_of_a_few_points_by_quadrature():
    """An order spans at the k-th smallest of n uniform numbers, of density C(n, k) k u^(k-1) (1-u)^(n-k)."""
    n, first = 5, [2, 3, 3, 5]

    def moment(k, power):
        weight = math.comb(n, k) * k
        return float(mpmath.quad(lambda u: weight * u ** (k - 1 + power) * (1 - u) ** (n - k), [0, 1]))

    means = np.array([moment(k, 1) for k in first])
    within = np.mean([moment(k, 2) - moment(k, 1) ** 2 for k in first])
    width, _ = spanning_width(np.array(first), n)
    assert width == pytest.approx(math.sqrt(means.var(ddof=1) + within), rel=1e-12)


def test_the_width_is_that_of_points_with_random_numbers():
    rng = np.random.default_rng(9)
    n = 400
    first = rng.binomial(n - 1, rng.beta(30, 20, size=20_000)) + 1
    drawn = rng.beta(first, n + 1 - first)
    width, error = spanning_width(first, n)
    assert abs(drawn.std() - width) < 4 * math.hypot(error, width / math.sqrt(2 * len(first)))
