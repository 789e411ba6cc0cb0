"""When x and y are learned, whether an image has both right or none, and which of them is the more accurate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_imbalance.form import ImbalanceForm, frequent
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun
from regimes.validation.experiments.runner.along_training import Estimate, log_ratio, mean_of, passage

__all__ = ["AXES", "coupling", "fine_less_coarse", "late", "learned_at", "rare_late"]

Array = NDArray[np.float64]

AXES = ("x", "y")
_BAND = (0.1, 0.9)  # of the shares of right x and y: beyond, an association has no room


def learned_at(form: ImbalanceForm, run: ImbalanceRun, axis: int, *, held_out: bool) -> float | None:
    """Step at which half of the images have the place along an axis right."""
    return passage(form.training.snapshots, run.right(form.tolerance, held_out=held_out)[:, :, axis].mean(axis=1))


def late(
    form: ImbalanceForm, runs: Sequence[ImbalanceRun], equal: Sequence[ImbalanceRun], axis: int, *, held_out: bool
) -> Estimate:
    """Log of the step at which an axis is learned over that on a grid where both steps are as its own, by seed.

    0 if the features are learned apart: what x takes then does not depend on the step of y.
    """
    return mean_of(
        [
            log_ratio(learned_at(form, a, axis, held_out=held_out), learned_at(form, b, axis, held_out=held_out))
            for a, b in zip(runs, equal, strict=True)
        ]
    )


def coupling(form: ImbalanceForm, run: ImbalanceRun) -> float | None:
    """Correlation of "x is right" and "y is right" among images with one bump, mean over snapshots under way.

    0 if what is right along one axis says nothing of the other, 1 if images have both right or none.
    """
    found = []
    half = len(run.asked) // 2
    for snapshot in range(len(run.found)):
        one = np.isfinite(run.found[snapshot, half:, 0])
        x, y = run.right(form.tolerance, held_out=False)[snapshot][one].T.astype(float)
        if one.sum() > 1 and all(_BAND[0] < each.mean() < _BAND[1] for each in (x, y)):
            found.append(float(np.corrcoef(x, y)[0, 1]))
    return float(np.mean(found)) if found else None


def fine_less_coarse(form: ImbalanceForm, run: ImbalanceRun, *, held_out: bool) -> float:
    """Share of right x, the finer sampled, less that of right y, mean over the snapshots."""
    right = run.right(form.tolerance, held_out=held_out).mean(axis=1)
    return float((right[:, 0] - right[:, 1]).mean())


def rare_late(form: ImbalanceForm, run: ImbalanceRun, axis: int) -> float | None:
    """Log of the step at which an axis is learned where x is rare over that where it is frequent, kept positions."""
    half = len(run.asked) // 2
    often = frequent(form, run.asked[half:])
    right = run.right(form.tolerance, held_out=False)[:, :, axis]
    rare, common = (passage(form.training.snapshots, right[:, rows].mean(axis=1)) for rows in (~often, often))
    return log_ratio(rare, common)
