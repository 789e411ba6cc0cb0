"""The threshold in the limit of many neighbours: overlapping discs in the plane."""

from __future__ import annotations

import math
from dataclasses import dataclass

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood

__all__ = ["DiscLimit", "disc_limit"]

_ERRORS = ((12.0, 0.033), (9.0, 0.05), (6.0, 0.08))
"""Radius in steps: largest relative deviation of the disc limit from there on, against the table and then the fit."""


@dataclass(frozen=True)
class DiscLimit:
    """Limit of discs in the continuum, 4 eta_c over the number of grid points on a disc of the radius.

    It holds from 6 steps along both axes on; below it is of no use, up to 12% off between 5 and 6, 24% at the square
    root of 10. ``error`` is its largest deviation from the threshold, as a share of it: 0.08 from 6 steps on, 0.05 from
    9, 0.033 from 12, though single radii may be much closer; None below, and for uneven steps, where it is not
    measured.
    """

    value: float
    holds: bool
    error: float | None


def disc_limit(neighbourhood: Neighbourhood) -> DiscLimit | None:
    """Limit of discs; None without a radius in the plane.

    In steps the disc of an uneven grid is an ellipse, with the axes' geometric mean as its radius.
    """
    if neighbourhood.radius is None or neighbourhood.dimensions != 2:
        return None
    along = [neighbourhood.radius / step for step in neighbourhood.steps]
    limit = float(compile_formula("percolation_disc_limit", target="numpy")(math.sqrt(math.prod(along))))
    error = next((share for start, share in _ERRORS if min(along) >= start), None)
    return DiscLimit(limit, error is not None, error if len(set(along)) == 1 else None)
