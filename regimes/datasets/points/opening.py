"""A data set whose points stay in their file, scaled and centred as those that are held."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.arrays import read_labels
from regimes.datasets.files.reading import Reading
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.dataset import Dataset, Preprocessing
from regimes.datasets.points.labels import check_one_each, encode_labels, lacking_labels, select_classes
from regimes.datasets.points.pixels import mapped_pixels, of_pixels, pixels_range
from regimes.datasets.points.preprocessing import scaling_of
from regimes.datasets.points.shape import check_form
from regimes.datasets.points.stored import Extremes, StoredPoints, extremes, squares_about
from regimes.datasets.points.unusual_data import data_notes

__all__ = ["opened"]


def opened(
    raw: RawData, reading: Reading, *, classes: Any, scale: str | float | None, center: bool, name: str | None
) -> Dataset:
    """The same as of points that are held, in two or three passes over the file."""
    blocks = raw.values
    assert isinstance(blocks, Blocks)
    check_form(blocks, blocks)
    d = int(np.prod(blocks.shape[1:]))
    points = StoredPoints(blocks, np.arange(len(blocks)), np.ones(d), np.zeros(d))
    found = extremes(points)
    raw = pixels_range(raw, float(found.high.max(initial=-np.inf)))
    labels = None if raw.labels is None else read_labels(raw.labels, len(blocks), reading.memory)
    labels = None if labels is None else check_one_each(labels, len(blocks), last=blocks.shape[-1])
    kept, left_out = _kept(found, labels, raw, drop=reading.missing == "drop")
    numbers: NDArray[np.intp] | None = None
    names: tuple[str, ...] = ()
    if labels is not None:
        numbers, names = encode_labels(labels[kept], int(kept.sum()), class_names=raw.class_names)
    rows = np.flatnonzero(kept)
    if classes is not None:
        if numbers is None:
            raise ValueError(f"load_dataset: classes are selected by labels, got none with {raw.name}; give labels")
        chosen, numbers, names = select_classes(numbers, names, classes)
        rows = rows[chosen]
    if rows.size < len(blocks):
        points = dataclasses.replace(points, rows=rows)
        found = extremes(points)
    if rows.size < 2 or np.array_equal(found.low, found.high):
        raise ValueError(f"load_dataset: there must be two points at least that differ, got {rows.size}, all equal")
    scaling = raw.scale if scale is None else scale
    pixels = scaling == "none" and of_pixels(found.low, found.high, raw.columns, lambda: found.whole)
    points, done = _scaled(points, found, scaling, center, raw.known_range)
    mapped = mapped_pixels(raw) if scale is None else ""
    where = "read from the file in passes, since memory does not hold the points"
    return Dataset(
        name=raw.name if name is None else name,
        X=points,
        labels=numbers,
        classes=names,
        preprocessing=done,
        source=raw.source,
        notes=(*raw.notes, *data_notes(done, pixels=pixels)),
        taken="; ".join(text for text in (raw.taken, left_out, mapped, where) if text),
    )


def _kept(found: Extremes, labels: Any, raw: RawData, *, drop: bool) -> tuple[NDArray[np.bool_], str]:
    """Points that have all values and a label, and in words how many were left out, if they may be."""
    row, column = found.first
    if found.infinite:
        raise ValueError(
            f"load_dataset: every value must be finite, got {found.infinite} infinite ones; a value that is none is at "
            f"row {row}, column {column}; correct them, or leave out the points"
        )
    unlabelled = np.zeros(found.complete.size, dtype=bool) if labels is None else lacking_labels(labels)
    kept = found.complete & ~unlabelled
    count = int((~kept).sum())
    if count and not drop:
        what = f"row {row}, column {column}" if found.missing else f"the label of row {int(np.argmax(unlabelled))}"
        raise ValueError(
            f"load_dataset: every value and label must be there, got {count} of {kept.size} points that lack one, "
            f"the first at {what}; --missing drop (missing='drop') leaves these points out"
        )
    return kept, f"{count} of {kept.size} points left out, which lack a value or a label" if count else ""


def _scaled(
    points: StoredPoints, found: Extremes, scale: str | float, center: bool, known_range: tuple[float, float] | None
) -> tuple[StoredPoints, Preprocessing]:
    """Scaled and centred as ``preprocess`` does, each feature by a factor and an offset."""
    equal = found.low == found.high
    variances = np.where(equal, 0.0, squares_about(points, found.mean) / (len(points) - 1))
    input_range = known_range or (float(found.low.min()), float(found.high.max()))
    with np.errstate(all="ignore"):
        scaling = scaling_of(scale, variances, input_range, center=center)
    factor = np.broadcast_to(scaling.factor, equal.shape).astype(np.float64)
    offset = np.full(equal.shape, scaling.offset)
    if center:
        factor, offset = np.where(equal, 0.0, factor), np.where(equal, 0.0, -factor * found.mean)
    return dataclasses.replace(points, factor=factor, offset=offset), scaling.record(input_range, found.low, found.high)
