"""The excess entropy of a mixture, with the collapse times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.report.parts.axes import figure_axes
from regimes.report.parts.styles import EMPIRICAL, LOWEST_SHOWN, POPULATION, TIME_LABEL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.prediction.collapse.predict import Collapse

__all__ = ["figure"]


def figure(result: Collapse, ax: Any = None) -> Figure:
    """Draw f(t)/alpha without and with the class information."""
    drawn, (axis,) = figure_axes(ax, rows=1, height=3.8)
    order = np.argsort(result.curves["t"])
    t, excess = result.curves["t"][order], result.curves["excess_entropy"][order]
    axis.plot(t, excess, label=r"$f/\alpha$, closed form", **POPULATION)
    first, second = result["collapse.time_closed_form"].value, result["collapse.time_with_classes"].value
    axis.axvline(first, color="0.25", linewidth=1.0, label=f"$t_C$ = {first:.3f}")
    if second is not None:
        axis.plot(t, result.curves["excess_entropy_with_classes"][order], label="with class information", **EMPIRICAL)
        label = f"$t_C$ with class information = {second:.3f}"
        axis.axvline(second, color="0.25", linewidth=1.0, linestyle="--", label=label)
    axis.axhline(0.0, color="0.3", linewidth=0.8)
    axis.set_ylim(max(LOWEST_SHOWN, float(excess.min()) - 0.05), 1.05)
    shown = t[excess > LOWEST_SHOWN]
    if shown.size > 1:
        axis.set_xlim(shown[0], shown[-1])
    axis.set_xlabel(TIME_LABEL)
    axis.set_ylabel(r"excess entropy, in units of $\alpha$")
    axis.legend(fontsize=8)
    return drawn
