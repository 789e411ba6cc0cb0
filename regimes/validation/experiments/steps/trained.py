"""Runs with trained denoisers: what each grid generates, and losses on images held out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.decisions.components import Components
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.prediction.decisions.steps import gaussians_of
from regimes.prediction.losses.held_out import HeldOutLosses
from regimes.validation.experiments.runner.labelled_denoisers import LabelledDenoiser, labelled_denoiser
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.steps.distance import Distance, energy_distance
from regimes.validation.experiments.steps.form import ImagesForm
from regimes.validation.experiments.steps.grids import (
    GRIDS,
    grid_of,
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

DISTANCES = ("held_out", "whitened", "fine")
"""From images held out, by pixels and with all directions alike; from what the same denoiser makes in many steps."""

ENDS = ("many steps", "training")
"""Whose distance from the images held out the best sampler of a denoiser, and the best denoiser, would have."""

_IMAGES, _MANY, _LOSSES = range(3)
_FIRST, _STEPS, _PERMUTATIONS = range(3)
_ROWS = 64  # at a time: what caches hold


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One denoiser at each number of calls (C) and grid (G)."""

    data: Components  # the Gaussian of its training images
    distance: dict[str, Array]  # (C, G) by what from
    null: dict[str, Array]  # below which 95% of distances of one law lie
    nats: Array  # (C, G): what steps add to its paths, by its losses on the images held out
    ends: dict[str, float]  # distances of ENDS from the images held out
    ends_null: dict[str, float]


def trained_run(images: ImagesForm, number: int, bench: Bench) -> TrainedRun:
    """Train, or take the training that is kept, generate and measure."""
    trained = labelled_denoiser(images.labelled, number, bench)
    name = f"{images.labelled.source},{number}"
    data = gaussians_of(covariance_spectrum(trained.train.X))[0]
    case = _Case(images, name, trained, data, bench)
    many = bench.store.piece(f"{name},many-steps", case.many_steps)
    rows = [
        bench.store.piece(f"{name},{calls}", partial(case.distances, row, calls, many["images"]))
        for row, calls in enumerate(images.calls)
    ]
    kept = bench.store.piece(f"{name},losses", case.losses)
    known = HeldOutLosses(kept["snr"], kept["loss"], None, np.zeros(kept["snr"].size))
    return TrainedRun(
        data,
        distance={key: np.stack([each[f"{key},value"] for each in rows]) for key in DISTANCES},
        null={key: np.stack([each[f"{key},null"] for each in rows]) for key in DISTANCES},
        nats=on_grids(images.calls, data, lambda grid: known.added_by_steps(grid)[0], denoises=True),
        ends={what: float(many[f"{what},value"]) for what in ENDS},
        ends_null={what: float(many[f"{what},null"]) for what in ENDS},
    )


@dataclass(frozen=True, eq=False)
class _Case:
    """One denoiser and what it is measured with; grids share no random numbers."""

    images: ImagesForm
    name: str
    trained: LabelledDenoiser
    data: Components
    bench: Bench

    def many_steps(self) -> dict[str, Array]:
        """Images of many steps, and the distances of ENDS."""
        noise, count = self.bench.noise.substream(_MANY), self.images.generated
        made = self._generated("log snr", self.images.fine, noise, "many steps")
        found = {"images": made}
        for place, (what, points) in enumerate(zip(ENDS, (made, self.trained.train.X[:count]), strict=True)):
            each = self._distance(points, self.trained.held_out, noise.substream(_PERMUTATIONS, place))
            found |= {f"{what},{key}": np.array(value) for key, value in asdict(each).items()}
        return found

    def distances(self, row: int, calls: int, many: Array) -> dict[str, Array]:
        """Of the images of each grid."""
        found: dict[str, list[float]] = {f"{key},{part}": [] for key in DISTANCES for part in ("value", "null")}
        held_out, white = self.trained.held_out, _whitening(self.trained.train.X)
        for place, grid in enumerate(GRIDS):
            noise = self.bench.noise.substream(_IMAGES, row, place)
            made = self._generated(grid, calls, noise, f"{calls} calls, {grid}")
            pairs = (made, held_out), (made @ white, held_out @ white), (made, many)
            for kind, (key, pair) in enumerate(zip(DISTANCES, pairs, strict=True)):
                for part, value in asdict(self._distance(*pair, noise.substream(_PERMUTATIONS, kind))).items():
                    found[f"{key},{part}"].append(value)
        return {key: np.array(values) for key, values in found.items()}

    def losses(self) -> dict[str, Array]:
        """Losses on the images held out, pure noise first."""
        curve = loss_curve(
            self.trained.denoiser,
            self.trained.held_out.reshape(-1, 1, self.trained.side, self.trained.side),
            time_levels(self.images.levels)[::-1],
            noise=self.bench.noise.substream(_LOSSES),
            draws=self.images.draws,
            batch=_ROWS,
            progress=renamed(self.bench.report, f"{self.name}: losses"),
        )
        # What the curve takes for points of the training is held out here.
        silent = (self.trained.held_out**2).sum(axis=1).mean()  # about the mean of the training images
        return {"snr": np.append(0.0, curve.snr[::-1]), "loss": np.append(silent, curve.train_loss[::-1])}

    def _distance(self, points: Array, others: Array, noise: NoiseStream) -> Distance:
        return energy_distance(points, others, noise, permutations=self.images.permutations)

    def _generated(self, grid: str, calls: int, noise: NoiseStream, part: str) -> Array:
        """Images (n, d) from pure noise, without a condition."""
        count, side, device = self.images.generated, self.trained.side, self.bench.device
        found = backward(
            self.trained.denoiser.score(),
            noise.substream(_FIRST).normal(0, 0, count, (1, side, side), device=device),
            sampler_times(grid_of(grid, calls, self.data, denoises=True)),
            sampler="ancestral",
            noise=noise.substream(_STEPS),
            batch=_ROWS,
            progress=renamed(self.bench.report, f"{self.name}: {part}"),
        )
        return np.asarray(found.double().cpu().numpy().reshape(count, -1))


def _whitening(points: Array) -> Array:
    """Map (d, d) to coordinates in which points with the noise of the last call have unit covariance."""
    variances, axes = np.linalg.eigh(np.cov(points.T))
    return np.asarray(axes / np.sqrt(np.maximum(variances, 0.0) + 1 / snr_levels(2)[-1]))
