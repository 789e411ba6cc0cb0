"""Table of a hierarchy: the transition, the threshold of the noise, and the levels against noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.numerics.compiled.compile import compile_formula
from regimes.report.hierarchy.figure import EQUAL_BELIEF, level_name, noise_name, shown_levels
from regimes.report.parts.columns import columns, with_error

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.prediction.hierarchy.result import HierarchyPrediction

__all__ = ["hierarchy_table"]

if TYPE_CHECKING:
    _Curve = NDArray[np.float64] | None
    _Method = tuple[str, NDArray[np.float64], _Curve, _Curve, _Curve]

_NOISE_ROWS = 11
_FAR = 4  # standard errors between noise levels that are far apart
_ABSENT = "-"


def hierarchy_table(prediction: HierarchyPrediction) -> RenderableType:
    """Transition, threshold and levels of a hierarchy, with the reasons for what does not exist.

    Parameters
    ----------
    prediction : HierarchyPrediction
        The result.

    Returns
    -------
    rich renderable
        For a terminal.
    """
    model = prediction.model
    title = (
        f"random hierarchy: {model['v']} symbols, {model['m']} rules a symbol, {model['s']} children, "
        f"{model['L']} levels, {model['d']} leaves, {_count(model['classes'], 'class', 'classes')}"
    )
    parts: list[RenderableType] = [Text(title, style="bold"), _transition(prediction), _threshold(prediction)]
    if prediction.settings["exact"]:
        parts.append(Text(f"exact curves: {_whose_rules(prediction)}"))
    if prediction.settings["rules"] == "given":
        others = "mean field" if prediction.levels.density_evolution is None else "mean field and density evolution"
        parts.append(Text(f"{others}: average over random rules, not of the rules given"))
    parts.append(_levels(prediction))
    if prediction.levels.density_evolution is not None:
        parts.append(Text(f"{EQUAL_BELIEF}: that of the epsilon-process with the same mean belief at the leaves"))
    if prediction.levels.exact_thresholds is not None:
        parts += _exact_thresholds(prediction)
    return Group(*parts, *(Text(text, style="dim") for text in _reasons(prediction)))


def _transition(prediction: HierarchyPrediction) -> Table:
    found = prediction.transition
    table = columns(f"transition (mean field, {_average(prediction)})", "value", "")
    table.add_row("p*, unstable fixed point of the map F", _decimals(found.p_star), "")
    table.add_row("epsilon*, noise of the epsilon-process", _decimals(found.epsilon_star), "")
    table.add_row("lambda, slope of F at p*", _decimals(found.slope), "")
    table.add_row("nu, exponent of the correlation length", _decimals(found.nu), "")
    for place, slope in (("1", found.slope_at_one), ("1/v", found.slope_at_uniform)):
        table.add_row(
            f"slope of F at {place}", f"{slope:.4f}", "below 1" if slope < 1 else "not below 1: no transition"
        )
    if found.slope is not None:
        ratio = float(compile_formula("hierarchy_susceptibility_ratio", target="numpy")(found.slope, found.s))
        grows = "above 1: chi diverges" if found.chi_diverges else "not above 1: chi stays finite"
        table.add_row("growth of chi a level at p*, lambda^2/s", f"{ratio:.4f}", grows)
    return _notes(table)


def _threshold(prediction: HierarchyPrediction) -> Table:
    found = prediction.threshold
    table = columns(f"threshold of {noise_name(found.noise)}", "value", "")
    unit = "sqrt(snr)" if found.noise == "gaussian" else prediction.levels.unit
    if found.value is None:
        table.add_row(unit, _ABSENT, "no transition")
        return _notes(table)
    table.add_row(unit, _with_error(found.value, found.se), f"{found.method}, {_average(prediction)}")
    if found.time is not None:
        table.add_row("t (OU)", _with_error(found.time, found.time_se), "")
    if found.steps is not None:
        step = "outside" if found.steps["step"] is None else str(found.steps["step"])
        table.add_row(f"step of {found.steps['schedule']}", step, f"of {found.steps['steps']}")
    return _notes(table)


def _levels(prediction: HierarchyPrediction) -> Table:
    """Rows by noise, with a line for each method where there is more than one."""
    levels, chi = prediction.levels, prediction.susceptibility
    shown = shown_levels(prediction.model["L"])
    averaged = "mean field" if levels.density_evolution is None else EQUAL_BELIEF
    methods: list[_Method] = [(averaged, levels.mean_field, None, chi.mean_field, None)]
    if levels.density_evolution is not None:
        methods.append(("density evolution", levels.density_evolution, levels.density_evolution_se, None, None))
    if levels.exact is not None:
        methods.append(("exact", levels.exact, levels.exact_se, chi.exact, chi.exact_se))
    several = len(methods) > 1
    names = [level_name(level, prediction.model["L"]) for level in shown]
    table = columns(_abscissa(prediction), *(["reconstruction"] if several else []), *names, "chi")
    for e in _rows(prediction):
        for number, (name, curve, error, own_chi, own_chi_error) in enumerate(methods):
            table.add_row(
                f"{levels.noise_level[e]:.4f}" if number == 0 else "",
                *([name] if several else []),
                *(_entry(curve[level], None if error is None else error[level], e) for level in shown),
                _entry(own_chi, own_chi_error, e),
            )
    if several:
        table.columns[1].justify = "left"
    else:
        table.columns[1].header = f"reconstruction: {names[0]}"
    return table


def _exact_thresholds(prediction: HierarchyPrediction) -> list[RenderableType]:
    """Values with errors, and the noise levels between which each was interpolated."""
    levels, depth = prediction.levels, prediction.model["L"]
    shown = shown_levels(depth)
    found, x = levels.exact_thresholds or (None,) * (depth + 1), levels.noise_level
    errors = levels.exact_thresholds_se or (None,) * (depth + 1)
    table = columns(f"{_abscissa(prediction)} at which half is lost", *(level_name(level, depth) for level in shown))
    table.add_row("normalised clone probability one half", *(_with_error(found[k], errors[k]) for k in shown))
    gaps = {level: _gap(x, value) for level in shown if (value := found[level]) is not None}
    if not gaps:
        return [table]
    for side, name in enumerate(("interpolated between", "and")):
        table.add_row(name, *(_decimals(gaps[level][side] if level in gaps else None) for level in shown))
    notes = [f"exact, at this depth and not in deep trees{'' if levels.exact_thresholds_se is None else '; errors'}"]
    if levels.exact_thresholds_se is not None:
        notes[0] += " are over sets of rules, without that of the interpolation"
    if any((error := errors[k]) is None or high - low > _FAR * error for k, (low, high) in gaps.items()):
        notes.append(f"the noise levels lie far apart: give more of them (--level) near {_near(gaps)}")
    return [table, *(Text(note) for note in notes)]


def _gap(x: NDArray[np.float64], value: float) -> tuple[float, float]:
    """Neighbouring noise levels around a value."""
    after = int(np.clip(np.searchsorted(x, value), 1, x.size - 1))
    return float(x[after - 1]), float(x[after])


def _near(gaps: dict[int, tuple[float, float]]) -> str:
    return f"{min(low for low, _ in gaps.values()):.4g} to {max(high for _, high in gaps.values()):.4g}"


def _rows(prediction: HierarchyPrediction) -> list[int]:
    """About ten evenly spaced, on the axis of the figure, and the threshold or those next to it."""
    x, found = prediction.levels.noise_level, prediction.threshold
    spaced = np.geomspace if found.noise == "gaussian" else np.linspace
    rows = {int(np.argmin(np.abs(x - level))) for level in spaced(x[0], x[-1], _NOISE_ROWS)}
    place = found.time if found.noise == "gaussian" else found.value
    if place is not None:
        after = int(np.searchsorted(x, place))
        exact = after < x.size and x[after] == place
        rows |= {row for row in ((after,) if exact else (after - 1, after)) if 0 <= row < x.size}
    return sorted(rows)


def _entry(curve: NDArray[np.float64] | None, error: NDArray[np.float64] | None, e: int) -> str:
    if curve is None or not np.isfinite(curve[e]):
        return _ABSENT
    return _with_error(float(curve[e]), None if error is None else float(error[e]))


def _with_error(value: float | None, error: float | None) -> str:
    return _decimals(value) if value is None or error is None else with_error(value, error)


def _decimals(value: float | None) -> str:
    return _ABSENT if value is None else f"{value:.4f}"


def _abscissa(prediction: HierarchyPrediction) -> str:
    return "t (OU)" if prediction.levels.noise == "gaussian" else prediction.levels.unit


def _notes(table: Table) -> Table:
    table.columns[-1].justify = "left"
    return table


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _average(prediction: HierarchyPrediction) -> str:
    own = ", not of the rules given" if prediction.settings["rules"] == "given" else ""
    return f"average over random rules{own}"


def _whose_rules(prediction: HierarchyPrediction) -> str:
    settings = prediction.settings
    samples = _count(settings["samples"], "sample", "samples")
    if settings["rules"] == "given":
        return f"the rules given, {samples}; errors are over samples"
    if settings["instances"] == 1:
        return f"one random set of rules, {samples}; errors are over samples"
    return f"{settings['instances']} random sets of rules, {samples} of each; errors are over sets of rules"


def _reasons(prediction: HierarchyPrediction) -> list[str]:
    """One line each; what has no transition is said once."""
    reasons, cause = prediction.reasons, prediction.transition.reason
    lines = [f"{name} is missing: {text}" for name, text in reasons.items() if name not in ("transition", "threshold")]
    if cause is None:
        return lines
    noise = prediction.threshold.noise
    needs = "" if noise == "epsilon" else f" {noise_name(noise)} needs both conditions of the epsilon-process:"
    return [f"no transition:{needs} {cause}", *lines]
