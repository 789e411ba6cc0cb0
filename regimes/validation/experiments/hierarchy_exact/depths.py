"""Reconstruction of the class against depth: the finite-size band, and what density evolution says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regimes.datasets.hierarchy.sample import sample_hierarchy
from regimes.numerics.estimation.jackknife import jackknife_error
from regimes.numerics.estimation.roots import curve_crossings
from regimes.numerics.hierarchy.curves import hierarchy_curves
from regimes.numerics.hierarchy.density_evolution import density_evolution
from regimes.numerics.hierarchy.threshold import Bisection, hierarchy_threshold
from regimes.validation.experiments.hierarchy_exact.runs import HierarchyModel, UTurnPoint, rules_of, source_of
from regimes.validation.experiments.runner.run import Bench

__all__ = ["SHARES", "ClassByDepth", "DepthForm", "LevelEvolution", "class_by_depth", "crossing", "evolved_levels"]

Array = NDArray[np.float64]

SHARES = (0.9, 0.5, 0.1)
"""Of what a U-turn keeps of the class beyond chance: the band, and its middle."""

_KNOWN = (0.03, 0.97)  # beyond these shares, curves of two depths touch rather than cross

_DEPTHS, _THRESHOLDS, _EVOLUTION = 2, 3, 4


@dataclass(frozen=True)
class DepthForm:
    """How the class is followed against depth."""

    multiples: tuple[float, ...]  # times in units of the threshold
    rules: int
    starts: int
    population: int  # of density evolution
    repeats: int


@dataclass(frozen=True, eq=False)
class ClassByDepth:
    """What U-turns keep of the class at one depth, by belief propagation, and the times of density evolution."""

    model: HierarchyModel
    depth: int
    t: Array
    kept: Array  # (rules, T): probability that the class comes back
    half: tuple[float, float]  # time of density evolution at this depth, with its standard error
    deep: tuple[float, float]  # the same at infinite depth

    @property
    def share(self) -> Array:
        """Kept beyond chance, of what could be."""
        return self._share(self.kept.mean(axis=0))

    @property
    def left(self) -> list[Array]:
        """The same without each set of rules in turn."""
        return [self._share(np.delete(self.kept, one, axis=0).mean(axis=0)) for one in range(len(self.kept))]

    def crossings(self) -> list[tuple[float | None, float | None]]:
        """Times at which the shares are left, with errors over sets of rules."""
        return [
            _with_error(_last(self.t, self.share, share), [_last(self.t, each, share) for each in self.left])
            for share in SHARES
        ]

    def _share(self, kept: Array) -> Array:
        return np.asarray((kept - 1 / self.model.v) / (1 - 1 / self.model.v))


@dataclass(frozen=True, eq=False)
class LevelEvolution:
    """Density evolution beside the exact reconstruction at the times of the U-turns; rows are levels."""

    model: HierarchyModel
    t: Array
    evolved: Array
    evolved_se: Array
    exact: Array
    exact_se: Array  # over sets of rules

    @property
    def z(self) -> Array:
        """Of the difference; density evolution gives every node rules of its own, so that it need not be small."""
        return np.asarray((self.exact - self.evolved) / np.hypot(self.exact_se, self.evolved_se))


def class_by_depth(bench: Bench, number: int, model: HierarchyModel, form: DepthForm, depth: int) -> ClassByDepth:
    """The class of trees of one depth; ``U-turns`` hold these curves against simulation at the depth of the model."""
    t = model.threshold * np.array(form.multiples)
    hierarchy = model.hierarchy(depth)

    def kept() -> dict[str, Any]:
        found = []
        for each in range(form.rules):
            source = source_of(bench, _DEPTHS, number, depth, each)
            rules = rules_of(bench, number, hierarchy, each)
            data = sample_hierarchy(rules, form.starts, rng=source)
            found.append(hierarchy_curves(rules, data.tree, "gaussian", t, rng=source).reconstruction[0])
            bench.report(f"class of {model.name} at depth {depth}", each + 1, form.rules)
        return {"kept": np.array(found)}

    def threshold(at: int | None) -> dict[str, Any]:
        source = source_of(bench, _THRESHOLDS, number, at or 0)
        found = hierarchy_threshold(
            hierarchy,
            "gaussian",
            population=form.population,
            repeats=form.repeats,
            search=Bisection(depth=at),
            rng=source,
        )
        bench.report(f"threshold of {model.name} at depth {at or 'infinity'}", 1, 1)
        return {"time": np.array([found.time, found.time_se])}

    curves = bench.store.piece(f"class,model={number},depth={depth}", kept)
    half = bench.store.piece(f"threshold,model={number},depth={depth}", lambda: threshold(depth))["time"]
    deep = bench.store.piece(f"threshold,model={number},depth=infinity", lambda: threshold(None))["time"]
    return ClassByDepth(
        model, depth, t, curves["kept"], (half[0].item(), half[1].item()), (deep[0].item(), deep[1].item())
    )


def evolved_levels(bench: Bench, number: int, points: list[UTurnPoint], form: DepthForm) -> LevelEvolution:
    """Density evolution at the times of the U-turns of a model."""
    model, t = points[0].model, np.array([point.t for point in points])

    def compute() -> dict[str, Any]:
        source = source_of(bench, _EVOLUTION, number)
        found = density_evolution(
            model.hierarchy(), "gaussian", t, population=form.population, repeats=form.repeats, rng=source
        )
        bench.report(f"density evolution of {model.name}", 1, 1)
        return {"evolved": found.reconstruction, "se": found.reconstruction_se}

    evolved = bench.store.piece(f"evolution,model={number}", compute)
    shares = [point.kept["exact"].share for point in points]
    rules = np.stack([each.reshape(points[0].rules, -1, model.L + 1).mean(axis=1) for each in shares])
    exact, se = rules.mean(axis=1).T, rules.std(axis=1, ddof=1).T / np.sqrt(points[0].rules)
    return LevelEvolution(model, t, evolved["evolved"], evolved["se"], exact, se)


def crossing(shallow: ClassByDepth, deep: ClassByDepth) -> tuple[float | None, float | None]:
    """Time at which trees of two depths keep their class alike, which tends to the threshold of deep trees."""
    known = (np.minimum(shallow.share, deep.share) >= _KNOWN[0]) & (np.maximum(shallow.share, deep.share) <= _KNOWN[1])

    def found(one: Array, other: Array) -> float | None:
        return _last(shallow.t[known], (other - one)[known], 0.0)

    pairs = zip(shallow.left, deep.left, strict=True)
    return _with_error(found(shallow.share, deep.share), [found(*each) for each in pairs])


def _last(t: Array, curve: Array, level: float) -> float | None:
    crossings = curve_crossings(t, curve, level, logarithmic=True)
    return float(crossings[-1]) if crossings.size else None


def _with_error(value: float | None, others: list[float | None]) -> tuple[float | None, float | None]:
    """A time, and its error over sets of rules where it is there without any of them."""
    known = np.array([each for each in others if each is not None])
    return value, float(jackknife_error(known[:, None])[0]) if len(known) == len(others) else None
