"""Whether a point keeps its class when it is noised to x_t and led back, by a stochastic or a deterministic sampler."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_posteriors import ClassPosteriors
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.estimation.skewed_mean import errors_below
from regimes.numerics.speciation.class_bound.score import ClassScore, class_score
from regimes.theory.formula.record import recorded

__all__ = ["Survival", "class_survival", "flow_class_survival", "survival_time"]

Array = NDArray[np.float64]

_CONFIDENCE = 0.975
_CLIP = 6.0  # nats: classes of odds beyond exp(6) share no noised point
_SHARPNESS = (1.0, 0.3, 0.1, 0.03)  # of the scatter of the log posterior: assignments harden in steps
_ROUNDS, _ASSIGNED = 15, 512
_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True, eq=False)
class Survival:
    """Probability that the class survives, at every time, with errors; ``floor`` is its value at infinite noise.

    ``stochastic`` is that of a draw from the posterior, phi_class; ``deterministic`` that of the class which the
    probability flow is taken to lead to.
    """

    t: Array
    floor: float
    stochastic: ClassScore
    deterministic: ClassScore
    exact: bool
    n: int
    formulas: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class SurvivalTime:
    """Time at which survival falls through a level, with its 95% interval, or why there is none."""

    value: float | None
    interval: tuple[float | None, float | None] | None
    reason: str | None


def flow_class_survival(kappa: ArrayLike) -> Array:
    """Probability that a point keeps its class after noising to x_t and the probability flow back.

    Parameters
    ----------
    kappa : array_like
        Signal-to-noise ratio of the class, ``d mu^2 exp(-2t)/Gamma_t``; non-negative.

    Returns
    -------
    ndarray
        Same shape, from 1/2 at 0 to 1 at infinity: above the clone probability of a stochastic sampler.

    Raises
    ------
    ValueError
        If a value is negative or nan.

    Notes
    -----
    Derived (``flow_class_survival``): two classes of equal weight and equal isotropic covariance, far apart.

    Examples
    --------
    >>> float(flow_class_survival(1.0).round(4))
    0.8413
    """
    values = np.asarray(kappa, dtype=np.float64)
    if not np.all(values >= 0):
        raise ValueError(f"flow_class_survival: kappa must be non-negative, got {values[~(values >= 0)].flat[0]}")
    return np.asarray(compile_formula("flow_class_survival", target="numpy")(values))


def class_survival(given: ClassPosteriors) -> Survival:
    """Survival of the class under both samplers.

    The stochastic one draws the class anew from the posterior: phi_class, of held-out posteriors a lower bound (the
    quadratic score). The deterministic one leads each x_t to one class; which, a posterior at one time does not tell.
    What is known is that the flow carries the law of x_t to that of the data, so that it gives each class its weight:
    each x_t is assigned to the class that is most probable for it, times a factor for each class that makes it so.
    That is the flow's class for two Gaussian classes of one covariance, of any weights, and an approximation elsewhere.

    Parameters
    ----------
    given : ClassPosteriors
        Held out, or exact over the points.

    Returns
    -------
    Survival
        At the times of the posteriors.

    Notes
    -----
    Derived (``class_quadratic_score``, ``normalised_clone_probability``).

    Examples
    --------
    >>> from regimes.numerics.decisions.class_posteriors import exact_class_posteriors
    >>> found = class_survival(exact_class_posteriors([[-3.0], [3.0]], [0, 1], [0.1, 8.0], probes=2))
    >>> found.stochastic.phi.round(2).tolist()
    [1.0, 0.5]
    """
    score = compile_formula("class_quadratic_score", target="numpy")
    with recorded() as stochastic:
        drawn = given.scored(lambda q: np.asarray(score(q, (q**2).sum(axis=-1, keepdims=True))))
        of_drawn = class_score(drawn, given.share, given.members, given.copies)
    with recorded() as deterministic:
        led = given.scored(lambda q: assigned_classes(q, given.share, given.members))
        of_led = class_score(led, given.share, given.members, given.copies)
    formulas = tuple(tuple(dict.fromkeys((*given.formulas, *used))) for used in (stochastic, deterministic))
    floor = float(np.sum(given.share**2))
    return Survival(given.t, floor, of_drawn, of_led, given.exact, given.n, (formulas[0], formulas[1]))


def survival_time(given: Survival, score: ClassScore, level: float, what: str) -> SurvivalTime:
    """Time at which survival, on the scale from 0, drawn anew, to 1, falls through a level.

    Going up in time from where most of it is certain, so that it is one test whatever the number of times. Of a bound
    the interval is one-sided: the lower limit of 97.5%.
    """
    margin = errors_below(score.contributions, _CONFIDENCE) * score.normalised_se
    lower = score.normalised - margin
    top = int(np.argmax(lower))
    if not lower[top] > level:
        most = given.floor + (1 - given.floor) * max(float(lower[top]), 0.0)
        needed = given.floor + (1 - given.floor) * level
        return SurvivalTime(None, None, f"{what} is sure to reach {most:.1%} only, and this asks for {needed:.1%}")
    t, value, low = given.t[top:], None, None
    crossings = [curve_crossings(t, curve[top:], level) for curve in (score.normalised, lower)] if t.size > 1 else []
    value, low = (float(each[0]) if each.size else None for each in crossings) if crossings else (None, None)
    if value is None or low is None:
        return SurvivalTime(None, None, f"{what} is above {level:.0%} of its scale still at t = {t[-1]:.3g}")
    if not given.exact:
        return SurvivalTime(value, (low, None), None)
    above = curve_crossings(t, (score.normalised + margin)[top:], level)
    return SurvivalTime(value, (low, float(above[-1]) if above.size else None), None)


def assigned_classes(posterior: Array, share: Array, members: NDArray[np.int64]) -> Array:
    """Class that each x_t is led to, shape (sign, probe, class): nearly 0 or 1, with each class at its weight.

    Some of the probes tell the factors, as many of each class as it has, and weighed as it weighs.
    """
    logs = (np.log(np.maximum(posterior, _TINY)) - np.log(share)).astype(np.float32)
    logs = np.maximum(logs, logs.max(axis=-1, keepdims=True) - np.float32(_CLIP))
    logs -= logs.mean(axis=-1, keepdims=True)
    scatter = np.sqrt((logs**2).mean()) + np.float32(1e-6)
    place = np.linspace(0, members.size - 1, min(_ASSIGNED, members.size)).astype(int)
    chosen = np.argsort(members, kind="stable")[place]
    some, of_class = logs[:, chosen], members[chosen]
    weight = (share / np.maximum(np.bincount(of_class, minlength=share.size), 1))[of_class]
    weight = (weight / (2 * weight.sum())).astype(np.float32)
    factor, width = np.zeros(share.size, np.float32), scatter
    for sharpness in _SHARPNESS:
        width = scatter * np.float32(sharpness)
        for _ in range(_ROUNDS):
            mass = weight @ _softmax((some + factor) / width).sum(axis=0)
            factor += width * np.log(share.astype(np.float32) / np.maximum(mass, np.float32(1e-30)))
    return np.asarray(_softmax((logs + factor) / width), dtype=np.float64)


def _softmax(logs: NDArray[np.float32]) -> NDArray[np.float32]:
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
