"""A delivery that dies at any line and is taken up again leaves one file, or a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

import gdtbridge.durable
import gdtbridge.outbox
from gdtbridge.database import Database
from gdtbridge.outbox import FileNaming, GdtDrop, Message, Outbox
from gdtbridge.outbox.model import DeliveryState
from gdtbridge.schema import outbox as table
from tests.tools.dying import SimulatedCrash, Tried, dying_at, files_of
from tests.tools.empty_database import open_database

# What these call in the other modules runs inside one transaction: all of it, or nothing.
WALKED = files_of({gdtbridge.outbox: ("worker", "gdt_drop"), gdtbridge.durable: ("files",)})
FOREIGN = b"somebody else's\r\n"
PAYLOAD = b"0138000" + b"6310\r\n" * 40
SEVERAL = 4
"""Messages: the first alone, two together, the last."""


Names = tuple[FileNaming, str]
ONCE: Names = (FileNaming.ONCE, "A1.gdt")
NAMES = {
    "once": ONCE,
    "one name for all": (FileNaming.REUSED, "A1.gdt"),
    "counted": (FileNaming.REUSED, "A1-###.gdt"),
}


class World:
    """One destination, the practice software that empties its folder, and a bridge that dies."""

    def __init__(self, database: Database, folder: Path, names: Names, messages: int = 1) -> None:
        self.database = database
        self.folder = folder
        folder.mkdir()
        self.destination = folder.name
        self.naming, self.name = names
        self.collected: list[bytes] = []
        outbox = self.outbox()
        with database.write() as connection:
            for number in range(messages):
                payload = PAYLOAD[number:]
                message = Message("gdt", self.destination, f"exam {number}", self.name, payload)
                self.id = outbox.put(connection, message)

    def outbox(self) -> Outbox:
        """Return the outbox of a bridge that has just started."""
        return Outbox(self.database, {self.destination: GdtDrop(self.folder, self.naming)})

    def live(self) -> None:
        """Start the bridge and let it deliver what is due."""
        self.outbox().deliver_due(self.destination)

    def collect(self) -> None:
        """Take every file away, as an importer does."""
        for path in self.folder.glob("*.gdt"):
            if not path.name.startswith("."):
                self.collected.append(path.read_bytes())
                path.unlink()

    def state(self) -> DeliveryState:
        """Return the state of the last message."""
        with self.database.read() as connection:
            query = sa.select(table.c.state).where(table.c.id == self.id)
            return DeliveryState(connection.execute(query).scalar_one())


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory."""
    return memory


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a fresh database."""
    opened = open_database(tmp_path / "db" / "db.sqlite")
    yield opened
    opened.close()


Disturb = Callable[[World], None]


def nothing(_world: World) -> None:
    """Leave everything as the crash left it."""


def collect(world: World) -> None:
    """Import everything before the bridge is back."""
    world.collect()


def put_foreign_file(world: World) -> None:
    """Put somebody else's file under the name ours would get, where it is free."""
    path = world.folder / world.name.replace("###", "001")
    if not path.exists():
        path.write_bytes(FOREIGN)


@pytest.mark.crash
# A file that broke off where the disturbing crash left it raises a warning of its own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestCrash:
    """The process dies at each line of a delivery in turn."""

    def crash_everywhere(
        self,
        database: Database,
        folder: Path,
        tried: Tried,
        names: Names = ONCE,
        messages: int = 1,
    ) -> Iterator[World]:
        """Yield one world for each line that is tried, dead at that line."""
        whole = World(database, folder / "whole", names, messages)
        with dying_at(-1, WALKED) as count:
            whole.live()
        assert whole.state() is DeliveryState.DELIVERED
        assert count[0] > 60
        for line in tried(count[0]):
            world = World(database, folder / f"line {line}", names, messages)
            with suppress(SimulatedCrash), dying_at(line, WALKED):
                world.live()
            yield world

    @pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
    @pytest.mark.parametrize("disturb", [nothing, collect])
    def test_exactly_one_file(
        self, database: Database, tmp_path: Path, disturb: Disturb, names: Names, tried: Tried
    ) -> None:
        """The importer gets the file exactly once, whether it is waiting or not."""
        for world in self.crash_everywhere(database, tmp_path, tried, names):
            disturb(world)
            world.live()
            world.live()
            world.collect()
            assert world.collected == [PAYLOAD], world.destination
            assert world.state() is DeliveryState.DELIVERED, world.destination

    @pytest.mark.parametrize("disturb", [nothing, collect])
    def test_several_together(
        self, database: Database, tmp_path: Path, disturb: Disturb, tried: Tried
    ) -> None:
        """Of messages that are noted and synced together each arrives exactly once, too."""
        for world in self.crash_everywhere(database, tmp_path, tried, messages=SEVERAL):
            disturb(world)
            world.live()
            world.live()
            world.collect()
            assert sorted(world.collected) == sorted(PAYLOAD[n:] for n in range(SEVERAL))
            assert world.state() is DeliveryState.DELIVERED, world.destination

    @pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
    def test_foreign_file(
        self, database: Database, tmp_path: Path, names: Names, tried: Tried
    ) -> None:
        """A foreign file that appears under the name is not touched and does not hide ours."""
        for world in self.crash_everywhere(database, tmp_path, tried, names):
            put_foreign_file(world)
            world.live()
            world.collect()
            world.live()
            world.collect()
            assert world.collected.count(PAYLOAD) == 1, world.destination
            assert len(world.collected) - world.collected.count(FOREIGN) == 1, world.destination

    def test_tidied_folder(self, database: Database, tmp_path: Path, tried: Tried) -> None:
        """Someone removes every file of the folder: one file, or a person is asked."""
        for world in self.crash_everywhere(database, tmp_path, tried):
            world.collect()
            for path in world.folder.iterdir():
                path.unlink()
            world.live()
            world.collect()
            asked = world.state() is DeliveryState.QUESTION
            assert len(world.collected) in ({0, 1} if asked else {1}), world.destination
            assert asked or world.state() is DeliveryState.DELIVERED, world.destination

    def test_crash_again(self, database: Database, tmp_path: Path, tried: Tried) -> None:
        """The second life dies too, a few lines on, and still there is one file."""
        for number, world in enumerate(self.crash_everywhere(database, tmp_path, tried)):
            with suppress(SimulatedCrash), dying_at(number * 7 % 100 + 1, WALKED):
                world.live()
            world.live()
            world.collect()
            assert world.collected == [PAYLOAD], world.destination
