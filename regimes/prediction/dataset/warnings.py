"""Warnings about a prediction, each with what to do; none where nothing can be done."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.interface.number import Number
from regimes.numerics.speciation.direction.found import Directions

__all__ = ["prediction_warnings"]

_FAR_DIRECTION, _FAR_POINT = 0.2, 0.1
_FEW_MEMBERS = 10
_HEAVY, _MANY = 2.0, 500


def prediction_warnings(numbers: dict[str, Number], data: Dataset, found: Directions | None) -> tuple[str, ...]:
    """Where one number would be taken for another, and where the data carry less than they seem to."""

    def time(key: str) -> float | None:
        return numbers[key].value if key in numbers else None

    held_out, own, without = (time(f"speciation.class_time{which}") for which in ("", "_memorised", "_left_out"))
    warnings = []
    direction = time("speciation.spectral_time")
    if direction is not None and held_out is not None and abs(direction / held_out - 1) > _FAR_DIRECTION:
        warnings.append(
            f"the time of the direction, 1/2 log Lambda (t = {direction:.3g}), is off that of the classes "
            f"(t = {held_out:.3g}) by {abs(direction / held_out - 1):.0%}: for classes use the row that names them"
        )
    if own is not None and "speciation.class_time" in numbers:
        if held_out is None and numbers["speciation.class_time"].formulas:
            warnings.append(
                "the class time of a model that has memorised is read off the training points: held-out points do not "
                "tell the classes; check the labels and the scale of the features, or take more points"
            )
        elif without is None or abs(without / own - 1) > _FAR_POINT:
            warnings.append(
                f"a memorising model knows the class by the point itself (t = {own:.3g}; "
                f"{'never' if without is None else f't = {without:.3g}'} without it): for one that generalises use the "
                "other column"
            )
    if "speciation.class_time" in numbers:
        warnings.extend(_few_members(data))
    if found is not None and found.blocks and found.blocks[0].kurtosis > _HEAVY and data.n < _MANY:
        warnings.append(
            f"heavy tails along the top direction (excess kurtosis {found.blocks[0].kurtosis:.1f}), {data.n} points: "
            "few of them carry Lambda, whose interval is then too short; take more"
        )
    return tuple(warnings)


def _few_members(data: Dataset) -> Iterator[str]:
    if data.labels is None or len(data.classes) < 2:
        return
    members = np.bincount(data.labels)
    few = [f"{data.classes[k]} ({members[k]})" for k in np.flatnonzero(members < _FEW_MEMBERS)]
    if few:
        shown = ", ".join(few[:5]) + (f" and {len(few) - 5} more" if len(few) > 5 else "")
        yield (
            f"too few points to learn the class from: {shown}; leave such classes out (--classes) or merge them, since "
            "they pull the class time down"
        )
