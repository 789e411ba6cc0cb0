"""Overlap and percolation: limits, bounds, and methods that share nothing with the formulas."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(math.exp)


WIDTHS = log_uniform(0.05, 5)
PLACES = st.floats(-5, 5)

# Simulated thresholds of the square lattice with all neighbours within a radius, last digit uncertain.
SIMULATED = {
    2**0.5: 0.4068,
    2: 0.2889,
    5**0.5: 0.1972,
    8**0.5: 0.1647,
    10**0.5: 0.1157,
    4: 0.0877,
    5: 0.0541,
    6: 0.0393,
    8: 0.0227,
}


def mp(name: str, *inputs: Any) -> Any:
    return formula(name).mp(*inputs)


@given(r=log_uniform(1e-3, 20), sigma=WIDTHS)
def test_common_part_lies_between_the_bounds_of_le_cam(r: float, sigma: float) -> None:
    """With b the integral of the root of the product of two densities: 1 - sqrt(1 - b^2) <= common part <= b."""
    affinity = mpmath.sqrt(mp("cosine_overlap", r, sigma))
    common = mp("overlap_coefficient", r, sigma)
    assert affinity**2 / (1 + mpmath.sqrt(1 - affinity**2)) <= common <= affinity


@given(r=log_uniform(1e-3, 20), ratio=log_uniform(1.001, 3), sigma=WIDTHS)
@pytest.mark.parametrize("name", ["cosine_overlap", "overlap_coefficient", "density_product"])
def test_overlap_falls_with_the_distance(name: str, r: float, ratio: float, sigma: float) -> None:
    assert mp(name, r * ratio, sigma) < mp(name, r, sigma)


@given(tau=log_uniform(1e-60, 0.999), sigma=WIDTHS)
@pytest.mark.parametrize(
    ("overlap", "radius"), [("cosine_overlap", "cosine_radius"), ("overlap_coefficient", "coefficient_radius")]
)
def test_overlap_at_the_radius_is_tau(overlap: str, radius: str, tau: float, sigma: float) -> None:
    reached = mp(overlap, formula(radius).mp(tau, sigma, dps=70), sigma)
    assert abs(reached / tau - 1) < mpmath.mpf(10) ** -45
    assert abs(mp(radius.replace("radius", "width"), tau) * mp(radius, tau, sigma) / sigma - 1) < mpmath.mpf(10) ** -45


@given(share=log_uniform(1e-6, 0.99), sigma=log_uniform(0.7, 4))
def test_bumps_at_the_noised_radius_differ_by_what_noise_hides(share: float, sigma: float) -> None:
    """Their squared difference, summed over fine pixels; small differences reach as far whatever the width."""
    hidden = 2 * math.pi * sigma**2 * share
    distance = float(mp("noised_radius", hidden, sigma))
    assert float(compile_formula("noised_radius", target="numpy")(hidden, sigma)) == pytest.approx(distance, rel=1e-12)
    step = sigma / 4
    x = np.arange(-9 * sigma - distance, 9 * sigma + distance, step)
    one, other = (np.exp(-((x - side * distance / 2) ** 2) / (2 * sigma**2)) for side in (1, -1))
    across = np.exp(-(x**2) / sigma**2).sum()
    # Small differences of nearly equal images lose digits.
    assert ((one - other) ** 2).sum() * across * step**2 == pytest.approx(hidden, rel=1e-6)
    assert distance**2 >= 2 * hidden / math.pi
    assert distance**2 == pytest.approx(2 * hidden / math.pi, rel=share / (1 - share))


@given(step=log_uniform(0.1, 10), ratio=log_uniform(0.01, 100))
def test_no_density_product_exceeds_the_largest(step: float, ratio: float) -> None:
    largest = mp("largest_density_product", step)
    assert mp("density_product", step, ratio * step) <= largest
    assert abs(mp("density_product", step, mpmath.mpf(step) / 2) / largest - 1) < mpmath.mpf(10) ** -45


@given(a=PLACES, b=PLACES, sigma=log_uniform(0.05, 3))
def test_sums_over_pixels_are_those_of_the_definition(a: float, b: float, sigma: float) -> None:
    pixels = range(-50, 51)
    with mpmath.workdps(60):
        one, other = (
            [mpmath.exp(-((mpmath.mpf(c) - j) ** 2) / (2 * mpmath.mpf(sigma) ** 2)) for j in pixels] for c in (a, b)
        )
        squares = [mpmath.fsum(entry**2 for entry in image) for image in (one, other)]
        product = mpmath.fsum(p * q for p, q in zip(one, other, strict=True))
        cosine = product / mpmath.sqrt(squares[0] * squares[1])
        density = product / (mpmath.fsum(one) * mpmath.fsum(other))
        assert abs(mp("pixel_cosine_overlap", a, b, sigma) / cosine - 1) < mpmath.mpf(10) ** -45
        assert abs(mp("pixel_density_product", a, b, sigma) / density - 1) < mpmath.mpf(10) ** -45
        assert abs(mp("pixel_sum", a, sigma) / squares[0] - 1) < mpmath.mpf(10) ** -45
        assert abs(mp("log_pixel_share", 2, a, sigma) - mpmath.log(one[52] / mpmath.fsum(one))) < mpmath.mpf(10) ** -40


@given(a=PLACES, b=PLACES, shift=st.integers(-20, 20), sigma=WIDTHS)
def test_bumps_may_be_moved_by_whole_pixels(a: float, b: float, shift: int, sigma: float) -> None:
    with mpmath.workdps(60):
        moved = [mpmath.mpf(place) + shift for place in (a, b)]
        assert abs(mp("pixel_cosine_overlap", *moved, sigma) / mp("pixel_cosine_overlap", a, b, sigma) - 1) < 1e-40


def test_pixels_vanish_for_wide_bumps_as_fast_as_the_correction_says() -> None:
    for sigma, off in [(0.5, 0.2), (0.7, 0.02), (1.0, 3e-4), (1.5, 1e-9), (2.0, 1e-16)]:
        plane, pixels = (
            mp(name, *at, sigma) for name, at in (("cosine_overlap", (1,)), ("pixel_cosine_overlap", (0, 1)))
        )
        assert abs((plane - pixels) / plane / mp("pixel_correction", sigma) - 1) < off
        assert abs(mp("cosine_overlap", 2, sigma) / mp("pixel_cosine_overlap", 0, 2, sigma) - 1) < mpmath.mpf(10) ** -45


def test_thresholds_against_simulation() -> None:
    fit = {
        radius: float(mp("percolation_threshold_fit", mp("disc_neighbours", radius * (1 + 1e-12))))
        for radius in SIMULATED
    }
    disc = {radius: float(mp("percolation_disc_limit", radius)) for radius in SIMULATED}
    assert max(abs(fit[radius] / known - 1) for radius, known in SIMULATED.items()) <= 0.021 + 0.00005 / 0.0227
    excess = {radius: disc[radius] / known - 1 for radius, known in SIMULATED.items()}
    assert excess[10**0.5] == pytest.approx(0.24, abs=0.005)
    assert excess[5] == pytest.approx(0.06, abs=0.005)
    assert excess[6] == pytest.approx(0.015, abs=0.002)


@pytest.mark.parametrize(("kept", "k"), [(0.3, 1), (0.6, 2), (0.2, 5), (0.9, 1)])
def test_pieces_of_a_chain_against_simulation(kept: float, k: int) -> None:
    """Kept points of 400 chains; a point's piece is cut where the gap to the next kept one exceeds k."""
    rng = np.random.default_rng(7)
    links, sizes = [], []
    for _ in range(400):
        places = np.flatnonzero(rng.random(20_000) < kept)
        linked = np.diff(places) <= k
        pieces = np.diff(np.flatnonzero(np.concatenate([[True], ~linked, [True]])))
        links.append(np.mean(linked))
        sizes.append(np.sum(pieces**2) / places.size)
    for sample, name in ((links, "chain_link_probability"), (sizes, "chain_mean_cluster_size")):
        # The pieces at both ends are cut short: of order (S/20000)^2 of the mean, below a tenth of the error.
        z = (np.mean(sample) - float(mp(name, kept, k))) / (np.std(sample, ddof=1) / math.sqrt(len(sample)))
        assert abs(z) < 3, (name, z)


@given(n=st.integers(1, 2000), share=st.floats(0, 1), kept=st.floats(0.01, 0.99))
def test_ratio_of_binomial_weights(n: int, share: float, kept: float) -> None:
    k = int(share * (n - 1))
    ratio = compile_formula("canonical_weight_ratio", target="numpy")(k, n, kept)
    assert math.log(ratio) == pytest.approx(binom.logpmf(k + 1, n, kept) - binom.logpmf(k, n, kept), abs=1e-9)


def test_finite_grids_approach_the_infinite_one() -> None:
    values = [mp("finite_size_threshold", 0.4, -0.3, 1.5, size) for size in (10, 100, 1000)]
    assert values[0] < values[1] < values[2] < 0.4
    assert mp("spanning_width", 0.7, 16) / mp("spanning_width", 0.7, 256) == pytest.approx(8, rel=1e-15)
