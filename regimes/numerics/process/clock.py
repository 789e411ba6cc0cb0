"""One noise level on every clock in use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.schedules import SCHEDULES, noise_schedule

__all__ = ["Clock", "clock"]

_INVERSES = {
    "alpha_bar": "time_from_alpha_bar",
    "snr": "time_from_snr",
    "log_snr": "time_from_log_snr",
    "sigma": "time_from_edm_sigma",
    "flow_time": "time_from_flow_time",
}
_DOMAINS = {
    "time": ("Ornstein-Uhlenbeck time", 0.0, np.inf),
    "alpha_bar": ("remaining signal power", 0.0, 1.0),
    "snr": ("signal-to-noise ratio", 0.0, np.inf),
    "log_snr": ("log signal-to-noise ratio", -np.inf, np.inf),
    "sigma": ("EDM noise level", 0.0, np.inf),
    "flow_time": ("flow matching time", 0.0, 1.0),
}


@dataclass(frozen=True)
class Clock:
    """One noise level on every clock.

    Attributes
    ----------
    time : float
        Ornstein-Uhlenbeck time t.
    alpha_bar : float
        Remaining signal power ``exp(-2t)``.
    snr : float
        ``exp(-2t)/Delta_t``.
    log_snr : float
        Its natural logarithm.
    sigma : float
        EDM noise level ``1/sqrt(snr)``, in units of the data.
    flow_time : float
        s of linear flow matching ``x = (1-s) a + s z``.
    steps : dict
        For each schedule ``step`` (0-based), ``fraction`` and ``steps``; ``step`` is None with a ``reason`` where the
        schedule does not reach the noise level.
    sources : tuple of str
        Formulas used.
    """

    time: float
    alpha_bar: float
    snr: float
    log_snr: float
    sigma: float
    flow_time: float
    steps: dict[str, dict[str, Any]]
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes.
        """
        return asdict(self)


def clock(
    time: float | None = None,
    *,
    alpha_bar: float | None = None,
    snr: float | None = None,
    log_snr: float | None = None,
    sigma: float | None = None,
    flow_time: float | None = None,
    step: int | None = None,
    schedule: str | None = None,
    steps: int | None = None,
) -> Clock:
    """Translate one noise level, given on any clock, to all of them.

    Parameters
    ----------
    time, alpha_bar, snr, log_snr, sigma, flow_time : float
        The noise level: exactly one of these or ``step``.
    step : int
        0-based step of ``schedule``.
    schedule : {"ddpm-linear", "cosine", "edm"}, optional
        Restricts ``steps`` of the result to one schedule, which must then reach the noise level.
    steps : int, optional
        Number of steps of ``schedule``.

    Returns
    -------
    Clock
        The noise level on every clock.

    Raises
    ------
    ValueError
        If not exactly one clock is given, a value lies outside its range, a step is given without a schedule, or the
        schedule asked for does not reach the noise level.

    Notes
    -----
    Formulas: see ``sources`` of the result and docs/theory.

    Examples
    --------
    >>> reading = clock(1.0)
    >>> round(reading.snr, 6), round(reading.sigma, 6), reading.steps["ddpm-linear"]["step"]
    (0.156518, 2.527658, 442)
    """
    given = {
        "time": time, "alpha_bar": alpha_bar, "snr": snr, "log_snr": log_snr, "sigma": sigma, "flow_time": flow_time,
        "step": step,
    }  # fmt: skip
    named = {name: value for name, value in given.items() if value is not None}
    if len(named) != 1:
        raise ValueError(f"clock: give exactly one of {', '.join(given)}, got {', '.join(named) or 'none'}")
    if steps is not None and schedule is None:
        raise ValueError("clock: steps belongs to a schedule; name the schedule too")
    ((name, value),) = named.items()
    chosen = None if schedule is None else noise_schedule(schedule, steps=steps)
    if name == "step":
        if chosen is None:
            raise ValueError(f"clock: a step needs a schedule; give schedule, one of {', '.join(SCHEDULES)}")
        t = chosen.time(int(value))
    else:
        t = _time(name, float(value))
    if chosen is not None:
        chosen.step(t)  # raises where the schedule asked for does not reach t
    schedules = [chosen] if chosen is not None else [noise_schedule(each) for each in SCHEDULES]
    readings = {
        reading: float(compile_formula(formula, target="numpy")(t))
        for reading, formula in (("alpha_bar", "alpha_bar"), ("snr", "snr"), ("log_snr", "log_snr"),
                                 ("sigma", "edm_sigma"), ("flow_time", "flow_time"))
    }  # fmt: skip
    return Clock(
        time=t,
        **readings,
        steps={each.name: each.place(t) for each in schedules},
        sources=(
            "alpha_bar",
            "snr",
            "log_snr",
            "edm_sigma",
            "flow_time",
            *(each.source for each in schedules),
        ),
    )


def _time(name: str, value: float) -> float:
    meaning, low, high = _DOMAINS[name]
    if not low < value < high:
        raise ValueError(f"clock: {name} ({meaning}) must lie strictly between {low:g} and {high:g}, got {value:g}")
    if name == "time":
        return value
    return float(compile_formula(_INVERSES[name], target="numpy")(value))
