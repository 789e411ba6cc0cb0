"""Susceptibility and correlations of the leaves that U-turns change, from the squares of how many are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.hierarchy.correlations import hierarchy_correlations
from regimes.validation.experiments.hierarchy_exact.runs import UTurnPoint

__all__ = ["LeafCorrelations", "leaf_correlations", "mean_field_susceptibility"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeafCorrelations:
    """chi and C(r), r = 1 to L, of one way at one time, with errors over sets of rules; and less the exact ones."""

    chi: float
    chi_se: float
    correlation: Array
    correlation_se: Array
    chi_difference: float
    chi_difference_se: float


def leaf_correlations(point: UTurnPoint, way: str) -> LeafCorrelations:
    """Of spins +1 for kept and -1 for changed leaves, over rules, starts and noise."""
    found = _by_rules(point, way)
    exact = _by_rules(point, "exact") if way in ("exact", "once") else _by_rules(point, way, exact=True)
    value, base = _values(found.mean(axis=0), point), _values(exact.mean(axis=0), point)
    left = np.stack([_values(np.delete(found, one, axis=0).mean(axis=0), point) for one in range(point.rules)])
    base_left = np.stack([_values(np.delete(exact, one, axis=0).mean(axis=0), point) for one in range(point.rules)])
    se, difference_se = jackknife_error(left), jackknife_error(left - base_left)
    return LeafCorrelations(
        chi=float(value[0]),
        chi_se=float(se[0]),
        correlation=value[1:],
        correlation_se=se[1:],
        chi_difference=float(value[0] - base[0]),
        chi_difference_se=float(difference_se[0]),
    )


def mean_field_susceptibility(point: UTurnPoint) -> float:
    """Susceptibility of mean field under the epsilon-process whose leaves know as much of their symbol on average."""
    v = point.model.v
    return float(hierarchy_correlations(point.model.hierarchy(), (1 - point.belief) * v / (v - 1)).susceptibility[0])


def _by_rules(point: UTurnPoint, way: str, *, exact: bool = False) -> Array:
    """Mean squares of each set of rules, (rules, L + 1)."""
    squares = (point.exact_for(way) if exact else point.kept[way]).squares
    return np.asarray(squares.reshape(point.rules, -1, squares.shape[1]).mean(axis=1))


def _values(squares: Array, point: UTurnPoint) -> Array:
    """chi, then C(r): a pair of leaves below one node is kept with the probability that the squares give."""
    model = point.model
    leaves = model.s**model.L
    kept = squares[-1] / leaves
    upwards = squares[::-1]  # from single leaves to the whole tree
    sizes = model.s ** np.arange(model.L + 1)
    pairs = np.diff(upwards) / (leaves * np.diff(sizes))
    variance = kept * (1 - kept)
    # N^2 of the whole tree less the square of its mean, over as much for independent leaves.
    chi = (upwards[-1] - (leaves * kept) ** 2) / (leaves * variance)
    return np.concatenate([[chi], 4 * (pairs - kept**2)])
