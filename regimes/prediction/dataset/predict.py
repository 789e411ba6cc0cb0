"""From a data set to its transition times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.numerics.collapse.spectral_bound import spectral_collapse_bound
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_times
from regimes.numerics.interface.result import Number
from regimes.numerics.posterior.curves import PosteriorCurves, posterior_curves
from regimes.numerics.posterior.spectrum import covariance_spectrum
from regimes.numerics.process.schedules import noise_schedule
from regimes.prediction.dataset.commitment import Commitment
from regimes.prediction.dataset.direction import direction_rows
from regimes.prediction.dataset.order import order_warnings
from regimes.prediction.dataset.result import GivenData, Prediction
from regimes.theory.formula.record import recorded

if TYPE_CHECKING:
    from regimes.prediction.losses.curve import LossCurve

__all__ = ["PARTS", "predict"]

PARTS = ("speciation", "classes", "collapse")
"""What can be asked for: the covariance criterion, the class clone curve, the collapse onto training points."""

_GRID_POINTS = 48
_MEMORY = 2 * 2**30
_CURVES = ("clone_class", "clone_class_leave_one_out", "clone_index", "excess_entropy", "leave_one_out")


def predict(
    source: Any,
    labels: Any = None,
    *,
    classes: Sequence[Any] | None = None,
    scale: str | float | None = None,
    center: bool = True,
    t: ArrayLike | None = None,
    probes: int | None = None,
    rng: int | np.random.Generator = 0,
    groups: int = 20,
    schedule: str = "ddpm-linear",
    parts: Sequence[str] | None = None,
    losses: str | Path | LossCurve | None = None,
    memory: int = _MEMORY,
    progress: Callable[[str, int, int], None] | None = None,
) -> Prediction:
    """Predict when a diffusion model trained on a data set commits to a class and to a training point.

    Parameters
    ----------
    source : str, path, array_like or Dataset
        Name of a built-in data set, a ``.npy``, ``.npz`` or ``.csv`` file, or points of shape (n, ...).
    labels : array_like, path or str, optional
        Class of each point.
    classes : sequence, optional
        Keep only these classes.
    scale, center
        Preprocessing, see :func:`regimes.load_dataset`; every time depends on the scale.
    t : array_like, optional
        Ornstein-Uhlenbeck times of the curves; 48 log-spaced ones that hold all transitions by default.
    probes : int, optional
        Number of noised points x_t (each with noise +z and -z); chosen from n by default.
    rng : int or numpy.random.Generator
        Seed or generator; the same noise serves all times.
    groups : int
        Groups of the delete-a-group jackknife over the data; below 2 the intervals cover the probes only.
    schedule : {"ddpm-linear", "cosine", "edm"}
        Schedule in whose steps the times are given as well.
    parts : sequence of {"speciation", "classes", "collapse"}, optional
        What to predict. Everything that the data allow by default; a part asked for by name that does not exist for
        the data is an error.
    losses : path or LossCurve, optional
        Losses per noise level of a model trained on these points, on them and on others: a table with the columns t (or
        snr), train_loss and test_loss, or a :class:`regimes.validation.LossCurve`. They tell whether it memorises.
    memory : int
        Bytes that may be used beyond the data.
    progress : callable, optional
        Called with (part, done, total) as the kernel proceeds.

    Returns
    -------
    Prediction
        Times with 95% intervals, curves with standard errors, reasons for what is missing.

    Raises
    ------
    ValueError
        If the data, the labels or an option is unusable, or a part asked for does not exist.

    Notes
    -----
    Speciation: biroli2024, eq. 6, and the clone probability of the class. Collapse: zero of the leave-one-out excess
    entropy (biroli2024; ``index_entropy``), bounded by the Gaussian of the same covariance. The leave-one-out estimate
    is a cross-entropy and lies above the closed form by a few per cent at finite size, see
    :func:`regimes.collapse.finite_size_collapse_time`. Losses: guo2005, verdu2010.

    Examples
    --------
    >>> result = predict("digits", classes=[0, 7], probes=2048)
    >>> [round(result[key].value, 2) for key in ("speciation.spectral_time", "collapse.bound")]
    [0.98, 0.25]
    """
    asked = _checked_parts(parts)
    wanted = PARTS if parts is None else asked
    if losses is not None and "collapse" not in wanted:
        raise ValueError(
            "predict: losses are held against the collapse onto training points, and parts leave collapse out; add it"
        )
    steps = noise_schedule(schedule)
    data = load_dataset(source, labels, classes=classes, scale=scale, center=center)
    numbers: dict[str, Number] = {}
    missing = _no_classes(data) if "classes" in wanted else None
    if missing is not None and ("classes" in asked or labels is not None):
        raise ValueError(f"predict: the class clone curve needs at least two classes, but {missing}")
    has_classes = "classes" in wanted and missing is None
    spectrum = covariance_spectrum(data.X, center=center, memory=memory)
    if "speciation" in wanted:
        numbers |= direction_rows(spectrum, steps, required="speciation" in asked)
    if missing is not None:
        numbers["speciation.class_time_memorised"] = steps.number("classes decided (clones)", None, (), reason=missing)
    # The posterior depends on differences only, and so does the bound, whatever Lambda refers to.
    spread = spectrum if center else covariance_spectrum(data.X, memory=memory)
    with recorded() as used:
        bound = spectral_collapse_bound(spread, data.n)
    given: LossCurve | None = None
    warnings: tuple[str, ...] = ()
    if losses is not None:
        from regimes.prediction.losses.comparison import checked_losses

        given, warnings = checked_losses(losses, data.n, spread.total_variance * (1 - 1 / data.n))
    curves: PosteriorCurves | None = None
    shown: dict[str, Any] = {}
    grid = _grid(bound, spread.Lambda)
    if has_classes or "collapse" in wanted:
        times = grid if t is None else positive_times("predict", t)
        curves = posterior_curves(
            data.X,
            np.union1d(grid, times),
            labels=data.labels if has_classes else None,
            probes=probes,
            rng=rng,
            groups=groups,
            memory=memory,
            progress=progress,
        )
        shown = _selected(curves, times)
        commitment = Commitment(curves, data, steps)
        numbers |= commitment.classes() if has_classes else {}
        if "collapse" in wanted:
            numbers |= commitment.points()
            numbers["collapse.bound"] = steps.number("bound for the population", bound, used)
    sentences: tuple[str, ...] = ()
    if given is not None and curves is not None:
        from regimes.prediction.losses.rows import loss_part

        found = loss_part(given, curves, (grid[0], grid[-1]), numbers["collapse.time"], steps)
        numbers, shown, sentences = numbers | found.numbers, shown | found.curves, found.sentences
    return Prediction(
        problem=GivenData.of(data),
        numbers=numbers,
        curves=shown,
        settings=_settings(curves, rng) | {"schedule": steps.name, "schedule_steps": steps.steps},
        sentences=sentences,
        warnings=(*data.notes, *order_warnings(numbers), *warnings),
    )


def _checked_parts(parts: Sequence[str] | None) -> tuple[str, ...]:
    asked = () if parts is None else (parts,) if isinstance(parts, str) else tuple(parts)
    unknown = [part for part in asked if part not in PARTS]
    if unknown or (parts is not None and not asked):
        raise ValueError(
            f"predict: parts must be among {', '.join(PARTS)}, got {', '.join(map(str, unknown)) or 'none'}"
        )
    return asked


def _no_classes(data: Dataset) -> str | None:
    """Why there is no class to commit to."""
    if data.labels is None:
        return "the data have no labels"
    return None if np.unique(data.labels).size >= 2 else "there is one class, and speciation needs two"


def _grid(bound: float, Lambda: float) -> NDArray[np.float64]:
    """Times that hold every transition: collapse lies near the bound, the class crossing not far above t_S."""
    latest = max(bound, float(compile_formula("speciation_time_noise_matched", target="numpy")(Lambda)))
    return np.geomspace(bound / 20, latest + 1.5, _GRID_POINTS)


def _selected(curves: PosteriorCurves, times: NDArray[np.float64]) -> dict[str, Any]:
    """Curves that exist, at the times asked for."""
    place = np.searchsorted(curves.t, times)
    shown = {"t": times}
    for name in (each for curve in _CURVES for each in (curve, f"{curve}_se")):
        values = getattr(curves, name)
        if values is not None:
            shown[name] = values[place]
    return shown


def _settings(curves: PosteriorCurves | None, rng: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"seed": rng if isinstance(rng, int) else None}
    if curves is not None:
        settings |= {"probes": curves.probes, "groups": curves.groups, "precision": curves.precision}
    return settings
