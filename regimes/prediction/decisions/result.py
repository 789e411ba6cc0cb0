"""What a data set is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from regimes.numerics.interface.result import Result
from regimes.prediction.dataset.result import GivenData

__all__ = ["Advice"]


@dataclass(frozen=True, eq=False, repr=False)
class Advice(Result):
    """Answers to the questions that were asked of a data set.

    Numbers and curves begin with the name of their question, ``guidance.low``; what cannot be answered has a reason.
    ``sentences`` holds one text a question, which begins with its name. Every number says for which model it holds.
    """

    kind: ClassVar[str] = "advice"
    problem_type = GivenData
