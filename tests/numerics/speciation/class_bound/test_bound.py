"""The held-out bound on the class clone probability: against loops over folds, known truth, and labels of noise."""

import dataclasses

import numpy as np
import pytest
from scipy.special import softmax

from regimes.numerics.interface.data_checks import checked_points
from regimes.numerics.speciation.class_bound.bound import class_bound
from regimes.numerics.speciation.class_bound.crossing import class_time
from regimes.numerics.speciation.class_bound.gaussian import fit_gaussians
from regimes.numerics.speciation.class_bound.kernel import TEMPERATURES
from regimes.numerics.speciation.class_bound.probes import draw_used
from regimes.numerics.speciation.class_bound.simplex import best_mixture
from regimes.numerics.speciation.criteria import normalised_clone_level

T = np.geomspace(0.25, 2.5, 12)


def two_classes(n, d=40, distance=3.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    X = rng.normal(size=(n, d))
    X[:, 0] += distance * (2 * labels - 1)
    return X, labels


def own_posteriors(points, members, x, t):
    """Candidates at noised points, from plain densities of the training points."""
    classes = members.max() + 1
    e, noise = np.exp(-t), -np.expm1(-2 * t)
    share = np.bincount(members) / members.size
    fit = fit_gaussians(points, members, classes)
    found = [np.broadcast_to(share, (len(x), classes))]
    shared = fit.axes @ np.diag(fit.spread) @ fit.axes.T
    own = [fit.axes @ a @ np.diag(s) @ a.T @ fit.axes.T for a, s in zip(fit.own_axes, fit.own_spread, strict=True)]
    for covariances in ([shared] * classes, own):
        joint = []
        for k, covariance in enumerate(covariances):
            away = x - e * points[members == k].mean(axis=0)
            noised = e**2 * covariance + noise * np.eye(len(covariance))
            quadratic = np.einsum("pi,ij,pj->p", away, np.linalg.inv(noised), away)
            joint.append(np.log(share[k]) - quadratic / 2 - np.linalg.slogdet(noised)[1] / 2)
        found.append(softmax(np.stack(joint, axis=1), axis=1))
    away = ((x[:, None] - e * points) ** 2).sum(axis=2) / (2 * noise)
    for temperature in TEMPERATURES:
        weight = softmax(-away / temperature, axis=1)
        found.append(np.stack([weight[:, members == k].sum(axis=1) for k in range(classes)], axis=1))
    return np.stack(found)


def test_it_is_nested_cross_validation_written_as_loops():
    rng = np.random.default_rng(5)
    labels = rng.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    X = rng.normal(size=(60, 5)) + labels[:, None]
    times, folds = np.array([0.3, 1.0]), 4
    bound = class_bound(X, labels, times, folds=folds, rng=np.random.default_rng(7))
    used = draw_used(checked_points("test", X), labels, np.arange(60), folds, 2**30, np.random.default_rng(7))
    points, noise = used.points.astype(float), used.noise.astype(float)
    of_fold, own = used.fold[used.own], used.members[used.own]
    for i, t in enumerate(times):
        scores = np.empty(len(own))
        for fold in range(folds):

            def both_signs(tested, left_out, t=t):
                seen = ~np.isin(used.fold, left_out)
                probes = np.flatnonzero(of_fold == tested)
                sides = [
                    np.exp(-t) * points[used.own[probes]] + sign * np.sqrt(-np.expm1(-2 * t)) * noise[probes]
                    for sign in (1, -1)
                ]
                found = own_posteriors(points[seen], labels[seen], np.concatenate(sides), t)
                return found, np.concatenate([own[probes]] * 2)

            inner = [both_signs(other, [fold, other]) for other in range(folds) if other != fold]
            posterior = np.concatenate([found for found, _ in inner], axis=1)
            truth = np.concatenate([members for _, members in inner])
            hit = posterior[:, np.arange(truth.size), truth].mean(axis=1)
            weights = best_mixture(hit, np.einsum("cpk,dpk->cd", posterior, posterior) / truth.size)
            found, truth = both_signs(fold, [fold])
            mixed = np.einsum("c,cpk->pk", weights, found)
            score = 2 * mixed[np.arange(truth.size), truth] - (mixed**2).sum(axis=1)
            scores[of_fold == fold] = score.reshape(2, -1).mean(axis=0)
        assert bound.phi[i] == pytest.approx(scores.mean(), abs=2e-4)
        of_point = np.array([scores[used.own == point].mean() for point in range(60)])
        assert bound.phi_se[i] == pytest.approx(of_point.std(ddof=1) / np.sqrt(60), rel=1e-2)


def test_two_classes_have_a_time_near_the_truth_and_a_limit_below():
    truth = np.log(9) / 2  # kappa = 1
    found = [class_time(class_bound(*two_classes(400, seed=seed), T, rng=seed)) for seed in range(8)]
    values, lows = (np.array([getattr(each, name) for each in found]) for name in ("value", "low"))
    assert abs(values.mean() / truth - 1) < 0.05
    assert (lows < values).all()
    assert (lows > truth).sum() <= 1  # 2.5% each: two of eight happen in 1.5%
    assert 0.02 < np.mean((values - lows) / values) < 0.15
    assert all(each.reason is None and each.candidates[0][0].startswith("Gaussian") for each in found)


def test_the_error_is_that_of_a_mean_over_groups():
    """Of thirty groups, so that a degree of freedom shows."""
    X, labels = two_classes(60)
    groups = np.arange(60) % 30
    bound = class_bound(X, labels, T[::4], groups=groups)
    assert bound.contributions.shape == (30, 3)
    scatter = np.sqrt(np.sum((bound.contributions - bound.contributions.mean(axis=0)) ** 2, axis=0) / 29)
    np.testing.assert_allclose(bound.normalised_se, scatter / np.sqrt(30), rtol=1e-12)


def test_labels_of_noise_get_no_height_on_average_and_no_time():
    heights, errors = [], []
    for seed in range(30):
        X, labels = two_classes(40, distance=0.0, seed=seed)
        bound = class_bound(X, labels, [0.2, 0.8], rng=seed)
        heights.append(bound.normalised)
        errors.append(bound.normalised_se)
        found = class_time(bound)
        assert found.value is None
        assert "held-out points" in found.reason
    mean, error = np.mean(heights, axis=0), np.std(heights, axis=0, ddof=1) / np.sqrt(30)
    assert (mean < 2 * error).all()
    assert (np.mean(errors, axis=0) < 0.1).all()


def test_near_copies_prove_nothing_once_they_share_a_fold():
    rng = np.random.default_rng(0)
    copies = np.repeat(np.arange(60), 4)
    X = rng.normal(size=(60, 20))[copies] + 0.01 * rng.normal(size=(240, 20))
    labels = rng.permutation(np.arange(60) % 2)[copies]
    times = np.geomspace(0.05, 2, 8)
    apart = class_time(class_bound(X, labels, times))
    assert apart.value is not None
    assert apart.candidates[0][0] == "kernel of the points"
    together = class_bound(X, labels, times, groups=copies)
    assert class_time(together).value is None
    assert len(together.contributions) == 60


@pytest.mark.parametrize(
    ("n", "counts"), [(20, [10, 10]), (60, [57, 3]), (90, [89, 1]), (200, [2] * 100), (4, [2, 2]), (300, [1] * 300)]
)
def test_rare_classes_many_classes_and_few_points(n, counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(n).normal(size=(n, 3)) + 6 * labels[:, None]
    bound = class_bound(X, labels, T)
    assert np.isfinite(bound.normalised).all()
    assert np.isfinite(bound.normalised_se).all()
    assert (bound.phi <= 1 + 1e-6).all()
    np.testing.assert_allclose(bound.weights.sum(axis=1), 1)
    class_time(bound)


def test_more_dimensions_than_axes_and_more_points_than_memory():
    X, labels = two_classes(400, d=600)
    wide = class_bound(X, labels, T, rng=1)
    assert class_time(wide).value == pytest.approx(np.log(9) / 2, rel=0.2)
    few = class_bound(X, labels, T, rng=1, memory=4 * 2**20)
    assert few.probes < wide.probes
    assert np.abs((few.normalised - wide.normalised) / few.normalised_se).max() < 5


def test_moving_the_data_and_the_size_of_blocks_change_nothing_and_a_seed_gives_the_same_bytes():
    X, labels = two_classes(120)
    first, again = (class_bound(X, labels, T, rng=3) for _ in range(2))
    assert first.normalised.tobytes() == again.normalised.tobytes()
    other = class_bound(X + 100, labels, T, rng=3, memory=2**21)
    np.testing.assert_allclose(other.normalised, first.normalised, atol=2e-3)
    assert "class_quadratic_score" in first.formulas


def test_progress_counts_the_noised_points():
    X, labels = two_classes(50)
    seen = []
    bound = class_bound(X, labels, T, progress=lambda *part: seen.append(part))
    assert seen[-1] == ("held-out classes", bound.probes, bound.probes)


def test_the_limit_is_where_the_bound_less_its_error_passes_the_level_after_its_top():
    X, labels = two_classes(60)
    bound = class_bound(X, labels, T)
    level = normalised_clone_level()
    curve = level + 0.3 - 0.3 * np.log(T / T[0]) / np.log(4)  # passes the level at four times the first
    even = np.tile([[-1.0], [1.0]], (5000, 12))  # 1.96 errors
    drawn = dataclasses.replace(bound, normalised=curve, normalised_se=np.full(12, 0.15 / 1.959964), contributions=even)
    found = class_time(drawn)
    assert found.value == pytest.approx(4 * T[0], rel=1e-6)
    assert found.low == pytest.approx(2 * T[0], rel=1e-3)
    high = class_time(dataclasses.replace(drawn, normalised=curve + 1))
    assert "larger times" in high.reason
    unsure = class_time(dataclasses.replace(drawn, normalised_se=np.full(12, 0.2)))
    assert "do not tell the classes well enough" in unsure.reason


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.zeros((4, 2)), [0, 0, 0, 0], [1.0]), {}, "at least 2 classes, got 1"),
        ((np.zeros((4, 2)), [0, 0, 1], [1.0]), {}, "labels must be one per point"),
        ((np.zeros((4, 2)), [0, 0, 1, 1], [0.0]), {}, "must be positive"),
        ((np.zeros((4, 2)), [0, 0, 1, 1], [1.0]), {"folds": 2}, "at least 3, got 2"),
        ((np.zeros((4, 2)), [0, 0, 1, 1], [1.0]), {"groups": [0, 0, 1, 1]}, "at least 3 groups"),
        ((np.zeros((4, 2)), [0, 0, 1, 1], [1.0]), {"groups": [0.5] * 4}, "one whole number per point"),
        ((np.eye(4) * 1e16, [0, 0, 1, 1], [1.0]), {}, "ask for larger times or rescale"),
    ],
)
def test_bad_input(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        class_bound(*arguments, **options)


@pytest.mark.long
@pytest.mark.parametrize("n", [40, 100, 400])
def test_the_limit_lies_above_the_truth_as_rarely_as_it_says(n):
    draws, above, none = 300, 0, 0
    for seed in range(draws):
        X, labels = two_classes(n, seed=seed)
        found = class_time(class_bound(X, labels, T, rng=seed))
        above += found.low is not None and found.low > np.log(9) / 2
        mixed = np.random.default_rng(seed).permutation(labels)
        none += class_time(class_bound(X, mixed, T, rng=seed)).value is None
    allowed = 0.025 * draws + 2.5 * np.sqrt(0.025 * draws)
    assert above <= allowed
    assert draws - none <= allowed
