"""What the measurement of a user's own model found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.plain import plain_fields
from regimes.validation.measurement.crossings import MeasuredTime
from regimes.validation.measurement.last_change import LastChange
from regimes.validation.measurement.predicted_times import PredictedTime, Predictions
from regimes.validation.outcome.agreement import Agreement
from regimes.validation.outcome.experiment import Curve, Panel, curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CloneCurve", "TimeRatio", "TransitionMeasurement", "last_change_curves", "time_ratios"]

Array = NDArray[np.float64]

_WIDE = 8  # ratio of times from which their logarithm is drawn
_POINTS = 20  # of the law of the last change in the figure
_SPECIATION = (
    "speciation.time",
    "speciation.clone_crossing",
    "speciation.clone_crossing_leave_one_out",
    "speciation.class_means",
)
_COMPARED = {
    "class": _SPECIATION,
    "class_corrected": _SPECIATION,
    "index": ("collapse.clone_crossing", "collapse.time"),
    "last_change": ("last_change",),
}


@dataclass(frozen=True, eq=False)
class CloneCurve:
    """A clone probability, measured and predicted at the same times.

    Attributes
    ----------
    measured, measured_se : ndarray, shape (T,)
        Share of the pairs that end alike, and its standard error.
    predicted, predicted_se : ndarray, shape (T,), or None
        By the posterior over the training points: what a model with the exact empirical score would do.
    corrected, corrected_se : ndarray, shape (T,), or None
        ``measured`` corrected for the errors of the classifier.
    """

    measured: Array
    measured_se: Array
    predicted: Array | None
    predicted_se: Array | None
    corrected: Array | None = None
    corrected_se: Array | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, arrays as lists.
        """
        return plain_fields(self)


@dataclass(frozen=True)
class TimeRatio:
    """A measured time over a predicted one.

    Attributes
    ----------
    measured, predicted : str
        Names of the two.
    ratio : float
        Measured over predicted, both Ornstein-Uhlenbeck times.
    se : float or None
        Standard error, of both together; None where one of the two has none.
    """

    measured: str
    predicted: str
    ratio: float
    se: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes.
        """
        return asdict(self)


def time_ratios(measured: dict[str, MeasuredTime], predicted: dict[str, PredictedTime]) -> tuple[TimeRatio, ...]:
    """Put each measured time over the predictions that are meant for it.

    Parameters
    ----------
    measured : dict of MeasuredTime
        By the names that :class:`TransitionMeasurement` has for them.
    predicted : dict of PredictedTime
        Likewise.

    Returns
    -------
    tuple of TimeRatio
        Where both times exist.

    Examples
    --------
    >>> measured = {"index": MeasuredTime(0.3, 0.01)}
    >>> predicted = {"collapse.clone_crossing": PredictedTime(0.25, 0.0, "posterior")}
    >>> [(each.predicted, round(each.ratio, 3), round(each.se, 3)) for each in time_ratios(measured, predicted)]
    [('collapse.clone_crossing', 1.2, 0.04)]
    """
    ratios = []
    for name, against in _COMPARED.items():
        for other in against:
            found, theory = measured.get(name), predicted.get(other)
            if found is None or theory is None or found.time is None or not theory.time:
                continue
            se = None
            if found.se is not None and theory.se is not None:
                se = math.hypot(found.se, found.time / theory.time * theory.se) / theory.time
            ratios.append(TimeRatio(name, other, found.time / theory.time, se))
    return tuple(ratios)


def last_change_curves(
    found: LastChange, exact: LastChange, label: str, label_found: str, *, group: int = 0
) -> tuple[Curve, Curve]:
    """Draw the law of the last change: by the exact empirical score as a line, as measured in points.

    Parameters
    ----------
    found, exact : LastChange
        Measured, and by the exact empirical score.
    label, label_found : str
        For the legend.
    group : int
        Colour.

    Returns
    -------
    tuple of Curve
        Theory and simulation, up to the time that 1% of the changes exceed.
    """
    latest = 1.05 * max(float(np.quantile(each.time, 0.99)) for each in (found, exact))
    (at, law), (t, share) = exact.curve(), found.curve()
    few, drawn = np.linspace(0.0, latest, _POINTS), at <= latest
    share = np.interp(few, t, share, left=1.0, right=0.0)
    return (
        curve(label, "theory", at[drawn], law[drawn], group=group),
        curve(label_found, "simulation", few, share, np.sqrt(share * (1 - share) / found.time.size), group=group),
    )


@dataclass(frozen=True, eq=False)
class TransitionMeasurement:
    """Transition times of a model, measured and predicted.

    Attributes
    ----------
    dataset : dict
        ``name``, ``n``, ``d``, ``classes``, ``preprocessing``: every time depends on the scale stated here.
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times at which clones were born.
    pairs : int
        Pairs of clones at each time.
    phi_class, phi_index : CloneCurve or None
        Probability that two clones share their class, their nearest training point; None where it was not measured.
    measured : dict of MeasuredTime
        ``class``, ``class_corrected``, ``index``: where the clone probabilities pass their levels; ``last_change``:
        mean time of the last change of the nearest training point.
    predicted : dict of PredictedTime
        ``speciation.time``, ``speciation.clone_crossing``, ``speciation.clone_crossing_leave_one_out``,
        ``speciation.class_means``, ``collapse.clone_crossing``, ``collapse.time``, ``last_change``.
    ratios : tuple of TimeRatio
        Measured over predicted.
    last_change, last_change_exact : LastChange or None
        Along the model's own paths from pure noise, and the exact law of a model with the exact empirical score.
    generated : dict
        Of these paths: ``class_share`` beside ``class_share_of_data``, ``points_reached`` (different training points
        nearest to an end), ``points_expected`` (as many as draws with equal probability would reach).
    classifier : dict or None
        ``trained_here``, ``agrees_with_labels`` (share of the data points), ``accuracy`` (on points held out) or None.
    level, index_level : float
        Levels of the normalised class clone probability and of the clone probability of the index.
    denoising_loss : ndarray, shape (T,)
        Mean squared error of the predicted noise a dimension, at each time, on the data; 1 for a score of 0.
    reasons : dict
        Why something is missing, by its name.
    warnings : tuple of str
        What a user should know before using the times.
    settings : dict
        Sampler, steps, seed and the like.
    predictions : Predictions
        The curves behind the predicted times.
    """

    dataset: dict[str, Any]
    t: Array
    pairs: int
    phi_class: CloneCurve | None
    phi_index: CloneCurve | None
    measured: dict[str, MeasuredTime]
    predicted: dict[str, PredictedTime]
    ratios: tuple[TimeRatio, ...]
    last_change: LastChange | None
    last_change_exact: LastChange | None
    generated: dict[str, Any]
    classifier: dict[str, Any] | None
    level: float
    index_level: float
    denoising_loss: Array
    reasons: dict[str, str]
    warnings: tuple[str, ...]
    settings: dict[str, Any]
    predictions: Predictions

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, ``prediction`` for the curves, and ``agreement``.
        """
        plain = plain_fields(self, without=("predictions",))
        for name in ("measured", "predicted"):
            plain[name] = {key: each.to_dict() for key, each in getattr(self, name).items()}
        for name in ("phi_class", "phi_index", "last_change", "last_change_exact"):
            each = getattr(self, name)
            plain[name] = None if each is None else each.to_dict()
        plain["ratios"] = [each.to_dict() for each in self.ratios]
        plain["agreement"] = [each.to_dict() for each in self.agreement()]
        plain["prediction"] = self.predictions.prediction.to_dict()
        return plain

    def agreement(self) -> tuple[Agreement, ...]:
        """Each predicted time beside the measured one; of the class, the corrected one if there is one.

        Returns
        -------
        tuple of Agreement
            Where both times exist, with an error. A model that generalises need not agree: what is predicted of the
            index belongs to the exact empirical score.
        """
        corrected = any(each.measured == "class_corrected" and each.se is not None for each in self.ratios)
        skipped = "class" if corrected else "class_corrected"
        found = []
        for each in self.ratios:
            measured, predicted = self.measured[each.measured], self.predicted[each.predicted]
            if each.se is None or each.measured == skipped or measured.time is None or predicted.time is None:
                continue
            se = math.hypot(measured.se or 0.0, predicted.se or 0.0)
            if se > 0:
                name = f"{each.measured} against {each.predicted}"
                found.append(Agreement(name, predicted.time, predicted.time, measured.time, se, self.pairs))
        return tuple(found)

    def panels(self) -> tuple[Panel, ...]:
        """The figure: clone probabilities, and last changes.

        Returns
        -------
        tuple of Panel
            One for each thing that was measured.
        """
        panels = []
        if self.phi_class is not None:
            marks = (
                (r"$\frac{1}{2}\log\Lambda$", "speciation.time"),
                ("posterior", "speciation.clone_crossing"),
                ("class means", "speciation.class_means"),
            )
            panels.append(self._clone_panel("class", self.phi_class, "clone_class", marks))
        if self.phi_index is not None:
            marks = (("posterior", "collapse.clone_crossing"), ("leave-one-out", "collapse.time"))  # type: ignore[assignment]
            panels.append(self._clone_panel("training point", self.phi_index, "clone_index", marks))
        if self.last_change is not None and self.last_change_exact is not None:
            panels.append(self._last_change_panel(self.last_change, self.last_change_exact))
        return tuple(panels)

    def plot(self, ax: Any = None) -> Figure:
        """Draw the panels.

        Parameters
        ----------
        ax : sequence of matplotlib.axes.Axes, optional
            One for each panel; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ValueError
            If the number of axes is wrong.
        """
        from regimes.report.experiment.figure import plot_panels

        return plot_panels(self.panels(), ax=ax)

    def _clone_panel(self, what: str, found: CloneCurve, field: str, marks: tuple[tuple[str, str], ...]) -> Panel:
        curves: list[Curve] = []
        drawn = self.predictions.prediction.curves
        phi = None if drawn is None else getattr(drawn, field)
        if drawn is not None and phi is not None:
            inside = (drawn.t >= 0.7 * self.t[0]) & (drawn.t <= 1.3 * self.t[-1])
            label = "posterior over the training points"
            curves.append(curve(label, "theory", drawn.t[inside], phi[inside], getattr(drawn, f"{field}_se")[inside]))
            means = self.predictions.class_means
            if what == "class" and means is not None:
                curves.append(
                    curve(
                        "class means, Gaussian", "reference", means.t[inside], means.clone_probability[inside], group=1
                    )
                )
        if found.corrected is None or np.any(found.corrected != found.measured):
            curves.append(curve("measured", "simulation", self.t, found.measured, found.measured_se))
        if found.corrected is not None:
            curves.append(curve("corrected", "simulation", self.t, found.corrected, found.corrected_se, group=2))
        times = [(label, self.predicted[name].time) for label, name in marks if name in self.predicted]
        placed = tuple((label, time) for label, time in times if time is not None)
        wide = bool(self.t[-1] > _WIDE * self.t[0])
        return Panel(f"Two clones share their {what}", "$t$", "probability", tuple(curves), placed, log_x=wide)

    def _last_change_panel(self, found: LastChange, exact: LastChange) -> Panel:
        curves = last_change_curves(found, exact, "exact empirical score", "measured")
        return Panel(
            "Last change of the nearest training point",
            "$t$",
            "P(last change > t)",
            curves,
            (("mean, measured", found.mean),),
        )
