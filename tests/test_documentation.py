"""What the documentation shows is what the program does: every example is run."""

import io
import json
import re
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from regimes.cli import main
from regimes.report.views import table
from regimes.validation import ExperimentResult

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "experiments").glob("*.md")),
]
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?")


def blocks(language):
    for page in PAGES:
        for match in re.finditer(
            rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            line = page.read_text(encoding="utf-8")[: match.start()].count("\n") + 1
            marks = [pytest.mark.simulation] if "measure_transitions(" in match.group(1) else []
            yield pytest.param(match.group(1), id=f"{page.name}:{line}", marks=marks)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A folder with the files that examples of newcomers name."""
    spec = spec_from_file_location("newcomers", Path(__file__).with_name("newcomers.py"))
    newcomers = module_from_spec(spec)
    spec.loader.exec_module(newcomers)
    newcomers.write_files(folder := tmp_path_factory.mktemp("files"))
    return folder


def run(command):
    words = shlex.split(command)
    assert words[0] == "regimes"
    result = CliRunner().invoke(main, words[1:])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def same_text(shown, real):
    """Equal up to two units of the last digit shown: other processors round the last bit differently."""
    assert NUMBER.sub("#", shown).split() == NUMBER.sub("#", real).split()
    for one, other in zip(NUMBER.findall(shown), NUMBER.findall(real), strict=True):
        unit = 10.0 ** -len(one.split("e")[0].split(".")[1])
        assert abs(float(one) - float(other)) <= 2 * unit * (1 + 1e-9), (one, other)


@pytest.mark.parametrize("text", list(blocks("console")))
def test_shown_output_is_real(text, files, monkeypatch):
    """``$ regimes ...`` lines with the output below them; a line ``...`` stands for lines left out."""
    monkeypatch.chdir(files)
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        if not command.startswith("regimes"):
            continue  # installation, which the continuous integration runs
        code, real = run(command)
        assert code == (2 if shown.startswith(("Error", "Usage")) else 0), real
        if "\n...\n" in f"\n{shown}":
            head, tail = f"\n{shown}".split("\n...\n")
            lines = real.splitlines()
            head, tail = head.strip("\n").splitlines(), tail.strip("\n").splitlines()
            real = "\n".join(lines[: len(head)] + (lines[-len(tail) :] if tail else []))
            shown = "\n".join(head + tail)
        same_text(shown, real)


@pytest.mark.parametrize(
    "text", [each for each in blocks("text") if re.match(r"\$ regimes validate .*\n(.*\n)*?\.\.\.\n", each.values[0])]
)
def test_shown_experiments_are_stored_ones(text):
    """An experiment takes minutes: what is shown of it must be the table of the stored result, parts left out."""
    command, _, shown = text.partition("\n")
    name = command.split()[3]
    stored = json.loads((ROOT / "docs" / "results" / f"{name}.json").read_text(encoding="utf-8"))
    assert stored["settings"]["command"].startswith(command.removeprefix("$ "))
    console = Console(file=io.StringIO(), width=110, highlight=False)
    console.print(table(ExperimentResult.from_dict(stored)))
    words = console.file.getvalue().split()
    for part in shown.split("...\n"):
        assert " ".join(part.split()) in " ".join(words)


@pytest.mark.parametrize("text", list(blocks("python")))
def test_python_examples_run(text, files, monkeypatch):
    if "regimes.validation" in text:
        pytest.importorskip("torch")
    monkeypatch.chdir(files)
    exec(compile(text, "example", "exec"), {"__name__": "example"})


def help_examples():
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        for line in (command.help or "").splitlines():
            if line.strip().startswith("regimes "):
                yield re.split(r"\s{3,}", line.strip())[0]


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(each, marks=[pytest.mark.simulation] if each.startswith("regimes validate") else [])
        for each in sorted(set(help_examples()))
    ],
)
def test_help_examples_run(example, tmp_path, monkeypatch):
    import numpy as np

    if example.startswith("regimes validate") and "--list" not in example:
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    np.savez("points.npz", X=np.random.default_rng(0).normal(size=(60, 4)), y=np.repeat([0, 1], 30))
    rows = [f"{t},{4 * -np.expm1(-2 * t)},{4 * -np.expm1(-2 * t)}" for t in np.geomspace(0.02, 4, 30)]
    Path("turns").mkdir()
    draw = np.random.default_rng(1).normal
    turns = {"t": np.geomspace(0.1, 3, 6)}
    for layer in ("stage1", "logits"):
        turns |= {f"start.{layer}": draw(size=(60, 8)), f"end.{layer}": draw(size=(6, 60, 8))}
    np.savez("turns.npz", **turns)
    np.savez("turns/all.npz", **turns)
    np.savetxt("eigenvalues.txt", [[4.0, 10], [1.0, 40]])
    np.save("samples.npy", draw(8, 2, size=(20, 64)))  # of the digits
    Path("losses.csv").write_text("\n".join(["t,train_loss,test_loss", *rows]))
    code, output = run(example)
    assert code == 0, output


def test_every_command_shows_examples():
    shown = {example.split()[1] for example in help_examples()}
    assert shown == set(main.list_commands(click.Context(main)))
