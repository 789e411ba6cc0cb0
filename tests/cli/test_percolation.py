"""``regimes percolation`` as a user meets it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli import main

SMALL = ("--grid", 24, "--sigma", 0.5, "--runs", 4)


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["percolation", *map(str, arguments)])
    assert result.exit_code == code, result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def result(*arguments):
    return json.loads(run(*arguments, "--json"))


def value(plain, key):
    return plain["numbers"][key]["value"]


def test_the_keys_of_every_command():
    plain = result(*SMALL)
    assert (plain["schema"], plain["kind"]) == (2, "grid percolation")
    assert {"problem", "numbers", "curves", "settings", "assumes", "warnings"} <= set(plain)
    assert value(plain, "percolation.neighbours") == 20
    assert value(plain, "percolation.threshold_infinite") == pytest.approx(0.197, abs=1e-3)
    assert result("iris", "--tau", 0.99, "--runs", 1)["kind"] == "data percolation"


def test_options_reach_the_prediction():
    plain = result(
        *("--grid", "20,30", "--sigma", 0.6, "--dx", 1, "--dy", 2, "--overlap", "coefficient", "--tau", 0.01),
        *("--periodic", "--runs", 3, "--lambda", "0.2,0.4", "--lambda", 0.9, "--seed", 5),
    )
    assert plain["problem"] == {
        "grid": [20, 30],
        "sigma": 0.6,
        "tau": 0.01,
        "overlap": "coefficient",
        "steps": [2, 1],
        "pixels": False,
        "periodic": True,
    }
    assert plain["curves"]["lambda"] == [0.2, 0.4, 0.9]
    assert plain["settings"] == {"runs": 3, "seed": 5, "depth": None}
    assert result("--grid", "20x30", "--sigma", 0.6, "--dx", 2, "--runs", 0)["problem"]["steps"] == [2, 2]
    sampled = result("--grid", 16, "--sigma", 0.5, "--pixels", "--runs", 0)
    assert value(sampled, "percolation.radius") is None
    assert value(sampled, "percolation.neighbours") == 12


def test_the_same_seed_gives_the_same_bytes():
    assert run(*SMALL, "--json") == run(*SMALL, "--json")
    assert run(*SMALL, "--json") != run(*SMALL, "--seed", 1, "--json")


def test_the_table_for_people():
    text = run(*SMALL)
    assert "2.302" in text
    assert max(map(len, text.splitlines())) <= 110
    assert "no lambda_c, this grid: there is no simulation without runs" in run(*SMALL, "--runs", 0)


def test_data_of_the_user(tmp_path):
    points = np.repeat(np.eye(3), 20, axis=0) + 0.01 * np.random.default_rng(0).random((60, 3))
    np.save(tmp_path / "points.npy", points)
    plain = result(tmp_path / "points.npy", "--tau", 0.9)
    assert plain["sizes"] == [20, 20, 20]
    assert value(plain, "components.half_fraction") is None
    assert max(map(len, run(tmp_path / "points.npy", "--tau", 0.9).splitlines())) <= 110


def test_built_in_data_with_classes():
    plain = result("digits", "--classes", "0,7", "--tau", 0.9, "--runs", 3)
    assert plain["problem"]["points"]["n"] == sum(plain["sizes"]) == 357
    assert plain["problem"]["points"]["classes"] == ["0", "7"]
    assert plain["settings"] == {"orders": 3, "seed": 0}


def test_without_tau_the_data_choose_it(tmp_path):
    plain = result("digits", "--runs", 3)
    assert plain["sizes"] == [1797]
    assert value(plain, "connecting.tau") == value(plain, "connecting.whole") == pytest.approx(0.8662, abs=1e-4)
    assert value(plain, "connecting.half") == pytest.approx(0.9385, abs=1e-4)
    np.save(tmp_path / "apart.npy", np.eye(30))
    assert "no positive overlap connects all points, so that tau" in run(tmp_path / "apart.npy", code=2)


def test_files_are_written(tmp_path):
    run(*SMALL, "--plot", tmp_path / "curve.png", "-o", tmp_path / "result.json")
    assert (tmp_path / "curve.png").stat().st_size > 10_000
    assert value(json.loads((tmp_path / "result.json").read_text()), "percolation.neighbours") == 20
    run("iris", "--tau", 0.99, "--runs", 2, "--plot", tmp_path / "data.svg")
    assert (tmp_path / "data.svg").exists()


def test_the_result_and_the_figure_are_two_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "must differ" in run(*SMALL, "-o", "both.png", "--plot", "./both.png", code=2)
    assert not (tmp_path / "both.png").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "give DATASET, or --grid with --sigma; one of the two, got neither"),
        (("digits", "--grid", 8), "one of the two, got both"),
        (("--grid", 8), "--grid needs --sigma"),
        (("--grid", "8.5", "--sigma", 1), "--grid takes N or N,M"),
        (("--grid", "8,8,8", "--sigma", 0.5), "grid must be one number of points or (rows, columns), got 3"),
        (("--grid", 8, "--sigma", 0.1), "no two bumps connect at sigma = 0.1"),
        (("--grid", 8, "--sigma", 5), "a radius larger than the lattice"),
        (("--grid", 8, "--sigma", 0.5, "--classes", "a"), "--classes belongs to DATASET"),
        (("digits", "--sigma", 1), "--sigma belongs to --grid"),
        (("digits", "--runs", 0), "--runs must be at least 1 with DATASET, got 0"),
        (("nothing",), "built-in"),
        (("--grid", 8, "--sigma", 0.5, "--memory", 0), "memory must be a positive number of GiB"),
        (("--data", "digits"), "No such option"),
    ],
)
def test_mistakes_end_with_one_line_and_code_2(arguments, error):
    text = run(*arguments, code=2)
    assert error in text
    assert "Traceback" not in text
