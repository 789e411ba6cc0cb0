"""Scores on a GPU against the same scores on the CPU, where there is one."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import Hierarchy  # noqa: E402
from regimes.hierarchy import random_hierarchy  # noqa: E402
from regimes.validation.sampling.noise import NoiseStream  # noqa: E402
from regimes.validation.scores import (  # noqa: E402
    EmpiricalScore,
    HierarchyBeliefScore,
    MixtureScore,
    NetworkScore,
    ProjectedMixtureScore,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")

RNG = np.random.default_rng(0)
SCORES = {
    "pair": (MixtureScore([1, 1], np.outer([1, -1], np.full(12, 0.4)), 1.0), 12),
    "mixture": (MixtureScore([1, 2, 3], RNG.normal(size=(3, 12)), [0.5, 1.0, 1.5]), 12),
    "projected": (ProjectedMixtureScore(2.0, 1.0), 1),
    "empirical": (EmpiricalScore(RNG.normal(size=(300, 12))), 12),
    "hierarchy": (HierarchyBeliefScore(random_hierarchy(Hierarchy(3, 2, 2, 2), rng=4)), 12),
    "network": (NetworkScore(lambda x, t: x * torch.exp(-t)[:, None], prediction="v", clock="time"), 12),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", SCORES)
def test_the_same_score(name, dtype):
    score, d = SCORES[name]
    x = torch.randn(700, d, generator=torch.Generator().manual_seed(0), dtype=dtype)
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-9}
    for t in (0.01, 0.5, 3.0):
        for function in (score, score.posterior_mean):
            found = function(x.cuda(), t)
            assert found.device.type == "cuda"
            assert found.dtype == dtype
            size = 1 / math.sqrt(-math.expm1(-2 * t))
            torch.testing.assert_close(found.cpu() / size, function(x, t) / size, **tolerance)


def test_draws_and_indices():
    points, labels = SCORES["mixture"][0].draw(500, NoiseStream(1), device="cuda")
    same = SCORES["mixture"][0].draw(500, NoiseStream(1))
    torch.testing.assert_close(points.cpu(), same[0], rtol=1e-5, atol=1e-5)
    assert torch.equal(labels.cpu(), same[1])
    empirical, x = SCORES["empirical"][0], torch.randn(500, 12, dtype=torch.float64)
    assert torch.equal(empirical.nearest(x.cuda(), 0.3).cpu(), empirical.nearest(x, 0.3))
    noise = NoiseStream(2)
    assert torch.equal(empirical.draw_index(x.cuda(), 0.3, noise).cpu(), empirical.draw_index(x, 0.3, noise))


def test_a_model_elsewhere():
    model = torch.nn.Linear(3, 3)
    with pytest.raises(
        ValueError, match="^NetworkScore: x must be on the device of the model, cpu, got cuda:0; move one"
    ):
        NetworkScore(model, prediction="eps", clock="time")(torch.zeros(2, 3, device="cuda"), 0.5)
