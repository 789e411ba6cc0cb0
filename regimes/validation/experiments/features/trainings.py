"""Estimates of several trainings put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.prediction.hierarchy.features.result import FeatureTransitions
from regimes.prediction.hierarchy.features.transition import level_times

__all__ = ["Combined", "SourceFound", "combined", "half_times", "source_found"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Combined:
    """Mean over trainings; its error is the larger of what the points and what the scatter between trainings give."""

    value: float | None
    error: float | None
    trainings: int  # that have a value

    @property
    def z(self) -> float | None:
        """In units of the error."""
        return None if self.value is None or not self.error else self.value / self.error


@dataclass(frozen=True, eq=False)
class SourceFound:
    """Layers of one kind of data over all trainings."""

    name: str
    layers: tuple[str, ...]
    t: Array
    share: Array  # (layers, T): mean over trainings
    share_se: Array
    time: tuple[Combined, ...]  # a layer
    width: tuple[Combined, ...]  # in log sigma
    width_time: tuple[Combined, ...]
    shift: Combined
    sharpening: Combined
    sharpening_time: Combined


def combined(values: Sequence[float | None], errors: Sequence[float | None]) -> Combined:
    """Mean of what was found; no error where one training has none.

    >>> combined([1.0, 3.0], [0.1, 0.1])
    Combined(value=2.0, error=1.0, trainings=2)
    """
    known = [(value, error) for value, error in zip(values, errors, strict=True) if value is not None]
    if not known:
        return Combined(None, None, 0)
    count, mean = len(known), float(np.mean([value for value, _ in known]))
    inside = [error for _, error in known if error is not None]
    if len(inside) < count:
        return Combined(mean, None, count)
    error = math.sqrt(sum(each**2 for each in inside)) / count
    if count > 1:
        error = max(error, float(np.std([value for value, _ in known], ddof=1)) / math.sqrt(count))
    return Combined(mean, error, count)


def half_times(t: Array, shares: Array) -> Array:
    """Times at which predicted shares are one half, a row of ``shares`` each."""
    places = np.array([level_times(t, share)[1] for share in shares])
    return np.asarray(compile_formula("time_from_edm_sigma", target="numpy")(np.exp(places)))


def source_found(name: str, found: Sequence[FeatureTransitions]) -> SourceFound:
    """Put the trainings of one kind of data together."""
    layers = found[0].problem.layers

    def of(key: str) -> Combined:
        numbers = [each.numbers[f"features.{key}"] for each in found]
        return combined([each.value for each in numbers], [each.error for each in numbers])

    def of_layers(key: str) -> tuple[Combined, ...]:
        return tuple(of(f"{key}.{number}") for number in range(1, len(layers) + 1))

    shares = np.stack([each.curves["share"] for each in found])
    error = np.sqrt(np.sum(np.stack([each.curves["share_se"] for each in found]) ** 2, axis=0)) / len(found)
    if len(found) > 1:
        error = np.maximum(error, shares.std(axis=0, ddof=1) / math.sqrt(len(found)))
    return SourceFound(
        name,
        layers,
        found[0].curves["t"],
        shares.mean(axis=0),
        error,
        of_layers("time"),
        of_layers("width"),
        of_layers("width_time"),
        of("shift"),
        of("sharpening"),
        of("sharpening_time"),
    )
