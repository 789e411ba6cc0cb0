"""From the width of the bumps and the grid of their positions to the share of it that must be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from regimes.numerics.composition.bumps.bump_neighbourhood import bump_neighbourhood
from regimes.numerics.composition.lattice.lattice_checks import checked_lattice
from regimes.numerics.composition.lattice.neighbourhood import Neighbourhood, checked_steps
from regimes.numerics.composition.lattice.threshold import lattice_threshold
from regimes.numerics.interface.checks import whole_number
from regimes.prediction.composition.grid_result import PercolationPrediction

__all__ = ["predict_percolation"]

Progress = Callable[[int, int], None]


def predict_percolation(
    grid: int | Sequence[int],
    sigma: float,
    *,
    tau: float = 0.005,
    overlap: str = "cosine",
    steps: float | Sequence[float] = (1.0, 1.0),
    pixels: bool = False,
    periodic: bool = False,
    runs: int = 32,
    lambdas: Sequence[float] | None = None,
    rng: int = 0,
    memory: int = 2 * 2**30,
    progress: Progress | None = None,
) -> PercolationPrediction:
    """Predict how much of a grid of bump images must be kept before a connected piece reaches through the grid.

    Images of a Gaussian bump, or of a sum of stripes, differ by the place (x, y) of the bump on a grid. Two kept
    images connect if they overlap by tau at least. Below a kept fraction lambda_c the pieces are small, above it one
    of them reaches through the grid.

    Parameters
    ----------
    grid : int or pair of int
        Points of the grid along each axis, rows first; one number for a square.
    sigma : float
        Width of a bump, in pixels.
    tau : float
        Overlap from which two images connect, in (0, 1).
    overlap : {"cosine", "coefficient", "product"}
        Which overlap, see :func:`regimes.composition.bump_overlap`.
    steps : float or pair of float
        Distance of neighbouring grid points in pixels, (dy, dx).
    pixels : bool
        Take the overlap of images that are sampled at pixels, not of bumps in the plane.
    periodic : bool
        Join opposite edges of the grid; a cluster then spans if it wraps around it.
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
    >>> from regimes import predict_percolation
    >>> result = predict_percolation(32, 0.5, runs=0)
    >>> round(result.radius, 3), result.neighbours, round(result.lambda_c, 3)
    (2.302, 20, 0.197)
    """
    name = "predict_percolation"
    runs = whole_number(name, "runs", "random orders", runs, at_least=0)
    rng = whole_number(name, "rng", "seed", rng, at_least=0)
    widths = checked_steps(name, steps)
    if len(widths) != 2:
        raise ValueError(f"{name}: steps (of the grid, in pixels) must be two, (dy, dx), got {len(widths)}")
    neighbourhood = bump_neighbourhood(sigma, tau=tau, overlap=overlap, steps=widths, pixels=pixels)
    lattice = checked_lattice(name, grid, neighbourhood, periodic=periodic, axis=0, depth=None)
    threshold = lattice_threshold(neighbourhood)
    reasons = {} if threshold.value is not None else {"lambda_c": threshold.error_is}
    simulation = None
    fractions = None if lambdas is None else sorted(set(lambdas))
    if runs:
        from regimes.numerics.composition.lattice.lattice import lattice_percolation

        simulation = lattice_percolation(
            lattice.shape, neighbourhood, runs=runs, lambdas=fractions, periodic=periodic, rng=rng, memory=memory,
            progress=progress,
        )  # fmt: skip
        if simulation.threshold is None:
            reasons["lambda_c_finite"] = _why_nothing_spans(neighbourhood)
    else:
        reasons |= dict.fromkeys(("lambda_c_finite", "curve"), "there is no simulation without runs")
    return PercolationPrediction(
        model={
            "grid": list(lattice.shape),
            "points": lattice.points,
            "steps": list(neighbourhood.steps),
            "sigma": float(sigma),
            "overlap": overlap,
            "tau": float(tau),
            "pixels": pixels,
            "periodic": periodic,
        },
        neighbourhood=neighbourhood,
        threshold=threshold,
        simulation=simulation,
        settings={"runs": runs, "rng": rng},
        reasons=reasons,
        sources={
            "radius": f"{overlap}_radius" if not pixels else "sums over pixels",
            "lambda_c": threshold.source,
            "lambda_c_finite": "union-find over random orders (newman2001)",
        },
    )


def _why_nothing_spans(neighbourhood: Neighbourhood) -> str:
    rows, columns = neighbourhood.reach
    radius = "the reach of a bump" if neighbourhood.radius is None else f"the radius of {neighbourhood.radius:.4g} px"
    apart = [
        f"{name} are {step:g} px apart, beyond {radius}"
        for name, step, reach in zip(("rows", "columns"), neighbourhood.steps, (rows, columns), strict=True)
        if reach == 0
    ]
    return f"even the full grid is not spanned: {' and '.join(apart) or 'its points form separate grids'}"
