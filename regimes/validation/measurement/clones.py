"""Pairs of clones born from noised data points: where they end, and what that says of clone probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.validation.measurement.blocks import batch_memory, in_blocks
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.sampling.backward import noised
from regimes.validation.sampling.clones import clone_pairs
from regimes.validation.sampling.noise import Noise, NoiseStream
from regimes.validation.sampling.samplers import Sampler, Score

__all__ = ["Classify", "ClonePairs", "draw_points", "measure_clones"]

Integers = NDArray[np.int64]

Classify = Callable[[Tensor], Tensor]
"""Class number of each data point: (rows, ...) to integers (rows,)."""

_ORIGIN, _FORWARD, _BACKWARD = range(3)


@dataclass(frozen=True, eq=False)
class ClonePairs:
    """Ends of pairs of clones.

    Attributes
    ----------
    origin : ndarray of int64, shape (N,)
        Data point that was noised.
    nearest : ndarray of int64, shape (N,)
        Data point nearest to the state at which the clones are born.
    index : ndarray of int64, shape (2, N)
        Data point nearest to the end of each clone.
    classes : ndarray of int64, shape (2, N), or None
        Class of the end of each clone.
    """

    origin: Integers
    nearest: Integers
    index: Integers
    classes: Integers | None

    def same_index(self, copies: Integers) -> NDArray[np.float64]:
        """Probability of each pair to share its training point, where equal points are told apart by lot.

        Parameters
        ----------
        copies : ndarray of int64, shape (n,)
            How many points equal each, see :class:`regimes.validation.measurement.nearest.NearestPoint`.

        Returns
        -------
        ndarray, shape (N,)
            One over the number of copies where both ends are the same, else 0.
        """
        return np.asarray((self.index[0] == self.index[1]) / copies[self.index[0]])

    def same_class(self) -> NDArray[np.float64]:
        """Whether each pair shares its class.

        Returns
        -------
        ndarray, shape (N,)
            1 or 0.

        Raises
        ------
        ValueError
            If there are no classes.
        """
        if self.classes is None:
            raise ValueError("ClonePairs.same_class: the clones have no classes; measure them with classify")
        return np.asarray(self.classes[0] == self.classes[1], dtype=np.float64)


def draw_points(n: int, noise: NoiseStream, first: int, rows: int) -> Tensor:
    """Draw data points, each with the same probability.

    Parameters
    ----------
    n : int
        Number of data points.
    noise : NoiseStream
        Source of the numbers.
    first, rows : int
        Rows ``first`` to ``first + rows - 1``.

    Returns
    -------
    Tensor of int64, shape (rows,)
        Numbers of the points; the same for a row whatever the other rows asked for with it.
    """
    return (noise.uniform(0, first, rows, (), dtype=torch.float64) * n).long()


def measure_clones(
    score: Score,
    points: Tensor,
    times: ArrayLike,
    *,
    pairs: int,
    noise: NoiseStream,
    nearest: NearestPoint,
    steps_noise: Noise | None = None,
    classify: Classify | None = None,
    sampler: str | Sampler = "ancestral",
    block: int | None = None,
    memory: int = 2**28,
    store: Checkpoints | None = None,
    name: str = "clones",
    progress: Callable[[int], None] | None = None,
) -> ClonePairs:
    """Noise data points to the first time, let two backward paths begin at each, and see where they end.

    Parameters
    ----------
    score : callable
        Score of states at a time.
    points : Tensor, shape (n, ...)
        Data points, in the type and on the device of the simulation.
    times : array_like, shape (steps + 1,)
        Ornstein-Uhlenbeck times, strictly decreasing.
    pairs : int
        Number of pairs.
    noise : NoiseStream
        Source of all random numbers; of its own for every first time.
    nearest : NearestPoint
        Of the points.
    steps_noise : Noise, optional
        Source of the noise of the steps in place of one made of ``noise``: what couples runs with different steps.
    classify : callable, optional
        Class numbers of data points.
    sampler : str or Sampler
        Stochastic.
    block : int, optional
        Pairs at a time; as many as the memory holds by default.
    memory : int
        Bytes for states.
    store : Checkpoints, optional
        Keeps blocks of pairs that are finished, and the state of one that is not.
    name : str
        Of the pieces in the store.
    progress : callable, optional
        Called with the number of pairs that have been finished since the last call.

    Returns
    -------
    ClonePairs
        Where they end.

    Raises
    ------
    ValueError
        If the sampler is deterministic, or for the reasons of :func:`regimes.validation.sampling.backward`.
    """
    t = np.asarray(times, dtype=np.float64)
    keep = Checkpoints(None, {}) if store is None else store
    source, forward = noise.substream(_ORIGIN), noise.substream(_FORWARD)
    backward = noise.substream(_BACKWARD) if steps_noise is None else steps_noise

    def ends(first: int, rows: int, piece: str) -> dict[str, NDArray[Any]]:
        origin = draw_points(len(points), source, first, rows)
        x_t = noised(points[origin.to(points.device)], float(t[0]), noise=forward, first_row=first)
        clones = clone_pairs(
            score, x_t, t, sampler=sampler, noise=backward, first_row=first, memory=batch_memory(points, memory),
            checkpoint=keep.partial(piece),
        )  # fmt: skip
        found = {
            "origin": origin.numpy(),
            "nearest": _numbers(nearest(x_t, float(t[0]))),
            "index": np.stack([_numbers(nearest(clone, float(t[-1]))) for clone in clones]),
        }
        if classify is not None:
            found["classes"] = np.stack([_numbers(classify(clone)) for clone in clones])
        return found

    joined = in_blocks(ends, points, pairs, block=block, memory=memory, store=keep, name=name, progress=progress)
    return ClonePairs(joined["origin"], joined["nearest"], joined["index"], joined.get("classes"))


def _numbers(found: Tensor) -> Integers:
    return np.asarray(found.cpu().numpy(), dtype=np.int64)
