"""Results as plain values, ready for JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

__all__ = ["plain_fields"]


def plain_fields(result: Any, *, finite: bool = False) -> dict[str, Any]:
    """Fields of a result by name, arrays and tuples as lists.

    Parameters
    ----------
    result : dataclass
        The result; other values are passed on as they are.
    finite : bool
        Put None in place of what is infinite or nan in an array.

    Returns
    -------
    dict
        In the order of the fields.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Curve:
    ...     t: np.ndarray
    ...     sources: tuple[str, ...]
    >>> plain_fields(Curve(np.array([1.0, np.inf]), ("snr",)), finite=True)
    {'t': [1.0, None], 'sources': ['snr']}
    """
    return {field.name: _plain(getattr(result, field.name), finite) for field in fields(result)}


def _plain(value: Any, finite: bool) -> Any:
    if isinstance(value, np.ndarray):
        if not finite:
            return value.tolist()
        entries = value.astype(object)
        entries[~np.isfinite(value)] = None
        return entries.tolist()
    return list(value) if isinstance(value, tuple) else value
