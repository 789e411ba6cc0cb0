"""The data sets that scikit-learn carries with it, which need no network."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.blocks import Blocks

__all__ = ["PIXELS", "RawData", "builtin_datasets", "load_builtin"]


@dataclass(frozen=True, eq=False)
class RawData:
    """Points as they came, before any scaling.

    ``known_range`` is what the format allows; without class names the labels name themselves. ``taken`` says what was
    taken of the source, where that is not all of it as it stands; ``place`` names a cell by row and
    column, ``columns`` are the names of the columns in options. ``kept`` says, where some were left out, how many items
    there were, of each of which there is a label, and which of them are the points. ``item`` is the shape of a point
    that came flattened.
    """

    values: NDArray[Any] | Blocks
    labels: Any
    name: str
    source: str
    class_names: tuple[str, ...] = ()
    scale: str = "none"
    known_range: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    taken: str = ""
    place: Callable[[int, int], str] | None = None
    columns: Sequence[str] = ()
    kept: tuple[int, list[int]] | None = None
    item: tuple[int, ...] = ()


PIXELS: dict[str, Any] = {"scale": "range", "known_range": (0.0, 255.0)}
"""How 8-bit values are scaled unless told."""

_IMAGES, _SIDES = {"digits": (0.0, 16.0)}, {"digits": (8, 8)}
_TABLES = ("iris", "wine", "breast_cancer", "diabetes")
_FILES = {"digits": "digits.csv.gz", "iris": "iris.csv", "wine": "wine_data.csv", "breast_cancer": "breast_cancer.csv"}
"""Tables of scikit-learn whose last column is the class; but for the digits, the classes stand in the first line."""


def builtin_datasets() -> tuple[str, ...]:
    """Names of the built-in data sets.

    Returns
    -------
    tuple of str
        Each is a source for :func:`regimes.load_dataset`.

    Examples
    --------
    >>> builtin_datasets()
    ('digits', 'iris', 'wine', 'breast_cancer', 'diabetes')
    """
    return (*_IMAGES, *_TABLES)


def load_builtin(name: str) -> RawData:
    """Load a built-in data set.

    Diabetes has no classes (its target is a number), and comes in its original units.
    """
    if name not in builtin_datasets():
        raise ValueError(f"load_builtin: the name must be one of {', '.join(builtin_datasets())}, got {name!r}")
    values, labels, class_names = _table(name) or _loaded(name)
    return RawData(
        values=values,
        labels=labels,
        class_names=class_names,
        name=name,
        source=f"scikit-learn, load_{name}",
        scale="range" if name in _IMAGES else "feature",
        known_range=_IMAGES.get(name),
        item=_SIDES.get(name, ()),
    )


_Content = tuple[NDArray[Any], NDArray[np.int64] | None, tuple[str, ...]]


def _table(name: str) -> _Content | None:
    """The file from which scikit-learn reads a set, which takes a hundredth of the second that its import takes."""
    package = importlib.util.find_spec("sklearn")
    places = package.submodule_search_locations if package else None
    path = Path(places[0], "datasets", "data", _FILES[name]) if places and name in _FILES else None
    if path is None or not path.is_file():
        return None
    if name in _IMAGES:
        table = np.loadtxt(path, delimiter=",")
        return table[:, :-1], table[:, -1].astype(np.int64), tuple(map(str, range(10)))
    with path.open(encoding="utf-8") as lines:
        class_names = tuple(next(lines).strip().split(",")[2:])
        table = np.loadtxt(lines, delimiter=",")
    return table[:, :-1], table[:, -1].astype(np.int64), class_names


def _loaded(name: str) -> _Content:
    """What scikit-learn itself loads."""
    from sklearn import datasets

    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    if "target_names" not in bunch:
        return np.asarray(bunch["data"]), None, ()
    return np.asarray(bunch["data"]), bunch["target"], tuple(str(label) for label in bunch["target_names"])
