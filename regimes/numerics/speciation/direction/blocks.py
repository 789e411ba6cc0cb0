"""Directions that stand out, in blocks of eigenvalues that their scatter does not tell apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.direction.correction import Bulk, chi_squared_quantile, true_kurtosis
from regimes.numerics.speciation.direction.kurtosis import excess_kurtosis

__all__ = ["ONE_SIDED", "Block", "blocks_of_directions", "top_upper_limit"]

Array = NDArray[np.float64]

ONE_SIDED = 0.025
_BLOCK_ONE_SIDED = 0.04
_EQUAL = 0.1
_PERHAPS_EQUAL = 0.01
_KURTOSIS_OF_TEST = 2.0
_LEAST_SCATTER = 1e-3


@dataclass(frozen=True)
class Block:
    """Directions whose eigenvalues are not told apart.

    Attributes
    ----------
    first, count : int
        Number of the first (0 is the top) and how many.
    sample : tuple of float
        Eigenvalues of the sample.
    Lambda : float
        Corrected eigenvalue, averaged over the block.
    interval : tuple of float
        95%: for the first block of the population's top eigenvalue, otherwise of the block's mean.
    kurtosis : float
        Excess kurtosis of the projections on the first direction.
    share : float
        Of the total variance, after correction.
    """

    first: int
    count: int
    sample: tuple[float, ...]
    Lambda: float
    interval: tuple[float, float]
    kurtosis: float
    share: float

    def scaled(self, unit: float) -> Block:
        """The same with eigenvalues in another unit."""
        low, high = self.interval
        return replace(
            self,
            sample=tuple(unit * value for value in self.sample),
            Lambda=unit * self.Lambda,
            interval=(unit * low, unit * high),
        )


def top_upper_limit(eigenvalues: Array, projections: Array, n: int, *, found: bool) -> float:
    """97.5% upper limit on the population's top eigenvalue, whether or not a direction stands out; may be inf.

    All other eigenvalues of the sample count as bulk: that makes the limit too high, never too low, where some of them
    belong to the same block. Where nothing stands out the projections are those of noise, and say nothing of tails
    lighter than normal.
    """
    bulk, top = Bulk(eigenvalues[1:], n), float(eigenvalues[0])
    kurtosis = true_kurtosis(excess_kurtosis(projections), bulk.slope(top))
    return bulk.upper_limit(top, kurtosis if found else max(kurtosis, 0.0), ONE_SIDED)


def blocks_of_directions(eigenvalues: Array, projections: Array, n: int, count: int, upper: float) -> list[Block]:
    """Blocks of the first ``count`` directions; ``upper`` is the limit on the top eigenvalue."""
    kurtoses = [excess_kurtosis(projections[:, k]) for k in range(count)]
    total = float(eigenvalues.sum())
    blocks: list[Block] = []
    first = 0
    while first < count:
        size = _block_size(eigenvalues[first:count], kurtoses[first:], n, _EQUAL)
        members = slice(first, first + size)
        sample = eigenvalues[members]
        corrected, (low, high) = _mean_of_block(eigenvalues, projections, n, members, kurtoses[first])
        if first == 0:
            low = _top_lower_limit(eigenvalues[:count], Bulk(eigenvalues[1:], n), kurtoses, size, low, projections)
            if size > 1:
                # Members of a block mix: what their tails lack is not theirs.
                upper = max(upper, top_upper_limit(eigenvalues, projections[:, 0], n, found=False))
            high = max(upper, corrected)
        share = size * corrected / total
        interval = (min(low, corrected), high)
        blocks.append(Block(first, size, tuple(map(float, sample)), corrected, interval, kurtoses[first], share))
        first += size
    return blocks


def _block_size(eigenvalues: Array, kurtoses: list[float], n: int, level: float) -> int:
    """How many eigenvalues from the first on may be equal: as long as the test does not refuse it at this level."""
    from scipy.special import gammaincc

    test = compile_formula("eigenvalue_equality", target="numpy")
    size = 1
    for k in range(2, min(len(eigenvalues), n - 1) + 1):
        some = eigenvalues[:k]
        kurtosis = min(max(float(np.mean(kurtoses[:k])), -1.0), _KURTOSIS_OF_TEST)
        statistic = float(test(n, k, np.log(some.mean()) - np.log(some).mean(), kurtosis))
        if gammaincc((k - 1) * (k + 2) / 4, statistic / 2) < level:
            break
        size = k
    return size


def _top_lower_limit(
    eigenvalues: Array, alone: Bulk, kurtoses: list[float], size: int, low: float, projections: Array
) -> float:
    """Lower limit on the population's top eigenvalue: of the top one alone, or of the mean of all that may equal it.

    The wider block, which a test at 1% does not refuse, can lower it: an eigenvalue drawn away from its equals by
    chance is no larger one.
    """
    if size == 1:
        top = float(eigenvalues[0])
        nearest = alone.lower_limit(top, true_kurtosis(kurtoses[0], alone.slope(top)), ONE_SIDED)
        low = low if nearest is None else nearest
    wider = _block_size(eigenvalues, kurtoses, alone.n, _PERHAPS_EQUAL)
    if wider > size:
        every = np.concatenate([eigenvalues[:1], alone.rest])
        low = min(low, _mean_of_block(every, projections, alone.n, slice(0, wider), kurtoses[0])[1][0])
    return low


def _mean_of_block(
    eigenvalues: Array, projections: Array, n: int, members: slice, kurtosis: float
) -> tuple[float, tuple[float, float]]:
    """Mean corrected eigenvalue of a block, with limits from the scatter over points of its summed squares.

    The lower one of a top block of several has 96%: its upper limit covers nearly always, and the block may be too
    small by chance.
    """
    sample = eigenvalues[members]
    bulk = Bulk(np.delete(eigenvalues, members), n)
    corrected = float(np.mean([bulk.corrected(float(value)) for value in sample]))
    slope = float(np.mean([bulk.slope(float(value)) for value in sample]))
    if len(sample) == 1:
        scatter = true_kurtosis(kurtosis, slope) + 2 * slope
    else:
        squares = np.sum(projections[:, members] ** 2, axis=1)
        scatter = float(np.var(squares) / squares.mean() ** 2) * slope
    freedom = 2 * n / max(scatter, _LEAST_SCATTER)
    below = _BLOCK_ONE_SIDED if members.start == 0 and len(sample) > 1 else ONE_SIDED
    low = corrected / chi_squared_quantile(1 - below, freedom)
    return corrected, (low, corrected / chi_squared_quantile(ONE_SIDED, freedom))
