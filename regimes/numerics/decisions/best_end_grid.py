"""The grid of a sampler whose final samples are nearest to a Gaussian."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.best_grid import SEEN, VARIANCES, best_grid, checked_calls
from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.descent import descended
from regimes.numerics.decisions.exchanged_levels import exchanged
from regimes.numerics.decisions.final_variance import final_variance
from regimes.numerics.decisions.step_grid import StepGrid, step_grid

__all__ = ["best_end_grid"]

Array = NDArray[np.float64]

_STARTED = 64  # steps up to which starts are compared and levels moved into other steps
_DENSE = 256  # steps up to which second derivatives are taken; of more, levels lie between those of so many
_EVEN: tuple[tuple[Callable[[Array], Array], Callable[[Array], Array]], ...] = (
    (np.log, np.exp),
    (lambda snr: snr ** (-1 / 14), lambda root: root**-14.0),  # rho = 7 of Karras et al. 2022
    (lambda snr: np.arctan(snr**-0.5), lambda angle: np.tan(angle) ** -2.0),  # cosine
    (lambda snr: snr, lambda snr: snr),
)
"""Scales on which named grids are even, and back."""


def best_end_grid(data: Components, calls: int, first: float, last: float, *, denoises: bool = False) -> StepGrid:
    """Find the levels of which the final samples diverge least, between two of them.

    Newton's method on the logarithms of the levels, from the grid that is best for the paths and from the nearest of
    those even in log snr, sigma^(1/7), angle and snr; then levels are moved from one step into another as long as that
    helps, which no small change finds where variances are decades apart. More than 64 steps refine a grid of fewer.

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
    The sum of ``end_divergence_slope`` over the components vanishes at each level between. The paths of the sampler may
    be farther from those of the data than with :func:`best_grid`, whose samples are farther than these.

    Examples
    --------
    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> from regimes.numerics.decisions.step_divergence import end_divergence
    >>> data = gaussian_components([1.0])
    >>> [round(end_divergence(best(data, 3, 0.0, 7.0), data), 4) for best in (best_grid, best_end_grid)]
    [0.1534, 0.1203]
    """
    calls = checked_calls("best_end_grid", calls, denoises)
    ends = step_grid([first, last], denoises=denoises).snr
    few, steps = data.thinned(VARIANCES), calls - denoises
    return StepGrid(_nearest(few, [_best_levels(few, ends, steps), *_starts(few, ends, steps)]), denoises)


def _best_levels(data: Components, ends: Array, steps: int) -> Array:
    if steps > _DENSE:
        return _refined(_best_levels(data, ends, _DENSE), steps)
    if steps > _STARTED:
        return _descended(data, _refined(_best_levels(data, ends, (steps + 1) // 2), steps))
    of_paths, *named = _starts(data, ends, steps)
    found = (_descended(data, levels) for levels in (of_paths, _nearest(data, named)))
    return exchanged(data, _nearest(data, found), lambda levels: _descended(data, levels))


def _nearest(data: Components, grids: Iterable[Array]) -> Array:
    return min(grids, key=lambda levels: _divergence(data, levels))


def _divergence(data: Components, levels: Array) -> float:
    return float(final_variance(levels, data).divergence(data))


def _descended(data: Components, levels: Array) -> Array:
    return descended(levels, lambda tried: _divergence(data, tried), lambda tried: _moves(data, tried))


def _starts(data: Components, ends: Array, steps: int) -> list[Array]:
    """Levels of the grid that is best for the paths, and of named ones."""
    first, last = float(ends[0]), float(ends[1])
    low = first if first > 0 else min(SEEN / float(data.variances[-1]), last / 2)
    grids = [best_grid(data, steps, first, last).snr]
    for scale, back in _EVEN:
        levels = back(np.linspace(scale(np.array(low)), scale(np.array(last)), steps + 1))
        levels[[0, -1]] = ends
        if np.all(np.diff(levels) > 0):
            grids.append(levels)
    return grids


def _refined(levels: Array, steps: int) -> Array:
    """So many steps of which as many lie in each part, by the logarithms of the levels."""
    offset = levels[1]  # the first may be 0
    places = np.linspace(0.0, levels.size - 1, steps + 1)
    finer = np.exp(np.interp(places, np.arange(levels.size), np.log(levels + offset))) - offset
    finer[[0, -1]] = levels[[0, -1]]
    return np.asarray(finer)


def _moves(data: Components, levels: Array) -> Callable[[float], Array | None]:
    """Newton's method: slopes and second derivatives in the logarithms of the levels between."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    variances, counts, inner, length = data.variances, data.counts, levels[1:-1], np.diff(levels)
    mmse = compile_formula("gaussian_channel_mmse", target="numpy")(inner[:, None], variances)
    deficit_slope = compile_formula("variance_deficit_slope", target="numpy")
    lacks = deficit_slope(length[:-1, None], mmse, length[1:, None])
    each, weight, curvature = final_variance(levels, data).slopes(lacks)
    slope = inner * (each @ counts)
    # The second derivatives of what is lacking are steps of variance_deficit_slope.
    own = (mmse**3 * (4 - 6 * length[:-1, None] * mmse)) @ (weight * counts)
    pair = (-2 * mmse[1:] ** 3) @ (weight * counts)
    lacks *= inner[:, None]
    second = (lacks * (curvature * counts)) @ lacks.T
    place = np.arange(inner.size)
    second[place, place] += inner**2 * own + slope
    second[place[:-1], place[1:]] += inner[:-1] * inner[1:] * pair
    second[place[1:], place[:-1]] += inner[:-1] * inner[1:] * pair
    scale = np.sqrt(np.maximum(np.abs(np.diag(second)), np.finfo(float).tiny))  # components differ by decades
    second /= scale * scale[:, None]
    diagonal = np.diag(second).copy()

    def move(damping: float) -> Array | None:
        second[place, place] = diagonal + damping
        try:
            return np.asarray(-cho_solve(cho_factor(second), slope / scale) / scale)
        except LinAlgError:
            return None

    return move
