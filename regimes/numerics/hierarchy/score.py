"""The exact score of a hierarchy whose one-hot leaves carry Gaussian noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.hierarchy.belief_propagation import belief_propagation
from regimes.numerics.hierarchy.noise import checked_noise, gaussian_log_messages
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules
from regimes.numerics.interface.checks import real_array

__all__ = ["HierarchyScore", "hierarchy_score"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HierarchyScore:
    """Score and denoiser of a hierarchy at noised points x_t of time ``t``.

    ``score`` is the gradient of the log-density, ``posterior_mean`` the posterior probability of each symbol at each
    leaf, both (n, d, v); ``log_density`` (n,) is that of x_t in the space of one-hot leaves, in nats.
    """

    t: float
    score: Array
    posterior_mean: Array
    log_density: Array


def hierarchy_score(rules: HierarchyRules, x: ArrayLike, t: float, *, prior: ArrayLike | None = None) -> HierarchyScore:
    """Exact score ``(exp(-t) E[a | x_t] - x_t)/Delta_t`` by belief propagation.

    Parameters
    ----------
    rules : HierarchyRules
        The rules.
    x : array_like, shape (n, d, v)
        Noised one-hot leaves, ``x_t = exp(-t) a + sqrt(Delta_t) z``; any finite point will do.
    t : float
        Ornstein-Uhlenbeck time, positive; one for all points.
    prior : array_like, shape (classes,) or (n, classes), optional
        Probabilities of the classes; one class alone gives the conditional score.

    Returns
    -------
    HierarchyScore
        Score, posterior mean and log-density.

    Notes
    -----
    sclocchi2024 (exact denoising by belief propagation); ``score_from_posterior_mean``, derived.

    Examples
    --------
    >>> from regimes.hierarchy import HierarchyRules, hierarchy_score
    >>> rules = HierarchyRules([[[[0, 1]], [[1, 0]]]], v=2)
    >>> result = hierarchy_score(rules, [[[1.0, 0.0], [0.0, 1.0]]], 1.0)
    >>> result.posterior_mean.round(4).tolist()
    [[[0.7008, 0.2992], [0.2992, 0.7008]]]
    """
    rules = checked_rules("hierarchy_score", rules)
    if np.ndim(t) != 0:
        raise ValueError(
            "hierarchy_score: t (Ornstein-Uhlenbeck time) must be one number, the same for all points, got an array of "
            f"shape {np.shape(t)}; call it once for each time"
        )
    time = checked_noise("hierarchy_score", "gaussian", t)
    points = real_array("hierarchy_score", "x", x)
    if points.ndim == 2 and points.shape[1] == rules.leaves * rules.v:
        raise ValueError(
            f"hierarchy_score: x must have shape (n, {rules.leaves}, {rules.v}): points, leaves and symbols; got "
            f"{points.shape}; reshape it: x.reshape(-1, {rules.leaves}, {rules.v})"
        )
    if points.ndim != 3 or points.shape[1:] != (rules.leaves, rules.v):
        raise ValueError(
            f"hierarchy_score: x must have shape (n, {rules.leaves}, {rules.v}): points, leaves and symbols; got "
            f"{points.shape}"
        )
    if not np.isfinite(points).all():
        raise ValueError("hierarchy_score: x must be finite; it holds nan or infinite values")
    beliefs = belief_propagation(rules, gaussian_log_messages(points, time), log=True, prior=prior, levels=[rules.L])
    mean = beliefs.marginals[rules.L]
    variance = compile_formula("noise_variance", target="numpy")(time)
    snr = compile_formula("snr", target="numpy")(time)
    alone = compile_formula("gaussian_log_density", target="numpy")(points, variance).sum(axis=(1, 2))
    return HierarchyScore(
        t=time,
        score=np.asarray(compile_formula("score_from_posterior_mean", target="numpy")(points, mean, time)),
        posterior_mean=mean,
        # A leaf's message leaves out exp(-2t)/(2 Delta_t), the same for every symbol.
        log_density=beliefs.log_evidence + alone - rules.leaves * snr / 2,
    )
