"""What a data set holds once it is ready for a prediction, and what was done to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Affine", "Dataset", "PointArray", "Preprocessing"]

_VALUES = 2**20  # that are read together

PointArray = NDArray[np.float32] | NDArray[np.float64]
"""Points that are held. Those that are not look alike, a block of rows at a time: ``stored.StoredPoints``."""


@dataclass(frozen=True)
class Preprocessing:
    """How the points were scaled: every predicted time depends on it.

    Attributes
    ----------
    scale : str
        ``"none"``, ``"range"``, ``"standard"``, ``"feature"``, or ``"factor"`` where a number was given.
    center : bool
        Whether the mean was subtracted, after scaling.
    factor : float or None
        The one factor by which every value was multiplied; None where each feature has its own.
    offset : float or None
        What was added after the factor and before centring; None where each feature has its own factor.
    description : str
        The same in words.
    input_range : tuple of float
        Smallest and largest value before scaling; for a built-in image set the range that its format has.
    mean_variance : float
        Variance per dimension after scaling: the trace of the covariance (divisor n - 1) over d.
    faint : float
        Share of the features that vary, but by less than a thousandth of ``mean_variance``.
    """

    scale: str
    center: bool
    factor: float | None
    offset: float | None
    description: str
    input_range: tuple[float, float]
    mean_variance: float
    faint: float = 0.0


@dataclass(frozen=True, eq=False)
class Affine:
    """From values as they came to points: a factor, or one for each feature, an offset, and the mean that is taken off.

    The model sees values before the mean is taken off, or after: that is what a user's own preprocessing does.
    """

    factor: float | NDArray[np.float64]
    offset: float
    mean: NDArray[np.float64]

    def seen(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Values of the source on the scale of the points, with the mean."""
        return np.asarray(values * self.factor + self.offset, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Points, scaled as a diffusion model would see them, with their classes.

    Attributes
    ----------
    name : str
        Short name for tables and figures.
    X : ndarray, shape (n, d)
        Points in rows, C-contiguous, scaled and centred as ``preprocessing`` says; float64, or float32 where there are
        2^24 values or more that come in at most 32 bits (integers in 16).
    labels : ndarray of intp, shape (n,), or None
        Class of each point, 0 to K - 1.
    classes : tuple of str
        The K class names, empty without labels.
    preprocessing : Preprocessing
        What was done to the values.
    source : str
        Where the points came from.
    notes : tuple of str
        What a user should know before using times that were predicted from these points.
    taken : str
        What was taken of the source and how it was read; empty where it is all of an array.
    shape : tuple of int
        Of one item before it was flattened, as of an image; empty where items came as rows.
    mapped : Affine or None
        What makes points of other values of the same source; None of a data set that was put together by hand.
    rows : ndarray of intp, shape (n,), or None
        Where each point comes in the source, counted from 0; None where none was left out.

    Raises
    ------
    ValueError
        If the arrays do not have these shapes and types, or a class has no point.

    Examples
    --------
    >>> from regimes import load_dataset
    >>> data = load_dataset([[0.0, 1.0], [2.0, -1.0], [1.0, 0.0]], ["a", "b", "a"])
    >>> data.n, data.d, data.classes, data.labels.tolist()
    (3, 2, ('a', 'b'), [0, 1, 0])
    """

    name: str
    X: Any
    labels: NDArray[np.intp] | None
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    source: str
    notes: tuple[str, ...] = ()
    taken: str = ""
    shape: tuple[int, ...] = ()
    mapped: Affine | None = None
    rows: NDArray[np.intp] | None = None

    def in_source(self, some: NDArray[np.intp]) -> NDArray[np.intp]:
        """Where some of the points come in the source, counted from 0."""
        return some if self.rows is None else self.rows[some]

    def __post_init__(self) -> None:
        X = self.X
        held = isinstance(X, np.ndarray)
        if X.ndim != 2 or X.dtype not in (np.float32, np.float64) or (held and not X.flags.c_contiguous):
            raise ValueError(
                "Dataset: X must be a C-contiguous float32 or float64 array of shape (n, d), "
                f"got shape {X.shape} of {X.dtype}; load_dataset makes one of any array"
            )
        if self.labels is None:
            if self.classes:
                raise ValueError(f"Dataset: class names need labels, got {len(self.classes)} names and no labels")
            return
        if self.labels.shape != X.shape[:1] or self.labels.dtype != np.intp:
            raise ValueError(
                f"Dataset: labels must be intp of shape ({len(X)},), one for each point, "
                f"got shape {self.labels.shape} of {self.labels.dtype}"
            )
        if np.unique(self.labels).tolist() != list(range(len(self.classes))):
            raise ValueError(
                "Dataset: every class must have a point and every label a class, "
                f"got {len(self.classes)} classes and labels {np.unique(self.labels)[:10].tolist()}; "
                "number the labels 0 to K - 1"
            )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the points and the labels, which tells these data from others."""
        digest = hashlib.sha256()
        step = max(1, _VALUES // self.d)
        for start in range(0, self.n, step):
            digest.update(np.ascontiguousarray(self.X[start : start + step]).data)
        if self.labels is not None:
            digest.update(self.labels.data)
        return digest.hexdigest()

    @property
    def n(self) -> int:
        """Number of points."""
        return int(self.X.shape[0])

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return int(self.X.shape[1])
