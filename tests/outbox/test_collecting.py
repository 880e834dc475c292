"""When delivered files were collected: seen by their names, in the proven place only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.outbox import FileNaming, GdtDrop, Message, Outbox
from gdtbridge.outbox.collecting import LONGEST_SECONDS, SHORTEST_SECONDS
from gdtbridge.outbox.gdt_drop import NOT_MOUNTED
from gdtbridge.outbox.model import UNCOLLECTED_SECONDS
from gdtbridge.schema import outbox as table
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database

DAY = 86400.0


class Office:
    """An outbox with one folder, and practice software that collects by hand."""

    def __init__(self, root: Path, naming: FileNaming = FileNaming.ONCE) -> None:
        self.folder = root / "out"
        self.folder.mkdir()
        self.clock = HandClock()
        self.database = open_database(root / "db.sqlite")
        self.outbox = Outbox(self.database, {"gdt": GdtDrop(self.folder, naming)}, clock=self.clock)

    def deliver(self, *names: str) -> None:
        """Put a message for each name and deliver them."""
        with self.database.write() as connection:
            for name in names:
                key = f"{name}@{self.clock.utc()}"
                self.outbox.put(connection, Message("gdt", "gdt", key, name, key.encode()))
        self.look(0)

    def look(self, seconds: float) -> None:
        """Let time pass and the worker look."""
        self.clock.turn(seconds)
        self.outbox.deliver_due("gdt")

    def collected(self) -> dict[str, float | None]:
        """Return when each message was collected, in seconds since the clock began."""
        query = sa.select(table.c.final_name, table.c.collected_at).order_by(table.c.id)
        with self.database.read() as connection:
            return {row.final_name: row.collected_at for row in connection.execute(query)}

    @property
    def lying(self) -> int:
        """How many files lie there as far as is known."""
        (one,) = self.outbox.status()
        return one.lying.count


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Return an office whose files have names of their own."""
    made = Office(tmp_path)
    yield made
    made.database.close()


def test_what_is_gone_was_collected(office: Office) -> None:
    """The next look notes it, and when."""
    office.deliver("a.gdt", "b.gdt")
    office.look(SHORTEST_SECONDS)
    assert (office.lying, set(office.collected().values())) == (2, {None})

    (office.folder / "a.gdt").unlink()
    office.look(SHORTEST_SECONDS)

    assert office.collected() == {"a.gdt": office.clock.utc(), "b.gdt": None}
    assert office.lying == 1


def test_other_letters_are_the_same_name(office: Office) -> None:
    """A server may keep names in capitals."""
    office.deliver("a.gdt")
    (office.folder / "a.gdt").rename(office.folder / "A.GDT")

    office.look(SHORTEST_SECONDS)

    assert office.lying == 1


def test_the_longer_it_lies_the_seldomer_it_is_looked_for(office: Office) -> None:
    """After an hour once a minute; a new file is looked for soon."""
    office.deliver("a.gdt")
    office.look(3600)
    (office.folder / "a.gdt").unlink()
    office.look(SHORTEST_SECONDS)
    assert office.lying == 1
    office.look(LONGEST_SECONDS)
    assert office.lying == 0


@pytest.mark.parametrize("trouble", ["marked", "away"])
def test_nothing_is_known_of_a_folder_that_is_not_there(office: Office, trouble: str) -> None:
    """What a mount that failed hides was not collected."""
    office.deliver("a.gdt")
    office.look(SHORTEST_SECONDS)
    if trouble == "away":
        office.folder.rename(office.folder.with_name("away"))
    else:
        (office.folder / "a.gdt").rename(office.folder.with_name("kept"))
        (office.folder / NOT_MOUNTED).touch()

    office.look(LONGEST_SECONDS)
    assert office.collected() == {"a.gdt": None}

    if trouble == "away":
        office.folder.with_name("away").rename(office.folder)
        (office.folder / "a.gdt").unlink()
    else:
        (office.folder / NOT_MOUNTED).unlink()
    office.look(SHORTEST_SECONDS)
    assert office.lying == 0


def test_a_name_that_is_used_again_is_the_last_ones(tmp_path: Path) -> None:
    """The file before it was collected when it got the name."""
    office = Office(tmp_path, FileNaming.REUSED)
    office.deliver("result.gdt")
    (office.folder / "result.gdt").unlink()
    office.clock.turn(1)
    office.deliver("result.gdt")
    office.look(SHORTEST_SECONDS)

    with office.database.read() as connection:
        rows = connection.execute(sa.select(table.c.collected_at).order_by(table.c.id)).all()
    office.database.close()

    assert [row[0] is None for row in rows] == [False, True]


def test_who_collects_and_stops_is_told_of(office: Office) -> None:
    """After a day; software that never collects leaves its files on purpose."""
    office.deliver("a.gdt")
    office.look(UNCOLLECTED_SECONDS + 1)
    (one,) = office.outbox.status()
    assert not one.lying.are_forgotten(office.clock.utc())

    (office.folder / "a.gdt").unlink()
    office.look(LONGEST_SECONDS)
    office.deliver("b.gdt")
    (one,) = office.outbox.status()
    assert not one.lying.are_forgotten(office.clock.utc())
    office.look(UNCOLLECTED_SECONDS + 1)
    (one,) = office.outbox.status()
    assert one.lying.are_forgotten(office.clock.utc())
    office.look(14 * DAY)
    (one,) = office.outbox.status()
    assert one.lying.count == 0


def test_a_file_that_is_written_again_lies_again(office: Office) -> None:
    """A question answered with "again" begins anew."""
    office.deliver("a.gdt")
    (office.folder / "a.gdt").unlink()
    office.look(SHORTEST_SECONDS)
    assert office.lying == 0
    with office.database.write() as connection:
        connection.execute(sa.update(table).values(state="pending"))

    office.look(0)

    assert (office.lying, office.collected()) == (1, {"a.gdt": None})
