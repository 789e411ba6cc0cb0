"""One training, looked at along its way: where its bumps are, along x and along y."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.bump_verdicts import bump_verdicts
from regimes.validation.experiments.bump_imbalance.form import Images, ImbalanceForm, subset_of, training_of
from regimes.validation.experiments.runner.bump_models import generated
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.running.progress import renamed

__all__ = ["ImbalanceRun", "imbalance_run"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ImbalanceRun:
    """One training at S snapshots; n generated images of held-out positions come first, then n of kept ones."""

    kind: Images
    seed: int
    asked: Array  # (2n, 2)
    found: Array  # (S, 2n, 2): nan unless there is one bump

    def right(self, tolerance: float, *, held_out: bool) -> NDArray[np.bool_]:
        """Whether x and y are right at each snapshot, (S, n, 2); wrong where there is no bump or several."""
        half = len(self.asked) // 2
        rows = slice(0, half) if held_out else slice(half, None)
        return np.asarray(np.abs(self.found[:, rows] - self.asked[rows]) <= tolerance)


def imbalance_run(form: ImbalanceForm, kind: Images, seed: int, bench: Bench) -> ImbalanceRun:
    """Train, or take the training that is kept, and look at it."""
    name = f"{kind.name},s{seed}"
    subset = subset_of(form, kind, seed)
    sides = subset.held_out.positions, subset.positions
    positions = np.concatenate([each[np.arange(form.looked) % len(each)] for each in sides])

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
    return ImbalanceRun(kind=kind, seed=seed, asked=positions, **found)
