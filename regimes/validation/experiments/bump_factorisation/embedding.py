"""Embedding of activations in the plane by UMAP: a picture, and how far its neighbours are to be trusted."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Plane", "available", "embedded"]

Array = NDArray[np.float64]

_NEIGHBOURS = 8  # of a position of the grid


@dataclass(frozen=True, eq=False)
class Plane:
    """Trustworthiness is 1 if no neighbours in the plane are far from each other outside it, some .5 at random."""

    points: Array  # (n, 2)
    trust: Array  # (2,): trustworthiness of these points, and of the first two principal axes


def available() -> bool:
    """Whether the package umap-learn is installed."""
    return importlib.util.find_spec("umap") is not None


def embedded(activations: Array) -> Plane:
    """Embed n activations with UMAP's own parameters, always the same way."""
    from sklearn.manifold import trustworthiness

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # that TensorFlow is not there
        from umap import UMAP
    centred = activations - activations.mean(axis=0)
    axes = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    # The spectral start fails where a code is so regular that all points weigh the same; a seed takes one thread.
    points = np.asarray(UMAP(init="pca", random_state=0, n_jobs=1).fit_transform(activations), dtype=np.float64)
    trust = [trustworthiness(activations, each, n_neighbors=_NEIGHBOURS) for each in (points, axes)]
    return Plane(points, np.array(trust))
