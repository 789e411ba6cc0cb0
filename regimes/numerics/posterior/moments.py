"""Averages of the statistics of the probes, block by block, and the curves that they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.posterior.summary import (
    AVERAGED,
    CLASS,
    CLASS_CLONES,
    CLASS_LEFT_OUT,
    INDEX,
    INDEX_CLONES,
    LOG_REST,
    LOG_TOTAL,
)
from regimes.theory.formula.record import note, recorded

__all__ = ["Moments", "excess_entropy", "leave_one_out", "watched_points"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_CLONES = {
    "clone_index": (INDEX, INDEX_CLONES),
    "clone_class": (CLASS, CLASS_CLONES),
    "clone_class_leave_one_out": (CLASS_LEFT_OUT, CLASS_CLONES),
}


# Of the points whose probes are told apart: bytes for them, and fewest repetitions that tell the scatter of a point.
_BYTES, _FEWEST_POINTS, _FEWEST_REPEATS = 2**22, 64, 32


_STATE = ("_count", "_repeats", "_mean", "_squares", "_within", "_left_out", "_of_point")


class Moments:
    """Mean and squared deviations of the statistics over probes of points that take turns.

    Each point has as many probes as any other, or one fewer, so that most of the scatter between points is none of
    the mean. What the noise of one point adds is measured where a point has several probes, for those of the first
    points that fit into 4 MB; memory does not grow with the number of probes.
    """

    def __init__(self, times: int, groups: int, points: int) -> None:
        self._count = self._repeats = 0
        self._groups, self._points = groups, points
        self._mean = np.zeros((times, AVERAGED))
        self._squares, self._within = np.zeros((2, times, AVERAGED))
        self._left_out = np.zeros((times, AVERAGED, groups))
        self._of_point = np.zeros((watched_points(times, points), times, AVERAGED))

    def add(self, block: Array) -> None:
        """Merge probes, shape (B, T, STATISTICS, 1 + groups): Chan, Golub, LeVeque 1979 lose no digits to the mean."""
        block, size = block[:, :, :AVERAGED], len(block)
        self._add_within(block[..., 0])
        mean = block[..., 0].mean(axis=0)
        step = mean - self._mean
        total = self._count + size
        self._squares += ((block[..., 0] - mean) ** 2).sum(axis=0) + step**2 * (self._count * size / total)
        self._mean += step * (size / total)
        self._left_out += block[..., 1:].sum(axis=0)
        self._count = total

    def state(self) -> dict[str, Any]:
        """All that has been added so far."""
        return {name.removeprefix("_"): getattr(self, name) for name in _STATE}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        for name in _STATE:
            found = state[name.removeprefix("_")]
            setattr(self, name, int(found) if found.ndim == 0 else found)

    def _add_within(self, values: Array) -> None:
        """Squared deviations of the probes of each watched point about their mean."""
        start, end = self._count, self._count + len(values)
        for turn in range(start // self._points, -(-end // self._points)):
            first = turn * self._points
            low, high = max(first, start), min(first + len(self._of_point), end)
            if low < high:
                some, mean = values[low - start : high - start], self._of_point[low - first : high - first]
                step = some - mean
                mean += step / (turn + 1)
                self._within += (step * (some - mean)).sum(axis=0)
                self._repeats += (high - low) * (turn > 0)

    def _error(self) -> Array:
        """Of the mean, over the noise and over which points have a probe more; where few tell, as if all were drawn."""
        count, total = self._count, self._squares / (self._count - 1)
        if self._repeats < _FEWEST_REPEATS:
            return np.asarray(np.sqrt(total / count))
        within, more = self._within / self._repeats, count % self._points
        between = np.maximum(total - within, 0.0)
        return np.asarray(np.sqrt(within / count + between * (more * (1 - more / self._points) / count**2)))

    def curves(
        self, size: tuple[int, int], rest: Counts, kept: Counts, *, with_classes: bool
    ) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
        """``name``, ``name_se``, ``jackknife_name`` of each curve, and its formulas, which are noted as well.

        ``size`` is (n, d); rest and kept count data and probes outside groups.
        """
        error = self._error()
        left_out = np.moveaxis(self._left_out, 2, 0) / kept[:, None, None] if self._groups > 1 else None
        result: dict[str, Any] = {}
        formulas: dict[str, tuple[str, ...]] = {}
        (n, d), counts = size, rest[:, None]
        for name, place, entropy in (
            ("excess_entropy", LOG_TOTAL, excess_entropy),
            ("leave_one_out", LOG_REST, leave_one_out),
        ):
            with recorded() as used:
                result[name] = entropy(d, n, self._mean[:, place])
                result[f"{name}_se"] = error[:, place] / np.log(n)
                result[f"jackknife_{name}"] = None if left_out is None else entropy(d, counts, left_out[..., place])
            formulas[name] = tuple(used)
        for name, (place, formula) in _CLONES.items():
            absent = not with_classes and place != INDEX
            result[name] = None if absent else self._mean[:, place]
            result[f"{name}_se"] = None if absent else error[:, place]
            result[f"jackknife_{name}"] = None if absent or left_out is None else left_out[..., place]
            if not absent:
                formulas[name] = (formula,)
                note(formula)
        return result, formulas


def watched_points(times: int, points: int) -> int:
    """How many points the probes are told apart of: as many as fit into 4 MB, at least 64."""
    return min(points, max(_FEWEST_POINTS, _BYTES // (8 * times * AVERAGED)))


def excess_entropy(d: int, n: Any, log_total: Array) -> Array:
    """In units of alpha, from the mean of log(1 + S), which is the entropy of the index."""
    return np.asarray(compile_formula("empirical_excess_entropy", target="numpy")(d, log_total) * d / np.log(n))


def leave_one_out(d: int, n: Any, log_rest: Array) -> Array:
    """In units of alpha, from the mean of log S over the other n - 1 points."""
    estimate = compile_formula("leave_one_out_excess_entropy", target="numpy")
    return np.asarray(estimate(d, n, log_rest) * d / np.log(n))
