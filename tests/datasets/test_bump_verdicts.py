"""Verdicts on images of bumps: planted images, a minimiser that shares nothing, and counting by hand."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from regimes.composition import bump_images, bump_verdicts, copying_baseline, hold_out_band, image_grid, random_subset


@pytest.mark.parametrize("periodic", [False, True])
def test_places_between_pixels_are_found_to_the_edge(periodic):
    grid = image_grid((12, 16), 1.3, dx=4, dy=4, amplitude=2.0, periodic=periodic)
    asked = np.random.default_rng(0).uniform([0, 0], [16, 12] if periodic else [15, 11], (200, 2))
    images = bump_images(asked, (12, 16), 1.3, amplitude=2.0, periodic=periodic)
    verdicts = bump_verdicts(grid, images, asked)
    assert (verdicts.blobs == 1).all()
    assert verdicts.offset.max() < 1e-9
    assert verdicts.right(1e-6).all()
    # Brightness and offsets of other pixels do not move the place of a bump: it is a fit of both.
    dimmed = bump_verdicts(grid, 0.7 * images, asked)
    assert np.nanmax(dimmed.offset) < 1e-9


def test_the_place_in_noise_is_the_least_squares_one():
    grid, rng = image_grid(10, 1.0), np.random.default_rng(1)
    asked = rng.uniform(0, 9, (12, 2))
    images = bump_images(asked, 10, 1.0) + 0.05 * rng.normal(size=(12, 10, 10))
    verdicts = bump_verdicts(grid, images.reshape(12, 100), asked)
    y, x = np.mgrid[:10, :10]
    for image, found, where in zip(images, verdicts.found, asked, strict=True):
        best = minimize(
            lambda p, image=image: np.sum((image - p[2] * np.exp(-((x - p[0]) ** 2 + (y - p[1]) ** 2) / 2)) ** 2),
            [*where, 1.0],
        )
        assert found == pytest.approx(best.x[:2], abs=1e-4)
    # The smallest variance of an unbiased place along each axis: that of the noise over sum (db/dx)^2 = pi/2.
    z = np.mean(verdicts.offset**2) / (2 * 0.05**2 / (math.pi / 2))
    assert 0.4 < z < 2.2


def test_outcomes_are_counted():
    grid = image_grid(16, 1.0)
    near, far = grid.images([0, 20]), grid.images([200, 20])
    both = near + far
    touching = grid.images([100]) + grid.images([102])  # two pixels apart: one piece, between the two
    images = np.concatenate([both, touching, np.zeros((1, 16, 16)), 0.4 * near[:1]])
    verdicts = bump_verdicts(grid, images, grid.positions[[0, 20, 101, 5, 0]])
    assert verdicts.blobs.tolist() == [2, 1, 1, 0, 0]
    assert verdicts.offset[1:3] == pytest.approx([0, 0], abs=1e-9)
    assert np.isnan(verdicts.found[[0, 3, 4]]).all()
    assert verdicts.shares(0.4) == {"none": 0.4, "several": 0.2, "misplaced": 0.0, "right": 0.4}
    moved = bump_verdicts(grid, near[:1], [[0.3, 0.4]])
    assert [moved.shares(tolerance)["right"] for tolerance in (0.49, 0.51)] == [0.0, 1.0]


def test_a_bump_across_an_edge_is_one_where_edges_meet():
    torus, flat = image_grid(8, 1.0, periodic=True), image_grid(8, 1.0)
    image = bump_images([[7.6, 7.8]], 8, 1.0, periodic=True)
    assert bump_verdicts(torus, image, [[7.6, 7.8]]).blobs.tolist() == [1]
    assert bump_verdicts(flat, image, [[7.6, 7.8]]).blobs.tolist() == [4]
    assert bump_verdicts(torus, image, [[-0.2, 0.0]]).offset == pytest.approx([math.hypot(0.2, 0.2)])


def test_a_copy_of_the_nearest_image_is_right_as_often_as_a_neighbour_is_kept():
    grid = image_grid(60, 1.0, dx=1, periodic=True)
    shares = [copying_baseline(random_subset(grid, 0.2, rng=seed), 1.5) for seed in range(12)]
    # Eight neighbours within 1.5 steps, each kept with probability .2.
    assert abs(np.mean(shares) - (1 - 0.8**8)) < 4 * np.std(shares) / np.sqrt(12)
    assert copying_baseline(random_subset(grid, 0.2, rng=0), 0.49) == 0
    band = hold_out_band(image_grid(10, 1.0), 4)
    assert copying_baseline(band, 1.0) == 0.5


@pytest.mark.parametrize(
    ("grid", "images", "positions", "text"),
    [
        (image_grid(8, 0.4), np.zeros((1, 8, 8)), [[0, 0]], "sigma must be so large .* .0.6., got 0.4: 0.21"),
        (image_grid(8, 1, kind="sos"), np.zeros((1, 8, 8)), [[0, 0]], "of kind 'bump', got 'sos'"),
        (image_grid(8, 1), np.zeros((1, 7, 8)), [[0, 0]], "images must have shape .n, 8, 8. or .n, 64., and positions"),
        (image_grid(8, 1), np.zeros((2, 8, 8)), [[0, 0]], "positions .n, 2., got .2, 8, 8. and .1, 2."),
        (image_grid(8, 1), np.full((1, 8, 8), np.nan), [[0, 0]], "must be finite, got nan or inf"),
    ],
)
def test_what_cannot_be_judged_is_refused(grid, images, positions, text):
    with pytest.raises(ValueError, match=text):
        bump_verdicts(grid, images, positions)


def test_nothing_kept_or_nothing_held_out_has_no_copies():
    with pytest.raises(ValueError, match="keep some positions and hold some out"):
        copying_baseline(random_subset(image_grid(8, 1), 1.0), 0.4)


def test_images_that_are_no_bumps_are_fitted_like_others():
    """Offsets, tails and a second bump in the same piece: the best place, by a search that shares nothing."""
    grid, rng = image_grid(16, 1.0), np.random.default_rng(3)
    asked = rng.uniform(2, 12, (40, 2))
    shifts = rng.uniform([1.5, -1], [2.4, 1], (40, 2))
    images = bump_images(asked, 16, 1.0)
    images[:20] += rng.choice([-0.3, 0.2], (20, 1, 1))
    images[20:] += 0.9 * bump_images(asked[20:] + shifts[20:], 16, 1.0)
    verdicts = bump_verdicts(grid, images, asked)
    one = verdicts.blobs == 1
    assert one.sum() > 30
    y, x = np.mgrid[:16, :16]
    fine = np.linspace(-1, 16, 171)
    profiles = np.exp(-((np.arange(16) - fine[:, None]) ** 2) / 2)
    lengths = np.sqrt((profiles**2).sum(axis=1))
    for image, found in zip(images[one], verdicts.found[one], strict=True):
        overlap = profiles @ image @ profiles.T / np.multiply.outer(lengths, lengths)
        here = np.exp(-((x - found[0]) ** 2 + (y - found[1]) ** 2) / 2)
        assert (image * here).sum() / np.sqrt((here**2).sum()) >= overlap.max() * (1 - 1e-9)


@pytest.mark.parametrize("shape", [(1, 8), (8, 1), (2, 2)])
def test_the_smallest_images_are_judged(shape):
    grid = image_grid(shape, 1.0)
    assert bump_verdicts(grid, grid.images()[:, None], grid.positions).right(1e-6).all()


def test_brightness_of_any_size_is_fitted():
    grid = image_grid(8, 1.0, amplitude=1e200)
    assert bump_verdicts(grid, grid.images(), grid.positions).offset.max() < 1e-6


@pytest.mark.parametrize("subset", [None, [1, 2], image_grid(8, 1)])
def test_a_baseline_needs_a_subset(subset):
    with pytest.raises(ValueError, match="subset must be a GridSubset, got"):
        copying_baseline(subset, 0.4)
