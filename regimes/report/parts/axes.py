"""What figures share: axes, curves with error bands, readable ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

__all__ = ["band", "figure_axes", "readable_ticks"]

_FEW = 8


def figure_axes(
    given: Any, *, rows: int, height: float, ratios: Sequence[float] | None = None
) -> tuple[Figure, Sequence[Any]]:
    """Axes to draw on, one below the other with a common abscissa: those of the user, or new ones without a window."""
    if given is not None:
        axes = [given] if hasattr(given, "plot") else list(given)
        if len(axes) != rows:
            raise ValueError(f"plot: ax must hold {rows} axes, one for each panel, got {len(axes)}")
        return axes[0].figure, axes
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, height), layout="constrained")
    return figure, list(figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0])


def band(
    axis: Axes,
    x: NDArray[np.float64],
    curve: ArrayLike | None,
    error: ArrayLike | None,
    label: str | None,
    style: dict[str, Any],
    *,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> None:
    """Draw a curve with a band of 1.96 standard errors; few points are marked, and one alone has a bar."""
    if curve is None:
        return
    order = np.argsort(x)
    x, values = x[order], np.asarray(curve)[order]
    axis.plot(x, values, label=label, marker="o" if x.size < _FEW else None, markersize=4, **style)
    if error is None:
        return
    half = 1.96 * np.asarray(error)[order]
    low, high = np.clip([values - half, values + half], *within)
    axis.fill_between(x, low, high, color=style["color"], alpha=0.25, linewidth=0)
    if x.size == 1:  # a band needs two
        axis.errorbar(x, values, [values - low, high - values], fmt="none", ecolor=style["color"], elinewidth=1.5)


def readable_ticks(axis: Axes) -> None:
    """Plain numbers at 1, 2 and 5 of each decade of a logarithmic abscissa."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_xlim()
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 1000 * low else (1.0,)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
