"""How activations at all positions of a torus divide into what x does, what y does, and what only both do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CodeMeasures", "measure_code"]

Array = NDArray[np.float64]

_ENOUGH = 4  # replicates: squares of products of means take four of them
_ROUNDING = 1e-12  # of the mean square of activations


@dataclass(frozen=True, eq=False)
class CodeMeasures:
    """Two-way analysis of variance of activations, with as many images of each position as there are replicates.

    With ``m(x, y)`` the mean over replicates, ``f(x)`` its mean over y and ``g(y)`` its mean over x, both less the
    grand mean, and ``h = m - f - g - mean``. Each product is one of different replicates, so that noise, which is
    independent in each image, adds nothing on average.

    Attributes
    ----------
    x, y, both : float
        Mean squared lengths of f, g and h: of a sum of a code of x and one of y, the last is 0.
    noise : float
        Variance of a single image about its position's mean.
    floor : float
        What noise alone gives f and g of squared length; a feature of no more variance counts as not there.
    squares : ndarray, shape (3,)
        Mean squares of ``f(x) f(x')``, ``g(y) g(y')`` and ``f(x) g(y)``.
    products : ndarray, shape (2 N, 2 N)
        Products of f(0), ..., f(N - 1), g(0), ..., g(N - 1).
    """

    x: float
    y: float
    both: float
    noise: float
    floor: float
    squares: Array
    products: Array

    @property
    def there(self) -> tuple[bool, bool]:
        """Whether x, and y, have variance beyond what noise gives them."""
        return self.x > self.floor, self.y > self.floor

    @property
    def apart(self) -> float | None:
        """Share of the variance between positions that is of x or of y alone."""
        return (self.x + self.y) / (self.x + self.y + self.both) if self._any and self._total > 0 else None

    @property
    def noisy(self) -> float | None:
        """Variance of a single image about its position's mean, over that between positions."""
        return self.noise / self._total if self._any and self._total > 0 else None

    @property
    def parallel(self) -> tuple[float | None, float | None]:
        """Cosine of the displacements by a change of x at two different y, and of x and y exchanged.

        Over all changes, weighted by squared length: 1 for a sum, 0 where they lie in directions of their own.
        """
        of_x, of_y = (
            (each - self.both / (self._side - 1)) / (each + self.both) if there and each + self.both > 0 else None
            for each, there in zip((self.x, self.y), self.there, strict=True)
        )
        return of_x, of_y

    @property
    def crossed(self) -> float | None:
        """Squared cosine of f(x) and g(y), weighted by their squared lengths: 0 in orthogonal directions."""
        return float(self.squares[2] / (self.x * self.y)) if all(self.there) else None

    @property
    def dimension(self) -> float | None:
        """Participation ratio D of the directions of f and g together; where both use all alike ``crossed`` is 1/D."""
        spread = self.squares[0] + self.squares[1] + 2 * self.squares[2]
        return float((self.x + self.y) ** 2 / spread) if all(self.there) and spread > 0 else None

    @property
    def kernels(self) -> tuple[Array | None, Array | None]:
        """Cosine of f(x) and f(x + k), and of g(y) and g(y + k), for k from 0 to N/2; None where not there."""
        side = self._side
        of_x, of_y = (
            _by_distance(self.products[rows, rows]) / each if there else None
            for rows, each, there in zip((slice(0, side), slice(side, None)), (self.x, self.y), self.there, strict=True)
        )
        return of_x, of_y

    @property
    def cosines(self) -> Array | None:
        """Products over root mean square lengths, (2 N, 2 N): x on x, x on y and y on y."""
        if not all(self.there):
            return None
        lengths = np.sqrt(np.repeat([self.x, self.y], self._side))
        return self.products / np.outer(lengths, lengths)

    @property
    def _side(self) -> int:
        return len(self.products) // 2

    @property
    def _any(self) -> bool:
        return any(self.there)

    @property
    def _total(self) -> float:
        return self.x + self.y + self.both


def measure_code(activations: Array) -> CodeMeasures:
    """Measure activations, shape (replicates, N, N, D), [r, y, x]; one replicate is taken to be free of noise."""
    replicates, rows, columns, _ = activations.shape
    if rows != columns or not (replicates == 1 or replicates >= _ENOUGH):
        raise ValueError(
            f"measure_code: activations must have one replicate, without noise, or {_ENOUGH} at least, at as many y as "
            f"x, got {replicates} of {rows} x {columns}"
        )
    centred = activations - activations.mean(axis=(1, 2), keepdims=True)
    f, g = centred.mean(axis=1), centred.mean(axis=2)
    h = centred - f[:, None] - g[:, :, None]
    noise = float(activations.var(axis=0, ddof=1).sum(axis=2).mean()) if replicates > 1 else 0.0
    alone = np.concatenate([f, g], axis=1)
    pairs = np.einsum("ard,bsd->abrs", alone, alone, optimize=True)
    different = list(permutations(range(replicates), 2)) or [(0, 0)]
    products = np.mean([pairs[each] for each in different], axis=0)
    four = list(permutations(range(replicates), _ENOUGH)) or [(0, 0, 0, 0)]
    squares = np.mean([pairs[a, b] * pairs[c, d] for a, b, c, d in four], axis=0)
    total = h.sum(axis=0)
    both = (total**2).sum(axis=2) - (h**2).sum(axis=(0, 3)) if replicates > 1 else (total**2).sum(axis=2)
    blocks = (slice(0, rows), slice(rows, None))
    size = float((activations**2).sum(axis=3).mean())
    return CodeMeasures(
        x=float(np.trace(products[blocks[0], blocks[0]]) / rows),
        y=float(np.trace(products[blocks[1], blocks[1]]) / rows),
        both=float(both.mean()) / len(different),
        noise=noise,
        floor=noise * (rows - 1) / (replicates * rows**2) + _ROUNDING * size,
        squares=np.array([squares[blocks[a], blocks[b]].mean() for a, b in ((0, 0), (1, 1), (0, 1))]),
        products=products,
    )


def _by_distance(products: Array) -> Array:
    """Mean of the products of values k apart."""
    rows = np.arange(len(products))
    return np.array([products[rows, (rows + k) % len(rows)].mean() for k in range(len(rows) // 2 + 1)])
