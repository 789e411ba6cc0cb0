"""The symmetric Gaussian mixture, of which speciation and collapse are known in closed form."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from regimes.numerics.interface.checks import as_given, positive_number

__all__ = ["Mixture"]


@dataclass(frozen=True)
class Mixture:
    """Two equal Gaussian classes at +m and -m with ``|m|^2 = d mu^2``, of variance ``sigma^2`` in every direction.

    Parameters
    ----------
    d : float
        Dimension, at least 1.
    mu : float
        Distance of a class centre from the origin per square root of d; 0 for one Gaussian.
    sigma : float
        Standard deviation of a class in every direction, positive.
    n : float, optional
        Number of training points, above 1; needed for collapse alone.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> Mixture(256, 1, 1, 20000)
    Mixture(d=256.0, mu=1.0, sigma=1.0, n=20000.0)
    """

    d: float
    mu: float
    sigma: float
    n: float | None = None

    def __post_init__(self) -> None:
        checked = {"d": positive_number("Mixture", "d", "dimension", self.d, at_least=1)}
        checked["sigma"] = positive_number("Mixture", "sigma", "standard deviation of a class", self.sigma)
        meaning = "distance of a class centre per sqrt(d); 0 for one Gaussian"
        checked["mu"] = 0.0 if self.mu == 0 else positive_number("Mixture", "mu", meaning, self.mu)
        if self.n is not None:
            checked["n"] = positive_number("Mixture", "n", "number of training points", self.n)
            if checked["n"] <= 1:
                raise ValueError(
                    f"Mixture: n (number of training points) must exceed 1, got {as_given(self.n)}: one point is "
                    "always collapsed"
                )
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def with_points(self, n: float) -> Mixture:
        """The same mixture with another number of training points."""
        return dataclasses.replace(self, n=n)
