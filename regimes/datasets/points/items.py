"""Points that come one by one, or in batches: data sets and loaders in the manner of PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.files.column_roles import why_no_classes
from regimes.datasets.files.reading import Reading, refuse_columns
from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.tensors import plain
from regimes.numerics.interface.checks import check_memory

__all__ = ["is_loader", "item_points"]

_POINT = ("image", "images", "pixel_values", "img", "x", "X", "data", "input")
_LABEL = ("label", "labels", "y", "target", "targets")


def is_array(value: Any) -> bool:
    """Whether a value is an array, a tensor or an image, with an axis at least."""
    return bool(getattr(value, "shape", ())) or hasattr(value, "getbands")


def is_loader(source: Any) -> bool:
    """Whether an object gives points one by one or in batches, and is no array, or lists arrays with their labels."""
    if isinstance(source, list) and source and isinstance(source[0], tuple | Mapping):
        return any(map(is_array, source[0].values() if isinstance(source[0], Mapping) else source[0]))
    if isinstance(source, Sequence | Mapping | np.ndarray) or hasattr(source, "__array__") or hasattr(source, "shape"):
        return False
    return _is_batched(source) or (hasattr(source, "__getitem__") and hasattr(source, "__len__")) or _is_stream(source)


def item_points(source: Any, reading: Reading, described: str) -> RawData:
    """All points, and the labels that come with them; a number that is no class is left out and said."""
    refuse_columns(reading, described)
    points: list[NDArray[Any]] = []
    labels: list[NDArray[Any]] = []
    size = 0
    for x, y in _pairs(source, described):
        points.append(x)
        if y is not None:
            labels.append(np.atleast_1d(y))
        size += 8 * x.size
        check_memory(
            "load_dataset",
            f"the points of {described}, of which there may be more,",
            size,
            reading.memory,
            "give fewer",
        )
    if not points:
        raise ValueError(f"load_dataset: there must be at least two points, got none in {described}")
    shapes = {each.shape[1:] for each in points}
    if len(shapes) > 1:
        one, other, *_ = sorted(shapes)
        raise ValueError(
            f"load_dataset: all points must have one shape, got {one} and {other} in {described}; resize them"
        )
    values, notes, found = np.concatenate(points), list[str](), reading.labels
    names: tuple[str, ...] = ()
    if labels and found is None:
        found = np.concatenate(labels)
        found = found[:, 0] if found.shape == (len(values), 1) else found
        if found.shape != (len(values),) or why_no_classes(found, described, named=True):
            notes.append(f"what {described} gives beside the points is not one class for each: not taken as labels")
            found = None
        else:
            names = _class_names(source, found)
    if "Random" in type(getattr(source, "sampler", None)).__name__:
        if reading.labels is not None:
            raise ValueError(
                f"load_dataset: labels must come in the order of the points, got some beside {described}, which draws "
                "these at random; give its dataset, or one with shuffle=False"
            )
        notes.append(f"{described} draws its points at random: give its dataset for all of them and the same numbers")
    if getattr(source, "drop_last", False):
        notes.append(f"{described} leaves out what is no whole batch (drop_last=True): {len(values)} points are left")
    of_labels = ", labels beside them" if labels and found is not None and reading.labels is None else ""
    return RawData(
        values=values,
        labels=plain(found),
        class_names=names,
        name="array",
        source=described,
        notes=tuple(notes),
        taken=f"all items{of_labels}",
    )


def _is_batched(source: Any) -> bool:
    return hasattr(source, "dataset") and hasattr(source, "collate_fn") and hasattr(source, "__iter__")


def _is_stream(source: Any) -> bool:
    return hasattr(source, "__iter__") and any(each.__name__ == "IterableDataset" for each in type(source).__mro__)


def _pairs(source: Any, described: str) -> Iterator[tuple[NDArray[Any], NDArray[Any] | None]]:
    """Points with a first axis that counts them, and their labels."""
    batched = _is_batched(source) and getattr(source, "batch_sampler", source) is not None
    items = iter(source) if _is_batched(source) or _is_stream(source) else (source[row] for row in range(len(source)))
    for item in _read(items, described):
        x, y = _split(item, described)
        yield (x if batched else x[None]), y


def _read(items: Iterator[Any], described: str) -> Iterator[Any]:
    """The items; what goes wrong inside a user's data set keeps its traceback below the message."""
    count = 0
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except Exception as error:
            raise ValueError(
                f"load_dataset: every item must be there, got {type(error).__name__} from {described} after {count}: "
                f"{' '.join(str(error).split())[:120]}; see that a loop over it gives them all"
            ) from error
        yield item
        count += 1


def _split(item: Any, described: str) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Point and label of an item: a tensor, a pair, or names of both."""
    y: Any = None
    given = type(item).__name__
    if isinstance(item, Mapping):
        key = next((each for each in _POINT if each in item), None)
        item, y = item.get(key), next((item[each] for each in _LABEL if each in item), None)
    elif isinstance(item, tuple | list) and 1 <= len(item) <= 2:
        item, y = item[0], item[1] if len(item) == 2 else None
    elif isinstance(item, tuple | list):
        item = None
    if isinstance(item, tuple | list) and any(map(is_array, item)):
        item = None  # views of one point
    try:
        x = np.asarray(plain(item))
    except (TypeError, ValueError, RuntimeError):
        x = np.asarray(None)
    if x.dtype.kind not in "buif":
        raise ValueError(
            f"load_dataset: an item must be a tensor or a pair (x, y), got {given} in {described}; "
            "take x and y out of it and give them"
        )
    return x, None if y is None else np.asarray(plain(y))


def _class_names(source: Any, labels: NDArray[Any]) -> tuple[str, ...]:
    """Names of the classes, if the data set has one for each number that occurs."""
    data = getattr(source, "dataset", source)
    features = getattr(data, "features", None) or {}  # of the library datasets
    named = next((features[each] for each in _LABEL if each in features), None)
    names = getattr(data, "classes", getattr(named, "names", None))
    if not isinstance(names, Sequence) or isinstance(names, str) or labels.dtype.kind not in "iu":
        return ()
    return tuple(map(str, names)) if set(labels.tolist()) <= set(range(len(names))) else ()
