"""One training, read at all positions: how its layers write x and y."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.composition.bump_verdicts import bump_verdicts
from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.bump_factorisation.codes import ideal_codes
from regimes.validation.experiments.bump_factorisation.form import (
    FactorisationForm,
    grid_of,
    subset_of,
    training_with,
)
from regimes.validation.experiments.bump_factorisation.homology import Bars, available, longest_bars
from regimes.validation.experiments.bump_factorisation.measures import CodeMeasures, measure_code
from regimes.validation.experiments.runner.bump_models import bump_training, generated, represented
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.running.progress import renamed
from regimes.validation.training import TrainedDenoiser

__all__ = ["MOMENTS", "FactorisationRun", "Reading", "factorisation_run", "ideal_readings", "read"]

Array = NDArray[np.float64]

MOMENTS = ("start", "end")
"""When a layer is read: at pure noise, where the condition alone tells the position, and at the generated image."""

_SCALARS = 6


@dataclass(frozen=True, eq=False)
class Reading:
    """What one set of activations is like; ``bars`` is None where gudhi is not installed."""

    measures: CodeMeasures
    bars: Bars | None


@dataclass(frozen=True, eq=False)
class FactorisationRun:
    """One training at its end."""

    code: str
    seed: int
    kept: float  # shares of right images at kept and at held-out positions
    held_out: float
    readings: dict[str, dict[str, Reading]]  # by layer and moment


def read(activations: Array) -> Reading:
    """Measure activations at all positions, (replicates, N, N, D), and the shape of their means."""
    side, numbers = activations.shape[1], activations.shape[3]
    bars = longest_bars(activations.mean(axis=0).reshape(side * side, numbers)) if available() else None
    return Reading(measure_code(activations), bars)


def factorisation_run(form: FactorisationForm, code: str, seed: int, bench: Bench) -> FactorisationRun:
    """Train, or take the training that is kept, and read its layers."""
    name = f"{code},s{seed}"
    subset = subset_of(form, seed)
    positions = subset.grid.positions

    def compute() -> dict[str, Array]:
        training = bump_training(training_with(form, code), subset, seed)
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        starts, ends, right = [], [], []
        for replicate in range(form.replicates):
            noise = bench.noise.substream(replicate)
            images, end = generated(
                denoiser, subset.grid, positions, noise, steps=form.sampling_steps, device=bench.device
            )
            starts.append(noise.substream(2).normal(0, 0, len(end), tuple(end.shape[1:]), device=bench.device))
            ends.append(end)
            right.append(bump_verdicts(subset.grid, images, positions).right(form.tolerance))
            bench.report(f"{name}: images", replicate + 1, form.replicates)
        found: dict[str, Array] = {"right": np.mean(right, axis=0)}
        for key, activations in _activations(form, denoiser, starts, ends, positions):
            reading = read(activations)
            found[key] = _packed(reading)
        return found

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    kept = subset.kept.ravel()
    readings = {
        layer: {moment: _unpacked(found[f"{layer} {moment}"], form.side) for moment in MOMENTS} for layer in form.layers
    }
    at_kept, at_held_out = (float(found["right"][side].mean()) for side in (kept, ~kept))
    return FactorisationRun(code, seed, at_kept, at_held_out, readings)


def _activations(
    form: FactorisationForm, denoiser: TrainedDenoiser, starts: list[Tensor], ends: list[Tensor], positions: Array
) -> Iterator[tuple[str, Array]]:
    log_snr = compile_formula("log_snr", target="numpy")
    for layer in form.layers:
        for moment, x, t in zip(MOMENTS, (starts, ends), (START, T_RANGE[0]), strict=True):
            level = float(log_snr(t))
            rows = [represented(denoiser, layer, each, positions, level).astype(np.float64) for each in x]
            yield f"{layer} {moment}", np.stack(rows).reshape(len(rows), form.side, form.side, -1)


def _packed(reading: Reading) -> Array:
    measures = reading.measures
    bars = np.full(5, np.nan) if reading.bars is None else np.concatenate(astuple(reading.bars))
    return np.concatenate([astuple(measures)[:_SCALARS], bars, measures.kernel_x, measures.kernel_y])


def _unpacked(values: Array, side: int) -> Reading:
    scalars, bars, kernels = np.split(values, [_SCALARS, _SCALARS + 5])
    half = side // 2 + 1
    x, y, both, noise, crossed, parallel = map(float, scalars)
    measures = CodeMeasures(x, y, both, noise, crossed, parallel, kernels[:half], kernels[half:])
    return Reading(measures, None if np.isnan(bars).any() else Bars(bars[:3], bars[3:]))


def ideal_readings(form: FactorisationForm) -> dict[str, Reading]:
    """The same measures of ideal codes."""
    return {name: read(each) for name, each in ideal_codes(grid_of(form)).items()}
