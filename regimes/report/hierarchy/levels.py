"""Names of levels and noises, and which levels are shown."""

from __future__ import annotations

__all__ = ["EQUAL_BELIEF", "level_name", "noise_name", "shown_levels"]

_MOST_LEVELS = 5
EQUAL_BELIEF = "mean field (equal belief)"
"""Name of the mean field of real noise: that of the epsilon-process with the same mean belief at the leaves."""


def shown_levels(depth: int) -> list[int]:
    """Levels that a figure or a table shows: root and leaves, and up to three between."""
    return [*range(0, depth, -(-depth // (_MOST_LEVELS - 1))), depth]


def level_name(level: int, depth: int) -> str:
    """Name of a level of the tree, for heads of columns and legends."""
    return "root" if level == 0 else "leaves" if level == depth else f"level {level}"


def noise_name(noise: str) -> str:
    """Name of a noise, for tables and titles."""
    return {
        "epsilon": "the epsilon-process",
        "masking": "masking",
        "uniform": "uniform replacement",
        "gaussian": "Gaussian noise",
    }[noise]
