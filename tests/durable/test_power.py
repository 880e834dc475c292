"""The disk of these tests loses with the power what was not synced, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from gdtbridge.backup import back_up
from gdtbridge.durable.files import create, delete, move_over, sync_folder, write_new, write_over
from gdtbridge.first_start import make_database
from gdtbridge.folders.claims import adopt, file_away
from gdtbridge.settings import load_settings
from gdtbridge.settings.folders import make_folders, own_folders
from tests.tools.power import PowerDisk, power_disk
from tests.tools.power_journal import Survivors, survivors

TRIES = 40
SEED = 10
GONE = b""


@pytest.fixture
def disk(tmp_path: Path, memory: Path) -> Iterator[PowerDisk]:
    """Return a disk with a folder that is there for good."""
    with power_disk(tmp_path / "disk", memory / "journal") as mounted:
        (mounted.place / "in").mkdir()
        sync_folder(mounted.place)
        yield mounted


def left(disk: PowerDisk, moment: int | None = None) -> dict[str, bytes]:
    """Return the files a cut leaves, by the letter of POSIX."""
    kept = survivors(disk.steps, disk.moment if moment is None else moment, None)
    return {path: one.data for path, one in kept.items() if one.data is not None}


def outcomes(disk: PowerDisk, moments: Iterable[int]) -> Iterator[Survivors]:
    """Yield what a cut leaves at each moment: to the letter, and by chance more than that."""
    steps, chance = disk.steps, Random(SEED)
    for moment in moments:
        yield survivors(steps, moment, None)
        yield survivors(steps, moment, chance)


def test_a_file_that_is_not_synced_is_gone(disk: PowerDisk) -> None:
    """Processes see it, the disk has neither its name nor its bytes."""
    path = disk.place / "A.gdt"
    path.write_bytes(b"1")
    assert path.read_bytes() == b"1"
    assert left(disk) == {}
    sync_folder(disk.place)
    assert left(disk) == {"/A.gdt": b""}


def test_a_file_is_there_when_it_and_its_name_are_synced(disk: PowerDisk) -> None:
    """A sync of the file alone does not keep its name."""
    create(disk.place / "A.gdt", b"1")
    assert left(disk) == {}
    sync_folder(disk.place)
    assert left(disk) == {"/A.gdt": b"1"}
    with (disk.place / "A.gdt").open("r+b") as file:
        file.write(b"2")
    assert left(disk) == {"/A.gdt": b"1"}


def test_names_that_are_not_synced_come_back(disk: PowerDisk) -> None:
    """What was renamed or removed has its old name until the folder is synced."""
    for name in ("A.gdt", "B.gdt"):
        write_new(disk.place / name, name.encode())
    (disk.place / "A.gdt").rename(disk.place / "in" / "C.gdt")
    (disk.place / "B.gdt").unlink()
    assert set(left(disk)) == {"/A.gdt", "/B.gdt"}
    sync_folder(disk.place / "in")
    assert set(left(disk)) == {"/A.gdt", "/B.gdt", "/in/C.gdt"}
    sync_folder(disk.place)
    assert left(disk) == {"/in/C.gdt": b"A.gdt"}


def test_what_is_in_a_folder_without_a_name_is_lost(disk: PowerDisk) -> None:
    """A new folder has to be synced into its parent, whatever is synced in it."""
    (disk.place / "new").mkdir()
    write_new(disk.place / "new" / "A.gdt", b"1")
    assert left(disk) == {}
    sync_folder(disk.place)
    assert left(disk) == {"/new/A.gdt": b"1"}


def test_our_own_files_survive_each_cut_whole(disk: PowerDisk) -> None:
    """At any step of writing, replacing, moving and deleting there is the old or the new."""
    inside, outside = disk.place / "in" / "A.gdt", disk.place / "A.gdt"
    acts: list[tuple[Callable[[], object], set[bytes]]] = [
        (lambda: write_new(inside, b"old"), {GONE, b"old"}),
        (lambda: write_over(inside, b"new"), {b"old", b"new"}),
        (lambda: move_over(inside, outside, temporary=disk.place / ".part"), {b"new"}),
        (lambda: delete(outside), {b"new", GONE}),
    ]
    ends = [disk.moment]
    for act, _ in acts:
        act()
        ends.append(disk.moment)
    for (began, ended), (_, allowed) in zip(pairwise(ends), acts, strict=True):
        for kept in outcomes(disk, [when for when, _ in disk.steps if began <= when <= ended]):
            ours = {one.data for path, one in kept.items() if path.endswith("A.gdt")}
            assert (ours or {GONE}) <= allowed


def test_folders_of_a_first_start_are_there_to_stay(disk: PowerDisk) -> None:
    """Also what an earlier start made and had no time to sync."""
    settings = load_settings(None, {"GDTBRIDGE_STORAGE__ROOT": str(disk.place / "var")})
    (disk.place / "var" / "archive").mkdir(parents=True)
    make_folders(settings)
    kept = survivors(disk.steps, disk.moment, None)
    ours = {f"/{one.relative_to(disk.place)}" for _, one in own_folders(settings)}
    assert ours - set(kept) == set()


def test_an_order_file_is_kept_in_a_folder_of_its_day(disk: PowerDisk) -> None:
    """The folder is new each day; what is filed first in it survives as well."""
    (disk.place / "spool").mkdir()
    claimed = adopt("A.gdt", b"8000", disk.place / "spool")
    file_away(claimed, disk.place / "in" / "2026-11-30" / "A.gdt")
    assert left(disk) == {"/in/2026-11-30/A.gdt": b"8000"}


def test_a_backup_that_says_it_is_done_is_there(disk: PowerDisk, tmp_path: Path) -> None:
    """Each file of it, and the folder that was made for it."""
    settings = load_settings(None, {"GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "var")})
    make_database(settings)
    (settings.archive_folder / "ab" / "abcd").mkdir(parents=True)
    (settings.archive_folder / "ab" / "abcd" / "1.dcm").write_bytes(b"1")
    target = disk.place / "backup"
    back_up(settings, target)
    there = {f"/{one.relative_to(disk.place)}" for one in target.rglob("*") if one.is_file()}
    assert {Path(one).suffix for one in there} >= {".sqlite", ".dcm"}
    kept = left(disk)
    assert all(kept.get(one) == (disk.place / one[1:]).read_bytes() for one in there)


def test_a_database_keeps_what_it_committed(disk: PowerDisk, tmp_path: Path) -> None:
    """SQLite works on it (its log is mapped into memory), and loses no row at any cut."""
    rows: dict[int, int] = {}
    with closing(sqlite3.connect(disk.place / "db.sqlite", isolation_level=None)) as database:
        assert database.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE one (number INTEGER)")
        for number in range(5):
            database.execute("INSERT INTO one VALUES (?)", (number,))
            rows[disk.moment] = number + 1
    moments = Random(SEED).choices([when for when, _ in disk.steps], k=TRIES)
    for moment in moments:
        for number, kept in enumerate(outcomes(disk, [moment])):
            folder = tmp_path / f"{moment}-{number}"
            folder.mkdir(exist_ok=True)
            for path, one in kept.items():
                if one.data is not None:
                    (folder / Path(path).name).write_bytes(one.data)
            promised = max((n for when, n in rows.items() if when <= moment), default=0)
            assert not promised or rows_in(folder / "db.sqlite") >= promised


def rows_in(database: Path) -> int:
    """Return how many rows the table has."""
    with closing(sqlite3.connect(database)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM one").fetchone()
    return int(found)
