"""Projections of the points on leading directions: those of all points, and those of the half without the point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.posterior.eigenvalues import FULL, Blocks, Centred, iterated_eigenvectors

__all__ = ["Projections", "halved_projections"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Projections:
    """Projections (n, k) on the leading directions ``own`` of all points and ``held_out`` of the other half.

    ``squared_norms`` are those of the points about the mean of their half, as are the projections held out.
    """

    own: Array
    held_out: Array
    squared_norms: Array


def halved_projections(data: Centred, first: Mask, wanted: int, *, center: bool, dense: bool) -> Projections:
    """Projections for a split of the points into ``first`` and the rest."""
    if not dense:
        return _by_iteration(data, first, wanted, center)
    return (_by_points if data.n < data.d else _by_dimensions)(data, first, wanted, center)


def _top(matrix: Array, wanted: int) -> tuple[Array, Array]:
    """Largest eigenvalues, descending and not negative, and their vectors."""
    from scipy.linalg import LinAlgError, eigh

    size = len(matrix)
    try:
        values, vectors = eigh(matrix, check_finite=False, subset_by_index=[size - wanted, size - 1])
    except LinAlgError:  # some of exactly equal eigenvalues cannot be picked out
        values, vectors = eigh(matrix, check_finite=False, driver="evd")
        values, vectors = values[-wanted:], vectors[:, -wanted:]
    return np.maximum(values[::-1], 0.0), vectors[:, ::-1]


def _halves_sums(blocks: Blocks, first: Mask, d: int) -> Array:
    """Sum over the first half and over the second."""
    sums = np.zeros((2, d))
    for start, block in blocks:
        some = first[start : start + len(block)]
        sums += [block[some].sum(axis=0), block[~some].sum(axis=0)]
    return sums


def _means(data: Centred, first: Mask, sent: Any, center: bool) -> Array:
    """Mean of the first half and of the second, or the origin."""
    if not center:
        return np.zeros((2, data.d))
    counts = np.array([[np.count_nonzero(first)], [np.count_nonzero(~first)]])
    return np.asarray(data.sum_rows(_halves_sums, sent, data.d) / counts)


def _half_products(blocks: Blocks, first: Mask, d: int) -> Array:
    """Products of the coordinates over the first half."""
    gram = np.zeros((d, d))
    for start, block in blocks:
        half = block[first[start : start + len(block)]]
        gram += half.T @ half
    return gram


def _by_dimensions(data: Centred, first: Mask, wanted: int, center: bool) -> Projections:
    """From the d x d matrices of the halves, whose sum is that of all points."""
    sent = data.put(first)
    one = data.sum_rows(_half_products, sent, data.d)
    grams = one, data.products() - one
    data.begins("eigenvectors")
    if data.d <= FULL:
        whole = data.eigenvectors()[1][:, : -wanted - 1 : -1]
    else:
        whole = _top(data.products().astype(data.dtype), wanted)[1]
    means = _means(data, first, sent, center)
    for gram, mean, count in zip(grams, means, (np.count_nonzero(first), np.count_nonzero(~first)), strict=True):
        gram -= count * np.outer(mean, mean)
    return _project(data, sent, means, whole, [_top(gram.astype(data.dtype, copy=False), wanted)[1] for gram in grams])


def _project(data: Centred, first: Any, means: Array, whole: Array, halves: list[Array]) -> Projections:
    """Projections on vectors that are known."""
    axes = data.put([each.astype(data.dtype) for each in (means, whole, *halves)])
    return _joined(data.over_rows(_projections, first, axes))


def _joined(found: Iterable[Projections]) -> Projections:
    """Projections of points one after another."""
    own, held_out, squared_norms = zip(*((each.own, each.held_out, each.squared_norms) for each in found), strict=True)
    if len(own) == 1:
        return Projections(own[0], held_out[0], squared_norms[0])
    return Projections(np.concatenate(own), np.concatenate(held_out), np.concatenate(squared_norms))


def _projections(blocks: Blocks, first: Mask, axes: list[Array]) -> Projections:
    """Those of some points."""
    means, whole, *halves = axes

    def of_block(start: int, block: Array) -> Projections:
        some = first[start : start + len(block), None]
        about = block - np.where(some, means[0], means[1])
        held_out, norms = np.where(some, about @ halves[1], about @ halves[0]), np.einsum("ij,ij->i", about, about)
        return Projections(*(each.astype(np.float64) for each in (block @ whole, held_out, norms)))

    return _joined(of_block(*each) for each in blocks)


def _by_points(data: Centred, first: Mask, wanted: int, center: bool) -> Projections:
    """From the n x n products of the points, of which those of the halves are blocks."""
    products = data.products().copy()
    data.begins("eigenvectors")
    values, vectors = _top(products, wanted)
    held_out, squared_norms = np.zeros((data.n, wanted)), np.empty(data.n)
    if center:
        for half in (first, ~first):
            products[half] -= products[half].mean(axis=0)
            products[:, half] -= products[:, half].mean(axis=1, keepdims=True)
    for half, other in ((first, ~first), (~first, first)):
        variances, over_points = _top(products[np.ix_(half, half)], wanted)
        seen = variances > variances[0] * len(variances) * np.finfo(float).eps
        lengths = np.sqrt(np.where(seen, variances, 1.0))
        held_out[other] = np.where(seen, products[np.ix_(other, half)] @ over_points / lengths, 0.0)
    np.maximum(np.diagonal(products), 0.0, out=squared_norms)
    return Projections(vectors * np.sqrt(values), held_out, squared_norms)


def _by_iteration(data: Centred, first: Mask, wanted: int, center: bool) -> Projections:
    """By Lanczos iterations, which never form a matrix."""
    from scipy.sparse.linalg import LinearOperator

    def operator(half: Mask | None) -> Any:
        def apply(v: Array) -> Array:
            along = data.project(v.ravel())
            if half is not None:
                along = np.where(half, along - (along[half].mean() if center else 0.0), 0.0)
            return np.asarray(data.sum_rows(_weighted, data.put(along), data.d) / data.n)

        return LinearOperator((data.d, data.d), matvec=apply, dtype=np.float64)

    whole, one, two = (iterated_eigenvectors(operator(half), wanted)[1] for half in (None, first, ~first))
    sent = data.put(first)
    return _project(data, sent, _means(data, first, sent, center), whole, [one, two])


def _weighted(blocks: Blocks, weights: Array, d: int) -> Array:
    """Sum of the points with a weight each."""
    result = np.zeros(d)
    for start, block in blocks:
        result += block.T @ weights[start : start + len(block)]
    return result
