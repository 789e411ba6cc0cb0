"""Pairs of clones born from noised data points: where they end, and what that says of clone probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.validation.checkpoints import Checkpoints
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.sampling.backward import noised
from regimes.validation.sampling.clones import clone_pairs
from regimes.validation.sampling.noise import Noise, NoiseStream
from regimes.validation.sampling.samplers import Sampler, Score

__all__ = ["Classify", "ClonePairs", "batch_memory", "draw_points", "measure_clones", "rows_in_memory"]

Integers = NDArray[np.int64]

Classify = Callable[[Tensor], Tensor]
"""Class number of each data point: (rows, ...) to integers (rows,)."""

_ORIGIN, _FORWARD, _BACKWARD = range(3)
_ARRAYS = 6  # of two clones: births, ends, and what is made on the way from one to the other
_MOST_ROWS = 4096
_CACHED = 2**25


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


def rows_in_memory(x: Tensor, memory: int, *, arrays: int = _ARRAYS) -> int:
    """Rows of which some arrays fit into the memory.

    Parameters
    ----------
    x : Tensor, shape (n, ...)
        Gives the size of a row.
    memory : int
        Bytes.
    arrays : int
        How many arrays.

    Returns
    -------
    int
        At least 1 and at most 4096, so that a piece is soon finished.
    """
    return max(1, min(_MOST_ROWS, memory // (arrays * x[0].numel() * x.element_size())))


def batch_memory(x: Tensor, memory: int) -> int:
    """Bytes for the batch of a backward run: on the CPU no more than its caches serve well.

    Parameters
    ----------
    x : Tensor
        States.
    memory : int
        Bytes for all of it.

    Returns
    -------
    int
        Bytes.
    """
    return max(1, min(memory // _ARRAYS, _CACHED) if x.device.type == "cpu" else memory // _ARRAYS)


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
    size = rows_in_memory(points, memory) if block is None else block
    source, forward = noise.substream(_ORIGIN), noise.substream(_FORWARD)
    backward = noise.substream(_BACKWARD) if steps_noise is None else steps_noise

    def ends(first: int, rows: int, piece: str) -> dict[str, Integers]:
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

    blocks = []
    for first in range(0, pairs, size):
        rows, piece = min(size, pairs - first), f"{name}-{first}"
        blocks.append(keep.piece(piece, lambda first=first, rows=rows, piece=piece: ends(first, rows, piece)))  # type: ignore[misc]
        if progress is not None:
            progress(rows)
    joined = {key: np.concatenate([block[key] for block in blocks], axis=-1) for key in blocks[0]}
    return ClonePairs(joined["origin"], joined["nearest"], joined["index"], joined.get("classes"))


def _numbers(found: Tensor) -> Integers:
    return np.asarray(found.cpu().numpy(), dtype=np.int64)
