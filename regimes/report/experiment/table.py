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

__all__ = ["experiment_list", "experiment_table"]


def experiment_table(result: ExperimentResult) -> RenderableType:
    """Each compared number, each test, and what was found.

    Parameters
    ----------
    result : ExperimentResult
        The result.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    settings = ", ".join(f"{name} {_value(value)}" for name, value in result.settings.items())
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
    tests = columns("test", "chi-square", "degrees of freedom", "p")
    for test in result.tests:
        law = f"{test.dof}" if test.draws is None else f"{test.dof} ({test.draws} draws)"
        tests.add_row(test.quantity, f"{test.value:.2f}", law, f"{test.p:.3g}")
    quick = " (quick form: a check of the machinery)" if result.settings.get("quick") else ""
    lines: list[RenderableType] = [Text(f"{result.experiment}: {result.verdict}{quick}"), Text(settings), Text("")]
    lines.append(agreement)
    if result.tests:
        lines += [Text(""), tests]
    plain = {name: value for name, value in result.findings.items() if not isinstance(value, dict | list | tuple)}
    if plain:
        found = columns("found", "value")
        for name, value in plain.items():
            found.add_row(name, _value(value))
        lines += [Text(""), found]
    if result.statements:
        lines.append(Text(""))
    lines += [Text(statement) for statement in result.statements]
    lines += [Text(""), Text(f"{result.seconds:.0f} s; {result.provenance.get('command', '')}")]
    return Group(*lines)


def experiment_list(experiments: list[Experiment]) -> RenderableType:
    """What can be run.

    Parameters
    ----------
    experiments : list of Experiment
        The catalogue.

    Returns
    -------
    rich renderable
        For a terminal.
    """
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
    return str(value)
