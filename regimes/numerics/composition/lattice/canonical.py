"""From a fixed number of kept grid points to each point kept with a probability: the binomial average."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.lanes import LANES, filled, load, multiply_add, store
from regimes.numerics.interface.checks import kept_fractions, real_array, whole_number

__all__ = ["CanonicalWeights", "add_block", "canonical_average", "canonical_weights", "weight_bytes"]

Array = NDArray[np.float64]

_WIDTHS = 9.0
"""Half the window in standard deviations: the weights beyond it are below 1e-17 of the largest."""
_EXTRA = 40  # numbers more on each side, since the tails of a narrow binomial are not those of a Gaussian


class CanonicalWeights(NamedTuple):
    """Binomial weights around their largest, for several probabilities.

    Those of probability t begin at ``low[t]`` kept points and lie in ``weights`` from ``starts[t]`` on; each run sums
    to 1.
    """

    lambdas: Array
    low: NDArray[np.int64]
    starts: NDArray[np.int64]
    weights: Array


def weight_bytes(n: int, count: int) -> int:
    """Bytes that the weights of so many probabilities take at most."""
    return 8 * count * min(n + 1, int(_WIDTHS * n**0.5) + 2 * _EXTRA + 3)


def canonical_weights(n: int, lambdas: Array) -> CanonicalWeights:
    """Binomial weights by their ratio, from the largest outwards.

    newman2001, by the ratio ``canonical_weight_ratio`` of neighbouring weights: nothing under- or overflows.
    """
    modes = np.minimum(((n + 1) * lambdas).astype(np.int64), n)
    reach = (_WIDTHS * np.sqrt(n * lambdas * (1 - lambdas))).astype(np.int64) + _EXTRA
    reach[(lambdas == 0) | (lambdas == 1)] = 0
    low, high = np.maximum(modes - reach, 0), np.minimum(modes + reach, n)
    starts = np.concatenate([[0], np.cumsum(high - low + 1)])
    weights = np.ones(starts[-1])
    ratio = compile_formula("canonical_weight_ratio", target="numpy")
    for t, value in enumerate(lambdas.tolist()):
        own, mode = weights[starts[t] : starts[t + 1]], modes[t] - low[t]
        if own.size > 1:
            steps = ratio(np.arange(low[t], high[t]), n, value)
            np.cumprod(steps[mode:], out=own[mode + 1 :])
            own[:mode] = np.cumprod(1 / steps[:mode][::-1])[::-1]
            own /= own.sum()
    return CanonicalWeights(lambdas, low, starts, weights)


def canonical_average(values: ArrayLike, lambdas: ArrayLike) -> Array:
    """Average of a quantity when each point is kept with a probability: ``Q(lambda) = sum_k Binom(k; n, lambda) Q_k``.

    newman2001. Weights below 1e-17 of the largest are left out.
    """
    quantity = real_array("canonical_average", "values", values)
    if quantity.ndim != 1:
        raise ValueError(f"canonical_average: values must be 1-d, one for each k = 0 to n, got shape {quantity.shape}")
    n = whole_number("canonical_average", "n", "number of grid points", quantity.size - 1, at_least=1)
    weights = canonical_weights(n, kept_fractions("canonical_average", "fractions of kept grid points", lambdas))
    runs = zip(weights.low, weights.starts[:-1], weights.starts[1:], strict=True)
    return np.array([weights.weights[a:b] @ quantity[first : first + b - a] for first, a, b in runs])


@kernel(nogil=True)
def add_block(
    first: int, biggest: Any, squares: Any, low: Any, starts: Any, weights: Any, scratch: Any, out: Any
) -> None:
    """Add a block of numbers of kept points to averages: largest size, squared sizes of the others, points in those."""
    block = biggest.size
    for i in range(block):
        size = biggest[i]
        scratch[0, i] = size
        scratch[1, i] = squares[i] - size * size
        scratch[2, i] = first + i - size
    lanes = scratch[3]
    for t in range(low.size):
        begin = max(low[t], first)
        end = min(low[t] + starts[t + 1] - starts[t], first + block)
        if begin >= end:
            continue
        own, there, length = begin - first, starts[t] + begin - low[t], end - begin
        whole = length - length % LANES
        for q in range(3):
            values = scratch[q]
            sums = filled(0.0)
            for i in range(0, whole, LANES):
                sums = multiply_add(load(weights, there + i), load(values, own + i), sums)
            store(lanes, 0, sums)
            total = 0.0
            for i in range(LANES):
                total += lanes[i]
            for i in range(whole, length):
                total += weights[there + i] * values[own + i]
            out[t, q] += total
