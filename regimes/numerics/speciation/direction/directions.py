"""What n points say about the top directions of their population: which stand out, how far, and within which limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checks import check_memory
from regimes.numerics.interface.data_checks import Points, checked_points
from regimes.numerics.posterior.eigenvalues import Centred
from regimes.numerics.posterior.spectrum import DENSE_LIMIT, CovarianceSpectrum, covariance_spectrum
from regimes.numerics.speciation.direction.blocks import ONE_SIDED, blocks_of_directions, top_upper_limit
from regimes.numerics.speciation.direction.correction import chi_squared_quantile
from regimes.numerics.speciation.direction.found import Directions
from regimes.numerics.speciation.direction.halves import Projections, halved_projections
from regimes.numerics.speciation.direction.stand_out import LEVEL, held_out_lower_limit, split_sample_tests
from regimes.theory.formula.record import recorded

__all__ = ["Directions", "directions"]

Array = NDArray[np.float64]

_MOST, _MOST_ITERATED = 64, 8
_FEWEST = 8
_LEAST_SCATTER = 1e-3
_SURE = 1e-3


def directions(
    X: ArrayLike,
    *,
    center: bool = True,
    spectrum: CovarianceSpectrum | None = None,
    rng: int | np.random.Generator = 0,
    memory: int = 2 * 2**30,
) -> Directions:
    """Directions of the population that n points show, with corrected eigenvalues and limits.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Data points.
    center : bool
        Subtract the mean; otherwise moments about the origin.
    spectrum : CovarianceSpectrum, optional
        That of the same points and centring, where it is known already.
    rng : int or numpy.random.Generator
        Splits the points into halves.
    memory : int
        Bytes for working arrays, beyond X.

    Returns
    -------
    Directions
        Test, eigenvalues, limits, and what they mean.

    Raises
    ------
    ValueError
        If X is unusable or does not vary, the spectrum belongs to other data, or the memory does not suffice.

    Notes
    -----
    Derived in docs/theory (``corrected_eigenvalue``, ``eigenvalue_scatter``, ``eigenvalue_equality``). Points whose
    norms fluctuate strongly push the bulk up by more than the correction takes off.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(400, 30))
    >>> directions(noise).stands_out
    False
    >>> found = directions(noise * np.where(np.arange(30) == 0, 2.0, 1.0))
    >>> found.count, round(found.Lambda, 1)
    (1, 4.3)
    """
    points = checked_points("directions", X)
    n, d = points.values.shape
    if spectrum is None:
        spectrum = covariance_spectrum(points, center=center, memory=memory)
    elif (spectrum.n, spectrum.d, spectrum.centered) != (n, d, bool(center)):
        raise ValueError(
            f"directions: spectrum must be that of X, {n} points in {d} dimensions with center={bool(center)}, got "
            f"{spectrum.n} points in {spectrum.d} with center={spectrum.centered}; leave it out"
        )
    varying = int(np.count_nonzero((points.low < points.high) if center else (points.low != 0) | (points.high != 0)))
    with recorded() as used:
        found = _found(points, spectrum, varying, generator(Stream.SPECIATION_HALVES, rng, "directions"), memory)
    return replace(found, formulas=tuple(used))


def _found(
    points: Points, spectrum: CovarianceSpectrum, d: int, random: np.random.Generator, memory: int
) -> Directions:
    n, center = spectrum.n, spectrum.centered
    level = spectrum.total_variance / d
    nothing = Directions(
        stands_out=False,
        p_value=None,
        Lambda=None,
        interval=None,
        upper=None,
        level=level,
        level_interval=None,
        sample_Lambda=spectrum.Lambda,
        blocks=(),
        count=0,
        more=False,
        p_values=(),
        n=n,
        d=d,
        reason=f"{n} points are too few to say anything about directions; at least {_FEWEST} are needed.",
        formulas=(),
    )
    if n < _FEWEST:
        return nothing
    projections, unit = _projections(points, spectrum, random, memory)
    eigenvalues, degrees = _all_eigenvalues(spectrum) / unit, n - center
    upper = top_upper_limit(eigenvalues, projections.own[:, 0], degrees, found=False)
    nothing = replace(nothing, level_interval=_level_interval(projections.squared_norms, level, degrees))
    if d == 1:
        only = blocks_of_directions(eigenvalues, projections.own, degrees, 1, upper)[0].scaled(unit)
        return replace(
            nothing,
            Lambda=only.Lambda,
            interval=only.interval,
            upper=_finite(upper * unit),
            reason="There is one direction only, and nothing for it to stand out of.",
        )
    p_values = split_sample_tests(projections, d)
    count = sum(p <= LEVEL for p in p_values)
    if count == 0:
        reason = (
            f"No direction stands out of the mean eigenvalue {level:.3g} (split-sample test, p = {p_values[0]:.2g}): "
            f"{n} points in {d} dimensions do not tell the data from isotropic noise of this variance."
        )
        return replace(nothing, p_value=p_values[0], p_values=p_values, upper=_finite(upper * unit), reason=reason)
    upper = top_upper_limit(eigenvalues, projections.own[:, 0], degrees, found=True)
    blocks = tuple(
        block.scaled(unit) for block in blocks_of_directions(eigenvalues, projections.own, degrees, count, upper)
    )
    low, high = blocks[0].interval
    if p_values[0] > _SURE:
        # That the test was passed says that the top eigenvalue of this sample is a high one.
        low = min(low, level * held_out_lower_limit(projections, d))
        blocks = (replace(blocks[0], interval=(low, high)), *blocks[1:])
    return replace(
        nothing,
        stands_out=True,
        p_value=p_values[0],
        Lambda=blocks[0].Lambda,
        interval=blocks[0].interval,
        upper=_finite(blocks[0].interval[1]),
        blocks=blocks,
        count=count,
        more=count == len(p_values) < d - 1,
        p_values=p_values,
        reason=None,
    )


def _projections(
    points: Points, spectrum: CovarianceSpectrum, random: np.random.Generator, memory: int
) -> tuple[Projections, float]:
    """Projections in units of the extent of the data, and the unit of their squares in the spectrum."""
    n, d, center = spectrum.n, spectrum.d, spectrum.centered
    size = min(n, d)
    dense = size <= DENSE_LIMIT
    wanted = min(_MOST if dense else _MOST_ITERATED, size, n // 2 - center)
    fixed = 8 * (5 * size**2 * dense + 8 * n)
    wanted = max(1, min(wanted, int((memory * 3 // 4 - fixed) // (32 * (n + d)))))
    needed = fixed + 32 * (n + d) * wanted
    check_memory("directions", f"directions of {n} points in {d} dimensions", needed, memory, "take fewer points")
    first = np.zeros(n, dtype=bool)
    first[random.permutation(n)[: n // 2]] = True
    data = Centred(points, memory - needed, center=center, part="directions")
    return halved_projections(data, first, wanted, center=center, dense=dense), data.extent**2


def _all_eigenvalues(spectrum: CovarianceSpectrum) -> Array:
    """All that can be nonzero; those that are not known are replaced by their mean."""
    if spectrum.exact or not spectrum.remainder_count:
        return spectrum.eigenvalues
    mean = spectrum.remainder / spectrum.remainder_count
    return np.concatenate([spectrum.eigenvalues, np.full(spectrum.remainder_count, mean)])


def _level_interval(squared_norms: Array, level: float, n: int) -> tuple[float, float] | None:
    """95% interval of the mean eigenvalue, from the scatter of the squared norms."""
    mean = float(squared_norms.mean())
    if mean == 0.0:
        return None
    freedom = 2 * n / max(float(squared_norms.var()) / mean**2, _LEAST_SCATTER)
    return (
        level / chi_squared_quantile(1 - ONE_SIDED, freedom),
        level / chi_squared_quantile(ONE_SIDED, freedom),
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
