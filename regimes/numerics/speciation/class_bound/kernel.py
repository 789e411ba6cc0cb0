"""The kernel of the other points: their posterior weights at x_t, summed by fold and class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.speciation.class_bound.gaussian import Noising
from regimes.theory.formula.record import note

__all__ = ["TEMPERATURES", "ClassSums"]

Single = NDArray[np.float32]

TEMPERATURES = (1, 2)
"""Factors by which the exponents are divided: a wider kernel, of which any is a candidate. Each is the last squared."""


class ClassSums:
    """Training points in the order of their fold and class, ready to be weighed at any noised point."""

    def __init__(
        self, points: Single, fold: NDArray[np.int64], members: NDArray[np.int64], shape: tuple[int, int]
    ) -> None:
        self._shape = shape
        cell = fold * shape[1] + members
        order = np.argsort(cell, kind="stable")
        self._cells, self._starts = np.unique(cell[order], return_index=True)
        self._points = points[order]
        self._half_norms = np.einsum("ij,ij->i", self._points, self._points) / 2

    def at(self, points: Single, noise: Single, times: Noising) -> Single:
        """Summed weights, shape (temperature, sign, time, point, fold, class), up to a factor of (sign, time, point).

        The weight of a point a_nu is exp(e_nu), of which what all a_nu share is left out.
        """
        note("point_log_weight")
        snr = compile_formula("snr", target="numpy")(times.t)
        coldest = np.float32(TEMPERATURES[-1])
        close = points @ self._points.T - self._half_norms
        along = noise @ self._points.T
        rows, columns = close.shape
        result = np.zeros((len(TEMPERATURES), 2, len(times.t), rows, self._shape[0] * self._shape[1]), np.float32)
        straight, shaken, weight = (np.empty((rows, columns), np.float32) for _ in range(3))
        for i, ratio in enumerate(snr):
            np.multiply(close, np.float32(ratio) / coldest, out=straight)
            np.multiply(along, np.float32(np.sqrt(ratio)) / coldest, out=shaken)
            for sign, combine in enumerate((np.add, np.subtract)):
                combine(straight, shaken, out=weight)
                weight -= weight.max(axis=1, keepdims=True)
                np.exp(weight, out=weight)
                for warm in reversed(range(len(TEMPERATURES))):
                    result[warm, sign, i][:, self._cells] = np.add.reduceat(weight, self._starts, axis=1)
                    if warm:
                        np.multiply(weight, weight, out=weight)
        return result.reshape(*result.shape[:-1], *self._shape)
