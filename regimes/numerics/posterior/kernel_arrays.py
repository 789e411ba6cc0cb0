"""What the kernel of the posterior is given: columns of points, the points themselves, and a block of probes."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["DEAD", "ROWS", "Block", "Columns", "Data"]

ROWS = 64
"""Rows of sixteen pairs that are swept together; their D and W fit into the first-level cache."""
DEAD = 3e38
"""Distance of a pair that does not count; its exponential is exactly 0, since a is at least 5e-31."""


class Columns(NamedTuple):
    """Columns of the products: sixteen slots side by side, each with points of one cell = (class, group).

    Attributes
    ----------
    order : ndarray of int64, shape (C,)
        Column j holds point ``order[j]``; -1 where the slot has no further point.
    place : ndarray of int64, shape (n,)
        Point i stands in column ``place[i]``.
    segments : ndarray of int64, shape (S, 3)
        First slot, first column and number of columns, a multiple of ``LANES`` of at most ``ROWS`` rows, of a piece
        that is swept at once.
    filled : ndarray of int64, shape (S, LANES)
        Points in each lane of a segment.
    slot_cell : ndarray of int64, shape (slots, 2)
        Class and group of each slot; (-1, -1) where it is empty.
    """

    order: Any
    place: Any
    segments: Any
    filled: Any
    slot_cell: Any


class Data(NamedTuple):
    """Points as given, shape (n, d), and what their products are measured in.

    Attributes
    ----------
    norms : ndarray, shape (C,)
        ``|a_nu|^2`` of each column in units of ``unit`` and in the type of the products; ``DEAD`` without a point.
    near : float
        Pairs with D below this share of their norms are computed again from ``points`` in float64.
    """

    points: Any
    unit: float
    norms: Any
    near: float


class Block(NamedTuple):
    """B probes.

    Attributes
    ----------
    gram, noise : ndarray, shape (B, C)
        ``a_mu . a_nu`` and ``z . a_nu``.
    own : ndarray of int64, shape (B,)
        Column of mu; -1 if it is none of these points.
    norm, along : ndarray, shape (B,)
        ``|a_mu|^2`` and ``z . a_mu``.
    cell : ndarray of int64, shape (B, 2)
        Class and group of mu.
    points, Z : ndarray, shape (B, d)
        The point mu as given, and z.
    """

    gram: Any
    noise: Any
    own: Any
    norm: Any
    along: Any
    cell: Any
    points: Any
    Z: Any
