"""Which samples are copies: of a model's samples, of held-out points beside, and against training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.points.alike import Alike, checkpoint_files, samples_alike
from regimes.datasets.points.dataset import Dataset
from regimes.numerics.decisions.copied_points import CopiedPoints, are_copies, copied_points
from regimes.numerics.estimation.proportion import share_interval
from regimes.numerics.interface.number import Number
from regimes.prediction.dataset.found import Found
from regimes.prediction.decisions.answer import Answer

__all__ = ["copies_answer"]

_CHANCE = 0.05  # share of held-out points above which the criterion says little by itself
_EQUAL = 1e-6  # of the distance to the next: a point again, but for rounding
_SHARE = "share of samples that are copies of a training point"
_RULE = (
    "A sample counts as a copy where its nearest training point is under a third as far as the nearest outside the "
    "near copies of that one."
)


@dataclass(frozen=True)
class _Share:
    """How many of how many cases count as copies."""

    count: int
    total: int
    formulas: tuple[str, ...]

    @property
    def value(self) -> float:
        return self.count / self.total

    @property
    def interval(self) -> tuple[float, float]:
        return share_interval(self.count, self.total)

    def number(self, label: str, covers: str) -> Number:
        return Number(label, self.value, interval=self.interval, covers=covers, formulas=self.formulas)

    @property
    def words(self) -> str:
        low, high = self.interval
        return f"{self.count} of {self.total} samples (95%: {100 * low:.1f} to {100 * high:.1f}%)"


def copies_answer(found: Found, samples: Any, *, held_out: Any = None) -> Answer:
    """Share of samples that are copies, beside that of held-out points, and which points they copy.

    ``samples`` is read like the points; a folder with a file a checkpoint gives the share against training, and the
    last file the numbers. ``held_out`` is a set of points that were not trained on; without it each point is held
    against the others.
    """
    files = checkpoint_files(samples, found.data.d, found.budget.memory)
    shares = []
    for each in files or [samples]:
        given = samples_alike(each, found.data, found.budget.memory)
        seen = _copied(found, given)
        shares.append(_Share(int(seen.copied.sum()), seen.copied.size, seen.formulas))
    share, beside = shares[-1], _held_out(found, held_out)
    which, copied = np.unique(_group_heads(found)[seen.nearest[seen.copied]], return_counts=True)
    numbers = {
        "copies.share": share.number(_SHARE, "draw of the samples"),
        "copies.held_out_share": _held_out_number(beside, held_out is not None),
        "copies.copied_samples": Number("samples that are copies", share.count, formulas=share.formulas),
        "copies.copied_points": Number(
            "training points, near copies as one, that are copied", int(which.size), formulas=share.formulas
        ),
        "copies.found": _verdict(share, beside, given.warnings),
    }
    curves = {"copies.points": _points(found, which, copied), "copies.samples": _samples(found.data, seen)}
    if files:
        curves["copies.by_checkpoint"] = {
            "file": [each.name for each in files],
            "share": [each.value for each in shares],
            "low": [each.interval[0] for each in shares],
            "high": [each.interval[1] for each in shares],
            "samples": [each.total for each in shares],
        }
    return Answer(
        numbers,
        (*_sentences(share, beside, int(which.size), numbers["copies.found"]), *_against_training(shares), _RULE),
        curves,
        assumes=(f"copies: samples are independent draws of one model, read as {given.reading}",),
        warnings=given.warnings,
    )


def _copied(found: Found, given: Alike) -> CopiedPoints:
    return copied_points(found.points, given.values, groups=found.copies.labels, memory=found.memory)


def _group_heads(found: Found) -> NDArray[np.intp]:
    """The first point of the group of each point."""
    first = np.unique(found.copies.labels, return_index=True)[1]
    return np.asarray(first[found.copies.labels])


def _held_out(found: Found, source: Any) -> _Share | str:
    """Of points that were not trained on, or of each point, held out with its near copies, against the others."""
    if source is not None:
        return _of_given(found, source)
    copies = found.copies
    heads, sizes = np.unique(copies.labels, return_index=True, return_counts=True)[1:]
    known = heads[np.isfinite(copies.apart[heads])]
    if np.unique(copies.labels).size < 3 or not known.size:
        return "it takes three points, near copies as one, to hold one of them against the others"
    copied, formulas = are_copies(copies.apart[known], copies.beyond[known])
    if copies.groups:
        return _Share(int(copied.sum()), known.size, formulas)
    equal = int(sizes[sizes > 1].sum())  # by the law itself: a held-out point equals one of the others
    return _Share(int((copied & (sizes[np.isfinite(copies.apart[heads])] == 1)).sum()) + equal, found.data.n, formulas)


def _of_given(found: Found, source: Any) -> _Share | str:
    """Of given points; why nothing is known where they are on another scale, or are points of the training."""
    try:
        given = samples_alike(source, found.data, found.budget.memory)
    except ValueError as refused:
        raise ValueError(str(refused).replace("copies: ", "copies, held-out points: ", 1)) from None
    if given.warnings:
        return given.warnings[0].replace("the samples are", "they are", 1)
    seen = _copied(found, given)
    trained_on = int((seen.distance < _EQUAL * seen.outside).sum())
    if 2 * trained_on > seen.copied.size:
        return f"{trained_on} of {seen.copied.size} are training points; give others"
    return _Share(int(seen.copied.sum()), seen.copied.size, seen.formulas)


def _held_out_number(beside: _Share | str, given: bool) -> Number:
    label = "the same share of " + ("held-out points" if given else "points, each held out with its near copies")
    if isinstance(beside, str):
        return Number(label, None, reason=beside)
    return beside.number(label, "draw of the points")


def _verdict(share: _Share, beside: _Share | str, unlike: tuple[str, ...]) -> Number:
    label = "whether more samples are copies than held-out points would be (1 yes, 0 not told)"
    if isinstance(beside, str):
        return Number(label, None, reason=beside)
    if unlike and not share.interval[0] > beside.interval[1]:
        return Number(label, None, reason="the samples are unlike the points, perhaps on another scale")
    return Number(label, int(share.interval[0] > beside.interval[1]), formulas=share.formulas)


def _points(found: Found, which: NDArray[np.intp], copied: NDArray[np.intp]) -> dict[str, list[Any]]:
    """The points that are copied, those most often first."""
    order = np.argsort(-copied, kind="stable")
    labels, names = found.data.labels, found.data.classes
    return {
        "point": found.data.in_source(which[order]).tolist(),
        "count": copied[order].tolist(),
        "class": [None if labels is None else names[labels[each]] for each in which[order]],
    }


def _samples(data: Dataset, seen: CopiedPoints) -> dict[str, list[Any]]:
    """The samples that are copies, of which point, and by how much nearer it is than the next."""
    rows = np.flatnonzero(seen.copied)
    ratio = seen.distance[rows] / seen.outside[rows]
    order = np.argsort(ratio, kind="stable")
    return {
        "sample": rows[order].tolist(),
        "point": data.in_source(seen.nearest[rows[order]]).tolist(),
        "ratio": ratio[order].tolist(),
    }


def _sentences(share: _Share, beside: _Share | str, points: int, verdict: Number) -> tuple[str, ...]:
    of = f" of {points} training point{'' if points == 1 else 's'}" if points else ""
    said = f"{share.words} {'is a copy' if share.count == 1 else 'are copies'}{of}"
    if isinstance(beside, str):
        return (f"{said}; of held-out points nothing is known: {beside}.",)
    said += f"; of held-out points {beside.count} of {beside.total} ({beside.value:.1%}) would count as such."
    if verdict.value:
        return (said, "That is more than chance makes: the model copies.")
    if verdict.value is None:
        return (said, f"Whether the model copies is not told: {verdict.reason}.")
    few = " In data of so few dimensions many fresh samples count as copies." if beside.value > _CHANCE else ""
    sure = f"up to {share.interval[1]:.1%} of what it makes may be copies all the same"
    return (said, f"That is no more than held-out points show, so that copying is not told; {sure}.{few}")


def _against_training(shares: list[_Share]) -> tuple[str, ...]:
    if len(shares) < 2:
        return ()
    first, most = shares[0], max(shares, key=lambda each: each.value)
    return (
        f"Over {len(shares)} checkpoints the share goes from {first.value:.1%} to {shares[-1].value:.1%}; the largest "
        f"is {most.value:.1%}. The last one is given above.",
    )
