"""From a data set to its transition times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regimes.datasets.points.dataset import Dataset
from regimes.datasets.points.loading import load_dataset
from regimes.datasets.points.unusual_data import duplicate_points
from regimes.numerics.collapse.spectral_bound import spectral_collapse_bound
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.interface.checks import positive_times
from regimes.numerics.posterior.curves import PosteriorCurves, posterior_curves
from regimes.numerics.posterior.spectrum import CovarianceSpectrum, covariance_spectrum
from regimes.numerics.process.schedules import Schedule, noise_schedule
from regimes.numerics.speciation.calculator import normalised_clone_level, speciation_times
from regimes.prediction.dataset.intervals import Crossing, crossing, normal_interval
from regimes.prediction.dataset.result import CollapsePrediction, Curves, Prediction, SpeciationPrediction

if TYPE_CHECKING:
    from regimes.prediction.losses.comparison import LossComparison
    from regimes.prediction.losses.curve import LossCurve

__all__ = ["PARTS", "predict"]

PARTS = ("speciation", "classes", "collapse")
"""What can be asked for: the covariance criterion, the class clone curve, the collapse onto training points."""

_HALF = 0.5
_GRID_POINTS = 48
_MEMORY = 2 * 2**30


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
    progress: Callable[[int, int], None] | None = None,
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
        Called with (done, total) as the kernel proceeds.

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
    entropy (biroli2024; the identity with the entropy of the training index derived in docs/theory), bounded
    by the Gaussian of the same covariance. The leave-one-out estimate is a cross-entropy and lies above the closed
    form by a few per cent at finite size, see :func:`regimes.collapse.finite_size_collapse_time`. Losses: derived in
    docs/experiments/digits-collapse (guo2005, verdu2010).

    Examples
    --------
    >>> result = predict("digits", classes=[0, 7], probes=2048)
    >>> round(result.speciation.time, 3), round(result.collapse.spectral_bound, 2)
    (0.984, 0.25)
    """
    asked = _checked_parts(parts)
    wanted = PARTS if parts is None else asked
    if losses is not None and "collapse" not in wanted:
        raise ValueError(
            "predict: losses are held against the collapse onto training points, and parts leave collapse out; add it"
        )
    steps = noise_schedule(schedule)
    data = load_dataset(source, labels, classes=classes, scale=scale, center=center)
    reasons: dict[str, str] = {}
    has_classes = "classes" in wanted and _has_classes(data, labels is not None, asked, reasons)
    spectrum = covariance_spectrum(data.X, center=center, memory=memory)
    conventions = _speciation(spectrum, asked, reasons) if "speciation" in wanted else {}
    # The posterior depends on differences only, and so does the bound, whatever Lambda refers to.
    spread = spectrum if center else covariance_spectrum(data.X, memory=memory)
    bound = spectral_collapse_bound(spread, data.n)
    given, loss_warnings = _given_losses(losses, data.n, spread.total_variance * (1 - 1 / data.n))
    curves, crossings = None, {}
    level = _index_level(data) if "collapse" in wanted else None
    if has_classes or "collapse" in wanted:
        grid = _grid(bound, spread.Lambda)
        times = grid if t is None else positive_times("predict", t)
        curves = posterior_curves(
            data.X, np.union1d(grid, times), labels=data.labels if has_classes else None, probes=probes, rng=rng,
            groups=groups, memory=memory, progress=progress,
        )  # fmt: skip
        crossings = _crossings(curves, data, has_classes, level, reasons)
    speciation = _speciation_part(spectrum, conventions, crossings) if {"speciation", "classes"} & set(wanted) else None
    collapse = None if level is None else _collapse_part(bound, level, crossings)
    comparison = None
    if given is not None and curves is not None:
        from regimes.prediction.losses.comparison import compared_losses

        comparison, missing = compared_losses(
            given, data.n, curves, (grid[0], grid[-1]), crossings["collapse.time"].time
        )
        reasons |= {f"losses.{name}": reason for name, reason in missing.items()}
    return Prediction(
        dataset=data.to_dict(),
        speciation=speciation,
        collapse=collapse,
        curves=None if curves is None else _selected(curves, times),
        steps=_steps(steps, speciation, collapse, comparison),
        reasons=reasons,
        warnings=(*data.notes, *_regime_warnings(speciation, collapse), *loss_warnings),
        intervals=_coverage(spectrum, conventions, crossings, comparison),
        settings=_settings(curves, rng, schedule),
        sources=_sources(data, has_classes, wanted, comparison),
        losses=comparison,
    )


def _checked_parts(parts: Sequence[str] | None) -> tuple[str, ...]:
    asked = () if parts is None else (parts,) if isinstance(parts, str) else tuple(parts)
    unknown = [part for part in asked if part not in PARTS]
    if unknown or (parts is not None and not asked):
        raise ValueError(
            f"predict: parts must be among {', '.join(PARTS)}, got {', '.join(map(str, unknown)) or 'none'}"
        )
    return asked


def _given_losses(
    losses: str | Path | LossCurve | None, n: int, total_variance: float
) -> tuple[LossCurve | None, tuple[str, ...]]:
    if losses is None:
        return None, ()
    from regimes.prediction.losses.comparison import checked_losses

    return checked_losses(losses, n, total_variance)


def _has_classes(data: Dataset, given: bool, asked: tuple[str, ...], reasons: dict[str, str]) -> bool:
    present = 0 if data.labels is None else np.unique(data.labels).size
    if present >= 2:
        return True
    reason = "the data have no labels" if data.labels is None else "there is one class, and speciation needs two"
    if "classes" in asked or given:
        raise ValueError(f"predict: the class clone curve needs at least two classes, but {reason}")
    reasons["speciation.clone_crossing"] = reason
    return False


def _speciation(spectrum: CovarianceSpectrum, asked: tuple[str, ...], reasons: dict[str, str]) -> dict[str, float]:
    try:
        return speciation_times(spectrum.Lambda)
    except ValueError as error:
        if "speciation" in asked:
            raise
        reasons["speciation.time"] = str(error).removeprefix("speciation_time: ")
        return {}


def _grid(bound: float, Lambda: float) -> NDArray[np.float64]:
    """Times that hold every transition: collapse lies near the bound, the class crossing not far above t_S."""
    latest = max(bound, float(compile_formula("speciation_time_noise_matched", target="numpy")(Lambda)))
    return np.geomspace(bound / 20, latest + 1.5, _GRID_POINTS)


def _index_level(data: Dataset) -> float:
    """Half of the largest phi_index: equal points share a commitment, so that is the share of different points."""
    return _HALF * (1 - duplicate_points(data.X) / data.n)


def _crossings(
    curves: PosteriorCurves, data: Dataset, has_classes: bool, level: float | None, reasons: dict[str, str]
) -> dict[str, Crossing]:
    found = {}
    if has_classes and data.labels is not None:
        share = np.bincount(data.labels) / data.n
        floor = float(np.sum(share**2))

        def normalise(phi: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(compile_formula("normalised_clone_probability", target="numpy")(phi, floor))

        for name, phi, error, replicates in (
            ("speciation.clone_crossing", curves.clone_class, curves.clone_class_se, curves.jackknife_clone_class),
            ("speciation.clone_crossing_leave_one_out", curves.clone_class_leave_one_out,
             curves.clone_class_leave_one_out_se, curves.jackknife_clone_class_leave_one_out),
        ):  # fmt: skip
            if phi is None or error is None:
                continue
            found[name] = crossing(
                curves.t, normalise(phi), error / (1 - floor), None if replicates is None else normalise(replicates),
                normalised_clone_level(), "the normalised class clone probability",
            )  # fmt: skip
    if level is not None:
        found["collapse.time"] = crossing(
            curves.t, curves.leave_one_out, curves.leave_one_out_se, curves.jackknife_leave_one_out, 0.0,
            "the leave-one-out excess entropy",
        )  # fmt: skip
        found["collapse.clone_crossing"] = crossing(
            curves.t, curves.clone_index, curves.clone_index_se, curves.jackknife_clone_index, level,
            "the probability that clones share their training point",
        )  # fmt: skip
    reasons.update({name: each.reason for name, each in found.items() if each.reason is not None})
    return found


_NOWHERE = Crossing(None, None, None, None)


def _speciation_part(
    spectrum: CovarianceSpectrum, conventions: dict[str, float], crossings: dict[str, Crossing]
) -> SpeciationPrediction:
    time = conventions.get("leading")
    own = crossings.get("speciation.clone_crossing", _NOWHERE)
    return SpeciationPrediction(
        Lambda=spectrum.Lambda,
        Lambda_se=spectrum.Lambda_se,
        time=time,
        time_interval=None
        if time is None or spectrum.Lambda_se == 0
        else normal_interval(time, spectrum.Lambda_se / (2 * spectrum.Lambda)),
        conventions=conventions,
        clone_crossing=own.time,
        clone_crossing_interval=own.interval,
        clone_crossing_leave_one_out=crossings.get("speciation.clone_crossing_leave_one_out", _NOWHERE).time,
        level=normalised_clone_level(),
    )


def _collapse_part(bound: float, level: float, crossings: dict[str, Crossing]) -> CollapsePrediction:
    own, clones = crossings["collapse.time"], crossings["collapse.clone_crossing"]
    return CollapsePrediction(
        time=own.time,
        time_interval=own.interval,
        clone_crossing=clones.time,
        clone_crossing_interval=clones.interval,
        spectral_bound=bound,
        level=level,
    )


def _selected(curves: PosteriorCurves, times: NDArray[np.float64]) -> Curves:
    place = np.searchsorted(curves.t, times)

    def pick(name: str) -> Any:
        values = getattr(curves, name)
        return None if values is None else values[place]

    return Curves(t=times, **{name: pick(name) for name in Curves.__dataclass_fields__ if name != "t"})


def _steps(
    schedule: Schedule, speciation: SpeciationPrediction | None, collapse: CollapsePrediction | None,
    losses: LossComparison | None,
) -> dict[str, Any]:  # fmt: skip
    times = {
        "speciation.time": None if speciation is None else speciation.time,
        "speciation.clone_crossing": None if speciation is None else speciation.clone_crossing,
        "speciation.clone_crossing_leave_one_out": (
            None if speciation is None else speciation.clone_crossing_leave_one_out
        ),
        "collapse.time": None if collapse is None else collapse.time,
        "collapse.clone_crossing": None if collapse is None else collapse.clone_crossing,
        "collapse.spectral_bound": None if collapse is None else collapse.spectral_bound,
        "losses.t_C_test": None if losses is None else losses.t_C_test,
    }
    return {
        "schedule": schedule.name,
        "steps": schedule.steps,
        "at": {name: schedule.place(time)["step"] for name, time in times.items() if time is not None},
    }


def _regime_warnings(speciation: SpeciationPrediction | None, collapse: CollapsePrediction | None) -> tuple[str, ...]:
    if collapse is None or collapse.time is None or collapse.spectral_bound is None:
        return ()
    warnings = []
    if collapse.time > collapse.spectral_bound:
        warnings.append(
            f"the leave-one-out zero (t = {collapse.time:.3g}) lies above the bound that holds for the population "
            f"(t = {collapse.spectral_bound:.3g}, from the sample covariance): its finite-size bias, which the "
            "interval does not cover, is at least of that size"
        )
    if speciation is None:
        return tuple(warnings)
    first = speciation.time if speciation.clone_crossing is None else speciation.clone_crossing
    what = "speciation" if speciation.clone_crossing is None else "the decision between classes"
    earliest = min(collapse.time, collapse.spectral_bound)
    if first is None or collapse.time < first:
        return tuple(warnings)
    if earliest < first:
        warnings.append(
            f"{what} (t = {first:.3g}) lies between the bound on collapse and its leave-one-out zero: their order "
            "in the backward process is open"
        )
    else:
        warnings.append(
            f"collapse (t = {collapse.time:.3g}) comes before {what} (t = {first:.3g}) in the backward process: "
            "there is no generalising regime between them; more data would lower the collapse time"
        )
    return tuple(warnings)


def _coverage(
    spectrum: CovarianceSpectrum, conventions: dict[str, float], crossings: dict[str, Crossing],
    losses: LossComparison | None,
) -> dict[str, str]:  # fmt: skip
    covers = {name: each.covers for name, each in crossings.items() if each.covers is not None}
    if "collapse.time" in covers:
        covers["collapse.time"] += ", not the finite-size bias"
    result = {"curves": "probes"}
    if conventions:
        result["speciation.time"] = "data"
    if losses is not None and losses.t_C_test_interval is not None:
        result["losses.t_C_test"] = "losses"
    return result | covers


def _settings(curves: PosteriorCurves | None, rng: Any, schedule: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"schedule": schedule, "seed": rng if isinstance(rng, int) else None}
    if curves is not None:
        settings |= {"probes": curves.probes, "groups": curves.groups, "precision": curves.precision}
    return settings


def _sources(data: Dataset, has_classes: bool, wanted: Sequence[str], losses: LossComparison | None) -> tuple[str, ...]:
    sources = [f"data: {data.source}"]
    if "speciation" in wanted:
        sources += ["speciation.time: biroli2024, eq. 6 (regimes derive speciation_time)"]
    if has_classes:
        sources += [
            "speciation.clone_crossing: biroli2024 (clone probability), with the empirical posterior (regimes derive "
            "clone_probability, mixture_speciation_time, normalised_clone_probability)"
        ]
    if "collapse" in wanted:
        sources += [
            "collapse.time: biroli2024 (excess entropy), leave-one-out (regimes derive excess_entropy_definition, "
            "collapse_gap_integrand)",
            "collapse.clone_crossing: posterior over training points (regimes derive index_entropy)",
            "collapse.spectral_bound: derived (regimes derive gaussian_channel_information)",
        ]
    if losses is not None:
        sources += ["losses: integral of the loss (guo2005, verdu2010), derived in docs/experiments/digits-collapse"]
    return tuple(sources)
