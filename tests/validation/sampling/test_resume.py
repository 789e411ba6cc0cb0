"""Interrupted runs: by an exception, and by SIGKILL at any moment. The bytes at the end are those of one run."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from regimes.numerics.interface.checkpoints import Checkpoints, Partial  # noqa: E402
from regimes.validation.sampling import (  # noqa: E402
    CoarseNoise,
    NoiseStream,
    backward,
    backward_states,
    clone_pairs,
    halved_times,
)

TIMES = np.linspace(1.0, 0.0, 9)


class Stopped(Exception):
    pass


def score(x, t):
    return x * (t - 1.2)


def start():
    return NoiseStream(1, 9).normal(0, 0, 20, (3,))


def stopping(after):
    """Watch that lets so many states pass."""
    seen = []

    def watch(step, t, x, first_row):
        seen.append((first_row, step))
        if len(seen) > after:
            raise Stopped

    return watch, seen


@pytest.mark.parametrize("after", [0, 1, 4, 8, 9, 13, 26])
@pytest.mark.parametrize("rule", ["exponential", "flow", "ancestral"])
def test_a_run_stopped_by_an_exception_goes_on(rule, after, tmp_path):
    whole = backward(score, start(), TIMES, sampler=rule, noise=4, batch=8)
    place = tmp_path / "run.npz"
    watch, seen = stopping(after)
    with pytest.raises(Stopped):
        backward(score, start(), TIMES, sampler=rule, noise=4, batch=8, watch=watch, checkpoint=Partial(place, 0.0))
    watch, later = stopping(1000)
    end = backward(score, start(), TIMES, sampler=rule, noise=4, watch=watch, checkpoint=Partial(place, 0.0))
    assert torch.equal(whole, end)
    if after > 1:  # what was done before it stopped is not done again
        assert len(later) < 27
        assert not set(later) & set(seen[:-1])


def test_states_on_the_way_survive(tmp_path):
    at = [0.75, 0.25, 0.0]
    whole = backward_states(score, start(), TIMES, at, noise=4)
    place = tmp_path / "run.npz"
    with pytest.raises(Stopped):
        backward_states(
            score, start(), TIMES, at, noise=4, batch=8, watch=stopping(14)[0], checkpoint=Partial(place, 0.0)
        )
    assert torch.equal(whole, backward_states(score, start(), TIMES, at, noise=4, checkpoint=Partial(place, 0.0)))


def test_clones_survive(tmp_path):
    whole = clone_pairs(score, start(), TIMES, noise=4)
    place = tmp_path / "run.npz"
    with pytest.raises(Stopped):
        clone_pairs(score, start(), TIMES, noise=4, watch=stopping(4)[0], checkpoint=Partial(place, 0.0))
    assert torch.equal(whole, clone_pairs(score, start(), TIMES, noise=4, checkpoint=Partial(place, 0.0)))


def test_a_finished_run_is_found_whole(tmp_path):
    place, calls = tmp_path / "run.npz", []

    def counted(x, t):
        calls.append(t)
        return score(x, t)

    one = backward(counted, start(), TIMES, checkpoint=Partial(place, 0.0))
    two = backward(counted, start(), TIMES, checkpoint=Partial(place, 0.0))
    assert torch.equal(one, two)
    assert len(calls) == 8


def test_a_short_run_leaves_nothing_on_disk(tmp_path):
    backward(score, start(), TIMES, checkpoint=Checkpoints(tmp_path / "run", {}).partial("path"))
    assert [entry.name for entry in (tmp_path / "run").iterdir()] == ["settings.json"]
    backward(score, start(), TIMES, checkpoint=Checkpoints(None, {}).partial("path"))


@pytest.mark.parametrize(
    "changes",
    [
        {"noise": 5},
        {"noise": NoiseStream(4).substream(0)},
        {"noise": CoarseNoise(NoiseStream(4), halved_times(TIMES))},
        {"sampler": "ancestral"},
        {"first_row": 1},
        {"first_step": 1},
        {"times": TIMES[:-1]},
        {"x": start() + 1},
        {"x": start().double()},
        {"at": [0.0]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_run_is_refused(changes, tmp_path):
    place = tmp_path / "run.npz"
    backward(score, start(), TIMES, noise=4, checkpoint=Partial(place, 0.0))
    arguments = {"x": start(), "times": TIMES, "noise": 4} | changes
    run = backward_states if "at" in changes else backward
    with pytest.raises(
        ValueError, match=r"^backward: the checkpoint holds another run .* a name of its own, or delete it$"
    ):
        run(score, checkpoint=Partial(place, 0.0), **arguments)


SCRIPT = """
import sys, time
from pathlib import Path
import numpy as np, torch
from regimes.numerics.interface.checkpoints import Partial
from regimes.validation.sampling import NoiseStream, backward_states
torch.set_num_threads(1)

def score(x, t):
    time.sleep(0.002)
    return x * (t - 1.2)

x = NoiseStream(1, 9).normal(0, 0, 50, (40,))
times = np.linspace(1.0, 0.0, 101)
states = backward_states(
    score, x, times, [0.5, 0.0], sampler="exponential", noise=4, batch=20, checkpoint=Partial(Path(sys.argv[1]), 0.0)
)
np.save(sys.argv[2], states.numpy())
"""


def test_a_run_killed_at_any_moment_goes_on(tmp_path):
    x, times, place = NoiseStream(1, 9).normal(0, 0, 50, (40,)), np.linspace(1.0, 0.0, 101), tmp_path / "run.npz"
    whole = backward_states(score, x, times, [0.5, 0.0], noise=4)
    killed = subprocess.Popen([sys.executable, "-c", SCRIPT, str(place), str(tmp_path / "result.npy")])
    while not place.exists() and killed.poll() is None:
        time.sleep(0.01)
    time.sleep(np.random.default_rng(os.getpid()).uniform(0.0, 0.5))
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "result.npy").exists()
    calls = []

    def counted(x, t):
        calls.append(t)
        return score(x, t)

    again = backward_states(counted, x, times, [0.5, 0.0], noise=4, batch=20, checkpoint=Partial(place))
    assert again.numpy().tobytes() == whole.numpy().tobytes()
    assert 0 < len(calls) < 300
