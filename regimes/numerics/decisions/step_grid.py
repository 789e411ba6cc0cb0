"""Noise levels at which a sampler calls its network, in the clock in which it is a path: the signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import real_array
from regimes.numerics.process.schedules import Schedule

__all__ = ["StepGrid", "schedule_grid", "step_grid"]

Array = NDArray[np.float64]

_SLACK = 1e-9  # a sampler that ends at its last level takes no step to it


@dataclass(frozen=True, eq=False)
class StepGrid:
    """Levels of a stochastic sampler, from the noisiest on.

    Attributes
    ----------
    snr : ndarray, shape (levels,)
        Signal-to-noise ratios ``1/sigma^2``, rising from that of the first call, 0 if it is pure noise, to that of the
        final samples.
    denoises : bool
        Whether the network is called at the last level too. That call leads to noise 0, where it returns its posterior
        mean: samples without noise, which differ from any law of full dimension by infinitely many nats. So the final
        samples are those at the noise of the last call, which it then removes.
    """

    snr: Array
    denoises: bool

    @property
    def calls(self) -> int:
        """Calls of the network."""
        return int(self.snr.size) - 1 + self.denoises

    @property
    def sigma(self) -> Array:
        """Noise over signal, infinite at pure noise."""
        with np.errstate(divide="ignore"):
            return np.asarray(1 / np.sqrt(self.snr))

    @property
    def t(self) -> Array:
        """Ornstein-Uhlenbeck times, infinite at pure noise."""
        noise = self.snr == 0
        times = compile_formula("time_from_snr", target="numpy")(np.where(noise, 1.0, self.snr))
        return np.where(noise, np.inf, times)

    @property
    def steps(self) -> tuple[Array, Array]:
        """Where each step begins, and its length; levels that come twice are one."""
        length = np.diff(self.snr)
        return self.snr[:-1][length > 0], length[length > 0]


def step_grid(snr: ArrayLike, *, denoises: bool = False) -> StepGrid:
    """Check a grid.

    Parameters
    ----------
    snr : array_like, shape (levels,)
        Signal-to-noise ratios ``1/sigma^2``, not falling; the first may be 0, which is pure noise.
    denoises : bool
        Whether the network is called at the last level too.

    Returns
    -------
    StepGrid
        The grid.

    Raises
    ------
    ValueError
        If a ratio is negative or infinite, they fall, or there is no step.

    Examples
    --------
    >>> step_grid([0.0, 1.0, 100.0], denoises=True).calls
    3
    """
    ratios = real_array("step_grid", "snr", snr)
    if ratios.ndim != 1 or ratios.size < 2:
        raise ValueError(f"step_grid: snr must hold at least two levels, got shape {ratios.shape}")
    if not np.all(np.isfinite(ratios) & (ratios >= 0)):
        bad = ratios[~(np.isfinite(ratios) & (ratios >= 0))][0]
        raise ValueError(
            f"step_grid: snr must be finite and not negative, got {bad:g}; leave out noise 0, and say denoises"
        )
    if np.any(np.diff(ratios) < 0) or ratios[0] == ratios[-1]:
        raise ValueError("step_grid: snr must rise, from the noisiest level on; sort the levels")
    return StepGrid(ratios, bool(denoises))


def schedule_grid(schedule: Schedule) -> StepGrid:
    """Levels of a sampler, or of all steps of a training schedule, in the order of sampling.

    A sampler that ends at noise 0 calls its network at the last level to denoise; one that ends at a noise, such as the
    sigma_min of a configuration, takes a step to it. A level of noise 0 needs no call.

    Parameters
    ----------
    schedule : Schedule
        What :func:`regimes.noise_schedule` gives, with its inference steps.

    Returns
    -------
    StepGrid
        The grid.

    Raises
    ------
    ValueError
        If the sampler has no step but the last.

    Examples
    --------
    >>> from regimes import noise_schedule
    >>> grid = schedule_grid(noise_schedule("ddpm-linear", inference_steps=20))
    >>> grid.calls, grid.denoises
    (20, True)
    """
    times = np.sort(schedule.t[schedule.t > 0])[::-1]
    arrives = bool(times.size and 0 < schedule.end < times[-1] * (1 - _SLACK))
    levels = np.append(times, schedule.end) if arrives else times
    ratios = np.asarray(compile_formula("snr", target="numpy")(levels))
    if ratios.size < 2 or ratios[0] == ratios[-1]:
        raise ValueError(
            f"schedule_grid: {schedule.name} must have two noise levels at least, got {np.unique(ratios).size}; take "
            "more inference steps"
        )
    return StepGrid(ratios, not arrives)
