"""How many calls of its network a sampler needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

from regimes.numerics.decisions.best_grid import MOST_CALLS
from regimes.numerics.decisions.components import Components
from regimes.numerics.decisions.step_divergence import end_divergence
from regimes.numerics.decisions.step_grid import StepGrid
from regimes.numerics.interface.checks import positive_number

__all__ = ["steps_needed"]

_FIRST = 16  # calls that are tried
_GROWTH = 4.0  # at once
_GUESSES = 6  # before doubling and halving


def steps_needed(
    data: Components, nats: float, grid_of: Callable[[int], StepGrid], *, fewest: int = 2, most: int = MOST_CALLS
) -> int | None:
    """Fewest calls of the network of which the final samples diverge by less than a number of nats.

    Parameters
    ----------
    data : Components
        The Gaussian.
    nats : float
        Positive.
    grid_of : callable
        The grid of a number of calls, the best one or the user's own; with more calls its final samples are nearer.
    fewest, most : int
        Numbers of calls to look among.

    Returns
    -------
    int or None
        None where ``most`` are too few.

    Raises
    ------
    ValueError
        If nats is not positive.

    Examples
    --------
    >>> from regimes.numerics.decisions.best_end_grid import best_end_grid
    >>> from regimes.numerics.decisions.components import gaussian_components
    >>> data = gaussian_components([1.0, 4.0])
    >>> steps_needed(data, 0.01, lambda calls: best_end_grid(data, calls, 0.01, 100.0))
    26
    """
    nats = positive_number("steps_needed", "nats", "divergence of the final samples", nats)
    low, high, calls = fewest - 1, most + 1, min(max(_FIRST, fewest), most)
    for tried in count():
        value = end_divergence(grid_of(calls), data)
        low, high = (low, calls) if value < nats else (calls, high)
        if high - low == 1:
            break
        if tried < _GUESSES:  # divergences fall as the square of the calls
            guess = calls * min(math.sqrt(value / nats), _GROWTH)
            calls = math.ceil(guess) if value >= nats else math.floor(guess)
        else:
            calls = (low + high) // 2 if high <= most else 2 * calls
        calls = min(max(calls, low + 1), high - 1)
    return high if high <= most else None
