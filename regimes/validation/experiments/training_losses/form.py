"""Size of the experiment, and what is compared where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.runner.random_features import FeatureCase

__all__ = ["COMPARED", "END", "TIMES", "DescentForm", "LossesForm", "cases_of"]

TIMES: NDArray[np.float64] = np.geomspace(0.3, 1e5, 141)
"""Training times of the curves."""
END = 1e7
"""Where nothing is left to learn."""
COMPARED = (3.0, 15.0, 80.0, 400.0, 2000.0)
"""Training times at which losses are compared."""


@dataclass(frozen=True)
class DescentForm:
    """Plain gradient descent, of few features."""

    d: int
    points: int
    noises: int  # of each point
    tau: tuple[float, ...]
    shrink: float  # of the fastest mode in a step, and half of it


@dataclass(frozen=True)
class LossesForm:
    """Size of the experiment."""

    spectra: tuple[str, ...]
    activation: str
    psi_p: float
    psi_n: tuple[float, ...]
    t: float
    levels: int  # of Gaussian matrices, once and twice each
    draws: int
    dimensions: tuple[int, ...]  # of nonlinear ones
    repetitions: tuple[int, ...]
    far: tuple[float, ...]  # p/d at which the equations alone are asked for slopes
    descent: DescentForm


def cases_of(form: LossesForm) -> list[FeatureCase]:
    """By spectrum, then by number of points."""
    fixed: dict[str, Any] = {"activation": form.activation, "psi_p": form.psi_p, "t": form.t}
    return [FeatureCase(spectrum=spectrum, psi_n=n, **fixed) for spectrum in form.spectra for n in form.psi_n]
