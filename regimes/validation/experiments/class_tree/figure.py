"""Panels: measured against predicted times, and the tree with the times at which its merges part in a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.class_tree.analysis import MODELS, SourceFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(sources: Sequence[SourceFound]) -> list[Panel]:
    """Two panels for each set of images."""
    return [panel for source in sources for panel in (_times(source), _tree(source))]


def _times(source: SourceFound) -> Panel:
    seeds = source.seeds
    pairs = seeds[0].predicted.pairs
    bound = np.stack([each.predicted.times["bound"] for each in seeds])
    ends = [float(bound[:, :pairs].mean(axis=0).min()), float(bound[:, :pairs].mean(axis=0).max())]
    drawn = [curve("measured = predicted", "reference", ends, ends, group=4)]
    of = source.orders["trained"]["clones"]
    error = of.errors.mean(axis=0) / np.sqrt(len(seeds))
    mean = (bound[:, :pairs].mean(axis=0), of.times[:, :pairs].mean(axis=0), error[:pairs])
    drawn.append(curve("pairs, trained", "simulation", *mean, group=0))
    exact = source.orders["exact"]["clones"].times[:, :pairs].mean(axis=0)
    drawn.append(curve("pairs, exact empirical score", "simulation", mean[0], exact, group=2))
    merges = (bound[:, pairs:].ravel(), of.times[:, pairs:].ravel(), of.errors[:, pairs:].ravel())
    drawn.append(curve("merges of each tree, trained", "simulation", *merges, group=1))
    return Panel(
        f"{source.name}: clones share their class", "predicted $t$, held-out bound", "measured $t$", tuple(drawn)
    )


def _tree(source: SourceFound) -> Panel:
    """The tree of the first training: lines as predicted, points as measured."""
    predicted = source.seeds[0].predicted
    merges = predicted.groups[predicted.pairs :]
    order = _leaves(merges)
    at = {frozenset({k}): (float(place), 0.0) for place, k in enumerate(order)}
    drawn: list[Curve] = []
    middles = []
    for (one, other), height in zip(merges, predicted.heights.tolist(), strict=True):
        (left, low), (right, high) = at[frozenset(one)], at[frozenset(other)]
        drawn.append(
            curve("" if drawn else "predicted", "theory", [left, left, right, right], [low, height, height, high])
        )
        middles.append((left + right) / 2)
        at[frozenset((*one, *other))] = (middles[-1], height)
    for group, model in enumerate(MODELS, 1):
        of = source.orders[model]["clones"]
        times, errors = of.times[0, predicted.pairs :], of.errors[0, predicted.pairs :]
        drawn.append(curve("", "simulation", middles, times, errors, group=group))  # a legend would hide some
    names = " ".join(predicted.classes[k] for k in order)
    title = f"{source.name}: tree (lines), trained (squares), exact score (diamonds)"
    return Panel(title, f"classes, left to right: {names}", "$t$", tuple(drawn))


def _leaves(merges: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[int]:
    """Classes in an order in which the lines of the tree do not cross."""
    ordered: dict[frozenset[int], list[int]] = {}
    whole: list[int] = []
    for one, other in merges:
        sides = [ordered.get(frozenset(each), list(each)) for each in (one, other)]
        whole = [k for side in sides for k in side]
        ordered[frozenset(whole)] = whole
    return whole
