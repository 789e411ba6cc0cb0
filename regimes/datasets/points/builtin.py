"""The data sets that scikit-learn carries with it, which need no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RawData", "builtin_datasets", "load_builtin"]


@dataclass(frozen=True, eq=False)
class RawData:
    """Points as they came, before any scaling.

    ``known_range`` is what the format allows; without class names the labels name themselves.
    """

    values: NDArray[Any]
    labels: Any
    name: str
    source: str
    class_names: tuple[str, ...] = ()
    scale: str = "none"
    known_range: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


_IMAGES = {"digits": (0.0, 16.0)}
_TABLES = ("iris", "wine", "breast_cancer", "diabetes")


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
    """Load a built-in data set; scikit-learn is imported here and nowhere else, since that takes a second.

    Diabetes has no classes (its target is a number), and comes in its original units.
    """
    if name not in builtin_datasets():
        raise ValueError(f"load_builtin: the name must be one of {', '.join(builtin_datasets())}, got {name!r}")
    from sklearn import datasets

    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    labelled = "target_names" in bunch
    return RawData(
        values=np.asarray(bunch["data"]),
        labels=bunch["target"] if labelled else None,
        class_names=tuple(str(label) for label in bunch["target_names"]) if labelled else (),
        name=name,
        source=f"scikit-learn, load_{name}",
        scale="range" if name in _IMAGES else "feature",
        known_range=_IMAGES.get(name),
    )
