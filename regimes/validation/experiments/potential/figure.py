"""Panels of the potential of the overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regimes.validation.experiments.potential.law import Binned
from regimes.validation.experiments.potential.runs import BINS, LAW
from regimes.validation.outcome.agreement import ChiSquare
from regimes.validation.outcome.panels import Panel, curve

__all__ = ["panels"]

Array = NDArray[np.float64]

_LABELS = (r"$t_V + 0.5$", r"$t_V$", r"$t_S$", r"$t_S - 0.5$")
_DRAWN = (0, 1, 3)
_GREY = 5


def panels(
    sources: dict[str, list[tuple[float, Binned]]],
    histograms: Sequence[tuple[ChiSquare, Array, Array]],
) -> list[Panel]:
    """Draw wells, drifts and noise of noised pairs, and histograms of the backward run."""
    wells, drifts, laws = [], [], []
    for group, number in enumerate(_DRAWN):
        t, pairs = sources["noised pairs"][number]
        end = float(np.abs(pairs.q).max())
        q = np.linspace(-end, end, 201)
        label = _LABELS[number]
        wells.append(curve(label, "theory", q, LAW.potential(q, t), group=group))
        wells.append(curve("", "simulation", pairs.q, *_integrated(pairs), group=group))
        drifts.append(curve(label, "theory", q, LAW.drift(q, t), group=group))
        drifts.append(curve("", "simulation", pairs.q, pairs.drift, pairs.drift_se, group=group))
        _, edges, counts = histograms[number]
        width, middle = np.diff(edges), (edges[1:] + edges[:-1]) / 2
        share = counts[1:-1] / counts.sum()
        error = np.sqrt(share * (1 - share) / counts.sum())
        fine = np.linspace(edges[0] - width[0], edges[-1] + width[-1], 402)
        density = np.diff(LAW.distribution(fine, t)) / np.diff(fine)
        laws.append(curve(label, "theory", (fine[1:] + fine[:-1]) / 2, density, group=group))
        laws.append(curve("", "simulation", middle, share / width, error / width, group=group))
    noises = []
    for group, (name, found) in enumerate(sources.items()):
        t, bins = found[_DRAWN[1]]
        few = bins.joined(BINS)
        noises.append(curve(name, "simulation", few.q, few.noise, few.noise_se, group=group))
    reach = [min(float(each.x.min()) for each in noises), max(float(each.x.max()) for each in noises)]
    noises.append(curve("", "reference", reach, [2 * LAW.mu**2] * 2, group=_GREY))
    return [
        Panel("Potential from the drift of noised pairs", "$q$", "$V(q, t)$", tuple(wells)),
        Panel("Drift of noised pairs", "$q$", "$-V'(q, t)$", tuple(drifts)),
        Panel(f"Noise of $q$ at {_LABELS[_DRAWN[1]]}", "$q$", r"$2 \mu^2$", tuple(noises)),
        Panel("Law of $q$ in a backward run", "$q$", "density", tuple(laws)),
    ]


def _integrated(bins: Binned) -> tuple[Array, Array]:
    """V at the bins from the drift by the trapezoidal rule, 0 at q = 0, and its standard error."""
    q, count = bins.q, len(bins.q)
    place = int(np.searchsorted(q, 0.0))
    share = q[place - 1] / (q[place - 1] - q[place])
    between = (1 - share) * np.eye(count)[place - 1] + share * np.eye(count)[place]
    points, rows = np.insert(q, place, 0.0), np.insert(np.eye(count), place, between, axis=0)
    pieces = -np.diff(points)[:, None] * (rows[1:] + rows[:-1]) / 2
    integral = np.vstack([np.zeros(count), np.cumsum(pieces, axis=0)])
    weights = np.delete(integral - integral[place], place, axis=0)
    return weights @ bins.drift, np.sqrt(weights**2 @ bins.drift_se**2)
