"""How far the log of the sum over n points lies below that of its mean at the collapse time, and how to see it in data.

The leave-one-out estimate of log n - I is low by this gap, 0.7 nats in many dimensions and more in few. The gap falls
with the number of points; at the collapse time its slope in log n, which leaving out points shows, tells its size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.theory.formula.record import remembered

__all__ = ["condensed_gaps", "poisson_sum_gap"]

Array = NDArray[np.float64]

_DIMENSIONS = np.geomspace(1.0, 4096.0, 16)
_DEVIATIONS = np.linspace(-4.0, 4.0, 17)
_NODES = 320
_STEP = 0.05


def poisson_sum_gap(delta: Array, width: float, scale: float) -> Array:
    """``-E log S`` at each margin delta, for tilted energies of a Gamma law with this standard deviation and scale.

    By the trapezoid rule in the logarithms of the energy and of the argument of ``E exp(-x S)``. A change of delta
    shifts the latter: ``psi_delta(x) = exp(delta) psi_0(x exp(-delta))``.
    """
    shape = (width / scale) ** 2
    reach = 12.0 / np.sqrt(shape)
    log_energy = np.log(shape * scale) + np.linspace(-reach, min(reach, 4.0), _NODES)
    energy = np.exp(log_energy)
    weight = shape * (log_energy - np.log(shape * scale)) - energy / scale
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    exponent = np.clip(shape * scale - energy, -100.0, 100.0)
    at = np.linspace(-30.0, 60.0, _NODES)
    part = compile_formula("poisson_sum_exponent", target="numpy")
    psi = part(np.exp(at)[:, None], exponent) @ weight
    argument, exponents = np.exp(at[:, None] + delta), np.exp(delta) * psi[:, None]
    integrand = compile_formula("poisson_sum_gap_integrand", target="numpy")(argument, np.minimum(exponents, argument))
    return np.asarray(integrand.sum(axis=0) * (at[1] - at[0]))


@remembered
def condensed_gaps(n: float) -> tuple[Array, Array]:
    """Slopes of the gap in log n, ascending, and gaps at the collapse time of n isotropic points.

    Over 4096 to 1 dimensions. The margin of x_t scatters around 0 as ``collapse_margin_ratio`` says.
    """
    weights = np.exp(-(_DEVIATIONS**2) / 2)
    weights /= weights.sum()
    slopes, gaps = [], []
    for d in _DIMENSIONS[::-1]:
        time = compile_formula("collapse_time", target="numpy")(d, n, 1.0)
        width = float(compile_formula("collapse_width", target="numpy")(time, d, 1.0))
        ratio = float(compile_formula("collapse_margin_ratio", target="numpy")(time, 1.0))
        snr = float(compile_formula("snr", target="numpy")(time))
        scale = float(compile_formula("tilted_energy_scale", target="numpy")(snr))
        margins = ratio * width * _DEVIATIONS
        fewer, all_points = poisson_sum_gap(np.concatenate([margins - _STEP, margins]), width, scale).reshape(2, -1)
        gaps.append(float(weights @ all_points))
        slopes.append(float(weights @ (fewer - all_points)) / _STEP)
    order = np.argsort(slopes)  # of fewer than 8 points the last dimensions turn back
    return np.array(slopes)[order], np.array(gaps)[order]
