"""Tables of experiments: theory, simulation, agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from regimes.report.parts.columns import columns

if TYPE_CHECKING:
    from rich.console import RenderableType

    from regimes.validation.experiments.catalogue import Experiment
    from regimes.validation.outcome.experiment import ExperimentResult

__all__ = ["experiment_list", "table"]


def table(result: ExperimentResult) -> RenderableType:
    """Each compared number, each test, and what was found."""
    verdict, *sentences = result.sentences
    settings = ", ".join(f"{name} {_value(value)}" for name, value in result.settings.items() if name not in result.run)
    agreement = columns("quantity", "at", "theory", "simulation", "s.e.", "z", "samples")
    for each in result.agreement:
        agreement.add_row(
            each.quantity,
            f"{each.at:.4g}",
            _number(each.theory),
            _number(each.simulation),
            f"{each.se:.2g}",
            f"{each.z:+.2f}",
            str(each.samples),
        )
    lines: list[RenderableType] = [Text(verdict), Text(settings)]
    if result.agreement:
        lines += [Text(""), agreement]
    if result.tests:
        tests = columns("test", "chi-square", "degrees of freedom", "p")
        for test in result.tests:
            law = f"{test.dof}" if test.draws is None else f"{test.dof} ({test.draws} draws)"
            tests.add_row(test.quantity, f"{test.value:.2f}", law, f"{test.p:.3g}")
        lines += [Text(""), tests]
    lines += _found(result)
    if sentences:
        lines.append(Text(""))
    lines += [Text(sentence) for sentence in sentences]
    lines += [Text(""), Text(f"{result.settings['seconds']:.0f} s; {result.settings['command']}")]
    return Group(*lines)


def _found(result: ExperimentResult) -> list[RenderableType]:
    """Rows that were measured beside the compared numbers."""
    rows = {key: number for key, number in result.numbers.items() if key.startswith("measure.")}
    if not rows:
        return []
    errors = any(number.error is not None for number in rows.values())
    found = columns("found", "value", *(["s.e."] if errors else []))
    for key, number in rows.items():
        error = "" if number.error is None else f"{number.error:.2g}"
        value = number.reason or "" if number.value is None else _value(number.value)
        found.add_row(key.removeprefix("measure."), value, *([error] if errors else []))
    return [Text(""), found]


def experiment_list(experiments: list[Experiment]) -> RenderableType:
    """What can be run, and what it compares."""
    table = columns("experiment", "what is compared")
    table.columns[1].justify = "left"
    table.columns[1].no_wrap = False
    for each in experiments:
        table.add_row(each.name, each.compares + (f" ({each.reproduces})" if each.reproduces else ""))
    return table


def _number(value: float) -> str:
    return f"{value:.5f}" if 1e-3 <= abs(value) < 1e3 or value == 0 else f"{value:.4g}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list | tuple):
        return ", ".join(_value(each) for each in value)
    if isinstance(value, dict):
        return f"({', '.join(f'{name} {_value(each)}' for name, each in value.items())})"
    return str(value)
