"""Pairs of clones born from noised data points: where they end, and what that says of clone probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.validation.measurement.blocks import Blocks
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.sampling.backward import noised
from regimes.validation.sampling.clones import clone_pairs
from regimes.validation.sampling.noise import Noise, NoiseStream
from regimes.validation.sampling.samplers import Sampler, Score

__all__ = ["Classify", "ClonePairs", "SimulatedModel", "draw_points", "measure_clones"]

Integers = NDArray[np.int64]

Classify = Callable[[Tensor], Tensor]
"""Class number of each data point: (rows, ...) to integers (rows,)."""

_ORIGIN, _FORWARD, _BACKWARD = range(3)


@dataclass(frozen=True, eq=False)
class ClonePairs:
    """Ends of pairs of clones."""

    origin: Integers  # (N,): data point that was noised
    nearest: Integers  # (N,): data point nearest to the state at which the clones are born
    index: Integers  # (2, N): data point nearest to the end of each clone
    classes: Integers | None  # (2, N): class of the end of each clone

    def same_index(self, copies: Integers) -> NDArray[np.float64]:
        """Probability of each pair to share its training point, where equal points are told apart by lot."""
        return np.asarray((self.index[0] == self.index[1]) / copies[self.index[0]])

    def same_class(self) -> NDArray[np.float64]:
        """Whether each pair shares its class."""
        if self.classes is None:
            raise ValueError("ClonePairs.same_class: the clones have no classes; measure them with classify")
        return np.asarray(self.classes[0] == self.classes[1], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class SimulatedModel:
    """What is simulated: a score, the data points in the type and on the device of the simulation, and how it ends."""

    score: Score
    points: Tensor
    nearest: NearestPoint
    sampler: str | Sampler = "ancestral"
    classify: Classify | None = None


def draw_points(n: int, noise: NoiseStream, first: int, rows: int) -> Tensor:
    """Draw data points with equal probability; a row gets the same whatever the other rows asked for with it."""
    return (noise.uniform(0, first, rows, (), dtype=torch.float64) * n).long()


def measure_clones(
    model: SimulatedModel,
    times: ArrayLike,
    *,
    pairs: int,
    noise: NoiseStream,
    steps_noise: Noise | None = None,
    blocks: Blocks | None = None,
    name: str = "clones",
) -> ClonePairs:
    """Noise data points to the first time, let two backward paths begin at each, and see where they end.

    ``noise`` must be of its own for every first time. ``steps_noise`` replaces that of the steps: it couples runs with
    different steps.
    """
    t, points, kept = np.asarray(times, dtype=np.float64), model.points, blocks or Blocks()
    source, forward = noise.substream(_ORIGIN), noise.substream(_FORWARD)
    backward = noise.substream(_BACKWARD) if steps_noise is None else steps_noise

    def ends(first: int, rows: int, piece: str) -> dict[str, NDArray[Any]]:
        origin = draw_points(len(points), source, first, rows)
        x_t = noised(points[origin.to(points.device)], float(t[0]), noise=forward, first_row=first)
        clones = clone_pairs(
            model.score,
            x_t,
            t,
            sampler=model.sampler,
            noise=backward,
            first_row=first,
            memory=kept.batch_memory(points),
            checkpoint=kept.store.partial(piece),
        )
        found = {
            "origin": origin.numpy(),
            "nearest": _numbers(model.nearest(x_t, float(t[0]))),
            "index": np.stack([_numbers(model.nearest(clone, float(t[-1]))) for clone in clones]),
        }
        if model.classify is not None:
            classify = model.classify
            found["classes"] = np.stack([_numbers(classify(clone)) for clone in clones])
        return found

    joined = kept.run(ends, points, pairs, name)
    return ClonePairs(joined["origin"], joined["nearest"], joined["index"], joined.get("classes"))


def _numbers(found: Tensor) -> Integers:
    return np.asarray(found.cpu().numpy(), dtype=np.int64)
