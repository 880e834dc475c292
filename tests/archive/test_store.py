"""Keeping received files: nothing lost, nothing doubled, nothing outside the folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.archive import Archive, IncomingInstance, ReceiptStatus, Standing
from gdtbridge.archive.spool import START_BYTES, SpoolFile
from gdtbridge.database import Database
from gdtbridge.dataset.errors import UnreadableDataset
from gdtbridge.dataset.header import Header, read_header
from gdtbridge.dataset.part10 import file_meta
from gdtbridge.errors import OutOfResources
from tests.tools.elements import EXPLICIT, element, identification, part10
from tests.tools.empty_database import open_database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a real database."""
    return open_database(tmp_path / "db.sqlite")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Return an archive on the disk."""
    folder = tmp_path / "archive"
    folder.mkdir()
    return Archive(folder)


def received(folder: Path, **values: str | bytes) -> tuple[IncomingInstance, Header]:
    """Return a received object and its head."""
    path = part10(folder / "incoming", identification(**values))
    header = read_header(path, EXPLICIT)
    incoming = IncomingInstance(
        path, header.SOPClassUID, header.SOPInstanceUID, EXPLICIT, "US01", "127.0.0.1"
    )
    return incoming, header


def keep(
    archive: Archive, database: Database, folder: Path, **values: str | bytes
) -> ReceiptStatus:
    """Store and enter one object."""
    incoming, header = received(folder, **values)
    stored = archive.store(incoming, header)
    with database.write() as connection:
        receipt = archive.look(connection, incoming, header, stored.sha256)
        if receipt.instance_id:
            return receipt.status
        return archive.enter(connection, incoming, header, stored, receipt.status, None, 0.0).status


def test_the_file_is_moved_as_it_is(archive: Archive, tmp_path: Path) -> None:
    """The stored file has the bytes that were received, and the spool is empty."""
    incoming, header = received(tmp_path)
    before = incoming.path.read_bytes()

    stored = archive.store(incoming, header)

    assert (archive.folder / stored.file).read_bytes() == before
    assert stored.size == len(before)
    assert not incoming.path.exists()


def test_what_its_writer_knows_is_not_read_again(archive: Archive, tmp_path: Path) -> None:
    """The digest handed over is that of the dataset; the file is whole and closed."""
    by_reading, header = received(tmp_path)
    dataset = identification() + element(0xFFFCFFFC, b"OB", bytes(START_BYTES))
    by_reading.path.write_bytes(file_meta("1.2", "2.25.1", EXPLICIT) + dataset)
    expected = archive.store(by_reading, header)
    spooled = SpoolFile(tmp_path, file_meta("1.2", "2.25.1", EXPLICIT))
    for at in range(0, len(dataset), 1007):
        spooled.write(memoryview(dataset)[at : at + 1007])
    known = spooled.finish()

    stored = archive.store(replace(by_reading, path=spooled.path, dataset=known), header)

    assert (stored.sha256, stored.file) == (expected.sha256, expected.file)
    assert known.file.closed
    written = (archive.folder / stored.file).read_bytes()
    assert written == file_meta("1.2", "2.25.1", EXPLICIT) + dataset
    assert stored.size == len(written)
    assert (known.size, known.start) == (len(dataset), dataset[:START_BYTES])


def test_the_same_bytes_again_change_nothing(
    archive: Archive, database: Database, tmp_path: Path
) -> None:
    """A device that sends twice has stored once."""
    standings = [keep(archive, database, tmp_path) for _ in range(2)]

    assert standings == [ReceiptStatus.NEW, ReceiptStatus.SAME]
    assert len(list(archive.folder.rglob("*.dcm"))) == 1


def test_other_bytes_under_the_same_uid_are_kept_to_be_compared(
    archive: Archive, database: Database, tmp_path: Path
) -> None:
    """Neither version is lost and a person can see that there are two."""
    keep(archive, database, tmp_path)

    assert keep(archive, database, tmp_path, StudyDescription="Other") is ReceiptStatus.CONFLICT
    assert keep(archive, database, tmp_path, StudyDescription="Other") is ReceiptStatus.SAME
    assert len(list(archive.folder.rglob("*.dcm"))) == 2
    with database.read() as connection:
        standings = [one.standing for one in archive.unclaimed(connection)]
    assert standings == [Standing.CURRENT, Standing.UNCOMPARED]


def test_what_comes_again_is_the_last_word(
    archive: Archive, database: Database, tmp_path: Path
) -> None:
    """A, B and A again, before anybody compared them: the index knows that A came last."""
    for description, status in (
        ("A", ReceiptStatus.NEW),
        ("B", ReceiptStatus.CONFLICT),
        ("A", ReceiptStatus.SAME),
    ):
        assert keep(archive, database, tmp_path, StudyDescription=description) is status

    with database.read() as connection:
        first, other = archive.unclaimed(connection)
    assert first.last_sent > other.last_sent
    assert [first.standing, other.standing] == [Standing.CURRENT, Standing.UNCOMPARED]


@pytest.mark.parametrize("uid", ["../../../etc/cron.d/x", "/etc/x", "..", "C:\\x", "a\nb"])
def test_names_from_the_wire_stay_data(archive: Archive, tmp_path: Path, uid: str) -> None:
    """A hostile UID makes a file inside the folder like any other."""
    stored = archive.store(*received(tmp_path, StudyInstanceUID=uid, SeriesInstanceUID=uid))

    path = (archive.folder / stored.file).resolve()
    assert path.is_file()
    assert path.is_relative_to(archive.folder.resolve())


def test_a_full_disk_is_said_before_anything_is_received(tmp_path: Path) -> None:
    """The reserve stays free."""
    archive = Archive(tmp_path, reserve=1 << 60)

    with pytest.raises(OutOfResources):
        archive.room_for(1)


def test_what_is_no_file_of_the_archive_is_unreadable(archive: Archive, tmp_path: Path) -> None:
    """A folder, a link to nowhere or to a file of others, and a pipe nobody writes to."""
    incoming, header = received(tmp_path)
    study = (archive.folder / archive.store(incoming, header).file).parent
    (study / "folder.dcm").mkdir()
    (study / "nowhere.dcm").symlink_to(tmp_path / "nowhere")
    (study / "link.dcm").symlink_to(next(study.glob("*.dcm")))
    os.mkfifo(study / "pipe.dcm")
    for name in ("folder", "nowhere", "link", "pipe"):
        with pytest.raises(UnreadableDataset):
            archive.found(study / f"{name}.dcm")


def test_what_the_index_names_and_is_not_there_is_missing(
    archive: Archive, database: Database, tmp_path: Path
) -> None:
    """Only files that are gone."""
    keep(archive, database, tmp_path, SOPInstanceUID="1.2.1")
    keep(archive, database, tmp_path, SOPInstanceUID="1.2.2")
    gone = next(archive.folder.glob("*/*/*.dcm"))
    gone.unlink()
    with database.read() as connection:
        assert list(archive.missing(connection)) == [gone]
