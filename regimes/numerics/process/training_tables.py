"""Tables of training schedules: remaining signal power of each training step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula

__all__ = ["BETA_SCHEDULES", "shifted", "training_alpha_bar", "zero_terminal"]

_OFFSET = 0.008  # of the cosine schedule
_FORMULAS = {
    "linear": "linear_beta",
    "scaled_linear": "scaled_linear_beta",
    "squaredcos_cap_v2": "cosine_beta",
    "sigmoid": "sigmoid_beta",
    "exp": "exponential_beta",
    "laplace": "laplace_alpha_bar",
}

BETA_SCHEDULES = tuple(_FORMULAS)
"""Names that files give to the noise added in each training step."""


def training_alpha_bar(
    kind: str,
    steps: int,
    first: float,
    last: float,
    betas: NDArray[np.float64] | None = None,
    *,
    single: bool = False,
) -> NDArray[np.float64]:
    """Cumulative products of 1 - beta, of a named schedule or of given betas; in ``single`` precision if asked.

    In single precision 1 - beta of a beta near 1 keeps four digits, and what a sampler does follows them.
    """
    if betas is None:
        formula, k = compile_formula(_FORMULAS[kind], target="numpy"), np.arange(steps)
        betas = np.asarray(formula(*_arguments(kind, k, first, last)))
        if kind == "laplace":
            if not single:
                return betas  # alpha_bar itself
            betas = 1 - betas / np.append(1.0, betas[:-1])
    if single:
        return _in_single(np.float32(1) - betas.astype(np.float32))
    with np.errstate(divide="ignore"):  # a beta of 1 leaves no signal
        return np.asarray(np.exp(np.cumsum(np.log1p(-betas))))


def zero_terminal(alpha_bar: NDArray[np.float64], *, single: bool = False) -> NDArray[np.float64]:
    """Signal power rescaled so that the last step is pure noise and the first stays."""
    changed = compile_formula("zero_terminal_alpha_bar", target="numpy")(alpha_bar, alpha_bar[0], alpha_bar[-1])
    changed[-1] = 0.0
    if single:
        rounded = changed.astype(np.float32)
        betas = np.float32(1) - np.append(rounded[:1], rounded[1:] / rounded[:-1])
        return _in_single(np.float32(1) - betas)
    return np.asarray(changed)


def shifted(alpha_bar: NDArray[np.float64], shift: float) -> NDArray[np.float64]:
    """Signal power after the signal-to-noise ratio is divided by a shift."""
    if shift == 1:
        return alpha_bar
    return np.asarray(compile_formula("shifted_alpha_bar", target="numpy")(alpha_bar, shift))


def _in_single(kept: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cumulative products, rounded to single precision."""
    return np.cumprod(kept, dtype=np.float64).astype(np.float32).astype(np.float64)


def _arguments(kind: str, k: NDArray[np.int_], first: float, last: float) -> tuple[Any, ...]:
    if kind == "exp":
        return (np.full(k.size, k.size),)
    if kind == "laplace":
        return k, k.size
    return (k, k.size, _OFFSET) if kind == "squaredcos_cap_v2" else (k, k.size, first, last)
