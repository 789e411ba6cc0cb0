"""A data set that is given in place of a source: what it has stays, but for labels, classes and a name."""

from __future__ import annotations

import dataclasses

from regimes.datasets.files.arrays import read_labels
from regimes.datasets.files.reading import Reading
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.labels import encode_labels
from regimes.datasets.points.preprocessing import preprocess
from regimes.datasets.points.shape import check_points
from regimes.datasets.points.taking import Wanted, selected
from regimes.datasets.points.unusual_data import data_notes

__all__ = ["passed_on"]


def passed_on(data: Dataset, reading: Reading, wanted: Wanted) -> Dataset:
    """Pass a data set on, with other labels, fewer classes or another name."""
    before, labels = data.preprocessing, reading.labels
    scale, center, classes = wanted.scale, wanted.center, wanted.classes
    if not reading.takes_all:
        raise ValueError(
            "load_dataset: a Dataset has been read already, got columns, drop, header, decimal or missing for one; "
            "give them with its source"
        )
    if scale is not None:
        raise ValueError(
            f"load_dataset: a Dataset keeps its scaling ({before.description}), got scale={scale!r}; "
            "load its source with that scale"
        )
    if before.center and not center:
        raise ValueError(
            "load_dataset: a Dataset keeps its centring, got center=False for one whose mean was subtracted; "
            "load its source with center=False"
        )
    numbers, names = data.labels, data.classes
    if labels is not None:
        numbers, names = encode_labels(read_labels(labels, data.n, reading.memory), data.n)
    name = data.name if wanted.name is None else wanted.name
    if classes is None:
        return dataclasses.replace(data, name=name, labels=numbers, classes=names)
    rows, numbers, names = selected(numbers, names, classes, data.name)
    X = data.X[rows]
    check_points(X)
    after, further = preprocess(X, center=before.center)
    mapped = None if data.mapped is None else dataclasses.replace(data.mapped, mean=data.mapped.mean + further.mean)
    done = dataclasses.replace(
        before,
        description=f"{before.description}; classes selected afterwards",
        mean_variance=after.mean_variance,
        faint=after.faint,
    )
    of_pixels = data_notes(before, pixels=True)
    old = (*of_pixels, *data_notes(before, pixels=False))
    pixels = any(note in data.notes for note in of_pixels)
    notes = (*(note for note in data.notes if note not in old), *data_notes(done, pixels=pixels))
    return dataclasses.replace(
        data,
        name=name,
        X=X,
        labels=numbers,
        classes=names,
        preprocessing=done,
        notes=notes,
        mapped=mapped,
        rows=data.in_source(rows),
    )
