"""One data set under its exact empirical score, and the times at which its clones are born."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.datasets.points.loading import load_dataset
from regimes.numerics.collapse.spectral_bound import spectral_collapse_bound
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.posterior.curves import PosteriorCurves, posterior_curves
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.measurement.clones import SimulatedModel
from regimes.validation.measurement.most_probable import most_probable_point
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import NoiseStream
from regimes.validation.scores import EmpiricalScore

__all__ = ["FEWEST", "SAMPLER", "EmpiricalForm", "EmpiricalPoints", "change", "class_clones"]

Array = NDArray[np.float64]

SAMPLER = "euler-maruyama"
"""Of the three stochastic ones that with the smallest change when the step is halved."""

FEWEST = 10
"""Paths or pairs expected on either side, below which a share is not normal."""

_DATA = 0
_PROBES_OF_GRID = 4096


@dataclass(frozen=True)
class EmpiricalForm:
    """Size of the experiment on one data set."""

    source: str  # "mixture", or a built-in data set with the classes that are kept, "digits 0 7"
    n: int  # of the mixture, as d and mu, the coordinates of its class centres; unused otherwise
    d: int
    mu: float
    pairs: int  # of clones at each time
    paths: int  # from pure noise
    halved: int  # so many of both with steps twice as long as well
    steps: int  # from each t to 0; even
    # steps of a path from pure noise between two looks at the nearest point, a power of 2: last changes feel the step
    # more than clones do.
    refined: int
    levels: tuple[float, ...]  # values of phi_index at the times
    probes: int  # of the theory, at each time


class EmpiricalPoints:
    """Points, their exact empirical score, and times; random numbers of their own."""

    def __init__(self, form: EmpiricalForm, bench: Bench) -> None:
        self.form, self.bench, self.noise = form, bench, bench.noise
        self.X, self.labels = _drawn(form, self.noise.substream(_DATA))
        points = torch.from_numpy(self.X).to(bench.device, torch.float32)
        self.nearest = NearestPoint(points)
        self.model = SimulatedModel(EmpiricalScore(points), points, self.nearest, SAMPLER)
        self.Lambda = max(covariance_spectrum(self.X).Lambda, 1.0)
        self.grid, self.t = self._times()

    @property
    def name(self) -> str:
        """Of what is kept."""
        return self.form.source.replace(" ", "-")

    def probes(self, number: int, use: int) -> np.random.Generator:
        """Random numbers of the theory, independent at every time, for every seed."""
        return np.random.default_rng([self.noise.seed, *self.noise.keys, number, use])

    def _times(self) -> tuple[dict[str, Array], Array]:
        """Curves on a grid, for the figure, and the times at which phi_index has the levels, to four digits."""
        bound = spectral_collapse_bound(covariance_spectrum(self.X), len(self.X))
        t = np.geomspace(bound / 20, bound + 1.5, 40)
        with torch_threads_kept():
            curves = posterior_curves(self.X, t, labels=self.labels, probes=_PROBES_OF_GRID, groups=0)
        most, _ = most_probable_point(self.X, t, probes=_PROBES_OF_GRID)
        grid = {"t": t, "index": curves.clone_index, "classes": class_clones(curves)[0], "most": most}
        times = [float(f"{curve_crossings(t, curves.clone_index, level)[-1]:.4g}") for level in self.form.levels]
        return grid, np.array(times)


def class_clones(curves: PosteriorCurves) -> tuple[Array, Array]:
    """Clone probability of the class, and its standard error."""
    return np.asarray(curves.clone_class), np.asarray(curves.clone_class_se)


def change(fine: NDArray[np.generic], coarse: NDArray[np.generic]) -> tuple[float, float]:
    """Mean of paired differences, and its standard error."""
    difference = fine.astype(np.float64) - coarse.astype(np.float64)
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(difference.size))


def _drawn(form: EmpiricalForm, noise: NoiseStream) -> tuple[Array, NDArray[np.int64]]:
    if form.source != "mixture":
        name, *classes = form.source.split()
        data = load_dataset(name, classes=classes or None)
        return np.asarray(data.X, dtype=np.float64), np.asarray(data.labels, dtype=np.int64)
    labels = (noise.uniform(0, 0, form.n, ()).numpy() < 1 / 2).astype(np.int64)
    normal = noise.normal(0, 0, form.n, (form.d,), dtype=torch.float64).numpy()
    return normal + form.mu * (2.0 * labels[:, None] - 1), labels
