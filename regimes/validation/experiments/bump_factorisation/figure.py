"""Panels of how layers write x and y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.bump_factorisation.embedding import Plane
from regimes.validation.experiments.bump_factorisation.form import FactorisationForm, grid_of
from regimes.validation.experiments.bump_factorisation.runs import MOMENTS, Reading
from regimes.validation.experiments.bump_factorisation.summary import ByTold
from regimes.validation.experiments.runner.curves import mesh
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]

_KERNELS = ("circles", "images", "values")  # of ideal codes; the others have one of these
_TILES = ("circles", "values", "shared", "images")
_COLUMNS = 4
_TORN = 4  # medians of the distance of neighbours
_LINE = 0.4  # shade of the lines between tiles


def panels(
    form: FactorisationForm,
    ideal: Mapping[str, Reading],
    runs: ByTold,
    tables: Mapping[str, Any],
    planes: Mapping[str, Plane],
) -> list[Panel]:
    """Draw cosines of displacements by layer, kernels of layers beside ideal ones, and all cosines of x and y."""
    drawn = [_parallel(form, tables)]
    steps = np.arange(form.side // 2 + 1)
    for told, layers in tables["layers"].items():
        lines = [
            curve(name, "reference", steps, [each["value"] for each in tables["ideal"][name]["kernel"]], group=group)
            for group, name in enumerate(_KERNELS)
        ]
        points = [
            each
            for group, (layer, moments) in enumerate(layers.items())
            for each in _points(layer, steps, moments["end"]["kernel"], group)
        ]
        title = f"One feature at two values, {told}, generated image"
        drawn.append(Panel(title, "distance of the values, in pixels", "cosine", (*lines, *points)))
    tiles = {f"Ideal codes: {', '.join(_TILES)}": [_cosines([ideal[name]], form.side) for name in _TILES]}
    for told, each in runs.items():
        title = f"{told}, generated image, layers in rows"
        tiles[title] = [_cosines([run.readings[layer]["end"] for run in each], form.side) for layer in form.layers]
    drawn += [Panel(title, "", "", (), image=_mosaic(each)) for title, each in tiles.items()]
    of_layers = {f"{layer}, {told}": each for told, of in runs.items() for layer, each in of[0].planes.items()}
    return [*drawn, *(_plane(form, title, each) for title, each in {**planes, **of_layers}.items())]


def _points(label: str, x: Any, values: Sequence[Mapping[str, Any]], group: int) -> list[Curve]:
    """What has a value, with its error."""
    shown = [
        (at, each["value"], each["se"] or 0.0) for at, each in zip(x, values, strict=True) if each["value"] is not None
    ]
    return [curve(label, "simulation", *zip(*shown, strict=True), group=group)] if shown else []


def _plane(form: FactorisationForm, title: str, plane: Plane) -> Panel:
    """Neighbours joined, unless they lie far apart: a torus is torn where it is laid out flat."""
    positions, points = grid_of(form).positions, plane.points
    square = points.reshape(form.side, form.side, 2)
    steps = [np.linalg.norm(np.diff(square, axis=axis), axis=2).ravel() for axis in (0, 1)]
    torn = _TORN * float(np.median(np.concatenate(steps)))
    lines = tuple(mesh(positions, points, 1.0, torn=torn))
    return Panel(f"UMAP of {title} (lines: equal x, equal y)", "", "", lines)


def _parallel(form: FactorisationForm, tables: Mapping[str, Any]) -> Panel:
    depth = np.arange(len(form.layers))
    curves: list[Curve] = []
    kinds = [(told, moment) for told in tables["layers"] for moment in MOMENTS]
    for group, (told, moment) in enumerate(kinds):
        found = [each[moment]["parallel"] for each in tables["layers"][told].values()]
        points = _points(f"{told}, {moment}", depth, found, group)
        curves += points + [curve("", "reference", each.x, each.y, group=group) for each in points]
    for group, name in enumerate(("circles", "torus", "images"), start=len(kinds)):
        level = np.full(depth.size, tables["ideal"][name]["parallel"]["value"])
        curves.append(curve(name, "reference", depth, level, group=group))
    title = "Displacements by one feature at two values of the other"
    return Panel(title, f"{form.layers[0]} (0) to {form.layers[-1]} ({depth[-1]})", "cosine", tuple(curves))


def _cosines(readings: Sequence[Reading], side: int) -> Array:
    """Sizes of the cosines of all x and all y, mean over trainings; blank where x or y is not there."""
    found = [each.measures.cosines for each in readings]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return np.zeros((2 * side, 2 * side))
    mean: Array = np.mean(known, axis=0)
    return np.abs(mean).clip(0, 1).round(2)


def _mosaic(tiles: Sequence[Array]) -> Array:
    """Tiles in rows, with lines between them."""
    side = len(tiles[0]) + 1
    shown = np.full((side * -(-len(tiles) // _COLUMNS), side * min(len(tiles), _COLUMNS)), _LINE)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, _COLUMNS)
        shown[row * side : (row + 1) * side - 1, column * side : (column + 1) * side - 1] = tile
    return shown[:-1, :-1]
