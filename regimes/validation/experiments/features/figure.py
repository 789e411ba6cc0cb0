"""Panels of layers under U-turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.features.hierarchy import Tree
from regimes.validation.experiments.features.images import ImageFound
from regimes.validation.experiments.features.scales import LAWS
from regimes.validation.experiments.features.trainings import SourceFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]


def panels(
    trees: Sequence[Tree],
    images: Mapping[str, SourceFound],
    scales: Mapping[str, SourceFound],
    found: Mapping[str, Sequence[ImageFound]],
) -> list[Panel]:
    """Draw shares of all layers against t, of levels and scales beside what is predicted, and widths by depth."""
    drawn = []
    for tree in trees:
        form, exact = tree.form, np.mean([each.exact_shares for each in tree.found], axis=0)
        who = "exact score" if form.denoiser is None else "denoiser"
        title = f"Symbols, {who}, v = {form.v}, L = {form.L}; lines: belief propagation"
        drawn.append(_beside(title, tree.levels, exact))
    layers = [*(tree.layers for tree in trees), *images.values()]
    for source in layers:
        curves: list[Curve] = []
        for row, name in enumerate(source.layers):
            curves.append(curve(name, "simulation", source.t, source.share[row], source.share_se[row], group=row))
            curves.append(curve("", "reference", source.t, source.share[row], group=row))  # to lead the eye
        drawn.append(Panel(f"Layers of a classifier, {source.name}", "$t$", "share kept", tuple(curves), log_x=True))
    for name, source in scales.items():
        alone, whole = (np.mean([each.scales.gaussian[law] for each in found[name]], axis=0) for law in LAWS)
        panel = _beside(f"Half waves, {name}; lines: Gaussian, dotted: band alone", source, whole)
        dotted = [curve("", "reference", source.t, share, group=row) for row, share in enumerate(alone)]
        drawn.append(replace(panel, curves=(*panel.curves, *dotted)))
    widths = []
    for group, source in enumerate((trees[0].levels, *layers)):
        rows = [(row, of.value, of.error or 0.0) for row, of in enumerate(source.width) if of.value is not None]
        if rows:
            depth, value, error = np.array(rows).T
            widths.append(curve(source.name, "simulation", depth, value, error, group=group))
    return [*drawn, Panel("Width by depth", "layer, from the input", "width in log sigma", tuple(widths))]


def _beside(title: str, source: SourceFound, predicted: NDArray[np.float64]) -> Panel:
    curves: list[Curve] = []
    for row, name in enumerate(source.layers):
        curves.append(curve(name, "theory", source.t, predicted[row], group=row))
        curves.append(curve("", "simulation", source.t, source.share[row], source.share_se[row], group=row))
    return Panel(title, "$t$", "share kept", tuple(curves), log_x=True)
