"""Denoisers of hierarchies: readings of generated data, losses and U-turns against what is known of exact scores."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import Hierarchy  # noqa: E402
from regimes.hierarchy import random_hierarchy, sample_hierarchy  # noqa: E402
from regimes.validation import EmpiricalScore  # noqa: E402
from regimes.validation.experiments.hierarchy_learned import clones, losses, uturns  # noqa: E402
from regimes.validation.experiments.hierarchy_learned.analysis import (  # noqa: E402
    learned_from,
    obeyed,
    slope_of,
)
from regimes.validation.experiments.hierarchy_learned.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.hierarchy_learned.form import seed_data, training_of  # noqa: E402
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser  # noqa: E402
from regimes.validation.experiments.runner.tree_denoisers import one_hot  # noqa: E402
from regimes.validation.measurement.estimate import mean_of  # noqa: E402
from regimes.validation.measurement.grammar import by_chance, copies_and_overlap, rule_shares  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.scores import HierarchyBeliefScore, NetworkScore  # noqa: E402

FORM = replace(PLAN.quick, v=4, m=2, L=3, sizes=(6, 20), loss_points=400, turns=150, steps=16, width=8)
DATA = seed_data(FORM, 5)
CPU = torch.device("cpu")


def test_shares_of_rules_are_those_counted_by_hand():
    rules = random_hierarchy(Hierarchy(5, 3, L=2), rng=0)
    leaves = np.random.default_rng(1).integers(0, 5, (4000, 4))
    owner = [{tuple(pair): a for a, pairs in enumerate(table.tolist()) for pair in pairs} for table in rules.tables]
    low = [[owner[1].get(tuple(row[k : k + 2])) for k in (0, 2)] for row in leaves.tolist()]
    whole = [owner[0].get(tuple(pair)) for pair in low if None not in pair]
    shares, errors = rule_shares(rules, leaves)
    assert shares[0] == pytest.approx(np.mean([each is not None for pair in low for each in pair]))
    assert shares[1] == pytest.approx(np.mean([each is not None for each in whole]))
    assert np.all(np.abs(shares - 3 / 5) < 4 * errors)  # chance: m/v^(s - 1)
    law, _ = rule_shares(rules, sample_hierarchy(rules, 200, rng=3).leaves)
    assert law.tolist() == [1.0, 1.0]
    assert np.isnan(rule_shares(rules, leaves[:0])[0]).all()


def test_copies_are_found_and_how_near_the_others_are():
    train = np.array([[0, 1, 2, 3], [3, 3, 3, 3]])
    copied, overlap = copies_and_overlap(np.array([[3, 3, 3, 3], [0, 1, 2, 0], [1, 0, 0, 0]]), train)
    assert copied.tolist() == [True, False, False]
    assert overlap.tolist() == [1.0, 0.75, 0.0]


def test_losses_of_the_exact_the_independent_and_the_empirical_denoiser():
    fresh, own = (
        losses.noised_points(FORM, DATA.rules, points, NoiseStream(number))
        for number, points in enumerate((one_hot(DATA.fresh), one_hot(DATA.train)))
    )
    exact = losses.exact_losses(FORM, DATA, NoiseStream(0))
    at_best = losses.learned_losses(FORM, HierarchyBeliefScore(DATA.rules), fresh, own)
    assert np.abs(at_best["excess"]).max() < 1e-9
    untrained = training_of(FORM, DATA, 6)
    score = NetworkScore(untrained.network, prediction="x0", clock="log_snr")
    alone = losses.learned_losses(FORM, score, fresh, own)
    assert alone["excess"] == pytest.approx(exact["ladder"][0], rel=1e-4)
    assert np.all(np.diff(exact["ladder"], axis=0) < 0)  # each height that is known brings it nearer
    memory = losses.learned_losses(FORM, EmpiricalScore(one_hot(DATA.train).double().numpy()), fresh, own)
    assert memory["gap"] > 5 * memory["gap_se"]
    assert abs(alone["gap"]) < 4 * alone["gap_se"]


def test_the_exact_score_brings_back_what_the_posterior_says():
    noise = NoiseStream(4)
    posterior = uturns.kept_by_posterior(FORM, DATA, noise)
    left = uturns.kept_by_turns(FORM, DATA, HierarchyBeliefScore(DATA.rules), noise) - posterior
    z = left.mean(axis=1) / np.maximum(left.std(axis=1) / np.sqrt(FORM.turns), 1 / FORM.turns)
    assert np.abs(z).max() < 4
    assert np.all(posterior.mean(axis=1)[0] < posterior.mean(axis=1)[-1])


def test_clones_of_a_memory_meet_as_its_posterior_says_and_those_of_the_law_less_often():
    points, noise = one_hot(DATA.train), NoiseStream(6)
    form = replace(FORM, steps=60)
    memory = clones.clones_together(form, EmpiricalScore(points.double().numpy()), points, noise)
    law = clones.clones_together(form, HierarchyBeliefScore(DATA.rules), points, noise)
    found = clones.CloneShares(np.stack([memory, law]), law, clones.together_by_memory(form, points))
    assert np.all(np.abs(found.share - [1, 0]) < 4 * np.maximum(found.share_se, 1e-12))
    assert found.memory.sum() - law.mean(axis=1).sum() > 0.3


def test_what_comes_back_by_chance_is_what_two_independent_data_share():
    first, second = (sample_hierarchy(DATA.rules, 20_000, rng=rng).tree for rng in (1, 2))
    shared = np.array([(a == b).mean() for a, b in zip(first, second, strict=True)])
    assert np.abs(by_chance(DATA.rules) - shared).max() < 4 / np.sqrt(20_000)


def test_slopes_of_a_logistic_rise():
    form = replace(FORM, log_snr=tuple(np.linspace(-6, 6, 241)))
    chance = np.array([0.25, 0.4, 0.25, 0.1])
    rise = 1 / (1 + np.exp(-2 * (np.array(form.log_snr) - 0.7)))
    kept = (chance + (1 - chance) * rise[:, None])[:, None, :]
    for level in range(4):
        found = slope_of(form, [kept, kept], [chance, chance], level)
        assert found.width.value == pytest.approx(np.log(3), rel=1e-2)
        assert found.middle.value == pytest.approx(0.7, abs=1e-2)
        assert found.steepest.value == pytest.approx(0.5, rel=1e-2)
    short = slope_of(replace(form, log_snr=form.log_snr[:100]), [kept[:100]], [chance], 0)
    assert short.width.value is None
    assert "do not hold the rise in 1 of 1 seeds" in short.width.reason


def test_a_height_is_learned_where_half_of_the_way_is_passed():
    class Run:
        def __init__(self, n, *shares):
            self.n, self.rules = n, np.array([[*shares]])

    chance = 2 / 4
    assert obeyed(FORM, np.array([chance, 1.0])).tolist() == [0.0, 1.0]
    runs = [Run(10, 0.6, 1.0, np.nan, np.nan), Run(1000, 0.9, 1.0, 0.6, 0.9)]
    assert learned_from(FORM, runs, 1) == pytest.approx(100.0)  # half way between .2 and .8, in log n
    assert [learned_from(FORM, runs, height) for height in (2, 3, 4)] == ["below 10", "beyond 1000", "below 1000"]
    assert mean_of([1.0, 3.0], "no").se == pytest.approx(1.0)
    assert mean_of([1.0, None], "not there").reason == "not there in 1 of 2 seeds"


def test_experiments_share_a_training(tmp_path, monkeypatch):
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path / "cache"))
    form = replace(FORM, training_steps=6, evaluate_every=3, snapshots=(3,), batch=4, held_out=8)
    data, steps = seed_data(form, 5), []

    def watch(part, done, total):
        steps.append(done)

    first = shared_denoiser(training_of(form, data, 6), device=CPU, progress=watch)
    again = shared_denoiser(training_of(form, data, 6), device=CPU, progress=watch)
    assert steps == [1, 2, 3, 4, 5, 6]
    x = one_hot(data.fresh)[:3]
    for one, other in ((first, again), (first.at(3), again.at(3))):
        assert torch.equal(one.score()(x, 0.5), other.score()(x, 0.5))
    names = {training_of(form, data, n).digest(CPU) for n in (6, 20)}
    names |= {
        training_of(replace(form, batch=5), data, 6).digest(CPU),
        training_of(form, seed_data(form, 6), 6).digest(CPU),
    }
    assert len(names) == 4
