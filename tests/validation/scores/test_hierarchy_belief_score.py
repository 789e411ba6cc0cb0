"""The score of a hierarchy against the slope of its log-density and against enumeration of all sentences."""

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import Hierarchy  # noqa: E402
from regimes.hierarchy import random_hierarchy  # noqa: E402
from regimes.validation.scores import EmpiricalScore, HierarchyBeliefScore  # noqa: E402

RULES = random_hierarchy(Hierarchy(3, 2, 2, 2), rng=4)
LEAVES, V = 4, 3


def sentences():
    """Leaves of every derivation, equally likely, with the class: 3 classes, 2 rules, and 4 ways to go on."""
    found = []
    for root, top in itertools.product(range(3), range(2)):
        first, second = RULES.tables[0][root, top]
        found += [
            (root, [*RULES.tables[1][first, left], *RULES.tables[1][second, right]])
            for left, right in itertools.product(range(2), repeat=2)
        ]
    return found


def one_hot():
    return np.eye(V)[[leaves for _, leaves in sentences()]]


def states(rows=6):
    return 0.7 * torch.randn(rows, LEAVES, V, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("t", [0.05, 0.6, 3.0])
def test_enumeration(t):
    """A hierarchy is a finite data set: all its sentences."""
    score, every = HierarchyBeliefScore(RULES), EmpiricalScore(one_hot())
    x = states()
    torch.testing.assert_close(score(x, t), every(x, t), rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(score.posterior_mean(x, t), every.posterior_mean(x, t), rtol=1e-8, atol=1e-10)
    of_class = torch.tensor(np.eye(V)[[root for root, _ in sentences()]])
    torch.testing.assert_close(score.posterior(x, t), every.posterior(x, t) @ of_class, rtol=1e-8, atol=1e-10)


def test_the_slope_of_the_log_density():
    score, x, t, step = HierarchyBeliefScore(RULES), states(1), 0.5, 1e-5
    moves = step * torch.eye(LEAVES * V, dtype=torch.float64).view(-1, LEAVES, V)
    slope = (score.log_density(x + moves, t) - score.log_density(x - moves, t)) / (2 * step)
    torch.testing.assert_close(slope, score(x, t).flatten(), rtol=1e-6, atol=1e-7)


def test_levels_shapes_and_types():
    score, x, t = HierarchyBeliefScore(RULES), states(), 0.4
    assert score.posterior(x, t).shape == (6, V)
    assert score.posterior(x, t, level=1).shape == (6, 2, V)
    torch.testing.assert_close(score.posterior(x, t, level=2), score.posterior_mean(x, t))
    flat = x.reshape(6, -1)
    assert torch.equal(score(flat, t), score(x, t).reshape(6, -1))
    assert torch.equal(score.posterior_mean(flat, t), score.posterior_mean(x, t).reshape(6, -1))
    single = score(x.float(), t)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), score(x, t), rtol=1e-5, atol=1e-5)


def test_one_class_gives_the_conditional_score():
    own = EmpiricalScore(one_hot()[:8])
    assert {root for root, _ in sentences()[:8]} == {0}
    x = states()
    torch.testing.assert_close(HierarchyBeliefScore(RULES, prior=[1, 0, 0])(x, 0.5), own(x, 0.5), rtol=1e-8, atol=1e-9)


def test_noise_alone_at_late_times():
    x = states()
    torch.testing.assert_close(HierarchyBeliefScore(RULES)(x, 40.0), -x, rtol=1e-12, atol=math.exp(-39))


def test_errors():
    with pytest.raises(ValueError, match="^HierarchyBeliefScore: "):
        HierarchyBeliefScore("rules")
    score = HierarchyBeliefScore(RULES)
    with pytest.raises(ValueError, match=r"^HierarchyBeliefScore: x must have shape \(n, 12\), one noised point a row"):
        score(torch.zeros(2, 11), 0.5)
    with pytest.raises(
        ValueError, match=r"^HierarchyBeliefScore: x must have shape \(n, 4, 3\), one noised point a row"
    ):
        score(torch.zeros(2, 3, 4), 0.5)
    with pytest.raises(ValueError, match="^HierarchyBeliefScore: t .* must be positive and finite, got 0"):
        score(torch.zeros(2, 12), 0.0)
    with pytest.raises(
        ValueError, match="^HierarchyBeliefScore: level must be at most the depth of the hierarchy, 2, got"
    ):
        score.posterior(torch.zeros(2, 12), 0.5, level=3)
    with pytest.raises(ValueError, match="nan or infinite"):
        score(torch.full((2, 12), torch.nan), 0.5)


def test_a_call_leaves_the_number_of_torch_threads():
    """The first start of the compiled kernels' threads changes it, and products of small matrices then wait."""
    score = HierarchyBeliefScore(random_hierarchy(Hierarchy(8, 2, L=3), rng=0))
    before = torch.get_num_threads()
    score.posterior_mean(torch.zeros(20_000, 8, 8), 0.5)
    score.posterior(torch.zeros(20_000, 8, 8), 0.5)
    assert torch.get_num_threads() == before
