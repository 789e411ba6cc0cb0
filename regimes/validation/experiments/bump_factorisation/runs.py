"""One training, read at all positions: how its layers write x and y."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.datasets.composition.bump_verdicts import bump_verdicts
from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.experiments.bump_factorisation import embedding, homology
from regimes.validation.experiments.bump_factorisation.codes import ideal_codes
from regimes.validation.experiments.bump_factorisation.embedding import Plane, embedded
from regimes.validation.experiments.bump_factorisation.form import (
    FactorisationForm,
    grid_of,
    subset_of,
    training_with,
)
from regimes.validation.experiments.bump_factorisation.homology import Bars, longest_bars
from regimes.validation.experiments.bump_factorisation.measures import CodeMeasures, measure_code
from regimes.validation.experiments.runner.bump_models import bump_training, generated, represented
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.running.progress import renamed
from regimes.validation.training import TrainedDenoiser

__all__ = ["MOMENTS", "FactorisationRun", "Reading", "factorisation_run", "ideal_planes", "ideal_readings", "read"]

Array = NDArray[np.float64]

MOMENTS = ("start", "end", "untrained")
"""When a layer is read: at pure noise, where the condition alone tells the position; at the generated image, with its
condition; and at that image in the network as it was before training, through which images alone tell the position."""

_SCALARS = ("x", "y", "both", "noise", "floor")
_BARS = 5


@dataclass(frozen=True, eq=False)
class Reading:
    """What one set of activations is like; ``bars`` is None where gudhi is not installed."""

    measures: CodeMeasures
    bars: Bars | None


@dataclass(frozen=True, eq=False)
class FactorisationRun:
    """One training at its end."""

    waves: int  # that it was told
    seed: int
    kept: float  # shares of right images at kept and at held-out positions
    held_out: float
    readings: dict[str, dict[str, Reading]]  # by layer and moment
    planes: dict[str, Plane] = field(default_factory=dict)  # by layer, at the generated image


def read(activations: Array) -> Reading:
    """Measure activations at all positions, (replicates, N, N, D), and the shape of their means."""
    bars = longest_bars(means_of(activations)) if homology.available() else None
    return Reading(measure_code(activations), bars)


def means_of(activations: Array) -> Array:
    """One row a position: (N^2, D)."""
    means: Array = activations.mean(axis=0).reshape(-1, activations.shape[3])
    return means


def factorisation_run(form: FactorisationForm, waves: int, seed: int, bench: Bench) -> FactorisationRun:
    """Train, or take the training that is kept, and read its layers."""
    name = f"waves{waves},s{seed}"
    subset = subset_of(form, seed)
    positions = subset.grid.positions.copy()

    def compute() -> dict[str, Array]:
        training = bump_training(training_with(form, waves), subset.grid, subset.images(), subset.positions, seed)
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        untrained = replace(denoiser, model=training.network.to(bench.device))
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
        given = zip(
            MOMENTS, (denoiser, denoiser, untrained), (starts, ends, ends), (START, *T_RANGE[:1] * 2), strict=True
        )
        for number, (moment, network, images_of, t) in enumerate(given):
            for layer in form.layers:
                activations = _activations(form, network, layer, images_of, positions, t)
                found[f"{layer} {moment}"] = _packed(read(activations))
                if moment == "end" and layer in form.planes and embedding.available():
                    plane = embedded(means_of(activations))
                    found |= {f"{layer} plane": plane.points, f"{layer} trust": plane.trust}
            bench.report(f"{name}: readings", number + 1, len(MOMENTS))
        return found

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    kept = subset.kept.ravel()
    readings = {layer: {moment: _unpacked(found[f"{layer} {moment}"]) for moment in MOMENTS} for layer in form.layers}
    at_kept, at_held_out = (float(found["right"][side].mean()) for side in (kept, ~kept))
    planes = {
        layer: Plane(found[f"{layer} plane"], found[f"{layer} trust"])
        for layer in form.layers
        if f"{layer} plane" in found
    }
    return FactorisationRun(waves, seed, at_kept, at_held_out, readings, planes)


def ideal_readings(form: FactorisationForm) -> dict[str, Reading]:
    """The same measures of ideal codes."""
    return {name: read(each) for name, each in ideal_codes(grid_of(form)).items()}


def ideal_planes(form: FactorisationForm) -> dict[str, Plane]:
    """Planes of ideal codes."""
    codes = ideal_codes(grid_of(form)) if embedding.available() else {}
    return {name: embedded(means_of(codes[name])) for name in form.planes if name in codes}


def _activations(
    form: FactorisationForm, denoiser: TrainedDenoiser, layer: str, images: list[Tensor], positions: Array, t: float
) -> Array:
    """Activations at all positions, one image of each replicate: (replicates, N, N, D)."""
    level = float(compile_formula("log_snr", target="numpy")(t))
    rows = [represented(denoiser, layer, each, positions, level).astype(np.float64) for each in images]
    return np.stack(rows).reshape(len(rows), form.side, form.side, -1)


def _packed(reading: Reading) -> Array:
    measures = reading.measures
    scalars = [getattr(measures, name) for name in _SCALARS]
    bars = np.full(_BARS, np.nan) if reading.bars is None else np.concatenate([reading.bars.loops, reading.bars.voids])
    return np.concatenate([scalars, measures.squares, bars, measures.products.ravel()])


def _unpacked(values: Array) -> Reading:
    scalars, squares, bars, products = np.split(values, np.cumsum([len(_SCALARS), 3, _BARS]))
    side = int(np.sqrt(products.size))
    measures = CodeMeasures(
        **dict(zip(_SCALARS, map(float, scalars), strict=True)),
        squares=squares,
        products=products.reshape(side, side),
    )
    return Reading(measures, None if np.isnan(bars).any() else Bars(bars[:3], bars[3:]))
