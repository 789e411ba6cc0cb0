"""Panels of how layers write x and y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regimes.validation.experiments.bump_factorisation.form import FactorisationForm
from regimes.validation.experiments.bump_factorisation.runs import Reading
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]


def panels(form: FactorisationForm, ideal: Mapping[str, Reading], tables: Mapping[str, Any]) -> list[Panel]:
    """Draw, by code of the condition, kernels of layers beside ideal ones, and the share apart by layer."""
    steps = np.arange(form.side // 2 + 1)
    lines = [
        curve(name, "reference", steps, each.measures.kernel_x, group=group)
        for group, (name, each) in enumerate(ideal.items())
    ]
    drawn = []
    for code, layers in tables["layers"].items():
        points = [
            each
            for group, (layer, moments) in enumerate(layers.items())
            for each in _points(layer, steps, moments["end"]["kernel"], group)
        ]
        title = f"One feature at two values, told by {code}, generated image"
        drawn.append(Panel(title, "distance of the values, in pixels", "cosine", (*lines, *points)))
    return [*drawn, _apart(form, ideal, tables)]


def _points(label: str, x: Any, values: Sequence[Mapping[str, Any]], group: int) -> list[Curve]:
    value = [each["value"] for each in values]
    return [curve(label, "simulation", x, value, [each["se"] or 0.0 for each in values], group=group)]


def _apart(form: FactorisationForm, ideal: Mapping[str, Reading], tables: Mapping[str, Any]) -> Panel:
    depth = np.arange(len(form.layers))
    curves: list[Curve] = []
    group = 0
    for code, layers in tables["layers"].items():
        for moment in ("start", "end"):
            curves += _points(f"{code}, {moment}", depth, [each[moment]["apart"] for each in layers.values()], group)
            group += 1
    level = np.full(depth.size, ideal["images"].measures.x + ideal["images"].measures.y)
    curves.append(curve("the images themselves", "reference", depth, level, group=group))
    title = f"Share of x or y alone ({', '.join(form.layers)})"
    return Panel(title, "layer, in the order of the network", "share of variance", tuple(curves))
