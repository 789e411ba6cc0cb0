"""Survival of the class under U-turns against the closed forms of two Gaussian classes."""

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from regimes.numerics.decisions.class_posteriors import held_out_class_posteriors
from regimes.numerics.decisions.class_survival import class_survival, flow_class_survival, survival_time
from regimes.numerics.speciation.clone_probability import clone_probability

TIMES = np.geomspace(0.1, 4.5, 12)


def test_two_equal_classes_survive_as_in_closed_form() -> None:
    labels = np.arange(500) % 2
    X = np.random.default_rng(0).normal(size=(500, 8)) + (2 * labels[:, None] - 1)
    kappa = 8 * np.exp(-2 * TIMES)
    found = class_survival(held_out_class_posteriors(X, labels, TIMES))
    assert np.all(np.abs(found.stochastic.phi - clone_probability(kappa)) < 4 * found.stochastic.phi_se + 0.01)
    assert np.all(np.abs(found.deterministic.phi - flow_class_survival(kappa)) < 4 * found.deterministic.phi_se + 0.01)
    for score, function in ((found.stochastic, clone_probability), (found.deterministic, flow_class_survival)):
        for level in (0.9, 0.05):
            time = survival_time(found, score, level, "survival")
            exact = brentq(lambda t, f=function, at=level: float(f(8 * np.exp(-2 * t))) - (1 + at) / 2, 0.01, 9.0)
            assert time.value is not None
            assert time.interval is not None
            assert time.interval[0] is not None
            assert time.interval[1] is None
            assert time.interval[0] < exact
            assert abs(np.log(time.value / exact)) < 0.15


def test_unequal_classes_take_their_weight_of_the_flow() -> None:
    """On a line the flow keeps the order of points: the class is that of the quantile."""
    rng = np.random.default_rng(1)
    labels = (np.arange(500) % 5 == 0).astype(int)
    X = rng.normal(size=(500, 1)) + 7 * labels[:, None]
    found = class_survival(held_out_class_posteriors(X, labels, TIMES))
    share = np.array([0.8, 0.2])
    for t, phi, error in zip(TIMES, found.deterministic.phi, found.deterministic.phi_se, strict=True):
        centres = 7 * np.exp(-t) * np.array([0, 1])
        cut = brentq(lambda x, at=centres: share @ norm.cdf(x - at) - 0.8, -10, 20)
        exact = 0.8 * norm.cdf(cut - centres[0]) + 0.2 * norm.sf(cut - centres[1])
        assert abs(phi - exact) < 4 * error + 0.01
    assert abs(found.floor - 0.68) < 1e-9


def test_what_is_not_proven_has_a_reason() -> None:
    rng = np.random.default_rng(2)
    X, labels = rng.normal(size=(60, 3)), rng.permutation(np.arange(60) % 2)
    found = class_survival(held_out_class_posteriors(X, labels, [0.1, 1.0]))
    time = survival_time(found, found.stochastic, 0.9, "survival")
    assert time.value is None
    assert time.reason is not None
    assert "this asks for 95.0%" in time.reason
