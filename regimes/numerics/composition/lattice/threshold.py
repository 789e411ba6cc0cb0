"""Kept fraction at which an infinite grid percolates: measured where the neighbourhood is tabulated, else a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
from regimes.numerics.composition.lattice.offset_shape import is_filled_and_symmetric, is_square_disc, sublattice_index
from regimes.numerics.composition.lattice.threshold_table import (
    LITERATURE,
    LITERATURE_SOURCES,
    MEASURED_BY,
    SQUARE_LATTICE,
)
from regimes.theory.formula.record import note

__all__ = ["PercolationThreshold", "lattice_threshold"]

_FIT = "percolation_threshold_fit"
_FIT_FROM = 8
_DISC_ERROR, _OTHER_ERROR, _ONE_ROW_ERROR = 0.005, 0.03, 0.1
"""Largest relative deviation of the fit from simulations (benchmarks/percolation_thresholds.py): of discs beyond the
table, of other shapes (steps up to 8 to 1, images sampled at pixels), of those that reach one step along an axis."""


@dataclass(frozen=True)
class PercolationThreshold:
    """Kept fraction at which an infinite grid percolates.

    Attributes
    ----------
    value : float or None
        The kept fraction lambda_c; None where neither a table nor a fit covers the neighbourhood.
    error : float or None
        What ``error_is`` says, in units of ``value``.
    error_is : str
        ``"standard error"`` of a table entry, ``"largest deviation"`` of the fit from simulations, ``"exact"``, or why
        there is none.
    method : {"measured", "literature", "fit", "exact", "none"}
        Where the value comes from: the table of docs/composition, jacobsen2015, the fit.
    z : int
        Number of neighbours.
    sources : tuple of str
        References of a value that no formula gives.
    """

    value: float | None
    error: float | None
    error_is: str
    method: str
    z: int
    sources: tuple[str, ...] = ()


def lattice_threshold(neighbourhood: Neighbourhood) -> PercolationThreshold:
    """Kept fraction at which an infinite grid percolates.

    On a square grid with all neighbours within a radius: measured values where the neighbourhood is tabulated, else
    ``4 eta_c/(z + 3.3)``, with the number of neighbours z. The same where the bonds are a linear image of these: with
    diagonals alone the grid is two separate square grids. The fit is for discs, ellipses and other convex shapes
    without holes; its error is not known elsewhere. In one dimension, and where all neighbours are on one line, 1: any
    share that is missing cuts the grid into pieces.

    Parameters
    ----------
    neighbourhood : Neighbourhood
        Which grid points connect.

    Returns
    -------
    PercolationThreshold
        The kept fraction with its error and where it comes from.

    Notes
    -----
    xun2021 (form of the fit), mertens2012 (eta_c); the table is measured, see docs/composition.

    Examples
    --------
    >>> from regimes.composition import disc_neighbourhood, lattice_threshold
    >>> near = lattice_threshold(disc_neighbourhood(1))
    >>> round(near.value, 4), near.method
    (0.5927, 'literature')
    """
    if neighbourhood.z == 0:
        raise ValueError("lattice_threshold: no two grid points connect (z = 0); take a larger radius")
    z, dimensions = neighbourhood.z, neighbourhood.dimensions
    rank = 1 if dimensions == 1 else int(np.linalg.matrix_rank(neighbourhood.offsets))
    if rank == 1:
        note("chain_mean_cluster_size")  # finite as long as a single point is missing
        return PercolationThreshold(1.0, 0.0, "exact", "exact", z)
    if dimensions > 2:
        why = "there is neither a table nor a fit in more than two dimensions; simulate with lattice_percolation"
        if rank == 2:
            why = "the neighbours of a point are in one plane, so that planes do not connect; take those of one plane"
        return PercolationThreshold(None, None, why, "none", z)
    disc = is_square_disc(neighbourhood)
    if disc and z in LITERATURE:
        return PercolationThreshold(*LITERATURE[z], "standard error", "literature", z, LITERATURE_SOURCES[z])
    if disc and z in SQUARE_LATTICE:
        return PercolationThreshold(*SQUARE_LATTICE[z], "standard error", "measured", z, MEASURED_BY)
    value = float(compile_formula(_FIT, target="numpy")(z))
    if unknown := _why_unknown(neighbourhood, disc):
        return PercolationThreshold(value, None, f"unknown: {unknown}", "fit", z)
    share = _DISC_ERROR if disc else _OTHER_ERROR if min(neighbourhood.reach) > 1 else _ONE_ROW_ERROR
    return PercolationThreshold(value, share * value, "largest deviation", "fit", z)


def _why_unknown(neighbourhood: Neighbourhood, disc: bool) -> str:
    """Why the fit says nothing about its error; empty if it does."""
    if neighbourhood.z < _FIT_FROM:
        return f"the fit is for {_FIT_FROM} neighbours and more"
    if disc or neighbourhood.radius is not None:
        return ""
    if (index := sublattice_index(neighbourhood)) > 1:
        return f"the neighbours connect one grid point in {index}, and the fit is for those that connect all"
    return "" if is_filled_and_symmetric(neighbourhood) else "the fit is for discs and ellipses"
