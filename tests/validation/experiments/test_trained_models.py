"""What experiments with trained denoisers share: kept denoisers, splits, gaps, near-copies."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import load_dataset  # noqa: E402
from regimes.numerics.interface.checkpoints import Checkpoints  # noqa: E402
from regimes.numerics.interface.result import plain  # noqa: E402
from regimes.validation.experiments.runner.denoisers import kept_denoiser, split_points  # noqa: E402
from regimes.validation.experiments.runner.information_gap import Gap, information_gap  # noqa: E402
from regimes.validation.experiments.runner.near_copies import generate  # noqa: E402
from regimes.validation.experiments.runner.run import Bench  # noqa: E402
from regimes.validation.experiments.runner.trained_case import share_agreement  # noqa: E402
from regimes.validation.running.progress import silent  # noqa: E402
from regimes.validation.sampling import NoiseStream  # noqa: E402
from regimes.validation.scores import EmpiricalScore  # noqa: E402
from regimes.validation.training import ResidualMLP, train_denoiser  # noqa: E402

CPU = torch.device("cpu")
BENCH = Bench(NoiseStream(0), CPU, Checkpoints(None, {}), silent, 0)


def points(n=40, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_a_kept_denoiser_is_read_back_whole(tmp_path):
    trained = []

    def train(state):
        trained.append(state)
        network = ResidualMLP(5, width=8, blocks=1)
        return train_denoiser(network, points(), held_out=0.25, steps=12, batch=8, device="cpu", checkpoint=state)

    first = kept_denoiser(Checkpoints(tmp_path / "a", {}), "model", train, device=CPU)
    again = kept_denoiser(Checkpoints(tmp_path / "a", {}), "model", train, device=CPU)
    assert len(trained) == 1
    assert first.to_dict() == again.to_dict()
    x = torch.from_numpy(points(3)).float()
    assert torch.equal(first.score()(x, 0.5), again.score()(x, 0.5))
    assert not list((tmp_path / "a").glob("*.partial.npz"))


def test_a_split_is_centred_on_the_training_points():
    data = load_dataset("digits", classes=["0", "7"])
    train, test, labels = split_points(data, 57, NoiseStream(0))
    assert (train.n, len(test), len(labels)) == (300, 57, 57)
    assert np.abs(train.X.mean(axis=0)).max() < 1e-12
    together = np.vstack([train.X, test])
    back = together - together.mean(axis=0) + data.X.mean(axis=0)
    order, found = (np.lexsort(np.round(each, 6).T) for each in (data.X, back))
    assert np.abs(data.X[order] - back[found]).max() < 1e-5  # every point is in one of the parts
    other, _, _ = split_points(data, 57, NoiseStream(1))
    assert not np.array_equal(other.X, train.X)
    assert np.bincount(train.labels).sum() + np.bincount(labels).sum() == data.n


def test_the_gap_of_the_exact_empirical_score_bounds_its_train_information():
    train, test = 2 * points(12, 4), 2 * points(200, 4, seed=1)
    gap = information_gap(BENCH, "gap", EmpiricalScore(train), train, test, draws=40)
    assert gap.train[0] == pytest.approx(np.log(12), abs=0.25)  # at small t the index is known
    assert np.all(gap.gap[:10] > 1.0)
    value, error = gap.at(float(gap.t[5]))
    assert value == pytest.approx(gap.gap[5])
    assert error == pytest.approx(gap.gap_se[5])


def test_a_gap_is_interpolated_in_log_t():
    t = np.array([0.1, 1.0])
    gap = Gap(t, *[np.array([2.0, 4.0])] * 8)
    assert gap.at(np.sqrt(0.1))[0] == pytest.approx(3.0)
    assert plain(gap)["t"] == [0.1, 1.0]


def test_near_copies_under_the_exact_empirical_score_and_without_one():
    train, test = 2 * points(30, 8), 2 * points(60, 8, seed=1)
    options = {"points": 200, "steps": 60}
    copied = generate(BENCH, "a", EmpiricalScore(train), train, test, **options)
    fresh = generate(BENCH, "b", lambda x, t: -x, train, test, **options)
    assert copied.copies > 0.95
    assert copied.nearest < 0.2
    assert fresh.copies < 0.05
    assert copied.copies_of_test == fresh.copies_of_test < 0.05
    assert copied.nearest_of_test > 1


def test_a_share_that_is_certain_has_an_error():
    certain = share_agreement("phi", 0.1, 1.0, 0.0, 1.0, 100)
    assert certain.z == 0
    assert 0 < certain.se < 0.01
    half = share_agreement("phi", 0.1, 0.5, 0.03, 0.6, 100)
    assert half.se == pytest.approx(np.hypot(0.05, 0.03), rel=1e-3)
