"""Belief propagation in logarithms, one sample at a time: for evidence so strong that products underflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.hierarchy.draw_kernel import choose

__all__ = ["CONTRADICTION", "draw_logarithms", "propagate_logarithms", "raise_logarithms"]

CONTRADICTION = -np.inf


@kernel()
def _normalise(row: Any) -> float:
    """Subtract the logarithm of the sum of exponentials, which is returned; nothing where all is impossible."""
    largest = row.max()
    if largest == CONTRADICTION:
        return CONTRADICTION
    total = largest + np.log(np.exp(row - largest).sum())
    row -= total
    return float(total)


@kernel()
def raise_logarithms(leaves: Any, tables: Any, starts: Any, shape: Any, up: Any) -> Any:
    """All upward messages.

    leaves: float64 (d, v), logarithms. tables: int64 (flat), the children of every rule, level by level. starts: int64
    (2, depth + 2), where the nodes and the tables of each level start. up: float64 (nodes, widest level), filled.
    Returns the logarithm of all factors taken out, and the level and node at which nothing is possible, or -1.
    """
    classes, v, m, s, depth = shape
    evidence = 0.0
    for leaf in range(s**depth):
        row = up[starts[0, depth] + leaf, :v]
        row[:] = leaves[leaf]
        factor = _normalise(row)
        if factor == CONTRADICTION:
            return evidence, depth, leaf
        evidence += factor
    terms = np.empty(m)
    for level in range(depth - 1, -1, -1):
        symbols = classes if level == 0 else v
        for node in range(s**level):
            row = up[starts[0, level] + node, :symbols]
            first = starts[0, level + 1] + node * s
            for a in range(symbols):
                for k in range(m):
                    rule = starts[1, level] + (a * m + k) * s
                    terms[k] = 0.0
                    for j in range(s):
                        terms[k] += up[first + j, tables[rule + j]]
                row[a] = _normalise(terms)
            factor = _normalise(row)
            if factor == CONTRADICTION:
                return evidence, level, node
            evidence += factor
    return evidence, -1, -1


@kernel()
def propagate_logarithms(up: Any, log_prior: Any, tables: Any, starts: Any, shape: Any, down: Any) -> float:
    """Downward messages from the upward ones, then marginals, both in place of down (nodes, widest level).

    Returns the logarithm of the factor that the prior leaves.
    """
    classes, v, m, s, depth = shape
    down[:] = CONTRADICTION
    down[0, :classes] = log_prior
    for level in range(depth):
        symbols = classes if level == 0 else v
        for node in range(s**level):
            parent, first = starts[0, level] + node, starts[0, level + 1] + node * s
            for a in range(symbols):
                for k in range(m):
                    rule = starts[1, level] + (a * m + k) * s
                    for j in range(s):
                        term = down[parent, a]
                        for i in range(s):
                            if i != j:
                                term += up[first + i, tables[rule + i]]
                        if term > CONTRADICTION:
                            own = tables[rule + j]
                            down[first + j, own] = np.logaddexp(down[first + j, own], term)
            for j in range(s):
                _normalise(down[first + j, :v])
    evidence = 0.0
    for level in range(depth + 1):
        symbols = classes if level == 0 else v
        for node in range(starts[0, level], starts[0, level + 1]):
            row = down[node, :symbols]
            row += up[node, :symbols]
            factor = _normalise(row)
            if node == 0:
                evidence = factor
    return evidence


@kernel()
def _draw(logarithms: Any, uniform: float) -> int:
    return int(choose(np.cumsum(np.exp(logarithms - logarithms.max())), logarithms.size, uniform))


@kernel()
def draw_logarithms(up: Any, log_prior: Any, tables: Any, starts: Any, shape: Any, uniforms: Any, trees: Any) -> None:
    """Trees from the posterior: trees int32 (draws, nodes) filled from uniforms float64 (draws, choices)."""
    classes, _, m, s, depth = shape
    terms = np.empty(m)
    for draw in range(trees.shape[0]):
        trees[draw, 0] = _draw(up[0, :classes] + log_prior, uniforms[draw, 0])
        for level in range(depth):
            for node in range(starts[0, level], starts[0, level + 1]):
                first = starts[0, level + 1] + (node - starts[0, level]) * s
                rule = starts[1, level] + trees[draw, node] * m * s
                for k in range(m):
                    terms[k] = 0.0
                    for j in range(s):
                        terms[k] += up[first + j, tables[rule + k * s + j]]
                k = _draw(terms, uniforms[draw, 1 + node])
                for j in range(s):
                    trees[draw, first + j] = tables[rule + k * s + j]
