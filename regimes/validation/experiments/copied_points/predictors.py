"""What the data alone say of each training image: its return time, its distance to the others, how dense they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.return_times import ReturnProbabilities, last_return_times, return_probabilities
from regimes.prediction.dataset.time_grid import even_times
from regimes.validation.experiments.runner.copies_along import CopiesAlong

__all__ = ["PREDICTORS", "Predicted", "predicted"]

Array = NDArray[np.float64]

PREDICTORS = ("return_time", "distance", "density")

_SPAN, _TIMES = (0.02, 3.0), 32  # of noise, beyond which no return time of these images lies


@dataclass(frozen=True, eq=False)
class Predicted:
    """One value for each image, or group of near copies: the larger, the sooner it should be copied."""

    return_time: Array  # from which noise the exact score returns to it in half of the cases
    distance: Array  # to the nearest outside its group
    density: Array  # of the others where it lies, less its logarithm
    time: float  # median return time
    weights: Array  # return probability at that noise, with sum 1

    def of(self, name: str) -> Array:
        """By name."""
        values: Array = getattr(self, name)
        return values


def predicted(along: CopiesAlong, noises: int) -> Predicted:
    """Compute all three from the training images.

    The density is that of the other images noised to the median return time: Gaussians of variance 1/snr about each.
    """
    probabilities = _returns(along, even_times(*_SPAN, _TIMES), noises)
    time, _ = last_return_times(probabilities)
    middle = float(np.median(time))
    at_middle = _returns(along, np.array([middle]), noises).values[:, 0]
    distance = along.near.apart[along.heads]
    return Predicted(time, distance, _sparse(along, middle), middle, at_middle / at_middle.sum())


def _returns(along: CopiesAlong, t: Array, noises: int) -> ReturnProbabilities:
    near = along.near
    if not (near.groups or near.ties):
        return return_probabilities(along.train.X, t, noises=noises)
    return return_probabilities(
        along.train.X, t, chosen=along.heads, labels=near.as_classes, singles=near.singles, noises=noises
    )


def _sparse(along: CopiesAlong, t: float) -> Array:
    """Less the logarithm of the sum over the images of other groups, up to a constant."""
    from scipy.special import logsumexp

    X, labels = along.train.X, along.near.labels
    squared = ((X[along.heads][:, None] - X) ** 2).sum(axis=2)
    exponents = -0.5 * float(compile_formula("snr", target="numpy")(t)) * squared
    exponents[np.arange(along.heads.size)[:, None] == labels] = -np.inf
    return np.asarray(-logsumexp(exponents, axis=1))
