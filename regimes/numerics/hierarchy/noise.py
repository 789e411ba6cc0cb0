"""Noise on the leaves of a hierarchy, and the messages that noised leaves send upwards."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.checks import real_array, seeded
from regimes.numerics.compile import compile_formula

__all__ = ["Noise", "checked_noise", "gaussian_log_messages", "leaf_messages"]

Noise = Literal["epsilon", "masking", "uniform", "gaussian"]

_MEANING = {
    "epsilon": "epsilon of the epsilon-process",
    "masking": "masked fraction of the leaves",
    "uniform": "fraction of leaves replaced by a uniform symbol",
    "gaussian": "Ornstein-Uhlenbeck time t",
}
_STREAM = 0x6C6561766573  # sets the noise apart from other uses of a seed


def checked_noise(function: str, noise: str, level: float) -> float:
    """Check the kind of noise and its level.

    Parameters
    ----------
    function : str
        For the error.
    noise : {"epsilon", "masking", "uniform", "gaussian"}
        Kind of noise.
    level : float
        Its level: epsilon, the masked or the replaced fraction, in [0, 1]; for Gaussian noise the positive
        Ornstein-Uhlenbeck time.

    Returns
    -------
    float
        The level.

    Raises
    ------
    ValueError
        If the noise is unknown or the level out of its range.

    Examples
    --------
    >>> checked_noise("leaf_messages", "masking", 0.5)
    0.5
    """
    if noise not in get_args(Noise):
        raise ValueError(f"{function}: noise must be one of {', '.join(get_args(Noise))}, got {noise!r}")
    value = float(level)
    if noise == "gaussian":
        if not (np.isfinite(value) and value > 0):
            raise ValueError(
                f"{function}: the level of gaussian noise ({_MEANING[noise]}) must be positive, got {value:g}"
            )
    elif not 0 <= value <= 1:
        raise ValueError(
            f"{function}: the level of {noise} noise ({_MEANING[noise]}) must lie in [0, 1], got {value:g}"
        )
    return value


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
        True symbols.
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

    Raises
    ------
    ValueError
        If the noise, its level or a symbol is out of range.

    Notes
    -----
    sclocchi2024 (epsilon-process), sclocchi2025 (masking); the likelihoods derived in docs/theory.

    Examples
    --------
    >>> leaf_messages([[2, 0]], "epsilon", 0.75, 3).tolist()
    [[[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]]]
    """
    value = checked_noise("leaf_messages", noise, level)
    symbols = np.asarray(leaves)
    if symbols.ndim != 2 or symbols.dtype.kind not in "iu":
        raise ValueError(
            f"leaf_messages: leaves must be whole numbers, shape (n, d), got {symbols.dtype} of shape {symbols.shape}"
        )
    if v < 2:
        raise ValueError(f"leaf_messages: v (number of symbols) must be at least 2, got {v}")
    if symbols.size and not (symbols.min() >= 0 and symbols.max() < v):
        raise ValueError(
            f"leaf_messages: symbols must lie between 0 and {v - 1}, got {symbols.min()} to {symbols.max()}"
        )
    generator = seeded(rng, _STREAM)
    n, d = symbols.shape
    # Samples innermost in memory, where belief propagation reads them side by side.
    messages = np.empty((d, v, n)).transpose(2, 0, 1)
    if noise == "gaussian":
        amplitude = float(compile_formula("signal_amplitude", target="numpy")(value))
        deviation = float(np.sqrt(compile_formula("noise_variance", target="numpy")(value)))
        x = deviation * generator.standard_normal((d, v, n)).transpose(2, 0, 1)
        x += amplitude * (symbols[:, :, None] == np.arange(v))
        messages[:] = gaussian_log_messages(x, value)
        messages -= messages.max(axis=2, keepdims=True)
        np.exp(messages, out=messages)
        messages /= messages.sum(axis=2, keepdims=True)
        return messages
    if noise == "masking":
        hidden = value > generator.random((d, n)).T
        messages[:] = symbols[:, :, None] == np.arange(v)
        messages[hidden] = 1 / v
        return messages
    observed = symbols
    if noise == "uniform":
        replaced = value > generator.random((d, n)).T
        observed = np.where(replaced, generator.integers(0, v, (d, n)).T, symbols)
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

    Raises
    ------
    ValueError
        If t is not positive.

    Examples
    --------
    >>> gaussian_log_messages([[[1.0, 0.0]]], 1.0).round(4).tolist()
    [[[0.4255, 0.0]]]
    """
    time = checked_noise("gaussian_log_messages", "gaussian", t)
    return np.asarray(
        compile_formula("one_hot_log_message", target="numpy")(real_array("gaussian_log_messages", "x", x), time)
    )
