"""One training on some bumps, alone or with all stripes, and the shares it has right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.bump_verdicts import BumpVerdicts, bump_verdicts
from regimes.datasets.composition.selection import random_subset
from regimes.datasets.composition.stripes import with_stripes
from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.experiments.bump_data.form import DataForm, first_count, grid_of, most_of
from regimes.validation.experiments.bump_data.search import Search, search
from regimes.validation.experiments.runner.bump_models import bump_training, drawn_positions, generated
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.running.progress import renamed

__all__ = ["DataSearch", "searched"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DataSearch:
    """The search of one N, kind of training set and seed; shares of outcomes of its trainings."""

    n: int
    kind: str
    seed: int
    search: Search
    held_out: tuple[dict[str, float], ...]  # none, several, misplaced, right, interior: as many as trainings
    kept: tuple[dict[str, float], ...]


def searched(form: DataForm, n: int, kind: str, seed: int, bench: Bench) -> DataSearch:
    """Train on more or fewer bumps until the level is enclosed; the smaller of two sets lies within the larger."""
    held_out, kept = [], []

    def share(count: int) -> float | None:
        outcomes = _outcomes(form, n, kind, count, seed, bench)
        held_out.append(outcomes[0].shares(form.tolerance) | {"interior": _interior(form, outcomes[0])})
        kept.append(outcomes[1].shares(form.tolerance))
        return held_out[-1]["right"] if kept[-1]["right"] >= form.learned else None

    first = first_count(form, n)
    found = search(share, first, most=most_of(n), level=form.level, trainings=form.trainings)
    return DataSearch(n, kind, seed, found, tuple(held_out), tuple(kept))


def _interior(form: DataForm, verdicts: BumpVerdicts) -> float:
    """Share right of positions a pixel or more from the border of the image."""
    inside = ((verdicts.asked >= 1) & (verdicts.asked <= form.side - 2)).all(axis=1)
    return float(verdicts.right(form.tolerance)[inside].sum() / max(1, inside.sum()))


def _outcomes(
    form: DataForm, n: int, kind: str, count: int, seed: int, bench: Bench
) -> tuple[BumpVerdicts, BumpVerdicts]:
    """Train, or take the training that is kept, and judge images at held-out and at kept combinations."""
    name = f"n{n},{'stripes' if kind == 'with stripes' else 'alone'},{count},s{seed}"
    subset = random_subset(grid_of(form, n), count=count, rng=seed)
    order = generator(Stream.BUMP_DATA, seed)
    positions = np.concatenate([drawn_positions(of.positions, form.looked, order) for of in (subset.held_out, subset)])

    def compute() -> dict[str, Array | NDArray[np.int64]]:
        points = with_stripes(subset) if kind == "with stripes" else subset
        training = bump_training(form.training, subset.grid, points.images(), points.positions, seed)
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        images, _ = generated(
            denoiser, subset.grid, positions, bench.noise, steps=form.sampling_steps, device=bench.device
        )
        verdicts = bump_verdicts(subset.grid, images, positions)
        return {"blobs": verdicts.blobs, "found": verdicts.found, "offset": verdicts.offset}

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    sides = (slice(0, form.looked), slice(form.looked, None))
    held_out, kept = (
        BumpVerdicts(found["blobs"][rows], found["found"][rows], positions[rows], found["offset"][rows])
        for rows in sides
    )
    return held_out, kept
