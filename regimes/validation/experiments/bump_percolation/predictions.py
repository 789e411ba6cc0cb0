"""Where each hypothesis puts the onset: logarithm of the kept share, setting by setting."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.composition.data.random_parts import data_percolation
from regimes.numerics.composition.lattice.lattice_percolation import lattice_percolation
from regimes.numerics.estimation.roots import bracketed_root
from regimes.validation.experiments.bump_percolation.form import OVERLAPS, PercolationForm, Setting
from regimes.validation.training import ConditionCode

__all__ = [
    "HYPOTHESES",
    "Logs",
    "Thresholds",
    "image_threshold",
    "line_threshold",
    "overlap_name",
    "predictions",
    "thresholds_of",
    "widened_by",
]

Logs = Mapping[str, float | None]
"""By setting; None where there is none."""

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
    "field": "receptive field of the network",
}
"""What may set the onset."""


@dataclass(frozen=True)
class Thresholds:
    """Kept shares at which positions connect, by setting."""

    images: Mapping[str, Mapping[str, float]]  # by overlap
    lines: Mapping[str, float]  # positions of one row or column


def thresholds_of(form: PercolationForm) -> Thresholds:
    """Thresholds of all settings, of random orders that are the same in all of them."""
    images = {
        overlap_name(*each): {s.name: image_threshold(s, *each, form.orders) for s in form.settings}
        for each in OVERLAPS
    }
    return Thresholds(images, {s.name: line_threshold(s, form.orders) for s in form.settings})


def predictions(
    form: PercolationForm, thresholds: Thresholds, onsets: Logs, times: Logs
) -> dict[str, dict[str, float | None]]:
    """Log of the kept share at each setting; all but percolation of the images take what they need from few onsets.

    The base gives a share or a number; "widened" takes its two unknowns from the base and the widest bumps.
    """
    found: dict[str, dict[str, float | None]] = {
        name: {key: math.log(each) for key, each in row.items()} for name, row in thresholds.images.items()
    }
    base = onsets[form.base.name]

    def shifted(by: Mapping[str, float | None]) -> dict[str, float | None]:
        first = by[form.base.name]
        if base is None or first is None:
            return dict.fromkeys(by)
        return {name: None if value is None else min(0.0, base + value - first) for name, value in by.items()}

    started = {s.name: None if (t := times[s.name]) is None else t - math.log(s.steps) for s in form.settings}
    return found | {
        "widened": _widened(form, onsets),
        "noised": _noised(form, base),
        "conditions": shifted({s.name: _alike(s) for s in form.settings}),
        "coordinates": shifted({name: math.log(each) for name, each in thresholds.lines.items()}),
        "count": shifted({s.name: -math.log(s.grid.n) for s in form.settings}),
        "share": shifted({s.name: 0.0 for s in form.settings}),
        "budget": shifted(started),
        "field": shifted({s.name: -2 * math.log(_field(s.levels)) for s in form.settings}),
    }


def image_threshold(setting: Setting, kind: str, tau: float, orders: int) -> float:
    """Median over random orders of the share at which overlapping images span the grid; 1 if none does."""
    grid = setting.grid.bump_grid(tau=tau, overlap=kind)
    try:
        grid.neighbourhood()
    except ValueError:  # no two bumps connect
        return _MOST
    found = lattice_percolation(grid.lattice(), runs=orders, rng=0).threshold
    return _MOST if found is None else found


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


def _field(levels: int) -> int:
    """Pixels along a side that the network sees from one: its 3 x 3 convolutions, each as wide as its level."""
    first_and_last, blocks = 2, 4
    halved = [1 << level for level in range(levels + 1)]
    down = sum(above * 2 + below * blocks for above, below in itertools.pairwise(halved))
    return 1 + 2 * first_and_last + blocks + down + sum(blocks * each for each in halved[:-1])


def _widened(form: PercolationForm, onsets: Logs) -> dict[str, float | None]:
    law = widened_by(form, onsets)
    if law is None:
        return {s.name: None for s in form.settings}
    slope, v = law
    return {s.name: _log_share(slope * (s.sigma**2 + v)) for s in form.settings}


def widened_by(form: PercolationForm, onsets: Logs) -> tuple[float, float] | None:
    """Area of a connected disc over sigma^2 + v, and v; None if the area does not grow with the width."""
    base, wide = form.base, form.widths[-1]
    logs = [onsets[each.name] for each in (base, wide)]
    if base.sigma == wide.sigma or any(each is None for each in logs):
        return None
    first, second = (_area(math.exp(each)) for each in logs if each is not None)
    slope = (second - first) / (wide.sigma**2 - base.sigma**2)
    if slope <= 0:
        return None
    return slope, first / slope - base.sigma**2


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
