"""What a user is told about the data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regimes import load_dataset
from regimes.datasets.points.unusual_data import duplicate_points

CLEAN = np.random.default_rng(1).standard_normal((200, 5))


def test_ordinary_data_get_no_note():
    assert load_dataset(CLEAN).notes == ()


@pytest.mark.parametrize(("factor", "warned"), [(0.5, True), (0.65, False), (1.6, False), (1.9, True)])
def test_a_scale_far_from_one_is_pointed_out(factor, warned):
    data = load_dataset(CLEAN, scale=factor)
    notes = [note for note in data.notes if "is far from 1" in note]
    assert bool(notes) is warned
    if warned:
        assert notes[0].startswith(f"variance per dimension {data.preprocessing.mean_variance:.3g} is far from 1")
        assert "differ fourfold in Lambda" in notes[0]


def test_repeated_points_are_counted():
    X = np.vstack([CLEAN, CLEAN[:3], CLEAN[:1]])
    assert any(note.startswith("4 of 204 points repeat another exactly") for note in load_dataset(X).notes)


@given(hnp.arrays(np.int8, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=st.integers(-1, 1)))
def test_duplicates_agree_with_numpy(values):
    X = values * 0.5
    assert duplicate_points(X) == len(X) - len(np.unique(X, axis=0))


def test_duplicates_are_found_across_blocks_and_signed_zeros():
    X = np.random.default_rng(0).standard_normal((10_000, 2))
    X[9_999], X[1] = X[0], 0.0
    X[5_000] = -0.0
    assert duplicate_points(X) == 2


def test_few_points_are_pointed_out():
    few = load_dataset(np.random.default_rng(0).standard_normal((5, 5)))
    assert any(note.startswith("n = 5 points in d = 5 dimensions: the covariance has rank 4") for note in few.notes)
    enough = load_dataset(np.random.default_rng(0).standard_normal((60, 5)))
    assert not any("rank" in note for note in enough.notes)


def test_constant_features_are_counted():
    X = np.hstack([CLEAN, np.full((200, 2), 3.0)])
    assert "2 of 7 features are constant; they count in d, hence in alpha = log(n)/d" in load_dataset(X).notes
