"""The grid of a sampler with the least path divergence for a Gaussian."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.descent import descended
from regimes.numerics.decisions.step_divergence import path_divergence
from regimes.numerics.decisions.step_grid import StepGrid, step_grid
from regimes.numerics.interface.checks import whole_number

__all__ = ["MOST_CALLS", "SEEN", "VARIANCES", "best_grid", "checked_calls", "limit_divergence"]

Array = NDArray[np.float64]

MOST_CALLS = 4096
"""More are not looked for."""

SEEN = 1e-4
"""Below this share of what the largest variance sees all grids are even in snr, and no level need lie."""

VARIANCES = 256
"""Of so many at most a grid is found; what it costs is of all."""

_LEVELS = 2049


def best_grid(data: Components, calls: int, first: float, last: float, *, denoises: bool = False) -> StepGrid:
    """Find the levels with the least path divergence between two of them.

    Starts from the limit of many steps, equal ones in the integral of ``sqrt(-mmse')``, and goes on by Newton's method
    on the logarithms of the levels, whose matrix of second derivatives is tridiagonal.

    Parameters
    ----------
    data : Components
        The Gaussian.
    calls : int
        Calls of the network, at most 4096.
    first, last : float
        Signal-to-noise ratios ``1/sigma^2`` of the first call, 0 if it is pure noise, and of the final samples.
    denoises : bool
        Whether the network is called at the last level too.

    Returns
    -------
    StepGrid
        The grid.

    Raises
    ------
    ValueError
        If there are too few or too many calls, or the levels do not rise.

    Notes
    -----
    ``path_divergence_slope`` vanishes at each level between. Grids of variances that are many decades apart may have
    several such optima; this is the one next to the limit of many steps.

    Examples
    --------
    One variance: the levels are geometric in snr + 1/variance.

    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> best_grid(gaussian_components([1.0]), 3, 0.0, 7.0).snr.round(6).tolist()
    [0.0, 1.0, 3.0, 7.0]
    """
    calls = checked_calls("best_grid", calls, denoises)
    ends = step_grid([first, last], denoises=denoises)
    few = data.thinned(VARIANCES)
    levels = _limit_levels(few, float(ends.snr[0]), float(ends.snr[1]), calls - denoises)
    value = lambda tried: path_divergence(StepGrid(tried, False), few)  # noqa: E731
    return StepGrid(descended(levels, value, lambda tried: _newton_move(*_derivatives(few, tried))), denoises)


def checked_calls(caller: str, calls: int, denoises: bool) -> int:
    """Whole number of calls for which a grid is found."""
    calls = whole_number(caller, "calls", "calls of the network", calls, at_least=1 + denoises)
    if calls > MOST_CALLS:
        raise ValueError(f"{caller}: calls of the network must be at most {MOST_CALLS}, got {calls}")
    return calls


def limit_divergence(data: Components, calls: int, first: float, last: float) -> float:
    """Path divergence of the best grid in the limit of many steps, ``(int sqrt(-mmse') ds)^2/(4 N)``, in nats.

    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> round(limit_divergence(gaussian_components([1.0]), 100, 0.0, 7.0), 4)
    0.0108
    """
    clock = _clock(data.thinned(VARIANCES), first, last)[1][-1]
    return float(compile_formula("best_grid_divergence", target="numpy")(clock, calls))


def _clock(data: Components, first: float, last: float) -> tuple[Array, Array]:
    """Levels, and the integral of the square root of the fall of the mmse up to each."""
    low = first if first > 0 else min(SEEN / float(data.variances[-1]), last / 2)
    snr = np.geomspace(low, last, _LEVELS)
    if first == 0:
        snr = np.append(np.linspace(0.0, low, 16)[:-1], snr)
    speed = np.sqrt(data.fall(snr))
    return snr, np.append(0.0, np.cumsum((speed[1:] + speed[:-1]) / 2 * np.diff(snr)))


def _limit_levels(data: Components, first: float, last: float, steps: int) -> Array:
    snr, clock = _clock(data, first, last)
    levels = np.interp(np.linspace(0.0, clock[-1], steps + 1), clock, snr)
    levels[[0, -1]] = first, last
    # Where the fall underflows or the clock stands still, levels may coincide.
    return (
        levels if np.all(np.diff(levels) > 0) else np.append(first, np.geomspace(max(first, last / 2**40), last, steps))
    )


def _derivatives(data: Components, levels: Array) -> tuple[Array, Array, Array]:
    """Slope of the path divergence in the logarithms of the levels between, and the two diagonals of its curvature."""
    inner, length = levels[1:-1], np.diff(levels)[1:]
    mmse, fall = data.mmse(levels[:-1]), data.fall(inner)
    slope = inner * compile_formula("path_divergence_slope", target="numpy")(mmse[:-1], mmse[1:], fall, length)
    bend = data.fall_bend(inner)
    return slope, inner**2 * (fall + length * bend) + slope, -inner[:-1] * inner[1:] * fall[:-1] / 2


def _newton_move(slope: Array, curvature: Array, beside: Array) -> Callable[[float], Array | None]:
    """Change of the logarithms for a damping; None where the curvature is not positive."""
    from scipy.linalg import LinAlgError, solveh_banded

    scale = np.sqrt(np.maximum(np.abs(curvature), np.finfo(float).tiny))  # unit diagonal: components differ by decades
    bands = np.zeros((2, slope.size))
    bands[0, 1:] = beside / scale[:-1] / scale[1:]

    def move(damping: float) -> Array | None:
        bands[1] = curvature / scale**2 + damping
        if slope.size == 1:  # which the solver refuses
            return -slope / scale**2 / bands[1] if bands[1, 0] > 0 else None
        try:
            return np.asarray(-solveh_banded(bands, slope / scale) / scale)
        except LinAlgError:
            return None

    return move
