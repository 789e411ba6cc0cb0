"""Losses between their noise levels: what steps cost a model, how much it knows; Gaussians in closed form."""

import itertools

import numpy as np
import pytest

from regimes.numerics.decisions.components import gaussian_components
from regimes.numerics.decisions.step_divergence import path_divergence
from regimes.numerics.decisions.step_grid import step_grid
from regimes.prediction.losses.curve import LossCurve
from regimes.prediction.losses.held_out import held_out_losses

VARIANCES = np.geomspace(20, 0.02, 12)
DATA = gaussian_components(VARIANCES)
GRIDS = [step_grid(np.append(0.0, np.geomspace(1e-3, 40, 20))), step_grid(np.append(0.0, np.geomspace(0.01, 49, 6)))]


def curve(loss, se=0.0, levels=40, **options):
    t = np.geomspace(0.01, 5, levels)
    snr = 1 / np.expm1(2 * t)
    values = loss(snr)
    return LossCurve(t, snr, values, se * values, values, se * values, VARIANCES.sum(), VARIANCES.sum(), **options)


def model_loss(weight, snr, variance):
    """Of a model that takes ``weight`` times y for the posterior mean."""
    return (1 - weight * snr) ** 2 * variance + weight**2 * snr


@pytest.mark.parametrize("grid", GRIDS)
def test_exact_model_of_a_gaussian(grid):
    losses = held_out_losses(curve(DATA.mmse), VARIANCES.sum())
    assert losses.added_by_steps(grid)[0] == pytest.approx(path_divergence(grid, DATA), rel=1e-3)
    for snr in (1e-3, 0.5, 40.0):
        known, error = losses.information(snr)
        assert known == pytest.approx(0.5 * np.log1p(snr * VARIANCES).sum(), rel=1e-4)
        assert 0 <= error < 0.01 * known


def chain_divergence(coarse, parts, weight_of, variance):
    """Nats between the path of one Gaussian component and a chain whose drift is held over each coarse step.

    Both are cut into short steps, whose laws given the past are normal; y has the covariance s r variance + min(s, r).
    """
    total = 0.0
    for begin, end in itertools.pairwise(coarse):
        short = np.linspace(begin, end, parts + 1)
        s, gain = short[:-1], np.diff(short)
        left = variance / (1 + s * variance)
        held = weight_of(begin)
        drift = (
            left**2 * (s**2 * variance + s)
            - 2 * left * held * (s * begin * variance + np.minimum(s, begin))
            + held**2 * (begin**2 * variance + begin)
        )
        total += (0.5 * (gain * left - np.log1p(gain * left)) + 0.5 * gain * drift).sum()
    return total


@pytest.mark.parametrize("grid", GRIDS)
def test_a_model_that_is_wrong(grid):
    """Steps of a grid cost what they cost the chain itself, less what the chain in short steps costs."""

    def weight(snr, variance):
        return 0.7 * variance / (1 + snr * variance) + 0.05 / (1 + snr)

    coarse = np.asarray(grid.snr)
    fine = np.unique(np.concatenate([np.linspace(a, b, 401) for a, b in itertools.pairwise(coarse)]))
    expected = sum(
        chain_divergence(coarse, 400, lambda s, v=v: weight(s, v), v)
        - chain_divergence(fine, 1, lambda s, v=v: weight(s, v), v)
        for v in VARIANCES
    )
    losses = held_out_losses(
        curve(lambda snr: sum(model_loss(weight(snr, v), snr, v) for v in VARIANCES), levels=80), VARIANCES.sum()
    )
    assert losses.added_by_steps(grid)[0] == pytest.approx(expected, rel=5e-3)


def test_errors_of_losses_are_those_of_what_is_made_of_them():
    """Independent noise of known size: the scatter over draws is the error, and half of the levels change little."""
    exact = curve(DATA.mmse)
    size = 0.01 * exact.test_loss
    rng = np.random.default_rng(0)
    found = []
    for _ in range(400):
        noisy = exact.test_loss + size * rng.normal(size=size.size)
        given = LossCurve(
            exact.t, exact.snr, noisy, size, noisy, size, VARIANCES.sum(), VARIANCES.sum(), None, np.diag(size**2)
        )
        losses = held_out_losses(given, VARIANCES.sum())
        found.append([*losses.added_by_steps(GRIDS[1]), *losses.information(10.0)])
    added, added_error, known, known_error = np.array(found).T
    plain = held_out_losses(exact, VARIANCES.sum())
    of_exact = plain.added_by_steps(GRIDS[1])[0], plain.information(10.0)[0]
    for values, errors, expected in zip((added, known), (added_error, known_error), of_exact, strict=True):
        assert np.sqrt(np.mean(errors**2)) > 0.9 * values.std(ddof=1)
        assert abs(values.mean() - expected) <= 4 * values.std() / np.sqrt(values.size)
    apart = held_out_losses(
        LossCurve(exact.t, exact.snr, exact.test_loss, size, exact.test_loss, size, None, None), VARIANCES.sum()
    )
    assert apart.added_by_steps(GRIDS[1])[1] > np.sqrt(np.mean(added_error**2)) / 2
    assert apart.loss[0] == VARIANCES.sum()


def test_losses_that_cannot_be_used():
    t = np.geomspace(0.01, 5, 10)
    snr = 1 / np.expm1(2 * t)
    train = LossCurve(t, snr, DATA.mmse(snr), 0 * t, None, None, None, None)
    with pytest.raises(ValueError, match="those on other points of the same law as well"):
        held_out_losses(train, 1.0)
    with pytest.raises(ValueError, match="3 noise levels at least, got 2"):
        held_out_losses(curve(DATA.mmse, levels=2), 1.0)
    losses = held_out_losses(curve(DATA.mmse), 1.0)
    assert losses.reach(losses.snr[-1])
    assert not losses.reach(1.01 * losses.snr[-1])
    assert losses.least_time == pytest.approx(0.01)


def test_what_was_not_measured_between_no_signal_and_the_first_level_is_in_the_error():
    """Two far classes lose most of their variance there: J is at least the information by its error."""
    x = np.linspace(-12, 12, 4001)
    normal = np.exp(-(x**2) / 2)

    def loss(snr):  # of +-10 with a variance of 1e-3 about each, by quadrature over the noise
        signal = 100 * snr[:, None]
        y = signal + np.sqrt(signal) * x
        return 100 * ((1 - np.tanh(y)) * normal).sum(axis=1) / normal.sum() + 1e-3 / (1 + 1e-3 * snr)

    def losses(first):
        snr = np.geomspace(1e4, first, 30)
        t = np.log1p(1 / snr) / 2
        of = loss(snr)
        return held_out_losses(LossCurve(t, snr, of, 0 * t, of, 0 * t, None, None), 100.001)

    fine, coarse = losses(1e-4), losses(0.1)
    exact, small = fine.information(5e3)
    assert exact == pytest.approx(np.log(2) + 0.5 * np.log1p(5), rel=0.01)
    assert small < 0.1
    value, error = coarse.information(5e3)
    assert value + error > exact
    assert error > 1
