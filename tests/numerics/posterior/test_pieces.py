"""Passes that are cut into pieces, each done elsewhere, give what one pass gives."""

import pickle
from dataclasses import replace

import cloudpickle
import numpy as np
import pytest

from regimes.datasets.points.loading import load_or_open
from regimes.numerics.interface.data_checks import checked_points
from regimes.numerics.interface.workers import Here, places
from regimes.numerics.posterior.curves import posterior_curves
from regimes.numerics.posterior.near_copies import near_copies
from regimes.numerics.posterior.part_kernel import merge_sums
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.numerics.posterior.summary import Sums
from regimes.numerics.speciation.direction.directions import directions

DRAW = np.random.default_rng(6)


class Elsewhere:
    """Five others, to whom everything is sent; the last piece is done first."""

    shards = 5

    def __init__(self):
        self.items = []

    def put(self, value):
        return cloudpickle.dumps(value)

    def map(self, function, items, *arguments):
        self.items += items
        given = [pickle.loads(each) if isinstance(each, bytes) else each for each in arguments]
        done = {number: function(items[number], *given) for number in reversed(range(len(items)))}
        return iter(pickle.loads(pickle.dumps([done[number] for number in range(len(items))])))


def both(tmp_path, X, memory):
    """The same points, worked through here and elsewhere, and who did so; ``memory`` decides whether they are held."""
    np.save(tmp_path / "x.npy", X)
    data, others = load_or_open(tmp_path / "x.npy", memory=memory), Elsewhere()
    one = checked_points("test", data.X)
    return one, replace(one, workers=others, kept={}), others


def same(one, other, rtol=1e-12):
    for name, value in vars(one).items():
        if isinstance(value, np.ndarray | float):
            expected = np.asarray(value)
            scale = np.abs(expected).max(initial=0)
            np.testing.assert_allclose(getattr(other, name), expected, rtol=rtol, atol=rtol * scale, err_msg=name)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(("n", "d", "dense"), [(600, 40, True), (60, 500, True), (300, 200, False)])
def test_spectrum_and_directions(tmp_path, monkeypatch, n, d, dense, held, center):
    for module in ("posterior.spectrum", "speciation.direction.directions"):
        monkeypatch.setattr(f"regimes.numerics.{module}.DENSE_LIMIT", 4096 if dense else 50)
    monkeypatch.setattr("regimes.numerics.posterior.eigenvalues._BLOCK_BYTES", 32 * max(n, d) * 7)
    X = DRAW.normal(size=(n, d)) * np.arange(1, d + 1) ** -0.5 + 1
    one, other, others = both(tmp_path, X, 2**30 if held else X.nbytes)
    spectra = [covariance_spectrum(each, top=None if dense else 4, center=center) for each in (one, other)]
    assert others.items
    same(*spectra, rtol=1e-12 if dense else 1e-8)
    found = [directions(each, center=center, spectrum=spectra[0]) for each in (one, other)]
    same(*found, rtol=1e-10 if dense else 1e-6)


@pytest.mark.parametrize("memory", [2**30, 2_500_000])
def test_curves(tmp_path, memory):
    X = DRAW.normal(size=(900, 60))
    X[5] = X[700]
    one, other, others = both(tmp_path, X, memory if memory == 2**30 else X.nbytes)
    options = {"labels": np.arange(900) % 2, "groups": 4, "probes": 300, "memory": memory}
    same(*(posterior_curves(each, np.geomspace(0.05, 3, 6), **options) for each in (one, other)))
    pieces = {(each.start, each.stop) for each in others.items}
    assert len(pieces) > 1 or memory == 2**30
    assert max(stop for _, stop in pieces) == (900 if memory < 2**30 else 300)


def test_near_copies(tmp_path):
    X = DRAW.normal(size=(500, 5))
    one, other, others = both(tmp_path, np.vstack([X, X[:9] + 1e-6]), 2**30)
    here, there = near_copies(one, memory=2**17), near_copies(other, memory=2**17)
    same(here, there)
    assert (there.groups, len(others.items)) == (9, 5)


def test_sums_that_are_far_apart_or_empty_are_merged():
    shift, first = np.array([[[0.0, -800.0, 5.0, 0.0]]]), np.array([[[0.0, 2.0, 1.0, 0.0]]])
    more_shift, more = np.array([[[-900.0, 800.0, 4.0, 0.0]]]), np.array([[[3.0, 4.0, 1.0, 0.0]]])
    found = merge_sums(Sums(shift, first, first**2), Sums(more_shift, more, more**2))
    np.testing.assert_array_equal(found.shift, [[[-900, 800, 5, 0]]])
    np.testing.assert_allclose(found.first, [[[3, 4, 1 + np.exp(-1), 0]]], rtol=1e-15)
    np.testing.assert_allclose(found.second, [[[9, 16, 1 + np.exp(-2), 0]]], rtol=1e-15)


def test_pieces_are_whole_steps_whoever_does_them():
    assert [(each.start, each.stop) for each in places(100, 7, 5)] == [(0, 21), (21, 42), (42, 63), (63, 84), (84, 100)]
    assert len(places(6, 7, 5)) == 1
    assert list(Here().map(lambda item, more: item + more, [1, 2], 3)) == [4, 5]
