"""Where each hypothesis puts the onset: logarithm of the kept share, setting by setting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from regimes.datasets.composition.grid import ImageGrid
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.data.random_parts import data_percolation
from regimes.numerics.composition.lattice.lattice_percolation import LatticePercolation, lattice_percolation
from regimes.numerics.estimation.roots import bracketed_root
from regimes.validation.experiments.bump_percolation.form import OVERLAPS, PercolationForm, Setting
from regimes.validation.experiments.bump_percolation.onsets import Measured, limit
from regimes.validation.training import ConditionCode

__all__ = [
    "HYPOTHESES",
    "Thresholds",
    "line_threshold",
    "overlap_name",
    "predictions",
    "thresholds_of",
    "widened_by",
    "widest",
]

_ONE_OF_TWO = 0.5  # cosine of one-hot codes that have x or y in common
_MOST = 1.0  # share: what never connects does not with all positions
_FAR = 30.0  # exponent of the overlap of images that have nothing in common


def overlap_name(kind: str, tau: float) -> str:
    """Name of the hypothesis that overlap of the images sets the onset."""
    return f"{kind} {tau:g}"


HYPOTHESES = {overlap_name(*each): f"percolation of the images, {each[0]}, tau = {each[1]:g}" for each in OVERLAPS} | {
    "widened": "percolation of images widened by noise, sqrt(sigma^2 + v)",
    "noised": "percolation of images that noise of one level cannot tell apart",
    "conditions": "percolation of the conditions, alike within a wavelength of their code",
    "coordinates": "percolation of rows and columns that have kept positions",
    "count": "a number of examples",
    "share": "a kept share",
    "budget": "steps of training over steps that learning takes",
}
"""What may set the onset."""


@dataclass(frozen=True)
class Thresholds:
    """Kept shares at which positions connect, by setting."""

    images: Mapping[str, Mapping[str, float]]  # by overlap
    rises: Mapping[str, float | None]  # log of the share at which a cluster spans in 3 of 4 orders over that in 1 of 4
    lines: Mapping[str, float]  # positions of one row or column


def thresholds_of(form: PercolationForm) -> Thresholds:
    """Thresholds of all settings, of random orders that are the same in all of them; rises by the first overlap."""
    grids = {s.grid: s for s in form.settings}  # most settings share one
    spanned = {overlap_name(*each): {grid: _spanned(grid, *each, form.orders) for grid in grids} for each in OVERLAPS}
    lines = {grid: line_threshold(s, form.orders) for grid, s in grids.items()}
    first = spanned[overlap_name(*OVERLAPS[0])]
    return Thresholds(
        {name: {s.name: _threshold(row[s.grid]) for s in form.settings} for name, row in spanned.items()},
        {s.name: _rise(first[s.grid]) for s in form.settings},
        {s.name: lines[s.grid] for s in form.settings},
    )


def predictions(form: PercolationForm, thresholds: Thresholds, found: Measured) -> dict[str, dict[str, float | None]]:
    """Log of the kept share at each setting; all but percolation of the images take what they need from few onsets.

    The base gives a share or a number; "widened" takes its two unknowns from the base and the widest bumps.
    """
    told: dict[str, dict[str, float | None]] = {
        name: {key: math.log(each) for key, each in row.items()} for name, row in thresholds.images.items()
    }
    base = found.inside(form.base.name)

    def shifted(by: Mapping[str, float | None]) -> dict[str, float | None]:
        first = by[form.base.name]
        if base is None or first is None:
            return dict.fromkeys(by)
        return {name: None if value is None else min(0.0, base + value - first) for name, value in by.items()}

    started = {s.name: None if (t := found.times[s.name]) is None else t - math.log(s.steps) for s in form.settings}
    return told | {
        "widened": _widened(form, found),
        "noised": _noised(form, base),
        "conditions": shifted({s.name: _alike(s) for s in form.settings}),
        "coordinates": shifted({name: math.log(each) for name, each in thresholds.lines.items()}),
        "count": shifted({s.name: -math.log(s.grid.n) for s in form.settings}),
        "share": shifted({s.name: 0.0 for s in form.settings}),
        "budget": shifted(started),
    }


def _spanned(grid: ImageGrid, kind: str, tau: float, orders: int) -> LatticePercolation | None:
    """Percolation of overlapping images; None if no two bumps connect."""
    bumps = grid.bump_grid(tau=tau, overlap=kind)
    try:
        bumps.neighbourhood()
    except ValueError:
        return None
    return lattice_percolation(bumps.lattice(), runs=orders, rng=0)


def _threshold(found: LatticePercolation | None) -> float:
    """Median over random orders of the share at which a cluster spans the grid; 1 if none does."""
    return _MOST if found is None or found.threshold is None else found.threshold


def _rise(found: LatticePercolation | None) -> float | None:
    if found is None or found.spanning_fraction is None:
        return None
    low, high = np.quantile(found.spanning_fraction, (0.25, 0.75))
    return math.log(high / low)


def line_threshold(setting: Setting, orders: int) -> float:
    """Share from which on half of the kept positions are in one piece, if those of a row or of a column connect."""
    grid = setting.grid
    code = ConditionCode("one-hot", (0.0, 0.0), (grid.x[-1], grid.y[-1]), setting.side)
    codes = code.encoded(torch.from_numpy(np.array(grid.positions))).numpy()
    counts = np.arange(1, grid.n + 1) / grid.n
    found = data_percolation(codes, _ONE_OF_TWO, orders=orders, lambdas=counts, rng=0).half_fraction
    return _MOST if found is None else found


def _alike(setting: Setting) -> float:
    """Log of the waves a pixel squared: a share in proportion keeps as many positions in a wavelength."""
    waves = setting.waves if setting.code == "sinusoidal" else math.inf  # no two entries of a table are alike
    return 2 * math.log(waves / setting.side)


def _widened(form: PercolationForm, found: Measured) -> dict[str, float | None]:
    law = widened_by(form, found)
    if law is None:
        return {s.name: None for s in form.settings}
    slope, v = law
    return {s.name: _log_share(slope * (s.sigma**2 + v)) for s in form.settings}


def widest(form: PercolationForm, found: Measured) -> str:
    """Name of the widest bumps, wider than those of the base, with an onset; none without them."""
    wider = [s.name for s in form.widths if s.sigma > form.base.sigma and found.inside(s.name) is not None]
    return wider[-1] if wider else ""


def widened_by(form: PercolationForm, found: Measured) -> tuple[float, float] | None:
    """Area of a connected disc over sigma^2 + v, and v; None unless the onset falls with the width."""
    wide, base = found.inside(name := widest(form, found)), found.inside(form.base.name)
    if wide is None or base is None or found.se is None or base - wide <= limit(found.se * math.sqrt(2)):
        return None
    first, second = (_area(math.exp(each)) for each in (base, wide))
    sigma = next(s.sigma for s in form.widths if s.name == name)
    slope = (second - first) / (sigma**2 - form.base.sigma**2)
    return slope, first / slope - form.base.sigma**2


def _noised(form: PercolationForm, base: float | None) -> dict[str, float | None]:
    if base is None:
        return {s.name: None for s in form.settings}
    radius = compile_formula("noised_radius", target="numpy")
    area = _area(math.exp(base))
    most = 2 * math.pi * form.base.sigma**2  # squared difference of two bumps far from each other

    def excess(log_left: float) -> float:
        return math.pi * float(radius(most * -math.expm1(log_left), form.base.sigma)) ** 2 - area

    hidden = most * -math.expm1(bracketed_root(excess, -_FAR, -1e-9))

    def share(setting: Setting) -> float:
        if hidden >= 2 * math.pi * setting.sigma**2:
            return -math.log(setting.grid.n)  # all images are alike
        reached = math.pi * float(radius(hidden, setting.sigma)) ** 2
        return max(_log_share(reached), -math.log(setting.grid.n))

    return {s.name: share(s) for s in form.settings}


def _log_share(area: float) -> float:
    """Log of the threshold of discs of an area, in grid points: the fit without the steps of the grid; 0 at most."""
    fit = compile_formula("percolation_threshold_fit", target="numpy")
    return min(0.0, math.log(float(fit(max(area, 2.0) - 1))))


def _area(share: float) -> float:
    """Area, in grid points, of discs that percolate at a share."""
    fit = compile_formula("percolation_threshold_fit", target="numpy")

    def above(log_neighbours: float) -> float:
        return math.log(float(fit(math.exp(log_neighbours))) / share)

    return 1 + math.exp(bracketed_root(above, 0.0, 30.0)) if float(fit(1.0)) > share else 2.0
