"""A disk whose power can be cut at any moment of what was done to it: a file system of our own.

Nothing has to be cut while a program works: the journal tells what each moment would have left, so
that one run is cut a hundred times. What survived is mounted at the same place again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.power_journal import (
    Step,
    Survivors,
    dump,
    full_mark,
    read_journal,
    steps_that_make,
)
from tests.tools.waiting import wait_for


class PowerDisk:
    """A disk mounted at ``place``; ``journal`` is all that was ever done to it."""

    def __init__(self, place: Path, journal: Path) -> None:
        self.place = place
        self.journal = journal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def moment(self) -> int:
        """The moment it is."""
        return self.journal.stat().st_size

    @property
    def steps(self) -> list[tuple[int, Step]]:
        """Each step, with the moment it was done."""
        return read_journal(self.journal)

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Have no room for a new file or a byte for the length of the block."""
        mark = full_mark(self.journal)
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def mount(self) -> None:
        """Mount the disk."""
        self.place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.tools.power_server"]
        paths = [str(self.place), str(self.journal)]
        self._process = subprocess.Popen([*command, *paths], stderr=subprocess.PIPE)
        wait_for(self._is_mounted, what="the mounting of a disk")

    def unmount(self) -> None:
        """Take the disk away, whoever uses it."""
        command = [str(shutil.which("fusermount3")), "-u", "-z", str(self.place)]
        subprocess.run(command, capture_output=True, check=False)
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def _is_mounted(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            assert self._process.stderr is not None
            said = self._process.stderr.read().decode().strip()
            pytest.skip(f"no disk can be mounted here: {said.splitlines()[-1:]}")
        return os.path.ismount(self.place)


@contextlib.contextmanager
def power_disk(place: Path, journal: Path, content: Survivors | None = None) -> Iterator[PowerDisk]:
    """Yield a disk with what survived on another; skip the test where there is no FUSE."""
    if shutil.which("fusermount3") is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("no disk can be mounted here: FUSE 3 (package fuse3) is missing or forbidden")
    journal.write_bytes(b"".join(map(dump, steps_that_make(content or {}))))
    disk = PowerDisk(place, journal)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()
