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
    taken: str = ""

    @classmethod
    def of(cls, data: Dataset) -> GivenData:
        """Description of a data set."""
        return cls(data.name, data.n, data.d, list(data.classes), plain(data.preprocessing), data.source, data.taken)


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Result):
    """Transition times of a data set.

    Numbers of a model that generalises: ``speciation.class_time``, a lower bound with its lower limit;
    ``speciation.Lambda`` of the population and ``speciation.spectral_time``, ``.noise_matched``, ``.potential`` where a
    direction stands out, and what they are at most, ``speciation.Lambda_limit``, ``.spectral_limit``. Of one that has
    memorised the points: ``speciation.class_time_memorised`` and ``collapse.point_time``, where clone probabilities
    cross ``speciation.class_level`` and ``collapse.point_level``; in ``..._redrawn`` how they scatter over other data.
    Of the law of the points: ``collapse.time``, where x_t carries log n nats about its point, and the upper limit
    ``collapse.bound``. Of the sample itself: ``speciation.sample_Lambda``, ``.sample_spectral_time``,
    ``.class_time_left_out``, ``collapse.leave_one_out_zero``. With losses ``losses.time``, ``losses.share`` and others.
    What does not exist has a reason.

    Curves over ``t``: ``clone_class``, ``clone_class_leave_one_out``, ``clone_index``, ``clone_group`` with near
    copies, ``excess_entropy`` and ``leave_one_out`` (f^e/alpha and f/alpha), each with ``_se``, its standard error over
    probes; the held-out bound over ``held_out.t``; with losses ``losses.J_train`` and others over ``losses.t``, in
    nats. ``directions`` lists the blocks of directions that stand out, ``sizes`` collapse times by number of points.
    """

    kind: ClassVar[str] = "dataset"
    problem_type = GivenData
