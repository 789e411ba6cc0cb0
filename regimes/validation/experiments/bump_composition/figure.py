"""Panels of composition and interpolation: shares against the width held out, along training, and images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_composition.analysis import (
    PLACES,
    Reading,
    Runs,
    guessed,
    learned,
    new_off,
    new_right,
)
from regimes.validation.experiments.bump_composition.form import CompositionForm, SetForm
from regimes.validation.experiments.bump_composition.runs import CompositionRun
from regimes.validation.experiments.runner.curves import mean_curves, ruled
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]

_BRIGHTEST = 2.0  # where two stripes cross
_LINE = 0.4  # shade of the lines between images
_GAPS = {"cross, stripes shown": ("cross", True), "cross": ("cross", False), "square": ("square", False)}


def panels(form: CompositionForm, runs: Sequence[Runs]) -> list[Panel]:
    """Shares by width in both places, the held-out coordinate along training, and images of the first sets."""
    return [
        *(_by_width(form, runs, place) for place in PLACES),
        _distances(form, runs),
        _along(form, runs),
        *_images(form, runs),
    ]


def _by_width(form: CompositionForm, runs: Sequence[Runs], place: str) -> Panel:
    drawn, widths = _lines(form, runs, place, new_right)
    drawn.append(
        curve("guess in the gap", "reference", widths, [guessed(form, each) for each in widths], group=len(_GAPS))
    )
    return Panel(f"Held-out coordinate right, {place}", "width held out, in positions", "share of images", tuple(drawn))


def _distances(form: CompositionForm, runs: Sequence[Runs]) -> Panel:
    """How far a held-out coordinate is drawn from its place."""
    drawn, _ = _lines(form, runs, "arms", new_off)
    return Panel("Held-out coordinate, arms", "width held out, in positions", "median distance, pixels", tuple(drawn))


def _lines(form: CompositionForm, runs: Sequence[Runs], place: str, reading: Reading) -> tuple[list[Curve], list[int]]:
    """Means over the trainings that have learned, by kind of set and width."""
    by_set = {each[0].form: each for each in runs}
    drawn: list[Curve] = []
    widths: set[int] = set()
    for group, (label, (shape, stripes)) in enumerate(_GAPS.items()):
        row: dict[int, list[float]] = {}
        for width in range(form.side):
            readings = [
                reading(form, run, place, -1)
                for run in by_set.get(SetForm(shape, width, stripes), ())
                if learned(form, run)
            ]
            if values := [each for each in readings if each is not None]:
                row[width] = values
        if row:
            drawn += mean_curves(label, list(row), list(row.values()), group)
            widths |= set(row)
    return drawn, sorted(widths)


def _along(form: CompositionForm, runs: Sequence[Runs]) -> Panel:
    """Whether shares of trainings that have learned still rise at the end."""
    drawn: list[Curve] = []
    chosen = [[run for run in each if learned(form, run)] for each in runs if each[0].form.width == form.paper]
    for group, each in enumerate(filter(None, chosen)):
        place = next(place for place, parts in PLACES.items() if parts[0] in each[0].regions)
        rows = [[new_right(form, run, place, k) or 0.0 for run in each] for k in range(len(form.looks))]
        drawn += mean_curves(f"{each[0].form.name}, {place}", form.looks, rows, group)
    return Panel(f"Held-out coordinate right, width {form.paper}", "step of training", "share of images", tuple(drawn))


def _images(form: CompositionForm, runs: Sequence[Runs]) -> list[Panel]:
    chosen = [each[0] for each in runs if each[0].form.width == form.paper and each[0].form.shape == "cross"]
    return [
        Panel(_title(run), "", "", (), image=ruled(run.shown, form.side, _LINE * _BRIGHTEST) / _BRIGHTEST)
        for run in chosen
    ]


def _title(run: CompositionRun) -> str:
    return f"{run.form.name}; rows: {', '.join(run.regions)}"
