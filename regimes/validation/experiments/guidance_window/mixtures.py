"""Exact guidance of a mixture: its window, and the law that a sampler ends with, step by step on a grid.

A step of a sampler is a Gaussian around ``growth x + weight score(x)``. So the density of the states is carried through
the steps by quadrature, with no path drawn: what paths are held against, their steps included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_window import ClassWindow, class_window
from regimes.validation.experiments.guidance_window.form import MixtureForm
from regimes.validation.experiments.guidance_window.places import Intervals, acts
from regimes.validation.sampling import NoiseStream, StepWeights, backward, sampler
from regimes.validation.sampling.samplers import Score
from regimes.validation.scores import MixtureScore
from regimes.validation.scores.torch_formula import torch_formula

__all__ = ["PROCESSES", "GuidedMixture", "Law", "end_densities", "simulated", "step_weights"]

Array = NDArray[np.float64]

PROCESSES = ("preserving", "exploding")
_SAMPLER = "exponential"  # of the variance-preserving process
_SIGMA = 1.0
_TIMES = np.geomspace(0.005, 6.0, 80)  # at which the class information is known
_REACH, _SPACING = 9.0, 0.05  # of quadrature over a normal number
_BEYOND = 8.0  # of a class centre that guidance has moved
_NODES = 0.7  # spacing of the grid, in standard deviations of the noise of the smallest step


@dataclass(frozen=True, eq=False)
class GuidedMixture:
    """A mixture on an axis, one class of which is told."""

    form: MixtureForm

    @property
    def score(self) -> MixtureScore:
        """Of all classes."""
        return MixtureScore(np.ones(len(self.form.means)), np.array(self.form.means)[:, None], _SIGMA)

    def score_of(self, weight: float, *, guided: bool) -> Score:
        """Score of the told class, and where guided that of all classes plus the weight times the difference."""
        every, of_class, mean = self.score, torch_formula("gaussian_score"), self.form.means[self.form.told]

        def plain(x: Tensor, t: float) -> Tensor:
            return of_class(x, mean, t, _SIGMA)  # type: ignore[no-any-return]

        def pushed(x: Tensor, t: float) -> Tensor:
            return torch.lerp(every(x, t), plain(x, t), weight)

        return pushed if guided else plain

    def information(self) -> tuple[Array, Array]:
        """Times, and I(class; x_t) by quadrature."""
        u = np.arange(-_REACH, _REACH, _SPACING)
        density = np.exp(compile_formula("gaussian_log_density", target="numpy")(u, 1.0)) * _SPACING
        ratio, share = compile_formula("class_log_ratio", target="numpy"), 1 / len(self.form.means)
        amplitude = compile_formula("signal_amplitude", target="numpy")(_TIMES)
        spread = np.sqrt(compile_formula("cluster_variance", target="numpy")(_TIMES, _SIGMA))
        found = np.zeros(_TIMES.size)
        for k, mean in enumerate(self.form.means):
            for i, t in enumerate(_TIMES):
                x = torch.from_numpy(amplitude[i] * mean + spread[i] * u)[:, None]
                own = self.score.posterior(x, float(t))[:, k].numpy()
                found[i] += share * float(ratio(np.maximum(own, np.finfo(float).tiny), share) @ density)
        return _TIMES, found

    def window(self) -> ClassWindow:
        """Interval of times that holds 5 to 95% of the class information, as ``advise`` reads it off the curve."""
        return class_window(*self.information(), float(np.log(len(self.form.means))))

    def grid(self, weight: float, weights: StepWeights) -> Array:
        """States at which densities are kept."""
        reach = weight * float(np.abs(self.form.means).max()) + _BEYOND
        count = int(np.ceil(reach / (_NODES * weights.noise.min())))
        return np.linspace(-reach, reach, 2 * count + 1)

    def law(self, x: Array, density: Array) -> Law:
        """What a density of final states says."""
        states = torch.from_numpy(x)[:, None]
        told = self.form.told
        share = density * (x[1] - x[0])
        values = np.stack([x, (x - self.form.means[told]) ** 2, self.score.posterior(states, 0.0)[:, told].numpy()])
        mean = values @ share
        deviations = values - mean[:, None]
        of_class = compile_formula("gaussian_log_density", target="numpy")(x - self.form.means[told], _SIGMA**2)
        some = density > 0
        divergence = float(share[some] @ (np.log(density[some]) - of_class[some]))
        return Law(mean, (deviations * share) @ deviations.T, divergence)

    def averages(self, x: Tensor) -> Array:
        """Of final states, what :class:`Law` has the means of."""
        told = self.form.told
        posterior = self.score.posterior(x, 0.0)[:, told]
        return np.array([float(each.mean()) for each in (x, (x - self.form.means[told]) ** 2, posterior)])


@dataclass(frozen=True, eq=False)
class Law:
    """Means of the state, of its squared distance to the centre of the told class and of the posterior of that class.

    ``covariance`` is theirs in one draw; ``divergence`` that from the law of the class, in nats.
    """

    mean: Array
    covariance: Array
    divergence: float


def step_weights(process: str, times: Array) -> StepWeights:
    """Steps of a process, of its state in the scale of the variance-preserving one.

    The variance-exploding state is ``y = exp(t) x``, with variance ``sigma^2``; a step of Euler and Maruyama in it adds
    ``(sigma_t^2 - sigma_s^2) score_y`` and as much variance.
    """
    if process == PROCESSES[0]:
        return sampler(_SAMPLER).weights(times)
    amplitude, added = compile_formula("signal_amplitude", target="numpy")(times), _variances(times)
    growth = amplitude[1:] / amplitude[:-1]
    return StepWeights(growth, amplitude[1:] * amplitude[:-1] * added, amplitude[1:] * np.sqrt(added), growth)


def end_densities(
    mixture: GuidedMixture, weight: float, places: Sequence[Intervals], times: Array, weights: StepWeights, x: Array
) -> Array:
    """Densities of the final states on a grid, (places, states), from pure noise at the first time."""
    log_density = compile_formula("gaussian_log_density", target="numpy")
    densities = np.tile(np.exp(log_density(x, 1.0)) * (x[1] - x[0]), (len(places), 1))
    scores = [mixture.score_of(weight, guided=guided) for guided in (False, True)]
    states = torch.from_numpy(x)[:, None]
    for k, t in enumerate(map(float, times[:-1])):
        guided = np.array([acts(where, t) for where in places])
        for chosen, score in zip((~guided, guided), scores, strict=True):
            if chosen.any():
                centre = weights.growth[k] * x + weights.score[k] * score(states, t)[:, 0].numpy()
                step = np.exp(log_density(x - centre[:, None], weights.noise[k] ** 2)) * (x[1] - x[0])
                densities[chosen] = densities[chosen] @ step
    return np.asarray(densities / (x[1] - x[0]))


def simulated(process: str, score: Score, times: Array, rows: int, noise: NoiseStream) -> Tensor:
    """Final states of paths of a process from pure noise, in float64."""
    x = noise.substream(0).normal(0, 0, rows, (1,), dtype=torch.float64)
    path = noise.substream(1)
    if process == PROCESSES[0]:
        return backward(score, x, times, sampler=_SAMPLER, noise=path)
    y = x * float(compile_formula("edm_sigma", target="numpy")(times[0]))
    amplitude = compile_formula("signal_amplitude", target="numpy")(times)
    for k, added in enumerate(_variances(times)):
        scale = float(amplitude[k])
        y += float(added) * scale * score(scale * y, float(times[k]))
        y += float(np.sqrt(added)) * path.normal(k, 0, rows, (1,), dtype=torch.float64)
    return y


def _variances(times: Array) -> Array:
    """By how much sigma^2 falls in each step."""
    return np.asarray(-np.diff(compile_formula("edm_sigma", target="numpy")(times) ** 2))
