"""One step of the backward process, by each of the samplers.

All of them put a state, a score and, if they are stochastic, a normal number together with three weights, which depend
on the times of the step alone: ``x_s = growth x_t + weight score(x_t, t) + size z``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.validation.sampling.times import decreasing_times

__all__ = ["SAMPLERS", "Sampler", "Score", "StepWeights", "sampler"]

SAMPLERS = ("euler-maruyama", "exponential", "ancestral", "ddim", "flow")
"""Names of the samplers; :func:`sampler` says what each is."""


class Score(Protocol):
    """Gradient of the logarithm of the noised law: any function of states (n, ...) and a time, of the states' shape."""

    def __call__(self, x: Tensor, t: float, /) -> Tensor:
        """Score of every state, at one Ornstein-Uhlenbeck time."""
        ...


@dataclass(frozen=True, eq=False)
class StepWeights:
    """Weights of the steps between times."""

    growth: NDArray[np.float64]  # (steps,): of the state
    score: NDArray[np.float64]  # (steps,): of the score at the beginning of the step
    noise: NDArray[np.float64]  # (steps,): standard deviation of the noise, 0 for none
    # (steps,): factor by which noise that entered before the step is still there after it, at a given data point; what
    # couples steps of different length (CoarseNoise)
    carry: NDArray[np.float64]


@dataclass(frozen=True)
class Sampler:
    """A rule for the steps of the backward process; :func:`sampler` makes it.

    Attributes
    ----------
    name : str
        One of :data:`SAMPLERS`.
    stochastic : bool
        Whether it takes noise: clones need that.
    eta : float or None
        Share of the ancestral noise, as an amplitude (``"ddim"`` alone).
    score_at_zero : bool
        Whether the score may be evaluated at t = 0 (``"flow"`` alone does).
    """

    name: str
    stochastic: bool
    eta: float | None = None
    score_at_zero: bool = False

    def weights(self, times: ArrayLike) -> StepWeights:
        """Weights of the steps from each of strictly decreasing times to the next; the last may be 0.

        Examples
        --------
        >>> sampler("exponential").weights([0.5, 0.0]).score.round(6).tolist()
        [1.297443]
        """
        t = decreasing_times("Sampler.weights", times)
        s, h = t[1:], t[:-1] - t[1:]
        none, one, growth = np.zeros_like(h), np.ones_like(h), _value("backward_growth", h)
        if self.name == "euler-maruyama":
            deviation = np.sqrt(_value("euler_variance", h))
            return StepWeights(_value("euler_growth", h), _value("euler_score_weight", h), deviation, one)
        if self.name == "exponential":
            deviation = np.sqrt(_value("frozen_score_variance", h))
            return StepWeights(growth, _value("frozen_score_weight", h), deviation, growth)
        if self.name == "ancestral":
            deviation = np.sqrt(_value("posterior_step_variance", s, h))
            carry = _value("posterior_state_weight", s, h)
            return StepWeights(growth, _value("ancestral_score_weight", h), deviation, carry)
        if self.name == "ddim":
            deviation = np.sqrt(_value("ddim_variance", s, h, self.eta))
            carry = _value("ddim_state_weight", s, h, self.eta)
            return StepWeights(growth, _value("ddim_score_weight", s, h, self.eta), deviation, carry)
        return StepWeights(growth, _value("flow_score_weight", h), none, growth)

    def step(self, score: Score, x: Tensor, t: float, s: float, normal: Tensor | None = None) -> Tensor:
        """One step from t to s, ``0 <= s < t``; a stochastic sampler needs normal numbers of the shape of x.

        Examples
        --------
        >>> import torch
        >>> sampler("flow").step(lambda x, t: -x, torch.ones(1, 2), 1.0, 0.5)
        tensor([[1.0000, 1.0000]])
        """
        if self.stochastic and normal is None:
            raise ValueError(f"Sampler.step: {self.name} needs normal numbers of the shape of x; give normal")

        def draw() -> Any:
            return normal

        state = x.clone()
        advance(self, self.weights([t, s]), 0, score, state, t, s, draw)
        return state


def advance(
    sampler: Sampler,
    weights: StepWeights,
    step: int,
    score: Score,
    state: Tensor,
    t: float,
    s: float,
    draw: Callable[[], Tensor],
) -> None:
    """Take a step in place."""
    growth, weight, deviation = (float(each[step]) for each in (weights.growth, weights.score, weights.noise))
    gradient = score(state, t)
    if sampler.name == "flow" and (s > 0 or sampler.score_at_zero):
        predicted = (state * growth).add_(gradient, alpha=weight)
        gradient, weight = gradient + score(predicted, s), weight / 2
    elif gradient.untyped_storage().data_ptr() == state.untyped_storage().data_ptr():
        gradient = gradient.clone()  # a score that hands back its own argument, which the next line changes
    state.mul_(growth).add_(gradient, alpha=weight)
    if deviation > 0:
        state.add_(draw(), alpha=deviation)


def sampler(name: str | Sampler, *, eta: float | None = None, score_at_zero: bool | None = None) -> Sampler:
    """Choose how steps of the backward process are taken.

    ``"euler-maruyama"``: all weights of first order in the step. ``"exponential"``: the score is held fixed over the
    step and the rest solved exactly. ``"ancestral"``: DDPM; the mean given x_t and the data point with the posterior
    mean of the data point in its place, exact for data of a single point. ``"ddim"``: the same without noise, or with
    the share eta of it. ``"flow"``: the probability flow by Heun's rule in its exponential form.

    The error of averages is of first order in the step, of ``"flow"`` of second. With equal steps down to t = 0 that of
    ``"ancestral"`` and ``"ddim"`` goes as h log(1/h), since they replace a data point that becomes visible within the
    last steps; steps that shrink towards 0 (``"quadratic"``) bring it back to h. For Gaussian data of variance 0.3 and
    6400 equal steps it is eleven times that of ``"exponential"``, with steps that shrink three times.

    A score may be singular at t = 0. Each evaluates it at the beginning of a step alone, ``"flow"`` at the end besides
    unless that is 0, where its step is of first order.

    Parameters
    ----------
    name : str or Sampler
        One of :data:`SAMPLERS`; a sampler is handed back.
    eta : float, optional
        Share of the noise of an ancestral step that ``"ddim"`` takes, from 0 (default, deterministic) to 1 (which is
        ``"ancestral"``).
    score_at_zero : bool, optional
        Let ``"flow"`` evaluate the score at t = 0 too, for scores that are regular there: second order to the end.

    Returns
    -------
    Sampler
        The rule.

    Raises
    ------
    ValueError
        If the name is unknown, eta lies outside 0 to 1, or an option belongs to another sampler.

    Notes
    -----
    Formulas: ``regimes derive --list`` under samplers (ho2020; song2021; song2021b; zhang2022).

    Examples
    --------
    >>> sampler("ddim").stochastic, sampler("ddim", eta=0.5).stochastic
    (False, True)
    """
    if isinstance(name, Sampler):
        if eta is not None or score_at_zero is not None:
            raise ValueError("sampler: eta and score_at_zero go with the name of a sampler, got a sampler made before")
        return name
    if name not in SAMPLERS:
        raise ValueError(f"sampler: name must be one of {', '.join(SAMPLERS)}, got {name!r}")
    if eta is not None and name != "ddim":
        raise ValueError(f"sampler: eta (share of the noise) belongs to 'ddim', got {name!r}; leave eta out")
    if score_at_zero is not None and name != "flow":
        raise ValueError(f"sampler: score_at_zero belongs to 'flow', got {name!r}; no other evaluates a score at t = 0")
    if name != "ddim":
        return Sampler(name, name != "flow", None, bool(score_at_zero))
    share = 0.0 if eta is None else float(eta)
    if not 0 <= share <= 1:
        raise ValueError(f"sampler: eta (share of the noise) must lie in 0 to 1, got {share:g}")
    return Sampler(name, share > 0, share)


def _value(formula: str, *values: Any) -> NDArray[np.float64]:
    return np.asarray(compile_formula(formula, target="numpy")(*values))
