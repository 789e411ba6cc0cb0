"""Predictions held against simulations: one at a time, and many at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from regimes.numerics.interface.checks import real_array

__all__ = ["Agreement", "ChiSquare", "chi_square", "correlated_chi_square"]

# Smallest share of the largest eigenvalue of a correlation matrix that counts as a direction of its own.
_RANK = 1e-8


@dataclass(frozen=True)
class Agreement:
    """A predicted value beside a simulated one.

    Attributes
    ----------
    quantity : str
        What is compared.
    at : float
        Where: usually a time.
    theory : float
        Predicted value.
    simulation : float
        Simulated value.
    se : float
        Standard error of the difference; positive.
    samples : int
        Number of independent samples behind the simulation.

    Raises
    ------
    ValueError
        If the standard error is not positive and finite, or there are fewer than two samples.

    Examples
    --------
    >>> round(Agreement("phi", at=1.0, theory=0.7752, simulation=0.7790, se=0.0042, samples=10000).z, 3)
    0.905
    """

    quantity: str
    at: float
    theory: float
    simulation: float
    se: float
    samples: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.se) and self.se > 0):
            raise ValueError(
                f"Agreement: se of {self.quantity} must be positive and finite, got {self.se}; without an error bar "
                "there is nothing to compare"
            )
        if self.samples < 2:
            raise ValueError(f"Agreement: {self.quantity} needs at least 2 samples, got {self.samples}")

    @property
    def z(self) -> float:
        """Difference in standard errors, positive where the simulation is larger."""
        return (self.simulation - self.theory) / self.se


@dataclass(frozen=True)
class ChiSquare:
    """How many predictions agree at once: the sum of squared z-scores against its law.

    Attributes
    ----------
    quantity : str
        What is compared.
    value : float
        Chi-square, or Hotelling's T-squared where the covariance was estimated from few draws.
    dof : int
        Degrees of freedom: independent comparisons.
    p : float
        Probability of a value at least as large if the predictions are right.
    draws : int or None
        Draws behind an estimated covariance, which widen the law; None where it is known.
    """

    quantity: str
    value: float
    dof: int
    p: float
    draws: int | None = None


def chi_square(quantity: str, agreements: Sequence[Agreement]) -> ChiSquare:
    """Sum of squared z-scores of independent comparisons.

    Parameters
    ----------
    quantity : str
        What is compared.
    agreements : sequence of Agreement
        At least one; simulations that share no random numbers.

    Returns
    -------
    ChiSquare
        Value, degrees of freedom, p.

    Raises
    ------
    ValueError
        If there is nothing to compare.

    Examples
    --------
    >>> points = [Agreement("phi", t, 0.5, value, 0.01, 100) for t, value in [(1.0, 0.51), (2.0, 0.48)]]
    >>> test = chi_square("phi", points)
    >>> round(test.value, 6), test.dof, round(test.p, 4)
    (5.0, 2, 0.0821)
    """
    if not agreements:
        raise ValueError(f"chi_square: {quantity} needs at least one comparison, got none")
    from scipy.special import chdtrc

    value = float(sum(each.z**2 for each in agreements))
    return ChiSquare(quantity, value, len(agreements), float(chdtrc(len(agreements), value)))


def correlated_chi_square(
    quantity: str, difference: ArrayLike, covariance: ArrayLike, *, draws: int | None = None
) -> ChiSquare:
    """Chi-square of differences that share random numbers.

    ``difference^T covariance^-1 difference``. If the covariance is that of a mean over ``draws`` independent draws,
    estimated from them, the value is Hotelling's T-squared: ``(draws - k)/(k (draws - 1)) T^2`` follows the F law with
    k and ``draws - k`` degrees of freedom.

    Parameters
    ----------
    quantity : str
        What is compared.
    difference : array_like, shape (k,)
        Simulation less theory.
    covariance : array_like, shape (k, k)
        Of the difference.
    draws : int, optional
        Independent draws from which the covariance was estimated; a known covariance otherwise.

    Returns
    -------
    ChiSquare
        Directions in which the difference cannot vary (eigenvalues of the correlation matrix below 1e-8 of the largest)
        are left out of the degrees of freedom.

    Raises
    ------
    ValueError
        If shapes disagree, a variance is not positive, or there are not more draws than degrees of freedom.

    Notes
    -----
    Hotelling 1931 for the law with an estimated covariance.

    Examples
    --------
    >>> test = correlated_chi_square("f", [0.02, 0.01], [[1e-4, 0.5e-4], [0.5e-4, 1e-4]])
    >>> round(test.value, 6), test.dof, round(test.p, 4)
    (4.0, 2, 0.1353)
    """
    values = real_array("correlated_chi_square", "difference", difference)
    matrix = real_array("correlated_chi_square", "covariance", covariance)
    if values.ndim != 1 or values.size == 0 or matrix.shape != (values.size, values.size):
        raise ValueError(
            f"correlated_chi_square: {quantity} needs a difference of shape (k,) and a covariance of shape (k, k), got "
            f"{values.shape} and {matrix.shape}"
        )
    variances = np.diag(matrix)
    if not (np.isfinite(matrix).all() and np.isfinite(values).all() and np.all(variances > 0)):
        raise ValueError(
            f"correlated_chi_square: every variance of {quantity} must be positive and everything finite; leave out "
            "points at which nothing can vary"
        )
    from scipy.special import chdtrc, fdtrc

    scale = np.sqrt(variances)
    eigenvalues, axes = np.linalg.eigh(matrix / np.outer(scale, scale))
    kept = eigenvalues > _RANK * eigenvalues[-1]
    projections = (axes.T @ (values / scale))[kept]
    value, dof = float(np.sum(projections**2 / eigenvalues[kept])), int(kept.sum())
    if draws is None:
        return ChiSquare(quantity, value, dof, float(chdtrc(dof, value)))
    if draws <= dof:
        raise ValueError(
            f"correlated_chi_square: the covariance of {dof} values of {quantity} needs more than {dof} draws, got "
            f"{draws}; draw more, or compare fewer values"
        )
    return ChiSquare(
        quantity, value, dof, float(fdtrc(dof, draws - dof, value * (draws - dof) / (dof * (draws - 1)))), draws
    )
