"""Entropies of a masked leaf against the number of visible ones, and what plans of unmasking lose by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.parse import parse_leaves
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.unmasking import even_unmasking, unmasking_plan
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm, MaskedModel, RulesData
from regimes.validation.experiments.hierarchy_masked.unmasking import Law, exact_law, log_losses, orders, unmask
from regimes.validation.measurement.grammar import rule_shares
from regimes.validation.sampling import NoiseStream

__all__ = ["WAYS", "curves", "generated_by_plans", "losses_by_curve", "losses_by_strings", "plans_of", "steps_of"]

Array = NDArray[np.float64]
Plans = list[tuple[tuple[int, ...], tuple[int, ...]]]

WAYS = ("equal", "planned")
_CURVE, _STRINGS, _ORDERS, _DRAWS = range(4)
_LEAST = 1e-12


def steps_of(form: MaskedForm, model: MaskedModel) -> list[int]:
    """Numbers of steps, one by one the last."""
    return [each for each in form.steps if each < model.leaves] + [model.leaves]


def curves(form: MaskedForm, data: RulesData, law: Law, noise: NoiseStream) -> Array:
    """Mean cross entropy of the masked leaves of each string, (strings, N) against the number of visible ones.

    That of the exact law itself is their entropy. The symbols are averaged over the exact law.
    """
    leaves = data.strings[: form.strings]
    place, exact = orders(noise.substream(_CURVE), *leaves.shape), exact_law(data.rules)
    found = []
    for known in range(leaves.shape[1]):
        visible = place < known
        symbols = exact(leaves, visible)
        crossed = -(symbols * np.log(np.maximum(law(leaves, visible), _LEAST))).sum(axis=2)
        found.append(np.where(visible, 0.0, crossed).sum(axis=1) / (leaves.shape[1] - known))
    return np.stack(found, axis=1)


def plans_of(form: MaskedForm, model: MaskedModel, entropies: Array) -> Plans:
    """Equal steps and the plan of the entropies, for each number of steps."""
    steps = steps_of(form, model)
    return [(even_unmasking(model.leaves, each), unmasking_plan(entropies, each)) for each in steps]


def losses_by_curve(curve: Array, entropies: Array, plans: Plans) -> Array:
    """Divergence of each plan by the curves of each string, (numbers of steps, ways, strings)."""
    lost = compile_formula("parallel_unmasking_loss", target="numpy")
    sums = np.cumsum(np.pad(entropies, ((0, 0), (1, 0))), axis=1)

    def loss(tokens: Sequence[int]) -> Array:
        counts = np.array(tokens)
        last = np.cumsum(counts)
        return np.asarray(lost(counts, curve[:, last - counts], sums[:, last] - sums[:, last - counts]).sum(axis=1))

    return np.array([[loss(tokens) for tokens in pair] for pair in plans])


def losses_by_strings(
    form: MaskedForm, model: MaskedModel, data: RulesData, law: Law, plans: Plans, noise: NoiseStream
) -> Array:
    """The same by the probability of other strings in other orders, of the same shape."""
    leaves = data.strings[form.strings :]
    place = orders(noise.substream(_STRINGS), *leaves.shape)
    found = [[log_losses(law, leaves, place, tokens) for tokens in pair] for pair in plans]
    return np.array(found) - model.entropy()


def generated_by_plans(
    form: MaskedForm, model: MaskedModel, data: RulesData, law: Law, plans: Plans, noise: NoiseStream
) -> tuple[dict[str, Array], NDArray[np.int64]]:
    """Share of generated data that obey all rules, and of obeyed rules by height; and the data made leaf by leaf."""
    shape = (len(plans), len(WAYS))
    whole, rules = np.zeros(shape), np.zeros((*shape, model.L))
    start = np.zeros((form.generated, model.leaves), dtype=np.int64)
    nothing = np.zeros(form.generated, dtype=np.int64)
    last = start
    for number, pair in enumerate(plans):
        for way, tokens in enumerate(pair):
            own = noise.substream(number, way)
            place = orders(own.substream(_ORDERS), *start.shape)
            last = unmask(law, start, place, nothing, tokens, own.substream(_DRAWS))
            shares, _ = rule_shares(data.rules, last)
            rules[number, way] = shares
            whole[number, way] = (parse_leaves(data.rules, last).tree[0] >= 0).mean()
    return {"whole": whole, "rules": rules}, last
