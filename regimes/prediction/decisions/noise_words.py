"""A noise level in words, in the user's own clock."""

from __future__ import annotations

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.schedules import Schedule

__all__ = ["noise_level"]


def noise_level(t: float, schedule: Schedule) -> str:
    """As OU time, as sigma, and as the step of the schedule where it has one."""
    sigma = float(compile_formula("edm_sigma", target="numpy")(t))
    place = schedule.at(t)
    step = "" if place is None else f", step {place.index} of {schedule.steps}"
    return f"t = {t:.3g} (sigma = {sigma:.3g}{step})" if np.isfinite(sigma) else f"t = {t:.3g}"
