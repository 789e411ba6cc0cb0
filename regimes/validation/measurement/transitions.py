"""Transition times of a user's own denoiser, measured by simulation beside those predicted from its data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.estimation.streams import Stream, generator
from regimes.numerics.interface.checkpoints import Checkpoints
from regimes.numerics.interface.result import plain
from regimes.numerics.posterior.curves import posterior_curves
from regimes.prediction.dataset.result import GivenData
from regimes.validation.measurement.classification import Classifier, as_classified, make_classifier
from regimes.validation.measurement.clones import SimulatedModel
from regimes.validation.measurement.crossings import MeasuredTime
from regimes.validation.measurement.evaluation import class_times, generated_points, measurement_warnings, point_time
from regimes.validation.measurement.measured import Measured, time_ratios
from regimes.validation.measurement.model_score import check_score, denoising_loss, device_of, linear_loss, same_model
from regimes.validation.measurement.nearest import NearestPoint
from regimes.validation.measurement.options import (
    MeasurementOptions,
    MeasurementRequest,
    birth_times,
    checked_options,
    data_as_trained,
    noise_path,
)
from regimes.validation.measurement.predicted_times import PredictedTime, predicted_times
from regimes.validation.measurement.result import TransitionMeasurement, transition_measurement
from regimes.validation.measurement.simulation import TransitionRuns
from regimes.validation.running.progress import Progress
from regimes.validation.running.torch_threads import torch_threads_kept
from regimes.validation.sampling import choose_device, choose_dtype
from regimes.validation.sampling.samplers import Sampler, Score

__all__ = ["measure_transitions", "measured"]

Array = NDArray[np.float64]

_LOSS = 3  # beside the substreams of the simulations
_EXIT = "first exit of a noised training point from its Voronoi cell"


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
    progress: Progress | None = None,
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
        Called with (part, done, total).

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
    >>> measured, predicted = found["measure.point_time"], found["collapse.point_time"]
    >>> abs(measured.value - predicted.value) < 3 * (measured.error + predicted.error)
    True
    """
    request = MeasurementRequest(
        classifier=classifier,
        t=t,
        pairs=pairs,
        sampler=sampler,
        steps=steps,
        end=end,
        start=start,
        parts=parts,
        level=level,
        probes=probes,
        rng=rng,
        device=device,
        dtype=dtype,
        memory=memory,
        checkpoint=checkpoint,
        progress=progress,
    )
    return transition_measurement(measured(score, data, labels, request))


def measured(score: Score, data: Any, labels: Any, request: MeasurementRequest) -> Measured:
    """Measure with all that is behind the result."""
    options = checked_options(request)
    checked = check_score(score)
    where = choose_device(device_of(score) if request.device is None else request.device)
    kind, classifier = choose_dtype(request.dtype), request.classifier
    model_data = data_as_trained(data, labels, classifier if "classes" in options.parts else None, where, kind)
    points = torch.from_numpy(model_data.X).to(where, kind)
    reasons: dict[str, str] = {}
    judge = _judge(classifier, model_data, points, options, reasons)
    if judge is not None:
        model_data = as_classified(model_data, judge, points)
    wanted = tuple(each for each in options.parts if each != "classes" or judge is not None)
    predictions = predicted_times(
        model_data, level=request.level, probes=request.probes, rng=options.seed, memory=options.memory
    )
    times = birth_times(request.t, predictions, options.end, wanted)
    path = noise_path(request.start, predictions, times, options) if "trajectories" in wanted else None
    settings = options.settings() | {
        "start": None if path is None else float(path[0]),
        "device": str(where),
        "dtype": str(kind).removeprefix("torch."),
        "parts": list(wanted),
    }
    nearest = NearestPoint(points, memory=options.memory // 4)
    run = TransitionRuns(SimulatedModel(checked, points, nearest, options.sampler, judge), times, path, options, wanted)
    loss = denoising_loss(checked, points, run.asked_times, options.noise.substream(_LOSS))
    described = settings | {"t": times.tolist(), "data": model_data.fingerprint, "memory": options.memory}
    store = Checkpoints(request.checkpoint, described)
    loss = same_model(store, loss)
    clones, last, exact = run.all(store)
    times, added = run.times, run.times[: run.times.size - times.size]
    if added.size:
        noise = options.noise.substream(_LOSS)
        below = store.piece("added", lambda: {"loss": denoising_loss(checked, points, added, noise)})["loss"]
        loss = np.concatenate([below, loss])
    with torch_threads_kept():
        curves = posterior_curves(
            model_data.X,
            times,
            labels=model_data.labels if judge else None,
            probes=request.probes,
            rng=options.seed,
            groups=0,
            memory=options.memory,
        )
    draws = generator(Stream.BOOTSTRAP, options.seed, "measure_transitions")
    found: dict[str, MeasuredTime] = {}
    phi_class = phi_index = None
    if judge is not None:
        phi_class, found = class_times(clones, judge, model_data, curves, predictions, draws, reasons)
    if "collapse" in wanted:
        phi_index, found["measure.point_time"] = point_time(clones, nearest, curves, predictions, draws)
    predicted = dict(predictions.times)
    if last is not None and exact is not None:
        found["measure.last_change"] = MeasuredTime(last.mean, last.mean_se)
        predicted["collapse.last_change"] = PredictedTime(exact.mean, exact.mean_se, _EXIT)
    reasons |= {name: each.reason for name, each in (found | predicted).items() if each.reason is not None}
    linear = linear_loss(model_data, run.asked_times, options.memory)
    return Measured(
        model=type(score).__name__,
        dataset=plain(GivenData.of(model_data)),
        t=times,
        pairs=options.pairs,
        phi_class=phi_class,
        phi_index=phi_index,
        measured=found,
        predicted=predicted,
        ratios=time_ratios(found, predicted),
        last_change=last,
        last_change_exact=exact,
        generated={} if last is None else generated_points(last, model_data, nearest),
        classifier=None if judge is None else judge.summary(),
        level=predictions.level,
        index_level=predictions.index_level,
        denoising_loss=loss[: times.size],
        reasons=reasons,
        warnings=measurement_warnings(predictions, run.asked_times, loss, judge, linear),
        settings=settings,
        predictions=predictions,
    )


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
        reasons["measure.class_time"] = str(error).removeprefix("measure_transitions: ")
        return None
