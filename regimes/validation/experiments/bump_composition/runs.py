"""One training, and what it generates in each region."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.composition.stripe_verdicts import StripeVerdicts, stripe_verdicts
from regimes.numerics.estimation.streams import Stream, generator
from regimes.validation.experiments.bump_composition.form import CompositionForm, SetForm, training_set
from regimes.validation.experiments.runner.bump_models import bump_training, drawn_positions, generated
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.runner.shared_trainings import shared_denoiser
from regimes.validation.running.progress import renamed

__all__ = ["SHOWN", "CompositionRun", "composition_run"]

Array = NDArray[np.float64]

SHOWN = 8
"""Images of each region that are drawn."""


@dataclass(frozen=True, eq=False)
class CompositionRun:
    """One training at L looks; so many images of each region, one region after the other."""

    form: SetForm
    seed: int
    points: int  # trained on
    regions: tuple[str, ...]
    asked: Array  # (n, 2)
    seen: NDArray[np.bool_]  # (n, 2): whether x, and y, were in any training image
    copied: Array  # (n, 2): nearest sum of stripes that is trained on
    stripes: NDArray[np.int64]  # (L, n, 2)
    found: Array  # (L, n, 2)
    offset: Array  # (L, n, 2)
    rest: Array  # (L, n)
    shown: Array  # (regions * side, SHOWN * side): images at the last look

    def rows(self, region: str) -> slice:
        """Where the images of a region are."""
        count = len(self.asked) // len(self.regions)
        first = self.regions.index(region) * count
        return slice(first, first + count)

    def verdicts(self, look: int, region: str) -> StripeVerdicts:
        """What the images of a region show."""
        rows = self.rows(region)
        return StripeVerdicts(
            self.stripes[look, rows],
            self.found[look, rows],
            self.asked[rows],
            self.offset[look, rows],
            self.rest[look, rows],
        )


def composition_run(form: CompositionForm, each: SetForm, seed: int, bench: Bench) -> CompositionRun:
    """Train, or take the training that is kept, and look at it."""
    name = f"{each.name},s{seed}"
    trained = training_set(form, each, seed)
    regions = trained.regions()
    order = generator(Stream.BUMP_COMPOSITION, seed, "rng", 1)
    positions = np.concatenate([drawn_positions(of, form.looked, order) for of in regions.values()])

    def compute() -> dict[str, Array]:
        how = form.training if each.code is None else replace(form.training, code=each.code)
        training = bump_training(how, trained.grid, trained.images, trained.positions, seed)
        denoiser = shared_denoiser(training, device=bench.device, progress=renamed(bench.report, f"{name}: training"))
        looks = []
        for number, snapshot in enumerate(form.looks):
            images, _ = generated(
                denoiser.at(snapshot),
                trained.grid,
                positions,
                bench.noise.substream(number),
                steps=form.sampling_steps,
                device=bench.device,
            )
            verdicts = stripe_verdicts(trained.grid, images, positions)
            looks.append(
                {
                    "stripes": verdicts.stripes,
                    "found": verdicts.found,
                    "offset": verdicts.offset,
                    "rest": verdicts.rest,
                }
            )
            bench.report(f"{name}: looks", number + 1, len(form.looks))
        return {key: np.stack([look[key] for look in looks]) for key in looks[0]} | {
            "shown": _tiles(images.reshape(len(regions), form.looked, form.side, form.side))
        }

    found = bench.store.piece(name, compute)
    bench.report(name, 1, 1)
    return CompositionRun(
        form=each,
        seed=seed,
        points=len(trained.positions),
        regions=tuple(regions),
        asked=positions,
        seen=trained.seen(positions),
        copied=_nearest(trained.kept.positions, positions),
        **found,
    )


def _nearest(kept: Array, asked: Array) -> Array:
    """Of the positions that are kept, those nearest to what is asked for."""
    from scipy.spatial import cKDTree

    return np.asarray(kept[cKDTree(kept).query(asked)[1]])


def _tiles(images: Array) -> Array:
    """First images of each region in a row of its own."""
    regions, _, side, _ = images.shape
    rows = images[:, :SHOWN].transpose(0, 2, 1, 3).reshape(regions * side, -1)
    return np.round(rows, 2)
