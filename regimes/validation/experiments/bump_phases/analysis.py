"""Phases by rule, and the order of what happens along a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_phases.form import PhasesForm
from regimes.validation.experiments.bump_phases.runs import MOMENTS, PhaseRun

__all__ = ["EVENTS", "Estimate", "difference", "event_steps", "mean_of", "phase_of", "phases_of", "shares_of"]

Array = NDArray[np.float64]

_HALF = 0.5

EVENTS = ("one bump", "position readable", "kept right", "held out right")
"""What passes one half along a training: the share of images with one bump; R^2 of the position in the deepest layer at
the generated image; the shares of kept and of held-out positions at which the image is right."""


@dataclass(frozen=True)
class Estimate:
    """A mean over trainings with its standard error by their scatter; None where a training has no value."""

    value: float | None
    se: float | None
    count: int


def mean_of(values: Sequence[float | None]) -> Estimate:
    """Mean over trainings, all of which must have a value."""
    found = [each for each in values if each is not None]
    if not found or len(found) < len(values):
        return Estimate(None, None, len(found))
    se = float(np.std(found, ddof=1) / np.sqrt(len(found))) if len(found) > 1 else None
    return Estimate(float(np.mean(found)), se, len(found))


def shares_of(run: PhaseRun, tolerance: float, *, held_out: bool) -> list[dict[str, float]]:
    """Shares of outcomes at each snapshot."""
    return [run.verdicts(k, held_out=held_out).shares(tolerance) for k in range(len(run.blobs))]


def phase_of(shares: dict[str, float]) -> str:
    """A: fewer than half of the images show one bump. B: half do, and fewer than half the right one. C: half do."""
    if shares["misplaced"] + shares["right"] < _HALF:
        return "A"
    return "C" if shares["right"] >= _HALF else "B"


def phases_of(form: PhasesForm, run: PhaseRun) -> str:
    """Phases at the snapshots, as letters, on held-out positions."""
    return "".join(phase_of(each) for each in shares_of(run, form.tolerance, held_out=True))


def event_steps(form: PhasesForm, run: PhaseRun, tolerance: float) -> dict[str, float | None]:
    """Step at which each of the events happens, interpolated in its logarithm; None if it does not."""
    held_out, kept = (shares_of(run, tolerance, held_out=each) for each in (True, False))
    readable = run.r2[:, -1, MOMENTS.index("end")].mean(axis=1)
    curves = (
        np.array([each["misplaced"] + each["right"] for each in held_out]),
        readable,
        np.array([each["right"] for each in kept]),
        np.array([each["right"] for each in held_out]),
    )
    return {name: _passage(form.training.snapshots, each) for name, each in zip(EVENTS, curves, strict=True)}


def difference(events: Sequence[dict[str, float | None]], later: str, earlier: str) -> Estimate:
    """Logarithm of the later step over the earlier one, training by training."""
    pairs = [(each[later], each[earlier]) for each in events]
    return mean_of([None if a is None or b is None else float(np.log(a / b)) for a, b in pairs])


def _passage(steps: Sequence[int], values: Array, level: float = _HALF) -> float | None:
    """Where values first reach a level, on straight lines in the logarithm of the step, from 0 at step 1."""
    above = np.flatnonzero(values >= level)
    if not above.size:
        return None
    k = int(above[0])
    x, y = (np.log(steps[k - 1]), values[k - 1]) if k else (0.0, 0.0)
    return float(np.exp(x + (level - y) / (values[k] - y) * (np.log(steps[k]) - x)))
