"""What the times of classes say, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.class_pairs.class_tree import Merge
from regimes.prediction.speciation.class_rows import PairTimes, group_text

__all__ = ["class_sentences"]

_MOST = 4


def class_sentences(
    merges: Sequence[Merge], pairs: Sequence[PairTimes], names: Sequence[str], steps: Schedule
) -> tuple[str, ...]:
    """In the order in which a sample meets it, from noise to data."""
    found = [merge for merge in merges if merge.bound.parted.value is not None]
    said = [_order(found, names, steps)] if found else []
    never = [" and ".join(pair.names) for pair in pairs if pair.time is None and "tell" in (pair.reason or "")]
    if never:
        more = f" and {len(never) - _MOST} more pairs" if len(never) > _MOST else ""
        said.append(f"Held-out points do not tell apart, at any noise: {'; '.join(never[:_MOST])}{more}.")
    flat = sum(merge.height > (merge.bound.parted.value or 0.0) for merge in found)
    if flat:
        said.append(
            f"{flat} of {len(merges)} partings are found at no more noise than one that comes after: these groups part "
            "at about the same noise, their order is open, and the tree is drawn flat there."
        )
    apart = {
        pair.names: overlap / pair.time - 1 for pair in pairs if (overlap := pair.forms["overlap"][0]) and pair.time
    }
    if apart:
        worst = max(apart, key=lambda pair: abs(apart[pair]))
        said.append(
            "Gaussian classes of own covariances give times that differ from the bound by "
            f"{np.median(np.abs(list(apart.values()))):.0%} at the median pair"
            + ("." if len(apart) == 1 else f", and by {abs(apart[worst]):.0%} for {' and '.join(worst)}.")
        )
    return tuple(said)


def _order(found: Sequence[Merge], names: Sequence[str], steps: Schedule) -> str:
    root, last = found[-1], found[0]
    if root is last:
        return f"As noise falls, {_groups(root, names)} part by {_when(root, steps)}."
    if (root.bound.parted.value or 0.0) <= (last.bound.parted.value or 0.0):
        return (
            f"{_groups(root, names)} part by {_when(root, steps)} and {_groups(last, names)} by {_when(last, steps)}: "
            "which of them first is open."
        )
    return (
        f"As noise falls, {_groups(root, names)} part first, by {_when(root, steps)}; {_groups(last, names)} part "
        f"last, by {_when(last, steps)}."
    )


def _groups(merge: Merge, names: Sequence[str]) -> str:
    one, other = sorted(merge.groups, key=len)
    if len(one) + len(other) == len(names) and len(other) > _MOST:
        return f"{group_text(one, names)} and all other classes"
    return f"{group_text(one, names)} and {group_text(other, names)}"


def _when(merge: Merge, steps: Schedule) -> str:
    time = merge.bound.parted.value or 0.0
    place = steps.at(time)
    return f"t = {time:.3g}" + ("" if place is None else f" (step {place.index} of {steps.name})")
