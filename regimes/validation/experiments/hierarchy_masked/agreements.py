"""What was simulated against what is exact: U-turns, entropies of strings, losses of plans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.hierarchy_masked.form import MaskedForm, MaskedModel
from regimes.validation.experiments.hierarchy_masked.runs import LawRun, ModelFound
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square

__all__ = ["Block", "entropy_agreements", "joint_test", "kept_blocks", "mean_z", "plan_block"]

Array = NDArray[np.float64]

_LEAST = 20  # expected turns, kept or not, below which a share is left out: its law is no normal one
_CERTAIN = 1e-12  # a variance that is none


@dataclass(frozen=True, eq=False)
class Block:
    """Values that share random numbers, with the covariance of their differences."""

    name: str
    at: Array  # (k,)
    labels: list[str]
    theory: Array
    difference: Array
    covariance: Array
    samples: int

    @property
    def errors(self) -> Array:
        """Of each difference."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def agreement(self) -> list[Agreement]:
        """Each value for itself."""
        columns = zip(self.labels, self.at, self.theory, self.difference, self.errors, strict=True)
        return [
            Agreement(f"{self.name}, {label}", float(at), float(theory), float(theory + more), float(se), self.samples)
            for label, at, theory, more, se in columns
        ]


def kept_blocks(form: MaskedForm, name: str, runs: Sequence[LawRun]) -> list[Block]:
    """What U-turns keep less the posterior at the same masked leaves, one block a masked share.

    Given the masked leaves every difference has mean zero whatever the rules, so that turns are independent samples.
    """
    found = []
    for place, masked in enumerate(form.masked):
        rows = np.concatenate([run.kept[place] - run.posterior[place] for run in runs])
        theory = np.concatenate([run.posterior[place] for run in runs]).mean(axis=0)
        expected = len(rows) * np.minimum(theory, 1 - theory)
        good = np.flatnonzero((expected >= _LEAST) & (rows.var(axis=0) > _CERTAIN)).tolist()
        if good:
            covariance = np.atleast_2d(np.cov(rows[:, good], rowvar=False)) / len(rows)
            at, labels = np.full(len(good), masked), [f"level {level}" for level in good]
            means = rows[:, good].mean(axis=0)
            found.append(Block(f"kept, {name}", at, labels, theory[good], means, covariance, len(rows)))
    return found


def plan_block(model: MaskedModel, name: str, runs: Sequence[LawRun], steps: Sequence[int]) -> Block:
    """Losses of plans found by other strings less those by the curve of entropies, without those that are certain."""
    by_curve, by_strings = (
        [getattr(run, key).reshape(2 * len(steps), -1) for run in runs] for key in ("by_curve", "by_strings")
    )
    covariance = _within(by_curve) + _within(by_strings)
    theory, measured = (np.mean([each.mean(axis=1) for each in values], axis=0) for values in (by_curve, by_strings))
    good = np.flatnonzero(np.diag(covariance) > _CERTAIN)
    at = np.repeat(steps, 2).astype(np.float64)
    labels = [f"{count} steps, {way}" for count in steps for way in ("equal", "planned")]
    return Block(
        f"loss of plans, {name}, {model.name}",
        at[good],
        [labels[each] for each in good],
        theory[good],
        (measured - theory)[good],
        covariance[np.ix_(good, good)],
        sum(each.shape[1] for each in by_strings),
    )


def entropy_agreements(found: Sequence[ModelFound]) -> list[Agreement]:
    """Entropies of a masked leaf, summed over the number of visible ones: the entropy of a string."""
    rows = []
    for each in found:
        sums = [run.curve.sum(axis=1)[None] for run in each.exact]
        mean, count = float(np.mean([one.mean() for one in sums])), sum(one.size for one in sums)
        se = math.sqrt(float(_within(sums)[0, 0]))
        rows.append(Agreement(f"entropy, {each.model.name}", each.model.L, each.model.entropy(), mean, se, count))
    return rows


def joint_test(name: str, blocks: Sequence[Block]) -> ChiSquare:
    """All blocks at once, which share no random numbers."""
    sizes = [len(block.theory) for block in blocks]
    covariance = np.zeros((sum(sizes), sum(sizes)))
    for start, size, block in zip(np.cumsum([0, *sizes]), sizes, blocks, strict=False):
        covariance[start : start + size, start : start + size] = block.covariance
    return correlated_chi_square(name, np.concatenate([block.difference for block in blocks]), covariance)


def mean_z(name: str, blocks: Sequence[Block]) -> tuple[ChiSquare, float, float]:
    """Whether the deviations have a sign in common: the mean of all z-scores against its own error."""
    total = sum(float((block.difference / block.errors).sum()) for block in blocks)
    variance = sum(float((block.covariance / np.outer(block.errors, block.errors)).sum()) for block in blocks)
    count = sum(len(block.theory) for block in blocks)
    mean, se = total / count, math.sqrt(variance) / count
    return chi_square(name, [Agreement(name, 0.0, 0.0, mean, se, max(count, 2))]), mean, se


def _within(values: Sequence[Array]) -> Array:
    """Covariance of the mean over sets of rules, each a mean over strings (rows of values, strings)."""
    each = [np.atleast_2d(np.cov(rows)) / rows.shape[1] for rows in values]
    return np.asarray(np.sum(each, axis=0) / len(values) ** 2)
