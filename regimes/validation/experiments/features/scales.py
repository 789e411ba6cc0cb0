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
from regimes.prediction.hierarchy.features.cosines import layer_cosines
from regimes.prediction.hierarchy.features.result import FeatureTransitions, judged_layers
from regimes.validation.experiments.features.trainings import half_times

__all__ = ["ScalesFound", "image_scales"]

Array = NDArray[np.float64]

_COARSEST = 2  # half waves across the image, below which a band is the first


@dataclass(frozen=True, eq=False)
class ScalesFound:
    """Bands of one training, the coarsest first."""

    bands: FeatureTransitions
    gaussian: Array  # (bands, T): shares of a Gaussian with the covariance that the training images have in the band

    @property
    def gaussian_times(self) -> Array:
        """Where they are one half, (bands,)."""
        return half_times(self.bands.curves["t"], self.gaussian)

    @property
    def coarse_first(self) -> bool:
        """Whether every band holds to later times than the next finer one."""
        return self._order == sorted(self._order)

    @property
    def as_gaussian(self) -> bool:
        """Whether the bands fade in the order of the Gaussian law."""
        return bool(self._order == np.argsort(-self.gaussian_times).tolist())

    @property
    def _order(self) -> list[int]:
        """Bands by their times, the longest kept first; one without a time counts as never kept."""
        rows = range(1, len(self.gaussian) + 1)
        times = [self.bands.numbers[f"features.time.{number}"].value or 0.0 for number in rows]
        return list(np.argsort(-np.array(times)).tolist())


def image_scales(train: Dataset, x: Tensor, ends: Sequence[Tensor], t: Sequence[float], source: str) -> ScalesFound:
    """Compare bands of images with those of their U-turns; x and each of ends (n, 1, side, side)."""
    start, turns = _waves(x.cpu().numpy()[:, 0]), [_waves(end.cpu().numpy()[:, 0]) for end in ends]
    known = _waves(train.X.reshape(-1, *start.shape[1:]))
    found, gaussian = [], []
    for name, band in _bands(start.shape[1]).items():
        # One channel, so that waves of the band keep their shares of its variance; not as directions, since the cosine
        # of few waves is smaller than their correlation.
        rows = (end[:, None, band] for end in turns)
        found.append(layer_cosines("features", name, start[:, None, band], rows, directions=False))
        gaussian.append(_gaussian_share(known[:, band], np.array(t)))
    return ScalesFound(judged_layers(np.array(t), found, source=source), np.stack(gaussian))


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


def _gaussian_share(rows: Array, t: Array) -> Array:
    """Covariance of a point with its U-turn, all eigenvalues of the band together."""
    variance = np.linalg.eigvalsh(np.cov(rows, rowvar=False))
    variance = variance[variance > 0]
    snr = compile_formula("snr", target="numpy")(t)
    shared = compile_formula("clone_covariance", target="numpy")(snr[:, None], variance).sum(axis=1)
    return np.asarray(shared / shared[0])
