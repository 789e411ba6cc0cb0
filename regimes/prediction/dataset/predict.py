"""From a data set to its transition times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from regimes import __version__
from regimes.datasets.files.reading import ReadingOptions
from regimes.datasets.points.loading import load_or_open
from regimes.datasets.process.noise_schedule import noise_schedule
from regimes.numerics.compiled.threads import blas_threads
from regimes.numerics.interface.checkpoints import Checkpoints, check_folder
from regimes.numerics.interface.checks import gibibytes, positive_number, positive_times, whole_number
from regimes.numerics.interface.progress import Progress, silent
from regimes.prediction.dataset.cluster import workers_of
from regimes.prediction.dataset.cost import report_estimate
from regimes.prediction.dataset.found import PRECISION, Budget, Found
from regimes.prediction.dataset.measured_coverage import measured_coverage
from regimes.prediction.dataset.parts import curves_of, rows_of, settings_of
from regimes.prediction.dataset.points import copies_warnings
from regimes.prediction.dataset.result import GivenData, Prediction
from regimes.prediction.dataset.verdict import Verdict
from regimes.prediction.dataset.warnings import prediction_warnings
from regimes.prediction.process.regime_shares import share_rows, share_sentence

if TYPE_CHECKING:
    from regimes.prediction.losses.curve import LossCurve

__all__ = ["PARTS", "predict"]

PARTS = ("speciation", "classes", "collapse")
"""What can be asked for: directions, the class clone curves, the collapse onto training points."""

_MEMORY = 2 * 2**30
_EVERY = 3.0  # seconds after which the state of the posterior is kept anew


def predict(
    source: Any,
    labels: Any = None,
    *,
    classes: Sequence[Any] | None = None,
    scale: str | float | None = None,
    center: bool = True,
    t: ArrayLike | None = None,
    probes: int | None = None,
    precision: float | None = None,
    rng: int | np.random.Generator = 0,
    groups: int = 20,
    schedule: Any = "ddpm-linear",
    parts: Sequence[str] | None = None,
    losses: str | Path | LossCurve | None = None,
    memory: int = _MEMORY,
    progress: Progress | None = None,
    checkpoint: str | Path | None = None,
    scheduler: Any = None,
    **reading: Unpack[ReadingOptions],
) -> Prediction:
    """Predict when a diffusion model trained on a data set commits to a class and to a training point.

    Parameters
    ----------
    source : str, path, array_like or Dataset
        What :func:`regimes.load_dataset` reads: a built-in name, a file or folder, a frame, points of shape (n, ...).
    labels : array_like, path or str, optional
        Class of each point.
    classes : sequence, optional
        Keep only these classes.
    scale, center
        Preprocessing, see :func:`regimes.load_dataset`; every time depends on the scale.
    t : array_like, optional
        Ornstein-Uhlenbeck times of the curves; 40 log-spaced ones that hold all transitions by default.
    probes : int, optional
        Number of noised points x_t (each with noise +z and -z), in place of a precision.
    precision : float, optional
        Probes are drawn until they leave each time of these points uncertain by less than this share of it, at 95%, or
        up to ``1.2e7/n`` within 2048 and 8192; 0.01 by default. A smaller one raises the limit as its square.
    rng : int or numpy.random.Generator
        Seed or generator; the same noise serves all times.
    groups : int
        Groups of the delete-a-group jackknife over the data; below 2 there are no intervals over data of the same law.
    schedule : str, path, object or Schedule
        In whose steps the times are given as well: what :func:`regimes.noise_schedule` takes, or gives.
    parts : sequence of {"speciation", "classes", "collapse"}, optional
        What to predict. Everything that the data allow by default; classes asked for by name of data without them are
        an error.
    losses : path or LossCurve, optional
        Losses per noise level of a model trained on these points, on them and on others: a table with the columns t (or
        snr), train_loss and test_loss, or a :class:`regimes.validation.LossCurve`. They tell whether it memorises.
    memory : int
        Bytes that may be used in all, the points included.
    progress : callable, optional
        Called with (part, done, total) as the work proceeds: with nothing done where it is not known how far a part is.
        Before work of over a minute also with (``"estimate: ..."``, 0, seconds).
    checkpoint : path, optional
        Folder that keeps what takes long; the same call goes on there, to the same bytes, if it was stopped. It needs a
        seed.
    scheduler : str or distributed.Client, optional
        Where the passes over the points are done: ``"local:N"``, by N processes of one thread here, the address of a
        scheduler of Dask, or a client of one. Processes open the file of points that stay there, under the same path;
        points that are held are sent to each. ``memory`` is then of each. The results differ by rounding alone, and
        with a process its piece of a pass is lost, which another does again.
    columns, drop, header, decimal, missing
        What is read of the source, see :func:`regimes.load_dataset`.

    Returns
    -------
    Prediction
        Times with 95% intervals, curves with standard errors, reasons for what is missing, and what follows in words.

    Raises
    ------
    ValueError
        If the data, the labels or an option is unusable, or classes are asked for that do not exist.

    Notes
    -----
    Times are given for one of two models: one that has memorised these points, whose posterior over them is exact
    (biroli2024, clone probability), and one that generalises, whose posterior is the population's. Of the latter the
    class time is bounded from below by held-out class posteriors (``class_quadratic_score``), Lambda is corrected for
    the number of points (baiding2012) and given where a direction stands out (biroli2024, eq. 6). Losses: guo2005,
    verdu2010.

    Examples
    --------
    >>> result = predict("digits", classes=[0, 7], probes=2048)
    >>> [round(result[key].value, 2) for key in ("speciation.class_time", "collapse.point_time")]
    [1.04, 0.21]
    """
    asked = _checked_parts(parts)
    wanted = PARTS if parts is None else asked
    if losses is not None and "collapse" not in wanted:
        raise ValueError(
            "predict: losses are held against the collapse onto training points, and parts leave collapse out; add it"
        )
    steps = noise_schedule(schedule)
    groups = whole_number("predict", "groups", "groups of the jackknife", groups, at_least=0)
    if probes is not None:
        probes = whole_number("predict", "probes", "noised points", probes, at_least=2)
    if precision is not None:
        precision = positive_number("predict", "precision", "share of a time", precision)
    if probes is not None and precision is not None:
        raise ValueError(
            "predict: a number of probes and a precision, which finds their number, exclude each other; give one"
        )
    memory = whole_number("predict", "memory", "bytes", memory, at_least=1)
    if checkpoint is not None:
        if isinstance(rng, np.random.Generator):
            raise ValueError(
                "predict: a checkpoint needs a seed to go on from, got a generator; give rng a whole number"
            )
        rng = whole_number("predict", "rng", "seed", rng, at_least=0)
        check_folder(checkpoint)
    opened = workers_of(scheduler)
    report = silent if progress is None else progress
    report("reading", 0, 1)
    of_points: dict[str, Any] = {"classes": classes, "scale": scale, "center": center, "memory": memory}
    data = load_or_open(source, labels, report=report, **of_points, **reading)
    times = None if t is None else positive_times("predict", t)
    share = PRECISION if precision is None else precision
    asks: dict[str, Any] = {"probes": probes, "precision": share, "groups": groups, "memory": memory}
    asks |= {"center": center, "rng": rng, "parts": list(wanted), "losses": losses is not None}
    store = Checkpoints(None, {})
    if checkpoint is not None:
        report("fingerprint of the data", 0, 1)
        asks |= {"t": None if times is None else times.tolist(), "data": data.fingerprint, "version": __version__}
        asks |= {} if scheduler is None else {"scheduler": True}  # sums in another order
        store = Checkpoints(checkpoint, asks)
        store.every = _EVERY
    budget = Budget(probes, share, rng, groups, memory, report, store)
    found = Found(data, steps, budget, center, times)
    missing = found.no_classes if "classes" in wanted else None
    if missing is not None and ("classes" in asked or labels is not None):
        raise ValueError(
            f"predict: there is no class to commit to: {missing}; give labels of two classes (--labels FILE, COLUMN or "
            "KEY), or leave classes out of the parts"
        )
    report_estimate(found, wanted)
    given: LossCurve | None = None
    warnings: tuple[str, ...] = ()
    try:
        with opened as found.workers, blas_threads(data.X.size):
            if losses is not None:
                from regimes.prediction.losses.comparison import checked_losses

                given, warnings = checked_losses(
                    "predict", losses, data.n, found.spread.total_variance * (1 - 1 / data.n)
                )
            numbers, curves = rows_of(found, wanted), curves_of(found, wanted)
    except ValueError as error:
        if any(text in str(error) for text in ("memory must hold", "more than memory")):
            said = f"of memory = {gibibytes(memory)} the points, and what is kept of them, take"
            raise ValueError(f"{error}; {said} {gibibytes(found.bytes_held)}") from None
        raise
    verdict = Verdict(numbers, steps, copies="copies.groups" in numbers, dimensions=data.d)
    sentences = verdict.sentences()
    shares = share_rows(numbers, steps)
    numbers, sentences = numbers | shares, sentences + share_sentence(shares, steps, bound=verdict.of_bound)
    if given is not None:
        from regimes.prediction.losses.rows import loss_part

        span = found.grid[0], found.grid[-1]
        of_losses = loss_part(given, found.of_distinct, span, numbers["collapse.leave_one_out_zero"], steps)
        numbers, curves = numbers | of_losses.numbers, curves | of_losses.curves
        sentences += of_losses.sentences
    return Prediction(
        problem=GivenData.of(data),
        numbers=numbers,
        curves=curves,
        settings=settings_of(found, wanted) | steps.settings,
        sentences=sentences,
        assumes=measured_coverage(key for key, number in numbers.items() if number.value is not None),
        warnings=(
            *data.notes,
            *copies_warnings(found.copies, data.n),
            *prediction_warnings(numbers, data, found.directions if "speciation" in wanted else None),
            *warnings,
        ),
    )


def _checked_parts(parts: Sequence[str] | None) -> tuple[str, ...]:
    asked = () if parts is None else (parts,) if isinstance(parts, str) else tuple(parts)
    unknown = [part for part in asked if part not in PARTS]
    if unknown or (parts is not None and not asked):
        raise ValueError(
            f"predict: parts must be among {', '.join(PARTS)}, got {', '.join(map(str, unknown)) or 'none'}"
        )
    return asked
