"""Correlations of spins from samples: the susceptibility of any sites, and C(r) on the leaves of a tree.

The spin of a site is +1 where a sample leaves it unchanged and -1 where it changes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.estimation.jackknife import jackknife_error

__all__ = ["SpinCorrelations", "SpinSusceptibility", "covariance_sums", "spin_correlations", "spin_susceptibility"]

Array = NDArray[np.float64]

_CHUNK = 2**22  # spins turned into float64 at a time


@dataclass(frozen=True)
class SpinSusceptibility:
    """Susceptibility chi of spins from samples, and their mean variance.

    chi is the sum of all covariances over the sum of all variances, 1 for independent sites; its standard error is by
    jackknife over the groups.
    """

    susceptibility: float
    se: float
    variance: float
    samples: int
    sites: int
    groups: int


@dataclass(frozen=True, eq=False)
class SpinCorrelations:
    """Correlations of spins on the leaves of a tree, from samples.

    ``distance`` counts the levels r = 1 to L from two leaves up to their lowest common ancestor; ``correlation`` (L,)
    is the covariance of the spins of two leaves at that distance, averaged over pairs; ``variance`` the mean variance
    of a spin. Standard errors are by jackknife over the groups.
    """

    distance: NDArray[np.int64]
    correlation: Array
    correlation_se: Array
    variance: float
    variance_se: float
    samples: int
    sites: int
    groups: int


def spin_susceptibility(unchanged: ArrayLike, groups: ArrayLike | None = None) -> SpinSusceptibility:
    """Susceptibility of spins from samples, on any sites, with or without a hierarchy.

    ``chi = sum_ij Cov(s_i, s_j) / sum_i Var(s_i)`` is the variance of the total spin over the sum of the variances:
    O(samples x sites).

    Parameters
    ----------
    unchanged : bool array_like, shape (samples, sites)
        Where the spin is +1.
    groups : integer array_like, shape (samples,), optional
        Samples that are not independent of each other share a number (a draw of rules, say); the standard error leaves
        out a group at a time. Every sample for itself by default.

    Returns
    -------
    SpinSusceptibility
        With its standard error.

    Notes
    -----
    Covariances are taken about the means over all samples and divided by samples - 1, so for independent samples the
    numerator and the denominator are unbiased; their ratio has a bias of order 1/samples, small against the standard
    error, of order 1/sqrt(samples). The observable is that of sclocchi2025.

    Examples
    --------
    >>> unchanged = np.random.default_rng(0).random((1000, 1)) < np.full(16, 0.5)
    >>> round(spin_susceptibility(unchanged).susceptibility, 9)
    16.0
    """
    spins, labels = _checked_spins("spin_susceptibility", unchanged, groups)
    sites = spins.shape[1]
    totals, replicates = _pair_sums(spins, labels, (1, sites))
    if not replicates[:, 0].min() > 0:
        varying = np.count_nonzero(spins.any(axis=0) & ~spins.all(axis=0))
        raise ValueError(
            "spin_susceptibility: sites must vary among the samples that are left without any group, got "
            f"{varying} sites that vary over {len(spins)} samples; take more samples or another noise level"
        )
    chi, spread = totals[1] / totals[0], replicates[:, 1] / replicates[:, 0]
    return SpinSusceptibility(
        susceptibility=float(chi),
        se=float(jackknife_error(spread)),
        variance=float(totals[0] / sites),
        samples=len(spins),
        sites=sites,
        groups=len(replicates),
    )


def spin_correlations(unchanged: ArrayLike, s: int, groups: ArrayLike | None = None) -> SpinCorrelations:
    """Correlation of spins on the leaves of a tree by the distance of the leaves, from samples.

    Pairs of leaves under one symbol sum to the square of the total spin under it, so every distance costs
    O(samples x sites), and less the higher the level.

    Parameters
    ----------
    unchanged : bool array_like, shape (samples, s**L)
        Where the spin is +1, leaves in the order of the tree.
    s : int
        Children of a symbol.
    groups : integer array_like, shape (samples,), optional
        As for :func:`spin_susceptibility`.

    Returns
    -------
    SpinCorrelations
        By distance, with standard errors.

    Notes
    -----
    Every covariance is unbiased for independent samples. The observable is that of sclocchi2025.

    """
    spins, labels = _checked_spins("spin_correlations", unchanged, groups)
    sites = spins.shape[1]
    sizes = [1]
    while s >= 2 and sizes[-1] < sites:
        sizes.append(sizes[-1] * int(s))
    depth = len(sizes) - 1
    if depth < 1 or sizes[-1] != sites:
        raise ValueError(f"spin_correlations: the number of sites must be s^L with s >= 2, got {sites} sites, s = {s}")
    totals, replicates = _pair_sums(spins, labels, tuple(sizes))
    pairs = sites * np.diff(sizes)  # ordered
    variance, variances = totals[0] / sites, replicates[:, 0] / sites
    return SpinCorrelations(
        distance=np.arange(1, depth + 1),
        correlation=np.diff(totals) / pairs,
        correlation_se=jackknife_error(np.diff(replicates, axis=1) / pairs),
        variance=float(variance),
        variance_se=float(jackknife_error(variances)),
        samples=len(spins),
        sites=sites,
        groups=len(replicates),
    )


def covariance_sums(unchanged: NDArray[np.bool_]) -> tuple[float, float]:
    """Sums of the covariances of spins over all pairs of sites, and over each site with itself.

    Their ratio is the susceptibility; they are unbiased, so that they may be added over sets of samples.
    """
    samples, sites = unchanged.shape
    sizes = (1, sites)
    squares = np.zeros(len(sizes))
    for part in _parts(samples, sites):
        squares += _block_squares(unchanged[part].astype(np.float64), sizes).sum(axis=0)
    total = unchanged.sum(axis=0, dtype=np.float64)
    own, pairs = _covariances(squares, _block_squares(total[None], sizes)[0], np.array(samples))
    return float(pairs), float(own)


def _pair_sums(spins: NDArray[np.bool_], labels: NDArray[np.intp], sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """Sum of the covariances over all pairs of sites that share a block, for blocks of some sizes.

    Also without each group in turn. With x the 0/1 samples, T their sum and G the sum of a group: a quadratic form of
    x, summed over the samples, less that of T; without a group, that of T - G.
    """
    samples, sites = spins.shape
    sizes_of_groups = np.bincount(labels)
    groups, alone = len(sizes_of_groups), len(sizes_of_groups) == samples
    squares = np.zeros((groups, len(sizes)))
    for part in _parts(samples, sites):
        np.add.at(squares, labels[part], _block_squares(spins[part].astype(np.float64), sizes))
    order = np.argsort(labels, kind="stable")
    first = np.cumsum(sizes_of_groups) - sizes_of_groups
    sums = spins[order]
    if not alone:
        columns = [np.add.reduceat(sums[:, part].astype(np.int64), first, axis=0) for part in _parts(sites, samples)]
        sums = np.concatenate(columns, axis=1)
    total = sums.sum(axis=0).astype(np.float64)
    left = np.concatenate([_block_squares(total - sums[part], sizes) for part in _parts(groups, sites)])
    whole = _covariances(squares.sum(axis=0), _block_squares(total[None], sizes)[0], np.array(samples))
    remaining = (samples - sizes_of_groups)[:, None]
    return whole, _covariances(squares.sum(axis=0) - squares, left, remaining)


def _covariances(squares: Array, square_of_sum: Array, samples: NDArray[np.int64]) -> Array:
    """Of spins: 4 times those of 0/1 variables."""
    return np.asarray(4 * (squares - square_of_sum / samples) / (samples - 1))


def _block_squares(values: Array, sizes: tuple[int, ...]) -> Array:
    """Sum over blocks of the square of what a block holds, by row and size of block; every size divides the next."""
    result = np.empty((len(values), len(sizes)))
    held = 1
    for column, size in enumerate(sizes):
        values = values.reshape(len(values), -1, size // held).sum(axis=2)
        held = size
        result[:, column] = np.einsum("ij,ij->i", values, values)
    return result


def _parts(rows: int, columns: int) -> list[slice]:
    step = max(1, _CHUNK // columns)
    return [slice(start, start + step) for start in range(0, rows, step)]


def _checked_spins(
    function: str, unchanged: ArrayLike, groups: ArrayLike | None
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Samples and the number, from 0, of the group of each."""
    spins = np.asarray(unchanged)
    if spins.dtype != np.bool_ or spins.ndim != 2 or spins.size == 0:
        raise ValueError(
            f"{function}: unchanged must be a boolean matrix (samples, sites), got {spins.dtype} of shape "
            f"{spins.shape}; compare the sampled symbols with the true ones"
        )
    samples = len(spins)
    names = np.arange(samples) if groups is None else np.asarray(groups)
    if names.shape != (samples,):
        raise ValueError(
            f"{function}: groups must hold one number a sample, {samples} of them, got shape {names.shape}"
        )
    labels = np.unique(names, return_inverse=True)[1]
    sizes = np.bincount(labels)
    if len(sizes) < 2 or samples - sizes.max() < 2:
        raise ValueError(
            f"{function}: at least two groups are needed, and two samples without any one of them, got {samples} "
            f"samples in {len(sizes)} groups; take more"
        )
    return spins, labels
