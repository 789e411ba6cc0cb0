"""Phases by rule, and the order of what happens along a training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_phases.form import PhasesForm
from regimes.validation.experiments.bump_phases.runs import MOMENTS, PhaseRun
from regimes.validation.experiments.runner.along_training import Estimate, log_ratio, mean_of, passage

__all__ = ["EVENTS", "difference", "event_steps", "phase_of", "phases_of", "shares_of"]

Array = NDArray[np.float64]

_HALF = 0.5

EVENTS = ("one bump", "told readable", "image readable", "kept right", "held out right")
"""What passes one half along a training: the share of images with one bump; R^2 of the position in the deepest layer at
the generated image, with its condition and with that of another; the shares of kept and of held-out positions at which
the image is right."""


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
    told, image = (run.r2[:, -1, MOMENTS.index(moment)].mean(axis=1) for moment in ("end", "image"))
    curves = (
        np.array([each["misplaced"] + each["right"] for each in held_out]),
        told,
        image,
        np.array([each["right"] for each in kept]),
        np.array([each["right"] for each in held_out]),
    )
    return {name: passage(form.training.snapshots, each) for name, each in zip(EVENTS, curves, strict=True)}


def difference(events: Sequence[dict[str, float | None]], later: str, earlier: str) -> Estimate:
    """Logarithm of the later step over the earlier one, training by training."""
    return mean_of([log_ratio(each[later], each[earlier]) for each in events])
