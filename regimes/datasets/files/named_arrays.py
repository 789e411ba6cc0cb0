"""Which of several named arrays holds the points, and which their labels."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from regimes.datasets.files.column_roles import why_no_classes
from regimes.datasets.files.numpy_files import check_rows
from regimes.datasets.files.raw import raw_array, raw_table, table_of
from regimes.datasets.files.reading import Reading, is_file, words
from regimes.datasets.points.blocks import Blocks
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.labels import TURNED
from regimes.numerics.interface.checks import check_memory

__all__ = ["choose_arrays"]

_DATA_KEYS = ("X", "x", "data", "images", "latents", "features", "arr_0", "X_train", "x_train", "train_images")
"""Usual names of points, those before others that come first."""

_LABEL_KEYS = ("y", "Y", "labels", "label", "targets", "target", "classes", "class", "species")
_SECOND = {"arr_0": "arr_1", "0": "1"}
"""What lies beside an array without a name."""

_X = re.compile("(?i)(?<![a-z])x(?![a-z])")
_WEIGHTS = {"weight", "kernel"}
_PARTS = ("train", "test", "val")
_MOST = 12


def choose_arrays(where: str, arrays: Mapping[str, Blocks], key: str | None, reading: Reading) -> RawData:
    """Points and labels among the arrays of ``where``, which may lie in groups (``group/name``).

    Without a key the points are the array with a usual name, the only one, or the only one with more than one axis;
    without labels a usual name beside them is taken if it holds whole numbers or text, one for each point.
    """
    left_out = set(words(reading.drop)) & set(arrays)
    if left_out:
        reading = replace(reading, drop=[word for word in words(reading.drop) if word not in left_out] or None)
        arrays = {name: array for name, array in arrays.items() if name not in left_out}
    chosen = _key(arrays) if key is None else key.strip("/")
    if chosen is not None and chosen not in arrays:  # a group of them
        chosen = _key({name: array for name, array in arrays.items() if name.startswith(f"{chosen}/")}) or chosen
    if key is None and (chosen is None or set(words(reading.columns)) & set(arrays)):
        columns = _columns(arrays, reading)
        if columns:
            table = table_of({name: _fitting(array, name, where, reading).whole() for name, array in columns}, where)
            return raw_table(table, reading, ("columns from keys",))
    if key is None:
        _refuse_others(arrays, chosen, where)
    if chosen is None or chosen not in arrays:
        wanted = "one named X, x, data, images, latents or arr_0" if key is None else repr(key)
        raise ValueError(
            f"load_dataset: {where} must hold the data under {wanted}, got {_listed(arrays)}; name one with {where}:key"
        )
    stays = reading.opens and arrays[chosen].chunk and arrays[chosen].dtype.names is None
    points, asked = arrays[chosen] if stays else _fitting(arrays[chosen], chosen, where, reading), reading.labels
    said, notes = [f"array {chosen}{points.said and f', {points.said}'}"], []
    beside = asked.strip("/") if isinstance(asked, str) and asked.strip("/") in arrays else None
    if beside is not None:
        labels = _fitting(arrays[beside], beside, where, reading)
        if points.shape:
            check_rows(len(points), labels.shape, last=points.shape[-1])
        reading = replace(reading, labels=labels.whole())
    elif points.dtype.names is not None:
        pass  # labels are a field of it
    elif isinstance(asked, str) and not asked.lstrip("-").isdecimal() and not is_file(asked):
        raise ValueError(
            f"load_dataset: labels must be a key of {where} or a file of labels, got {asked!r}; there are "
            f"{_listed(arrays)}"
        )
    elif asked is None:
        beside = next((each for each in _label_keys(chosen) if each in arrays), None)
        if beside is not None:
            found, note = _classes(
                _fitting(arrays[beside], beside, where, reading), beside, where, points.shape or (0,)
            )
            reading, notes = replace(reading, labels=found), [note] if note else []
            beside = None if found is None else beside
    said += [] if beside is None else [f"labels {beside}"]
    return raw_array(points, reading, where, tuple(said), tuple(notes))


def _key(arrays: Mapping[str, Blocks]) -> str | None:
    """The array of points: a usual name, at the top before one in a group; or the only one that can be meant."""
    for usual in _DATA_KEYS:
        named = sorted((each for each in arrays if each.split("/")[-1] == usual), key=lambda each: each.count("/"))
        if named and (len(named) == 1 or named[0].count("/") < named[1].count("/")):
            return named[0]
        if named:
            return None
    many = [each for each, array in arrays.items() if math.prod(array.shape[1:]) > 1]
    return next(iter(arrays)) if len(arrays) == 1 else many[0] if len(many) == 1 else None


def _columns(arrays: Mapping[str, Blocks], reading: Reading) -> list[tuple[str, Blocks]]:
    """Arrays that may be the columns of a table: of one axis and one length, those that are asked for or all."""
    asked = set(words(reading.columns)) & set(arrays)
    columns = [(name, array) for name, array in arrays.items() if len(array.shape) == 1]
    alone = asked or all(len(array.shape) < 2 for array in arrays.values())
    return columns if alone and len(columns) > 1 and len({array.shape for _, array in columns}) == 1 else []


def _refuse_others(arrays: Mapping[str, Blocks], chosen: str | None, where: str) -> None:
    """Refuse weights of a model, a mean with its covariance, and points that stand apart: no array of points."""
    if {"mu", "sigma"} <= set(arrays) and chosen == "sigma":
        raise ValueError(
            f"load_dataset: a source must hold points, got {where} with their mean mu and covariance sigma; give the "
            "features from which these were computed"
        )
    last = {name: re.split("[/.]", name)[-1].removesuffix(":0") for name, array in arrays.items() if array.shape[1:]}
    weights = [name for name in last if last[name] in _WEIGHTS]
    if weights and (chosen is None or chosen in weights):
        raise ValueError(
            f"load_dataset: a source must hold points, got {where} with the weights of a model, such as {weights[0]}; "
            f"give the data on which it was trained, or name an array with {where}:key"
        )
    alike = Counter((re.sub(r"\d+", "*", name), array.shape) for name, array in arrays.items() if array.shape)
    (form, shape), count = alike.most_common(1)[0] if alike else (("", ()), 0)
    if chosen is None and count > 2 and "*" in form:
        raise ValueError(
            f"load_dataset: points must stand in one array, got {count} of shape {shape} in {where}, called {form}; "
            "stack them (torch.stack, numpy.stack) and save them with their labels beside them"
        )


def _label_keys(key: str) -> tuple[str, ...]:
    """Names under which the labels of an array are kept, those of the same group and part of the data only."""
    group, _, last = key.rpartition("/")
    words = last.lower().replace(".", "_").split("_")
    part = next((part for part in _PARTS if part in words), None)
    usual = (
        _LABEL_KEYS
        if part is None
        else tuple(f"{part}_{name}" for name in _LABEL_KEYS) + tuple(f"{name}_{part}" for name in _LABEL_KEYS)
    )
    usual += tuple(_X.sub(y, last) for y in "yY" if _X.search(last))
    return tuple(f"{group}/{name}" if group else name for name in usual) + ((_SECOND[key],) if key in _SECOND else ())


def _classes(array: Blocks, key: str, where: str, of: tuple[int, ...]) -> tuple[Any, str]:
    """Labels that nobody asked for, or why they are none."""
    n = of[0]
    if array.shape not in ((n,), (n, 1)):
        rows = "; of one-hot rows give the argmax" if len(array.shape) == 2 and len(array) == n else ""
        rows = f"; {TURNED}" if array.shape == of[-1:] else rows
        shape = f"{key} of {where} has shape {array.shape}, not one label for each point: not taken as classes"
        return None, shape + rows
    values = array.whole().reshape(n)
    reason = why_no_classes(values, f"{key} in {where}", named=key not in _SECOND.values())
    return (None, reason) if reason else (values, "")


def _fitting(array: Blocks, key: str, where: str, reading: Reading) -> Blocks:
    """An array that fits into the memory by what is declared of it, before anything of it is read."""
    shape = " x ".join(map(str, array.shape))
    check_memory(
        "load_dataset", f"{shape} values of {key} in {where}", array.declared_bytes, reading.memory, "give fewer points"
    )
    if array.dtype.hasobject:
        array.whole()  # which says what is wrong, where it was known before
    return array


def _listed(arrays: Mapping[str, Blocks]) -> str:
    """The arrays that there are, with their shapes."""
    if not arrays:
        return "no array"
    shown = [f"{name} {'x'.join(map(str, array.shape)) or 'scalar'}" for name, array in sorted(arrays.items())]
    more = len(shown) - _MOST
    return "the keys " + ", ".join(shown[:_MOST]) + (f" and {more} more" if more > 0 else "")
