"""The package as it is shipped: version, extras, types, layers, pinned versions, references."""

import importlib.metadata
import importlib.resources
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import regimes

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]
    here = [line for line in lines if line.marker is None or line.marker.evaluate()]
    assert all(len(line.specifier) == 1 for line in here)
    return {canonicalize_name(line.name): str(line.specifier).removeprefix("==") for line in here}


def test_no_install_brings_the_gpu_build_of_torch():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    torch = [Requirement(line) for line in text.splitlines() if line.startswith("torch==")]
    on_linux = [line for line in torch if line.marker is None or line.marker.evaluate({"sys_platform": "linux"})]
    assert [str(line.specifier).endswith("+cpu") for line in on_linux] == [True]


def test_the_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert regimes.__version__ == PROJECT["version"] == importlib.metadata.version("regimes")
    assert f"\nversion: {regimes.__version__}\n" in citation
    assert f"\n## [{regimes.__version__}] - " in changelog


def test_the_command_line_tells_the_version():
    done = subprocess.run([sys.executable, "-m", "regimes", "--version"], capture_output=True, text=True, check=True)
    assert regimes.__version__ in done.stdout.split()


def test_extras():
    extras = {"simulate", "distributed", "embedding", "formats", "homology", "report", "test", "docs"}
    assert set(PROJECT["optional-dependencies"]) == extras
    assert set(importlib.metadata.metadata("regimes").get_all("Provides-Extra")) == extras


def test_the_package_is_marked_as_typed():
    assert importlib.resources.files("regimes").joinpath("py.typed").is_file()


def test_imports_run_one_way():
    script = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run([script, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", done.stdout)


def test_a_forbidden_import_is_caught(tmp_path):
    """The layer check does look at the modules: a copy of the package with one import too many fails it."""
    shutil.copytree(ROOT / "regimes", tmp_path / "regimes", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "regimes" / "theory" / "formula" / "symbols.py").open("a", encoding="utf-8") as module:
        module.write("\nimport regimes.numerics.process.schedules\n")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    script = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run([script, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "regimes.theory.formula.symbols -> regimes.numerics.process.schedules" in done.stdout


@pytest.mark.parametrize(
    "part", ["dependencies", "simulate", "embedding", "formats", "homology", "report", "test", "docs"]
)
def test_every_dependency_is_pinned_inside_its_range(part):
    listed = PROJECT["dependencies"] if part == "dependencies" else PROJECT["optional-dependencies"][part]
    for requirement in map(Requirement, listed):
        if requirement.name == "regimes":  # another of its own extras, which is a part as well
            assert requirement.extras <= set(PROJECT["optional-dependencies"])
            continue
        version = pins()[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), (str(requirement), version)
