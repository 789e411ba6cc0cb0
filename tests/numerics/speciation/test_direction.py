"""Directions of a population from points: against resolvents, plain singular vectors and repeated sampling."""

import numpy as np
import pytest
from scipy.stats import binom, chi2

from regimes.numerics.interface.data_checks import checked_points
from regimes.numerics.posterior.eigenvalues import Centred
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.numerics.speciation.direction.correction import Bulk, chi_squared_quantile
from regimes.numerics.speciation.direction.directions import directions
from regimes.numerics.speciation.direction.halves import halved_projections
from regimes.numerics.speciation.direction.kurtosis import excess_kurtosis


def spiked(generator, n, d, *tops):
    X = generator.normal(size=(n, d))
    X[:, : len(tops)] *= np.sqrt(tops)
    return X


@pytest.mark.parametrize(("n", "d"), [(40, 90), (90, 40)])
def test_the_correction_is_the_resolvent_of_the_products_of_points(n, d):
    """-1/mbar from an inverted n x n matrix without its top, zeros and all."""
    X = spiked(np.random.default_rng(0), n, d, 9.0)
    values, vectors = np.linalg.eigh(X @ X.T / n)
    without = vectors[:, :-1] * values[:-1] @ vectors[:, :-1].T
    mbar = np.trace(
        np.linalg.inv(without - values[-1] * np.eye(n)) + np.outer(vectors[:, -1], vectors[:, -1]) / values[-1]
    )
    rest = np.linalg.eigvalsh(X.T @ X / n)[-2::-1]
    # Without its top the matrix has one zero more than the formula counts dimensions: 1/lambda for it is added back.
    mbar = mbar / n - 1 / values[-1] / n
    assert Bulk(rest, n).corrected(values[-1]) == pytest.approx(-1 / mbar, rel=1e-9)
    step = 1e-6 * values[-1]
    slope = (Bulk(rest, n).corrected(values[-1] + step) - Bulk(rest, n).corrected(values[-1] - step)) / (2 * step)
    assert Bulk(rest, n).slope(values[-1]) == pytest.approx(slope, rel=1e-6)


def test_the_eigenvalue_of_a_sample_is_corrected_and_scatters_as_stated():
    """Two classes at +-m in a white bulk of variance 3: the law of one eigenvalue, whose kurtosis is known."""
    n, d, top, runs = 300, 150, 15.0, 150
    generator = np.random.default_rng(1)
    found, corrected, freedom = np.empty(runs), np.empty(runs), np.empty(runs)
    for run in range(runs):
        X = np.sqrt(3) * generator.normal(size=(n, d))
        X[:, 0] += np.sqrt(top - 3) * generator.choice([-1, 1], size=n)
        values = covariance_spectrum(X).eigenvalues
        bulk = Bulk(values[1:], n - 1)
        found[run], corrected[run] = values[0], bulk.corrected(values[0])
        freedom[run] = bulk.freedom(values[0], -2 * (12 / top) ** 2)
    assert abs(corrected.mean() - top) < 3 * corrected.std() / np.sqrt(runs)
    ratio = runs * found.var() / (2 * found.mean() ** 2 / freedom.mean())
    assert chi2.ppf(1e-3, runs - 1) < ratio < chi2.ppf(1 - 1e-3, runs - 1)
    # The plain error of the top eigenvalue would miss this by far: the bulk pulls it up by half of d/n.
    assert found.mean() / top > 1.1


def plain_projections(X, first, wanted, center):
    """What the halves say of one another, from singular vectors."""
    held_out, norms = np.empty((len(X), wanted)), np.empty(len(X))
    for half, other in ((first, ~first), (~first, first)):
        A, B = X[half], X[other]
        if center:
            A, B = A - A.mean(0), B - B.mean(0)
        held_out[other] = B @ np.linalg.svd(A, full_matrices=False)[2][:wanted].T
        norms[other] = np.sum(B**2, axis=1)
    return X @ np.linalg.svd(X, full_matrices=False)[2][:wanted].T, held_out, norms


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize(
    ("n", "d", "dense", "memory"), [(50, 20, True, 10**7), (20, 50, True, 10**7), (60, 50, False, 2000)]
)
def test_halves(n, d, dense, memory, center):
    X = np.random.default_rng(2).normal(size=(n, d)) * np.geomspace(3, 0.5, d) + 1
    if center:
        X -= X.mean(axis=0)
    first = np.arange(n) % 3 == 0
    data = Centred(checked_points("test", X), memory, center=center)
    found = halved_projections(data, first, 4, center=center, dense=dense)
    own, held_out, norms = plain_projections(X, first, 4, center)
    np.testing.assert_allclose(np.abs(found.own) * data.extent, np.abs(own), atol=1e-6)
    np.testing.assert_allclose(np.abs(found.held_out) * data.extent, np.abs(held_out), atol=1e-6)
    np.testing.assert_allclose(found.squared_norms * data.extent**2, norms, rtol=1e-9)


def test_directions_of_many_values_in_single_precision(monkeypatch):
    X = spiked(np.random.default_rng(1), 700, 300, 6.0).astype(np.float32)
    double = directions(X.astype(float))
    monkeypatch.setattr("regimes.numerics.posterior.eigenvalues._MANY", 1)
    single = directions(X)
    assert (single.count, single.stands_out) == (double.count, True)
    assert single.Lambda == pytest.approx(double.Lambda, rel=1e-6)
    assert single.interval == pytest.approx(double.interval, rel=1e-5)
    assert single.p_values == pytest.approx(double.p_values, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize(("n", "d", "tails"), [(100, 50, False), (40, 2, False), (60, 120, True)])
def test_noise_has_no_direction(n, d, tails):
    """At most 5% of the draws, whatever the scale, the tails and the number of dimensions."""
    generator, runs, found = np.random.default_rng(3), 150, 0
    for run in range(runs):
        X = 1e-4 * generator.normal(size=(n, d))
        if tails:
            X *= np.sqrt(3 / generator.chisquare(5, size=(n, 1)))
        result = directions(X, rng=run)
        found += result.stands_out
        if not result.stands_out:
            assert result.Lambda is None
            assert result.upper > 1e-8
            assert "No direction stands out" in result.sentences[0]
    assert found <= binom.ppf(0.999, runs, 0.05)


@pytest.mark.parametrize(
    ("make", "top"),
    [
        (lambda g: spiked(g, 80, 40, 4.0), 4.0),
        (lambda g: g.standard_t(5, size=(80, 40)) * np.sqrt(6 / np.arange(1, 41)), 10.0),
        (lambda g: g.normal(size=(80, 40)) * np.where(np.arange(40) < 16, 1.0, 0.3), 1.0),
    ],
    ids=["spike", "heavy tails", "manifold"],
)
def test_the_interval_covers_the_population(make, top):
    runs, generator = 120, np.random.default_rng(4)
    intervals = [result.interval for run in range(runs) if (result := directions(make(generator), rng=run)).stands_out]
    covered = sum(low <= top <= high for low, high in intervals)
    assert len(intervals) > 0.9 * runs
    assert covered >= binom.ppf(0.001, len(intervals), 0.95)


def test_directions_come_in_blocks():
    found = directions(spiked(np.random.default_rng(5), 2000, 40, 30.0, 9.0, 9.0, 9.0, 3.0))
    assert [(block.first, block.count) for block in found.blocks] == [(0, 1), (1, 3), (4, 1)]
    for block, truth in zip(found.blocks, (30.0, 9.0, 3.0), strict=True):
        assert block.interval[0] < truth < block.interval[1]
    assert found.count == 5
    assert not found.more
    assert found.Lambda == found.blocks[0].Lambda
    assert found.upper == found.interval[1]
    assert "Directions 2 to 4, not told apart" in found.sentences[2]


def test_unit_rotation_and_constant_features_change_nothing():
    generator = np.random.default_rng(6)
    X = spiked(generator, 60, 12, 8.0)
    rotation = np.linalg.qr(generator.normal(size=(12, 12)))[0]
    one = directions(X)
    for other in (directions(1e6 * X @ rotation), directions(np.column_stack([1e6 * X, np.full((60, 5), 3.0)]))):
        assert other.Lambda == pytest.approx(1e12 * one.Lambda, rel=1e-7)
        np.testing.assert_allclose(other.interval, 1e12 * np.array(one.interval), rtol=1e-6)
        assert other.p_value == pytest.approx(one.p_value, rel=1e-6)
        assert (other.d, other.level) == (12, pytest.approx(1e12 * one.level))


def test_about_the_origin_a_shift_is_a_direction():
    X = np.random.default_rng(7).normal(size=(200, 30)) + 1.0
    about = directions(X, center=False)
    assert not directions(X).stands_out
    assert about.count == 1
    assert about.interval[0] < 31 < about.interval[1]


def test_one_dimension_and_few_points():
    X = np.random.default_rng(8).normal(size=(400, 1))
    one = directions(X)
    assert (one.stands_out, one.p_value, one.blocks) == (False, None, ())
    assert one.Lambda == pytest.approx(X.var(ddof=1))
    assert one.interval[0] < 1 < one.interval[1]
    assert "one direction only" in one.sentences[0]
    few = directions(X[:5])
    assert (few.Lambda, few.upper, few.p_value) == (None, None, None)
    assert "too few" in few.sentences[0]


def test_a_known_spectrum_saves_one_and_must_be_of_these_points():
    X = spiked(np.random.default_rng(9), 80, 20, 6.0)
    assert directions(X, spectrum=covariance_spectrum(X)).interval == directions(X).interval
    with pytest.raises(ValueError, match="spectrum must be that of X, 80 points in 20 dimensions .* leave it out"):
        directions(X, spectrum=covariance_spectrum(X, center=False))
    with pytest.raises(ValueError, match="directions of 80 points in 20 dimensions would take"):
        directions(X, spectrum=covariance_spectrum(X), memory=1000)
    with pytest.raises(ValueError, match="X must vary"):
        directions(np.ones((20, 3)))


def test_a_part_of_the_spectrum_gives_nearly_the_same():
    X = spiked(np.random.default_rng(10), 300, 100, 9.0, 5.0)
    whole, part = directions(X), directions(X, spectrum=covariance_spectrum(X, top=16))
    assert part.Lambda == pytest.approx(whole.Lambda, rel=0.01)


def test_kurtosis_of_known_laws():
    generator = np.random.default_rng(11)
    assert excess_kurtosis(generator.normal(size=100_000)) == pytest.approx(0, abs=0.1)
    assert excess_kurtosis(generator.choice([-1.0, 1.0], size=1000)) == pytest.approx(-2, abs=1e-12)
    assert excess_kurtosis(generator.standard_t(9, size=100_000)) == pytest.approx(6 / 5, abs=0.15)
    assert excess_kurtosis(np.zeros(5)) == 0
    assert chi_squared_quantile(0.3, 7) == pytest.approx(chi2.ppf(0.3, 7) / 7, rel=1e-12)


def test_the_mean_costs_a_degree_of_freedom():
    """The other eigenvalues are summed over n - 1 points where their mean is subtracted, over n where it is not."""
    X = np.random.default_rng(11).normal(size=(24, 6)) * [9, 1, 1, 1, 1, 1]
    for center, degrees in ((True, 23), (False, 24)):
        points = X - X.mean(axis=0) if center else X
        top, *rest = np.sort(np.linalg.eigvalsh(points.T @ points / degrees))[::-1]
        pull = sum(value / (top - value) for value in rest) / degrees
        assert directions(X, center=center).Lambda == pytest.approx(top / (1 + pull), rel=1e-12)
