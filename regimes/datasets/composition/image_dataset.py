"""From images to a data set, with a note of those that show nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.grid import ImageGrid
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.interface.checks import check_memory

__all__ = ["image_dataset"]

_DARK = 1e-3  # of the amplitude


def image_dataset(
    draw: Callable[..., NDArray[np.float64]],
    n: int,
    grid: ImageGrid,
    labels: NDArray[np.str_] | None,
    *,
    scale: str | float,
    name: str,
    memory: int,
) -> Dataset:
    """Draw images and turn them into a data set."""
    height, width = grid.shape
    check_memory(
        "dataset",
        f"{n} images of {height} x {width} pixels, and two copies while they become a data set,",
        24 * n * (grid.d + 4 * (height + width)),
        memory,
        "take fewer images",
    )
    images = draw(memory=memory)
    data = load_dataset(images.reshape(n, -1), labels, scale=scale, name=name)
    dark = int(np.count_nonzero(images.max(axis=(1, 2)) < _DARK * grid.amplitude))
    if not dark:
        return data
    note = (
        f"{dark} of {n} images are dark, below {_DARK:g} of the amplitude everywhere: of width {grid.sigma:g} px, at "
        "positions between pixels; take a larger width, or positions on pixels"
    )
    return replace(data, notes=(note, *data.notes))
