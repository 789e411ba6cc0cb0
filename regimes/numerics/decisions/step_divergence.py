"""What the steps of a stochastic sampler cost, exactly for Gaussian data: its paths, its final samples, its start."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.final_variance import final_variance
from regimes.numerics.decisions.step_grid import StepGrid

__all__ = ["STARTS", "end_divergence", "path_divergence", "start_divergence", "step_divergences"]

Array = NDArray[np.float64]

STARTS = ("preserving", "exploding")
"""N(0, 1) of a variance-preserving process, N(mean, sigma_max^2) of a variance-exploding one."""


def step_divergences(grid: StepGrid, data: Components) -> Array:
    """Divergence of the paths of the data from each step, in nats.

    ``((s' - s) mmse(s) - 2 [I(s') - I(s)])/2``: the left Riemann error of the mmse (``frozen_mean_divergence``), since
    the sampler holds the posterior mean at its value at the beginning of the step.

    Parameters
    ----------
    grid : StepGrid
        Levels of the sampler; those that come twice are one.
    data : Components
        The Gaussian.

    Returns
    -------
    ndarray, shape (steps,)
        Nats.

    Examples
    --------
    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> from regimes.numerics.decisions.step_grid import step_grid
    >>> step_divergences(step_grid([0.0, 1.0, 3.0]), gaussian_components([1.0])).round(4).tolist()
    [0.1534, 0.1534]
    """
    return data.frozen(*grid.steps)


def path_divergence(grid: StepGrid, data: Components) -> float:
    """Divergence of the paths of the data from those of the sampler, in nats: the sum over its steps.

    It bounds the divergence of the final samples, far from tightly: it places steps, and does not count them. The
    start is exact: what it costs is :func:`start_divergence`, to be added.

    Parameters
    ----------
    grid : StepGrid
        Levels of the sampler.
    data : Components
        The Gaussian.

    Returns
    -------
    float
        Nats.

    Notes
    -----
    Derived (``frozen_mean_divergence``): by Girsanov's theorem the left Riemann error of the mmse.
    """
    return float(step_divergences(grid, data).sum())


def end_divergence(grid: StepGrid, data: Components) -> float:
    """Divergence of the noised Gaussian from the final samples of the sampler, in nats.

    At the last level of the grid: see :class:`StepGrid` for a sampler that ends at noise 0. The sampler starts with the
    law of the data at the first level. Its samples are Gaussian; what each component of them lacks of its variance adds
    up over the steps (``variance_deficit``).

    Parameters
    ----------
    grid : StepGrid
        Levels of the sampler.
    data : Components
        The Gaussian.

    Returns
    -------
    float
        Nats.

    Examples
    --------
    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> from regimes.numerics.decisions.step_grid import step_grid
    >>> round(end_divergence(step_grid([0.0, 1.0, 3.0]), gaussian_components([1.0])), 4)
    0.1534
    """
    return float(final_variance(grid.snr, data).divergence(data))


def start_divergence(grid: StepGrid, data: Components, kind: str, offset: float) -> float:
    """Divergence of the noised Gaussian at the first level from where a sampler starts, in nats.

    Parameters
    ----------
    grid : StepGrid
        Levels of the sampler; 0 nats where the first is pure noise.
    data : Components
        The Gaussian.
    kind : {"preserving", "exploding"}
        N(0, 1) of a variance-preserving process, or N(mean, sigma_max^2) of a variance-exploding one.
    offset : float
        Distance of the mean of the data from that of the start, which is 0 for every sampler in use.

    Returns
    -------
    float
        Nats. The divergence of the paths is larger by it; that of the final samples hardly is, since a sampler forgets
        its start.

    Raises
    ------
    ValueError
        If there is no such start, or the offset is negative or not finite.

    Examples
    --------
    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> from regimes.numerics.decisions.step_grid import step_grid
    >>> round(start_divergence(step_grid([0.01, 1.0]), gaussian_components([10.0]), "exploding", 0.0), 6)
    0.002345
    """
    if kind not in STARTS:
        raise ValueError(f"start_divergence: kind must be one of {', '.join(STARTS)}, got {kind!r}")
    distance = float(offset)
    if not (math.isfinite(distance) and distance >= 0):
        raise ValueError(f"start_divergence: offset must be finite and not negative, got {offset:g}")
    first = float(grid.snr[0])
    if first == 0:
        return 0.0
    cost: Callable[..., Array]
    if kind == "exploding":
        cost = partial(compile_formula("exploding_start_divergence", target="numpy"), first)
        variances, mean = data.variances, distance
    else:
        cost, time = compile_formula("preserving_start_divergence", target="numpy"), float(grid.t[0])
        variances = compile_formula("covariance_eigenvalue", target="numpy")(time, data.variances)
        mean = float(compile_formula("signal_amplitude", target="numpy")(time)) * distance
    of_mean = cost(variances[0], mean) - cost(variances[0], 0.0)
    return float(cost(variances, 0.0) @ data.counts + of_mean)
