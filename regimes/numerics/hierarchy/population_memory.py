"""Memory that populations of messages take, asked for before they are made."""

from __future__ import annotations

from numba import get_num_threads

from regimes.numerics.hierarchy.fresh_rules import dense_rules
from regimes.numerics.hierarchy.noise import Noise
from regimes.numerics.hierarchy.problem import Hierarchy
from regimes.numerics.interface.checks import check_memory, whole_number

__all__ = ["CHUNK", "MEMORY", "THINNING", "check_population"]

MEMORY = 2 * 2**30
"""Bytes that populations may take unless more is allowed."""

THINNING = 4
"""Gaussian leaves that are drawn for each that is kept."""

CHUNK = 2**14
"""Gaussian leaves that are kept at a time."""

_DRAWN_ARRAYS = 3  # of as many messages as are drawn, while Gaussian noise is put on leaves


def check_population(
    function: str, hierarchy: Hierarchy, noise: Noise, population: int, arrays: int, memory: int
) -> None:
    """Refuse that many arrays of messages, and the rules of a node, where they would take more memory than allowed."""
    width, m, s, v = max(hierarchy.v, hierarchy.classes), hierarchy.m, hierarchy.s, hierarchy.v
    allowed = whole_number(function, "memory", "bytes", memory, at_least=1)
    messages = 8 * population * (arrays * width + 2 * s + 4)
    if noise == "gaussian":
        drawing = _DRAWN_ARRAYS * THINNING * min(population, CHUNK) + 2 * population
        messages = max(messages, 8 * v * drawing)
    drawn = width * m
    # Of drawn tuples there is also a hash table, with four places for each at most.
    rules = 4 * drawn + 8 * v**s if dense_rules(v, s, drawn) else (4 * s + 4 * 16) * drawn
    threads = get_num_threads()
    needed = messages + rules * threads
    what, advice = f"a population of {population} messages of {width} symbols", "take a smaller population"
    if messages <= allowed:
        what, advice = f"the {drawn} tuples that are the rules of a node, for {threads} threads,", "take fewer rules"
    check_memory(function, what, needed, allowed, advice)
