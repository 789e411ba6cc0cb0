"""Parts of the held-out class bound, each against another way to the same number."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf

from regimes.numerics.speciation.class_bound.folds import stratified_folds
from regimes.numerics.speciation.class_bound.gaussian import Noising, fit_gaussians
from regimes.numerics.speciation.class_bound.kernel import TEMPERATURES, ClassSums
from regimes.numerics.speciation.class_bound.shrinkage import shrunk_covariance
from regimes.numerics.speciation.class_bound.simplex import best_mixture
from regimes.numerics.speciation.class_bound.subspace import leading_axes

T = np.array([0.05, 0.4, 1.3])


def noised(points, noise, t, sign):
    return np.exp(-t) * points + sign * np.sqrt(-np.expm1(-2 * t)) * noise


def test_folds_keep_copies_together_and_classes_apart():
    rng = np.random.default_rng(0)
    members = rng.choice(4, 300, p=[0.5, 0.3, 0.15, 0.05])
    groups = np.arange(300)
    groups[:40] = np.repeat(np.arange(10), 4)
    fold = stratified_folds(members, groups, 5, rng)
    assert np.ptp(np.bincount(fold, minlength=5)) <= 4
    assert all(np.unique(fold[groups == g]).size == 1 for g in range(10))
    alone = np.arange(300) >= 40
    for k in range(4):
        assert np.ptp(np.bincount(fold[alone & (members == k)], minlength=5)) <= 1


def test_shrinkage_to_the_identity_is_that_of_ledoit_and_wolf():
    for n, d in ((12, 30), (60, 30), (500, 5)):
        X = np.random.default_rng(n).normal(size=(n, d)) * np.geomspace(0.2, 3, d)
        np.testing.assert_allclose(shrunk_covariance(X, n), ledoit_wolf(X, assume_centered=True)[0], rtol=1e-10)


def test_shrinkage_to_a_target_beats_sample_and_target():
    d, errors = 10, np.zeros(3)
    target, truth = np.eye(d), np.diag(np.linspace(0.5, 1.5, d))
    for seed in range(200):
        X = np.random.default_rng(seed).normal(size=(30, d)) * np.sqrt(np.diag(truth))
        for i, estimate in enumerate((shrunk_covariance(X, 30, target), X.T @ X / 30, target)):
            errors[i] += np.sum((estimate - truth) ** 2)
    assert errors[0] < min(errors[1:])


def test_gaussian_classes_at_any_noise_are_those_of_scipy():
    rng = np.random.default_rng(1)
    members = np.repeat([0, 1, 2], [40, 25, 1])
    points = rng.normal(size=(66, 6)) @ rng.normal(size=(6, 6)) + members[:, None]
    model, at = fit_gaussians(points, members, 3), Noising.at(T)
    probes, noise = rng.normal(size=(5, 6)) * 2, rng.normal(size=(5, 6))
    signal, shaken = (np.asarray(each @ model.axes, np.float32) for each in (probes, noise))
    axes = model.axes.astype(float)
    own = np.einsum("kab,kb,kcb->kac", model.own_axes, model.own_spread, model.own_axes)
    shared = np.broadcast_to(np.diag(model.spread), own.shape)
    np.testing.assert_allclose(own[2], shared[2], atol=1e-5)  # one point has no covariance
    for found, within in ((model.pooled(signal, shaken, at), shared), (model.own(signal, shaken, at), own)):
        for i, t in enumerate(T):
            for j, sign in enumerate((1, -1)):
                x = noised(probes, noise, t, sign)
                expected = np.stack(
                    [
                        np.log((members == k).mean())
                        + multivariate_normal.logpdf(
                            x @ axes,
                            np.exp(-t) * model.means[k],
                            np.exp(-2 * t) * within[k] - np.expm1(-2 * t) * np.eye(6),
                        )
                        for k in range(3)
                    ],
                    axis=1,
                )
                got = found[j, i] - found[j, i].max(axis=1, keepdims=True)
                np.testing.assert_allclose(got, expected - expected.max(axis=1, keepdims=True), rtol=1e-3, atol=1e-3)


def test_sums_over_fold_and_class_are_those_of_all_pairs():
    rng = np.random.default_rng(2)
    points, fold, members = rng.normal(size=(30, 4)), rng.integers(0, 3, 30), rng.integers(0, 2, 30)
    probes, noise = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    single = [np.asarray(each, np.float32) for each in (points, probes, noise)]
    found = ClassSums(single[0], fold, members, (4, 2)).at(*single[1:], Noising.at(T))
    assert found.shape == (len(TEMPERATURES), 2, len(T), 6, 4, 2)
    for i, t in enumerate(T):
        for j, sign in enumerate((1, -1)):
            away = ((noised(probes, noise, t, sign)[:, None] - np.exp(-t) * points) ** 2).sum(axis=2)
            for warm, factor in enumerate(TEMPERATURES):
                log_weight = away / (2 * np.expm1(-2 * t)) / factor
                weight = np.exp(log_weight - logsumexp(log_weight, axis=1, keepdims=True))
                sums = np.stack(
                    [[weight[:, (fold == f) & (members == k)].sum(axis=1) for k in range(2)] for f in range(4)]
                )
                got = found[warm, j, i] / found[warm, j, i].sum(axis=(1, 2), keepdims=True)
                np.testing.assert_allclose(got, sums.transpose(2, 0, 1), atol=2e-4)


def test_the_best_mixture_is_that_of_a_general_solver():
    rng = np.random.default_rng(3)
    posterior = rng.dirichlet(np.ones(3), size=(4, 5, 50))  # problem, candidate, point, class
    posterior[1, 4] = posterior[1, 3]  # equal candidates
    own = posterior[..., 0].mean(axis=2)
    squares = np.einsum("pcnk,pdnk->pcd", posterior, posterior) / 50
    found = best_mixture(own, squares)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    for w, b, s in zip(found, own, squares, strict=True):

        def loss(v, b=b, s=s):
            return v @ s @ v - 2 * v @ b

        other = minimize(
            loss, np.full(5, 0.2), bounds=[(0, 1)] * 5, constraints={"type": "eq", "fun": lambda v: v.sum() - 1}
        )
        assert loss(w) == pytest.approx(other.fun, abs=1e-6)


def test_leading_axes_are_those_of_the_covariance():
    rng = np.random.default_rng(4)
    points = np.asarray(rng.normal(size=(50, 400)) * np.geomspace(3, 0.01, 400), np.float32)
    axes = leading_axes(points, rng)
    assert axes.shape == (400, 49)
    vectors = np.linalg.eigh(np.cov(points.T))[1]
    assert np.abs(np.sum(axes[:, 0] * vectors[:, -1])) == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(49), atol=1e-3)
    assert leading_axes(points[:1], rng).shape == (400, 1)
