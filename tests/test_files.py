"""Files are written whole or not at all, whatever interrupts the writing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from eventstudy.files import write_files


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def failing(monkeypatch, error, after=0):
    """Let the disk fail at the sync of the file after so many."""
    count = iter(range(100))

    def sync(handle):
        if next(count) >= after:
            raise error

    monkeypatch.setattr(os, "fsync", sync)


def test_files_and_their_folders_are_written(tmp_path):
    write_files(tmp_path / "x", {"a": b"1", "t/b": b"2"})
    assert tree(tmp_path) == {"x/a": b"1", "x/t/b": b"2"}


def test_a_folder_in_a_file_s_place_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a").write_text("old")
    with pytest.raises(IsADirectoryError) as error:
        write_files(tmp_path, {"a": b"new", "b": b"new", "c/d": b"new"})
    assert (error.value.filename, error.value.strerror) == (
        str(tmp_path / "b"),
        "a folder of that name is in the way",
    )
    assert tree(tmp_path) == {"a": b"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_in_a_subfolder_s_place_is_told(tmp_path):
    (tmp_path / "tables").write_text("mine")
    with pytest.raises(OSError, match="a file of that name is in the way"):
        write_files(tmp_path, {"report.html": b"new", "tables/ar.csv": b"new"})
    assert tree(tmp_path) == {"tables": b"mine"}


@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_leaves_the_old_files_and_no_leftovers(tmp_path, monkeypatch, after):
    write_files(tmp_path, {"a": b"old", "t/b": b"old"})
    before = tree(tmp_path)
    failing(monkeypatch, OSError(28, "No space left on device"), after)
    with pytest.raises(OSError, match="No space left on device"):
        write_files(tmp_path, {"a": b"new", "t/b": b"new"})
    assert tree(tmp_path) == before


def test_folders_made_for_a_failed_write_are_taken_away_again(tmp_path, monkeypatch):
    failing(monkeypatch, PermissionError(13, "Permission denied"))
    with pytest.raises(PermissionError):
        write_files(tmp_path / "x" / "y", {"a": b"new", "t/b": b"new"})
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_write_leaves_the_old_files(tmp_path, monkeypatch):
    write_files(tmp_path, {"a": b"old"})
    failing(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, {"a": b"new"})
    assert tree(tmp_path) == {"a": b"old"}


def test_a_killed_write_leaves_the_old_file(tmp_path):
    write_files(tmp_path, {"a": b"old"})
    code = (
        "import os, signal, sys; from pathlib import Path; from eventstudy.files import write_files\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_files(Path(sys.argv[1]), {'a': b'new'})"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert (tmp_path / "a").read_bytes() == b"old"


def test_files_have_the_permissions_of_other_files(tmp_path):
    write_files(tmp_path, {"a": b"new"})
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "other").stat().st_mode
