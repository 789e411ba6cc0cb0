"""When classes are decided: in a model that has memorised the points, and at the latest in one that generalises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.progress import Progress
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.class_bound.bound import ClassBound, class_bound
from regimes.numerics.speciation.class_bound.crossing import class_time
from regimes.numerics.speciation.criteria import normalised_clone_level
from regimes.prediction.dataset.crossing_rows import CurvePart, crossing_rows
from regimes.prediction.dataset.time_grid import even_times, times_around
from regimes.theory.formula.record import recorded

__all__ = ["class_curves", "class_part", "class_rows", "held_out_bound", "held_out_rows", "no_class_rows"]

_LABELS = {
    "speciation.class_time": "classes decided, at least",
    "speciation.class_time_memorised": "classes decided",
    "speciation.class_time_left_out": "the same, own point left out",
}
_TIMES, _MORE_TIMES = 13, 20
_REACH = 1.8  # nats of log snr


@dataclass(frozen=True)
class _Normalised:
    """Clone probabilities on the scale from 0, independent, to 1, always the same class."""

    floor: float

    def __call__(self, phi: Any) -> NDArray[np.float64]:
        return np.asarray(compile_formula("normalised_clone_probability", target="numpy")(phi, self.floor))


def no_class_rows(schedule: Schedule, reason: str) -> dict[str, Number]:
    """Rows of times that do not exist."""
    return {key: schedule.number(label, None, (), reason=reason) for key, label in _LABELS.items()}


_Labelled = tuple[PosteriorCurves, NDArray[np.intp]]


def class_rows(whole: _Labelled, distinct: _Labelled | None, schedule: Schedule) -> dict[str, Number]:
    """Crossings of the posterior over the points, and with the own point left out of those without copies.

    Each comes with the classes of its points; ``distinct`` is None where copies aside there is one class.
    """
    with recorded() as used:
        level = normalised_clone_level()
    label = "normalised clone probability at which a class is decided"
    rows = {"speciation.class_level": Number(label, level, formulas=tuple(used))}
    rows |= _crossing("speciation.class_time_memorised", "clone_class", whole, schedule)
    key = "speciation.class_time_left_out"
    if distinct is None:
        return rows | {key: schedule.number(_LABELS[key], None, (), reason="copies aside there is one class")}
    return rows | _crossing(key, "clone_class_leave_one_out", distinct, schedule)


def _crossing(key: str, name: str, of: _Labelled, schedule: Schedule) -> dict[str, Number]:
    with recorded() as used:
        part = class_part(*of, name)
    return crossing_rows(key, _LABELS[key], part, (*of[0].formulas[name], *used), schedule)


def class_part(curves: PosteriorCurves, labels: NDArray[np.intp], name: str) -> CurvePart:
    """Where a class clone probability is half way from that of independent clones to 1."""
    normalise = _Normalised(float(np.sum((np.bincount(labels) / labels.size) ** 2)))
    replicates = getattr(curves, f"jackknife_{name}")
    return CurvePart(
        t=curves.t,
        values=normalise(getattr(curves, name)),
        error=getattr(curves, f"{name}_se") / (1 - normalise.floor),
        replicates=None if replicates is None else normalise(replicates),
        level=normalised_clone_level(),
        what="the normalised class clone probability",
    )


def held_out_rows(bound: ClassBound | None, schedule: Schedule) -> dict[str, Number]:
    """A lower bound on the class time of a model that generalises, from points that are held out."""
    key = "speciation.class_time"
    if bound is None:
        reason = "no points can be held out of fewer than three, copies aside"
        return {key: schedule.number(_LABELS[key], None, (), reason=reason)}
    with recorded() as used:
        found = class_time(bound)
    exists = found.value is not None
    return {
        key: schedule.number(
            _LABELS[key],
            found.value,
            (*bound.formulas, *used),
            interval=(found.low, None) if exists else None,
            covers="data, lower limit of 97.5%" if exists else None,
            reason=found.reason,
        )
    }


def class_curves(bound: ClassBound) -> dict[str, Any]:
    """The bound and its error at its own times."""
    return {
        "held_out.t": bound.t,
        "held_out.clone_class": bound.phi,
        "held_out.clone_class_se": bound.phi_se,
    }


def held_out_bound(
    X: ArrayLike,
    labels: NDArray[np.intp],
    around: tuple[float | None, float],
    groups: NDArray[np.int64],
    *,
    rng: int | np.random.Generator,
    memory: int,
    progress: Progress,
    store: Checkpoints,
) -> ClassBound:
    """Bound at times around the crossing of the own point left out, else over the whole range to the latest: kept."""
    crossing, latest = around
    times = even_times(latest / 60, latest, _MORE_TIMES)
    if crossing is not None:
        times = times_around(crossing, _REACH, latest, _TIMES)

    def compute() -> dict[str, Any]:
        bound = class_bound(X, labels, times, groups=groups, rng=rng, memory=memory, progress=progress)
        return {f"bound_{name}": value for name, value in vars(bound).items()}

    found: dict[str, Any] = {}
    for name, value in store.piece("held-out-classes", compute).items():
        found[name.removeprefix("bound_")] = (
            tuple(value.tolist()) if value.dtype.kind == "U" else value if value.ndim else value.item()
        )
    return ClassBound(**found)
