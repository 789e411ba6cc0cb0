"""One training, looked at along its way: what it generates, and what its layers know of the position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.composition.bump_verdicts import BumpVerdicts, bump_verdicts
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.experiments.bump_phases.form import SHOWN, PhasesForm, subset_of
from regimes.validation.experiments.runner.bump_models import bump_training, drawn_positions, generated, represented
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.measurement.probes import linear_probe, participation_ratio
from regimes.validation.running.progress import renamed
from regimes.validation.training import TrainedDenoiser

__all__ = ["MOMENTS", "PhaseRun", "phase_run"]

Array = NDArray[np.float64]

MOMENTS = ("start", "end", "image")
"""What a layer is given when it is read: pure noise, where the condition alone tells the position; the generated image
with its condition; and that image with the condition of another, where the image alone tells the position."""

_ROW = 4


@dataclass(frozen=True, eq=False)
class PhaseRun:
    """One training at S snapshots; n generated images of held-out positions come first, then n of kept ones."""

    step: float
    seed: int
    points: int  # trained on
    blobs: NDArray[np.int64]  # (S, 2n)
    found: Array  # (S, 2n, 2)
    asked: Array  # (2n, 2)
    offset: Array  # (S, 2n)
    r2: Array  # (S, layers, moments, 2): of x and y, fitted at kept positions and scored at held-out ones
    dimension: Array  # (S, layers, moments)
    plane: Array  # (S, 2n, 2): first two principal axes of the deepest layer at the generated images
    shown: Array  # (S, side * 4, side * 4): images of held-out positions

    def verdicts(self, snapshot: int, *, held_out: bool) -> BumpVerdicts:
        """What the images of one side show."""
        half = len(self.asked) // 2
        rows = slice(0, half) if held_out else slice(half, None)
        return BumpVerdicts(
            self.blobs[snapshot, rows], self.found[snapshot, rows], self.asked[rows], self.offset[snapshot, rows]
        )


def phase_run(form: PhasesForm, step: float, seed: int, bench: Bench) -> PhaseRun:
    """Train, or take the training that is kept, and look at it."""
    name = f"dx{step:g},s{seed}"
    subset = subset_of(form, step, seed)
    order = generator(Stream.BUMP_PHASES, seed)
    positions = np.concatenate([drawn_positions(of.positions, form.looked, order) for of in (subset.held_out, subset)])

    def compute() -> dict[str, Array]:
        training = bump_training(form.training, subset.grid, subset.images(), subset.positions, seed)
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        looks = []
        for number, snapshot in enumerate(form.training.snapshots):
            noise = bench.noise.substream(number)
            images, end = generated(
                denoiser.at(snapshot), subset.grid, positions, noise, steps=form.sampling_steps, device=bench.device
            )
            start = noise.substream(2).normal(0, 0, len(end), tuple(end.shape[1:]), device=bench.device)
            verdicts = bump_verdicts(subset.grid, images, positions)
            looks.append(
                {"blobs": verdicts.blobs, "found": verdicts.found, "offset": verdicts.offset, "shown": _mosaic(images)}
                | _probed(form, denoiser.at(snapshot), start, end, positions)
            )
            bench.report(f"{name}: looks", number + 1, len(form.training.snapshots))
        return {key: np.stack([look[key] for look in looks]) for key in looks[0]}

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    return PhaseRun(step=step, seed=seed, points=subset.n, asked=positions, **found)


def _probed(
    form: PhasesForm, denoiser: TrainedDenoiser, start: Tensor, end: Tensor, positions: Array
) -> dict[str, Array]:
    log_snr = compile_formula("log_snr", target="numpy")
    first, last = (float(log_snr(t)) for t in (START, T_RANGE[0]))
    half, r2 = len(positions) // 2, np.empty((len(form.layers), len(MOMENTS), 2))
    others = np.roll(positions.reshape(2, half, 2), half // 2, axis=1).reshape(-1, 2)  # within each side
    dimension = np.empty(r2.shape[:2])
    for row, layer in enumerate(form.layers):
        for column, (x, told, level) in enumerate(
            ((start, positions, first), (end, positions, last), (end, others, last))
        ):
            read = represented(denoiser, layer, x, told, level).astype(np.float64)
            r2[row, column] = linear_probe(read[half:], positions[half:], read[:half], positions[:half])
            dimension[row, column] = participation_ratio(read)
    read = represented(denoiser, form.layers[-1], end, positions, last).astype(np.float64)
    centred = read - read.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    return {"r2": r2, "dimension": dimension, "plane": centred @ axes.T}


def _mosaic(images: Array) -> Array:
    side = images.shape[1]
    tiles = images[:SHOWN].reshape(_ROW, _ROW, side, side)
    return np.round(tiles.transpose(0, 2, 1, 3).reshape(_ROW * side, _ROW * side), 2)
