"""Real mounts for tests, in a mount namespace of their own that ends with its thread."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

_CLONE_NEWNS = 0x00020000  # sched.h
_MS_REC_PRIVATE = 0x4000 | 0x40000  # sys/mount.h


def in_own_mounts(scenario: Callable[[], None]) -> None:
    """Run a scenario in a thread whose mounts nobody else sees; skip where that is forbidden."""
    outcome: list[BaseException | str] = []

    def run() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNS) or libc.mount(None, b"/", None, _MS_REC_PRIVATE, None):
            outcome.append(f"no mounts of our own: {os.strerror(ctypes.get_errno())}")
            return
        try:
            scenario()
        except BaseException as error:  # noqa: BLE001 - raised where the test waits
            outcome.append(error)

    if not sys.platform.startswith("linux"):
        pytest.skip("mounts are made on Linux only")
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for one in outcome:
        if isinstance(one, str):
            pytest.skip(one)
        raise one


class Share:
    """What a server keeps, and its mounting on this machine; all of it gone with the namespace."""

    def __init__(self, kept: Path, source: str, *folders: str) -> None:
        """Keep files in memory at ``kept``; mounts of it name ``source`` as what is mounted."""
        self.kept = kept
        kept.mkdir()
        _run("mount", "-t", "tmpfs", source, str(kept))
        for folder in folders:
            (kept / folder).mkdir()

    def mount(self, point: Path) -> None:
        """Mount it at ``point``."""
        _run("mount", "--bind", str(self.kept), str(point))

    def files(self) -> list[bytes]:
        """Return the contents of all files but hidden ones."""
        found = (path for path in self.kept.rglob("*") if path.is_file())
        return [path.read_bytes() for path in found if not path.name.startswith(".")]


def unmount(point: Path) -> None:
    """Take away what is mounted at ``point``, also while somebody uses it."""
    _run("umount", "--lazy", str(point))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
