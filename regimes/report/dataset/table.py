"""Tables for people: what a command found, in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from regimes.report.dataset.losses import loss_parts
from regimes.report.parts.columns import columns, schedule_step, shown_rows, with_error

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.collapse.calculator import Collapse
    from regimes.numerics.process.clock import Clock
    from regimes.numerics.process.schedules import Schedule
    from regimes.numerics.speciation.calculator import Speciation
    from regimes.prediction.dataset.result import Interval, Prediction

__all__ = ["clock_table", "collapse_table", "prediction_table", "speciation_table"]


def prediction_table(prediction: Prediction) -> RenderableType:
    """Times, curves in brief, warnings and reasons of a prediction.

    Parameters
    ----------
    prediction : Prediction
        The result.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    data, steps = prediction.dataset, prediction.steps
    preprocessing = data["preprocessing"]
    times = columns("transition", "t (OU)", "95% interval", f"step of {steps['schedule']}", "interval covers")

    def row(label: str, key: str, time: float | None, interval: Interval | None) -> None:
        reason = prediction.reasons.get(key)
        if time is None and reason is None:
            return
        covers = prediction.intervals.get(key, "").partition(",")[0]
        shown = "-" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"
        step = steps["at"].get(key)
        place = "-" if time is None else "outside" if step is None else f"{step} of {steps['steps']}"
        times.add_row(label, "-" if time is None else f"{time:.4f}", shown, place, covers)

    if prediction.speciation is not None:
        part = prediction.speciation
        row(f"speciation, Lambda = {part.Lambda:.4g}", "speciation.time", part.time, part.time_interval)
        row(
            "  classes decided (clones)",
            "speciation.clone_crossing",
            part.clone_crossing,
            part.clone_crossing_interval,
        )
        row(
            "  the same, own point left out", "speciation.clone_crossing_leave_one_out",
            part.clone_crossing_leave_one_out, None,
        )  # fmt: skip
    if prediction.collapse is not None:
        own = prediction.collapse
        row("collapse, leave-one-out zero", "collapse.time", own.time, own.time_interval)
        row(
            "  half of the clones share a point",
            "collapse.clone_crossing",
            own.clone_crossing,
            own.clone_crossing_interval,
        )
        row("  bound for the population", "collapse.spectral_bound", own.spectral_bound, None)
    if prediction.losses is not None:
        found = prediction.losses
        row("  test loss passes log n", "losses.t_C_test", found.t_C_test, found.t_C_test_interval)
    parts: list[RenderableType] = [
        Text(
            f"{data['name']}: {data['n']} points in {data['d']} dimensions{_classes(data['classes'])}",
            style="bold",
        ),
        Text(preprocessing["description"]),
        times,
    ]
    if prediction.curves is not None:
        parts.append(_curves(prediction))
    if prediction.losses is not None:
        parts += loss_parts(prediction.losses)
    parts += [Text(f"warning: {text}", style="yellow") for text in prediction.warnings]
    parts += [Text(f"{name} is missing: {text}", style="dim") for name, text in prediction.reasons.items()]
    return Group(*parts)


def speciation_table(result: Speciation, schedule: Schedule) -> RenderableType:
    """Speciation times in their conventions and phi(t).

    Parameters
    ----------
    result : Speciation
        The result.
    schedule : Schedule
        In whose steps the times are given as well.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    meaning = {
        "leading": "1/2 log Lambda",
        "noise_matched": "1/2 log(1 + Lambda)",
        "potential": "overlap potential splits",
        "free_entropy": "kappa = 1, phi = 0.7752",
    }
    times = columns("speciation time", "criterion", "t (OU)", f"step of {schedule.name}")
    for name, time in result.t_S_conventions.items():
        times.add_row(name.replace("_", " "), meaning[name], f"{time:.4f}", schedule_step(schedule, time))
    curve = columns("t (OU)", f"step of {schedule.name}", "clone probability phi")
    for i in shown_rows(result.t.size):
        curve.add_row(f"{result.t[i]:.4f}", schedule_step(schedule, result.t[i]), f"{result.phi[i]:.6f}")
    notes = [Text(f"assumes: {text}", style="dim") for text in result.assumes]
    return Group(Text(f"Lambda = {result.Lambda:.6g}", style="bold"), times, curve, *notes)


def collapse_table(result: Collapse, schedule: Schedule) -> RenderableType:
    """Collapse times, excess entropy and critical number of points.

    Parameters
    ----------
    result : Collapse
        The result.
    schedule : Schedule
        In whose steps the times are given as well.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    times = columns("collapse time", "t (OU)", f"step of {schedule.name}")
    for label, time in (
        ("closed form", result.t_C),
        ("with class information", result.t_C_corrected),
        ("leave-one-out zero at this n and d", result.t_C_finite_size),
    ):
        if time is not None:
            times.add_row(label, f"{time:.4f}", schedule_step(schedule, time))
    corrected = result.excess_entropy_corrected
    heads = ["t (OU)", f"step of {schedule.name}", "f/alpha"]
    heads += ["with class information"] if corrected is not None else []
    curve = columns(*heads, "log n*")
    for i in shown_rows(result.t.size):
        time = result.t[i]
        extra = [] if corrected is None else [f"{corrected[i]:.4f}"]
        curve.add_row(
            f"{time:.4f}",
            schedule_step(schedule, time),
            f"{result.excess_entropy[i]:.4f}",
            *extra,
            f"{result.log_n_star[i]:.4f}",
        )
    return Group(times, curve)


def clock_table(reading: Clock) -> RenderableType:
    """One noise level on every clock.

    Parameters
    ----------
    reading : Clock
        The result.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    table = columns("clock", "value")
    for label, value in (
        ("Ornstein-Uhlenbeck time t", reading.time),
        ("alpha_bar", reading.alpha_bar),
        ("snr", reading.snr),
        ("log snr", reading.log_snr),
        ("EDM sigma", reading.sigma),
        ("flow time s", reading.flow_time),
    ):
        table.add_row(label, f"{value:.8g}")
    for name, place in reading.steps.items():
        shown = (
            "not reached" if place["step"] is None else f"{place['step']} of {place['steps']} ({place['fraction']:.4f})"
        )
        table.add_row(f"step of {name}", shown)
    return table


def _curves(prediction: Prediction) -> Table:
    curves = prediction.curves
    if curves is None:
        raise ValueError("prediction_table: the prediction holds no curves")
    has_classes = curves.clone_class is not None
    table = columns("t (OU)", *(["same class"] if has_classes else []), "same point", "f^e/alpha", "f/alpha, left out")
    for i in shown_rows(curves.t.size):
        cells = [f"{curves.t[i]:.4f}"]
        if curves.clone_class is not None and curves.clone_class_se is not None:
            cells.append(with_error(curves.clone_class[i], curves.clone_class_se[i]))
        cells.append(with_error(curves.clone_index[i], curves.clone_index_se[i]))
        cells.append(with_error(curves.excess_entropy[i], curves.excess_entropy_se[i]))
        cells.append(with_error(curves.leave_one_out[i], curves.leave_one_out_se[i]))
        table.add_row(*cells)
    return table


def _classes(classes: Sequence[str]) -> str:
    if not classes:
        return ", no labels"
    shown = ", ".join(classes) if len(classes) <= 12 else f"{', '.join(classes[:10])}, ..."
    return f", {len(classes)} class{'es' if len(classes) > 1 else ''} ({shown})"
