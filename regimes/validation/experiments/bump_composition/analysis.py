"""Shares that are right in each region of one training, and differences between trainings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regimes.validation.experiments.bump_composition.form import CompositionForm, SetForm
from regimes.validation.experiments.bump_composition.runs import CompositionRun
from regimes.validation.experiments.runner.along_training import Estimate, mean_of

__all__ = [
    "PLACES",
    "Reading",
    "Region",
    "Runs",
    "both_right",
    "comparison",
    "guessed",
    "kind_of",
    "learned",
    "new_off",
    "new_one",
    "new_right",
    "region_of",
]

Runs = Sequence[CompositionRun]
"""Trainings of one set, by seed."""

Reading = Callable[[CompositionForm, CompositionRun, str, int], float | None]
"""A share of one training in the arms or in the intersection at a look."""

PLACES = {"arms": ("x arm", "y arm"), "intersection": ("intersection",)}
"""Regions that are judged together."""

_NEW = {"x arm": ("x",), "y arm": ("y",), "intersection": ("x", "y")}  # coordinates in the held-out range
_REST = 0.5


@dataclass(frozen=True)
class Region:
    """Shares of the images of one region of one training."""

    x: float  # right along x
    y: float
    both: float
    copied_x: float  # that a copy of the nearest sum of stripes in the training set would have right
    copied_y: float
    copied: float
    no_sum: float  # images that are far from any pattern of columns and one of rows
    x_off: float | None  # median distance of the only vertical stripe from its place, in pixels
    y_off: float | None
    x_one: float  # images with one vertical stripe, which alone have a distance
    y_one: float

    @property
    def factorised(self) -> float:
        """Share right along both, were errors along one axis independent of those along the other."""
        return self.x * self.y


def region_of(form: CompositionForm, run: CompositionRun, region: str, look: int = -1) -> Region:
    """Judge the images of a region."""
    verdicts, rows = run.verdicts(look, region), run.rows(region)
    right = verdicts.right(form.tolerance)
    copied = np.abs(run.copied[rows] - run.asked[rows]) <= form.tolerance
    off = [float(np.nanmedian(each)) if np.isfinite(each).any() else None for each in verdicts.offset.T]
    return Region(
        x=float(right[:, 0].mean()),
        y=float(right[:, 1].mean()),
        both=float(right.all(axis=1).mean()),
        copied_x=float(copied[:, 0].mean()),
        copied_y=float(copied[:, 1].mean()),
        copied=float(copied.all(axis=1).mean()),
        no_sum=float((verdicts.rest > _REST).mean()),
        x_off=off[0],
        y_off=off[1],
        x_one=float((verdicts.stripes[:, 0] == 1).mean()),
        y_one=float((verdicts.stripes[:, 1] == 1).mean()),
    )


def kind_of(run: CompositionRun, region: str) -> str:
    """Composition, where both coordinates were in some training image, or interpolation of those that never were."""
    if region == "trained on":
        return region
    seen = run.seen[run.rows(region)]
    unseen = [name for k, name in enumerate("xy") if not seen[:, k].all()]
    return f"interpolation of {' and '.join(unseen)}" if unseen else "composition"


def learned(form: CompositionForm, run: CompositionRun) -> bool:
    """Whether a training draws what it was trained on; another one says nothing of what was held out."""
    return region_of(form, run, "trained on").both >= form.learned


def both_right(form: CompositionForm, run: CompositionRun, place: str, look: int = -1) -> float | None:
    """Share right along both axes in the arms or in the intersection; None where a set holds none of it out."""
    return _mean([region_of(form, run, each, look).both for each in PLACES[place] if each in run.regions])


def new_right(form: CompositionForm, run: CompositionRun, place: str, look: int = -1) -> float | None:
    """Share right of coordinates in the held-out range: that of each arm, or both of the intersection."""
    return _mean(_new(form, run, place, "", look))


def new_off(form: CompositionForm, run: CompositionRun, place: str, look: int = -1) -> float | None:
    """Median distance of stripes in the held-out range from their places, in pixels, mean over the parts of a place.

    Of images with one stripe along that axis; :func:`new_one` is their share.
    """
    return _mean(_new(form, run, place, "_off", look))


def new_one(form: CompositionForm, run: CompositionRun, place: str, look: int = -1) -> float | None:
    """Share of images with one stripe along the axis of the held-out range."""
    return _mean(_new(form, run, place, "_one", look))


def guessed(form: CompositionForm, width: int) -> float:
    """Share right of places drawn evenly from the gap between the positions on either side of the range."""
    return 2 * form.tolerance / (width + 1)


def comparison(
    form: CompositionForm,
    by_set: Mapping[SetForm, Runs],
    sets: tuple[SetForm, SetForm],
    reading: Reading,
    place: str,
) -> Estimate:
    """Mean over seeds of the first set less the second, of trainings with equal weights at the start."""
    found: list[float | None] = []
    for pair in zip(*(by_set.get(each, ()) for each in sets), strict=False):
        first, second = (reading(form, run, place, -1) if learned(form, run) else None for run in pair)
        found.append(None if first is None or second is None else first - second)
    return mean_of(found)


def _new(form: CompositionForm, run: CompositionRun, place: str, what: str, look: int) -> list[float]:
    found = [
        getattr(region_of(form, run, each, look), axis + what)
        for each in PLACES[place]
        if each in run.regions
        for axis in _NEW[each]
    ]
    return [each for each in found if each is not None]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
