"""One training looked at along its time, and what is exact for its seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.hierarchy_learned.clones import CloneShares, clones_together, together_by_memory
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm, SeedData, training_of
from regimes.validation.experiments.hierarchy_learned.grammar import generated_leaves
from regimes.validation.experiments.hierarchy_learned.losses import (
    Noised,
    exact_losses,
    learned_losses,
    noised_points,
)
from regimes.validation.experiments.hierarchy_learned.uturns import kept_by_posterior, kept_by_turns
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.experiments.runner.tree_denoisers import one_hot
from regimes.validation.measurement.grammar import by_chance, copies_and_overlap, rule_shares
from regimes.validation.running.progress import renamed
from regimes.validation.sampling import NoiseStream
from regimes.validation.scores import HierarchyBeliefScore
from regimes.validation.training import TrainedDenoiser

__all__ = ["BEST", "ExactRun", "LearnedRun", "exact_run", "learned_run"]

Array = NDArray[np.float64]

_FRESH, _OWN, _GENERATED, _TURNS, _CLONES = range(5)
BEST = -1
"""Place of the weights of the smallest held-out loss, behind the snapshots."""


@dataclass(frozen=True, eq=False)
class ExactRun:
    """What belief propagation gives for one seed, and what the exact score does in as many steps."""

    mmse: Array  # (noise levels,)
    ladder: Array  # (L + 1, noise levels): squared distance of those that know the lowest levels of rules alone
    posterior: Array  # (noise levels, turns, L + 1)
    kept: Array  # the same, by U-turns with the exact score
    chance: Array  # (L + 1,)
    rules: Array  # (L,): share of obeyed rules in data generated with the exact score
    rules_se: Array


@dataclass(frozen=True, eq=False)
class LearnedRun:
    """One training: S looks at it, at the snapshots and with the weights of the smallest held-out loss."""

    n: int
    seed: int
    step: Array  # (S,)
    held_out_loss: Array  # (S,), at the nearest entry of the history
    excess: Array  # (S, noise levels)
    excess_se: Array
    above: Array  # (S, noise levels): loss above the exact one, fresh points
    own_above: Array  # (S, noise levels): training points
    gap: Array  # (S,), nats
    gap_se: Array
    rules: Array  # (S, L): of generated data that are no copies
    rules_se: Array
    copies: Array  # (S,): share of generated data that equal a training point
    overlap: Array  # (S,): mean share of leaves in common with the nearest training point
    overlap_se: Array
    fresh_copies: Array  # (): the same for data of the law
    fresh_overlap: Array
    kept: Array  # (noise levels, turns, L + 1), with the best weights
    clones: CloneShares


def exact_run(form: HierarchyForm, data: SeedData, bench: Bench) -> ExactRun:
    """What is exact for one seed."""
    name = f"exact,s{data.number}"

    def compute() -> dict[str, Array]:
        noise, score = bench.noise, HierarchyBeliefScore(data.rules)
        leaves = generated_leaves(form, score, noise.substream(_GENERATED))
        shares, errors = rule_shares(data.rules, leaves)
        turns = noise.substream(_TURNS)
        return exact_losses(form, data, noise.substream(_FRESH)) | {
            "posterior": kept_by_posterior(form, data, turns),
            "kept": kept_by_turns(form, data, score, turns),
            "chance": by_chance(data.rules),
            "rules": shares,
            "rules_se": errors,
        }

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    return ExactRun(**found)


def learned_run(form: HierarchyForm, data: SeedData, n: int, bench: Bench) -> LearnedRun:
    """Train on n points, or take the training that is kept, and look at it."""
    name = f"n{n},s{data.number}"
    training = training_of(form, data, n)

    def models() -> list[TrainedDenoiser]:
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        return [*(denoiser.at(step) for step in form.snapshots), denoiser]

    def compute() -> dict[str, Array]:
        fresh, own = (
            noised_points(form, data.rules, points, bench.noise.substream(part))
            for part, points in ((_FRESH, one_hot(data.fresh)), (_OWN, training.points))
        )
        looks, at = [], models()
        for number, model in enumerate(at):
            looks.append(_look(form, data, n, model, fresh, own, bench.noise))
            bench.report(f"{name}: looks", number + 1, len(at))
        found = {key: np.stack([look[key] for look in looks]) for key in looks[0]}
        unseen = np.asarray(data.fresh.leaves[: form.generated], dtype=np.int64)
        equal, common = copies_and_overlap(unseen, _leaves(data, n))
        return found | {
            "fresh_copies": np.array(equal.mean()),
            "fresh_overlap": np.array(common.mean()),
            "kept": kept_by_turns(form, data, at[BEST].score(), bench.noise.substream(_TURNS)),
        }

    def compute_clones() -> dict[str, Array]:
        noise, points = bench.noise.substream(_CLONES, n), training.points
        scores = [model.score() for model in models()]
        return {
            "learned": np.stack([clones_together(form, score, points, noise) for score in scores]),
            "law": clones_together(form, HierarchyBeliefScore(data.rules), points, noise),
            "memory": together_by_memory(form, points),
        }

    found = bench.store.piece(name, compute)
    clones = CloneShares(**bench.store.piece(f"clones,{name}", compute_clones))
    bench.report(name, 1, 1)
    return LearnedRun(n=n, seed=data.number, clones=clones, **found)


def _look(
    form: HierarchyForm, data: SeedData, n: int, model: TrainedDenoiser, fresh: Noised, own: Noised, noise: NoiseStream
) -> dict[str, Array]:
    score = model.score()
    leaves = generated_leaves(form, score, noise.substream(_GENERATED))
    copied, overlap = copies_and_overlap(leaves, _leaves(data, n))
    shares, errors = rule_shares(data.rules, leaves[~copied])
    entry = int(np.abs(model.history.step - model.best_step).argmin())
    losses = model.history.held_out_loss
    return learned_losses(form, score, fresh, own) | {
        "step": np.array(float(model.best_step)),
        "held_out_loss": np.array(np.nan if losses is None else losses[entry]),
        "rules": shares,
        "rules_se": errors,
        "copies": np.array(copied.mean()),
        "overlap": np.array(overlap.mean()),
        "overlap_se": np.array(overlap.std(ddof=1) / np.sqrt(len(overlap))),
    }


def _leaves(data: SeedData, n: int) -> NDArray[np.int64]:
    return np.asarray(data.train.leaves[:n], dtype=np.int64)
