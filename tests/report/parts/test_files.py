"""A file is written whole or not at all."""

import json
import os
import threading
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from regimes.report.parts.files import check_destination, json_text, save_figure, write_text


def test_json_is_strict():
    text = json_text({"a": float("nan"), "b": [1.0, float("inf")], "c": (1, "x"), "d": None})
    assert json.loads(text) == {"a": None, "b": [1.0, None], "c": [1, "x"], "d": None}
    assert "NaN" not in text


def test_a_failure_while_writing_keeps_the_old_file(tmp_path):
    target = tmp_path / "figure.png"
    target.write_text("old")

    class Broken(Figure):
        def savefig(self, *arguments, **options):
            raise RuntimeError("no space left")

    with pytest.raises(RuntimeError):
        save_figure(Broken(), target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_files_are_as_readable_as_any_other(tmp_path):
    write_text(tmp_path / "a.json", "{}")
    (tmp_path / "b.json").write_text("{}")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "b.json").stat().st_mode


@pytest.mark.parametrize(
    ("name", "message"),
    [("no/folder/x.json", "cannot write to folder"), ("", "is a folder; give the name of a file")],
)
def test_unusable_places(tmp_path, name, message):
    with pytest.raises(ValueError, match=message):
        write_text(tmp_path / name, "{}")


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "whole\n")
    reader.join(timeout=20)
    assert heard == ["whole\n"]
    assert pipe.is_fifo()


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_text(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


def test_figure_formats(tmp_path):
    with pytest.raises(ValueError, match=r"must end in .png, .pdf, .svg, got 'figure.bmp'"):
        save_figure(Figure(), tmp_path / "figure.bmp")


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)  # root may write everywhere
    with pytest.raises(ValueError, match=r"cannot write to folder .* \(permission denied\); choose another"):
        check_destination(tmp_path / "result.json")
