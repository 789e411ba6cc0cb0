"""Spectrum of the features with its learning times, and both losses against training time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.prediction.learning.predict import TrainingClock

__all__ = ["figure"]

_TRAIN, _TEST, _SPECTRUM = "tab:blue", "tab:red", "0.3"
_SAME = 1e-9


def figure(result: TrainingClock, ax: Any = None) -> Figure:
    """Draw the density of eigenvalues, above the losses; times are marked in both."""
    drawn, (upper, lower) = _axes(ax)
    curves = result.curves
    upper.fill_between(curves["spectrum.eigenvalue"], curves["spectrum.density"], color=_SPECTRUM, alpha=0.4)
    upper.set_xscale("log")
    upper.set_yscale("log")
    highest = float(np.max(curves["spectrum.density"]))
    upper.set_ylim(highest * 1e-4, highest * 3)
    upper.set_xlabel("eigenvalue of the features' covariance")
    upper.set_ylabel("density per nat")
    lower.plot(curves["tau"], curves["train"], color=_TRAIN, label="training loss")
    lower.plot(curves["tau"], curves["test"], color=_TEST, label="test loss")
    lower.set_xscale("log")
    if np.max(curves["test"]) > 3:
        lower.set_yscale("log")
    found = curves["levels"][0]
    _mark(upper, r"\lambda", found["lambda_gen"], found["lambda_mem"])
    _mark(lower, r"\tau", found["tau_gen"], found["tau_mem"])
    best = result.numbers["learning.best_time"].value
    if best is not None:
        lower.plot(best, result.numbers["learning.best_loss"].value, "o", color=_TEST, label="test loss least")
    _draw_atom(upper, found["atom"], found["atom_share"])
    upper.legend(fontsize=8)
    lower.set_xlabel(r"training time $\tau$ (random features, gradient flow)")
    lower.set_ylabel("loss, of that untrained")
    lower.legend(fontsize=8)
    return drawn


def _mark(ax: Any, symbol: str, gen: float, mem: float | None) -> None:
    """Lines at the last mode of the population and the first of the points; one where they are the same."""
    both = {rf"${symbol}_{{gen}}$": (gen, "--"), rf"${symbol}_{{mem}}$": (mem, ":")}
    if mem is not None and abs(gen - mem) <= _SAME * gen:
        both = {rf"${symbol}_{{gen}} = {symbol}_{{mem}}$: no gap": (gen, "-.")}
    for label, (place, style) in both.items():
        if place is not None:
            ax.axvline(place, color="0.25", linewidth=1.0, linestyle=style, label=label)


def _draw_atom(ax: Any, eigenvalue: float, share: float) -> None:
    """The eigenvalues at the floor, a stem as high as the panel; a note where they are 0 and off a logarithmic axis."""
    if share <= 0:
        return
    said = f"{100 * share:.3g}% of the modes at {eigenvalue:.3g}"
    if eigenvalue > 0:
        ax.axvline(eigenvalue, color="tab:purple", linewidth=2.0, label=said)
    else:
        ax.plot([], [], " ", label=said)


def _axes(given: Any) -> tuple[Figure, Any]:
    """Two panels with an abscissa each: those of the user, or new ones without a window."""
    if given is not None:
        axes = [given] if hasattr(given, "plot") else list(given)
        if len(axes) != 2:
            raise ValueError(f"plot: ax must hold 2 axes, one for each panel, got {len(axes)}")
        owner: Figure = axes[0].figure
        return owner, axes
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(7.0, 6.0), layout="constrained")
    return drawn, drawn.subplots(2, 1)
