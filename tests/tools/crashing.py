"""A service and commands that are killed before the n-th call by which they change a file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tools.service import Service

SOURCE = Path(__file__).with_name("crash.c")
SYNCS = {"fsync", "fdatasync"}
RENAMES = {"rename", "renameat", "renameat2", "link", "linkat"}
REMOVALS = {"unlink", "unlinkat", "rmdir"}


class Call(NamedTuple):
    """A system call that changes a file below ``var``."""

    kind: str
    pid: int
    name: str
    path: str


class CrashingService(Service):
    """A service with all that happens below ``var`` counted, in its commands too.

    ``crash.c`` does it; it says there what a point is. Skips the test where it cannot be made.
    """

    def __init__(self, root: Path, **settings: str) -> None:
        super().__init__(root, **settings)
        compiler = shutil.which("cc")
        if compiler is None or sys.platform != "linux":
            pytest.skip("a process is killed at a call on Linux with a C compiler only")
        library = root / "crash.so"
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True)
        self._point, self._journal = root / "point", root / "calls"
        self._point.write_bytes(bytes(16))
        self._journal.touch()
        self._already_called = 0
        self._variables = {
            "LD_PRELOAD": str(library),
            "CRASH_POINT": str(self._point),
            "CRASH_BELOW": str(root / "var"),
            "CRASH_LOG": str(self._journal),
        }

    def environment(self) -> dict[str, str]:
        """Return the environment with the library that counts."""
        return super().environment() | self._variables

    def die_at(self, last: int) -> None:
        """Count anew, and end whoever is about to make the call number ``last`` (0: nobody)."""
        self._already_called = self._journal.stat().st_size
        with self._point.open("r+b") as file:  # in place: the processes have mapped it
            for number in (0, last):  # no call is between: the first is not to count as the last
                file.write(number.to_bytes(8, sys.byteorder))

    def calls(self) -> list[Call]:
        """Return all calls since the last `die_at`; the last one of the dead was not made."""
        text = self._journal.read_bytes()[self._already_called :].decode()
        found = (line.split(" ", 2) for line in text.splitlines())
        return [Call(kind_of(name, path), int(pid), name, path) for pid, name, path in found]


def kind_of(call: str, path: str) -> str:
    """Return what a call is: write, sync, commit, rename, remove or mkdir.

    A commit is the sync of SQLite's log (sqlite.org/wal.html): after it a transaction has been.
    """
    if call in SYNCS:
        return "commit" if path.endswith("-wal") else "sync"
    if call in RENAMES:
        return "rename"
    if call in REMOVALS:
        return "remove"
    return "mkdir" if call == "mkdir" else "write"
