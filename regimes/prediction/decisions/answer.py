"""What one question that is asked of a data set, or of the losses of a model, is answered with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from regimes.numerics.interface.number import Number

__all__ = ["Answer"]


@dataclass(frozen=True, eq=False)
class Answer:
    """Numbers by key, each with a value or a reason; curves; sentences that a person reads; warnings, assumptions."""

    numbers: dict[str, Number]
    sentences: tuple[str, ...]
    curves: dict[str, Any] = field(default_factory=dict)
    assumes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
