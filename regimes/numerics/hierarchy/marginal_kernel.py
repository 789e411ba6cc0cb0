"""Belief propagation on sixteen trees at a time: the evidence, and the marginals of the levels that are asked for.

The upward messages of one group of samples are kept, the downward ones only along the path from the root to the node
at hand, so that both are found in the cache when they are needed. Memory of a thread: one upward message a node.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.lanes import (
    LANES,
    add,
    divide,
    entry,
    filled,
    load,
    multiply,
    multiply_add,
    settle,
    store,
    stream,
)
from regimes.numerics.hierarchy.upward_kernel import LOST, aligned, mark, root_evidence, upward

__all__ = ["propagate_groups"]


@kernel()
def _lower_messages(up: Any, down: Any, parent: int, level: int, node: int, tables: Any, shape: Any) -> None:
    """Messages of a node to each of its children: over the rules with the child's symbol, parent times siblings."""
    blocks, _, _, rules, starts, slots, _, most, _ = tables
    classes, v, _, s, _ = shape
    symbols, width = classes if level == 0 else v, (v + 1) * LANES
    children, target, first = blocks[level + 1] + node * s * width, slots[level + 1], level * s * v
    for j in range(s):
        own = target + j * width
        total = filled(0.0)
        for b in range(v):
            message = filled(0.0)
            for rule in range(s * starts[first + j * v + b], s * starts[first + j * v + b + 1], s):
                product = load(down, parent + entry(rules, rule))
                for i in range(1, s - 1):
                    product = multiply(product, load(up, children + entry(rules, rule + i)))
                message = multiply_add(product, load(up, children + entry(rules, rule + s - 1)), message)
            store(down, own + b * LANES, message)
            total = add(total, message)
        inverse = divide(filled(1.0), total)
        bound = add(filled(LOST), load(down, parent + symbols * LANES))
        for i in range(s):
            if i != j:
                bound = add(bound, load(up, children + (i * (v + 1) + v) * LANES))
        store(down, own + v * LANES, multiply(multiply(bound, filled(np.float64(most))), inverse))
        for b in range(v):
            store(down, own + b * LANES, multiply(load(down, own + b * LANES), inverse))


@kernel()
def _write_marginal(up: Any, node: int, down: Any, message: int, symbols: int, to: Any, scratch: Any) -> None:
    out, place, stride = to
    total = filled(0.0)
    for a in range(symbols):
        total = multiply_add(load(down, message + a * LANES), load(up, node + a * LANES), total)
    inverse = divide(filled(1.0), total)
    bound = add(load(down, message + symbols * LANES), load(up, node + symbols * LANES))
    mark(multiply(bound, inverse), scratch)
    for a in range(symbols):
        product = multiply(load(down, message + a * LANES), load(up, node + a * LANES))
        stream(out, place + a * stride, multiply(product, inverse))


@kernel()
def _downward(up: Any, down: Any, tables: Any, shape: Any, to: Any, column: int, scratch: Any) -> None:
    """Downward messages along every path, and the marginals of the levels that are asked for."""
    out, out_starts, stride, deepest = to
    blocks, slots = tables[0], tables[5]
    classes, v, _, s, _ = shape
    width = (v + 1) * LANES
    for q in range(s**deepest):
        # The first levels of the path to q are those of the path to q - 1.
        level, node = deepest, q
        while level > 0 and node % s == 0:
            level -= 1
            node //= s
        for row in range(level, deepest + 1):
            node = q // s ** (deepest - row)
            symbols = classes if row == 0 else v
            message = slots[row] + (node % s) * width if row > 0 else 0
            if out_starts[row] >= 0:
                place = out_starts[row] + node * symbols * stride + column
                _write_marginal(up, blocks[row] + node * width, down, message, symbols, (out, place, stride), scratch)
            if row < deepest:
                _lower_messages(up, down, message, row, node, tables, shape)


@kernel()
def _finish(scratch: Any, sample: int, live: int, constant: float, log_evidence: Any, sound: Any) -> None:
    for lane in range(live):
        log_evidence[sample + lane] = scratch[LANES + lane] + np.log(scratch[lane]) + constant
        sound[sample + lane] = scratch[2 * LANES + lane] >= 0


@kernel(nogil=True)
def propagate_groups(
    first: int, step: int, given: Any, tables: Any, shape: Any, to: Any, log_evidence: Any, sound: Any
) -> None:
    """Evidence, and the marginals of the levels that are asked for, of the groups first, first + step, ... of samples.

    given: messages float64 (flat), whose element (sample, leaf, symbol) is at the scalar product with steps; these
    steps; n; prior float64 (1 or n, classes). tables, shape: of ``KernelTables``. to: out float64 (flat), with element
    (node, symbol, sample) of a level at ``out_starts + (node symbols + symbol) stride + sample``; out_starts, -1 for a
    level that is not asked for; stride; the deepest level. sound: bool (n), false where the result cannot be trusted.
    """
    messages, steps, n, prior = given
    slots, size, constant, depth, classes = tables[5], tables[6], tables[8], shape[4], shape[0]
    groups = (n + LANES - 1) // LANES
    up, down, scratch = aligned(size), aligned(slots[depth + 1]), aligned(4 * LANES)
    for group in range(first, groups, step):
        sample = group * LANES
        live = min(LANES, n - sample)
        upward(messages, steps, sample, live, up, tables, shape, scratch)
        root_evidence(up, prior, sample, live, classes, down, scratch)
        _downward(up, down, tables, shape, to, sample, scratch)
        _finish(scratch, sample, live, constant, log_evidence, sound)
    settle()
