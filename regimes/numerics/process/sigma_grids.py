"""Grids of noise levels that samplers visit, from the largest to the smallest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula

__all__ = ["SIGMA_GRIDS", "places", "sigma_grid"]

SIGMA_GRIDS = ("karras", "exponential", "polyexponential", "beta")
"""Grids between two noise levels: Karras et al. 2022, k-diffusion, Lee et al. 2024."""

_BETA_LAW = 0.6, 0.6


def places(steps: int) -> NDArray[np.float64]:
    """Equally spaced from 1 at the first step to 0 at the last; one step alone is the first."""
    return np.linspace(1.0, 0.0, steps)


def sigma_grid(kind: str, steps: int, first: float, last: float, rho: float = 7.0) -> NDArray[np.float64]:
    """Noise levels from the first to the last."""
    if steps == 1:
        return np.array([first])
    if kind == "karras":
        return np.asarray(compile_formula("edm_step_sigma", target="numpy")(np.arange(steps), steps, first, last, rho))
    if kind == "beta":
        from scipy.special import betaincinv

        quantiles = betaincinv(*_BETA_LAW, places(steps))
        return np.asarray(compile_formula("quantile_sigma", target="numpy")(quantiles, first, last))
    power = 1.0 if kind == "exponential" else rho
    return np.asarray(compile_formula("polyexponential_sigma", target="numpy")(places(steps), first, last, power))
