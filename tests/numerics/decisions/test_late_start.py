"""The noise above which data are their Gaussian: none is named for Gaussian points, and errors need groups."""

import numpy as np
import pytest

from regimes.numerics.collapse.information_bound import information_bound
from regimes.numerics.decisions.components import gaussian_components
from regimes.numerics.decisions.late_start import late_start
from regimes.numerics.posterior.curves import posterior_curves

TIMES = np.geomspace(0.1, 3.0, 16)


def start_of(X, groups=10):
    data = gaussian_components(np.linalg.eigvalsh(np.cov(X.T)))
    curves = posterior_curves(X, TIMES, probes=512, groups=groups)
    return late_start(curves, information_bound(X), data, 0.1)


def test_far_classes_are_told_and_one_gaussian_is_not():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 3))
    assert start_of(X).time is None
    apart = start_of(X + 4.0 * np.sign(rng.standard_normal(600))[:, None] * [1, 0, 0])
    truth = 0.8566  # by quadrature of the entropy of the noised classes along their axis
    assert apart.interval[0] < truth < apart.interval[1]
    assert apart.time == pytest.approx(truth, rel=0.1)


def test_too_few_groups_are_refused():
    with pytest.raises(ValueError, match="at least 5 jackknife groups"):
        start_of(np.random.default_rng(1).standard_normal((100, 2)), groups=3)
