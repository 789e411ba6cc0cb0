"""Runs with trained denoisers: what each grid generates, and losses on images held out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.decisions.components import Components
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.prediction.decisions.steps import gaussians_of
from regimes.validation.experiments.runner.labelled_denoisers import LabelledDenoiser, labelled_denoiser
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.steps.distance import energy_distance
from regimes.validation.experiments.steps.form import ImagesForm, StepsForm
from regimes.validation.experiments.steps.grids import (
    GRIDS,
    grid_of,
    left_error,
    on_grids,
    sampler_times,
    snr_levels,
    time_levels,
)
from regimes.validation.running.progress import renamed
from regimes.validation.sampling import NoiseStream, backward
from regimes.validation.training import loss_curve

__all__ = ["DISTANCES", "ENDS", "TrainedRun", "trained_run"]

Array = NDArray[np.float64]

DISTANCES = ("held_out", "fine")
"""From images held out, and from what the same denoiser makes in many steps."""

ENDS = ("many steps", "training")
"""Whose distance from the images held out the best sampler of a denoiser, and the best denoiser, would have."""

_IMAGES, _FINE, _LOSSES, _PERMUTATIONS = range(4)
_FIRST, _STEPS = range(2)
_ROWS = 64  # at a time: what caches hold


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One denoiser at each number of calls (C) and grid (G)."""

    data: Components  # the Gaussian of its training images
    distance: dict[str, Array]  # (C, G) by what from
    null: dict[str, Array]  # below which 95% of distances of one law lie
    nats: Array  # (C, G): left Riemann error of its losses on the images held out
    ends: dict[str, float]  # distances of ENDS from the images held out
    ends_null: dict[str, float]


def trained_run(form: StepsForm, images: ImagesForm, number: int, bench: Bench) -> TrainedRun:
    """Train, or take the training that is kept, generate and measure."""
    trained = labelled_denoiser(images.labelled, number, bench)
    name = f"{images.labelled.source},{number}"
    data = gaussians_of(covariance_spectrum(trained.train.X))[0]

    def many_steps() -> dict[str, Array]:
        times = sampler_times(grid_of("log snr", images.fine, data, denoises=True))
        made = _generated(trained, times, images.generated, bench.noise.substream(_FINE), bench, f"{name}: many steps")
        found = {"images": made}
        for place, (what, points) in enumerate(zip(ENDS, (made, trained.train.X[: images.generated]), strict=True)):
            orders = bench.noise.substream(_PERMUTATIONS, place)
            each = energy_distance(points, trained.held_out, orders, permutations=images.permutations)
            found |= {f"{what},{key}": np.array(value) for key, value in asdict(each).items()}
        return found

    fine = bench.store.piece(f"{name},many-steps", many_steps)
    distance = {key: np.empty((len(images.calls), len(GRIDS))) for key in DISTANCES}
    null = {key: np.empty_like(value) for key, value in distance.items()}
    for row, calls in enumerate(images.calls):

        def measure(row: int = row, calls: int = calls) -> dict[str, Array]:
            found: dict[str, list[float]] = {f"{key},{part}": [] for key in DISTANCES for part in ("value", "null")}
            for place, kind in enumerate(GRIDS):
                noise = bench.noise.substream(_IMAGES, row, place)
                times = sampler_times(grid_of(kind, calls, data, denoises=True))
                made = _generated(trained, times, images.generated, noise, bench, f"{name}: {calls} calls, {kind}")
                for key, others in zip(DISTANCES, (trained.held_out, fine["images"]), strict=True):
                    orders = noise.substream(_PERMUTATIONS, DISTANCES.index(key))
                    each = energy_distance(made, others, orders, permutations=images.permutations)
                    found[f"{key},value"].append(each.value)
                    found[f"{key},null"].append(each.null)
            return {key: np.array(values) for key, values in found.items()}

        piece = bench.store.piece(f"{name},{calls}", measure)
        for key in DISTANCES:
            distance[key][row], null[key][row] = piece[f"{key},value"], piece[f"{key},null"]

    def losses() -> dict[str, Array]:
        report = renamed(bench.report, f"{name}: losses")
        points = trained.held_out.reshape(-1, 1, trained.side, trained.side)
        curve = loss_curve(
            trained.denoiser,
            points,
            time_levels(form.levels)[::-1],
            noise=bench.noise.substream(_LOSSES),
            draws=images.draws,
            batch=_ROWS,
            progress=report,
        )
        return {"loss": curve.train_loss}

    loss = bench.store.piece(f"{name},losses", losses)["loss"][::-1]
    nats = on_grids(images.calls, data, partial(left_error, snr_levels(form.levels), loss), denoises=True)
    ends, ends_null = ({what: float(fine[f"{what},{part}"]) for what in ENDS} for part in ("value", "null"))
    return TrainedRun(data, distance, null, nats, ends, ends_null)


def _generated(
    trained: LabelledDenoiser, times: Array, count: int, noise: NoiseStream, bench: Bench, part: str
) -> Array:
    """Images (n, d) from pure noise, without a condition."""
    x = noise.substream(_FIRST).normal(0, 0, count, (1, trained.side, trained.side), device=bench.device)
    found = backward(
        trained.denoiser.score(),
        x,
        times,
        sampler="ancestral",
        noise=noise.substream(_STEPS),
        batch=_ROWS,
        progress=renamed(bench.report, part),
    )
    return np.asarray(found.double().cpu().numpy().reshape(count, -1))
