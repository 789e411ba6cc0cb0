"""What a user is told about the data."""

import numpy as np
import pytest

from regimes import load_dataset

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
        (
            {f"pixel{k}": np.clip(column * 60, 0, 255).round() for k, column in enumerate([*CLEAN.T] * 4)},
            "as of pixels",
        ),
        (
            {name: np.clip(column * 60, 0, 255).round() for name, column in zip("abcde", CLEAN.T, strict=True)},
            "standard",
        ),
        (np.clip(CLEAN * 60, 0, 150), "--scale standard"),  # decimals
    ],
)
def test_a_scale_that_models_are_hardly_given_comes_with_the_option(values, said):
    notes = " ".join(load_dataset(values).notes)
    assert said in notes if said else notes == ""
    for scale in ("range", "standard", "feature", 0.01):
        assert "scale" not in " ".join(load_dataset(values, scale=scale).notes)


@pytest.mark.parametrize("scale", ["none", "standard", 0.01])
def test_columns_in_other_units_come_with_the_option(scale):
    notes = load_dataset(CLEAN * [1, 2, 30, 900, 0.5], scale=scale).notes
    assert [note for note in notes if "--scale feature" in note and "60% of the features" in note] == list(notes) != []


def test_features_that_count_come_without_it():
    unequal = CLEAN * [1, 2, 30, 20, 0.5]
    assert "feature" not in " ".join(load_dataset(unequal, scale="standard").notes)
    assert load_dataset(CLEAN * [1, 2, 30, 900, 0.5], scale="feature").notes == ()
    assert load_dataset(CLEAN * [1, 900, 0, 0, 0], scale="standard").notes == ()  # constant features never count
