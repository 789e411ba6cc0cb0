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


def test_the_demanded_keys():
    plain = result(*SMALL)
    assert {"radius", "neighbours", "lambda_c", "lambda_c_finite", "lambda_c_finite_se", "curve"} <= set(plain)
    assert plain["neighbours"] == 20
    assert plain["lambda_c"] == pytest.approx(0.197, abs=1e-3)
    assert plain["model"]["steps"] == [1, 1]


def test_options_reach_the_prediction():
    plain = result(
        "--grid", "20,30", "--sigma", 0.6, "--dx", 1, "--dy", 2, "--overlap", "coefficient", "--tau", 0.01,
        "--periodic", "--runs", 3, "--lambda", "0.2,0.4", "--lambda", 0.9, "--seed", 5,
    )  # fmt: skip
    model = plain["model"]
    assert model["grid"] == [20, 30]
    assert model["steps"] == [2, 1]
    assert (model["overlap"], model["tau"], model["periodic"], model["pixels"]) == ("coefficient", 0.01, True, False)
    assert plain["curve"]["lambda"] == [0.2, 0.4, 0.9]
    assert plain["settings"] == {"runs": 3, "rng": 5}
    assert result("--grid", "20x30", "--sigma", 0.6, "--dx", 2, "--runs", 0)["model"]["steps"] == [2, 2]
    sampled = result("--grid", 16, "--sigma", 0.5, "--pixels", "--runs", 0)
    assert sampled["radius"] is None
    assert sampled["neighbours"] == 12


def test_the_same_seed_gives_the_same_bytes():
    assert run(*SMALL, "--json") == run(*SMALL, "--json")
    assert run(*SMALL, "--json") != run(*SMALL, "--seed", 1, "--json")


def test_the_table_for_people():
    text = run(*SMALL)
    assert "2.302" in text
    assert "20" in text
    assert max(map(len, text.splitlines())) <= 110


def test_without_runs_no_simulation():
    plain = result("--grid", 64, "--sigma", 0.7, "--runs", 0)
    assert plain["curve"] is None
    assert "without runs" in run("--grid", 64, "--sigma", 0.7, "--runs", 0)


def test_data_of_the_user(tmp_path):
    points = np.repeat(np.eye(3), 20, axis=0) + 0.01 * np.random.default_rng(0).random((60, 3))
    np.save(tmp_path / "points.npy", points)
    plain = result("--data", tmp_path / "points.npy", "--tau", 0.9)
    assert plain["components"] == [20, 20, 20]
    assert plain["half_fraction"] is None
    text = run("--data", tmp_path / "points.npy", "--tau", 0.9)
    assert max(map(len, text.splitlines())) <= 110
    assert "60" in text


def test_built_in_data_with_classes():
    plain = result("--data", "digits", "--classes", "0,7", "--tau", 0.9, "--runs", 3)
    assert plain["n"] == plain["data"]["n"] == 357
    assert plain["data"]["classes"] == ["0", "7"]
    assert plain["tau_chosen"] is False
    assert set(plain["curve"]) == {"lambda", "kept", "largest_share", "largest_share_se"}
    assert sum(plain["components"]) == 357
    assert plain["orders"] == 3


def test_without_tau_the_data_choose_it(tmp_path):
    plain = result("--data", "digits", "--runs", 3)
    assert plain["components"] == [1797]
    assert plain["tau_chosen"] is True
    assert plain["tau"] == plain["connecting"]["whole"] == pytest.approx(0.8662, abs=1e-4)
    assert plain["connecting"]["half"] == pytest.approx(0.9385, abs=1e-4)
    np.save(tmp_path / "apart.npy", np.eye(30))
    text = run("--data", tmp_path / "apart.npy", code=2)
    assert "no positive overlap connects all points, so that tau" in text


def test_files_are_written(tmp_path):
    run(*SMALL, "--plot", tmp_path / "curve.png", "-o", tmp_path / "result.json")
    assert (tmp_path / "curve.png").stat().st_size > 10_000
    assert json.loads((tmp_path / "result.json").read_text())["neighbours"] == 20
    run("--data", "iris", "--tau", 0.99, "--runs", 2, "--plot", tmp_path / "data.svg")
    assert (tmp_path / "data.svg").exists()


def test_the_result_and_the_figure_are_two_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "must differ" in run(*SMALL, "-o", "both.png", "--plot", "./both.png", code=2)
    assert not (tmp_path / "both.png").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "give --grid with --sigma, or --data"),
        (("--grid", 8, "--data", "digits"), "one of the two"),
        (("--grid", 8), "--grid needs --sigma"),
        (("--grid", "8.5", "--sigma", 1), "--grid takes N or N,M"),
        (("--grid", "8,8,8", "--sigma", 0.5), "dimensions"),
        (("--grid", 8, "--sigma", 0.1), "no two bumps connect at sigma = 0.1"),
        (("--grid", 8, "--sigma", 5), "a radius larger than the lattice"),
        (("--grid", 8, "--sigma", 0.5, "--tau", 1), "tau"),
        (("--grid", 8, "--sigma", 0.5, "--overlap", "dice"), "overlap"),
        (("--grid", 8, "--sigma", 0.5, "--dx", 0), "steps"),
        (("--grid", 8, "--sigma", 0.5, "--classes", "a"), "--classes belongs to --data"),
        (("--data", "digits", "--sigma", 1), "--sigma belongs to --grid"),
        (("--data", "digits", "--runs", 0), "--runs must be at least 1 with --data, got 0"),
        (("--data", "nothing"), "built-in"),
        (("--grid", 8, "--sigma", 0.5, "--memory", 0), "memory must be a positive number of GiB"),
    ],
)
def test_mistakes_end_with_one_line_and_code_2(arguments, error):
    text = run(*arguments, code=2)
    assert error in text
    assert "Traceback" not in text
