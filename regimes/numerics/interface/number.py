"""One number of a result, with what has to be known about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["BEYOND", "TIME", "Interval", "Number", "Step", "restored_number"]

TIME = "OU time"
"""Unit of Ornstein-Uhlenbeck times."""

BEYOND = "beyond the numbers that double precision has"
"""Why there is no value, where the formula gives none that is finite."""

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class Step:
    """Place of a time in a sampler's schedule.

    Attributes
    ----------
    index : int
        Number of the step, from 0.
    timestep : float or None
        What the model is told at it; None where the schedule does not say.
    sigma : float or None
        Noise over signal, ``sqrt(exp(2t) - 1)``; None where the step is pure noise.
    """

    index: int
    timestep: float | None
    sigma: float | None


@dataclass(frozen=True)
class Number:
    """One number with what has to be known about it.

    Attributes
    ----------
    label : str
        What it is, in words.
    value : float, int or None
        None where there is none, and ``reason`` says why; what is not finite becomes None.
    error : float or None
        Standard error.
    interval : tuple of two float or None, or None
        95% interval; one end is None where it is one-sided. Of an upper limit ``value`` is that limit.
    covers : str or None
        Which errors the interval or the standard error covers.
    step : Step or None
        The time in the user's schedule.
    formulas : tuple of str
        Formulas that made it, recorded while it was computed: ``regimes.formula(name)`` is one with its derivation,
        ``regimes derive NAME`` prints it.
    reason : str or None
        Why there is no value, or no interval.
    unit : str or None
        ``TIME`` for an Ornstein-Uhlenbeck time, which alone has steps; else what is printed behind the value.
    estimate : float or None
        Point estimate behind a one-sided bound.
    sources : tuple of str
        References of what no formula states: a value taken over, or a method.
    """

    label: str
    value: float | int | None
    error: float | None = None
    interval: Interval | None = None
    covers: str | None = None
    step: Step | None = None
    formulas: tuple[str, ...] = ()
    reason: str | None = None
    unit: str | None = None
    estimate: float | None = None
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.value, float | np.floating) and not math.isfinite(self.value):
            object.__setattr__(self, "value", None)
            object.__setattr__(self, "reason", self.reason or BEYOND)
        for name in ("error", "estimate"):
            object.__setattr__(self, name, _finite(getattr(self, name)))
        if self.interval is not None:
            object.__setattr__(self, "interval", tuple(map(_finite, self.interval)))


def restored_number(stored: Mapping[str, Any]) -> Number:
    """A number from its plain form."""
    step, interval = stored["step"], stored["interval"]
    return Number(
        **{
            **stored,
            "step": None if step is None else Step(**step),
            "interval": None if interval is None else tuple(interval),
            "formulas": tuple(stored["formulas"]),
            "sources": tuple(stored.get("sources", ())),
        }
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
