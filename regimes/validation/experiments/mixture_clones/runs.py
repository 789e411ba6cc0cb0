"""Pairs of clones of the symmetric mixture, simulated along the axis of its centres or in all dimensions.

A step of a sampler is linear in state, score and noise, and the component of the score along the axis depends on the
component of the state along it alone: the discrete chain in d dimensions, projected, is the discrete chain in one, at
any step and for any d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.speciation.clone_probability import clone_probability
from regimes.numerics.speciation.sign_clones import sign_clone_probability
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.running.progress import Progress
from regimes.validation.running.torch_threads import one_torch_thread
from regimes.validation.sampling import NoiseStream, backward, backward_times, clone_pairs, coupled_steps, noised
from regimes.validation.scores import MixtureScore, ProjectedMixtureScore
from regimes.validation.scores.projected_mixture import NOISE_AFTER_SPECIATION

__all__ = ["SIGMA", "ClonePoint", "CloneRuns", "MixtureCurve", "PairRun"]

Array = NDArray[Any]

SIGMA = 1.0
"""Standard deviation of the classes. At 1 the noised classes have unit variance at every t, kappa is exp(2 (t_S - t)),
and the process along the axis depends on t - t_S alone."""

# kappa = 20 at t_S less this: of clones born there 6e-6 still part, so that steps may be long.
_DECIDED = 1.5
_LONG_STEP = 0.1

_DATA, _NOISE, _CLONES, _LABELS, _BESIDE = range(5)


@dataclass(frozen=True)
class MixtureCurve:
    """phi(t) of one mixture, by one definition of the class, from one kind of branch point."""

    number: int  # names the random numbers
    d: int
    mu: float  # distance of a class centre from the origin, per square root of d
    offsets: tuple[float, ...]  # times t - t_S at which clones are born; t_S is where kappa = 1
    branch: str = "forward"  # noised data points, or "backward": states of a run that began from pure noise
    by: str = "sign"  # of m.x_0, or "label": drawn from P(class | x_0)

    @property
    def t_S(self) -> float:
        """Speciation time."""
        return float(compile_formula("mixture_speciation_time", target="numpy")(self.d, self.mu, SIGMA))

    def theory(self, t: Any) -> Any:
        """Clone probability at times t."""
        if self.by == "sign":
            return sign_clone_probability(t, self.d, self.mu, SIGMA)
        return clone_probability(compile_formula("mixture_kappa", target="numpy")(t, self.d, self.mu, SIGMA))

    def coarse_times(self, start: float, end: float, step: float) -> Array:
        """Times of the coarse run: steps of twice ``step``, and longer ones once the class is decided."""
        middle = max(self.t_S - _DECIDED, end)
        times = backward_times(start, end=middle, steps=math.ceil((start - middle) / (2 * step)))
        if middle == end:
            return times
        return np.concatenate([times, backward_times(middle, end=end, steps=math.ceil(middle / (2 * _LONG_STEP)))[1:]])


@dataclass(frozen=True)
class PairRun:
    """How pairs are simulated: so many, with a step and with twice that."""

    pairs: int
    step: float
    sampler: str


@dataclass(frozen=True)
class ClonePoint:
    """What the pairs born at one time say."""

    t: float
    offset: float  # time after t_S
    theory: float
    phi: float
    se: float
    pairs: int
    # what halving the step changed phi by: the discretisation error of the run with short steps is as much again, since
    # steps are of first order.
    change: float
    change_se: float

    @property
    def z(self) -> float:
        """Deviation in standard errors."""
        return (self.phi - self.theory) / self.se

    def agreement(self, quantity: str) -> Agreement:
        """The comparison under a name."""
        return Agreement(quantity, self.t, self.theory, self.phi, self.se, self.pairs)


class CloneRuns:
    """Simulations of pairs, each with random numbers of its own."""

    def __init__(self, noise: NoiseStream, device: torch.device, kept: Checkpoints) -> None:
        self.noise, self.device, self.kept = noise, device, kept

    def along_axis(self, of: MixtureCurve, offset: float, run: PairRun, *, name: str | None = None) -> ClonePoint:
        """Pairs in one dimension, float64, with both steps on one path of the noise; the error is that at theory."""
        t, noise = self._point_of(of, offset)

        def compute() -> dict[str, Array]:
            return {kind: self._pairs(of, t, run, noise, kind == "coarse") for kind in ("fine", "coarse")}

        same = self.kept.piece(name or f"{of.branch},{of.by},d={of.d},mu={of.mu:g},offset={offset:g}", compute)
        theory = float(of.theory(t))
        se = math.sqrt(theory * (1 - theory) / run.pairs)
        change = _mean(same["fine"].astype(np.float64) - same["coarse"])
        return ClonePoint(t, offset, theory, float(same["fine"].mean()), se, run.pairs, *change)

    def in_full(
        self, of: MixtureCurve, offset: float, run: PairRun, *, progress: Progress | None = None
    ) -> tuple[ClonePoint, Agreement]:
        """Pairs in all dimensions, float32, and the same held against four times as many in one with the same steps.

        phi is extrapolated from both steps, ``2 phi_fine - phi_coarse``; its standard error is that of the sample.
        """
        t, noise = self._point_of(of, offset)
        name = f"all,{of.branch},d={of.d},offset={offset:g}"

        def in_all_dimensions(kind: str) -> Array:
            called = f"{name},{kind}"
            return self.kept.piece(called, lambda: {"same": self._pairs_in_full(of, t, run, noise, called, progress)})[
                "same"
            ]

        def in_one_dimension() -> dict[str, Array]:
            more = replace(run, pairs=4 * run.pairs)
            return {"same": self._pairs(of, t, more, noise.substream(_BESIDE), False)}

        coarse, fine = in_all_dimensions("coarse"), in_all_dimensions("fine")
        one = self.kept.piece(f"{name},one", in_one_dimension)["same"]
        theory = float(of.theory(t))
        change = _mean(fine.astype(np.float64) - coarse)
        point = ClonePoint(t, offset, theory, *_mean(2.0 * fine - coarse), run.pairs, *change)
        spread = math.sqrt(theory * (1 - theory) * (1 / fine.size + 1 / one.size))
        quantity = f"phi, all {of.d} dimensions, {of.branch}, steps of {run.step:g}, against one dimension"
        return point, Agreement(quantity, t, float(one.mean()), float(fine.mean()), spread, run.pairs)

    def _point_of(self, of: MixtureCurve, offset: float) -> tuple[float, NoiseStream]:
        return of.t_S + offset, self.noise.substream(of.number, of.offsets.index(offset))

    @one_torch_thread()
    def _pairs(self, of: MixtureCurve, t: float, run: PairRun, noise: NoiseStream, coarse: bool) -> Array:
        """Whether the clones of each pair end in one class."""
        score = ProjectedMixtureScore(math.sqrt(of.d) * of.mu, SIGMA)
        on: dict[str, Any] = {"device": self.device, "dtype": torch.float64}
        if of.branch == "forward":
            a, _ = score.draw(run.pairs, noise.substream(_DATA), **on)
            x = noised(a, t, noise=noise.substream(_NOISE))
        else:
            x = noise.substream(_DATA).normal(0, 0, run.pairs, (1,), **on)
            above = of.coarse_times(of.t_S + NOISE_AFTER_SPECIATION, t, run.step)
            x = backward(score, x, **coupled_steps(above, run.sampler, noise.substream(_NOISE), coarse=coarse))
        below = of.coarse_times(t, 0.0, run.step)
        ends = clone_pairs(score, x, **coupled_steps(below, run.sampler, noise.substream(_CLONES), coarse=coarse))
        if of.by == "sign":
            return _alike(ends[..., 0] > 0)
        uniform = noise.substream(_LABELS).uniform(0, 0, 2 * run.pairs, (), **on)
        return _alike((uniform < score.posterior(ends.view(-1, 1), 0.0)[:, 0]).view(2, run.pairs))

    def _pairs_in_full(
        self,
        of: MixtureCurve,
        t: float,
        run: PairRun,
        noise: NoiseStream,
        name: str,
        progress: Progress | None,
    ) -> Array:
        """The same in d dimensions; a run that was interrupted goes on where it was."""
        m = np.full(of.d, of.mu)
        score = MixtureScore([1, 1], np.stack([m, -m]), SIGMA)
        coarse = name.endswith("coarse")
        if of.branch == "forward":
            a, _ = score.draw(run.pairs, noise.substream(_DATA), device=self.device)
            births = noised(a, t, noise=noise.substream(_NOISE))
        else:
            start = noise.substream(_DATA).normal(0, 0, run.pairs, (of.d,), device=self.device)
            above = of.coarse_times(of.t_S + NOISE_AFTER_SPECIATION, t, run.step)
            births = backward(score, start, **coupled_steps(above, run.sampler, noise.substream(_NOISE), coarse=coarse))
        ends = clone_pairs(
            score,
            births,
            checkpoint=self.kept.partial(name),
            progress=progress,
            **coupled_steps(of.coarse_times(t, 0.0, run.step), run.sampler, noise.substream(_CLONES), coarse=coarse),
        )
        return _alike(ends @ torch.from_numpy(m).to(ends) > 0)


def _alike(side: Tensor) -> Array:
    return (side[0] == side[1]).cpu().numpy()


def _mean(sample: Array) -> tuple[float, float]:
    return float(sample.mean()), float(sample.std(ddof=1) / math.sqrt(sample.size))
