"""Draws of the random energy model behind collapse: what a noised point sees of the other points, d dimensions reduced.

Relative to its own point a_mu, the probe x_t = e^{-t} a_mu + sqrt(Delta_t) z sees the point a_nu with the exponent
-snr D/2 - sqrt(snr) W, where D = |a_mu - a_nu|^2 and W = z.(a_mu - a_nu) do not depend on t. Let a_nu = c m + sigma g
with class c, and v_c = (a_mu - c m)/sigma. Then W = sigma |z| (along_c - xi) and
D = sigma^2 ((along_c - xi)^2 + (across_c - eta)^2 + rest): along_c and across_c are the components of v_c along z and
across it, xi and eta those of g on the same two axes, and rest, the squared norm of what remains of g, is a chi-square
with d - 2 degrees of freedom. Three numbers a point are exact, jointly at all times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.posterior.summary import CLASS_CLONES, INDEX_CLONES

__all__ = [
    "BENDS",
    "CLASS",
    "CLONES",
    "CONTROLS",
    "INDEX",
    "LOG_REST",
    "LOG_TOTAL",
    "STATISTICS",
    "EnergyModel",
    "Probes",
    "draw_probes",
]

Array = NDArray[np.float64]

LOG_TOTAL, LOG_REST, INDEX, CLASS = range(4)
"""Statistics of a probe: log(1 + S), log S, and the sums of squared posteriors of the index and of the class."""
STATISTICS = 4

_index_clones, _class_clones = compile_formula(INDEX_CLONES).scalar, compile_formula(CLASS_CLONES).scalar

_OFFSETS = (-3.0, 0.0, 3.0)
CLONES, BENDS = 1, [2, 3, 4]
CONTROLS = 5
"""Functions of a probe alone: log E(S | x_t), the sum of squared posteriors of the class, and bends of the first."""

# Exponents this far below the guess of log S are left out, unless the sum comes out so small that they may matter:
# 1e9 points of exp(-70) are 4e-12 of it.
_CUTOFF = -70.0
_SMALLEST_SUM = 1e-10


@dataclass(frozen=True, eq=False)
class Probes:
    """Own points and noises, as far as the other points can tell: ``|z|`` (S,), and the components of
    ``(a_mu - c m)/sigma`` along z and across it (S, K), for the own class and, if there are two, the other.
    """

    noise: Array
    along: Array
    across: Array


def draw_probes(d: int, distance: float, classes: int, count: int, generator: np.random.Generator) -> Probes:
    """Draw probes in the plane of m and z; in the other d - 2 dimensions only norms matter; own class +."""
    on_axis, own_on_axis, own_beside = generator.standard_normal((3, count))
    beside = np.sqrt(2 * generator.standard_gamma((d - 1) / 2, count))
    rest = 2 * generator.standard_gamma((d - 2) / 2, count)
    noise = np.hypot(on_axis, beside)
    own = own_on_axis[:, None] + 2 * distance * np.arange(classes)
    along = (own * on_axis[:, None] + (own_beside * beside)[:, None]) / noise[:, None]
    turned = ((own_beside * on_axis)[:, None] - own * beside[:, None]) / noise[:, None]
    return Probes(noise, along, np.sqrt(turned**2 + rest[:, None]))


class EnergyModel:
    """Points of one Gaussian or of a symmetric mixture of two, seen at given times."""

    def __init__(self, d: int, n: int, sigma: float, mu: float | None, times: Array) -> None:
        self.d, self.n = d, n
        self.classes = 1 if mu is None else 2
        self.distance = 0.0 if mu is None else np.sqrt(d) * mu / sigma
        self._slope = compile_formula("sign_clone_slope", target="numpy")(times, sigma)  # sigma sqrt(snr)
        self._delta = compile_formula("noise_variance", target="numpy")(times)
        self._s2 = sigma**2 * compile_formula("signal_amplitude", target="numpy")(times) ** 2
        self._cumulants = compile_formula("random_energy_cumulants", target="numpy")

    def probes(self, count: int, generator: np.random.Generator) -> Probes:
        """Draw probes of this model; see :func:`draw_probes`."""
        return draw_probes(self.d, self.distance, self.classes, count, generator)

    def annealed(self, probes: Probes) -> Array:
        """Logarithm of the mean weight of a point of each class, ``log E exp(exponent)``: (2, S, T, K), +z and -z."""
        slope, noise = self._slope[:, None], probes.noise[:, None, None]
        square = (probes.along**2 + probes.across**2)[:, None, :]
        result = []
        for sign in (1, -1):
            # |x_t - e^{-t} c m|^2/Delta_t
            reach = slope**2 * square + 2 * sign * slope * noise * probes.along[:, None, :] + noise**2
            spread = self._delta[:, None] * reach / self.d
            result.append(self.d * self._cumulants(1.0, self._delta[:, None], self._s2[:, None], spread) + noise**2 / 2)
        return np.array(result)

    def controls(self, annealed: Array) -> tuple[Array, Array]:
        """Functions of the probes alone (S, T, CONTROLS), averaged over +z and -z, and the guess of log S that they are
        made of, ``log E(S | x_t)`` (2, S, T).
        """
        if self.classes == 1:
            guess, clones = annealed[..., 0], np.ones(annealed.shape[:-1])
        else:
            guess = np.logaddexp(annealed[..., 0], annealed[..., 1]) - np.log(2)
            clones = (1 + np.tanh((annealed[..., 0] - annealed[..., 1]) / 2) ** 2) / 2
        guess = guess + np.log(self.n - 1)
        bends = [np.logaddexp(0.0, offset - guess) for offset in _OFFSETS]
        return np.stack([guess, clones, *bends], axis=-1).mean(axis=0), guess

    def sample(self, generator: np.random.Generator) -> tuple[Array, Array]:
        """Draw one probe with a data set of its own: statistics (T, STATISTICS) over +z and -z, and its controls."""
        probe = self.probes(1, generator)
        controls, guess = self.controls(self.annealed(probe))
        others = self.n - 1
        own_class = others if self.classes == 1 else int(generator.binomial(others, 0.5))
        spread = 2 * generator.standard_gamma((self.d - 2) / 2, others)
        overlap, across = generator.standard_normal((2, others))
        for k, part in enumerate((slice(0, own_class), slice(own_class, others))[: self.classes]):
            overlap[part] = probe.along[0, k] - overlap[part]
            spread[part] += overlap[part] ** 2 + (probe.across[0, k] - across[part]) ** 2
        overlap *= probe.noise[0]
        statistics = np.zeros((self._slope.size, STATISTICS))
        _add_statistics(spread, overlap, own_class, self._slope, guess[:, 0], statistics)
        return statistics, controls[0]


@kernel(nogil=True)
def _add_statistics(spread: Any, overlap: Any, own_class: int, slope: Any, guess: Any, out: Any) -> None:
    """Add half of the statistics of +z and of -z; the first ``own_class`` points are of the class of the probe."""
    for k in range(slope.size):
        for sign in range(2):
            a, b = 0.5 * slope[k] ** 2, slope[k] if sign == 0 else -slope[k]
            shift = guess[sign, k]
            own, other, squares = _sums(spread, overlap, own_class, a, b, shift)
            if not _SMALLEST_SUM < own + other < 1.0 / _SMALLEST_SUM:
                shift = -np.inf
                for j in range(spread.size):
                    shift = max(shift, -a * spread[j] - b * overlap[j])
                own, other, squares = _sums(spread, overlap, own_class, a, b, shift)
            # The probe's own point has weight exp(0); all is divided by exp(max(shift, 0)).
            unit, scale = np.exp(-max(shift, 0.0)), np.exp(min(shift, 0.0))
            out[k, LOG_REST] += 0.5 * (shift + np.log(own + other))
            own, other, squares = scale * own, scale * other, scale * scale * squares
            rest = own + other
            out[k, LOG_TOTAL] += 0.5 * (np.log1p(rest) if shift <= 0.0 else shift + np.log(unit + rest))
            out[k, INDEX] += 0.5 * _index_clones(unit, rest, squares)
            out[k, CLASS] += 0.5 * _class_clones(unit, own, own * own + other * other, rest)


@kernel(nogil=True)
def _sums(spread: Any, overlap: Any, own_class: int, a: float, b: float, shift: float) -> Any:
    """Sums of ``exp(exponent - shift)`` over the points of the own class and of the other, and of all squares."""
    own, other, squares = 0.0, 0.0, 0.0
    for j in range(spread.size):
        exponent = -a * spread[j] - b * overlap[j] - shift
        if exponent > _CUTOFF:
            weight = np.exp(exponent)
            squares += weight * weight
            if j < own_class:
                own += weight
            else:
                other += weight
    return own, other, squares
