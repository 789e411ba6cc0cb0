"""Which steps of a training schedule a sampler of few steps takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SPACINGS", "spaced_steps"]

SPACINGS = ("leading", "linspace", "trailing")
"""From step 0 on at a whole distance; from the first to the last step; from the last step down (lin2023, table 2)."""


def spaced_steps(
    spacing: str, steps: int, train: int, *, offset: int = 0, last: int | None = None, past_end: bool = False
) -> NDArray[np.float64]:
    """Steps of a training schedule of ``train`` steps in the order of sampling: the noisiest first.

    ``linspace`` gives fractions of steps. ``last`` is the number of training steps in use, where the noisiest are left
    out. With ``past_end`` one step more is spaced out, and the one next to the data is left out (DPM-Solver).

    Raises
    ------
    ValueError
        If more steps are asked for than there are, of which some would be one.
    """
    used = train if last is None else last
    count = steps + past_end
    if spacing != "linspace" and count > used:
        raise ValueError(
            f"schedule: {spacing} spacing takes at most {used - past_end} of the {train} training steps, got {steps}; "
            "take fewer, or linspace"
        )
    if spacing == "linspace":
        chosen = np.linspace(0.0, used - 1.0, count)[::-1]
    elif spacing == "leading":
        chosen = (np.arange(count, dtype=np.float64) * (used // count))[::-1] + offset
    else:
        return np.round(np.arange(used, 0, -train / steps)[:steps]) - 1
    return chosen[:steps]
