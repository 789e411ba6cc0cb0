"""From draws to a table: how often an interval holds the truth, and how its width compares with the scatter."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from families.models import FAMILIES
from families.truths import population

WITHIN = ("speciation.class_time_memorised", "collapse.point_time")
"""Numbers of these points, whose truth each draw brings along."""

ONE_SIDED = {"speciation.class_time": 0.975, "collapse.bound": 0.95}
"""Bounds, and how often at least the truth is on the right side of the limit."""

Draw = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """Draws of one number in one family at one n and d."""

    family: str
    n: int
    d: int
    key: str
    draws: int
    times: int
    intervals: int
    bias: float
    covered: float
    half_width: float
    scatter: float
    truth: float | None

    @property
    def error(self) -> float:
        """Binomial standard error of the coverage."""
        return math.sqrt(max(self.covered * (1 - self.covered), 0.25 / self.intervals) / self.intervals)


def holds(key: str, number: dict[str, Any], truth: float, error: float) -> bool:
    """Whether the interval holds the truth; one that carries an error itself widens a two-sided interval by it."""
    low, high = ends(key, number)
    if error > 0 and low is not None and high is not None:
        middle, half = (low + high) / 2, (high - low) / 2
        half = math.hypot(half, 1.96 * error)
        low, high = middle - half, middle + half
    return (low is None or low <= truth) and (high is None or truth <= high)


def ends(key: str, number: dict[str, Any]) -> tuple[float | None, float | None]:
    """The interval; a bound that is printed without one claims to lie above the truth."""
    if number["interval"] is not None:
        low, high = number["interval"]
        return low, high
    return (None, number["value"])


def has_interval(key: str, number: dict[str, Any]) -> bool:
    return number["interval"] is not None or (key == "collapse.bound" and number["value"] is not None)


def is_time(number: dict[str, Any]) -> bool:
    """Whether a time is given, not only a limit that it does not exceed."""
    limit = number["interval"] is not None and number["interval"][0] is None
    return number["value"] is not None and not limit


def cells(draws: Iterable[Draw], keys: Iterable[str] | None = None) -> list[Cell]:
    """One cell for each family, n, d and number that draws hold."""
    by_cell: dict[tuple[str, int, int], list[Draw]] = {}
    for each in draws:
        by_cell.setdefault((each["family"], each["n"], each["d"]), []).append(each)
    found = []
    for (family, n, d), inside in by_cell.items():
        truths = population(family, n, d)
        names = sorted({key for each in inside for key in each["numbers"]})
        found += [of_key(family, n, d, key, inside, truths.get(key)) for key in names if not keys or key in keys]
    return [each for each in found if each is not None]


def of_key(family: str, n: int, d: int, key: str, inside: list[Draw], fixed: float | None) -> Cell | None:
    """The measures of one number."""
    with_key = [each for each in inside if key in each["numbers"]]
    times = sum(is_time(each["numbers"][key]) for each in with_key)
    off, points, hits, widths = [], [], [], []
    for each in with_key:
        number = each["numbers"][key]
        truth, error = each["within"].get(key, (None, 0.0)) if key in WITHIN else (fixed, 0.0)
        if truth is None:
            continue
        point = number["value"] if number["estimate"] is None else number["estimate"]
        if point is not None:
            off.append(point - truth)
            points.append(point)
        if has_interval(key, number):
            hits.append(holds(key, number, truth, error))
            low, high = ends(key, number)
            if low is not None and high is not None:
                widths.append((high - low) / 2)
            elif point is not None:
                widths.append(abs((high if low is None else low) - point))
    if not hits and not times and fixed is None and not getattr(FAMILIES[family](d), "labelled", False):
        return None  # such as the class of points without labels
    mean = {name: float(np.mean(values)) if values else math.nan for name, values in (("off", off), ("width", widths))}
    scatter = float(np.std(off if key in WITHIN else points)) if points else math.nan
    covered = float(np.mean(hits)) if hits else math.nan
    return Cell(family, n, d, key, len(with_key), times, len(hits), mean["off"], covered, mean["width"], scatter, fixed)


def table(found: list[Cell]) -> str:
    """Markdown, one row a cell."""
    head = [
        "number",
        "family",
        "n x d",
        "draws",
        "with a time",
        "truth",
        "bias",
        "coverage",
        "half width",
        "2 x scatter",
    ]
    lines = [head, ["---"] * len(head)]
    for cell in sorted(found, key=lambda of: (of.key, of.family, of.d, of.n)):
        covered = f"{cell.covered:.1%} ± {cell.error:.1%}" if cell.intervals else "-"
        truth = "-" if cell.truth is None else f"{cell.truth:.3f}"
        numbers = [cell.bias, cell.half_width, 1.96 * cell.scatter]
        bias, width, scatter = ("-" if math.isnan(each) else f"{each:+.4f}".lstrip("+") for each in numbers)
        place = [cell.key, cell.family, f"{cell.n} x {cell.d}", str(cell.draws), f"{cell.times / cell.draws:.0%}"]
        lines.append([*place, truth, bias, covered, width, scatter])
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{text}\n\n{verdict(found)}"


def verdict(found: list[Cell]) -> str:
    """The share of two-sided cells near 95%, those that are far off, and bounds on the wrong side too often."""
    two = [cell for cell in found if cell.key not in ONE_SIDED and cell.intervals]
    near = sum(0.935 <= cell.covered <= 0.965 for cell in two)
    far = [cell for cell in two if not 0.925 <= cell.covered <= 0.975]
    sure = [cell for cell in far if abs(cell.covered - 0.95) - 0.025 > 2 * cell.error]
    bounds = [cell for cell in found if cell.key in ONE_SIDED and cell.intervals]
    low = sum(cell.covered < ONE_SIDED[cell.key] - 2 * cell.error for cell in bounds)
    return (
        f"Two-sided: {near} of {len(two)} cells within 93.5 to 96.5%, {len(far)} outside 92.5 to 97.5%, {len(sure)} of "
        f"them by more than two errors. Bounds on the wrong side more often than they say, by two errors: {low} of "
        f"{len(bounds)}."
    )
