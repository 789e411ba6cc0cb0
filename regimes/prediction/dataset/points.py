"""When a training point is decided, or one group of near copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from regimes.numerics.collapse.corrected_time import CorrectedCollapse
from regimes.numerics.collapse.information_bound import InformationBound
from regimes.numerics.interface.number import Number
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.numerics.posterior.near_copies import NearCopies
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.crossing_rows import CurvePart, crossing_rows

__all__ = [
    "bound_row",
    "collapse_row",
    "copies_rows",
    "copies_warnings",
    "leave_one_out_part",
    "leave_one_out_row",
    "point_part",
    "point_rows",
]

_HALF = 0.5


def point_rows(curves: PosteriorCurves, by_group: PosteriorCurves | None, schedule: Schedule) -> dict[str, Number]:
    """Half of the clones share their training point, or with near copies their group of them.

    ``by_group`` has groups as classes; it is None where no two points are copies or equal.
    """
    of, name = (curves, "clone_index") if by_group is None else (by_group, "clone_class")
    label = "half of the clones share a point" + ("" if by_group is None else " or a copy of it")
    formulas = of.formulas[name]
    return crossing_rows("collapse.point_time", label, point_part(of, name), formulas, schedule) | {
        "collapse.point_level": Number("half of the largest probability of one point", _HALF, formulas=formulas)
    }


def point_part(curves: PosteriorCurves, name: str) -> CurvePart:
    """Where a clone probability passes one half."""
    what = "the probability that clones share their training point"
    values, error = getattr(curves, name), getattr(curves, f"{name}_se")
    return CurvePart(curves.t, values, error, getattr(curves, f"jackknife_{name}"), _HALF, what)


def leave_one_out_part(curves: PosteriorCurves) -> CurvePart:
    """Where the leave-one-out excess entropy passes zero."""
    values, error = curves.leave_one_out, curves.leave_one_out_se
    what = "the leave-one-out excess entropy"
    return CurvePart(curves.t, values, error, curves.jackknife_leave_one_out, 0.0, what)


def leave_one_out_row(curves: PosteriorCurves, schedule: Schedule) -> dict[str, Number]:
    """Zero of the leave-one-out excess entropy of these points, before it is corrected for their number."""
    key = "collapse.leave_one_out_zero"
    label = "zero of the leave-one-out excess entropy"
    rows = crossing_rows(key, label, leave_one_out_part(curves), curves.formulas["leave_one_out"], schedule)
    return {key: replace(rows.get(f"{key}_redrawn", rows[key]), label=label)}


def collapse_row(found: CorrectedCollapse | None, bound: InformationBound | str, schedule: Schedule) -> Number:
    """Where x_t carries log n nats about its point, for the law of the points; none where the bound excludes it."""
    label = "x_t carries log n nats about its data point"
    if found is None:
        reason = "it takes 5 groups of points at least to see how the posterior changes with their number"
        return schedule.number(label, None, (), reason=reason)
    if found.time is not None and isinstance(bound, InformationBound):
        low = found.time if found.interval is None else found.interval[0]
        if low > bound.upper:
            reason = f"not told by these points: the estimate is t = {found.time:.3g}, of any such covariance at most "
            return schedule.number(label, None, found.formulas, reason=f"{reason}{bound.upper:.3g}")
    return schedule.number(
        label,
        found.time,
        found.formulas,
        interval=found.interval,
        covers=None if found.interval is None else "data, probes and what the correction leaves",
        reason=found.reason
        or (None if found.interval else "it is not crossed once some group of the data is left out: no interval"),
    )


def bound_row(bound: InformationBound | str, schedule: Schedule) -> Number:
    """Upper limit on the collapse time of any population with this covariance."""
    label = "no law of this covariance collapses above"
    if isinstance(bound, str):
        return schedule.number(label, None, (), reason=bound)
    return schedule.number(
        label,
        bound.upper,
        bound.formulas,
        estimate=bound.estimate,
        interval=(None, bound.upper),
        covers="data, one-sided 95%",
    )


def copies_rows(copies: NearCopies) -> dict[str, Number]:
    """How many points are copies of another."""
    return {
        "copies.groups": Number("groups of near copies", copies.groups),
        "copies.points": Number("points in them", copies.points),
    }


def copies_warnings(copies: NearCopies, n: int) -> tuple[str, ...]:
    """What was grouped, with the margin, and what to do."""
    if not copies.groups:
        return ()
    some = ""
    if copies.compared < np.unique(copies.labels).size:
        some = f"; equal points of all {n}, near ones of {copies.compared} of them alone were looked for"
    largest = int(np.bincount(copies.labels).max())
    apart = "" if copies.between is None else f", {copies.between:.3g} or more from all others"
    below = ""
    if copies.plateau_end:
        below = f"; within a group the points are told apart below t = {copies.plateau_end:.2g} only"
    groups = f"{copies.groups} group{'' if copies.groups == 1 else 's'} of up to {largest}"
    near = f"{copies.within:.3g} or less from each other" if copies.within else "equal"
    return (
        f"{copies.points} points are copies, in {groups} ({near}{apart}): times of points are those of groups{below}"
        f"{some}. If copies are a mistake, remove them: they raise the weight of their points",
    )
