"""Table of a hierarchy: the transition, the threshold of the noise, and the levels against noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.report.hierarchy.levels import EQUAL_BELIEF, level_name, noise_name, shown_levels
from regimes.report.hierarchy.transition.table import transition_rows
from regimes.report.parts.columns import columns, with_error
from regimes.report.parts.step_columns import StepColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.interface.number import Number
    from regimes.prediction.hierarchy.result import HierarchyPrediction

__all__ = ["table"]

_NOISE_ROWS = 11
_FAR = 4  # standard errors between noise levels that are far apart
_ABSENT = "-"


def table(result: HierarchyPrediction) -> RenderableType:
    """Transition, threshold and levels of a hierarchy, with the reasons for what does not exist."""
    model, settings = result.problem, result.settings
    title = (
        f"random hierarchy: {model.v} symbols, {model.m} rules a symbol, {model.s} children, {model.L} levels, "
        f"{result['tree.leaves'].value} leaves, {_count(model.classes, 'class', 'classes')}"
    )
    real, given = "density_evolution" in result.curves, settings["rules"] == "given"
    average = f"average over random rules{', not of the rules given' if given else ''}"
    parts: list[RenderableType] = [Text(title, style="bold"), transition_rows(result.numbers, average)]
    parts.append(_threshold(result))
    if "threshold.time" in result.numbers:
        parts += StepColumns.of(result).notes(result.sentences)
    if settings["exact"]:
        parts.append(Text(f"exact curves: {_whose_rules(result)}"))
    if given:
        others = "mean field and density evolution" if real else "mean field"
        parts.append(Text(f"{others}: average over random rules, not of the rules given"))
    parts.append(_levels(result))
    if real:
        parts.append(Text(f"{EQUAL_BELIEF}: that of the epsilon-process with the same mean belief at the leaves"))
    if settings["exact"]:
        parts += _exact_thresholds(result)
    notes = (*(f"assumes: {text}" for text in result.assumes), *_reasons(result))
    return Group(*parts, *(Text(text, style="dim") for text in notes))


def _threshold(result: HierarchyPrediction) -> Table:
    rows = columns(f"deep trees: threshold of {noise_name(result.settings['noise'])}", "value", "")
    rows.columns[-1].justify = "left"
    found = result["threshold.value"]
    if found.value is None:
        rows.add_row(found.label, _ABSENT, "no transition")
        return rows
    rows.add_row(found.label, _number(found), found.covers)
    if "threshold.time" in result.numbers:
        time = result["threshold.time"]
        rows.add_row(time.label, _number(time), "")
        places = StepColumns.of(result)
        for head, cell in zip(places.heads, places.cells(time), strict=True):
            rows.add_row(head, cell, "")
    if "threshold.step" in result.numbers:
        step = result["threshold.step"]
        rows.add_row(step.label, str(step.value), step.unit)
    return rows


class _Method(NamedTuple):
    """What one method says of the levels and of the susceptibility."""

    name: str
    curve: NDArray[np.float64]
    error: NDArray[np.float64] | None = None
    chi: NDArray[np.float64] | None = None
    chi_error: NDArray[np.float64] | None = None


def _levels(result: HierarchyPrediction) -> Table:
    """Rows by noise, with a line for each method where there is more than one."""
    curves, depth = result.curves, result.problem.L
    shown, real = shown_levels(depth), "density_evolution" in curves
    chi = curves["susceptibility_mean_field"]
    methods = [_Method(EQUAL_BELIEF if real else "mean field", curves["mean_field"], chi=chi)]
    if real:
        methods.append(_Method("density evolution", curves["density_evolution"], curves["density_evolution_se"]))
    if "exact" in curves:
        chi, chi_error = curves["susceptibility_exact"], curves["susceptibility_exact_se"]
        methods.append(_Method("exact", curves["exact"], curves["exact_se"], chi, chi_error))
    several = len(methods) > 1
    names = [level_name(level, depth) for level in shown]
    rows = columns(_abscissa(result), *(["reconstruction"] if several else []), *names, "chi")
    for e in _rows(result):
        for i, method in enumerate(methods):
            rows.add_row(
                f"{curves['noise_level'][e]:.4f}" if i == 0 else "",
                *([method.name] if several else []),
                *(
                    _entry(method.curve[level], None if method.error is None else method.error[level], e)
                    for level in shown
                ),
                _entry(method.chi, method.chi_error, e),
            )
    if several:
        rows.columns[1].justify = "left"
    else:
        rows.columns[1].header = f"reconstruction: {names[0]}"
    return rows


def _exact_thresholds(result: HierarchyPrediction) -> list[RenderableType]:
    """Values with errors, and the noise levels between which each was interpolated."""
    depth, x = result.problem.L, result.curves["noise_level"]
    shown = shown_levels(depth)
    found = {level: result[f"threshold.exact.level_{level}"] for level in shown}
    names = (level_name(level, depth) for level in shown)
    rows = columns(f"{_abscissa(result)} at which half is lost", *names)
    rows.add_row("normalised clone probability one half", *(_number(each) for each in found.values()))
    gaps = {level: _gap(x, each.value) for level, each in found.items() if each.value is not None}
    if not gaps:
        return [rows]
    for side, name in enumerate(("interpolated between", "and")):
        rows.add_row(name, *(f"{gaps[level][side]:.4f}" if level in gaps else _ABSENT for level in shown))
    notes = ["exact, at this depth and not in deep trees"]
    if result.settings["instances"] > 1:
        notes[0] += "; errors are over sets of rules, without that of the interpolation"
    if any((error := found[k].error) is None or high - low > _FAR * error for k, (low, high) in gaps.items()):
        near = f"{min(low for low, _ in gaps.values()):.4g} to {max(high for _, high in gaps.values()):.4g}"
        notes.append(f"the noise levels lie far apart: give more of them (--level) near {near}")
    return [rows, *(Text(note) for note in notes)]


def _gap(x: NDArray[np.float64], value: float) -> tuple[float, float]:
    """Neighbouring noise levels around a value."""
    after = int(np.clip(np.searchsorted(x, value), 1, x.size - 1))
    return float(x[after - 1]), float(x[after])


def _rows(result: HierarchyPrediction) -> list[int]:
    """About ten evenly spaced, on the axis of the figure, and the threshold or those next to it."""
    x, gaussian = result.curves["noise_level"], result.settings["noise"] == "gaussian"
    spaced = np.geomspace if gaussian else np.linspace
    rows = {int(np.argmin(np.abs(x - level))) for level in spaced(x[0], x[-1], _NOISE_ROWS)}
    found = result.numbers.get("threshold.time" if gaussian else "threshold.value")
    if found is not None and found.value is not None:
        after = int(np.searchsorted(x, found.value))
        exact = after < x.size and x[after] == found.value
        rows |= {row for row in ((after,) if exact else (after - 1, after)) if 0 <= row < x.size}
    return sorted(rows)


def _entry(curve: NDArray[np.float64] | None, error: NDArray[np.float64] | None, e: int) -> str:
    if curve is None or not np.isfinite(curve[e]):
        return _ABSENT
    return f"{curve[e]:.4f}" if error is None else with_error(float(curve[e]), float(error[e]))


def _number(number: Number) -> str:
    if number.value is None:
        return _ABSENT
    return f"{number.value:.4f}" if number.error is None else with_error(number.value, number.error)


def _abscissa(result: HierarchyPrediction) -> str:
    return "t (OU)" if result.settings["noise"] == "gaussian" else str(result.settings["unit"])


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _whose_rules(result: HierarchyPrediction) -> str:
    settings = result.settings
    samples = _count(settings["samples"], "sample", "samples")
    if settings["rules"] == "given":
        return f"the rules given, {samples}; errors are over samples"
    if settings["instances"] == 1:
        return f"one random set of rules, {samples}; errors are over samples"
    return f"{settings['instances']} random sets of rules, {samples} of each; errors are over sets of rules"


def _reasons(result: HierarchyPrediction) -> list[str]:
    """One line each; what has no transition is said once."""
    cause, noise = result["transition.p_star"].reason, result.settings["noise"]
    if cause is None:
        return list(result.warnings)
    needs = "" if noise == "epsilon" else f" {noise_name(noise)} needs both conditions of the epsilon-process:"
    return [f"no transition:{needs} {cause}", *result.warnings]
