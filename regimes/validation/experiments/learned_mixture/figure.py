"""Panels of the clones of a denoiser trained on two Gaussian classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.learned_mixture.runs import LearnedClones, LearnedPoint
from regimes.validation.outcome.panels import Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]


def panels(runs: LearnedClones, points: Sequence[LearnedPoint], losses: dict[str, Array]) -> list[Panel]:
    """Draw phi, what moves it away from the closed form, and the loss above the smallest."""
    t, zero = np.array([p.t for p in points]), [0.0] * len(points)
    fine = np.linspace(t[0] - 0.2, t[-1] + 0.2, 120)
    phi = [
        curve("closed form", "theory", fine / runs.t_S, runs.theory(fine)),
        curve("learned score", "simulation", t / runs.t_S, [p.learned for p in points], [p.learned_se for p in points]),
    ]
    moved = [
        curve(
            "learned less exact score",
            "simulation",
            t,
            [p.difference for p in points],
            [p.difference_se for p in points],
        ),
        curve(
            "from the error of the score",
            "simulation",
            t,
            [p.shift for p in points],
            [p.shift_se for p in points],
            group=1,
        ),
        curve("halving the step", "simulation", t, [p.change for p in points], [p.change_se for p in points], group=2),
        curve("", "reference", t, zero, group=5),
        curve("standard error of a point", "reference", t, [p.learned_se for p in points], group=5),
    ]
    closed = losses["closed"]
    above = [
        curve(
            "learned, squared distance from exact",
            "simulation",
            losses["t"],
            losses["excess"] / closed,
            losses["excess_se"] / closed,
        ),
        curve(
            "learned", "simulation", losses["t"], losses["learned"] / closed - 1, losses["learned_se"] / closed, group=1
        ),
        curve("exact", "simulation", losses["t"], losses["exact"] / closed - 1, losses["exact_se"] / closed, group=2),
        curve("", "reference", losses["t"], 0 * closed, group=5),
    ]
    clone = r"clone probability $\phi(t)$"
    return [
        Panel(f"Two Gaussian classes, $d = {runs.d}$", "$t/t_S$", clone, tuple(phi), (("$t_S$", 1.0),)),
        Panel("What moves it", "$t$", r"change of $\phi$", tuple(moved), (("$t_S$", runs.t_S),)),
        Panel("Loss above the smallest", "$t$", "relative excess", tuple(above), (("$t_S$", runs.t_S),), log_x=True),
    ]
