"""Plans of unmasking against laws whose every string and order is enumerated."""

import itertools

import numpy as np
import pytest

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.process.unmasking import even_unmasking, unmasking_loss, unmasking_plan

N = 4
STRINGS = np.array(list(itertools.product(range(3), repeat=N)))


def some_law(seed):
    """A law of four tokens of three symbols in which a third of the strings never occurs."""
    source = np.random.default_rng(seed)
    law = source.gamma(0.4, size=len(STRINGS)) * (source.random(len(STRINGS)) < 2 / 3)
    return law / law.sum()


def entropies(law, model=None):
    """H(k), from the joint entropies of all sets of tokens; cross entropies of a model, if it is given."""

    def joint(tokens):
        shape, of = (
            each.reshape((3,) * N).sum(axis=tuple(set(range(N)) - set(tokens)))
            for each in (law, law if model is None else model)
        )
        there = shape > 0
        return -(shape[there] * np.log(of[there])).sum()

    found = []
    for known in range(N):
        rows = [
            joint([*seen, other]) - joint(seen)
            for seen in itertools.combinations(range(N), known)
            for other in set(range(N)) - set(seen)
        ]
        found.append(np.mean(rows))
    return np.array(found)


def generated(law, order, tokens):
    """Probability of every string, unmasked in one order with the tokens of a step independent of each other."""
    cube = law.reshape((3,) * N)
    result, seen = np.ones(len(STRINGS)), []
    for count in tokens:
        now, order = order[:count], order[count:]
        for token in now:
            both = cube.sum(axis=tuple(set(range(N)) - {*seen, token}), keepdims=True)
            given = both.sum(axis=token, keepdims=True)
            share = np.divide(both, given, out=np.zeros_like(both), where=given > 0)
            result = result * np.broadcast_to(share, cube.shape).reshape(-1)
        seen += now
    return result


@pytest.mark.parametrize("tokens", [(4,), (2, 2), (1, 3), (3, 1), (1, 1, 2), (1, 1, 1, 1)])
def test_the_loss_is_the_divergence_averaged_over_all_orders_and_bounds_what_is_generated(tokens):
    law = some_law(sum(tokens) + len(tokens))
    there = law > 0
    laws = [generated(law, list(order), tokens) for order in itertools.permutations(range(N))]
    divergences = [(law[there] * np.log(law[there] / each[there])).sum() for each in laws]
    lost = unmasking_loss(entropies(law), tokens)
    assert lost.sum() == pytest.approx(np.mean(divergences), abs=1e-12)
    assert np.all(lost > -1e-12)
    mixed = np.mean(laws, axis=0)
    assert (law[there] * np.log(law[there] / mixed[there])).sum() <= lost.sum() + 1e-12
    assert mixed[there].sum() >= compile_formula("supported_share", target="numpy")(lost.sum()) - 1e-12
    model = 0.7 * law + 0.3 / len(law)
    made = [generated(model, list(order), tokens) for order in itertools.permutations(range(N))]
    divergences = [(law[there] * np.log(law[there] / each[there])).sum() for each in made]
    crossed = entropies(law, model)
    whole = unmasking_loss(crossed, tokens).sum() + crossed.sum() - entropies(law).sum()
    assert whole == pytest.approx(np.mean(divergences), abs=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 9])
def test_the_plan_is_the_best_of_all(steps):
    curve = np.sort(np.random.default_rng(steps).gamma(1.0, size=9))[::-1]
    cuts = itertools.combinations(range(1, curve.size), steps - 1)
    plans = [np.diff([0, *places, curve.size]) for places in cuts]
    losses = [unmasking_loss(curve, plan.tolist()).sum() for plan in plans]
    best = unmasking_loss(curve, unmasking_plan(curve, steps)).sum()
    assert best == pytest.approx(min(losses), abs=1e-12)
    assert best <= unmasking_loss(curve, even_unmasking(curve.size, steps)).sum() + 1e-12


def test_what_is_no_plan_is_refused():
    with pytest.raises(ValueError, match="must be 3 in all, one for each entropy, got 4"):
        unmasking_loss([1.0, 0.5, 0.1], [2, 2])
    with pytest.raises(ValueError, match="steps must be at most the 3 tokens, got 4; take fewer"):
        unmasking_plan([1.0, 0.5, 0.1], 4)
    with pytest.raises(ValueError, match="entropies must be finite numbers"):
        unmasking_plan([1.0, np.nan], 1)
    for wrong, given in (([1e308, 1.0], "1e.308"), ([[1.0]], "shape .1, 1.")):
        with pytest.raises(ValueError, match=f"finite numbers for 0 to N - 1 visible tokens, got {given}"):
            unmasking_plan(wrong, 1)
    with pytest.raises(ValueError, match="tokens must be the numbers of all steps, such as .4, 4., got 3"):
        unmasking_loss([1.0, 0.5, 0.1], 3)
    with pytest.raises(ValueError, match="in all, one for each entropy, got 18446744073709551619"):
        unmasking_loss([1.0, 0.5, 0.1], [2**62] * 4 + [3])
    with pytest.raises(ValueError, match="at most 8192 tokens, got 20000; plan for groups"):
        unmasking_plan(np.zeros(20000), 2)
    assert even_unmasking(16, 3) == (5, 6, 5)
