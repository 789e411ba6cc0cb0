"""Figures of composition data for several widths: overlap against distance, largest cluster against what is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.numerics.composition.bumps.overlaps import bump_overlap, connection_radius
from regimes.numerics.composition.bumps.pixel_overlaps import pixel_overlap
from regimes.numerics.composition.overlap_kinds import OVERLAPS
from regimes.report.composition.titles import common_grid
from regimes.report.parts.axes import band, figure_axes, readable_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.prediction.composition.grid import PercolationPrediction

__all__ = ["plot_largest_clusters", "plot_overlaps"]

# Narrow bumps first; dashes and markers tell the widths apart as well.
_WIDTHS: tuple[dict[str, Any], ...] = (
    {"color": "#10243e", "linestyle": "-"},
    {"color": "#8c2d19", "linestyle": "--"},
    {"color": "#1b6b45", "linestyle": "-."},
    {"color": "#4d8fbf", "linestyle": ":"},
    {"color": "#c98a1b", "linestyle": (0, (6, 1.5, 1, 1.5, 1, 1.5))},
)
_POINTS = ("o", "s", "^", "D", "v")
_THRESHOLD: dict[str, Any] = {"color": "0.35", "linewidth": 1.0, "linestyle": (0, (4, 2))}
_BEYOND = 1.15  # times the largest radius
_WHOLE_MARKER = 1.5
_LEAST = 30.0  # overlaps are drawn down to this part of the threshold


def plot_overlaps(
    sigmas: Sequence[float] = (0.3, 0.5, 1.0, 2.0), *, tau: float = 0.005, ax: Sequence[Axes] | None = None
) -> Figure:
    """Draw the three overlaps of two bumps against their distance, and where each reaches a threshold.

    Lines are bumps in the plane, hollow points sums over pixels for bumps that are whole pixels apart along an axis,
    full points the connection radii.
    """
    if len(sigmas) == 0:
        raise ValueError("plot_overlaps: sigmas (widths of bumps, in pixels) must be one at least, got none")
    figure, axes = _panels(ax, len(OVERLAPS))
    radii = {
        (sigma, overlap): connection_radius(sigma, tau=tau, overlap=overlap)
        for sigma in sigmas
        for overlap in OVERLAPS
        if bump_overlap(0.0, sigma, overlap=overlap) > tau
    }
    far = _BEYOND * max(radii.values())
    r = np.linspace(0.0, far, 401)
    whole = np.arange(math.floor(far) + 1.0)
    apart = np.stack([np.zeros_like(whole), whole], axis=1)
    for axis, overlap in zip(axes, OVERLAPS, strict=True):
        for number, sigma in enumerate(sigmas):
            style = _WIDTHS[number % len(_WIDTHS)]
            curve = bump_overlap(r, sigma, overlap=overlap)
            axis.plot(r, curve, linewidth=1.7, label=rf"$\sigma$ = {sigma:g} px", **style)
            on_pixels = pixel_overlap([0.0, 0.0], apart, sigma, overlap=overlap)
            seen = on_pixels > _WHOLE_MARKER * tau / _LEAST
            axis.plot(
                whole[seen],
                on_pixels[seen],
                linestyle="none",
                markersize=4.5,
                markerfacecolor="white",
                zorder=3,
                marker=_POINTS[number % len(_POINTS)],
                color=style["color"],
            )
            if (sigma, overlap) in radii:
                axis.plot(
                    radii[sigma, overlap], tau, "o", markersize=5, color=style["color"], zorder=4, linestyle="none"
                )
        axis.axhline(tau, **_THRESHOLD)
        axis.set_yscale("log")
        axis.set_xlim(-0.03 * far, 1.03 * far)
        axis.set_title(f"{OVERLAPS[overlap]}{', 1/px$^2$' if overlap == 'product' else ''}", fontsize=10)
        axis.set_xlabel("distance of the bumps, px")
    highest = 2 * max(1.0, *(float(bump_overlap(0.0, sigma, overlap="product")) for sigma in sigmas))
    axes[0].set_ylabel("overlap of two images")
    for axis in axes:
        axis.set_ylim(tau / _LEAST, highest)
    axes[-1].annotate(
        rf"$\tau$ = {tau:g}",
        (1.0, tau),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 2),
        ha="right",
        va="bottom",
        textcoords="offset points",
        fontsize=8.5,
    )
    axes[-1].legend(handles=_overlap_legend(axes[-1]), loc="upper right", fontsize=8, framealpha=0.9)
    return figure


def plot_largest_clusters(predictions: Sequence[PercolationPrediction], *, ax: Axes | None = None) -> Figure:
    """Draw the share of the kept images in the largest cluster against the kept fraction, for several widths."""
    if len(predictions) == 0:
        raise ValueError("plot_largest_clusters: give one prediction at least, got none")
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=4.4)
    lowest = 1.0
    for number, prediction in enumerate(predictions):
        if not prediction.curves:
            raise ValueError("plot_largest_clusters: every prediction must hold a simulation; ask for one run at least")
        infinite, median = (prediction[f"percolation.threshold_{of}"].value for of in ("infinite", "grid"))
        style, curves = _WIDTHS[number % len(_WIDTHS)], prediction.curves
        some = curves["lambda"] > 0
        error = None if curves["largest_share_se"] is None else curves["largest_share_se"][some]
        threshold = "" if infinite is None else rf", $\lambda_c$ = {infinite:.3g}"
        label = rf"$\sigma$ = {prediction.problem.sigma:g} px{threshold}"
        look = style | {"linewidth": 1.8}
        band(axis, curves["lambda"][some], curves["largest_share"][some], error, label, look, within=(0.0, 1.0))
        if infinite is not None:
            axis.axvline(infinite, linewidth=0.9, alpha=0.8, **style)
        lowest = min(lowest, median or 1.0, infinite or 1.0)
    axis.set_xscale("log")
    axis.set_xlim(lowest / 4, 1.0)
    axis.set_ylim(-0.02, 1.04)
    readable_ticks(axis)
    axis.set_xlabel(r"kept fraction of the grid $\lambda$")
    axis.set_ylabel("share of the kept images\nin the largest cluster")
    axis.legend(  # above: curves may rise anywhere
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=min(3, len(predictions)),
        frameon=False,
        fontsize=8,
        title="\n".join(words for words in (common_grid(predictions), _explained(predictions)) if words),
        title_fontsize=8,
    )
    return figure


def _explained(predictions: Sequence[PercolationPrediction]) -> str:
    """What bands and vertical lines are, where there are any."""
    bands = any(one.curves["largest_se"] is not None for one in predictions)
    lines = any(one["percolation.threshold_infinite"].value is not None for one in predictions)
    return ", ".join(
        [*(["bands: 1.96 standard errors"] if bands else []), *(["vertical lines: infinite grid"] if lines else [])]
    )


def _panels(given: Sequence[Any] | None, count: int) -> tuple[Figure, Sequence[Any]]:
    if given is not None:
        if len(given) != count:
            raise ValueError(f"plot: ax must hold {count} axes, got {len(given)}")
        return given[0].figure, given
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * count, 3.9), layout="constrained")
    return figure, figure.subplots(1, count, sharey=True)


def _overlap_legend(axis: Axes) -> list[Any]:
    from matplotlib.lines import Line2D

    widths, _ = axis.get_legend_handles_labels()
    hollow: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": "0.3"}
    return [
        *widths,
        Line2D([], [], markersize=4.5, markerfacecolor="white", label="sums over pixels", **hollow),
        Line2D([], [], markersize=5, label="connection radius", **hollow),
    ]
