"""Size of the experiment, and what is compared where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regimes.validation.experiments.runner.random_features import FeatureCase

__all__ = ["COUNTED", "KINDS", "SHARES", "SpectrumForm"]

KINDS = ("gaussian", "unit rows", "normal rows")
"""Gaussian features; nonlinear ones with first-layer weights of one length, and with normal ones as in the formulas."""

COUNTED = (0.1, 0.5, 0.8, 0.95)
"""Shares of eigenvalues at whose quantiles x the mean of x/(lambda + x) is compared."""

SHARES = np.array([0.02, 0.05, *np.arange(0.1, 0.95, 0.05).round(2), 0.95, 0.98])
"""Shares whose quantiles are compared."""


@dataclass(frozen=True)
class SpectrumForm:
    """Size of the experiment."""

    cases: tuple[FeatureCase, ...]
    levels: int  # of spectra that the equations are held against: once and twice each
    draws: int  # of Gaussian matrices for that
    dimensions: tuple[int, ...]  # of nonlinear matrices
    repetitions: tuple[int, ...]
