"""Curves of a hierarchy over noise against sampling, limits and enumeration of the prior."""

import re

import numpy as np
import pytest

from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.hierarchy import random_hierarchy, sample_hierarchy
from regimes.numerics.hierarchy.belief_propagation import sample_posterior
from regimes.numerics.hierarchy.curves import HierarchyCurves, hierarchy_curves
from regimes.numerics.hierarchy.noise import leaf_messages
from regimes.numerics.hierarchy.problem import Hierarchy

SAMPLES = 600
RULES = random_hierarchy(Hierarchy(6, 3, 2, 3), rng=0)
DATA = sample_hierarchy(RULES, SAMPLES, rng=1)
REAL = {"masking": [0.2, 0.5, 0.8], "uniform": [0.1, 0.3, 0.6], "gaussian": [0.05, 0.15, 0.4]}


def prior_of_each_level() -> list[np.ndarray]:
    """Law of the symbol of every node without evidence, rule by rule."""
    laws = [np.full((1, RULES.classes), 1 / RULES.classes)]
    for table in RULES.tables:
        parents, below = laws[-1], np.zeros((RULES.s * len(laws[-1]), RULES.v))
        for node, law in enumerate(parents):
            for a, rules in enumerate(table):
                for rule in rules:
                    for child, symbol in enumerate(rule):
                        below[RULES.s * node + child, symbol] += law[a] / RULES.m
        laws.append(below)
    return laws


@pytest.mark.parametrize("noise", REAL)
def test_two_draws_from_the_posterior_agree_as_often_as_the_clone_probability_says(noise: str) -> None:
    """Draws with noise of their own against marginals: phi is a probability of pairs, not only a formula."""
    curves = hierarchy_curves(RULES, DATA.tree, noise, REAL[noise], rng=3)
    for e, level in enumerate(REAL[noise]):
        messages = leaf_messages(DATA.leaves, noise, level, RULES.v, rng=100 + e)
        draws = sample_posterior(RULES, messages, draws=2, rng=200 + e)
        for depth, trees in enumerate(draws):
            agree = (trees[0] == trees[1]).mean(axis=1)
            error = np.hypot(agree.std(ddof=1) / np.sqrt(SAMPLES), curves.clone_probability_se[depth, e])
            assert abs(agree.mean() - curves.clone_probability[depth, e]) < 4.5 * error


@pytest.mark.parametrize("noise", REAL)
def test_under_real_noise_the_true_symbol_is_as_likely_as_a_second_draw(noise: str) -> None:
    """The Nishimori identity: the truth is itself a draw from the posterior."""
    curves = hierarchy_curves(RULES, DATA.tree, noise, REAL[noise], rng=4)
    error = np.hypot(curves.clone_probability_se, curves.reconstruction_se)
    assert np.all(np.abs(curves.clone_probability - curves.reconstruction) < 4.5 * error)


def test_the_epsilon_process_tells_more_than_a_second_draw_knows() -> None:
    """Its messages sit on the true symbol whatever is drawn, so the truth is no draw from the posterior."""
    curves = hierarchy_curves(RULES, DATA.tree, "epsilon", [0.7])
    gap = curves.reconstruction[0, 0] - curves.clone_probability[0, 0]
    assert gap > 10 * np.hypot(curves.reconstruction_se[0, 0], curves.clone_probability_se[0, 0])


def test_nothing_is_lost_without_noise() -> None:
    curves = hierarchy_curves(RULES, DATA.tree, "masking", [0.0])
    np.testing.assert_allclose(curves.clone_probability, 1.0, rtol=1e-12)
    np.testing.assert_allclose(curves.conditional_entropy, 0.0, atol=1e-12)


def test_without_leaves_the_prior_is_left() -> None:
    curves = hierarchy_curves(RULES, DATA.tree, "masking", [1.0])
    for depth, law in enumerate(prior_of_each_level()):
        clones = (law**2).sum(axis=1).mean()
        surprise = -np.log(law[np.arange(len(law)), DATA.tree[depth]]).mean()
        assert curves.clone_probability[depth, 0] == pytest.approx(clones, rel=1e-12)
        assert curves.clone_probability_at_infinity[depth] == pytest.approx(clones, rel=1e-12)
        assert curves.conditional_entropy[depth, 0] == pytest.approx(surprise, rel=1e-12)


@pytest.mark.parametrize("noise", REAL)
def test_no_level_knows_more_after_more_noise(noise: str) -> None:
    """Conditional entropy grows with the noise; one noise serves all levels, hence no error is needed for masking."""
    curves = hierarchy_curves(RULES, DATA.tree, noise, REAL[noise])
    step = np.diff(curves.conditional_entropy, axis=1)
    slack = 0 if noise == "masking" else 4 * curves.conditional_entropy_se[:, 1:]
    assert np.all(step > -np.asarray(slack))


def test_the_result_depends_on_neither_memory_nor_on_how_the_levels_are_asked_for() -> None:
    whole = hierarchy_curves(RULES, DATA.tree, "gaussian", [0.1, 0.2], rng=5)
    block = 8 * 4 * 15 * RULES.v * 16
    parts = hierarchy_curves(RULES, DATA.tree, "gaussian", [0.1, 0.2], rng=5, memory=3 * block)
    alone = hierarchy_curves(RULES, DATA.tree, "gaussian", [0.2], rng=5)
    np.testing.assert_array_equal(whole.clone_probability, parts.clone_probability)
    np.testing.assert_array_equal(whole.conditional_entropy[:, 1], alone.conditional_entropy[:, 0])
    with pytest.raises(
        ValueError,
        match=f"memory must hold 16 samples of this tree, {block} bytes, got {block - 1}; raise memory, or take",
    ):
        hierarchy_curves(RULES, DATA.tree, "gaussian", [0.1], memory=block - 1)


def test_a_generator_gives_new_noise_each_time() -> None:
    rng = np.random.default_rng(0)
    first, second = (hierarchy_curves(RULES, DATA.tree, "masking", [0.5], rng=rng) for _ in range(2))
    assert not np.array_equal(first.clone_probability, second.clone_probability)


def test_progress_reaches_the_end() -> None:
    calls: list[tuple[str, int, int]] = []
    hierarchy_curves(RULES, DATA.tree, "masking", [0.2, 0.4], progress=lambda *call: calls.append(call))
    assert calls == [("belief propagation", 1, 2), ("belief propagation", 2, 2)]


def made_up(**changes: object) -> HierarchyCurves:
    """Order parameter 1 - x of the root and 1 - x^2 of the leaf, over floors of 1/4 and 1/2."""
    x = np.linspace(0, 1, 41)
    floors = np.array([0.25, 0.5])
    phi = np.stack([0.25 + 0.75 * (1 - x), 0.5 + 0.5 * (1 - x**2)])
    values: dict[str, object] = dict.fromkeys(
        (
            "clone_probability_se",
            "conditional_entropy",
            "conditional_entropy_se",
            "reconstruction",
            "reconstruction_se",
        ),
        phi,
    )
    given = {"noise": "masking", "noise_level": x, "clone_probability": phi, "samples": 2, **values, **changes}
    return HierarchyCurves(clone_probability_at_infinity=floors, **given)  # type: ignore[arg-type]


def test_thresholds_are_where_a_share_of_the_order_parameter_is_lost() -> None:
    assert made_up().thresholds() == pytest.approx([0.5, np.sqrt(0.5)], abs=1e-6)
    assert made_up().thresholds(0.19) == pytest.approx([0.81, 0.9], abs=1e-6)
    with pytest.raises(ValueError, match="share must lie between 0 and 1, got 1"):
        made_up().thresholds(1)


def test_a_level_that_is_never_lost_has_no_threshold() -> None:
    phi = np.ones((2, 41))
    assert made_up(clone_probability=phi).thresholds() == [None, None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tree": DATA.tree[:-1]}, r"tree must hold arrays of shape \(n, 2\^l\) for the levels l = 0 to 3"),
        ({"tree": DATA.tree[:-1]}, "l = 0 to 3, got 3 levels instead of 4$"),
        ({"tree": [*DATA.tree[:2], DATA.tree[2].T, DATA.tree[3]]}, r"l = 0 to 3, got \(4, 600\) at level 2$"),
        ({"tree": [0, 1, 2, 3]}, r"got \(\) at level 0$"),
        ({"tree": [[[0], [0, 1]], 1, 2, 3]}, "got rows of different lengths at level 0$"),
        ({"tree": 5}, "tree must hold arrays of shape .*, got 5$"),
        ({"tree": DATA}, r"got HierarchySample; pass sample\.tree$"),
        ({"tree": [level[:0] for level in DATA.tree]}, "at least one sample"),
        ({"tree": [level + 5 for level in DATA.tree]}, "symbols of level 0 must be whole numbers from 0 to 5"),
        ({"noise": "dropout"}, "noise must be one of epsilon, masking, uniform, gaussian, got 'dropout'"),
        ({"noise_levels": [0.5, 0.2]}, "noise_levels must be one or more increasing numbers"),
        ({"noise_levels": [0.5, 1.2]}, r"masked fraction of the leaves\) must lie in \[0, 1\], got 1.2"),
        (
            {"noise": "gaussian", "noise_levels": [0.0]},
            "Ornstein-Uhlenbeck time t\\) must be at least 1e-300 and finite, got 0",
        ),
    ],
)
def test_what_does_not_fit_is_refused(change: dict, message: str) -> None:
    given = {"tree": DATA.tree, "noise": "masking", "noise_levels": [0.5]} | change
    with pytest.raises(ValueError, match=message):
        hierarchy_curves(RULES, given["tree"], given["noise"], given["noise_levels"])


def test_a_tree_of_other_rules_is_refused() -> None:
    """One symbol changed at any level, or samples out of step: the first node that no rule made is named."""
    for level in range(4):
        tree = [symbols.copy() for symbols in DATA.tree]
        tree[level][7, -1] = (tree[level][7, -1] + 1) % RULES.v
        with pytest.raises(ValueError, match=rf"at sample 7, level {max(level - 1, 0)}, node "):
            hierarchy_curves(RULES, tree, "masking", [0.5])
    tree = (DATA.tree[0][::-1], *DATA.tree[1:])
    first = int(np.flatnonzero(tree[0][:, 0] != DATA.tree[0][:, 0])[0])
    children, symbol = tuple(tree[1][first].tolist()), tree[0][first, 0]
    message = (
        f"hierarchy_curves: tree must be made by the rules, but at sample {first}, level 0, node 0 the children "
        f"{children} are no rule of the symbol {symbol}; latent_symbols"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        hierarchy_curves(RULES, tree, "masking", [0.5])


def test_noise_levels_are_steps_of_a_schedule() -> None:
    masking = made_up()
    assert masking.steps(1000, masking.thresholds())[0] == pytest.approx(500, abs=1e-3)
    assert masking.steps(40) == pytest.approx(list(range(41)))
    schedule = noise_schedule("ddpm-linear")
    gaussian = made_up(noise="gaussian")
    assert gaussian.steps(schedule, [schedule.time(445), None, 50.0]) == [445.0, None, None]
    for curves, wrong in ((masking, schedule), (gaussian, 1000), (made_up(noise="uniform"), 10)):
        with pytest.raises(ValueError, match=r"^HierarchyCurves.steps: "):
            curves.steps(wrong)
