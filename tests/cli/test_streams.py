"""Standard streams that are closed, full, left by their reader, of one byte a character; and names that steer them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli import main
from regimes.report.parts.shown_text import figure_text, printable


@pytest.mark.parametrize(
    ("ending", "code", "message"),
    [
        (">&-", 2, "Error: standard output is closed; redirect it to a file, or to /dev/null\n"),
        (">&- 2>&-", 2, ""),
        (">/dev/full", 2, "Error: No space left on device: standard output\n"),
        ("-o /dev/full", 2, "Error: output: cannot write /dev/full (No space left on device); choose another place\n"),
        (">/dev/null 2>&-", 0, ""),
        ("| true; exit ${PIPESTATUS[0]}", 2, ""),
    ],
)
def test_streams_end_in_the_answer_or_in_exit_code_2(ending, code, message):
    command = f"{sys.executable} -m regimes derive --list {ending}"
    if "-o" in ending:
        command = f"{sys.executable} -m regimes speciation --Lambda 4 {ending}"
    if "true" in ending:  # a reader that is gone before the first line
        command = f"(sleep 1; {sys.executable} -m regimes derive --list) {ending}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (code, message)


@pytest.fixture
def named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X = np.random.default_rng(0).normal(size=(40, 2))
    X[20:] += 4
    np.savez("x.npz", X=X, y=np.repeat(["caf\u00e9 \u4f60", "[/b]$\x1b[31m\u202e:smile:"], 20))
    return tmp_path


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_every_console_shows_every_name(named, encoding):
    line = ["predict", "x.npz", "--probes", "4", "--parts", "speciation"]
    done = CliRunner(charset=encoding).invoke(main, line)
    assert done.exit_code == 0, done.output
    text = done.stdout_bytes.decode(encoding)
    assert "caf" in text
    assert r"[/b]$\x1b[31m\u202e:smile:" in text
    assert "\x1b" not in text
    assert ("\\u4f60" in text) == (encoding != "utf-8")


def test_names_are_text_in_figures_and_whole_in_json(named):
    done = CliRunner().invoke(main, ["classes", "x.npz", "--plot", "tree.png", "-o", "-"])
    assert done.exit_code == 0, done.output
    assert sorted(json.loads(done.stdout)["problem"]["classes"])[0] == "[/b]$\x1b[31m\u202e:smile:"
    assert os.path.getsize("tree.png") > 3000


def test_what_steers_is_written_out():
    assert printable("a\x1b[31m\x9b\u202e\udcff\tb\n") == "a\\x1b[31m\\x9b\\u202e\\udcff\tb\n"
    assert figure_text("$x^$") == r"\$x^\$"
