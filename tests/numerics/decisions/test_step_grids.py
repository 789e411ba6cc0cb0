"""Grids of a stochastic sampler: divergences against closed ones, the best grids against independent ones."""

import math

import numpy as np
import pytest

from regimes import noise_schedule
from regimes.numerics.decisions.best_end_grid import best_end_grid
from regimes.numerics.decisions.best_grid import best_grid, limit_divergence
from regimes.numerics.decisions.components import gaussian_components
from regimes.numerics.decisions.step_divergence import (
    end_divergence,
    path_divergence,
    start_divergence,
    step_divergences,
)
from regimes.numerics.decisions.step_grid import schedule_grid, step_grid
from regimes.numerics.decisions.steps_needed import steps_needed

FIRST, LAST = 80.0**-2, 0.05**-2


def log_snr_grid(calls):
    return step_grid(np.geomspace(FIRST, LAST, calls + 1))


def karras_grid(calls):
    return step_grid(np.linspace(80 ** (1 / 7), 0.05 ** (1 / 7), calls + 1) ** -14.0)


def test_calls_that_one_nat_takes_on_the_digits(digits):
    """DESIGN 3.6: for the paths 250, 570, 873; for the final samples 19 (20 by the limit of many steps), 26, 36.

    For the final samples another grid is best.
    """
    best = lambda calls: best_grid(digits, calls, FIRST, LAST)  # noqa: E731
    assert steps_needed(digits, 1.0, lambda calls: best_end_grid(digits, calls, FIRST, LAST)) == 15
    for grid, paths, samples in ((best, 250, 19), (log_snr_grid, 570, 26), (karras_grid, 873, 36)):
        assert steps_needed(digits, 1.0, grid) == samples
        assert path_divergence(grid(paths), digits) < 1 < path_divergence(grid(paths - 1), digits)


@pytest.mark.parametrize("nats", [1e9, 30.0, 1.0, 0.03, 0.004])
def test_calls_needed_are_those_of_a_plain_search(digits, nats):
    for grid in (log_snr_grid, karras_grid):
        plain = next((calls for calls in range(2, 300) if end_divergence(grid(calls), digits) < nats), None)
        assert steps_needed(digits, nats, grid, most=299) == plain


def test_path_divergence_is_the_left_riemann_error(digits):
    grid = karras_grid(12)
    lam = np.repeat(digits.variances, digits.counts.astype(int))
    mmse = (lam / (1 + grid.snr[:, None] * lam)).sum(axis=1)
    information = np.log1p(grid.snr[[0, -1], None] * lam).sum(axis=1) / 2
    error = (np.diff(grid.snr) * mmse[:-1]).sum() / 2 - np.diff(information)[0]
    assert path_divergence(grid, digits) == pytest.approx(error, rel=1e-12)


def test_tiny_steps_keep_their_digits():
    """The difference of the Riemann sum and the information would be rounding alone."""
    data, grid = gaussian_components([2.0]), step_grid([1.0, 1 + 2.0**-30])
    assert path_divergence(grid, data) == pytest.approx((2.0**-30 * 2 / 3) ** 2 / 4, rel=1e-8)


def sigma_grids(first, last, calls):
    """Named grids of so many steps from one ratio to another; first may be 0."""
    high, low = (first or last * 1e-8) ** -0.5, last**-0.5
    places = np.linspace(1, 0, calls + 1)
    angle = np.arctan(high) * places + np.arctan(low) * (1 - places)
    sigmas = {
        "log snr": high**places * low ** (1 - places),
        "karras": (high ** (1 / 7) * places + low ** (1 / 7) * (1 - places)) ** 7,
        "cosine": np.tan(angle),
        "linear": high * places + low * (1 - places),
    }
    snr = {name: sigma**-2.0 for name, sigma in sigmas.items()} | {"uniform": np.linspace(first, last, calls + 1)}
    for ratios in snr.values():
        ratios[[0, -1]] = first, last
    return {name: step_grid(np.sort(ratios)) for name, ratios in snr.items()}


def optimum(data, grid, steps):
    """The least divergence over all choices of levels from a fine grid, by dynamic programming."""
    lam, counts = data.variances, data.counts
    mmse, information = (lam / (1 + grid[:, None] * lam)) @ counts, np.log1p(grid[:, None] * lam) @ counts / 2
    cost = (grid - grid[:, None]) * mmse[:, None] / 2 - (information - information[:, None])
    cost[np.tril_indices(grid.size)] = np.inf
    least = cost[0]
    for _ in range(steps - 1):
        least = (least[:, None] + cost).min(axis=0)
    return least[-1]


SPECTRA = {
    "one": ([3.0], [1.0], 0.0, 1e4),
    "range 1e-8 to 1e8": (np.geomspace(1e-8, 1e8, 17), np.ones(17), 1e-8, 1e8),
    "a large one and many small": ([1e4, 1e-4], [1, 1000], 0.0, 1e6),
    "a million small": ([1e8, 1e-8], [1, 1e6], 1e-12, 1e12),
    "zeros": ([0.0, 1.0, 0.0, 2.0], np.ones(4), 1e-3, 1e3),
    "nothing is seen": ([1.0, 2.0], np.ones(2), 1e-7, 1e-5),
    "all is seen": ([1.0, 2.0], np.ones(2), 1e6, 1e8),
    "power law": (np.arange(1, 400.0) ** -2, np.ones(399), 1e-4, 1e6),  # more than are kept when a grid is found
}


@pytest.mark.parametrize("name", SPECTRA)
def test_final_samples_of_their_best_grid_are_nowhere_farther_than_those_of_named_ones(name):
    variances, counts, first, last = SPECTRA[name]
    data = gaussian_components(variances, counts)
    for calls in (1, 2, 3, 5, 20, 50, 150, 400):
        found = best_end_grid(data, calls, first, last)
        value = end_divergence(found, data)
        assert found.calls == calls
        assert found.snr[[0, -1]].tolist() == [first, last]
        for grid in (best_grid(data, calls, first, last), *sigma_grids(first, last, calls).values()):
            assert value <= end_divergence(grid, data) * (1 + 1e-9)
    assert np.array_equal(found.snr, best_end_grid(data, calls, first, last).snr)


@pytest.mark.parametrize("name", SPECTRA)
def test_the_best_grid_is_an_optimum_and_below_every_named_one(name):
    variances, counts, first, last = SPECTRA[name]
    data = gaussian_components(variances, counts)
    fine = np.geomspace(first or last * 1e-8, last, 250)
    fine = fine if first else np.append(0.0, fine)
    for calls in (1, 2, 5, 10, 20, 50):
        found = best_grid(data, calls, first, last)
        value = path_divergence(found, data)
        assert found.calls == calls
        assert found.snr[[0, -1]].tolist() == pytest.approx([first, last])
        for grid in sigma_grids(first, last, calls).values():
            assert value <= path_divergence(grid, data) * (1 + 1e-9)
        if calls in (5, 20):
            assert value <= 1.001 * optimum(data, fine, calls)


def test_one_variance_makes_a_grid_geometric_in_snr_plus_its_inverse():
    grid = best_grid(gaussian_components([0.25]), 7, 0.0, 100.0)
    assert grid.snr + 4 == pytest.approx(4 * 26 ** (np.arange(8) / 7), rel=1e-6)


def test_many_steps_have_the_divergence_of_the_limit(digits):
    found = path_divergence(best_grid(digits, 2000, FIRST, LAST), digits)
    assert found == pytest.approx(limit_divergence(digits, 2000, FIRST, LAST), rel=1e-3)


def test_a_start_at_pure_noise_costs_nothing_and_its_first_step_what_a_later_start_would(digits):
    grid = step_grid([0.0, FIRST, LAST])
    later = step_grid([FIRST, LAST])
    assert start_divergence(grid, digits, "preserving", 3.0) == 0
    assert step_divergences(grid, digits)[0] == pytest.approx(start_divergence(later, digits, "exploding", 0.0))
    # The mean of the data matters to a start about 0.
    offset = start_divergence(later, digits, "exploding", 10.0) - start_divergence(later, digits, "exploding", 0.0)
    assert offset == pytest.approx(FIRST * 100 / 2)
    offset = start_divergence(later, digits, "preserving", 10.0) - start_divergence(later, digits, "preserving", 0.0)
    assert offset == pytest.approx(FIRST / (1 + FIRST) * 100 / 2)


def test_final_samples_diverge_less_than_paths(digits):
    for grid in (karras_grid(9), log_snr_grid(9), best_grid(digits, 9, 0.0, LAST, denoises=True)):
        assert 0 < end_divergence(grid, digits) < path_divergence(grid, digits)


@pytest.mark.parametrize(
    ("name", "options", "calls", "denoises", "last"),
    [
        ("zero-snr", {"inference_steps": 10}, 10, True, None),
        ("ddpm-linear", {}, 1000, True, 0.01),
        ("flow", {}, 1000, True, 0.001 / 0.999),  # of its 1001 levels the one of noise 0 needs no call
        ("scaled-linear", {"inference_steps": 5}, 5, False, 0.0291675),  # arrives at its first training step
        ("edm,final_sigmas_type=sigma_min", {}, 18, True, 0.002),  # the last step leads nowhere
    ],
)
def test_the_levels_of_a_schedule(name, options, calls, denoises, last):
    schedule = noise_schedule(name, **options)
    grid = schedule_grid(schedule)
    assert (grid.calls, grid.denoises) == (calls, denoises)
    assert grid.t[: schedule.t.size] == pytest.approx(np.sort(schedule.t)[::-1][: grid.snr.size])
    assert last is None or grid.sigma[-1] == pytest.approx(last, rel=1e-4)
    assert math.isinf(grid.sigma[0]) == (name in ("zero-snr", "flow"))


def test_errors_say_the_rule():
    data = gaussian_components([1.0])
    with pytest.raises(ValueError, match="^step_grid: snr must rise, from the noisiest level on; sort the levels$"):
        step_grid([2.0, 1.0])
    with pytest.raises(ValueError, match="^step_grid: snr must be finite and not negative, got inf; leave out noise 0"):
        step_grid([1.0, np.inf])
    with pytest.raises(ValueError, match="^gaussian_components: some variance must exceed 0, got zeros only"):
        gaussian_components([0.0, 0.0])
    with pytest.raises(ValueError, match="^gaussian_components: variances must be finite and not negative, got -1$"):
        gaussian_components([1.0, -1.0])
    with pytest.raises(ValueError, match="^best_grid: calls of the network must be at most 4096, got 5000$"):
        best_grid(data, 5000, 0.1, 1.0)
    with pytest.raises(ValueError, match=r"^best_grid: calls \(calls of the network\) must be at least 2, got 1$"):
        best_grid(data, 1, 0.1, 1.0, denoises=True)
    with pytest.raises(ValueError, match="^start_divergence: kind must be one of preserving, exploding, got 'other'$"):
        start_divergence(step_grid([0.1, 1.0]), data, "other", 0.0)
    with pytest.raises(ValueError, match="^schedule_grid: ddpm-linear must have two noise levels at least, got 1; "):
        schedule_grid(noise_schedule("ddpm-linear", inference_steps=1))
    assert steps_needed(data, 1e-9, lambda calls: best_grid(data, calls, 0.1, 1.0), most=20) is None
