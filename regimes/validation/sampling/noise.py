"""Noise of simulations: every number is a function of the seed, the stream, the step, the row and the column alone."""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import whole_number
from regimes.validation.sampling.philox import NORMAL, TILE, UNIFORM, fill
from regimes.validation.sampling.philox_tensors import tiles

__all__ = ["Noise", "NoiseStream", "as_noise"]

_WORD = 2**32
_LAST_TILE = 2**57  # numbers of a step are counted in 63 bits
_WORTH_A_THREAD = 2**18  # numbers; a third of a millisecond


class Noise(Protocol):
    """Where a sampler takes its normal numbers from: a :class:`NoiseStream`, or what is made of one."""

    def normal(
        self,
        step: int,
        first: int,
        rows: int,
        shape: tuple[int, ...],
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Standard normal numbers, independent between steps, rows and columns."""
        ...

    def substream(self, *keys: int) -> Noise:
        """Make an independent source."""
        ...


@dataclass(frozen=True)
class NoiseStream:
    """Random numbers without a state.

    Attributes
    ----------
    seed : int
        Seed; non-negative.
    stream : int
        Number of the stream, so that two uses of a seed share no numbers; non-negative.
    keys : tuple of int
        Names of substreams, outermost first; made by :meth:`substream`.

    Raises
    ------
    ValueError
        If one of them is no whole number or negative.

    Notes
    -----
    Philox4x32-10 (salmon2011) keyed by 64 bits of a digest of (seed, stream, keys), counting (place within a step,
    step, kind); normal numbers by the Box-Muller map in float32, at most 6.8 in size. In float64 they are the same
    numbers. The place is ``row * size of a row + column``. CPU: the same bytes on every machine, whatever the number of
    threads. Other devices: the same numbers up to rounding.

    Examples
    --------
    >>> noise = NoiseStream(seed=0)
    >>> whole = noise.normal(7, 0, 1000, (3,))
    >>> bool((noise.normal(7, 400, 10, (3,)) == whole[400:410]).all())
    True
    """

    seed: int
    stream: int = 0
    keys: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        # Plain integers, whose text is the same for all of their types: the key is made of it.
        seed = whole_number("NoiseStream", "seed", "seed", self.seed, at_least=0)
        stream = whole_number("NoiseStream", "stream", "number of the stream", self.stream, at_least=0)
        keys = tuple(whole_number("NoiseStream", "key", "name of a substream", key, at_least=0) for key in self.keys)
        for name, value in (("seed", seed), ("stream", stream), ("keys", keys)):
            object.__setattr__(self, name, value)

    def substream(self, *keys: int) -> NoiseStream:
        """Make an independent stream; ``noise.substream(1, 2)`` is ``noise.substream(1).substream(2)``."""
        if not keys:
            raise ValueError("substream: give at least one key, got none; a stream is no substream of itself")
        return NoiseStream(self.seed, self.stream, (*self.keys, *keys))

    def normal(
        self,
        step: int,
        first: int,
        rows: int,
        shape: tuple[int, ...],
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Standard normal numbers of rows ``first`` to ``first + rows - 1`` of a step from 0 to 2^32 - 1.

        Returns
        -------
        Tensor, shape (rows, *shape)
            The same numbers for a row whatever the other rows asked for with it; on the CPU and float32 by default.
        """
        return self._numbers(NORMAL, step, first, rows, shape, device, dtype)

    def uniform(
        self,
        step: int,
        first: int,
        rows: int,
        shape: tuple[int, ...],
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Uniform numbers in [0, 1), whole multiples of 2^-24, independent of the normal ones of the same step."""
        return self._numbers(UNIFORM, step, first, rows, shape, device, dtype)

    def _numbers(
        self, kind: int, step: int, first: int, rows: int, shape: tuple[int, ...], device: Any, dtype: torch.dtype
    ) -> Tensor:
        width = math.prod(shape)
        start, stop = first * width, (first + rows) * width
        tile, last = start // TILE, -(-stop // TILE)
        if not (0 <= step < _WORD and first >= 0 and rows >= 0 and width >= 0 and last <= _LAST_TILE):
            raise ValueError(
                f"NoiseStream: step must lie in 0 to 2^32 - 1, and rows in 0 to 2^63/size of a row, got step {step}, "
                f"rows {first} to {first + rows - 1} of shape {tuple(shape)}"
            )
        where = torch.device("cpu" if device is None else device)
        if where.type == "cpu":
            numbers = torch.empty(TILE * (last - tile))
            self._fill(numbers, kind, tile, step)
        else:
            numbers = tiles(kind, tile, last - tile, step, self._key(), where)
        return numbers[start - TILE * tile : stop - TILE * tile].view(rows, *shape).to(dtype)

    def _fill(self, numbers: Tensor, kind: int, tile: int, step: int) -> None:
        key, array = self._key(), numbers.numpy()
        threads = min(torch.get_num_threads(), -(-array.size // _WORTH_A_THREAD))
        if threads <= 1:
            fill(array, kind, tile, step, key)
            return
        share = -(-array.size // (TILE * threads))
        pieces = [
            (array[TILE * begin : TILE * (begin + share)], tile + begin) for begin in range(0, share * threads, share)
        ]
        list(in_threads(lambda piece: fill(piece[0], kind, piece[1], step, key), pieces, threads))

    def _key(self) -> tuple[int, int]:
        text = f"{self.seed},{self.stream},{self.keys}"
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def as_noise(function: str, noise: Noise | int, stream: Stream, start: float | None = None) -> Noise:
    """Take a source as it is, and a seed for the numbers of one use of it."""
    given: Any = noise
    if hasattr(given, "normal") and hasattr(given, "substream"):
        source: Noise = given
        return source
    if not hasattr(given, "__index__"):
        raise ValueError(
            f"{function}: noise must be a whole number, as a seed, or a NoiseStream, got {given!r}; a generator will "
            "not do, since its numbers depend on what was drawn before"
        )
    seeded = NoiseStream(given, stream)
    return seeded if start is None else seeded.substream(*struct.unpack("<Q", struct.pack("<d", start)))
