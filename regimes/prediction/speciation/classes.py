"""When each pair of classes of a data set parts, and the tree in which they do as noise falls."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.files.reading import ReadingOptions
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.threads import blas_threads
from regimes.numerics.estimation.streams import seed_of
from regimes.numerics.interface.checks import positive_times, whole_number
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import Result
from regimes.numerics.posterior.near_copies import near_copies
from regimes.numerics.speciation.class_bound.held_out import held_out_bytes
from regimes.numerics.speciation.class_pairs.class_tree import class_tree, pair_bounds
from regimes.numerics.speciation.class_pairs.fitted_pairs import FittedPairs, fitted_pairs
from regimes.numerics.speciation.class_pairs.held_out_pairs import held_out_classes
from regimes.numerics.speciation.criteria import normalised_clone_level
from regimes.prediction.dataset.points import copies_warnings
from regimes.prediction.dataset.result import GivenData
from regimes.prediction.dataset.time_grid import even_times
from regimes.prediction.process.regime_shares import share_rows, share_sentence
from regimes.prediction.speciation.class_rows import PairTimes, merge_entry, merge_rows, pair_rows
from regimes.prediction.speciation.class_sentences import class_sentences
from regimes.theory.formula.record import recorded

__all__ = ["ClassTree", "predict_classes"]

_MOST_CLASSES = 200
_TIMES, _FEWEST_TIMES = 32, 12
_FEWEST_POINTS = 2
_FROM = 0.01  # of the time at which the top direction stands out
_LATEST = 1.0  # beyond every closed form
_TABLES = ("merges", "pairs")
_ASSUMES = (
    "bound: of a model that generalises; two classes part at the time given or at more noise. Classes and groups of "
    "classes weigh alike, the classes within a group as in the data",
    "lower limits are one-sided, of 97.5% for each pair alone, not for all at once, nor for the order of the tree",
)


@dataclass(frozen=True, eq=False, repr=False)
class ClassTree(Result):
    """When classes part as noise falls: times of all pairs, and the tree.

    Numbers: ``classes.merge.1`` and so on, from the two classes that part last up to the root; for the pair that parts
    last ``classes.last.bound``, ``.overlap``, ``.log_odds`` and ``.means``, for the one that parts first
    ``classes.first.bound`` and so on; ``speciation.class_level``. The first is a lower bound for a model that
    generalises, the others are closed forms of Gaussian classes, the last with one covariance for all.

    Curves: ``t``; ``merge_clone``, the bound on the normalised clone probability of each merge, with ``_se``;
    ``merges``, a list of dictionaries with ``classes`` (two lists of names), ``time``, ``error``, ``interval``,
    ``height`` (of the tree, which never falls towards the root) and ``reason``; ``pairs``, a list with ``classes`` and
    the four times, each with ``time`` and ``error``.
    """

    kind: ClassVar[str] = "class tree"
    problem_type = GivenData

    @classmethod
    def _restored(cls, parts: dict[str, Any]) -> dict[str, Any]:
        curves = parts["curves"]
        arrays = {name: each for name, each in curves.items() if name not in _TABLES}
        restored = super()._restored({**parts, "curves": arrays})
        return {**restored, "curves": {**restored["curves"], **{name: curves[name] for name in _TABLES}}}

    def to_frame(self) -> Any:
        """Curves of the merges as a pandas DataFrame over t; pandas has to be installed.

        Returns
        -------
        pandas.DataFrame
            A column for each merge.
        """
        arrays = {name: each for name, each in self.curves.items() if name not in _TABLES}
        return Result.to_frame(replace(self, curves=arrays))


def predict_classes(
    source: ArrayLike | str | os.PathLike[str] | Dataset,
    labels: ArrayLike | str | os.PathLike[str] | None = None,
    *,
    classes: Sequence[str | int] | None = None,
    scale: str | float | None = None,
    center: bool = True,
    t: ArrayLike | None = None,
    rng: int | np.random.Generator = 0,
    groups: int = 10,
    schedule: Any = "ddpm-linear",
    memory: int = 2 * 2**30,
    progress: Callable[[str, int, int], None] | None = None,
    **reading: Unpack[ReadingOptions],
) -> ClassTree:
    """Predict when each pair of classes of a data set parts, and in which order classes part as noise falls.

    Two classes, or two groups of classes, have parted where the normalised probability that two clones of a noised
    point share theirs passes ``speciation.class_level``. Class posteriors that have not seen the point bound it from
    below. From single classes up, the two groups that part last are joined, and scored as one class from then on.

    Parameters
    ----------
    source : str, path, array_like or Dataset
        What :func:`regimes.load_dataset` reads: a built-in name, a file or folder, a frame, points of shape (n, ...).
    labels : array_like, path or str, optional
        Class of each point.
    classes : sequence, optional
        Keep only these classes; at most 200 are taken.
    scale, center
        Preprocessing, see :func:`regimes.load_dataset`; every time depends on the scale.
    t : array_like, optional
        Ornstein-Uhlenbeck times of the curves; up to 32 that hold all closed forms by default.
    rng : int or numpy.random.Generator
        Seed or generator of folds and noise.
    groups : int
        Groups of the jackknife behind the errors of the closed forms, at least 2.
    schedule : str, path, object or Schedule
        In whose steps the times are given as well: what :func:`regimes.noise_schedule` takes, or gives.
    memory : int
        Bytes that may be used in all, the points included.
    progress : callable, optional
        Called with (part, done, total).
    columns, drop, header, decimal, missing
        What is read of the source, see :func:`regimes.load_dataset`.

    Returns
    -------
    ClassTree
        Times of merges and of all pairs.

    Raises
    ------
    ValueError
        If the data have no labels, fewer than two classes of two points or more than 200, or an option is unusable.

    Notes
    -----
    Derived: ``class_quadratic_score`` for the bound; ``class_distance``, ``log_odds_balance`` for the closed forms.
    Classes of one point are left out, and points that are equal are held out together. Of more than 20 000 points a
    sample is used.

    Examples
    --------
    >>> tree = predict_classes("iris")
    >>> [[sorted(group) for group in merge["classes"]] for merge in tree.curves["merges"]]
    [[['versicolor'], ['virginica']], [['setosa'], ['versicolor', 'virginica']]]
    """
    steps = noise_schedule(schedule)
    groups = whole_number("predict_classes", "groups", "of the jackknife", groups, at_least=2)
    memory = whole_number("predict_classes", "memory", "bytes", memory, at_least=2**20)
    data, warnings = _usable(
        load_dataset(source, labels, classes=classes, scale=scale, center=center, memory=memory, **reading)
    )
    memory = max(memory - data.X.nbytes, 2**20)
    members = np.asarray(data.labels)
    with blas_threads(data.X.size):
        fitted = fitted_pairs(data.X, members, groups, rng)
        grid = _grid(fitted, data, memory)
        times = grid if t is None else np.unique(positive_times("predict_classes", t))
        copies = near_copies(data.X, memory=memory)
        held = held_out_classes(
            data.X, members, np.union1d(grid, times), copies=copies.labels, rng=rng, memory=memory, progress=progress
        )
    with recorded() as behind_level:
        level = normalised_clone_level()
    with recorded() as used:
        bounds = pair_bounds(held, progress)
        merges = class_tree(held, bounds)
    made, shown = (*held.formulas, *used), np.searchsorted(held.t, times)
    pairs = [PairTimes.of(pair, bounds[pair], fitted, data.classes) for pair in sorted(bounds)]
    decided = Number("normalised clone probability at which a class is decided", level, formulas=tuple(behind_level))
    rows = {"speciation.class_level": decided} | merge_rows(merges, data.classes, made, steps)
    shares = share_rows(rows | {"classes.root": rows[f"classes.merge.{len(merges)}"]}, steps)
    return ClassTree(
        problem=GivenData.of(data),
        numbers=rows | pair_rows(pairs, {"bound": made} | fitted.formulas, steps) | shares,
        curves={
            "t": times,
            "merge_clone": np.stack([merge.bound.normalised[shown] for merge in merges]),
            "merge_clone_se": np.stack([merge.bound.normalised_se[shown] for merge in merges]),
            "merges": [merge_entry(merge, data.classes) for merge in merges],
            "pairs": [pair.entry() for pair in pairs],
        },
        settings={
            "seed": seed_of(rng),
            "probes": held.probes,
            "folds": held.folds,
            "groups": groups,
            "axes": fitted.axes,
            **steps.settings,
        },
        sentences=(*class_sentences(merges, pairs, data.classes, steps), *share_sentence(shares, steps)),
        assumes=(*_ASSUMES, _closed_forms(fitted.axes, data.d)),
        warnings=(*data.notes, *warnings, *copies_warnings(copies, data.n)),
    )


def _usable(data: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """Classes of at least two points, and a warning where others are left out."""
    if data.labels is None:
        raise ValueError(f"predict_classes: {data.name} has no labels; give the class of each point as labels")
    counts = np.bincount(data.labels)
    kept = np.flatnonzero(counts >= _FEWEST_POINTS)
    if kept.size < 2:
        found = f"{counts.size} class{'es' if counts.size > 1 else ''}, {kept.size} of them with as many points"
        raise ValueError(f"predict_classes: there must be two classes of two points at least, got {found}")
    if kept.size > _MOST_CLASSES:
        raise ValueError(
            f"predict_classes: at most {_MOST_CLASSES} classes are compared pair by pair, got {kept.size}; choose some "
            "of them by classes"
        )
    if kept.size == counts.size:
        return data, ()
    rows = np.isin(data.labels, kept)
    renumbered = np.searchsorted(kept, data.labels[rows]).astype(np.intp)
    small = [data.classes[k] for k in np.flatnonzero(counts < _FEWEST_POINTS)]
    some = f"{', '.join(small[:5])}{', ...' if len(small) > 5 else ''}"
    warning = (
        f"{len(small)} class{'es' if len(small) > 1 else ''} of one point left out ({some}): nothing is left to test"
    )
    names = tuple(data.classes[k] for k in kept)
    return replace(data, X=data.X[rows], labels=renumbered, classes=names), (warning,)


def _grid(fitted: FittedPairs, data: Dataset, memory: int) -> NDArray[np.float64]:
    """Times that hold all closed forms, as many as leave room for the posteriors of all candidates."""
    found = np.concatenate([each[np.isfinite(each)] for each in fitted.times.values()])
    top = float(compile_formula("speciation_time_noise_matched", target="numpy")(fitted.Lambda))
    earliest = min(0.2 * found.min(initial=np.inf), _FROM * top)
    latest = max(found.max(initial=0.0), top) + _LATEST
    each = held_out_bytes(len(data.classes), keep=True) * min(data.n, 2048)
    count = min(_TIMES, max(_FEWEST_TIMES, memory // (2 * each)))
    return even_times(earliest, latest, int(count))


def _closed_forms(axes: int, d: int) -> str:
    within = (
        "" if axes == d else f", within the {axes} leading axes of the data (of {d}): the rest is taken to tell nothing"
    )
    return f"closed forms: classes are Gaussian, with covariances shrunk towards one that all share{within}"
