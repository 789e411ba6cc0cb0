"""When a sample commits to a class and to a training point: crossings of the curves of the posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.unusual_data import duplicate_points
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.result import Number
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.criteria import normalised_clone_level
from regimes.prediction.dataset.intervals import crossing
from regimes.theory.formula.record import recorded

__all__ = ["Commitment"]

_HALF = 0.5
_BIAS = ", not the finite-size bias"


@dataclass(frozen=True)
class Commitment:
    """Rows of the crossings of one set of curves, in the steps of a schedule."""

    curves: PosteriorCurves
    data: Dataset
    schedule: Schedule

    def classes(self) -> dict[str, Number]:
        """With the own point in the posterior, as a model that has memorised has it, and without."""
        if self.data.labels is None:
            return {}
        floor = float(np.sum((np.bincount(self.data.labels) / self.data.n) ** 2))
        with recorded() as used:
            level = normalised_clone_level()
        rows = {
            "speciation.class_level": Number(
                "normalised clone probability at which a class is decided", level, formulas=tuple(used)
            )
        }

        def normalise(phi: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(compile_formula("normalised_clone_probability", target="numpy")(phi, floor))

        for key, name, label in (
            ("speciation.class_time_memorised", "clone_class", "classes decided (clones)"),
            ("speciation.class_time", "clone_class_leave_one_out", "the same, own point left out"),
        ):
            phi, error = getattr(self.curves, name), getattr(self.curves, f"{name}_se")
            replicates = getattr(self.curves, f"jackknife_{name}")
            with recorded() as used:
                scaled = normalise(phi), error / (1 - floor), None if replicates is None else normalise(replicates)
                normalised_clone_level()
            what = "the normalised class clone probability"
            rows[key] = self._row(label, name, *scaled, level, what, tuple(used))
        return rows

    def points(self) -> dict[str, Number]:
        """Zero of the leave-one-out excess entropy, and half of the clones on one training point."""
        curves, row = self.curves, self._row
        # Equal points share a commitment: the largest phi_index is the share of different points.
        level = _HALF * (1 - duplicate_points(self.data.X) / self.data.n)
        rows = {}
        for key, name, at, label, what in (
            ("collapse.time", "leave_one_out", 0.0, "collapse, leave-one-out zero", "the leave-one-out excess entropy"),
            (
                "collapse.point_time",
                "clone_index",
                level,
                "half of the clones share a point",
                "the probability that clones share their training point",
            ),
        ):
            values, error = getattr(curves, name), getattr(curves, f"{name}_se")
            rows[key] = row(label, name, values, error, getattr(curves, f"jackknife_{name}"), at, what, ())
        used = curves.formulas["clone_index"]
        rows["collapse.point_level"] = Number("half of the largest probability of one point", level, formulas=used)
        return rows

    def _row(
        self,
        label: str,
        name: str,
        values: NDArray[np.float64],
        error: NDArray[np.float64],
        replicates: NDArray[np.float64] | None,
        level: float,
        what: str,
        used: tuple[str, ...],
    ) -> Number:
        found = crossing(self.curves.t, values, error, replicates, level, what)
        covers = found.covers if found.covers is None or name != "leave_one_out" else found.covers + _BIAS
        return self.schedule.number(
            label,
            found.time,
            (*self.curves.formulas[name], *used),
            interval=found.interval,
            covers=covers,
            reason=found.reason,
        )
