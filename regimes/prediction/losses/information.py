"""What a denoiser knows: the integral of its loss, on the points it was trained on and on others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.spline import Spline
from regimes.prediction.losses.curve import LossCurve

__all__ = ["LossInformation", "information_from_losses", "loss_spline", "variance_per_direction"]

Array = NDArray[np.float64]
Basis = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class LossInformation:
    """Information ``J(t) = 1/2 int_0^{snr(t)} loss dsnr`` in nats.

    For the posterior mean J is ``I(a; x_t)``, and for any other denoiser more. With the exact score of n training
    points ``J_train = log n - d f^e`` never exceeds log n, while J_test does: ``G = J_test - J_train`` tells a denoiser
    that has memorised from one that generalises, for which both are I and G vanishes.

    Attributes
    ----------
    t, snr : ndarray, shape (T,)
        Noise levels.
    train, train_se : ndarray, shape (T,)
        J on the training points; the error is that of the noise.
    test, test_se : ndarray, shape (T,), or None
        J on other points.
    gap, gap_se : ndarray, shape (T,), or None
        G; noise and points of the two sets are independent.
    train_tail, test_tail : float or None
        Largest error of the part between snr = 0 and the smallest snr, where the loss lies between its value there and
        that without a signal.
    train_quadrature, test_quadrature : ndarray, shape (T,), or None
        Estimate of the error of the integral: what half of the times would change.
    errors : {"covariance", "bound"}
        Where standard errors come from: the covariance over times, or, for losses from a file, the bound that errors at
        all times are the same.
    """

    t: Array
    snr: Array
    train: Array
    train_se: Array
    test: Array | None
    test_se: Array | None
    gap: Array | None
    gap_se: Array | None
    train_tail: float
    test_tail: float | None
    train_quadrature: Array
    test_quadrature: Array | None
    errors: str


def information_from_losses(curve: LossCurve) -> LossInformation:
    """Integrate the losses over the signal-to-noise ratio.

    Parameters
    ----------
    curve : LossCurve
        Losses at two or more times. The smallest snr should be small against the inverse of the largest eigenvalue of
        the covariance, so that little is left below it (``train_tail``).

    Returns
    -------
    LossInformation
        J on both sets and their difference, with errors.

    Raises
    ------
    ValueError
        If there are fewer than two times.

    Notes
    -----
    dI/dsnr = mmse/2 (Guo, Shamai, Verdu 2005). With the exact score of n points the law of the data is uniform over
    them, so that ``I = log n - H(index | x_t)``, and H is ``d f^e`` (``index_entropy``). The integral is of a cubic
    spline. Below the smallest snr the loss is taken as the mean of its value there and of its value without a signal,
    with half their difference as the error; where the latter is unknown, it is extrapolated from the last two times.

    Examples
    --------
    Standard normal data in d = 3 have the loss ``3/(1 + snr)``, and J is ``3/2 log(1 + snr)``.

    >>> t = np.geomspace(0.05, 5, 30)
    >>> snr = 1 / np.expm1(2 * t)
    >>> curve = LossCurve(t, snr, 3 / (1 + snr), np.zeros(30), None, None, 3.0, None)
    >>> bool(np.allclose(information_from_losses(curve).train, 1.5 * np.log1p(snr), rtol=1e-5))
    True
    """
    if curve.t.size < 2:
        raise ValueError(f"information_from_losses: the curve must have at least 2 times, got {curve.t.size}")
    train = _integral(curve.snr, curve.train_loss, curve.train_se, curve.train_covariance, curve.train_variance)
    test = None
    if curve.test_loss is not None and curve.test_se is not None:
        test = _integral(curve.snr, curve.test_loss, curve.test_se, curve.test_covariance, curve.test_variance)
    return LossInformation(
        t=curve.t,
        snr=curve.snr,
        train=train.value,
        train_se=train.se,
        test=None if test is None else test.value,
        test_se=None if test is None else test.se,
        gap=None if test is None else test.value - train.value,
        gap_se=None if test is None else np.hypot(test.se, train.se),
        train_tail=train.tail,
        test_tail=None if test is None else test.tail,
        train_quadrature=train.quadrature,
        test_quadrature=None if test is None else test.quadrature,
        errors="bound" if curve.train_covariance is None else "covariance",
    )


@dataclass(frozen=True, eq=False)
class _Integral:
    value: Array
    se: Array
    tail: float
    quadrature: Array


def _integral(snr: Array, loss: Array, se: Array, covariance: Array | None, variance: float | None) -> _Integral:
    smallest = snr[-1]
    silent = loss[-1] + (loss[-1] - loss[-2]) * smallest / (snr[-2] - smallest) if variance is None else variance
    spread = variance_per_direction(silent, loss[::-1], snr[::-1])
    every_time = np.arange(snr.size)
    weights = _weights(snr, spread, every_time)
    weights[:, -1] += smallest / 4
    # Every other time, counted from the smallest snr, and the largest.
    halved = _weights(snr, spread, np.unique([0, *every_time[::-1][::2]]))
    halved[:, -1] += smallest / 4
    if covariance is None:
        error = np.abs(weights) @ se
    else:
        error = np.sqrt(np.einsum("ki,ij,kj->k", weights, covariance, weights))
    return _Integral(
        value=weights @ loss + smallest * silent / 4,
        se=error,
        tail=float(smallest * abs(silent - loss[-1]) / 4),
        quadrature=np.abs((weights - halved) @ loss),
    )


def variance_per_direction(silent: float, loss: Array, snr: Array) -> float:
    """Total variance over the limit of snr loss, the number of directions that matter; ratios rise."""
    reach = float(loss[-1] * snr[-1])
    return silent / reach if reach > 0 and silent > 0 else 1 / float(np.sqrt(snr[0] * snr[-1]))


def loss_spline(snr: Array, spread: float, kept: NDArray[np.intp]) -> tuple[Basis, Basis]:
    """Maps of losses at rising ratios to the loss at any of them, and to ``1/2 int loss dsnr`` from the first one.

    In the variable ``w = log(1 + spread snr)/spread`` the integrand is ``(1 + spread snr) loss/2``, which varies
    little: it is constant for isotropic Gaussian data. Only losses at ``kept`` count.
    """

    def variable(ratio: Array) -> Array:
        return np.asarray(np.log1p(spread * ratio) / spread)

    if not np.all(np.diff(variable(snr[kept])) > 0):
        raise ValueError("losses must be at noise levels that differ by more than rounding; leave some out")
    values = np.zeros((kept.size, snr.size))
    slope = compile_formula("information_slope", target="numpy")
    values[np.arange(kept.size), kept] = slope(1 + spread * snr[kept])
    spline = Spline(variable(snr[kept]), values)  # it is linear in its values
    integral = spline.antiderivative()
    return (
        lambda ratio: np.asarray(spline(variable(ratio)) / slope(1 + spread * ratio)[:, None]),
        lambda ratio: np.asarray(integral(variable(ratio))),
    )


def _weights(snr: Array, spread: float, kept: NDArray[np.intp]) -> Array:
    """Matrix that maps losses, the smallest ratio last, to their integral from there to each of them."""
    rising = np.sort(snr.size - 1 - kept)
    return loss_spline(snr[::-1], spread, rising)[1](snr)[:, ::-1]
