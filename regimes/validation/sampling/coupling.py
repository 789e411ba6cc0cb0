"""Runs with steps of different length, driven by the same noise: the discretisation error by halving the step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.validation.sampling.noise import Noise, NoiseStream
from regimes.validation.sampling.samplers import Sampler
from regimes.validation.sampling.samplers import sampler as choose_sampler
from regimes.validation.sampling.times import halved_times

__all__ = ["CoarseNoise", "coupled_steps"]


@dataclass(frozen=True, eq=False)
class CoarseNoise:
    """Noise of steps from the noise of their halves.

    A step's normal number is made of those of its two halves, ``w_1 z_1 + w_2 z_2`` with ``w_1^2 + w_2^2 = 1``: the law
    of a run does not change, and its path follows that of the run with halved steps as closely as the sampler allows.
    The mean difference of what the two give is then the discretisation error (of the coarse run, but for that of the
    fine one) with a small standard error.

    Parameters
    ----------
    noise : Noise
        Noise of the halved steps.
    times : array_like, shape (2 steps + 1,)
        Their times: ``halved_times`` of those of the coarse run.
    sampler : str or Sampler
        Sampler of both runs.

    Raises
    ------
    ValueError
        If the number of steps is odd, or the sampler is deterministic (runs with any steps start from the same state
        and need no coupling).

    Notes
    -----
    ``"exponential"``: w_1 : w_2 as what is there of both at the end of the step; without a score, both paths agree at
    the times they share. ``"euler-maruyama"``: the increments of one Brownian motion; without a score, they differ by
    the drift alone. ``"ancestral"``, and ``"ddim"`` with eta = 1: the chain of x_s given x_t and the data point; for
    data of a single point both paths agree. ``"ddim"`` with eta between: what is left of both at a given data point,
    scaled to unit variance. Their last step to t = 0 takes no noise where its halves take some, so that paths differ by
    the square root of its length: let steps shrink towards 0 (``"quadratic"``).

    Use a further one to compare more lengths: ``CoarseNoise(CoarseNoise(noise, quarters), halves)``.

    Examples
    --------
    >>> from regimes.validation.sampling import NoiseStream, backward, halved_times
    >>> x, times = torch.ones(3, 2, dtype=torch.float64), np.array([1.0, 0.5, 0.0])
    >>> noise, fine = NoiseStream(0), halved_times(times)
    >>> coarse = CoarseNoise(noise, fine, "exponential")
    >>> def score(x, t):
    ...     return 0 * x
    >>> difference = backward(score, x, times, noise=coarse) - backward(score, x, fine, noise=noise)
    >>> bool(difference.abs().max() < 1e-14)
    True
    """

    noise: Noise
    times: ArrayLike
    sampler: str | Sampler = "exponential"
    first: NDArray[np.float64] = field(init=False, repr=False)
    second: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rule = choose_sampler(self.sampler)
        if not rule.stochastic:
            raise ValueError(
                f"CoarseNoise: sampler must be stochastic, got {rule.name!r}, which takes no noise; run it with both "
                "steps from the same state"
            )
        weights = rule.weights(self.times)
        if weights.noise.size % 2:
            raise ValueError(
                f"CoarseNoise: times must be those of an even number of steps, got {weights.noise.size} steps; make "
                "them by halved_times"
            )
        first, second = weights.carry[1::2] * weights.noise[::2], weights.noise[1::2]
        size = np.hypot(first, second)
        silent = size == 0  # a last step to t = 0 that takes no noise
        object.__setattr__(self, "first", np.divide(first, size, out=np.zeros_like(size), where=~silent))
        object.__setattr__(self, "second", np.divide(second, size, out=np.ones_like(size), where=~silent))

    def normal(
        self,
        step: int,
        first: int,
        rows: int,
        shape: tuple[int, ...],
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Standard normal numbers of a coarse step, made of those of its two halves in the fine run."""
        if not 0 <= step < self.first.size:
            raise ValueError(
                f"CoarseNoise: step must lie in 0 to {self.first.size - 1}, got {step}; times must be the halved times "
                "of the whole run"
            )
        earlier, later = (
            self.noise.normal(2 * step + half, first, rows, shape, device=device, dtype=dtype) for half in (0, 1)
        )
        return (earlier * float(self.first[step])).add_(later, alpha=float(self.second[step]))

    def substream(self, *keys: int) -> CoarseNoise:
        """Make an independent source, made of the same substream of the fine noise."""
        return CoarseNoise(self.noise.substream(*keys), self.times, self.sampler)


def coupled_steps(
    coarse_times: NDArray[np.float64], sampler: str, noise: NoiseStream, *, coarse: bool
) -> dict[str, Any]:
    """Options of a backward run with halved steps, or of that with the given ones on the same path of the noise."""
    times = halved_times(coarse_times)
    if coarse:
        return {"times": coarse_times, "sampler": sampler, "noise": CoarseNoise(noise, times, sampler)}
    return {"times": times, "sampler": sampler, "noise": noise}
