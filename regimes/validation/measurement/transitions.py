"""Transition times of a user's own denoiser, measured by simulation beside those predicted from its data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.interface.checks import seeded
from regimes.numerics.posterior.curves import PosteriorCurves, posterior_curves
from regimes.validation.measurement.classification import Classifier, as_classified, class_curve, make_classifier
from regimes.validation.measurement.clones import ClonePairs, measure_clones
from regimes.validation.measurement.crossings import MeasuredTime, measured_crossing
from regimes.validation.measurement.last_change import LastChange, exact_last_change, measure_last_change
from regimes.validation.measurement.model_score import check_score, denoising_loss, device_of, linear_loss, same_model
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.measurement.options import (
    MeasurementOptions,
    birth_times,
    checked_options,
    data_as_trained,
    noise_path,
)
from regimes.validation.measurement.predicted_times import PredictedTime, Predictions, normalised, predicted_times
from regimes.validation.measurement.result import CloneCurve, TransitionMeasurement, time_ratios
from regimes.validation.running.checkpoints import Checkpoints
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import backward_times, choose_device, choose_dtype
from regimes.validation.sampling.samplers import Sampler, Score

__all__ = ["measure_transitions"]

Array = NDArray[np.float64]

_STREAM = 0x64726177  # of the bootstrap
_CLONES, _LAST, _EXACT, _LOSS = range(4)
_DRAWS = 100
_WORST_AGREEMENT = 0.9
_WORST_LOSS, _SMALL_LOSS = 1.5, 0.01  # of that of the best linear denoiser, plus an error that no network is without
_MOST_ADDED, _MOSTLY_SHARED = 8, 0.75


def measure_transitions(
    score: Score,
    data: Any,
    labels: Any = None,
    *,
    classifier: Any = None,
    t: ArrayLike | None = None,
    pairs: int = 1000,
    sampler: str | Sampler = "ancestral",
    steps: int = 200,
    end: float = 0.0,
    start: float | None = None,
    parts: Sequence[str] | None = None,
    level: float | None = None,
    probes: int | None = None,
    rng: int = 0,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    memory: int = 2**31,
    checkpoint: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TransitionMeasurement:
    """Measure when a denoiser commits to a class and to a training point, beside what its data predict.

    Data points are noised to t, two backward paths of the model begin at each, and the share of the pairs that end in
    one class, or nearest to one training point, is the clone probability phi(t). Where it passes its level is the
    measured time. Paths from pure noise give the last change of the nearest training point besides.

    Parameters
    ----------
    score : callable
        ``score(x, t)``: gradient of log P_t at states x of shape (n, d) and an Ornstein-Uhlenbeck time t. Of a torch
        module :class:`regimes.validation.scores.NetworkScore` makes one, of a ``TrainedDenoiser`` its ``score()``.
    data : Dataset, str, path or array_like
        What the model was trained on, in its own units: a data set as it is; a name of a built-in one, as
        :func:`regimes.load_dataset` scales it; values of an array or a file as they are, neither scaled nor centred.
    labels : array_like, path or str, optional
        Class of each point.
    classifier : TrainedClassifier or callable, optional
        Class numbers, shape (rows,), of points (rows, d), in the order of the classes of the data; if there are labels
        one is trained on them by default. Without labels it classifies the data too.
    t : array_like, shape (T,), optional
        Times at which clones are born; by default half to three halves of the predicted times, and from there down by
        halves until clones share their training point, which those of a model that generalises do late.
    pairs : int
        Pairs of clones at each time, and paths from pure noise; at least 10.
    sampler : str or Sampler
        As of :func:`regimes.validation.sampling.backward`; clones need a stochastic one.
    steps : int
        Equal steps from each t to the end; paths from pure noise take about twice as many. Errors do not hold what the
        steps do: of the exact score of 200 points in 16 dimensions the time of the index came out 4% late with 10
        steps, 2% with 40 and right with 200. Twice as many tell.
    end : float
        Where backward paths end.
    start : float, optional
        Where paths from pure noise begin; 3.5 above the speciation time by default.
    parts : sequence of {"classes", "collapse", "trajectories"}, optional
        What to measure: all that can be by default; a part asked for by name that cannot be is an error.
    level : float, optional
        Level of ``(phi_class - phi_inf)/(1 - phi_inf)``; 0.5504 by default.
    probes : int, optional
        Noised points of the predicted curves, as of :func:`regimes.predict`.
    rng : int
        Seed.
    device : str or torch.device, optional
        Of torch; by default where the model is, if the score has one, else a GPU where torch sees one, else the CPU.
    dtype : {"float32", "float64"}, optional
        Of the states.
    memory : int
        Bytes beyond the data and the model.
    checkpoint : path, optional
        Folder that keeps what is finished; the same call goes on there after an interruption, to the same bytes.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    TransitionMeasurement
        Times measured and predicted, their ratios, and the curves; nothing is saved.

    Raises
    ------
    ValueError
        If an option is out of range, the sampler is deterministic and clones are asked for, the score is not finite or
        of another shape, or the checkpoint belongs to another run or another model.

    Notes
    -----
    Clones: biroli2024. Errors: of the measured times over the pairs, the confusion matrix included where it is used; of
    the predicted ones over probes. The data are what they are: another draw of them is in neither. The predictions from
    the posterior are those of a model with the exact empirical score of the data. The classes are those that the
    classifier finds, of the data too; where it errs on more than a tenth of them, classes overlap, its errors are no
    chance, and nothing is corrected for them.

    Examples
    --------
    The exact score of 60 points is a model that has memorised them:

    >>> from regimes.validation.scores import EmpiricalScore
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> found = measure_transitions(EmpiricalScore(X), X, pairs=200, steps=40, parts=["collapse"], device="cpu")
    >>> abs(found.agreement()[0].z) < 3
    True
    """
    if level is not None and not 0 < level < 1:
        raise ValueError(f"measure_transitions: level must lie between 0 and 1, got {level:g}")
    options = checked_options(
        parts, pairs=pairs, steps=steps, sampler=sampler, end=end, rng=rng, memory=memory
    )  # fmt: skip
    checked = check_score(score)
    where, kind = choose_device(device_of(score) if device is None else device), choose_dtype(dtype)
    model_data = data_as_trained(data, labels, classifier if "classes" in options.parts else None, where, kind)
    points = torch.from_numpy(model_data.X).to(where, kind)
    reasons: dict[str, str] = {}
    judge = _judge(classifier, model_data, points, options, reasons)
    if judge is not None:
        model_data = as_classified(model_data, judge, points)
    wanted = tuple(each for each in options.parts if each != "classes" or judge is not None)
    predictions = predicted_times(model_data, level=level, probes=probes, rng=options.seed, memory=options.memory)
    times = birth_times(t, predictions, options.end, wanted)
    path = noise_path(start, predictions, times, options) if "trajectories" in wanted else None
    rule = options.sampler
    settings = {
        "sampler": rule.name if rule.eta is None else f"{rule.name}, eta = {rule.eta:g}",
        "steps": options.steps,
        "pairs": options.pairs,
        "end": options.end,
        "start": None if path is None else float(path[0]),
        "seed": options.seed,
        "device": str(where),
        "dtype": str(kind).removeprefix("torch."),
        "parts": list(wanted),
    }
    run = _Run(checked, points, times, path, options, judge, wanted, progress, goes_on=t is None)
    loss = denoising_loss(checked, points, run.asked_times, options.noise.substream(_LOSS))
    store = Checkpoints(
        checkpoint, settings | {"t": times.tolist(), "data": _fingerprint(model_data), "memory": options.memory}
    )
    loss = same_model(store, loss)
    clones, last, exact = run.all(store)
    times, added = run.times, run.times[: run.times.size - times.size]
    if added.size:
        noise = options.noise.substream(_LOSS)
        below = store.piece("added", lambda: {"loss": denoising_loss(checked, points, added, noise)})["loss"]
        loss = np.concatenate([below, loss])
    with torch_threads_kept():
        curves = posterior_curves(
            model_data.X, times, labels=model_data.labels if judge else None, probes=probes, rng=options.seed, groups=0,
            memory=options.memory,
        )  # fmt: skip
    generator = seeded(options.seed, _STREAM)
    measured: dict[str, MeasuredTime] = {}
    phi_class = phi_index = None
    if judge is not None:
        phi_class, found = _measure_class(clones, judge, model_data, curves, predictions, generator, reasons)
        measured |= found
    if "collapse" in wanted:
        phi_index, measured["index"] = _measure_index(clones, run.nearest, curves, predictions, generator)
    predicted = dict(predictions.times)
    if last is not None and exact is not None:
        measured["last_change"] = MeasuredTime(last.mean, last.mean_se)
        criterion = "first exit of a noised training point from its Voronoi cell"
        predicted["last_change"] = PredictedTime(exact.mean, exact.mean_se, criterion)
    reasons |= {name: each.reason for name, each in (measured | predicted).items() if each.reason is not None}
    return TransitionMeasurement(
        dataset=model_data.to_dict(),
        t=times,
        pairs=options.pairs,
        phi_class=phi_class,
        phi_index=phi_index,
        measured=measured,
        predicted=predicted,
        ratios=time_ratios(measured, predicted),
        last_change=last,
        last_change_exact=exact,
        generated={} if last is None else _generated(last, model_data, run.nearest),
        classifier=None if judge is None else judge.to_dict(),
        level=predictions.level,
        index_level=predictions.index_level,
        denoising_loss=loss[: times.size],
        reasons=reasons,
        warnings=_warnings(predictions, run.asked_times, loss, judge, linear_loss(model_data, run.asked_times, memory)),
        settings=settings,
        predictions=predictions,
    )


class _Run:
    """The simulations."""

    def __init__(
        self, score: Score, points: Tensor, times: Array, path: Array | None, options: MeasurementOptions,
        judge: Classifier | None, wanted: Sequence[str], progress: Callable[[int, int], None] | None, *, goes_on: bool,
    ) -> None:  # fmt: skip
        self.score, self.points, self.times, self.path = score, points, times, path
        self.options, self.judge, self.progress = options, judge, progress
        self.clones_wanted = bool({"classes", "collapse"} & set(wanted))
        self.goes_on = goes_on and "collapse" in wanted
        self.nearest = NearestPoint(points, memory=options.memory // 4)
        self.done = 0
        self.total = options.pairs * (times.size * self.clones_wanted + 2 * (path is not None))

    @property
    def asked_times(self) -> Array:
        """Times at which the score is wanted for certain, the largest last."""
        return self.times if self.path is None else np.append(self.times, self.path[0])

    def all(self, store: Checkpoints) -> tuple[list[ClonePairs], LastChange | None, LastChange | None]:
        options, noise = self.options, self.options.noise
        shared: dict[str, Any] = {
            "nearest": self.nearest, "memory": options.memory // 4, "store": store, "progress": self._advance,
        }  # fmt: skip
        simulated: dict[str, Any] = {"classify": self.judge, "sampler": options.sampler}

        def born_at(t: float, number: int) -> ClonePairs:
            return measure_clones(
                self.score, self.points, backward_times(t, end=options.end, steps=options.steps), pairs=options.pairs,
                noise=noise.substream(_CLONES, number), name=f"clones-{number}", **shared, **simulated,
            )  # fmt: skip

        clones = [born_at(t, number) for number, t in enumerate(self.times.tolist() if self.clones_wanted else [])]
        if self.goes_on:
            self._further(clones, born_at)
        if self.path is None:
            return clones, None, None
        last = measure_last_change(
            self.score, self.points, self.path, paths=options.pairs, noise=noise.substream(_LAST), **shared, **simulated
        )
        exact = exact_last_change(self.points, self.path, paths=options.pairs, noise=noise.substream(_EXACT), **shared)
        return clones, last, exact

    def _further(self, clones: list[ClonePairs], born_at: Callable[[float, int], ClonePairs]) -> None:
        """Add earlier times until most clones share their training point."""
        for _ in range(_MOST_ADDED):
            t = float(self.times[0]) / 2
            if clones[0].same_index(self.nearest.copies).mean() > _MOSTLY_SHARED or not t > 2 * self.options.end:
                return
            self.total += self.options.pairs
            try:
                earlier = born_at(t, len(clones))
            except ValueError:  # the model does not reach such times, which nobody asked for
                return
            clones.insert(0, earlier)
            self.times = np.insert(self.times, 0, t)

    def _advance(self, rows: int) -> None:
        self.done += rows
        if self.progress is not None:
            self.progress(self.done, self.total)


def _judge(
    classifier: Any, data: Dataset, points: Tensor, options: MeasurementOptions, reasons: dict[str, str]
) -> Classifier | None:
    """The classifier; None, with the reason, where classes were not asked for by name and there is none."""
    if "classes" not in options.parts:
        return None
    try:
        return make_classifier(classifier, data, points, rng=options.seed)
    except ValueError as error:
        if options.asked or classifier is not None:
            raise
        reasons["class"] = str(error).removeprefix("measure_transitions: ")
        return None


def _measure_class(
    clones: Sequence[ClonePairs], judge: Classifier, data: Dataset, curves: PosteriorCurves, predictions: Predictions,
    generator: np.random.Generator, reasons: dict[str, str],
) -> tuple[CloneCurve, dict[str, MeasuredTime]]:  # fmt: skip
    found = class_curve([each.classes for each in clones if each.classes is not None], judge, generator, _DRAWS)
    floor = float(np.sum((np.bincount(data.labels) / data.n) ** 2)) if data.labels is not None else 0.0
    measured = {
        name: _crossing(
            curves.t, normalised(found[phi], floor), predictions.level, normalised(found[draws], floor),
            "the normalised class clone probability",
        )
        for name, phi, draws in (("class", "measured", "draws"), ("class_corrected", "corrected", "corrected_draws"))
        if phi in found
    }  # fmt: skip
    if "reason" in found:
        reasons["class_corrected"] = found["reason"]
    phi_class = CloneCurve(
        found["measured"], found["measured_se"], curves.clone_class, curves.clone_class_se, found.get("corrected"),
        found.get("corrected_se"),
    )  # fmt: skip
    return phi_class, measured


def _measure_index(
    clones: Sequence[ClonePairs], nearest: NearestPoint, curves: PosteriorCurves, predictions: Predictions,
    generator: np.random.Generator,
) -> tuple[CloneCurve, MeasuredTime]:  # fmt: skip
    same = np.stack([each.same_index(nearest.copies) for each in clones])
    mean, error = same.mean(axis=1), same.std(axis=1, ddof=1) / np.sqrt(same.shape[1])
    draws = generator.normal(mean, error, size=(_DRAWS, mean.size))
    what = "the probability that clones share their training point"
    crossing = _crossing(curves.t, mean, predictions.index_level, draws, what)
    return CloneCurve(mean, error, curves.clone_index, curves.clone_index_se), crossing


def _crossing(t: Array, phi: Array, level: float, draws: Array, what: str) -> MeasuredTime:
    if t.size < 3:
        return MeasuredTime(None, None, f"{what} was measured at too few times, {t.size}; a crossing needs three")
    return measured_crossing(t, phi, level, draws, what=what)


def _generated(last: LastChange, data: Dataset, nearest: NearestPoint) -> dict[str, Any]:
    paths, share = last.time.size, np.unique(nearest.first_copy, return_counts=True)[1] / data.n
    found: dict[str, Any] = {
        "points_reached": int(np.unique(last.index).size),
        "points_expected": float(np.sum(-np.expm1(paths * np.log1p(-np.minimum(share, 1 - 1e-16))))),
    }
    if last.classes is not None and data.labels is not None:
        classes = len(data.classes)
        found["class_share"] = (np.bincount(last.classes, minlength=classes) / paths).tolist()
        found["class_share_of_data"] = (np.bincount(data.labels, minlength=classes) / data.n).tolist()
    return found


def _warnings(
    predictions: Predictions, t: Array, loss: Array, judge: Classifier | None, linear: Array
) -> tuple[str, ...]:
    warnings = list(predictions.prediction.warnings)
    excess = loss - _WORST_LOSS * linear
    worst = int(excess.argmax())
    if excess[worst] > _SMALL_LOSS:
        warnings.append(
            f"at t = {t[worst]:.3g} the score predicts the noise with an error of {loss[worst]:.3g} a dimension, where "
            f"the best linear denoiser has {linear[worst]:.3g} and a score of 0 has 1: check prediction, clock and "
            "scale of the model, and that the data are in its units"
        )
    if judge is not None and judge.agrees is not None and judge.agrees < _WORST_AGREEMENT:
        warnings.append(
            f"the classifier finds the class of {judge.agrees:.0%} of the data points: the class clone probability is "
            "that of its classes rather than of the true ones, and so are the predictions"
        )
    return tuple(warnings)


def _fingerprint(data: Dataset) -> str:
    digest = hashlib.sha256(data.X.tobytes())
    if data.labels is not None:
        digest.update(data.labels.tobytes())
    return digest.hexdigest()
