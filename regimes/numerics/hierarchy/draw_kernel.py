"""Trees from the posterior, sixteen samples at a time: the root from its marginal, then rules from the root down."""

from __future__ import annotations

from typing import Any

import numpy as np

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.lanes import LANES, entry, number
from regimes.numerics.hierarchy.upward_kernel import LOST, NEGLIGIBLE, aligned, root_evidence, upward

__all__ = ["choose", "draw_groups"]


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
    lacking = LOST
    for j in range(s):
        lacking += number(up, children + (j * (v + 1) + v) * LANES)
    return lacking * m <= NEGLIGIBLE * total


@kernel(nogil=True)
def draw_groups(
    first: int, step: int, given: Any, tables: Any, shape: Any, uniforms: Any, trees: Any, tree_starts: Any, sound: Any
) -> None:
    """Trees for each sample of the groups first, first + step, ...

    given, tables, shape: as in ``propagate_groups``. uniforms: float64 (draws, internal nodes + 1, n), one number a
    choice, level by level. trees: int32 (draws, nodes, n), level by level from tree_starts.
    """
    messages, steps, n, prior = given
    blocks, rules, rule_starts, _, _, slots, size, _, _ = tables
    classes, v, m, s, depth = shape
    width = (v + 1) * LANES
    groups = (n + LANES - 1) // LANES
    draws = uniforms.shape[0]
    up, down, scratch = aligned(size), aligned(slots[depth + 1]), aligned(4 * LANES)
    sums = np.empty(max(classes, m))
    for group in range(first, groups, step):
        sample = group * LANES
        live = min(LANES, n - sample)
        upward(messages, steps, sample, live, up, tables, shape, scratch)
        root_evidence(up, prior, sample, live, classes, down, scratch)
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
                        start = rule_starts[level] + symbol * m * s
                        if symbol != weighed:
                            weighed = symbol
                            if not _weigh_rules(up, children + lane, rules, start, v, m, s, sums):
                                sound[sample + lane] = False
                        rule = start + s * choose(sums, m, uniforms[draw, 1 + place, sample + lane])
                        for j in range(s):
                            child = entry(rules, rule + j) // LANES - j * (v + 1)
                            trees[draw, below + j, sample + lane] = child
