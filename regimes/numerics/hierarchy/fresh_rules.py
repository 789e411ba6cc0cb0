"""One level of density evolution: messages through rules drawn afresh at every node, the compiled kernel.

A member of a population is a message to a node whose true symbol is 0. Rules are distinct tuples drawn uniformly, so
relabelling the symbols of one child changes nothing: the true tuple may be called (0, ..., 0), its parent 0, and the
other tuples are drawn from the rest. No message is ever permuted.

Where the n m tuples of a level are a good part of all v^s (``dense_rules``), they are drawn by a partial shuffle of all
codes, and the product of the children's messages is tabulated by code; otherwise tuples are drawn one by one, and a
hash table refuses repetitions. Memory per thread O(n m) in both.

Every node has its own counter-based stream (splitmix64: the finaliser of a key plus multiples of an odd constant), so
results do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.threads import share_out

__all__ = ["dense_rules", "lower_level", "upper_level"]

_BLOCK = 32  # nodes that share the working arrays of a thread
_DENSITY = 8  # largest ratio of all tuples to the drawn ones at which shuffling beats hashing
_DOUBLE = 1.0 / 9007199254740992.0
_STRIDE = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_HASH = np.uint64(0xD6E8FEB86659FD93)
_ONE, _SHIFT_DOUBLE, _SHIFT_HALF = np.uint64(1), np.uint64(11), np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)


def dense_rules(v: int, s: int, drawn: int) -> bool:
    """Whether the rules of a level, ``drawn`` tuples, are drawn by shuffling all v^s: up to eight times as many."""
    return bool(v**s <= _DENSITY * drawn)


def upper_level(children: Any, members: Any, parents: int, m: int, dense: bool, key: Any, out: Any) -> None:
    """Upward messages of a population from those of the level below; both sum to 1, the true symbol at 0.

    children: float64 (N, v). members: int64 (s, M), the child in each place of each new node. dense: as
    :func:`dense_rules` says. key: uint64, of the random numbers. out: float64 (M, parents), filled.
    """

    def share(first: int, step: int) -> None:
        _upper_share(first, step, children, members, parents, m, dense, key, out)

    share_out(share, _blocks(members.shape[1]), members.shape[1] * parents * m)


def lower_level(above: Any, parent: Any, siblings: Any, members: Any, m: int, dense: bool, key: Any, out: Any) -> None:
    """Downward messages to first children from those to their parents; by symmetry to any child.

    above: float64 (K, parents), to the parents. parent: int64 (M), of each new node. siblings: float64 (N, v), upward
    messages of the new level. members: int64 (s - 1, M), which of them stand beside each new node. out: float64 (M, v),
    filled. The rest as for :func:`upper_level`.
    """

    def share(first: int, step: int) -> None:
        _lower_share(first, step, above, parent, siblings, members, m, dense, key, out)

    share_out(share, _blocks(parent.size), parent.size * above.shape[1] * m)


def _blocks(nodes: int) -> int:
    return (nodes + _BLOCK - 1) // _BLOCK


@kernel(nogil=True)
def _upper_share(
    first: int, step: int, children: Any, members: Any, parents: int, m: int, dense: bool, key: Any, out: Any
) -> None:
    s, nodes = members.shape
    v, drawn = children.shape[1], parents * m
    for block in range(first, (nodes + _BLOCK - 1) // _BLOCK, step):
        picks, product, tuples, slots, marks = _scratch(v**s if dense else 0, s, drawn, dense)
        for node in range(block * _BLOCK, min(nodes, (block + 1) * _BLOCK)):
            stream = _mixed(key + np.uint64(node + 1) * _STRIDE)
            if dense:
                _tabulate(children, members, node, product)
                _shuffle(stream, drawn, picks, product)
                for a in range(parents):
                    total = 0.0
                    for k in range(a * m, (a + 1) * m):
                        total += product[k]
                    out[node, a] = total
            else:
                _draw_tuples(stream, drawn, v, tuples, slots, marks, node + 1)
                for a in range(parents):
                    total = 0.0
                    for k in range(a * m, (a + 1) * m):
                        weight = children[members[0, node], tuples[k, 0]]
                        for i in range(1, s):
                            weight *= children[members[i, node], tuples[k, i]]
                        total += weight
                    out[node, a] = total
            _normalise(out[node])


@kernel(nogil=True)
def _lower_share(
    first: int, step: int, above: Any, parent: Any, siblings: Any, members: Any, m: int, dense: bool, key: Any, out: Any
) -> None:
    nodes, parents = parent.size, above.shape[1]
    s, v, drawn = members.shape[0] + 1, siblings.shape[1], parents * m
    for block in range(first, (nodes + _BLOCK - 1) // _BLOCK, step):
        rest = v ** (s - 1) if dense else 0
        picks, product, tuples, slots, marks = _scratch(rest, s, drawn, dense)
        codes = np.empty(rest * v, np.int32)
        for node in range(block * _BLOCK, min(nodes, (block + 1) * _BLOCK)):
            stream = _mixed(key + np.uint64(node + 1) * _STRIDE)
            belief = above[parent[node]]
            out[node] = 0.0
            if dense:
                _tabulate(siblings, members, node, product)
                for k in range(codes.size):
                    codes[k] = k
                _shuffle(stream, drawn, picks, codes)
                for a in range(parents):
                    for k in range(a * m, (a + 1) * m):
                        symbol = codes[k] // np.int32(rest)
                        out[node, symbol] += belief[a] * product[codes[k] - symbol * np.int32(rest)]
            else:
                _draw_tuples(stream, drawn, v, tuples, slots, marks, node + 1)
                for a in range(parents):
                    for k in range(a * m, (a + 1) * m):
                        weight = belief[a]
                        for i in range(1, s):
                            weight *= siblings[members[i - 1, node], tuples[k, i]]
                        out[node, tuples[k, 0]] += weight
            _normalise(out[node])


@kernel()
def _scratch(products: int, s: int, drawn: int, dense: bool) -> Any:
    tuples = 0 if dense else drawn
    slots = 1
    while slots < 2 * tuples:
        slots *= 2
    return (
        np.empty(drawn if dense else 0, np.int32),
        np.empty(products),
        np.empty((tuples, s), np.int32),
        np.empty(slots, np.uint64),
        np.zeros(slots, np.int64),
    )


@kernel()
def _mixed(z: Any) -> Any:
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@kernel()
def _tabulate(messages: Any, members: Any, node: int, product: Any) -> None:
    """Product of the messages for every tuple, the last place fastest; built from the last place on."""
    v, places = messages.shape[1], members.shape[0]
    last = messages[members[places - 1, node]]
    for b in range(v):
        product[b] = last[b]
    size = v
    for i in range(places - 2, -1, -1):
        message = messages[members[i, node]]
        for b in range(v - 1, -1, -1):  # the block that the others are made of is overwritten last
            factor, target = message[b], product[b * size : (b + 1) * size]
            for r in range(size):
                target[r] = factor * product[r]
        size *= v


@kernel()
def _shuffle(stream: Any, drawn: int, picks: Any, pool: Any) -> None:
    """Put ``drawn - 1`` entries, drawn from all but the first, in random order behind the first."""
    size = pool.size
    for k in range(drawn):
        uniform = np.float64(_mixed(stream + np.uint64(k) * _STRIDE) >> _SHIFT_DOUBLE) * _DOUBLE
        picks[k] = k + np.int32(uniform * np.float64(size - k))
    for k in range(1, drawn):
        place = picks[k]
        drawn_here = pool[place]
        pool[place] = pool[k]
        pool[k] = drawn_here


@kernel()
def _draw_tuples(stream: Any, drawn: int, v: int, tuples: Any, slots: Any, marks: Any, mark: int) -> None:
    """The true tuple of zeros, then distinct tuples in random order.

    A tuple is known by its code modulo 2^64: two equal ones always collide, and two different ones next to never.
    """
    s, counter, mask, symbols = tuples.shape[1], np.uint64(0), slots.size - 1, np.uint64(v)
    for k in range(drawn):
        found = False
        while not found:
            code = np.uint64(0)
            for i in range(s):
                symbol = np.uint64(0)
                if k > 0:
                    # Two symbols from one number of 64 bits: their probabilities are 1/v to within 2^-32.
                    bits = _mixed(stream + (counter >> _ONE) * _STRIDE)
                    half = (bits >> _SHIFT_HALF) if counter & _ONE else (bits & _LOW_HALF)
                    symbol = (half * symbols) >> _SHIFT_HALF
                    counter += _ONE
                code = code * symbols + symbol
                tuples[k, i] = np.int32(symbol)
            place = np.int64((code * _HASH) >> _SHIFT_HALF) & mask
            while marks[place] == mark and slots[place] != code:
                place = (place + 1) & mask
            if marks[place] != mark:
                marks[place] = mark
                slots[place] = code
                found = True


@kernel()
def _normalise(message: Any) -> None:
    total = 0.0
    for a in range(message.size):
        total += message[a]
    if total == 0.0:  # neighbours so sure of symbols that no rule joins that every product underflows tell nothing
        message[:] = 1.0 / message.size
        return
    for a in range(message.size):
        message[a] /= total
