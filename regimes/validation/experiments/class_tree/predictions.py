"""What the training half says of when classes part: the tree and all pairs, and simpler orders beside them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.class_pairs.held_out_pairs import HeldOutClasses, held_out_classes
from regimes.prediction.speciation.classes import predict_classes
from regimes.validation.experiments.class_tree.transitions import ESTIMANDS, Groups, levels
from regimes.validation.measurement.falling import crossing_times

__all__ = ["FORMS", "Predicted", "predicted_times"]

Array = NDArray[np.float64]

FORMS = ("bound", "overlap", "log_odds", "means")
"""Times of pairs that ``regimes classes`` gives."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """Times by name, in the order of the groups: all pairs, then the merges of the tree.

    ``bound`` is that of ``regimes classes``, with its errors; ``overlap``, ``log_odds`` and ``means`` are its closed
    forms, of pairs alone; ``distance`` that of the means of two groups in plain noise; ``same`` rests on the held-out
    posteriors too, but is of the very quantity that is measured (by estimand), with the shares that classes have.
    """

    classes: tuple[str, ...]
    groups: tuple[Groups, ...]
    pairs: int
    times: dict[str, Array]
    errors: Array  # of the bound
    heights: Array  # of the merges
    same: dict[str, Array]
    children: tuple[tuple[int, int], ...]  # couples of merges: one inside a group of the other


def predicted_times(train: Dataset, t: Sequence[float], clones: int, seed: int) -> Predicted:
    """Predict from labelled points what ``regimes classes`` predicts, and more beside it."""
    tree = predict_classes(train, rng=seed)
    names = list(train.classes)
    entries, merges = tree.curves["pairs"], tree.curves["merges"]
    pairs: list[Groups] = [((names.index(a),), (names.index(b),)) for a, b in (each["classes"] for each in entries)]
    joined = [_groups(names, each["classes"]) for each in merges]
    groups = (*pairs, *joined)
    times = {name: _numbers([each[name]["time"] for each in entries]) for name in FORMS}
    times["bound"] = np.append(times["bound"], _numbers([each["time"] for each in merges]))
    errors = _numbers([each["bound"]["error"] for each in entries] + [each["error"] for each in merges])
    times["distance"] = np.array([_distance(train, each) for each in groups])
    held = held_out_classes(train.X, np.asarray(train.labels), np.array(t), rng=seed)
    curves = {"clones": _clones(held, clones), "turns": _turns(held)}
    same = {
        name: crossing_times(held.t, np.stack([curves[name](each) for each in groups]), levels()[name])
        for name in ESTIMANDS
    }
    heights = np.array([each["height"] for each in merges])
    return Predicted(train.classes, groups, len(pairs), times, errors, heights, same, _couples(joined))


def _groups(names: list[str], classes: Sequence[Sequence[str]]) -> Groups:
    one, other = (tuple(names.index(name) for name in each) for each in classes)
    return one, other


def _numbers(values: Sequence[float | None]) -> Array:
    """A pair that is never told apart has time 0."""
    return np.array([0.0 if each is None else each for each in values])


def _distance(train: Dataset, groups: Groups) -> float:
    labels = np.asarray(train.labels)
    one, other = (train.X[np.isin(labels, each)].mean(axis=0) for each in groups)
    return float(compile_formula("speciation_time_noise_matched", target="numpy")(np.sum((one - other) ** 2) / 4))


def _sides(held: HeldOutClasses, groups: Groups) -> tuple[Array, Array, list[NDArray[np.bool_]]]:
    one, other = (
        np.asarray(np.sum([held.groups[k].posterior for k in each], axis=0, dtype=np.float64)) for each in groups
    )
    return one, other, [np.isin(held.members, each) for each in groups]


def _clones(held: HeldOutClasses, clones: int) -> Callable[[Groups], Array]:
    """Normalised quadratic score: the bound, but with the shares and weights that starts have when measured."""

    def curve(groups: Groups) -> Array:
        one, other, inside = _sides(held, groups)
        either = one + other
        q = one / np.maximum(either, 1e-30)
        own = np.where(inside[0], q, 1 - q)
        score = np.asarray(compile_formula("class_quadratic_score", target="numpy")(own, q**2 + (1 - q) ** 2))
        left = np.maximum(1 - either, 0.0)
        two = 1 - left**clones - clones * either * left ** (clones - 1)  # of the clones end in either group
        two[..., ~(inside[0] | inside[1])] = 0.0
        phi = (two * score).sum(axis=(0, 2)) / np.maximum(two.sum(axis=(0, 2)), 1e-30)
        share = float(inside[0].sum() / (inside[0].sum() + inside[1].sum()))
        order_parameter = compile_formula("normalised_clone_probability", target="numpy")
        return np.asarray(order_parameter(phi, share**2 + (1 - share) ** 2))

    return curve


def _turns(held: HeldOutClasses) -> Callable[[Groups], Array]:
    """Where U-turns of the points of a group end: the mean of their held-out posterior."""

    def curve(groups: Groups) -> Array:
        one, other, inside = _sides(held, groups)
        kept = []
        for mine, theirs, rows in ((one, other, inside[0]), (other, one, inside[1])):
            stay, leave = (each[..., rows].mean(axis=(0, 2)) for each in (mine, theirs))
            kept.append(stay / (stay + leave))
        return np.asarray(kept[0] + kept[1] - 1)

    return curve


def _couples(merges: Sequence[Groups]) -> tuple[tuple[int, int], ...]:
    """Numbers of merges (inner, outer): all classes of the inner are one group of the outer."""
    whole = [frozenset((*one, *other)) for one, other in merges]
    return tuple(
        (inner, outer)
        for inner, outer in itertools.product(range(len(merges)), repeat=2)
        if whole[inner] in (frozenset(merges[outer][0]), frozenset(merges[outer][1]))
    )
