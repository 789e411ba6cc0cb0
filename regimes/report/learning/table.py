"""The training clock in a terminal: what it is, times, losses, and what is learned when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.report.parts.columns import columns
from regimes.report.parts.data_lines import data_lines

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.prediction.learning.predict import TrainingClock

__all__ = ["table"]

_UNITS = ("steps", "epochs")
_LOSSES = 8
_OF_DIRECTIONS = "tau of a mode or class: half of what the loss loses in its direction is lost, with endless points"


def table(result: TrainingClock) -> RenderableType:
    """First what the answer is about; then numbers, losses, noise levels, modes, classes and what is assumed."""
    problem = result.problem
    parts: list[RenderableType] = [Text(result.sentences[0], style="bold"), *map(Text, result.sentences[1:])]
    if problem.points is not None:
        parts += data_lines(problem.points)
    parts.append(
        Text(
            f"p = {problem.features:.6g} features ({problem.activation}), n = {problem.samples:.6g} points, "
            f"d = {problem.dimension:.6g}, noise level t = {', '.join(f'{t:.4g}' for t in problem.time)}"
        )
    )
    parts += [_numbers(result), _losses(result)]
    if len(result.curves["levels"]) > 1:
        parts.append(_rows(result.curves["levels"], ("t", "tau_gen", "tau_mem", "window")))
    parts.append(_rows(result.curves["modes"], ("eigenvalue", "directions", "tau")))
    if result.curves["classes"]:
        parts.append(_rows(result.curves["classes"], ("class", "tau")))
    parts.append(Text(_OF_DIRECTIONS, style="dim"))
    parts += [Text(f"warning: {text}", style="yellow") for text in result.warnings]
    parts += [Text(f"assumed: {text}", style="dim") for text in result.assumes]
    return Group(*parts)


def _numbers(result: TrainingClock) -> Table:
    units = [unit for unit in _UNITS if f"learning.tau_gen_{unit}" in result.numbers]
    rows = columns("training time", "tau", *units)
    for key, number in result.numbers.items():
        if key.endswith(_UNITS):
            continue
        more = [_shown(result.numbers.get(f"{key}_{unit}")) for unit in units]
        rows.add_row(number.label, _shown(number), *more)
        if number.value is None and number.reason:
            rows.add_row(Text(f"  none: {number.reason}", style="dim"))
    return rows


def _shown(number: Any) -> str:
    return "" if number is None or number.value is None else f"{number.value:.4g}"


def _losses(result: TrainingClock) -> Table:
    rows = columns("tau", "training loss", "test loss")
    tau = result.curves["tau"]
    for place in np.linspace(0, tau.size - 1, _LOSSES).astype(int):
        rows.add_row(f"{tau[place]:.4g}", *(f"{result.curves[name][place]:.4f}" for name in ("train", "test")))
    return rows


def _rows(entries: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    rows = columns(*names)
    for entry in entries:
        cells = [entry[name] for name in names]
        rows.add_row(*("-" if each is None else each if isinstance(each, str) else f"{each:.4g}" for each in cells))
    return rows
