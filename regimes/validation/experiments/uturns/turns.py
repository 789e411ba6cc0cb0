"""U-turns of images under one score: the classes in which they end, and what is left of each band of frequency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.decisions.retained_scales import BandPower, cycles
from regimes.validation.experiments.runner.denoisers import T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.measurement.features import turned
from regimes.validation.sampling import NoiseStream
from regimes.validation.sampling.samplers import Score

__all__ = ["SAMPLERS", "Turned", "Turns", "band_correlations", "corrected_survival", "turned_by", "turns_of"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

SAMPLERS = ("stochastic", "deterministic")

_WORST_CONDITION = 1e3


@dataclass(frozen=True, eq=False)
class Turned:
    """Images of known class, a score under which they come back, and what tells the class of the ends."""

    score: Score
    x: Tensor  # centred
    labels: Integers
    classify: Callable[[Tensor], Integers]
    confusion: Integers | None  # (K, K): points of known class (row) by the class found; None where ends are known
    bands: Sequence[BandPower]


@dataclass(frozen=True, eq=False)
class Turns:
    """What is left of images, by time: the share that keeps its class, and the correlation in each band (T, B)."""

    t: Array
    survival: Array
    bands: Array
    count: int  # U-turns at each time


def turned_by(sampler: str, score: Score, x: Tensor, t: float, calls: int, end: float, noise: NoiseStream) -> Tensor:
    """Ends of U-turns with so many calls of the score: the flow takes two a step."""
    if sampler == "stochastic":
        return turned(score, x, t, steps=calls, end=end, noise=noise)
    return turned(score, x, t, steps=calls // 2, end=end, noise=noise, sampler="flow")


def turns_of(images: Turned, times: Sequence[float], sampler: str, calls: int, bench: Bench, name: str) -> Turns:
    """Turn images at every time; each time is a piece of the store."""
    survival, shares = [], []
    for place, t in enumerate(times):

        def compute(place: int = place, t: float = t) -> dict[str, Array | Integers]:
            end = turned_by(sampler, images.score, images.x, t, calls, T_RANGE[0], bench.noise.substream(place))
            correlations = band_correlations(_squares(images.x), _squares(end), images.bands)
            return {"classes": images.classify(end), "bands": correlations}

        piece = bench.store.piece(f"{name},{place}", compute)
        survival.append(corrected_survival(images.labels, piece["classes"], images.confusion))
        shares.append(piece["bands"])
        bench.report(name, place + 1, len(times))
    return Turns(np.array(times), np.array(survival), np.stack(shares), len(images.labels))


def corrected_survival(starts: Integers, ends: Integers, confusion: Integers | None) -> float:
    """Share that ends in the class of the start, with the errors of the classifier of the ends taken out.

    With C the probability that a point of one class is found in another, and R that a start of one class is found in
    another at its end, ends have the law ``R C^{-1}``.
    """
    if confusion is None:
        return float((starts == ends).mean())
    found = np.zeros(confusion.shape)
    np.add.at(found, (starts, ends), 1 / len(starts))
    errors = confusion / confusion.sum(axis=1, keepdims=True)
    if np.linalg.cond(errors) > _WORST_CONDITION:
        raise ValueError(
            f"uturns: the classifier must tell the classes apart, got the right one for {np.trace(confusion)} of "
            f"{confusion.sum()} images; train it longer"
        )
    return float(np.trace(found @ np.linalg.inv(errors)))


def band_correlations(starts: Array, ends: Array, bands: Sequence[BandPower]) -> Array:
    """Correlation of centred images (n, side, side) with their ends in each band, modes weighed by their power."""
    one, other = (np.fft.fft2(each, norm="ortho") for each in (starts, ends))
    frequency = cycles(*starts.shape[1:])
    found = []
    for band in bands:
        inside = (frequency >= band.low) & (frequency < band.high)
        a, b = one[:, inside], other[:, inside]
        powers = [float((np.abs(each) ** 2).sum()) for each in (a, b)]
        found.append(float((a.conj() * b).real.sum()) / max(np.sqrt(powers[0] * powers[1]), 1e-300))
    return np.array(found)


def _squares(x: Tensor) -> Array:
    side = round(x[0].numel() ** 0.5)
    return np.asarray(x.reshape(-1, side, side).double().cpu().numpy())
