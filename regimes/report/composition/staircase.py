"""Figure of the threshold against the width of the bumps, a staircase, with simulated grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.numerics.composition.bumps.bump_neighbourhood import bump_neighbourhood
from regimes.numerics.composition.bumps.connecting_width import connecting_sigmas
from regimes.numerics.composition.lattice.threshold import PercolationThreshold, lattice_threshold
from regimes.report.composition.text import OVERLAP_NAMES, common_grid
from regimes.report.parts.axes import figure_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from regimes.prediction.composition.grid_result import PercolationPrediction

__all__ = ["plot_staircase"]

_IN_PLANE, _ON_PIXELS, _LIMIT = "#10243e", "#c8501e", "#3f83b5"
_ERRORS = 1.96
_SIGMAS = 700
_PIXELS_MATTER = 1.0
"""Width in pixels up to which sums over pixels are drawn: the cosine then differs from that in the plane by 2e-4."""
_PIXEL_WORDS = r"on pixels, steps of 1 px; wider than $\sigma$ = 1 as in the plane"


def plot_staircase(
    predictions: Sequence[PercolationPrediction] = (), *, tau: float = 0.005, overlap: str = "cosine",
    largest: float = 2.2, pixels: bool = True, ax: Axes | None = None,
) -> Figure:  # fmt: skip
    """Draw the threshold of an infinite square grid against the width of the bumps, with simulated grids.

    Parameters
    ----------
    predictions : sequence of PercolationPrediction
        With simulations, of square steps and of this tau and overlap; drawn as points.
    tau : float
        Overlap from which bumps connect.
    overlap : {"cosine", "coefficient", "product"}
        Which overlap.
    largest : float
        Largest width that is drawn, in steps of the grid.
    pixels : bool
        Draw the threshold for sums over pixels, at a step of one pixel, as well, up to a width of one pixel.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib.figure.Figure
        Thick where thresholds are tabulated, thin where they are fitted, with a band of the fit's largest deviation;
        the limit of discs where it is of use; and the width below which nothing connects.

    Raises
    ------
    ValueError
        If a parameter lies outside its range, or a prediction is of another tau, overlap or metric.
    """
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=4.6)
    narrow, wide = connecting_sigmas(1.0, tau=tau, overlap=overlap)
    if not largest > narrow:
        raise ValueError(
            f"plot_staircase: largest (width, in steps) must exceed {narrow:.4g}, from which on bumps connect, got "
            f"{largest:g}"
        )
    sigmas = np.linspace(narrow * (1 + 1e-9), min(largest, wide * (1 - 1e-9)), _SIGMAS)
    found = _thresholds(sigmas, tau, overlap, on_pixels=False)
    _stairs(axis, sigmas, found, _IN_PLANE, "-", "bumps in the plane (thin: fitted)")
    holds = [bool(one.disc_limit_holds) for one in found]
    if any(holds):
        limit = np.array(
            [one.disc_limit if held else np.nan for one, held in zip(found, holds, strict=True)], dtype=float
        )
        axis.plot(
            sigmas,
            limit,
            color=_LIMIT,
            linestyle=(0, (1, 1.2)),
            linewidth=1.8,
            label="limit of discs, radius of 6 steps or more",
            zorder=3,
        )
    axis.axvspan(0.0, narrow, facecolor="0.86", linewidth=0, zorder=-2)
    _upright(axis, narrow / 2, rf"no bumps connect below $\sigma$ = {narrow:.3f} steps")
    if pixels:
        least, most = connecting_sigmas(1.0, tau=tau, overlap=overlap, pixels=True)
        narrow_ones = np.linspace(least * (1 + 1e-9), min(_PIXELS_MATTER, largest, most * (1 - 1e-9)), _SIGMAS // 4)
        on_pixels = _thresholds(narrow_ones, tau, overlap, on_pixels=True)
        _stairs(axis, narrow_ones, on_pixels, _ON_PIXELS, (0, (3, 1)), _PIXEL_WORDS)
        axis.axvline(least, ymax=0.62, color=_ON_PIXELS, linewidth=0.9)
        _upright(axis, (narrow + least) / 2, f"none on pixels below {least:.3f}", color=_ON_PIXELS)
    _simulated(axis, predictions, tau, overlap)
    axis.set_yscale("log")
    axis.set_xlim(0.0, largest)
    axis.set_ylim(0.7 * min(one.value for one in found if one.value is not None), 1.0)
    axis.set_xlabel(r"width of the bumps $\sigma$, in steps of the grid")
    axis.set_ylabel(r"kept fraction at the threshold, $\lambda_c$")
    bars = "; bars: 1.96 standard errors" if any(one.lambda_c_finite_se for one in predictions) else ""
    axis.set_title(f"{OVERLAP_NAMES[overlap]} of {tau:g} or more connects{bars}", fontsize=10)
    axis.legend(loc="upper right", fontsize=8, framealpha=0.9)
    return figure


def _thresholds(
    sigmas: NDArray[np.float64], tau: float, overlap: str, *, on_pixels: bool
) -> list[PercolationThreshold]:
    return [
        lattice_threshold(bump_neighbourhood(float(sigma), tau=tau, overlap=overlap, pixels=on_pixels))
        for sigma in sigmas
    ]


def _stairs(
    axis: Axes, sigmas: NDArray[np.float64], found: Sequence[PercolationThreshold], color: str, style: Any, label: str
) -> None:
    """Fitted thresholds as a thin line with a band, tabulated ones thick."""
    value = np.array([one.value for one in found], dtype=float)
    error = np.array([one.error or 0.0 for one in found])
    fitted = np.array([one.method == "fit" for one in found])
    axis.plot(sigmas, value, color=color, linestyle=style, linewidth=0.9, drawstyle="steps-post")
    axis.plot(
        sigmas, np.where(fitted, np.nan, value), color=color, linestyle=style, linewidth=2.0, drawstyle="steps-post",
        label=label,
    )  # fmt: skip
    axis.fill_between(
        sigmas, value - error, value + error, where=fitted.tolist(), step="post", color=color, alpha=0.2, linewidth=0
    )


def _simulated(axis: Axes, predictions: Sequence[PercolationPrediction], tau: float, overlap: str) -> None:
    for on_pixels, color, marker in ((False, _IN_PLANE, "o"), (True, _ON_PIXELS, "s")):
        chosen = [one for one in predictions if one.model["pixels"] is on_pixels]
        if not chosen:
            continue
        for one in chosen:
            _check_comparable(one, tau, overlap)
        sigmas = [one.model["sigma"] / one.model["steps"][0] for one in chosen]
        errors = [_ERRORS * (one.lambda_c_finite_se or 0.0) for one in chosen]
        axis.errorbar(
            sigmas, [float(one.lambda_c_finite or np.nan) for one in chosen], errors, fmt=marker, color=color,
            markersize=5, markerfacecolor="white", elinewidth=1.1, capsize=2, zorder=4,
            label=f"simulated{' on pixels' if on_pixels else ''}, {common_grid(chosen)}",
        )  # fmt: skip


def _check_comparable(prediction: PercolationPrediction, tau: float, overlap: str) -> None:
    model = prediction.model
    if model["tau"] != tau or model["overlap"] != overlap or len(model["steps"]) != 2 or len(set(model["steps"])) != 1:
        steps = " x ".join(f"{step:g}" for step in model["steps"])
        raise ValueError(
            f"plot_staircase: predictions must be of {OVERLAP_NAMES[overlap]}, tau = {tau:g} and a square grid in the "
            f"plane, got {OVERLAP_NAMES[model['overlap']]}, tau = {model['tau']:g} and steps of {steps}"
        )
    if prediction.lambda_c_finite is None:
        raise ValueError("plot_staircase: every prediction must hold the threshold of a simulation; ask for runs")


def _upright(axis: Axes, place: float, text: str, *, color: str = "0.25") -> None:
    axis.annotate(
        text, (place, 0.03), xycoords=("data", "axes fraction"), rotation=90, ha="center", va="bottom", fontsize=8,
        color=color,
    )  # fmt: skip
