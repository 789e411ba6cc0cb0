"""A noise schedule: the Ornstein-Uhlenbeck time of each step of a sampler, or of the training of its model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import real_array
from regimes.numerics.interface.number import TIME, Number, Step

__all__ = ["Schedule", "times_from_alpha_bar"]

# A step's own alpha_bar must find the step again after a round trip through another clock.
_SLACK = 1e-12


@dataclass(frozen=True, eq=False)
class Schedule:
    """A noise schedule.

    Attributes
    ----------
    name : str
        What it is called.
    t : ndarray, shape (steps,)
        Ornstein-Uhlenbeck time of each 0-based step, infinite where it is pure noise. Steps keep the numbers of the
        literature: noise grows with the step of a training schedule, and falls with that of a sampler, whose step 0
        is its first. A sampler that calls its model twice at a noise level has it twice.
    alpha_bar : ndarray, shape (steps,)
        Remaining signal power ``exp(-2t)`` of each step.
    source : str
        Where the schedule is from, with its parameters.
    timesteps : ndarray, shape (steps,), optional
        What the model is told at each step.
    training : Schedule, optional
        Of a sampler: the schedule with which its model was trained, if it has one.
    end : float
        Ornstein-Uhlenbeck time at which the last step of a sampler arrives.
    formulas : tuple of str
        Formulas that made it, recorded while it was computed.

    Raises
    ------
    ValueError
        If there is no step, or a time is negative or nan.
    """

    name: str
    t: NDArray[np.float64]
    alpha_bar: NDArray[np.float64]
    source: str
    timesteps: NDArray[np.float64] | None = None
    training: Schedule | None = None
    end: float = 0.0
    formulas: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        t, alpha_bar = real_array("Schedule", "t", self.t), real_array("Schedule", "alpha_bar", self.alpha_bar)
        if t.ndim != 1 or t.size == 0 or alpha_bar.shape != t.shape:
            raise ValueError(
                "Schedule: t and alpha_bar must be 1-d arrays of one size, with at least one step, got shapes "
                f"{t.shape} and {alpha_bar.shape}"
            )
        if not np.all(t >= 0) or not np.all((alpha_bar >= 0) & (alpha_bar <= 1)):
            raise ValueError("Schedule: t must not be negative or nan, and alpha_bar must lie in 0 to 1; check both")

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.t.size)

    @property
    def settings(self) -> dict[str, Any]:
        """What a result says of the schedule in whose steps its times are given."""
        return {"schedule": self.name, "schedule_steps": self.steps, "schedule_source": self.source}

    @property
    def of_training(self) -> bool:
        """Whether its steps are those of a training: the model is told their numbers."""
        return self.timesteps is not None and np.array_equal(self.timesteps, np.arange(self.steps))

    def time(self, step: float) -> float:
        """Ornstein-Uhlenbeck time of a step, counted from 0, which may lie between two; ValueError if there is none.

        Between two steps t is linear, that is log alpha_bar; where one of them is pure noise, sqrt(alpha_bar) is.
        """
        if not 0 <= step <= self.steps - 1:
            raise ValueError(f"schedule {self.name}: step must lie in 0 to {self.steps - 1}, got {step:g}")
        low = int(step)
        part = float(step) - low
        first = float(self.t[low])
        if part == 0:
            return first
        last = float(self.t[low + 1])
        if np.isfinite(first) and np.isfinite(last):
            return (1 - part) * first + part * last
        return -float(np.log((1 - part) * np.exp(-first) + part * np.exp(-last))) if first != last else first

    def step(self, t: float) -> int:
        """First step, as noise grows, whose alpha_bar is not above ``exp(-2t)``; ValueError outside of the schedule."""
        self._check_reached(t)
        reached = np.flatnonzero(self.t >= t * (1 - _SLACK))
        return int(reached[np.argmin(self.t[reached])])

    def position(self, t: float) -> float:
        """Inverse of :meth:`time` where noise grows, or falls, all along; ValueError elsewhere, and outside."""
        self._check_reached(t)
        sign = 1 if self.t[-1] >= self.t[0] else -1
        rising = self.t[::sign]
        if np.any(rising[1:] < rising[:-1]):
            raise ValueError(f"schedule {self.name}: its noise goes up and down, and a place between steps is not one")
        high = min(int(np.searchsorted(rising, t)), self.steps - 1)
        if high == 0 or rising[high] == t:
            place = float(high)
        else:
            below, above = float(rising[high - 1]), float(rising[high])
            part = min((t - below) / (above - below), 1.0) if np.isfinite(above) else -float(np.expm1(below - t))
            place = high - 1 + part
        return place if sign == 1 else self.steps - 1 - place

    def fraction(self, step: int) -> float:
        """Place of a 0-based step in the schedule, 0 for the first and 1 for the last."""
        return step / max(1, self.steps - 1)

    def at(self, t: float) -> Step | None:
        """Step of an Ornstein-Uhlenbeck time; None where the schedule does not reach it."""
        try:
            index = self.step(t)
        except ValueError:
            return None
        time = float(self.t[index])
        sigma = float(compile_formula("edm_sigma", target="numpy")(time)) if np.isfinite(time) else np.inf
        timestep = None if self.timesteps is None else float(self.timesteps[index])
        return Step(index, timestep, sigma if np.isfinite(sigma) else None)

    def indices(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Index of the step of each time; nan where the schedule does not reach it."""
        return np.array([np.nan if place is None else place.index for place in map(self.at, t.tolist())], dtype=float)

    def number(self, label: str, time: float | None, used: Iterable[str], **about: Any) -> Number:
        """Row of a time, with its step and the formulas that made it."""
        step = None if time is None else self.at(time)
        return Number(label, time, unit=TIME, step=step, formulas=tuple(used), **about)

    def _check_reached(self, t: float) -> None:
        low, high = float(self.t.min()), float(self.t.max())
        if not low * (1 - _SLACK) <= t <= high * (1 + _SLACK):
            raise ValueError(
                f"schedule {self.name}: t must lie in {_text(low)} to {_text(high)} (OU time), got {_text(t)}; the "
                "schedule does not reach this noise level"
            )


def times_from_alpha_bar(alpha_bar: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ornstein-Uhlenbeck times; infinite where alpha_bar is 0."""
    noise = alpha_bar == 0
    times = compile_formula("time_from_alpha_bar", target="numpy")(np.where(noise, 0.5, alpha_bar))
    return np.abs(np.where(noise, np.inf, times))  # no -0.0 of the logarithm of 1


def _text(t: float) -> str:
    return "pure noise" if np.isposinf(t) else f"{t:.6g}"
