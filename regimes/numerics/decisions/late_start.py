"""The largest noise that a sampler needs: above it the noised data are those of the Gaussian of the same covariance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.collapse.corrected_time import leave_one_out_sums
from regimes.numerics.collapse.information_bound import InformationBound
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.components import Components
from regimes.numerics.estimation.jackknife import jackknife_error, student_quantile
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.interface.checks import positive_number
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.theory.formula.record import recorded

__all__ = ["LateStart", "late_start"]

Array = NDArray[np.float64]

_FEWEST_GROUPS = 5
_FEWEST_TIMES = 4
_LARGEST_SLOPE = 0.1  # nats; above, the correction is no longer its own slope in log n
_NORMAL = 1.959963984540054


@dataclass(frozen=True, eq=False)
class LateStart:
    """Divergence of the noised data from the Gaussian of the same mean and covariance, and where it is some nats.

    Attributes
    ----------
    time : float or None
        Ornstein-Uhlenbeck time at which it is so many nats; None where these data cannot tell it from 0 there, and
        ``reason`` says down to which time they cannot.
    interval : tuple of float or None, or None
        95% interval; an end is None where a limit of the divergence does not pass so many nats.
    reason : str or None
        Why there is no time.
    t, divergence, low, high : ndarray
        The divergence with its 95% limits, at the times at which it can be estimated.
    formulas : tuple of str
        Formulas behind the numbers.
    """

    time: float | None
    interval: tuple[float | None, float | None] | None
    reason: str | None
    t: Array
    divergence: Array
    low: Array
    high: Array
    formulas: tuple[str, ...]


def late_start(curves: PosteriorCurves, bound: InformationBound, data: Components, nats: float) -> LateStart:
    """Find the noise at which the noised data are some nats from the Gaussian of the same mean and covariance.

    That divergence is ``I_gauss(s) - I(a; x_s)``, exactly (``late_start_divergence``). The leave-one-out estimate of I
    is high, by as much as it falls with the logarithm of the number of points to first order in 1/n, which leaving
    groups out shows. It is used well above the collapse alone, where that is below 0.1 nats, and is taken to be wrong
    by itself.

    Parameters
    ----------
    curves : PosteriorCurves
        Of points without near copies, with at least 5 jackknife groups.
    bound : InformationBound
        Of the same points: the information of the Gaussian of the population.
    data : Components
        The covariance of the points: how the error of that information changes with the noise.
    nats : float
        Divergence.

    Returns
    -------
    LateStart
        Time, interval, and the curve.

    Raises
    ------
    ValueError
        If there are too few groups, or nats is not positive.

    Notes
    -----
    The limits take the errors of both informations as independent, and so are wide: points far out raise both.
    """
    nats = positive_number("late_start", "nats", "divergence from the Gaussian", nats)
    if curves.jackknife_leave_one_out is None or curves.groups < _FEWEST_GROUPS:
        raise ValueError(
            f"late_start: curves need at least {_FEWEST_GROUPS} jackknife groups, got {curves.groups}; ask for more"
        )
    log_sum, without, slope = leave_one_out_sums(curves)
    with recorded() as used:
        snr = np.asarray(compile_formula("snr", target="numpy")(curves.t))
        outside = (slope > _LARGEST_SLOPE) | (snr > bound.snr[-1])
        first = int(np.flatnonzero(outside)[-1]) + 1 if outside.any() else 0
        if curves.t.size - first < _FEWEST_TIMES:
            return _unknown("the posterior of these points ends too near to their collapse", curves, used)
        t, snr, lost = curves.t[first:], snr[first:], np.maximum(slope[first:], 0.0)
        gaussian = _information(bound, snr)
        of_gaussian = _error(bound, data, snr)
        estimate = np.asarray(
            compile_formula("late_start_divergence", target="numpy")(gaussian, -log_sum[first:] - lost)
        )
    error = student_quantile(curves.groups - 1) * jackknife_error(without[:, first:])
    half = np.sqrt(error**2 + (_NORMAL * of_gaussian) ** 2 + lost**2)
    low, high = estimate - half, estimate + half
    formulas = tuple(dict.fromkeys((*curves.formulas["leave_one_out"], *bound.formulas, *used)))
    crossed, lowest, highest = (_last(t, each, nats) for each in (estimate, low, high))
    if crossed is None or float(np.interp(crossed, t, low)) <= 0:
        undecided = np.flatnonzero(low > 0)
        latest = float(t[min(undecided[-1] + 1, t.size - 1)]) if undecided.size else float(t[0])
        reason = f"above t = {latest:.3g} these data do not tell the noised data from a Gaussian, nor how near they are"
        return LateStart(None, None, reason, t, estimate, low, high, formulas)
    return LateStart(crossed, (lowest, highest), None, t, estimate, low, high, formulas)


def _last(t: Array, curve: Array, level: float) -> float | None:
    found = curve_crossings(t, curve, level)
    return float(found[-1]) if found.size else None


def _information(bound: InformationBound, snr: Array) -> Array:
    """Information of the Gaussian of the population; proportional to snr below where it was found."""
    inside = np.exp(np.interp(np.log(snr), np.log(bound.snr), np.log(bound.information)))
    return np.where(snr < bound.snr[0], snr / bound.snr[0] * bound.information[0], inside)


def _error(bound: InformationBound, data: Components, snr: Array) -> Array:
    """Its standard error: that of the bound in nats at the bound, and elsewhere as the scatter of x.(1/snr + C)^{-1} x.

    Of a Gaussian that scatter is the square root of the sum of (snr lambda/(1 + snr lambda))^2.
    """
    at = bound.estimate * np.array([0.99, 1.01])
    ratios = np.asarray(compile_formula("snr", target="numpy")(np.append(at, bound.estimate)))
    nats = bound.error * abs(float(np.diff(_information(bound, ratios[:2]))[0])) / float(np.diff(at)[0])
    scatter = np.append(ratios[2], snr) * np.sqrt(data.fall(np.append(ratios[2], snr)))
    return np.asarray(nats * scatter[1:] / scatter[0])


def _unknown(reason: str, curves: PosteriorCurves, used: Iterable[str]) -> LateStart:
    none = np.empty(0)
    return LateStart(None, None, reason, none, none, none, none, (*curves.formulas["leave_one_out"], *used))
