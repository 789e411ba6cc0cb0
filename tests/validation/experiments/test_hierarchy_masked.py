"""Masked diffusion of hierarchies against all strings of a small one."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import Hierarchy  # noqa: E402
from regimes.hierarchy import hierarchy_curves, parse_leaves, random_hierarchy  # noqa: E402
from regimes.numerics.process.unmasking import unmasking_loss  # noqa: E402
from regimes.validation.experiments.hierarchy_masked import plans, uturns  # noqa: E402
from regimes.validation.experiments.hierarchy_masked.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.hierarchy_masked.form import MaskedModel, rules_data, trained_network  # noqa: E402
from regimes.validation.experiments.hierarchy_masked.unmasking import (  # noqa: E402
    exact_law,
    learned_law,
    log_losses,
    orders,
    unmask,
)
from regimes.validation.running.progress import silent  # noqa: E402
from regimes.validation.running.torch_threads import one_torch_thread  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.training import TreeDenoiser  # noqa: E402

MODEL = MaskedModel(4, 2, 2, 2, rules=1)
RULES = random_hierarchy(Hierarchy(4, 2, 2, 2), rng=3)
ALL = np.array(list(itertools.product(range(4), repeat=4)))
STRINGS = ALL[parse_leaves(RULES, ALL).tree[0][:, 0] >= 0]
ORDERS = np.array(list(itertools.permutations(range(4))))


def enumerated(leaves, visible):
    """Share of the strings that agree with the visible leaves, for each symbol of each leaf."""
    agree = np.all((leaves == STRINGS) | ~visible, axis=1)
    return np.array([np.bincount(STRINGS[agree][:, leaf], minlength=4) / agree.sum() for leaf in range(4)])


def probability(string, order, tokens):
    """Of generating a string in an order, its leaves at the places that the order says."""
    first, result = 0, 1.0
    for count in tokens:
        law = enumerated(string, order < first)
        for leaf in np.flatnonzero((order >= first) & (order < first + count)):
            result *= law[leaf, string[leaf]]
        first += count
    return result


def test_the_exact_law_is_that_of_all_strings_that_agree():
    assert len(STRINGS) == 4 * 2**3
    assert MODEL.entropy() == pytest.approx(np.log(len(STRINGS)))
    for number, visible in enumerate(itertools.product([False, True], repeat=4)):
        string, seen = STRINGS[number * 2], np.array(visible)
        found = exact_law(RULES)(string[None], seen[None])[0]
        assert found == pytest.approx(enumerated(string, seen), abs=1e-7)


def test_losses_and_generated_strings_are_those_of_all_orders():
    law, tokens = exact_law(RULES), (2, 2)
    found = np.array([log_losses(law, STRINGS, np.tile(order, (len(STRINGS), 1)), tokens) for order in ORDERS])
    by_hand = [[-np.log(probability(string, order, tokens)) for string in STRINGS] for order in ORDERS]
    assert found == pytest.approx(np.array(by_hand), abs=1e-6)
    rows, noise = 20_000, NoiseStream(1)
    start, nothing = np.zeros((rows, 4), dtype=np.int64), np.zeros(rows, dtype=np.int64)
    made = unmask(law, start, orders(noise.substream(0), rows, 4), nothing, tokens, noise.substream(1))
    counts = np.array([(made == string).all(axis=1).sum() for string in STRINGS])
    expected = rows * np.exp(-found).mean(axis=0)
    assert np.abs(counts - expected).max() < 4.5 * np.sqrt(expected.max())
    assert counts.sum() / rows == pytest.approx(expected.sum() / rows, abs=0.015)
    assert counts.sum() / rows > np.exp(-(found.mean() - MODEL.entropy()))
    alone = unmask(law, start, orders(noise.substream(2), rows, 4), nothing, [1] * 4, noise.substream(3))
    counts = np.array([(alone == string).all(axis=1).sum() for string in STRINGS])
    assert counts.sum() == rows
    assert ((counts - rows / 32) ** 2).sum() / (rows / 32) < 31 + 4.5 * np.sqrt(62)


def test_entropies_by_number_give_those_of_independent_masks():
    """Binomial averages of H(k) against the exact curves of leaves that are masked independently."""
    form = replace(PLAN.quick, strings=3000)
    model = MaskedModel(5, 2, 2, 3, rules=1)
    data = rules_data(form, model, 7, 0)
    entropies = plans.curves(form, data, exact_law(data.rules), NoiseStream(3))
    total = entropies.sum(axis=1)
    assert abs(total.mean() - model.entropy()) < 4 * total.std() / np.sqrt(form.strings)
    assert np.all(np.diff(entropies.mean(axis=0)) < 0)
    tree = parse_leaves(data.rules, data.strings).tree
    masked = [0.3, 0.7]
    curve = hierarchy_curves(data.rules, tree, "masking", masked, rng=1).conditional_entropy[-1]
    for share, independent in zip(masked, curve, strict=True):
        visible = np.array([np.prod([1.0, *((7 - j) / (j + 1) for j in range(k))]) for k in range(8)])
        visible *= (1 - share) ** np.arange(8) * share ** (7 - np.arange(8))
        assert share * visible @ entropies.mean(axis=0) == pytest.approx(independent, abs=0.03)


def test_losses_of_plans_from_curves_are_those_of_the_formula():
    curve = np.sort(np.random.default_rng(0).random((3, 8)), axis=1)[:, ::-1]
    pair = ((4, 4), (1, 7))
    found = plans.losses_by_curve(curve, curve, [pair])
    for way, tokens in enumerate(pair):
        assert found[0, way] == pytest.approx([unmasking_loss(row, tokens).sum() for row in curve])


def test_exact_turns_bring_back_what_the_posterior_says():
    form = replace(PLAN.quick, turns=400, masked=(0.3, 0.6, 1.0))
    data, noise = rules_data(form, MODEL, 2, 0), NoiseStream(5)
    rows = uturns.turns(form, data, exact_law(data.rules), noise)
    left = rows["kept"] - uturns.posterior_kept(form, data, noise)
    z = left.mean(axis=1) / (left.std(axis=1) / np.sqrt(form.turns))
    assert np.abs(z).max() < 4
    assert rows["valid"].min() == 1
    assert rows["leaves"].mean(axis=1)[0] < rows["leaves"].mean(axis=1)[2]
    assert np.array_equal(rows["height"] < 0, rows["leaves"] == 0)


def test_blocks_counted_by_hand():
    start = [np.array([[0]] * 4), np.array([[1, 2]] * 4), np.array([[0, 0, 1, 1]] * 4)]
    end = [
        np.array([[0], [0], [3], [0]]),
        np.array([[1, 2], [1, 3], [0, 3], [1, 2]]),
        np.array([[0, 0, 1, 1], [1, 0, 2, 2], [0, 1, 2, 2], [1, 0, 1, 2]]),
    ]
    found = uturns.changed_blocks(RULES, start, end)
    assert found["height"].tolist() == [-1, 1, 2, 0]
    assert found["below"].tolist() == [0, 2, 3, 1]  # of the second turn, those below the changed latent alone
    assert found["run"].tolist() == [0, 2, 3, 1]


@one_torch_thread()
def test_networks_learn_the_law_of_masked_leaves_and_are_shared(tmp_path, monkeypatch):
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path / "cache"))
    model = replace(MODEL, sizes=(32,))
    training = replace(PLAN.quick.training, steps=100, warmup=20)
    form = replace(PLAN.quick, strings=200, held_out=64, training=training)
    data, steps = rules_data(form, model, 1, 0), []
    exact = plans.curves(form, data, exact_law(data.rules), NoiseStream(3))

    def excess(network):
        return (plans.curves(form, data, learned_law(network), NoiseStream(3)) - exact).mean(axis=0).sum()

    untrained = excess(TreeDenoiser(4, 2, 2, width=form.width, rng=0))
    assert untrained == pytest.approx(4 * np.log(4) - exact.mean(axis=0).sum(), rel=1e-5)  # independent leaves
    first, losses = trained_network(form, model, data, 32, lambda part, done, total: steps.append(done))
    again, _ = trained_network(form, model, data, 32, silent)
    assert steps == list(range(1, 101))
    assert excess(first) == excess(again) < untrained / 2
    assert excess(first) > 0
    assert losses["held_out_loss"].min() * 4 == pytest.approx(MODEL.entropy() + excess(first), abs=0.6)
    visible = np.array([[True, False, True, False]])
    found = learned_law(first)(data.strings[:1], visible)[0]
    assert np.diag(found[:, data.strings[0]])[[0, 2]] == pytest.approx([1, 1], abs=1e-6)
