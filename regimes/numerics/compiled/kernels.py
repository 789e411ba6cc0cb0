"""The decorator of every kernel: numba's, with a cache that notices every edit, and a record of formulas.

Machine code is kept in the cache folder under a key of all that it was made from: the functions and constants that
the kernel reaches (``content_key``), types of the arguments, options, versions, and the processor. A file holds one
kernel for one set of types, whole and sealed; one that is damaged is made again. Of two processes that need the same
kernel at once, one compiles and the other waits for it.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite  # type: ignore[import-untyped]
import numba
import numba.core.compiler
import numba.core.environment
import numba.core.serialize
import numba.core.sigutils
import numpy as np
from numba.core import caching, config
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher
from numba.core.runtime.nrt import rtsys

from regimes.numerics.compiled.cache_folder import cache_directory
from regimes.numerics.compiled.content_key import reached
from regimes.numerics.compiled.sealed_file import digest, read_sealed, write_sealed
from regimes.numerics.compiled.turn import turn
from regimes.theory.formula.record import note

__all__ = ["kernel"]

Function = TypeVar("Function", bound=Callable[..., Any])

# Of varying completeness in their type information, from one release of numba to the next.
compiler: Any = numba.core.compiler
environment: Any = numba.core.environment
serialize: Any = numba.core.serialize
sigutils: Any = numba.core.sigutils

# What changes the machine code of the same function.
_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "USING_SVML", "DEBUGINFO_DEFAULT")


def kernel(
    *, formulas: tuple[str, ...] = (), signature: str | None = None, **options: Any
) -> Callable[[Function], Function]:
    """Compile a function for numba (``options`` are those of ``numba.njit``), with its machine code cached.

    ``formulas`` are the names of those that the kernel embodies: noted whenever Python calls it,
    not when a kernel does. With a ``signature`` it is compiled at once for these types, and for no others.
    """

    def compiled(function: Function) -> Function:
        if getattr(config, "DISABLE_JIT", False):
            return function
        dispatcher = (_NotingKernel if formulas else _Kernel)(
            py_func=function, targetoptions={"nopython": True, "boundscheck": None, **options}
        )
        dispatcher.formulas = formulas
        dispatcher.enable_caching()
        if signature is not None:
            dispatcher.compile(signature)
            dispatcher.disable_compile()
        return cast(Function, dispatcher)

    return compiled


class _Kernel(CPUDispatcher):
    formulas: tuple[str, ...] = ()

    def enable_caching(self) -> None:
        self._cache = _MachineCode(self.py_func, self.targetoptions)

    def compile(self, sig: Any) -> Any:
        types, _ = sigutils.normalize_signature(sig)
        # The lock of the compiler first: a thread that waits for another process must not hold up one that it needs.
        with global_compiler_lock:
            if tuple(types) in self.overloads or not isinstance(self._cache, _MachineCode):
                return super().compile(sig)
            with self._cache.alone(sig, self.targetctx):
                return super().compile(sig)


class _NotingKernel(_Kernel):
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        note(*self.formulas)
        return super().__call__(*arguments, **named)


class _MachineCode(caching._Cache):
    """The cache of one kernel, in the form in which numba's dispatcher asks for it."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self._function = function
        self._options = options
        self._enabled = True

    @property
    def cache_path(self) -> str:
        return str(_folder())

    def enable(self) -> None:
        self._enabled = True

    def disable(self) -> None:
        self._enabled = False

    def flush(self) -> None:
        """Nothing to do: the key of a stale file is never asked for."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)
        content = read_sealed(self._path(sig, target_context.codegen())) if self._enabled else None
        if content is None:
            return None
        try:
            kept, payload = _Kept(io.BytesIO(content)).load()
            return compiler.CompileResult._rebuild(target_context, *payload) if kept == sig else None
        except Exception:  # whatever a file of another time holds, compiling again is right
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        if not self._enabled:
            return
        if data.library.has_dynamic_globals or any(not lifted.can_cache for lifted in data.lifted):
            warnings.warn(f"kernel {self._function.__qualname__} cannot be cached", numba.NumbaWarning, stacklevel=2)
            return
        write_sealed(self._path(sig, data.codegen), serialize.dumps((sig, data._reduce())))

    @contextlib.contextmanager
    def alone(self, sig: Any, target_context: Any) -> Iterator[None]:
        """Let no other process compile this kernel meanwhile; nothing to wait for where it is cached."""
        path = self._path(sig, target_context.codegen())
        with contextlib.nullcontext() if path.exists() else turn(path):
            yield

    def _path(self, sig: Any, codegen: Any) -> Path:
        # As it stands now: what the kernel calls may be defined below it, and constants may have been set anew.
        content = [*reached(self._function), *reached(self._options), *_versions()]
        where = [repr(sig).encode(), *_named_fields(sig), repr(codegen.magic_tuple()).encode()]
        name = self._function.__qualname__.replace("<", "").replace(">", "")
        return _folder() / f"{self._function.__module__}.{name}-{digest(*content, *where)}"


class _Kept(pickle.Unpickler):
    """Reads a kept kernel, without the modules of numba from which it only took functions when it was compiled."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        return _rebuilt if found is environment._rebuild_env else found


def _rebuilt(module: str, constants: list[Any], name: str) -> Any:
    """The constants of a function that machine code needs; of one of numba's own no globals, which nothing asks for."""
    if module in sys.modules or not module.startswith("numba."):
        return environment._rebuild_env(module, constants, name)
    found = environment.lookup_environment(name)
    if found is None:
        found = environment.Environment._memo[name] = environment.Environment({"__name__": module})
        found.consts[:] = constants
        found.env_name = name
    return found


def _folder() -> Path:
    return cache_directory() / "kernels"


def _versions() -> list[bytes]:
    versions = [sys.version, np.__version__, numba.__version__, llvmlite.__version__]
    return [*(v.encode() for v in versions), *(f"{s}={getattr(config, s, None)}".encode() for s in _SETTINGS)]


def _named_fields(types: Any) -> Iterator[bytes]:
    """Names of the fields of named tuples, which numba's name of their type leaves out."""
    for each in getattr(types, "args", types) if not isinstance(types, str) else ():
        if hasattr(each, "fields") and hasattr(each, "instance_class"):
            yield f"{each.instance_class.__module__}.{each.instance_class.__qualname__}{each.fields}".encode()
        yield from _named_fields(getattr(each, "types", ()))
