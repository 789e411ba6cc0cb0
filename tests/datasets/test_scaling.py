"""Scaling and centring, and the record of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regimes import load_dataset
from regimes.datasets.points.preprocessing import preprocess

SPREAD = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=3, max_side=6),
    elements=st.integers(-1000, 1000).map(float),
).filter(lambda X: np.ptp(X, axis=0).max() > 0)


def total_variance(X):
    return np.trace(np.atleast_2d(np.cov(X.T))) / X.shape[1]


@given(SPREAD, st.sampled_from(["none", "range", "standard", "feature", 0.25]), st.booleans())
def test_the_recorded_variance_is_that_of_the_points(X, scale, center):
    data = load_dataset(X, scale=scale, center=center)
    assert data.preprocessing.mean_variance == pytest.approx(total_variance(data.X), rel=1e-12)


@given(SPREAD, st.sampled_from(["none", "range", "standard", 0.25]))
def test_factor_and_offset_reproduce_the_points(X, scale):
    data = load_dataset(X, scale=scale, center=False)
    done = data.preprocessing
    np.testing.assert_allclose(data.X, X * done.factor + done.offset, rtol=0, atol=1e-12 * np.abs(X).max())
    centred = load_dataset(X, scale=scale)
    assert centred.preprocessing.factor == pytest.approx(done.factor, rel=1e-14)
    assert centred.preprocessing.offset == done.offset
    np.testing.assert_allclose(centred.X, data.X - data.X.mean(axis=0), rtol=0, atol=1e-12 * np.abs(data.X).max())


@given(SPREAD)
def test_range_maps_the_extremes_of_the_whole_array_to_one(X):
    data = load_dataset(X, scale="range", center=False)
    assert data.X.min() == pytest.approx(-1, abs=1e-12)
    assert data.X.max() == pytest.approx(1, abs=1e-12)
    assert data.preprocessing.input_range == (X.min(), X.max())


@given(SPREAD)
def test_standard_uses_one_factor_and_feature_one_for_each(X):
    standard = load_dataset(X, scale="standard")
    assert standard.preprocessing.mean_variance == pytest.approx(1)
    feature = load_dataset(X, scale="feature")
    varying = X.min(axis=0) < X.max(axis=0)
    np.testing.assert_allclose(feature.X.var(axis=0, ddof=1), varying.astype(float), atol=1e-12)
    assert feature.preprocessing.mean_variance == pytest.approx(varying.mean())
    assert (feature.preprocessing.factor, feature.preprocessing.offset) == (None, None)


@pytest.mark.parametrize("scale", ["none", "range", "standard", "feature", 3.0])
def test_constant_features_become_exactly_zero(scale):
    X = np.column_stack([np.linspace(-1, 1, 7), np.full(7, 0.1), np.full(7, 1e8 + 0.3)])
    data = load_dataset(X, scale=scale)
    assert (data.X[:, 1:] == 0).all()


def test_a_large_mean_does_not_spoil_the_variance():
    X = np.random.default_rng(0).standard_normal((2000, 2))
    shifted = load_dataset(X + 1e6)
    np.testing.assert_allclose(shifted.X, load_dataset(X).X, atol=1e-9)
    assert np.abs(shifted.X.mean(axis=0)).max() < 1e-15
    assert shifted.preprocessing.mean_variance == pytest.approx(total_variance(X), rel=1e-9)


def test_a_factor_multiplies():
    data = load_dataset([[0.0, 2.0], [4.0, 6.0]], scale=0.5)
    assert data.X.tolist() == [[-1.0, -1.0], [1.0, 1.0]]
    assert data.preprocessing.scale == "factor"
    assert data.preprocessing.description == "values multiplied by 0.5, mean subtracted"


def test_the_same_data_in_two_ranges_differ_fourfold_in_variance():
    X = np.random.default_rng(0).uniform(size=(50, 4))
    small, large = load_dataset(X), load_dataset(2 * X - 1)
    assert large.preprocessing.mean_variance == pytest.approx(4 * small.preprocessing.mean_variance)


def test_classes_are_selected_before_the_range_is_measured():
    X, labels = np.array([[0.0], [2.0], [10.0]]), [0, 0, 1]
    assert load_dataset(X, labels, classes=[0], scale="range").preprocessing.input_range == (0.0, 2.0)


def test_a_known_range_is_kept_when_classes_are_selected():
    part, whole = load_dataset("digits", classes=[1]), load_dataset("digits")
    assert part.preprocessing.input_range == whole.preprocessing.input_range == (0.0, 16.0)
    assert part.preprocessing.factor == whole.preprocessing.factor == 0.125


def test_descriptions_say_what_was_done():
    X = [[0.0, 1.0], [2.0, 5.0]]
    words = {scale: load_dataset(X, scale=scale, center=False).preprocessing.description for scale in ("none", "range")}
    assert words == {
        "none": "values as given, mean kept",
        "range": "range [0, 5] mapped to [-1, 1], mean kept",
    }
    standard = load_dataset(X, scale="standard").preprocessing
    assert standard.description == (
        f"values multiplied by {standard.factor:.6g} (variance per dimension 1), mean subtracted"
    )
    assert load_dataset(X, scale="feature").preprocessing.description == (
        "each feature divided by its standard deviation, mean subtracted"
    )


@pytest.mark.parametrize("scale", ["unit", "", 0, -1.0, np.nan, np.inf, True, [1.0, 2.0]])
def test_an_unknown_scale_is_refused(scale):
    with pytest.raises(
        ValueError, match=r"^load_dataset: scale must be one of none, range, standard, feature, or a pos"
    ):
        load_dataset([[0.0], [1.0]], scale=scale)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", ["none", "range", "standard", "feature", 1e300])
@pytest.mark.parametrize("size", [1e200, 1.7e308, 1e-200, 5e-324])
def test_values_beyond_float64_are_refused_or_scaled_to_something_finite(size, scale, center):
    X = np.array([[-size, 0.0], [size, 1.0 if size < 1 else 0.0], [0.0, 0.0]])
    refusal = None
    try:
        data = load_dataset(X, scale=scale, center=center)
    except ValueError as error:
        refusal = str(error)
    if refusal is None:
        assert np.isfinite(data.X).all()
        assert 0 < data.preprocessing.mean_variance < np.inf
    else:
        assert "must be a positive number within float64" in refusal


def test_overflow_names_the_values():
    with pytest.raises(ValueError, match=r"got inf from values in \[0, 1e\+200\]; multiply the data by a suitable"):
        load_dataset([[0.0], [1e200]])


def test_preprocess_works_in_place():
    X = np.array([[0.0, 4.0], [2.0, 0.0]])
    preprocess(X, scale="range")
    assert X.tolist() == [[-0.5, 1.0], [0.5, -1.0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("center", [True, False])
def test_many_values_of_few_bits_are_held_in_single_precision(dtype, center, tmp_path, monkeypatch):
    values = (np.random.default_rng(0).normal(size=(300, 70)) * 30 + 120).astype(dtype)
    np.save(tmp_path / "x.npy", values)
    options = {"scale": "standard", "center": center}
    double = load_dataset(values, **options)
    assert double.X.dtype == np.float64
    monkeypatch.setattr("regimes.datasets.points.blocks._LARGE", values.size)
    for single in (
        load_dataset(values, **options),
        load_dataset(tmp_path / "x.npy", memory=4 * values.size, **options),
    ):
        assert single.X.dtype == np.float32
        np.testing.assert_allclose(single.X, double.X, rtol=2e-7, atol=4e-7)
        assert single.preprocessing.mean_variance == pytest.approx(double.preprocessing.mean_variance, rel=1e-6)
        assert single.preprocessing.factor == pytest.approx(double.preprocessing.factor, rel=1e-6)
    assert load_dataset(values.astype(np.float64), **options).X.dtype == np.float64
    with pytest.raises(ValueError, match="would take"):
        load_dataset(tmp_path / "x.npy", memory=4 * values.size - 1)
