"""Panels of layers under U-turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.validation.experiments.features.hierarchy import HierarchyForm, HierarchyFound
from regimes.validation.experiments.features.trainings import SourceFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]


def panels(
    form: HierarchyForm, levels: SourceFound, sources: Sequence[SourceFound], found: Sequence[HierarchyFound]
) -> list[Panel]:
    """Draw shares of all layers against t, of levels beside belief propagation, and widths by depth."""
    exact = np.mean([each.exact_shares for each in found], axis=0)
    of_levels: list[Curve] = []
    for row, name in enumerate(levels.layers):
        of_levels.append(curve(name, "theory", levels.t, exact[row], group=row))
        of_levels.append(curve("", "simulation", levels.t, levels.share[row], levels.share_se[row], group=row))
    drawn = [
        Panel(
            f"Symbols of a hierarchy (v = {form.v}, m = {form.m}, L = {form.L}), lines: belief propagation",
            "$t$",
            "share kept",
            tuple(of_levels),
            log_x=True,
        )
    ]
    for source in sources:
        curves: list[Curve] = []
        for row, name in enumerate(source.layers):
            curves.append(curve(name, "simulation", source.t, source.share[row], source.share_se[row], group=row))
            curves.append(curve("", "reference", source.t, source.share[row], group=row))  # to lead the eye
        drawn.append(Panel(f"Layers of a classifier, {source.name}", "$t$", "share kept", tuple(curves), log_x=True))
    widths = []
    for group, source in enumerate((levels, *sources)):
        rows = [(row, of.value, of.error or 0.0) for row, of in enumerate(source.width) if of.value is not None]
        if rows:
            depth, value, error = np.array(rows).T
            widths.append(curve(source.name, "simulation", depth, value, error, group=group))
    return [*drawn, Panel("Width by depth", "layer, from the input", "width in log sigma", tuple(widths))]
