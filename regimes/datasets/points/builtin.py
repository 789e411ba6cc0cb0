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

    Attributes
    ----------
    values : ndarray
        Points along the first axis, any shape and type.
    labels : object
        Labels as they came, one for each point; None without labels.
    class_names : tuple of str
        Names of the labels 0, 1, ...; empty where the labels name themselves.
    name, source : str
        Short name, and where the points came from.
    scale : str
        Scaling that suits the data unless another is asked for.
    known_range : tuple of float or None
        Smallest and largest value that the format allows.
    notes : tuple of str
        What was noticed while reading.
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

    Parameters
    ----------
    name : str
        One of :func:`builtin_datasets`.

    Returns
    -------
    RawData
        ``digits`` (1797 images of 8 x 8 in 0..16), ``iris``, ``wine`` and ``breast_cancer`` with classes;
        ``diabetes`` without (its target is a number), in its original units.

    Raises
    ------
    ValueError
        If there is no such data set.

    Examples
    --------
    >>> load_builtin("iris").class_names
    ('setosa', 'versicolor', 'virginica')
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
