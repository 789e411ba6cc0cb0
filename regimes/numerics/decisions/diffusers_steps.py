"""A grid of noise levels in the words of diffusers: whole training steps, and sigmas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.step_divergence import end_divergence, path_divergence
from regimes.numerics.decisions.step_grid import StepGrid, step_grid
from regimes.numerics.process.schedules import Schedule

__all__ = ["COVERED", "to_diffusers"]

COVERED = (
    "DDPM with the exact posterior variance (variance_type fixed_small) and no clipping (clip_sample false), DDIM with "
    "eta = 1, Euler ancestral with eta = 1"
)
"""Samplers that freeze the posterior mean over a step and add the noise of the posterior."""

_NOT_COVERED = "deterministic samplers, which the divergences do not cover"
_SET = (
    "DDPMScheduler.set_timesteps(timesteps=...) takes them; set_timesteps of DDIMScheduler and of "
    "EulerAncestralDiscreteScheduler takes a number of steps alone"
)


def to_diffusers(grid: StepGrid, schedule: Schedule, data: Components) -> dict[str, Any]:
    """Give a grid as what samplers of diffusers are told, ready for JSON.

    Parameters
    ----------
    grid : StepGrid
        Levels to come near to.
    schedule : Schedule
        Of a training, or of a sampler that knows its training: its whole steps are the nearest in the logarithm of the
        noise level, each taken once.
    data : Components
        The Gaussian that the divergences are of.

    Returns
    -------
    dict
        ``timesteps`` (falling whole numbers, None where no whole steps exist), ``timesteps_for``, ``timesteps_reason``
        (why there are none), ``path_divergence`` and ``end_divergence`` of the grid, ``path_divergence_rounded`` and
        ``end_divergence_rounded`` of the timesteps, ``sigmas`` (falling, at the end where the last step arrives) and
        ``sigmas_for``.

    Examples
    --------
    >>> from regimes import noise_schedule
    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> plan = to_diffusers(step_grid([0.0, 0.1, 1.0], denoises=True), noise_schedule("cosine"),
    ...                     gaussian_components([1.0]))
    >>> plan["timesteps"], round(plan["sigmas"][1], 3)
    ([999, 802, 495], 3.162)
    """
    steps, rounded, reason = _whole_steps(grid, schedule)
    sigmas = [float(each) for each in grid.sigma]
    noisiest = _training(schedule)
    if np.isinf(sigmas[0]) and noisiest is not None:  # what solvers in sigma take for pure noise
        finite = noisiest.t[np.isfinite(noisiest.t)]
        sigmas[0] = float(compile_formula("edm_sigma", target="numpy")(finite.max()))
    return {
        "timesteps": steps,
        "timesteps_for": f"{COVERED}; {_SET}",
        "timesteps_reason": reason,
        "calls": grid.calls,
        "path_divergence": path_divergence(grid, data),
        "end_divergence": end_divergence(grid, data),
        "path_divergence_rounded": None if rounded is None else path_divergence(rounded, data),
        "end_divergence_rounded": None if rounded is None else end_divergence(rounded, data),
        "sigmas": [*sigmas, 0.0] if grid.denoises else sigmas,
        "sigmas_for": _NOT_COVERED,
    }


def _training(schedule: Schedule) -> Schedule | None:
    return schedule if schedule.of_training else schedule.training


def _whole_steps(grid: StepGrid, schedule: Schedule) -> tuple[list[int] | None, StepGrid | None, str | None]:
    """Falling training steps, the grid of these, or why there are none."""
    training = _training(schedule)
    if training is None:
        return None, None, f"the model of {schedule.name} was trained on a continuous noise level, without whole steps"
    if np.any(training.t == 0):
        return (
            None,
            None,
            f"{schedule.name} is a flow, whose training goes to noise 0; no sampler covered here takes it",
        )
    levels = StepGrid(grid.snr[: grid.calls], denoises=True)
    with np.errstate(divide="ignore"):
        wanted, own = (np.log(_snr(t)) for t in (levels.t, training.t))
    if levels.calls > own.size:
        return None, None, f"the training has {own.size} steps, fewer than the {levels.calls} calls"
    places = _apart(np.array([_nearest(level, own) for level in wanted]), own.size)
    ratios = _snr(training.t[places])
    # A step to the noise at which the sampler ends stays; one that denoises is not counted.
    ends = ratios if grid.denoises else np.append(ratios, max(float(grid.snr[-1]), float(ratios[-1])))
    rounded = step_grid(ends, denoises=grid.denoises) if ends.size > 1 and ends[0] < ends[-1] else None
    if rounded is None:
        return None, None, "one call has no step to place"
    return [int(place) for place in places], rounded, None


def _snr(t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(compile_formula("snr", target="numpy")(t))


def _nearest(level: float, own: NDArray[np.float64]) -> int:
    """Training step with the nearest logarithm of the snr; the noisiest for pure noise."""
    return int(own.size - 1 if np.isneginf(level) else np.abs(own - level).argmin())


def _apart(places: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The nearest falling places without a pair, by moving those that would meet: down, and up again at the end."""
    moved = np.minimum(places, most - 1)
    for k in range(1, moved.size):
        moved[k] = min(moved[k], moved[k - 1] - 1)
    least = np.arange(moved.size)[::-1]
    return np.maximum(moved, least)
