"""Transition times of a data set, in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.numerics.interface.number import TIME
from regimes.report.parts.columns import columns, shown_rows, with_error
from regimes.report.parts.data_lines import data_lines
from regimes.report.parts.step_columns import StepColumns

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.interface.number import Number
    from regimes.prediction.dataset.result import Prediction

__all__ = ["table"]

# What is decided; by a model that has memorised the points, by one that generalises.
_DECIDED = (
    ("classes", "speciation.class_time_memorised", "speciation.class_time"),
    ("that a direction stands out", None, "speciation.spectral_time"),
    ("a direction, if there is one", None, "speciation.spectral_limit"),
    ("a training point", "collapse.point_time", None),
    ("  theory for any n such points", "collapse.time", None),
    ("  limit for any such covariance", "collapse.bound", None),
    ("test loss passes log n", None, "losses.time"),
)
_CURVES = {
    "clone_class": "same class",
    "clone_index": "same point",
    "clone_group": "same point or copy",
}
_LOSSES = {"J_train": "J train", "J_test": "J test", "G": "G", "G_exact": "G, exact score"}
_LEGEND = (
    "t: Ornstein-Uhlenbeck time: pure noise at large t, a finished sample at t = 0; steps are counted from 0",
    "memorised: with the exact score of these points; generalises: with that of the population they are drawn from",
    "decided: samples from one noised point agree: half of them (point), 0.55 of the way from chance on (class)",
    "theory: x_t holds log n nats about its point, for n points of this law: another criterion than that half agree",
    "( , ): 95% over the noise drawn (memorised), over data of this law (else); at least: estimated, 97.5% sure",
)
_TOLD = {
    "speciation.class_time_memorised",
    "speciation.class_time",
    "speciation.spectral_time",
    "speciation.spectral_limit",
    "collapse.point_time",
}
"""Sentences say why there is no such time."""
_FEW = 12
_SHORT = 1e-3  # times below lose their digits to four decimals


def table(result: Prediction) -> RenderableType:
    """Times, their legend and clocks, curves in brief, what follows, and what to do."""
    data = result.problem
    parts: list[RenderableType] = [*data_lines(data, _classes(data.classes))]
    first = [text for text in result.warnings if "--scale" in text]  # all that follows depends on it
    parts += [Text(f"warning: {text}", style="yellow") for text in first]
    parts += [_times(result), *(Text(line, style="dim") for line in _LEGEND), _clocks(result)]
    parts += StepColumns.of(result).notes()
    parts += [Text(line) for line in (_cascade(result), _sizes(result)) if line]
    if "t" in result.curves:
        parts.append(Text("share of samples that agree, of a model that has memorised these points"))
        parts.append(_brief(result, "t", _CURVES))
    if "losses.t" in result.curves:
        parts.append(Text(f"losses of the model, in nats (log n = {result['losses.log_n'].value:.4f})"))
        parts.append(_brief(result, "losses.t", {f"losses.{name}": head for name, head in _LOSSES.items()}))
    parts += [Text(text, style="bold") for text in result.sentences]
    parts += [Text(f"warning: {text}", style="yellow") for text in result.warnings if text not in first]
    parts += [Text(text, style="dim") for text in _missing(result)]
    return Group(*parts)


def _shown(result: Prediction) -> list[tuple[str, str | None, str | None]]:
    """Rows with a number or a reason; a limit only where there is no time."""
    rows = []
    for label, *keys in _DECIDED:
        kept = [key if key in result.numbers else None for key in keys]
        if any(kept) and not (kept[1] == "speciation.spectral_limit" and _value(result, "speciation.spectral_time")):
            rows.append((label, *kept))
    return rows  # type: ignore[return-value]


def _value(result: Prediction, key: str) -> float | None:
    return result[key].value if key in result.numbers else None


def _times(result: Prediction) -> Table:
    times = columns("decided at t", "model that has memorised", "model that generalises")
    for label, memorised, generalises in _shown(result):
        times.add_row(
            label,
            "" if memorised is None else _with_interval(result[memorised]),
            "" if generalises is None else _with_interval(result[generalises]),
        )
    return times


def _missing(result: Prediction) -> list[str]:
    """Reasons of what is shown as missing and of which no sentence speaks."""
    rows = {key: label.strip() for label, *keys in _DECIDED for key in keys if key and key not in _TOLD}
    rows |= {key: number.label for key, number in result.numbers.items() if key.startswith("losses.")}
    absent = [(label, result.numbers[key]) for key, label in rows.items() if key in result.numbers]
    return [
        f'no {"time" if number.value is None else "interval"} of "{label}": {number.reason}'
        if number.unit == TIME
        else f"no {label}: {number.reason}"
        for label, number in absent
        if number.reason
    ]


def _with_interval(number: Number) -> str:
    if number.value is None:
        return "none"
    if number.interval is None:
        return _time(number.value)
    low, high = number.interval
    if low is None:
        return f"at most {_time(number.value)}"
    if high is None:
        return f"at least {_time(number.value)}, sure {_time(low)}"
    return f"{_time(number.value)} ({_time(low)}, {_time(high)})"


def _time(t: float) -> str:
    return f"{t:.4f}" if t >= _SHORT or t == 0 else f"{t:.3g}"


def _clocks(result: Prediction) -> Table:
    """The same times as steps and noise levels."""
    steps = StepColumns.of(result)
    clocks = columns("in other clocks", "t", *steps.heads)
    for label, *keys in _shown(result):
        for key, model in zip(keys, (", memorised", ", generalises"), strict=True):
            number = None if key is None else result[key]
            if number is None or number.value is None:
                continue
            both = all(each is not None for each in keys)
            low, high = number.interval or (0.0, 0.0)
            side = "at most " if low is None else "at least " if high is None else ""
            named = label.strip() + (model if both else "")
            clocks.add_row(named, f"{side}{_time(number.value)}", *steps.cells(number))
    return clocks


def _cascade(result: Prediction) -> str:
    """Times from which directions stand out, those of equal eigenvalue together."""
    blocks = [block for block in result.curves.get("directions", ()) if block["time"] is not None]
    if not blocks:
        return ""
    times = [f"{block['time']:.3g}" + f" ({block['count']} of them)" * (block["count"] > 1) for block in blocks[:_FEW]]
    count = sum(block["count"] for block in blocks)
    stand = "direction stands" if count == 1 else "directions stand"
    return f"{count} {stand} out, from t = {', '.join(times)}{', ...' if len(blocks) > _FEW else ''} down"


def _sizes(result: Prediction) -> str:
    """Collapse time of the theory against the number of points."""
    known = [size for size in result.curves.get("sizes", ()) if size["time"] is not None]
    if len(known) < 2:
        return ""
    times = (
        f"{size['time']:.3g}" if size["error"] is None else with_error(size["time"], size["error"]) for size in known
    )
    pairs = (f"{size['n']}: {time}" for time, size in zip(times, known, strict=True))
    return f"theory for n distinct points: {', '.join(pairs)}"


def _brief(result: Prediction, abscissa: str, heads: dict[str, str]) -> Table:
    """An excerpt of the curves with their errors."""
    shown = {name: head for name, head in heads.items() if name in result.curves}
    brief = columns("t (OU)", *shown.values())
    t = result.curves[abscissa]
    for i in shown_rows(t.size):
        pairs = [(result.curves[name][i], result.curves[f"{name}_se"][i]) for name in shown]
        brief.add_row(_time(t[i]), *("-" if np.isnan(value) else with_error(value, error) for value, error in pairs))
    return brief


def _classes(classes: list[str]) -> str:
    if not classes:
        return ", no labels"
    shown = ", ".join(classes) if len(classes) <= _FEW else f"{', '.join(classes[:10])}, ..."
    return f", {len(classes)} class{'es' if len(classes) > 1 else ''} ({shown})"
