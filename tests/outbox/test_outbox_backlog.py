"""A backlog in the outbox keeps nothing new waiting, and nobody is woken for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gdtbridge.database import Connection, Database
from gdtbridge.outbox import FileNaming, GdtDrop, Message, Outbox
from gdtbridge.outbox.due import BATCH
from gdtbridge.outbox.model import Attempt, DeliveryJournal, OutgoingMessage
from gdtbridge.outbox.worker import BEHIND, DestinationWorker
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database
from tests.tools.waiting import wait_for

MANY = BATCH * 2


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Yield a fresh database."""
    opened = open_database(tmp_path / "db.sqlite")
    yield opened
    opened.close()


def message(number: int, to: str = "a", after: int | None = None) -> Message:
    """Return a message of some number."""
    return Message("gdt", to, f"k{number}", f"{number:04d}.gdt", b"x", after)


def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the destinations whose workers are woken from now on."""
    found: list[str] = []
    monkeypatch.setattr(DestinationWorker, "ring", lambda self: found.append(self.destination))
    return found


def drops(tmp_path: Path, *names: str) -> dict[str, GdtDrop]:
    """Return drops into folders of their own."""
    for name in names:
        (tmp_path / name).mkdir()
    return {name: GdtDrop(tmp_path / name, FileNaming.ONCE) for name in names}


def test_the_newest_leave_with_the_oldest(tmp_path: Path, database: Database) -> None:
    """Of many messages one pass takes both ends, each in the order put; the rest follow."""
    outbox = Outbox(database, drops(tmp_path, "a"))
    with database.write() as connection:
        for number in range(MANY):
            outbox.put(connection, message(number))
    assert outbox.deliver_due("a") == BATCH

    half = BATCH // 2
    first = sorted(int(path.stem) for path in (tmp_path / "a").glob("*.gdt"))
    assert first == [*range(half), *range(MANY - half, MANY)]
    assert outbox.deliver_due("a") == BATCH
    assert len(list((tmp_path / "a").glob("*.gdt"))) == MANY


def test_after_a_fault_messages_are_tried_one_by_one(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as all goes well, twice as many are delivered together each time."""
    tried: list[int] = []
    deliver = GdtDrop.deliver

    def counting(
        drop: GdtDrop, messages: Sequence[OutgoingMessage], journal: DeliveryJournal
    ) -> Mapping[int, Attempt]:
        tried.append(len(messages))
        return deliver(drop, messages, journal)

    monkeypatch.setattr(GdtDrop, "deliver", counting)
    clock = HandClock()
    outbox = Outbox(database, drops(tmp_path, "a"), clock=clock)
    with database.write() as connection:
        for number in range(3 * BATCH):
            outbox.put(connection, message(number))

    outbox.deliver_due("a")
    assert tried == [1, 2, 4, 8, 5]

    (tmp_path / "a").rename(tmp_path / "away")
    outbox.deliver_due("a")
    (tmp_path / "away").rename(tmp_path / "a")
    outbox.deliver_due("a")
    assert tried[5:] == [BATCH, 1, 2, 4, 8, 5]
    assert len(list((tmp_path / "a").glob("*.gdt"))) == 2 * BATCH


def test_only_who_got_something_is_woken(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message wakes its own worker, once, and its delivery that of what waited for it."""
    outbox = Outbox(database, drops(tmp_path, "a", "b", "c"))
    found = rung(monkeypatch)
    outbox.wake()
    assert found == []
    with database.write() as connection:
        first = outbox.put(connection, message(1))
        outbox.put(connection, message(2, "b", after=first))
    outbox.wake()
    outbox.wake()
    assert sorted(found) == ["a", "b"]

    found.clear()
    assert outbox.deliver_due("b") == 0
    assert outbox.deliver_due("a") == 1
    assert found == ["b"]
    assert outbox.deliver_due("b") == 1


def test_what_is_removed_frees_what_waited_for_it(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waited for a message that was taken back is woken."""
    outbox = Outbox(database, drops(tmp_path, "a", "b"))

    def put(connection: Connection) -> None:
        outbox.put(connection, message(2, "b", after=outbox.put(connection, message(1))))

    with database.write() as connection:
        put(connection)
    outbox.wake()
    found = rung(monkeypatch)
    with database.write() as connection:
        outbox.drop_waiting(connection, ["k1"])
    outbox.wake()
    assert "b" in found
    assert outbox.deliver_due("b") == 1


def test_who_delivers_is_behind_with_many(tmp_path: Path, database: Database) -> None:
    """Only a worker at work whose folder takes files; more than a moment's, and not for long."""
    outbox = Outbox(database, drops(tmp_path, "a"))
    with database.write() as connection:
        for number in range(BEHIND + 10):  # a missing folder postpones some
            outbox.put(connection, message(number))
    assert not outbox.is_behind()  # nobody delivers
    (tmp_path / "a").rename(tmp_path / "away")
    outbox.start()
    try:
        (worker,) = outbox._workers.values()
        wait_for(lambda: worker._away > 0, what="the folder to be missed")
        assert not outbox.is_behind()
        with worker._one_pass:
            (tmp_path / "away").rename(tmp_path / "a")
            worker._away = 0
            assert outbox.is_behind()
        wait_for(lambda: len(list((tmp_path / "a").glob("*.gdt"))) > BEHIND, what="the files")
        wait_for(lambda: not outbox.is_behind(), what="the worker to catch up")
    finally:
        outbox.stop(5)
