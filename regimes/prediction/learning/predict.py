"""The training clock: when random features trained on a data set generalise, and when they memorise."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.files.reading import ReadingOptions
from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_number, real_array
from regimes.numerics.interface.number import Number
from regimes.numerics.interface.result import Result
from regimes.numerics.learning.features import RandomFeatures, random_features
from regimes.numerics.learning.losses import TrainingLosses, training_losses
from regimes.numerics.learning.spectrum import FeatureSpectrum, feature_spectrum
from regimes.numerics.learning.window import LearningWindow, learning_window, separating_samples
from regimes.prediction.dataset.result import GivenData
from regimes.prediction.learning.covariance import Covariance, covariance_of, levels_of
from regimes.prediction.learning.sentences import fewest, labels_of, sentences, warnings_of
from regimes.theory.formula.record import recorded

__all__ = ["FeatureTraining", "TrainingClock", "predict_training"]

Array = NDArray[np.float64]

_TIME = 0.1
_OVER = 4
_BEFORE, _AFTER = 30.0, 100.0
_POINTS, _DECADE = 120, 20  # of the curves: in all and a decade, at least
_SHOWN = 12
_ROUNDING = 1e-9  # of a loss that has come to its end
_ASSUMES = (
    "features f(W x_t/sqrt d) of a random layer W, of which only the last layer is trained, at one noise level, from "
    "zero, by gradient flow on the denoising loss averaged over all noises of each point",
    "Gaussian points with the covariance of these data, p, n and d large; one direction that holds most of the "
    "variance (eigenvalues as 1/k) puts eigenvalues off by 10 to 20%, those of a few levels by 3 to 15% "
    "(experiment training-spectrum)",
    "tau_gen and tau_mem are learning times of modes, of the last of the population and of the first of the points "
    "unless other shares are asked for; samples that look right, or that are copies, were not counted",
    "steps are those of plain gradient descent in this model: learning rates of a U-Net or of Adam do not carry over",
)


@dataclass(frozen=True)
class FeatureTraining:
    """Random features that are trained on points of a covariance.

    Attributes
    ----------
    points : GivenData or None
        The data; None where the eigenvalues were given.
    dimension, samples, features : float
        d, n and p.
    time : tuple of float
        Ornstein-Uhlenbeck times of the noise levels.
    activation : str
        Its name.
    """

    points: GivenData | None
    dimension: float
    samples: float
    features: float
    time: tuple[float, ...]
    activation: str

    def __post_init__(self) -> None:
        stored: Any = self.points
        if isinstance(stored, dict):
            object.__setattr__(self, "points", GivenData(**stored))
        samples: Any = self.samples
        if samples is None:  # as endless points are stored
            object.__setattr__(self, "samples", math.inf)
        object.__setattr__(self, "time", tuple(self.time))


@dataclass(frozen=True, eq=False, repr=False)
class TrainingClock(Result):
    """When random features generalise and when they memorise, in training time.

    Numbers at the first noise level: ``learning.tau_gen``, ``.tau_mem``, their ratio ``.window``,
    ``.separating_samples``, ``.best_time``, where the test loss is least; with a learning rate ``..._steps`` of each
    time, with a batch too ``..._epochs``. Curves over ``tau``: ``train`` and ``test``; ``spectrum.eigenvalue`` and
    ``.density``; ``levels`` of noise, with their eigenvalues and the atom, ``modes`` and ``classes``, with the training
    time of each.
    """

    kind: ClassVar[str] = "training clock"
    problem_type: ClassVar[type[FeatureTraining]] = FeatureTraining


def predict_training(
    source: ArrayLike | str | os.PathLike[str] | Dataset | None = None,
    labels: ArrayLike | str | os.PathLike[str] | None = None,
    *,
    spectrum: ArrayLike | None = None,
    features: float | None = None,
    samples: float | None = None,
    time: float | Sequence[float] = _TIME,
    activation: str = "tanh",
    generalised: float = 1.0,
    memorised: float = 0.0,
    rate: float | None = None,
    batch: float | None = None,
    classes: Sequence[str | int] | None = None,
    scale: str | float | None = None,
    memory: int = 2 * 2**30,
    **reading: Unpack[ReadingOptions],
) -> TrainingClock:
    """Predict when random features trained on a data set generalise, and when they memorise it.

    Parameters
    ----------
    source, labels
        As for :func:`regimes.load_dataset`; or ``spectrum`` in their place.
    spectrum : array_like, shape (k,) or (k, 2)
        Eigenvalues of the covariance, with how many directions have each.
    features : float, optional
        Number of features p; 4 (n + d) if not given.
    samples : float, optional
        Number of training points n; that of the data if not given.
    time : float or sequence of float
        Ornstein-Uhlenbeck time of the noise level; of several the first has curves.
    activation : str
        See :func:`regimes.learning.activation_moments`.
    generalised, memorised : float
        Which modes tau_gen and tau_mem are of, see :func:`regimes.learning.learning_window`.
    rate, batch : float, optional
        Learning rate and batch of plain gradient descent, for steps and epochs.
    classes, scale, memory, columns, drop, header, decimal, missing
        As for :func:`regimes.load_dataset`.

    Returns
    -------
    TrainingClock
        Times, losses, spectrum, and which modes and classes come when.

    Raises
    ------
    ValueError
        If an argument is out of range, or the data cannot be used.

    Notes
    -----
    bonnaire2025. Several noise levels are several trainings here: what a shared network does is not derived.

    Examples
    --------
    >>> from regimes.prediction.learning.predict import predict_training
    >>> found = predict_training(spectrum=[[1.0, 100]], samples=400, features=3200)
    >>> round(found["learning.tau_gen"].value, 1), round(found["learning.tau_mem"].value, 1)
    (20.9, 443.9)
    """
    name = "predict_training"
    data, covariance = _covariance(source, labels, spectrum, classes, scale, memory, reading)
    d = float(covariance.counts.sum())
    if samples is None and data is None:
        raise ValueError(f"{name}: samples (number of training points) must be given with a spectrum")
    n = float(data.n if samples is None and data is not None else samples)  # type: ignore[arg-type]
    if n < math.inf:
        positive_number(name, "samples", "number of training points, n", n)
    elif features is None:
        raise ValueError(f"{name}: features (their number p) must be given with endless samples")
    p = _OVER * (n + d) if features is None else features
    times = tuple(positive_number(name, "time", "Ornstein-Uhlenbeck time", t) for t in np.atleast_1d(time).tolist())
    if not times:
        raise ValueError(f"{name}: time (of noise levels) must hold one at least")
    rate = None if rate is None else positive_number(name, "rate", "learning rate", rate)
    if batch is not None:
        batch = positive_number(name, "batch", "points of a step", batch, at_least=1)
        if rate is None:
            raise ValueError(f"{name}: batch needs rate, the learning rate")
        if batch > n:
            raise ValueError(f"{name}: batch (points of a step) must not exceed the {n:.6g} points, got {batch:.6g}")
    problems = [
        random_features(
            covariance.eigenvalues, counts=covariance.counts, features=p, samples=n, t=t, activation=activation
        )
        for t in times
    ]
    spectra = [feature_spectrum(each) for each in problems]
    windows = [learning_window(each, generalised=generalised, memorised=memorised) for each in spectra]
    given, window = problems[0], windows[0]
    first = float(compile_formula("learning_time", target="numpy")(given.t, given.psi_p, spectra[0].bulks[-1].high))
    losses = training_losses(given, _grid(min(first, window.tau_gen), window.tau_mem or window.tau_gen))
    # Of endless points: of few, what a direction loses in the end is lost in memorising.
    endless = training_losses(given.of_samples(math.inf), _grid(first, window.tau_gen))
    least = float(losses.test.min())
    numbers = _numbers(given, window, losses, labels_of(generalised, memorised))
    numbers |= _in_steps(numbers, d, n, rate, batch)
    return TrainingClock(
        problem=FeatureTraining(None if data is None else GivenData.of(data), d, n, p, times, activation),
        numbers=numbers,
        curves={
            "tau": losses.time,
            "train": losses.train,
            "test": losses.test,
            **_density(spectra[0]),
            "levels": [_level(*each) for each in zip(times, windows, spectra, strict=True)],
            "modes": _modes(covariance, endless),
            "classes": [] if data is None else _classes(data.classes, covariance, endless),
        },
        settings={"generalised": generalised, "memorised": memorised, "rate": rate, "batch": batch, "memory": memory},
        sentences=sentences(given, window, numbers, least, generalised, memorised, several=len(times) > 1),
        assumes=_ASSUMES,
        warnings=warnings_of(given, spectra[0], covariance, data, rate, least),
    )


def _covariance(
    source: Any, labels: Any, spectrum: ArrayLike | None, classes: Any, scale: Any, memory: int, reading: Any
) -> tuple[Dataset | None, Covariance]:
    if (source is None) == (spectrum is None):
        given = "neither" if source is None else "both"
        raise ValueError(f"predict_training: give a data set, or spectrum with samples; one of the two, got {given}")
    if spectrum is None:
        data = load_dataset(source, labels, classes=classes, scale=scale, memory=memory, **reading)
        return data, covariance_of(data, max(memory - data.X.nbytes, 1))
    table = real_array("predict_training", "spectrum", spectrum)
    if table.ndim not in (1, 2) or (table.ndim == 2 and table.shape[1] not in (1, 2)) or not table.size:
        raise ValueError(
            "predict_training: spectrum must be eigenvalues, or rows of an eigenvalue and how many directions have it, "
            f"got shape {table.shape}"
        )
    table = table.reshape(len(table), -1)
    values, counts = table[:, 0], table[:, 1] if table.shape[1] == 2 else np.ones(len(table))
    random_features(values, counts=counts, features=1, samples=1, t=1.0, activation="linear")  # checks both
    _, levels, many = levels_of(values, counts)
    return None, Covariance(levels, many, np.empty((0, levels.size)))


def _grid(first: float, last: float) -> Array:
    """Training times from well before the first to well after the last."""
    low, high = first / _BEFORE, _AFTER * last
    return np.geomspace(low, high, max(_POINTS, math.ceil(_DECADE * math.log10(high / low))))


def _numbers(
    given: RandomFeatures, window: LearningWindow, losses: TrainingLosses, labels: tuple[str, str]
) -> dict[str, Number]:
    with recorded() as used:
        parted = separating_samples(given)
    best = int(np.argmin(losses.test))
    falls, rises = (losses.test[end] - losses.test[best] > _ROUNDING for end in (0, -1))
    inner = bool(falls and rises)
    outer = None
    if not falls:
        outer = "it rises from the first of the training times that were looked at"
    elif not inner:
        outer = "it falls to the end of the training times that were looked at"
    none = window.reason
    return {
        "learning.tau_gen": Number(labels[0], window.tau_gen, formulas=window.formulas),
        "learning.tau_mem": Number(labels[1], window.tau_mem, formulas=window.formulas, reason=none),
        "learning.window": Number("window: tau_mem/tau_gen", window.ratio, formulas=window.formulas, reason=none),
        "learning.best_time": Number(
            "test loss is least",
            float(losses.time[best]) if inner else None,
            formulas=losses.formulas,
            reason=outer,
        ),
        "learning.best_loss": Number(
            "test loss there, of that untrained",
            float(losses.test[best]) if inner else None,
            formulas=losses.formulas,
            reason=outer,
        ),
        "learning.separating_samples": Number(
            "points from which on no mode of theirs overlaps the population's",
            parted,
            covers=None if parted is None or parted > fewest(given) else "or fewer, which were not looked at",
            formulas=tuple(used),
            reason=None if parted else "there are too few features: no number of points parts them",
        ),
    }


def _in_steps(
    numbers: dict[str, Number], d: float, n: float, rate: float | None, batch: float | None
) -> dict[str, Number]:
    rows = {}
    for key in ("learning.tau_gen", "learning.tau_mem", "learning.best_time"):
        if rate is None:
            break
        number = numbers[key]
        steps, used = None, dict.fromkeys(number.formulas)
        if number.value is not None:
            with recorded() as noted:
                steps = float(compile_formula("learning_steps", target="numpy")(number.value, d, rate))
            used |= dict.fromkeys(noted)
        made, reason = tuple(used), number.reason
        rows[f"{key}_steps"] = Number(f"{number.label}, in steps", steps, formulas=made, reason=reason)
        if batch is not None:
            epochs = None if steps is None or n == math.inf else steps * batch / n
            reason = "endless points have no epochs" if n == math.inf else reason
            rows[f"{key}_epochs"] = Number(f"{number.label}, in epochs", epochs, formulas=made, reason=reason)
    return rows


def _density(spectrum: FeatureSpectrum) -> dict[str, Array]:
    """Density per nat of the eigenvalue, with gaps."""
    eigenvalues: list[ArrayLike] = []
    density: list[ArrayLike] = []
    for bulk in spectrum.bulks:
        keep = np.unique(np.linspace(0, bulk.eigenvalues.size - 1, 200).astype(np.intp))
        eigenvalues += [[bulk.low], bulk.eigenvalues[keep], [bulk.high]]
        density += [[0.0], (bulk.density * bulk.eigenvalues)[keep], [0.0]]
    return {"spectrum.eigenvalue": np.hstack(eigenvalues), "spectrum.density": np.hstack(density)}


def _level(t: float, window: LearningWindow, spectrum: FeatureSpectrum) -> dict[str, Any]:
    gen, mem = window.eigenvalues
    return {
        "t": t,
        "tau_gen": window.tau_gen,
        "tau_mem": window.tau_mem,
        "window": window.ratio,
        "lambda_gen": gen,
        "lambda_mem": None if window.tau_mem is None else mem,
        "atom": spectrum.atom,
        "atom_share": spectrum.atom_weight,
    }


def _half_time(losses: TrainingLosses, curve: Array) -> float | None:
    """Training time at which half of what a loss of endless points loses in the end is lost."""
    level = (1 + curve[-1]) / 2
    if not curve[0] > level > curve[-1]:
        return None
    return float(np.exp(np.interp(-level, -curve, np.log(losses.time))))


def _modes(covariance: Covariance, losses: TrainingLosses) -> list[dict[str, Any]]:
    """Directions of the data, largest variance first: a dozen of them."""
    order = np.arange(covariance.eigenvalues.size)[::-1]
    shown = order[np.unique(np.linspace(0, order.size - 1, min(order.size, _SHOWN)).astype(np.intp))]
    return [
        {
            "eigenvalue": float(covariance.eigenvalues[k]),
            "directions": float(covariance.counts[k]),
            "tau": _half_time(losses, losses.train_of[k]),
        }
        for k in shown
    ]


def _classes(names: Sequence[str], covariance: Covariance, losses: TrainingLosses) -> list[dict[str, Any]]:
    """Classes by when the direction of their mean is learned, first ones first."""
    found = [
        {"class": name, "tau": _half_time(losses, shares @ losses.train_of)}
        for name, shares in zip(names, covariance.classes, strict=False)
    ]
    return sorted(found, key=lambda each: math.inf if each["tau"] is None else each["tau"])
