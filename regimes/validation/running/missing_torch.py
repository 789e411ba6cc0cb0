"""What to say where torch, an optional extra, is not installed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["MissingTorch", "import_simulation"]


class MissingTorch(ImportError):
    """A simulation was asked for, and torch is not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: simulations need torch, which is not installed; install the CPU build with "
            "pip install torch --index-url https://download.pytorch.org/whl/cpu, or from a checkout with pip install "
            "--extra-index-url https://download.pytorch.org/whl/cpu -c constraints.txt '.[simulate]'"
        )


def import_simulation(module: str, what: str) -> ModuleType:
    """Import a module that needs torch."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingTorch(what) from None
