"""Calls of a delivery really fail, in the kernel: with strace."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.database import Database
from gdtbridge.outbox import GdtDrop, Message, Outbox
from gdtbridge.schema import outbox as table

PAYLOAD = b"01380006310\r\n" * 30
DELIVER = """
import sys
from pathlib import Path
from gdtbridge.database import Database
from gdtbridge.outbox import GdtDrop, Outbox
Outbox(Database(sys.argv[1]), {"gdt": GdtDrop(Path(sys.argv[2]))}).deliver_due("gdt")
"""

pytestmark = pytest.mark.peer


class Traced:
    """One message in a database, delivered by processes that something befalls."""

    def __init__(self, folder: Path, project: Path) -> None:
        self._project = project
        self._url = f"sqlite:///{folder / 'db.sqlite'}"
        self.folder = folder / "out"
        self.folder.mkdir()
        self.database = Database(self._url)
        self.outbox = Outbox(self.database, {"gdt": GdtDrop(self.folder)})
        with self.database.write() as connection:
            self.outbox.put(connection, Message("gdt", "gdt", "1", "A.gdt", PAYLOAD))

    def run(self, inject: str) -> None:
        """Deliver in a process with an injected fault."""
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={inject}"]
        finished = subprocess.run(
            [*command, sys.executable, "-c", DELIVER, self._url, str(self.folder)],
            cwd=self._project,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr.decode()

    def make_due(self) -> None:
        """Let the time of the retry come."""
        with self.database.write() as connection:
            connection.execute(sa.update(table).values(next_at=0))

    def collect(self) -> list[bytes]:
        """Take the files as an importer does."""
        found = list(self.folder.glob("[!.]*"))
        contents = [path.read_bytes() for path in found]
        for path in found:
            path.unlink()
        return contents


@pytest.fixture
def traced(tmp_path: Path, project: Path) -> Iterator[Traced]:
    """Return a message to be delivered under strace, or skip where that cannot run."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    probe = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("strace may not trace here")
    made = Traced(tmp_path, project)
    yield made
    made.database.close()


@pytest.mark.parametrize(
    "fault",
    [
        "fsync:error=ENOSPC:when=1",
        "renameat2:error=EACCES",
        "fsync:error=EIO:when=3",
    ],
)
def test_failing_call(traced: Traced, fault: str) -> None:
    """An error of the kernel postpones the delivery; the next attempt leaves one whole file."""
    traced.run(fault)
    assert traced.outbox.status()[0].pending == 1
    traced.make_due()
    assert traced.outbox.deliver_due("gdt") == 1
    assert [path.name for path in traced.folder.iterdir()] == ["A.gdt"]
    assert traced.collect() == [PAYLOAD]


def test_file_system_without_noreplace(traced: Traced) -> None:
    """Where renaming without replacing is not known, the file arrives as well."""
    traced.run("renameat2:error=EINVAL")
    assert traced.collect() == [PAYLOAD]
