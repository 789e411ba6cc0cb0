"""What is computed of a data set, each piece once and only if it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.collapse.corrected_time import (
    CollapseOfSize,
    CorrectedCollapse,
    collapse_times_by_size,
    corrected_collapse_time,
)
from regimes.numerics.collapse.information_bound import InformationBound, information_bound
from regimes.numerics.collapse.spectral_bound import spectral_collapse_bound
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.decisions.class_posteriors import (
    ClassPosteriors,
    exact_class_posteriors,
    held_out_class_posteriors,
)
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.interface.data_checks import Points, checked_points
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.progress import Progress
from regimes.numerics.interface.workers import Here, Workers
from regimes.numerics.posterior.curves import PosteriorCurves, posterior_curves
from regimes.numerics.posterior.layout import default_probes
from regimes.numerics.posterior.near_copies import NearCopies, near_copies
from regimes.numerics.posterior.spectrum import CovarianceSpectrum, covariance_spectrum
from regimes.numerics.process.schedules import Schedule
from regimes.numerics.speciation.class_bound.bound import ClassBound
from regimes.numerics.speciation.direction.directions import Directions, directions
from regimes.prediction.dataset.class_posteriors import kept_posteriors, window_times
from regimes.prediction.dataset.classes import class_part, class_rows, held_out_bound
from regimes.prediction.dataset.crossing_rows import CurvePart, probes_suffice
from regimes.prediction.dataset.intervals import FEWEST_GROUPS
from regimes.prediction.dataset.points import leave_one_out_part, point_part
from regimes.prediction.dataset.time_grid import even_times

__all__ = ["GRID_POINTS", "PRECISION", "Budget", "Found"]

PRECISION = 0.01
"""Share of a time that the probes may leave uncertain at 95%."""

Labels = NDArray[np.intp] | None

GRID_POINTS, _BEYOND = 44, 1.2


@dataclass(frozen=True)
class Budget:
    """What may be spent, and the seed."""

    probes: int | None
    precision: float
    rng: int | np.random.Generator
    groups: int
    memory: int
    progress: Progress
    store: Checkpoints = field(default_factory=lambda: Checkpoints(None, {}))

    def most_probes(self, n: int) -> int:
        """As many as are given, or what no precision of n points may cost more than."""
        return self.probes or round(default_probes(n) * max(1.0, (PRECISION / self.precision) ** 2))


@dataclass(eq=False)
class Found:
    """A data set, and what follows from it at its own times and those asked for."""

    data: Dataset
    schedule: Schedule
    budget: Budget
    center: bool
    times: NDArray[np.float64] | None
    workers: Workers = field(default_factory=Here)

    @cached_property
    def no_classes(self) -> str | None:
        """Why there is no class to commit to."""
        if self.data.labels is None:
            return "the data have no labels"
        return None if np.unique(self.data.labels).size >= 2 else "there is one class, and speciation needs two"

    @cached_property
    def points(self) -> Points:
        """All points, checked once, with what was computed in passes over them."""
        return checked_points("predict", self.data.X, self.budget.store, self.budget.progress, self.workers)

    @property
    def bytes_held(self) -> int:
        """Of the points and what is kept of them."""
        held = {id(points): points for points in (self.points, self.__dict__.get("distinct", self.points))}.values()
        copies = self.__dict__.get("copies")
        return sum(points.bytes_held() for points in held) + (0 if copies is None else copies.nbytes)

    @property
    def memory(self) -> int:
        """Bytes that are left beside them."""
        return max(self.budget.memory - self.bytes_held, 1)

    @cached_property
    def spectrum(self) -> CovarianceSpectrum:
        """Of the points as they are centred or not."""
        return covariance_spectrum(self.points, center=self.center, memory=self.memory)

    @cached_property
    def spread(self) -> CovarianceSpectrum:
        """About the mean: the posterior depends on differences only, whatever Lambda refers to."""
        return self.spectrum if self.center else covariance_spectrum(self.points, memory=self.memory)

    @cached_property
    def directions(self) -> Directions:
        """Of the population; of copies one is taken, since halves of the points must not share any."""
        points, rng = self.distinct, self.budget.rng
        spectrum = None if self.copies.groups else self.spectrum
        return directions(points, center=self.center, spectrum=spectrum, rng=rng, memory=self.memory)

    @cached_property
    def copies(self) -> NearCopies:
        """Groups of points that are copies of each other."""
        return near_copies(self.points, memory=self.memory)

    @cached_property
    def bound(self) -> InformationBound | str:
        """Of any law with the covariance of the population, or why there is none; copies count once."""
        try:
            return information_bound(self.distinct, memory=self.memory)
        except ValueError as refused:
            return str(refused).removeprefix("information_bound: ")

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """Times that hold every transition.

        Collapse lies near its bound, but the points of clusters are told apart later, where neighbours are; the class
        crossing lies not far above t_S.
        """
        bound = spectral_collapse_bound(self.spread, self.data.n)
        last = float(compile_formula("speciation_time_noise_matched", target="numpy")(self.spread.Lambda))
        first, spacing = bound / 20, self.copies.spacing
        if spacing:
            first = min(first, float(compile_formula("near_copies_part", target="numpy")(spacing)) / 20)
        return even_times(first, max(bound, last) + _BEYOND, GRID_POINTS)

    @cached_property
    def posterior(self) -> PosteriorCurves:
        """Curves of the posterior over the points, with the classes if there are any."""
        labels = None if self.no_classes else self.data.labels
        parts = lambda curves: self._parts(curves, labels, left_out=not self.copies.groups)  # noqa: E731
        return self._posterior("posterior", labels, parts)

    @cached_property
    def by_group(self) -> PosteriorCurves | None:
        """The same with groups of near copies, or of equal points, as classes."""
        if not (self.copies.groups or self.copies.ties):
            return None
        part = lambda curves: [point_part(curves, "clone_class")]  # noqa: E731
        return self._posterior("posterior-groups", self.copies.as_classes, part, singles=self.copies.singles)

    @cached_property
    def distinct(self) -> Points:
        """One point of each group of near copies."""
        X, first = self.data.X, self._first
        if not self.copies.groups:
            return self.points
        some = X[first] if self.points.held else X.take(first)
        return checked_points("predict", some, report=self.points.report, workers=self.workers)

    @cached_property
    def of_distinct(self) -> PosteriorCurves:
        """Curves of points without copies, to leave them out one at a time."""
        if not self.copies.groups:
            return self.posterior
        labels = self._distinct_labels
        parts = lambda curves: self._left_out_parts(curves, labels)  # noqa: E731
        return self._posterior("posterior-distinct", labels, parts, self.distinct)

    @cached_property
    def _first(self) -> NDArray[np.intp]:
        """The first point of each group of near copies."""
        return np.sort(np.unique(self.copies.labels, return_index=True)[1])

    @cached_property
    def _distinct_labels(self) -> NDArray[np.intp] | None:
        """Classes of the distinct points, unless there is one."""
        if self.no_classes or self.data.labels is None:
            return None
        found, labels = np.unique(self.data.labels[self._first], return_inverse=True)
        return labels if found.size > 1 else None

    @cached_property
    def collapse(self) -> CorrectedCollapse | None:
        """Collapse time of the law of the points; None of too few groups of them."""
        curves = self.of_distinct
        if curves.jackknife_leave_one_out is None or curves.groups < FEWEST_GROUPS:
            return None
        return corrected_collapse_time(curves)

    @cached_property
    def by_size(self) -> tuple[CollapseOfSize, ...]:
        """Collapse times of parts of the points, and of all."""
        if isinstance(self.bound, str) or self.collapse is None:
            return ()
        X, bound, rng, memory = self.distinct, self.bound, self.budget.rng, self.memory

        def compute() -> dict[str, ArrayLike]:
            of_parts = collapse_times_by_size(X, bound, rng=rng, memory=memory)
            return {
                "found": np.array([(each.n, each.time, each.error) for each in of_parts], dtype=float).reshape(-1, 3)
            }

        found = self.budget.store.piece("fewer-points", compute)["found"].tolist()
        of_parts = [CollapseOfSize(int(n), *(None if np.isnan(x) else x for x in rest)) for n, *rest in found]
        return (*of_parts, CollapseOfSize(len(self.distinct.values), self.collapse.time, self.collapse.error))

    @cached_property
    def held_out(self) -> ClassBound | None:
        """Bound on the class clone probability of the population; None where no fold can be left out."""
        labels = self.data.labels
        if self.no_classes or labels is None or np.unique(self.copies.labels).size < 3:
            return None
        around = self.class_rows["speciation.class_time_left_out"].value, float(self.grid[-1])
        budget = self.budget
        return held_out_bound(
            self.points,
            labels,
            around,
            self.copies.labels,
            rng=budget.rng,
            memory=self.memory,
            progress=budget.progress,
            store=budget.store,
        )

    @cached_property
    def window_times(self) -> NDArray[np.float64]:
        """Times over which classes are decided, whatever the model."""
        return window_times(self.posterior, np.asarray(self.data.labels))

    @cached_property
    def held_out_classes(self) -> ClassPosteriors | str:
        """Class posteriors of points that are held out, over all times of the classes, or why there are none."""
        return self._class_posteriors("held-out-posteriors", held_out_class_posteriors)

    @cached_property
    def exact_classes(self) -> ClassPosteriors | str:
        """Class posteriors under the exact score of the points, at the same times."""
        return self._class_posteriors("exact-posteriors", exact_class_posteriors)

    def _class_posteriors(self, name: str, function: Callable[..., ClassPosteriors]) -> ClassPosteriors | str:
        labels = self.data.labels
        if self.no_classes or labels is None:
            return str(self.no_classes)
        if function is held_out_class_posteriors and np.unique(self.copies.labels).size < 3:
            return "no points can be held out of fewer than three, copies aside"
        budget, copies = self.budget, self.copies.labels
        about = {"copies": copies, "rng": budget.rng, "memory": self.memory, "progress": budget.progress}
        compute = lambda: function(self.points, labels, self.window_times, **about)  # noqa: E731
        return kept_posteriors(name, compute, budget.store)

    def _parts(self, curves: PosteriorCurves, labels: Labels, *, left_out: bool) -> list[CurvePart]:
        """What is read off the posterior over the points."""
        parts = [point_part(curves, "clone_index")]
        parts += [] if labels is None else [class_part(curves, labels, "clone_class")]
        return parts + (self._left_out_parts(curves, labels) if left_out else [])

    def _left_out_parts(self, curves: PosteriorCurves, labels: Labels) -> list[CurvePart]:
        parts = [] if labels is None else [class_part(curves, labels, "clone_class_leave_one_out")]
        return [*parts, leave_one_out_part(curves)]

    def _posterior(
        self,
        name: str,
        labels: Labels,
        parts: Callable[[PosteriorCurves], list[CurvePart]],
        X: Points | None = None,
        *,
        singles: bool = False,
    ) -> PosteriorCurves:
        budget = self.budget
        points = self.points if X is None else X
        return posterior_curves(
            points,
            self.grid if self.times is None else np.union1d(self.grid, self.times),
            labels=labels,
            singles=singles,
            probes=budget.most_probes(len(points.values)),
            rng=budget.rng,
            groups=budget.groups,
            enough=None if budget.probes else lambda curves: probes_suffice(parts(curves), budget.precision),
            memory=self.memory,
            progress=budget.progress,
            checkpoint=budget.store.partial(name),
        )

    @cached_property
    def class_rows(self) -> dict[str, Number]:
        """Times of the classes, read off the posterior."""
        if self.no_classes or self.data.labels is None:
            return {}
        left_out = None if self._distinct_labels is None else (self.of_distinct, self._distinct_labels)
        return class_rows((self.posterior, self.data.labels), left_out, self.schedule)
