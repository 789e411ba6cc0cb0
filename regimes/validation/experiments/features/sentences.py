"""What the layers did, in words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from regimes.prediction.hierarchy.features.result import FeatureTransitions
from regimes.validation.experiments.features.hierarchy import Tree
from regimes.validation.experiments.features.images import ImageFound
from regimes.validation.experiments.features.scales import LAWS
from regimes.validation.experiments.features.trainings import Combined, SourceFound

__all__ = ["sentences"]

_SURE = 1.96


def sentences(
    trees: Sequence[Tree],
    images: Mapping[str, SourceFound],
    scales: Mapping[str, SourceFound],
    of_images: Mapping[str, Sequence[ImageFound]],
    not_run: Sequence[str],
) -> list[str]:
    """Say what was found."""
    words = [_of_tree(tree) for tree in trees]
    words += [_sharp(f"Symbols, {tree.form.name}, leaves against root", tree.levels) for tree in trees]
    for of in (*(tree.layers for tree in trees), *images.values()):
        words.append(_sharp(f"Layers, {of.name}, {of.layers[0]} against {of.layers[-1]}", of))
    for name, each in of_images.items():
        source = images[name]
        placed = ", ".join(f"{layer} {_value(of)}" for layer, of in zip(source.layers, source.time, strict=True))
        accuracy = np.mean([one.accuracy for one in each])
        words.append(
            f"{name}: half is kept at t = {placed}; {len(each)} trainings, {each[0].points} images turned, accuracy of "
            f"the classifier on images held out {accuracy:.3f}."
        )
        words.append(_of_scales(name, scales[name], each))
    if not_run:
        words.append(f"Not run, since the package that brings them is not installed: {', '.join(not_run)}.")
    return words


def _of_tree(tree: Tree) -> str:
    layers, levels, rules = tree.layers, tree.levels, len(tree.found)
    who = ("the exact score" if tree.form.denoiser is None else "a trained denoiser") + f", v = {tree.form.v}"
    of_layers, of_levels = (
        sum(_ordered(getattr(each, kind), tree.form.L) for each in tree.found) for kind in ("layers", "levels")
    )
    accuracy = np.mean([each.accuracy for each in tree.found])
    return (
        f"Hierarchy under {who}: from the layer next to the leaves to the last, the layers of the classifier change at "
        f"ever smaller noise, as levels do, in {of_layers} of {rules} sets of rules, the symbols of levels in "
        f"{of_levels}; half is kept at t = {_listed(layers.time[1:-2])} ({', '.join(layers.layers[1:-2])}), where "
        f"the symbols of their levels are at {_listed(levels.time[1:])} and belief propagation puts them at "
        f"{_exact(tree)}; the classifier finds the class of {accuracy:.3f} of fresh data."
    )


def _ordered(found: FeatureTransitions, depth: int) -> bool:
    """Whether layers or symbols above the leaves change in the order of their levels, the last first."""
    times = [found.numbers[f"features.time.{number}"].value for number in range(2, depth + 2)]
    return all(one is not None and other is not None and other < one for one, other in itertools.pairwise(times))


def _of_scales(name: str, source: SourceFound, found: Sequence[ImageFound]) -> str:
    laws = {law: np.mean([each.scales.times_of(law) for each in found], axis=0) for law in LAWS}
    coarse_first = sum(each.scales.coarse_first for each in found)
    ordered = {law: sum(each.scales.ordered_as(law) for each in found) for law in LAWS}
    placed = ", ".join(
        f"{band} {_value(of)} for {alone:.3f} and {whole:.3f}"
        for band, of, alone, whole in zip(source.layers, source.time, laws["alone"], laws["whole"], strict=True)
    )
    return (
        f"{name}, bands by half waves across the image: half is kept at t = {placed} of a Gaussian with the covariance "
        f"of the band alone and of the whole image; coarser bands hold longer in {coarse_first} of {len(found)} "
        f"trainings, all bands fade in the order of these Gaussians in {ordered['alone']} and {ordered['whole']}."
    )


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


def _exact(tree: Tree) -> str:
    places = np.mean([each.exact_times for each in tree.found], axis=0)[1:]
    return ", ".join(f"{t:.3f}" for t in places)


def _listed(found: Sequence[Combined]) -> str:
    return ", ".join(map(_value, found))


def _value(found: Combined) -> str:
    if found.value is None:
        return "none"
    return f"{found.value:.3f}" + ("" if found.error is None else f" ({found.error:.3f})")
