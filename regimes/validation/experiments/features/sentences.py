"""What the layers did, in words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from regimes.validation.experiments.features.hierarchy import HierarchyFound
from regimes.validation.experiments.features.images import ImageFound
from regimes.validation.experiments.features.trainings import Combined, SourceFound

__all__ = ["sentences"]

_SURE = 1.96


def sentences(
    layers: SourceFound,
    levels: SourceFound,
    sources: Sequence[SourceFound],
    of_rules: Sequence[HierarchyFound],
    of_images: Mapping[str, Sequence[ImageFound]],
    not_run: Sequence[str],
) -> list[str]:
    """Say what was found."""
    ordered = sum(_ordered(each) for each in of_rules)
    above = ", ".join(layers.layers[1:-2])
    words = [
        f"Hierarchy: from the layer next to the leaves to the last, the layers of the classifier change at ever "
        f"smaller noise, as their levels do, in {ordered} of {len(of_rules)} sets of rules; half is kept at t = "
        f"{_listed(layers.time[1:-2])} ({above}), where the symbols of their levels are at {_listed(levels.time[1:])} "
        f"and belief propagation puts them at {_exact(of_rules)}.",
        _sharp("Symbols of the hierarchy, leaves against root", levels),
        *(_sharp(f"Layers, {each.name}, {each.layers[0]} against {each.layers[-1]}", each) for each in sources),
    ]
    for name, each in of_images.items():
        source = next(of for of in sources if of.name == name)
        placed = ", ".join(f"{layer} {_value(of)}" for layer, of in zip(source.layers, source.time, strict=True))
        accuracy = np.mean([one.accuracy for one in each])
        words.append(
            f"{name}: half is kept at t = {placed}; {len(each)} trainings, {each[0].points} images turned, accuracy of "
            f"the classifier on images held out {accuracy:.3f}."
        )
    if not_run:
        words.append(f"Not run, since the package that brings them is not installed: {', '.join(not_run)}.")
    return words


def _ordered(found: HierarchyFound) -> bool:
    """Whether the layers above the leaves change in the order of their levels, the last first."""
    depth = len(found.exact_shares) - 1
    times = [found.layers.numbers[f"features.time.{number}"].value for number in range(2, depth + 2)]
    return all(one is not None and other is not None and other < one for one, other in itertools.pairwise(times))


def _sharp(what: str, source: SourceFound) -> str:
    ratios = f"{_ratio(source.sharpening)} in log sigma, {_ratio(source.sharpening_time)} in t"
    return f"{what}: {ratios}; {_slopes(source)}."


def _ratio(found: Combined) -> str:
    if found.value is None or found.z is None:
        return "no width of both"
    verdict = "sharper" if found.z > _SURE else "less sharp" if found.z < -_SURE else "neither sharper nor less sharp"
    ratio = math.exp(found.value)
    return f"the last is {verdict}, its width {1 / ratio:.2f} of that of the first (z = {found.z:+.1f})"


def _slopes(source: SourceFound) -> str:
    """Mean slope of the share between the quarters, of the first layer and of the last."""
    ends = [source.width[0], source.width[-1]]
    if any(each.value is None or each.error is None for each in ends):
        return "no slopes of both"
    said = [f"{0.5 / each.value:.2f} ({0.5 * each.error / each.value**2:.2f})" for each in ends]  # type: ignore[operator]
    return f"mean slopes in log sigma {said[0]} and {said[1]}"


def _exact(found: Sequence[HierarchyFound]) -> str:
    places = np.mean([each.exact_times for each in found], axis=0)[1:]
    return ", ".join(f"{t:.3f}" for t in places)


def _listed(found: Sequence[Combined]) -> str:
    return ", ".join(map(_value, found))


def _value(found: Combined) -> str:
    if found.value is None:
        return "none"
    return f"{found.value:.3f}" + ("" if found.error is None else f" ({found.error:.3f})")
