"""Data of a hierarchy with all symbols above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.hierarchy.checks import MEMORY, check_range, symbol_type
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.hierarchy.rules import HierarchyRules, checked_rules
from regimes.numerics.interface.checks import check_memory, whole_number

__all__ = ["HierarchySample", "sample_hierarchy"]

_FEWER = "take fewer points or levels"


@dataclass(frozen=True, eq=False)
class HierarchySample:
    """Data points of a hierarchy with all symbols above them.

    Attributes
    ----------
    rules : HierarchyRules
        Rules that made them.
    tree : tuple of integer ndarray, shape (n, s^l)
        Symbols of the levels l = 0 (root) to L (leaves); node j has the children s j to s j + s - 1.

    Examples
    --------
    >>> from regimes import Hierarchy
    >>> from regimes.hierarchy import random_hierarchy
    >>> sample = sample_hierarchy(random_hierarchy(Hierarchy(4, 2, L=3), rng=1), 5, rng=2)
    >>> sample
    HierarchySample(n=5, rules=HierarchyRules(v=4, m=2, s=2, L=3, classes=4))
    >>> sample.leaves.shape, sample.labels.shape
    ((5, 8), (5,))
    """

    rules: HierarchyRules
    tree: tuple[NDArray[np.integer[Any]], ...]

    def __post_init__(self) -> None:
        rules, levels = checked_rules("HierarchySample", self.rules), len(self.tree)
        if levels != rules.L + 1:
            raise ValueError(f"HierarchySample: the tree must have L + 1 = {rules.L + 1} levels, got {levels}")
        for level, symbols in enumerate(self.tree):
            shape = (len(self.tree[0]), rules.s**level)
            if symbols.shape != shape or symbols.dtype.kind not in "iu":
                raise ValueError(
                    f"HierarchySample: level {level} of the tree must be whole numbers of shape {shape}, got "
                    f"{symbols.dtype} of shape {symbols.shape}"
                )
            check_range("HierarchySample", f"the symbols of level {level}", symbols, rules.symbols(level))

    def __repr__(self) -> str:
        return f"HierarchySample(n={self.n}, rules={self.rules})"

    @property
    def n(self) -> int:
        """Number of data points."""
        return int(self.tree[0].shape[0])

    @property
    def d(self) -> int:
        """Number s^L of leaves."""
        return self.rules.leaves

    @property
    def leaves(self) -> NDArray[np.integer[Any]]:
        """The data as symbols, shape (n, d)."""
        return self.tree[-1]

    @property
    def labels(self) -> NDArray[np.integer[Any]]:
        """Class of each point, the symbol of its root, shape (n,)."""
        return self.tree[0][:, 0]

    def one_hot(self, *, memory: int = MEMORY) -> NDArray[np.float64]:
        """The data as one-hot vectors (n, d, v), 1 at the symbol of each leaf; refused beyond the memory."""
        shape = (self.n, self.d, self.rules.v)
        check_memory("one_hot", f"an array of shape {shape}", 8 * self.n * self.d * self.rules.v, memory, _FEWER)
        result = np.zeros(shape)
        np.put_along_axis(result, self.leaves[:, :, None].astype(np.intp), 1.0, axis=2)
        return result

    def flat(self, *, center: bool = True, memory: int = MEMORY) -> NDArray[np.float64]:
        """The data as real vectors (n, d v), the one-hot vectors of a point side by side.

        Centred by 1/v, the mean over all rules, so that every leaf sums to 0. Values differ by 1 between the symbol and
        the others: the scale on which Gaussian noise on one-hot leaves is timed.
        """
        result = self.one_hot(memory=memory).reshape(self.n, -1)
        if center:
            result -= 1 / self.rules.v
        return result

    def dataset(self, *, scale: str | float = "none", name: str = "hierarchy", memory: int = MEMORY) -> Dataset:
        """What :func:`regimes.predict` accepts, with the symbol of the root as the class and the mean subtracted.

        Every time depends on the scale, see :func:`regimes.load_dataset`. Classes are named by their symbols; those
        without a point are left out.
        """
        return load_dataset(self.flat(center=False, memory=memory), self.labels, scale=scale, name=name)


def sample_hierarchy(
    rules: HierarchyRules,
    n: int,
    *,
    rng: int | np.random.Generator = 0,
    root: ArrayLike | None = None,
    memory: int = MEMORY,
) -> HierarchySample:
    """Draw data from the rules of a hierarchy.

    The root is uniform over the classes; then every symbol takes one of its m rules, each with probability 1/m.

    Parameters
    ----------
    rules : HierarchyRules
        Rules.
    n : int
        Number of data points, at least 1.
    rng : int or numpy.random.Generator
        Seed or generator.
    root : integer array_like, shape (n,), optional
        Classes of the points, where they are not to be drawn.
    memory : int
        Bytes that the symbols of all levels may take.

    Returns
    -------
    HierarchySample
        Leaves, classes and everything between.

    Notes
    -----
    sclocchi2024 (random hierarchy model).
    """
    rules = checked_rules("sample_hierarchy", rules)
    count = whole_number("sample_hierarchy", "n", "number of data points", n, at_least=1)
    dtype = symbol_type(max(rules.v, rules.classes))
    nodes = rules.hierarchy.nodes
    trees = f"{count} trees of {nodes if nodes < 10**18 else f'{rules.s}^{rules.L} and more'} symbols"
    check_memory("sample_hierarchy", trees, (dtype.itemsize + 8) * count * nodes, memory, _FEWER)
    source = generator(Stream.HIERARCHY_DATA, rng, "sample_hierarchy")
    if root is None:
        symbols = source.integers(0, rules.classes, count, dtype=dtype)
    else:
        given = np.asarray(root)
        if given.shape != (count,) or given.dtype.kind not in "iu":
            raise ValueError(
                f"sample_hierarchy: root (classes) must be whole numbers of shape ({count},), got {given.dtype} of "
                f"shape {given.shape}"
            )
        check_range("sample_hierarchy", "the classes", given, rules.classes)
        symbols = given.astype(dtype)
    tree = [symbols[:, None]]
    for table in rules.tables:
        chosen = source.integers(0, rules.m, tree[-1].shape)
        tree.append(table.astype(dtype)[tree[-1], chosen].reshape(count, -1))
    return HierarchySample(rules, tuple(tree))
