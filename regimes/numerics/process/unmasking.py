"""How many tokens to unmask at each of K steps, and what unmasking several at once loses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import real_array, whole_number

__all__ = ["even_unmasking", "unmasking_loss", "unmasking_plan"]

Array = NDArray[np.float64]

_LARGEST = 1e100  # nats; sums and squares of larger ones leave the range of floats
_MOST = 8192


def unmasking_loss(entropies: ArrayLike, tokens: Sequence[int]) -> Array:
    """Nats lost at each step by unmasking its tokens independently of each other, in a random order.

    A step from k to k + j visible tokens loses ``sum over i < j of H(k) - H(k + i)``. The sum over all steps is the
    divergence of the law from generated data, given the order of the tokens and averaged over orders; an upper bound
    where the order is forgotten.

    Parameters
    ----------
    entropies : array_like, shape (N,)
        ``H(k)``, k = 0 to N - 1: mean entropy of a masked token given k visible ones, in nats. That of a law does not
        rise with k. With the mean cross entropy X of a model in its place the losses are what the steps cost beyond one
        token at a time, and the divergence of the law from data of the model is
        ``sum of losses + sum X(k) - sum H(k)``; where X rises, the model makes worse use of more tokens and a step may
        gain.
    tokens : sequence of int
        Tokens of each step, N in all.

    Returns
    -------
    ndarray, shape (K,)
        Nats.

    Raises
    ------
    ValueError
        If entropies are not finite numbers, or the steps do not unmask every token once.

    Notes
    -----
    ``parallel_unmasking_loss``, derived; lavenant2025 has it with the entropies as an information profile.

    Examples
    --------
    Four tokens that are two pairs of equal bits:

    >>> entropies = np.log(2) * np.array([1, 2 / 3, 1 / 3, 0])
    >>> (unmasking_loss(entropies, [2, 2]) / np.log(2)).round(3).tolist()
    [0.333, 0.333]
    """
    curve = _checked("unmasking_loss", entropies)
    try:
        listed = list(tokens)
    except TypeError:
        raise ValueError(
            f"unmasking_loss: tokens must be the numbers of all steps, such as (4, 4), got {tokens!r:.80}"
        ) from None
    each = [whole_number("unmasking_loss", "tokens", "tokens of a step", j, at_least=1) for j in listed]
    if sum(each) != curve.size:
        raise ValueError(
            f"unmasking_loss: tokens of the steps must be {curve.size} in all, one for each entropy, got {sum(each)}"
        )
    counts = np.array(each)
    last = np.cumsum(counts)
    joint = np.diff(np.concatenate([[0.0], np.cumsum(curve)])[np.concatenate([[0], last])])
    return np.asarray(compile_formula("parallel_unmasking_loss", target="numpy")(counts, curve[last - counts], joint))


def unmasking_plan(entropies: ArrayLike, steps: int) -> tuple[int, ...]:
    """Numbers of tokens of K steps that lose least in all, in a random order, by dynamic programming.

    Parameters
    ----------
    entropies : array_like, shape (N,)
        As for :func:`unmasking_loss`. Measured ones are noisy, and a plan that follows noise promises more than it
        keeps: put the non-increasing curve nearest to them in (isotonic regression), and ask for the loss of the plan
        with entropies of other data.
    steps : int
        K, from 1 to N.

    Returns
    -------
    tuple of int
        Tokens of each step.

    Raises
    ------
    ValueError
        If entropies are not finite numbers, there are more steps than tokens, or the tokens are so many (8192) that 8
        bytes for each pair of them are too much.

    Notes
    -----
    ``parallel_unmasking_loss``; exact. Steps times tokens squared in time.

    Examples
    --------
    Where nothing is known at first, and everything after half of the tokens, the steps lie in between:

    >>> unmasking_plan([1.0, 1.0, 1.0, 0.7, 0.3, 0.0, 0.0, 0.0], 4)
    (3, 1, 1, 3)
    """
    curve = _checked("unmasking_plan", entropies)
    count = _checked_steps("unmasking_plan", steps, curve.size)
    if curve.size > _MOST:
        raise ValueError(
            f"unmasking_plan: a plan is made for at most {_MOST} tokens, got {curve.size}; plan for groups of tokens, "
            "whose entropies are sums"
        )
    sums = np.concatenate([[0.0], np.cumsum(curve)])
    first, last = np.arange(curve.size), np.arange(curve.size + 1)
    sizes = last - first[:, None]
    step = np.where(sizes > 0, sizes * curve[:, None] - (sums - sums[:-1, None]), np.inf)
    least = np.full(curve.size + 1, np.inf)
    least[0] = 0.0
    chosen = []
    for _ in range(count):
        total = least[:-1, None] + step
        chosen.append(total.argmin(axis=0))
        least = total.min(axis=0)
    tokens, end = [], curve.size
    for begin in reversed(chosen):
        tokens.append(end - int(begin[end]))
        end = int(begin[end])
    return tuple(reversed(tokens))


def even_unmasking(tokens: int, steps: int) -> tuple[int, ...]:
    """As equal numbers of tokens as whole ones can be."""
    ends = np.rint(np.linspace(0, tokens, _checked_steps("even_unmasking", steps, tokens) + 1)).astype(int)
    return tuple(np.diff(ends).tolist())


def _checked(function: str, entropies: ArrayLike) -> Array:
    curve = real_array(function, "entropies", entropies)
    if curve.ndim != 1 or curve.size == 0 or not (np.abs(curve) <= _LARGEST).all():
        wrong = curve[~(np.abs(curve) <= _LARGEST)][:1].tolist() if curve.ndim == 1 else []
        given = f"{wrong[0]:g}" if wrong else f"shape {curve.shape}"
        raise ValueError(f"{function}: entropies must be finite numbers for 0 to N - 1 visible tokens, got {given}")
    return curve


def _checked_steps(function: str, steps: int, tokens: int) -> int:
    count = whole_number(function, "steps", "steps of unmasking", steps, at_least=1)
    if count > tokens:
        raise ValueError(f"{function}: steps must be at most the {tokens} tokens, got {count}; take fewer")
    return count
