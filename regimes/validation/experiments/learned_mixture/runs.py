"""Clones of a learned score of two Gaussian classes beside those of the exact one, along the same noise.

Let T(x, t) = P(+ | x) - P(- | x) be that of the exact law. Along its own backward paths it is a martingale; along those
of another score s' it drifts by ``2 (s' - s) . grad T``. So the class S = +-1 at the end of a clone has the mean
``T(x_t) + E J`` with J the integral of this drift, and for two clones of one x_t

    phi' = phi + E[T (J_1 + J_2) + J_1 J_2]/2,

phi in closed form: what the error of the score does to phi follows from this error alone, without looking at a class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.clone_probability import clone_probability
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.sampling import CoarseNoise, NoiseStream, backward_times, clone_pairs, halved_times, noised
from regimes.validation.sampling import sampler as choose_sampler
from regimes.validation.sampling.noise import Noise
from regimes.validation.sampling.samplers import Score
from regimes.validation.scores import MixtureScore

__all__ = ["LearnedClones", "LearnedPoint", "ScoreErrors", "two_classes"]

Array = NDArray[np.float64]

SIGMA = MU = 1.0
_SAMPLER = "euler-maruyama"
_BLOCK = 2048
_POINTS, _FORWARD, _BACKWARD, _HALVED = range(4)


def two_classes(d: int) -> MixtureScore:
    """The mixture: centres at ``+-(1, ..., 1)``, variance 1, equal weights."""
    return MixtureScore([1.0, 1.0], [np.full(d, MU), np.full(d, -MU)], SIGMA)


@dataclass(frozen=True)
class LearnedPoint:
    """What the pairs born at one time say."""

    t: float
    offset: float  # time after t_S
    theory: float  # phi in closed form
    learned: float  # phi of the learned score
    learned_se: float  # binomial, at the closed form
    exact: float  # phi of the exact score along the same noise, with the same steps
    difference: float  # learned less exact, pair by pair
    difference_se: float
    shift: float  # what the error of the score along the paths makes of it
    shift_se: float
    residual_se: float  # standard error of learned - shift, pair by pair
    change: float  # what halving the step does to phi of the learned score
    change_se: float
    pairs: int


class ScoreErrors:
    """A score that adds up, on its way, by how much it moves T away from the exact law."""

    def __init__(self, score: Score, mixture: MixtureScore, times: Array, rows: int, device: torch.device) -> None:
        self.score, self.mixture = score, mixture
        self.weights = choose_sampler(_SAMPLER).weights(times).score
        self.centre = torch.from_numpy(mixture.means[0]).to(device, torch.float32)
        self.moved = torch.zeros(rows, dtype=torch.float64, device=device)
        self.step = 0

    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Score of the learned law."""
        learned = self.score(x, t)
        along = (learned - self.mixture(x, t)) @ self.centre
        first, second = self.mixture.posterior(x, t).T
        amplitude = float(compile_formula("signal_amplitude", target="numpy")(t))
        slope = amplitude / float(compile_formula("cluster_variance", target="numpy")(t, SIGMA))
        # T = tanh(u) and 1 - T^2 = 4 P(+) P(-), with u = slope m.x.
        self.moved += (along * 4 * first * second).double() * slope * float(self.weights[self.step])
        self.step += 1
        return learned


class LearnedClones:
    """Pairs of clones of one learned score."""

    def __init__(self, mixture: MixtureScore, score: Score, bench: Bench, end: float) -> None:
        self.mixture, self.score, self.end = mixture, score, end  # by the end of a path the class is decided
        self.noise, self.device, self.store = bench.noise, bench.device, bench.store
        self.d = mixture.means.shape[1]
        self.t_S = float(compile_formula("mixture_speciation_time", target="numpy")(self.d, MU, SIGMA))

    def theory(self, t: Any) -> Array:
        """Clone probability in closed form."""
        return clone_probability(compile_formula("mixture_kappa", target="numpy")(t, self.d, MU, SIGMA))

    def point(
        self, number: int, offset: float, *, pairs: int, step: float, halved: int, progress: Callable[[int], None]
    ) -> LearnedPoint:
        """Simulate the pairs born at one time."""
        t, noise = self.t_S + offset, self.noise.substream(number)
        times = backward_times(t, end=self.end, steps=math.ceil((t - self.end) / step))
        found = self._blocks(f"clones-{number}", pairs, progress, lambda *rows: self._pairs(t, times, noise, *rows))
        other = noise.substream(_HALVED)
        changes = self._blocks(
            f"halved-{number}", halved, progress, lambda *rows: self._halving(t, times, other, *rows)
        )
        phi, difference = float(self.theory(t)), found["learned"] - found["exact"]
        change = changes["fine"] - changes["coarse"]
        shift = found["shift"]
        return LearnedPoint(
            t=t,
            offset=offset,
            theory=phi,
            learned=float(found["learned"].mean()),
            learned_se=math.sqrt(phi * (1 - phi) / pairs),
            exact=float(found["exact"].mean()),
            difference=float(difference.mean()),
            difference_se=_error(difference),
            shift=float(shift.mean()),
            shift_se=_error(shift),
            residual_se=_error(found["learned"] - shift),
            change=float(change.mean()),
            change_se=_error(change),
            pairs=pairs,
        )

    def _blocks(
        self, name: str, pairs: int, progress: Callable[[int], None], run: Callable[[int, int], dict[str, Array]]
    ) -> dict[str, Array]:
        blocks = []
        for first in range(0, pairs, _BLOCK):
            rows = min(_BLOCK, pairs - first)
            blocks.append(self.store.piece(f"{name}-{first}", lambda first=first, rows=rows: run(first, rows)))  # type: ignore[misc]
            progress(rows)
        return {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}

    def _born(self, t: float, noise: NoiseStream, first: int, rows: int) -> Tensor:
        points, _ = self.mixture.draw(rows, noise.substream(_POINTS), first_row=first, device=self.device)
        return noised(points, t, noise=noise.substream(_FORWARD), first_row=first)

    def _pairs(self, t: float, times: Array, noise: NoiseStream, first: int, rows: int) -> dict[str, Array]:
        x_t, path = self._born(t, noise, first, rows), noise.substream(_BACKWARD)
        errors = ScoreErrors(self.score, self.mixture, times, 2 * rows, self.device)
        learned = self._alike(errors, x_t, times, path, first)
        exact = self._alike(self.mixture, x_t, times, path, first)
        one, two = errors.moved.view(rows, 2).T
        share = self.mixture.posterior(x_t.double(), t)
        start = share[:, 0] - share[:, 1]
        shift = (start * (one + two) + one * two) / 2
        return {"learned": learned, "exact": exact, "shift": shift.cpu().numpy()}

    def _halving(self, t: float, times: Array, noise: NoiseStream, first: int, rows: int) -> dict[str, Array]:
        fine, path = halved_times(times), noise.substream(_BACKWARD)
        x_t = self._born(t, noise, first, rows)
        coarse = CoarseNoise(path, fine, _SAMPLER)
        return {
            "coarse": self._alike(self.score, x_t, times, coarse, first),
            "fine": self._alike(self.score, x_t, fine, path, first),
        }

    def _alike(self, score: Score, x_t: Tensor, times: Array, noise: Noise, first: int) -> Array:
        """Whether the clones of each pair end on one side."""
        ends = clone_pairs(score, x_t, times, sampler=_SAMPLER, noise=noise, first_row=first, batch=2 * len(x_t))
        side = (ends @ torch.from_numpy(self.mixture.means[0]).to(ends)) > 0
        return np.asarray((side[0] == side[1]).double().cpu().numpy())


def _error(values: Array) -> float:
    return float(values.std(ddof=1) / math.sqrt(values.size))
