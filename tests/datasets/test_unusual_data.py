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


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (CLEAN * 0.19, None),
        (CLEAN * 5.2, None),
        (CLEAN * 0.15, "variance per dimension 0.0"),
        (CLEAN * 7, "give --scale standard or feature"),
        (np.tanh(CLEAN), None),
        (np.clip(CLEAN, 0, 1), "values in [0, 1]: image models see [-1, 1]"),
        (np.clip(CLEAN * 60, 0, 255).round(), ", as of pixels"),
        (np.clip(CLEAN * 200, 0, 255).round(), "values from 0 to 255, as of pixels"),
        (np.clip(CLEAN * 4, 0, 16).round(), "--scale range"),
    ],
)
def test_a_scale_that_models_are_hardly_given_comes_with_the_option(values, said):
    notes = " ".join(load_dataset(values).notes)
    assert said in notes if said else notes == ""
    for scale in ("range", "standard", "feature", 0.01):
        assert "scale" not in " ".join(load_dataset(values, scale=scale).notes)


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
