"""Pairs of clones of an exact empirical score against its posterior; blocks and interruptions change nothing."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.collapse import posterior_curves  # noqa: E402
from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.validation.measurement.blocks import Blocks, rows_in_memory  # noqa: E402
from regimes.validation.measurement.clones import (  # noqa: E402
    ClonePairs,
    SimulatedModel,
    draw_points,
    measure_clones,
)
from regimes.validation.measurement.nearest import NearestPoint  # noqa: E402
from regimes.validation.running.torch_threads import torch_threads_kept  # noqa: E402
from regimes.validation.sampling import NoiseStream, backward_times  # noqa: E402
from regimes.validation.scores import EmpiricalScore  # noqa: E402

RNG = np.random.default_rng(0)
LABELS = RNG.integers(2, size=60)
X = RNG.normal(size=(60, 6)) + (2.0 * LABELS[:, None] - 1) * 0.8
POINTS = torch.from_numpy(X).float()
NEAREST = NearestPoint(POINTS)


def measure(t, score=None, *, points=POINTS, nearest=NEAREST, sampler="euler-maruyama", classify=None, **options):
    model = SimulatedModel(score or EmpiricalScore(points), points, nearest, sampler, classify)
    return measure_clones(model, backward_times(t, steps=80), **({"pairs": 2000, "noise": NoiseStream(1, 2)} | options))


def posterior(data, t, **options):
    with torch_threads_kept():
        return posterior_curves(data, [t], probes=20_000, groups=0, **options)


@pytest.mark.parametrize("t", [0.25, 0.6])
def test_pairs_end_as_the_posterior_says(t):
    found = measure(t, noise=NoiseStream(3, round(100 * t)))
    theory = posterior(X, t, labels=LABELS)
    classes = LABELS[found.index]
    for phi, error, same in (
        (theory.clone_index, theory.clone_index_se, found.same_index(NEAREST.copies)),
        (theory.clone_class, theory.clone_class_se, classes[0] == classes[1]),
    ):
        se = np.hypot(np.sqrt(phi[0] * (1 - phi[0]) / 2000), error[0])
        assert abs(same.mean() - phi[0]) < 4 * se
    # One end is as good a draw from the posterior of the noised point as that point itself.
    own = (found.index == found.origin).mean()
    assert abs(own - theory.clone_index[0]) < 4 * np.sqrt(0.25 / 2000)


def test_with_a_repeated_point_equal_ones_are_told_apart_by_lot():
    data = np.concatenate([X, X[:20]])
    points = torch.from_numpy(data).float()
    nearest, t = NearestPoint(points), 0.2
    found = measure(t, points=points, nearest=nearest, noise=NoiseStream(5))
    same = found.same_index(nearest.copies)
    theory = posterior(data, t)
    se = np.hypot(same.std() / np.sqrt(2000), theory.clone_index_se[0])
    assert abs(same.mean() - theory.clone_index[0]) < 4 * se


def test_blocks_and_interruptions_change_nothing(tmp_path):
    def score(x, t):
        return -x

    def stop(rows):
        raise KeyboardInterrupt

    options = {"score": score, "pairs": 50, "classify": lambda x: (x[:, 0] > 0).long()}
    whole = measure(0.5, **options)
    store = Checkpoints(tmp_path / "run", {})
    with pytest.raises(KeyboardInterrupt):
        measure(0.5, blocks=Blocks(store, size=16, advance=stop), **options)
    seen = []
    again = measure(0.5, blocks=Blocks(store, size=16, advance=seen.append), **options)
    assert seen == [16, 16, 16, 2]
    for name in ("origin", "nearest", "index", "classes"):
        assert getattr(again, name).tobytes() == getattr(whole, name).tobytes()


def test_a_block_under_way_goes_on_where_it_was(tmp_path):
    store = Checkpoints(tmp_path / "run", {})
    store.every = 0.0  # keep every state
    calls = []

    def score(x, t):
        calls.append(t)
        if len(calls) == 50:
            raise KeyboardInterrupt
        return -x

    with pytest.raises(KeyboardInterrupt):
        measure(0.5, score=score, pairs=20, blocks=Blocks(store))
    found = measure(0.5, score=score, pairs=20, blocks=Blocks(store))
    assert len(calls) == 81
    assert np.array_equal(found.index, measure(0.5, score=lambda x, t: -x, pairs=20).index)


def test_points_are_drawn_evenly():
    drawn = draw_points(7, NoiseStream(0), 0, 14_000)
    count = np.bincount(drawn.numpy(), minlength=7)
    assert ((count - 2000) ** 2 / 2000).sum() < 22.5  # chi-square of 6 degrees of freedom, p = 1e-3
    assert torch.equal(draw_points(7, NoiseStream(0), 90, 10), drawn[90:100])


def test_memory_sets_the_block():
    assert rows_in_memory(torch.zeros(3, 10), 6 * 40 * 100) == 100
    assert rows_in_memory(torch.zeros(3, 10), 1) == 1
    assert rows_in_memory(torch.zeros(3, 10), 2**40) == 4096


def test_pairs_without_classes_say_so():
    pairs = ClonePairs(np.zeros(2, int), np.zeros(2, int), np.zeros((2, 2), int), None)
    with pytest.raises(ValueError, match="the clones have no classes; measure them with classify"):
        pairs.same_class()


def test_a_deterministic_sampler_is_refused():
    with pytest.raises(ValueError, match="clone_pairs: sampler must be stochastic"):
        measure(0.5, sampler="ddim", pairs=10)
