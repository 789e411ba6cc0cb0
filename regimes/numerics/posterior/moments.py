"""Averages of the statistics of the probes, block by block, and the curves that they give."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.posterior.summary import (
    CLASS,
    CLASS_CLONES,
    CLASS_LEFT_OUT,
    INDEX,
    INDEX_CLONES,
    LOG_REST,
    LOG_TOTAL,
    STATISTICS,
)
from regimes.theory.formula.record import note, recorded

__all__ = ["Moments", "excess_entropy", "leave_one_out"]

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_CLONES = {
    "clone_index": (INDEX, INDEX_CLONES),
    "clone_class": (CLASS, CLASS_CLONES),
    "clone_class_leave_one_out": (CLASS_LEFT_OUT, CLASS_CLONES),
}


class Moments:
    """Mean and squared deviations of the statistics over probes; memory does not grow with their number."""

    def __init__(self, times: int, groups: int) -> None:
        self._count = 0
        self._groups = groups
        self._mean = np.zeros((times, STATISTICS))
        self._squares = np.zeros((times, STATISTICS))
        self._left_out = np.zeros((times, STATISTICS, groups))

    def add(self, block: Array) -> None:
        """Merge probes, shape (B, T, STATISTICS, 1 + groups): Chan, Golub, LeVeque 1979 lose no digits to the mean."""
        size = len(block)
        mean = block[..., 0].mean(axis=0)
        step = mean - self._mean
        total = self._count + size
        self._squares += ((block[..., 0] - mean) ** 2).sum(axis=0) + step**2 * (self._count * size / total)
        self._mean += step * (size / total)
        self._left_out += block[..., 1:].sum(axis=0)
        self._count = total

    def curves(
        self, size: tuple[int, int], rest: Counts, kept: Counts, *, with_classes: bool
    ) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
        """``name``, ``name_se``, ``jackknife_name`` of each curve, and its formulas, which are noted as well.

        ``size`` is (n, d); rest and kept count data and probes outside groups.
        """
        error = np.sqrt(self._squares / (self._count * (self._count - 1)))
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


def excess_entropy(d: int, n: Any, log_total: Array) -> Array:
    """In units of alpha, from the mean of log(1 + S), which is the entropy of the index."""
    return np.asarray(compile_formula("empirical_excess_entropy", target="numpy")(d, log_total) * d / np.log(n))


def leave_one_out(d: int, n: Any, log_rest: Array) -> Array:
    """In units of alpha, from the mean of log S over the other n - 1 points."""
    estimate = compile_formula("leave_one_out_excess_entropy", target="numpy")
    return np.asarray(estimate(d, n, log_rest) * d / np.log(n))
