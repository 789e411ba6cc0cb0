"""Pairs of clones of the symmetric mixture, simulated along the axis of its centres or in all dimensions.

A step of a sampler is linear in state, score and noise, and the component of the score along the axis depends on the
component of the state along it alone: the discrete chain in d dimensions, projected, is the discrete chain in one, at
any step and for any d.
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
from regimes.numerics.speciation.sign_clones import sign_clone_probability
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.running.torch_threads import one_torch_thread
from regimes.validation.sampling import NoiseStream, backward, backward_times, clone_pairs, coupled_steps, noised
from regimes.validation.scores import MixtureScore, ProjectedMixtureScore

__all__ = ["SIGMA", "START", "CloneCurve", "ClonePoint", "CloneRuns"]

Array = NDArray[Any]

SIGMA = 1.0
"""Standard deviation of the classes. At 1 the noised classes have unit variance at every t, kappa is exp(2 (t_S - t)),
and the process along the axis depends on t - t_S alone."""

START = math.log(1e4) / 2
"""Time after t_S at which backward runs begin with pure noise. kappa = 1e-4 there: the law of x_t is as close to it as
kappa/2 in total variation (by Pinsker's inequality, chi-square being cosh(kappa) - 1), and no step makes that more."""

# kappa = 20 at t_S less this: of clones born there 6e-6 still part, so that steps may be long.
_DECIDED = 1.5
_LONG_STEP = 0.1

_DATA, _NOISE, _CLONES, _LABELS, _BESIDE = range(5)


@dataclass(frozen=True)
class CloneCurve:
    """phi(t) of one mixture, by one definition of the class, from one kind of branch point.

    Attributes
    ----------
    number : int
        Names the random numbers.
    d : int
        Dimension.
    mu : float
        Distance of a class centre from the origin, per square root of d.
    offsets : tuple of float
        Times t - t_S at which clones are born; t_S is where kappa = 1.
    branch : {"forward", "backward"}
        Born at noised data points, or at states of a backward run that began from pure noise.
    by : {"sign", "label"}
        A clone's class is the sign of m.x_0, or a label drawn from P(class | x_0).
    """

    number: int
    d: int
    mu: float
    offsets: tuple[float, ...]
    branch: str = "forward"
    by: str = "sign"

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
class ClonePoint:
    """What the pairs born at one time say.

    Attributes
    ----------
    t, offset : float
        Time, and time after t_S.
    theory, phi, se : float
        Predicted and simulated clone probability, and its standard error.
    pairs : int
        Their number.
    change, change_se : float
        What halving the step changed phi by, and its standard error: the discretisation error of the run with short
        steps is as much again, since steps are of first order.
    """

    t: float
    offset: float
    theory: float
    phi: float
    se: float
    pairs: int
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
    """Simulations of pairs, each with random numbers of its own.

    Parameters
    ----------
    noise : NoiseStream
        Of the experiment.
    device : torch.device
        Where to simulate.
    kept : Checkpoints
        Keeps what is finished.
    """

    def __init__(self, noise: NoiseStream, device: torch.device, kept: Checkpoints) -> None:
        self.noise, self.device, self.kept = noise, device, kept

    def along_axis(
        self, of: CloneCurve, offset: float, *, pairs: int, step: float, sampler: str, name: str | None = None
    ) -> ClonePoint:
        """Pairs in one dimension, float64, with a step and with twice that on the same path of the noise.

        Parameters
        ----------
        of : CloneCurve
            The curve.
        offset : float
            Which of its offsets.
        pairs : int
            How many.
        step : float
            Of the run that is compared with theory.
        sampler : str
            Of both runs.
        name : str, optional
            Of what is kept.

        Returns
        -------
        ClonePoint
            Its standard error is binomial, at the predicted phi.
        """
        t, noise = self._point_of(of, offset)

        def compute() -> dict[str, Array]:
            return {
                kind: self._pairs(of, t, pairs, step, sampler, noise, kind == "coarse") for kind in ("fine", "coarse")
            }

        same = self.kept.piece(name or f"{of.branch},{of.by},d={of.d},mu={of.mu:g},offset={offset:g}", compute)
        theory = float(of.theory(t))
        se = math.sqrt(theory * (1 - theory) / pairs)
        change = _mean(same["fine"].astype(np.float64) - same["coarse"])
        return ClonePoint(t, offset, theory, float(same["fine"].mean()), se, pairs, *change)

    def in_full(
        self,
        of: CloneCurve,
        offset: float,
        *,
        pairs: int,
        step: float,
        sampler: str,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[ClonePoint, Agreement]:
        """Pairs in all dimensions, float32, and the same held against pairs in one dimension with the same steps.

        Parameters
        ----------
        of, offset, pairs, step, sampler
            As of :meth:`along_axis`; four times the pairs in one dimension.
        progress : callable, optional
            Called with (done, total) of each of the two runs.

        Returns
        -------
        point : ClonePoint
            phi is extrapolated from both steps, ``2 phi_fine - phi_coarse``; the standard error is that of the sample.
        beside : Agreement
            phi of the run with short steps, against that in one dimension.
        """
        t, noise = self._point_of(of, offset)
        name = f"all,{of.branch},d={of.d},offset={offset:g}"

        def in_all_dimensions(kind: str) -> Array:
            called = f"{name},{kind}"
            return self.kept.piece(
                called,
                lambda: {"same": self._pairs_in_full(of, t, pairs, step, sampler, noise, called, progress)},
            )["same"]

        def in_one_dimension() -> dict[str, Array]:
            return {"same": self._pairs(of, t, 4 * pairs, step, sampler, noise.substream(_BESIDE), False)}

        coarse, fine = in_all_dimensions("coarse"), in_all_dimensions("fine")
        one = self.kept.piece(f"{name},one", in_one_dimension)["same"]
        theory = float(of.theory(t))
        point = ClonePoint(
            t, offset, theory, *_mean(2.0 * fine - coarse), pairs, *_mean(fine.astype(np.float64) - coarse)
        )
        spread = math.sqrt(theory * (1 - theory) * (1 / fine.size + 1 / one.size))
        quantity = f"phi, all {of.d} dimensions, {of.branch}, steps of {step:g}, against one dimension"
        return point, Agreement(quantity, t, float(one.mean()), float(fine.mean()), spread, pairs)

    def _point_of(self, of: CloneCurve, offset: float) -> tuple[float, NoiseStream]:
        return of.t_S + offset, self.noise.substream(of.number, of.offsets.index(offset))

    def _pairs(
        self, of: CloneCurve, t: float, pairs: int, step: float, sampler: str, noise: NoiseStream, coarse: bool
    ) -> Array:
        """Whether the clones of each pair end in one class."""
        with one_torch_thread():
            return self._pairs_in_one_thread(of, t, pairs, step, sampler, noise, coarse)

    def _pairs_in_one_thread(
        self, of: CloneCurve, t: float, pairs: int, step: float, sampler: str, noise: NoiseStream, coarse: bool
    ) -> Array:
        score = ProjectedMixtureScore(math.sqrt(of.d) * of.mu, SIGMA)
        on: dict[str, Any] = {"device": self.device, "dtype": torch.float64}
        if of.branch == "forward":
            a, _ = score.draw(pairs, noise.substream(_DATA), **on)
            x = noised(a, t, noise=noise.substream(_NOISE))
        else:
            x = noise.substream(_DATA).normal(0, 0, pairs, (1,), **on)
            above = of.coarse_times(of.t_S + START, t, step)
            x = backward(score, x, **coupled_steps(above, sampler, noise.substream(_NOISE), coarse=coarse))
        ends = clone_pairs(
            score, x, **coupled_steps(of.coarse_times(t, 0.0, step), sampler, noise.substream(_CLONES), coarse=coarse)
        )
        if of.by == "sign":
            return _alike(ends[..., 0] > 0)
        uniform = noise.substream(_LABELS).uniform(0, 0, 2 * pairs, (), **on)
        return _alike((uniform < score.posterior(ends.view(-1, 1), 0.0)[:, 0]).view(2, pairs))

    def _pairs_in_full(
        self,
        of: CloneCurve,
        t: float,
        pairs: int,
        step: float,
        sampler: str,
        noise: NoiseStream,
        name: str,
        progress: Callable[[int, int], None] | None,
    ) -> Array:
        """The same in d dimensions; a run that was interrupted goes on where it was."""
        m = np.full(of.d, of.mu)
        score = MixtureScore([1, 1], np.stack([m, -m]), SIGMA)
        coarse = name.endswith("coarse")
        if of.branch == "forward":
            a, _ = score.draw(pairs, noise.substream(_DATA), device=self.device)
            births = noised(a, t, noise=noise.substream(_NOISE))
        else:
            start = noise.substream(_DATA).normal(0, 0, pairs, (of.d,), device=self.device)
            above = of.coarse_times(of.t_S + START, t, step)
            births = backward(score, start, **coupled_steps(above, sampler, noise.substream(_NOISE), coarse=coarse))
        ends = clone_pairs(
            score,
            births,
            checkpoint=self.kept.partial(name),
            progress=progress,
            **coupled_steps(of.coarse_times(t, 0.0, step), sampler, noise.substream(_CLONES), coarse=coarse),
        )
        return _alike(ends @ torch.from_numpy(m).to(ends) > 0)


def _alike(side: Tensor) -> Array:
    return (side[0] == side[1]).cpu().numpy()


def _mean(sample: Array) -> tuple[float, float]:
    return float(sample.mean()), float(sample.std(ddof=1) / math.sqrt(sample.size))
