"""Which formulas make a number: they are recorded while it is computed, so that nothing has to type their names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar, cast

__all__ = ["note", "recorded", "remembered"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_listening: ContextVar[tuple[dict[str, None], ...]] = ContextVar("listening", default=())


def note(*names: str) -> None:
    """Tell every open record that these formulas were evaluated."""
    for record in _listening.get():
        record.update(dict.fromkeys(names))


@contextmanager
def recorded() -> Iterator[dict[str, None]]:
    """Record the names of the formulas that are evaluated inside, in the order of their first use.

    Records nest: what is evaluated inside an inner one is in the outer one as well.
    """
    record: dict[str, None] = {}
    token = _listening.set((*_listening.get(), record))
    try:
        yield record
    finally:
        _listening.reset(token)


def remembered(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Cache a function; the formulas behind a value are noted again whenever it is recalled."""

    def compute(*arguments: _P.args, **options: _P.kwargs) -> tuple[_R, tuple[str, ...]]:
        with recorded() as names:
            value = function(*arguments, **options)
        return value, tuple(names)

    computed = cast(Callable[_P, tuple[_R, tuple[str, ...]]], functools.cache(compute))

    @functools.wraps(function)
    def recalled(*arguments: _P.args, **options: _P.kwargs) -> _R:
        value, names = computed(*arguments, **options)
        note(*names)
        return value

    return recalled
