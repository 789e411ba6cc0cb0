"""When x and y are learned, whether an image has both right or none, and which of them is the more accurate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_imbalance.form import LEAST, ImbalanceForm, frequent
from regimes.validation.experiments.bump_imbalance.runs import ImbalanceRun
from regimes.validation.experiments.runner.along_training import log_ratio, passage

__all__ = ["AXES", "Together", "both", "coupling", "fine_less_coarse", "gap", "learned_at", "rare_late", "shares"]

Array = NDArray[np.float64]

AXES = ("x", "y")
_BAND = (0.1, 0.9)  # of the shares of right x and y: beyond, an association has no room


@dataclass(frozen=True)
class Together:
    """Correlation of "x is right" and "y is right", mean over the snapshots at which it can be measured."""

    total: float
    within: float  # of the differences of two images of one position
    most: float  # largest correlation at these shares: 1 if they are equal
    share: float  # right x and right y
    snapshots: int


def shares(form: ImbalanceForm, run: ImbalanceRun, *, held_out: bool = False, half: bool | None = None) -> Array:
    """Shares of right x and right y among images with one bump, (S, 2); 0 where too few have one.

    ``half``: the frequent (True) or the rare half of the values of x.
    """
    one, right = run.one(held_out=held_out), run.right(form.tolerance, held_out=held_out)
    if half is not None:
        chosen = frequent(form, run.asked[run.rows(held_out=held_out)]) == half
        one, right = one[:, chosen], right[:, chosen]
    count = one.sum(axis=1)[:, None]
    return np.where(count >= LEAST, right.sum(axis=1) / np.maximum(count, 1), 0.0)


def learned_at(form: ImbalanceForm, run: ImbalanceRun, axis: int, *, half: bool | None = None) -> float | None:
    """Step at which half of the images with one bump at kept positions have the place along an axis right."""
    return passage(form.training.snapshots, [float(each) for each in shares(form, run, half=half)[:, axis]])


def both(form: ImbalanceForm, run: ImbalanceRun) -> float | None:
    """Logarithm of that step, mean over the axes: they are alike where steps are."""
    at = [learned_at(form, run, axis) for axis in (0, 1)]
    logs = [float(np.log(each)) for each in at if each is not None]
    return sum(logs) / 2 if len(logs) == 2 else None


def gap(form: ImbalanceForm, run: ImbalanceRun) -> float | None:
    """Logarithm of the step at which x is learned over that of y."""
    return log_ratio(learned_at(form, run, 0), learned_at(form, run, 1))


def rare_late(form: ImbalanceForm, run: ImbalanceRun, axis: int) -> float | None:
    """Logarithm of the step at which an axis is learned at the rare values of x over that at the frequent ones."""
    return log_ratio(learned_at(form, run, axis, half=False), learned_at(form, run, axis, half=True))


def fine_less_coarse(form: ImbalanceForm, run: ImbalanceRun, *, held_out: bool) -> float | None:
    """Share of right x, the finer sampled, less that of right y, mean over the snapshots that have enough bumps."""
    enough = run.one(held_out=held_out).sum(axis=1) >= LEAST
    if not enough.any():
        return None
    right = shares(form, run, held_out=held_out)[enough]
    return float((right[:, 0] - right[:, 1]).mean())


def coupling(form: ImbalanceForm, run: ImbalanceRun) -> Together | None:
    """Whether images with one bump at kept positions have x and y right together."""
    one, right = run.one(held_out=False), run.right(form.tolerance, held_out=False).astype(float)
    found = [each for here, both in zip(one, right, strict=True) if (each := _at(here, both)) is not None]
    if not found:
        return None
    total, within, most, share = np.mean(found, axis=0)
    return Together(float(total), float(within), float(most), float(share), len(found))


def _at(one: NDArray[np.bool_], right: Array) -> tuple[float, float, float, float] | None:
    """At one snapshot; None where an association cannot be measured."""
    x, y = right[one].T
    pair = one[0::2] & one[1::2]
    apart = (right[0::2] - right[1::2])[pair]
    lengths = np.sqrt((apart**2).sum(axis=0))
    if one.sum() < LEAST or not lengths.all() or not all(_BAND[0] < each.mean() < _BAND[1] for each in (x, y)):
        return None
    low, high = sorted((x.mean(), y.mean()))
    most = np.sqrt(low * (1 - high) / (high * (1 - low)))
    within = (apart[:, 0] * apart[:, 1]).sum() / lengths.prod()
    return float(np.corrcoef(x, y)[0, 1]), float(within), float(most), float((low + high) / 2)
