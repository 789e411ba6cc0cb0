"""Points generated from pure noise, and near-copies of training points among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.decisions.copied_points import COPY
from regimes.validation.experiments.runner.denoisers import START, T_RANGE
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import backward, backward_times
from regimes.validation.sampling.samplers import Score

__all__ = ["Generated", "generate", "generated_points"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Generated:
    """Points generated from pure noise, beside the training points."""

    points: int
    # Share of them whose nearest training point is at less than a third of the distance of the second nearest.
    copies: float
    copies_of_test: float  # the same share for test points, which nothing has copied
    nearest: float  # median distance to the nearest training point
    nearest_of_test: float


def generate(
    bench: Bench, name: str, score: Score, train: NDArray[Any], test: Array, *, points: int, steps: int
) -> Generated:
    """Generate points by ancestral steps, the last to the posterior mean, and look for near-copies among them."""
    found = generated_points(bench, name, score, train.shape[1:], points=points, steps=steps)
    copies, nearest = _copies(found, train)
    copies_of_test, nearest_of_test = _copies(test, train)
    return Generated(points, copies, copies_of_test, nearest, nearest_of_test)


def generated_points(
    bench: Bench, name: str, score: Score, shape: tuple[int, ...], *, points: int, steps: int
) -> Array:
    """Points of a shape from pure noise, kept, in double precision."""
    times = np.append(backward_times(START, end=T_RANGE[0], steps=steps - 1, spacing="log-snr"), 0.0)

    def compute() -> dict[str, NDArray[np.float32]]:
        noise, kept = bench.noise, bench.store.partial(name)
        x = noise.substream(0).normal(0, 0, points, shape, device=bench.device)
        found = backward(score, x, times, sampler="ancestral", noise=noise.substream(1), checkpoint=kept)
        return {"points": found.cpu().numpy()}

    return np.asarray(bench.store.piece(name, compute)["points"], dtype=np.float64)


def _copies(points: Array, train: NDArray[Any]) -> tuple[float, float]:
    distance: Tensor = torch.cdist(torch.from_numpy(points), torch.from_numpy(np.unique(train, axis=0)))
    first, second = distance.topk(2, dim=1, largest=False).values.T
    return float((first < COPY * second).double().mean()), float(first.median())
