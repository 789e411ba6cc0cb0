"""Pieces on disk: computed once, whole or not there."""

import os
import re
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


def test_every_wrong_bit_is_found_or_does_no_harm(tmp_path):
    """zipfile raises NotImplementedError and RuntimeError too, and leaves out arrays without a word."""
    run, whole_x, messages = Checkpoints(tmp_path / "run", SETTINGS), [0.5, 0.25, 1.0], []
    run.piece("a", lambda: {"place": [0, 1], "x": whole_x})
    path = tmp_path / "run" / "a.npz"
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    for place in range(directory, len(whole)):
        for bit in (0, 3, 5, 7):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                found = run.piece("a", dict)
            except ValueError as error:
                messages.append(str(error))
                continue
            assert {name: value.tolist() for name, value in found.items()} == {"place": [0, 1], "x": whole_x}
    assert len(messages) > 200
    assert all(re.fullmatch(r"checkpoint: .*a\.npz cannot be read \(.*\); delete it .*", each) for each in messages)


def test_what_a_kill_left_half_written_is_removed(tmp_path):
    folder = tmp_path / "run"
    Checkpoints(folder, SETTINGS).piece("d=64,mu=1.5", lambda: {"x": 1})
    left = [".d=64,mu=1.5.npz.a1_b2c3d", ".b.partial.npz.abcdefgh", ".settings.json.x0x0x0x0"]
    own = [".notes", "b.partial.npz", ".b.npz.backup", ".b.txt.abcdefgh"]
    for name in (*left, *own):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (0, 0))
    written = ".c.npz.abcdefgh"  # by another process, now
    (folder / written).write_bytes(b"half")
    Checkpoints(folder, SETTINGS)
    assert {entry.name for entry in folder.iterdir()} == {"settings.json", "d=64,mu=1.5.npz", written, *own}
    new = tmp_path / "new"
    new.mkdir()
    (new / left[-1]).write_bytes(b"half")
    os.utime(new / left[-1], (0, 0))
    Checkpoints(new, SETTINGS)
    assert [entry.name for entry in new.iterdir()] == ["settings.json"]


def test_a_folder_that_cannot_be_written_is_found_out_at_once(tmp_path, monkeypatch):
    Checkpoints(tmp_path / "run", SETTINGS)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ValueError, match=r"^checkpoint: cannot write to folder .*run \(permission denied\); choose"):
        Checkpoints(tmp_path / "run", SETTINGS)


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
