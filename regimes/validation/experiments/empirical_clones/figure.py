"""Panels of one data set under its exact empirical score."""

from __future__ import annotations

import numpy as np

from regimes.validation.experiments.empirical_clones.runs import NEAR, RunsFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]


def panels(found: RunsFound) -> list[Panel]:
    """Draw pairs of clones, and the last change of the nearest point."""
    t, inside = found.grid["t"], found.grid["t"] <= 1.3 * found.t.max()
    curves: list[Curve] = []
    for group, (label, name, points) in enumerate(
        (
            (r"same point, $\phi_{index}$", "index", found.pairs.index),
            (r"same class, $\phi_{class}$", "classes", found.pairs.classes),
            ("nearest is the last", "most", found.pairs.nearest),
        )
    ):
        values, errors = [point.simulation for point in points], [point.se for point in points]
        curves.append(curve(label, "theory", t[inside], found.grid[name][inside], group=group))
        curves.append(curve("", "simulation", found.t, values, errors, group=group))
    fine = np.linspace(t[0], 1.6 * found.t.max(), 200)
    at, law = found.changes.exact.curve()
    drawn, count = at <= fine[-1], found.changes.last.time.size
    share = found.changes.last.later_than(found.t)
    most = np.interp(fine, t, found.grid["most"])
    last = [
        curve("first exit from the Voronoi cell", "theory", at[drawn], law[drawn], group=0),
        curve("backward paths", "simulation", found.t, share, np.sqrt(share * (1 - share) / count), group=0),
        curve(r"bounds $2M - 1$ and $M$", "reference", fine, most, group=5),
        curve("", "reference", fine, np.maximum(2 * most - 1, 0), group=5),
    ]
    marks = (("mean", found.changes.last.mean), (rf"$\phi_{{index}} = {NEAR:g}$", found.summary["time_of_0.6"]))
    name = f"{found.name}, n = {found.summary['n']}"
    return [
        Panel(f"Pairs of clones: {name}", "$t$", "probability", tuple(curves)),
        Panel(f"Last change of nearest point: {name}", "$t$", "P(last change > t)", tuple(last), marks),
    ]
