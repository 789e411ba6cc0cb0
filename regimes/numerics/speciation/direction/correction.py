"""The population's eigenvalue from that of the sample, and the limits within which it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import bracketed_root

__all__ = ["Bulk", "chi_squared_quantile", "true_kurtosis"]

Array = NDArray[np.float64]

_NEAREST_PART = 0.02
_WIDENINGS = 60


def chi_squared_quantile(probability: float, freedom: float) -> float:
    """Quantile of chi-squared over its degrees of freedom, of which there is one at least."""
    from scipy.special import gammaincinv

    freedom = max(freedom, 1.0)
    return float(2 * gammaincinv(freedom / 2, probability) / freedom)


@dataclass(frozen=True, eq=False)
class Bulk:
    """The eigenvalues beside the one that is asked for, of n points (less one if their mean is subtracted)."""

    rest: Array
    n: int

    def _apart(self, value: float) -> Array:
        """Distances to the others; one that is equal, as in a lattice of points, does not repel without end."""
        apart, closest = value - self.rest, abs(value) / self.n
        return np.where(np.abs(apart) < closest, closest, apart)

    def pull(self, value: float) -> float:
        """Mean over the points of what the other eigenvalues add to this one.

        Larger ones push it down; where one is so close that they would more than halve it, nothing is known.
        """
        return max(float(np.sum(self.rest / self._apart(value)) / self.n), -0.5)

    def corrected(self, value: float) -> float:
        """Eigenvalue of the population."""
        return float(compile_formula("corrected_eigenvalue", target="numpy")(value, self.pull(value)))

    def slope(self, value: float) -> float:
        """How much it moves with that of the sample.

        Near the edge it diverges; there fluctuations of the edge itself take over, on the scale at which the slope is
        n^(1/3), and no more is made of it.
        """
        square = float(np.sum(value * self.rest / self._apart(value) ** 2) / self.n)
        slope = float(compile_formula("corrected_eigenvalue_slope", target="numpy")(self.pull(value), square))
        return min(slope, float(np.cbrt(self.n)))

    def freedom(self, value: float, kurtosis: float) -> float:
        """Degrees of freedom of the chi-squared that scatters as much as this eigenvalue."""
        slope = self.slope(value)
        kurtosis = max(kurtosis, -1.98 * slope)
        scatter = compile_formula("eigenvalue_scatter", target="numpy")(self.pull(value), slope, kurtosis, self.n)
        return float(2 / scatter**2)

    def _beyond(self, value: float, observed: float, kurtosis: float, probability: float) -> float:
        """By how much the quantile of the sample's eigenvalue, were its typical place ``value``, exceeds that seen."""
        return value * chi_squared_quantile(probability, self.freedom(value, kurtosis)) - observed

    def upper_limit(self, observed: float, kurtosis: float, probability: float) -> float:
        """Largest eigenvalue of the population that gives the observed or less with this probability; may be inf."""
        low, high = observed, observed
        for _ in range(_WIDENINGS):
            low, high = high, high * 1.15
            if self._beyond(high, observed, kurtosis, probability) > 0:
                break
        else:
            return float("inf")
        root = bracketed_root(
            lambda value: self._beyond(value, observed, kurtosis, probability), low, high, tolerance=1e-9 * observed
        )
        return self.corrected(root)

    def lower_limit(self, observed: float, kurtosis: float, probability: float) -> float | None:
        """Smallest eigenvalue that gives the observed or more with this probability; None if it meets the next."""
        next_one = float(self.rest.max()) if self.rest.size else 0.0
        places = next_one + (observed - next_one) * np.linspace(1.0, _NEAREST_PART, 50)
        above = [self._beyond(float(place), observed, kurtosis, 1 - probability) for place in places]
        below = np.flatnonzero(np.asarray(above) < 0)
        if below.size == 0:
            return None
        low, high = float(places[below[0]]), float(places[below[0] - 1])
        root = bracketed_root(
            lambda value: self._beyond(value, observed, kurtosis, 1 - probability),
            low,
            high,
            tolerance=1e-9 * observed,
        )
        return self.corrected(root)


def true_kurtosis(kurtosis: float, slope: float) -> float:
    """Excess kurtosis along the population's direction: one over the slope of a projection is the point's own.

    The rest is a sum over many points and Gaussian. Beyond a slope of 2 the direction is hardly found, and no more is
    made of it; nor of tails lighter than normal, which would make an interval short.
    """
    return kurtosis * min(slope, 2.0) ** 2 if kurtosis > 0 else max(kurtosis, -1.98)
