"""What a prediction of percolation holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.numerics.composition.lattice.lattice import LatticePercolation
    from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
    from regimes.numerics.composition.lattice.threshold import PercolationThreshold

__all__ = ["PercolationPrediction"]

SCHEMA = 1
_CURVES = ("largest", "largest_se", "mean_size", "mean_size_se", "spanning", "spanning_se")


@dataclass(frozen=True, eq=False)
class PercolationPrediction:
    """How much of a grid of features must be kept before one connected piece of the kept images reaches through it.

    Attributes
    ----------
    model : dict
        ``grid`` (points along the rows' and the columns' axis), ``points``, ``steps`` in pixels in the same order,
        ``sigma`` in pixels, ``overlap``, ``tau``, ``pixels`` (whether images are sampled), ``periodic``.
    neighbourhood : Neighbourhood
        The grid points that a point inside the grid connects to.
    threshold : PercolationThreshold
        Of the infinite grid, with where it comes from.
    simulation : LatticePercolation or None
        Of the grid asked for; None without runs.
    settings : dict
        Runs and seed.
    reasons : dict
        Why a part is missing.
    sources : dict
        Formulas and methods behind the parts.
    """

    model: dict[str, Any]
    neighbourhood: Neighbourhood
    threshold: PercolationThreshold
    simulation: LatticePercolation | None
    settings: dict[str, Any]
    reasons: dict[str, str]
    sources: dict[str, str]

    @property
    def radius(self) -> float | None:
        """Distance in pixels up to which points connect; None where it is not a matter of distance alone."""
        return self.neighbourhood.radius

    @property
    def neighbours(self) -> int:
        """Number of neighbours of a point inside the grid."""
        return self.neighbourhood.z

    @property
    def lambda_c(self) -> float | None:
        """Kept fraction at which an infinite grid percolates."""
        return self.threshold.value

    @property
    def lambda_c_finite(self) -> float | None:
        """Median over random orders of the kept fraction at which this grid is first spanned."""
        return None if self.simulation is None else self.simulation.threshold

    @property
    def lambda_c_finite_se(self) -> float | None:
        """Standard error of the median."""
        return None if self.simulation is None else self.simulation.threshold_se

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            ``radius``, ``neighbours``, ``lambda_c``, ``lambda_c_finite`` and ``lambda_c_finite_se``, ``width`` and
            ``half_fraction`` of the simulation, ``curve`` (lists over ``lambda``, None without runs), and the other
            attributes; ``schema`` numbers the format.
        """
        return {
            "schema": SCHEMA,
            "model": self.model,
            "radius": self.radius,
            "neighbours": self.neighbours,
            "lambda_c": self.lambda_c,
            "lambda_c_finite": self.lambda_c_finite,
            "lambda_c_finite_se": self.lambda_c_finite_se,
            "width": None if self.simulation is None else self.simulation.width,
            "half_fraction": None if self.simulation is None else self.simulation.half_fraction,
            "threshold": self.threshold.to_dict(),
            "curve": self._curve(),
            "settings": self.settings,
            "reasons": self.reasons,
            "sources": self.sources,
        }

    def _curve(self) -> dict[str, Any] | None:
        if self.simulation is None:
            return None
        plain = self.simulation.to_dict()
        return {"lambda": plain["lambdas"]} | {name: plain[name] for name in _CURVES}

    def plot(self, ax: Any = None) -> Figure:
        """Draw the largest cluster and the probability of spanning against the kept fraction.

        Parameters
        ----------
        ax : sequence of two matplotlib.axes.Axes, optional
            Where to draw the largest cluster and the probability of spanning; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ValueError
            If there is no simulation.
        """
        from regimes.report.composition.figure import plot_percolation

        return plot_percolation(self, ax=ax)
