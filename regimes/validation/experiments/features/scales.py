"""Scales of images under U-turns: bands of radial frequency, beside a Gaussian law of the same covariance.

What is kept of a band is the covariance of images with their U-turns, which such a law has in closed form.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.prediction.hierarchy.features.cosines import LayerCosines, layer_cosines
from regimes.prediction.hierarchy.features.result import FeatureTransitions, judged_layers
from regimes.validation.experiments.features.trainings import half_times

__all__ = ["LAWS", "ScalesFound", "image_scales"]

Array = NDArray[np.float64]

LAWS = {"alone": "the band alone", "whole": "whole covariance"}
"""Gaussian laws by what of the covariance of the training images they have."""

_COARSEST = 2  # half waves across the image, below which a band is the first


@dataclass(frozen=True, eq=False)
class ScalesFound:
    """Bands of one training, the coarsest first."""

    bands: FeatureTransitions
    gaussian: dict[str, Array]  # by the keys of LAWS, (bands, T): shares of Gaussian laws

    def times_of(self, law: str) -> Array:
        """Where they are one half, (bands,)."""
        return half_times(self.bands.curves["t"], self.gaussian[law])

    @property
    def coarse_first(self) -> bool:
        """Whether every band holds to later times than the next finer one."""
        return self._order == sorted(self._order)

    def ordered_as(self, law: str) -> bool:
        """Whether the bands fade in the order of a Gaussian law."""
        return bool(self._order == np.argsort(-self.times_of(law)).tolist())

    @property
    def _order(self) -> list[int]:
        """Bands by their times, the longest kept first; one without a time counts as never kept."""
        rows = range(1, len(self.bands.problem.layers) + 1)
        times = [self.bands.numbers[f"features.time.{number}"].value or 0.0 for number in rows]
        return list(np.argsort(-np.array(times)).tolist())


def image_scales(train: Dataset, x: Tensor, ends: Sequence[Tensor], t: Sequence[float], source: str) -> ScalesFound:
    """Compare bands of images with those of their U-turns; x and each of ends (n, 1, side, side)."""
    start, turns = _waves(x.cpu().numpy()[:, 0]), [_waves(end.cpu().numpy()[:, 0]) for end in ends]
    known = _waves(train.X.reshape(-1, *start.shape[1:]))
    covariance = np.cov(known.reshape(len(known), -1), rowvar=False)
    found: list[LayerCosines] = []
    gaussian: dict[str, list[Array]] = {law: [] for law in LAWS}
    for name, band in _bands(start.shape[1]).items():
        # One channel, so that waves of the band keep their shares of its variance; not as directions, since the cosine
        # of few waves is smaller than their correlation.
        rows = (end[:, None, band] for end in turns)
        found.append(layer_cosines("features", name, start[:, None, band], rows, directions=False))
        alone, whole = np.flatnonzero(band), np.arange(band.size)
        gaussian["alone"].append(_gaussian_share(covariance[np.ix_(alone, alone)], whole[: alone.size], np.array(t)))
        gaussian["whole"].append(_gaussian_share(covariance, alone, np.array(t)))
    shares = {law: np.stack(rows) for law, rows in gaussian.items()}
    return ScalesFound(judged_layers(np.array(t), found, source=source), shares)


def _waves(images: NDArray[np.floating]) -> Array:
    """Amplitudes of orthonormal cosine waves, (n, side, side)."""
    from scipy.fft import dctn

    return np.asarray(dctn(np.asarray(images, dtype=np.float64), axes=(1, 2), norm="ortho"))


def _bands(side: int) -> dict[str, NDArray[np.bool_]]:
    """Waves by the length of their wave vector in half waves across the image, a factor 2 a band."""
    radius = np.hypot(*np.indices((side, side)))
    edges = [0.0, *(float(_COARSEST * 2**k) for k in range(side) if _COARSEST * 2**k < side), np.inf]
    words = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(edges)]
    words[0], words[-1] = f"below {edges[1]:g}", f"from {edges[-2]:g}"
    return {
        name: (low <= radius) & (radius < high)
        for name, (low, high) in zip(words, itertools.pairwise(edges), strict=True)
    }


def _gaussian_share(covariance: Array, band: NDArray[np.intp], t: Array) -> Array:
    """Covariance of some components of a Gaussian point with those of its U-turn, in units of the first time's."""
    variance, modes = np.linalg.eigh(covariance)
    weight = (modes[band] ** 2).sum(axis=0)[variance > 0]
    snr = compile_formula("snr", target="numpy")(t)
    shared = compile_formula("clone_covariance", target="numpy")(snr[:, None], variance[variance > 0]) @ weight
    return np.asarray(shared / shared[0])
