"""The grid of which final samples diverge least: closed forms, 50 digits, an optimiser that shares nothing with it."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from regimes import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.best_end_grid import best_end_grid
from regimes.numerics.decisions.components import gaussian_components
from regimes.numerics.decisions.final_variance import final_variance
from regimes.numerics.decisions.step_divergence import end_divergence
from regimes.numerics.decisions.step_grid import schedule_grid, step_grid

FIRST, LAST = 80.0**-2, 0.05**-2


def exact_divergence(levels, variances, digits=50):
    """Variance of y from step to step, as a sampler makes it, with so many digits."""
    with mpmath.workdps(digits):
        total = mpmath.mpf(0)
        for lam in map(mpmath.mpf, variances):
            snr = [mpmath.mpf(level) for level in levels]
            variance = snr[0] ** 2 * lam + snr[0]
            for begin, end in pairwise(snr):
                variance = (1 + (end - begin) * lam / (1 + begin * lam)) ** 2 * variance + end - begin
            ratio = (snr[-1] ** 2 * lam + snr[-1]) / variance
            total += (ratio - 1 - mpmath.log(ratio)) / 2
        return total


@pytest.mark.parametrize("first", [0.0, 1e-3])
@pytest.mark.parametrize("steps", [1, 7, 40])
def test_the_divergence_is_that_of_the_variances_from_step_to_step(first, steps):
    variances = [1e-6, 0.3, 4.0, 1e5]
    levels = np.sort(np.append(np.random.default_rng(steps).lognormal(0, 3, steps - 1), [first, 1e6]))
    exact = float(exact_divergence(levels, variances))
    assert end_divergence(step_grid(levels), gaussian_components(variances)) == pytest.approx(exact, rel=1e-12)
    close = np.linspace(2.0, 2.0 + 1e-6, steps + 1)  # of which only the digits of tiny steps are left
    exact = float(exact_divergence(close, variances, 80))
    assert end_divergence(step_grid(close), gaussian_components(variances)) == pytest.approx(exact, rel=1e-6)


def test_the_slope_is_that_by_differences_with_80_digits():
    data, levels = gaussian_components([0.02, 1.0, 9.0]), np.array([0.01, 0.1, 0.7, 3.0, 50.0])
    length = np.diff(levels)[:, None]
    mmse = data.variances / (1 + levels[1:-1, None] * data.variances)
    lacks = compile_formula("variance_deficit_slope", target="numpy")(length[:-1], mmse, length[1:])
    slope = final_variance(levels, data).slopes(lacks)[0] @ data.counts
    for place in (1, 2, 3):

        def at(level, place=place):
            return exact_divergence([*levels[:place], level, *levels[place + 1 :]], data.variances, 80)

        with mpmath.workdps(80):
            level, small = mpmath.mpf(levels[place]), mpmath.mpf(10) ** -25
            exact = float((at(level + small) - at(level - small)) / (2 * small))
        assert slope[place - 1] == pytest.approx(exact, rel=1e-10)


def one_variance_optimum(variance, first, last, steps):
    """With w = snr + 1/variance and r = w_i/w_{i+1} it has r^2 = 2 r - 1 of the step before: by shooting."""
    begin, end = first + 1 / variance, last + 1 / variance

    def ratios(r):
        found = [r]
        while len(found) < steps:
            found.append(np.sqrt(max(2 * found[-1] - 1, 0.0)))
        return found

    r = brentq(lambda r: np.prod(ratios(r)) - begin / end, 0.5, 1, xtol=1e-15)
    levels = begin / np.append(1.0, np.cumprod(ratios(r))) - 1 / variance
    levels[[0, -1]] = first, last
    return levels


@pytest.mark.parametrize("steps", [2, 5, 20])
def test_one_variance_has_a_closed_optimum(steps):
    levels = one_variance_optimum(0.25, 0.0, 100.0, steps)
    data = gaussian_components([0.25])
    found = best_end_grid(data, steps, 0.0, 100.0)
    assert found.snr == pytest.approx(levels, rel=1e-6)
    assert end_divergence(found, data) == pytest.approx(float(exact_divergence(levels, [0.25])), rel=1e-10)


def test_two_steps_of_one_variance_by_a_cubic():
    """w1^3 + w1 w2^2 - 2 w0 w2^2 = 0, for w0 = 1 and w2 = 8."""
    middle = best_end_grid(gaussian_components([1.0]), 2, 0.0, 7.0).snr[1] + 1
    assert middle == pytest.approx(np.roots([1, 0, 64, -128])[-1].real, rel=1e-9)


SPECTRA = {
    "power law": (np.arange(1, 400.0) ** -2, np.ones(399), 1e-4, 1e6),  # more than are kept when a grid is found
    "flat": (np.ones(50), np.ones(50), 1e-3, 1e3),
    "1/k": (1 / np.arange(1, 65), np.ones(64), 1e-4, 1e4),
    "two far": ([1e-4, 1e4], np.ones(2), 0.0, 1e6),
    "three, rank-deficient": ([0.0] * 20 + [1e-3, 1.0, 1e3], [1.0] * 20 + [50, 5, 1], 0.0, 1e5),
}


def variances_of_samples(levels, lam):
    """(levels, batch) and (k,) to the ratio of the variance of the data to that of the samples, (batch, k)."""
    variance = levels[0][:, None] ** 2 * lam + levels[0][:, None]
    for begin, end in pairwise(levels):
        length = (end - begin)[:, None]
        variance = (1 + length * lam / (1 + begin[:, None] * lam)) ** 2 * variance + length
    return (levels[-1][:, None] ** 2 * lam + levels[-1][:, None]) / variance


def by_quasi_newton(data, first, last, steps, starts, rng):
    """Least log divergence over gaps of the log levels, L-BFGS from random starts, slopes by complex steps."""
    low, high = np.log(first or 1e-4 / data.variances[-1]), np.log(last)

    def levels_of(gaps):  # (steps, batch)
        share = np.exp(gaps - gaps.real.max(axis=0))
        inner = np.exp(low + (high - low) * np.cumsum(share, axis=0)[:-1] / share.sum(axis=0))
        return np.concatenate([np.full((1, gaps.shape[1]), first), inner, np.full((1, gaps.shape[1]), last)])

    def value(gaps):
        batch = gaps[:, None] + 1e-30j * np.eye(steps)
        ratio = variances_of_samples(levels_of(batch), data.variances)
        log = np.log((ratio - 1 - np.log(ratio)) @ data.counts / 2)
        return log.real[0], log.imag / 1e-30

    free = rng.normal(0, 2, (starts, steps))
    free[0] = 0.0  # even in log snr
    if first == 0:
        free[:, 0] += np.log(steps)
    return float(np.exp(min(minimize(value, each, jac=True, method="L-BFGS-B").fun for each in free)))


@pytest.mark.parametrize(("calls", "starts"), [(5, 12), (20, 8), (50, 3)])
@pytest.mark.parametrize("name", ["digits", *SPECTRA])
def test_no_other_optimiser_finds_a_better_grid(name, calls, starts, digits):
    if name == "digits":
        data, first, last = digits, FIRST, LAST
    else:
        variances, counts, first, last = SPECTRA[name]
        data = gaussian_components(variances, counts)
    found = end_divergence(best_end_grid(data, calls, first, last), data)
    few = data.thinned(64)  # of the power law: near enough for 1%
    other = by_quasi_newton(few, first, last, calls, starts, np.random.default_rng(calls))
    assert found <= 1.01 * other
    if name in ("digits", "flat"):  # where the other one gets there too
        assert found >= 0.999 * other


@pytest.mark.parametrize("name", ["ddpm-linear", "cosine", "karras", "zero-snr", "sdxl"])
def test_nor_above_the_grid_of_a_schedule(name, digits):
    for calls in (5, 30):
        own = schedule_grid(noise_schedule(name, inference_steps=calls))
        first, last = own.snr[0], own.snr[-1]
        found = best_end_grid(digits, own.calls, first, last, denoises=own.denoises)
        assert found.denoises == own.denoises
        assert end_divergence(found, digits) < end_divergence(own, digits)


def test_many_calls_fall_as_their_square(digits):
    """What is lacking falls as 1/N, its divergence as 1/N^2; of 1000 calls levels lie between those of 256."""
    values = [calls**2 * end_divergence(best_end_grid(digits, calls, FIRST, LAST), digits) for calls in (256, 1000)]
    assert values[1] == pytest.approx(values[0], rel=0.01)


def test_the_digits(digits):
    """Nats of the final samples at 5, 10, 20, 50 calls: the best grid of the paths has 16.1, 3.54, .845, .132."""
    values = [end_divergence(best_end_grid(digits, calls, FIRST, LAST), digits) for calls in (5, 10, 20, 50)]
    assert values == pytest.approx([8.29, 2.01, 0.492, 0.0776], rel=2e-3)


def test_errors_say_the_rule():
    data = gaussian_components([1.0])
    with pytest.raises(ValueError, match="^best_end_grid: calls of the network must be at most 4096, got 5000$"):
        best_end_grid(data, 5000, 0.1, 1.0)
    with pytest.raises(ValueError, match="^step_grid: snr must rise"):
        best_end_grid(data, 5, 1.0, 1.0)
