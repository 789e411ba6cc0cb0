"""Puts the generated sources of all formulas into the wheel: a first call then generates none and imports no sympy."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FormulaSources(BuildHookInterface):
    """An editable install ships nothing: its sources change, and are kept in the cache."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="regimes-sources-"))
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from regimes.numerics.compiled.formula_files import ship

            ship(self._folder)
        finally:
            sys.path.remove(self.root)
        build_data["force_include"][str(self._folder)] = "regimes/numerics/compiled/shipped"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
