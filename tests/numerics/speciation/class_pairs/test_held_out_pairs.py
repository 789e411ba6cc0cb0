"""Bounds of pairs and groups of classes, and the tree: against plain loops, known truth, and labels of noise."""

import dataclasses

import numpy as np
import pytest

from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.speciation.class_bound.bound import class_bound
from regimes.numerics.speciation.class_bound.crossing import class_time
from regimes.numerics.speciation.class_pairs.class_tree import class_tree, pair_bounds
from regimes.numerics.speciation.class_pairs.fitted_pairs import fitted_pairs
from regimes.numerics.speciation.class_pairs.held_out_pairs import ClassGroup, HeldOutClasses, held_out_classes
from regimes.speciation import gaussian_class_times

T = np.geomspace(0.05, 3, 28)


def four_classes(rng, members, d=20):
    """Two groups of two classes each, well apart, and the means."""
    means = np.zeros((4, d))
    means[:2, 0], means[2:, 0] = 3.2, -3.2
    means[[0, 2], 1], means[[1, 3], 1] = 1.8, -1.8
    labels = np.repeat(np.arange(4), members)
    return means[labels] + rng.normal(size=(len(labels), d)), labels, means


def exact(rng, members, t):
    """Posteriors of the population in the place of held-out ones."""
    X, labels, means = four_classes(rng, members)
    share = np.bincount(labels) / len(labels)
    posterior = np.empty((2, t.size, len(labels), 4), np.float32)
    noise = rng.normal(size=X.shape)
    for i, time in enumerate(t):
        for s, sign in enumerate((1, -1)):
            x = np.exp(-time) * X + sign * np.sqrt(1 - np.exp(-2 * time)) * noise
            log_joint = -((x[:, None] - np.exp(-time) * means) ** 2).sum(axis=2) / 2 + np.log(share)
            weight = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
            posterior[s, i] = weight / weight.sum(axis=1, keepdims=True)
    groups = tuple(ClassGroup((k,), posterior[..., k], float(share[k]), int(members[k])) for k in range(4))
    return HeldOutClasses(t, groups, labels, np.arange(len(labels)), len(labels), 0, ()), means


def test_the_score_of_two_groups_is_that_of_plain_loops():
    held, _ = exact(np.random.default_rng(1), [8, 12, 20, 9], np.array([0.5, 1.0]))
    one, other = held.groups[0].with_other(held.groups[2]), held.groups[3]
    found = held.parting(one, other)
    for i in range(2):
        sides = {0: [], 1: []}
        for row, member in enumerate(held.members):
            if member == 1:
                continue
            side = int(member == 3)
            for s in (0, 1):
                q0, q2, q3 = (held.groups[k].posterior[s, i, row] for k in (0, 2, 3))
                odds = ((q0 + q2) / (28 / 49)) / (q3 / (9 / 49))
                p = (1 / (1 + odds) if side else odds / (1 + odds), 1 / (1 + odds))
                sides[side].append(2 * p[0] - p[1] ** 2 - (1 - p[1]) ** 2)
        phi = (np.mean(sides[0]) + np.mean(sides[1])) / 2
        assert found.normalised[i] == pytest.approx(2 * phi - 1, rel=1e-5)
        # +z and -z of a point are one draw; the two sides are independent.
        scatter = [np.reshape(sides[k], (-1, 2)).mean(axis=1).var() / (len(sides[k]) / 2) for k in (0, 1)]
        assert found.normalised_se[i] == pytest.approx(np.sqrt(sum(scatter)), rel=0.03)


def test_exact_posteriors_give_the_closed_times_and_the_known_tree():
    held, means = exact(np.random.default_rng(2), [1500, 1500, 1500, 1500], T)
    times, bounds = gaussian_class_times(means, np.ones(4)), pair_bounds(held)
    for (i, j), bound in bounds.items():
        assert bound.parted.value == pytest.approx(times[i, j], abs=4 * bound.error)
        assert bound.error < 0.05 * times[i, j]
    tree = class_tree(held, bounds)
    assert [{frozenset(group) for group in merge.groups} for merge in tree[-1:]] == [
        {frozenset({0, 1}), frozenset({2, 3})}
    ]
    assert [merge.height for merge in tree] == sorted(merge.height for merge in tree)
    # Within each group the classes are apart along another axis: both parts of the root are one class.
    along = gaussian_class_times(means[[0, 2]], np.ones(2))[0, 1]
    assert tree[-1].bound.parted.value == pytest.approx(along, abs=4 * tree[-1].bound.error)


def test_held_out_classes_bound_what_exact_ones_give_and_find_the_same_tree():
    X, labels, means = four_classes(np.random.default_rng(3), [80, 80, 80, 80])
    held = held_out_classes(X, labels, T)
    times, bounds = gaussian_class_times(means, np.ones(4)), pair_bounds(held)
    for (i, j), bound in bounds.items():
        assert bound.parted.value - 4 * bound.error < times[i, j]
        assert bound.parted.value == pytest.approx(times[i, j], abs=3 * bound.error)
    assert {frozenset(group) for group in class_tree(held, bounds)[-1].groups} == {frozenset({0, 1}), frozenset({2, 3})}
    # A bound of its own for the pair, which learns from these two classes alone, is as good.
    rows = np.isin(labels, (0, 2))
    alone = class_time(class_bound(X[rows], labels[rows] // 2, T))
    assert bounds[0, 2].parted.value == pytest.approx(alone.value, rel=0.1)


def test_a_seed_and_the_order_of_points_and_unequal_weights():
    X, labels, _ = four_classes(np.random.default_rng(4), [40, 10, 80, 40])
    first, again = (held_out_classes(X, labels, [0.3, 6.0], rng=5) for _ in range(2))
    assert all((one.posterior == two.posterior).all() for one, two in zip(first.groups, again.groups, strict=True))
    bound = first.parting(first.groups[1], first.groups[2])
    swapped = first.parting(first.groups[2], first.groups[1])
    assert swapped.normalised == pytest.approx(bound.normalised, abs=1e-6)
    assert bound.normalised[-1] == pytest.approx(0, abs=0.01)  # weights alone tell nothing: groups weigh alike


def test_labels_of_noise_part_at_no_noise_and_join_first():
    rng = np.random.default_rng(6)
    X, labels, _ = four_classes(rng, [60, 60, 60, 60])
    labels[labels < 2] = rng.permutation(labels[labels < 2])
    held = held_out_classes(X, labels, T)
    bounds = pair_bounds(held)
    assert bounds[0, 1].parted.value is None
    assert bounds[0, 1].error is None
    assert "held-out points" in bounds[0, 1].parted.reason
    tree = class_tree(held, bounds)
    assert tree[0].groups == ((0,), (1,))
    assert tree[0].height == 0


def test_a_height_below_that_of_a_part_is_drawn_at_it():
    held, _ = exact(np.random.default_rng(7), [50] * 4, T)
    bounds = pair_bounds(held)
    late = dataclasses.replace(bounds[0, 1].parted, value=2.9, low=2.8)
    tree = class_tree(held, dict.fromkeys(bounds, dataclasses.replace(bounds[0, 1], parted=late)))
    assert tree[0].height == 2.9
    assert tree[1].bound.parted.value < 2.9 == tree[1].height


def test_few_held_out_points_give_no_time():
    X, labels, _ = four_classes(np.random.default_rng(8), [40, 4, 40, 40])
    bounds = pair_bounds(held_out_classes(X, labels, T[::4]))
    assert bounds[0, 1].parted.reason == "4 held-out points of a class are too few"
    assert bounds[0, 2].parted.value is not None


def test_many_classes_all_have_held_out_points():
    rng = np.random.default_rng(9)
    labels = np.concatenate([np.repeat(np.arange(60), 30), np.repeat(60, 2000)])
    held = held_out_classes(rng.normal(size=(len(labels), 3)), labels, T[::9])
    assert np.bincount(held.members).min() >= 24


def test_closed_forms_and_their_errors_over_draws():
    truth, found, errors = None, [], []
    for seed in range(24):
        X, labels, means = four_classes(np.random.default_rng([10, seed]), [100] * 4)
        truth = gaussian_class_times(means, np.ones(4))[0, 2]
        fitted = fitted_pairs(X, labels, 10, seed)
        found.append([fitted.times[name][0, 2] for name in fitted.times])
        errors.append([fitted.errors[name][0, 2] for name in fitted.errors])
    spread = np.std(found, axis=0, ddof=1)
    assert np.mean(found, axis=0) == pytest.approx(truth, rel=0.02)
    # 24 draws know their spread to 15%.
    assert np.mean(errors, axis=0) == pytest.approx(spread, rel=0.45)
    assert jackknife_error(np.ones((3, 2))).tolist() == [0, 0]


@pytest.mark.long
def test_limits_of_pairs_and_of_merges_fail_as_seldom_as_they_say():
    above = {"pairs": [], "merges": []}
    for seed in range(150):
        X, labels, means = four_classes(np.random.default_rng([11, seed]), [60] * 4)
        times = gaussian_class_times(means, np.ones(4))
        held = held_out_classes(X, labels, T, rng=seed)
        bounds = pair_bounds(held)
        above["pairs"] += [bound.parted.low > times[pair] for pair, bound in bounds.items() if bound.parted.low]
        for merge in class_tree(held, bounds):
            if len(merge.groups[0]) == len(merge.groups[1]) == 1 and merge.bound.parted.low:
                above["merges"].append(merge.bound.parted.low > times[merge.groups[0][0], merge.groups[1][0]])
    for failed in above.values():
        assert len(failed) > 200
        assert np.mean(failed) < 0.025 + 3 * np.sqrt(0.025 * 0.975 / len(failed))
