"""What the layers are held against: belief propagation, and a Gaussian law for the scales of images; their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.number import TIME, Number
from regimes.numerics.interface.result import plain
from regimes.validation.experiments.features.figure import panels
from regimes.validation.experiments.features.hierarchy import HierarchyFound, Tree
from regimes.validation.experiments.features.images import ImageFound
from regimes.validation.experiments.features.scales import LAWS
from regimes.validation.experiments.features.sentences import sentences
from regimes.validation.experiments.features.trainings import Combined, SourceFound, source_found
from regimes.validation.measurement.kept_symbols import kept_agreement
from regimes.validation.outcome.agreement import Agreement, chi_square
from regimes.validation.outcome.experiment import Judgement

__all__ = ["Found", "judged"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """What was found of hierarchies, under the exact score first, and of images."""

    trees: list[Tree]
    images: dict[str, list[ImageFound]]
    not_run: list[str]


def judged(found: Found) -> Judgement:
    """Judge by the U-turns under the exact score; all else is compared."""
    images = {name: source_found(name, [each.layers for each in of]) for name, of in found.images.items()}
    scales = {
        name: source_found(f"{name} scales", [each.scales.bands for each in of]) for name, of in found.images.items()
    }
    kept = _kept_nodes(found.trees[0])
    trees = [source for tree in found.trees for source in (tree.levels, tree.layers)]
    sources = [*trees, *images.values(), *scales.values()]
    agreement = [each for of_level in kept for each in of_level]
    for tree in found.trees:
        points = tree.form.points * tree.form.trainings
        agreement += _half_kept(tree.levels, [each.exact_times for each in tree.found], points)
    for name, of in found.images.items():
        for key, words in LAWS.items():
            times = [each.scales.times_of(key) for each in of]
            agreement += _half_kept(scales[name], times, of[0].points, f", {words}")
    return Judgement(
        agreement=agreement,
        tests=[chi_square(f"kept nodes, level {level}", of_level) for level, of_level in enumerate(kept)],
        sentences=sentences(found.trees, images, scales, found.images, found.not_run),
        panels=panels(found.trees, images, scales, found.images),
        numbers={key: number for source in sources for key, number in _numbers(source).items()},
        tables={tree.form.name: [_of_rules(each) for each in tree.found] for tree in found.trees}
        | {"images": {name: [_of_images(each) for each in of] for name, of in found.images.items()}}
        | {"not_run": found.not_run},
    )


def _kept_nodes(tree: Tree) -> list[list[Agreement]]:
    """Of each level and time: nodes that keep their symbol against their mean given the noised points."""
    form = tree.form
    kept, expected = (
        np.concatenate([getattr(each, name) for each in tree.found], axis=2) for name in ("kept", "expected")
    )
    return [
        [
            kept_agreement(f"kept nodes, level {level}", t, kept[k, level], expected[k, level], form.s**level)
            for k, t in enumerate(form.t)
        ]
        for level in range(form.L + 1)
    ]


def _half_kept(source: SourceFound, exact: Sequence[Array], points: int, by: str = "") -> list[Agreement]:
    """Times at which half of each layer is kept against what is predicted, a row for each training."""
    return [
        Agreement(f"half kept, {source.name}, {name}{by}", float(theory), float(theory), of.value, of.error, points)
        for name, of, theory in zip(source.layers, source.time, np.mean(exact, axis=0).tolist(), strict=True)
        if of.value is not None and of.error
    ]


def _numbers(source: SourceFound) -> dict[str, Number]:
    rows, where = {}, source.name.replace(" ", "_")
    words = {"time": "half kept", "width": "width in log sigma", "width_time": "width in t"}
    for key, label in words.items():
        for name, of in zip(source.layers, getattr(source, key), strict=True):
            place = name.replace(" ", "_")
            unit = TIME if key == "time" else None
            rows[f"measure.{key}.{where}.{place}"] = _number(f"{label}, {source.name}, {name}", of, unit)
    for key, label in (
        ("shift", "log of the last layer's time over the first's"),
        ("sharpening", "log of the first layer's width over the last's, in log sigma"),
        ("sharpening_time", "log of the first layer's width over the last's, in t"),
    ):
        rows[f"measure.{key}.{where}"] = _number(f"{label}, {source.name}", getattr(source, key), None)
    return rows


def _number(label: str, of: Combined, unit: str | None) -> Number:
    reason = "the share does not pass the level" if of.value is None else None
    return Number(label, of.value, of.error, covers="points and trainings", reason=reason, unit=unit)


def _of_images(found: ImageFound) -> dict[str, Any]:
    scales = _plain(found.scales.bands) | {f"gaussian_{key}": found.scales.times_of(key).tolist() for key in LAWS}
    known = {"accuracy": found.accuracy, "denoiser_loss": found.denoiser_loss, "points": found.points}
    return known | _plain(found.layers) | {"scales": scales}


def _of_rules(found: HierarchyFound) -> dict[str, Any]:
    return {"accuracy": found.accuracy, "layers": _plain(found.layers), "levels": _plain(found.levels)}


def _plain(found: Any) -> dict[str, Any]:
    numbers = {key: [each.value, each.error] for key, each in found.numbers.items()}
    return {"layers": list(found.problem.layers), "dead": list(found.problem.dead), "numbers": plain(numbers)}
