"""From the width of the bumps and the grid of their positions to the share of it that must be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from regimes.numerics.composition.bumps.bump_grid import BumpGrid
from regimes.numerics.interface.checks import whole_number
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import Result
from regimes.prediction.composition.grid_rows import finite_rows, infinite_rows, radius_row, sentences
from regimes.theory.formula.record import recorded

if TYPE_CHECKING:
    from regimes.numerics.composition.lattice.lattice_percolation import LatticePercolation

__all__ = ["PercolationPrediction", "predict_percolation"]


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
    of_infinite = infinite_rows(problem, lattice.neighbourhood, near)
    return PercolationPrediction(
        problem=problem,
        numbers={
            "percolation.radius": radius_row(lattice.neighbourhood, near),
            "percolation.neighbours": Number("neighbours of a point", lattice.neighbourhood.z, formulas=near),
            **of_infinite,
            **finite_rows(problem, lattice.neighbourhood, simulation, near, simulated),
        },
        curves={} if simulation is None else _curves(simulation),
        settings={"runs": runs, "seed": rng, "depth": lattice.depth},
        sentences=sentences(problem, lattice, of_infinite["percolation.threshold_infinite"].formulas, runs),
        assumes=("each image is kept independently of the others, with probability lambda",),
    )


def _curves(found: LatticePercolation) -> dict[str, Any]:
    names = ("largest", "largest_share", "mean_size", "spanning")
    curves: dict[str, Any] = {"lambda": found.lambdas}
    for name in names:
        curves |= {name: getattr(found, name), f"{name}_se": getattr(found, f"{name}_se")}
    return curves
