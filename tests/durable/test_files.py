"""Durable files: whole or not at all, nothing overwritten, nothing left behind."""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gdtbridge.durable import FolderUnusable, files
from gdtbridge.durable.files import (
    FileComparison,
    compare,
    delete_leftovers,
    delete_same,
    move_over,
    probe_folder,
    rename_new,
    sync_folder,
    write_new,
    write_over,
)

PAYLOAD = b"01380006310\r\n"
OTHER = b"somebody else's\r\n"


class PowerCut(BaseException):
    """The machine stops here."""


def no_links(_self: Path, _target: Path) -> None:
    """Refuse a hard link, as a FAT file system does."""
    raise PermissionError(errno.EPERM, "Operation not permitted")


def no_exclusive_renaming(*_arguments: object) -> int:
    """Refuse to rename without replacing, as NFS does."""
    ctypes.set_errno(errno.EINVAL)
    return -1


def without(monkeypatch: pytest.MonkeyPatch, *ways: str) -> None:
    """Take ways of naming from the file system."""
    if "call" in ways:
        monkeypatch.setattr(files, "_renameat2", None)
    if "renaming" in ways:
        monkeypatch.setattr(files, "_renameat2", no_exclusive_renaming)
    if "links" in ways:
        monkeypatch.setattr(Path, "hardlink_to", no_links)


WAYS = [(), ("call",), ("renaming",), ("call", "links"), ("renaming", "links")]


@pytest.mark.parametrize("call", ["fsync", "open"])
@pytest.mark.parametrize("write", [write_new, write_over])
def test_a_file_is_there_whole_or_not_at_all(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    write: Callable[[Path, bytes], None],
) -> None:
    """Wherever a write stops, the name has the whole content or what it had before."""
    for stop_at in range(1, 4):
        path = tmp_path / f"{stop_at}.wl"
        calls = iter(range(1, 100))
        real = getattr(os, call)

        def stopping(*args: object, real: object = real, stop: int = stop_at) -> object:
            if next(calls) == stop:  # noqa: B023
                raise PowerCut
            return real(*args)  # type: ignore[operator]

        with monkeypatch.context() as patch:
            patch.setattr(os, call, stopping)
            try:
                write(path, b"content")
            except PowerCut:
                assert not path.exists() or path.read_bytes() == b"content"
            else:
                assert path.read_bytes() == b"content"


@pytest.mark.parametrize("ways", WAYS)
def test_a_new_file_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: tuple[str, ...]
) -> None:
    """An existing file keeps its content, and no temporary file stays behind."""
    without(monkeypatch, *ways)
    path = tmp_path / "a.wl"
    write_new(path, b"one")
    with pytest.raises(FileExistsError):
        write_new(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ways", WAYS)
def test_rename_never_replaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: tuple[str, ...]
) -> None:
    """Every way of renaming refuses a taken name, even one taken by a dead link."""
    without(monkeypatch, *ways)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(PAYLOAD)
    target.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        rename_new(source, target)
    target.unlink()
    rename_new(source, target)
    assert target.read_bytes() == PAYLOAD
    assert not source.exists()
    with pytest.raises(FileNotFoundError):
        rename_new(source, target.with_name("third"))
    source.write_bytes(OTHER)
    with pytest.raises(FileExistsError):
        rename_new(source, target)
    assert target.read_bytes() == PAYLOAD


def test_only_what_is_meant_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file, also one that came at the last moment, stays under its name."""
    file = tmp_path / "TM.gdt"
    assert not delete_same(file, PAYLOAD)
    file.write_bytes(OTHER)
    assert not delete_same(file, PAYLOAD)
    file.write_bytes(PAYLOAD)

    def late(source: Path, target: Path) -> None:
        if source == file:
            source.write_bytes(OTHER)
        rename_new(source, target)

    with monkeypatch.context() as race:
        race.setattr(files, "rename_new", late)
        assert not delete_same(file, PAYLOAD)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(file.name, OTHER)]
    file.write_bytes(PAYLOAD)
    assert delete_same(file, PAYLOAD)
    assert list(tmp_path.iterdir()) == []


def test_a_rename_is_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is never at both names, where a crash would have an importer take the file twice."""
    without(monkeypatch, "renaming")
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: pytest.fail("two names"))
    source = tmp_path / "source"
    source.write_bytes(PAYLOAD)
    rename_new(source, tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_move_may_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a move stops, the same move ends it: one whole file at the target."""
    real = os.fsync
    for stop_at in range(1, 5):
        folder = tmp_path / str(stop_at)
        (folder / "to").mkdir(parents=True)
        source, target = folder / "a", folder / "to" / "b"
        source.write_bytes(PAYLOAD)
        calls = iter(range(1, 100))

        def stopping(descriptor: int, calls: object = calls, stop: int = stop_at) -> None:
            if next(calls) == stop:  # type: ignore[call-overload]
                raise PowerCut
            real(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", stopping)
            with suppress(PowerCut):
                move_over(source, target, temporary=folder / "to" / ".part")
        if source.exists():
            move_over(source, target, temporary=folder / "to" / ".part")
        assert [path.read_bytes() for path in (folder / "to").iterdir()] == [PAYLOAD]


@pytest.mark.parametrize(
    ("number", "tolerated"),
    [
        (errno.EINVAL, True),
        (errno.ENOTSUP, True),
        (errno.ENOSYS, True),
        (errno.EACCES, True),
        (errno.EPERM, True),
        (errno.EBADF, True),
        (errno.EIO, False),
        (errno.ENOSPC, False),
        (errno.ESTALE, False),
    ],
)
def test_folder_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, tolerated: bool
) -> None:
    """A share that cannot sync folders is accepted, a disk that fails at it is not."""

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    if tolerated:
        sync_folder(tmp_path)
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            sync_folder(tmp_path)


def test_compare(tmp_path: Path) -> None:
    """Only a plain file with the expected bytes is the same."""
    path = tmp_path / "a"
    assert compare(path, PAYLOAD) is FileComparison.NOTHING
    path.write_bytes(PAYLOAD)
    assert compare(path, PAYLOAD) is FileComparison.SAME
    assert compare(path, PAYLOAD[:-1] + b"x") is FileComparison.OTHER
    (tmp_path / "link").symlink_to(path)
    assert compare(tmp_path / "link", PAYLOAD) is FileComparison.OTHER
    assert compare(tmp_path, PAYLOAD) is FileComparison.OTHER


def test_leftovers(tmp_path: Path) -> None:
    """Old temporary files go; young ones, kept ones, foreign ones and folders stay."""
    for name in (".gdtbridge-1.part", ".gdtbridge-2.part", ".gdtbridge-3.part", "4.part", "a.wl"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - 100,) * 2)
    (tmp_path / ".gdtbridge-3.part").touch()
    (tmp_path / ".gdtbridge-5.part").mkdir()
    assert delete_leftovers(tmp_path, older_than=50, keep={".gdtbridge-2.part"}) == 1
    assert {path.name for path in tmp_path.iterdir()} == {
        ".gdtbridge-2.part",
        ".gdtbridge-3.part",
        ".gdtbridge-5.part",
        "4.part",
        "a.wl",
    }
    assert delete_leftovers(tmp_path, prefix="") == 3


def test_a_good_folder_passes_the_probe(tmp_path: Path) -> None:
    """The probe leaves nothing behind."""
    probe_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_fails_the_probe(tmp_path: Path) -> None:
    """The error is a sentence in two languages that names the folder."""
    with pytest.raises(FolderUnusable) as refused:
        probe_folder(tmp_path / "nowhere")
    assert "Pfad" in str(refused.value)
    assert "Check the path" in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_a_disk_that_returns_something_else_fails_the_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read back is compared with what was written."""
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"\0" * 32)
    with pytest.raises(FolderUnusable) as refused:
        probe_folder(tmp_path)
    assert "Datenträger" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_share_that_does_not_answer_holds_no_free_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a look has to come first and fails, nothing is renamed over what may be there."""
    (tmp_path / "ours").write_bytes(b"ours")
    (tmp_path / "theirs").write_bytes(b"theirs")
    without(monkeypatch, "renaming")

    def silent(_path: Path) -> None:
        raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", silent)
        patch.setattr(os, "lstat", silent)
        with pytest.raises(OSError, match="down"):
            rename_new(tmp_path / "ours", tmp_path / "theirs")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
