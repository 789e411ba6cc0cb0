"""Panels of divergences and distances against the number of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.validation.experiments.steps.form import StepsForm
from regimes.validation.experiments.steps.grids import GRIDS
from regimes.validation.experiments.steps.summary import MEASURES
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

_CALLS = "calls of the network"


def panels(form: StepsForm, rows: Sequence[Agreement], tables: Mapping[str, Any]) -> list[Panel]:
    """Exact scores first, then each set of images."""
    kinds = list(dict.fromkeys(each.quantity.rsplit(", ", 1)[0] for each in rows))
    drawn = [_compared(kind, [each for each in rows if each.quantity.rsplit(", ", 1)[0] == kind]) for kind in kinds]
    for images in form.run:
        source = images.labelled.source
        found = tables["images"][source]["measured"]
        drawn += [
            _measured(f"{source}: {MEASURES[key]}", images.calls, found[key], logs=key == "nats")
            for key in ("held_out", "whitened", "nats")
        ]
    return drawn


def _compared(kind: str, rows: Sequence[Agreement]) -> Panel:
    """Logarithms, since grids differ by decades; theory as lines."""
    drawn: list[Curve] = []
    for group, name in enumerate(GRIDS):
        own = [each for each in rows if each.quantity.endswith(f", {name}") and each.theory > 0 and each.simulation > 0]
        if not own:
            continue
        at, theory, found, se = (
            np.array([getattr(each, key) for each in own]) for key in ("at", "theory", "simulation", "se")
        )
        drawn.append(curve(name, "theory", at, np.log10(theory), group=group))
        drawn.append(curve("", "simulation", at, np.log10(found), se / found / np.log(10), group=group))
    what, law = kind.split(", ", 1)
    return Panel(law, _CALLS, f"log10 of the {what}, nats", tuple(drawn), log_x=True)


def _measured(
    title: str, calls: Sequence[int], measured: Sequence[Sequence[Mapping[str, Any]]], *, logs: bool
) -> Panel:
    """Distances as they are, since they may be negative."""
    drawn: list[Curve] = []
    for group, name in enumerate(GRIDS):
        values = np.array([row[group]["value"] for row in measured])
        se = np.array([row[group]["se"] or 0.0 for row in measured])
        at = np.array(calls)
        if logs:
            some = values > 0
            at, values, se = at[some], np.log10(values[some]), se[some] / values[some] / np.log(10)
        drawn.append(curve(name, "simulation", at, values, se, group=group))
        drawn.append(curve("", "reference", at, values, group=group))
    return Panel(title, _CALLS, "log10, nats" if logs else "energy distance", tuple(drawn), log_x=True)
