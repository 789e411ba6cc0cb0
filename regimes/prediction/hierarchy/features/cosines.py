"""Cosines of the whitened activations of a layer, between points and their U-turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GROUPS", "LayerCosines", "Whitening", "layer_cosines", "whitening"]

GROUPS = 25
"""Groups of points that are left out in turn."""

_DEAD = 1e-6  # of the largest scale of the layer

Array = NDArray[np.float64]
Activations = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Whitening:
    """Mean of each unit and scale of each channel of a layer, over the data points."""

    mean: Array  # (C, P): of a unit, that is of a channel at a place
    scale: Array  # (C,): root mean square of a channel's deviations from these means, over points and places
    kept: NDArray[np.bool_]  # (C,): channels that vary

    def rows(self, activations: Activations, *, directions: bool = True) -> NDArray[np.float32]:
        """Whitened activations (n, kept units), each row of length 1, or 1 in the mean square over the data points.

        As directions a row of zeros stays one.
        """
        rows = activations.reshape(len(activations), *self.mean.shape)[:, self.kept]
        rows = (rows - self.mean[self.kept]) / self.scale[self.kept, None]
        flat = rows.reshape(len(rows), -1)
        length = np.sqrt(np.einsum("ij,ij->i", flat, flat) if directions else np.full(len(flat), flat.shape[1]))
        return np.asarray(flat / np.where(length > 0, length, 1.0)[:, None], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class LayerCosines:
    """Cosines of one layer at T times, of n points in G groups (row number modulo G)."""

    name: str
    channels: int
    dead: int  # channels that do not vary over the data, and are left out
    cosine: Array  # (T, n): of each point with its own U-turn
    between: Array  # (T, G, G): sums of the cosines of all points of a group (row) with all U-turns of one (column)


def whitening(function: str, name: str, start: Activations) -> Whitening:
    """Mean and scale of a layer from its activations at the data points, (n, C) or (n, C, ...)."""
    if start.ndim < 2 or len(start) < 2 * GROUPS:
        raise ValueError(
            f"{function}: activations must have shape (points, channels, ...) with at least {2 * GROUPS} points, got "
            f"{start.shape} for layer {name}"
        )
    rows = start.reshape(len(start), start.shape[1], -1).astype(np.float64)
    if not np.isfinite(rows).all():
        raise ValueError(f"{function}: activations must be finite, got nan or inf in layer {name}")
    mean = rows.mean(axis=0)
    scale = np.sqrt(((rows - mean) ** 2).mean(axis=(0, 2)))
    kept = scale > _DEAD * scale.max()
    if not kept.any():
        raise ValueError(f"{function}: a layer must vary over the points, got constant activations in layer {name}")
    return Whitening(mean, scale, kept)


def layer_cosines(
    function: str, name: str, start: Activations, ends: Iterable[Activations], *, directions: bool = True
) -> LayerCosines:
    """Whiten a layer by its activations at the points, and compare them with those at the U-turns of each time.

    Without directions the cosines become covariances, in units of the variance of the points.
    """
    white = whitening(function, name, start)
    first = white.rows(start, directions=directions)
    group = np.arange(len(start)) % GROUPS
    sums = _group_sums(first, group)
    cosine, between = [], []
    for end in ends:
        if end.shape != start.shape or not np.isfinite(end).all():
            raise ValueError(
                f"{function}: activations of U-turns must be finite and of the shape of those of the points, "
                f"{start.shape}, got {end.shape if end.shape != start.shape else 'nan or inf'} in layer {name}"
            )
        last = white.rows(end, directions=directions)
        cosine.append(np.einsum("ij,ij->i", first, last, dtype=np.float64))
        between.append(sums @ _group_sums(last, group).T)
    dead = int((~white.kept).sum())
    return LayerCosines(name, white.kept.size, dead, np.array(cosine), np.array(between))


def _group_sums(rows: NDArray[np.float32], group: NDArray[np.intp]) -> Array:
    return np.stack([rows[group == each].sum(axis=0, dtype=np.float64) for each in range(GROUPS)])
