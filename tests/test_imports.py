"""What the package and each command load: heavy libraries only where they are used."""

import json
import subprocess
import sys

import pytest

HEAVY = ("numpy", "scipy", "sympy", "mpmath", "numba", "matplotlib", "sklearn", "rich", "torch")

PROBE = """
import json, sys
{body}
print("LOADED", json.dumps([name for name in {heavy!r} if name in sys.modules]))
"""


def loaded(body):
    code = PROBE.format(body=body, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    return set(json.loads(done.stdout.rsplit("LOADED", 1)[1]))


def command(*arguments):
    call = f"main({list(arguments)!r})"
    body = f"from regimes.cli import main\ntry:\n    {call}\nexcept SystemExit as end:\n    assert not end.code"
    loaded(body)  # fills the cache of generated code
    return loaded(body)


def test_importing_the_package_loads_nothing_heavy():
    assert loaded("import regimes") == set()
    assert loaded("import regimes.numerics, regimes.report, regimes.validation, regimes.cli") == set()


def test_version_and_help_load_nothing_heavy():
    assert command("--version") == set()
    assert command("--help") == set()
    assert command("predict", "--help") == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["clock", "--time", "1"],
        ["speciation", "--Lambda", "7.66"],
        ["speciation", "--dim", "64", "--mu", "1", "--sigma", "1"],
    ],
)
def test_calculators_need_numpy_alone_once_the_cache_is_warm(arguments):
    assert command(*arguments, "--json") == {"numpy"}
    assert command(*arguments) == {"numpy", "rich"}


def test_collapse_adds_special_functions():
    assert command("collapse", "--dim", "64", "--samples", "2000", "--sigma", "1", "--json") == {
        "numpy",
        "scipy",
    }


def test_kernels_that_are_kept_are_read_without_what_only_compiling_needs():
    run = "from regimes import predict\npredict('iris', probes=64)\n"
    loaded(run)
    loaded(run + "assert not {'numba.np.arrayobj', 'numba.cpython.unicode'} & set(sys.modules)")


def test_a_figure_adds_matplotlib_without_a_window_system(tmp_path):
    arguments = ["speciation", "--Lambda", "4", "--json", "--plot", str(tmp_path / "figure.png")]
    assert command(*arguments) == {"numpy", "matplotlib"}
    body = f"from regimes.cli import main\ntry:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
    assert loaded(body + "assert 'matplotlib.pyplot' not in sys.modules") == {"numpy", "matplotlib"}


def test_a_hierarchy_in_mean_field_needs_numpy_alone():
    arguments = ["hierarchy", "--symbols", "32", "--rules", "8", "--depth", "20"]
    assert command(*arguments, "--json") == {"numpy"}
    assert command(*arguments) == {"numpy", "rich"}


def test_a_hierarchy_with_three_children_needs_numpy_alone():
    assert command("hierarchy", "--symbols", "8", "--rules", "10", "--children", "3", "--json") == {"numpy"}


def test_the_figure_of_a_hierarchy_adds_matplotlib(tmp_path):
    arguments = ["hierarchy", "--symbols", "32", "--rules", "8", "--json", "--plot", str(tmp_path / "figure.png")]
    assert command(*arguments) == {"numpy", "matplotlib"}


def test_bad_input_to_a_hierarchy_costs_no_kernels(tmp_path):
    (tmp_path / "rules.json").write_text("{}")
    for arguments in (["--symbols", "8", "--rules", "9", "--exact"], ["--rules-file", str(tmp_path / "rules.json")]):
        call = f"main({['hierarchy', *arguments]!r})"
        body = f"from regimes.cli import main\ntry:\n    {call}\nexcept SystemExit as end:\n    assert end.code == 2"
        assert loaded(body) == {"numpy"}


def test_thresholds_of_infinite_grids_need_numpy_alone():
    arguments = ["percolation", "--grid", "64", "--sigma", "0.7", "--runs", "0"]
    assert command(*arguments, "--json") == {"numpy"}
    assert command(*arguments) == {"numpy", "rich"}
    assert command(*arguments, "--overlap", "coefficient", "--json") == {"numpy", "scipy"}


def test_derive_adds_the_theory():
    assert command("derive", "--list") <= {"sympy", "mpmath", "numpy"}


def test_arrays_need_no_scikit_learn():
    body = "import numpy, regimes\nregimes.predict(numpy.random.default_rng(0).normal(size=(40, 3)), probes=64)"
    loaded(body)  # fills the cache of generated code
    assert loaded(body) == {"numpy", "scipy", "numba"} | loaded("import numba")
