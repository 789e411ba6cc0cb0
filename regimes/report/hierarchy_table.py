"""Table of a hierarchy: the transition, the threshold of the noise, and the levels against noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group
from rich.text import Text

from regimes.numerics.compile import compile_formula
from regimes.report.cells import columns, schedule_step, with_error
from regimes.report.hierarchy import level_name, shown_levels

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import RenderableType
    from rich.table import Table

    from regimes.numerics.schedules import Schedule
    from regimes.prediction.hierarchy_result import HierarchyPrediction

__all__ = ["hierarchy_table"]

if TYPE_CHECKING:
    _Curve = NDArray[np.float64] | None
    _Method = tuple[str, NDArray[np.float64], _Curve, _Curve, _Curve]

_NOISE_ROWS = 11
_MASKING_STEPS = 1000
_ABSENT = "-"


def hierarchy_table(prediction: HierarchyPrediction, schedule: Schedule) -> RenderableType:
    """Transition, threshold and levels of a hierarchy, with the reasons for what does not exist.

    Parameters
    ----------
    prediction : HierarchyPrediction
        The result.
    schedule : Schedule
        In whose steps the time of a Gaussian threshold is given as well.

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
    parts: list[RenderableType] = [Text(title, style="bold"), _transition(prediction), _threshold(prediction, schedule)]
    if prediction.settings["exact"]:
        parts.append(Text(f"exact curves: {_whose_rules(prediction)}"))
    parts.append(_levels(prediction))
    if prediction.levels.exact_thresholds is not None:
        parts.append(_exact_thresholds(prediction))
    parts += [Text(f"{name} is missing: {text}", style="dim") for name, text in _distinct_reasons(prediction).items()]
    return Group(*parts)


def _transition(prediction: HierarchyPrediction) -> Table:
    found = prediction.transition
    table = columns("transition (mean field, average over rules)", "value", "")
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


def _threshold(prediction: HierarchyPrediction, schedule: Schedule) -> Table:
    found = prediction.threshold
    table = columns(f"threshold of {_noise_name(found.noise)}", "value", "")
    unit = "sqrt(snr)" if found.noise == "gaussian" else prediction.levels.unit
    value = _ABSENT
    if found.value is not None:
        value = _decimals(found.value) if found.se is None else with_error(found.value, found.se)
    table.add_row(unit, value, f"{found.method}, average over {found.averaged_over}")
    if found.time is not None:
        table.add_row("t (OU)", _decimals(found.time), "")
        table.add_row(f"step of {schedule.name}", schedule_step(schedule, found.time), f"of {schedule.steps}")
    if found.noise == "masking" and found.value is not None:
        step = math.ceil(found.value * _MASKING_STEPS)
        table.add_row("step k of K, which masks the fraction k/K", str(step), f"of {_MASKING_STEPS}")
    return _notes(table)


def _levels(prediction: HierarchyPrediction) -> Table:
    """Rows by noise, with a line for each method where there is more than one."""
    levels, chi = prediction.levels, prediction.susceptibility
    shown = shown_levels(prediction.model["L"])
    methods: list[_Method] = [("mean field", levels.mean_field, None, chi.mean_field, None)]
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


def _exact_thresholds(prediction: HierarchyPrediction) -> Table:
    found, depth = prediction.levels.exact_thresholds, prediction.model["L"]
    shown = shown_levels(depth)
    table = columns("exact threshold of a U-turn", *(level_name(level, depth) for level in shown))
    if found is not None:
        what = f"{_abscissa(prediction)} where clones lose half of what they share"
        table.add_row(what, *(_decimals(found[level]) for level in shown))
    return table


def _rows(prediction: HierarchyPrediction) -> list[int]:
    """About ten evenly spaced, the last, and those next to the threshold."""
    x, found = prediction.levels.noise_level, prediction.threshold
    step = max(1, -(-(x.size - 1) // (_NOISE_ROWS - 1)))
    rows = {*range(0, x.size, step), x.size - 1}
    place = found.time if found.noise == "gaussian" else found.value
    if place is not None:
        after = int(np.searchsorted(x, place))
        rows |= {row for row in (after - 1, after) if 0 <= row < x.size}
    return sorted(rows)


def _entry(curve: NDArray[np.float64] | None, error: NDArray[np.float64] | None, e: int) -> str:
    if curve is None or not np.isfinite(curve[e]):
        return _ABSENT
    return _decimals(float(curve[e])) if error is None else with_error(float(curve[e]), float(error[e]))


def _decimals(value: float | None) -> str:
    return _ABSENT if value is None else f"{value:.4f}"


def _abscissa(prediction: HierarchyPrediction) -> str:
    return "t (OU)" if prediction.levels.noise == "gaussian" else prediction.levels.unit


def _notes(table: Table) -> Table:
    table.columns[-1].justify = "left"
    return table


def _noise_name(noise: str) -> str:
    return {
        "epsilon": "the epsilon-process",
        "masking": "masking",
        "uniform": "uniform replacement",
        "gaussian": "Gaussian noise",
    }[noise]


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _whose_rules(prediction: HierarchyPrediction) -> str:
    settings = prediction.settings
    samples = _count(settings["samples"], "sample", "samples")
    if settings["rules"] == "given":
        return f"the rules given, {samples}; errors are over samples"
    if settings["instances"] == 1:
        return f"one random set of rules, {samples}; errors are over samples"
    return f"{settings['instances']} random sets of rules, {samples} of each; errors are over sets of rules"


def _distinct_reasons(prediction: HierarchyPrediction) -> dict[str, str]:
    """Without a reason that another repeats."""
    reasons = prediction.reasons
    return {
        name: text
        for name, text in reasons.items()
        if not any(other != name and reasons[other] in text for other in reasons)
    }
