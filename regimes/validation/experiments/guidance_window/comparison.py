"""Paths held against end laws, and what guidance inside the window keeps and spares of a mixture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from regimes.validation.experiments.guidance_window.exact import MixtureFound
from regimes.validation.experiments.guidance_window.mixtures import PROCESSES
from regimes.validation.experiments.guidance_window.places import NONE
from regimes.validation.experiments.guidance_window.readings import KEPT
from regimes.validation.experiments.runner.helping import HELPS, NOT_HELPS
from regimes.validation.outcome.agreement import Agreement, ChiSquare, correlated_chi_square

__all__ = ["band_centre", "between_processes", "compared", "kept_and_spared", "verdict"]

_NAMES = ("mean", "squared distance from the centre of the class", "posterior of the class")
_LEAST = 0.001  # gain of accuracy that is any
_FEWEST = 25  # wrong paths to be expected, or the posterior of the class is not compared


def compared(mixtures: Sequence[MixtureFound], samples: int) -> tuple[list[Agreement], list[ChiSquare]]:
    """Averages of paths beside those of the law of the same steps, and a test for each process."""
    agreements, tests = [], []
    for process in PROCESSES:
        differences, covariances = [], []
        for each in mixtures:
            for place, average in each.averages[process].items():
                law = each.laws[process][place]
                count = len(_NAMES) if samples * (1 - law.mean[-1]) >= _FEWEST else len(_NAMES) - 1
                covariance = law.covariance[:count, :count] / samples
                differences.append((average - law.mean)[:count])
                covariances.append(covariance)
                agreements += [
                    Agreement(
                        f"{name}, {each.form.name}, {place}, {process}",
                        float(each.form.means[each.form.told]),
                        float(theory),
                        float(found),
                        float(np.sqrt(variance)),
                        samples,
                    )
                    for name, theory, found, variance in zip(
                        _NAMES[:count], law.mean, average, np.diag(covariance), strict=False
                    )
                ]
        tests.append(
            correlated_chi_square(
                f"guided paths, variance {process}", np.concatenate(differences), block_diag(*covariances)
            )
        )
    return agreements, tests


def between_processes(mixtures: Sequence[MixtureFound]) -> dict[str, float]:
    """Largest difference of the limits of short steps between the processes, over mixtures, places and bands."""
    one, other = PROCESSES
    return {
        key: max(
            abs(limit[key] - each.limits[other][place][key])
            for each in mixtures
            for place, limit in each.limits[one].items()
        )
        for key in ("mean", "accuracy", "divergence")
    }


def band_centre(each: MixtureFound, process: str) -> float:
    """Mean log snr of the bands in which guidance acts, weighted by how far each moves the final law."""
    moved = [each.limits[process][band]["divergence"] for band in each.bands]
    weights: NDArray[np.float64] = np.maximum(moved, 0.0)
    return float(np.average(list(each.bands.values()), weights=weights))


def kept_and_spared(each: MixtureFound) -> tuple[float, float]:
    """Gain of accuracy inside less the share of that everywhere that is to be kept; divergence spared, in nats."""
    limit = each.limits[PROCESSES[0]]
    gain = {place: limit[place]["accuracy"] - limit[NONE]["accuracy"] for place in ("always", "inside")}
    return gain["inside"] - KEPT * gain["always"], limit["always"]["divergence"] - limit["inside"]["divergence"]


def verdict(each: MixtureFound) -> str:
    """By the rule, of numbers without error."""
    limit = each.limits[PROCESSES[0]]
    if limit["always"]["accuracy"] - limit[NONE]["accuracy"] < _LEAST:
        return "no gain to keep"
    return HELPS if min(kept_and_spared(each)) > 0 else NOT_HELPS
