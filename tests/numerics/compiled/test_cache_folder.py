"""Where generated code is kept, and which folders nothing is run from."""

import os
import stat
import time

import pytest

from regimes.numerics.compiled import cache_folder
from regimes.numerics.compiled import compile as compiler
from regimes.numerics.compiled.cache_folder import cache_directory
from regimes.numerics.compiled.compile import compile_formula
from regimes.numerics.compiled.sealed_file import read_sealed, seal, write_sealed

PLANTED = seal(b"ARGUMENTS = ['t']\n\n\ndef scalar(t_):\n    return t_ * 0 + 666.0\n\n\nelementwise = scalar\n")
root_alone = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
with_owners = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners here")


def forget():
    cache_folder._usable.cache_clear()
    compiler._compile_named.cache_clear()


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path / "above" / "chosen"))
    forget()
    yield tmp_path / "above" / "chosen"
    forget()


def test_the_chosen_folder_or_that_of_the_platform(chosen, monkeypatch, tmp_path, capfd):
    assert cache_directory() == chosen
    monkeypatch.delenv("REGIMES_CACHE_DIR")
    monkeypatch.setattr(cache_folder, "_platform_cache", lambda: str(tmp_path / "platform"))
    assert cache_directory() == tmp_path / "platform"
    assert capfd.readouterr() == ("", "")


@with_owners
def test_folders_and_files_are_private(chosen):
    compile_formula("snr", target="numpy")
    for path in (chosen.parent, *chosen.parent.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def unsafe(chosen, capfd, words):
    """A private folder is used in place of the chosen one, which is said once."""
    used = cache_directory()
    assert used != chosen
    assert stat.S_IMODE(used.stat().st_mode) == 0o700
    assert compile_formula("snr", target="numpy")(1.0) == pytest.approx(0.15651764274966565)
    assert cache_directory() == used
    out, err = capfd.readouterr()
    assert out == ""
    assert str(chosen) in err
    assert words in err
    assert 1 <= err.count("\n") <= 3


@with_owners
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_nothing_is_run_from_a_folder_that_others_can_write(chosen, mode, capfd):
    path = compile_formula("snr", target="numpy").path
    path.write_bytes(PLANTED)
    forget()
    assert compile_formula("snr", target="numpy")(1.0) == 666.0  # well sealed, in a folder that is ours alone
    chosen.chmod(mode)
    forget()
    unsafe(chosen, capfd, "can be written by others")


@root_alone
def test_nothing_is_run_from_a_folder_of_another_user(chosen, capfd):
    compile_formula("snr", target="numpy").path.write_bytes(PLANTED)
    os.chown(chosen, 1234, -1)
    forget()
    unsafe(chosen, capfd, "belongs to another user")


@with_owners
def test_a_link_is_judged_by_what_it_points_to(chosen, tmp_path, capfd):
    chosen.parent.mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    chosen.symlink_to(tmp_path / "open")
    unsafe(chosen, capfd, "can be written by others")
    (tmp_path / "open").chmod(0o700)
    forget()
    assert cache_directory() == chosen
    assert capfd.readouterr() == ("", "")


@root_alone
def test_a_file_of_another_user_is_not_run(chosen):
    path = compile_formula("snr", target="numpy").path
    for change in (lambda: os.chown(path, 1234, -1), lambda: path.chmod(0o666)):
        path.write_bytes(PLANTED)
        change()
        forget()
        assert compile_formula("snr", target="numpy")(1.0) == pytest.approx(0.15651764274966565)
        assert os.stat(path).st_uid == os.geteuid()  # replaced


def test_a_place_that_cannot_be_a_folder_gives_way_to_a_temporary_one(tmp_path, monkeypatch, capfd):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("REGIMES_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert tmp_path not in cache_directory().parents
    assert capfd.readouterr() == ("", "")


def test_files_are_replaced_whole(tmp_path):
    for content in (b"first", b"second"):
        write_sealed(tmp_path / "new" / "file", content)
        assert read_sealed(tmp_path / "new" / "file") == content
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def test_what_nobody_read_for_three_months_goes(tmp_path):
    now, quarter = time.time(), 91 * 86400
    for name, age in (("kept", 80 * 86400), ("old", quarter), ("read", quarter)):
        (tmp_path / name).write_bytes(seal(b"code"))
        os.utime(tmp_path / name, (now - age, now - age))
    (tmp_path / "foreign").write_bytes(b"a letter")
    os.utime(tmp_path / "foreign", (now - quarter, now - quarter))
    assert read_sealed(tmp_path / "read") == b"code"
    write_sealed(tmp_path / "new", b"code")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "kept", "new", "read"]
