"""Figure of the threshold against the width of the bumps, a staircase, with simulated grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regimes.numerics.composition.overlap_kinds import OVERLAPS
from regimes.report.composition.titles import common_grid
from regimes.report.parts.axes import figure_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regimes.prediction.composition.grid import PercolationPrediction
    from regimes.prediction.composition.staircase import BumpStaircase, Staircase

__all__ = ["plot_staircase"]

_IN_PLANE, _ON_PIXELS, _LIMIT = "#10243e", "#c8501e", "#3f83b5"
_ERRORS = 1.96
_LABELS = {
    False: "bumps in the plane (thin: fitted)",
    True: r"on pixels, steps of 1 px; wider than $\sigma$ = 1 as in the plane",
}


def plot_staircase(
    staircases: Sequence[Staircase], predictions: Sequence[PercolationPrediction] = (), *, ax: Axes | None = None
) -> Figure:
    """Draw the threshold of an infinite square grid against the width of the bumps, with simulated grids.

    Staircases, in the plane and on pixels, and simulations on square steps are of one tau and one overlap. Lines are
    thick where thresholds are tabulated, thin where they are fitted, with a band of the fit's largest deviation; the
    limit of discs is drawn where it is of use, and the width below which nothing connects is named.
    """
    if not staircases:
        raise ValueError("plot_staircase: give one staircase at least, got none")
    figure, (axis,) = figure_axes(None if ax is None else [ax], rows=1, height=4.6)
    problem: BumpStaircase = staircases[0].problem
    for each in staircases:
        _check_comparable(each.problem, problem)
        _stairs(axis, each)
    narrowest = sorted(staircases, key=lambda each: each["bumps.narrowest"].value or 0.0)
    axis.axvspan(0.0, narrowest[0]["bumps.narrowest"].value or 0.0, facecolor="0.86", linewidth=0, zorder=-2)
    below = 0.0
    for each in narrowest:
        below = _name_narrowest(axis, each, below)
    _simulated(axis, predictions, problem)
    axis.set_yscale("log")
    axis.set_xlim(0.0, problem.largest)
    axis.set_ylim(0.7 * min(float(np.nanmin(each.curves["threshold"])) for each in staircases), 1.0)
    axis.set_xlabel(r"width of the bumps $\sigma$, in steps of the grid")
    axis.set_ylabel(r"kept fraction at the threshold, $\lambda_c$")
    bars = "; bars: 1.96 standard errors" if any(_grid_threshold(one)[1] for one in predictions) else ""
    axis.set_title(f"{OVERLAPS[problem.overlap]} of {problem.tau:g} or more connects{bars}", fontsize=10)
    axis.legend(loc="upper right", fontsize=8, framealpha=0.9)
    return figure


def _stairs(axis: Axes, result: Staircase) -> None:
    """Fitted thresholds as a thin line with a band, tabulated ones thick; the limit of discs dotted."""
    pixels, curves = result.problem.pixels, result.curves
    color: str = _ON_PIXELS if pixels else _IN_PLANE
    style: Any = (0, (3, 1)) if pixels else "-"
    sigmas, value, error, fitted = (curves[name] for name in ("sigma", "threshold", "error", "fitted"))
    line: dict[str, Any] = {"color": color, "linestyle": style, "drawstyle": "steps-post"}
    axis.plot(sigmas, value, linewidth=0.9, **line)
    axis.plot(sigmas, np.where(fitted > 0, np.nan, value), linewidth=2.0, label=_LABELS[pixels], **line)
    band: dict[str, Any] = {"color": color, "alpha": 0.2, "linewidth": 0, "step": "post"}
    axis.fill_between(sigmas, value - error, value + error, where=(fitted > 0).tolist(), **band)
    if np.isfinite(curves["disc_limit"]).any():
        label, dots = "limit of discs, radius of 6 steps or more", (0, (1, 1.2))
        axis.plot(sigmas, curves["disc_limit"], color=_LIMIT, linestyle=dots, linewidth=1.8, label=label, zorder=3)


def _name_narrowest(axis: Axes, result: Staircase, below: float) -> float:
    narrow = result["bumps.narrowest"].value or 0.0
    if result.problem.pixels:
        axis.axvline(narrow, ymax=0.62, color=_ON_PIXELS, linewidth=0.9)
        _upright(axis, (below + narrow) / 2, f"none on pixels below {narrow:.3f}", color=_ON_PIXELS)
    else:
        _upright(axis, (below + narrow) / 2, rf"no bumps connect below $\sigma$ = {narrow:.3f} steps")
    return narrow


def _simulated(axis: Axes, predictions: Sequence[PercolationPrediction], problem: BumpStaircase) -> None:
    for on_pixels, color, marker in ((False, _IN_PLANE, "o"), (True, _ON_PIXELS, "s")):
        chosen = [one for one in predictions if one.problem.pixels is on_pixels]
        if not chosen:
            continue
        for one in chosen:
            _check_comparable(one.problem, problem)
            if _grid_threshold(one)[0] is None:
                raise ValueError(
                    "plot_staircase: every prediction must hold the threshold of a simulation; ask for runs"
                )
        sigmas = [one.problem.sigma / one.problem.steps[0] for one in chosen]
        values, errors = zip(*(_grid_threshold(one) for one in chosen), strict=True)
        axis.errorbar(
            sigmas,
            values,
            [_ERRORS * (error or 0.0) for error in errors],
            fmt=marker,
            color=color,
            markersize=5,
            markerfacecolor="white",
            elinewidth=1.1,
            capsize=2,
            zorder=4,
            label=f"simulated{' on pixels' if on_pixels else ''}, {common_grid(chosen)}",
        )


def _grid_threshold(prediction: PercolationPrediction) -> tuple[float | None, float | None]:
    number = prediction["percolation.threshold_grid"]
    return number.value, number.error


def _check_comparable(one: Any, problem: BumpStaircase) -> None:
    steps = getattr(one, "steps", (1.0, 1.0))
    if one.tau != problem.tau or one.overlap != problem.overlap or len(set(steps)) != 1:
        apart = " x ".join(f"{step:g}" for step in steps)
        raise ValueError(
            f"plot_staircase: all must be of {OVERLAPS[problem.overlap]}, tau = {problem.tau:g} and a square grid in "
            f"the plane, got {OVERLAPS[one.overlap]}, tau = {one.tau:g} and steps of {apart}"
        )


def _upright(axis: Axes, place: float, text: str, *, color: str = "0.25") -> None:
    axis.annotate(
        text,
        (place, 0.03),
        xycoords=("data", "axes fraction"),
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=8,
        color=color,
    )
