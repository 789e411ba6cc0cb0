"""The clone probability of a mixture, with the speciation times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.numerics.interface.number import TIME
from regimes.report.parts.axes import figure_axes
from regimes.report.parts.styles import CLASS, TIME_LABEL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.prediction.speciation.predict import Speciation

__all__ = ["figure"]

_STYLES = ("-", "--", ":", "-.")


def figure(result: Speciation, ax: Any = None) -> Figure:
    """Draw phi(t), each criterion as a line."""
    drawn, (axis,) = figure_axes(ax, rows=1, height=3.8)
    t, phi = result.curves["t"], result.curves["phi"]
    order = np.argsort(t)
    axis.plot(t[order], phi[order], label=r"clone probability $\phi$", **CLASS)
    times = {key: each.value for key, each in result.numbers.items() if each.unit == TIME and each.value is not None}
    for (key, time), style in zip(times.items(), _STYLES, strict=False):
        name = key.partition(".")[2].replace("_", "-")
        axis.axvline(time, color="0.25", linewidth=1.0, linestyle=style, label=f"$t_S$ {name} {time:.3f}")
    axis.set_xlabel(TIME_LABEL)
    axis.set_ylabel("probability that clones share the class")
    axis.legend(fontsize=8)
    return drawn
