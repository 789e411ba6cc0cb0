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
    given: Sequence[Any] | None, *, rows: int, height: float, ratios: Sequence[float] | None = None
) -> tuple[Figure, Sequence[Any]]:
    """Axes to draw on, one below the other with a common abscissa.

    Parameters
    ----------
    given : sequence of Axes or None
        Those of the user.
    rows : int
        How many are needed.
    height : float
        Of a new figure, in inches.
    ratios : sequence of float, optional
        Heights of the rows relative to each other.

    Returns
    -------
    Figure, sequence of Axes
        What was given, or new ones without a window system.

    Raises
    ------
    ValueError
        If the number of given axes is wrong.
    """
    if given is not None:
        given = np.ravel(np.asarray(given, dtype=object)).tolist()
        if len(given) != rows:
            raise ValueError(f"plot: ax must hold {rows} axes, got {len(given)}")
        return given[0].figure, given
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, height), layout="constrained")
    return figure, list(figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0])


def band(
    axis: Axes, x: NDArray[np.float64], curve: ArrayLike | None, error: ArrayLike | None, label: str | None,
    style: dict[str, Any], *, within: tuple[float, float] = (-np.inf, np.inf),
) -> None:  # fmt: skip
    """Draw a curve with a band of 1.96 standard errors; few points are marked, and one alone has a bar.

    Parameters
    ----------
    axis : Axes
        Where to draw.
    x : ndarray, shape (N,)
        Abscissa, in any order.
    curve, error : array_like, shape (N,), or None
        Values and standard errors; nothing is drawn without values, and no band without errors.
    label : str or None
        For the legend.
    style : dict
        Of the line; ``color`` is that of the band too.
    within : tuple of float
        Smallest and largest possible value, where the band ends.
    """
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
    """Plain numbers at 1, 2 and 5 of each decade of a logarithmic abscissa.

    Parameters
    ----------
    axis : Axes
        With its limits set.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_xlim()
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 1000 * low else (1.0,)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
