"""Small objects: their bytes stay in the index until the disk surely has their files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.archive.spool import START_BYTES
from gdtbridge.archive.unsynced import sync_files
from gdtbridge.schema import unsynced_file
from tests.tools.elements import element, identification
from tests.tools.practice import Practice


def kept(practice: Practice) -> int:
    """Return of how many files the index has the bytes."""
    with practice.database.read() as connection:
        return len(connection.execute(sa.select(unsynced_file)).all())


def only_file(practice: Practice) -> Path:
    """Return the one file of the archive."""
    (file,) = practice.archive.folder.glob("*/*/*.dcm")
    return file


def test_a_small_object_is_in_the_index_until_it_is_synced(practice: Practice) -> None:
    """Its file can be read at once; the bytes leave the index when it is durable."""
    practice.send()
    before = only_file(practice).read_bytes()
    assert kept(practice) == 1

    assert sync_files(practice.database, practice.archive.make_durable) == 1

    assert kept(practice) == 0
    assert only_file(practice).read_bytes() == before
    assert sync_files(practice.database, practice.archive.make_durable) == 0


def test_a_large_object_is_not_in_the_index(practice: Practice) -> None:
    """It is on the disk when the device is told so."""
    padding = element(0xFFFCFFFC, b"OB", bytes(START_BYTES))
    practice.send_dataset(identification() + padding, SOPInstanceUID="2.25.1")

    assert kept(practice) == 0


LOSSES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "short": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "different": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "no folder": lambda file: shutil.rmtree(file.parent.parent),
}
"""What a power cut may leave of a file that was not synced."""


@pytest.mark.parametrize("loss", LOSSES)
def test_what_a_power_cut_took_is_written_again(practice: Practice, loss: str) -> None:
    """The next start finds every acknowledged object, byte for byte."""
    practice.send()
    file = only_file(practice)
    before = file.read_bytes()
    LOSSES[loss](file)

    practice.again().core.adopt()

    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o077 == 0
    assert kept(practice) == 0


def test_what_cannot_be_written_stays_in_the_index(practice: Practice) -> None:
    """One file in whose place a folder is keeps no other from its place."""
    for _ in range(3):
        practice.send()
    first, second, _ = sorted(practice.archive.folder.glob("*/*/*.dcm"))
    before = first.read_bytes()
    first.unlink()
    first.mkdir()
    second.unlink()

    assert sync_files(practice.database, practice.archive.make_durable) == 2

    assert second.is_file()
    assert kept(practice) == 1
    first.rmdir()
    assert sync_files(practice.database, practice.archive.make_durable) == 1
    assert first.read_bytes() == before


def test_an_archive_that_is_gone_is_not_made_anew(practice: Practice) -> None:
    """Where its disk is not mounted, a folder of its name would take the objects elsewhere."""
    practice.send()
    folder, away = practice.archive.folder, practice.archive.folder.with_name("away")
    folder.rename(away)

    assert sync_files(practice.database, practice.archive.make_durable) == 0

    assert not folder.exists()
    assert kept(practice) == 1
    away.rename(folder)
    assert sync_files(practice.database, practice.archive.make_durable) == 1


def test_an_object_again_mends_its_file(practice: Practice) -> None:
    """A device that sends again what somebody deleted has it stored again."""
    practice.send(SOPInstanceUID="2.25.1")
    sync_files(practice.database, practice.archive.make_durable)
    file = only_file(practice)
    file.unlink()

    practice.send(SOPInstanceUID="2.25.1")

    assert file.is_file()
    assert list(practice.folder.joinpath("spool").iterdir()) == []


def test_what_the_index_has_itself_is_not_missing(practice: Practice) -> None:
    """A copy made after a power cut, before the next start, lacks nothing."""
    practice.send()
    only_file(practice).unlink()

    with practice.database.read() as connection:
        assert list(practice.archive.missing(connection)) == []
