"""Kept fraction at which an infinite grid percolates: measured where the neighbourhood is tabulated, else a fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
from regimes.numerics.composition.lattice.offset_shape import is_filled_and_symmetric, is_square_disc, sublattice_index
from regimes.numerics.composition.lattice.threshold_table import LITERATURE, SQUARE_LATTICE
from regimes.numerics.interface.plain import plain_fields

__all__ = ["PercolationThreshold", "lattice_threshold"]

_FIT = "percolation_threshold_fit"
_FIT_FROM = 8
_DISC_ERROR, _OTHER_ERROR, _ONE_ROW_ERROR = 0.005, 0.03, 0.1
"""Largest relative deviation of the fit from simulations (benchmarks/percolation_thresholds.py): of discs beyond the
table, of other shapes (steps up to 8 to 1, images sampled at pixels), of those that reach one step along an axis."""
_LIMIT_ERRORS = ((12.0, 0.033), (9.0, 0.05), (6.0, 0.08))
"""Radius in steps: largest relative deviation of the disc limit from there on, against the table and then the fit."""


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
    method : {"table", "fit", "exact", "none"}
        Where the value comes from.
    z : int
        Number of neighbours.
    disc_limit : float or None
        Limit of discs in the continuum, 4 eta_c over the number of grid points on a disc of the radius; None without
        a radius in the plane.
    disc_limit_holds : bool or None
        Whether the radius reaches 6 steps along both axes, below which the limit is of no use: up to 12% off between 5
        and 6, 24% at the square root of 10.
    disc_limit_error : float or None
        Largest deviation of the limit from the threshold, as a share of it: 0.08 from 6 steps on, 0.05 from 9, 0.033
        from 12. Single radii may be much closer. None below 6 steps, and for uneven steps, where it is not measured.
    source : str
        Formula or paper.
    """

    value: float | None
    error: float | None
    error_is: str
    method: str
    z: int
    disc_limit: float | None
    disc_limit_holds: bool | None
    disc_limit_error: float | None
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes.
        """
        return plain_fields(self)


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

    Raises
    ------
    ValueError
        If no two points connect.

    Notes
    -----
    xun2021 (form of the fit), mertens2012 (eta_c); the table is measured, see docs/composition.

    Examples
    --------
    >>> from regimes.composition import disc_neighbourhood, lattice_threshold
    >>> near = lattice_threshold(disc_neighbourhood(1))
    >>> round(near.value, 4), near.method
    (0.5927, 'table')
    """
    if neighbourhood.z == 0:
        raise ValueError("lattice_threshold: no two grid points connect (z = 0); take a larger radius")
    z, dimensions = neighbourhood.z, neighbourhood.dimensions
    limit, holds, limit_error = _disc_limit(neighbourhood)
    found = partial(
        PercolationThreshold, z=z, disc_limit=limit, disc_limit_holds=holds, disc_limit_error=limit_error
    )  # fmt: skip
    rank = 1 if dimensions == 1 else int(np.linalg.matrix_rank(neighbourhood.offsets))
    if rank == 1:
        return found(1.0, 0.0, "exact", "exact", source="chain_mean_cluster_size")
    if dimensions > 2:
        why = "there is neither a table nor a fit in more than two dimensions; simulate with lattice_percolation"
        if rank == 2:
            why = "the neighbours of a point are in one plane, so that planes do not connect; take those of one plane"
        return found(None, None, why, "none", source="")
    disc = is_square_disc(neighbourhood)
    if disc and z in LITERATURE:
        return found(*LITERATURE[z], "standard error", "table", source="jacobsen2015")
    if disc and z in SQUARE_LATTICE:
        return found(*SQUARE_LATTICE[z], "standard error", "table", source="measured, docs/composition")
    value = float(compile_formula(_FIT, target="numpy")(z))
    if unknown := _why_unknown(neighbourhood, disc):
        return found(value, None, f"unknown: {unknown}", "fit", source=_FIT)
    share = _DISC_ERROR if disc else _OTHER_ERROR if min(neighbourhood.reach) > 1 else _ONE_ROW_ERROR
    return found(value, share * value, "largest deviation", "fit", source=_FIT)


def _why_unknown(neighbourhood: Neighbourhood, disc: bool) -> str:
    """Why the fit says nothing about its error; empty if it does."""
    if neighbourhood.z < _FIT_FROM:
        return f"the fit is for {_FIT_FROM} neighbours and more"
    if disc or neighbourhood.radius is not None:
        return ""
    if (index := sublattice_index(neighbourhood)) > 1:
        return f"the neighbours connect one grid point in {index}, and the fit is for those that connect all"
    return "" if is_filled_and_symmetric(neighbourhood) else "the fit is for discs and ellipses"


def _disc_limit(neighbourhood: Neighbourhood) -> tuple[float | None, bool | None, float | None]:
    """In steps the disc of an uneven grid is an ellipse, with the axes' geometric mean as its radius."""
    if neighbourhood.radius is None or neighbourhood.dimensions != 2:
        return None, None, None
    along = [neighbourhood.radius / step for step in neighbourhood.steps]
    limit = float(compile_formula("percolation_disc_limit", target="numpy")(math.sqrt(math.prod(along))))
    error = next((share for start, share in _LIMIT_ERRORS if min(along) >= start), None)
    return limit, error is not None, error if len(set(along)) == 1 else None
