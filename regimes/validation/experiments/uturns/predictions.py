"""What ``regimes advise`` says of U-turns from the training images, and the times at which it is put to the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.decisions.retained_scales import BandPower, band_powers, half_retained
from regimes.prediction.decisions.advise import advise
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.experiments.uturns.form import UturnsForm
from regimes.validation.experiments.uturns.turns import SAMPLERS

__all__ = ["ENDS", "MODELS", "Predicted", "predicted_turns", "turn_times"]

Array = NDArray[np.float64]

ENDS = ("keep", "lose")
MODELS = ("trained", "memorised")
_SUFFIX = {"trained": "", "memorised": "_memorised"}  # of the keys of advise
_FIRST = 2 * T_RANGE[0]  # the last step begins at half of it


@dataclass(frozen=True, eq=False)
class Predicted:
    """Of one set of training images."""

    times: dict[str, float | None]  # by key of advise, without what is before the dot
    lower: dict[str, float | None]  # ends of their intervals
    curves: dict[str, Array]  # of survival
    floor: float  # survival at infinite noise
    bands: list[BandPower]

    def key(self, end: str, sampler: str, model: str) -> str:
        """Of an answer."""
        return f"{end}_{sampler}{_SUFFIX[model]}"

    def curve(self, sampler: str, model: str) -> tuple[Array, Array]:
        """Times and predicted survival."""
        return self.curves[f"t{_SUFFIX[model]}"], self.curves[f"{sampler}{_SUFFIX[model]}"]

    def half(self, band: BandPower, sampler: str) -> float:
        """Time up to which half of a band is retained."""
        return half_retained(band.variances, deterministic=sampler == "deterministic")


def predicted_turns(train: Dataset, side: int, seed: int, bench: Bench, name: str) -> Predicted:
    """Ask ``advise``."""
    keys = [f"{end}_{sampler}{suffix}" for suffix in _SUFFIX.values() for end in ENDS for sampler in SAMPLERS]
    names = [f"{what}{suffix}" for suffix in _SUFFIX.values() for what in ("t", *SAMPLERS)]

    def compute() -> dict[str, Array]:
        said = advise(train, only="uturn", rng=seed)
        rows = [said.numbers[f"uturn.{key}"] for key in keys]
        times = [[row.value, None if row.interval is None else row.interval[0]] for row in rows]
        return {"times": np.array(times, dtype=np.float64)} | {
            each: np.asarray(said.curves[f"uturn.{each}"]) for each in names
        }

    found = bench.store.piece(f"{name},predicted", compute)
    known = [[None if np.isnan(value) else float(value) for value in row] for row in found["times"]]
    labels = np.asarray(train.labels)
    return Predicted(
        times={key: row[0] for key, row in zip(keys, known, strict=True)},
        lower={key: row[1] for key, row in zip(keys, known, strict=True)},
        curves={each: found[each] for each in names},
        floor=float(np.sum((np.bincount(labels) / labels.size) ** 2)),
        bands=band_powers(train.X, (side, side)),
    )


def turn_times(form: UturnsForm, predicted: Predicted, sampler: str, model: str) -> tuple[float, ...]:
    """Multiples of the predicted times; where none is predicted, of that of a model that has memorised the images."""
    found: list[float] = []
    for end, multiples in (("keep", form.keep), ("lose", form.lose)):
        at = predicted.times[predicted.key(end, sampler, model)]
        at = predicted.times[predicted.key(end, sampler, "memorised")] if at is None else at
        if at is None:
            raise ValueError(
                f"uturns: no time is predicted at which the class is kept or lost ({end}, {sampler}); give more images"
            )
        found += [at * each for each in multiples]
    finest = min(predicted.half(band, sampler) for band in predicted.bands)
    found += [finest * each for each in form.fine]
    return tuple(np.unique(np.clip(found, _FIRST, START)).tolist())
