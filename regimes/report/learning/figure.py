"""Spectrum of the features with its learning times, and both losses against training time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.prediction.learning.predict import TrainingClock

__all__ = ["figure"]

_TRAIN, _TEST, _SPECTRUM = "tab:blue", "tab:red", "0.3"


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
    for key, style in (("learning.tau_gen", "--"), ("learning.tau_mem", ":")):
        number = result.numbers[key]
        if number.value is not None:
            name = key.partition("_")[2]
            lower.axvline(number.value, color="0.25", linewidth=1.0, linestyle=style, label=rf"$\tau_{{{name}}}$")
    lower.set_xlabel(r"training time $\tau$ (random features, gradient flow)")
    lower.set_ylabel("loss, of that untrained")
    lower.legend(fontsize=8)
    return drawn


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
