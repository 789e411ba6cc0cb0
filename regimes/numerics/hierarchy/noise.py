"""Noise on the leaves of a hierarchy, and the messages that noised leaves send upwards."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.numerics.interface.checks import as_given, real_array, whole_number

__all__ = ["Noise", "checked_noise", "checked_noise_levels", "gaussian_log_messages", "leaf_messages"]

Noise = Literal["epsilon", "masking", "uniform", "gaussian"]

_MEANING = {
    "epsilon": "epsilon of the epsilon-process",
    "masking": "masked fraction of the leaves",
    "uniform": "fraction of leaves replaced by a uniform symbol",
    "gaussian": "Ornstein-Uhlenbeck time t",
}
_EARLIEST = 1e-300  # the inverse of the noise variance is finite


def checked_noise(function: str, noise: str, level: float) -> float:
    """Level of a kind of noise: a number in [0, 1], or a positive Ornstein-Uhlenbeck time for Gaussian noise."""
    if noise not in get_args(Noise):
        raise ValueError(f"{function}: noise must be one of {', '.join(get_args(Noise))}, got {noise!r}")
    value = _one_number(function, f"the level of {noise} noise ({_MEANING[noise]})", level)
    if noise == "gaussian":
        if not _EARLIEST <= value < np.inf:
            raise ValueError(
                f"{function}: the level of gaussian noise ({_MEANING[noise]}) must be at least {_EARLIEST:g} and "
                f"finite, got {as_given(value)}"
            )
    elif not 0 <= value <= 1:
        raise ValueError(
            f"{function}: the level of {noise} noise ({_MEANING[noise]}) must lie in [0, 1], got {as_given(value)}"
        )
    return value


def _one_number(function: str, what: str, value: Any) -> float:
    try:
        shape = np.shape(value)
        if shape == () and not isinstance(value, str | bytes):
            return float(value)
    except (TypeError, ValueError):
        shape = ()
    given = repr(value) if shape == () else f"an array of shape {shape}"
    raise ValueError(f"{function}: {what} must be one number, got {given}")


def checked_noise_levels(function: str, noise: str, levels: ArrayLike) -> NDArray[np.float64]:
    """Increasing levels of one kind of noise; a number counts as one."""
    grid = np.atleast_1d(real_array(function, "noise_levels", levels))
    if grid.ndim != 1 or grid.size == 0 or not (np.diff(grid) > 0).all():
        raise ValueError(f"{function}: noise_levels must be one or more increasing numbers")
    for level in grid:
        checked_noise(function, noise, float(level))
    return grid


def leaf_messages(
    leaves: ArrayLike, noise: Noise, level: float, v: int, *, rng: int | np.random.Generator = 0
) -> NDArray[np.float64]:
    """Noise leaves and give the messages with which belief propagation starts.

    The message of a leaf is proportional to the likelihood of what was observed there, for each symbol: epsilon-process
    ``1 - eps + eps/v`` on the true symbol and ``eps/v`` on the others, whatever is drawn; masking, the true symbol
    with certainty or nothing; uniform replacement, the first centred on the observed symbol; Gaussian noise on one-hot
    leaves, ``x_t = exp(-t) a + sqrt(Delta_t) z``, the softmax of ``x_t exp(-t)/Delta_t``.

    Parameters
    ----------
    leaves : integer array_like, shape (n, d)
        True symbols. Data that are masked already need no noise: their messages are one-hot vectors, and ones where
        the leaf is masked.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise.
    level : float
        epsilon, the masked fraction, the replaced fraction (the own symbol counted), or the Ornstein-Uhlenbeck time.
    v : int
        Number of symbols.
    rng : int or numpy.random.Generator
        Seed or generator; without use for the epsilon-process.

    Returns
    -------
    ndarray, shape (n, d, v)
        Each sums to 1.

    Notes
    -----
    sclocchi2024 (epsilon-process), sclocchi2025 (masking); the likelihoods derived.

    Examples
    --------
    >>> leaf_messages([[2, 0]], "epsilon", 0.75, 3).tolist()
    [[[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]]]
    """
    value = checked_noise("leaf_messages", noise, level)
    try:
        symbols = np.asarray(leaves)
    except ValueError:
        raise ValueError("leaf_messages: leaves must be one array of shape (n, d), got rows of unlike length") from None
    if symbols.ndim != 2 or symbols.dtype.kind not in "iu":
        raise ValueError(
            f"leaf_messages: leaves must be whole numbers, shape (n, d), got {symbols.dtype} of shape {symbols.shape}"
        )
    if isinstance(v, HierarchyRules):
        raise ValueError("leaf_messages: v (number of symbols) must be a whole number, got rules; give rules.v")
    v = whole_number("leaf_messages", "v", "number of symbols", v, at_least=2)
    if symbols.size and not (symbols.min() >= 0 and symbols.max() < v):
        masked = "; a leaf that is masked already has no symbol: make its message of ones" if symbols.min() < 0 else ""
        raise ValueError(
            f"leaf_messages: symbols must lie between 0 and {v - 1}, got {symbols.min()} to {symbols.max()}{masked}"
        )
    source = generator(Stream.HIERARCHY_NOISE, rng, "leaf_messages")
    n, d = symbols.shape
    # Samples innermost in memory, where belief propagation reads them side by side.
    messages = np.empty((d, v, n)).transpose(2, 0, 1)
    if noise == "gaussian":
        amplitude = float(compile_formula("signal_amplitude", target="numpy")(value))
        deviation = float(np.sqrt(compile_formula("noise_variance", target="numpy")(value)))
        x = deviation * source.standard_normal((d, v, n)).transpose(2, 0, 1)
        x += amplitude * (symbols[:, :, None] == np.arange(v))
        messages[:] = gaussian_log_messages(x, value)
        messages -= messages.max(axis=2, keepdims=True)
        np.exp(messages, out=messages)
        messages /= messages.sum(axis=2, keepdims=True)
        return messages
    if noise == "masking":
        hidden = value > source.random((d, n)).T
        messages[:] = symbols[:, :, None] == np.arange(v)
        messages[hidden] = 1 / v
        return messages
    observed = symbols
    if noise == "uniform":
        replaced = value > source.random((d, n)).T
        observed = np.where(replaced, source.integers(0, v, (d, n)).T, symbols)
    own = float(compile_formula("hierarchy_leaf_belief", target="numpy")(value, v))
    other = float(compile_formula("hierarchy_leaf_doubt", target="numpy")(value, v))
    messages[:] = np.where(observed[:, :, None] == np.arange(v), own, other)
    return messages


def gaussian_log_messages(x: ArrayLike, t: float) -> NDArray[np.float64]:
    """Logarithm of the message of a one-hot leaf under Gaussian noise, up to a constant of the leaf.

    Parameters
    ----------
    x : array_like, shape (n, d, v)
        Noised one-hot leaves.
    t : float
        Ornstein-Uhlenbeck time.

    Returns
    -------
    ndarray, shape (n, d, v)
        ``x exp(-t)/Delta_t``.

    Notes
    -----
    ``one_hot_log_message``, derived.
    """
    time = checked_noise("gaussian_log_messages", "gaussian", t)
    return np.asarray(
        compile_formula("one_hot_log_message", target="numpy")(real_array("gaussian_log_messages", "x", x), time)
    )
