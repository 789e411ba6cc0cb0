"""From the parameters or the rules of a hierarchy to the noise at which each of its levels is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.correlations import hierarchy_correlations
from regimes.numerics.hierarchy.mean_field import hierarchy_mean_field
from regimes.numerics.hierarchy.noise import Noise, checked_noise, checked_noise_levels
from regimes.numerics.hierarchy.problem import Hierarchy, checked_hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.hierarchy.transition import HierarchyTransition, hierarchy_transition
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.hierarchy.budget import HierarchyBudget
from regimes.prediction.hierarchy.result import HierarchyPrediction
from regimes.prediction.process.regime_shares import share_rows, share_sentence
from regimes.theory.formula.record import recorded

__all__ = ["predict_hierarchy"]

Array = NDArray[np.float64]
Curves = dict[str, Array]
Progress = Callable[[str, int, int], None]

_UNITS = {
    "epsilon": "epsilon",
    "masking": "masked fraction",
    "uniform": "replaced fraction",
    "gaussian": "Ornstein-Uhlenbeck time",
}
_NOISELESS = 1e-12  # no leaf changes, and nothing correlates
_CURVE_SHARE = 5  # of the population of the threshold in that of each level of noise
_SHARED = "density evolution: every node has rules of its own, where the nodes of a level of one data set share them"


def predict_hierarchy(
    hierarchy: Hierarchy | HierarchyRules,
    *,
    noise: Noise = "epsilon",
    noise_levels: ArrayLike | None = None,
    exact: bool = False,
    budget: HierarchyBudget | None = None,
    rng: int = 0,
    schedule: Any = "ddpm-linear",
    progress: Progress | None = None,
) -> HierarchyPrediction:
    """Predict at which noise each level of a random hierarchy stops being reconstructed.

    Mean field gives the transition and all levels in closed form; density evolution the threshold of real noise;
    belief propagation, where asked for, the exact curves. All are averages over rules; where one set is given, the
    exact curves, their thresholds and the exact susceptibility are those of the set, and the rest is still the average.

    Parameters
    ----------
    hierarchy : Hierarchy or HierarchyRules
        Parameters of the model; or one set of rules, which asks for the exact curves of these very rules.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise at the leaves.
    noise_levels : array_like, shape (E,), optional
        Increasing levels: epsilon, fractions, or Ornstein-Uhlenbeck times for Gaussian noise; chosen if not given.
    exact : bool
        Add the exact curves.
    budget : HierarchyBudget, optional
        Sets of rules and samples of the exact curves, messages in a population, memory.
    rng : int
        Seed.
    schedule : str, path, object or Schedule
        Noise schedule in whose steps the threshold of Gaussian noise is given: what :func:`regimes.noise_schedule`
        takes, or gives. A threshold of masking is given in as many steps that mask evenly.
    progress : callable, optional
        Called with the name of a part, the work done and all work.

    Returns
    -------
    HierarchyPrediction
        Transition, thresholds, curves, and reasons for what does not exist.

    Notes
    -----
    sclocchi2024, sclocchi2025; the averages over rules are derived.

    Examples
    --------
    >>> from regimes import Hierarchy, predict_hierarchy
    >>> result = predict_hierarchy(Hierarchy(32, 8))
    >>> round(result["threshold.value"].value, 4), round(result["transition.slope"].value, 3)
    (0.7312, 1.442)
    """
    rules = hierarchy if isinstance(hierarchy, HierarchyRules) else None
    model = checked_hierarchy("predict_hierarchy", hierarchy if rules is None else rules.hierarchy)
    budget = HierarchyBudget() if budget is None else budget
    if rules is not None:
        exact, budget = True, replace(budget, instances=1)
    rng = whole_number("predict_hierarchy", "rng", "seed", rng, at_least=0)
    report = progress if progress is not None else (lambda part, done, total: None)
    transition = hierarchy_transition(model)
    checked_noise("predict_hierarchy", noise, 1.0)
    given = None if noise_levels is None else checked_noise_levels("predict_hierarchy", noise, noise_levels)
    steps = noise_schedule(schedule)
    average = f"average over random rules{'' if rules is None else ', not of the rules given'}"
    thresholds = _threshold(transition, noise, steps, average, budget, rng, report)
    grid = _grid(noise, thresholds, exact=exact) if given is None else given
    belief, evolution = _density_evolution(model, noise, grid, budget, rng, report)
    epsilon = grid if noise == "epsilon" else _epsilon_of(belief, model.v)
    curves = {"noise_level": grid, "mean_field": hierarchy_mean_field(model, epsilon).reconstruction, **evolution}
    curves["susceptibility_mean_field"] = _chain_susceptibility(model, epsilon)
    warnings: tuple[str, ...] = ()
    if exact:
        from regimes.prediction.hierarchy.exact import exact_curves

        found, halves = exact_curves(model if rules is None else rules, noise, grid, budget, rng, report)
        curves |= found
        thresholds |= halves
        missing = ~np.isfinite(found["susceptibility_exact"])
        if missing.any():
            where = ", ".join(f"{level:.4g}" for level in grid[missing])
            warnings = (
                "susceptibility_exact is missing: no leaf changes in some samples but not in others at "
                f"{_UNITS[noise]} {where}",
            )
    shares = share_rows(thresholds, steps)
    return HierarchyPrediction(
        problem=model,
        numbers=transition.numbers | thresholds | shares | {"tree.leaves": Number("leaves", model.leaves)},
        curves=curves,
        settings={
            "noise": noise,
            "unit": _UNITS[noise],
            "exact": exact,
            "rules": "random" if rules is None else "given",
            "instances": budget.instances if exact else None,
            "samples": budget.samples if exact else None,
            "population": None if noise == "epsilon" else budget.population,
            "seed": rng,
            "schedule": {"gaussian": steps.name, "masking": "even masking"}.get(noise),
            "schedule_steps": steps.steps if noise in ("gaussian", "masking") else None,
            "schedule_source": steps.source if noise == "gaussian" else None,
        },
        sentences=share_sentence(shares, steps),
        assumes=(*transition.assumes, *([] if noise == "epsilon" else [_SHARED])),
        warnings=warnings,
    )


def _threshold(
    transition: HierarchyTransition,
    noise: Noise,
    schedule: Schedule,
    average: str,
    budget: HierarchyBudget,
    rng: int,
    report: Progress,
) -> dict[str, Number]:
    """Where deep trees lose their root; ``average`` says over what."""
    label = "sqrt(snr)" if noise == "gaussian" else _UNITS[noise]
    star = transition["transition.epsilon_star"]
    if noise == "epsilon":
        reason = f"there is no transition under the epsilon-process: {star.reason}" if star.reason else None
        covers = None if reason else f"mean field, {average}"
        return {"threshold.value": replace(star, label=label, covers=covers, reason=reason)}
    if star.value is None:
        reason = f"every kind of noise needs both conditions of the transition: {star.reason}"
        return {"threshold.value": Number(label, None, reason=reason)}
    from regimes.numerics.hierarchy.threshold import hierarchy_threshold

    report("threshold", 0, 1)
    with recorded() as used:
        found = hierarchy_threshold(
            transition.problem,
            noise,
            population=budget.population,
            rng=rng,
            memory=budget.memory,
            progress=report,
        )
    formulas, sources = tuple(used), found.sources
    covers = f"density evolution, {average}"
    numbers = {
        "threshold.value": Number(label, found.value, found.se, covers=covers, formulas=formulas, sources=sources)
    }
    if found.time is not None:
        numbers["threshold.time"] = schedule.number(
            "t (OU)", found.time, used, error=found.time_se, covers=covers, sources=sources
        )
    elif noise == "masking":
        place = round(found.value * schedule.steps)
        numbers["threshold.step"] = Number(
            "step of even masking", place, formulas=formulas, unit=f"of {schedule.steps}", sources=sources
        )
    return numbers


def _grid(noise: Noise, thresholds: dict[str, Number], *, exact: bool) -> Array:
    if noise == "gaussian":
        time = thresholds["threshold.time"].value if "threshold.time" in thresholds else None
        centre = time if time is not None else 0.1
        return np.geomspace(centre / 5, centre * 5, 25)
    if noise != "epsilon":
        return np.linspace(0.0, 1.0, 21)
    grid = np.linspace(0.0, 1.0, 41 if exact else 101)
    star = thresholds["threshold.value"].value
    if exact or star is None:
        return grid
    # Around a transition close to an end, or a sharp one, the even grid is too coarse.
    reach = min(star, 1 - star) * 0.5 ** np.arange(1, 9)
    return np.unique(np.concatenate([grid, star - reach, [star], star + reach]))


def _density_evolution(
    model: Hierarchy, noise: Noise, grid: Array, budget: HierarchyBudget, rng: int, report: Progress
) -> tuple[Array, Curves]:
    """Mean belief at the leaves, and the reconstruction of all levels with its standard error; none for epsilon."""
    if noise == "epsilon":
        return np.empty(0), {}
    from regimes.numerics.hierarchy.density_evolution import density_evolution

    report("density evolution", 0, 1)
    found = density_evolution(
        model,
        noise,
        grid,
        population=max(2, budget.population // _CURVE_SHARE),
        rng=rng,
        memory=budget.memory,
        progress=report,
    )
    curves = {"density_evolution": found.reconstruction, "density_evolution_se": found.reconstruction_se}
    return found.upward[model.L], curves


def _epsilon_of(belief: Array, v: int) -> Array:
    """Epsilon of the epsilon-process with the same mean belief at the leaves."""
    epsilon = compile_formula("hierarchy_epsilon_from_belief", target="numpy")(np.clip(belief, 1 / v, 1.0), v)
    return np.asarray(np.clip(epsilon, 0.0, 1.0))


def _chain_susceptibility(model: Hierarchy, epsilon: Array) -> Array:
    chi = np.full(epsilon.shape, np.nan)
    noisy = epsilon > _NOISELESS
    if noisy.any() and (model.m > 1 or model.classes > 1):  # otherwise there is a single data point
        chi[noisy] = hierarchy_correlations(model, epsilon[noisy]).susceptibility
    return chi
