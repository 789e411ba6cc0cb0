"""What is wanted of points that have been read, and what was taken of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.dataset import Affine, Preprocessing
from regimes.datasets.points.labels import encode_labels, select_classes

__all__ = ["Taken", "Wanted", "classed", "selected"]

Labels = NDArray[np.intp] | None


@dataclass(frozen=True)
class Wanted:
    """Classes, scaling and name that were asked for."""

    classes: Sequence[str | int] | None
    scale: str | float | None
    center: bool
    name: str | None


@dataclass(frozen=True, eq=False)
class Taken:
    """Points that are scaled, their classes, and what is to be said of them.

    ``pixels`` says that the values may be those of pixels, ``where`` that the points are elsewhere than in memory.
    """

    raw: RawData
    X: Any
    labels: Labels
    names: tuple[str, ...]
    done: Preprocessing
    mapped: Affine
    pixels: bool
    left_out: str
    where: str = ""
    rows: NDArray[np.intp] | None = None


def classed(found: Any, raw: RawData, classes: Any) -> tuple[NDArray[np.intp] | None, Labels, tuple[str, ...]]:
    """Rows of the classes wanted, None for all, with the numbers and the names of the classes of their points."""
    numbers: Labels = None
    names: tuple[str, ...] = ()
    if found is not None:
        numbers, names = encode_labels(found, len(found), class_names=raw.class_names)
    return (None, numbers, names) if classes is None else selected(numbers, names, classes, raw.name)


def selected(
    labels: Labels, names: tuple[str, ...], classes: Any, name: str
) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[str, ...]]:
    """Rows of the classes wanted of a set of this name, their classes numbered in this order, and the names."""
    if labels is None:
        raise ValueError(
            f"load_dataset: classes can be selected only where there are labels, got none with {name}; give labels"
        )
    return select_classes(labels, names, classes)
