"""What steps add to the paths of a model whose losses are known: for any law, where the Gaussian is for its own."""

from __future__ import annotations

from collections.abc import Mapping

from regimes.numerics.decisions.step_grid import StepGrid
from regimes.numerics.interface.number import Number
from regimes.numerics.process.schedules import Schedule
from regimes.prediction.dataset.intervals import NORMAL
from regimes.prediction.decisions.noise_words import noise_level
from regimes.prediction.losses.held_out import HeldOutLosses
from regimes.theory.formula.record import recorded

__all__ = ["added_by_steps", "added_in_words"]

_KEY = "steps.model_divergence"


def added_by_steps(grids: Mapping[str, StepGrid], losses: HeldOutLosses, schedule: Schedule) -> dict[str, Number]:
    """``steps.model_divergence`` of each grid, with its interval, or why it cannot be told."""
    found = {}
    for name, grid in grids.items():
        which = "own grid" if name == "own" else "grid best for paths"
        label = f"divergence that the steps add to the paths of the model with these losses, {which}"
        if not losses.reach(float(grid.snr[-1])):
            end = noise_level(losses.least_time, schedule)
            reason = f"the losses end at {end}, above the noise of the last call; measure them down to it"
            found[f"{_KEY}.{name}"] = Number(label, None, reason=reason)
            continue
        with recorded() as used:
            value, error = losses.added_by_steps(grid)
        if error > abs(value):
            reason = "the losses are too few or too rough for it: half of their noise levels give something else"
            found[f"{_KEY}.{name}"] = Number(label, None, reason=reason)
            continue
        interval = value - NORMAL * error, value + NORMAL * error
        found[f"{_KEY}.{name}"] = Number(
            label, value, unit="nats", formulas=tuple(used), interval=interval, covers="losses"
        )
    return found


def added_in_words(numbers: Mapping[str, Number]) -> tuple[str, ...]:
    """One sentence, if there are losses."""
    if not numbers:
        return ()
    own, best = (numbers[f"{_KEY}.{name}"] for name in ("own", "best"))
    if own.value is None or best.value is None:
        return (f"What the steps add to the paths of the model cannot be said: {own.reason or best.reason}.",)
    return (
        f"To the paths of the model with these losses its own steps add {_in_nats(own)}, those of the grid that is "
        f"best for paths {_in_nats(best)}; what steps do to its final samples losses do not say.",
    )


def _in_nats(number: Number) -> str:
    low, high = number.interval or (None, None)
    return f"{number.value:.3g} nats (95%: {low:.3g} to {high:.3g})"
