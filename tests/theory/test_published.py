"""Published numbers, each with its source."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from regimes import formula
from regimes.numerics.compiled.compile import compile_formula

# biroli2024: top eigenvalue and speciation time of five sets of images, printed with two decimals; the pages show them.
TABLE = Path(__file__).parents[2] / "docs" / "results" / "published-crossings.csv"
SPECIATION = [
    (row["data"], float(row["Lambda"]), float(row["speciation_time"]))
    for row in csv.DictReader(TABLE.read_text("utf-8").splitlines())
]


def value(name: str, *inputs: float) -> float:
    return float(formula(name).mp(*inputs, dps=20))


@pytest.mark.parametrize(("data", "Lambda", "published"), SPECIATION, ids=[row[0] for row in SPECIATION])
def test_speciation_time_of_image_data(data: str, Lambda: float, published: float) -> None:
    assert abs(value("speciation_time", Lambda) - published) <= 0.005


@pytest.mark.parametrize(("d", "published"), [(256, 1.299), (1024, 1.978), (4096, 2.667)])
def test_collapse_time_of_a_mixture(d: int, published: float) -> None:
    """biroli2024, eq. 12, at sigma = 1 and n = 20000."""
    assert abs(value("collapse_time", d, 20000, 1) - published) <= 0.0005


def test_clone_probability_at_kappa_one() -> None:
    """The 0.775 of biroli2024, section 3."""
    assert abs(value("clone_probability", 1) - 0.7752002) <= 5e-8
    assert abs(value("normalised_clone_probability", value("clone_probability", 1), 0.5) - 0.5504) <= 0.00005


def test_clone_disagreement_is_its_complement() -> None:
    assert abs(value("clone_disagreement", 1) - (1 - 0.7752002)) <= 5e-8


def test_overlap_potential_splits_at_the_printed_time() -> None:
    """biroli2024, appendix B: 1/2 log(2 d mu^2) at sigma = 1, 1/2 log 2 = 0.3466 above 1/2 log(d mu^2)."""
    split = value("overlap_curvature_time", 1024, 1, 1)
    assert abs(split - 0.5 * math.log(2 * 1024)) <= 1e-15
    assert abs(split - value("mixture_speciation_time", 1024, 1, 1) - 0.3466) <= 0.00005
    assert value("speciation_time_potential", 1024) == split


def test_speciation_of_the_mixture_is_half_log_d() -> None:
    """biroli2024, section 3: t_S = 1/2 log d at mu = sigma = 1."""
    assert abs(value("mixture_speciation_time", 256, 1, 1) - 0.5 * math.log(256)) <= 1e-15


def condensation_time(separation: float) -> float:
    """Where the points of a cluster at squared distance ``separation exp(-2t)`` condense: d = 256, sigma = 1."""
    condensation = compile_formula("random_energy_condensation", target="numpy")

    def excess(t: float) -> float:
        return float(condensation(-math.expm1(-2 * t), math.exp(-2 * t), separation * math.exp(-2 * t)))

    alpha = math.log(20000) / 256
    return float(brentq(lambda t: excess(t) - alpha, 0.5, 3, xtol=1e-12))


def test_the_other_cluster_condenses_earlier() -> None:
    """1.401 against 1.299 at d = 256, n = 20000, mu = sigma = 1 (biroli2024, appendix D, without its misprints)."""
    assert abs(condensation_time(0.0) - 1.299) <= 0.0005
    assert abs(condensation_time(4.0) - 1.401) <= 0.0005


def corrected_excess_entropy(t: float) -> float:
    """f of the mixture with class information, d = 256, n = 20000, mu = sigma = 1."""
    r = math.sqrt(value("mixture_kappa", t, 256, 1, 1))
    return value("excess_entropy_corrected", t, 256, 20000, 1, math.log(2) - value("class_entropy", r))


def test_class_information_in_the_excess_entropy() -> None:
    """f/alpha at t = 2.12: 0.8124 without the class information, 0.7497 with it, 0.7498 in data."""
    alpha = math.log(20000) / 256
    assert abs(value("excess_entropy", 2.12, 256, 20000, 1) / alpha - 0.8124) <= 0.00005
    assert abs(corrected_excess_entropy(2.12) / alpha - 0.7497) <= 0.00005


def test_class_information_moves_the_collapse_time() -> None:
    root = brentq(corrected_excess_entropy, 1.3, 1.4, xtol=1e-8)
    assert abs(root - 1.334) <= 0.0005


def test_class_information_is_the_capacity_of_the_binary_channel() -> None:
    """Richardson, Shokrollahi, Urbanke 2001: the binary-input Gaussian channel carries 1/2 bit at noise 0.979."""
    assert abs((math.log(2) - value("class_entropy", 1 / 0.979)) / math.log(2) - 0.5) <= 0.0005


def test_gaussian_channel_at_unit_signal_to_noise_ratio() -> None:
    """Shannon 1948: half a bit a sample; Guo, Shamai, Verdu 2005: mmse 1/2."""
    assert value("gaussian_channel_information", 1, 1) / math.log(2) == pytest.approx(0.5, abs=1e-15)
    assert value("gaussian_channel_mmse", 1, 1) == 0.5


def test_standard_normal_density() -> None:
    """Any table of the normal distribution: 0.3989 and 0.2420 at 0 and 1."""
    for deviation, density in [(0, 0.3989), (1, 0.2420)]:
        assert abs(math.exp(value("gaussian_log_density", deviation, 1)) - density) <= 0.00005


def final_sigma(betas: np.ndarray) -> float:
    """EDM noise level after the last step of a variance-preserving schedule."""
    return value("edm_sigma", value("time_from_alpha_bar", float(np.prod(1 - betas))))


def test_largest_noise_levels_of_known_schedules() -> None:
    """157.407 for the linear schedule of Ho et al. 2020, 14.6146 for that of Rombach et al. 2022 (linear in sqrt beta).

    The samplers published for these models start from these values.
    """
    linear = compile_formula("linear_beta", target="numpy")
    steps = np.arange(1000)
    assert abs(final_sigma(linear(steps, 1000, 1e-4, 0.02)) - 157.407) <= 0.0005
    assert abs(final_sigma(linear(steps, 1000, 0.00085**0.5, 0.012**0.5) ** 2) - 14.6146) <= 0.00005


@pytest.mark.parametrize("steps", [1000, 4000])
def test_cosine_schedule_starts_below_one_pixel_level(steps: int) -> None:
    """Nichol, Dhariwal 2021, section 3.2: offset 0.008 keeps sqrt(beta_0) below the bin size 1/127.5."""
    first = math.sqrt(value("cosine_beta", 0, steps, 0.008))
    assert 0.3 / 127.5 < first < 1 / 127.5
    assert value("cosine_beta", steps - 1, steps, 0.008) == 0.999


def test_edm_levels_run_from_80_to_0_002() -> None:
    """Karras et al. 2022, table 1: sigma_max = 80, sigma_min = 0.002, rho = 7, here in 18 steps."""
    level = compile_formula("edm_step_sigma", target="numpy")(np.arange(18), 18, 80, 0.002, 7)
    assert level[[0, -1]] == pytest.approx([80, 0.002], rel=1e-14)
    assert np.all(np.diff(level) < 0)
    assert value("time_from_edm_sigma", 80) == pytest.approx(0.5 * math.log(6401), rel=1e-15)


def test_equal_signal_and_noise() -> None:
    """Half way of linear flow matching is snr = 1, that is t = 1/2 log 2, sigma_EDM = 1, log-SNR 0, alpha_bar 1/2."""
    t = formula("time_from_flow_time").mp(0.5)
    for name, expected in [("snr", 1), ("edm_sigma", 1), ("log_snr", 0), ("alpha_bar", 0.5), ("flow_time", 0.5)]:
        assert abs(formula(name).mp(t) - expected) <= 1e-48
    assert abs(t - 0.3466) <= 0.00005


# With diagonal neighbours (z = 8) the square lattice is the matching lattice of that without: the thresholds, 0.592746
# for the latter (newman2001), add up to 1. All of the first seven shells: Cieplucha et al. 2025, arXiv 2503.16703.
EXTENDED = [(8, 1 - 0.592746), (36, 0.11535)]


@pytest.mark.parametrize(("z", "published"), EXTENDED)
def test_fit_of_thresholds_against_extended_neighbourhoods(z: int, published: float) -> None:
    assert abs(value("percolation_threshold_fit", z) / published - 1) <= 0.021


def test_limit_of_overlapping_discs() -> None:
    """xun2021: z p_c tends to 4.51235 in two dimensions."""
    assert abs(1e9 * value("percolation_threshold_fit", 1e9) - 4.51235) <= 0.000005
    assert abs(math.pi * 100**2 * value("percolation_disc_limit", 100) - 4.51235) <= 0.000005


def test_bumps_connect_from_these_widths_on() -> None:
    """liang2024b, overlap 0.005: neighbours a step apart, in the plane and on pixels."""
    assert abs(value("cosine_width", 0.005) - 0.217) <= 0.0005
    root = brentq(lambda sigma: value("pixel_cosine_overlap", 0, 1, sigma) - 0.005, 0.2, 0.4)
    assert abs(root - 0.289) <= 0.0005


def test_points_of_a_circle() -> None:
    """OEIS A000328: points of the square lattice within distance 0, 1, 2, ... of the origin."""
    published = [5, 13, 29, 49, 81, 113, 149, 197, 253, 317]
    assert [value("disc_neighbours", radius) + 1 for radius in range(1, 11)] == published
