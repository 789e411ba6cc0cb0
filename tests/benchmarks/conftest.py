import sys
from pathlib import Path

import pytest

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    """Scripts find the modules beside them, as when they are run."""
    monkeypatch.setattr(sys, "path", [BENCHMARKS, *sys.path])
