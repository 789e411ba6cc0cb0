"""When some direction of the data stands out of the noise: eigenvalues of the population and their times."""

from __future__ import annotations

from typing import Any

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.number import Interval, Number
from regimes.numerics.posterior.spectrum import CovarianceSpectrum
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.criteria import CRITERIA
from regimes.numerics.speciation.direction.found import Directions

__all__ = ["direction_curve", "direction_rows"]

_TIMES = {
    "leading": ("speciation.spectral_time", "a direction stands out, 1/2 log Lambda"),
    "noise_matched": ("speciation.noise_matched", "the same with the noise kept, 1/2 log(1 + Lambda)"),
    "potential": ("speciation.potential", "overlap potential splits, 1/2 log(2 Lambda)"),
}
_COVERS = "data"
_BELOW_NOISE = (
    "the top eigenvalue {:.3g} is below the unit variance of the noise: no direction stands out of it at any time"
)


def direction_rows(found: Directions, spectrum: CovarianceSpectrum, schedule: Schedule) -> dict[str, Number]:
    """Rows of Lambda of the population and its times, or of its upper limit where no direction stands out."""
    Lambda, formulas = found.Lambda, found.formulas
    stands_out = found.stands_out and Lambda is not None
    reason = None if stands_out else found.reason
    rows = {
        "speciation.Lambda": Number(
            "top covariance eigenvalue Lambda of the population",
            Lambda if stands_out else None,
            interval=found.interval if stands_out else None,
            covers=_COVERS if stands_out else None,
            formulas=formulas,
            reason=reason,
        ),
        "speciation.Lambda_limit": Number(
            "what Lambda is at most",
            found.upper,
            interval=None if found.upper is None else (None, found.upper),
            covers=None if found.upper is None else "data, one-sided 97.5%",
            formulas=formulas,
            reason=None if found.upper is not None else found.reason or "the points give no limit",
        ),
        "speciation.sample_Lambda": Number(
            "top eigenvalue of the sample, biased upwards",
            spectrum.Lambda,
            error=spectrum.Lambda_se,
            covers="data, not the bias",
            formulas=spectrum.formulas,
        ),
    }
    for name, (key, label) in _TIMES.items():
        row: dict[str, Any] = {"reason": reason}
        time = None
        if stands_out and Lambda is not None:
            time = _time(name, Lambda)
            row = {"reason": None if time is not None else _BELOW_NOISE.format(Lambda)}
            if time is not None and found.interval is not None:
                row = {"interval": _interval(name, found.interval), "covers": _COVERS}
        rows[key] = schedule.number(label, time, (*formulas, CRITERIA[name]), **row)
    rows |= _limits(found, spectrum, schedule)
    return rows


def _limits(found: Directions, spectrum: CovarianceSpectrum, schedule: Schedule) -> dict[str, Number]:
    limit = None if found.upper is None else _time("leading", found.upper)
    reason = None
    if limit is None:
        reason = found.reason or "the points give no limit"
        if found.upper is not None:
            reason = f"Lambda is at most {found.upper:.3g}, below the unit variance of the noise: there is no such time"
    sample = _time("leading", spectrum.Lambda)
    return {
        "speciation.spectral_limit": schedule.number(
            "no direction stands out above",
            limit,
            (*found.formulas, CRITERIA["leading"]),
            interval=None if limit is None else (None, limit),
            covers=None if limit is None else "data, one-sided 97.5%",
            reason=reason,
        ),
        "speciation.sample_spectral_time": schedule.number(
            "1/2 log of the sample's top eigenvalue, biased upwards",
            sample,
            (*spectrum.formulas, CRITERIA["leading"]),
            reason=None if sample is not None else _BELOW_NOISE.format(spectrum.Lambda),
        ),
    }


def direction_curve(found: Directions) -> list[dict[str, Any]]:
    """The cascade: blocks of directions that stand out, each with its eigenvalue and time."""
    return [
        {
            "first": block.first,
            "count": block.count,
            "Lambda": block.Lambda,
            "interval": list(block.interval),
            "time": _time("leading", block.Lambda),
            "share": block.share,
        }
        for block in found.blocks
    ]


def _time(criterion: str, Lambda: float) -> float | None:
    return float(compile_formula(CRITERIA[criterion], target="numpy")(Lambda)) if Lambda > 1 else None


def _interval(criterion: str, Lambda: tuple[float, float]) -> Interval:
    """The time grows with Lambda; below 1 there is none, and the interval begins at 0."""
    low, high = (_time(criterion, value) or 0.0 for value in Lambda)
    return low, high
