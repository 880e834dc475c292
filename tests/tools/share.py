"""A share that hangs: a file system of our own (FUSE) that shows a plain folder.

The folder behind it stays reachable whatever the share does: look and write there, never at the
mount point, where the test would hang as well.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.waiting import wait_for

HANGS = "hang"


class Share:
    """A share mounted at ``place`` that shows the folder ``behind``."""

    def __init__(self, place: Path, behind: Path) -> None:
        self.place = place
        self.behind = behind
        self._orders = behind.with_name(f"{behind.name}.orders")
        self._process: subprocess.Popen[bytes] | None = None

    def mount(self) -> None:
        """Mount the share; the folder behind it is made if need be."""
        self.place.mkdir(parents=True, exist_ok=True)
        self.behind.mkdir(parents=True, exist_ok=True)
        self._orders.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "tests.tools.share_server", *map(str, self._paths())]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE)
        wait_for(self._is_mounted, what="the mounting of a share")

    def unmount(self) -> None:
        """Take the share away, hanging or not; what waits for it gets an error."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()
        command = [str(shutil.which("fusermount3")), "-u", "-z", str(self.place)]
        subprocess.run(command, capture_output=True, check=False)

    def hang(self) -> None:
        """Let every call that comes from now on wait until `answer`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def answer(self) -> None:
        """Answer again, what waits as well."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Hang for the length of the block."""
        self.hang()
        try:
            yield
        finally:
            self.answer()

    @contextlib.contextmanager
    def at(self, call: str, result: str = HANGS) -> Iterator[None]:
        """Let one kind of call (``rename``, ``create``) hang, or fail with an error (``EIO``).

        As ``rename.done`` (so ``create``, ``unlink``, ``write``) it is done, and only the answer is
        lost.
        """
        order = self._orders / call
        order.write_text(result)
        try:
            yield
        finally:
            order.unlink()

    def waits_at(self, call: str) -> bool:
        """Return whether a call of that kind hangs by order of `at`."""
        return (self._orders / f"{call}.waits").exists()

    def _paths(self) -> tuple[Path, Path, Path]:
        return self.place, self.behind, self._orders

    def _is_mounted(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            assert self._process.stderr is not None
            with self._process.stderr as stderr:
                said = stderr.read().decode().strip()
            pytest.skip(f"no share can be mounted here: {said.splitlines()[-1:]}")
        return os.path.ismount(self.place)


@contextlib.contextmanager
def share(place: Path, behind: Path) -> Iterator[Share]:
    """Yield a share mounted at ``place``; skip the test where there is no FUSE."""
    if shutil.which("fusermount3") is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("no share can be mounted here: FUSE 3 (package fuse3) is missing or forbidden")
    mounted = Share(place, behind)
    mounted.mount()
    try:
        yield mounted
    finally:
        mounted.unmount()
