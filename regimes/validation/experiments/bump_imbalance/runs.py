"""One training, looked at along its way: where its bumps are, along x and along y."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.bump_verdicts import bump_verdicts
from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.experiments.bump_imbalance.form import Images, ImbalanceForm, subset_of, training_of
from regimes.validation.experiments.runner.bump_models import drawn_positions, generated
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.running.progress import renamed

__all__ = ["ImbalanceRun", "imbalance_run"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ImbalanceRun:
    """One training at S snapshots; n generated images of held-out positions come first, then n of kept ones.

    Images 2k and 2k + 1 of a side are of one position, from different noise.
    """

    kind: Images
    seed: int
    points: int  # images trained on, each counted once
    asked: Array  # (2n, 2)
    found: Array  # (S, 2n, 2): nan unless there is one bump

    def rows(self, *, held_out: bool) -> slice:
        """Images of one side."""
        half = len(self.asked) // 2
        return slice(0, half) if held_out else slice(half, None)

    def one(self, *, held_out: bool) -> Mask:
        """Whether there is one bump at each snapshot, (S, n)."""
        return np.isfinite(self.found[:, self.rows(held_out=held_out), 0])

    def right(self, tolerance: float, *, held_out: bool) -> Mask:
        """Whether x and y are right at each snapshot, (S, n, 2); wrong where there is no bump or several."""
        rows = self.rows(held_out=held_out)
        return np.asarray(np.abs(self.found[:, rows] - self.asked[rows]) <= tolerance)


def imbalance_run(form: ImbalanceForm, kind: Images, seed: int, bench: Bench) -> ImbalanceRun:
    """Train, or take the training that is kept, and look at it."""
    name = f"{kind.name},s{seed}"
    subset = subset_of(form, kind, seed)
    order = generator(Stream.BUMP_IMBALANCE, seed)
    drawn = [drawn_positions(of.positions, form.looked // 2, order) for of in (subset.held_out, subset)]
    positions = np.repeat(np.concatenate(drawn), 2, axis=0)

    def compute() -> dict[str, Array]:
        training = training_of(form, kind, seed)
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        found = []
        for number, snapshot in enumerate(form.training.snapshots):
            noise = bench.noise.substream(number)
            images, _ = generated(
                denoiser.at(snapshot), subset.grid, positions, noise, steps=form.sampling_steps, device=bench.device
            )
            found.append(bump_verdicts(subset.grid, images, positions).found)
            bench.report(f"{name}: looks", number + 1, len(form.training.snapshots))
        return {"found": np.stack(found)}

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    return ImbalanceRun(kind=kind, seed=seed, points=subset.n, asked=positions, **found)
