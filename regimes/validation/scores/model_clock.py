"""What a model is told about the noise level: the reading of its clock at an Ornstein-Uhlenbeck time."""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.schedules import Schedule

__all__ = ["CLOCKS", "ROUNDINGS", "ModelClock"]

_FORMULAS = {"log_snr": "log_snr", "alpha_bar": "alpha_bar", "sigma": "edm_sigma", "flow_time": "flow_time"}

CLOCKS = ("time", *_FORMULAS, "step")
"""Clocks: Ornstein-Uhlenbeck time, log-SNR, alpha_bar, EDM noise level, flow matching time, step of a schedule."""

ROUNDINGS = ("fractional", "nearest")
"""How a time between two steps of a schedule is read."""


class ModelClock:
    """Reading of a clock as a function of Ornstein-Uhlenbeck time.

    Formulas: ``log_snr``, ``alpha_bar``, ``edm_sigma``, ``flow_time``. A fraction of a step as in DPM-Solver (Lu et al.
    2022, discrete-time models).

    Examples
    --------
    >>> round(ModelClock("sigma").reading(1.0), 6)
    2.527658
    >>> clock = ModelClock("step", "ddpm-linear")
    >>> round(clock.reading(1.0), 3), ModelClock("step", "ddpm-linear", rounding="nearest").reading(1.0)
    (441.947, 442)
    """

    def __init__(self, clock: str, schedule: Any = None, *, rounding: str = "fractional") -> None:
        if clock not in CLOCKS:
            raise ValueError(f"NetworkScore: clock must be one of {', '.join(CLOCKS)}, got {clock!r}")
        if rounding not in ROUNDINGS:
            raise ValueError(f"NetworkScore: rounding must be one of {', '.join(ROUNDINGS)}, got {rounding!r}")
        if clock == "step" and schedule is None:
            raise ValueError(
                "NetworkScore: clock 'step' needs schedule, with the steps on which the model was trained: a name such "
                "as ddpm-linear or scaled-linear, a scheduler_config.json, or what noise_schedule gives"
            )
        if clock != "step" and schedule is not None:
            raise ValueError(f"NetworkScore: schedule belongs to clock 'step', got clock {clock!r}; leave it out")
        self.clock = clock
        self.rounding = rounding
        self.schedule = None if schedule is None else _of_training(schedule)

    def reading(self, t: float) -> float | int:
        """What the clock shows."""
        if self.schedule is not None:
            return self._step(self.schedule, t)
        return t if self.clock == "time" else float(compile_formula(_FORMULAS[self.clock], target="numpy")(t))

    def _step(self, schedule: Schedule, t: float) -> float | int:
        try:
            schedule.step(t)
        except ValueError as error:
            raise ValueError(f"{error}: begin and end backward runs within, with start= and end=") from None
        if self.rounding == "nearest":
            return int(np.argmin(np.abs(schedule.t - t)))
        return schedule.position(t)


def _of_training(given: Any) -> Schedule:
    """The schedule of the training, checked before a model is called."""
    try:
        schedule = noise_schedule(given)
    except ValueError as error:
        raise ValueError(f"NetworkScore: {str(error).removeprefix('noise_schedule: ')}") from None
    schedule = schedule.training or schedule
    rising = np.diff(schedule.t)
    if not (np.all(rising > 0) or np.all(rising < 0)):
        raise ValueError(
            f"NetworkScore: the noise of schedule must rise or fall with each step, got {schedule.name}, where two "
            "steps are as noisy; give the schedule of the training"
        )
    return schedule
