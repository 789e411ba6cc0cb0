"""The exact score of a finite data set: what a denoiser reaches that has memorised its training points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import check_memory, real_array, whole_number
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.scores.checks import checked_states, checked_time

__all__ = ["EmpiricalScore"]

_PRODUCTS = ("auto", "double", "single")
# Error of a log-weight from a float32 product of two vectors, as a share of the product of their lengths (measured:
# 1.2e-7 to 2.2e-7 at d = 64 and 1024), and how large it may become before the product is made in float64.
_PRODUCT_ERROR, _TOLERANCE = 2.5e-7, 1e-3
_LARGEST_EXPONENT = 1e30
# A block of the posterior that stays near the processor: rows that a matrix product wants, and numbers in all.
_CPU_ROWS, _FEW_ROWS, _CPU_BLOCK = 256, 64, 2**21

Array = NDArray[np.float64]


class EmpiricalScore:
    """Score of ``sum_nu w_nu delta(a - a_nu)``, noised.

    The posterior over the points is a softmax, ``P(nu | x) ~ w_nu exp(-|x - e^{-t} a_nu|^2/(2 Delta_t))``, and
    ``score = (e^{-t} E[a | x] - x)/Delta_t``.

    Parameters
    ----------
    points : array_like or Tensor, shape (n, ...)
        Data points, already scaled.
    weights : array_like, shape (n,), optional
        Positive weights of the points; equal by default.
    products : {"auto", "double", "single"}
        Precision of the products ``x.a_nu`` behind the posterior, for x in float32; for x in float64 it is double.
        ``"auto"`` takes float64 at times at which float32 could change a log-weight by more than 1e-3.
    memory : int
        Bytes for a block of the posterior, beyond the data and a centred copy in each precision in use.

    Attributes
    ----------
    points : Tensor, shape (n, ...)
        The data points.
    weights : ndarray, shape (n,)
        With sum 1.

    Raises
    ------
    ValueError
        If the points or weights are not finite or of the wrong shape, or an option is unknown.

    Notes
    -----
    biroli2024 (empirical score); ``score_from_posterior_mean``, derived. The data are centred inside.
    ``|x - a|^2`` is never formed: its large terms would cancel in float32 between near points. As t goes to 0 the
    softmax becomes one-hot. A row depends on the number of rows beside it by the rounding of matrix products.

    Examples
    --------
    >>> score = EmpiricalScore([[1.0, 0.0], [-1.0, 0.0]])
    >>> x = torch.tensor([[0.5, 1.0], [0.0, 0.0]], dtype=torch.float64)
    >>> score(x, 0.5).round(decimals=4).tolist()
    [[-0.363, -1.582], [0.0, 0.0]]
    >>> score.posterior(x, 0.5).round(decimals=4).tolist()
    [[0.723, 0.277], [0.5, 0.5]]
    """

    def __init__(
        self,
        points: ArrayLike | Tensor,
        *,
        weights: ArrayLike | None = None,
        products: str = "auto",
        memory: int = 256 * 2**20,
    ) -> None:
        data = (
            points if isinstance(points, Tensor) else torch.from_numpy(real_array("EmpiricalScore", "points", points))
        )
        if data.dtype not in (torch.float32, torch.float64):
            data = data.double()
        if data.ndim < 2 or len(data) == 0 or not bool(torch.isfinite(data).all()):
            raise ValueError(
                "EmpiricalScore: points must be finite, of shape (n, ...), one data point a row, got shape "
                f"{tuple(data.shape)}"
            )
        if products not in _PRODUCTS:
            raise ValueError(f"EmpiricalScore: products must be one of {', '.join(_PRODUCTS)}, got {products!r}")
        weight = np.ones(len(data)) if weights is None else real_array("EmpiricalScore", "weights", weights)
        if weight.shape != (len(data),) or not np.all(np.isfinite(weight) & (weight > 0)):
            raise ValueError(
                f"EmpiricalScore: weights must be {len(data)} positive finite numbers, one a point, got shape "
                f"{weight.shape}; leave points without weight out"
            )
        self.points = data.detach()
        self.weights: Array = weight / weight.sum()
        self._products = products
        self._memory = whole_number("EmpiricalScore", "memory", "bytes", memory, at_least=1)
        flat = self.points.reshape(len(data), -1).double()
        self._mean = torch.from_numpy(self.weights).to(flat.device) @ flat
        self._norms = (flat - self._mean).square_().sum(dim=1)
        self._extent = math.sqrt(float(self._norms.max()))
        self._copies: dict[Any, tuple[Tensor, Tensor]] = {}

    @torch.no_grad()
    def __call__(self, x: Tensor, t: float) -> Tensor:
        """Score at noised points x (n', ...), float32 or float64, on any device; not differentiable.

        Raises
        ------
        ValueError
            If t is not positive or too small for the extent of the data, or a row of the posterior exceeds the memory.
        """
        x, time = self._checked(x, t)
        of_x, of_mean = (float(_scalar("score_from_posterior_mean", *unit, time)) for unit in ((1.0, 0.0), (0.0, 1.0)))
        return self._combine(x, time, of_x, of_mean)

    @torch.no_grad()
    def posterior_mean(self, x: Tensor, t: float) -> Tensor:
        """Mean of the data point given x_t, of the shape of x."""
        x, time = self._checked(x, t)
        mean = self._combine(x, time, 0.0, 1.0)
        return mean.add_(self._mean.to(x.device, x.dtype).view(x.shape[1:]))

    @torch.no_grad()
    def posterior(self, x: Tensor, t: float) -> Tensor:
        """Probability of each data point given x_t: (n', n), of the type of x; it must fit into the memory."""
        x, time = self._checked(x, t)
        size = len(x) * len(self.points) * x.element_size()
        check_memory("EmpiricalScore", "the whole posterior", size, self._memory, "ask for fewer rows at a time")
        result = x.new_empty(len(x), len(self.points))
        for first, block, logits in self._logits(x, time):
            torch.softmax(logits, dim=1, out=result[first : first + len(block)])
        return result

    @torch.no_grad()
    def nearest(self, x: Tensor, t: float) -> Tensor:
        """Index of the data point of largest posterior, the nearest one where all weights are equal; t may be 0."""
        x, time = self._checked(x, t, zero=True)
        result = torch.empty(len(x), dtype=torch.int64, device=x.device)
        for first, block, logits in self._logits(x, time, scaled=False):
            torch.argmax(logits, dim=1, out=result[first : first + len(block)])
        return result

    @torch.no_grad()
    def draw_index(self, x: Tensor, t: float, noise: NoiseStream, *, step: int = 0, first_row: int = 0) -> Tensor:
        """Draw a data point from the posterior: the end of an exact backward trajectory from x_t.

        It takes one uniform number a row, at ``step`` and ``first_row`` of the noise, and gives indices, int64 (n',).
        """
        x, time = self._checked(x, t)
        result = torch.empty(len(x), dtype=torch.int64, device=x.device)
        for first, block, logits in self._logits(x, time):
            rows = len(block)
            uniform = noise.uniform(step, first_row + first, rows, (1,), device=x.device, dtype=torch.float64)
            total = torch.softmax(logits.double(), dim=1).cumsum_(dim=1)
            place = torch.searchsorted(total, uniform * total[:, -1:], right=True)
            result[first : first + rows] = place[:, 0].clamp_(max=len(self.points) - 1)
        return result

    def _checked(self, x: Tensor, t: float, *, zero: bool = False) -> tuple[Tensor, float]:
        x = checked_states("EmpiricalScore", x, tuple(self.points.shape[1:]))
        time = checked_time("EmpiricalScore", t, zero=zero)
        if not zero and not self._extent**2 < _LARGEST_EXPONENT * _scalar("noise_variance", time):
            raise ValueError(
                f"EmpiricalScore: t must be so large that |a|^2/Delta_t stays below {_LARGEST_EXPONENT:g}, got t = "
                f"{time:g} with |a| up to {self._extent:.3g}; end the backward process at a larger time"
            )
        return x, time

    def _combine(self, x: Tensor, time: float, of_x: float, of_mean: float) -> Tensor:
        """``of_x x + of_mean E[a | x]``, both less the mean of the data."""
        points = self._tensors(x.dtype, x.device)[0]
        result = torch.empty_like(x, memory_format=torch.contiguous_format)
        flat = result.view(len(x), -1)
        posterior = x.new_empty(0)
        for first, block, logits in self._logits(x, time):
            if len(posterior) < len(block):  # once: new memory costs as much as the softmax
                posterior = torch.empty_like(logits)
            shares, out = posterior[: len(block)], flat[first : first + len(block)]
            torch.softmax(logits, dim=1, out=shares)
            torch.addmm(block, shares, points, beta=of_x, alpha=of_mean, out=out)
        return result

    def _logits(self, x: Tensor, time: float, *, scaled: bool = True) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Number of the first row, centred rows and log-weights of the points, in the type of x; block by block.

        Log-weights are times Delta_t where not scaled, and shifted so that their exponentials do not overflow.
        """
        amplitude, noise = float(_scalar("signal_amplitude", time)), float(_scalar("noise_variance", time))
        scale = 1 / noise if scaled else 1.0
        double = x.dtype == torch.float64 or self._needs_double(amplitude, noise)
        points, norms = self._tensors(torch.float64 if double else torch.float32, x.device)
        weight = torch.from_numpy(np.log(self.weights)).to(x.device)
        bias = weight.mul_(noise * scale).sub_(norms, alpha=amplitude**2 * scale / 2).to(points.dtype)[None]
        mean = self._mean.to(x.device).mul(amplitude)
        flat = x.reshape(len(x), -1)
        rows = self._rows(x, points.element_size())
        buffer = points.new_empty(min(rows, len(flat)), len(points))
        converts = scaled and points.dtype != x.dtype
        converted = torch.empty_like(buffer, dtype=x.dtype) if converts else buffer
        for first in range(0, len(flat), rows):
            block = flat[first : first + rows].sub(mean).to(x.dtype)
            logits = buffer[: len(block)]
            torch.addmm(bias, block.to(points.dtype), points.T, alpha=amplitude * scale, out=logits)
            if converts:
                torch.sub(logits, logits.amax(dim=1, keepdim=True), out=converted[: len(block)])
            yield first, block, converted[: len(block)]

    def _needs_double(self, amplitude: float, noise: float) -> bool:
        """From t and the data alone, so that rows do not depend on their neighbours."""
        if self._products != "auto":
            return self._products == "double"
        length = math.sqrt((amplitude * self._extent) ** 2 + self._mean.numel() * noise)
        return _PRODUCT_ERROR * amplitude * length * self._extent > _TOLERANCE * noise

    def _rows(self, x: Tensor, itemsize: int) -> int:
        """Rows of a block: log-weights, their copy and the posterior, its sums in float64, and a few copies of x."""
        row = len(self.points) * (itemsize + 2 * x.element_size() + 16) + 4 * 8 * self._mean.numel()
        check_memory("EmpiricalScore", "one row of the posterior", row, self._memory, "use fewer data points")
        rows = self._memory // row
        near = min(_CPU_ROWS, max(_FEW_ROWS, _CPU_BLOCK // len(self.points)))
        return min(rows, near) if x.device.type == "cpu" else rows

    def _tensors(self, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
        """Centred points in one precision, and their squared norms in float64."""
        key = (dtype, device)
        if key not in self._copies:
            centred = (self.points.reshape(len(self.points), -1).double() - self._mean).to(device, dtype)
            self._copies[key] = (centred, self._norms.to(device))
        return self._copies[key]


def _scalar(name: str, *values: float) -> Any:
    return compile_formula(name, target="numpy")(*values)
