"""Who may read what the service writes, and what an older program left."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.durable import modes
from gdtbridge.durable.files import create, write_new, write_over
from gdtbridge.durable.modes import become_private, make_folder, set_mode, shared_file_mode

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


def mode(path: Path) -> int:
    """Return the mode of a file or folder."""
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be a private process with a usual umask of 022 until the end of the test."""
    monkeypatch.setattr(modes, "_usual", [])
    before = os.umask(0o022)
    become_private()
    yield
    os.umask(before)


@pytest.mark.usefixtures("private")
def test_private_process(tmp_path: Path) -> None:
    """What it makes is its own; what it shares has the usual mode or the one that is said."""
    create(tmp_path / "own", b"")
    write_new(tmp_path / "usual", b"", mode=shared_file_mode())
    write_over(tmp_path / "wide", b"", mode=0o666)
    assert [mode(tmp_path / name) for name in ("own", "usual", "wide")] == [0o600, 0o644, 0o666]
    make_folder(tmp_path / "a" / "b" / "own", 0o700)
    make_folder(tmp_path / "a" / "c")
    folders = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "c", tmp_path / "a/b/own"]
    assert [mode(folder) for folder in folders] == [0o755, 0o755, 0o755, 0o700]


@pytest.mark.usefixtures("private")
def test_becoming_private_twice_keeps_what_was_usual() -> None:
    """The usual umask is that of before."""
    become_private()
    assert shared_file_mode() == 0o644


def test_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """Only what is made gets a mode."""
    tmp_path.chmod(0o711)
    make_folder(tmp_path, 0o700)
    assert mode(tmp_path) == 0o711


def test_modes_are_set_behind_no_link(tmp_path: Path) -> None:
    """A file, a folder; never what a link shows; a pipe or nothing at all is no trouble."""
    names = ("file", "folder", "other")
    file, folder, other = (tmp_path / name for name in names)
    for one in (file, other):
        one.touch(0o644)
    folder.mkdir(0o755)
    (tmp_path / "link").symlink_to(other)
    os.mkfifo(tmp_path / "pipe", 0o644)
    for name in (*names[:2], "link", "pipe", "nothing"):
        set_mode(tmp_path / name, 0o700)
    assert [mode(one) for one in (file, folder, other)] == [0o700, 0o700, 0o644]
