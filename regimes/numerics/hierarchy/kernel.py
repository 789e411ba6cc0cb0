"""Belief propagation on sixteen trees at a time, depth first, in messages that sum to one.

The upward messages of one group of samples are kept, the downward ones only along the path from the root to the node
at hand, so that both are found in the cache when they are needed. Memory of a thread: one upward message a node.

Messages are products of probabilities without logarithms, and what is smaller than 1e-308 of a message is lost. How
much that may be of the result is followed with the messages: beside the entries of a message stands a bound of what
each of them may lack, which grows by the number of rules and by the inverse of every sum on its way. A sample in which
it could exceed ``NEGLIGIBLE`` of a result is marked, and computed again in logarithms by another kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

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
    number,
    settle,
    store,
    stream,
    within,
)

__all__ = ["NEGLIGIBLE", "choose", "draw_groups", "propagate_groups"]

NEGLIGIBLE = 1e-18
_LOST = 1e-307  # what an entry of a message, or a product, may lack by underflow
_SMALLEST, _LARGEST = 1e-150, 1e150  # of the running product of the evidence
_INFINITE = np.inf
_LINE = LINE // 8  # numbers in a cache line


@kernel()
def _aligned(size: int) -> Any:
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
    store(up, block + v * LANES, filled(_LOST))


@kernel()
def _count(total: Any, scratch: Any) -> None:
    """Multiply a sum into the evidence: scratch holds its running factor, its logarithm so far, and the marks."""
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
def _mark(bound: Any, scratch: Any) -> None:
    """Mark the samples whose result may lack more than is negligible."""
    store(scratch, 2 * LANES, minimum(within(bound, NEGLIGIBLE), load(scratch, 2 * LANES)))


@kernel()
def _raise_message(
    up: Any, parent: int, symbols: int, children: int, rules: Any, first: int, v: int, m: int, s: int, scratch: Any
) -> None:
    """Message of a node from its children's: the sum over its rules of the product over children."""
    total = filled(0.0)
    rule = first
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
    bound = filled(_LOST)
    for j in range(s):
        bound = add(bound, load(up, children + (j * (v + 1) + v) * LANES))
    store(up, parent + symbols * LANES, multiply(multiply(bound, filled(np.float64(m))), inverse))


@kernel()
def _lower_messages(
    up: Any,
    children: int,
    down: Any,
    parent: int,
    symbols: int,
    target: int,
    starts: Any,
    first: int,
    rules: Any,
    most: int,
    v: int,
    s: int,
) -> None:
    """Messages of a node to each of its children: over the rules with the child's symbol, parent times siblings."""
    for j in range(s):
        own = target + j * (v + 1) * LANES
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
        bound = add(filled(_LOST), load(down, parent + symbols * LANES))
        for i in range(s):
            if i != j:
                bound = add(bound, load(up, children + (i * (v + 1) + v) * LANES))
        store(down, own + v * LANES, multiply(multiply(bound, filled(np.float64(most))), inverse))
        for b in range(v):
            store(down, own + b * LANES, multiply(load(down, own + b * LANES), inverse))


@kernel()
def _write_marginal(
    up: Any, node: int, down: Any, message: int, symbols: int, out: Any, place: int, stride: int, scratch: Any
) -> None:
    total = filled(0.0)
    for a in range(symbols):
        total = multiply_add(load(down, message + a * LANES), load(up, node + a * LANES), total)
    inverse = divide(filled(1.0), total)
    bound = add(load(down, message + symbols * LANES), load(up, node + symbols * LANES))
    _mark(multiply(bound, inverse), scratch)
    for a in range(symbols):
        product = multiply(load(down, message + a * LANES), load(up, node + a * LANES))
        stream(out, place + a * stride, multiply(product, inverse))


@kernel()
def _upward(
    messages: Any,
    steps: Any,
    sample: int,
    live: int,
    up: Any,
    blocks: Any,
    rules: Any,
    rule_starts: Any,
    classes: int,
    v: int,
    m: int,
    s: int,
    depth: int,
    scratch: Any,
) -> None:
    """All upward messages of a group, each parent as soon as its children are done."""
    for lane in range(LANES):
        scratch[lane], scratch[LANES + lane], scratch[2 * LANES + lane] = 1.0, 0.0, _INFINITE
    width = (v + 1) * LANES
    for p in range(s ** (depth - 1)):
        for j in range(s):
            block = blocks[depth] + (p * s + j) * width
            _read_leaf(messages, steps, sample, live, p * s + j, v, up, block)
            _scale_leaf(up, block, v, scratch)
        node, level = p, depth - 1
        while True:
            symbols = classes if level == 0 else v
            _raise_message(
                up,
                blocks[level] + node * width,
                symbols,
                blocks[level + 1] + node * s * width,
                rules,
                rule_starts[level],
                v,
                m,
                s,
                scratch,
            )
            if level == 0 or node % s != s - 1:
                break
            node //= s
            level -= 1


@kernel()
def _root(up: Any, prior: Any, sample: int, live: int, classes: int, down: Any, scratch: Any) -> None:
    """The prior as the root's downward message, and the evidence that it leaves."""
    for lane in range(LANES):
        row = min(sample + min(lane, live - 1), prior.shape[0] - 1)
        for a in range(classes):
            down[a * LANES + lane] = prior[row, a]
        down[classes * LANES + lane] = 0.0
    total = filled(0.0)
    for a in range(classes):
        total = multiply_add(load(down, a * LANES), load(up, a * LANES), total)
    _mark(divide(load(up, classes * LANES), total), scratch)
    _count(total, scratch)


@kernel()
def _downward(
    up: Any,
    blocks: Any,
    down: Any,
    slots: Any,
    starts: Any,
    lowered: Any,
    most: int,
    classes: int,
    v: int,
    s: int,
    deepest: int,
    out: Any,
    out_starts: Any,
    stride: int,
    column: int,
    scratch: Any,
) -> None:
    """Downward messages along every path, and the marginals of the levels that are asked for."""
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
                _write_marginal(up, blocks[row] + node * width, down, message, symbols, out, place, stride, scratch)
            if row < deepest:
                _lower_messages(
                    up,
                    blocks[row + 1] + node * s * width,
                    down,
                    message,
                    symbols,
                    slots[row + 1],
                    starts,
                    row * s * v,
                    lowered,
                    most,
                    v,
                    s,
                )


@kernel()
def _finish(scratch: Any, sample: int, live: int, constant: float, log_evidence: Any, sound: Any) -> None:
    for lane in range(live):
        log_evidence[sample + lane] = scratch[LANES + lane] + np.log(scratch[lane]) + constant
        sound[sample + lane] = scratch[2 * LANES + lane] >= 0


@kernel(parallel=True)
def propagate_groups(
    messages: Any,
    steps: Any,
    n: int,
    prior: Any,
    tables: Any,
    shape: Any,
    deepest: int,
    out: Any,
    out_starts: Any,
    stride: int,
    threads: int,
    log_evidence: Any,
    sound: Any,
) -> None:
    """Evidence, and the marginals of the levels that are asked for.

    messages: float64 (flat), whose element (sample, leaf, symbol) is at the scalar product with steps. prior: float64
    (1 or n, classes). tables: of ``KernelTables``. shape: int64 (classes, v, m, s, depth). out: float64 (flat), with
    element (node, symbol, sample) of a level at ``out_starts + (node symbols + symbol) stride + sample``;
    out_starts: -1 for a level that is not asked for. sound: bool (n), false where the result cannot be trusted.
    """
    blocks, rules, rule_starts, lowered, lowered_starts, slots, size, most, constant = tables
    classes, v, m, s, depth = shape
    groups = (n + LANES - 1) // LANES
    for thread in prange(threads):
        up, down, scratch = _aligned(size), _aligned(slots[depth + 1]), _aligned(4 * LANES)
        for group in range(thread, groups, threads):
            sample = group * LANES
            live = min(LANES, n - sample)
            _upward(messages, steps, sample, live, up, blocks, rules, rule_starts, classes, v, m, s, depth, scratch)
            _root(up, prior, sample, live, classes, down, scratch)
            _downward(
                up,
                blocks,
                down,
                slots,
                lowered_starts,
                lowered,
                most,
                classes,
                v,
                s,
                deepest,
                out,
                out_starts,
                stride,
                sample,
                scratch,
            )
            _finish(scratch, sample, live, constant, log_evidence, sound)
        settle()


@kernel()
def choose(sums: Any, count: int, uniform: float) -> int:
    """Index drawn in proportion to weights, given their running sums; no index of weight zero is ever drawn."""
    target, chosen = uniform * sums[count - 1], 0
    for k in range(count):
        chosen += sums[k] <= target
    if chosen == count:  # the product was rounded up to the whole sum
        chosen -= 1
        while chosen > 0 and sums[chosen - 1] == sums[chosen]:
            chosen -= 1
    return chosen


@kernel()
def _weigh_rules(up: Any, children: int, rules: Any, first: int, v: int, m: int, s: int, sums: Any) -> bool:
    """Running sums over the rules of a symbol of the products of the children's messages; whether to trust them."""
    total, place = 0.0, first
    for k in range(m):
        product = number(up, children + entry(rules, place))
        for j in range(1, s):
            product *= number(up, children + entry(rules, place + j))
        place += s
        total += product
        sums[k] = total
    lacking = _LOST
    for j in range(s):
        lacking += number(up, children + (j * (v + 1) + v) * LANES)
    return lacking * m <= NEGLIGIBLE * total


@kernel(parallel=True)
def draw_groups(
    messages: Any,
    steps: Any,
    n: int,
    prior: Any,
    tables: Any,
    shape: Any,
    uniforms: Any,
    trees: Any,
    tree_starts: Any,
    threads: int,
    sound: Any,
) -> None:
    """Trees from the posterior: the root from its marginal, then rules from the root down.

    Arguments as in ``propagate_groups``; uniforms: float64 (draws, internal nodes + 1, n), one number a choice, level
    by level; trees: int32 (draws, nodes, n), level by level from tree_starts.
    """
    blocks, rules, rule_starts, _, _, slots, size, _, _ = tables
    classes, v, m, s, depth = shape
    width = (v + 1) * LANES
    groups = (n + LANES - 1) // LANES
    draws = uniforms.shape[0]
    for thread in prange(threads):
        up, down, scratch = _aligned(size), _aligned(slots[depth + 1]), _aligned(4 * LANES)
        sums = np.empty(max(classes, m))
        for group in range(thread, groups, threads):
            sample = group * LANES
            live = min(LANES, n - sample)
            _upward(messages, steps, sample, live, up, blocks, rules, rule_starts, classes, v, m, s, depth, scratch)
            _root(up, prior, sample, live, classes, down, scratch)
            for lane in range(live):
                sound[sample + lane] = scratch[2 * LANES + lane] >= 0
                total = 0.0
                for a in range(classes):
                    total += down[a * LANES + lane] * up[a * LANES + lane]
                    sums[a] = total
                for draw in range(draws):
                    trees[draw, 0, sample + lane] = choose(sums, classes, uniforms[draw, 0, sample + lane])
            for level in range(depth):
                for node in range(s**level):
                    children = blocks[level + 1] + node * s * width
                    place, below = tree_starts[level] + node, tree_starts[level + 1] + node * s
                    for lane in range(live):
                        weighed = -1  # draws often share the symbol
                        for draw in range(draws):
                            symbol = trees[draw, place, sample + lane]
                            first = rule_starts[level] + symbol * m * s
                            if symbol != weighed:
                                weighed = symbol
                                if not _weigh_rules(up, children + lane, rules, first, v, m, s, sums):
                                    sound[sample + lane] = False
                            rule = first + s * choose(sums, m, uniforms[draw, 1 + place, sample + lane])
                            for j in range(s):
                                child = entry(rules, rule + j) // LANES - j * (v + 1)
                                trees[draw, below + j, sample + lane] = child
