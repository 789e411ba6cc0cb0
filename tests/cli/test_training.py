"""``regimes training`` as a user meets it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli import main
from regimes.numerics.learning.activation import ACTIVATIONS


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["training", *map(str, arguments)])
    assert result.exit_code == code, result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_the_first_line_says_what_it_is(tmp_path):
    printed = run("iris", "--features", 400, "--plot", tmp_path / "clock.png")
    assert printed.splitlines()[0].startswith("Random features under gradient flow, not a U-Net: ")
    assert (tmp_path / "clock.png").stat().st_size > 10_000
    for words in ("modes of the points begin", "test loss is least", "versicolor", "tau_gen and tau_mem are"):
        assert words in printed


def test_options_reach_the_prediction(tmp_path):
    np.savetxt(tmp_path / "spectrum.csv", [[1.0, 30], [3.0, 20]], delimiter=",")
    np.save(tmp_path / "spectrum.npy", [[1.0, 30], [3.0, 20]])
    options = ("--samples", 200, "--features", 900, "--time", "0.05,0.2", "--activation", "erf", "--rate", 0.1)
    options += ("--batch", 10, "--generalised", 0.9, "--memorised", 0.1, "--json")
    plain, other = (
        json.loads(run("--spectrum", tmp_path / name, *options)) for name in ("spectrum.csv", "spectrum.npy")
    )
    assert plain == other
    assert (plain["schema"], plain["kind"]) == (2, "training clock")
    assert plain["problem"] == {
        "points": None,
        "dimension": 50,
        "samples": 200,
        "features": 900,
        "time": [0.05, 0.2],
        "activation": "erf",
    }
    assert plain["settings"] == {
        "generalised": 0.9,
        "memorised": 0.1,
        "rate": 0.1,
        "batch": 10,
        "memory": 2 * 2**30,
    }
    assert plain["numbers"]["learning.tau_mem_epochs"]["value"] > plain["numbers"]["learning.tau_gen_epochs"]["value"]


def test_several_noise_levels_are_printed():
    printed = run("wine", "--time", "0.05,0.2")
    assert any(line.split()[:1] == ["0.2"] for line in printed.splitlines())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x.txt: no number in it"),
        ("eigenvalue,count\n1,10\n", "line 1: got 'eigenvalue,count'; a header is left out"),
        ("1 10\n\n-2 10\n", "line 3: an eigenvalue must not be negative, got -2"),
        ("nan\n", "line 1: an eigenvalue must not be negative, got nan"),
        ("1 10\n2\n", "line 2: got 1 numbers, 2 in the lines before"),
        ("4 .8\n1 .2\n", "leave out shares of variance"),
        ("4 10\n1 0\n", "a whole number from 1 on"),
    ],
)
def test_what_is_wrong_with_a_file_of_eigenvalues_is_said(tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.txt").write_text(text)
    assert words in " ".join(run("--spectrum", "x.txt", "--samples", 100, code=2).split())


def test_a_mark_of_byte_order_is_no_number(tmp_path):
    (tmp_path / "bom.txt").write_text("2, 40\n1, 10\n", encoding="utf-8-sig")
    printed = json.loads(run("--spectrum", tmp_path / "bom.txt", "--samples", 100, "--json"))
    assert printed["problem"]["dimension"] == 50


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_has_a_clock(tmp_path, activation):
    (tmp_path / "white.txt").write_text("1 100\n")
    printed = json.loads(
        run("--spectrum", tmp_path / "white.txt", "--samples", 200, "--activation", activation, "--json")
    )
    tau_mem = printed["numbers"]["learning.tau_mem"]
    assert printed["numbers"]["learning.tau_gen"]["value"] > 0
    assert (tau_mem["value"] is None) == (activation == "linear")


def test_endless_points_have_a_clock(tmp_path):
    (tmp_path / "white.txt").write_text("1 100\n")
    printed = run("--spectrum", tmp_path / "white.txt", "--samples", "inf", "--features", 400)
    assert "endless points are never memorised" in printed
    assert "features (their number p) must be given" in run(
        "--spectrum", tmp_path / "white.txt", "--samples", "inf", code=2
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "one of the two, got neither"),
        (("iris", "--spectrum", "x.txt"), "one of the two, got both"),
        (("--spectrum", "missing.txt", "--samples", 9), "--spectrum takes a text of one or two columns"),
        (("--spectrum", "x.txt", "--classes", "a"), "--classes belongs to DATASET"),
        (("iris", "--features", 0), "number of features, p"),
        (("iris", "--time", -1), "Ornstein-Uhlenbeck time"),
        (("iris", "--activation", "step"), "activation must be one of"),
    ],
)
def test_mistakes_are_messages(arguments, words):
    assert words in run(*arguments, code=2)
