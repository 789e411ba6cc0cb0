"""Samples of a model on the scale of the points that it was trained on: a folder of checkpoints, or one set."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.archives import is_hidden
from regimes.datasets.files.arrays import SUFFIXES
from regimes.datasets.files.image_collections import IMAGES
from regimes.datasets.files.reading import MEMORY, Reading
from regimes.datasets.points.builtin import builtin_datasets
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import raw_points
from regimes.datasets.points.pixels import pixels_range
from regimes.datasets.points.shape import flat_points
from regimes.numerics.estimation.energy_distance import energy_from_means
from regimes.numerics.interface.paths import expanded

__all__ = ["Alike", "checkpoint_files", "samples_alike"]

Array = NDArray[np.float64]

_SOME = 256  # points and samples whose distances tell on which scale the samples are
_BETTER, _TOLD, _UNLIKE = 0.5, 0.05, 0.1


@dataclass(frozen=True, eq=False)
class Alike:
    """Samples as the points are, how their values were read, and what is said where no reading makes them alike."""

    values: Array
    reading: str
    warnings: tuple[str, ...]


def checkpoint_files(source: Any, d: int, memory: int = MEMORY) -> list[Path]:
    """Files of a folder that each hold samples of d values, in the natural order of their names; none of other sources.

    A folder of images, or of one point a file, is one set of samples. Files of the ending that most have which hold
    samples count, others are passed over: weights, a log, notes.
    """
    if not isinstance(source, str | os.PathLike) or os.fspath(source) in builtin_datasets():
        return []
    path = expanded("load_dataset", source)
    if not path.is_dir():
        return []
    inside = [each for each in path.iterdir() if not is_hidden(each.name)]
    endings = Counter(each.suffix.lower() for each in inside if each.suffix.lower() in SUFFIXES)
    if any(each.is_dir() or each.suffix.lower() in IMAGES for each in inside):
        return []
    for ending in sorted(endings, key=lambda each: (-endings[each], each)):
        files = sorted((each for each in inside if each.suffix.lower() == ending), key=lambda each: _natural(each.name))
        if _holds_samples(files[0], d, memory):
            return files
    return []


def _holds_samples(file: Path, d: int, memory: int) -> bool:
    try:
        shape = raw_points(file, Reading(memory=memory)).values.shape
    except ValueError:
        return False
    return len(shape) > 1 and shape[0] > 1 and math.prod(shape[1:]) == d


def samples_alike(source: Any, data: Dataset, memory: int = MEMORY) -> Alike:
    """Samples of a model, read like the points, or as the model sees these: the reading whose distances fit is taken.

    It is the first of these that is right, unless another has an energy distance to the points of less than half:
    values as in the source of the points; as the model sees them, scaled; the same less the mean of the points;
    values of [0, 1], as libraries of images have them; pixels of 8 bits. Channels come where those of the points are.
    """
    raw = None
    if isinstance(source, Dataset):
        given = np.asarray(source.X if source.mapped is None else source.X + source.mapped.mean, dtype=np.float64)
    else:
        raw = raw_points(source, Reading(memory=memory))
        given = np.asarray(flat_points(_like_items(raw.values, data.shape)), dtype=np.float64)
        raw = pixels_range(raw, float(np.nanmax(given, initial=-np.inf)))
    _check(given, data.d)
    mean = np.zeros(data.d) if data.mapped is None else data.mapped.mean
    seen = (lambda values: values) if data.mapped is None or raw is None else data.mapped.seen
    readings: dict[str, Callable[[Array], Array]] = {
        "values as in the source of the points": lambda values: seen(values) - mean,
        "values on the scale of the points": lambda values: values - mean,
        "values on the scale of the points, their mean taken off": lambda values: values,
        "values of [0, 1] mapped to [-1, 1]": lambda values: 2 * values - 1 - mean,
    }
    if raw is not None and raw.known_range is not None:
        low, high = raw.known_range
        readings["pixels mapped to [-1, 1]"] = lambda values: (2 * values - (high + low)) / (high - low) - mean
    some = np.asarray(data.X[np.arange(data.n)[:: -(-data.n // _SOME)]], dtype=np.float64)
    few = given[:: -(-len(given) // _SOME)]
    first = next(iter(readings))
    distances = {name: _energy_distance(read(few), some) for name, read in readings.items()}
    best = min(distances, key=lambda name: distances[name])
    chosen = best if distances[best] < _BETTER * distances[first] and distances[first] > _TOLD else first
    return Alike(readings[chosen](given), chosen, _unlike(distances[chosen] - 1 / len(few), chosen))


def _like_items(values: Any, shape: tuple[int, ...]) -> Any:
    """Images with their channels first, or last, as those of the points are."""
    item = tuple(values.shape[1:])
    if len(item) != 3 or len(shape) != 3 or item == shape:
        return values
    if (*item[1:], item[0]) == shape:
        return np.moveaxis(np.asarray(values), 1, -1)
    return np.moveaxis(np.asarray(values), -1, 1) if (item[-1], *item[:-1]) == shape else values


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Key of the order in which 9 comes before 10."""
    pieces = re.split(r"(\d+)", name.casefold())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece]


def _check(values: Array, d: int) -> None:
    if values.shape[1] != d:
        raise ValueError(
            f"copies: a sample must have as many values as a point, {d}, got {values.shape[1]}; give samples of the "
            "shape and the features that the points have, without labels"
        )
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise ValueError(
            f"copies: samples must be finite, got nan or infinity in {int(bad.sum())} of {len(values)}, the first in "
            f"row {int(bad.argmax())}; leave these out, and mind that the model diverges"
        )


def _energy_distance(one: Array, other: Array) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'|, as a share of 2 E|x - y|: 0 for one law, 1 for laws far apart."""
    across = _mean_distance(one, other)
    found = energy_from_means(across, _mean_distance(one, one), _mean_distance(other, other))
    return found / (2 * across) if across else 0.0


def _mean_distance(one: Array, other: Array) -> float:
    squares = np.einsum("ij,ij->i", one, one)[:, None] + np.einsum("ij,ij->i", other, other) - 2 * one @ other.T
    return float(np.sqrt(np.maximum(squares, 0.0)).mean())


def _unlike(distance: float, reading: str) -> tuple[str, ...]:
    """What is said where samples are further from the points than fair samples are on their scale."""
    if distance < _UNLIKE:
        return ()
    return (
        f"the samples are unlike the points (energy distance {distance:.2g}), read as {reading}: on another scale, or "
        "in another order of values, copies are not seen; give samples in the units of the data, with what was done to "
        "these before the training undone",
    )
