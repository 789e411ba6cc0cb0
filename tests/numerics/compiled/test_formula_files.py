"""Sources that a wheel ships are found before anything is built, and only if they are of this very theory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import regimes
from regimes.numerics.compiled import formula_files
from regimes.numerics.compiled.sealed_file import read_sealed
from regimes.theory.catalogue import catalogue

CODE = """
import sys
from regimes import compile_formula
compiled = compile_formula("speciation_time", target="numpy")
print(float(compiled(7.66)), "sympy" in sys.modules, compiled.path)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package as a wheel installs it."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(Path(regimes.__file__).parent, folder / "regimes", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(folder / "regimes/numerics/compiled/shipped", ignore_errors=True)
    formula_files.ship(folder / "regimes/numerics/compiled/shipped")
    return folder


def run(installed, cache):
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", CODE],
        env=os.environ | {"REGIMES_CACHE_DIR": str(cache), "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    value, sympy, path = done.stdout.split()
    return float(value), sympy == "True", Path(path)


def test_a_shipped_source_is_used_without_sympy_and_without_a_cache(installed, tmp_path):
    value, sympy, path = run(installed, tmp_path / "cache")
    assert value == pytest.approx(1.018006)
    assert not sympy
    assert installed in path.parents
    assert not (tmp_path / "cache").exists()


def test_a_damaged_one_is_generated_again(installed, tmp_path):
    shutil.copytree(installed, tmp_path / "damaged")
    (path,) = (tmp_path / "damaged").rglob("shipped/*/numpy/speciation_time.py")
    path.write_bytes(path.read_bytes().replace(b"numpy.log", b"numpy.exp"))
    value, sympy, used = run(tmp_path / "damaged", tmp_path / "cache")
    assert value == pytest.approx(1.018006)
    assert sympy
    assert tmp_path / "cache" in used.parents


def test_one_of_another_theory_is_not_found(installed, tmp_path):
    shutil.copytree(installed, tmp_path / "changed")
    source = tmp_path / "changed/regimes/theory/speciation/criteria.py"
    text = source.read_text(encoding="utf-8")
    assert text.count("    expr=log(Lambda) / 2,\n") == 1
    source.write_text(text.replace("    expr=log(Lambda) / 2,\n", "    expr=log(Lambda) / 4,\n"), encoding="utf-8")
    value, sympy, used = run(tmp_path / "changed", tmp_path / "cache")
    assert value == pytest.approx(1.018006 / 2)
    assert sympy
    assert tmp_path / "cache" in used.parents


def test_every_formula_with_a_float_form_is_shipped(installed):
    for target in formula_files.TARGETS:
        shipped = {path.stem for path in installed.rglob(f"shipped/*/{target}/*.py")}
        assert shipped <= {entry.name for entry in catalogue()}
        assert len(shipped) > 145
    for path in installed.rglob("shipped/*/*/*.py"):
        assert read_sealed(path) is not None
