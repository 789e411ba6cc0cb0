"""From the width of the bumps and the grid of their positions to the share of it that must be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from regimes.numerics.composition.bumps.bump_grid import BumpGrid
from regimes.numerics.composition.lattice.disc_limit import disc_limit
from regimes.numerics.composition.lattice.lattice import Lattice
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood
from regimes.numerics.composition.lattice.threshold import PercolationThreshold, lattice_threshold
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.result import Number, Result
from regimes.theory.formula.record import recorded

if TYPE_CHECKING:
    from regimes.numerics.composition.lattice.lattice_percolation import LatticePercolation

__all__ = ["PercolationPrediction", "predict_percolation"]

Formulas = tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class PercolationPrediction(Result):
    """How much of a grid of images must be kept before one connected piece of the kept ones reaches through it.

    Numbers are ``percolation.radius``, ``.neighbours``, ``.threshold_infinite`` (of the infinite grid),
    ``.threshold_grid`` (of this one: the fraction at which a cluster spans with probability 1/2), both also as a number
    of images, ``.width`` (standard deviation of the fraction at which single random orders span), ``.half_fraction``
    (from which on the largest cluster holds half of what is kept) and ``.disc_limit``. Curves are over ``lambda``, the
    kept fraction; there are none without runs.
    """

    kind: ClassVar[str] = "grid percolation"
    problem_type: ClassVar[type[BumpGrid]] = BumpGrid


def predict_percolation(
    problem: BumpGrid,
    *,
    runs: int = 32,
    lambdas: Sequence[float] | None = None,
    rng: int = 0,
    memory: int = 2 * 2**30,
    progress: Callable[[int, int], None] | None = None,
) -> PercolationPrediction:
    """Predict how much of a grid of bump images must be kept before a connected piece reaches through the grid.

    Two kept images connect if they overlap by tau at least. Below a kept fraction lambda_c the pieces are small, above
    it one of them reaches through the grid.

    Parameters
    ----------
    problem : BumpGrid
        The grid, its bumps, and which of them connect. With periodic edges a cluster spans if it winds around the grid.
    runs : int
        Random orders of the simulation; 0 for none.
    lambdas : sequence of float, optional
        Kept fractions of the curve; chosen if not given.
    rng : int
        Seed.
    memory : int
        Bytes of working memory; the result does not depend on it.
    progress : callable, optional
        Called with the orders done and their number.

    Returns
    -------
    PercolationPrediction
        Radius, neighbours, threshold of the infinite grid, and of this grid with its standard error.

    Raises
    ------
    ValueError
        If a parameter is out of range, no two bumps connect, or the radius exceeds the grid.

    Notes
    -----
    liang2024b, with thresholds as in :func:`regimes.composition.lattice_threshold`. A geometric prediction: that a
    model composes features from lambda_c on is a hypothesis, not a consequence.

    Examples
    --------
    >>> from regimes import BumpGrid, predict_percolation
    >>> result = predict_percolation(BumpGrid(32, 0.5), runs=0)
    >>> radius, z, threshold = (result[f"percolation.{key}"] for key in ("radius", "neighbours", "threshold_infinite"))
    >>> round(radius.value, 3), z.value, round(threshold.value, 3)
    (2.302, 20, 0.197)
    """
    name = "predict_percolation"
    if not isinstance(problem, BumpGrid):
        raise ValueError(f"{name}: problem must be a BumpGrid, got {type(problem).__name__}; BumpGrid(64, 0.7) is one")
    runs = whole_number(name, "runs", "random orders", runs, at_least=0)
    rng = whole_number(name, "rng", "seed", rng, at_least=0)
    with recorded() as used:
        lattice = problem.lattice()
    near = tuple(used)
    simulation, simulated = None, near
    if runs:
        from regimes.numerics.composition.lattice.lattice_percolation import lattice_percolation

        fractions = None if lambdas is None else sorted(set(lambdas))
        with recorded() as used:
            simulation = lattice_percolation(
                lattice, runs=runs, lambdas=fractions, rng=rng, memory=memory, progress=progress
            )
        simulated += tuple(used)
    of_infinite = _infinite(problem, lattice.neighbourhood, near)
    return PercolationPrediction(
        problem=problem,
        numbers={
            "percolation.radius": _radius(lattice.neighbourhood, near),
            "percolation.neighbours": Number("neighbours of a point", lattice.neighbourhood.z, formulas=near),
            **of_infinite,
            **_finite(problem, lattice.neighbourhood, simulation, near, simulated),
        },
        curves={} if simulation is None else _curves(simulation),
        settings={"runs": runs, "seed": rng, "depth": lattice.depth},
        sentences=_sentences(problem, lattice, of_infinite["percolation.threshold_infinite"].formulas, runs),
        assumes=("each image is kept independently of the others, with probability lambda",),
    )


def _radius(neighbourhood: Neighbourhood, formulas: Formulas) -> Number:
    reason = "the direction counts as well" if neighbourhood.radius is None else None
    return Number("connection radius", neighbourhood.radius, formulas=formulas, reason=reason, unit="pixels")


def _infinite(problem: BumpGrid, neighbourhood: Neighbourhood, near: Formulas) -> dict[str, Number]:
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
        reason=found.error_is if found.value is None or found.error is None else None,
    )
    cut = found.value is None or found.method == "exact"
    images = Number(
        "lambda_c of the infinite grid, in images",
        None if found.value is None or cut else found.value * problem.points,
        formulas=formulas,
        reason="there is no threshold below 1" if cut else None,
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
        "literature": "jacobsen2015, standard error",
        "exact": "exact: any gap cuts a line",
    }[found.method]


def _largest_deviation(found: PercolationThreshold) -> tuple[float, float] | None:
    """What a fit may be off by, either way: no standard error."""
    if found.method != "fit" or found.value is None or found.error is None:
        return None
    return found.value - found.error, found.value + found.error


def _finite(
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
            covers="of single orders",
            formulas=near,
            reason=missing if threshold is None else one_order if width is None else None,
        ),
        "percolation.half_fraction": Number(
            "half of what is kept hangs together",
            half,
            covers="from this fraction on",
            formulas=simulated,
            reason=no_half if half is None else None,
        ),
    }


def _curves(found: LatticePercolation) -> dict[str, Any]:
    names = ("largest", "largest_share", "mean_size", "spanning")
    curves: dict[str, Any] = {"lambda": found.lambdas}
    for name in names:
        curves |= {name: getattr(found, name), f"{name}_se": getattr(found, f"{name}_se")}
    return curves


def _sentences(problem: BumpGrid, lattice: Lattice, formulas: Formulas, runs: int) -> tuple[str, ...]:
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
