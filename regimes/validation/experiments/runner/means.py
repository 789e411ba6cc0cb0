"""Means over trainings, as they stand in tables, among the numbers and in the sentences of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from regimes.numerics.interface.number import Number

__all__ = ["factor_of", "number_of", "text_of"]

_WHOLE = 1000  # from here on without decimals


def number_of(label: str, each: Mapping[str, Any]) -> Number:
    """A mean with its error, or the reason why there is none."""
    reason = None if each["value"] is not None else f"{each['count']} trainings have one, the others do not get there"
    return Number(label, each["value"], each["se"], reason=reason)


def text_of(each: Mapping[str, Any], digits: int = 2) -> str:
    """A mean with its error."""
    if each["value"] is None:
        return f"none ({each['count']} trainings have one)"
    error = "" if each["se"] is None else f" ({each['se']:.{digits}f})"
    return f"{each['value']:.{digits}f}{error}"


def factor_of(log: Mapping[str, Any]) -> str:
    """The mean of logarithms as a number with the factor of one error."""
    if log["value"] is None:
        return f"not by all ({log['count']})"
    value = float(np.exp(log["value"]))
    factor = "" if log["se"] is None else f" (factor {np.exp(log['se']):.2f})"
    return f"{value:.3g}{factor}" if value < _WHOLE else f"{value:.0f}{factor}"
