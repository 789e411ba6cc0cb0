"""``regimes advise`` as a user meets it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from regimes.cli import main


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["advise", *map(str, arguments)])
    assert result.exit_code == code, result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_sentences_numbers_file_and_figure(tmp_path):
    figure, output = tmp_path / "advice.png", tmp_path / "advice.json"
    text = run("iris", "--only", "steps,training", "--inference-steps", 20, "--plot", figure, "-o", output)
    plain = json.loads(output.read_text())
    assert (plain["schema"], plain["kind"]) == (2, "advice")
    assert [each.split(":")[0] for each in plain["sentences"]] == ["steps", "training"]
    mean = plain["numbers"]["training.P_mean"]["value"]
    assert f"P_mean = {mean:.2f}" in " ".join(text.split())
    assert len(plain["curves"]["steps.own_sigma"]) == len(plain["curves"]["steps.best_sigma"]) == 20
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_steps_for_diffusers_are_one_json_object():
    plan = json.loads(run("iris", "--inference-steps", 8, "--to", "diffusers"))
    steps = plan["timesteps"]
    assert len(steps) == plan["calls"] == 8
    assert steps == sorted(set(steps), reverse=True)
    assert plan["end_divergence"] <= plan["end_divergence_rounded"]
    assert "not cover" in plan["sigmas_for"]


def test_samples_are_told_from_points(tmp_path):
    rng = np.random.default_rng(0)
    points = rng.standard_normal((200, 12))
    np.save(tmp_path / "points.npy", points)
    np.save(tmp_path / "samples.npy", np.concatenate([points[:10] + 1e-3, rng.standard_normal((30, 12))]))
    given = [tmp_path / "points.npy", "--scale", "none", "--only", "copies"]
    text = run(*given, "--samples", tmp_path / "samples.npy")
    assert "10 of 40 samples" in text
    assert "the model copies" in text
    np.save(tmp_path / "others.npy", np.concatenate([points[:3] + 1e-3, rng.standard_normal((47, 12))]))
    beside = ["--held-out", tmp_path / "others.npy"]
    text = run(*given, "--samples", tmp_path / "samples.npy", *beside)
    assert "3 of 50" in " ".join(text.split())
    assert "give these too (--samples FILE)" in run(*given[:-2], *beside, code=2)


def test_what_is_asked_must_exist():
    assert "must be among guidance, steps" in run("iris", "--only", "colour", code=2)
    assert "--samples" in run("iris", "--only", "copies", code=2)
    assert "leave out --json" in run("iris", "--to", "diffusers", "--json", code=2)
    assert "leave out --json" in run("iris", "--to", "diffusers", "--only", "training", code=2)
    assert "nats" in run("iris", "--only", "steps", "--nats", "0", code=2)
    assert "add steps" in run("iris", "--only", "data", "--nats", "0.1", code=2)


def test_constant_points_are_refused(tmp_path):
    np.save(tmp_path / "same.npy", np.ones((50, 3)))
    assert "must not be constant" in run(tmp_path / "same.npy", code=2)


@pytest.mark.parametrize("option", ["--plot", "-o"])
def test_unusable_places_are_refused_before_the_work(option):
    assert "nowhere" in run("digits", option, "/nowhere/advice.png", code=2)
