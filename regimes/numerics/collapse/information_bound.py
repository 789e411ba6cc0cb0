"""The Gaussian bound on the collapse time of a population, from points that are few: estimate and upper limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.jackknife import student_quantile
from regimes.numerics.estimation.spline import Spline
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import check_memory, whole_number
from regimes.numerics.interface.data_checks import Points, checked_points
from regimes.numerics.posterior.eigenvalues import Centred
from regimes.theory.formula.record import recorded

__all__ = [
    "InformationBound",
    "InformationLimit",
    "information_bound",
    "information_limit",
    "some_points",
    "squared_projections",
]

Array = NDArray[np.float64]

_FEWEST = 8
_ENOUGH = 2  # times as many points as dimensions, with which the covariance is told at any noise
_MOST = 2048
_BLOCK_BYTES = 2**25
_STEP = 0.2
_BATCH = 16
_MOST_STEPS = 400
_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class InformationBound:
    """Time at which a Gaussian with the population's covariance would collapse.

    Attributes
    ----------
    estimate : float
        Root t of ``1/2 sum_i log(1 + snr lambda_i) = log n``, lambda_i the population's eigenvalues.
    upper : float
        Upper limit of the root, one-sided 95% over the draw of the points.
    error : float
        Standard error of the estimate.
    used : int
        Points that the eigenvalues were computed from: all, or 2048 where both n and d are larger, or as many as fit.
    snr, information : ndarray
        The information of that Gaussian as a curve, in nats.
    formulas : tuple of str
        Formulas behind the numbers.
    """

    estimate: float
    upper: float
    error: float
    used: int
    snr: Array
    information: Array
    formulas: tuple[str, ...]


def information_bound(X: ArrayLike, n: float | None = None, *, memory: int = 2 * 2**30) -> InformationBound:
    """Bound the collapse time of the population that the points come from.

    A Gaussian maximises the entropy of x_t, hence ``I(a; x_t) <= 1/2 sum_i log(1 + snr lambda_i)`` with the
    population's eigenvalues. Those of the points spread more, and their information is too low: by 7% of the time at
    n = 20, d = 40. Here it is integrated over snr from the resolvent of the points, each left out of its own.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points, at least 8.
    n : float, optional
        Number of training points that the time is for; that of X by default.
    memory : int
        Bytes for working arrays, beyond X.

    Returns
    -------
    InformationBound
        Estimate of the time, its one-sided 95% upper limit, and the curve of the information.

    Raises
    ------
    ValueError
        If X is unusable, has too few points, or does not vary.

    Notes
    -----
    Derived (``resolvent_snr``, ``resolvent_information_slope``). The error is that of the mean over the points of their
    influence ``snr x.(1 + snr C)^{-1} x/2``; its limit has Student's t and Johnson's correction for skewness.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(80, 40))
    >>> bound = information_bound(X)  # the truth is 0.813
    >>> round(bound.estimate, 2), round(bound.upper, 2)
    (0.81, 0.83)
    """
    points = checked_points("information_bound", X)
    memory = whole_number("information_bound", "memory", "bytes", memory, at_least=1)
    total = len(points.values)
    target = float(total if n is None else n)
    if total < _FEWEST or not target > 1:
        raise ValueError(
            f"information_bound: X needs at least {_FEWEST} points and n must exceed 1, got {total} points and "
            f"n = {target:g}"
        )
    points = some_points(points, memory)
    extent = points.extent(points.mean)
    if extent == 0.0:
        raise ValueError("information_bound: X must vary, got equal points; there is no information to speak of")
    with recorded() as noted:
        eigenvalues, squares = squared_projections(points, memory)
        forms = _Forms(eigenvalues, squares)
        y, snr, information = forms.curve(np.log(target))
        log_snr = Spline(information, np.log(snr))
        at = float(log_snr(np.log(target)))
        shift = float(np.exp(Spline(np.log(snr), np.log(y))(at)))
        # The information is a mean over the points of what each adds to it, snr x.(1 + snr C)^{-1} x/2 to first order.
        error, margin = _errors(np.exp(at) * forms.slope(shift, forms.left_out(np.array([shift]))[:, 0]))

        def time_at(excess: float) -> float:
            """Where the information is log n less an excess."""
            place = float(log_snr(max(np.log(target) - excess, information[0])))
            return float(compile_formula("time_from_log_snr", target="numpy")(place - 2 * np.log(extent)))

        estimate = time_at(0.0)
        limits = time_at(error), time_at(margin)
    return InformationBound(
        estimate=estimate,
        upper=limits[1],
        error=limits[0] - estimate,
        used=len(squares),
        snr=snr / extent**2,
        information=information,
        formulas=tuple(noted),
    )


@dataclass(frozen=True)
class InformationLimit:
    """What I(a; x_t) is at most, of any law with the covariance of the population, in nats.

    Attributes
    ----------
    estimate, upper : float
        Estimate of the bound, and its one-sided 95% upper limit over the draw of the points.
    formulas : tuple of str
        Formulas behind it.
    isotropic : bool
        Whether it is that of the trace of the covariance alone, since the points do not tell the covariance.
    """

    estimate: float
    upper: float
    formulas: tuple[str, ...]
    isotropic: bool


def information_limit(X: ArrayLike, t: float, *, memory: int = 2 * 2**30) -> InformationLimit:
    """Bound the information I(a; x_t) of the population that the points come from, at one noise.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points, at least 8.
    t : float
        Ornstein-Uhlenbeck time.
    memory : int
        Bytes for working arrays, beyond X.

    Returns
    -------
    InformationLimit
        The bound and its one-sided 95% limit.

    Raises
    ------
    ValueError
        If X is unusable, has too few points, or does not vary.

    Notes
    -----
    The information of the Gaussian of the same covariance, as for :func:`information_bound`; where the points are too
    few to tell the covariance at so little noise, that of the isotropic Gaussian of the same trace, which is larger
    (``gaussian_channel_information``: concave in the eigenvalues). Features that do not vary are left out.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(80, 40))
    >>> limit = information_limit(X, 0.5)  # 40/2 log(1 + 0.582) = 9.174
    >>> round(limit.estimate, 2), round(limit.upper, 2)
    (9.16, 9.49)
    """
    name = "information_limit"
    points = checked_points(name, X)
    memory = whole_number(name, "memory", "bytes", memory, at_least=1)
    extent = points.extent(points.mean)
    if len(points.values) < _FEWEST or extent == 0.0:
        raise ValueError(
            f"{name}: X needs at least {_FEWEST} points, and they must vary, got {len(points.values)} points with the "
            f"extent {extent:g}; give more points"
        )
    with recorded() as used:
        snr = float(compile_formula("snr", target="numpy")(t)) * extent**2
        try:
            estimate, margin = _gaussian_limit(some_points(points, memory), snr, memory)
        except ValueError as refused:
            if "too few points" not in str(refused):
                raise
        else:
            return InformationLimit(estimate, estimate + margin, tuple(used), isotropic=False)
    with recorded() as used:
        estimate, upper = _isotropic_limit(points, t)
    return InformationLimit(estimate, upper, tuple(used), isotropic=True)


def _gaussian_limit(points: Points, snr: float, memory: int) -> tuple[float, float]:
    """Information at one snr in units of the extent, and how far its upper limit lies above it."""
    eigenvalues, squares = squared_projections(points, memory)
    forms = _Forms(eigenvalues, squares)
    y, grid, information = forms.curve(0.0, 1.5 * snr)
    at = np.log(snr)
    few = len(squares) < _ENOUGH * eigenvalues.size
    if few and np.interp(at, np.log(grid), information) > np.log(len(squares)) + 1:
        raise ValueError(f"information_limit: X has too few points, {len(squares)}, for so little noise; give more")
    if at < np.log(grid[0]):
        return float(information[0] * snr / grid[0]), 0.0
    shift = float(np.exp(Spline(np.log(grid), np.log(y))(at)))
    margin = _errors(snr * forms.slope(shift, forms.left_out(np.array([shift]))[:, 0]))[1]
    return float(Spline(np.log(grid), information)(at)), margin


def _isotropic_limit(points: Points, t: float) -> tuple[float, float]:
    """The same of the trace alone, in as many dimensions as vary: the bound, and its upper limit."""
    n, d = points.values.shape
    squares, step = np.empty(n), max(1, 2**20 // d)
    for start in range(0, n, step):
        block = points.values[start : start + step] - points.mean
        squares[start : start + step] = np.einsum("ij,ij->i", block, block)
    varying = int(np.count_nonzero(points.high > points.low))
    mean = float(squares.sum() / (n - 1))
    sigma = np.sqrt(np.array([mean, mean + _errors(squares)[1]]) / varying)
    estimate, upper = compile_formula("isotropic_information", target="numpy")(t, varying, sigma)
    return float(estimate), float(upper)


def some_points(points: Points, memory: int) -> Points:
    """All points, or some drawn from them where those of all would not fit, or their eigenvalues take minutes."""
    n, d = points.values.shape
    most = n if min(n, d) <= _MOST else _MOST
    while most >= _FEWEST and _held_bytes(points, most) > memory:
        most //= 2
    if most == n:
        return points
    if most < _FEWEST:
        check_memory("information_bound", f"{n} points in {d} dimensions", _held_bytes(points, n), memory, "thin them")
    chosen = np.sort(generator(Stream.COLLAPSE_POINTS, 0).permutation(n)[:most])
    return checked_points("information_bound", points.values[chosen], report=points.report)


def _held_bytes(points: Points, n: int) -> int:
    """Working arrays of n of the points: a copy, products, eigenvectors, squares, and a block of these."""
    d, size = points.mean.size, points.values.dtype.itemsize
    square = 4 if Centred.single(points.values.dtype, n * d) else 8
    block = min(_BLOCK_BYTES, 16 * n * d)
    return (n < len(points.values)) * size * n * d + 40 * min(n, d) ** 2 + (square + 4) * n * min(n, d) + block


def squared_projections(points: Points, memory: int) -> tuple[Array, Array]:
    """Eigenvalues of the covariance with divisor n - 1, in units of the extent, and squared projections of the points.

    The projections are those on the eigenvectors with nonzero eigenvalue, times the square root of n/(n - 1): a point
    less the mean of the others, in the unit of one draw.
    """
    n, d = points.values.shape
    room = max(memory - _held_bytes(points, n), 32 * max(n, d))
    data = Centred(points, room, part="bound on the collapse")
    values, vectors = data.eigenvectors()
    kept = values > (1e-12 if data.dtype == np.float64 else 1e-7) * values[-1]
    kept[0] &= not data.over_points  # the mean is none of their directions
    values, vectors = values[kept], vectors[:, kept]
    squares, start = np.empty((n, values.size), data.dtype), 0
    if data.over_points:
        np.multiply(vectors**2, values * (n / (n - 1)), out=squares)
    else:
        axes = vectors.astype(data.dtype, copy=False)
        for block in data.rows():
            stop = start + len(block)
            np.matmul(block, axes, out=squares[start:stop])
            start = stop
        np.multiply(squares, squares, out=squares)
        squares *= n / (n - 1)
    return np.asarray(values / (n - 1)), squares


class _Forms:
    """Leverages of the points, and what they are with each point left out."""

    def __init__(self, eigenvalues: Array, squares: Array) -> None:
        self.degrees = len(squares) - 1
        self._eigenvalues, self._squares = eigenvalues, squares

    def leverages(self, y: Array) -> Array:
        """Of each point, at each shift."""
        inverse = (1 / (self._eigenvalues[:, None] + y)).astype(self._squares.dtype, copy=False)
        return np.minimum((self._squares @ inverse).astype(np.float64, copy=False) / self.degrees, 1 - 1e-9)

    def left_out(self, y: Array) -> Array:
        """The quadratic form of each point with the resolvent of the others."""
        return np.asarray(compile_formula("left_out_form", target="numpy")(self.leverages(y)))

    def slope(self, y: Any, form: Array) -> Array:
        """Slope of the information in snr."""
        return np.asarray(compile_formula("resolvent_information_slope", target="numpy")(self.degrees, y, form))

    def curve(self, target: float, last: float = 0.0) -> tuple[Array, Array, Array]:
        """Shift, snr and information, up to one nat above the target, and beyond the last snr that is asked for."""
        ratio = compile_formula("resolvent_snr", target="numpy")
        y, snr, slope = np.empty(0), np.empty(0), np.empty(0)
        first = np.log(50 * self._eigenvalues.sum())
        for start in range(0, _MOST_STEPS, _BATCH):
            some = np.exp(first - _STEP * np.arange(start, start + _BATCH))
            leverage = self.leverages(some)
            form = compile_formula("left_out_form", target="numpy")(leverage).mean(axis=0)
            y, snr = np.append(y, some), np.append(snr, ratio(some, leverage.mean(axis=0), form))
            slope = np.append(slope, self.slope(some, form))
            if not np.all(np.diff(snr) > 0):
                break
            gain = Spline(np.log(snr), snr * slope).antiderivative()
            information = snr[0] * slope[0] + gain(np.log(snr))
            if information[-1] > target + 1 and snr[-1] > last:
                return y, snr, np.asarray(information)
        raise ValueError(
            f"information_bound: X has too few points for n: what {self.degrees + 1} points tell of the covariance "
            f"ends before log n = {target:.3g} nats; give more points"
            if not last
            else f"information_limit: X has too few points for this snr: what {self.degrees + 1} points tell of the "
            f"covariance ends before snr = {last:.3g} over its squared extent; give more points"
        )


def _errors(influence: Array) -> tuple[float, float]:
    """Standard error of the mean, and how far its one-sided 95% limit lies above it (Johnson 1978)."""
    n = influence.size
    around = influence - influence.mean()
    variance = float((around**2).sum() / (n - 1))
    error = np.sqrt(variance / n)
    quantile = student_quantile(n - 1, _LEVEL)
    skewed = float((around**3).mean()) / variance / (6 * n) if variance > 0 else 0.0
    return float(error), float(error * quantile + skewed * (1 + 2 * quantile**2))
