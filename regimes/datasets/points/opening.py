"""A data set whose points stay in their file, scaled and centred as those that are held."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.arrays import read_labels
from regimes.datasets.files.reading import Reading
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.dataset import Affine, Preprocessing
from regimes.datasets.points.labels import check_one_each, lacking_labels
from regimes.datasets.points.pixels import of_pixels, pixels_range
from regimes.datasets.points.preprocessing import scaling_of, squares_about
from regimes.datasets.points.shape import check_form
from regimes.datasets.points.stored import Extremes, StoredPoints, extremes
from regimes.datasets.points.taking import Taken, Wanted, classed
from regimes.numerics.interface.progress import Progress

__all__ = ["opened"]


def opened(raw: RawData, blocks: Blocks, reading: Reading, wanted: Wanted) -> Taken:
    """The same as of points that are held, in two or three passes over the file."""
    check_form(blocks, blocks)
    d = math.prod(blocks.shape[1:])
    points = StoredPoints(blocks, np.arange(len(blocks)), np.ones(d), np.zeros(d))
    found = extremes(points, reading.report)
    raw = pixels_range(raw, float(found.high.max(initial=-np.inf)))
    labels = None if raw.labels is None else read_labels(raw.labels, len(blocks), reading.memory)
    labels = None if labels is None else check_one_each(labels, len(blocks), last=blocks.shape[-1])
    kept = _kept(found, labels, drop=reading.missing == "drop")
    rows, numbers, names = classed(None if labels is None else labels[kept], raw, wanted.classes)
    chosen = np.flatnonzero(kept) if rows is None else np.flatnonzero(kept)[rows]
    if chosen.size < len(blocks):
        points = points.take(chosen)
        found = extremes(points, reading.report)
    if chosen.size < 2 or np.array_equal(found.low, found.high):
        raise ValueError(
            "load_dataset: there must be at least two points, and they must differ, got "
            f"{chosen.size} that are taken of {len(blocks)}"
        )
    scaling = raw.scale if wanted.scale is None else wanted.scale
    pixels = scaling == "none" and of_pixels(found.low, found.high, raw.columns, lambda: found.whole)
    points, done, mapped = _scaled(points, found, scaling, wanted.center, raw.known_range, reading.report)
    less = len(kept) - int(kept.sum())
    left_out = f"{less} of {len(kept)} points left out, which lack a value or a label" if less else ""
    where = "read from the file in passes, since memory does not hold the points"
    in_source = None if chosen.size == len(blocks) else chosen
    return Taken(raw, points, numbers, names, done, mapped, pixels, left_out, where, in_source)


def _kept(found: Extremes, labels: Any, *, drop: bool) -> NDArray[np.bool_]:
    """Points that have all values and a label; refuse them if some must not be left out."""
    if found.infinite:
        row, column = found.first_infinite
        raise ValueError(
            f"load_dataset: every value must be finite, got {found.infinite} infinite ones, the first at row {row}, "
            f"column {column}; correct them in the file"
        )
    unlabelled = np.zeros(found.complete.size, dtype=bool) if labels is None else lacking_labels(labels)
    kept = found.complete & ~unlabelled
    lacking = int((~kept).sum())
    if lacking and (not drop or lacking > kept.size - 2):
        places = []
        if found.missing:
            row, column = found.first_missing
            places.append(f"{found.missing} values, the first at row {row}, column {column}")
        if unlabelled.any():
            places.append(f"{int(unlabelled.sum())} labels, the first at row {int(np.argmax(unlabelled))}")
        advice = (
            "--missing drop (missing='drop') leaves these points out"
            if lacking <= kept.size - 2
            else ("too few points are whole: leave out columns in the file, or give other labels")
        )
        raise ValueError(
            f"load_dataset: every value and label must be there, got {lacking} of {kept.size} points that lack one: "
            f"{' and '.join(places)}; {advice}"
        )
    return kept


def _scaled(
    points: StoredPoints,
    found: Extremes,
    scale: str | float,
    center: bool,
    known_range: tuple[float, float] | None,
    report: Progress,
) -> tuple[StoredPoints, Preprocessing, Affine]:
    """Scaled and centred as ``preprocess`` does, each feature by a factor and an offset."""
    equal = found.low == found.high
    variances = np.where(equal, 0.0, squares_about(points, found.mean, report) / (len(points) - 1))
    input_range = known_range or (float(found.low.min()), float(found.high.max()))
    with np.errstate(all="ignore"):
        scaling = scaling_of(scale, variances, input_range, center=center)
    factor = np.broadcast_to(scaling.factor, equal.shape).astype(np.float64)
    offset = np.full(equal.shape, scaling.offset)
    if center:
        factor, offset = np.where(equal, 0.0, factor), np.where(equal, 0.0, -factor * found.mean)
    low, high, mean = (each * factor + offset for each in (found.low, found.high, found.mean))
    known = low.astype(points.dtype), high.astype(points.dtype), mean
    scaled = dataclasses.replace(points, factor=factor, offset=offset, known=known)
    return scaled, scaling.record(input_range, found.low, found.high), scaling.affine(found.mean)
