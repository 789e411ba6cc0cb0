"""Panels of the data needed: against N, and the shares of each search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.validation.experiments.bump_data.form import KINDS, DataForm
from regimes.validation.experiments.bump_data.runs import DataSearch
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]


def panels(
    form: DataForm, found: Mapping[str, Sequence[Sequence[DataSearch]]], tables: Mapping[str, Any]
) -> list[Panel]:
    """The number needed against N with lines of slope 1 and 2, and what each training had right."""
    return [_needed(form, tables), *(_shares(form, found[kind], kind) for kind in KINDS)]


def _needed(form: DataForm, tables: Mapping[str, Any]) -> Panel:
    drawn: list[Curve] = []
    for group, kind in enumerate(KINDS):
        rows = [(row["n"], row[kind]) for row in tables["needed"] if row[kind]["value"] is not None]
        at = [n for n, _ in rows]
        logs = np.array([each["value"] for _, each in rows]) / np.log(2)
        se = np.array([each["se"] or 0.0 for _, each in rows]) / np.log(2)
        drawn.append(curve(kind, "simulation", at, logs, se, group=group))
        if len(at) > 1:
            centred = np.log2(at) - np.log2(at).mean()
            drawn += [
                curve(f"slope {power}", "reference", at, logs.mean() + power * centred, group=len(KINDS) + power)
                for power in (1, 2)
            ]
    title = f"Bumps for {form.level:g} of the others right"
    return Panel(title, "positions along each axis", "log2 of the number of bumps", tuple(drawn), log_x=True)


def _shares(form: DataForm, found: Sequence[Sequence[DataSearch]], kind: str) -> Panel:
    drawn: list[Curve] = []
    for group, (n, each) in enumerate(zip(form.positions, found, strict=True)):
        for number, one in enumerate(each):
            order = np.argsort(one.search.counts)
            counts = np.array(one.search.counts)[order]
            right = np.array([shares["right"] for shares in one.held_out])[order]
            drawn.append(curve(f"N = {n}" if number == 0 else "", "path", counts, right, group=group))
            drawn.append(curve("", "simulation", counts, right, group=group))
    return Panel(
        f"Held-out combinations right, {kind}", "bumps trained on", "share of images", tuple(drawn), log_x=True
    )
