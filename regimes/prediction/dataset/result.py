"""What a prediction holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regimes.numerics.interface.plain import plain_fields

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regimes.prediction.losses.comparison import LossComparison

__all__ = ["CollapsePrediction", "Curves", "Interval", "Prediction", "SpeciationPrediction"]

Interval = tuple[float, float]

SCHEMA = 1


@dataclass(frozen=True)
class SpeciationPrediction:
    """When a sample commits to a direction, and to a class.

    Attributes
    ----------
    Lambda : float
        Top eigenvalue of the covariance of the data as preprocessed.
    Lambda_se : float
        Its standard error over the data.
    time : float or None
        ``1/2 log Lambda``, Ornstein-Uhlenbeck time.
    time_interval : tuple or None
        95% interval.
    conventions : dict
        The time in each convention, see :func:`regimes.predict_speciation`.
    clone_crossing : float or None
        Time at which the normalised class clone probability crosses ``level``.
    clone_crossing_interval : tuple or None
        95% interval.
    clone_crossing_leave_one_out : float or None
        The same crossing with the own point left out of the class posterior.
    level : float
        0.5504, the value for two equal classes at kappa = 1.
    """

    Lambda: float
    Lambda_se: float
    time: float | None
    time_interval: Interval | None
    conventions: dict[str, float]
    clone_crossing: float | None
    clone_crossing_interval: Interval | None
    clone_crossing_leave_one_out: float | None
    level: float


@dataclass(frozen=True)
class CollapsePrediction:
    """When a sample commits to a training point.

    Attributes
    ----------
    time : float or None
        Zero of the leave-one-out excess entropy; a cross-entropy, so it lies above the population's collapse time by a
        few per cent at finite size (docs/conventions).
    time_interval : tuple or None
        95% interval.
    clone_crossing : float or None
        Time at which two clones share their training point with probability ``level``, half of the largest value.
    clone_crossing_interval : tuple or None
        95% interval.
    spectral_bound : float or None
        Upper bound on the collapse time of any population with this covariance, here the sample's.
    level : float
        1/2, times the share of different points.
    """

    time: float | None
    time_interval: Interval | None
    clone_crossing: float | None
    clone_crossing_interval: Interval | None
    spectral_bound: float | None
    level: float


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves over time, with standard errors over probes.

    Attributes
    ----------
    t : ndarray, shape (T,)
        Ornstein-Uhlenbeck times.
    clone_class, clone_index : ndarray, shape (T,)
        Probability that two clones share the class, the training point; ``clone_class`` is None without classes.
    clone_class_leave_one_out : ndarray or None
        ``clone_class`` with the own point left out of the posterior.
    excess_entropy, leave_one_out : ndarray, shape (T,)
        Empirical excess entropy and its leave-one-out estimate, over alpha: both go to 1 at large t.
    *_se : ndarray
        Standard error of each.
    """

    t: NDArray[np.float64]
    clone_class: NDArray[np.float64] | None
    clone_class_se: NDArray[np.float64] | None
    clone_class_leave_one_out: NDArray[np.float64] | None
    clone_class_leave_one_out_se: NDArray[np.float64] | None
    clone_index: NDArray[np.float64]
    clone_index_se: NDArray[np.float64]
    excess_entropy: NDArray[np.float64]
    excess_entropy_se: NDArray[np.float64]
    leave_one_out: NDArray[np.float64]
    leave_one_out_se: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            The attributes, arrays as lists.
        """
        return plain_fields(self)


@dataclass(frozen=True, eq=False)
class Prediction:
    """Transition times of a data set.

    Attributes
    ----------
    dataset : dict
        ``name``, ``n``, ``d``, ``classes``, ``preprocessing``: every time depends on the scale stated here.
    speciation : SpeciationPrediction or None
        None where it was not asked for.
    collapse : CollapsePrediction or None
        None where it was not asked for.
    curves : Curves or None
        None where neither classes nor collapse were asked for.
    steps : dict
        The times as steps of the noise schedule.
    reasons : dict
        Why a part is None, by its name.
    warnings : tuple of str
        What a user should know before using the times.
    intervals : dict
        What each 95% interval covers: ``data``, ``probes`` or both.
    settings : dict
        Probes, seed, groups of the jackknife, precision.
    sources : tuple of str
        Formula or derivation behind each number.
    losses : LossComparison or None
        What the losses of a model say; None where none were given.
    """

    dataset: dict[str, Any]
    speciation: SpeciationPrediction | None
    collapse: CollapsePrediction | None
    curves: Curves | None
    steps: dict[str, Any]
    reasons: dict[str, str]
    warnings: tuple[str, ...]
    intervals: dict[str, str]
    settings: dict[str, Any]
    sources: tuple[str, ...]
    losses: LossComparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON.

        Returns
        -------
        dict
            Keys ``schema`` (1), ``dataset``, ``speciation``, ``collapse``, ``curves``, ``losses``, ``steps``,
            ``reasons``, ``warnings``, ``intervals``, ``settings``, ``sources``.
        """
        return {
            "schema": SCHEMA,
            "dataset": dict(self.dataset),
            "speciation": None if self.speciation is None else plain_fields(self.speciation),
            "collapse": None if self.collapse is None else plain_fields(self.collapse),
            "curves": None if self.curves is None else self.curves.to_dict(),
            "losses": None if self.losses is None else self.losses.to_dict(),
            "steps": self.steps,
            "reasons": dict(self.reasons),
            "warnings": list(self.warnings),
            "intervals": dict(self.intervals),
            "settings": dict(self.settings),
            "sources": list(self.sources),
        }

    def plot(self, ax: Any = None) -> Figure:
        """Draw the curves with the times marked and the three regimes shaded.

        Parameters
        ----------
        ax : sequence of two matplotlib.axes.Axes, optional
            Where to draw clone probabilities and excess entropies; a new figure otherwise.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ValueError
            If the prediction holds no curves.
        """
        from regimes.report.dataset.figure import plot_prediction

        return plot_prediction(self, ax=ax)
