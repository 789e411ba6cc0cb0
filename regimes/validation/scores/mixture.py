"""The exact score of a mixture of isotropic Gaussian classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import real_array
from regimes.validation.sampling.noise import NoiseStream
from regimes.validation.scores.checks import checked_states, checked_time
from regimes.validation.scores.torch_formula import torch_formula

__all__ = ["MixtureScore"]

Array = NDArray[np.float64]

_LABELS, _POINTS = 1, 2  # substreams of a draw


class MixtureScore:
    """Score of ``sum_k w_k N(m_k, sigma_k^2)``, noised.

    With ``Gamma_k = Delta_t + sigma_k^2 e^{-2t}`` and ``P(k | x)`` the posterior of the class,
    ``score = sum_k P(k | x) (e^{-t} m_k - x)/Gamma_k``; for two classes of equal sigma the posterior is a tanh.

    Parameters
    ----------
    weights : array_like, shape (K,)
        Positive class weights; normalised to 1.
    means : array_like, shape (K, ...)
        Class centres, each of the shape of a data point.
    sigmas : float or array_like, shape (K,)
        Standard deviations of the classes in every direction; positive.

    Attributes
    ----------
    weights, means, sigmas : ndarray
        As float64, the weights with sum 1.

    Raises
    ------
    ValueError
        If shapes disagree or a number is out of range.

    Notes
    -----
    biroli2024 (mixture score); ``gaussian_score``, derived. Two classes of equal sigma cost two
    passes over x, others a product with the K centres more. In float32 the log-odds err by some 1e-7 of
    ``e^{-t} |x| |m_k|/Gamma_k``, so the centres should not lie far from the origin. The products of a row depend
    on the number of rows beside it by rounding.

    Examples
    --------
    >>> score = MixtureScore([1, 1], [[3.0, 0.0], [-3.0, 0.0]], 1.0)
    >>> score(torch.tensor([[0.0, 1.0], [2.0, 0.0]], dtype=torch.float64), 0.5).round(decimals=6).tolist()
    [[0.0, -1.0], [-0.182918, 0.0]]
    """

    def __init__(self, weights: ArrayLike, means: ArrayLike, sigmas: ArrayLike) -> None:
        weight = real_array("MixtureScore", "weights", weights)
        mean = real_array("MixtureScore", "means", means)
        sigma = real_array("MixtureScore", "sigmas", sigmas)
        if weight.ndim != 1 or weight.size == 0 or not np.all(np.isfinite(weight) & (weight > 0)):
            raise ValueError(
                "MixtureScore: weights (of the classes) must be a sequence of positive finite numbers; leave empty "
                "classes out"
            )
        if mean.ndim < 2 or len(mean) != weight.size or not np.isfinite(mean).all():
            raise ValueError(
                f"MixtureScore: means (class centres) must be finite, of shape ({weight.size}, ...), one row a weight, "
                f"got {mean.shape}"
            )
        if sigma.shape not in {(), weight.shape} or not np.all(np.isfinite(sigma) & (sigma > 0)):
            raise ValueError(
                f"MixtureScore: sigmas (standard deviations of the classes) must be one positive finite number, or "
                f"{weight.size} of them, got {sigmas!r}; for classes that are points use EmpiricalScore"
            )
        self.weights: Array = weight / weight.sum()
        self.means: Array = mean.copy()
        self.sigmas: Array = np.broadcast_to(sigma, weight.shape).copy()
        self._flat = torch.from_numpy(self.means.reshape(len(mean), -1))
        self._same_sigma = bool(np.all(self.sigmas == self.sigmas[0]))
        self._copies: dict[Any, tuple[Tensor, Tensor, Tensor, bool]] = {}

    @torch.no_grad()
    def __call__(self, x: Tensor, t: float, *, out: Tensor | None = None) -> Tensor:
        """Score at noised points x (n, ...), float32 or float64, on any device; t = 0 gives that of the data.

        It is not differentiable. ``out`` is where to write, of the shape and type of x; x itself will do. New memory
        costs several times the arithmetic where x is large.
        """
        x, time = self._checked(x, t)
        flat = x.reshape(len(x), -1)
        if out is not None and (out.shape != x.shape or out.dtype != x.dtype or not out.is_contiguous()):
            raise ValueError(
                f"MixtureScore: out must be contiguous, of the shape and type of x, {tuple(x.shape)} and {x.dtype}, "
                f"got {tuple(out.shape)} and {out.dtype}"
            )
        target = torch.empty_like(flat) if out is None else out.view(len(x), -1)
        pull, push = _slopes("gaussian_score", time, self.sigmas)
        if len(self.weights) == 2 and self._same_sigma:
            self._pair(flat, time, pull[0], push[0], target)
        else:
            self._combine(flat, time, pull, push, target)
        return target.view(x.shape) if out is None else out

    def posterior_mean(self, x: Tensor, t: float) -> Tensor:
        """Mean of the data point given x_t, of the shape of x."""
        x, time = self._checked(x, t)
        flat = x.reshape(len(x), -1)
        target = torch.empty_like(flat)
        self._combine(flat, time, *_slopes("gaussian_posterior_mean", time, self.sigmas), target)
        return target.view(x.shape)

    @torch.no_grad()
    def posterior(self, x: Tensor, t: float) -> Tensor:
        """Probability of each class given x_t: (n, K), of the type of x."""
        x, time = self._checked(x, t)
        return self._posterior(x.reshape(len(x), -1), time).to(x.dtype)

    def log_density(self, x: Tensor, t: float) -> Tensor:
        """Logarithm of the density of x_t in nats, shape (n,): differentiable, in float64 whatever the type of x."""
        x, time = self._checked(x, t)
        flat, amplitude = x.reshape(len(x), -1).double(), float(_scalar("signal_amplitude", time))
        joint = []
        for weight, mean, sigma in zip(self.weights, self._flat, self.sigmas, strict=True):
            deviation = flat - amplitude * mean.to(x.device)
            variance = float(_scalar("cluster_variance", time, sigma))
            joint.append(math.log(weight) + torch_formula("gaussian_log_density")(deviation, variance).sum(dim=1))
        return torch.logsumexp(torch.stack(joint), dim=0)

    def draw(
        self,
        rows: int,
        noise: NoiseStream,
        *,
        first_row: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> tuple[Tensor, Tensor]:
        """Draw data points exactly, from substreams 1 and 2 of the noise: points (rows, ...) and their classes.

        Pieces with ``first_row`` give what one call gives.
        """
        where = torch.device("cpu" if device is None else device)
        uniform = noise.substream(_LABELS).uniform(0, first_row, rows, (), device=where, dtype=torch.float64)
        edges = torch.from_numpy(np.cumsum(self.weights)[:-1]).to(where)
        labels = torch.bucketize(uniform, edges, right=True)
        shape = self.means.shape[1:]
        points = noise.substream(_POINTS).normal(0, first_row, rows, tuple(shape), device=where, dtype=dtype)
        flat = points.view(rows, self._flat.shape[1])
        sigmas = torch.from_numpy(self.sigmas).to(where, dtype)
        flat.mul_(sigmas[labels, None]).add_(self._flat.to(where, dtype)[labels])
        return points, labels

    def _checked(self, x: Tensor, t: float) -> tuple[Tensor, float]:
        x = checked_states("MixtureScore", x, tuple(self.means.shape[1:]))
        return x, checked_time("MixtureScore", t, zero=True)

    def _pair(self, x: Tensor, time: float, pull: float, push: float, out: Tensor) -> None:
        _, half, middle, centred = self._tensors(x)
        amplitude = float(_scalar("signal_amplitude", time))
        first, second = np.square(self.means.reshape(2, -1)).sum(axis=1)
        ratio = math.log(self.weights[0] / self.weights[1]) / 2
        # Half the log-odds: the squares of the centres enter where they differ.
        offset = ratio - amplitude * push * (first - second) / 4
        tilt = torch.mv(x, half).double().mul_(push).add_(offset).tanh_().to(x.dtype)
        torch.addr(x, tilt, half, beta=pull, alpha=push, out=out)
        if not centred:
            out.add_(middle, alpha=push)

    @torch.no_grad()
    def _combine(self, x: Tensor, time: float, of_x: Array, of_mean: Array, out: Tensor) -> None:
        """``sum_k P(k | x) (of_x_k x + of_mean_k m_k)``."""
        posterior = self._posterior(x, time)
        shares = posterior.mul(torch.from_numpy(of_mean).to(x.device)).to(x.dtype)
        if self._same_sigma:
            torch.mul(x, float(of_x[0]), out=out)
        else:
            torch.mul(x, posterior.mv(torch.from_numpy(of_x).to(x.device)).to(x.dtype)[:, None], out=out)
        out.addmm_(shares, self._tensors(x)[0])

    def _posterior(self, x: Tensor, time: float) -> Tensor:
        """In float64: what depends on a row and a class alone costs little beside x."""
        amplitude = float(_scalar("signal_amplitude", time))
        variance = _scalar("cluster_variance", time, self.sigmas)
        means = self._tensors(x)[0]
        squares = np.square(self.means.reshape(len(self.means), -1)).sum(axis=1)
        # -|x - e^{-t} m|^2/2 without |x|^2, which is left out where it cancels between the classes.
        joint = torch.mm(x, means.T).double().mul_(amplitude)
        joint.sub_(torch.from_numpy(amplitude**2 * squares / 2).to(x.device))
        if not self._same_sigma:
            joint.sub_(torch.linalg.vector_norm(x, dim=1).double().square_()[:, None] / 2)
        normaliser = x.shape[1] * _scalar("gaussian_log_density", 0.0, variance)
        joint.div_(torch.from_numpy(variance).to(x.device))
        joint.add_(torch.from_numpy(np.log(self.weights) + normaliser).to(x.device))
        return torch.softmax(joint, dim=1)

    def _tensors(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, bool]:
        """Centres, half the distance of the first two and their middle, in the type and on the device of x."""
        key = (x.dtype, x.device)
        if key not in self._copies:
            half, middle = (self._flat[0] - self._flat[-1]) / 2, (self._flat[0] + self._flat[-1]) / 2
            means, half, middle = (tensor.to(x.device, x.dtype) for tensor in (self._flat, half, middle))
            self._copies[key] = (means, half, middle, not bool(middle.any()))
        return self._copies[key]


def _scalar(name: str, *values: Any) -> Any:
    return compile_formula(name, target="numpy")(*values)


def _slopes(name: str, time: float, sigmas: Array) -> tuple[Array, Array]:
    """A formula of (x, m, t, sigma) is linear in x and m: its slopes, one a class."""
    return np.asarray(_scalar(name, 1.0, 0.0, time, sigmas)), np.asarray(_scalar(name, 0.0, 1.0, time, sigmas))
