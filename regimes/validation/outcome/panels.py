"""Figures as data: panels with curves, kept in a result and drawn by the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.interface.result import Result

__all__ = ["Curve", "Kind", "Panel", "PanelResult", "curve"]

Kind = Literal["theory", "simulation", "reference", "path"]


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve of a figure.

    Attributes
    ----------
    label : str
        For the legend.
    kind : {"theory", "simulation", "reference", "path"}
        A prediction (line), a measurement (points with errors), something to compare with (thin line), or points that
        are joined in their order.
    x, y : ndarray, shape (N,)
        Abscissa and value.
    se : ndarray, shape (N,), or None
        Standard errors.
    group : int
        Curves of one group share a colour.
    """

    label: str
    kind: Kind
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    se: NDArray[np.float64] | None = None
    group: int = 0


def curve(label: str, kind: Kind, x: ArrayLike, y: ArrayLike, se: ArrayLike | None = None, *, group: int = 0) -> Curve:
    """Make a curve of anything that holds numbers."""
    arrays = [None if each is None else np.asarray(each, dtype=np.float64) for each in (x, y, se)]
    shapes = {each.shape for each in arrays if each is not None}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(f"curve: x, y and se of {label!r} must be 1-d and of one length, got {sorted(shapes)}")
    return Curve(label, kind, arrays[0], arrays[1], arrays[2], group)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Panel:
    """One pair of axes of a figure.

    Attributes
    ----------
    title, x_label, y_label : str
        In words; matplotlib's mathematics between dollar signs.
    curves : tuple of Curve
        What is drawn.
    marks : tuple of (str, float)
        Vertical lines with their names.
    log_x : bool
        Whether the abscissa is logarithmic.
    image : ndarray, shape (H, W), or None
        What is shown in shades of grey from 0 (white) to 1, first row on top, in place of curves.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    marks: tuple[tuple[str, float], ...] = ()
    log_x: bool = False
    image: NDArray[np.float64] | None = None


class PanelResult(Result):
    """A result that keeps its figure: ``curves`` holds columns, ``panels``, and ``tables`` of any depth."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The figure, one panel for each pair of axes."""
        return tuple(self.curves["panels"])

    @property
    def tables(self) -> dict[str, Any]:
        """What was found beside the numbers, by name."""
        found: dict[str, Any] = self.curves["tables"]
        return found

    def to_frame(self) -> Any:
        """Columns as a pandas DataFrame; pandas has to be installed."""
        columns = {name: values for name, values in self.curves.items() if name not in ("panels", "tables")}
        return Result.to_frame(replace(self, curves=columns))

    @classmethod
    def _restored(cls, parts: dict[str, Any]) -> dict[str, Any]:
        columns = dict(parts["curves"])
        nested = {"panels": tuple(map(_panel, columns.pop("panels"))), "tables": columns.pop("tables")}
        curves = {name: _column(values) for name, values in columns.items()} | nested
        return {**super()._restored({**parts, "curves": {}}), "curves": curves}


def _column(values: Sequence[Any] | None) -> Any:
    """Texts as they are; whole numbers stay whole."""
    if values is None or any(isinstance(each, str) for each in values):
        return values
    return np.array(values, dtype=float if None in values else None)


def _panel(stored: Mapping[str, Any]) -> Panel:
    curves = tuple(
        curve(each["label"], each["kind"], each["x"], each["y"], each["se"], group=each["group"])
        for each in stored["curves"]
    )
    marks = tuple((str(name), float(at)) for name, at in stored["marks"])
    image = None if stored.get("image") is None else np.array(stored["image"], dtype=np.float64)
    return Panel(stored["title"], stored["x_label"], stored["y_label"], curves, marks, stored["log_x"], image)
