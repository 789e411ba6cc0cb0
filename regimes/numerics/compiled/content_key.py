"""What the machine code of a kernel is made from: every function that it calls, and every constant, in any file.

The key is made of the functions as they are loaded (byte code, constants, names), not of files: what is compiled is
what is loaded, even where a file has been edited since, and an edit elsewhere in the file changes nothing.
"""

from __future__ import annotations

import contextlib
import enum
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["reached"]

# Told by their versions, which are in the key.
_FOREIGN = {"builtins", "llvmlite", "numba", "numpy"} | sys.stdlib_module_names


def reached(*roots: Any) -> list[bytes]:
    """A text for each function, class and constant that these objects lead to, sorted."""
    parts: set[str] = set()
    seen: dict[int, Any] = {}  # holds the objects, so that no identity is used twice
    queue = [("", root) for root in roots]
    while queue:
        where, value = queue.pop()
        if isinstance(getattr(value, "targetoptions", None), dict):  # of a kernel that is called
            queue.append((f"{where}[options]", value.targetoptions))
        value = _plain(value)
        if _atom(value):
            parts.add(f"{where}={value!r}")
            continue
        parts.add(f"{where}={_description(value)}")
        if id(value) not in seen:
            seen[id(value)] = value
            queue.extend((f"{where}{name}" if name.startswith("[") else name, each) for name, each in _inside(value))
    return sorted(part.encode() for part in parts)


def _plain(value: Any) -> Any:
    """The Python function behind a kernel, an intrinsic or a method."""
    for name in ("py_func", "_defn", "__func__", "fget"):
        function = getattr(value, name, None)
        if isinstance(function, FunctionType):
            return function
    return value


def _atom(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic)


def _foreign(value: Any) -> bool:
    return str(getattr(value, "__module__", None)).partition(".")[0] in _FOREIGN


def _description(value: Any) -> str:
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, np.ndarray):
        return f"array {value.dtype} {value.shape} {value.tobytes().hex()}"
    name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    if isinstance(value, FunctionType):
        return name if _foreign(value) else f"{name} {_code(value.__code__, value.__doc__)}"
    if isinstance(value, type):
        return f"class {name}"
    if isinstance(value, tuple | list | dict | set | frozenset):
        return f"{type(value).__name__} of {len(value)}"
    text = repr(value)
    return f"{type(value).__qualname__} {'' if ' at 0x' in text else text}"


def _code(code: CodeType, documentation: str | None = None) -> str:
    """All of a code object but where it stands in its file, and but the documentation."""
    constants = code.co_consts
    if documentation is not None and constants and constants[0] == documentation:
        constants = constants[1:]
    held = [
        _code(each)
        if isinstance(each, CodeType)
        else repr(sorted(map(repr, each)) if isinstance(each, frozenset) else each)
        for each in constants
    ]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return f"{code.co_code.hex()} {held} {names} {counts} {getattr(code, 'co_exceptiontable', b'').hex()}"


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """What an object leads to, with a name for each."""
    if isinstance(value, enum.Enum):
        return
    if isinstance(value, dict):
        for key, each in value.items():
            yield f"[{key!r}]", each
    elif isinstance(value, tuple | list):
        for place, each in enumerate(value):
            yield f"[{place}]", each
        yield "class", type(value)
    elif isinstance(value, set | frozenset):
        for each in sorted(value, key=repr):
            yield "[]", each
    elif isinstance(value, FunctionType):
        if not _foreign(value):
            yield from _used(value)
    elif isinstance(value, type):
        if not _foreign(value):
            for name, each in vars(value).items():
                if name != "__doc__" and (_atom(each) or isinstance(_plain(each), FunctionType)):
                    yield f"{value.__qualname__}.{name}", each
            for base in value.__bases__:
                yield f"{value.__qualname__} from", base
    elif not isinstance(value, ModuleType | np.ndarray):
        yield "class", type(value)
        if not _foreign(type(value)):
            yield from (getattr(value, "__dict__", None) or {}).items()


def _used(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Globals, closure and defaults of a function; of a module, the names that the function may take from it."""
    own = f"{function.__module__}.{function.__qualname__}"
    names = sorted(_names(function.__code__))
    for name in names:
        if name not in function.__globals__:
            continue
        value = function.__globals__[name]
        yield f"{own}: {name}", value
        if isinstance(value, ModuleType) and value.__name__.partition(".")[0] not in _FOREIGN:
            for each in names:
                if hasattr(value, each):
                    yield f"{own}: {name}.{each}", getattr(value, each)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # a cell that is still empty
            yield f"{own}: {name}", cell.cell_contents
    for place, default in enumerate(function.__defaults__ or ()):
        yield f"{own}: default {place}", default
    yield f"{own}: keywords", function.__kwdefaults__


def _names(code: CodeType) -> set[str]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*inner)
