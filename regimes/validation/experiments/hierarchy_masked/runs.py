"""What is exact for one set of rules, what a network of so many points does, and density evolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.hierarchy.threshold import Bisection, hierarchy_threshold
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm, MaskedModel, RulesData, trained_network
from regimes.validation.experiments.hierarchy_masked.plans import (
    Plans,
    curves,
    generated_by_plans,
    losses_by_curve,
    losses_by_strings,
    plans_of,
)
from regimes.validation.experiments.hierarchy_masked.unmasking import Law, exact_law, learned_law
from regimes.validation.experiments.hierarchy_masked.uturns import posterior_kept, turns
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.measurement.grammar import by_chance, copies_and_overlap
from regimes.validation.running.progress import renamed

__all__ = ["LawRun", "ModelFound", "Threshold", "exact_run", "learned_run", "threshold_of"]

Array = NDArray[np.float64]
Leaves = NDArray[np.int64]

_CURVES, _GENERATED, _TURNS = range(3)


@dataclass(frozen=True, eq=False)
class LawRun:
    """One law of masked leaves, exact or learned, for one set of rules."""

    curve: Array  # (strings, N): mean cross entropy of a masked leaf, k visible
    by_curve: Array  # (numbers of steps, ways, strings of the second half): nats that a plan loses
    by_strings: Array  # (numbers of steps, ways, strings): the same by other strings
    whole: Array  # (numbers of steps, ways): share of generated data that obey all rules
    rules: Array  # (numbers of steps, ways, L): share of obeyed rules at each height
    posterior: Array  # (masked shares, turns, L + 1)
    kept: Array  # the same, by U-turns
    leaves: Array  # (masked shares, turns): changed ones
    valid: Array
    height: Array
    below: Array
    run: Array
    chance: Array  # (L + 1,)
    plan: Array  # (numbers of steps, N): tokens of each step of the plan, then zeros
    own_plan: Array  # (numbers of steps,): nats lost by the plan of this law's own curve
    copies: float = 0.0  # share of data generated leaf by leaf that equal a training point
    held_out_loss: float = 0.0  # smallest
    best_step: float = 0.0


@dataclass(frozen=True)
class Threshold:
    """Masked share at which density evolution stops to know the root of deep trees, and of trees as deep as these."""

    deep: float
    deep_se: float
    half: float
    half_se: float


@dataclass(frozen=True, eq=False)
class ModelFound:
    """All runs of a model."""

    model: MaskedModel
    exact: list[LawRun]  # by set of rules
    learned: list[list[LawRun]]  # by size and set of rules
    threshold: Threshold


def exact_run(form: MaskedForm, model: MaskedModel, data: RulesData, bench: Bench) -> LawRun:
    """Belief propagation as the law."""
    name = f"exact,{_label(model)},r{data.number}"

    def compute() -> dict[str, Array]:
        law = exact_law(data.rules)
        curve = curves(form, data, law, bench.noise.substream(_CURVES))
        return _measured(form, model, data, law, curve, curve, bench)[0]

    return _run(bench, name, compute)


def learned_run(form: MaskedForm, model: MaskedModel, data: RulesData, n: int, exact: LawRun, bench: Bench) -> LawRun:
    """A network of n points, on the plans of the exact law, with the same random numbers."""
    name = f"n{n},{_label(model)},r{data.number}"

    def compute() -> dict[str, Array]:
        network, losses = trained_network(form, model, data, n, renamed(bench.report, f"{name}: training"))
        law, held_out = learned_law(network), losses["held_out_loss"]
        curve = curves(form, data, law, bench.noise.substream(_CURVES))
        found, last = _measured(form, model, data, law, curve, exact.curve, bench)
        copied, _ = copies_and_overlap(last, data.train[:n])
        return found | {
            "copies": copied.mean(),
            "held_out_loss": held_out.min(),
            "best_step": losses["step"][held_out.argmin()],
        }

    return _run(bench, name, compute)


def threshold_of(form: MaskedForm, model: MaskedModel, bench: Bench) -> Threshold:
    """Density evolution of masked leaves; at the depth of the model half of the class is kept beyond chance."""
    name = f"threshold,{_label(model)}"

    def compute() -> dict[str, float]:
        found = [
            hierarchy_threshold(
                model.hierarchy,
                "masking",
                population=form.population,
                repeats=form.repeats,
                search=Bisection(depth=depth),
                rng=bench.seed,
            )
            for depth in (None, model.L)
        ]
        return {
            f"{which}{error}": value
            for which, each in zip(("deep", "half"), found, strict=True)
            for error, value in (("", each.value), ("_se", each.se))
        }

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    return Threshold(**{key: float(value) for key, value in found.items()})


def _measured(
    form: MaskedForm, model: MaskedModel, data: RulesData, law: Law, curve: Array, entropies: Array, bench: Bench
) -> tuple[dict[str, Array], Leaves]:
    """All that is asked of a law; plans are made by one half of the strings and judged by the other half.

    Also the data generated leaf by leaf.
    """
    half = form.strings // 2
    plans = plans_of(form, model, entropies[:half].mean(axis=0))
    own = [(plan, plan) for _, plan in plans_of(form, model, curve[:half].mean(axis=0))]
    generated, last = generated_by_plans(form, model, data, law, plans, bench.noise.substream(_GENERATED))
    noise = bench.noise.substream(_TURNS)
    found = {
        "curve": curve,
        "by_curve": losses_by_curve(curve[half:], entropies[half:], plans),
        "by_strings": losses_by_strings(form, model, data, law, plans, bench.noise.substream(_CURVES)),
        "posterior": posterior_kept(form, data, noise),
        "chance": by_chance(data.rules),
        "plan": _padded(model, plans),
        "own_plan": losses_by_curve(curve[half:], entropies[half:], own)[:, 0].mean(axis=1),
        **generated,
        **turns(form, data, law, noise),
    }
    return found, last


def _padded(model: MaskedModel, plans: Plans) -> Array:
    found = np.zeros((len(plans), model.leaves))
    for number, (_, plan) in enumerate(plans):
        found[number, : len(plan)] = plan
    return found


def _label(model: MaskedModel) -> str:
    return f"v{model.v}m{model.m}s{model.s}L{model.L}"


def _run(bench: Bench, name: str, compute: Callable[[], dict[str, Array]]) -> LawRun:
    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    values: dict[str, Any] = {key: float(value) if value.ndim == 0 else value for key, value in found.items()}
    return LawRun(**values)
