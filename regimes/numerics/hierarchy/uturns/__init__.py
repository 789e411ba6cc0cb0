"""U-turns of models without a hierarchy: classes of independent tokens, and Gaussian fields."""

from regimes.numerics.hierarchy.uturns.gaussian_field import (
    GaussianFieldUTurn,
    gaussian_field_correlations,
    gaussian_field_uturns,
    power_law_spectrum,
)
from regimes.numerics.hierarchy.uturns.sample import UTurns
from regimes.numerics.hierarchy.uturns.token_mixture import token_mixture_uturns

__all__ = [
    "GaussianFieldUTurn",
    "UTurns",
    "gaussian_field_correlations",
    "gaussian_field_uturns",
    "power_law_spectrum",
    "token_mixture_uturns",
]
