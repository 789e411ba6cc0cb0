"""What a measurement is asked for, checked before anything is computed, and the data as the model saw them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.datasets.points.builtin import builtin_datasets
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.streams import Stream
from regimes.numerics.interface.checks import positive_times, whole_number
from regimes.validation.measurement.classification import checked_classes
from regimes.validation.measurement.last_change import path_times
from regimes.validation.measurement.predicted_times import Predictions
from regimes.validation.running.progress import Progress, silent
from regimes.validation.sampling import NoiseStream
from regimes.validation.sampling import sampler as choose_sampler
from regimes.validation.sampling.samplers import Sampler

__all__ = [
    "MEASURED_PARTS",
    "MeasurementOptions",
    "MeasurementRequest",
    "birth_times",
    "checked_options",
    "data_as_trained",
    "noise_path",
]

Array = NDArray[np.float64]

MEASURED_PARTS = ("classes", "collapse", "trajectories")
"""What can be measured: class and index of pairs of clones, and the last change along paths from pure noise."""

_AROUND = (0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
_FEWEST_PAIRS = 10
_AFTER_SPECIATION = 3.5  # Lambda exp(-2t) is then 1e-3
_NOTHING_LEFT = 1e-8  # Lambda snr

_FUNCTION = "measure_transitions"


@dataclass(frozen=True)
class MeasurementRequest:
    """What :func:`regimes.validation.measure_transitions` was asked for, unchecked, with its defaults."""

    classifier: Any = None
    t: ArrayLike | None = None
    pairs: int = 1000
    sampler: str | Sampler = "ancestral"
    steps: int = 200
    end: float = 0.0
    start: float | None = None
    parts: Sequence[str] | None = None
    level: float | None = None
    probes: int | None = None
    rng: int = 0
    device: str | torch.device | None = None
    dtype: str | torch.dtype | None = None
    memory: int = 2**31
    checkpoint: str | Path | None = None
    progress: Progress | None = None


@dataclass(frozen=True)
class MeasurementOptions:
    """Options of a measurement, checked."""

    parts: tuple[str, ...]
    asked: bool  # whether the parts were asked for by name
    goes_on: bool  # whether times may be added below
    pairs: int
    steps: int
    sampler: Sampler  # stochastic, unless paths from pure noise are all there is to measure
    end: float
    seed: int
    memory: int  # bytes beyond the data
    report: Progress

    @property
    def noise(self) -> NoiseStream:
        """Source of all random numbers of the simulation."""
        return NoiseStream(self.seed, Stream.MEASUREMENT)

    def settings(self) -> dict[str, Any]:
        """What the numbers depend on, as plain values."""
        rule = self.sampler
        return {
            "sampler": rule.name if rule.eta is None else f"{rule.name}, eta = {rule.eta:g}",
            "steps": self.steps,
            "pairs": self.pairs,
            "end": self.end,
            "seed": self.seed,
        }


def checked_options(request: MeasurementRequest) -> MeasurementOptions:
    """Check what needs no data."""
    parts, level = request.parts, request.level
    if level is not None and not 0 < level < 1:
        raise ValueError(f"{_FUNCTION}: level must lie between 0 and 1, got {level:g}")
    chosen = MEASURED_PARTS if parts is None else (parts,) if isinstance(parts, str) else tuple(parts)
    unknown = [each for each in chosen if each not in MEASURED_PARTS]
    if unknown or not chosen:
        raise ValueError(
            f"{_FUNCTION}: parts must be among {', '.join(MEASURED_PARTS)}, got "
            f"{', '.join(map(str, unknown)) or 'none'}"
        )
    rule = choose_sampler(request.sampler)
    if not rule.stochastic and set(chosen) != {"trajectories"}:
        raise ValueError(
            f"{_FUNCTION}: sampler must be stochastic, got the deterministic {rule.name!r}, under which the clones of "
            "a state coincide; take 'ancestral' or 'exponential', or ask for parts=['trajectories'] alone"
        )
    last = float(request.end)
    if not 0 <= last < np.inf:
        raise ValueError(f"{_FUNCTION}: end (Ornstein-Uhlenbeck time of the end) must be at least 0, got {last:g}")
    pairs = whole_number(_FUNCTION, "pairs", "pairs of clones at each time", request.pairs, at_least=_FEWEST_PAIRS)
    return MeasurementOptions(
        parts=chosen,
        asked=parts is not None,
        goes_on=request.t is None,
        pairs=pairs,
        steps=whole_number(_FUNCTION, "steps", "steps of a backward path", request.steps, at_least=2),
        sampler=rule,
        end=last,
        seed=whole_number(_FUNCTION, "rng", "seed", request.rng, at_least=0),
        memory=whole_number(_FUNCTION, "memory", "bytes beyond the data", request.memory, at_least=1),
        report=request.progress or silent,
    )


def data_as_trained(data: Any, labels: Any, classifier: Any, device: torch.device, dtype: torch.dtype) -> Dataset:
    """Read the data in the units of the model: an array or a file holds what the model saw, mean and scale included."""
    if isinstance(data, Tensor):
        data = data.detach().cpu().numpy()
    if isinstance(data, Dataset):
        found = data if labels is None else load_dataset(data, labels)
    elif isinstance(data, str) and data in builtin_datasets() and not os.path.exists(data):
        found = load_dataset(data, labels)
    else:
        found = load_dataset(data, labels, scale="none", center=False)
    if found.labels is not None or classifier is None:
        return found
    of_points = getattr(classifier, "predict", classifier)
    numbers = checked_classes(of_points(torch.from_numpy(found.X).to(device, dtype)), found.n, None).numpy()
    missing = sorted(set(range(int(numbers.max()) + 1)) - set(numbers.tolist()))
    if missing:
        raise ValueError(
            f"{_FUNCTION}: the data must hold a point of every class, but the classifier finds none of class "
            f"{missing[0]} among them; give labels"
        )
    return load_dataset(found, numbers, center=found.preprocessing.center)


def birth_times(t: ArrayLike | None, predictions: Predictions, end: float, parts: Sequence[str]) -> NDArray[np.float64]:
    """Times at which clones are born."""
    if t is not None:
        times = np.unique(positive_times(_FUNCTION, t))
    else:
        names = ["collapse.point_time", *(["speciation.class_time_memorised"] if "classes" in parts else [])]
        centres = [found.time for name in names if (found := predictions.times.get(name)) and found.time is not None]
        if not centres:
            raise ValueError(
                f"{_FUNCTION}: nothing is predicted around which times could be placed; give t, Ornstein-Uhlenbeck "
                "times"
            )
        times = np.unique(np.outer(centres, _AROUND))
    if not end < times[0]:
        raise ValueError(
            f"{_FUNCTION}: end must lie below every t, got end = {end:g} and t = {times[0]:g}; take a smaller end, or "
            "give larger times as t"
        )
    Lambda = 1.0 if predictions.Lambda is None else max(predictions.Lambda, 1.0)
    left = Lambda * float(compile_formula("snr", target="numpy")(times[-1]))
    if left < _NOTHING_LEFT:
        raise ValueError(
            f"{_FUNCTION}: t must be Ornstein-Uhlenbeck times at which something is left of the data, got "
            f"{times[-1]:g}, where Lambda snr is {left:.1g}; were these steps of a schedule? "
            "noise_schedule(name).t holds their times"
        )
    return times


def noise_path(start: float | None, predictions: Predictions, times: Array, options: MeasurementOptions) -> Array:
    """Times of paths from pure noise."""
    speciation, collapse = (
        predictions.times.get(key) for key in ("speciation.sample_spectral_time", "collapse.point_time")
    )
    first, low = float(times[-1]), float(times[0])
    if start is None:
        time = None if speciation is None else speciation.time
        start = max(first, 0.0 if time is None else time) + _AFTER_SPECIATION
    if not first < float(start) < np.inf:
        raise ValueError(
            f"{_FUNCTION}: start (where paths from pure noise begin) must exceed every t, {first:g} at most, got "
            f"{start}"
        )
    if collapse is not None and collapse.time is not None:
        low = min(low, _AROUND[0] * collapse.time)
    low = low if low > options.end else (options.end + first) / 2
    Lambda = 1.0 if predictions.Lambda is None else max(predictions.Lambda, 1.0)
    return path_times(float(start), low, end=options.end, steps=options.steps, Lambda=Lambda)
