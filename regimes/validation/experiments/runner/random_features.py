"""Cases of random features, of data of a few covariances, and nonlinear features of all points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.learning.features import RandomFeatures, random_features
from regimes.numerics.learning.noised_features import SERIES, NoisedFeatures, Series, Weights, hermite_means

__all__ = ["SPECTRA", "FeatureCase", "population_features", "variances"]

Array = NDArray[np.float64]

SPECTRA = ("one level", "two levels", "k^-1/2", "k^-1")
_TWO = (0.4, 1.6)
_POPULATION_TERMS = 4  # times those of the noise


@dataclass(frozen=True)
class FeatureCase:
    """Features of data of one covariance, by size for each dimension; of a mean eigenvalue 1."""

    spectrum: str
    activation: str
    psi_p: float
    psi_n: float
    t: float

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.spectrum}, {self.activation}, p/d {self.psi_p:g}, n/d {self.psi_n:g}, t {self.t:g}"

    @property
    def key(self) -> str:
        """For files and numbers."""
        spectrum = self.spectrum.replace(" ", "_").replace("^-", "").replace("/", "_")
        return f"{spectrum}.{self.activation}.p{self.psi_p:g}.n{self.psi_n:g}.t{self.t:g}"

    def theory(self, levels: int, copies: int = 1) -> RandomFeatures:
        """Levels of the spectrum, each with as many directions."""
        d = levels * copies
        counts = np.full(levels, float(copies))
        return random_features(
            variances(self.spectrum, levels),
            counts=counts,
            features=self.psi_p * d,
            samples=self.psi_n * d,
            t=self.t,
            activation=self.activation,
        )


def variances(spectrum: str, d: int) -> Array:
    """Eigenvalues of the covariance, of mean 1."""
    if spectrum == "two levels":
        return np.repeat(_TWO, d // 2)
    power = {"one level": 0.0, "k^-1/2": 0.5, "k^-1": 1.0}[spectrum]
    values = np.arange(1, d + 1, dtype=np.float64) ** -power
    return np.asarray(values / values.mean())


def population_features(
    case: FeatureCase, weights: Weights, eigenvalues: Array, series: Series = SERIES
) -> NoisedFeatures:
    """Of all points and all noises: pre-activations are normal with a known covariance."""
    scaled = weights.rows * weights.lengths[:, None]
    noise = float(compile_formula("noise_variance", target="numpy")(case.t))
    joint = (scaled * (math.exp(-2 * case.t) * eigenvalues + noise)) @ scaled.T
    spread = np.sqrt(np.diag(joint))
    correlation = joint / np.outer(spread, spread)
    longer = Series(_POPULATION_TERMS * series.order, 2 * series.nodes)
    parts, square = hermite_means(case.activation, np.zeros((spread.size, 1)), spread[:, None], longer)
    U = np.zeros_like(joint)
    power = np.ones_like(U)
    for order, part in enumerate(parts):
        U += np.outer(part, part) / math.factorial(order) * power
        power *= correlation
    np.fill_diagonal(U, square[:, 0])
    slope = parts[1][:, 0] / spread
    return NoisedFeatures(U, (slope * math.sqrt(noise))[:, None] * scaled)
