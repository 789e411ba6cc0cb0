"""Rows of a prediction for a grid: numbers with their errors, reasons and formulas, and what follows in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regimes.numerics.composition.bumps.bump_grid import BumpGrid
from regimes.numerics.composition.lattice.disc_limit import disc_limit
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
from regimes.numerics.composition.lattice.threshold import PercolationThreshold, lattice_threshold
from regimes.numerics.interface.number import Number
from regimes.theory.formula.record import recorded

if TYPE_CHECKING:
    from regimes.numerics.composition.lattice.lattice_percolation import LatticePercolation

__all__ = ["finite_rows", "infinite_rows", "radius_row", "sentences"]

Formulas = tuple[str, ...]


def radius_row(neighbourhood: Neighbourhood, formulas: Formulas) -> Number:
    """Distance up to which points connect."""
    reason = "the direction counts as well" if neighbourhood.radius is None else None
    return Number("connection radius", neighbourhood.radius, formulas=formulas, reason=reason, unit="pixels")


def infinite_rows(problem: BumpGrid, neighbourhood: Neighbourhood, near: Formulas) -> dict[str, Number]:
    """Threshold of the infinite grid, the same in images of this one, and its limit of many neighbours."""
    with recorded() as used:
        found = lattice_threshold(neighbourhood)
    formulas = near + tuple(used)
    standard = found.error_is == "standard error"
    threshold = Number(
        "lambda_c, infinite grid",
        found.value,
        error=found.error if standard or found.method == "exact" else None,
        interval=_largest_deviation(found),
        covers=_covers(found),
        formulas=formulas,
        sources=found.sources,
        reason=found.error_is if found.value is None or found.error is None else None,
    )
    cut = found.value is None or found.method == "exact"
    images = Number(
        "lambda_c of the infinite grid, in images",
        None if found.value is None or cut else found.value * problem.points,
        formulas=formulas,
        reason="there is no threshold below 1" if cut else None,
        sources=found.sources,
    )
    with recorded() as used:
        limit = disc_limit(neighbourhood)
    holds = limit is not None and limit.holds
    many = Number(
        "limit of many neighbours",
        limit.value if limit is not None and holds else None,
        covers=f"discs, off by at most {100 * limit.error:g}%" if holds and limit and limit.error else "discs",
        formulas=near + tuple(used),
        reason=None if holds else "the radius does not reach 6 steps along both axes",
    )
    return {
        "percolation.threshold_infinite": threshold,
        "percolation.images_infinite": images,
        "percolation.disc_limit": many,
    }


def _covers(found: PercolationThreshold) -> str | None:
    """Where a threshold comes from, and what its error is."""
    if found.value is None:
        return None
    if found.method == "fit":
        if not found.error:
            return "fit, its error is unknown"
        return f"fit, off by at most {100 * found.error / found.value:.2g}%"
    return {
        "measured": "simulated, standard error",
        "literature": f"{' and '.join(found.sources)}, standard error",
        "exact": "exact: any gap cuts a line",
    }[found.method]


def _largest_deviation(found: PercolationThreshold) -> tuple[float, float] | None:
    """What a fit may be off by, either way: no standard error."""
    if found.method != "fit" or found.value is None or found.error is None:
        return None
    return found.value - found.error, found.value + found.error


def finite_rows(
    problem: BumpGrid,
    neighbourhood: Neighbourhood,
    found: LatticePercolation | None,
    near: Formulas,
    simulated: Formulas,
) -> dict[str, Number]:
    """Threshold of this grid, the same in images, its width, and where half of what is kept hangs together."""
    threshold = error = width = half = None
    missing = no_half = "there is no simulation without runs"
    covers = None
    if found is not None:
        threshold, error, width, half = found.threshold, found.threshold_se, found.width, found.half_fraction
        missing = _why_nothing_spans(problem, neighbourhood)
        no_half = "the largest cluster holds less than half of what is kept at the largest kept fraction"
        covers = f"median of {found.runs} random order{'' if found.runs == 1 else 's'}"
    no_error = "fewer than 8 random orders do not tell the error of their median" if error is None else None
    one_order = "a single random order has no standard deviation"
    return {
        "percolation.threshold_grid": Number(
            "lambda_c, this grid",
            threshold,
            error=error,
            covers=covers,
            formulas=simulated,
            reason=missing if threshold is None else no_error,
        ),
        "percolation.images_grid": Number(
            "lambda_c of this grid, in images",
            None if threshold is None else threshold * problem.points,
            formulas=simulated,
            reason=missing if threshold is None else None,
        ),
        "percolation.width": Number(
            "standard deviation",
            width,
            unit="of single orders",
            formulas=near,
            reason=missing if threshold is None else one_order if width is None else None,
        ),
        "percolation.half_fraction": Number(
            "half of what is kept hangs together",
            half,
            unit="from this fraction on",
            formulas=simulated,
            reason=no_half if half is None else None,
        ),
    }


def sentences(problem: BumpGrid, lattice: Lattice, formulas: Formulas, runs: int) -> tuple[str, ...]:
    """What a threshold of 1 or a fit rests on, and what it means to span."""
    said = []
    if apart := _apart(problem, lattice.neighbourhood):
        axis, words = apart[0]
        said.append(f"no threshold: bumps connect along {axis} only, {words}")
    if "percolation_threshold_fit" in formulas:
        said.append("the fit is to the number of neighbours z alone, 4 eta_c/(z + 3.3)")
    if runs and lattice.depth is None:
        said.append("a cluster winds if it goes around the grid, across all rows")
    elif runs:
        bands, rows = ("", "row") if lattice.depth == 1 else (f"{lattice.depth} ", "rows")
        said.append(f"a cluster spans if it joins the first {bands}and the last {bands}{rows}")
    return tuple(said)


def _why_nothing_spans(problem: BumpGrid, neighbourhood: Neighbourhood) -> str:
    apart = " and ".join(words for _, words in _apart(problem, neighbourhood))
    return f"even the full grid is not spanned: {apart or 'its points form separate grids'}"


def _apart(problem: BumpGrid, neighbourhood: Neighbourhood) -> list[tuple[str, str]]:
    """Axes that are too coarse for their lines to connect, with the reason."""
    radius = neighbourhood.radius
    reach = "the reach of the overlap" if radius is None else f"the radius of {radius:.4g} px"
    return [
        (axis, f"{axis} are {step:g} px apart, beyond {reach}")
        for axis, step, steps in zip(("rows", "columns"), problem.steps, neighbourhood.reach, strict=True)
        if steps == 0
    ]
