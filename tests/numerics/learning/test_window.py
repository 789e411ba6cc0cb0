"""tau_gen, tau_mem and the window between: simulated modes, scaling with n, and where no window is."""

import itertools
import math

import numpy as np
import pytest

from regimes.numerics.learning.features import random_features
from regimes.numerics.learning.finite_features import gaussian_features
from regimes.numerics.learning.losses import training_losses
from regimes.numerics.learning.spectrum import feature_spectrum
from regimes.numerics.learning.window import learning_window, separating_samples

SIZES = (10_000, 20_000, 40_000)


def window(given, **shares):
    return learning_window(feature_spectrum(given), **shares)


def test_times_are_those_of_simulated_modes():
    given = random_features([1.0], counts=[200], features=1600, samples=800, t=0.1)
    found = window(given)
    values = np.sort(np.linalg.eigvalsh(gaussian_features(given, np.random.default_rng(0)).covariance))
    noise = -math.expm1(-0.2)
    simulated = [given.psi_p / (2 * noise * values[-place]) for place in (200, 201)]
    assert (found.tau_gen, found.tau_mem) == pytest.approx(simulated, rel=0.08)  # edges scatter by d^(-2/3)
    assert found.separate
    assert found.ratio == pytest.approx(simulated[1] / simulated[0], rel=0.08)


def test_tau_mem_is_proportional_to_the_points_and_tau_gen_is_not():
    """bonnaire2025: of orders n/(d Delta_t) and 1/Delta_t, for many features."""
    found = [window(random_features([1.0], counts=[100], features=1e7, samples=n, t=0.1)) for n in SIZES]
    for few, many in itertools.pairwise(found):
        assert many.tau_mem / few.tau_mem == pytest.approx(2, rel=0.1)
        assert many.tau_gen / few.tau_gen == pytest.approx(1, rel=0.05)


def test_the_test_loss_is_least_within_the_window_and_ends_above():
    """White data: the best time to stop is some two times tau_gen, and long after tau_mem the test loss is high."""
    for p, n, t in ((6400, 3200, 0.1), (6400, 3200, 0.01), (64000, 12800, 0.01)):
        given = random_features([1.0], counts=[100], features=p, samples=n, t=t)
        found = window(given)
        times = np.geomspace(found.tau_gen / 30, 300 * found.tau_mem, 60)
        losses = training_losses(given, times)
        assert found.tau_gen < times[np.argmin(losses.test)] < found.tau_mem
        endless = training_losses(given.of_samples(math.inf), 1e12).test[0]
        assert losses.test.min() < 1.005 * endless
        assert losses.test[-1] - losses.train[-1] > 10 * (losses.test - losses.train)[np.argmin(losses.test)]


def test_shares_choose_other_modes():
    given = random_features([1.0], counts=[100], features=800, samples=400, t=0.1)
    all_and_first, most_and_tenth = window(given), window(given, generalised=0.9, memorised=0.1)
    assert most_and_tenth.tau_gen < all_and_first.tau_gen < all_and_first.tau_mem < most_and_tenth.tau_mem
    for shares, words in (({"generalised": 0.0}, r"\(0, 1\], got 0.0"), ({"memorised": 1.5}, r"\[0, 1\], got 1.5")):
        with pytest.raises(ValueError, match=words):
            window(given, **shares)


@pytest.mark.parametrize("eigenvalues", [[1.0, 5.0], [0.3, 1.0, 20.0]])
def test_the_gap_opens_where_it_is_said_to(eigenvalues):
    given = random_features(eigenvalues, counts=[40.0] * len(eigenvalues), features=700, samples=1, t=0.05)
    least = separating_samples(given)
    assert least > 1
    assert not window(given.of_samples(0.99 * least)).separate
    assert window(given.of_samples(1.01 * least)).separate


def test_without_modes_for_the_points_there_is_no_tau_mem():
    few = random_features([1.0], counts=[100], features=80, samples=300, t=0.1)
    assert window(few).tau_mem is None
    assert "no more features than dimensions" in window(few).reason
    assert separating_samples(few) is None
    endless = window(random_features([1.0], counts=[100], features=800, samples=math.inf, t=0.1))
    assert (endless.tau_mem, endless.ratio) == (None, None)
    linear = random_features([1.0], counts=[100], features=800, samples=300, t=0.1, activation="linear")
    assert "share nothing beyond the line" in window(linear).reason


def test_where_no_bulk_lies_below_the_population_the_last_mode_is_at_its_edge():
    for change in ({"samples": math.inf}, {"samples": 300, "activation": "linear"}):
        spectrum = feature_spectrum(random_features([1.0], counts=[100], features=800, t=0.1, **change))
        found = learning_window(spectrum)
        assert (len(spectrum.bulks), found.separate, found.tau_mem) == (1, True, None)
        assert found.eigenvalues[0] == spectrum.bulks[0].low
    hard = feature_spectrum(random_features([1.0], counts=[100], features=100, samples=300, t=0.1, activation="linear"))
    with pytest.raises(ValueError, match="never learned; take more features, or fewer"):
        learning_window(hard)
