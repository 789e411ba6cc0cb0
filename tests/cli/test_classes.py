"""``regimes classes`` as a user meets it."""

import json

import pytest
from click.testing import CliRunner

from regimes.cli import main


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["classes", *map(str, arguments)])
    assert result.exit_code == code, result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_table_files_and_figure(tmp_path):
    figure, output = tmp_path / "tree.png", tmp_path / "tree.json"
    text = run("iris", "--plot", figure, "-o", output)
    plain = json.loads(output.read_text())
    assert (plain["schema"], plain["kind"]) == (2, "class tree")
    for merge in plain["curves"]["merges"]:
        assert {"classes", "time", "error", "interval"} <= merge.keys()
        assert f"{merge['time']:.3f}" in text
    for pair in plain["curves"]["pairs"]:
        assert f"{pair['bound']['time']:.3f}" in text
        assert f"{pair['overlap']['time']:.3f}" in text
    assert "setosa | {versicolor, virginica}" in text
    assert "versicolor and virginica part last" in text
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_options():
    plain = json.loads(run("iris", "--classes", "setosa,virginica", "--json", "--time", "0.1,1", "--schedule", "edm"))
    assert plain["problem"]["classes"] == ["setosa", "virginica"]
    assert plain["curves"]["t"] == [0.1, 1.0]
    assert plain["settings"]["schedule"] == "edm"
    assert plain["settings"]["schedule_source"] == "EDMEulerScheduler: karras sigmas from 80 to 0.002; 18 steps"
    assert plain["numbers"]["steps.before"]["value"] + plain["numbers"]["steps.after"]["value"] == pytest.approx(1)
    assert "@" in run("iris", "--cite")
    assert "has no labels" in run("diabetes", code=2)


@pytest.mark.parametrize("option", ["--plot", "-o"])
def test_unusable_places_are_refused_before_the_work(option):
    assert "nowhere" in run("digits", option, "/nowhere/tree.png", code=2)
