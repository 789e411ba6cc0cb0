"""Whether an answer helps a trained model, in the words of all experiments that ask it."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["HELPS", "NOT_HELPS", "NOT_TOLD", "claim"]

HELPS, NOT_HELPS, NOT_TOLD = "helps", "does not help", "not told"


def claim(readings: Sequence[str]) -> str:
    """Of all readings together: it helps in all, does not help in one, or is not told."""
    if NOT_HELPS in readings:
        return NOT_HELPS
    return HELPS if readings and all(each == HELPS for each in readings) else NOT_TOLD
