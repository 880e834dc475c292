"""Delivered files that are taken back: gone from the folder, or collected and then corrected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

import gdtbridge.durable
import gdtbridge.outbox
from gdtbridge.durable import SteadyClock
from gdtbridge.durable.files import rename_new
from gdtbridge.outbox import NOT_MOUNTED, FileNaming, GdtDrop, Message, Outbox, gdt_drop
from gdtbridge.outbox.model import (
    ALARM_SECONDS,
    UNCOLLECTED_SECONDS,
    DeliveryState,
    OutgoingMessage,
    RecallResult,
)
from gdtbridge.outbox.store import ask_what_waits
from gdtbridge.schema import outbox as table
from tests.tools.clock import HandClock
from tests.tools.dying import SimulatedCrash, Tried, dying_at, files_of
from tests.tools.empty_database import open_database

WALKED = files_of(
    {
        gdtbridge.outbox: ("worker", "gdt_drop", "recalling", "recall_round"),
        gdtbridge.durable: ("files", "writers"),
    }
)
PICTURE = b"picture"
PICTURE_NAME = f"R1-{hashlib.sha256(PICTURE).hexdigest()[:16]}.jpg"
LINES_AT_LEAST = 40
"""Lines a recall has at least."""


class House:
    """A folder of the practice software, one of attachments, and the outbox that fills them."""

    def __init__(self, place: Path, naming: FileNaming = FileNaming.ONCE) -> None:
        self.naming = naming
        self.database = open_database(place / "db.sqlite")
        self.folder, self.pictures = place / "out", place / "pictures"
        self.folder.mkdir()
        self.pictures.mkdir()
        self.clock = HandClock()
        self.outbox = self.restarted()

    def restarted(self) -> Outbox:
        """Return the outbox of a service that has just started."""
        drops = {
            "gdt": GdtDrop(self.folder, self.naming),
            "attachments": GdtDrop(self.pictures, FileNaming.REUSED, "attachment"),
        }
        return Outbox(self.database, drops, clock=SteadyClock(self.clock))

    def put(self, key: str, *, recall: str = "", after: int | None = None) -> int:
        """Put a record."""
        name = "one.gdt" if self.naming is FileNaming.REUSED else f"{key}.gdt"
        said = Message("gdt", "gdt", key, name, key.encode(), after, recall=recall)
        with self.database.write() as connection:
            return self.outbox.put(connection, said)

    def picture(self, key: str) -> int:
        """Put a picture for a chart."""
        with self.database.write() as connection:
            said = Message("attachment", "attachments", key, PICTURE_NAME, PICTURE)
            return self.outbox.put(connection, said)

    def deliver(self) -> None:
        """Let everything leave, or come back."""
        for destination in ("attachments", "gdt", "attachments", "gdt"):
            self.outbox.deliver_due(destination)

    def recall(self, *prefixes: str) -> str:
        """Ask for files, and put what leaves instead where that can be."""
        with self.database.write() as connection:
            mark = self.outbox.recall(connection, prefixes)
        if mark:
            self.put(f"sorry-{prefixes[0]}", recall=mark)
        return mark

    @property
    def files(self) -> list[str]:
        """What lies in the folder of the practice software."""
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def states(self) -> list[str]:
        """The states of all messages, in the order they were put."""
        with self.database.read() as connection:
            return list(connection.execute(sa.select(table.c.state).order_by(table.c.id)).scalars())


@pytest.fixture
def house(memory: Path) -> Iterator[House]:
    """Return a house in memory; two records of a chart lie in its folder."""
    made = House(memory)
    made.put("a1")
    made.put("a2")
    made.deliver()
    assert made.files == ["a1.gdt", "a2.gdt"]
    yield made
    made.database.close()


def test_files_that_lie_are_taken_out_of_the_folder(house: House) -> None:
    """Nobody is told of anything, nothing is left behind, and the same may be put once more."""
    assert house.recall("a")
    assert house.states == ["recalling", "recalling", "reserved"]
    house.deliver()
    assert house.files == []
    assert house.states == ["recalled", "recalled"]
    house.put("a1")
    house.deliver()
    assert house.files == ["a1-2.gdt"]


@pytest.mark.parametrize("gone", [["a1"], ["a2"], ["a1", "a2"]])
def test_what_was_collected_in_that_moment_is_corrected(house: House, gone: list[str]) -> None:
    """What leaves instead leaves once; what still lay there is taken all the same."""
    house.recall("a")
    for name in gone:
        (house.folder / f"{name}.gdt").unlink()
    house.deliver()
    assert house.files == ["sorry-a.gdt"]
    expected = ["delivered" if f"a{number}" in gone else "recalled" for number in (1, 2)]
    assert house.states == [*expected, "delivered"]


def test_since_a_restore_a_person_is_asked(house: House) -> None:
    """The file may have been taken back after the copy, or the correction have left."""
    house.recall("a")
    with house.database.write() as connection:
        ask_what_waits(connection)
    for name in ("a1", "a2"):
        (house.folder / f"{name}.gdt").unlink()
    house.deliver()
    assert house.states == ["delivered", "delivered", "question"]


def test_a_file_of_somebody_else_is_never_taken(house: House) -> None:
    """Ours was collected, and another one has its name by now."""
    house.recall("a")
    (house.folder / "a1.gdt").write_bytes(b"somebody's")
    house.deliver()
    assert (house.folder / "a1.gdt").read_bytes() == b"somebody's"
    assert house.files == ["a1.gdt", "sorry-a.gdt"]


def test_who_has_it_open_has_it_wholly(house: House) -> None:
    """Whoever reads at that moment reads all of it: it counts as collected."""
    house.recall("a")
    with (house.folder / "a2.gdt").open("rb") as reader:
        house.deliver()
        assert reader.read() == b"a2"
    assert house.files == ["sorry-a.gdt"]


def test_a_name_that_changes_hands_on_the_way(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the renaming another file came: it gets its name back."""
    real = rename_new

    def late(source: Path, target: Path) -> None:
        if source.name == "a1.gdt" and source.read_bytes() == b"a1":
            source.write_bytes(b"somebody's")
        real(source, target)

    monkeypatch.setattr(gdtbridge.outbox.recalling, "rename_new", late)
    house.recall("a")
    house.deliver()
    assert (house.folder / "a1.gdt").read_bytes() == b"somebody's"
    assert house.files == ["a1.gdt", "sorry-a.gdt"]


def test_a_name_that_changes_hands_twice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we renamed and is not ours is kept until its name is free again, restarts included."""
    real = rename_new

    def late(source: Path, target: Path) -> None:
        if source.name == "a1.gdt" and source.read_bytes() == b"a1":
            source.write_bytes(b"somebody's")
            real(source, target)
            source.write_bytes(b"the next one's")
        else:
            real(source, target)

    with monkeypatch.context() as race:
        race.setattr(gdtbridge.outbox.recalling, "rename_new", late)
        house.recall("a1")
        house.deliver()
    house.outbox = house.restarted()
    house.deliver()
    assert house.states == ["recalling", "delivered", "reserved"]
    (house.folder / "a1.gdt").unlink()
    house.deliver()
    assert (house.folder / "a1.gdt").read_bytes() == b"somebody's"
    assert house.files == ["a1.gdt", "a2.gdt", "sorry-a1.gdt"]


@pytest.mark.parametrize("beside", ["before", "behind"])
def test_where_all_files_bear_one_name(memory: Path, beside: str) -> None:
    """What was collected under the name, or waits for it, is another file."""
    house = House(memory, FileNaming.REUSED)
    for key in ("b1", "a1") if beside == "before" else ("a1", "b1"):
        house.put(key)
    house.deliver()
    if beside == "before":
        (house.folder / "one.gdt").unlink()
        house.deliver()
    assert house.recall("a1")
    house.deliver()
    left = [(house.folder / name).read_bytes() for name in house.files]
    assert left == ([] if beside == "before" else [b"b1"])
    house.database.close()


def test_a_file_in_use_on_a_share_is_taken_later(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The server does not let it be renamed: neither is said meanwhile, and the log once."""

    def refused(_: Path, __: Path) -> None:
        raise PermissionError(13, "sharing violation")

    with monkeypatch.context() as share:
        share.setattr(gdtbridge.outbox.recalling, "rename_new", refused)
        house.recall("a")
        for _ in range(3):
            house.deliver()
        assert house.states == ["recalling", "recalling", "reserved"]
    assert len([one for one in caplog.messages if "in use" in one]) == len(["a1", "a2"])
    house.deliver()
    assert house.states == ["recalled", "recalled"]


@pytest.mark.parametrize("hindrance", ["share", "mark", "pause"])
def test_where_nothing_may_be_done_it_waits(house: House, hindrance: str) -> None:
    """A share that is away, an empty mount point, a pause."""
    house.recall("a")
    away = house.folder.with_name("away")
    if hindrance == "share":
        house.folder.rename(away)
    elif hindrance == "mark":
        (house.folder / NOT_MOUNTED).touch()
    else:
        house.outbox.pause("gdt", "umziehen", "Anna")
    house.deliver()
    assert house.states == ["recalling", "recalling", "reserved"]
    house.clock.seconds += ALARM_SECONDS + 1
    status = next(one for one in house.outbox.status() if one.destination == "gdt")
    assert (status.pending, status.stuck) == (2, hindrance != "pause")
    assert len(house.outbox.waiting("gdt", 9)) == status.pending
    if hindrance == "share":
        away.rename(house.folder)
    elif hindrance == "mark":
        (house.folder / NOT_MOUNTED).unlink()
    else:
        house.outbox.resume("gdt")
    house.clock.seconds += 120
    house.deliver()
    assert house.files == []


class TestNotAtAll:
    """Where a file may be in a chart already, nothing is taken."""

    def test_one_was_collected(self, house: House) -> None:
        """And that was seen."""
        with house.database.write() as connection:
            connection.execute(sa.update(table).where(table.c.id == 1).values(collected_at=1.0))
        assert not house.recall("a")
        assert house.states == ["delivered", "delivered"]

    def test_software_leaves_its_files(self, house: House) -> None:
        """A file that lies there says nothing then."""
        house.clock.seconds += UNCOLLECTED_SECONDS + 1
        assert not house.recall("a")

    def test_one_is_being_asked_about(self, house: House) -> None:
        """Only a person knows."""
        with house.database.write() as connection:
            asked = sa.update(table).where(table.c.id == 2)
            connection.execute(asked.values(state=DeliveryState.QUESTION))
        assert not house.recall("a")

    def test_none_lies(self, house: House) -> None:
        """Nothing of that key, or only what waits."""
        house.put("b1")
        assert not house.recall("b")


class TestAttachments:
    """Pictures lie beside the record that names them."""

    def test_they_follow_the_record(self, memory: Path) -> None:
        """Nothing of the chart is left."""
        house = House(memory)
        house.put("a1", after=house.picture("x1"))
        house.deliver()
        assert [*house.pictures.iterdir()]
        house.recall("a", "x")
        house.deliver()
        assert [*house.folder.iterdir(), *house.pictures.iterdir()] == []
        house.database.close()

    def test_they_stay_where_the_record_was_collected(self, memory: Path) -> None:
        """The chart names them."""
        house = House(memory)
        house.put("a1", after=house.picture("x1"))
        house.deliver()
        house.recall("a", "x")
        (house.folder / "a1.gdt").unlink()
        house.deliver()
        assert [one.name for one in house.pictures.iterdir()] == [PICTURE_NAME]
        house.database.close()

    def test_they_stay_where_another_chart_has_them(self, memory: Path) -> None:
        """The same picture went to the right chart meanwhile."""
        house = House(memory)
        house.put("a1", after=house.picture("x1"))
        house.deliver()
        house.recall("a", "x")
        house.put("b1", after=house.picture("y1"))
        house.deliver()
        house.deliver()
        assert [one.name for one in house.pictures.iterdir()] == [PICTURE_NAME]
        assert house.files == ["b1.gdt"]
        house.database.close()


@pytest.mark.crash
@pytest.mark.parametrize("collected", [False, True])
# A file that broke off where the disturbing crash left it raises a warning of its own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_wherever_the_service_dies(house: House, tried: Tried, *, collected: bool) -> None:
    """Taken back once, or corrected once; nothing is left behind."""
    expected = ["a1.gdt", "a2.gdt"]

    def die(key: str, line: int) -> int:
        house.put(key)
        house.deliver()
        house.recall(key)
        if collected:
            (house.folder / f"{key}.gdt").unlink()
            expected.append(f"sorry-{key}.gdt")
        with dying_at(line, WALKED) as run, suppress(SimulatedCrash):
            house.outbox._workers["gdt"]._recall()
        house.outbox = house.restarted()
        house.deliver()
        house.outbox._workers["gdt"]._tidy()  # as soon as its thread looks
        assert house.files == sorted(expected), line
        assert "recalling" not in house.states, line
        assert "reserved" not in house.states, line
        return run[0]

    lines = die("whole", -1)
    assert lines > LINES_AT_LEAST
    for line in tried(lines):
        die(f"line{line}", line)


def test_what_was_taken_is_known_after_a_crash(house: House) -> None:
    """The temporary name stands in the database before the file has it."""
    house.recall("a1")
    with house.database.read() as connection:
        query = sa.select(table.c.temporary_name).where(table.c.state == DeliveryState.RECALLING)
        away = connection.execute(query).scalar_one()
    message = OutgoingMessage(1, "a1.gdt", b"a1", DeliveryState.RECALLING, away, "a1.gdt")
    journal = house.outbox._workers["gdt"]._journal
    for _ in range(2):
        found = gdt_drop.GdtDrop(house.folder).recall([message], journal)
        assert found == {1: RecallResult.TAKEN}
