"""Samples on the scale of the points: the map of every scaling, the readings, checkpoints, and what is refused."""

import numpy as np
import pytest

from regimes.datasets.points.alike import checkpoint_files, samples_alike
from regimes.datasets.points.loading import load_dataset, load_or_open

RAW = np.random.default_rng(0).gamma(2.0, size=(60, 5)) * [1, 2, 3, 4, 0.5] + 7
FRESH = np.random.default_rng(1).gamma(2.0, size=(40, 5)) * [1, 2, 3, 4, 0.5] + 7


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", ["none", "range", "standard", "feature", 3.0])
def test_the_map_makes_points_of_their_source(scale, center):
    data = load_dataset(RAW, scale=scale, center=center)
    assert data.mapped.seen(RAW) - data.mapped.mean == pytest.approx(data.X, abs=1e-12)


def test_the_map_of_points_in_a_file_and_of_chosen_classes_is_the_same(tmp_path):
    np.save(tmp_path / "x.npy", RAW)
    data = load_or_open(tmp_path / "x.npy", scale="feature", memory=3000)
    assert not isinstance(data.X, np.ndarray)
    assert data.mapped.seen(RAW) - data.mapped.mean == pytest.approx(np.asarray(data.X[np.arange(60)]), abs=1e-12)
    labels = np.arange(60) % 3
    some = load_dataset(load_dataset(RAW, labels, scale="range"), classes=[0, 2])
    kept = np.concatenate([RAW[labels == 0], RAW[labels == 2]]) if some.labels[1] == 0 else RAW[labels != 1]
    moved = np.sort(some.mapped.seen(kept) - some.mapped.mean, axis=0)
    assert moved == pytest.approx(np.sort(some.X, axis=0), abs=1e-12)


def test_samples_are_read_on_the_scale_that_fits():
    data = load_dataset(RAW, scale="range")
    expected = data.mapped.seen(FRESH) - data.mapped.mean
    for given, reading in (
        (FRESH, "values as in the source of the points"),
        (data.mapped.seen(FRESH), "values on the scale of the points"),
        (expected, "values on the scale of the points, their mean taken off"),
    ):
        found = samples_alike(given, data)
        assert found.reading == reading
        assert found.values == pytest.approx(expected, abs=1e-12)
        assert not found.warnings


def test_pixels_of_samples_are_read_for_points_in_minus_one_to_one():
    pixels = np.random.default_rng(2).integers(0, 256, size=(50, 4, 4)).astype(np.uint8)
    data = load_dataset(pixels[:30].reshape(30, 16) / 127.5 - 1)
    found = samples_alike(pixels[30:], data)
    assert found.reading == "pixels mapped to [-1, 1]"
    assert found.values + data.mapped.mean == pytest.approx(pixels[30:].reshape(20, 16) / 127.5 - 1)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_another_scale_is_told(factor):
    data = load_dataset(RAW)
    (warning,) = samples_alike((FRESH - RAW.mean(axis=0)) * factor + RAW.mean(axis=0), data).warnings
    assert "give samples in the units of the data" in warning


def test_checkpoints_come_in_natural_order_and_a_set_is_none(tmp_path):
    for step in (2, 10, 1):
        np.save(tmp_path / f"step{step}.npy", FRESH)
    assert [each.name for each in checkpoint_files(tmp_path, 5)] == ["step1.npy", "step2.npy", "step10.npy"]
    assert checkpoint_files(tmp_path / "step1.npy", 5) == checkpoint_files("digits", 64) == []
    (tmp_path / "notes.txt").write_text("learning rate halved")
    for step in (1, 2, 10):
        (tmp_path / f"step{step}.csv").write_text("loss\n0.5\n0.4\n")
        (tmp_path / f"weights{step}.pt").write_bytes(b"weights")
    (tmp_path / "log.csv").write_text("loss\n0.5\n")
    assert [each.name for each in checkpoint_files(tmp_path, 5)] == ["step1.npy", "step2.npy", "step10.npy"]
    points = tmp_path / "points"
    points.mkdir()
    for k in range(3):
        np.save(points / f"{k}.npy", FRESH[k])
    assert checkpoint_files(points, 5) == []


@pytest.mark.parametrize(
    ("samples", "rule"),
    [
        (FRESH[:, :3], "a sample must have as many values as a point, 5, got 3"),
        (np.where(np.arange(5) == 2, np.nan, FRESH), "samples must be finite, got nan or infinity in 40 of 40"),
    ],
)
def test_unusable_samples_are_refused(samples, rule):
    with pytest.raises(ValueError, match=rule):
        samples_alike(samples, load_dataset(RAW))


@pytest.mark.parametrize("divisor", [16.0, 1.0])
def test_images_of_zero_to_one_and_as_they_are_are_the_same_samples(divisor):
    digits = load_dataset("digits")
    given = (digits.X + digits.mapped.mean + 1) * 8 / divisor
    np.testing.assert_allclose(samples_alike(given[:300], digits).values, digits.X[:300], atol=1e-9)


def test_channels_come_where_those_of_the_points_are():
    images = np.random.default_rng(0).integers(0, 256, (60, 6, 5, 3)).astype(np.uint8)
    data = load_dataset(images)
    np.testing.assert_allclose(samples_alike(np.moveaxis(images, -1, 1), data).values, data.X, atol=1e-9)
