"""Where sympy meets numba: a formula becomes a function, generated once and cached on disk between processes.

A formula is printed as Python source from its float-safe form, and the source is kept under the user's cache
directory. Two targets share the source text: ``"numpy"`` evaluates arrays with numpy alone (what the calculators
load: neither sympy nor numba is imported once the cache is warm), ``"numba"`` compiles it to machine code, which
numba keeps beside the source.

A cache entry is named by a fingerprint of what it depends on (the text of the theory package, the printer, the
versions of Python, sympy, numpy and, for machine code, numba), so a stale entry is never found. Entries are
created whole by an atomic link: of two processes that generate at once, one wins and both use its file.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from regimes.theory.formula.record import note

if TYPE_CHECKING:
    from regimes.theory.formula.formula import Formula

__all__ = ["CompiledFormula", "cache_directory", "compile_formula", "theory_cache"]

Target = Literal["numba", "numpy"]


@dataclass(frozen=True, eq=False)
class CompiledFormula:
    """A formula as a function of float64 arrays.

    Attributes
    ----------
    name : str
        Name of the formula.
    target : str
        ``"numba"`` or ``"numpy"``.
    arguments : tuple of str
        Names of the inputs, in order.
    scalar : callable
        The function of plain floats: a numba dispatcher that other kernels can call (target ``"numba"``), or the
        generated Python function.
    path : pathlib.Path
        The generated source.
    """

    name: str
    target: Target
    arguments: tuple[str, ...]
    scalar: Callable[..., Any]
    path: Path
    _elementwise: Callable[..., Any]

    def __call__(self, *values: Any) -> Any:
        """Evaluate elementwise with broadcasting; the inputs are not checked against their domains.

        Parameters
        ----------
        *values : array_like
            One for each input, in order.

        Returns
        -------
        float64 or ndarray
            A number if all inputs are numbers, else an array of their common shape.

        Raises
        ------
        ValueError
            If the number of inputs is wrong or their shapes do not broadcast.
        """
        if len(values) != len(self.arguments):
            names = ", ".join(self.arguments)
            raise ValueError(f"{self.name}: takes {len(self.arguments)} arrays ({names}), got {len(values)}")
        note(self.name)
        arrays = [np.asarray(value, dtype=np.float64) for value in values]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        # The compiled form is safe over the whole domain; where exp(-x) underflows to 0, 0 is the answer.
        with np.errstate(over="ignore", under="ignore"):
            result = np.asarray(self._elementwise(*arrays), dtype=np.float64)
        if result.shape != shape:  # an input that does not occur in the expression
            result = np.broadcast_to(result, shape).copy()
        return result[()]


def cache_directory() -> Path:
    """Directory of the generated sources and machine code.

    Returns
    -------
    pathlib.Path
        ``REGIMES_CACHE_DIR`` if set, else the platform's cache directory; a temporary directory, kept for the
        life of the process, where that cannot be written.
    """
    chosen = os.environ.get("REGIMES_CACHE_DIR")
    return _writable(chosen if chosen else _platform_cache())


def theory_cache(target: Target = "numpy") -> Path:
    """Directory of what was made from the theory as it stands.

    Parameters
    ----------
    target : {"numba", "numpy"}
        For which target.

    Returns
    -------
    pathlib.Path
        Named by the fingerprint of the theory and the versions; it need not exist yet.
    """
    return cache_directory() / f"theory-{_theory_fingerprint(target)}"


def compile_formula(formula: Formula | str, *, target: Target = "numba") -> CompiledFormula:
    """Compile a formula to a function of float64 arrays.

    Parameters
    ----------
    formula : Formula or str
        A formula, or the name of one in the catalogue (which spares a warm process the import of sympy).
    target : {"numba", "numpy"}
        Machine code, or array operations of numpy. Both are generated from the same float-safe form and agree
        to rounding.

    Returns
    -------
    CompiledFormula
        Callable with arrays, one for each input, that broadcast against each other.

    Raises
    ------
    ValueError
        If no formula has that name, the target is unknown, or the formula holds what has no float64 form
        (an integral, say: those are solvers, built from compiled integrands).

    Examples
    --------
    >>> from regimes import compile_formula
    >>> snr = compile_formula("snr", target="numpy")
    >>> snr([0.5, 1.0]).round(6).tolist()
    [0.581977, 0.156518]
    """
    if target not in ("numba", "numpy"):
        raise ValueError(f"compile_formula: target must be 'numba' or 'numpy', got {target!r}")
    if isinstance(formula, str):
        return _compile_named(formula, target)
    return _compile_object(formula, target)


@functools.cache
def _compile_named(name: str, target: Target) -> CompiledFormula:
    if not name.isidentifier():
        raise ValueError(f"compile_formula: {name!r} is not the name of a formula")

    def find() -> Formula:
        from regimes.theory import formula as find_formula

        return find_formula(name)

    return _load_or_make(name, target, theory_cache(target) / f"{name}.py", find)


def _compile_object(formula: Formula, target: Target) -> CompiledFormula:
    import sympy

    inputs = ",".join(sympy.srepr(variable.symbol) for variable in formula.inputs)
    text = "\n".join([formula.name, inputs, sympy.srepr(formula.float_form)])
    digest = _digest([text.encode(), _printer_text(), *_versions(target)])
    path = cache_directory() / f"own-{digest}" / f"{formula.name}.py"
    return _load_or_make(formula.name, target, path, lambda: formula)


def _load_or_make(name: str, target: Target, path: Path, find: Callable[[], Formula]) -> CompiledFormula:
    """Load the source, made first where it is missing, and again where a crash or a full disk cut it short."""
    if path.exists():
        try:
            return _load(name, target, path)
        except (AttributeError, SyntaxError, ValueError):
            path.unlink(missing_ok=True)
    _write_once(path, _source(find(), target))
    return _load(name, target, path)


def _source(formula: Formula, target: Target) -> str:
    from regimes.numerics.compiled.formula_source import formula_source

    return formula_source(formula, target)


@functools.cache
def _theory_fingerprint(target: Target) -> str:
    folder = Path(__file__).parents[2] / "theory"
    sources = [path.read_bytes() for path in sorted(folder.rglob("*.py"))]
    return _digest([*sources, _printer_text(), *_versions(target)])


def _printer_text() -> bytes:
    return Path(__file__).with_name("formula_source.py").read_bytes()


def _versions(target: Target) -> list[bytes]:
    packages = ["sympy", "numba", "llvmlite"] if target == "numba" else ["sympy"]
    versions = [f"{name}={importlib.metadata.version(name)}" for name in packages]
    return [target.encode(), sys.version.encode(), np.__version__.encode(), *(v.encode() for v in versions)]


def _digest(parts: list[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:20]


def _write_once(path: Path, text: str) -> None:
    """Create the file whole, or leave the one that another process created first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links: the rename is atomic as well, the last writer wins
            os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _load(name: str, target: Target, path: Path) -> CompiledFormula:
    spec = importlib.util.spec_from_file_location(f"_regimes_generated_{path.parent.name}_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"compile_formula: {path} cannot be loaded; delete it and try again")
    module = importlib.util.module_from_spec(spec)
    # numba reloads machine code by module name, so the module must be importable under it.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return CompiledFormula(name, target, tuple(module.ARGUMENTS), module.scalar, path, module.elementwise)


def _platform_cache() -> str:
    import platformdirs

    return platformdirs.user_cache_dir("regimes", appauthor=False)


@functools.cache
def _writable(chosen: str) -> Path:
    path = Path(chosen).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError:
        return _temporary_directory()
    return path


@functools.cache
def _temporary_directory() -> Path:
    import atexit
    import shutil

    path = tempfile.mkdtemp(prefix="regimes-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)
