"""What certainly arrived is no question and no second file, and leaves nothing in the folder."""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gdtbridge.durable.files import FileComparison
from gdtbridge.outbox import FileNaming, GdtDrop, Message, Outbox
from gdtbridge.outbox.model import DeliveryState
from gdtbridge.outbox.retry import LONGEST_RETRY
from gdtbridge.schema import outbox as table
from tests.tools.clock import HandClock
from tests.tools.dying import SimulatedCrash
from tests.tools.empty_database import open_database
from tests.tools.waiting import wait_for

PAYLOAD = b"01380006310\r\n"
drop = importlib.import_module("gdtbridge.outbox.gdt_drop")


class House:
    """One message, its folder, and practice software that takes everything away."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "out"
        self.folder.mkdir()
        self.database = open_database(base / "db.sqlite")
        self.clock = HandClock()
        self.collected: list[bytes] = []
        self.restart()
        with self.database.write() as connection:
            message = Message("gdt", "gdt", "exam 1", "A.gdt", PAYLOAD)
            self.id = self.outbox.put(connection, message)

    def restart(self) -> None:
        """Begin a new life of the service."""
        senders = {"gdt": GdtDrop(self.folder, FileNaming.ONCE)}
        self.outbox = Outbox(self.database, senders, clock=self.clock)

    def deliver(self) -> DeliveryState:
        """Try what is due and return the state of the message."""
        self.clock.turn(LONGEST_RETRY * 1.2)
        self.outbox.deliver_due("gdt")
        with self.database.read() as connection:
            return DeliveryState(connection.execute(table.select()).one().state)

    def collect(self, pattern: str = "*") -> None:
        """Take files away, as an importer does."""
        for path in self.folder.glob(pattern):
            if not path.name.startswith("."):
                self.collected.append(path.read_bytes())
            path.unlink()

    def run(self, until: Callable[[], bool]) -> None:
        """Let the workers run until something is so."""
        self.outbox.start()
        try:
            wait_for(until)
        finally:
            self.outbox.stop(10)

    def left(self) -> list[str]:
        """Return the names of ours in the folder that nobody imports."""
        return [path.name for path in self.folder.iterdir() if path.name.startswith(".")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a house with one message."""
    made = House(tmp_path)
    yield made
    made.database.close()


def failing(*_arguments: object) -> None:
    """Be a share that goes away."""
    raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN))


def test_a_sync_that_fails_after_the_renaming_makes_no_question(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was collected meanwhile, and the witness tidied away with it."""
    real = drop.rename_new

    def rename(*names: Path) -> None:
        real(*names)
        monkeypatch.setattr(drop, "sync_folder", failing)

    with monkeypatch.context() as patch:
        patch.setattr(drop, "rename_new", rename)
        assert house.deliver() is DeliveryState.RENAMING
    monkeypatch.undo()
    house.collect()
    assert house.deliver() is DeliveryState.DELIVERED
    assert house.collected == [PAYLOAD]


def test_an_equal_file_whose_sync_failed_is_not_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server did the renaming and kept the old name as well: one delivery, not two."""

    def both_names(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes())
        monkeypatch.setattr(drop, "sync_folder", failing)
        raise FileExistsError

    with monkeypatch.context() as patch:
        patch.setattr(drop, "rename_new", both_names)
        assert house.deliver() is DeliveryState.RENAMING
    monkeypatch.undo()
    house.collect("A.gdt")
    assert house.deliver() is DeliveryState.DELIVERED
    assert list(house.folder.iterdir()) == []
    assert house.collected == [PAYLOAD]


@pytest.mark.parametrize("by", ["our other process", "somebody who removed it"])
def test_a_process_that_hung_and_renames_after_all(
    house: House, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Killed in the share, it did its work late: known by the name the file had at its end."""
    real = drop.rename_new

    def die(*_names: Path) -> None:
        raise SimulatedCrash

    def late(source: Path, target: Path) -> None:
        if by == "our other process":
            source.rename(target)
            house.collect("*.gdt")
        else:
            source.unlink()
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(drop, "rename_new", die)
        with pytest.raises(SimulatedCrash):
            house.deliver()
    house.restart()
    monkeypatch.setattr(drop, "rename_new", late)
    wanted = DeliveryState.DELIVERED if by == "our other process" else DeliveryState.QUESTION
    assert house.deliver() is wanted


def test_what_cannot_be_removed_goes_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virus scanner holds the witness; the next life removes it, however young it is."""
    with monkeypatch.context() as patch:
        patch.setattr(GdtDrop, "clear", failing)
        assert house.deliver() is DeliveryState.DELIVERED
    assert len(house.left()) == 1
    for number in range(60):  # so many that it is not the last one any more
        with house.database.write() as connection:
            message = Message("gdt", "gdt", f"exam {number + 2}", "A.gdt", PAYLOAD)
            house.outbox.put(connection, message)
        if number < 2:
            house.outbox.deliver_due("gdt")
    house.restart()
    house.run(lambda: not house.left())


@pytest.mark.parametrize("arrived", [True, False])
def test_an_answered_question_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    """Witness and temporary file go when a person has said what became of the file."""
    real = drop.compare

    def torn(path: Path, expected: bytes) -> FileComparison:
        found: FileComparison = real(path, expected)
        return FileComparison.OTHER if path.name == "A.gdt" else found

    with monkeypatch.context() as patch:
        patch.setattr(drop, "sync_folder", failing)
        patch.setattr(GdtDrop, "clear", failing)
        house.deliver()
    with house.database.write() as connection:
        connection.execute(table.update().values(state=DeliveryState.RENAMING))
    with house.database.read() as connection:
        name = connection.execute(table.select()).one().temporary_name
    (house.folder / "A.gdt").write_bytes(b"foreign")
    (house.folder / name).unlink(missing_ok=True)
    with monkeypatch.context() as patch:
        patch.setattr(drop, "compare", torn)
        house.restart()
        assert house.deliver() is DeliveryState.QUESTION
    assert house.left()
    house.outbox.answer(house.id, arrived=arrived)
    house.run(lambda: not house.left())
