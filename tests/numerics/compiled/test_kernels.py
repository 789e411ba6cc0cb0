"""Kernels: what is compiled again, what is not, what a damaged file does, and which formulas a call notes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from regimes.numerics.compiled.kernels import kernel
from regimes.numerics.compiled.threads import in_threads
from regimes.theory.formula.record import recorded

MAIN = """
from typing import NamedTuple
from regimes.numerics.compiled.kernels import kernel
from helper import scaled, TABLE, Box
import helper as other

class Pair(NamedTuple):
    one: float
    two: float

OFFSET = 1.0

@kernel()
def entry(x, pair, box):
    '''A text that does not matter.'''
    return _inner(x) + TABLE[1] + pair.one + other.plain(x)

@kernel()
def _inner(x):
    return scaled(x) + OFFSET

def unrelated():
    return 0

if __name__ == "__main__":
    pass
"""
HELPER = """
from typing import Any
from numba.extending import intrinsic, register_jitable
from numba import types
from regimes.numerics.compiled.kernels import kernel

TABLE = (1.0, 2.0)
FACTOR = 2.0

class Box: pass

def _constant(context, kind):
    return context.get_constant(kind, 10.0)

def _ten(typing: Any):
    def generate(context, builder, signature, arguments):
        return _constant(context, signature.return_type)
    return types.float64(), generate

ten = intrinsic(_ten)

@kernel(inline="always")
def scaled(x):
    return FACTOR * x + ten()

@register_jitable
def plain(x):
    return 0.0 * x
"""
RUN = """
import sys
import main
print(main.entry(1.0, main.Pair(100.0, 1000.0), 0.0), sum(main.entry.stats.cache_misses.values()))
"""
# 2 * 1 + 10 + 1 + 2 + 100
VALUE = 115.0


def run(folder: Path, cache: Path, code: str = RUN) -> list[float]:
    environment = os.environ | {
        "REGIMES_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
    }
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [float(word) for word in done.stdout.split()]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A kernel with helpers in two files, and a cache that holds its machine code."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "main.py").write_text(MAIN)
    (folder / "helper.py").write_text(HELPER)
    assert run(folder, folder / "cache") == [VALUE, 1]
    assert run(folder, folder / "cache") == [VALUE, 0]
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "value"),
    [
        ("helper.py", "FACTOR * x", "FACTOR - x", VALUE - 1),
        ("helper.py", "FACTOR = 2.0", "FACTOR = 3.0", VALUE + 1),
        ("helper.py", "TABLE = (1.0, 2.0)", "TABLE = (1.0, 4.0)", VALUE + 2),
        ("helper.py", "(kind, 10.0)", "(kind, 20.0)", VALUE + 10),
        ("helper.py", "0.0 * x", "3.0 * x", VALUE + 3),
        ("main.py", "OFFSET = 1.0", "OFFSET = 5.0", VALUE + 4),
        ("main.py", "    one: float\n    two: float", "    two: float\n    one: float", VALUE + 900),
        ("main.py", "def _inner(x):\n    return scaled(x)", "def _inner(x):\n    return -scaled(x)", VALUE - 24),
        ("main.py", "@kernel()\ndef entry", "@kernel(nogil=True)\ndef entry", VALUE),
    ],
)
def test_an_edit_of_anything_that_a_kernel_reaches_compiles_it_again(sources, tmp_path, file, old, new, value):
    shutil.copytree(sources, tmp_path / "edited")
    text = (tmp_path / "edited" / file).read_text()
    assert text.count(old) == 1
    (tmp_path / "edited" / file).write_text(text.replace(old, new))
    assert run(tmp_path / "edited", tmp_path / "edited" / "cache") == [value, 1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 0\n", "return 1\n"),
        ("'''A text that does not matter.'''", "'''Another.'''"),
        ("OFFSET = 1.0", "\n\n# Lower down.\nOFFSET = 1.0"),
    ],
)
def test_an_edit_of_anything_else_does_not(sources, tmp_path, old, new):
    shutil.copytree(sources, tmp_path / "edited")
    text = (tmp_path / "edited" / "main.py").read_text()
    assert text.count(old) == 1
    (tmp_path / "edited" / "main.py").write_text(text.replace(old, new))
    assert run(tmp_path / "edited", tmp_path / "edited" / "cache") == [VALUE, 0]


@kernel(formulas=("one", "two"))
def embodies(x: float) -> float:
    return x + 1.0


@kernel()
def calls(x: float) -> float:
    return embodies(x)


def test_formulas_of_a_kernel_are_noted_when_python_calls_it_and_not_when_a_kernel_does():
    with recorded() as used:
        assert calls(1.0) == 2.0
    assert not used
    with recorded() as used:
        assert embodies(1.0) == 2.0
    assert tuple(used) == ("one", "two")
    with recorded() as used:
        assert sum(in_threads(embodies, [float(i) for i in range(20)], 4)) == 210.0
    assert tuple(used) == ("one", "two")


def test_a_kernel_for_one_signature_takes_no_other():
    @kernel(signature="float64(float64)")
    def half(x: float) -> float:
        return x / 2

    assert half(3.0) == 1.5
    with pytest.raises(TypeError):
        half(np.ones(3))
