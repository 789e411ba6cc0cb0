"""Excess entropy of n points of a Gaussian mixture, exact at finite d and n: the random energy model, sampled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.collapse.energy_draws import (
    BENDS,
    CLASS,
    CLONES,
    CONTROLS,
    INDEX,
    LOG_REST,
    LOG_TOTAL,
    STATISTICS,
    EnergyModel,
)
from regimes.numerics.collapse.finite_size import number_of_points
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.threads import in_threads
from regimes.numerics.estimation.control_variates import control_means, controlled_mean
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import check_memory, positive_times, whole_number
from regimes.numerics.posterior.moments import excess_entropy, leave_one_out
from regimes.numerics.posterior.summary import CLASS_CLONES, INDEX_CLONES
from regimes.numerics.speciation.clone_probability import class_information
from regimes.numerics.speciation.problem import Mixture
from regimes.theory.formula.record import note

__all__ = ["SampledExcessEntropy", "sampled_excess_entropy"]

Array = NDArray[np.float64]

_FEWEST = 32
_PIECE = 8
_CHEAP = 64  # probes without points, for each one with points: they cost a thousandth
_CHUNK = 4096
_POINT_BYTES = 48


@dataclass(frozen=True, eq=False)
class SampledExcessEntropy:
    """Curves of n points of a Gaussian mixture, averaged over data sets and probes x_t.

    Attributes
    ----------
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times.
    mixture : Mixture
        The points.
    samples : int
        Number of data sets, each with one pair of probes (+z and -z).
    excess_entropy, leave_one_out : ndarray, shape (T,)
        Empirical excess entropy over alpha, and the same with the own point left out, as in
        :class:`regimes.collapse.PosteriorCurves`.
    clone_index : ndarray, shape (T,)
        Probability that two clones share the training point.
    clone_class : ndarray, shape (T,), or None
        Probability that two clones share the class under the empirical law; None for one Gaussian.
    excess_entropy_se, leave_one_out_se, clone_index_se, clone_class_se : ndarray, shape (T,)
        Standard errors.
    excess_entropy_covariance, leave_one_out_covariance, clone_index_covariance, clone_class_covariance : ndarray
        Covariance of the curve over times, shape (T, T): one noise serves all times.
    """

    t: Array
    mixture: Mixture
    samples: int
    excess_entropy: Array
    excess_entropy_se: Array
    excess_entropy_covariance: Array
    leave_one_out: Array
    leave_one_out_se: Array
    leave_one_out_covariance: Array
    clone_index: Array
    clone_index_se: Array
    clone_index_covariance: Array
    clone_class: Array | None
    clone_class_se: Array | None
    clone_class_covariance: Array | None


def sampled_excess_entropy(
    mixture: Mixture,
    t: ArrayLike,
    *,
    samples: int = 2000,
    rng: int | np.random.Generator = 0,
    memory: int = 2 * 2**30,
    progress: Callable[[str, int, int], None] | None = None,
) -> SampledExcessEntropy:
    """Excess entropy and clone probabilities of n Gaussian points at finite d and n.

    The sums of :func:`regimes.collapse.posterior_curves`, averaged over data sets as well. A noised point sees each of
    the other points through three numbers, whatever d: a data set costs n draws, not n d, and the same draws serve all
    times.

    Parameters
    ----------
    mixture : Mixture
        With d and n whole numbers, at least 2; mu = 0 for one Gaussian.
    t : array_like, shape (T,)
        Ornstein-Uhlenbeck times, positive.
    samples : int
        Number of data sets, at least 32, each with its own probe, used with z and -z.
    rng : int or numpy.random.Generator
        Seed, or a generator, from which a seed is drawn.
    memory : int
        Bytes for working arrays.
    progress : callable, optional
        Called with (part, data sets done, data sets).

    Returns
    -------
    SampledExcessEntropy
        Curves with standard errors and their covariance over times.

    Raises
    ------
    ValueError
        If a parameter is out of range, or the memory does not suffice.

    Notes
    -----
    Derived (``random_energy_cumulants``, ``index_entropy``). No limit is taken: the law of the sums is
    that of data drawn in d dimensions, with a fresh data set for each probe; one data set for many probes has the same
    mean. Errors are reduced by control variates, functions of x_t alone: ``log E(S | x_t)``, whose mean is known (the
    information that x_t carries), and three bends of it and the class posterior, whose means come from 64 times as many
    probes without points. Their factors are fitted to other data sets than those they are used on: means are unbiased.
    Sums are float64. Results do not depend on the number of threads.

    Examples
    --------
    >>> result = sampled_excess_entropy(Mixture(64, 0, 1, 500), [0.3, 0.6, 2.0], samples=300)
    >>> result.excess_entropy.round(2).tolist(), result.clone_index.round(2).tolist()
    ([0.0, 0.03, 0.91], [1.0, 0.93, 0.01])
    """
    name = "sampled_excess_entropy"
    d = whole_number(name, "d", "dimension", _exact(mixture.d), at_least=2)
    n = whole_number(name, "n", "number of training points", _exact(number_of_points(name, mixture)), at_least=2)
    sigma, mu = mixture.sigma, mixture.mu or None
    times = positive_times(name, t)
    samples = whole_number(name, "samples", "number of data sets", samples, at_least=_FEWEST)
    needed = (
        get_num_threads() * _POINT_BYTES * n
        + 24 * samples * times.size * (STATISTICS + CONTROLS)
        + 80 * _CHUNK * times.size * CONTROLS
        + 40 * (times.size * CONTROLS) ** 2
    )
    check_memory(name, f"{n} points, {samples} samples and {times.size} times", needed, memory, "ask for fewer")
    seed = _seed(rng)
    model = EnergyModel(d, n, sigma, mu, times)

    def piece(first: int) -> list[tuple[Array, Array]]:
        last = min(first + _PIECE, samples)
        return [model.sample(generator(Stream.ENERGIES, seed, "rng", i)) for i in range(first, last)]

    drawn: list[tuple[Array, Array]] = []
    for some in in_threads(piece, range(0, samples, _PIECE)):
        drawn.extend(some)
        if progress is not None:
            progress("data sets", len(drawn), samples)
    statistics, controls = (np.array(part) for part in zip(*drawn, strict=True))

    information = compile_formula("isotropic_information", target="numpy")(times, d, sigma)
    if mu is not None:
        kappa = compile_formula("mixture_kappa", target="numpy")(times, d, mu, sigma)
        information = information + class_information(kappa)
    means = control_means(_control_chunks(model, _CHEAP * samples, seed), np.log(n - 1) - information)
    curves: dict[str, Any] = {}
    for label, place, entropy in (
        ("excess_entropy", LOG_TOTAL, excess_entropy),
        ("leave_one_out", LOG_REST, leave_one_out),
        ("clone_index", INDEX, None),
        ("clone_class", CLASS, None),
    ):
        value, spread = controlled_mean(
            statistics[..., place], controls, means, BENDS if place != CLASS else [*BENDS, CLONES]
        )
        absent = label == "clone_class" and mu is None
        unit = 1.0 if entropy is None else np.log(n)
        curves[label] = None if absent else value if entropy is None else entropy(d, n, value)
        curves[f"{label}_se"] = None if absent else np.sqrt(np.diag(spread)) / unit
        curves[f"{label}_covariance"] = None if absent else spread / unit**2
    note(INDEX_CLONES, *(() if mu is None else (CLASS_CLONES,)))
    return SampledExcessEntropy(
        t=times,
        mixture=mixture,
        samples=samples,
        **curves,
    )


def _exact(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _seed(rng: int | np.random.Generator) -> int:
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    return whole_number("rng", "rng", "seed", rng, at_least=0)


def _control_chunks(model: EnergyModel, count: int, seed: int) -> Iterator[Array]:
    for chunk, first in enumerate(range(0, count, _CHUNK)):
        probes = model.probes(min(_CHUNK, count - first), generator(Stream.ENERGY_CONTROLS, seed, "rng", chunk))
        yield model.controls(model.annealed(probes))[0]
