"""Overlaps against images summed pixel by pixel and integrals over the plane; neighbourhoods against every pair."""

import itertools
import math
import subprocess
import sys

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import dblquad

from regimes.numerics.composition.bumps.bump_neighbourhood import bump_neighbourhood
from regimes.numerics.composition.bumps.connecting_width import connecting_sigmas
from regimes.numerics.composition.bumps.overlaps import bump_overlap, connection_radius
from regimes.numerics.composition.bumps.pixel_overlaps import pixel_overlap
from regimes.numerics.composition.overlap_kinds import OVERLAPS

WIDTHS = st.floats(math.log(0.15), math.log(3)).map(math.exp)
PLACES = st.tuples(st.floats(-4, 4), st.floats(-4, 4))


def images(first, second, sigma, half=45):
    """Both images on a grid of pixels, not normalised."""
    pixels = np.arange(-half, half + 1.0)
    return [np.exp(-(np.add.outer((pixels - y) ** 2, (pixels - x) ** 2)) / (2 * sigma**2)) for y, x in (first, second)]


def overlap_of(one, other, overlap):
    if overlap == "cosine":
        return np.sum(one * other) / np.sqrt(np.sum(one**2) * np.sum(other**2))
    one, other = one / one.sum(), other / other.sum()
    return np.sum(one * other) if overlap == "product" else np.sum(np.minimum(one, other))


@pytest.mark.parametrize("overlap", OVERLAPS)
@given(first=PLACES, second=PLACES, sigma=WIDTHS)
def test_overlap_on_pixels_is_that_of_the_images(overlap, first, second, sigma):
    expected = overlap_of(*images(first, second, sigma), overlap)
    # Squared distances up to 130 over 2 sigma^2 are rounded in the exponents of the plain images.
    assert pixel_overlap(first, second, sigma, overlap=overlap) == pytest.approx(expected, rel=1e-12, abs=1e-290)


@pytest.mark.parametrize("overlap", OVERLAPS)
@pytest.mark.parametrize(("r", "sigma"), [(0, 1), (0.7, 0.5), (2, 0.8), (3, 2)])
def test_overlap_in_the_plane_is_the_integral(overlap, r, sigma):
    def density(x, y, centre):
        return math.exp(-((x - centre) ** 2 + y**2) / (2 * sigma**2)) / (2 * math.pi * sigma**2)

    def integrand(y, x):
        one, other = density(x, y, 0), density(x, y, r)
        return min(one, other) if overlap == "coefficient" else one * other

    reach = 9 * sigma
    # The smaller density has a kink half way.
    halves = [
        dblquad(integrand, *ends, -reach, reach, epsabs=1e-11)[0] for ends in ((-reach, r / 2), (r / 2, r + reach))
    ]
    norm = 1 / (4 * math.pi * sigma**2) if overlap == "cosine" else 1
    assert bump_overlap(r, sigma, overlap=overlap) == pytest.approx(sum(halves) / norm, rel=1e-8)


@pytest.mark.parametrize(("a", "b", "sigma"), [(0, 40, 0.7), (0.5, 11.5, 0.05), (0.3, 37.6, 2.0), (-0.5, 0.5, 0.01)])
def test_bumps_far_from_each_other_keep_their_digits(a, b, sigma):
    """Where plain images underflow to nothing; sums in 60 digits."""
    with mpmath.workdps(60):
        width = mpmath.mpf(sigma)
        bumps = [[mpmath.exp(-((j - mpmath.mpf(c)) ** 2) / (2 * width**2)) for j in range(-40, 90)] for c in (a, b)]
        shares = [[entry / mpmath.fsum(bump) for entry in bump] for bump in bumps]
        roots = [mpmath.sqrt(mpmath.fsum(entry**2 for entry in bump)) for bump in bumps]
        exact = {
            "cosine": mpmath.fsum(p * q for p, q in zip(*bumps, strict=True)) / (roots[0] * roots[1]),
            "product": mpmath.fsum(p * q for p, q in zip(*shares, strict=True)),
            "coefficient": mpmath.fsum(min(p, q) for p, q in zip(*shares, strict=True)),
        }
    for overlap, value in exact.items():
        computed = float(pixel_overlap([a], [b], sigma, overlap=overlap))
        if value < 1e-300:
            assert computed < 1e-300
        else:
            # The exponent, up to 700, is rounded.
            assert computed == pytest.approx(float(value), rel=1e-12)


@given(first=PLACES, second=PLACES, sigma=WIDTHS, shift=st.tuples(st.integers(-50, 50), st.integers(-50, 50)))
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_overlap_is_symmetric_and_moves_with_whole_pixels(overlap, first, second, sigma, shift):
    value = float(pixel_overlap(first, second, sigma, overlap=overlap))
    assume(value > 1e-250)
    moved = pixel_overlap(np.add(first, shift), np.add(second, shift), sigma, overlap=overlap)
    assert pixel_overlap(second, first, sigma, overlap=overlap) == pytest.approx(value, rel=1e-12)
    assert moved == pytest.approx(value, rel=1e-9)  # places carry fewer digits beside 50


def test_shapes_broadcast():
    first, second = np.zeros((3, 1, 2)), np.ones((4, 2))
    for overlap in OVERLAPS:
        assert pixel_overlap(first, second, 0.7, overlap=overlap).shape == (3, 4)
    assert pixel_overlap([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 0.6) == pytest.approx(1)
    assert pixel_overlap([0.2], [0.2], 0.6, overlap="coefficient") == pytest.approx(1)
    assert bump_overlap([], 1).shape == (0,)


def test_the_density_product_of_pixels_is_per_pixel():
    """Both bumps on one pixel: all of the brightness is on it when they are narrow, 1/(4 pi sigma^2) when wide."""
    for sigma, expected in [(0.05, 1.0), (4.0, 1 / (4 * math.pi * 16))]:
        assert pixel_overlap([0, 0], [0, 0], sigma, overlap="product") == pytest.approx(expected, rel=1e-12)


@given(sigma=WIDTHS, log_tau=st.floats(-600, -1e-3))
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_overlap_at_the_connection_radius_is_tau(overlap, sigma, log_tau):
    tau = math.exp(log_tau) * (1 / (4 * math.pi * sigma**2) if overlap == "product" else 1)
    radius = connection_radius(sigma, tau=tau, overlap=overlap)
    # A relative error of 1e-15 of the radius changes the overlap by 2 |log tau| times as much.
    assert bump_overlap(radius, sigma, overlap=overlap) == pytest.approx(tau, rel=2e-15 * (4 - 2 * log_tau))


def test_coefficient_radius_over_all_thresholds():
    """Newton in 50 digits, with nothing of the package, from 1e-300 to 1 - 1e-12."""
    taus = [1e-300, 1e-200, 1e-50, 1e-10, 0.005, 0.2, 0.5, 0.9, 1 - 1e-4, 1 - 1e-8, 1 - 1e-12]
    for tau in taus:
        root = mpmath.mpf(connection_radius(1.0, tau=tau, overlap="coefficient")) / mpmath.sqrt(8)
        start = root
        with mpmath.workdps(50):
            for _ in range(4):
                root += (mpmath.erfc(root) - mpmath.mpf(tau)) * mpmath.exp(root**2) * mpmath.sqrt(mpmath.pi) / 2
            assert abs(start / root - 1) < 1e-15


@pytest.mark.parametrize("pixels", [False, True])
@pytest.mark.parametrize("overlap", OVERLAPS)
@pytest.mark.parametrize("step", [1, 2, 5])
def test_neighbours_connect_from_the_smallest_width_on(overlap, pixels, step):
    tau = 5e-4

    def connected(sigma):
        if pixels:
            return float(pixel_overlap([0, 0], [0, step], sigma, overlap=overlap)) - tau
        return float(bump_overlap(step, sigma, overlap=overlap)) - tau

    low, high = connecting_sigmas(step, tau=tau, overlap=overlap, pixels=pixels)
    assert connected(low * (1 - 1e-9)) < 0 < connected(low * (1 + 1e-9))
    inside = np.geomspace(low * 1.001, min(high / 1.001, 4 * step), 40)
    assert all(connected(sigma) > 0 for sigma in inside)
    assert all(connected(sigma) < 0 for sigma in np.linspace(0.2 * low, low * 0.999, 20))
    if overlap == "product":
        assert connected(high * (1 - 1e-9)) > 0 > connected(high * (1 + 1e-9))
    else:
        assert high == math.inf


@pytest.mark.parametrize("pixels", [False, True])
def test_the_best_width_alone_connects_at_the_largest_density_product(pixels):
    if pixels:
        sigmas = np.linspace(0.4, 0.8, 401)
        values = [float(pixel_overlap([0, 0], [0, 1], sigma, overlap="product")) for sigma in sigmas]
        tau, best = max(values), sigmas[int(np.argmax(values))]
    else:
        tau, best = float(bump_overlap(1, 0.5, overlap="product")), 0.5
    low, high = connecting_sigmas(1, tau=tau * (1 - 1e-9), overlap="product", pixels=pixels)
    assert low <= best <= high
    assert high - low < 2e-3
    with pytest.raises(
        ValueError, match=r"^connecting_sigmas: the density product of bumps at a distance of 1 is 0\.11"
    ):
        connecting_sigmas(1, tau=tau * 1.001, overlap="product", pixels=pixels)


@pytest.mark.parametrize(("sigma", "z"), [(0.3, 4), (0.4, 8), (0.5, 20), (0.7, 36), (1.0, 68)])
def test_neighbours_of_the_cosine_overlap(sigma, z):
    neighbourhood = bump_neighbourhood(sigma)
    assert neighbourhood.z == z
    assert neighbourhood.radius == pytest.approx(2 * sigma * math.sqrt(math.log(200)), rel=1e-14)


@pytest.mark.parametrize("pixels", [False, True])
@pytest.mark.parametrize("overlap", OVERLAPS)
@pytest.mark.parametrize(("sigma", "steps"), [(0.6, (1, 1)), (1.3, (1, 2)), (1.3, (3, 1)), (2.1, (2, 2))])
def test_neighbours_are_all_that_overlap(overlap, pixels, sigma, steps):
    tau = 0.004
    expected = set()
    for offset in itertools.product(range(-13, 14), repeat=2):
        place = np.array(offset) * steps
        if pixels:
            value = overlap_of(*images((0, 0), place, sigma), overlap)
        else:
            value = bump_overlap(np.linalg.norm(place), sigma, overlap=overlap)
        assert abs(value / tau - 1) > 1e-9
        if any(offset) and value >= tau:
            expected.add(offset)
    found = bump_neighbourhood(sigma, tau=tau, overlap=overlap, steps=steps, pixels=pixels)
    assert set(map(tuple, found.offsets.tolist())) == expected
    assert max(found.reach) < 13
    assert found.steps == steps
    assert (found.radius is None) == pixels


@pytest.mark.parametrize("pixels", [False, True])
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_overlap_equal_to_the_threshold_connects(overlap, pixels):
    """A tau that is, in rounded numbers, the overlap at (1, 2)."""
    if pixels:
        tau = float(pixel_overlap([0, 0], [2, 1], 0.8, overlap=overlap))
    else:
        tau = float(bump_overlap(math.sqrt(5), 0.8, overlap=overlap))
    assert bump_neighbourhood(0.8, tau=tau, overlap=overlap, pixels=pixels).z == 20
    assert bump_neighbourhood(0.8, tau=tau * (1 + 1e-9), overlap=overlap, pixels=pixels).z == 12


def test_one_and_three_dimensions():
    assert bump_neighbourhood(0.5, steps=(1,)).z == 4
    assert bump_neighbourhood(0.5, steps=(1,), pixels=True).z == 4
    assert bump_neighbourhood(0.3, steps=(1, 1, 1)).z == 6
    assert bump_neighbourhood(0.3, steps=(1, 1, 1), pixels=True, overlap="coefficient").z == 18


def test_pixels_move_the_neighbours():
    """(1, 2) overlaps by exp(-5) = 0.0067 in the plane, and by 0.71 times as much on pixels."""
    assert bump_neighbourhood(0.5).z == 20
    assert bump_neighbourhood(0.5, pixels=True).z == 12
    assert float(pixel_overlap([0, 0], [1, 2], 0.5)) == pytest.approx(0.71 * math.exp(-5), rel=0.001)


def test_the_cosine_needs_numpy_alone():
    code = (
        "import sys; from regimes.numerics.composition.bumps.bump_neighbourhood import bump_neighbourhood as b; "
        "b(0.5); "
        "b(0.5, pixels=True); print([n for n in ('scipy', 'numba', 'sympy', 'mpmath') if n in sys.modules])"
    )
    for _ in range(2):  # the first process may have to generate the functions
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: bump_overlap([0, -1], 1),
            "bump_overlap: r (distances of two bumps, in pixels) must be finite and at least 0, got -1",
        ),
        (
            lambda: bump_overlap(1, 0),
            "bump_overlap: sigma (width of a bump, in pixels) must be positive and finite, got 0",
        ),
        (
            lambda: bump_overlap(1, 1, overlap="dot"),
            "bump_overlap: overlap must be one of cosine, coefficient, product, got 'dot'",
        ),
        (
            lambda: pixel_overlap([0, math.nan], [0, 0], 1),
            "pixel_overlap: first (centres of bumps, in pixels) must be finite numbers of shape (..., "
            "dimensions), got nan or infinity",
        ),
        (
            lambda: pixel_overlap([0, 0], 1, 1),
            "pixel_overlap: second (centres of bumps, in pixels) must be finite numbers of shape (..., "
            "dimensions), got shape ()",
        ),
        (
            lambda: pixel_overlap(np.zeros((3, 2)), np.zeros((4, 2)), 1),
            "pixel_overlap: the shapes of first and second must broadcast, got (3, 2) and (4, 2)",
        ),
        (
            lambda: pixel_overlap([0, 0], [1, 1], 1e4, overlap="coefficient"),
            "pixel_overlap: the 3.2e+10 pixels of an image would take 954 GiB, more than memory = 1 GiB; take narrower "
            "bumps, or raise memory",
        ),
        (
            lambda: connection_radius(1, tau=1.0),
            "connection_radius: tau (overlap from which bumps connect) must lie in (0, 1), got 1",
        ),
        (
            lambda: connection_radius(1, tau=-0.1, overlap="product"),
            "connection_radius: tau (overlap from which bumps connect, per squared pixel) must be positive and "
            "finite, got -0.1",
        ),
        (
            lambda: connection_radius(5, overlap="product"),
            "connection_radius: two bumps of width sigma = 5 have a density product of 1/(4 pi sigma^2) = "
            "0.003183 at most, "
            "got tau = 0.005; take a smaller tau or narrower bumps",
        ),
        (
            lambda: connecting_sigmas(1.5, pixels=True),
            "connecting_sigmas: pixels=True needs steps of whole pixels, got 1.5: with bumps between pixels the "
            "overlap "
            "depends on the place; take pixels=False, the overlap in the plane",
        ),
        (
            lambda: connecting_sigmas(9, overlap="product"),
            "connecting_sigmas: the density product of bumps at a distance of 9 is 0.001446 at most, at sigma = "
            "4.5, got "
            "tau = 0.005; take a smaller tau or a finer grid",
        ),
        (
            lambda: bump_neighbourhood(0.2),
            "bump_neighbourhood: no two bumps connect at sigma = 0.2, steps (1, 1): the cosine overlap of "
            "neighbours reaches "
            "tau = 0.005 only from sigma = 0.217221 on; take wider bumps, a finer grid or a smaller tau",
        ),
        (
            lambda: bump_neighbourhood(0.25, pixels=True, steps=(2, 1)),
            "bump_neighbourhood: no two bumps connect at sigma = 0.25, steps (2, 1): the cosine overlap of "
            "neighbours on "
            "pixels reaches tau = 0.005 only from sigma = 0.288881 on; take wider bumps, a finer grid or a smaller tau",
        ),
        (
            lambda: bump_neighbourhood(6, overlap="product"),
            "bump_neighbourhood: no two bumps connect at sigma = 6, steps (1, 1): the density product of "
            "neighbours reaches "
            "tau = 0.005 only between sigma = 0.20525 and 3.95771; change sigma, the grid or tau",
        ),
        (
            lambda: bump_neighbourhood(1, overlap="product", tau=0.2),
            "bump_neighbourhood: no two bumps connect at sigma = 1, steps (1, 1): the density product of bumps at a "
            "distance of 1 is 0.1171 at most, at sigma = 0.5, got tau = 0.2; take a smaller tau or a finer grid",
        ),
        (
            lambda: bump_neighbourhood(1, overlap="product", steps=(1, 1, 1)),
            "bump_neighbourhood: the density product in the plane needs 2 steps, got 3; take another overlap or "
            "pixels=True",
        ),
        (
            lambda: bump_neighbourhood(1e3, pixels=True, memory=2**20),
            "bump_neighbourhood: 4.6e+03 neighbours and more would take 0.0022 GiB",
        ),
        (
            lambda: bump_overlap(1, 9e-7),
            "bump_overlap: sigma (width of a bump, in pixels) must lie between 1e-6 and 1e6, got 9e-07",
        ),
        (
            lambda: pixel_overlap([0], [1], 1.1e6),
            "pixel_overlap: sigma (width of a bump, in pixels) must lie between 1e-6 and 1e6, got 1100000",
        ),
        (
            lambda: connection_radius(1e-200),
            "connection_radius: sigma (width of a bump, in pixels) must lie between 1e-6 and 1e6, got 1e-200",
        ),
        (
            lambda: bump_neighbourhood(1e200, pixels=True),
            "bump_neighbourhood: sigma (width of a bump, in pixels) must lie between 1e-6 and 1e6, got 1e+200",
        ),
        (
            lambda: connection_radius(1, tau=1e-301, overlap="coefficient"),
            "connection_radius: tau (overlap from which bumps connect) must be at least 1e-300 for the overlap "
            "coefficient, got 1e-301; take a larger tau",
        ),
        (
            lambda: connecting_sigmas(1e7),
            "connecting_sigmas: step (distance of neighbours, in pixels) must lie between 1e-6 and 1e6, got 1e+07",
        ),
        (
            lambda: connecting_sigmas(1, tau=1 - 1e-15, pixels=True),
            "connecting_sigmas: on pixels widths are searched between 1e-6 and 1e6 pixels, got tau = 1 at a step of 1, "
            "which leads beyond; take a shorter step or another tau",
        ),
        (
            lambda: connecting_sigmas(1, overlap="product", pixels=True, dimensions=0),
            "connecting_sigmas: dimensions (axes of the image) must be at least 1, got 0",
        ),
        (
            lambda: connecting_sigmas(1, tau=1e-301, overlap="coefficient"),
            "connecting_sigmas: tau (overlap from which bumps connect) must be at least 1e-300",
        ),
    ],
    ids=range(27),
)
def test_errors_say_what_to_do(call, text):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value).startswith(text)
