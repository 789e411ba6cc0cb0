"""When the class of a noised point can be told by classifiers that never saw the point: scikit-learn, half and half.

At each time models learn noised points of one half and are scored on noised points of the other. The quadratic score
2 q(k*) - sum q^2 of any model is at most the probability that clones of the population agree, so that the crossing of
the best score is a lower bound on the class time of a model that generalises. Which model is best is decided inside the
half that learns.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from panel.clones import LEVEL
from panel.crossings import Reference, Search, crossing

ROWS = 3000
"""Noised rows from which a model learns; more where there are more points."""

KEPT = 48
"""Principal directions of the learning half that models see; noise is the same in all of them."""

Posterior = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Noised:
    """One half of the points with its own noise: the same at all times."""

    X: np.ndarray
    labels: np.ndarray
    seed: int

    def at(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """Noised rows, copy after copy, and the point that each came from."""
        copies = max(1, -(-ROWS // len(self.X)))
        point = np.tile(np.arange(len(self.X)), copies)
        z = np.random.default_rng(self.seed).normal(size=(len(point), self.X.shape[1]))
        return np.exp(-t) * self.X[point] + np.sqrt(-np.expm1(-2 * t)) * z, point


def models(learn: Noised, t: float, classes: int) -> dict[str, Posterior]:
    """Posteriors of the class by several models, all with a column for every class."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB

    rows, point = learn.at(t)
    known = learn.labels[point]
    middle = learn.X.mean(axis=0)
    axes = np.linalg.svd(learn.X - middle, full_matrices=False)[2][:KEPT].T
    weights = np.bincount(learn.labels, minlength=classes) / len(learn.labels)
    found: dict[str, Posterior] = {
        "weights": lambda x: np.broadcast_to(weights, (len(x), classes)),
        "points": lambda x: of_points(learn, x, t, classes),
    }
    fitted = {
        "lda": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        "qda": QuadraticDiscriminantAnalysis(solver="eigen", shrinkage="auto"),
        "bayes": GaussianNB(),
        "logistic": LogisticRegression(C=0.1, max_iter=100),
    }
    for name, model in fitted.items():
        try:
            model.fit(rows @ axes, known)
        except (ValueError, np.linalg.LinAlgError):  # a class of one member has no covariance
            continue
        found[name] = fitted_posterior(model, axes, classes)
    return found


def fitted_posterior(model: object, axes: np.ndarray, classes: int) -> Posterior:
    def posterior(x: np.ndarray) -> np.ndarray:
        q = np.zeros((len(x), classes))
        q[:, model.classes_] = model.predict_proba(x @ axes)
        return np.nan_to_num(q)

    return posterior


def of_points(learn: Noised, x: np.ndarray, t: float, classes: int) -> np.ndarray:
    """Posterior under the exact score of the learning half."""
    shrink, variance = np.exp(-t), -np.expm1(-2 * t)
    logits = (shrink * x @ learn.X.T - shrink**2 * (learn.X**2).sum(axis=1) / 2) / variance
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    q = weight @ np.eye(classes)[learn.labels]
    return q / q.sum(axis=1, keepdims=True)


def score(posterior: Posterior, test: Noised, t: float) -> np.ndarray:
    """Quadratic score of each point of the half that is tested, averaged over its copies."""
    rows, point = test.at(t)
    q = posterior(rows)
    each = 2 * q[np.arange(len(q)), test.labels[point]] - (q**2).sum(axis=1)
    return np.bincount(point, each) / np.bincount(point)


def halves(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two halves with the same share of every class, near enough."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return np.sort(order[::2]), np.sort(order[1::2])


def classifier_time(X: np.ndarray, labels: np.ndarray) -> Reference:
    """Crossing of the best held-out quadratic score, normalised, with its error from resampling the points."""
    classes = int(labels.max()) + 1
    floor = (np.bincount(labels) ** 2).sum() / len(labels) ** 2
    first, second = halves(labels, 0)

    def one_way(learn: np.ndarray, test: np.ndarray, t: float) -> np.ndarray:
        inner, outer = (learn[part] for part in halves(labels[learn], 1))
        tried = models(Noised(X[inner], labels[inner], 3), t, classes)
        checked = Noised(X[outer], labels[outer], 4)
        best = max(tried, key=lambda name: score(tried[name], checked, t).mean())
        again = models(Noised(X[learn], labels[learn], 5), t, classes)
        return score(again.get(best, again["points"]), Noised(X[test], labels[test], 6), t)

    def curve(t: float) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a model that does not converge scores what it scores
            both = np.concatenate([one_way(first, second, t), one_way(second, first, t)])
        return (both - floor) / (1 - floor)

    return crossing(curve, LEVEL, Search(low=0.02, high=4.0, coarse=16, fine=5))
