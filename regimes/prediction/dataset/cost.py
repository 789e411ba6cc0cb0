"""What a prediction costs, in seconds and bytes, before it is begun: the one place that knows.

Every part of the work is a sum of counts of a few kinds of operations. What one of each kind takes was fitted to the
parts of some data sets by ``benchmarks/predict_cost.py``, in units of one multiplication and addition of a product of
matrices in single precision: how fast these are is measured anew on each machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from regimes.numerics.collapse.corrected_time import FRACTIONS, PART_PROBES, PART_TIMES
from regimes.numerics.interface.checks import gibibytes
from regimes.numerics.interface.progress import ESTIMATE
from regimes.numerics.posterior.eigenvalues import FULL, Centred
from regimes.numerics.posterior.layout import MOST_CELLS, choose_products, default_probes
from regimes.numerics.posterior.near_copies import MOST_COMPARED
from regimes.numerics.posterior.neighbours import copy_width
from regimes.numerics.posterior.spectrum import DENSE_LIMIT
from regimes.numerics.speciation.class_bound.gaussian import OWN_WORK
from regimes.numerics.speciation.class_bound.probes import MOST_POINTS, noised_points
from regimes.numerics.speciation.class_bound.subspace import AXES
from regimes.prediction.dataset.found import GRID_POINTS, Found

__all__ = ["COSTS", "Work", "product_rate", "report_estimate"]

COSTS = {
    "product": 0.97,  # a multiplication and addition in single precision; double precision counts twice
    "eigenvectors": 15,  # of a matrix, a cube of its size, in double precision
    "eigenvalues": 7.8,  # or some eigenvectors
    "pair": 200,  # of points, whose distance is compared
    "exponential": 42,  # of a noised point, a point and a time, in the compiled kernel
    "cell": 1000,  # of a noised point, a time, a class and a group of the jackknife
    "weight": 380,  # of a noised point, a point held out and a time
    "mixture": 4600,  # of a noised point, a time, a class and a fold
    "normal": 3500,  # number that is drawn
    "value": 270,  # of the points, in a pass over them
    "difference": 220,  # of two values of neighbours
}
"""Of each kind of operation, in multiplications and additions of a product in single precision."""

_SIDE, _READ, _FEWEST = 576, 2**20, 1024
_TOLD = 60.0  # seconds from which on an estimate is said
_SLOWEST = 5e9  # products a second: what takes no minute at this rate is not estimated any closer
_DIRECTIONS = 64
_COVARIANCE_PASSES, _DIRECTION_PASSES = 11.0, 66.0  # of Lanczos iterations, which depend on the spectrum
_HELD_TIMES, _FOLDS = 13, 5
_SLOTS = 128  # of the kernel, at least

Counts = dict[str, float]


@dataclass(frozen=True)
class Work:
    """What the cost depends on; classes is 1 without labels, ``itemsize`` is of the values as they are held."""

    n: int
    d: int
    classes: int
    times: int
    probes: int
    groups: int
    itemsize: int
    parts: tuple[str, ...]
    memory: int
    held: bool = True

    def operations(self) -> dict[str, Counts]:
        """How many of each kind each part of the work takes."""
        found = {"near copies": self._near_copies(), "covariance": self._covariance()}
        posterior = self._posterior(self.n, self.probes, self.times, self.classes)
        if "speciation" in self.parts:
            found["directions"] = self._directions()
        if "classes" in self.parts and self.classes > 1:
            found |= {"posterior": posterior, "held-out classes": self._held_out()}
        if "collapse" in self.parts:
            sizes = [self._posterior(max(self.n // f, 1), PART_PROBES, PART_TIMES, 1) for f in FRACTIONS]
            found |= {"bound": self._bound(), "posterior": posterior}
            found["fewer points"] = {kind: sum(each[kind] for each in sizes) for kind in posterior}
            found["fewer points"]["value"] = 4.5 * self.n * self.d
        return found

    @property
    def _double(self) -> int:
        """2 where products over the points are in double precision."""
        return 1 if Centred.single(np.dtype(f"f{self.itemsize}"), self.n * self.d) else 2

    def _covariance(self) -> Counts:
        n, d, size = self.n, self.d, min(self.n, self.d)
        if size > DENSE_LIMIT:
            return {"value": _COVARIANCE_PASSES * n * d}
        kind, of = ("eigenvectors", 1.0) if size <= FULL else ("eigenvalues", self._double / 2)
        return {"product": n * d * size * self._double / 2, kind: of * size**3, "value": 4.0 * n * d}

    def _directions(self) -> Counts:
        n, d, size = self.n, self.d, min(self.n, self.d)
        if size > DENSE_LIMIT:
            return {"value": _DIRECTION_PASSES * n * d}
        if n < d:
            return {"eigenvalues": 1.25 * size**3, "product": 1.0 * n * n * _DIRECTIONS, "value": 1.0 * n * d}
        matrices = (2 + (d > FULL)) * self._double / 2
        products = (n * d * d / 4 + 3 * n * d * _DIRECTIONS) * self._double
        return {"eigenvalues": matrices * size**3, "product": products, "value": 4.0 * n * d}

    def _bound(self) -> Counts:
        size = min(self.n, self.d)
        if size > FULL:  # of so many points alone
            of_some = replace(self, n=FULL)
            return {"eigenvectors": 1.0 * FULL**3, "product": FULL**2 * self.d * of_some._double / 2}
        return {
            "product": self._double * self.n * size * (self.d if self.n >= self.d else 0),
            "value": 8.0 * self.n * size,
        }

    def _near_copies(self) -> Counts:
        n, d = min(self.n, MOST_COMPARED), self.d
        width = copy_width(n, d)
        double = 2 if choose_products(n, d, n) == "double" else 1
        products = double * n * n * width + (width < d) * 2 * n * d * width
        return {"product": 1.0 * products, "pair": 1.0 * n * n, "value": 3.0 * n * d, "difference": 10.0 * n * d}

    def _posterior(self, n: int, probes: int, times: int, classes: int) -> Counts:
        double = 2 if choose_products(n, self.d, min(probes, default_probes(n))) == "double" else 1
        cells = classes * max(min(self.groups, MOST_CELLS // classes), 1)
        return {
            "product": 2.0 * probes * n * self.d * double,
            "exponential": 2.0 * probes * n * times,
            "cell": 2.0 * probes * times * min(n, max(cells, _SLOTS)),
            "normal": 1.0 * probes * self.d,
            "value": 3.0 * n * self.d,
        }

    def _held_out(self) -> Counts:
        n, d, classes = min(self.n, MOST_POINTS), self.d, self.classes
        axes, seen, models = min(d, AXES), (1 - 2 / _FOLDS) * min(self.n, MOST_POINTS), _FOLDS * (_FOLDS + 1) / 2
        probes, others = noised_points(n), (1 - 1 / _FOLDS) * n
        fits = models * 3 * seen * axes**2 + n * d * axes * (d > AXES)
        return {
            "product": 2 * probes * others * d + fits + 2 * _FOLDS * probes * axes * classes * (_HELD_TIMES + axes),
            "eigenvectors": models * (classes + 1) * axes**3,
            "weight": 2 * probes * others * _HELD_TIMES,
            "mixture": 2.0 * _FOLDS * probes * _HELD_TIMES * classes,
            "value": models * seen * axes * 6 + 2.0 * n * d,
            "normal": 1.0 * probes * d,
        }

    @property
    def passes(self) -> int:
        """Over points that stay in their file."""
        sums = 3 * (48 * self.times * max(self.classes * self.groups, 16) + 32 * self.d)
        return 14 + math.ceil(self.probes / max(1, min(self.memory // sums, 1024)))

    def _held_out_bytes(self) -> float:
        """Of copies of the points, of a block of noised ones, and of the models, with an own covariance a class."""
        n, axes = min(self.n, MOST_POINTS), min(self.d, AXES)
        own = min(axes, (OWN_WORK / self.classes) ** (1 / 3))
        models = _FOLDS * (_FOLDS + 1) / 2 * (self.d * axes + self.classes * own**2)
        return float(16 * n * self.d + 512 * (5 * n + 4 * self.d + 1000 * self.classes) + 4 * models)

    def bytes(self) -> float:
        """The points, what is kept of them, and the largest of the working arrays, within the memory."""
        n, d, size = self.n, self.d, min(self.n, self.d)
        square, kept = 8 * size**2 * (size <= DENSE_LIMIT), self.itemsize * n * d * self.held
        single = 4 * self._double
        products = 8 if choose_products(n, d, self.probes) == "double" else 4
        rows = min(512, self.probes)
        working = {
            "directions": single * n * d + (3 if n < d else 5) * square,
            "bound": (single + 4) * n * min(size, FULL) + 4 * square,
            "near copies": 4 * min(n, MOST_COMPARED) * (copy_width(n, d) + 2 * rows),
            "posterior": products * n * (d + 2 * rows) + 12 * rows * self.times * 5 * (1 + self.groups),
            "held-out classes": self._held_out_bytes() if self.classes > 1 else 0,
        }
        return float(min(kept + (1 + (size <= FULL)) * square + max(working.values()), self.memory))

    def seconds(self, rate: float) -> dict[str, float]:
        """Of each part, at so many multiplications and additions a second."""
        return {
            part: sum(COSTS[kind] * count for kind, count in counts.items()) / rate
            for part, counts in self.operations().items()
        }


def product_rate() -> float:
    """Multiplications and additions a second of a product in single precision, the best of some that take 20 ms."""
    a, seconds = np.ones((_SIDE, _SIDE), np.float32), []
    for _ in range(4):
        started = time.perf_counter()
        np.matmul(a, a)
        seconds.append(time.perf_counter() - started)
    return float(_SIDE**3 / min(seconds))


def report_estimate(found: Found, parts: Sequence[str]) -> None:
    """Say how long it will take, and with how much memory, if that is over a minute: a part with the seconds as total.

    Between the fewest and the most noised points. Of points in a file some rows are read to see how long that takes.
    """
    data, budget, times = found.data, found.budget, found.times
    work = Work(
        n=data.n,
        d=data.d,
        classes=1 if found.no_classes else len(data.classes),
        times=GRID_POINTS + (0 if times is None else times.size),
        probes=budget.most_probes(data.n),
        groups=budget.groups,
        itemsize=data.X.dtype.itemsize,
        parts=tuple(parts),
        memory=budget.memory,
        held=isinstance(data.X, np.ndarray),
    )
    if work.held and sum(work.seconds(_SLOWEST).values()) < _TOLD:
        return
    rate, reading = product_rate(), 0.0
    if not work.held:
        started = time.perf_counter()
        rows = len(data.X[: max(1, _READ // work.d)])
        reading = (time.perf_counter() - started) * work.n / rows
    fewest = work if budget.probes else replace(work, probes=min(_FEWEST, work.probes))
    least, most = (sum(each.seconds(rate).values()) + each.passes * reading for each in (fewest, work))
    if least + most < 2 * _TOLD:
        return
    one, other = _spoken(least), _spoken(most)
    span = other if one == other else f"{one} to {other}"
    budget.progress(f"{ESTIMATE}{span}, {gibibytes(int(work.bytes()))} of memory", 0, round(most))


def _spoken(seconds: float) -> str:
    """With two digits at most."""
    if seconds < 100:
        return f"{max(10, 10 * round(seconds / 10))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"
