"""Sources of compiled formulas: shipped in the wheel, else kept in the cache, else generated.

Both places hold the same files in the same folders. A folder is named by a fingerprint of the theory and the printer,
so that a stale source is never found, and a file is sealed, so that a damaged one is not run. What is generated does
not depend on the versions of Python or numpy; on sympy it depends in form alone, hence its version in the cache only.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from regimes.numerics.compiled.cache_folder import cache_directory
from regimes.numerics.compiled.sealed_file import digest, read_sealed, seal, write_sealed

if TYPE_CHECKING:
    from regimes.theory.formula.formula import Formula

__all__ = ["Target", "named_source", "own_source", "ship", "theory_cache"]

Target = Literal["numba", "numpy"]
TARGETS: tuple[Target, ...] = ("numba", "numpy")

_SHIPPED = Path(__file__).with_name("shipped")
_THEORY = Path(__file__).parents[2] / "theory"


def named_source(name: str, target: Target) -> tuple[Path, bytes]:
    """Place and text of the source of a formula of the catalogue; sympy is imported only if it must be generated."""
    place = Path(target) / f"{name}.py"
    shipped = _SHIPPED / theory_fingerprint() / place
    source = read_sealed(shipped, own=False)
    if source is not None:
        return shipped, source

    def find() -> Formula:
        from regimes.theory.catalogue import formula

        return formula(name)

    return _kept_or_made(theory_cache() / place, find, target)


def own_source(formula: Formula, target: Target) -> tuple[Path, bytes]:
    """Place and text of the source of a formula that need not be in the catalogue."""
    import sympy

    inputs = ",".join(sympy.srepr(variable.symbol) for variable in formula.inputs)
    text = "\n".join([formula.name, inputs, sympy.srepr(formula.float_form)])
    folder = f"own-{digest(text.encode(), _printer_text(), _sympy_version())}"
    return _kept_or_made(cache_directory() / folder / target / f"{formula.name}.py", lambda: formula, target)


def theory_cache() -> Path:
    """Folder of what was made from the theory as it stands; it need not exist yet."""
    return cache_directory() / f"{theory_fingerprint()}-{digest(_sympy_version())}"


def ship(folder: Path) -> None:
    """Write the sources of all formulas that have a float64 form, as a wheel holds them beside this module."""
    from regimes.numerics.compiled.formula_source import formula_source
    from regimes.theory.catalogue import catalogue

    for target in TARGETS:
        place = folder / theory_fingerprint() / target
        place.mkdir(parents=True)
        for formula in catalogue():
            try:
                source = formula_source(formula, target)
            except ValueError:
                continue  # an integral, which a solver evaluates
            (place / f"{formula.name}.py").write_bytes(seal(source.encode()))


def _kept_or_made(path: Path, find: Callable[[], Formula], target: Target) -> tuple[Path, bytes]:
    source = read_sealed(path)
    if source is None:
        from regimes.numerics.compiled.formula_source import formula_source

        source = formula_source(find(), target).encode()
        write_sealed(path, source)
    return path, source


@functools.cache
def theory_fingerprint() -> str:
    """Name of the text of the theory, and of the printer."""
    return f"theory-{digest(*(path.read_bytes() for path in sorted(_THEORY.rglob('*.py'))), _printer_text())}"


def _printer_text() -> bytes:
    return Path(__file__).with_name("formula_source.py").read_bytes()


@functools.cache
def _sympy_version() -> bytes:
    return importlib.metadata.version("sympy").encode()
