"""Panels of densities and of quantiles that are off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regimes.numerics.learning.spectrum import FeatureSpectrum
from regimes.validation.experiments.training_spectrum.analysis import off
from regimes.validation.experiments.training_spectrum.form import KINDS, SpectrumForm
from regimes.validation.experiments.training_spectrum.runs import CaseFound
from regimes.validation.outcome.panels import Curve, Panel, curve

__all__ = ["panels"]

_BINS = 50
_NAMES = {"gaussian": "Gaussian", "unit rows": "nonlinear, weights of one length", "normal rows": "nonlinear"}


def panels(found: Sequence[CaseFound], form: SpectrumForm) -> list[Panel]:
    """Of the first case of each spectrum the density, then how far quantiles are off."""
    d = form.dimensions[-1]
    first = {each.case.spectrum: each for each in reversed(found)}
    shown = list(first.values())[::-1]
    return [_density(each, d) for each in shown] + [_off(shown, kind, d) for kind in KINDS]


def _density(each: CaseFound, d: int) -> Panel:
    """Over the logarithm of the eigenvalue, without the floor's own."""
    spectrum = each.spectra[d]
    drawn = [curve("equations" if i == 0 else "", "theory", x, y) for i, (x, y) in enumerate(_bulks(spectrum))]
    edges = np.geomspace(0.5 * spectrum.atom, 1.3 * spectrum.bulks[-1].high, _BINS + 1)
    middle, width = np.sqrt(edges[1:] * edges[:-1]), np.log(edges[1] / edges[0])
    for group, kind in enumerate(KINDS):
        values = each.eigenvalues[kind, d]
        if kind == "gaussian":
            values = np.where(values > spectrum.atom * (1 + 1e-9), values, np.nan)
        rows = np.array([np.histogram(row[np.isfinite(row)], edges)[0] for row in values]) / values.shape[1] / width
        seen = rows.any(axis=0)
        se = rows.std(axis=0, ddof=1)[seen] / np.sqrt(len(rows))
        drawn.append(curve(_NAMES[kind], "simulation", middle[seen], rows.mean(axis=0)[seen], se, group=group + 1))
    marks = (("$s^2$", spectrum.atom),) if spectrum.atom_weight > 0 else ()
    title = f"{each.case.name}, d = {d}"
    return Panel(title, "eigenvalue", "density over its logarithm", tuple(drawn), marks, log_x=True)


def _bulks(spectrum: FeatureSpectrum) -> list[tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]]:
    """Wide ones as they are; of the many narrow ones, each an eigenvalue by itself, none."""
    return [(bulk.eigenvalues, bulk.eigenvalues * bulk.density) for bulk in spectrum.bulks if bulk.weight > 0.01]


def _off(found: Sequence[CaseFound], kind: str, d: int) -> Panel:
    drawn: list[Curve] = []
    for group, each in enumerate(found):
        values = off(each, kind, d, of_gaussian=False)
        drawn.append(curve(each.case.name, "simulation", values.shares, values.value, values.se, group=group))
        drawn.append(curve("", "reference", values.shares, values.value, group=group))
    return Panel(
        f"{_NAMES[kind]}, d = {d}",
        "share of eigenvalues below",
        "quantile over that of the equations, less 1",
        tuple(drawn),
    )
