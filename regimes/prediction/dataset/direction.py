"""When some direction of the data stands out of the noise: the top eigenvalue and its times."""

from __future__ import annotations

from typing import Any

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.result import Number
from regimes.numerics.posterior.spectrum import CovarianceSpectrum
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.criteria import CRITERIA, checked_eigenvalue
from regimes.prediction.dataset.intervals import normal_interval

__all__ = ["direction_rows"]

_TIMES = {
    "leading": ("speciation.spectral_time", "speciation, 1/2 log Lambda"),
    "noise_matched": ("speciation.noise_matched", "the same with the noise kept, 1/2 log(1 + Lambda)"),
    "potential": ("speciation.potential", "overlap potential splits, 1/2 log(2 Lambda)"),
}


def direction_rows(spectrum: CovarianceSpectrum, schedule: Schedule, *, required: bool) -> dict[str, Number]:
    """Rows of Lambda and of the times that follow from it; an error where they are required and do not exist."""
    value, error = spectrum.Lambda, spectrum.Lambda_se
    rows = {
        "speciation.Lambda": Number(
            "top covariance eigenvalue Lambda", value, error=error, covers="data", formulas=spectrum.formulas
        )
    }
    reason = None
    try:
        checked_eigenvalue(value)
    except ValueError as refused:
        if required:
            raise
        reason = str(refused).removeprefix("speciation_time: ")
    for name, (key, label) in _TIMES.items():
        if reason is not None:
            rows[key] = schedule.number(label, None, spectrum.formulas, reason=reason)
            continue
        time = float(compile_formula(CRITERIA[name], target="numpy")(value))
        about: dict[str, Any] = {}
        if name == "leading" and error > 0:
            about = {"interval": normal_interval(time, error / (2 * value)), "covers": "data"}
        rows[key] = schedule.number(label, time, (*spectrum.formulas, CRITERIA[name]), **about)
    return rows
