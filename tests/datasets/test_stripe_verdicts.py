"""Verdicts on images of stripes: planted images, brute-force least squares, and counting by hand."""

import math

import numpy as np
import pytest

from regimes.composition import bump_images, image_grid, stripe_verdicts

NAN = math.nan


def drawn(positions, shape, sigma=1.0, **options):
    return bump_images(positions, shape, sigma, kind="sos", **options)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize(("shape", "sigma"), [((12, 16), 1.3), ((8, 8), 1.0)])
def test_places_between_pixels_are_found_to_the_edge(periodic, shape, sigma):
    grid = image_grid(shape, sigma, kind="sos", dx=4, dy=4, amplitude=2.0, periodic=periodic)
    end = np.array(shape[::-1]) - (not periodic)
    asked = np.random.default_rng(0).uniform([0, 0], end, (120, 2))
    asked[:20, 0], asked[20:40, 1] = NAN, NAN
    images = drawn(asked, shape, sigma, amplitude=2.0, periodic=periodic)
    verdicts = stripe_verdicts(grid, images, asked)
    assert (verdicts.stripes == ~np.isnan(asked)).all()
    assert np.nanmax(verdicts.offset) < 1e-6
    assert verdicts.right(1e-6).all()
    assert verdicts.rest.max() < 1e-12
    # Brightness and background do not move a stripe: it is a fit beside them.
    dimmed = stripe_verdicts(grid, (0.8 * images + 0.7).reshape(len(images), -1), asked)
    assert dimmed.right(1e-6).all()


def test_the_place_in_noise_is_the_least_squares_one():
    """All squares of whole images, with a brightness of each row of its own, at every hundredth of a pixel."""
    shape, noise = (10, 12), 0.1
    grid, rng = image_grid(shape, 1.0, kind="sos"), np.random.default_rng(1)
    asked = rng.uniform(1, [10, 8], (16, 2))
    images = drawn(asked, shape) + noise * rng.normal(size=(16, *shape))
    found = stripe_verdicts(grid, images, asked).found
    rows = np.repeat(np.eye(10), 12, axis=0)
    for axis, fine in ((0, np.arange(0, 11, 0.01)), (1, np.arange(0, 9, 0.01))):
        turned = images if axis == 0 else images.transpose(0, 2, 1)
        rows = np.repeat(np.eye(turned.shape[1]), turned.shape[2], axis=0)
        squares = []
        for place in fine:
            stripe = np.exp(-((np.arange(turned.shape[2]) - place) ** 2) / 2)
            design = np.column_stack([np.tile(stripe, turned.shape[1]), rows])
            squares.append(np.linalg.lstsq(design, turned.reshape(16, -1).T, rcond=None)[1])
        assert found[:, axis] == pytest.approx(fine[np.argmin(squares, axis=0)], abs=0.006)


def test_places_scatter_as_noise_allows():
    """The smallest variance of an unbiased place: that of the noise over sum (db/dx)^2 = sqrt(pi)/2 in each row."""
    grid, rng, noise = image_grid(16, 1.0, kind="sos"), np.random.default_rng(2), 0.1
    asked = rng.uniform(4, 11, (400, 2))
    images = drawn(asked, 16) + noise * rng.normal(size=(400, 16, 16))
    away = stripe_verdicts(grid, images, asked).found - asked
    variance = noise**2 / (16 * math.sqrt(math.pi) / 2)
    assert np.mean(away**2) / variance == pytest.approx(1, abs=5 * math.sqrt(2 / 800))
    assert abs(away.mean()) < 4 * math.sqrt(variance / 800)


def test_stripes_are_counted():
    grid = image_grid(16, 1.0, kind="sos")
    both = drawn([[4, 9]], 16)[0]
    second, bump = drawn([[12, NAN]], 16)[0], bump_images([[12, 3]], 16, 1.0)[0]
    broken = both.copy()
    broken[:6] -= drawn([[4, NAN]], 16)[0, :6]  # six of sixteen rows without the vertical stripe
    touching = both + drawn([[6, NAN]], 16)[0]  # two pixels apart: one stripe, between the two
    images = [both, both + second, broken, both + 1.5, 0 * both + 1, both + bump, 0.4 * both, touching]
    asked = [[4, 9]] * 7 + [[5, 9]]
    verdicts = stripe_verdicts(grid, np.array(images)[:, None], asked)
    assert verdicts.stripes.tolist() == [[1, 1], [2, 1], [0, 1], [1, 1], [0, 0], [1, 1], [0, 0], [1, 1]]
    assert verdicts.right(0.4)[:, 0].tolist() == [True, False, False, True, False, True, False, True]
    assert verdicts.right(0.4)[:, 1].tolist() == [True, True, True, True, False, True, False, True]
    assert np.isnan(verdicts.found[1]).tolist() == [True, False]
    assert verdicts.rest[[0, 1, 3, 4]].max() < 1e-12
    assert verdicts.rest[5] > 0.6


def test_an_axis_is_judged_on_its_own_and_none_must_be_there_where_none_is_asked_for():
    grid, rng = image_grid(12, 1.0, kind="sos"), np.random.default_rng(3)
    rows = rng.uniform(0, 2, (30, 12, 1))
    verdicts = stripe_verdicts(grid, drawn([[6.3, NAN]], 12) + rows, [[6.3, NAN]] * 30)
    assert verdicts.offset[:, 0].max() < 1e-6
    asked = [[6, NAN], [6, 5], [NAN, 5]]
    wrong = stripe_verdicts(grid, drawn([[6, 5], [6, NAN], [6.5, 5]], 12), asked)
    assert wrong.right(0.4).tolist() == [[True, False], [True, False], [False, True]]


@pytest.mark.parametrize("periodic", [False, True])
def test_a_stripe_across_an_edge_is_one_where_edges_meet(periodic):
    grid = image_grid(8, 1.0, kind="sos", periodic=periodic)
    image = drawn([[7.6, 4]], 8, periodic=True)
    verdicts = stripe_verdicts(grid, image, [[-0.2, 4]])
    assert verdicts.stripes.tolist() == [[1 if periodic else 2, 1]]
    if periodic:
        assert verdicts.offset[0, 0] == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize(
    ("grid", "images", "positions", "text"),
    [
        (image_grid(8, 1), np.zeros((1, 8, 8)), [[0, 0]], "of kind 'sos', got 'bump'"),
        (image_grid(8, 0.4, kind="sos"), np.zeros((1, 8, 8)), [[0, 0]], "sigma must be so large .* .0.43., got 0.4"),
        (image_grid(8, 2, kind="sos"), np.zeros((1, 8, 8)), [[0, 0]], "sigma up to 1.7 for 8 pixels.*, got 2: 0.61"),
        (image_grid(8, 1, kind="sos"), np.zeros((1, 7, 8)), [[0, 0]], "images must have shape .n, 8, 8. or .n, 64."),
        (image_grid(8, 1, kind="sos"), np.zeros((2, 8, 8)), [[0, 0]], "positions .n, 2., got .2, 8, 8. and .1, 2."),
        (image_grid(8, 1, kind="sos"), np.full((1, 8, 8), np.nan), [[0, 0]], "images must be finite"),
        (image_grid(8, 1, kind="sos"), np.zeros((1, 8, 8)), [[0, math.inf]], "positions finite or nan"),
    ],
)
def test_what_cannot_be_judged_is_refused(grid, images, positions, text):
    with pytest.raises(ValueError, match=text):
        stripe_verdicts(grid, images, positions)
