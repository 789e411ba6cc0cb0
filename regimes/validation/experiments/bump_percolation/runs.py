"""One training at one kept share: what it makes, what it loses, and what its deepest layer knows of the position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.datasets.composition.bump_verdicts import bump_verdicts, copying_baseline
from regimes.datasets.composition.selection import random_subset
from regimes.datasets.composition.subset import GridSubset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.experiments.bump_percolation.form import PercolationForm, Setting
from regimes.validation.experiments.runner.bump_models import (
    BumpTraining,
    bump_training,
    condition_code,
    drawn_positions,
    generated,
    represented,
    scaled,
)
from regimes.validation.experiments.runner.denoisers import T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.measurement.probes import linear_probe
from regimes.validation.running.progress import renamed
from regimes.validation.sampling import NoiseStream
from regimes.validation.training import TrainedDenoiser
from regimes.validation.training.noise_levels import NoiseLevels, noised_rows

__all__ = ["ShareRun", "share_run"]

Array = NDArray[np.float64]

_NOISES, _FITS = 4, 10


@dataclass(frozen=True, eq=False)
class ShareRun:
    """One training; of two numbers the first is of held-out positions, the second of kept ones."""

    kept: int  # positions
    outcomes: Array  # (2, 4): shares of images with none, several, one misplaced, one right
    loss: Array  # (2,): squared error of a pixel's noise, mean over the noise levels of the training
    read: Array  # (2,): R^2 of the position at held-out ones, read from the deepest layer and from the code itself
    copied: Array  # (): share right of copies of the nearest kept image
    learned: Array  # (S,): share right at kept positions along the training; empty but at the share that is timed


def share_run(form: PercolationForm, setting: Setting, share: float, seed: int, bench: Bench) -> ShareRun:
    """Train, or take the training that is kept, and look at it."""
    name = f"{setting.name.replace(' ', '')},l{share:g},s{seed}"
    grid = setting.grid
    subset = random_subset(grid, share, rng=seed)

    def compute() -> dict[str, Array]:
        how = setting.training(form.training)
        training = bump_training(how, grid, subset.images(), subset.positions, seed, levels=setting.levels)
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        order = generator(Stream.BUMP_PERCOLATION, seed)
        places = [drawn_positions(of.positions, form.looked, order) for of in (subset.held_out, subset)]
        earlier = how.snapshots[:-1] if share == form.timed else ()
        learned = [
            _outcomes(form, setting, denoiser.at(step), places[1], bench.noise.substream(2, k))[-1]
            for k, step in enumerate(earlier)
        ]
        outcomes = np.array(
            [_outcomes(form, setting, denoiser, each, bench.noise.substream(0, k)) for k, each in enumerate(places)]
        )
        return {
            "outcomes": outcomes,
            "loss": np.array(
                [
                    _loss(form, denoiser, each, bench.noise.substream(1, k), bench.device)
                    for k, each in enumerate((subset.held_out, subset))
                ]
            ),
            "read": _read(how, setting, denoiser, subset, order, bench.noise.substream(3), bench.device),
            "copied": np.array(copying_baseline(subset, form.tolerance)),
            "learned": np.array([*learned, outcomes[1, -1]] if share == form.timed else []),
        }

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    return ShareRun(kept=subset.n, **found)


def _outcomes(
    form: PercolationForm, setting: Setting, denoiser: TrainedDenoiser, places: Array, noise: NoiseStream
) -> list[float]:
    device = next(denoiser.model.parameters()).device
    images, _ = generated(denoiser, setting.grid, places, noise, steps=form.sampling_steps, device=device)
    shares = bump_verdicts(setting.grid, images, places).shares(form.tolerance)
    return [shares[kind] for kind in ("none", "several", "misplaced", "right")]


@torch.no_grad()
def _loss(
    form: PercolationForm, denoiser: TrainedDenoiser, subset: GridSubset, noise: NoiseStream, device: torch.device
) -> float:
    """Mean squared error of the noise; images follow each other in turn while the noise grows."""
    rows = np.resize(np.arange(subset.n), form.draws)
    points = torch.from_numpy(scaled(subset.images(), subset.grid)[rows]).float()[:, None].to(device)
    told = torch.from_numpy(subset.positions[rows]).float().to(device)
    levels = NoiseLevels(*T_RANGE).stratified(noise, 0, form.draws, device=device)
    z = noise.normal(1, 0, form.draws, tuple(points.shape[1:]), device=device)
    found = denoiser.model(noised_rows(points, levels, z), levels, told)
    return float((found - z).square().mean())


def _read(
    how: BumpTraining,
    setting: Setting,
    denoiser: TrainedDenoiser,
    subset: GridSubset,
    order: np.random.Generator,
    noise: NoiseStream,
    device: torch.device,
) -> Array:
    """R^2 of the position at held-out ones, mean of x and y and of fits, from the deepest layer and from the code.

    Noise alone is shown, the same at all positions, so that the condition alone can tell. Each fit is at as many kept
    positions as the smallest share of the setting has: more positions would be a better fit of any code.
    """
    grid, kept, asked = setting.grid, subset.positions, subset.held_out.positions
    told = np.concatenate([kept, asked])
    last = float(compile_formula("log_snr", target="numpy")(T_RANGE[1]))
    shown = noise.normal(0, 0, _NOISES, (1, *grid.shape), device=device)
    read = [represented(denoiser, f"down.{setting.levels}", z.expand(len(told), 1, -1, -1), told, last) for z in shown]
    layer = np.mean(np.array(read, dtype=np.float64), axis=0)
    code = condition_code(how, grid).encoded(torch.from_numpy(told)).numpy()
    few = round(setting.shares[0] * grid.n)
    fits = [order.permutation(len(kept))[:few] for _ in range(_FITS)]
    return np.array(
        [
            np.mean([linear_probe(each[fit], kept[fit], each[len(kept) :], asked) for fit in fits])
            for each in (layer, code)
        ]
    )
