"""Information behind losses per noise level, against the closed form of Gaussian data."""

import numpy as np
import pytest

from regimes.prediction.losses.curve import LossCurve
from regimes.prediction.losses.information import information_from_losses

VARIANCES = np.array([3.0, 1.0, 0.2])


def snr_of(t):
    return 1 / np.expm1(2 * np.asarray(t))


def test_a_table_of_another_program(tmp_path):
    """Any order, the clock of the user, spaces, and no errors; the loss without a signal is extrapolated."""
    snr = np.geomspace(1e-4, 100, 60)
    rows = [f" {s:.12g} , {(VARIANCES / (1 + s * VARIANCES)).sum():.12g}, extra" for s in snr[::-1]]
    place = tmp_path / "losses.csv"
    place.write_text("\n".join([" snr, train_loss, note", *np.random.default_rng(0).permutation(rows), ""]))
    curve = LossCurve.load_csv(place)
    assert curve.train_variance is None
    assert not curve.train_se.any()
    found = information_from_losses(curve)
    assert np.all(np.diff(curve.t) > 0)
    J = np.log1p(curve.snr[:, None] * VARIANCES).sum(axis=1) / 2
    np.testing.assert_allclose(found.train, J, rtol=2e-5)
    assert np.all(np.abs(found.train - J) < found.train_quadrature + found.train_tail + 1e-12)


def test_the_part_below_the_smallest_snr_is_within_its_bound():
    t = np.geomspace(0.05, 1.0, 15)  # the last snr is 0.16: much is left below
    snr = snr_of(t)[:, None]
    exact = np.log1p(snr * VARIANCES).sum(axis=1) / 2
    loss = (VARIANCES / (1 + snr * VARIANCES)).sum(axis=1)
    none = np.zeros_like(loss)
    found = information_from_losses(LossCurve(t, snr[:, 0], loss, none, None, None, VARIANCES.sum(), None))
    assert found.train_tail > 0.01
    # Half of the loss there, or half of that without a signal, all the way down: nothing lies further off.
    ends = snr[-1, 0] * np.array([loss[-1], VARIANCES.sum()]) / 2
    assert found.train[-1] == pytest.approx(ends.mean(), rel=1e-12)
    assert found.train_tail == pytest.approx(np.ptp(ends) / 2, rel=1e-12)
    assert np.all(np.abs(found.train - exact) < found.train_tail + found.train_quadrature)


def test_errors_of_both_sets_add_in_squares():
    """Independent sets with errors as 3 to 4: their difference has 5."""
    t = np.geomspace(0.05, 5, 30)
    loss = (VARIANCES / (1 + snr_of(t)[:, None] * VARIANCES)).sum(axis=1)
    curve = LossCurve(t, snr_of(t), loss, 0.03 * loss, loss, 0.04 * loss, VARIANCES.sum(), VARIANCES.sum())
    found = information_from_losses(curve)
    np.testing.assert_allclose(3 * found.gap_se, 5 * found.train_se, rtol=1e-12)
    np.testing.assert_allclose(4 * found.gap_se, 5 * found.test_se, rtol=1e-12)


def test_one_time_is_too_few():
    one = np.ones(1)
    with pytest.raises(ValueError, match="the curve must have at least 2 times, got 1"):
        information_from_losses(LossCurve(one, one, one, one, None, None, None, None))
