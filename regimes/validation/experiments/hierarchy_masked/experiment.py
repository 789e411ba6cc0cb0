"""Masked diffusion of random hierarchies: a small network and belief propagation as the law of masked leaves.

sclocchi2025 (U-turns of masked data: correlated blocks of changes, larger ones with deeper latents). The visible leaves
are all that a masked string tells, so that neither law is told the masked share. Sets of rules, data and first weights
are drawn anew; the training sets of one set of rules are the beginnings of one.

Said beforehand. Tests: U-turns leaf by leaf with the exact law bring back of every level what the posterior at the same
masked leaves says, with a mean z of zero; the entropies of a masked leaf sum to that of a string; what plans of
unmasking lose by the curve of cross entropies, exact or of a network, they lose by the probability of other strings.
Networks against the posterior are no test: a table says how far they are. Plans are made by one half of the strings
and judged by the other. S10 holds if the number of changed leaves below the highest changed latent rises with its
height at every step by more than two standard errors.
"""

from __future__ import annotations

from regimes.numerics.estimation.streams import Stream
from regimes.validation.experiments.hierarchy_masked.agreements import (
    entropy_agreements,
    joint_test,
    kept_blocks,
    mean_z,
    plan_block,
)
from regimes.validation.experiments.hierarchy_masked.figure import panels
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm, MaskedModel, rules_data
from regimes.validation.experiments.hierarchy_masked.plans import steps_of
from regimes.validation.experiments.hierarchy_masked.runs import ModelFound, exact_run, learned_run, threshold_of
from regimes.validation.experiments.hierarchy_masked.sentences import sentences
from regimes.validation.experiments.hierarchy_masked.tables import numbers_of, tables_of
from regimes.validation.experiments.runner.run import Bench, Plan
from regimes.validation.experiments.runner.trained_case import HARDLY_TRAINED
from regimes.validation.outcome.agreement import chi_square
from regimes.validation.outcome.experiment import Judgement
from regimes.validation.training.masked_training import MaskedOptions

__all__ = ["PLAN"]


def _simulate(form: MaskedForm, bench: Bench) -> list[ModelFound]:
    found = []
    for number, model in enumerate(form.models):
        exact, learned = [], []
        for place in range(model.rules):
            data, own = rules_data(form, model, bench.seed, place), bench.of(number, place)
            exact.append(exact_run(form, model, data, own))
            if place < model.trained:
                learned.append([learned_run(form, model, data, n, exact[-1], own) for n in model.sizes])
        by_size = [list(runs) for runs in zip(*learned, strict=True)]
        found.append(ModelFound(model, exact, by_size, threshold_of(form, model, bench)))
    return found


def _judge(form: MaskedForm, found: list[ModelFound]) -> Judgement:
    kept = [block for each in found for block in kept_blocks(form, each.model.name, each.exact)]
    mean_test, *z = mean_z("mean z of exact U-turns", kept)
    entropies = entropy_agreements(found)
    plans = {"exact": [plan_block(each.model, "exact", each.exact, steps_of(form, each.model)) for each in found]}
    for each in found:
        for n, runs in zip(each.model.sizes, each.learned, strict=True):
            block = plan_block(each.model, f"{n} points", runs, steps_of(form, each.model))
            plans.setdefault(f"{n} points", []).append(block)
    tests = [
        joint_test("symbols kept by exact U-turns", kept),
        mean_test,
        chi_square("entropies of a masked leaf sum to a string's", entropies),
        *(joint_test(f"loss of plans, {name}", blocks) for name, blocks in plans.items()),
    ]
    tables = tables_of(form, found)
    blocks = [*kept, *(block for group in plans.values() for block in group)]
    return Judgement(
        agreement=[*entropies, *(agreement for block in blocks for agreement in block.agreement())],
        tests=tests,
        sentences=sentences(form, found, tables, tests, z),
        panels=panels(form, found),
        numbers=numbers_of(form, found, tables),
        tables=tables,
    )


_MASKED = tuple(round(0.05 * step, 2) for step in range(2, 21))

PLAN = Plan(
    name="hierarchy-masked",
    stream=Stream.HIERARCHY_MASKED,
    full=MaskedForm(
        models=(
            MaskedModel(8, 2, 2, 4, rules=8, sizes=(32, 128, 512, 2048), trained=3),
            MaskedModel(8, 2, 2, 6, rules=8),
            MaskedModel(16, 4, 2, 5, rules=8),
        ),
        width=32,
        training=MaskedOptions(steps=2000, batch=64, learning_rate=5e-3, ema=0.99, evaluate_every=50),
        held_out=1024,
        strings=1000,
        masked=_MASKED,
        turns=200,
        blocks=(0.4, 0.6, 0.8),
        steps=(2, 4, 8, 16),
        generated=1000,
        population=4000,
        repeats=4,
    ),
    quick=MaskedForm(
        models=(
            MaskedModel(8, 2, 2, 3, rules=4, sizes=(16, 128), trained=2),
            MaskedModel(16, 4, 2, 3, rules=4),
        ),
        width=16,
        training=MaskedOptions(steps=250, batch=32, learning_rate=1e-2, ema=0.98, evaluate_every=25),
        held_out=128,
        strings=200,
        masked=(0.2, 0.4, 0.6, 0.8, 1.0),
        turns=100,
        blocks=(0.4, 0.8),
        steps=(2, 4),
        generated=200,
        population=1000,
        repeats=2,
    ),
    simulate=_simulate,
    judge=_judge,
    fixed={"network": "TreeDenoiser", "noise": "masking"},
    one_thread=True,
    quick_note=HARDLY_TRAINED,
)
