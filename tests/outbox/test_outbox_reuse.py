"""Names that are used again: practice software that knows one file name, or numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.outbox import FileNaming, GdtDrop, Message, Outbox
from gdtbridge.outbox.model import ALARM_SECONDS, UNCOLLECTED, UNCOLLECTED_SECONDS, DeliveryState
from gdtbridge.outbox.worker import OCCUPIED_SECONDS
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database


class House:
    """An outbox with one folder in which names are used again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "out"
        self.folder.mkdir()
        self.clock = HandClock()
        self.database = open_database(folder / "db.sqlite")
        self.outbox = self.restart()

    def restart(self, naming: FileNaming = FileNaming.REUSED) -> Outbox:
        """Return (and use from now on) an outbox as a new process would make it."""
        senders = {"gdt": GdtDrop(self.folder, naming)}
        self.outbox = Outbox(self.database, senders, clock=self.clock)
        return self.outbox

    def put(self, name: str, *payloads: bytes) -> None:
        """Put messages of one name, in this order."""
        with self.database.write() as connection:
            for payload in payloads:
                key = payload.decode()
                self.outbox.put(connection, Message("gdt", "gdt", key, name, payload))

    def deliver(self) -> None:
        """Let what can leave do so."""
        self.outbox.deliver_due("gdt")

    def files(self) -> dict[str, bytes]:
        """Return what an importer sees."""
        paths = [path for path in self.folder.iterdir() if not path.name.startswith(".")]
        return {path.name: path.read_bytes() for path in paths}

    def collect(self, name: str) -> None:
        """Take one file, as an importer does."""
        (self.folder / name).unlink()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a house with an empty outbox."""
    made = House(tmp_path)
    yield made
    made.database.close()


def test_one_name_waits_until_the_last_file_was_collected(house: House) -> None:
    """Results under one fixed name appear one after the other and never replace each other."""
    house.put("T2MEGDTB.gdt", b"first", b"second", b"third")
    seen = []
    for _ in range(3):
        house.deliver()
        house.deliver()
        seen.append(house.files())
        house.collect("T2MEGDTB.gdt")
    house.deliver()
    assert seen == [{"T2MEGDTB.gdt": each} for each in (b"first", b"second", b"third")]
    assert house.files() == {}
    assert house.outbox.status()[0].pending == 0


def test_a_foreign_file_under_the_one_name_is_waited_for(house: House) -> None:
    """A file somebody else put there is neither replaced nor taken for ours."""
    (house.folder / "A.gdt").write_bytes(b"somebody else's")
    house.put("A.gdt", b"ours")
    house.deliver()
    assert house.files() == {"A.gdt": b"somebody else's"}
    house.collect("A.gdt")
    house.deliver()
    assert house.files() == {"A.gdt": b"ours"}


def test_waiting_for_collection_is_told_and_no_alarm_for_a_day(house: House) -> None:
    """A practice that is closed over night needs nobody to come; a day without collection does."""
    house.put("A.gdt", b"first", b"second")
    house.deliver()
    house.deliver()
    house.clock.turn(2 * ALARM_SECONDS)
    (status,) = house.outbox.status()
    assert (status.pending, status.last_error, status.alarm) == (1, UNCOLLECTED, False)
    assert UNCOLLECTED in status.sentence
    house.clock.turn(UNCOLLECTED_SECONDS)
    assert house.outbox.status()[0].alarm


def test_waiting_for_collection_writes_nothing(house: House) -> None:
    """Looking again and again leaves no trace in the database."""
    house.put("A.gdt", b"first", b"second")
    house.deliver()
    house.deliver()
    with house.database.read() as connection:
        before = connection.exec_driver_sql("SELECT * FROM outbox").all()
    for _ in range(5):
        house.clock.turn(OCCUPIED_SECONDS)
        house.deliver()
    with house.database.read() as connection:
        assert connection.exec_driver_sql("SELECT * FROM outbox").all() == before


def test_numbers_count_up_whether_collected_or_not(house: House) -> None:
    """Files are numbered in the order in which they were put, so that sorting keeps it."""
    house.put("A.###", b"1", b"2")
    house.deliver()
    house.collect("A.001")
    house.restart()
    house.put("A.###", b"3")
    house.deliver()
    assert house.files() == {"A.002": b"2", "A.003": b"3"}


def test_numbers_begin_anew_after_999(house: House) -> None:
    """001 follows 999; a number whose file still lies there is passed by."""
    (house.folder / "A.999").write_bytes(b"old")
    (house.folder / "A.001").write_bytes(b"old")
    house.put("A.###", b"x")
    with house.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET final_name = 'A.998'")
    house.put("A.###", b"y")
    house.deliver()
    house.deliver()
    ours = {name: data for name, data in house.files().items() if data != b"old"}
    assert ours == {"A.998": b"x", "A.002": b"y"}


@pytest.mark.slow
def test_a_full_row_of_numbers_is_waited_for(house: House) -> None:
    """With 999 uncollected files the next result waits and nothing is lost."""
    for number in range(1, 1000):
        (house.folder / f"A.{number:03}").touch()
    house.put("A.###", b"x")
    house.deliver()
    assert house.outbox.status()[0].last_error == UNCOLLECTED
    house.collect("A.500")
    house.deliver()
    assert house.files()["A.500"] == b"x"


def test_what_was_put_under_another_rule_still_leaves(house: House) -> None:
    """Settings may change while results wait: each leaves once, under a name of its own."""
    house.put("A.gdt", b"fixed 1", b"fixed 2")
    house.put("A.###", b"counted")
    house.restart(FileNaming.ONCE)
    house.put("A.gdt", b"once")
    house.deliver()
    assert sorted(house.files().values()) == [b"counted", b"fixed 1", b"fixed 2", b"once"]


def test_a_question_does_not_hold_up_the_others(house: House) -> None:
    """What only a person can answer is put aside; the next result leaves."""
    house.put("A.gdt", b"first", b"second")
    with house.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox SET state = 'renaming', temporary_name = '.gdtbridge-1-0.tmp'"
            " WHERE id = 1"
        )
    house.deliver()
    house.deliver()
    assert [question.id for question in house.outbox.questions()] == [1]
    assert house.files() == {"A.gdt": b"second"}
    house.collect("A.gdt")
    house.outbox.answer(1, arrived=False)
    house.deliver()
    assert house.files() == {"A.gdt": b"first"}
    with house.database.read() as connection:
        states = connection.exec_driver_sql("SELECT state FROM outbox").scalars().all()
    assert states == [DeliveryState.DELIVERED] * 2
