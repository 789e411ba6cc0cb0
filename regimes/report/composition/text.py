"""What figures and tables of percolation say alike: the grid, what connects, thresholds with their errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regimes.numerics.composition.lattice.lattice import LatticePercolation
    from regimes.numerics.composition.lattice.threshold import PercolationThreshold
    from regimes.prediction.composition.grid_result import PercolationPrediction

__all__ = [
    "OVERLAP_NAMES",
    "common_grid",
    "connection_words",
    "count_words",
    "capped",
    "grid_words",
    "no_threshold_words",
    "rounded",
    "spanning_words",
    "threshold_words",
]

OVERLAP_NAMES = {"cosine": "cosine overlap", "coefficient": "overlap coefficient", "product": "density product"}
"""Names of the overlaps, for text."""

_MOST_DECIMALS = 7
_DECIMALS = 4


def count_words(number: int, what: str) -> str:
    """A number of things.

    Parameters
    ----------
    number : int
        How many.
    what : str
        One of them.

    Returns
    -------
    str
        With an s where there is not one.

    Examples
    --------
    >>> count_words(1, "random order"), count_words(8, "random order")
    ('1 random order', '8 random orders')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def grid_words(prediction: PercolationPrediction) -> str:
    """The grid of a prediction: points, steps, edges.

    Parameters
    ----------
    prediction : PercolationPrediction
        The result.

    Returns
    -------
    str
        For titles.
    """
    model = prediction.model
    rows, columns = model["steps"]
    if rows != columns:
        steps = f", rows {rows:g} px apart, columns {columns:g} px"
    else:
        steps = "" if rows == 1.0 else f", steps of {rows:g} px"
    return f"grid of {' x '.join(map(str, model['grid']))}{steps}, {'periodic' if model['periodic'] else 'open'} edges"


def common_grid(predictions: Sequence[PercolationPrediction]) -> str:
    """What several predictions have in common.

    Parameters
    ----------
    predictions : sequence of PercolationPrediction
        The results.

    Returns
    -------
    str
        Grid and number of random orders, where they are the same; for legends.
    """
    grids = {" x ".join(map(str, prediction.model["grid"])) for prediction in predictions}
    runs = {found.runs for prediction in predictions if (found := prediction.simulation) is not None}
    words = [f"grid of {grids.pop()}"] if len(grids) == 1 else []
    return ", ".join([*words, *([count_words(runs.pop(), "random order")] if len(runs) == 1 else [])])


def connection_words(prediction: PercolationPrediction) -> str:
    """What connects two points of a prediction: width of the bumps, overlap, threshold.

    Parameters
    ----------
    prediction : PercolationPrediction
        The result.

    Returns
    -------
    str
        For titles.
    """
    model = prediction.model
    overlap, pixels = model["overlap"], " on pixels" if model["pixels"] else ""
    article, unit = "an" if overlap == "coefficient" else "a", " per px^2" if overlap == "product" else ""
    return (
        f"bumps of sigma = {model['sigma']:g} px{pixels} connect from {article} {OVERLAP_NAMES[overlap]} of "
        f"{model['tau']:g}{unit} on"
    )


def spanning_words(simulation: LatticePercolation) -> str:
    """What it means that a cluster spans.

    Parameters
    ----------
    simulation : LatticePercolation
        The simulation.

    Returns
    -------
    str
        For notes.
    """
    axis, depth = simulation.axis, simulation.depth
    line, along = (("row", "column")[axis], "") if len(simulation.shape) == 2 else ("layer", f" along axis {axis}")
    if depth is None:
        return f"a cluster winds if it goes around the grid, across all {line}s{along}"
    if depth == 1:
        return f"a cluster spans if it joins the first and the last {line}{along}"
    return f"a cluster spans if it joins the first {depth} and the last {depth} {line}s{along}"


def no_threshold_words(prediction: PercolationPrediction) -> str:
    """Why there is no threshold below 1: bumps connect along one axis only.

    Parameters
    ----------
    prediction : PercolationPrediction
        The result.

    Returns
    -------
    str
        Nothing where there is a threshold.
    """
    if prediction.threshold.method != "exact":
        return ""
    around, steps = prediction.neighbourhood.reach, prediction.model["steps"]
    reach = "the reach of the overlap" if prediction.radius is None else f"the radius of {prediction.radius:.4g} px"
    for axis, cut in enumerate(("rows", "columns")):
        if around[axis] == 0:
            return f"no threshold: bumps connect along {cut} only, {cut} are {steps[axis]:g} px apart, beyond {reach}"
    return "no threshold: bumps connect along parallel lines only"


def threshold_words(threshold: PercolationThreshold) -> str:
    """Threshold of an infinite grid with its error.

    Parameters
    ----------
    threshold : PercolationThreshold
        The threshold.

    Returns
    -------
    str
        A standard error in brackets, the largest deviation of a fit as a percentage.
    """
    if threshold.value is None:
        return "-"
    if threshold.error_is == "standard error":
        return rounded(threshold.value, threshold.error)
    within = f" within {threshold.error / threshold.value:.1%}" if threshold.error else ""
    return f"{rounded(threshold.value)}{within}"


def rounded(value: float, error: float | None = None) -> str:
    """A number with its standard error in units of the last digits, two of them.

    Parameters
    ----------
    value : float
        The value.
    error : float, optional
        Its standard error.

    Returns
    -------
    str
        Four digits where there is no error, or none that could be seen.

    Examples
    --------
    >>> rounded(0.19718, 0.00031), rounded(153.27, 4.21), rounded(1532.7, 42.1), rounded(0.0625)
    ('0.19718(31)', '153.3(42)', '1533(42)', '0.0625')
    """
    if error is None or not error > 10.0 ** (1 - _MOST_DECIMALS):
        return f"{value:.4g}"
    return _with_error(value, error, max(0, 1 - math.floor(math.log10(error))))


def capped(value: float, error: float | None = None, *, digits: int = 3) -> str:
    """A number of a curve with its standard error, to four decimals, or to some digits if those are more decimals.

    Parameters
    ----------
    value : float
        The value.
    error : float, optional
        Its standard error.
    digits : int
        Digits of a small number; 0 for four decimals at most.

    Returns
    -------
    str
        Without an error that would be 0.

    Examples
    --------
    >>> capped(0.15749, 0.00075), capped(0.9999952, 0.0000048), capped(0.00070042, 0.0000351), capped(10.72, 0.31)
    ('0.1575(8)', '1.0000', '0.000700(35)', '10.72(31)')
    """
    if error is None or not error > 0:
        return f"{value:.4g}"
    most = _DECIMALS
    if digits and value:
        most = max(most, digits - 1 - math.floor(math.log10(abs(value))))
    return _with_error(value, error, min(most, max(0, 1 - math.floor(math.log10(error)))))


def _with_error(value: float, error: float, decimals: int) -> str:
    units = round(error * 10**decimals)
    return f"{value:.{decimals}f}" + (f"({units})" if units else "")
