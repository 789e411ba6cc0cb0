"""One data set under its exact empirical score: what is simulated, and the theory that it is held against."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from regimes.datasets import load_dataset
from regimes.numerics.collapse.spectral_bound import spectral_collapse_bound
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.posterior import PosteriorCurves, posterior_curves
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.validation.experiments.runner.run import Bench
from regimes.validation.measurement.clones import ClonePairs, measure_clones
from regimes.validation.measurement.last_change import LastChange, exact_last_change, measure_last_change, path_times
from regimes.validation.measurement.most_probable import most_probable_point
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.outcome.agreement import Agreement, ChiSquare, correlated_chi_square
from regimes.validation.running.progress import counter
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import (
    CoarseNoise,
    NoiseStream,
    backward_times,
    halved_times,
)
from regimes.validation.scores import EmpiricalScore

__all__ = ["FEWEST", "NEAR", "SAMPLER", "EmpiricalForm", "EmpiricalRuns", "Halving", "RunsFound"]

Array = NDArray[np.float64]

SAMPLER = "euler-maruyama"
"""Of the three stochastic ones that with the smallest change when the step is halved."""

NEAR = 0.6
"""Value of phi_index near which DESIGN 3.2 puts the mean last change."""

FEWEST = 10
"""Paths or pairs expected on either side, below which a share is not normal."""

_DATA, _CLONES, _LAST, _EXACT = range(4)
_STEPS = 9  # beside the substreams of a measurement
_AFTER_SPECIATION = 3.5  # Lambda exp(-2t) is then 1e-3: the law of x_t is that of pure noise to a few 1e-4
_PROBES_OF_GRID = 4096


@dataclass(frozen=True)
class EmpiricalForm:
    """Size of the experiment on one data set."""

    source: str  # "mixture", or a built-in data set with the classes that are kept, "digits 0 7"
    # n, d, mu: number of points, dimension and coordinates of the class centres of the mixture; unused otherwise
    n: int
    d: int
    mu: float
    # pairs, paths, halved: pairs of clones at each time, paths from pure noise, and so many of both with steps twice as
    # long as well
    pairs: int
    paths: int
    halved: int
    steps: int  # from each t to 0; even
    # steps of a path from pure noise between two looks at the nearest point, a power of 2: last changes feel the step
    # more than clones do
    refined: int
    levels: tuple[float, ...]  # values of phi_index at the times
    probes: int  # of the theory, at each time


@dataclass(frozen=True)
class Halving:
    """What the last halving of the step did to the share of pairs that end alike."""

    t: float  # Ornstein-Uhlenbeck time
    # index, index_se, classes, classes_se: change of the share with the same point, the same class, and its standard
    # error
    index: float
    index_se: float
    classes: float
    classes_se: float


@dataclass(frozen=True, eq=False)
class RunsFound:
    """All that was simulated and computed of one data set."""

    name: str
    t: Array  # (T,): times at which clones are born
    # index, classes, nearest, later: phi_index, phi_class, share of clones that end at the point nearest at birth; last
    # changes, which share paths
    index: list[Agreement]
    classes: list[Agreement]
    nearest: list[Agreement]
    halving: list[Halving]
    last: LastChange  # last, exact: along backward paths, and by the exact law
    exact: LastChange
    later: list[Agreement]
    later_test: ChiSquare  # of the shares of last changes, with their covariance
    grid: dict[str, Array]  # t, index, classes and most for the figure
    summary: dict[str, Any]


class EmpiricalRuns:
    """Simulations and theory of one data set."""

    def __init__(self, form: EmpiricalForm, bench: Bench, number: int) -> None:
        self.form, self.noise, self.store, self.progress = (
            form,
            bench.noise.substream(number),
            bench.store,
            bench.report,
        )
        noise, device = self.noise, bench.device
        self.X, self.labels = _points(form, noise.substream(_DATA))
        self.points = torch.from_numpy(self.X).to(device, torch.float32)
        self.score, self.nearest = EmpiricalScore(self.points), NearestPoint(self.points)
        self.grid, self.t = self._times()

    def all(self) -> RunsFound:
        """Run everything."""
        index: list[Agreement] = []
        classes: list[Agreement] = []
        nearest: list[Agreement] = []
        halving: list[Halving] = []
        for number, t in enumerate(self.t.tolist()):
            pairs, changed = self._clones(number, t)
            for group, agreement in zip((index, classes, nearest), self._agreements(number, t, pairs), strict=True):
                group.append(agreement)
            halving.append(changed)
        last, exact, before = self._last_changes()
        later, test = self._later(last, exact)
        summary = self._summary(index, halving, last, exact) | {"halving_last_change": self._changed(last, before)}
        return RunsFound(
            self.form.source, self.t, index, classes, nearest, halving, last, exact, later, test, self.grid, summary
        )

    def _times(self) -> tuple[dict[str, Array], Array]:
        """Curves on a grid, for the figure, and the times at which phi_index has the levels, to four digits."""
        bound = spectral_collapse_bound(covariance_spectrum(self.X), len(self.X))
        t = np.geomspace(bound / 20, bound + 1.5, 40)
        with torch_threads_kept():
            curves = posterior_curves(self.X, t, labels=self.labels, probes=_PROBES_OF_GRID, groups=0)
        most, _ = most_probable_point(self.X, t, probes=_PROBES_OF_GRID)
        grid = {"t": t, "index": curves.clone_index, "classes": _of_classes(curves)[0], "most": most}
        times = [float(f"{curve_crossings(t, curves.clone_index, level)[-1]:.4g}") for level in self.form.levels]
        return grid, np.array(times)

    def _clones(self, number: int, t: float) -> tuple[ClonePairs, Halving]:
        """Pairs, and what the last halving of the step did to the first of them."""
        form, noise = self.form, self.noise.substream(_CLONES, number)
        coarse = backward_times(t, steps=form.steps // 2)
        fine, steps = halved_times(coarse), noise.substream(_STEPS)
        shared: dict[str, Any] = {"noise": noise, "nearest": self.nearest, "sampler": SAMPLER, "store": self.store}
        pairs = measure_clones(
            self.score,
            self.points,
            fine,
            pairs=form.pairs,
            steps_noise=steps,
            name=f"{self._name},clones-{number}",
            **shared,
        )
        before = measure_clones(
            self.score,
            self.points,
            coarse,
            pairs=form.halved,
            steps_noise=CoarseNoise(steps, fine, SAMPLER),
            name=f"{self._name},coarse-{number}",
            **shared,
        )
        self.progress(f"{self.form.source}: clones", number + 1, self.t.size)
        ends = (pairs.index[:, : form.halved], before.index)
        index = _change(*(each[0] == each[1] for each in ends))
        return pairs, Halving(t, *index, *_change(*(self.labels[each[0]] == self.labels[each[1]] for each in ends)))

    def _agreements(self, number: int, t: float, pairs: ClonePairs) -> list[Agreement]:
        count, probes = self.form.pairs, self.form.probes
        theory = posterior_curves(self.X, [t], labels=self.labels, probes=probes, rng=self._probes(number, 0), groups=0)
        most, most_se = most_probable_point(self.X, [t], probes=probes, rng=self._probes(number, 1))
        classes = self.labels[pairs.index]
        final = (pairs.index == pairs.nearest).mean(axis=0)
        of_clones = [
            _binomial(f"{what}, {self.form.source}", t, float(phi[0]), float(se[0]), same)
            for what, phi, se, same in (
                ("phi_index", theory.clone_index, theory.clone_index_se, pairs.same_index(self.nearest.copies)),
                ("phi_class", *_of_classes(theory), classes[0] == classes[1]),
            )
        ]
        se = math.hypot(float(most_se[0]), float(final.std(ddof=1)) / math.sqrt(count))
        name = f"nearest is last, {self.form.source}"
        return [*of_clones, Agreement(name, t, float(most[0]), float(final.mean()), se, count)]

    def _last_changes(self) -> tuple[LastChange, LastChange, LastChange]:
        """Along backward paths, by the exact law, and along the first paths with steps twice as long."""
        form, name, noise = self.form, self._name, self.noise.substream(_LAST)
        Lambda = max(covariance_spectrum(self.X).Lambda, 1.0)
        speciation = float(compile_formula("speciation_time", target="numpy")(Lambda))
        start = max(speciation, float(self.t.max())) + _AFTER_SPECIATION
        # The times of the clones are among those of the grid, so that shares of last changes refer to them exactly.
        grid = np.union1d(path_times(start, float(self.t.min()), steps=form.steps, Lambda=Lambda), self.t)[::-1]
        coarse, fine, every = grid, halved_times(grid), 2
        while every < form.refined:
            coarse, fine, every = fine, halved_times(fine), 2 * every
        steps = noise.substream(_STEPS)
        shared: dict[str, Any] = {"nearest": self.nearest, "store": self.store}
        last = measure_last_change(
            self.score,
            self.points,
            fine,
            every=every,
            paths=form.paths,
            noise=noise,
            steps_noise=steps,
            sampler=SAMPLER,
            name=f"{name},last-change",
            progress=self._counting("last changes", form.paths),
            **shared,
        )
        before = measure_last_change(
            self.score,
            self.points,
            coarse,
            every=every // 2,
            paths=form.halved,
            noise=noise,
            steps_noise=CoarseNoise(steps, fine, SAMPLER),
            sampler=SAMPLER,
            name=f"{name},coarse-last-change",
            **shared,
        )
        exact = exact_last_change(
            self.points,
            grid,
            paths=4 * form.paths,
            noise=self.noise.substream(_EXACT),
            name=f"{name},exact-last-change",
            progress=self._counting("exact last changes", 4 * form.paths),
            **shared,
        )
        return last, exact, before

    def _later(self, last: LastChange, exact: LastChange) -> tuple[list[Agreement], ChiSquare]:
        """Shares of paths with their last change before t, which share their paths over t."""
        measured, law = last.later_than(self.t), exact.later_than(self.t)
        count, other = last.time.size, exact.time.size
        share = (count * measured + other * law) / (count + other)
        kept = count * np.minimum(share, 1 - share) >= FEWEST
        # Of two times, a path with its last change before the larger one has it before the smaller one as well.
        both = np.minimum(share[:, None], share) - share[:, None] * share
        covariance = both[np.ix_(kept, kept)] * (1 / count + 1 / other)
        later = [
            Agreement(f"P(last change > t), {self.form.source}", t, theory, value, math.sqrt(variance), count)
            for t, theory, value, variance in zip(
                self.t[kept].tolist(),
                law[kept].tolist(),
                measured[kept].tolist(),
                np.diag(covariance).tolist(),
                strict=True,
            )
        ]
        mean_se = math.hypot(last.mean_se, exact.mean_se)
        later.append(
            Agreement(f"mean last change, {self.form.source}", exact.mean, exact.mean, last.mean, mean_se, count)
        )
        return later, correlated_chi_square(f"last change, {self.form.source}", (measured - law)[kept], covariance)

    def _summary(
        self, index: Sequence[Agreement], halving: Sequence[Halving], last: LastChange, exact: LastChange
    ) -> dict[str, Any]:
        t, phi, most = (self.grid[name] for name in ("t", "index", "most"))
        return {
            "n": len(self.X),
            "last_change": last.to_dict(),
            "last_change_exact": exact.to_dict(),
            "time_of_0.6": float(curve_crossings(t, phi, NEAR)[-1]),
            "index_at_mean": float(np.interp(last.mean, t, phi)),
            "median_between": [float(curve_crossings(t, most, level)[-1]) for level in (0.75, 0.5)],
            "index_less_law": [each.theory - float(exact.later_than([each.at])[0]) for each in index],
            "halving": [asdict(each) for each in halving],
            "mean_z": float(np.mean([each.z for each in index])),
        }

    def _changed(self, last: LastChange, before: LastChange) -> dict[str, Any]:
        """What the last halving of the step did to last changes."""
        time = last.time[: before.time.size]
        later = [_change(time > t, before.time > t) for t in self.t.tolist()]
        mean, mean_se = _change(time, before.time)
        return {
            "mean": mean,
            "mean_se": mean_se,
            "later": [each[0] for each in later],
            "later_se": [each[1] for each in later],
        }

    def _probes(self, number: int, use: int) -> np.random.Generator:
        """Independent at every time, for every seed."""
        return np.random.default_rng([self.noise.seed, *self.noise.keys, number, use])

    @property
    def _name(self) -> str:
        return self.form.source.replace(" ", "-")

    def _counting(self, part: str, total: int) -> Callable[[int], None]:
        return counter(self.progress, f"{self.form.source}: {part}", total)


def _points(form: EmpiricalForm, noise: NoiseStream) -> tuple[Array, NDArray[np.int64]]:
    if form.source != "mixture":
        name, *classes = form.source.split()
        data = load_dataset(name, classes=classes or None)
        return data.X, np.asarray(data.labels, dtype=np.int64)
    labels = (noise.uniform(0, 0, form.n, ()).numpy() < 1 / 2).astype(np.int64)
    normal = noise.normal(0, 0, form.n, (form.d,), dtype=torch.float64).numpy()
    return normal + form.mu * (2.0 * labels[:, None] - 1), labels


def _of_classes(curves: PosteriorCurves) -> tuple[Array, Array]:
    return np.asarray(curves.clone_class), np.asarray(curves.clone_class_se)


def _binomial(quantity: str, t: float, phi: float, phi_se: float, same: NDArray[Any]) -> Agreement:
    count = same.size
    return Agreement(
        quantity, t, phi, float(same.mean()), math.hypot(phi_se, math.sqrt(phi * (1 - phi) / count)), count
    )


def _change(fine: NDArray[Any], coarse: NDArray[Any]) -> tuple[float, float]:
    difference = fine.astype(np.float64) - coarse
    return float(difference.mean()), float(difference.std(ddof=1) / math.sqrt(difference.size))
