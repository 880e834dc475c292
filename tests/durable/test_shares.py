"""A share that refuses to sync folders: archive, outbox and worklist go on alike."""

from __future__ import annotations

import errno
import os
import stat
from datetime import datetime
from pathlib import Path

import pytest

from gdtbridge.archive import Archive, IncomingInstance
from gdtbridge.dataset.header import read_header
from gdtbridge.folders.claims import adopt, file_away
from gdtbridge.outbox import GdtDrop, Message, Outbox
from tests.tools.clock import HandClock
from tests.tools.elements import EXPLICIT, identification, part10
from tests.tools.empty_database import open_database
from worklist import AccessionNumbers, WorklistFolder, make_entry


@pytest.fixture(params=[errno.ENOSYS, errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOTSUP])
def answer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let every sync of a folder fail with this number; files are synced as ever."""
    number: int = request.param
    real = os.fsync

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    return number


@pytest.mark.usefixtures("answer")
class TestRefusedFolderSync:
    """Each room does its work on such a share."""

    def test_archive(self, tmp_path: Path) -> None:
        """A device's object is received."""
        path = part10(tmp_path / "incoming", identification())
        header = read_header(path, EXPLICIT)
        uids = header.SOPClassUID, header.SOPInstanceUID, EXPLICIT
        archive = Archive(tmp_path / "archive")
        archive.folder.mkdir()
        stored = archive.store(IncomingInstance(path, *uids, "US01", "127.0.0.1"), header)
        assert (archive.folder / stored.file).stat().st_size == stored.size

    def test_outbox(self, tmp_path: Path) -> None:
        """A result arrives in the practice software's folder."""
        database = open_database(tmp_path / "db.sqlite")
        share = tmp_path / "share"
        share.mkdir()
        outbox = Outbox(database, {"gdt": GdtDrop(share)})
        with database.write() as connection:
            outbox.put(connection, Message("gdt", "gdt", "1", "A.gdt", b"8000"))
        assert outbox.deliver_due("gdt") == 1
        assert [path.name for path in share.iterdir()] == ["A.gdt"]
        database.close()

    def test_worklist(self, tmp_path: Path) -> None:
        """An order gets its number and its entry, and the entry goes again."""
        folder = WorklistFolder(tmp_path / "worklist")
        number = AccessionNumbers(tmp_path / "worklist", HandClock()).next()
        entry = make_entry(
            AccessionNumber=number,
            PatientID="4711",
            PatientName="Test^Eva",
            scheduled=datetime.fromisoformat("2024-01-15 10:30:15"),
        )
        assert folder.add(entry).exists()
        assert folder.remove(number)

    def test_orders(self, tmp_path: Path) -> None:
        """A file handed over is kept and filed."""
        claimed = adopt("A.gdt", b"8000", tmp_path)
        file_away(claimed, tmp_path / "archive" / "A.gdt")
        assert (tmp_path / "archive" / "A.gdt").read_bytes() == b"8000"
        assert not claimed.path.exists()
