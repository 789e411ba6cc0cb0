"""Trainings by number of images, and what the data alone say of the exact score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.prediction.decisions.advise import advise
from regimes.validation.experiments.data_needed.form import DataNeededForm
from regimes.validation.experiments.runner.copies_along import CopiesAlong, copies_along
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.image_models import images
from regimes.validation.experiments.runner.nested_sizes import NestedSizes
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import backward_times

__all__ = ["Advised", "SourceFound", "source_found"]


@dataclass(frozen=True)
class Advised:
    """What ``regimes advise`` says of some images; nan where it says nothing."""

    n: int
    log10_n_star: float  # an upper bound
    time: float  # at which so many images collapse
    copies: float  # whether the exact score copies them at the sampler's smallest noise


@dataclass(frozen=True, eq=False)
class SourceFound:
    """Trainings of each number of images, those of one seed nested."""

    form: NestedSizes
    trainings: Mapping[int, tuple[CopiesAlong, ...]]
    whole: Advised  # of all images of the set
    parts: tuple[Advised, ...]  # of the images of the first training of each size


def source_found(form: DataNeededForm, source: NestedSizes, bench: Bench) -> SourceFound:
    """Train on all numbers of images, and look for copies."""
    name, schedule = source.training.source, _levels(form.steps)
    trainings = {
        n: tuple(
            copies_along(source.of_size(n), seed, source.samples, form.steps, bench.of(place, seed))
            for seed in range(source.seeds)
        )
        for place, n in enumerate(source.sizes)
    }
    parts = [
        _advised(trainings[n][0].train, f"{name},n{n},s{bench.seed_of(0)},advice", schedule, bench)
        for n in source.sizes
    ]
    return SourceFound(source, trainings, _advised(images(name), f"{name},advice", schedule, bench), tuple(parts))


def _levels(steps: int) -> dict[str, list[float]]:
    """Noise at which the sampler calls its model."""
    times = backward_times(START, end=T_RANGE[0], steps=steps - 1, spacing="log-snr")
    return {"sigma": compile_formula("edm_sigma", target="numpy")(times).tolist()}


def _advised(data: Dataset, name: str, schedule: dict[str, list[float]], bench: Bench) -> Advised:
    def compute() -> dict[str, NDArray[np.float64]]:
        numbers = advise(data, only="data", schedule=schedule).numbers
        found = [numbers[key].value for key in ("data.log10_n_star", "collapse.time", "data.exact_score_copies")]
        return {"found": np.array([np.nan if each is None else each for each in found], dtype=np.float64)}

    return Advised(data.n, *bench.store.piece(name, compute)["found"].tolist())
