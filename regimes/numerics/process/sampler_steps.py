"""The steps of a sampler, in its own order: what it calls each, and its noise level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.schedules import times_from_alpha_bar

__all__ = ["SamplerSteps", "times_from_flow_time"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SamplerSteps:
    """Time of each call of the model and what the model is told, and the time at which the last step arrives."""

    t: Array
    timesteps: Array | None
    end: float = 0.0

    @classmethod
    def of_sigma(cls, sigma: Array, timesteps: Array | None, end: float = 0.0) -> SamplerSteps:
        """From noise levels of the variance-exploding clock; ``end`` too is one, 0 for the data."""
        time = compile_formula("time_from_edm_sigma", target="numpy")
        return cls(np.asarray(time(sigma)), timesteps, float(time(end)) if end > 0 else 0.0)

    @classmethod
    def of_alpha_bar(cls, alpha_bar: Array, timesteps: Array, end: float = 1.0) -> SamplerSteps:
        """From remaining signal power; ``end`` too is one, 1 for the data."""
        return cls(times_from_alpha_bar(alpha_bar), timesteps, float(times_from_alpha_bar(np.array([end]))[0]))

    @classmethod
    def of_flow_time(cls, flow: Array, timesteps: Array, end: float = 0.0) -> SamplerSteps:
        """From times of flow matching, 1 for pure noise; ``end`` too is one, 0 for the data."""
        return cls(times_from_flow_time(flow), timesteps, float(times_from_flow_time(np.array([end]))[0]))

    def from_step(self, first: int) -> SamplerSteps:
        """Without the calls before one."""
        labels = None if self.timesteps is None else self.timesteps[first:]
        return SamplerSteps(self.t[first:], labels, self.end)


def times_from_flow_time(flow: Array) -> Array:
    """Ornstein-Uhlenbeck times; 0 at the data, infinite at pure noise."""
    inner = np.where((flow <= 0) | (flow >= 1), 0.5, flow)
    times = compile_formula("time_from_flow_time", target="numpy")(inner)
    return np.where(flow <= 0, 0.0, np.where(flow >= 1, np.inf, times))
