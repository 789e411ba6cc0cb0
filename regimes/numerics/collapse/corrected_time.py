"""The collapse time of the population from the posterior of its points, corrected for their number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.collapse.condensed_gap import condensed_gaps
from regimes.numerics.collapse.information_bound import InformationBound
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.jackknife import jackknife_error, student_quantile
from regimes.numerics.estimation.roots import crossings_of_each, curve_crossings
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.data_checks import checked_points
from regimes.numerics.interface.progress import Progress
from regimes.numerics.posterior.curves import PosteriorCurves, posterior_curves
from regimes.theory.formula.record import recorded

__all__ = [
    "FRACTIONS",
    "PART_PROBES",
    "PART_TIMES",
    "CollapseOfSize",
    "CorrectedCollapse",
    "collapse_times_by_size",
    "corrected_collapse_time",
    "corrected_information",
    "leave_one_out_sums",
]

Array = NDArray[np.float64]

_FEWEST_GROUPS = 5
_FEWEST_POINTS = 16
_UNSURE = 0.1
_SMALLEST_CLASS = 4.0
FRACTIONS, PART_TIMES, PART_PROBES = (8, 4, 2), 16, 1024
"""Parts of the points of which collapse times are found as well, with so many times and noised points each."""


@dataclass(frozen=True)
class CorrectedCollapse:
    """Solution of I(a; x_t) = log n.

    Attributes
    ----------
    time : float or None
        Ornstein-Uhlenbeck time; None where there is none, and ``reason`` says why.
    interval : tuple of float or None
        95% interval over the data, the probes and what the correction leaves.
    error : float or None
        Standard error over data and probes alone, by the jackknife.
    uncorrected : float or None
        Zero of the leave-one-out excess entropy.
    gap : float or None
        Nats by which the leave-one-out estimate of ``log n - I`` is low at the time.
    unsure : tuple of float or None
        How far the time may lie too high and too low by the correction: a tenth of the gap, and below also what the gap
        loses if the points fall into as many as sqrt(n) separate classes, as times.
    reason : str or None
        Why there is no time.
    formulas : tuple of str
        Formulas behind the time.
    """

    time: float | None
    interval: tuple[float, float] | None
    error: float | None
    uncorrected: float | None
    gap: float | None
    unsure: tuple[float, float] | None
    reason: str | None
    formulas: tuple[str, ...] = ()


@dataclass(frozen=True)
class CollapseOfSize:
    """Collapse time of a number of points that is part of the data, averaged over disjoint parts; None without one."""

    n: int
    time: float | None
    error: float | None


def corrected_collapse_time(curves: PosteriorCurves) -> CorrectedCollapse:
    """Find the time at which x_t carries log n nats about its data point, from the posterior over n points.

    The leave-one-out excess entropy ``log n + E log S`` is low: the sum S over finitely many points falls short of its
    mean, by a gap that is 0.7 nats at the collapse time of many dimensions and more in few. There the gap is a function
    of its own slope in log n, which is seen by leaving groups of points out. So the time is the root of::

        log n + E log S + gap(d E log S / d log n) = 0

    Parameters
    ----------
    curves : PosteriorCurves
        With at least 5 jackknife groups.

    Returns
    -------
    CorrectedCollapse
        Time, interval, and what was corrected.

    Raises
    ------
    ValueError
        If there are too few groups.

    Notes
    -----
    Derived (``poisson_sum_exponent``, ``poisson_sum_gap_integrand``, ``tilted_energy_scale``): the gap of isotropic
    Gaussian points in the dimension that has the measured slope. Sampled gaps of other points differ by a tenth.
    Separate classes have the gap of the points of one class, which is smaller: of 400 points in ten of them by 0.15, so
    that the time comes out 2% low; the interval reaches further up for that.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(400, 40))  # the truth is 0.676
    >>> found = corrected_collapse_time(posterior_curves(X, np.geomspace(0.4, 1.0, 16)))
    >>> round(found.time, 2), round(found.uncorrected, 2)
    (0.68, 0.72)
    """
    if curves.jackknife_leave_one_out is None or curves.groups < _FEWEST_GROUPS:
        raise ValueError(
            f"corrected_collapse_time: curves need at least {_FEWEST_GROUPS} jackknife groups, which show how the "
            f"posterior changes with the number of points, got {curves.groups}; ask posterior_curves for more groups"
        )
    t, n, groups = curves.t, curves.n, curves.groups
    with recorded() as used:
        log_n = float(np.log(n))
        log_sum, without, slope = leave_one_out_sums(curves)
        gap = np.interp(slope, *condensed_gaps(float(n)))
        one_class = condensed_gaps(max(float(np.sqrt(n)), _SMALLEST_CLASS))
    names = tuple(dict.fromkeys((*curves.formulas["leave_one_out"], *used)))
    excess = log_n + log_sum + gap
    roots = curve_crossings(t, excess, 0.0)
    plain = curve_crossings(t, log_n + log_sum, 0.0)
    before = float(plain[-1]) if plain.size else None
    if roots.size == 0:
        side = "above" if excess.min() > 0 else "below"
        reason = f"log n - I(a; x_t) stays {side} 0 for t from {t[0]:.3g} to {t[-1]:.3g}"
        return CorrectedCollapse(None, None, None, before, None, None, reason, names)
    time = float(roots[-1])
    at_time = float(np.interp(time, t, gap))
    per_nat = 1 / abs(float(np.interp(time, t, np.gradient(excess, t))))
    apart = at_time - float(np.interp(np.interp(time, t, slope), *one_class))
    unsure = _UNSURE * at_time * per_nat, max(_UNSURE * at_time, apart) * per_nat
    left_out = crossings_of_each(t, log_n + without + gap, 0.0)
    if any(each.size == 0 for each in left_out):
        return CorrectedCollapse(time, None, None, before, at_time, unsure, None, names)
    error = float(jackknife_error([each[-1] for each in left_out]))
    below, above = (float(np.hypot(student_quantile(groups - 1) * error, part)) for part in unsure)
    interval = max(time - below, 0.0), time + above
    return CorrectedCollapse(time, interval, error, before, at_time, unsure, None, names)


def corrected_information(curves: PosteriorCurves, t: float) -> tuple[float, tuple[float, float], tuple[str, ...]]:
    """I(a; x_t) of the population in nats, its 95% interval and the formulas, at a time within those of the curves.

    The correction is that of :func:`corrected_collapse_time`; the interval reaches to what is estimated without it.
    Below the collapse time, where it exceeds log n, it is no estimate any more.
    """
    with recorded() as used:
        log_sum, without, slope = leave_one_out_sums(curves)
        slopes, gaps = condensed_gaps(float(curves.n))
    gap = np.interp(slope, slopes, gaps)
    # Where the sum averages itself, the gap is half of its relative variance, which falls as 1/n: it vanishes with the
    # slope. Up to the collapse it lies between nothing and what it is there.
    few = slope < slopes[0]
    gap = np.where(few, gaps[0] * np.maximum(slope, 0.0) / slopes[0], gap)
    below = np.where(few, gap, _UNSURE * gap)
    noise = student_quantile(curves.groups - 1) * jackknife_error(without)
    wanted = -(log_sum + gap), np.hypot(noise, below), np.hypot(noise, gap)
    information, low, high = (float(np.interp(np.log(t), np.log(curves.t), curve)) for curve in wanted)
    interval = max(information - low, 0.0), max(information + high, 0.0)
    return max(information, 0.0), interval, tuple(dict.fromkeys((*curves.formulas["leave_one_out"], *used)))


def leave_one_out_sums(curves: PosteriorCurves) -> tuple[Array, Array, Array]:
    """``E log S`` less log n, minus the leave-one-out estimate of I(a; x_t); without each group; its slope in log n."""
    n, groups = curves.n, curves.groups
    if curves.jackknife_leave_one_out is None:
        raise ValueError("leave_one_out_sums: curves need jackknife groups; ask posterior_curves for them")
    fewer = np.log([n - len(range(group, n, groups)) for group in range(groups)])[:, None]
    log_sum = (curves.leave_one_out - 1) * np.log(n)
    without = (curves.jackknife_leave_one_out - 1) * fewer
    return log_sum, without, ((log_sum - without) / (np.log(n) - fewer)).mean(axis=0)


def collapse_times_by_size(
    X: ArrayLike,
    bound: InformationBound,
    *,
    probes: int = PART_PROBES,
    rng: int | np.random.Generator = 0,
    memory: int = 2 * 2**30,
) -> tuple[CollapseOfSize, ...]:
    """Collapse times of an eighth, a quarter and a half of the points, each with its own reference points.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points.
    bound : InformationBound
        Of the same points; it says where to look.
    probes : int
        Noised points of each size in all: 1024 give an error of the probes of about 0.1 nats.
    rng : int or numpy.random.Generator
        Seed or generator of the parts and of the noise.
    memory : int
        Bytes for working arrays, beyond X.

    Returns
    -------
    tuple of CollapseOfSize
        Ascending in n; sizes below 16 points, and those that do not fit, are left out. An eighth is averaged over four
        disjoint parts, a quarter over two.

    Notes
    -----
    Derived; see :func:`corrected_collapse_time`. The errors are those of data and probes.
    """
    points = checked_points("collapse_times_by_size", X)
    probes = whole_number("collapse_times_by_size", "probes", "noised points", probes, at_least=8)
    draws = generator(Stream.COLLAPSE_PARTS, rng)
    n, a_point = len(points.values), points.mean.size * points.values.dtype.itemsize
    found = []
    sizes = {n // fraction: fraction // 2 for fraction in FRACTIONS if n // fraction >= _FEWEST_POINTS}
    sizes = {size: parts for size, parts in sizes.items() if 3 * size * a_point <= memory}
    done, work = 0, sum(size * parts * -(-probes // parts) for size, parts in sizes.items())
    for size, parts in sizes.items():
        times = _times(bound, size)
        order = draws.permutation(n)
        values = []
        for part in range(parts):
            some = points.values[order[part * size : (part + 1) * size]]
            left = max(memory - some.nbytes, 1)
            told = partial(_told, points.report, done, size, work)
            curves = posterior_curves(some, times, probes=-(-probes // parts), rng=draws, memory=left, progress=told)
            del some  # before others are read
            done += size * curves.probes
            values.append(corrected_collapse_time(curves))
        found.append(_average(size, values))
    return tuple(found)


def _told(report: Progress, before: int, size: int, work: int, _: str, done: int, probes: int) -> None:
    report("collapse of fewer points", before + size * done, work)


def _times(bound: InformationBound, n: int) -> Array:
    """Times below and about the bound for n points."""
    log_snr = np.interp(np.log(n), bound.information, np.log(bound.snr))
    latest = float(compile_formula("time_from_log_snr", target="numpy")(log_snr))
    return np.geomspace(0.15 * latest, 1.3 * latest, PART_TIMES)


def _average(n: int, values: list[CorrectedCollapse]) -> CollapseOfSize:
    times = [value.time for value in values if value.time is not None]
    errors = [value.error for value in values if value.error is not None]
    if len(times) < len(values):
        return CollapseOfSize(n, None, None)
    error = float(np.sqrt(np.sum(np.square(errors))) / len(values)) if len(errors) == len(values) else None
    return CollapseOfSize(n, float(np.mean(times)), error)
