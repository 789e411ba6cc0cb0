"""Public names: written once, in the stub beside a facade, and loaded when they are first asked for.

``lazy_loader.attach_stub`` reads stubs too, but takes relative imports below the facade's own package alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["attach"]


def attach(
    facade: str, file: str, load: Callable[[str, str], ModuleType] = lambda home, name: import_module(home)
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give ``__getattr__`` and ``__dir__`` of a facade; ``load`` imports the home of a name."""

    @cache
    def homes() -> dict[str, tuple[str, str]]:
        """Module of each public name, and its name there, in the order of the stub."""
        import ast

        with open(f"{file.removesuffix('.py')}.pyi", encoding="utf-8") as stub:
            lines = ast.parse(stub.read()).body
        found = {}
        for line in lines:
            if isinstance(line, ast.ImportFrom) and line.module:
                for each in line.names:
                    names = import_module(line.module).__all__ if each.name == "*" else [each.name]
                    found.update({name: (line.module, name) for name in names})
        return found

    def get(name: str) -> Any:
        if name == "__all__":
            return list(homes())
        module = sys.modules[facade]
        if name not in homes():
            raise AttributeError(f"module {facade!r} has no attribute {name!r}", name=name, obj=module)
        home, _ = homes()[name]
        value = import_module(f"{home}.{name}") if home == facade else getattr(load(home, name), name)
        setattr(module, name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[facade]), *homes()})

    return get, names
