"""The exact score of a random hierarchy, by belief propagation."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.numerics.hierarchy.belief_propagation import belief_propagation
from regimes.numerics.hierarchy.noise import gaussian_log_messages
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules
from regimes.numerics.hierarchy.score import HierarchyScore, hierarchy_score
from regimes.numerics.interface.checks import whole_number
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.scores.checks import checked_states, checked_time

__all__ = ["HierarchyBeliefScore"]

Array = NDArray[np.float64]


class HierarchyBeliefScore:
    """Score of a hierarchy whose one-hot leaves carry Gaussian noise.

    Parameters
    ----------
    rules : HierarchyRules
        The rules.
    prior : array_like, shape (classes,), optional
        Probabilities of the classes; equal by default. One class alone gives the conditional score.

    Raises
    ------
    ValueError
        If they are no rules.

    Notes
    -----
    :func:`regimes.hierarchy.hierarchy_score`: in float64 on the CPU, whatever the type and the device of x.

    Examples
    --------
    >>> from regimes.hierarchy import HierarchyRules
    >>> score = HierarchyBeliefScore(HierarchyRules([[[[0, 1]], [[1, 0]]]], v=2))
    >>> score.posterior_mean(torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]), 1.0).round(decimals=4).tolist()
    [[[0.700..., 0.299...], [0.299..., 0.700...]]]
    """

    def __init__(self, rules: HierarchyRules, *, prior: ArrayLike | None = None) -> None:
        self.rules = checked_rules("HierarchyBeliefScore", rules)
        self.prior = prior

    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Score at noised one-hot leaves x, (n, d, v) or (n, d v), of their shape and type; not differentiable."""
        return _like(x, self._solve(x, t).score)

    def posterior_mean(self, x: Tensor, t: float) -> Tensor:
        """Posterior probability of each symbol at each leaf, of the shape and type of x."""
        return _like(x, self._solve(x, t).posterior_mean)

    def log_density(self, x: Tensor, t: float) -> Tensor:
        """Logarithm of the density of x_t in nats, float64 (n,)."""
        return torch.tensor(self._solve(x, t).log_density, device=x.device)

    def posterior(self, x: Tensor, t: float, *, level: int = 0) -> Tensor:
        """Probability of each symbol at each node of a level: (n, classes) at the root, (n, s^level, v) below."""
        level = whole_number("HierarchyBeliefScore", "level", "of the hierarchy", level, at_least=0)
        if level > self.rules.L:
            raise ValueError(
                f"HierarchyBeliefScore: level must be at most the depth of the hierarchy, {self.rules.L}, got {level}"
            )
        leaves, time = self._leaves(x, t)
        messages = gaussian_log_messages(leaves, time)
        with torch_threads_kept():
            found = belief_propagation(self.rules, messages, log=True, prior=self.prior, levels=[level])
        marginals = found.marginals[level]
        return torch.tensor(marginals[:, 0] if level == 0 else marginals, device=x.device).to(x.dtype)

    def _leaves(self, x: Tensor, t: float) -> tuple[Array, float]:
        leaves, symbols = self.rules.leaves, self.rules.v
        x = checked_states("HierarchyBeliefScore", x, None)
        checked_states("HierarchyBeliefScore", x, (leaves * symbols,) if x.ndim == 2 else (leaves, symbols))
        points = x.detach().cpu().double().reshape(-1, leaves, symbols).numpy()
        return points, checked_time("HierarchyBeliefScore", t)

    def _solve(self, x: Tensor, t: float) -> HierarchyScore:
        with torch_threads_kept():
            return hierarchy_score(self.rules, *self._leaves(x, t), prior=self.prior)


def _like(x: Tensor, values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(x.device, x.dtype).reshape(x.shape)
