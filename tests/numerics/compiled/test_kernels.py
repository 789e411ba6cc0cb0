"""Kernels: what is compiled again, what is not, what a damaged file does, and which formulas a call notes."""

import importlib
import os
import pkgutil
import subprocess
import sys
from types import ModuleType

import numba
import numpy as np
import pytest

import regimes.numerics
from regimes.numerics.compiled.content_key import reached
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
import main
print(main.entry(1.0, main.Pair(100.0, 1000.0), 0.0), sum(main.entry.stats.cache_misses.values()))
"""
VALUE = 115.0  # 2 * 1 + 10 + 1 + 2 + 100


def edited(file: str, old: str, new: str) -> dict[str, str]:
    texts = {"main": MAIN, "helper": HELPER}
    assert texts[file].count(old) == 1
    return texts | {file: texts[file].replace(old, new)}


def key(texts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """File of the machine code of ``entry``, were it compiled from these sources."""
    modules = {name: ModuleType(name) for name in ("helper", "main")}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
        exec(texts[name], vars(module))
    found = vars(modules["main"])
    types = tuple(map(numba.typeof, (1.0, found["Pair"](100.0, 1000.0), 0.0)))
    return str(found["entry"]._cache._path(types, found["entry"].targetctx.codegen()))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("helper", "FACTOR * x", "FACTOR - x"),
        ("helper", "FACTOR = 2.0", "FACTOR = 3.0"),
        ("helper", "TABLE = (1.0, 2.0)", "TABLE = (1.0, 4.0)"),
        ("helper", "(kind, 10.0)", "(kind, 20.0)"),
        ("helper", "0.0 * x", "3.0 * x"),
        ("helper", 'inline="always"', 'inline="never"'),
        ("main", "OFFSET = 1.0", "OFFSET = 5.0"),
        ("main", "    one: float\n    two: float", "    two: float\n    one: float"),
        ("main", "def _inner(x):\n    return scaled(x)", "def _inner(x):\n    return -scaled(x)"),
        ("main", "@kernel()\ndef entry", "@kernel(nogil=True)\ndef entry"),
    ],
)
def test_an_edit_of_anything_that_a_kernel_reaches_changes_its_key(file, old, new, monkeypatch):
    assert key(edited(file, old, new), monkeypatch) != key({"main": MAIN, "helper": HELPER}, monkeypatch)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 0\n", "return 1\n"),
        ("'''A text that does not matter.'''", "'''Another.'''"),
        ("OFFSET = 1.0", "\n\n# Lower down.\nOFFSET = 1.0"),
    ],
)
def test_an_edit_of_anything_else_does_not(old, new, monkeypatch):
    assert key(edited("main", old, new), monkeypatch) == key({"main": MAIN, "helper": HELPER}, monkeypatch)


def test_a_new_process_compiles_what_was_edited_and_nothing_else(tmp_path):
    def run(hash_seed: str) -> list[float]:
        path = os.pathsep.join([str(tmp_path), *sys.path])
        environment = {"REGIMES_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", RUN], env=os.environ | environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        return [float(word) for word in done.stdout.split()]

    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "helper.py").write_text(HELPER)
    assert run("1") == [VALUE, 1]
    assert run("2") == [VALUE, 0]
    (tmp_path / "helper.py").write_text(HELPER.replace("FACTOR = 2.0", "FACTOR = 4.0"))
    assert run("3") == [VALUE + 2, 1]


def test_every_kernel_of_the_package_has_a_key_without_addresses():
    """An address in a key would compile the kernel again in every process."""
    kernels = {}
    for info in pkgutil.walk_packages(regimes.numerics.__path__, "regimes.numerics."):
        module = importlib.import_module(info.name)
        kernels |= {f"{info.name}.{name}": each for name, each in vars(module).items() if hasattr(each, "py_func")}
    assert len(kernels) > 50
    for name, each in kernels.items():
        assert not any(b" at 0x" in part for part in reached(each)), name


SHIFT = 1.0


@kernel()
def shifted(x):
    return x + SHIFT


def test_a_constant_that_is_set_anew_is_not_taken_from_the_cache(monkeypatch):
    assert shifted(1.0) == 2.0
    monkeypatch.setitem(shifted.py_func.__globals__, "SHIFT", 10.0)
    assert shifted(np.float32(1.0)) == 11.0
    monkeypatch.undo()
    assert shifted(1) == 2.0


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


def test_a_kernel_takes_its_turn_with_other_processes(tmp_path):
    """The second to ask waits until the first has ended, whatever ended it."""
    code = (
        "import sys, time; from pathlib import Path; from regimes.numerics.compiled.turn import turn\n"
        "with turn(Path(sys.argv[1])): print(time.monotonic(), flush=True); time.sleep(0.3); print(time.monotonic())"
    )
    command = [sys.executable, "-c", code]
    asked = [
        subprocess.Popen([*command, str(tmp_path / name)], stdout=subprocess.PIPE, text=True)
        for name in ("a", "a", "b")
    ]
    spans = [tuple(map(float, process.communicate(timeout=60)[0].split())) for process in asked]
    one, other = sorted(spans[:2])
    assert one[1] <= other[0]
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
