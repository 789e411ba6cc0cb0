"""When training generalises and when it memorises: the modes of the population, those of the points, and between."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.learning.features import RandomFeatures
from regimes.numerics.learning.spectrum import FeatureSpectrum
from regimes.numerics.learning.support import support_above_floor
from regimes.numerics.learning.transform import at
from regimes.theory.formula.record import recorded

__all__ = ["FEWEST", "LearningWindow", "learning_window", "separating_samples"]

Array = NDArray[np.float64]

FEWEST = 10
"""Dimensions for each point at which a gap is no longer looked for."""
_MOST, _FACTOR, _ABOVE, _FINE, _CLOSE, _STEPS = 1e8, 64, 10, 2, 1e-4, 80


@dataclass(frozen=True, eq=False)
class LearningWindow:
    """Training times between which random features generalise and do not memorise yet.

    Attributes
    ----------
    tau_gen : float
        Time at which the modes of the population are learned: the learning time of the last of them, or of the share
        that was asked for.
    tau_mem : float or None
        Time at which modes of the points begin to be: of the first of them; None where there are none, and ``reason``
        says why.
    separate : bool
        Whether a gap of the spectrum lies between both. Where none does, the two times are one.
    eigenvalues : tuple of float
        Those whose learning times they are; the second nan where there is none.
    """

    tau_gen: float
    tau_mem: float | None
    separate: bool
    reason: str | None
    eigenvalues: tuple[float, float]
    formulas: tuple[str, ...]

    @property
    def ratio(self) -> float | None:
        """tau_mem over tau_gen."""
        return None if self.tau_mem is None else self.tau_mem / self.tau_gen


def learning_window(spectrum: FeatureSpectrum, *, generalised: float = 1.0, memorised: float = 0.0) -> LearningWindow:
    """tau_gen and tau_mem of random features, from the two groups of eigenvalues.

    The d largest eigenvalues are those of the population, the n below them those of the points. A mode of eigenvalue
    lambda has come within 1/e of its end at ``psi_p/(2 Delta_t lambda)`` (``learning_time``).

    Parameters
    ----------
    spectrum : FeatureSpectrum
        Of the features.
    generalised : float
        Share of the population's modes that must be learned at tau_gen, in (0, 1].
    memorised : float
        Share of the points' modes that are learned at tau_mem, in [0, 1].

    Returns
    -------
    LearningWindow
        Both times, and whether a gap lies between.

    Raises
    ------
    ValueError
        If a share lies outside, or the last mode of the population has eigenvalue 0 and is never learned.

    Notes
    -----
    bonnaire2025: timescales are the inverse eigenvalues of Delta_t U/psi_p; of orders 1/Delta_t and n/(d Delta_t).

    Examples
    --------
    >>> from regimes.numerics.learning.features import random_features
    >>> from regimes.numerics.learning.spectrum import feature_spectrum
    >>> given = random_features([1.0], counts=[100], features=6400, samples=800, t=0.1)
    >>> found = learning_window(feature_spectrum(given))
    >>> round(found.tau_gen, 1), round(found.tau_mem, 1), found.separate
    (15.1, 849.8, True)
    """
    for name, value, low in (("generalised", generalised, "("), ("memorised", memorised, "[")):
        if not (0 <= value <= 1 and (value > 0 or low == "[")):
            raise ValueError(f"learning_window: {name} (share of modes) must lie in {low}0, 1], got {value}")
    given = spectrum.problem
    top = min(given.dimension / given.features, 1.0)
    below = min(given.samples / given.features, 1 - top) if given.samples < math.inf else 0.0
    with recorded() as used:
        of_mode = compile_formula("learning_time", target="numpy")
        index = _index(spectrum, 1 - top)
        separate = index is not None and top < 1
        gap = (math.nan, math.nan)
        if index is not None:
            gap = (spectrum.bulks[index - 1].high if index else spectrum.atom, spectrum.bulks[index].low)
        last = float(spectrum.quantile(np.clip(1 - generalised * top, 0, 1)))
        first = float(spectrum.quantile(np.clip(1 - top - memorised * below, 0, 1)))
        if separate and generalised == 1.0:
            last = gap[1]
        if separate and memorised == 0.0:
            first = gap[0]
        if top == 1 and generalised == 1.0:
            last = spectrum.bulks[0].low
        if not last > 0:
            raise ValueError(
                "learning_window: the eigenvalue of the last mode of the population must exceed 0, got 0: that mode is "
                "never learned; take more features, or fewer"
            )
        tau_gen = float(of_mode(given.t, given.psi_p, last))
        reason = _no_points(given, below)
        tau_mem = None if reason else float(of_mode(given.t, given.psi_p, first))
    names = tuple(dict.fromkeys((*spectrum.formulas, *used)))
    return LearningWindow(tau_gen, tau_mem, separate, reason, (last, math.nan if reason else first), names)


def _no_points(given: RandomFeatures, below: float) -> str | None:
    if given.samples == math.inf:
        return "endless points are never memorised"
    if below <= 0:
        return "there are no more features than dimensions: no mode is left for the points"
    if given.v2 == 0.0:
        return "copies of a point share nothing beyond the line: no mode is left for the points"
    return None


def _index(spectrum: FeatureSpectrum, share: float) -> int | None:
    """The bulk above which the eigenvalues begin that a share of all lies below, if there is a gap just there."""
    below = spectrum.atom_weight
    for index, bulk in enumerate(spectrum.bulks):
        if abs(below - share) < 1e-6:
            return index
        below += bulk.weight
    return None


def separating_samples(given: RandomFeatures) -> float | None:
    """Number of points from which on a gap parts the modes of the population from those of the points.

    Parameters
    ----------
    given : RandomFeatures
        The features, of whatever number of points.

    Returns
    -------
    float or None
        To 1e-4 of itself; 1, or d/10, where a gap is there for all that are more. None where there is none below 1e8
        times the number of features.

    Notes
    -----
    Derived. Whether a gap has just the modes of the population above it is seen in the gap: there transform and ridge
    are real, and above lie as many directions as have ``1 + u M < 0``, M = nu/den + b^2, and the n points as well where
    den < 0 (exact separation; checked against the weights).

    Examples
    --------
    >>> from regimes.numerics.learning.features import random_features
    >>> round(separating_samples(random_features([1.0, 5.0], counts=[50, 50], features=800, samples=1, t=0.05)))
    179
    """
    with recorded():
        high = _MOST * given.features
        if not _parts(given, high):
            return None
        low = high
        least = max(1.0, given.dimension / FEWEST)
        while low > least and _parts(given, low):
            # Above all p and d the bulk of the points only narrows with n.
            high, low = low, max(least, low / (_FACTOR if low > _FACTOR * _ABOVE * given.features else _FINE))
        if _parts(given, low):
            return low
        for _ in range(_STEPS):
            if high / low < 1 + _CLOSE:
                break
            middle = math.sqrt(low * high)
            low, high = (low, middle) if _parts(given, middle) else (middle, high)
    return high


def _parts(given: RandomFeatures, samples: float) -> bool:
    """Whether a gap has the modes of the population above it, and no other."""
    asked = given.of_samples(samples)
    pieces = support_above_floor(asked)
    if asked.psi_p <= 1:
        return False
    ends = [0.0, *(end for piece in pieces for end in piece)]
    for low, high in zip(ends[::2], ends[1::2], strict=False):
        if high <= low:
            continue
        middle = (low + high) / 2
        u, y = (found[0].real for found in at(asked, np.array([middle + 1e-9j * (high - low)])))
        den = u * y / (1 + u * asked.b2)
        if den > 0 and (1 + u * (asked.levels / den + asked.b2) < 0).all():
            return True
    return False
