"""What an interval of each number claims to hold, from the population or from many probes of these points."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.optimize import brentq

from families.models import FAMILIES, Model, spread

FEW = slice(0, 400)
"""Probes that find where a time is; all of them then measure it."""

LEVEL = 0.5504004907933271
"""1/2 (1 + E tanh(1 + g)) normalised: a class is decided."""


def fall(curve: Callable[[float], float], level: float) -> float:
    """Where a falling curve meets a level."""
    return float(np.exp(brentq(lambda log_t: curve(np.exp(log_t)) - level, np.log(1e-3), np.log(6), xtol=1e-6)))


@cache
def population(family: str, n: int, d: int) -> dict[str, float]:
    """Truth by key of the numbers whose estimand is the population's."""
    model = FAMILIES[family](d)
    found = {
        "speciation.Lambda": model.top,
        "speciation.spectral_time": float(0.5 * np.log(model.top)),
        "collapse.time": fall(model.information, np.log(n)),
        "collapse.bound": fall(lambda t: 0.5 * np.log1p(spread(t)[2] * model.covariance).sum(), np.log(n)),
    }
    if model.agreement(1.0) is not None:
        found["speciation.class_time"] = fall(model.agreement, LEVEL)
    return found


def of_points(X: np.ndarray, labels: np.ndarray | None, probes: int, seed: int) -> dict[str, tuple[float, float]]:
    """Times of these very points with their standard errors: the exact posterior, averaged over many probes."""
    rng = np.random.default_rng(seed)
    n = len(X)
    X = X - X.mean(axis=0)
    squares = (X**2).sum(axis=1)
    start = np.resize(rng.permutation(n), probes)
    z = rng.normal(size=(probes, X.shape[1]))
    known = {"collapse.point_time": (np.arange(n), 0.5, 0.0)}
    if labels is not None and len(np.unique(labels)) > 1:
        labels = np.unique(labels, return_inverse=True)[1]
        floor = (np.bincount(labels) ** 2).sum() / n**2
        known["speciation.class_time_memorised"] = (labels, LEVEL, floor)

    def agreement(key: str, t: float, used: slice) -> np.ndarray:
        label, _, floor = known[key]
        shrink, variance, _ = spread(t)
        found = []
        for part in np.array_split(np.arange(probes)[used], max(1, probes * n // 1_000_000)):
            pair = 0.0
            for noise in (z[part], -z[part]):
                x = shrink * X[start[part]] + np.sqrt(variance) * noise
                logits = (shrink * (x @ X.T) - shrink**2 * squares / 2) / variance
                q = np.exp(logits - logits.max(axis=1, keepdims=True))
                q /= q.sum(axis=1, keepdims=True)
                both = q if key == "collapse.point_time" else q @ np.eye(label.max() + 1)[label]
                pair = pair + (both**2).sum(axis=1) / 2
            found.append(pair)
        return (np.concatenate(found) - floor) / (1 - floor)

    times = {}
    for key, (_, level, _) in known.items():
        low, high = 0.004, 4.0
        if agreement(key, low, FEW).mean() < level or agreement(key, high, FEW).mean() > level:
            continue
        while high > 1.3 * low:
            half = np.sqrt(low * high)
            low, high = (half, high) if agreement(key, half, FEW).mean() > level else (low, half)
        middle = fall_near(lambda t, key=key: agreement(key, t, FEW), level, low * np.array([1, 1.14, 1.29]))[0]
        near = middle * np.array([0.93, 1, 1.07])
        times[key] = fall_near(lambda t, key=key: agreement(key, t, slice(None)), level, near)
    return times


def fall_near(curve: Callable[[float], np.ndarray], level: float, t: np.ndarray) -> tuple[float, float]:
    """Crossing of a parabola through three means, and its standard error."""
    values = [curve(each) for each in t]
    means = np.array([each.mean() for each in values])
    x = np.log(t / t[1])
    slope, base = np.polyfit(x, means - level, 1)
    roots = np.roots(np.polyfit(x, means - level, 2))
    real = roots[np.abs(roots.imag) < 1e-9].real
    root = real[np.argmin(np.abs(real + base / slope))] if len(real) else -base / slope
    found = float(t[1] * np.exp(root))
    return found, float(found * values[1].std() / np.sqrt(len(values[1])) / abs(slope))


def checks(d: int = 40, n: int = 80, samples: int = 4000) -> list[tuple[str, float, float, float]]:
    """Truths by a second method: name, truth, the other value, its standard error.

    Points are drawn as the data are, noised, and put into the density of all coordinates: neither the split into hidden
    variable and Gaussian nor a closed form is used. Variances are measured on many draws.
    """
    found = []
    for name in FAMILIES:
        model, truth = FAMILIES[name](d), population(name, n, d)
        rng = np.random.default_rng(14)
        X, labels = model.draw(samples, rng)
        t = truth["collapse.time"]
        shrink, variance, _ = spread(t)
        z = rng.normal(size=X.shape)
        own = -0.5 * (z**2 + np.log(2 * np.pi * variance)).sum(axis=1)
        told = own - model.log_density(shrink * X + np.sqrt(variance) * z, t)
        found.append((f"{name}: information", np.log(n), told.mean(), told.std() / np.sqrt(samples)))
        many = model.draw(50 * samples, rng)[0]
        axis = np.linalg.eigh(np.cov(many[: 25 * samples].T))[1][:, -1]
        along = (many[25 * samples :] @ axis - (many @ axis).mean()) ** 2
        found.append((f"{name}: top variance", model.top, along.mean(), along.std() / np.sqrt(len(along))))
        if "speciation.class_time" in truth:
            found.append((f"{name}: clones", LEVEL, *drawn_clones(model, X, labels, truth["speciation.class_time"])))
    return found


def drawn_clones(model: Model, X: np.ndarray, labels: np.ndarray, t: float) -> tuple[float, float]:
    """Normalised share of the true class in the posterior of all coordinates: as a mean it is sum p^2 as well."""
    shrink, variance, _ = spread(t)
    x = shrink * X + np.sqrt(variance) * np.random.default_rng(15).normal(size=X.shape)
    centres = np.zeros((len(model.weights), model.d))
    centres[:, : model.centres.shape[1]] = shrink * model.centres
    weight = np.exp(-0.5 * ((x[:, None, :] - centres) ** 2).sum(axis=2)) * model.weights
    own = weight[np.arange(len(x)), labels] / weight.sum(axis=1)
    floor = (model.weights**2).sum()
    return (own.mean() - floor) / (1 - floor), own.std() / np.sqrt(len(x)) / (1 - floor)
