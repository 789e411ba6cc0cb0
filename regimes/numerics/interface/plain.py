"""Results as plain values, ready for JSON."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import fields
from typing import Any

import numpy as np

__all__ = ["plain_fields"]


def plain_fields(result: Any, *, finite: bool = False, without: Container[str] = ()) -> dict[str, Any]:
    """Fields of a result by name, arrays and tuples as lists.

    Parameters
    ----------
    result : dataclass
        The result; other values are passed on as they are.
    finite : bool
        Put None in place of what is infinite or nan in an array.
    without : container of str
        Names of fields to leave out.

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
    names = [field.name for field in fields(result) if field.name not in without]
    return {name: _plain(getattr(result, name), finite) for name in names}


def _plain(value: Any, finite: bool) -> Any:
    if isinstance(value, np.ndarray):
        if not finite:
            return value.tolist()
        entries = value.astype(object)
        entries[~np.isfinite(value)] = None
        return entries.tolist()
    return list(value) if isinstance(value, tuple) else value
