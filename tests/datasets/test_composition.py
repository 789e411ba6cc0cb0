"""The composition data: images against plain loops and sums, subsets against counting, predictions on them."""

import math
import tracemalloc
from dataclasses import replace
from itertools import product

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import chi2

import regimes
from regimes import formula, load_dataset
from regimes.composition import (
    GridSubset,
    ImageGrid,
    bump_images,
    hold_out_band,
    hold_out_cross,
    hold_out_square,
    image_grid,
    random_subset,
    thinned_subset,
    with_stripes,
)
from regimes.numerics.compiled.compile import compile_formula

NAN = float("nan")
PROFILE = compile_formula("bump_profile", target="numpy")


def drawn_by_loops(x, y, height, width, sigma, *, kind, amplitude, periodic):
    """One image, pixel by pixel; on a torus the centre's nearest copy is searched for."""
    image = [[0.0] * width for _ in range(height)]
    copies = (-1, 0, 1) if periodic else (0,)
    for py, px in product(range(height), range(width)):
        u = min(abs(px - x + copy * width) for copy in copies)
        v = min(abs(py - y + copy * height) for copy in copies)
        if kind == "bump":
            image[py][px] = amplitude * math.exp(-(u**2 + v**2) / (2 * sigma**2))
        else:
            image[py][px] = amplitude * (math.exp(-(u**2) / (2 * sigma**2)) + math.exp(-(v**2) / (2 * sigma**2)))
    return image


@st.composite
def grids(draw, **fixed):
    margin = 0.0 if fixed.get("periodic", True) else draw(st.sampled_from([0, 1, 1.5]))
    dx, dy = draw(st.sampled_from([0.5, 1, 1.5, 2])), draw(st.sampled_from([0.5, 1, 2, 3]))
    width, height = (int(2 * margin + 2 * step * draw(st.integers(2, 6))) for step in (dx, dy))
    options = {
        "kind": draw(st.sampled_from(["bump", "sos"])),
        "amplitude": draw(st.floats(0.1, 5)),
        "periodic": draw(st.booleans()) if margin == 0 else False,
    }
    return image_grid((height, width), draw(st.floats(0.3, 6)), dx=dx, dy=dy, margin=margin, **(options | fixed))


@given(grids(), st.data())
def test_images_are_those_of_plain_loops(grid, data):
    numbers = data.draw(st.lists(st.integers(0, grid.n - 1), min_size=1, max_size=4))
    for image, (x, y) in zip(grid.images(numbers), grid.positions[numbers].tolist(), strict=True):
        expected = drawn_by_loops(
            x, y, *grid.shape, grid.sigma, kind=grid.kind, amplitude=grid.amplitude, periodic=grid.periodic
        )
        np.testing.assert_allclose(image, expected, rtol=1e-12, atol=1e-300)


@given(grids(periodic=False))
def test_positions_are_laid_row_by_row_with_their_margins(grid):
    height, width = grid.shape
    n_y, n_x = grid.grid_shape
    assert (n_x * grid.dx, n_y * grid.dy) == (width - 2 * grid.margin, height - 2 * grid.margin)
    expected = [[grid.margin + i * grid.dx, grid.margin + j * grid.dy] for j in range(n_y) for i in range(n_x)]
    np.testing.assert_array_equal(grid.positions, expected)
    assert grid.positions.max(axis=0).tolist() <= [width - grid.margin, height - grid.margin]
    assert grid.steps == (grid.dy, grid.dx)
    assert grid.n == len(grid.positions) == n_x * n_y


@pytest.mark.parametrize("kind", ["bump", "sos"])
@pytest.mark.parametrize("periodic", [False, True])
def test_the_brightest_pixel_of_an_image_is_its_position(kind, periodic):
    grid = image_grid((12, 20), 1.3, dx=2, dy=3, kind=kind, periodic=periodic, amplitude=0.7)
    images = grid.images().reshape(*grid.grid_shape, 12, 20)
    for (j, i), (x, y) in zip(np.ndindex(grid.grid_shape), grid.positions.astype(int), strict=True):
        assert np.unravel_index(images[j, i].argmax(), (12, 20)) == (y, x)
        assert images[j, i, y, x] == pytest.approx(0.7 if kind == "bump" else 1.4, rel=1e-15)


@given(grids(periodic=True), st.integers(-30, 30), st.integers(-30, 30))
def test_on_a_torus_a_shifted_position_gives_the_shifted_image(grid, right, down):
    height, width = grid.shape
    shifted = (grid.positions[:8] + np.array([right, down])) % [width, height]
    images = bump_images(shifted, grid.shape, grid.sigma, kind=grid.kind, amplitude=grid.amplitude, periodic=True)
    np.testing.assert_array_equal(images, np.roll(grid.images(range(8)), (down, right), axis=(1, 2)))


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0])
def test_the_sum_over_the_pixels_of_a_bump_is_its_integral(sigma, periodic):
    """Poisson summation: sum over pixels = sigma sqrt(2 pi) (1 + 2 sum_k exp(-2 pi^2 sigma^2 k^2) cos(2 pi k x))."""
    for x, y in [(16, 16), (15.25, 16.5)]:
        image = bump_images([[x, y]], 32, sigma, amplitude=3, periodic=periodic)
        factors = [mpmath.jtheta(3, math.pi * c, mpmath.exp(-2 * (mpmath.pi * sigma) ** 2)) for c in (x, y)]
        exact = 3 * 2 * mpmath.pi * sigma**2 * factors[0] * factors[1]
        assert image.sum() == pytest.approx(float(exact), rel=1e-13)
        if sigma >= 1.5:
            assert image.sum() == pytest.approx(3 * 2 * math.pi * sigma**2, rel=1e-13)
        stripes = bump_images([[x, y]], 32, sigma, amplitude=3, periodic=periodic, kind="sos")
        exact = 3 * 32 * sigma * mpmath.sqrt(2 * mpmath.pi) * (factors[0] + factors[1])
        assert stripes.sum() == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("ratio", [5, 8, 10])
def test_what_further_copies_on_the_torus_would_add(ratio):
    N, sigma = 40, 40 / ratio
    nearest = bump_images([[0, NAN]], N, sigma, periodic=True)[0, 0]
    everywhere = [sum(math.exp(-((px + k * N) ** 2) / (2 * sigma**2)) for k in range(-4, 5)) for px in range(N)]
    missing = np.array(everywhere) - nearest
    assert missing.argmax() == N // 2
    assert missing.max() == pytest.approx(math.exp(-(N**2) / (8 * sigma**2)), rel=1e-6)
    assert missing.min() > -1e-15


@given(grids(periodic=False))
def test_a_stripe_is_a_sum_of_stripes_with_the_other_one_out_of_the_picture(grid):
    """How liang2024b makes them."""
    x, y = grid.positions[grid.n // 2].tolist()
    far = -80 * grid.sigma - 1
    for stripe, moved in (([x, NAN], [x, far]), ([NAN, y], [far, y])):
        options = {"amplitude": grid.amplitude}
        expected = bump_images([moved], grid.shape, grid.sigma, kind="sos", **options)
        for kind in ("bump", "sos"):
            single = bump_images([stripe], grid.shape, grid.sigma, kind=kind, **options)
            np.testing.assert_allclose(single, expected, rtol=1e-14)
    both = bump_images([[x, NAN], [NAN, y]], grid.shape, grid.sigma)
    np.testing.assert_allclose(both.prod(axis=0), bump_images([[x, y]], grid.shape, grid.sigma)[0], rtol=1e-13)
    np.testing.assert_allclose(both.sum(axis=0), bump_images([[x, y]], grid.shape, grid.sigma, kind="sos")[0])


def test_the_profile_keeps_its_digits_as_far_as_its_tail_can():
    """A change of u by one rounding moves exp(-u^2/2 sigma^2) by (u/sigma)^2 roundings."""
    rng = np.random.default_rng(1)
    sigma = 10 ** rng.uniform(-6, 6, 150)
    u = sigma * rng.uniform(-37, 37, 150)
    for value, *place in zip(PROFILE(u, sigma), u.tolist(), sigma.tolist(), strict=True):
        error = abs(mpmath.mpf(float(value)) / formula("bump_profile").mp(*place) - 1)
        assert error < 2**-52 * (1 + (place[0] / place[1]) ** 2)
    assert PROFILE(0, 1e-6) == 1
    assert PROFILE(1, 1e-6) == 0
    assert PROFILE(2.5, 2.5) == pytest.approx(math.exp(-0.5), rel=1e-15)


@given(st.floats(-50, 50), st.floats(0.1, 20), st.floats(1.001, 3))
def test_the_profile_falls_with_the_distance_and_rises_with_the_width(u, sigma, factor):
    b = PROFILE(u, sigma)
    assert 0 <= b <= 1
    assert PROFILE(-u, sigma) == b
    assert PROFILE(factor * u, sigma) <= b <= PROFILE(u, factor * sigma)


def test_images_of_some_positions():
    grid = image_grid((6, 8), 1)
    everything = grid.images()
    mask = np.zeros(grid.grid_shape, dtype=bool)
    mask[2, [1, 5]] = True
    for points in (mask, mask.ravel(), [2 * 8 + 1, 2 * 8 + 5]):
        np.testing.assert_array_equal(grid.images(points), everything[[17, 21]])
    assert grid.images([]).shape == (0, 6, 8)
    np.testing.assert_array_equal(grid.images([5, 5, 0]), everything[[5, 5, 0]])
    for bad, message in (
        ([48], "between 0 and 47, got 48 to 48"),
        ([-1, 3], "between 0 and 47, got -1 to 3"),
        ([0.5], r"got float64 of shape \(1,\)"),
        ([[True]], r"mask of shape \(6, 8\) or \(48,\), got bool of shape \(1, 1\)"),
    ):
        with pytest.raises(ValueError, match=r"^images: points must .*" + message):
            grid.images(bad)


def test_a_grid_is_a_value():
    grid = image_grid(16, 2, dx=0.5, periodic=True, kind="sos")
    assert grid == ImageGrid((16, 16), 2.0, 0.5, 0.5, "sos", periodic=True)
    assert grid == image_grid([np.int64(16), 16], np.float64(2), dx=0.5, dy=0.5, periodic=np.True_, kind="sos")
    assert grid != replace(grid, dx=1)
    assert len({grid, replace(grid, sigma=2)}) == 1
    assert (grid.grid_shape, grid.n, grid.d) == ((32, 32), 1024, 256)
    for array in (grid.x, grid.y, grid.positions):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(("step", "count"), [(0.1, 320), (1 / 3, 96), (0.7, None), (32, 1), (3.2, 10), (1e-4, 320000)])
def test_steps_that_are_no_exact_numbers(step, count):
    if count is None:
        with pytest.raises(ValueError, match=r"got 32 and dx = 0.7, that is 45.7143 steps; .* others 32/45 and 32/46$"):
            image_grid(32, 1, dx=step, dy=1)
        return
    grid = image_grid(32, 1, dx=step, dy=32)
    assert grid.grid_shape == (1, count)
    np.testing.assert_allclose(grid.x, np.linspace(0, 32, count, endpoint=False), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"dx": 3},
            r"whole steps that fit are 1, 2, 4, 8 and 16, .* 16/5 and 16/6, and widths that fit are 15 and 18$",
        ),
        (
            {"dy": 3, "margin": 1},
            r"the height less both margins .* got 14 and dy = 3, .* and heights .* are 14 and 17$",
        ),
        ({"dx": 40}, r"that is 0.4 steps; .* the nearest others 16/1, and widths that fit are 40$"),
        ({"margin": 0.25}, r"got 15.5 and dx = 1, that is 15.5 steps; steps that fit are 15.5/15 and 15.5/16$"),
        ({"N": 48, "dx": 7}, r"whole steps that fit are 1, 2, 3, 4, 6, 8, 12, 16, 24 and 48, "),
        ({"N": 5040, "dx": 11}, r"fit are 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14 and more, "),
        ({"dx": 0}, r"dx \(step of the positions along x, in pixels\) must be positive and finite, got 0"),
        ({"dy": -1}, r"dy .* must be positive and finite, got -1"),
        ({"sigma": 0}, r"sigma \(width of a bump, in pixels\) must be finite and at least 1e-06, got 0"),
        ({"sigma": -2}, "got -2"),
        ({"sigma": math.inf}, "got inf"),
        ({"sigma": "wide"}, "must be a number, got 'wide'"),
        ({"amplitude": 0}, r"amplitude \(brightness\) must be positive and finite, got 0"),
        ({"margin": 8}, r"at least 0 and less than half of each side, got 8 for 16 x 16 pixels; take a smaller margin"),
        ({"margin": -1}, "margin .* at least 0 .* got -1"),
        ({"margin": NAN}, "margin .* at least 0 .* got nan"),
        ({"margin": None}, "margin .* must be a number, got None"),
        ({"margin": 2, "periodic": True}, "got margin = 2 with periodic = True; leave one of them out"),
        ({"kind": "stripes"}, r"kind \(what an image shows\) must be one of bump, sos, got 'stripes'"),
        ({"N": 0}, r"N \(pixels along each side\) must be at least 1, got 0"),
        ({"N": 16.0}, "must be a whole number, got 16.0"),
        ({"N": (16, 0)}, r"width \(pixels\) must be at least 1, got 0"),
        ({"N": (16, 16, 3)}, r"N must be one number of pixels or \(height, width\), got 3 numbers"),
        ({"dx": 1e-4}, r"at most 2\^26 = 67108864 positions, got 2.56e\+10; take larger steps or a smaller image"),
    ],
)
def test_bad_grids(arguments, message):
    values = {"N": 16, "sigma": 1.0} | arguments
    with pytest.raises(ValueError, match=r"^image_grid: .*" + message):
        image_grid(values.pop("N"), values.pop("sigma"), **values)


@pytest.mark.parametrize("pixels", [7, 16, 31, 360])
@pytest.mark.parametrize("step", [0.3, 2.6, 5, 11])
def test_the_steps_and_sizes_of_the_advice_do_fit(pixels, step):
    try:
        image_grid(pixels, 1, dx=step, dy=pixels)
        return
    except ValueError as error:
        advice = str(error).split("steps; ")[1]
    steps, _, sizes = advice.partition(", and widths that fit are ")
    numbers = steps.removeprefix("whole steps that fit are ").replace(", the nearest others ", " and ")
    for text in numbers.replace(", ", " and ").split(" and "):
        if text != "more":
            assert image_grid(pixels, 1, dx=eval(text), dy=pixels).n >= 1
    for text in filter(None, sizes.split(" and ")):
        assert image_grid((1, int(text)), 1, dx=step, dy=1).n >= 1


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ([1, 2], r"\(x, y\) of shape \(n, 2\), got shape \(2,\)"),
        ([[1, 2, 3]], r"got shape \(1, 3\)"),
        ([[1, 2], [3]], "rows of different lengths"),
        ([["a", "b"]], "must hold real numbers"),
        ([[0, 1], [NAN, NAN]], r"with one coordinate nan for a single stripe, got \[nan, nan\]"),
        ([[0, math.inf]], r"must be finite, .* got \[0.0, inf\]"),
    ],
)
def test_bad_positions(positions, message):
    with pytest.raises(ValueError, match=r"^bump_images: positions .*" + message):
        bump_images(positions, 8, 1)


@pytest.mark.parametrize("periodic", [False, True])
def test_memory_is_what_it_says(periodic):
    grid = image_grid((24, 40), 1.5, periodic=periodic)
    needed = 8 * grid.n * (grid.d + 4 * (24 + 40))
    grid.positions, PROFILE(1, 1)  # made once
    with pytest.raises(
        ValueError, match=r"^bump_images: 960 images of 24 x 40 pixels would take .*; make fewer images at a time, or"
    ):
        grid.images(memory=needed - 1)
    tracemalloc.start()
    try:
        grid.images(memory=needed)
        assert tracemalloc.get_traced_memory()[1] < 1.02 * needed
        tracemalloc.reset_peak()
        random_subset(grid, 1.0).dataset(classes="x", memory=3 * needed)
        assert tracemalloc.get_traced_memory()[1] < 1.02 * 3 * needed
    finally:
        tracemalloc.stop()
    for data in (random_subset(grid, 1.0), with_stripes(random_subset(grid, 1.0))):
        with pytest.raises(
            ValueError, match=r"^dataset: \d+ images of 24 x 40 pixels, and two copies while they become a"
        ):
            data.dataset(memory=3 * needed - 1)


@given(grids(), st.floats(0.001, 1), st.integers(0, 2**32))
def test_a_random_subset_holds_the_nearest_whole_number(grid, share, seed):
    number = share * grid.n
    if round(number) == 0:
        with pytest.raises(ValueError, match="at least one position must be kept, got fraction = "):
            random_subset(grid, share, rng=seed)
        return
    subset = random_subset(grid, share, rng=seed)
    assert abs(subset.kept.sum() - number) <= 0.5
    assert subset.n == subset.kept.sum()
    assert subset.fraction == subset.n / grid.n
    assert subset.held_out.n == grid.n - subset.n
    rows = {tuple(row) for row in subset.positions.tolist()} | {tuple(r) for r in subset.held_out.positions.tolist()}
    assert len(rows) == grid.n
    smaller = random_subset(grid, count=subset.n // 2, rng=seed)
    assert not (smaller.kept & ~subset.kept).any()


def test_all_subsets_of_a_size_are_equally_likely():
    grid = image_grid((2, 3), 1)
    rng, draws = np.random.default_rng(3), 6000
    masks = np.array([random_subset(grid, 0.5, rng=rng).kept.ravel() for _ in range(draws)])
    counts = np.unique(masks @ (1 << np.arange(6)), return_counts=True)[1]
    assert len(counts) == math.comb(6, 3)
    assert 1e-4 < chi2.sf(((counts - draws / 20) ** 2 / (draws / 20)).sum(), 19) < 1 - 1e-4


def test_seeds():
    grid = image_grid(16, 1)
    one, other = (random_subset(grid, 0.4, rng=5) for _ in range(2))
    np.testing.assert_array_equal(one.kept, other.kept)
    assert not np.array_equal(one.kept, random_subset(grid, 0.4, rng=6).kept)
    generator = np.random.default_rng(5)
    first, second = (random_subset(grid, 0.4, rng=generator) for _ in range(2))
    assert not np.array_equal(first.kept, second.kept)
    assert (one.description, first.description) == ("random, seed 5", "random")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fraction": 0}, r"fraction \(share lambda of the positions\) must be positive and finite, got 0"),
        ({"fraction": 1.5}, r"must be at most 1, got 1.5"),
        ({"fraction": NAN}, "got nan"),
        ({"fraction": 0.001}, "got fraction = 0.001 of 256 positions; take 0.00391 or more"),
        ({}, r"give either fraction \(share of the positions\) or count, got neither"),
        ({"fraction": 0.5, "count": 3}, "got both"),
        ({"count": 257}, "must be at most 256, all of the grid, got 257"),
        ({"count": -1}, r"count \(number of positions\) must be at least 0, got -1"),
        ({"count": 2.0}, "must be a whole number, got 2.0"),
    ],
)
def test_bad_random_subsets(arguments, message):
    with pytest.raises(ValueError, match=r"^random_subset: .*" + message):
        random_subset(image_grid(16, 1), **arguments)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("center", [None, (16.5, 6.0), (0.0, 0.0)])
@pytest.mark.parametrize("side", [1, 5.5, 6, 8])
def test_regions_are_those_of_plain_loops(side, center, periodic):
    grid = image_grid((18, 32), 1, dx=0.5, dy=2, periodic=periodic)
    x_c, y_c = (15.75, 8.0) if center is None else center

    def inside(value, middle, pixels):
        return any(abs(value - middle + copy * pixels) <= side / 2 for copy in ((-1, 0, 1) if periodic else (0,)))

    across = np.array([[inside(x, x_c, 32) for x in np.arange(0, 32, 0.5)] for _ in np.arange(0, 18, 2)])
    down = np.array([[inside(y, y_c, 18) for _ in np.arange(0, 32, 0.5)] for y in np.arange(0, 18, 2)])
    options = {} if center is None else {"center": center}
    np.testing.assert_array_equal(~hold_out_square(grid, side, **options).kept, across & down)
    np.testing.assert_array_equal(~hold_out_cross(grid, side, **options).kept, across | down)
    np.testing.assert_array_equal(~hold_out_band(grid, side, center=x_c).kept, across)
    np.testing.assert_array_equal(~hold_out_band(grid, side, axis="y", center=y_c).kept, down)


def test_regions_around_the_middle_hold_as_many_columns_as_steps():
    for N, side in ((32, 6), (31, 5), (32, 30)):
        grid = image_grid(N, 1)
        assert hold_out_square(grid, side).held_out.n == side**2
        assert hold_out_band(grid, side, axis="y").held_out.n == side * N
        assert hold_out_cross(grid, side).n == (N - side) ** 2
    fine = image_grid(3, 1, dx=0.1)  # edges of the region that are no exact numbers
    assert hold_out_square(fine, 0.6, center=(1.2, 1.2)).held_out.n == 7**2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda grid: hold_out_square(grid, 40),
            r"a square of side 40 around \(7.5, 7.5\) holds all 256 positions; ta",
        ),
        (lambda grid: hold_out_cross(grid, 15), r"a cross 15 wide around \(7.5, 7.5\) holds all .* a smaller one$"),
        (lambda grid: hold_out_square(grid, 0.5), "holds no position; take a larger one, or move its centre$"),
        (lambda grid: hold_out_square(grid, 2, center=(99, 0)), r"around \(99, 0\) holds no position"),
        (lambda grid: hold_out_band(grid, 16), "a band 16 wide around x = 7.5 holds all 256 positions"),
        (lambda grid: hold_out_square(grid, 0), r"side \(of what is held out, in pixels\) must be positive .* got 0"),
        (lambda grid: hold_out_cross(grid, -1), r"width \(of what is held out, in pixels\) must be positive"),
        (lambda grid: hold_out_square(grid, 2, center=(1, 2, 3)), r"center must be \(x, y\), finite, in pixels, got"),
        (lambda grid: hold_out_square(grid, 2, center=(1, NAN)), r"center must be \(x, y\), finite"),
        (lambda grid: hold_out_band(grid, 2, center=(1, 2)), "center must be one number, finite"),
        (
            lambda grid: hold_out_band(grid, 2, axis="z"),
            r"axis must be x \(a band of columns\) or y \(of rows\), got 'z'",
        ),
        (
            lambda grid: thinned_subset(grid, 0, 1),
            r"kx \(one column out of so many is kept\) must be at least 1, got 0",
        ),
        (lambda grid: thinned_subset(grid, 1, 17), "ky must be at most the number of rows, got 17 for 16"),
        (
            lambda grid: thinned_subset(grid, 1, 3),
            "with periodic edges ky must divide the number of rows, .* got 3 for",
        ),
        (lambda grid: GridSubset(grid, np.ones((16, 16)), ""), r"shape \(16, 16\), got float64 of shape \(16, 16\)"),
        (lambda grid: GridSubset(grid, np.ones(256, bool), ""), r"shape \(16, 16\), got bool of shape \(256,\)"),
        (lambda grid: GridSubset(grid, [[True], []], ""), r"shape \(16, 16\), got rows of different lengths"),
    ],
)
def test_bad_regions(call, message):
    with pytest.raises(ValueError, match=r"^(hold_out_\w+|thinned_subset|GridSubset): .*" + message):
        call(image_grid(16, 1, periodic="3 for" in message))


def test_what_takes_a_grid_takes_nothing_else():
    for call in (
        lambda wrong: random_subset(wrong, 0.5),
        lambda wrong: thinned_subset(wrong, 1, 1),
        lambda wrong: hold_out_square(wrong, 3),
        lambda wrong: hold_out_band(wrong, 3),
        lambda wrong: GridSubset(wrong, [[True]], ""),
    ):
        for wrong in (None, 16, random_subset(image_grid(4, 1), 0.5)):
            with pytest.raises(ValueError, match="grid must be a ImageGrid, got .*; image_grid makes one"):
                call(wrong)
    with pytest.raises(ValueError, match="compositions must be a GridSubset, got ImageGrid; random_subset makes"):
        with_stripes(image_grid(4, 1))


def test_thinned_positions_have_the_coarser_steps():
    grid = image_grid((12, 20), 1, dx=0.5)
    subset = thinned_subset(grid, 4, 6)
    coarse = image_grid((12, 20), 1, dx=2, dy=3)
    np.testing.assert_array_equal(subset.positions, coarse.positions)
    np.testing.assert_array_equal(subset.images(), coarse.images())
    assert subset.description == "every 4th column, every 6th row"
    assert thinned_subset(grid, 1, 2).description == "every column, every 2nd row"
    open_edges = thinned_subset(image_grid(10, 1), 3, 1)
    assert open_edges.positions[:4, 0].tolist() == [0, 3, 6, 9]


def test_a_subset_keeps_its_own_mask():
    mask = np.ones((4, 4), dtype=bool)
    subset = GridSubset(image_grid(4, 1), mask, "all")
    mask[0] = False
    assert subset.n == 16
    with pytest.raises(ValueError, match="read-only"):
        subset.kept[0, 0] = False
    assert subset.held_out.n == 0
    assert subset.held_out.images().shape == (0, 4, 4)


@pytest.mark.parametrize("kind", ["bump", "sos"])
@pytest.mark.parametrize("periodic", [False, True])
def test_stripes_and_few_compositions(kind, periodic):
    grid = image_grid((8, 9), 1, dx=3, dy=2, kind=kind, periodic=periodic, amplitude=2)
    subset = random_subset(grid, count=4, rng=2)
    striped = with_stripes(subset)
    assert (striped.n, striped.stripes, striped.kinds.tolist()) == (
        11,
        7,
        ["vertical"] * 3 + ["horizontal"] * 4 + ["composition"] * 4,
    )
    np.testing.assert_array_equal(
        striped.positions[:7], [[0, NAN], [3, NAN], [6, NAN], [NAN, 0], [NAN, 2], [NAN, 4], [NAN, 6]]
    )
    np.testing.assert_array_equal(striped.positions[7:], subset.positions)
    images = striped.images()
    np.testing.assert_array_equal(images[7:], subset.images())
    for number, x in enumerate((0, 3, 6)):
        distance = [min(abs(px - x), 9 - abs(px - x) if periodic else 99) for px in range(9)]
        np.testing.assert_allclose(images[number], [[2 * math.exp(-(u**2) / 2) for u in distance]] * 8, rtol=1e-14)
    for number, y in enumerate((0, 2, 4, 6)):
        distance = [min(abs(py - y), 8 - abs(py - y) if periodic else 99) for py in range(8)]
        np.testing.assert_allclose(
            images[3 + number].T, [[2 * math.exp(-(u**2) / 2) for u in distance]] * 9, rtol=1e-14
        )


def test_stripes_alone():
    striped = with_stripes(random_subset(image_grid(8, 1), count=0))
    assert (striped.n, striped.images().shape) == (16, (16, 8, 8))
    data = striped.dataset(classes="kind")
    assert (data.classes, np.bincount(data.labels).tolist()) == (("horizontal", "vertical"), [8, 8])
    with pytest.raises(ValueError, match="classes of stripes and compositions must be kind, or None, got 'x'; stripes"):
        striped.dataset(classes="x")
    with pytest.raises(ValueError, match="there must be at least two points"):
        random_subset(image_grid(8, 1), count=1).dataset()


def test_classes_are_read_off_the_positions():
    grid = image_grid((4, 5), 1, dx=0.5)
    subset = random_subset(grid, 0.6, rng=1)
    x, y = subset.positions.T
    by_x = subset.dataset(classes="x")
    assert by_x.classes == ("0", "0.5", "1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5")
    np.testing.assert_array_equal(np.array(by_x.classes, dtype=float)[by_x.labels], x)
    by_y = subset.dataset(classes="y")
    np.testing.assert_array_equal(np.array(by_y.classes, dtype=float)[by_y.labels], y)
    quarters = subset.dataset(classes="quadrant")
    for name, here_x, here_y in zip(np.array(quarters.classes)[quarters.labels], x, y, strict=True):
        assert name == f"{'upper' if here_y < 1.75 else 'lower'} {'left' if here_x < 2.25 else 'right'}"
    assert subset.dataset().labels is None
    with pytest.raises(ValueError, match="classes .* must be one of x, y, quadrant, or None, got 'corner'"):
        subset.dataset(classes="corner")


def test_a_data_set_holds_the_images():
    subset = hold_out_square(image_grid(12, 1, margin=3), 2)
    data = subset.dataset(scale="range", name="mine")
    images = subset.images().reshape(subset.n, -1)
    low, high = images.min(), images.max()
    scaled = 2 * (images - low) / (high - low) - 1
    np.testing.assert_allclose(data.X, scaled - scaled.mean(axis=0), atol=1e-14)
    assert (data.name, data.n, data.d) == ("mine", 32, 144)
    assert subset.dataset().name == "bump"
    assert hold_out_square(image_grid(12, 1, kind="sos"), 2).dataset().name == "sos"


def test_images_pass_through_a_file(tmp_path):
    subset = random_subset(image_grid(10, 1.5), 0.5, rng=1)
    np.save(tmp_path / "bumps.npy", subset.images())
    data = load_dataset(tmp_path / "bumps.npy")
    np.testing.assert_array_equal(data.X, subset.dataset().X)


def test_predict_on_a_torus_against_the_fourier_modes_of_the_bump():
    """All shifts of one image: the covariance is circulant, its eigenvalues are the power spectrum of the image."""
    N, sigma = 8, 1.5
    grid = image_grid(N, sigma, periodic=True, amplitude=4)
    data = random_subset(grid, 1.0).dataset(classes="x")
    result = regimes.predict(data, probes=4096, rng=1)
    image = np.array(drawn_by_loops(0, 0, N, N, sigma, kind="bump", amplitude=4.0, periodic=True))
    spectrum = np.abs(np.fft.fft2(image - image.mean())) ** 2 / (N**2 - 1)
    assert result["speciation.sample_Lambda"].value == pytest.approx(spectrum.max(), rel=1e-9)
    assert result["speciation.sample_spectral_time"].value == pytest.approx(0.5 * math.log(spectrum.max()), rel=1e-9)
    zero = result["collapse.leave_one_out_zero"].value
    assert result["speciation.class_time_memorised"].value > zero
    # All points are alike, so one of them shows where the leave-one-out excess entropy vanishes.
    rng, snr, n = np.random.default_rng(2), 1 / math.expm1(2 * zero), N**2
    others = np.array([np.roll(image, (j, i), (0, 1)) for j, i in np.ndindex(N, N)][1:]).reshape(n - 1, -1)
    gaps = image.ravel() - others
    z = rng.standard_normal((20000, n))
    exponents = -snr / 2 * (gaps**2).sum(axis=1) - math.sqrt(snr) * z @ gaps.T
    values = logsumexp(exponents, axis=1) + math.log(n / (n - 1))
    options = {"t": [zero], "probes": 4096, "rng": 1, "groups": 0}
    error = regimes.predict(data, **options).curves["leave_one_out_se"][0] * math.log(n)
    z_score = values.mean() / math.hypot(error, values.std() / math.sqrt(len(z)))
    assert abs(z_score) < 3


def test_predict_takes_subsets_and_stripes():
    options = {"t": np.geomspace(0.05, 3, 10), "probes": 128, "groups": 2}
    grid = image_grid(12, 1.5, kind="sos")
    subset = random_subset(grid, 0.5, rng=1)
    from_data = regimes.predict(subset.dataset(classes="quadrant", scale="range"), **options)
    from_images = regimes.predict(subset.images(), scale="range", **options)
    keys = ("collapse.point_time", "speciation.class_time_memorised")
    point, decided = (from_data[key].value for key in keys)
    assert point == pytest.approx(from_images[keys[0]].value, rel=1e-6)
    assert 0 < point < decided
    striped = regimes.predict(with_stripes(subset).dataset(classes="kind", scale="range"), **options)
    assert striped["collapse.point_time"].value > 0
    assert striped.problem.classes == ["composition", "horizontal", "vertical"]


def test_dark_images_are_noted():
    narrow = random_subset(image_grid(16, 0.1, dx=0.5), 0.5, rng=1).dataset()
    assert any("394 of 512 images are dark" in note for note in narrow.notes)
    assert not any("dark" in note for note in random_subset(image_grid(16, 1.0), 0.5, rng=1).dataset().notes)


def test_a_subset_is_not_an_array_of_points():
    with pytest.raises(ValueError, match=r"call its dataset\(\) method"):
        load_dataset(random_subset(image_grid(16, 1.0), 0.5, rng=1))
