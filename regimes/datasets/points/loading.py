"""From any source to a data set: the one entrance."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from regimes.datasets.files.arrays import SUFFIXES, is_table, read_labels, read_points
from regimes.datasets.files.raw import raw_array
from regimes.datasets.files.reading import MEMORY, Reading, ReadingOptions
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData, builtin_datasets, load_builtin
from regimes.datasets.points.completeness import check_finite, complete_points
from regimes.datasets.points.dataset import Dataset, PointArray
from regimes.datasets.points.labels import check_one_each
from regimes.datasets.points.objects import object_points
from regimes.datasets.points.opening import opened
from regimes.datasets.points.passing import passed_on
from regimes.datasets.points.pixels import mapped_pixels, may_be_pixels, pixels_range
from regimes.datasets.points.preprocessing import check_scale, preprocess
from regimes.datasets.points.shape import check_points, flat_points, refuse_one_image
from regimes.datasets.points.taking import Taken, Wanted, classed
from regimes.datasets.points.unusual_data import data_notes
from regimes.numerics.interface.paths import exists, is_standard_input
from regimes.numerics.interface.progress import Progress, silent
from regimes.numerics.interface.standard_input import STANDARD_INPUT, standard_input_file

__all__ = ["load_dataset", "load_or_open", "raw_points"]


def load_dataset(
    source: ArrayLike | str | os.PathLike[str] | Dataset,
    labels: ArrayLike | str | os.PathLike[str] | None = None,
    *,
    classes: Sequence[str | int] | None = None,
    scale: str | float | None = None,
    center: bool = True,
    name: str | None = None,
    memory: int = MEMORY,
    **reading: Unpack[ReadingOptions],
) -> Dataset:
    """Load points from an array, a file or a built-in set, and scale them.

    Parameters
    ----------
    source : array_like, str, path or Dataset
        Points along the first axis (the others are flattened); a frame of pandas, polars or Arrow, a tensor, a
        loader or data set of PyTorch, an array of xarray; a name of :func:`builtin_datasets`; a path to a file of
        points (``.npy``, ``.npz``, ``.csv`` and other text tables, ``.h5``, ``.mat``, ``.zarr``, ``.pt``,
        ``.safetensors``, ``.parquet``, ``.arrow``; ``file.h5:key`` names an array in it), to a folder, pattern or
        ``.zip`` of images, to a folder of a ``.npy`` or ``.pt`` for each point, or to a Hugging Face folder; ``-``,
        standard input; or a data set, whose scaling stays.
    labels : array_like, str, path or int, optional
        One integer or string for each point; a file of them (``.npy``, ``.csv`` or ``.txt``; ``table.csv:column``
        where the first column names images); a key of the file of arrays; a column of the table or frame by name or
        by index from 0. Without it the labels that a built-in set or a file of arrays has, the folders of images and
        the items of a loader bring are used.
    classes : sequence of str or int, optional
        Keep these classes only, numbered in this order. Selection comes before scaling.
    scale : str or float, optional
        ``"none"`` (as they are, which should be what the model sees; the default for arrays and files),
        ``"range"`` (one affine map of the range of all values to [-1, 1]; the default for digits and 8-bit pixels), a
        number (the factor), ``"standard"`` (one factor for unit variance per dimension) or ``"feature"`` (each
        feature to unit variance; the default for built-in tables).
    center : bool
        Subtract the mean. Only differences of points enter the clone probabilities and the collapse; the top
        eigenvalue Lambda, and with it the speciation time, measures the spread about the origin without it.
    name : str, optional
        Name in tables and figures; otherwise of the built-in set or the file, or ``array``.
    memory : int
        Bytes that the points of a file may take once they are read; a file that declares more is refused before.
    columns, drop : str, int or sequence of these, optional
        Columns of a table, or of an array of rows, that are features, and columns that are left out: names, indices
        from 0, ranges (``"a,3,5-20"``, ``["a", 3]``). All are taken by default, but for one that numbers the rows.
    header : bool, optional
        Whether the first line of a text table holds names, where it is not to be judged by what it says.
    decimal : {".", ","}, optional
        The decimal sign of a text table, where it is not to be judged by the cells; the other sign, blanks and
        apostrophes then separate thousands.
    missing : {"error", "drop"}
        What to do with points that lack a value or a label: refuse the data, or leave these points out.
    resize : int, str or (int, int), optional
        Crop images about the centre to this shape and resize them: ``64``, ``"48x64"``, (height, width).
    skip_broken : bool
        Leave out images that are damaged, animated or of another size than most, and name them in the notes.

    Returns
    -------
    Dataset
        The points, with everything that was done to them and notes on what is unusual about them.

    Raises
    ------
    ValueError
        If the source is not there or cannot be read, the points are not finite real numbers in at least two
        different rows, the labels do not fit, or an option is unknown.

    Examples
    --------
    >>> data = load_dataset("digits", classes=[0, 7])
    >>> data.n, data.d, data.classes, data.preprocessing.description
    (357, 64, ('0', '7'), 'range [0, 16] mapped to [-1, 1], mean subtracted')
    """
    wanted = Wanted(classes, scale, center, name)
    return _loaded(source, Reading(labels=_alone(labels), memory=memory, **reading), wanted)


def load_or_open(
    source: Any,
    labels: Any = None,
    *,
    classes: Sequence[str | int] | None = None,
    scale: str | float | None = None,
    center: bool = True,
    memory: int = MEMORY,
    report: Progress = silent,
    **reading: Unpack[ReadingOptions],
) -> Dataset:
    """The same, but points of an array in a file that would take over half of the memory are left there."""
    wanted = Wanted(classes, scale, center, None)
    return _loaded(source, Reading(labels=_alone(labels), memory=memory, opens=True, report=report, **reading), wanted)


def _alone(labels: Any) -> Any:
    if isinstance(labels, list | tuple) and len(labels) == 1 and isinstance(labels[0], str | int):
        return labels[0]  # a column in a list: a data set has two points, and so two labels
    return labels


def _loaded(source: Any, asked: Reading, wanted: Wanted) -> Dataset:
    if wanted.scale is not None:
        wanted = dataclasses.replace(wanted, scale=check_scale(wanted.scale))
    if isinstance(source, Dataset):
        return passed_on(source, asked, wanted)
    raw = raw_points(source, asked)
    if asked.resize is not None and raw.kept is None:
        raise ValueError(
            f"load_dataset: resize is for images in files, got {raw.source}, which holds none; leave it out, or resize "
            "the arrays before"
        )
    refuse_one_image(raw.values)
    blocks = raw.values if asked.opens and isinstance(raw.values, Blocks) and raw.values.chunk else None
    if blocks is not None and blocks.declared_bytes > asked.memory // 2:
        taken = opened(raw, blocks, asked, wanted)
    else:
        taken = _held(raw, asked, wanted, owned=isinstance(source, str | os.PathLike))
    raw = taken.raw
    mapped = mapped_pixels(raw) if wanted.scale is None else ""
    return Dataset(
        name=raw.name if wanted.name is None else wanted.name,
        X=taken.X,
        labels=taken.labels,
        classes=taken.names,
        preprocessing=taken.done,
        source=raw.source,
        notes=(*raw.notes, *data_notes(taken.done, pixels=taken.pixels)),
        taken="; ".join(text for text in (raw.taken, taken.left_out, mapped, taken.where) if text),
        shape=_item(raw, taken.X.shape[1]),
        mapped=taken.mapped,
        rows=taken.rows,
    )


def _item(raw: RawData, d: int) -> tuple[int, ...]:
    """Shape of one item of d values, where it is more than a row."""
    shape = raw.item or tuple(getattr(raw.values, "shape", ()))[1:]
    return tuple(map(int, shape)) if len(shape) > 1 and math.prod(shape) == d else ()


def _held(raw: RawData, asked: Reading, wanted: Wanted, *, owned: bool) -> Taken:
    """Points that are read as a whole, scaled in place."""
    X = flat_points(raw.values, owned=owned)
    raw = pixels_range(raw, float(X.max()))
    total, kept = raw.kept or (len(X), None)
    found = None if raw.labels is None else read_labels(raw.labels, total, asked.memory)
    if found is not None:
        each = check_one_each(found, total, total - len(X), last=_last_axis(raw, X))
        found = found if kept is None else each[kept]
    check_finite(X, raw)
    whole, left_out = complete_points(X, found, raw, drop=asked.missing == "drop")
    places = np.arange(total) if kept is None else np.arange(total)[kept]
    if left_out:
        X, places = X[whole], places[whole]
        found = None if found is None else np.asarray(found)[whole]
    check_points(X)
    rows, labels, names = classed(found, raw, wanted.classes)
    if rows is not None:
        X, places = X[rows], places[rows]
        check_points(X)
    scaling = raw.scale if wanted.scale is None else wanted.scale
    pixels = scaling == "none" and may_be_pixels(X, raw.columns)
    done, mapped = preprocess(X, scale=scaling, center=wanted.center, known_range=raw.known_range)
    in_source = None if np.array_equal(places, np.arange(total)) else places
    return Taken(raw, X, labels, names, done, mapped, pixels, left_out, rows=in_source)


def _last_axis(raw: RawData, X: PointArray) -> int:
    """Length of the last axis of an array, along which its points may lie; 0 of images, where they do not."""
    return int(getattr(raw.values, "shape", X.shape)[-1]) if raw.kept is None else 0


def raw_points(source: Any, reading: Reading) -> RawData:
    """Points as they came, from any source but a data set."""
    if is_standard_input(source):
        return _from_standard_input(source, dataclasses.replace(reading, opens=False))
    if reading.of_text and not (isinstance(source, str | os.PathLike) and is_table(Path(source))):
        raise ValueError(
            f"load_dataset: {reading.of_text[0]} says how a text table is read, got it for another source; leave it out"
        )
    if isinstance(source, os.PathLike):
        return read_points(source, reading)
    if not isinstance(source, str):
        return object_points(source, reading)
    if source in builtin_datasets():
        raw = load_builtin(source)
        if exists(source):
            note = f"{source} is the built-in data set; for what lies here under that name give ./{source}"
            raw = dataclasses.replace(raw, notes=(note,))
        return raw if reading.takes_all and reading.labels is None else _reread(raw, reading)
    path = Path(source)
    if path.name == source and not path.suffix and not exists(source):
        close = difflib.get_close_matches(source, builtin_datasets(), n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise ValueError(
            f"load_dataset: a source must be an array, a built-in data set or a file, got {source!r}: {hint}"
            f"built-in are {', '.join(builtin_datasets())}; files are {', '.join(SUFFIXES)}"
        )
    return read_points(source, reading)


def _from_standard_input(source: str, reading: Reading) -> RawData:
    with standard_input_file("load_dataset", reading.memory, ".csv") as path:
        raw = read_points(f"{path}{source[1:]}", reading)
        if isinstance(raw.values, Blocks):
            raw = dataclasses.replace(raw, values=raw.values.whole())  # the file is gone when it is needed
    taken, *notes = (text.replace(path.name, STANDARD_INPUT) for text in (raw.taken, *raw.notes))
    return dataclasses.replace(raw, name=STANDARD_INPUT, source=STANDARD_INPUT, notes=tuple(notes), taken=taken)


def _reread(raw: RawData, reading: Reading) -> RawData:
    """Columns of a built-in set, or other labels for it."""
    taken = raw_array(raw.values, reading, raw.name)
    if taken.labels is None:
        return dataclasses.replace(raw, values=taken.values, taken=taken.taken)
    return dataclasses.replace(raw, values=taken.values, taken=taken.taken, labels=taken.labels, class_names=())
