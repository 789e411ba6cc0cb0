"""From the parameters or the rules of a hierarchy to the noise at which each of its levels is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.correlations import hierarchy_correlations
from regimes.numerics.hierarchy.mean_field import hierarchy_mean_field
from regimes.numerics.hierarchy.noise import Noise, checked_noise, checked_noise_levels
from regimes.numerics.hierarchy.parameters import checked_hierarchy
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.hierarchy.transition import HierarchyTransition, hierarchy_transition
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.process.schedules import Schedule, noise_schedule
from regimes.prediction.hierarchy.result import HierarchyLevels, HierarchyPrediction, NoiseThreshold, Susceptibility

__all__ = ["predict_hierarchy"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

_UNITS = {
    "epsilon": "epsilon",
    "masking": "masked fraction",
    "uniform": "replaced fraction",
    "gaussian": "Ornstein-Uhlenbeck time",
}
_NOISELESS = 1e-12  # no leaf changes, and nothing correlates
_CURVE_SHARE = 5  # of the population of the threshold in that of each level of noise
_STREAM = 0x68696572  # sets the rules and samples apart from other uses of a seed


def predict_hierarchy(
    v: int,
    m: int,
    s: int,
    L: int,
    *,
    classes: int | None = None,
    noise: Noise = "epsilon",
    noise_levels: ArrayLike | None = None,
    rules: HierarchyRules | None = None,
    exact: bool = False,
    instances: int = 8,
    samples: int = 64,
    population: int = 10_000,
    rng: int = 0,
    memory: int = 2 * 2**30,
    schedule: str = "ddpm-linear",
    progress: Progress | None = None,
) -> HierarchyPrediction:
    """Predict at which noise each level of a random hierarchy stops being reconstructed.

    Mean field gives the transition and all levels in closed form; density evolution the threshold of real noise;
    belief propagation, where asked for, the exact curves. All are averages over rules; where one set is given, the
    exact curves, their thresholds and the exact susceptibility are those of the set, and the rest is still the average.

    Parameters
    ----------
    v, m, s, L : int
        Symbols, rules a symbol, children of a symbol, levels of rules.
    classes : int, optional
        Symbols of the root; v if not given.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise at the leaves.
    noise_levels : array_like, shape (E,), optional
        Increasing levels: epsilon, fractions, or Ornstein-Uhlenbeck times for Gaussian noise; chosen if not given.
    rules : HierarchyRules, optional
        The rules for the exact curves, of these parameters; ``instances`` random ones if not given.
    exact : bool
        Add the exact curves.
    instances, samples : int
        Sets of rules, and samples of each.
    population : int
        Messages in a population of density evolution for the threshold; the curves take a fifth of it at each level.
    rng : int
        Seed.
    memory : int
        Bytes of working memory; the result does not depend on it.
    schedule : str
        Noise schedule in whose steps the threshold of Gaussian noise is given, see :func:`regimes.noise_schedule`; a
        threshold of masking in as many steps that mask evenly.
    progress : callable, optional
        Called with the name of a part, the work done and all work.

    Returns
    -------
    HierarchyPrediction
        Transition, threshold, curves, and reasons for what does not exist.

    Raises
    ------
    ValueError
        If a parameter or a noise level is out of range, or the rules do not fit the parameters.

    Notes
    -----
    sclocchi2024, sclocchi2025; the averages over rules are derived in docs/theory.

    Examples
    --------
    >>> from regimes import predict_hierarchy
    >>> result = predict_hierarchy(32, 8, 2, 8)
    >>> round(result.threshold.value, 4), round(result.transition.slope, 3)
    (0.7312, 1.442)
    """
    v, m, s, L, roots = checked_hierarchy("predict_hierarchy", v, m, s, L, classes=classes)
    if rules is not None:
        own = (rules.v, rules.m, rules.s, rules.depth, rules.classes)
        if own != (v, m, s, L, roots):
            raise ValueError(
                f"predict_hierarchy: the rules must have (v, m, s, L, classes) = {(v, m, s, L, roots)}, got {own}"
            )
        exact, instances = True, 1
    instances = whole_number("predict_hierarchy", "instances", "sets of rules", instances, at_least=1)
    samples = whole_number("predict_hierarchy", "samples", "samples of each set of rules", samples, at_least=2)
    population = whole_number("predict_hierarchy", "population", "messages in a population", population, at_least=2)
    rng = whole_number("predict_hierarchy", "rng", "seed", rng, at_least=0)
    report = progress if progress is not None else (lambda part, done, work: None)
    transition = hierarchy_transition(v, m, s)
    reasons: dict[str, str] = {}
    if transition.reason is not None:
        reasons["transition"] = transition.reason
    checked_noise("predict_hierarchy", noise, 1.0)
    given = None if noise_levels is None else checked_noise_levels("predict_hierarchy", noise, noise_levels)
    threshold = _threshold(transition, noise, noise_schedule(schedule), population, rng, memory, reasons, report)
    grid = _grid(noise, threshold, exact=exact) if given is None else given
    belief, evolution, evolution_se = _density_evolution(
        v, m, s, L, roots, noise, grid, population, rng, memory, report
    )
    epsilon = grid if noise == "epsilon" else _epsilon_of(belief, v)
    averaged = hierarchy_mean_field(v, m, s, L, epsilon, classes=roots)
    chain = _chain_susceptibility(v, m, s, L, roots, epsilon)
    found: dict[str, Any] = {}
    if exact:
        from regimes.prediction.hierarchy.exact import exact_curves

        parameters, seed = (v, m, s, L, roots), (_STREAM, rng)
        found = exact_curves(parameters, rules, noise, grid, instances, samples, seed, memory, report)
    chi, chi_se = found.pop("chi", None), found.pop("chi_se", None)
    if chi is not None and not np.isfinite(chi).all():
        reasons["susceptibility.exact"] = (
            f"no leaf changes in some samples but not in others at {_UNITS[noise]} "
            f"{', '.join(f'{level:.4g}' for level in grid[~np.isfinite(chi)])}"
        )
    return HierarchyPrediction(
        model={"v": v, "m": m, "s": s, "L": L, "classes": roots, "d": s**L},
        transition=transition,
        threshold=threshold,
        levels=HierarchyLevels(
            noise=noise,
            unit=_UNITS[noise],
            noise_level=grid,
            mean_field=averaged.reconstruction,
            density_evolution=evolution,
            density_evolution_se=evolution_se,
            **found,
        ),
        susceptibility=Susceptibility(chain, chi, chi_se, transition.chi_diverges),
        settings={
            "noise": noise,
            "exact": exact,
            "instances": instances if exact else None,
            "samples": samples if exact else None,
            "rules": "given" if rules is not None else "random",
            "population": None if noise == "epsilon" else population,
            "rng": rng,
        },
        reasons=reasons,
        sources={
            "transition": "hierarchy_upward, hierarchy_slope",
            "threshold": threshold.method,
            "levels.mean_field": "hierarchy_upward, hierarchy_downward, hierarchy_marginal",
            "levels.exact": "belief propagation (sclocchi2024)",
            "levels.density_evolution": "density evolution (sclocchi2024)",
            "susceptibility.mean_field": "hierarchy_sibling_covariance, hierarchy_chain_eigenvalue",
            "susceptibility.exact": "posterior samples by belief propagation (sclocchi2025)",
        },
    )


def _threshold(
    transition: HierarchyTransition, noise: Noise, schedule: Schedule, population: int, rng: int,
    memory: int, reasons: dict[str, str], report: Progress,
) -> NoiseThreshold:  # fmt: skip
    if noise == "epsilon":
        if transition.epsilon_star is None:
            reasons["threshold"] = f"there is no transition under the epsilon-process: {transition.reason}"
        return NoiseThreshold(noise, transition.epsilon_star, None, None, None, None, "mean field")
    if not transition.exists:
        reasons["threshold"] = f"every kind of noise needs both conditions of the transition: {transition.reason}"
        return NoiseThreshold(noise, None, None, None, None, None, "density evolution")
    from regimes.numerics.hierarchy.threshold import hierarchy_threshold

    report("threshold", 0, 1)
    found = hierarchy_threshold(
        transition.v, transition.m, transition.s, noise, population=population, rng=rng, memory=memory,
        progress=lambda done, work: report("threshold", done, work),
    )  # fmt: skip
    steps = None
    if found.time is not None:
        place = schedule.at(found.time)
        steps = {"schedule": schedule.name, "step": None if place is None else place.index, "steps": schedule.steps}
    elif noise == "masking":
        steps = {"schedule": "even masking", "step": round(found.value * schedule.steps), "steps": schedule.steps}
    return NoiseThreshold(noise, found.value, found.se, found.time, found.time_se, steps, "density evolution")


def _grid(noise: Noise, threshold: NoiseThreshold, *, exact: bool) -> Array:
    if noise == "gaussian":
        centre = threshold.time if threshold.time is not None else 0.1
        return np.geomspace(centre / 5, centre * 5, 25)
    if noise != "epsilon":
        return np.linspace(0.0, 1.0, 21)
    grid = np.linspace(0.0, 1.0, 41 if exact else 101)
    if exact or threshold.value is None:
        return grid
    # Around a transition close to an end, or a sharp one, the even grid is too coarse.
    reach = min(threshold.value, 1 - threshold.value) * 0.5 ** np.arange(1, 9)
    return np.unique(np.concatenate([grid, threshold.value - reach, [threshold.value], threshold.value + reach]))


def _density_evolution(
    v: int,
    m: int,
    s: int,
    L: int,
    roots: int,
    noise: Noise,
    grid: Array,
    population: int,
    rng: int,
    memory: int,
    report: Progress,
) -> tuple[Array, Array | None, Array | None]:
    """Mean belief at the leaves, and the reconstruction of all levels with its standard error."""
    if noise == "epsilon":
        return np.empty(0), None, None
    from regimes.numerics.hierarchy.density_evolution import density_evolution

    report("density evolution", 0, 1)
    found = density_evolution(
        v, m, s, L, noise, grid, classes=roots, population=max(2, population // _CURVE_SHARE), rng=rng,
        memory=memory, progress=lambda done, work: report("density evolution", done, work),
    )  # fmt: skip
    return found.upward[L], found.reconstruction, found.reconstruction_se


def _epsilon_of(belief: Array, v: int) -> Array:
    """Epsilon of the epsilon-process with the same mean belief at the leaves."""
    epsilon = compile_formula("hierarchy_epsilon_from_belief", target="numpy")(np.clip(belief, 1 / v, 1.0), v)
    return np.asarray(np.clip(epsilon, 0.0, 1.0))


def _chain_susceptibility(v: int, m: int, s: int, L: int, roots: int, epsilon: Array) -> Array:
    chi = np.full(epsilon.shape, np.nan)
    noisy = epsilon > _NOISELESS
    if noisy.any() and (m > 1 or roots > 1):  # otherwise there is a single data point
        chi[noisy] = hierarchy_correlations(v, m, s, L, epsilon[noisy], classes=roots).susceptibility
    return chi
