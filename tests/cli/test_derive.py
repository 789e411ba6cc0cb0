"""Where a number comes from, at the command line."""

import json
import os
import subprocess
import sys

from click.testing import CliRunner

from regimes.cli import main
from regimes.report.formula.lookup import look_up


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["derive", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_all_prints_more_and_json_follows_it():
    assert len(run("collapse.time", "--all")) > len(run("collapse.time"))
    assert len(json.loads(run("collapse.time", "--json"))["derivations"]) == 1
    every = json.loads(run("collapse.time", "--all", "--json"))
    assert len(every["derivations"]) == len(look_up("collapse.time").formulas) > 1
    assert every["others"] == []
    assert run("collapse.time", "--latex").count("\\begin{align*}") == 1
    assert run("collapse.time", "--all", "--latex").count("\\begin{align*}") == len(every["derivations"])


def test_what_cannot_be_printed_says_what_can():
    assert "--all take a NAME" in run("--list", "--all", code=2)
    assert "no one formula gives percolation.width; --all prints those" in run("percolation.width", "--latex", code=2)
    assert "no formula stands behind components.count" in run("components.count", "--all", "--latex", code=2)


def test_a_number_prints_on_a_console_with_a_single_byte_code_page():
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "regimes", "derive", "percolation.threshold_infinite"]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"[percolation.threshold_infinite]" in done.stdout


def test_cite_says_of_which_formulas():
    text = run("collapse_time", "--cite")
    assert text.splitlines()[-1] == "%   collapse_time"
