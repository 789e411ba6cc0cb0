"""Where the class is decided: the noise interval that holds 5 to 95% of what x_t tells of it.

The information falls as noise grows. The interval is read off going up in noise from where most is proven, so that each
end is one crossing, whatever the number of times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_posteriors import ClassPosteriors
from regimes.numerics.estimation.jackknife import jackknife_error, student_quantile
from regimes.numerics.estimation.roots import crossings_of_each
from regimes.theory.formula.record import recorded

__all__ = [
    "SHARES",
    "ClassInformation",
    "ClassWindow",
    "class_information",
    "class_parts",
    "class_window",
    "pair_information",
]

Array = NDArray[np.float64]

SHARES = (0.95, 0.05)
"""Of the class information, at the low and at the high noise end of the window."""
_GROUPS = 20
_TOLD = 0.02  # of the entropy of the class: with less there is no window to speak of
_NOTHING = 1e-30  # of a posterior: it says nothing of two classes that it both excludes
_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True, eq=False)
class ClassInformation:
    """Information I(class; x_t) in nats at every time, of held-out posteriors a lower bound on it in expectation.

    ``entropy`` is that of the class weights. ``replicates`` (G, T) leave each group of points out in turn; ``error`` is
    their jackknife error.
    """

    t: Array
    information: Array
    error: Array
    replicates: Array
    entropy: float
    formulas: tuple[str, ...]


@dataclass(frozen=True)
class ClassWindow:
    """Times at which x_t holds 95 and 5% of a total of information, with 95% intervals, or why there are none.

    ``complete`` says that the total is the entropy of the class: the classes are told entirely. Else it is the largest
    information that is proven. ``factors`` are those by which an end may be off, at 95%; None without replicates.
    """

    low: float | None
    high: float | None
    total: float
    complete: bool
    reasons: tuple[str | None, str | None]
    factors: tuple[float | None, float | None] = (None, None)

    def interval(self, end: int) -> tuple[float, float] | None:
        """Of the low noise end (0) or of the high one (1)."""
        time, factor = (self.low, self.high)[end], self.factors[end]
        return None if time is None or factor is None else (time / factor, time * factor)


def class_information(given: ClassPosteriors) -> ClassInformation:
    """Information that x_t carries about the class.

    Parameters
    ----------
    given : ClassPosteriors
        Held out, or exact over the points.

    Returns
    -------
    ClassInformation
        Of the points themselves if the posteriors are exact; else a lower bound on that of the population.

    Notes
    -----
    Derived (``class_log_ratio``).

    Examples
    --------
    >>> from regimes.numerics.decisions.class_posteriors import exact_class_posteriors
    >>> found = class_information(exact_class_posteriors([[-3.0], [3.0]], [0, 1], [0.1, 8.0], probes=2))
    >>> found.information.round(3).tolist(), round(found.entropy, 3)
    ([0.693, 0.0], 0.693)
    """
    entropy = -float(np.sum(given.share * np.log(given.share)))
    with recorded() as used:
        if given.exact:  # H(class) - H(class | x_t): what the probes' own weights scatter by does not count
            scores = given.scored(lambda q: _log_ratios(q, np.ones(given.share.size)) + entropy)
        else:
            scores = given.scored(lambda q: _log_ratios(q, given.share))
    replicates = _left_out(scores, given.copies)
    return ClassInformation(
        t=given.t,
        information=scores.mean(axis=1),
        error=jackknife_error(replicates),
        replicates=replicates,
        entropy=entropy,
        formulas=tuple(dict.fromkeys((*given.formulas, *used))),
    )


def class_parts(given: ClassPosteriors) -> Array:
    """What each class contributes to the information, shape (K, T); nan of a class without a noised point.

    At most the divergence of its noised points from all noised points, as for one class against the rest, but so that
    the mean, weighted by the classes, is the information itself (``class_part_information``).
    """
    part, classes = compile_formula("class_part_information", target="numpy"), given.share.size
    parts = np.full((classes, given.t.size), np.nan)
    known = np.bincount(given.members, minlength=classes)
    some = np.ones(classes, dtype=bool) if given.exact else known > 0
    for i, q in enumerate(given.posterior.swapaxes(0, 1)):
        logs, claims = _log_ratios(q, given.share), q.mean(axis=(0, 1), dtype=np.float64)
        if given.exact:
            means = (logs * q).mean(axis=(0, 1)) / np.maximum(claims, _TINY)
        else:
            sums = np.zeros(classes)
            np.add.at(sums, given.members, logs[:, np.arange(len(given.members)), given.members].mean(axis=0))
            means = sums / np.maximum(known, 1)
        parts[some, i] = part(means[some], claims[some], given.share[some])
    return parts


def _log_ratios(q: NDArray[Any], share: Array) -> Array:
    """Of each class, the last axis."""
    return np.asarray(compile_formula("class_log_ratio", target="numpy")(np.maximum(q, _TINY), share))


def pair_information(given: ClassPosteriors, one: int, other: int) -> Array | None:
    """The same of two classes alone, which weigh alike; None where one has no noised point."""
    sides = [given.members == k for k in (one, other)]
    if not all(side.any() for side in sides):
        return None
    ratio = compile_formula("class_log_ratio", target="numpy")
    total = np.zeros(given.t.size)
    for side, (own, against) in zip(sides, ((one, other), (other, one)), strict=True):
        mine = given.posterior[:, :, side, own] / given.share[own]
        both = mine + given.posterior[:, :, side, against] / given.share[against]
        claimed = np.where(both > _NOTHING, mine / np.maximum(both, _NOTHING), 0.5)
        total += ratio(np.maximum(claimed, _TINY), 0.5).mean(axis=(0, 2)) / 2
    return total


def class_window(
    t: Array, information: Array, entropy: float, *, error: Array | None = None, replicates: Array | None = None
) -> ClassWindow:
    """Read the window off a curve of information.

    Parameters
    ----------
    t : ndarray, shape (T,)
        Increasing Ornstein-Uhlenbeck times; a ratio of 1.3 between them is enough.
    information : ndarray, shape (T,)
        In nats.
    entropy : float
        Of the class weights: all that there is to tell.
    error, replicates : ndarray, shapes (T,) and (G, T), optional
        Standard error of the information, and the same with each of G groups of points left out.

    Returns
    -------
    ClassWindow
        Shares are of the entropy where 95% of it is proven (less the error, at 97.5%), else of the largest information.

    Examples
    --------
    >>> from regimes.numerics.speciation.clone_probability import class_information as of_two
    >>> t = np.geomspace(0.02, 4, 40)
    >>> window = class_window(t, of_two(np.exp(-2 * t) / (1 - np.exp(-2 * t))), float(np.log(2)))
    >>> round(window.low, 3), round(window.high, 3), window.complete
    (0.091, 1.352, True)
    """
    top = int(np.argmax(information))
    largest = float(information[top])
    margin = 0.0
    if error is not None and replicates is not None:
        margin = student_quantile(len(replicates) - 1) * float(error[top])
    if largest - margin <= _TOLD * entropy:
        reason = (
            f"the classes cannot be told: {max(largest, 0.0):.2g} of {entropy:.2g} nats are estimated, with an error "
            f"of {margin:.2g} at 97.5%"
        )
        return ClassWindow(None, None, max(largest, 0.0), False, (reason, reason))
    complete = largest - margin >= SHARES[0] * entropy
    total = entropy if complete else largest
    ends, reasons, factors = [], [], []
    for share in SHARES:
        curves = information[None] if replicates is None else np.concatenate([information[None], replicates])
        crossings = crossings_of_each(t[top:], curves[:, top:], share * total) if top < t.size - 1 else [np.array([])]
        times = [float(each[0]) if each.size else None for each in crossings]
        ends.append(times[0])
        reasons.append(
            None
            if times[0] is not None
            else f"{information[-1] / total:.0%} of the class information is still there at t = {t[-1]:.3g}"
        )
        others = [time for time in times[1:] if time is not None]
        known = times[0] is not None and len(others) == len(times) - 1 > 1
        spread = float(jackknife_error(np.log(others))) if known else np.nan
        factors.append(float(np.exp(student_quantile(len(others) - 1) * spread)) if known else None)
    return ClassWindow(ends[0], ends[1], total, complete, (reasons[0], reasons[1]), (factors[0], factors[1]))


def _left_out(scores: Array, copies: NDArray[np.int64]) -> Array:
    """Means of scores (T, P) without each of at most 20 groups of points, near copies together: shape (G, T)."""
    names, place = np.unique(copies, return_inverse=True)
    groups = min(_GROUPS, names.size)
    of_group = np.random.default_rng(names.size).permutation(names.size) % groups
    group = of_group[place]
    sums = np.stack([scores[:, group == g].sum(axis=1) for g in range(groups)])
    counts = np.bincount(group, minlength=groups)
    if groups < 2:
        return np.asarray(scores.mean(axis=1)[None])
    return np.asarray((sums.sum(axis=0) - sums) / (counts.sum() - counts)[:, None])
