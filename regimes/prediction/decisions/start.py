"""From which noise to start a sampler."""

from __future__ import annotations

from regimes.numerics.decisions.late_start import LateStart, late_start
from regimes.numerics.interface.checks import positive_number
from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.found import Found
from regimes.prediction.dataset.intervals import FEWEST_GROUPS
from regimes.prediction.decisions.answer import Answer
from regimes.prediction.decisions.steps import gaussians_of

__all__ = ["start_answer"]

_ASSUMES = (
    "start: a model that generalises, whose noised data are those of the population; above this noise a sampler may "
    "start from the Gaussian with the mean and the covariance of the data, and not from N(0, 1)",
)


def start_answer(found: Found, schedule: Schedule, *, nats: float = 0.1) -> Answer:
    """The largest noise that is needed: above it the noised data are some nats or less from a Gaussian.

    Parameters
    ----------
    found : Found
        The data set.
    schedule : Schedule
        In whose steps the time is given as well.
    nats : float
        Divergence that is allowed.

    Returns
    -------
    Answer
        ``start.time``, where the 95% interval of the divergence excludes 0, else the reason; the curve with its limits.

    Raises
    ------
    ValueError
        If nats is not positive.
    """
    nats = positive_number("start_answer", "nats", "divergence from the Gaussian", nats)
    label = f"largest noise that is needed: above, the noised data are within {nats:g} nats of a Gaussian"
    started = _started(found, nats)
    if isinstance(started, str):
        number = schedule.number(label, None, (), reason=started)
        return Answer({"start.time": number}, (f"From which noise to start cannot be said: {started}.",), {}, _ASSUMES)
    covers = None if started.interval is None else "data, probes and what the correction leaves"
    number = schedule.number(
        label, started.time, started.formulas, interval=started.interval, covers=covers, reason=started.reason
    )
    names = {"t": "t", "divergence": "divergence", "low": "divergence_low", "high": "divergence_high"}
    curves = {f"start.{name}": getattr(started, each) for each, name in names.items()}
    return Answer({"start.time": number}, (_sentence(started, number, nats),), curves, _ASSUMES)


def _started(found: Found, nats: float) -> LateStart | str:
    try:
        spread = found.spread
    except ValueError as refused:
        return str(refused).split(": ", 1)[-1]
    bound = found.bound
    if isinstance(bound, str):
        return bound
    curves = found.of_distinct
    if curves.jackknife_leave_one_out is None or curves.groups < FEWEST_GROUPS:
        return f"it takes {FEWEST_GROUPS} groups of points at least to see the error of the information"
    return late_start(curves, bound, gaussians_of(spread)[0], nats)


def _sentence(started: LateStart, number: Number, nats: float) -> str:
    if started.time is None:
        return f"{started.reason[0].upper()}{started.reason[1:]}." if started.reason else ""
    place = f", sigma = {number.step.sigma:.3g}" if number.step is not None and number.step.sigma is not None else ""
    low, high = started.interval or (None, None)
    ends = f"{'below' if low is None else f'{low:.3g} to'} {'any' if high is None else f'{high:.3g}'}"
    sure = "" if started.interval is None else f" (95%: {ends})"
    return (
        f"Above t = {started.time:.3g}{place}{sure} the noised data are within {nats:g} nats of the Gaussian with "
        "their mean and covariance: no sampler needs more noise if it starts from that Gaussian."
    )
