"""The compiler: what is cached, when it is not used again, and what the compiled functions accept."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import sympy

from regimes import Formula, formula
from regimes.numerics.compiled import compile as compiler
from regimes.numerics.compiled import formula_files
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.formula_files import Target
from regimes.theory import Variable

TARGETS: list[Target] = ["numpy", "numba"]
T = sympy.Symbol("t", positive=True)
C = sympy.Symbol("c", positive=True)
TIME = Variable(T, "time", sympy.Interval.open(0, sympy.oo))
UNUSED = Variable(C, "not in the expression", sympy.Interval.open(0, sympy.oo))


def toy(expr: Any, **changes: Any) -> Formula:
    values = {"name": "toy", "title": "Toy", "symbol": sympy.Symbol("y"), "inputs": (TIME,), "source": "definition"}
    return Formula(**(values | {"expr": sympy.sympify(expr)} | changes))


def forget() -> None:
    compiler._compile_named.cache_clear()


@pytest.fixture
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache directory for this process."""
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache"
    forget()


def start(code: str, cache: Path, *, package: Path | None = None) -> subprocess.Popen[str]:
    environment = os.environ | {"REGIMES_CACHE_DIR": str(cache)}
    if package is not None:
        environment["PYTHONPATH"] = str(package)
    return subprocess.Popen(
        [sys.executable, "-P", "-W", "error", "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.split()


def run(code: str, cache: Path, *, package: Path | None = None) -> list[str]:
    return finish(start(code, cache, package=package))


REPORT = """
import sys
from regimes import compile_formula
compiled = compile_formula("collapse_time", target="{target}")
value = compiled(256.0, 20000.0, 1.0)
stats = getattr(compiled.scalar, "stats", None)
hits, misses = (sum(stats.cache_hits.values()), sum(stats.cache_misses.values())) if stats else (0, 0)
print(f"{{float(value):.3f}}", "sympy" in sys.modules, "numba" in sys.modules, hits, misses, compiled.path)
"""


def test_second_process_loads_numpy_source_without_sympy_or_numba(tmp_path: Path) -> None:
    first, second = (run(REPORT.format(target="numpy"), tmp_path) for _ in range(2))
    assert first[:3] == ["1.299", "True", "False"]
    assert second[:3] == ["1.299", "False", "False"]
    assert first[5] == second[5]


def test_second_process_loads_machine_code_without_compiling(tmp_path: Path) -> None:
    first, second = (run(REPORT.format(target="numba"), tmp_path) for _ in range(2))
    assert first[:5] == ["1.299", "True", "True", "0", "1"]
    assert second[:5] == ["1.299", "False", "True", "1", "0"]


def test_of_processes_that_compile_at_once_one_does_and_the_others_wait(tmp_path: Path) -> None:
    started = [start(REPORT.format(target="numba"), tmp_path) for _ in range(4)]
    reports = [finish(process) for process in started]
    assert {report[0] for report in reports} == {"1.299"}
    assert len({report[5] for report in reports}) == 1
    assert sorted(report[3:5] for report in reports) == [["0", "1"], ["1", "0"], ["1", "0"], ["1", "0"]]
    files = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in files if ".tmp" in name]
    assert files.count("collapse_time.py") == 1
    assert run(REPORT.format(target="numba"), tmp_path)[3:5] == ["1", "0"]


@pytest.mark.parametrize("target", TARGETS)
def test_another_sympy_generates_again(target: Target, private_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = toy(T + 1)
    before = [compile_formula("snr", target=target).path, compile_formula(own, target=target).path]
    assert sympy.__version__.encode() == formula_files._sympy_version()
    monkeypatch.setattr(formula_files, "_sympy_version", lambda: b"another version")
    forget()
    after = [compile_formula("snr", target=target).path, compile_formula(own, target=target).path]
    assert not set(before) & set(after)
    assert all(private_cache in path.parents for path in before + after)


@pytest.mark.parametrize("target", TARGETS)
def test_formulas_of_one_name_do_not_take_each_others_place(target: Target, private_cache: Path) -> None:
    square, cube = (compile_formula(toy(T**power), target=target) for power in (2, 3))
    assert (square(2.0), cube(2.0)) == (4.0, 8.0)
    assert square.path != cube.path
    assert compile_formula(toy(T**2), target=target).path == square.path
    assert compile_formula(toy(T**2, stable=T * T + T - T), target=target).path == square.path
    renamed = sympy.Symbol("s", positive=True)
    other = compile_formula(toy(renamed**2, inputs=(Variable(renamed, "s", TIME.domain),)), target=target)
    assert other.path != square.path


@pytest.mark.parametrize("target", TARGETS)
def test_a_formula_and_its_name_give_the_same_function(target: Target) -> None:
    t = np.geomspace(1e-6, 100, 50)
    np.testing.assert_array_equal(
        compile_formula("snr", target=target)(t), compile_formula(formula("snr"), target=target)(t)
    )


def test_a_name_is_compiled_once_in_a_process() -> None:
    assert compile_formula("snr", target="numpy") is compile_formula("snr", target="numpy")


@pytest.mark.parametrize("target", TARGETS)
def test_unwritable_cache_directory_falls_back_to_a_temporary_one(target: Target, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory", encoding="utf-8")
    report = run(REPORT.format(target=target), tmp_path / "file" / "cache")
    assert report[0] == "1.299"
    assert tmp_path not in Path(report[5]).parents
    assert not Path(report[5]).exists()  # kept for the life of the process only


@pytest.mark.parametrize("target", TARGETS)
def test_unknown_names(target: Target) -> None:
    with pytest.raises(
        ValueError, match="^formula: there is no formula called 'colapse_time'; did you mean collapse_time"
    ):
        compile_formula("colapse_time", target=target)
    with pytest.raises(ValueError, match=r"^compile_formula: '\.\./snr' is not the name of a formula$"):
        compile_formula("../snr", target=target)


def test_unknown_target() -> None:
    with pytest.raises(ValueError, match="^compile_formula: target must be 'numba' or 'numpy', got 'cuda'$"):
        compile_formula("snr", target="cuda")  # type: ignore[arg-type]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (
            sympy.Integral(T * C, (C, 0, 1)),
            "toy: integrals, sums and derivatives are not compiled; compile the integrand",
        ),
        (sympy.Sum(T**C, (C, 0, 3)), "toy: integrals, sums and derivatives are not compiled; compile the integrand"),
        (sympy.zeta(T), "toy: the expression has no float64 form: Unsupported by .*zeta"),
        (sympy.factorial(T), "toy: the expression has no float64 form: math.factorial; rewrite it as `stable`"),
        (sympy.I * T, "toy: the expression has no float64 form: it is complex; rewrite it as `stable`"),
        (sympy.Piecewise((T, T > 1)), "toy: the expression has no float64 form: a Piecewise must end with an uncond"),
    ],
    ids=["integral", "sum", "unknown function", "function without arrays", "complex", "open piecewise"],
)
def test_expressions_without_a_float_form_are_refused(expr: Any, text: str, target: Target) -> None:
    with pytest.raises(ValueError, match=f"^{text}"):
        compile_formula(toy(expr), target=target)


@pytest.mark.parametrize("target", TARGETS)
def test_number_of_arguments(target: Target) -> None:
    with pytest.raises(ValueError, match=r"^collapse_time: takes 3 arrays \(d, n, sigma\), got 2$"):
        compile_formula("collapse_time", target=target)(256, 20000)


@pytest.mark.parametrize("target", TARGETS)
def test_arguments_broadcast(target: Target) -> None:
    compiled = compile_formula("collapse_time", target=target)
    table = compiled(np.array([256, 1024, 4096])[:, None], [20000, 2000], 1)
    assert table.shape == (3, 2)
    np.testing.assert_allclose(table[:, 0], [1.299, 1.978, 2.667], atol=5e-4)
    assert compiled(np.empty((0, 3)), 20000, 1).shape == (0, 3)
    assert compiled.arguments == ("d", "n", "sigma")
    assert isinstance(compiled(256, 20000, 1), np.float64)
    assert isinstance(compile_formula("time_from_log_snr", target=target)(0), np.float64)
    with pytest.raises(ValueError, match="shape mismatch"):
        compiled([1, 2], [1, 2, 3], 1)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("expr", [sympy.pi, T**2, sympy.Integer(0), C / 3], ids=str)
def test_inputs_that_do_not_occur_broadcast_as_well(expr: Any, target: Target) -> None:
    entry = toy(expr, inputs=(TIME, UNUSED))
    compiled = compile_formula(entry, target=target)
    result = compiled(np.array([1.0, 2.0, 3.0])[:, None], [0.5, 0.25])
    assert result.shape == (3, 2)
    assert result.dtype == np.float64
    assert result[1, 1] == pytest.approx(float(entry.mp(2.0, 0.25)))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("log_snr", [-1e4, -700.0, -40.0, -1e-9, 0.0, 1e-9, 40.0, 700.0, 1e4])
def test_branches_at_both_ends(log_snr: float, target: Target) -> None:
    """Neither branch may overflow, warn or lose digits where the other one is meant."""
    exact = float(formula("time_from_log_snr").mp(log_snr))
    assert compile_formula("time_from_log_snr", target=target)(log_snr) == pytest.approx(exact, rel=1e-15, abs=0)


@pytest.mark.parametrize("target", TARGETS)
def test_branches_of_mixed_types_and_conditions(target: Target) -> None:
    inside = sympy.And(T > 1, T < 3)
    expr = sympy.Piecewise((1, inside), (T / 2, sympy.Or(T > 8, 2 * T < 1)), (sympy.Max(T, 4), True))
    compiled = compile_formula(toy(expr), target=target)
    assert compiled([0.25, 0.75, 2.0, 6.0, 9.0]).tolist() == [0.125, 4.0, 1.0, 6.0, 4.5]


@pytest.mark.parametrize("target", TARGETS)
def test_special_functions_have_both_forms(target: Target) -> None:
    x = [0.1, 1.0, 3.0]
    for function in (sympy.erf, sympy.erfc, sympy.gamma):
        entry = toy(function(T) * 2)
        np.testing.assert_allclose(
            compile_formula(entry, target=target)(x), [float(entry.mp(v)) for v in x], rtol=1e-15
        )


@pytest.mark.parametrize("target", TARGETS)
def test_python_keywords_and_quotes_are_printed_safely(target: Target) -> None:
    symbol = sympy.Symbol("lambda", positive=True)
    entry = toy(symbol**2, name="class", title='a """quoted""" \\x title', inputs=(Variable(symbol, "m", TIME.domain),))
    compiled = compile_formula(entry, target=target)
    assert compiled(3) == 9
    assert compiled.path.name == "class.py"


def test_compiled_scalar_is_called_from_another_kernel() -> None:
    scalar = compile_formula("noise_variance").scalar

    @numba.njit
    def total(t: Any) -> float:
        result = 0.0
        for i in range(t.size):
            result += scalar(t[i])
        return result

    t = np.geomspace(1e-6, 10, 30)
    assert total(t) == pytest.approx(float(np.sum(compile_formula("noise_variance", target="numpy")(t))), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("snr", (np.geomspace(1e-8, 100, 500),)),
        ("log_snr", (np.geomspace(1e-8, 0.3, 500),)),
        ("time_from_log_snr", (np.linspace(-50, 50, 501),)),
        ("collapse_time", (np.geomspace(1, 1e5, 500), 2000.0, 0.7)),
        ("mixture_kappa", (np.geomspace(1e-6, 30, 500), 256.0, 1.3, 0.7)),
        ("overlap_potential", (np.linspace(0.1, 20, 500), 3.0, 16.0, 0.5, 1.0)),
        ("random_energy_tilt", (np.geomspace(0.01, 0.4, 500), 0.5, 0.3, 0.8)),
        ("class_entropy_integrand", (1.0, np.linspace(-8, 8, 501))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_both_targets_agree_to_rounding(name: str, inputs: tuple[Any, ...]) -> None:
    """The elementary functions of numpy and of the compiler are each correct to an ulp; a formula chains a few."""
    vectorised, compiled = (compile_formula(name, target=target)(*inputs) for target in TARGETS)
    np.testing.assert_array_max_ulp(vectorised, compiled, maxulp=16)


def test_generated_source_can_be_read() -> None:
    text = compile_formula("snr", target="numpy").path.read_text(encoding="utf-8")
    assert "Generated by regimes from the formula snr (Signal-to-noise ratio per unit of data variance)" in text
    assert "ARGUMENTS = ['t']" in text
    assert "numpy.expm1(" in text
    assert "numba" not in text
