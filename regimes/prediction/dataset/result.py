"""What a prediction for a data set holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from regimes.datasets.points.dataset import Dataset
from regimes.numerics.interface.result import Result, plain

__all__ = ["GivenData", "Prediction"]


@dataclass(frozen=True)
class GivenData:
    """What identifies a data set, without its points: every time depends on the scale stated here."""

    name: str
    n: int
    d: int
    classes: list[str]
    preprocessing: dict[str, Any]
    source: str

    @classmethod
    def of(cls, data: Dataset) -> GivenData:
        """Description of a data set."""
        return cls(data.name, data.n, data.d, list(data.classes), plain(data.preprocessing), data.source)


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Result):
    """Transition times of a data set.

    Numbers: ``speciation.Lambda`` and its times ``speciation.spectral_time``, ``.noise_matched``, ``.potential``;
    ``speciation.class_time_memorised`` and ``speciation.class_time``, where the normalised class clone probability
    crosses ``speciation.class_level`` with the own point in the posterior and without it; ``collapse.time``, zero of
    the leave-one-out excess entropy; ``collapse.point_time``, where two clones share their training point with
    probability ``collapse.point_level``; ``collapse.bound``; with losses of a model also ``losses.time``,
    ``losses.share`` and others. What does not exist has a reason.

    Curves over ``t``: ``clone_class``, ``clone_class_leave_one_out``, ``clone_index``, ``excess_entropy`` and
    ``leave_one_out`` (f^e/alpha and f/alpha), each with ``_se``, its standard error over probes; with losses
    ``losses.J_train`` and others over ``losses.t``, in nats.
    """

    kind: ClassVar[str] = "dataset"
    problem_type = GivenData
