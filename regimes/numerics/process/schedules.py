"""Noise schedules as tables of Ornstein-Uhlenbeck times, one entry a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.result import TIME, Number, Step

__all__ = ["SCHEDULES", "Schedule", "noise_schedule"]

SCHEDULES = ("ddpm-linear", "cosine", "edm")
"""Names of the schedules: Ho et al. 2020, Nichol and Dhariwal 2021, Karras et al. 2022."""

_DEFAULT_STEPS = {"ddpm-linear": 1000, "cosine": 1000, "edm": 18}
_SOURCES = {
    "ddpm-linear": "Ho, Jain, Abbeel 2020: beta from 1e-4 to 0.02",
    "cosine": "Nichol, Dhariwal 2021: offset 0.008, beta capped at 0.999",
    "edm": "Karras, Aittala, Aila, Laine 2022: sigma from 80 to 0.002, rho 7",
}
_MOST = 10**6  # steps; samplers have a thousand
# A step's own alpha_bar must find the step again after a round trip through another clock.
_SLACK = 1e-12


@dataclass(frozen=True, eq=False)
class Schedule:
    """A noise schedule.

    Attributes
    ----------
    name : str
        One of :data:`SCHEDULES`.
    t : ndarray, shape (steps,)
        Ornstein-Uhlenbeck time of each 0-based step. Steps keep the numbers of the literature: noise grows with the
        step for DDPM schedules and falls for EDM, whose step 0 is the first of the sampler.
    alpha_bar : ndarray, shape (steps,)
        Remaining signal power ``exp(-2t)`` of each step.
    source : str
        Where the schedule is from, with its parameters.
    """

    name: str
    t: NDArray[np.float64]
    alpha_bar: NDArray[np.float64]
    source: str

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.t.size)

    def time(self, step: int) -> float:
        """Ornstein-Uhlenbeck time of a step, counted from 0; ValueError if the schedule has no such step."""
        if not 0 <= step < self.steps:
            raise ValueError(f"schedule {self.name}: step must lie in 0 to {self.steps - 1}, got {step}")
        return float(self.t[step])

    def step(self, t: float) -> int:
        """First step, as noise grows, whose alpha_bar is not above ``exp(-2t)``; ValueError outside of the schedule."""
        low, high = float(self.t.min()), float(self.t.max())
        if not low * (1 - _SLACK) <= t <= high * (1 + _SLACK):
            raise ValueError(
                f"schedule {self.name}: t must lie in {low:.6g} to {high:.6g} (OU time), got {t:.6g}; the schedule "
                "does not reach this noise level"
            )
        reached = np.flatnonzero(self.t >= t * (1 - _SLACK))
        return int(reached[np.argmin(self.t[reached])])

    def fraction(self, step: int) -> float:
        """Place of a 0-based step in the schedule, 0 for the first and 1 for the last."""
        return step / (self.steps - 1)

    def at(self, t: float) -> Step | None:
        """Step of an Ornstein-Uhlenbeck time; None where the schedule does not reach it."""
        try:
            index = self.step(t)
        except ValueError:
            return None
        sigma = compile_formula("edm_sigma", target="numpy")(self.t[index])
        return Step(index, None if self.name == "edm" else index, float(sigma))

    def indices(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Index of the step of each time; nan where the schedule does not reach it."""
        return np.array([np.nan if place is None else place.index for place in map(self.at, t.tolist())], dtype=float)

    def number(self, label: str, time: float | None, used: Iterable[str], **about: Any) -> Number:
        """Row of a time, with its step and the formulas that made it."""
        step = None if time is None else self.at(time)
        return Number(label, time, unit=TIME, step=step, formulas=tuple(used), **about)


def noise_schedule(name: str, *, steps: int | None = None) -> Schedule:
    """Build a noise schedule.

    Parameters
    ----------
    name : {"ddpm-linear", "cosine", "edm"}
        Which one.
    steps : int, optional
        Number of steps; 1000 for the DDPM schedules and 18 for EDM by default.

    Returns
    -------
    Schedule
        The table.

    Raises
    ------
    ValueError
        If the name is unknown or there are fewer than 2 steps.

    Examples
    --------
    >>> schedule = noise_schedule("ddpm-linear")
    >>> schedule.step(1.0), round(schedule.time(999), 4)
    (442, 5.0589)
    """
    if name not in SCHEDULES:
        raise ValueError(f"noise_schedule: name must be one of {', '.join(SCHEDULES)}, got {name!r}")
    count = _DEFAULT_STEPS[name] if steps is None else steps
    if count < 2:
        raise ValueError(f"noise_schedule: {name} needs at least 2 steps, got {count}")
    if count > _MOST:
        raise ValueError(f"noise_schedule: {name} can have at most {_MOST} steps, got {count}")
    k = np.arange(count)
    if name == "edm":
        sigma = compile_formula("edm_step_sigma", target="numpy")(k, count, 80.0, 0.002, 7.0)
        t = compile_formula("time_from_edm_sigma", target="numpy")(sigma)
        alpha_bar = compile_formula("alpha_bar", target="numpy")(t)
    else:
        alpha_bar = np.exp(np.cumsum(np.log1p(-_betas(name, k))))
        t = compile_formula("time_from_alpha_bar", target="numpy")(alpha_bar)
    return Schedule(name, t, alpha_bar, f"{_SOURCES[name]}, {count} steps")


def _betas(name: str, k: NDArray[np.int_]) -> Any:
    if name == "cosine":
        return compile_formula("cosine_beta", target="numpy")(k, k.size, 0.008)
    return compile_formula("linear_beta", target="numpy")(k, k.size, 1e-4, 0.02)
