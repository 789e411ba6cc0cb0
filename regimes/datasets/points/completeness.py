"""Points that lack a value or a label, and values that are infinite."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.builtin import RawData
from regimes.datasets.points.dataset import PointArray
from regimes.datasets.points.labels import lacking_labels

__all__ = ["check_finite", "complete_points"]

_SHOWN, _LEAST = 4, 2
_EMPTY = 0.5  # share of a column without values that leaves hardly a point


def check_finite(X: PointArray, raw: RawData) -> None:
    """Refuse values that are infinite; what is missing is another matter."""
    infinite = np.isinf(X)
    bad = int(np.count_nonzero(infinite))
    if bad:
        row, column = _first(infinite)
        raise ValueError(
            f"load_dataset: every value must be finite, got {X[row, column]:g} at {_place(raw, row, column)}, {bad} of "
            f"{X.size} values {'is' if bad == 1 else 'are'} infinite; correct them, or leave out the point"
            + (f", or the column with --drop {raw.columns[column]}" if raw.columns else "")
        )


def complete_points(X: PointArray, labels: Any, raw: RawData, *, drop: bool) -> tuple[NDArray[np.bool_], str]:
    """Which points have all values and a label, and in words how many are left out, if they may be."""
    absent = np.isnan(X)
    rows: NDArray[np.bool_] = np.asarray(absent.any(axis=1))
    unlabelled = np.zeros(len(X), dtype=bool) if labels is None else lacking_labels(labels)
    if rows.any() and not drop:
        raise ValueError(_incomplete(absent, rows, raw))
    if unlabelled.any() and not drop:
        lacking, first = int(unlabelled.sum()), int(np.argmax(unlabelled))
        label = np.asarray(labels).reshape(-1)[first]
        word = label.strip() if isinstance(label, str) else ""
        raise ValueError(
            f"load_dataset: every point must have a label, got {f'{word!r}, no label,' if word else 'an empty one'} at "
            f"row {first} ({lacking} of {len(X)} are missing); --missing drop (missing='drop') leaves these points out"
            + (f"; if {word!r} is a class, rename it" if word else "")
        )
    kept = ~(rows | unlabelled)
    if np.count_nonzero(kept) < _LEAST < len(kept):
        raise ValueError(_too_few(absent, int(np.count_nonzero(kept)), raw))
    less = len(X) - int(kept.sum())
    return kept, f"{less} of {len(X)} points left out, which lack a value or a label" if less else ""


def _incomplete(absent: NDArray[np.bool_], rows: NDArray[np.bool_], raw: RawData) -> str:
    bad, points = int(np.count_nonzero(absent)), int(rows.sum())
    worst, counts, more = _emptiest(absent)
    listed = ", ".join(f"{raw.columns[each]} ({counts[each]})" for each in worst) if raw.columns else ""
    ways = []
    if points < len(rows):
        ways.append(f"--missing drop (missing='drop') leaves out the {points} of {len(rows)} points that lack one")
    if listed:
        ways.append(f"--drop NAME leaves out a column; missing in {listed}{more}")
    return (
        f"load_dataset: every value must be there, got {bad} of {absent.size} missing, the first at "
        f"{_place(raw, *_first(absent))}; {', '.join(ways) or 'every point lacks one'}"
    )


def _emptiest(absent: NDArray[np.bool_]) -> tuple[list[int], NDArray[np.intp], str]:
    """The columns that lack most, how much each column lacks, and a sign if there are more that lack something."""
    counts = absent.sum(axis=0)
    worst = np.argsort(-counts, kind="stable")[:_SHOWN]
    return worst[counts[worst] > 0].tolist(), counts, ", ..." if np.count_nonzero(counts) > _SHOWN else ""


def _too_few(absent: NDArray[np.bool_], kept: int, raw: RawData) -> str:
    """What to leave out where hardly a point has all values and a label."""
    worst, counts, more = _emptiest(absent)
    names = [str(raw.columns[each] if raw.columns else each) for each in worst]
    rule = f"load_dataset: at least two points must have all values and a label, got {kept} of {len(absent)}"
    if not worst:
        return f"{rule}: the others lack a label; give labels for more, or leave them out"
    listed = ", ".join(f"{name} ({counts[each]})" for name, each in zip(names, worst, strict=True))
    empty = [name for name, each in zip(names, worst, strict=True) if counts[each] > _EMPTY * len(absent)]
    given = ",".join(empty) if empty and "," not in "".join(empty) else names[0]
    drop = f"--drop {shlex.quote(given)} (drop={given!r})"
    return f"{rule}; missing in {listed}{more}: leave out the columns that lack most, as with {drop}"


def _first(where: NDArray[np.bool_]) -> tuple[int, int]:
    row, column = divmod(int(np.argmax(where)), where.shape[1])
    return row, column


def _place(raw: RawData, row: int, column: int) -> str:
    return f"row {row}, column {column}" if raw.place is None else raw.place(row, column)
