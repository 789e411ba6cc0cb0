"""Losses of a trained model beside those of the exact empirical score of its training points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.posterior.curves import PosteriorCurves
from regimes.prediction.dataset.intervals import FEWEST_GROUPS, NORMAL, normal_interval
from regimes.prediction.losses.curve import LossCurve
from regimes.prediction.losses.information import information_from_losses

__all__ = ["READ_AT", "LossComparison", "checked_losses", "compared_losses", "memory_verdict"]

READ_AT = (
    0.5  # of the collapse time, where G is read: nearer to it networks that overfit have much of the exact one too
)
_MEMORY = 0.5  # of G of the exact empirical score
_SILENT = 0.1
_SAME_VARIANCE = 0.02  # of the total variance: another scale or other points are off by more

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LossComparison:
    """What the losses of a model say of its collapse; all in nats, ``J = 1/2 int_0^{snr(t)} loss dsnr``.

    An error of J holds that of the losses, what half of the times would change, and the largest error of the part below
    the smallest snr; without the covariance of the losses it is an upper bound. ``*_exact`` are of the exact empirical
    score: ``log n - d f^e``, ``log n - d f`` with the own point left out, and their difference, at the times
    ``exact_t`` within the curves of the prediction; their errors are over probes, that of J_test over the data too.
    """

    t: Array
    J_train: Array
    J_train_se: Array
    J_test: Array | None
    J_test_se: Array | None
    G: Array | None
    G_se: Array | None
    t_C_test: float | None
    t_C_test_interval: tuple[float, float] | None
    log_n: float
    exact_t: Array
    J_train_exact: Array
    J_train_exact_se: Array
    J_test_exact: Array
    J_test_exact_se: Array
    G_exact: Array
    G_exact_se: Array
    read_at: float | None
    share: float | None
    share_se: float | None
    verdict: str | None


def checked_losses(
    function: str, losses: str | Path | LossCurve, n: int, total_variance: float
) -> tuple[LossCurve, tuple[str, ...]]:
    """Losses, read where they are a file, and what speaks against their being of these training points."""
    curve = losses if isinstance(losses, LossCurve) else LossCurve.load_csv(losses)
    if curve.n_train not in (None, n):
        raise ValueError(
            f"{function}: losses must be those of a model trained on the points of the data set, got losses on "
            f"{curve.n_train} training points and data of {n}; give the data that the model was trained on"
        )
    silent, allowed = curve.train_variance, _SAME_VARIANCE
    if silent is None and curve.snr[-1] * total_variance < _SILENT:  # next to no signal, which takes no more off
        silent, allowed = float(curve.train_loss[-1]), _SILENT
    if silent is None or abs(silent - total_variance) <= allowed * total_variance:
        return curve, ()
    return curve, (
        f"the training loss without a signal is {silent:.4g}, while the points as preprocessed have the total variance "
        f"{total_variance:.4g}: the losses are of other points or of another scale",
    )


def compared_losses(
    losses: LossCurve, n: int, curves: PosteriorCurves, span: tuple[float, float], collapse_time: float | None
) -> tuple[LossComparison, dict[str, str]]:
    """Integrate the losses and hold their gap against that of the exact empirical score.

    Derived in docs/experiments/digits-collapse (guo2005, verdu2010). The two curves of the exact score rise with the
    same sum over points, so the error of their difference is at most that of independent ones.
    """
    log_n, reasons = float(np.log(n)), {}
    found = information_from_losses(losses)
    train = found.train, _whole_error(found.train_se, found.train_quadrature, found.train_tail)
    test = gap = None
    if found.test is not None and found.test_se is not None:
        test = found.test, _whole_error(found.test_se, found.test_quadrature, found.test_tail)
        gap = test[0] - train[0], np.hypot(test[1], train[1])
    exact = _ExactScore(curves, n, span)
    crossing: tuple[float | None, tuple[float, float] | None] = None, None
    if test is None:
        for name in ("t_C_test", "share"):
            reasons[name] = "the losses are those on training points alone; measure them on other points too"
    else:
        crossing, reason = _crossing(found.t, *test, log_n)
        reasons |= {} if reason is None else {"t_C_test": reason}
    at = None if collapse_time is None else READ_AT * collapse_time
    share: tuple[float, float] | None = None
    if gap is not None:
        share, reason = _share(at, found.t, *gap, exact)
        reasons |= {} if reason is None else {"share": reason}
    inside = found.t[(found.t >= exact.t[0]) & (found.t <= exact.t[-1])]
    return LossComparison(
        t=found.t,
        J_train=train[0],
        J_train_se=train[1],
        J_test=None if test is None else test[0],
        J_test_se=None if test is None else test[1],
        G=None if gap is None else gap[0],
        G_se=None if gap is None else gap[1],
        t_C_test=crossing[0],
        t_C_test_interval=crossing[1],
        log_n=log_n,
        exact_t=inside,
        **exact.at(inside),
        read_at=at,
        share=None if share is None else share[0],
        share_se=None if share is None else share[1],
        verdict=None if share is None else memory_verdict(*share),
    ), reasons


class _ExactScore:
    """J of the exact empirical score at any time within the curves, by a cubic spline in log t."""

    def __init__(self, curves: PosteriorCurves, n: int, span: tuple[float, float]) -> None:
        kept = (curves.t >= span[0]) & (curves.t <= span[1])
        self.t, log_n = curves.t[kept], np.log(n)
        self._values = log_n * (1 - np.stack([curves.excess_entropy, curves.leave_one_out])[:, kept])
        errors = log_n * np.stack([curves.excess_entropy_se, curves.leave_one_out_se])
        # Training points are given, others stand for the law: their choice is an error of J_test alone.
        replicates = curves.jackknife_leave_one_out
        if replicates is not None and len(replicates) >= FEWEST_GROUPS:
            left_out = np.log(n - n / len(replicates)) * (1 - replicates)
            errors[1] = np.maximum(errors[1], jackknife_error(left_out))
        self._errors = errors[:, kept]

    def at(self, t: Array) -> dict[str, Array]:
        from scipy.interpolate import CubicSpline

        place, wanted = np.log(self.t), np.log(t)
        train, test = CubicSpline(place, self._values, axis=1)(wanted)
        train_se, test_se = (np.interp(wanted, place, errors) for errors in self._errors)
        return {
            "J_train_exact": train,
            "J_train_exact_se": train_se,
            "J_test_exact": test,
            "J_test_exact_se": test_se,
            "G_exact": test - train,
            "G_exact_se": np.hypot(test_se, train_se),
        }


def _whole_error(se: Array, quadrature: Array | None, tail: float | None) -> Array:
    return np.sqrt(se**2 + (0 if quadrature is None else quadrature) ** 2 + (tail or 0) ** 2)


def _crossing(
    t: Array, J: Array, error: Array, log_n: float
) -> tuple[tuple[float | None, tuple[float, float] | None], str | None]:
    """Last time at which J on test points passes log n."""
    crossings = curve_crossings(t, J, log_n)
    if crossings.size == 0:
        side, which, end = ("below", "smaller", J[0]) if J[0] < log_n else ("above", "larger", J[-1])
        return (None, None), (
            f"J on test points stays {side} log n = {log_n:.4g} for t from {t[0]:.3g} to {t[-1]:.3g} (it reaches "
            f"{end:.4g}); measure the losses at {which} times"
        )
    time = float(crossings[-1])
    slope = abs(float(np.interp(np.log(time), np.log(t), np.gradient(J, np.log(t)))))
    spread = float(np.interp(np.log(time), np.log(t), error))
    return (time, normal_interval(time, time * spread / slope) if slope > 0 and spread > 0 else None), None


def _share(
    at: float | None, t: Array, G: Array, error: Array, exact: _ExactScore
) -> tuple[tuple[float, float] | None, str | None]:
    """G over that of the exact score at half of the collapse time, with its error."""
    from scipy.interpolate import PchipInterpolator

    if at is None:
        return None, "no collapse time is predicted, at half of which the gaps are compared"
    for what, times in (("losses", t), ("curves", exact.t)):
        if not times[0] <= at <= times[-1]:
            side, end = ("below the smallest", times[0]) if at < times[0] else ("above the largest", times[-1])
            advice = "; measure the losses there too" if what == "losses" else ""
            return None, (
                f"half of the predicted collapse time, t = {at:.4g}, lies {side} time of the {what}, t = {end:.4g}"
                f"{advice}"
            )
    of_exact = exact.at(np.array([at]))
    whole, whole_se = float(of_exact["G_exact"][0]), float(of_exact["G_exact_se"][0])
    if whole <= NORMAL * whole_se:
        return None, f"the gap of the exact empirical score at t = {at:.4g}, {whole:.3g} nats, is within its error"
    share = float(PchipInterpolator(np.log(t), G)(np.log(at))) / whole
    own = float(np.interp(np.log(at), np.log(t), error)) / whole
    return (share, float(np.hypot(own, share * whole_se / whole))), None


def memory_verdict(share: float, se: float) -> str:
    """Memorises above 1/2 by 1.96 standard errors, generalises below it by as much; else undecided."""
    if share - NORMAL * se > _MEMORY:
        return "memorises"
    return "generalises" if share + NORMAL * se < _MEMORY else "undecided"
