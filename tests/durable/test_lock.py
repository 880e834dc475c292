"""The lock between processes and threads."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gdtbridge.durable import FileLock, FolderUnusable, LockBusy


def test_a_second_lock_waits_and_then_is_told(tmp_path: Path) -> None:
    """Two locks of one file are as two processes: the second one gives up after its time."""
    second = FileLock(tmp_path / "lock", timeout=0)
    with (
        FileLock(tmp_path / "lock").hold(),
        pytest.raises(LockBusy, match="Sperre"),
        second.hold(),
    ):
        pytest.fail("locked twice")


def test_another_thread_waits_too(tmp_path: Path) -> None:
    """One lock keeps the threads of a process apart."""
    lock = FileLock(tmp_path / "lock", timeout=0)
    met: list[bool] = []

    def meet() -> None:
        with pytest.raises(LockBusy), lock.hold():
            pytest.fail("locked twice")
        met.append(True)

    with lock.hold():
        thread = threading.Thread(target=meet)
        thread.start()
        thread.join()
    assert met == [True]


def test_the_same_thread_may_take_it_again(tmp_path: Path) -> None:
    """The value tells the outermost hold from the ones within."""
    lock = FileLock(tmp_path / "lock")
    with lock.hold() as outer, lock.hold() as inner:
        assert (outer, inner) == (True, False)
    with FileLock(tmp_path / "lock", timeout=0).hold() as free:
        assert free


def test_a_deleted_lock_file_is_made_anew(tmp_path: Path) -> None:
    """Who deletes the file of a holder does not let two in under one name afterwards."""
    lock = FileLock(tmp_path / "lock")
    with lock.hold():
        (tmp_path / "lock").unlink()
    with lock.hold(), pytest.raises(LockBusy), FileLock(tmp_path / "lock", timeout=0).hold():
        pytest.fail("locked twice")


def test_a_lock_out_of_reach_is_not_busy(tmp_path: Path) -> None:
    """What cannot be opened is told as a folder that cannot be used, with its cause."""
    with pytest.raises(FolderUnusable) as refused, FileLock(tmp_path / "no" / "lock").hold():
        pytest.fail("locked")
    assert not isinstance(refused.value, LockBusy)
    assert isinstance(refused.value.__cause__, FileNotFoundError)
