"""Every experiment from end to end: stored, read back, drawn, interrupted and resumed."""

import json

import pytest

torch = pytest.importorskip("torch")

from regimes.numerics.interface import checkpoints  # noqa: E402
from regimes.validation import EXPERIMENTS, ExperimentResult  # noqa: E402

pytestmark = pytest.mark.simulation

STOPS = {
    "bump-phases": [lambda part, done, total: part == "dx1,s64: looks" and done == 1],
    "bump-imbalance": [lambda part, done, total: part == "dx1,dy2,s64: looks" and done == 1],
    "bump-factorisation": [lambda part, done, total: part == "waves1,s64: images" and done == 2],
    "bump-composition": [lambda part, done, total: part == "cross2+stripes,s64: looks" and done == 1],
    "bump-data": [lambda part, done, total: part == "n8,alone,32,s64"],
    "bump-percolation": [lambda part, done, total: part == "sigma1,l0.2,s64"],
    "mixture-clones": [lambda part, done, total: part.startswith("all dimensions") and done == total],
    "mixture-entropy": [lambda part, done, total: part.startswith("data") and done == 5],
    "empirical-clones": [lambda part, done, total: part == "iris: clones"],
    "learned-mixture": [
        lambda part, done, total: part == "training" and done >= 11,
        lambda part, done, total: part == "pairs of clones" and done >= 700,
    ],
    "digits-speciation": [lambda part, done, total: part == "3-4: clones" and done * 2 > total],
    "digits-collapse": [lambda part, done, total: part == "many-digits: training" and done * 2 > total],
    "features": [
        lambda part, done, total: part == "hierarchy, 0: U-turns" and done == 2,
        lambda part, done, total: part == "digits, 1: U-turns" and done == 3,
    ],
    "class-tree": [lambda part, done, total: part == "digits-1,trained: clones" and done == 3],
    "guidance-window": [
        lambda part, done, total: part == "two,exploding,paths" and done == 2,
        lambda part, done, total: part == "digits,0,inside,w2",
    ],
    "uturns": [lambda part, done, total: part == "digits-0,trained,deterministic" and done == 2],
    # Its trainings are shared with the run that it is compared with.
    "hierarchy-learned": [lambda part, done, total: part == "n24,s64: looks" and done == 2],
    # Likewise.
    "hierarchy-masked": [lambda part, done, total: part == "n8,v8m2s2L2,r64"],
    "steps": [
        lambda part, done, total: part == "line, 8 calls" and done == 2,
        lambda part, done, total: part == "digits,0: 4 calls, karras",
    ],
    "copied-points": [lambda part, done, total: part == "digits,n16,s64: samples" and done == 1],
    "data-needed": [lambda part, done, total: part == "digits,n4,s64: samples" and done == 2],
    "training-spectrum": [
        lambda part, done, total: part.startswith("one level") and done == 2,
        lambda part, done, total: part.startswith("k^-1") and part.endswith("unit rows, d = 40"),
    ],
    "training-losses": [
        lambda part, done, total: part == "gradient descent",
        lambda part, done, total: part.endswith("nonlinear, d = 24"),
    ],
    "training-networks": [
        lambda part, done, total: part == "digits,n4,s64: losses" and done == 2,
        lambda part, done, total: part == "digits,n8,s64: samples" and done == 1,
    ],
    "potential": [
        lambda part, done, total: part == "fine run to t = 2.62",
        lambda part, done, total: part == "noised pairs, t = 2.77",
    ],
    "hierarchy-exact": [
        lambda part, done, total: part == "U-turns of (8, 6, 3, 2) at 0.5 of the threshold" and done == 2,
        lambda part, done, total: part.startswith("chains of (8, 6, 3, 2) at depth 2") and done == 1,
    ],
}


class Stopped(Exception):
    pass


def numbers(result):
    stored = result.to_dict()
    stored["settings"] = {name: value for name, value in stored["settings"].items() if name not in result.run}
    return json.dumps(stored)


def test_every_experiment_is_here():
    assert set(STOPS) == set(EXPERIMENTS)


@pytest.mark.parametrize("name", STOPS)
def test_results_are_stored_and_drawn(name, tiny):
    result = tiny(name)
    stored = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    again = ExperimentResult.from_dict(stored)
    assert again == result
    assert again.agreement == result.agreement
    assert again.tests == result.tests
    assert result.problem.name == name
    assert result.settings["command"] == f"regimes validate {name} --quick --seed {result.settings['seed']}"
    titled = [axis.get_title() for axis in again.plot().axes if axis.get_title()]
    assert titled == [panel.title for panel in result.panels]
    assert len(repr(result).splitlines()) <= 30


@pytest.mark.parametrize("name", STOPS)
def test_an_interrupted_run_ends_alike(name, tiny, run_tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "_EVERY", 0.0)
    for wanted in STOPS[name]:

        def stop(part, done, total, wanted=wanted):
            if wanted(part, done, total):
                raise Stopped

        with pytest.raises(Stopped):
            run_tiny(name, checkpoint=tmp_path / "run", progress=stop)
    again = run_tiny(name, checkpoint=tmp_path / "run")
    assert numbers(again) == numbers(tiny(name))
