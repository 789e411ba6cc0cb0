"""From any array to rows of finite numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.blocks import Blocks, held_type
from regimes.datasets.points.dataset import PointArray

__all__ = ["check_form", "check_points", "flat_points", "refuse_one_image"]

_COLOURS, _CHANNELS, _SMALLEST = (3, 4), (1, 3, 4), 8
_SIDES = {Fraction(1), *(side for each in ("4/3", "3/2", "16/9") for side in (Fraction(each), 1 / Fraction(each)))}
"""Shapes of images: points in space, one data set of many, hardly ever have them."""


def flat_points(values: Any, *, owned: bool = False) -> PointArray:
    """Points along the first axis, of shape (n, d), copied unless nobody else holds them (``owned``)."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        raise ValueError(
            "load_dataset: every value must be present, got a masked array; fill or drop the masked points"
        )
    if isinstance(values, Blocks):
        return _read(values)
    try:
        given = np.asarray(values)
    except (ValueError, TypeError, RuntimeError):
        raise ValueError(
            "load_dataset: a source must be an array, a built-in data set or a file, "
            f"got {type(values).__name__} that is no array, as where its rows differ in length; make one of it"
        ) from None
    check_form(values, given)
    flat = given.reshape(len(given), -1)
    with np.errstate(over="ignore"):  # extended precision beyond float64 becomes inf, which is refused below
        owned = owned and flat.flags.writeable  # what lies over bytes of a file is not
        held = held_type(flat.dtype, flat.size)
        return np.ascontiguousarray(flat, dtype=held) if owned else np.array(flat, dtype=held, order="C")


def _read(values: Blocks) -> PointArray:
    """Points of a file, a block of rows after another: what is held is the points and one block."""
    check_form(values, values)
    width = math.prod(values.shape[1:])
    X: PointArray = np.empty((len(values), width), held_type(values.dtype, len(values) * width))
    for start, rows in values.blocks():
        if rows.dtype.kind not in "buif":
            raise ValueError(_refusal(rows, rows))
        with np.errstate(over="ignore"):  # as above
            X[start : start + len(rows)] = rows.reshape(len(rows), -1)
    return X


def check_form(values: Any, given: NDArray[Any] | Blocks) -> None:
    """Refuse what is no array of points by its type and its shape."""
    if given.dtype.kind not in "buif":
        raise ValueError(_refusal(values, given))
    if len(given.shape) < 2:
        advice = "use reshape(-1, 1) for n points in one dimension" if given.shape else "give points in rows"
        raise ValueError(
            f"load_dataset: points must have shape (n, ...), n along the first axis, got shape {given.shape}; {advice}"
        )
    if math.prod(given.shape) == 0:
        raise ValueError(
            f"load_dataset: there must be at least two points of at least one feature, got shape {given.shape}"
        )


def refuse_one_image(values: Any) -> None:
    """Refuse values of the shape of one image, whose rows or channels would be taken for points."""
    if not hasattr(values, "dtype") or len(values.shape) != 3:
        return
    height, width, last = values.shape
    if values.dtype != np.uint8:
        before = height in _CHANNELS and min(width, last) >= _SMALLEST
        behind = last in _CHANNELS and min(height, width) >= _SMALLEST and Fraction(height, width) in _SIDES
        if before or behind:
            raise ValueError(
                f"load_dataset: one image, x[None], is no data set, got values of shape {values.shape}, which may be "
                f"one; give images as (n, channels, height, width), or points as rows, "
                f"x.reshape({height}, {width * last})"
            )
        return
    for channels, sides in ((last, (height, width)), (height, (width, last))):
        if channels in _COLOURS and min(sides) >= _SMALLEST:
            raise ValueError(
                f"load_dataset: one image is no data set, got 8-bit values of shape {values.shape}; give "
                f"images as (n, height, width, channels), or rows by reshape({height}, {width * last})"
            )


def check_points(X: PointArray) -> None:
    """Refuse points from which no prediction can be made: fewer than two, or all equal."""
    n, d = X.shape
    if n < 2:
        raise ValueError(f"load_dataset: there must be at least two points, got {n} in {d} dimensions")
    if np.array_equal(X.min(axis=0), X.max(axis=0)):
        raise ValueError(
            f"load_dataset: data must not be constant, got {n} equal points: there is nothing to commit to"
        )


def _refusal(values: Any, given: NDArray[Any] | Blocks) -> str:
    rule = "load_dataset: values must be real numbers, got"
    if given.dtype.kind == "c":
        return f"{rule} complex ones ({given.dtype}); stack real and imaginary parts as features"
    if given.dtype.kind in "US":
        return f"{rule} text ({given.dtype}); a class belongs in labels, other text must be encoded as numbers"
    if given.dtype.kind != "O":
        return f"{rule} dtype {given.dtype}; convert them to float64"
    if hasattr(values, "toarray"):
        return f"{rule} a sparse {type(values).__name__}; give its toarray()"
    if callable(getattr(values, "dataset", None)):
        return f"{rule} {type(values).__name__}; call its dataset() method"
    if given.shape == ():
        return f"{rule} {type(values).__name__}; a source is an array, a built-in data set or a file"
    return f"{rule} Python objects (dtype object); convert them to float64, with rows of equal length"
