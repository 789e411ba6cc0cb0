"""Upward messages of sixteen trees at a time, depth first, each message of the sum one.

Messages are products of probabilities without logarithms, and what is smaller than 1e-308 of a message is lost. How
much that may be of the result is followed with the messages: beside the entries of a message stands a bound of what
each of them may lack, which grows by the number of rules and by the inverse of every sum on its way. A sample in which
it could exceed ``NEGLIGIBLE`` of a result is marked, and computed again in logarithms by another kernel.

All kernels here take ``tables`` and ``shape`` of :class:`regimes.numerics.hierarchy.layout.KernelTables`. ``up`` holds
the upward messages of a group of samples, ``scratch`` four vectors: the running factor of the evidence, its logarithm
so far, the marks, and room.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.lanes import (
    LANES,
    LINE,
    add,
    any_outside,
    divide,
    entry,
    filled,
    load,
    minimum,
    multiply,
    multiply_add,
    store,
    within,
)

__all__ = ["LOST", "NEGLIGIBLE", "aligned", "mark", "root_evidence", "upward"]

NEGLIGIBLE = 1e-18
LOST = 1e-307
"""What an entry of a message, or a product, may lack by underflow."""

_SMALLEST, _LARGEST = 1e-150, 1e150  # of the running product of the evidence
_INFINITE = np.inf
_LINE = LINE // 8  # numbers in a cache line


@kernel()
def aligned(size: int) -> Any:
    """Numbers from the start of a cache line on: a vector across two lines costs two loads."""
    room = np.empty(size + _LINE)
    first = (-(room.ctypes.data // room.itemsize)) % _LINE
    return room[first : first + size]


@kernel()
def _read_leaf(messages: Any, steps: Any, sample: int, live: int, leaf: int, v: int, up: Any, block: int) -> None:
    """Bring the message of a leaf into sixteen lanes; lanes without a sample repeat the last one."""
    start = sample * steps[0] + leaf * steps[1]
    if steps[0] == 1 and live == LANES:
        for a in range(v):
            store(up, block + a * LANES, load(messages, start + a * steps[2]))
        return
    for lane in range(LANES):
        own = start + min(lane, live - 1) * steps[0]
        for a in range(v):
            up[block + a * LANES + lane] = messages[own + a * steps[2]]


@kernel()
def _scale_leaf(up: Any, block: int, v: int, scratch: Any) -> None:
    """Divide a leaf's message by its sum, which goes into the evidence; note the smallest entry."""
    total, smallest = filled(0.0), load(scratch, 2 * LANES)
    for a in range(v):
        value = load(up, block + a * LANES)
        total = add(total, value)
        smallest = minimum(value, smallest)
    store(scratch, 2 * LANES, smallest)
    _count(total, scratch)
    inverse = divide(filled(1.0), total)
    for a in range(v):
        store(up, block + a * LANES, multiply(load(up, block + a * LANES), inverse))
    store(up, block + v * LANES, filled(LOST))


@kernel()
def _count(total: Any, scratch: Any) -> None:
    """Multiply a sum into the evidence."""
    if any_outside(total, _SMALLEST, _LARGEST):
        store(scratch, 3 * LANES, total)
        for lane in range(LANES):
            own = scratch[3 * LANES + lane]
            if not _SMALLEST <= own <= _LARGEST:
                if not 0 < own < _INFINITE:
                    scratch[2 * LANES + lane] = -1.0
                    scratch[3 * LANES + lane] = 1.0
                else:
                    scratch[LANES + lane] += np.log(own)
                    scratch[3 * LANES + lane] = 1.0
        total = load(scratch, 3 * LANES)
    factor = multiply(load(scratch, 0), total)
    if any_outside(factor, _SMALLEST, _LARGEST):
        store(scratch, 0, factor)
        for lane in range(LANES):
            scratch[LANES + lane] += np.log(scratch[lane])
            scratch[lane] = 1.0
        factor = load(scratch, 0)
    store(scratch, 0, factor)


@kernel()
def mark(bound: Any, scratch: Any) -> None:
    """Mark the samples whose result may lack more than is negligible."""
    store(scratch, 2 * LANES, minimum(within(bound, NEGLIGIBLE), load(scratch, 2 * LANES)))


@kernel()
def _raise_message(up: Any, level: int, node: int, tables: Any, shape: Any, scratch: Any) -> None:
    """Message of a node from its children's: the sum over its rules of the product over children."""
    classes, v, m, s, _ = shape
    blocks, rules, rule_starts = tables[0], tables[1], tables[2]
    width = (v + 1) * LANES
    symbols = classes if level == 0 else v
    parent, children = blocks[level] + node * width, blocks[level + 1] + node * s * width
    total = filled(0.0)
    rule = rule_starts[level]
    for a in range(symbols):
        message = filled(0.0)
        for _ in range(m):
            product = load(up, children + entry(rules, rule))
            for j in range(1, s - 1):
                product = multiply(product, load(up, children + entry(rules, rule + j)))
            message = multiply_add(product, load(up, children + entry(rules, rule + s - 1)), message)
            rule += s
        store(up, parent + a * LANES, message)
        total = add(total, message)
    _count(total, scratch)
    inverse = divide(filled(1.0), total)
    for a in range(symbols):
        store(up, parent + a * LANES, multiply(load(up, parent + a * LANES), inverse))
    bound = filled(LOST)
    for j in range(s):
        bound = add(bound, load(up, children + (j * (v + 1) + v) * LANES))
    store(up, parent + symbols * LANES, multiply(multiply(bound, filled(np.float64(m))), inverse))


@kernel()
def upward(messages: Any, steps: Any, sample: int, live: int, up: Any, tables: Any, shape: Any, scratch: Any) -> None:
    """All upward messages of a group, each parent as soon as its children are done."""
    for lane in range(LANES):
        scratch[lane], scratch[LANES + lane], scratch[2 * LANES + lane] = 1.0, 0.0, _INFINITE
    _, v, _, s, depth = shape
    blocks, width = tables[0], (v + 1) * LANES
    for p in range(s ** (depth - 1)):
        for j in range(s):
            block = blocks[depth] + (p * s + j) * width
            _read_leaf(messages, steps, sample, live, p * s + j, v, up, block)
            _scale_leaf(up, block, v, scratch)
        node, level = p, depth - 1
        while True:
            _raise_message(up, level, node, tables, shape, scratch)
            if level == 0 or node % s != s - 1:
                break
            node //= s
            level -= 1


@kernel()
def root_evidence(up: Any, prior: Any, sample: int, live: int, classes: int, down: Any, scratch: Any) -> None:
    """The prior as the root's downward message, and the evidence that it leaves."""
    for lane in range(LANES):
        row = min(sample + min(lane, live - 1), prior.shape[0] - 1)
        for a in range(classes):
            down[a * LANES + lane] = prior[row, a]
        down[classes * LANES + lane] = 0.0
    total = filled(0.0)
    for a in range(classes):
        total = multiply_add(load(down, a * LANES), load(up, a * LANES), total)
    mark(divide(load(up, classes * LANES), total), scratch)
    _count(total, scratch)
