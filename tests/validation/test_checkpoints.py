"""Pieces on disk: computed once, whole or not there."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from regimes.validation import Checkpoints

SETTINGS = {"experiment": "mixture-clones", "seed": 0}


def test_a_piece_is_computed_once(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return {"phi": [0.5, 0.75], "count": 3}

    first = Checkpoints(tmp_path / "run", SETTINGS).piece("d=64", compute)
    again = Checkpoints(tmp_path / "run", SETTINGS).piece("d=64", compute)
    assert len(calls) == 1
    for found in (first, again):
        assert found["phi"].tolist() == [0.5, 0.75]
        assert int(found["count"]) == 3


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nowhere = Checkpoints(None, SETTINGS)
    assert nowhere.piece("a", lambda: {"x": 1})["x"] == 1
    state = nowhere.partial("a")
    state.save({"x": 1}, force=True)
    assert state.load() is None
    assert not state.due()
    assert list(tmp_path.iterdir()) == []


def test_a_state_replaces_the_last_and_goes_with_its_piece(tmp_path):
    run = Checkpoints(tmp_path / "run", SETTINGS)
    state = run.partial("a")
    state.save({"step": 1})  # too early
    assert state.load() is None
    state.save({"step": 1}, force=True)
    state.save({"step": 2, "x": np.arange(3.0)}, force=True)
    assert int(state.load()["step"]) == 2
    run.piece("a", lambda: {"done": True})
    assert state.load() is None


def test_states_are_written_at_their_interval(tmp_path):
    run = Checkpoints(tmp_path / "run", SETTINGS)
    run.every = 0.0
    state = run.partial("a")
    assert state.due()
    state.save({"step": 1})
    assert int(state.load()["step"]) == 1


def test_other_settings_are_refused_and_nothing_is_lost(tmp_path):
    Checkpoints(tmp_path / "run", SETTINGS).piece("a", lambda: {"x": 1})
    with pytest.raises(ValueError, match=r"belongs to a run with other settings .* choose another folder, or delete"):
        Checkpoints(tmp_path / "run", SETTINGS | {"seed": 1})
    assert Checkpoints(tmp_path / "run", SETTINGS).piece("a", lambda: {"x": 2})["x"] == 1


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("hard work")
    with pytest.raises(ValueError, match="holds other files; choose a new or an empty folder"):
        Checkpoints(tmp_path, SETTINGS)
    with pytest.raises(ValueError, match="is a file; give the name of a folder"):
        Checkpoints(tmp_path / "thesis.tex", SETTINGS)
    with pytest.raises(ValueError, match="does not exist; make it or choose another"):
        Checkpoints(tmp_path / "a" / "b", SETTINGS)
    (tmp_path / "empty").mkdir()
    Checkpoints(tmp_path / "empty", SETTINGS)


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
def test_a_name_is_a_file_name(tmp_path, name):
    with pytest.raises(ValueError, match="a piece's name must be letters"):
        Checkpoints(tmp_path / "run", SETTINGS).piece(name, lambda: {"x": 1})


def test_a_broken_file_is_named(tmp_path):
    run = Checkpoints(tmp_path / "run", SETTINGS)
    (tmp_path / "run" / "a.npz").write_bytes(b"not an archive")
    with pytest.raises(ValueError, match=r"a\.npz cannot be read .* delete it"):
        run.piece("a", lambda: {"x": 1})


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_run_leaves_whole_pieces_only(tmp_path):
    body = textwrap.dedent(
        """
        import sys
        import numpy as np
        from regimes.validation import Checkpoints
        run = Checkpoints(sys.argv[1], {"seed": 0})
        for k in range(10**6):
            run.piece(f"p{k}", lambda: {"x": np.full(20000, k)})
            print(k, flush=True)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", body, str(tmp_path / "run")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    for _ in range(20):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    run = Checkpoints(tmp_path / "run", {"seed": 0})
    kept = sorted((tmp_path / "run").glob("p*.npz"))
    assert len(kept) >= 20
    for path in kept:
        k = int(path.stem[1:])
        assert np.array_equal(run.piece(path.stem, lambda: {"x": -1})["x"], np.full(20000, k))
