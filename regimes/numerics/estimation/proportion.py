"""A share of independent cases, with its exact interval."""

from __future__ import annotations

__all__ = ["share_interval"]

_TAIL = 0.025


def share_interval(count: int, total: int) -> tuple[float, float]:
    """95% interval of the probability behind ``count`` of ``total`` independent cases (Clopper and Pearson 1934).

    It covers the truth at least as often as it says, whatever the counts.

    >>> [round(end, 4) for end in share_interval(14, 200)]
    [0.0388, 0.1147]
    """
    from scipy.special import betaincinv

    low = float(betaincinv(count, total - count + 1, _TAIL)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1 - _TAIL)) if count < total else 1.0
    return low, high
