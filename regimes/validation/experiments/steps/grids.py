"""Grids that have a name and the best one, all between the same two noise levels, and what a loss says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.best_grid import best_grid
from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.step_grid import StepGrid, step_grid
from regimes.numerics.estimation.spline import Spline
from regimes.numerics.process.sigma_grids import sigma_grid
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.sampling import backward_times

__all__ = ["BEST", "GRIDS", "NAMED", "grid_of", "left_error", "on_grids", "sampler_times", "snr_levels", "time_levels"]

Array = NDArray[np.float64]

BEST = "best"
NAMED = ("time", "log snr", "karras", "cosine", "linear")
"""Even in time, even in log snr, rho = 7 of Karras et al. 2022, even in the steps of two training schedules."""

GRIDS = (*NAMED, BEST)

_TRAININGS = {"cosine": "cosine", "linear": "ddpm-linear"}
_SPACINGS = {"time": "uniform", "log snr": "log-snr"}


def grid_of(name: str, calls: int, data: Components, *, denoises: bool) -> StepGrid:
    """Grid of so many calls of the network from START to the smallest time of the denoisers."""
    steps = calls - denoises
    ends = snr_levels(2)
    if name == BEST:
        return best_grid(data, calls, float(ends[0]), float(ends[1]), denoises=denoises)
    levels = _levels(name, steps)
    levels[[0, -1]] = ends
    return step_grid(levels, denoises=denoises)


def on_grids(
    calls: Sequence[int], data: Components, value: Callable[[StepGrid], Array | float], *, denoises: bool = False
) -> Array:
    """Value of each grid at each number of calls, (C, G, ...)."""
    return np.array([[value(grid_of(name, each, data, denoises=denoises)) for name in GRIDS] for each in calls])


def sampler_times(grid: StepGrid) -> Array:
    """Ornstein-Uhlenbeck times of its steps, that to noise 0 the last where it denoises."""
    return np.append(grid.t, 0.0) if grid.denoises else grid.t


def time_levels(count: int) -> Array:
    """Falling times between those of the grids, even in the logarithm of the signal-to-noise ratio."""
    return backward_times(START, end=T_RANGE[0], steps=count - 1, spacing="log-snr")


def snr_levels(count: int) -> Array:
    """Ratios of these times."""
    return _snr(time_levels(count))


def left_error(snr: Array, mmse: Array, grid: StepGrid) -> Array:
    """Left Riemann error of an mmse (..., T) known at some ratios, on cubic splines in the logarithm of the ratio."""
    begin, length = grid.steps
    logs, rows = np.log(snr), np.moveaxis(mmse, -1, 0)
    held = np.tensordot(length, Spline(logs, rows)(np.log(begin)), axes=1)
    area = Spline(logs, (snr * rows.T).T).antiderivative()
    first, last = area(np.log(grid.snr[[0, -1]]))
    return np.asarray((held - (last - first)) / 2)


def _levels(name: str, steps: int) -> Array:
    if name in _SPACINGS:
        return _snr(backward_times(START, end=T_RANGE[0], steps=steps, spacing=_SPACINGS[name]))
    if name in _TRAININGS:
        own = np.log(_snr(noise_schedule(_TRAININGS[name]).t))[::-1]
        first, last = np.interp(np.log(snr_levels(2)), own, np.arange(own.size))
        return np.asarray(np.exp(np.interp(np.linspace(first, last, steps + 1), np.arange(own.size), own)))
    first, last = 1 / np.sqrt(snr_levels(2))
    return np.asarray(1 / sigma_grid(name, steps + 1, first, last) ** 2)


def _snr(t: Array) -> Array:
    return np.asarray(compile_formula("snr", target="numpy")(t))
