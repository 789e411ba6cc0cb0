"""Where to put the steps of a sampler, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regimes.numerics.decisions.best_end_grid import best_end_grid
from regimes.numerics.decisions.best_grid import MOST_CALLS, best_grid
from regimes.numerics.decisions.components import Components, gaussian_components
from regimes.numerics.decisions.diffusers_steps import COVERED, to_diffusers
from regimes.numerics.decisions.step_divergence import end_divergence, path_divergence, start_divergence
from regimes.numerics.decisions.step_grid import StepGrid, schedule_grid
from regimes.numerics.decisions.steps_needed import steps_needed
from regimes.numerics.interface.checks import positive_number
from regimes.numerics.interface.number import Interval, Number
from regimes.numerics.posterior.spectrum import CovarianceSpectrum
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.found import Found
from regimes.prediction.decisions.answer import Answer
from regimes.prediction.decisions.model_steps import added_by_steps, added_in_words
from regimes.prediction.losses.held_out import HeldOutLosses
from regimes.theory.formula.record import recorded

__all__ = ["StepPlan", "gaussians_of", "step_plan", "steps_answer"]

_NATS = "nats"
_CURVE_POINTS = 200
_OF_THESE = "of the covariance of these points; no interval over other data"
_UNKNOWN = "the eigenvalues of the covariance that were not computed: all equal, or as unequal as they can be"
_LABELS = {
    "steps.path_divergence.own": "divergence of the paths, own grid",
    "steps.path_divergence.best": "divergence of the paths, grid best for them",
    "steps.end_divergence.own": "divergence of the final samples, own grid",
    "steps.end_divergence.best": "divergence of the final samples, grid best for them",
}
_ASSUMES = (
    "steps: a model with the exact posterior mean of the Gaussian that has the mean and the covariance of these points",
    f"steps: a stochastic sampler: {COVERED}; others are not covered",
    "steps: the sampler begins with the law of the data at its first noise level; steps.start_divergence is what its "
    "own start costs",
)
_MEASURED = (
    "Three trained denoisers of digits made images in 5 and 10 calls of the best grid that were nearer to held-out "
    "ones, pixel by pixel, than those of all named grids but the cosine's, which were as near within errors. The grid "
    "that is best for the paths cost the paths least (experiment steps), and made images that were farther. Other data "
    "were not tried."
)


@dataclass(frozen=True, eq=False)
class StepPlan:
    """The user's grid, and the Gaussian for which others of as many calls between the same noise levels are best.

    ``other`` is the Gaussian whose variances that are not known are as unequal as they can be, where there are any.
    """

    own: StepGrid
    data: Components
    other: Components | None

    @cached_property
    def best(self) -> StepGrid:
        """Of which the final samples are nearest to the data: the one to take."""
        return self.best_of(self.own.calls)

    @cached_property
    def best_path(self) -> StepGrid:
        """Of which the paths are nearest to those of the data."""
        return best_grid(self.data, self.own.calls, *self._ends, denoises=self.own.denoises)

    def best_of(self, calls: int) -> StepGrid:
        """The grid of another number of calls of which the final samples are nearest."""
        return best_end_grid(self.data, calls, *self._ends, denoises=self.own.denoises)

    @property
    def _ends(self) -> tuple[float, float]:
        return float(self.own.snr[0]), float(self.own.snr[-1])


def step_plan(found: Found, schedule: Schedule) -> StepPlan:
    """Grids of a schedule for the Gaussian of a data set.

    Raises
    ------
    ValueError
        If the points do not vary, or the schedule has no two noise levels.
    """
    own = schedule_grid(schedule)
    if own.calls > MOST_CALLS:
        raise ValueError(f"step_plan: a grid of at most {MOST_CALLS} calls is looked for, got {own.calls}")
    return StepPlan(own, *gaussians_of(found.spread))


def steps_answer(found: Found, schedule: Schedule, *, nats: float = 1.0, losses: HeldOutLosses | None = None) -> Answer:
    """How far a sampler is from the data for its steps, how far with the best ones, and how many calls are needed.

    Parameters
    ----------
    found : Found
        The data set.
    schedule : Schedule
        Of the sampler, with its inference steps; where it is that of a training, its steps are the calls.
    nats : float
        Divergence of the final samples for which calls are counted.
    losses : HeldOutLosses, optional
        Of a model: what the steps add to its paths is then told too, without the Gaussian.

    Returns
    -------
    Answer
        ``steps.path_divergence.own``, ``.best``, ``steps.end_divergence.own``, ``.best``, ``steps.needed`` and
        ``steps.start_divergence``; curves of the grids and of the mmse, and the grid that is best for final samples in
        the words of diffusers. With losses ``steps.model_divergence.own``, ``.best``, of the grid that is best for
        paths: what losses say is of paths.

    Raises
    ------
    ValueError
        If nats is not positive.

    Notes
    -----
    The covariance of few points spreads: of 100, 300 and 1500 Gaussian points in 30 dimensions the divergences come
    out 3, 1 and .2% low. That is more than they scatter, so that a jackknife would not cover the truth: no interval.
    """
    nats = positive_number("steps_answer", "nats", "divergence of the final samples", nats)
    try:
        spectrum = found.spread  # its formulas are of the error of Lambda
        plan = step_plan(found, schedule)
    except ValueError as refused:
        return _refused(str(refused).split(": ", 1)[-1])
    numbers = {}
    for key, label in _LABELS.items():
        measure, best = (path_divergence, "best_path") if ".path_" in key else (end_divergence, "best")
        with recorded() as of_grid:
            grid = getattr(plan, best) if key.endswith("best") else plan.own
        with recorded() as used:
            value = measure(grid, plan.data)
        others = None if plan.other is None else measure(grid, plan.other)
        numbers[key] = _number(label, value, others, tuple(dict.fromkeys((*used, *of_grid))))
    with recorded() as used:
        needed = steps_needed(plan.data, nats, plan.best_of, fewest=1 + plan.own.denoises)
    reason = f"more than {MOST_CALLS} calls" if needed is None else _OF_THESE
    label = f"calls of the grid best for them of which the final samples diverge by less than {nats:g} nats"
    numbers["steps.needed"] = Number(label, needed, formulas=tuple(used), reason=reason)
    numbers["steps.start_divergence"] = _start(plan, schedule, _distance_of_mean(found))
    of_paths = {"own": plan.own, "best": plan.best_path}
    of_model = {} if losses is None else added_by_steps(of_paths, losses, schedule)
    return Answer(
        numbers=numbers | of_model,
        sentences=_sentences(plan, numbers, schedule, nats) + added_in_words(of_model),
        curves=_curves(plan) | {"steps.diffusers": [to_diffusers(plan.best, schedule, plan.data)]},
        assumes=_ASSUMES,
        warnings=_warnings(spectrum, numbers, nats),
    )


def gaussians_of(spectrum: CovarianceSpectrum) -> tuple[Components, Components | None]:
    """The Gaussian of the covariance, and where some eigenvalues are not known, another one that they allow.

    None of them exceeds the smallest known one: they are all equal, or as few as there can be, each as large as that.
    """
    known = np.maximum(spectrum.eigenvalues, 0.0)
    if not spectrum.remainder_count or not spectrum.remainder > 0:
        return gaussian_components(known), None
    each, largest = spectrum.remainder / spectrum.remainder_count, float(known[-1])
    counts = np.ones(known.size)
    equal = gaussian_components(np.append(known, each), np.append(counts, spectrum.remainder_count))
    if not each < largest:
        return equal, None
    return equal, gaussian_components(np.append(known, largest), np.append(counts, spectrum.remainder / largest))


def _number(label: str, value: float, other: float | None, formulas: tuple[str, ...]) -> Number:
    if other is None:
        return Number(label, value, unit=_NATS, formulas=formulas, reason=_OF_THESE)
    interval: Interval = (min(value, other), max(value, other))
    return Number(label, value, unit=_NATS, formulas=formulas, interval=interval, covers=_UNKNOWN)


def _distance_of_mean(found: Found) -> float:
    """From 0, of the data as the model sees them: here their mean is taken off."""
    mapped = found.data.mapped
    return float(np.linalg.norm(found.points.mean if mapped is None else mapped.mean))


def _start(plan: StepPlan, schedule: Schedule, offset: float) -> Number:
    """What the sampler's own start costs: a model that was trained on a schedule begins at N(0, 1)."""
    preserving = schedule.of_training or schedule.training is not None or "ScoreSdeVp" in schedule.source
    kind, law = ("preserving", "N(0, 1)") if preserving else ("exploding", "N(0, sigma_max^2)")
    with recorded() as used:
        value = start_divergence(plan.own, plan.data, kind, offset)
    label = f"divergence of the noised data, their mean left in, from the start at {law}, which the paths have besides"
    return Number(label, value, unit=_NATS, formulas=tuple(used), reason=_OF_THESE)


def _curves(plan: StepPlan) -> dict[str, Any]:
    last, first = plan.own.snr[-1], plan.own.snr[plan.own.snr > 0][0]
    snr = np.geomspace(min(first, last / 2), last, _CURVE_POINTS)
    grids = {"own": plan.own, "best": plan.best, "best_path": plan.best_path}
    levels = {f"steps.{name}_{clock}": getattr(each, clock) for name, each in grids.items() for clock in ("sigma", "t")}
    return {"steps.snr": snr, "steps.mmse": plan.data.mmse(snr), **levels}


def _sentences(plan: StepPlan, numbers: dict[str, Number], schedule: Schedule, nats: float) -> tuple[str, ...]:
    value = {key: each.value for key, each in numbers.items()}
    calls, end = plan.own.calls, float(plan.own.sigma[-1])
    where = f"at noise sigma = {end:.3g}"
    if plan.own.denoises:
        where += ", that of the last call, which then removes it"
    samples = (
        f"{calls} calls of {schedule.name} leave the final samples of a stochastic sampler ({where}) "
        f"{value['steps.end_divergence.own']:.3g} nats from the data, for the Gaussian of these data; the best {calls} "
        f"between the same noise levels leave {value['steps.end_divergence.best']:.3g}."
    )
    if calls - plan.own.denoises < 2:
        samples = samples.split("; the best")[0] + ": with one step between two noise levels there is none to place."
    path = (
        f"The paths, which likelihoods are of, are {value['steps.path_divergence.own']:.3g} nats from those of the "
        f"data; the {calls} calls that are best for them leave {value['steps.path_divergence.best']:.3g}."
    )
    amount = f"{nats:g} nat{'s' * (nats != 1)}"
    needed = value["steps.needed"]
    if needed is None:
        count = f"More than {MOST_CALLS} calls are needed for final samples within {amount} of the data."
    else:
        count = f"{needed} calls of the best grid bring the final samples within {amount} of the data."
    return samples, path, count, f"This holds for {COVERED}, not for deterministic samplers.", _MEASURED


def _warnings(spectrum: CovarianceSpectrum, numbers: dict[str, Number], nats: float) -> tuple[str, ...]:
    found = []
    start = float(numbers["steps.start_divergence"].value or 0.0)
    if start > nats:
        found.append(
            f"the first noise level is too low for these data: the sampler's own start is {start:.3g} nats from them, "
            "which the other numbers leave out; check the scale of the data, or start from more noise"
        )
    if spectrum.n <= spectrum.d:
        found.append(
            f"the Gaussian of these data has {spectrum.n - 1} directions of {spectrum.d}, since there are {spectrum.n} "
            "points: steps that the other directions need are not counted; give more points"
        )
    return tuple(found)


def _refused(reason: str) -> Answer:
    labels = {**_LABELS, "steps.needed": "calls needed", "steps.start_divergence": "divergence of the start"}
    numbers = {key: Number(label, None, reason=reason) for key, label in labels.items()}
    return Answer(numbers=numbers, sentences=(f"Where to put steps cannot be said: {reason}.",), assumes=_ASSUMES)
