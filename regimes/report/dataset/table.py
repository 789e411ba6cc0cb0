"""Transition times of a data set, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.numerics.interface.result import TIME
from regimes.report.parts.columns import columns, shown_rows, with_error

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.interface.result import Number
    from regimes.prediction.dataset.result import Prediction

__all__ = ["table"]

_SHOWN = (
    "speciation.spectral_time",
    "speciation.class_time_memorised",
    "speciation.class_time",
    "collapse.time",
    "collapse.point_time",
    "collapse.bound",
    "losses.time",
)
_CURVES = {
    "clone_class": "same class",
    "clone_index": "same point",
    "excess_entropy": "f^e/alpha",
    "leave_one_out": "f/alpha, left out",
}
_LOSSES = {"J_train": "J train", "J_test": "J test", "G": "G", "G_exact": "G, exact score"}
_FEW = 12


def table(result: Prediction) -> RenderableType:
    """Times, curves in brief, what the losses say, warnings and reasons."""
    data, settings = result.problem, result.settings
    times = columns("transition", "t (OU)", "95% interval", f"step of {settings['schedule']}", "interval covers")
    for key in _SHOWN:
        if key in result.numbers:
            times.add_row(*_cells(key, result))
    of = f"{data.name}: {data.n} points in {data.d} dimensions{_classes(data.classes)}"
    parts: list[RenderableType] = [Text(of, style="bold"), Text(data.preprocessing["description"]), times]
    if "t" in result.curves:
        parts.append(_brief(result, "t", _CURVES))
    if "losses.t" in result.curves:
        parts.append(Text(f"losses of the model, in nats (log n = {result['losses.log_n'].value:.4f})"))
        parts.append(_brief(result, "losses.t", {f"losses.{name}": head for name, head in _LOSSES.items()}))
    parts += [Text(text, style="bold") for text in result.sentences]
    parts += [Text(f"warning: {text}", style="yellow") for text in result.warnings]
    missing = {key: each.reason for key, each in result.numbers.items() if each.reason is not None}
    parts += [Text(f"{key} is missing: {reason}", style="dim") for key, reason in missing.items()]
    return Group(*parts)


def _cells(key: str, result: Prediction) -> tuple[str, ...]:
    number = result[key]
    label = number.label if key.startswith(_SHOWN[0]) or key == "collapse.time" else f"  {number.label}"
    if key == "speciation.spectral_time":
        label = f"speciation, Lambda = {result['speciation.Lambda'].value:.4g}"
    interval = "-" if number.interval is None else "{:.4f} to {:.4f}".format(*number.interval)
    covers = (number.covers or "").partition(",")[0]
    value = "-" if number.value is None else f"{number.value:.4f}"
    return label, value, interval, _step(number, result.settings["schedule_steps"]), covers


def _step(number: Number, steps: int) -> str:
    if number.value is None or number.unit != TIME:
        return "-"
    return "outside" if number.step is None else f"{number.step.index} of {steps}"


def _brief(result: Prediction, abscissa: str, heads: dict[str, str]) -> Table:
    """An excerpt of the curves with their errors."""
    shown = {name: head for name, head in heads.items() if name in result.curves}
    brief = columns("t (OU)", *shown.values())
    t = result.curves[abscissa]
    for i in shown_rows(t.size):
        pairs = [(result.curves[name][i], result.curves[f"{name}_se"][i]) for name in shown]
        brief.add_row(f"{t[i]:.4f}", *("-" if np.isnan(value) else with_error(value, error) for value, error in pairs))
    return brief


def _classes(classes: list[str]) -> str:
    if not classes:
        return ", no labels"
    shown = ", ".join(classes) if len(classes) <= _FEW else f"{', '.join(classes[:10])}, ..."
    return f", {len(classes)} class{'es' if len(classes) > 1 else ''} ({shown})"
