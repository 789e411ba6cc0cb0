"""All that is simulated and computed of one data set under its exact empirical score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.roots import curve_crossings
from regimes.validation.experiments.empirical_clones.last_changes import (
    LastChanges,
    compare_last_changes,
    simulate_last_changes,
)
from regimes.validation.experiments.empirical_clones.pairs import PairsFound, simulate_pairs
from regimes.validation.experiments.empirical_clones.points import EmpiricalForm, EmpiricalPoints
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.outcome.agreement import Agreement, ChiSquare

__all__ = ["NEAR", "RunsFound", "empirical_runs"]

Array = NDArray[np.float64]

NEAR = 0.6
"""Value of phi_index near which DESIGN 3.2 puts the mean last change."""


@dataclass(frozen=True, eq=False)
class RunsFound:
    """What was found of one data set."""

    name: str
    t: Array
    pairs: PairsFound
    changes: LastChanges
    later: list[Agreement]  # of last changes, which share paths
    later_test: ChiSquare  # with their covariance
    grid: dict[str, Array]  # t, index, classes and most for the figure
    summary: dict[str, Any]


def empirical_runs(form: EmpiricalForm, bench: Bench) -> RunsFound:
    """Simulate pairs and paths of one data set, beside their theory."""
    of = EmpiricalPoints(form, bench)
    pairs, changes = simulate_pairs(of), simulate_last_changes(of)
    later, test = compare_last_changes(form.source, of.t, changes.last, changes.exact)
    return RunsFound(form.source, of.t, pairs, changes, later, test, of.grid, _summary(of, pairs, changes))


def _summary(of: EmpiricalPoints, pairs: PairsFound, changes: LastChanges) -> dict[str, Any]:
    t, phi, most = (of.grid[name] for name in ("t", "index", "most"))
    return {
        "n": len(of.X),
        "last_change": changes.last.summary(),
        "last_change_exact": changes.exact.summary(),
        "time_of_0.6": float(curve_crossings(t, phi, NEAR)[-1]),
        "index_at_mean": float(np.interp(changes.last.mean, t, phi)),
        "median_between": [float(curve_crossings(t, most, level)[-1]) for level in (0.75, 0.5)],
        "index_less_law": [each.theory - float(changes.exact.later_than([each.at])[0]) for each in pairs.index],
        "halving": [asdict(each) for each in pairs.halving],
        "mean_z": float(np.mean([each.z for each in pairs.index])),
        "halving_last_change": changes.halving(of.t),
    }
