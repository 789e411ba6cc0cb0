"""Figures of results: legible in greyscale, errors as bands, times marked, regimes shaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from regimes.report.parts.axes import band, figure_axes, readable_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.numerics.collapse.calculator import Collapse
    from regimes.numerics.speciation.calculator import Speciation
    from regimes.prediction.dataset.result import Prediction

__all__ = ["plot_collapse", "plot_prediction", "plot_speciation"]

# Dark enough against white and told apart by the dashes as well, so that nothing is lost in greyscale.
_CLASS = {"color": "#0b3c5d", "linestyle": "-", "linewidth": 1.8}
_INDEX = {"color": "#b5382a", "linestyle": "--", "linewidth": 1.8}
_EMPIRICAL = {"color": "#b5382a", "linestyle": "--", "linewidth": 1.8}
_POPULATION = {"color": "#1b6b45", "linestyle": "-", "linewidth": 1.8}
_CLASS_LEFT_OUT = {"color": "#4d8fbf", "linestyle": ":", "linewidth": 1.8}
_SHADES = {"III": "0.86", "II": "1.0", "I": "0.93"}
_MEANING = {"III": "III\ncollapse", "II": "II\ngeneralisation", "I": "I\nundecided"}
_LOWEST_SHOWN = -1.0
_TIME_LABEL = "Ornstein-Uhlenbeck time t  (sampling runs from right to left)"


def plot_prediction(prediction: Prediction, *, ax: Sequence[Axes] | None = None) -> Figure:
    """Draw clone probabilities above and excess entropies below.

    Parameters
    ----------
    prediction : Prediction
        With curves.
    ax : sequence of two Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If the prediction holds no curves.
    """
    curves = prediction.curves
    if curves is None:
        raise ValueError("plot: the prediction holds no curves; predict the parts 'classes' or 'collapse' as well")
    figure, (top, bottom) = figure_axes(ax, rows=2, height=6.4)
    if curves.clone_class is not None:
        band(top, curves.t, curves.clone_class, curves.clone_class_se, r"same class $\phi_{\rm class}$", _CLASS)
        band(
            top, curves.t, curves.clone_class_leave_one_out, curves.clone_class_leave_one_out_se,
            "same class, own point left out", _CLASS_LEFT_OUT,
        )  # fmt: skip
    band(
        top,
        curves.t,
        curves.clone_index,
        curves.clone_index_se,
        r"same training point $\phi_{\rm index}$",
        _INDEX,
    )
    band(
        bottom,
        curves.t,
        curves.excess_entropy,
        curves.excess_entropy_se,
        r"empirical $f^e/\alpha$",
        _EMPIRICAL,
    )
    band(
        bottom,
        curves.t,
        curves.leave_one_out,
        curves.leave_one_out_se,
        r"leave-one-out $f/\alpha$",
        _POPULATION,
    )
    bottom.axhline(0.0, color="0.3", linewidth=0.8)
    top.set_ylabel("clone probability")
    bottom.set_ylabel(r"excess entropy, in units of $\alpha=\log n/d$")
    top.set_ylim(-0.02, 1.04)
    bottom.set_ylim(-0.6, 1.08)
    bottom.set_xlabel(_TIME_LABEL)
    _mark_prediction(prediction, top, bottom)
    top.legend(loc="center left", fontsize=8, framealpha=0.9)
    bottom.legend(loc="upper left", fontsize=8, framealpha=0.9)
    data = prediction.dataset
    classes = f", classes {', '.join(data['classes'])}" if 0 < len(data["classes"]) <= 4 else ""
    top.set_title(f"{data['name']}{classes}: n = {data['n']}, d = {data['d']}", fontsize=10, pad=20)
    return figure


def plot_speciation(result: Speciation, *, ax: Axes | None = None) -> Figure:
    """Draw phi(t) with the conventions of the speciation time.

    Parameters
    ----------
    result : Speciation
        Result of the calculator.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=3.8)
    order = np.argsort(result.t)
    axis.plot(result.t[order], result.phi[order], label=r"clone probability $\phi$", **_CLASS)
    styles = ("-", "--", ":", "-.")
    for (name, time), style in zip(result.t_S_conventions.items(), styles, strict=False):
        axis.axvline(
            time,
            color="0.25",
            linewidth=1.0,
            linestyle=style,
            label=f"$t_S$ {name.replace('_', '-')} {time:.3f}",
        )
    axis.set_xlabel(_TIME_LABEL)
    axis.set_ylabel("probability that clones share the class")
    axis.legend(fontsize=8)
    return figure


def plot_collapse(result: Collapse, *, ax: Axes | None = None) -> Figure:
    """Draw f(t)/alpha with the collapse time.

    Parameters
    ----------
    result : Collapse
        Result of the calculator.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=3.8)
    order = np.argsort(result.t)
    axis.plot(result.t[order], result.excess_entropy[order], label=r"$f/\alpha$, closed form", **_POPULATION)
    axis.axvline(result.t_C, color="0.25", linewidth=1.0, label=f"$t_C$ = {result.t_C:.3f}")
    if result.excess_entropy_corrected is not None and result.t_C_corrected is not None:
        axis.plot(
            result.t[order],
            result.excess_entropy_corrected[order],
            label="with class information",
            **_EMPIRICAL,
        )
        axis.axvline(
            result.t_C_corrected, color="0.25", linewidth=1.0, linestyle="--",
            label=f"$t_C$ with class information = {result.t_C_corrected:.3f}",
        )  # fmt: skip
    axis.axhline(0.0, color="0.3", linewidth=0.8)
    axis.set_ylim(max(_LOWEST_SHOWN, float(result.excess_entropy.min()) - 0.05), 1.05)
    shown = result.t[order][result.excess_entropy[order] > _LOWEST_SHOWN]
    if shown.size > 1:
        axis.set_xlim(shown[0], shown[-1])
    axis.set_xlabel(_TIME_LABEL)
    axis.set_ylabel(r"excess entropy, in units of $\alpha$")
    axis.legend(fontsize=8)
    return figure


def _mark_prediction(prediction: Prediction, top: Axes, bottom: Axes) -> None:
    curves, speciation, collapse = prediction.curves, prediction.speciation, prediction.collapse
    if curves is None:
        return
    left, right = float(curves.t.min()), float(curves.t.max())
    if right > left:
        top.set_xscale("log")
        top.set_xlim(left, right)
        readable_ticks(bottom)
    t_S = None if speciation is None else speciation.time
    t_C = None if collapse is None else collapse.time
    for time, symbol in ((t_S, "t_S"), (t_C, "t_C")):
        if time is None or not left < time < right:
            continue
        for axis in (top, bottom):
            axis.axvline(time, color="0.15", linewidth=1.1, linestyle="-" if symbol == "t_S" else "-.")
        top.annotate(
            f"${symbol}$ = {time:.3g}", (time, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
            textcoords="offset points", ha="center", va="bottom", fontsize=8.5,
        )  # fmt: skip
    if t_S is None or t_C is None or not left < t_C < t_S < right:
        return
    for name, (start, end) in {"III": (left, t_C), "II": (t_C, t_S), "I": (t_S, right)}.items():
        for axis in (top, bottom):
            axis.axvspan(start, end, facecolor=_SHADES[name], zorder=-2, linewidth=0)
        bottom.annotate(
            _MEANING[name], ((start * end) ** 0.5, 0.02), xycoords=("data", "axes fraction"), ha="center", va="bottom",
            fontsize=8.5, color="0.25",
        )  # fmt: skip
