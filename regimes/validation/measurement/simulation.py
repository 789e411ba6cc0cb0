"""The simulations behind the measurement of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.validation.measurement.blocks import Blocks
from regimes.validation.measurement.clones import ClonePairs, SimulatedModel, measure_clones
from regimes.validation.measurement.last_change import LastChange, exact_last_change, measure_last_change
from regimes.validation.measurement.options import MeasurementOptions
from regimes.validation.sampling import backward_times

__all__ = ["TransitionRuns"]

Array = NDArray[np.float64]

_CLONES, _LAST, _EXACT = range(3)
_MOST_ADDED, _MOSTLY_SHARED = 8, 0.75


class TransitionRuns:
    """The simulations of a measurement, each with random numbers of its own."""

    def __init__(
        self,
        model: SimulatedModel,
        times: Array,
        path: Array | None,
        options: MeasurementOptions,
        wanted: Sequence[str],
    ) -> None:
        self.model, self.times, self.path, self.options = model, times, path, options
        self.clones_wanted = bool({"classes", "collapse"} & set(wanted))
        self.goes_on = options.goes_on and "collapse" in wanted
        self.done = 0
        self.total = options.pairs * (times.size * self.clones_wanted + 2 * (path is not None))

    @property
    def asked_times(self) -> Array:
        """Times at which the score is wanted for certain, the largest last."""
        return self.times if self.path is None else np.append(self.times, self.path[0])

    def all(self, store: Checkpoints) -> tuple[list[ClonePairs], LastChange | None, LastChange | None]:
        """Pairs at each time, and paths from pure noise beside the exact law of their last change."""
        options, noise, model = self.options, self.options.noise, self.model
        blocks = Blocks(store, options.memory // 4, advance=self._advance)

        def born_at(t: float, number: int) -> ClonePairs:
            times = backward_times(t, end=options.end, steps=options.steps)
            own, name = noise.substream(_CLONES, number), f"clones-{number}"
            return measure_clones(model, times, pairs=options.pairs, noise=own, blocks=blocks, name=name)

        clones = [born_at(t, number) for number, t in enumerate(self.times.tolist() if self.clones_wanted else [])]
        if self.goes_on:
            self._further(clones, born_at)
        if self.path is None:
            return clones, None, None
        paths = options.pairs
        last = measure_last_change(model, self.path, paths=paths, noise=noise.substream(_LAST), blocks=blocks)
        exact = exact_last_change(
            model.points, self.path, paths=paths, noise=noise.substream(_EXACT), nearest=model.nearest, blocks=blocks
        )
        return clones, last, exact

    def _further(self, clones: list[ClonePairs], born_at: Callable[[float, int], ClonePairs]) -> None:
        """Add earlier times until most clones share their training point."""
        for _ in range(_MOST_ADDED):
            t = float(self.times[0]) / 2
            if clones[0].same_index(self.model.nearest.copies).mean() > _MOSTLY_SHARED or not t > 2 * self.options.end:
                return
            self.total += self.options.pairs
            try:
                earlier = born_at(t, len(clones))
            except ValueError:  # the model does not reach such times, which nobody asked for
                return
            clones.insert(0, earlier)
            self.times = np.insert(self.times, 0, t)

    def _advance(self, rows: int) -> None:
        self.done += rows
        self.options.report("pairs of clones, paths", self.done, self.total)
