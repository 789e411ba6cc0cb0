"""Numbers and curves of the parts that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from regimes.numerics.estimation.streams import seed_of
from regimes.numerics.interface.number import Number
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.prediction.dataset.classes import class_curves, held_out_rows, no_class_rows
from regimes.prediction.dataset.direction import direction_curve, direction_rows
from regimes.prediction.dataset.found import Found
from regimes.prediction.dataset.points import bound_row, collapse_row, copies_rows, leave_one_out_row, point_rows

__all__ = ["curves_of", "rows_of", "settings_of"]

_CURVES = ("clone_class", "clone_class_leave_one_out", "clone_index", "excess_entropy", "leave_one_out")


def rows_of(found: Found, parts: Sequence[str]) -> dict[str, Number]:
    """Numbers of these parts."""
    steps = found.schedule
    numbers: dict[str, Number] = {}
    if "speciation" in parts:
        numbers |= direction_rows(found.directions, found.spectrum, steps)
    if "classes" in parts and found.no_classes:
        numbers |= no_class_rows(steps, found.no_classes)
    elif "classes" in parts:
        numbers |= found.class_rows | held_out_rows(found.held_out, steps)
    if "collapse" in parts:
        numbers |= point_rows(found.posterior, found.by_group, steps)
        numbers["collapse.time"] = collapse_row(found.collapse, found.bound, steps)
        numbers |= leave_one_out_row(found.of_distinct, steps)
        numbers["collapse.bound"] = bound_row(found.bound, steps)
        numbers |= copies_rows(found.copies) if found.copies.groups else {}
    return numbers


def curves_of(found: Found, parts: Sequence[str]) -> dict[str, Any]:
    """Curves that exist, at the times asked for, and the cascade of directions."""
    shown: dict[str, Any] = {}
    if "classes" in parts or "collapse" in parts:
        shown = _selected(found, found.posterior, _CURVES)
        if found.by_group is not None:
            group = _selected(found, found.by_group, ("clone_class",))
            shown |= {name.replace("clone_class", "clone_group"): values for name, values in group.items()}
    if "classes" in parts and found.held_out is not None:
        shown |= class_curves(found.held_out)
    if "collapse" in parts:
        shown["sizes"] = [asdict(each) for each in found.by_size]
    if "speciation" in parts:
        shown["directions"] = direction_curve(found.directions)
    return shown


def settings_of(found: Found, parts: Sequence[str]) -> dict[str, Any]:
    """What the numbers depend on beside the data."""
    budget = found.budget
    settings: dict[str, Any] = {"seed": seed_of(budget.rng)}
    if "classes" in parts or "collapse" in parts:
        curves = found.posterior
        settings |= {"probes": curves.probes, "groups": curves.groups, "products": curves.products}
        settings |= {"precision": budget.precision} if budget.probes is None else {}
    return settings


def _selected(found: Found, curves: PosteriorCurves, names: Sequence[str]) -> dict[str, Any]:
    times = found.grid if found.times is None else found.times
    place = np.searchsorted(curves.t, times)
    shown: dict[str, Any] = {"t": times}
    for name in (each for curve in names for each in (curve, f"{curve}_se")):
        values = getattr(curves, name)
        if values is not None:
            shown[name] = values[place]
    return shown
