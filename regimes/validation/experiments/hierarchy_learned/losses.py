"""How far a denoiser is from the exact posterior mean, on fresh points and on its own.

The difference of the losses on fresh and on training points, each less that of the exact denoiser on the same noised
points, is what a denoiser owes to the choice of its points: zero on average for one that knows the law alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from regimes.numerics.hierarchy.rules import HierarchyRules
from regimes.validation.experiments.hierarchy_learned.form import HierarchyForm, SeedData, times_at
from regimes.validation.experiments.runner.tree_denoisers import one_hot
from regimes.validation.sampling import NoiseStream, noised
from regimes.validation.scores import HierarchyBeliefScore, NetworkScore
from regimes.validation.scores.torch_formula import torch_formula

__all__ = ["Noised", "exact_losses", "learned_losses", "nats", "noised_points"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Noised:
    """Points noised to every level, with the exact posterior mean at each."""

    points: Tensor
    x: list[Tensor]
    exact: list[Tensor]


def noised_points(form: HierarchyForm, rules: HierarchyRules, points: Tensor, noise: NoiseStream) -> Noised:
    """Noise points to each level; points are repeated, with other noise, until there are enough."""
    wanted = points.repeat(-(-form.loss_points // len(points)), 1, 1)[: form.loss_points]
    score = HierarchyBeliefScore(rules)
    x = [noised(wanted, t, noise=noise, step=k) for k, t in enumerate(times_at(form.log_snr))]
    exact = [score.posterior_mean(each, t) for each, t in zip(x, times_at(form.log_snr), strict=True)]
    return Noised(wanted, x, exact)


def exact_losses(form: HierarchyForm, data: SeedData, noise: NoiseStream) -> dict[str, Array]:
    """Smallest loss, and how far from the exact denoiser those are that know the lowest k levels of rules alone.

    ``mmse`` (levels of noise,), ``ladder`` (L + 1, levels of noise): k = 0 takes leaves for independent, k = L is 0.
    """
    found = noised_points(form, data.rules, one_hot(data.fresh)[: form.loss_points], noise)
    mmse = np.array([_squares(exact - found.points).mean() for exact in found.exact])
    ladder = np.zeros((form.L + 1, len(form.log_snr)))
    for known in range(form.L):
        for level, (x, exact, t) in enumerate(zip(found.x, found.exact, times_at(form.log_snr), strict=True)):
            ladder[known, level] = _squares(_lowest(data.rules, known, x, t) - exact).mean()
    return {"mmse": mmse, "ladder": ladder}


def learned_losses(form: HierarchyForm, score: NetworkScore, fresh: Noised, own: Noised) -> dict[str, Array]:
    """Of one denoiser at each noise level, with standard errors.

    ``excess``: mean squared distance from the exact posterior mean on fresh points; ``above`` and ``own_above``: loss
    above that of the exact denoiser on fresh and on training points; ``gap``: their difference in nats, and its error.
    """
    rows: dict[str, list[Array]] = {"excess": [], "above": [], "own_above": []}
    for level, t in enumerate(times_at(form.log_snr)):
        means = [score.posterior_mean(each.x[level], t) for each in (fresh, own)]
        rows["excess"].append(_squares(means[0] - fresh.exact[level]))
        for name, mean, of in zip(("above", "own_above"), means, (fresh, own), strict=True):
            rows[name].append(_squares(mean - of.points) - _squares(of.exact[level] - of.points))
    values = {name: np.stack(each) for name, each in rows.items()}
    weights = nats(form)
    found = {name: each.mean(axis=1) for name, each in values.items()}
    found["excess_se"] = values["excess"].std(axis=1, ddof=1) / np.sqrt(form.loss_points)
    gaps = [weights @ values[name] for name in ("above", "own_above")]  # per point, over all levels of its noise
    found["gap"] = np.array(gaps[0].mean() - gaps[1].mean())
    # Points that are repeated are no further ones; their spread over groups is that of single points.
    found["gap_se"] = np.array(np.hypot(*(each.std(ddof=1) / np.sqrt(len(each)) for each in gaps)))
    return found


def nats(form: HierarchyForm) -> Array:
    """Weights that make nats of squared errors at the noise levels: ``1/2 int loss dsnr`` by the trapezoid rule."""
    log_snr = np.array(form.log_snr)
    width = np.gradient(log_snr)
    width[[0, -1]] /= 2
    return np.asarray(0.5 * np.exp(log_snr) * width)


def _lowest(rules: HierarchyRules, known: int, x: Tensor, t: float) -> Tensor:
    """Posterior mean of trees of ``known`` levels whose roots are equally likely and independent."""
    if known == 0:
        independent: Tensor = torch_formula("one_hot_log_message")(x, t).softmax(dim=2)
        return independent
    score = HierarchyBeliefScore(HierarchyRules(rules.tables[rules.L - known :], rules.v))
    return score.posterior_mean(x.reshape(-1, rules.s**known, rules.v), t).reshape(x.shape)


def _squares(difference: Tensor) -> Array:
    return np.asarray(difference.double().square().flatten(1).sum(dim=1).cpu().numpy())
