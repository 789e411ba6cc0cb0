"""Comparisons: counts and ends of Gaussian matrices as d goes to infinity, and how far quantiles are off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.learning.spectrum import FeatureSpectrum
from regimes.numerics.learning.transform import feature_transform
from regimes.validation.experiments.runner.random_features import variances
from regimes.validation.experiments.training_spectrum.form import SHARES, SpectrumForm
from regimes.validation.experiments.training_spectrum.runs import CaseFound
from regimes.validation.outcome.agreement import Agreement, ChiSquare, chi_square, correlated_chi_square

__all__ = ["TRACY_WIDOM", "Off", "compared", "effective_dimension", "off", "shares_of", "widest_gap"]

Array = NDArray[np.float64]

TRACY_WIDOM = 1.2065335745820 / np.sqrt(1.607781034581)
"""How far the mean of the largest eigenvalue (first Tracy-Widom law) lies below the edge, in its deviations."""

_NEAR = 0.02  # shares this near to that of a gap are not compared


def compared(found: list[CaseFound], form: SpectrumForm) -> tuple[list[Agreement], list[ChiSquare]]:
    """Counts, a test a case, and ends of the spectra of one and two levels, a test an end."""
    rows: list[Agreement] = []
    tests: list[ChiSquare] = []
    ends: dict[str, list[Agreement]] = {"largest eigenvalue": [], "smallest eigenvalue": []}
    for each in found:
        limit = 2 * each.counts[1] - each.counts[0]
        covariance = np.cov(limit.T) / form.draws
        theory = each.at * feature_transform(each.spectrum.problem, -each.at).q.real
        quantity = f"count, {each.case.name}"
        se = np.sqrt(np.diag(covariance))
        rows += [
            Agreement(quantity, float(x), float(one), float(other), float(error), form.draws)
            for x, one, other, error in zip(each.at, theory, limit.mean(axis=0), se, strict=True)
        ]
        tests.append(correlated_chi_square(quantity, limit.mean(axis=0) - theory, covariance, draws=form.draws))
        if not each.case.spectrum.startswith("k"):
            for side, (name, group) in enumerate(ends.items()):
                group.append(_end(each, name, side == 0))
    for name, group in ends.items():
        rows += group
        tests.append(chi_square(name, group))
    return rows, tests


def _end(each: CaseFound, name: str, largest: bool) -> Agreement:
    """The smallest by the logarithm of its distance from the floor, in which its law is nearer to the limit."""
    floor, draws = each.spectrum.atom, each.ends.shape[1]
    if largest:
        edge, values, side = each.spectrum.bulks[-1].high, each.ends[..., 1], 1
    else:
        edge, values, side = np.log(each.spectrum.bulks[0].low - floor), np.log(each.ends[..., 0] - floor), -1
    left_out = [_limit(np.delete(values, draw, axis=1), side) for draw in range(draws)]
    quantity = f"{name}, {each.case.name}"
    return Agreement(quantity, 0.0, float(edge), _limit(values, side), float(jackknife_error(left_out)), draws)


def _limit(values: Array, side: int) -> float:
    """The edge that values (2, draws) of both sizes tell, less what goes as 1/d."""
    once, twice = values.mean(axis=1) + side * TRACY_WIDOM * values.std(axis=1, ddof=1)
    return float(2 * twice - once)


@dataclass(frozen=True, eq=False)
class Off:
    """How far quantiles are off, less 1: at shares above the floor, and of it; means over repetitions with errors."""

    shares: Array
    value: Array
    se: Array
    at_floor: NDArray[np.bool_]

    def worst(self, *, floor: bool) -> tuple[float, float, float] | None:
        """Share, value and error where most is off; None where there is no share."""
        chosen = np.flatnonzero(self.at_floor == floor)
        if not chosen.size:
            return None
        place = chosen[np.argmax(np.abs(self.value[chosen]))]
        return float(self.shares[place]), float(self.value[place]), float(self.se[place])


def shares_of(spectrum: FeatureSpectrum) -> Array:
    """Shares that lie in no gap, nor near one."""
    weights = spectrum.atom_weight + np.cumsum([0.0, *(bulk.weight for bulk in spectrum.bulks)])
    borders = weights[:-1] if spectrum.atom_weight > 0 else weights[1:-1]
    return SHARES[(np.abs(SHARES[:, None] - borders) > _NEAR).all(axis=1)]


def off(each: CaseFound, kind: str, d: int, *, of_gaussian: bool) -> Off:
    """Quantiles of a kind over those of the equations, or of Gaussian matrices."""
    spectrum = each.spectra[d]
    shares = shares_of(spectrum)
    rows = _quantiles(each, kind, d, shares)
    if of_gaussian:
        others = _quantiles(each, "gaussian", d, shares)
        base = others.mean(axis=0)
        spread = others.std(axis=0, ddof=1) / np.sqrt(len(others)) / base
    else:
        base, spread = spectrum.quantile(shares), np.zeros(shares.size)
    se = rows.std(axis=0, ddof=1) / np.sqrt(len(rows)) / base
    return Off(shares, rows.mean(axis=0) / base - 1, np.hypot(se, spread), shares < spectrum.atom_weight)


def _quantiles(each: CaseFound, kind: str, d: int, shares: Array) -> Array:
    return np.asarray(np.quantile(each.eigenvalues[kind, d], shares, axis=1).T)


def widest_gap(spectrum: FeatureSpectrum) -> tuple[float, float] | None:
    """Middle of the widest gap between bulks, and the share of eigenvalues below it; None for a single bulk."""
    weights = spectrum.atom_weight + np.cumsum([bulk.weight for bulk in spectrum.bulks])
    gaps = [
        (upper.low / lower.high, float(np.sqrt(lower.high * upper.low)), float(weight))
        for lower, upper, weight in zip(spectrum.bulks, spectrum.bulks[1:], weights, strict=False)
    ]
    return max(gaps)[1:] if gaps else None


def effective_dimension(spectrum: str, d: int) -> float:
    """(tr C)^2/tr C^2: in how many directions a point has its length."""
    values = variances(spectrum, d)
    return float(values.sum() ** 2 / (values**2).sum())
