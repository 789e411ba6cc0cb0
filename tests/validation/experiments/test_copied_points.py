"""Which ranking tells what is copied, on planted copies."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes import advise, load_dataset  # noqa: E402
from regimes.numerics.posterior.near_copies import near_copies  # noqa: E402
from regimes.validation.experiments.copied_points.analysis import (  # noqa: E402
    SeedFound,
    auc,
    auc_of,
    chosen,
    copied_counts,
    dispersion,
    helps,
    nats_a_copy,
    winner,
)
from regimes.validation.experiments.copied_points.experiment import PLAN  # noqa: E402
from regimes.validation.experiments.copied_points.predictors import Predicted, predicted  # noqa: E402
from regimes.validation.experiments.copied_points.summary import agreements, sentences, tables_of  # noqa: E402
from regimes.validation.experiments.runner.along_training import Estimate  # noqa: E402
from regimes.validation.experiments.runner.copies_along import Copies, CopiesAlong  # noqa: E402

FORM = replace(PLAN.quick, least=5)
N = 40


def looked(counts, distance=0.1):
    """Samples of which so many are copies of each image, and as many, or ten, that are none."""
    nearest = np.repeat(np.arange(len(counts)), counts)
    others = nearest if nearest.size else np.zeros(10, int)
    total = nearest.size + others.size
    return Copies(np.concatenate([nearest, others]), np.full(total, distance), np.arange(total) < nearest.size)


def planted(*counts, X=None, seed=0):
    X = np.random.default_rng(seed).normal(size=(N, 6)) if X is None else X
    train = load_dataset(X, scale="none")
    training = replace(PLAN.quick.sources[0].training, snapshots=tuple(range(1, len(counts) + 1)))
    looks = tuple(map(looked, counts))
    return CopiesAlong(training, train, near_copies(train.X), looks, looked([3] * N), looked([1] * N))


def told(return_time, distance, density):
    return Predicted(*(np.asarray(each, float) for each in (return_time, distance, density)), 0.5, np.full(N, 1 / N))


def seeds_of(rng, count=5):
    """The isolated half is copied, which the distance says; the return time says it of most, the density of none."""
    found = []
    for seed in range(count):
        isolated = rng.permutation(N)
        copied = isolated >= N // 2
        copies = planted(0 * isolated, np.where(copied, 2, 0), np.full(N, 2), seed=seed)
        found.append(SeedFound(copies, told(isolated + rng.normal(0, 15, N), isolated, rng.permutation(N))))
    return found


def test_the_auc_is_the_area_under_the_curve_of_rates():
    rng = np.random.default_rng(1)
    values, copied = rng.integers(0, 6, 60), rng.random(60) < 0.3
    rates = np.array([[(values[of] >= each).mean() for of in (~copied, copied)] for each in range(6, -1, -1)])
    area = (np.diff(rates[:, 0]) * (rates[1:, 1] + rates[:-1, 1]) / 2).sum()
    assert auc(values, copied, 5) == pytest.approx(area)
    assert auc(values, copied, int(copied.sum()) + 1) is None
    assert auc(values, ~copied, int(copied.sum()) + 1) is None


def test_the_snapshot_is_that_at_which_half_of_the_images_are_copied():
    none, some, half, most = (np.where(np.arange(N) < count, 3, 0) for count in (0, 5, 18, 39))
    seed = planted(none, some, half, most)
    assert chosen(seed) == 2
    assert copied_counts(seed, seed.along[1]).tolist() == some.tolist()


def test_one_radius_for_all_counts_samples_whatever_lies_further_out():
    seed = planted(np.full(N, 2))
    reach = np.median(seed.near.apart) / 3
    assert copied_counts(seed, looked([2] * N, 0.99 * reach), "radius").tolist() == [4] * N
    assert copied_counts(seed, looked([2] * N, 1.01 * reach), "radius").tolist() == [0] * N


def test_images_that_are_near_copies_are_counted_as_one():
    X = np.random.default_rng(2).normal(size=(N, 6))
    seed = planted(np.full(N - 1, 1), X=np.concatenate([X[:-1], X[:1] + 1e-6]))
    assert seed.heads.size == N - 1
    assert copied_counts(seed, seed.along[0]).tolist() == [1] * (N - 1)
    found = predicted(seed, 4)
    assert found.return_time.size == found.distance.size == found.density.size == N - 1
    assert found.weights.sum() == pytest.approx(1)


def test_the_return_times_are_those_that_advise_lists():
    X = np.random.default_rng(3).standard_t(5, size=(N, 6))
    seed = planted(np.full(N, 1), X=X)
    found, listed = predicted(seed, 64), advise(seed.train, only="points").curves["points"]
    assert len(listed) == 20
    apart = [(found.return_time[each["point"]] - each["time"]) / np.hypot(each["error"], 0.01) for each in listed]
    assert np.abs(apart).max() < 4
    assert [found.distance[each["point"]] for each in listed] == pytest.approx([each["distance"] for each in listed])
    assert found.time == pytest.approx(np.median(found.return_time))


def test_the_density_is_that_of_the_other_images():
    seed = planted(np.full(N, 1))
    found = predicted(seed, 4)
    X, variance = seed.train.X, np.exp(2 * found.time) - 1
    for k in (0, 7):
        kernels = [np.exp(-((X[k] - X[j]) ** 2).sum() / (2 * variance)) for j in range(N) if j != k]
        assert found.density[k] == pytest.approx(-np.log(sum(kernels)))


def test_dispersion_is_one_by_the_chances_that_drew_the_copies():
    rng = np.random.default_rng(4)
    chances = rng.dirichlet(np.full(300, 3.0))
    equal, uneven = rng.multinomial(6000, np.full(300, 1 / 300)), rng.multinomial(6000, chances)
    assert dispersion(equal) == pytest.approx(1, abs=4 * np.sqrt(2 / 299))
    assert dispersion(uneven, chances) == pytest.approx(1, abs=4 * np.sqrt(2 / 299))
    assert dispersion(uneven) > 5
    assert nats_a_copy(uneven, chances) == pytest.approx((chances * np.log(chances * 300)).sum(), abs=0.03)
    assert nats_a_copy(uneven, np.full(300, 1 / 300)) == pytest.approx(0)
    assert dispersion(np.zeros(3, int)) is None
    assert nats_a_copy(np.zeros(3, int), np.full(3, 1 / 3)) is None


def test_a_ranking_wins_by_its_paired_differences():
    better = [0.8, 0.9, 0.85, 0.7, 0.75]
    worse = [each - 0.1 for each in better]
    noisy = [0.7, 0.95, 0.8, 0.75, 0.7]
    assert winner({"return_time": worse, "distance": better, "density": [0.5] * 5}) == "distance"
    assert winner({"return_time": noisy, "distance": better, "density": [0.5] * 5}) is None
    assert winner({"return_time": worse, "distance": better, "density": [None] * 5}) is None
    above, near, wide = Estimate(0.7, 0.05, 5), Estimate(0.5, 0.01, 5), Estimate(0.6, 0.1, 5)
    assert [helps(each) for each in (above, near, wide)] == ["helps", "does not help", "not told"]
    assert helps(Estimate(0.9, None, 1)) == "not told"


def test_what_is_said_is_what_was_planted():
    seeds = seeds_of(np.random.default_rng(5))
    assert auc_of(FORM, seeds, "distance") == [1.0] * 5
    tables = tables_of(FORM, {"planted": seeds})
    said = " ".join(sentences(tables, ["mnist"]))
    assert "planted: the plain distance ranks best what is copied; advise should ship it." in said
    assert "at steps 2, 2, 2, 2, 2 0.50 (0.00) of the samples are copies, of 0.50 (0.00) of the images" in said
    assert "Planned and not run: mnist." in said
    assert tables["planted"]["ratio"]["helps"]["distance"] == "helps"
    compared = agreements({"planted": seeds})
    assert [each.simulation for each in compared] == [0.0] * 5
    assert compared[0].se == pytest.approx(np.sqrt(2 / (N - 1)))


def test_plans_that_see_too_little_are_refused():
    source = PLAN.quick.sources[0]
    with pytest.raises(ValueError, match="two for each training image at least.*got 20 for 16"):
        replace(source, samples=20)
    with pytest.raises(ValueError, match="must keep snapshots, got none"):
        replace(source, training=replace(source.training, snapshots=()))
