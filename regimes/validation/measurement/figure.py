"""Panels of a measurement: clone probabilities, and last changes."""

from __future__ import annotations

import numpy as np

from regimes.validation.measurement.last_change import LastChange
from regimes.validation.measurement.measured import CloneCurve, Measured
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["last_change_curves", "measurement_panels"]

_WIDE = 8  # ratio of times from which their logarithm is drawn
_POINTS = 20  # of the law of the last change
_CLASS_MARKS = {
    "speciation.sample_spectral_time": r"$\frac{1}{2}\log\Lambda$",
    "speciation.class_time_memorised": "posterior",
    "speciation.class_time_gaussian": "class means",
}
_POINT_MARKS = {"collapse.point_time": "posterior", "collapse.leave_one_out_zero": "leave-one-out"}


def measurement_panels(found: Measured) -> tuple[Panel, ...]:
    """One panel for each thing that was measured."""
    panels = []
    if found.phi_class is not None:
        panels.append(_clone_panel(found, "class", found.phi_class, "clone_class", _CLASS_MARKS))
    if found.phi_index is not None:
        panels.append(_clone_panel(found, "training point", found.phi_index, "clone_index", _POINT_MARKS))
    last, exact = found.last_change, found.last_change_exact
    if last is not None and exact is not None:
        curves = last_change_curves(last, exact, "exact empirical score", "measured")
        title, mark = "Last change of the nearest training point", (("mean, measured", last.mean),)
        panels.append(Panel(title, "$t$", "P(last change > t)", curves, mark))
    return tuple(panels)


def last_change_curves(
    found: LastChange, exact: LastChange, label: str, label_found: str, *, group: int = 0
) -> tuple[Curve, Curve]:
    """Law of the last change up to the time that 1% of the changes exceed: exact as a line, as measured in points."""
    latest = 1.05 * max(float(np.quantile(each.time, 0.99)) for each in (found, exact))
    (at, law), (t, share) = exact.curve(), found.curve()
    few, drawn = np.linspace(0.0, latest, _POINTS), at <= latest
    share = np.interp(few, t, share, left=1.0, right=0.0)
    return (
        curve(label, "theory", at[drawn], law[drawn], group=group),
        curve(label_found, "simulation", few, share, np.sqrt(share * (1 - share) / found.time.size), group=group),
    )


def _clone_panel(measured: Measured, what: str, found: CloneCurve, field: str, marks: dict[str, str]) -> Panel:
    curves: list[Curve] = []
    t, drawn = measured.t, measured.predictions.curves
    if field in drawn:
        inside = (drawn["t"] >= 0.7 * t[0]) & (drawn["t"] <= 1.3 * t[-1])
        place, phi, error = (drawn[name][inside] for name in ("t", field, f"{field}_se"))
        curves.append(curve("posterior over the training points", "theory", place, phi, error))
        means = measured.predictions.class_means
        if what == "class" and means is not None:
            of_means = means.clone_probability[inside]
            curves.append(curve("class means, Gaussian", "reference", means.t[inside], of_means, group=1))
    if found.corrected is None or np.any(found.corrected != found.measured):
        curves.append(curve("measured", "simulation", t, found.measured, found.measured_se))
    if found.corrected is not None:
        curves.append(curve("corrected", "simulation", t, found.corrected, found.corrected_se, group=2))
    times = [(label, measured.predicted[key].time) for key, label in marks.items() if key in measured.predicted]
    placed = tuple((label, time) for label, time in times if time is not None)
    wide = bool(t[-1] > _WIDE * t[0])
    return Panel(f"Two clones share their {what}", "$t$", "probability", tuple(curves), placed, log_x=wide)
