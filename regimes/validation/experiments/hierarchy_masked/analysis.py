"""What is read off the runs: how levels are lost, susceptibility, blocks of changed leaves, excess of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.validation.experiments.hierarchy_masked.form import MaskedForm
from regimes.validation.experiments.hierarchy_masked.runs import LawRun
from regimes.validation.measurement.estimate import Estimate, rise_of

__all__ = ["BlockRow", "blocks_of", "class_less_leaves", "rise_estimates", "shares_kept", "susceptibility"]

Array = NDArray[np.float64]

_FEWEST = 10  # turns behind a size of blocks


@dataclass(frozen=True)
class BlockRow:
    """Turns whose highest changed latent has one height."""

    height: int
    turns: int
    below: float  # changed leaves below it
    below_se: float
    run: float  # longest run of changed leaves
    run_se: float


def shares_kept(runs: Sequence[LawRun], level: int, which: str) -> Array:
    """Share of a level that is kept beyond chance, (masked shares,)."""
    kept = np.mean([getattr(run, which)[:, :, level].mean(axis=1) for run in runs], axis=0)
    chance = np.mean([run.chance[level] for run in runs])
    return np.asarray((kept - chance) / (1 - chance))


def rise_estimates(form: MaskedForm, runs: Sequence[LawRun], level: int, which: str) -> tuple[Estimate, Estimate]:
    """Masked share at which half of a level is lost, and over which it falls from three quarters to a quarter."""
    return _jackknifed(runs, lambda some: _middle(form, some, level, which)), _jackknifed(
        runs, lambda some: _width(form, some, level, which)
    )


def class_less_leaves(form: MaskedForm, runs: Sequence[LawRun], which: str) -> Estimate:
    """Width of the class less that of the leaves: below 0 if the class is sharper."""

    def difference(some: Sequence[LawRun]) -> float | None:
        widths = [_width(form, some, level, which) for level in (0, len(runs[0].chance) - 1)]
        return None if widths[0] is None or widths[1] is None else widths[0] - widths[1]

    return _jackknifed(runs, difference)


def susceptibility(runs: Sequence[LawRun], leaves: int) -> tuple[Array, Array]:
    """Variance of the number of changed leaves over that of independent ones, with errors over sets of rules.

    It is 1 and the correlations of a leaf with all others, in units of its own variance.
    """

    def chi(some: Sequence[LawRun]) -> Array:
        rows = np.concatenate([run.leaves for run in some], axis=1)
        share = rows.mean(axis=1) / leaves
        return np.asarray(rows.var(axis=1) / (leaves * share * (1 - share)))

    left = np.array([chi([*runs[:one], *runs[one + 1 :]]) for one in range(len(runs))])
    error = jackknife_error(left) if len(runs) > 1 else np.zeros(left.shape[1])
    return chi(runs), np.asarray(error)


def blocks_of(form: MaskedForm, runs: Sequence[LawRun], masked: float) -> list[BlockRow]:
    """Changed leaves by the height of the highest changed latent, of turns whose end obeys all rules.

    Errors are the larger of what turns and what sets of rules give.
    """
    place = form.masked.index(masked)
    found = []
    for wanted in range(len(runs[0].chance)):
        rows = [(run.height[place] == wanted) & (run.valid[place] > 0) for run in runs]
        count = int(sum(each.sum() for each in rows))
        if count >= _FEWEST:
            sizes = [
                _pooled([getattr(run, key)[place][each] for run, each in zip(runs, rows, strict=True)])
                for key in ("below", "run")
            ]
            (leaves, leaves_se), (longest, longest_se) = sizes
            found.append(BlockRow(wanted, count, leaves, leaves_se, longest, longest_se))
    return found


def _pooled(parts: Sequence[Array]) -> tuple[float, float]:
    """Mean of all turns and its error."""
    whole = np.concatenate(parts)
    error = float(whole.std(ddof=1) / np.sqrt(whole.size))
    filled = [each for each in parts if each.size]
    if len(filled) > 1:
        left = [np.concatenate([*filled[:one], *filled[one + 1 :]]).mean() for one in range(len(filled))]
        error = max(error, float(jackknife_error(np.array(left)[:, None])[0]))
    return float(whole.mean()), error


def _middle(form: MaskedForm, runs: Sequence[LawRun], level: int, which: str) -> float | None:
    middle = rise_of(1 - np.array(form.masked)[::-1], shares_kept(runs, level, which)[::-1]).middle
    return None if middle is None else 1 - middle


def _width(form: MaskedForm, runs: Sequence[LawRun], level: int, which: str) -> float | None:
    return rise_of(1 - np.array(form.masked)[::-1], shares_kept(runs, level, which)[::-1]).width


def _jackknifed(runs: Sequence[LawRun], of: Callable[[Sequence[LawRun]], float | None]) -> Estimate:
    """A number of all sets of rules, with its error where it is there without any one of them."""
    value = of(runs)
    if value is None:
        return Estimate(None, None, "the masked shares do not hold the fall")
    left = [of([*runs[:one], *runs[one + 1 :]]) for one in range(len(runs))] if len(runs) > 1 else [None]
    known = np.array([each for each in left if each is not None])
    return Estimate(value, float(jackknife_error(known[:, None])[0]) if len(known) == len(runs) > 1 else None)
