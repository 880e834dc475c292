"""A paused destination: nothing leaves, nobody is alarmed, and a restart changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from pytest_httpserver import HTTPServer

from gdtbridge.attention.sources import OutboxSource
from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.errors import NotFound, TooLate
from gdtbridge.outbox import GdtDrop, Message, Outbox, Webhook
from gdtbridge.outbox.calling import LIFETIME_SECONDS
from gdtbridge.outbox.calls import WebhookCalls
from gdtbridge.outbox.model import ALARM_SECONDS, PlaceProblem
from gdtbridge.schema import outbox as table
from gdtbridge.settings import load_settings
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database
from tests.tools.waiting import wait_for

WHY = "Server zieht um"


class House:
    """A database, the folder of practice software, and an outbox over them."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "out"
        self.folder.mkdir()
        self.database = open_database(base / "db.sqlite")
        self.clock = HandClock()
        self.outbox = self.restarted()

    def restarted(self, url: str = "") -> Outbox:
        """Return the outbox as a new process would make it, with a lamp at ``url`` if given."""
        lamp = {"lamp": Webhook(url, events={"lit"})} if url else {}
        self.outbox = Outbox(self.database, {"gdt": GdtDrop(self.folder), **lamp}, clock=self.clock)
        return self.outbox

    def put(self, key: str, destination: str = "gdt") -> None:
        """Put a message."""
        kind, name = ("gdt", f"{key}.gdt") if destination == "gdt" else ("webhook", "lit")
        with self.database.write() as connection:
            self.outbox.put(connection, Message(kind, destination, key, name, key.encode()))

    def files(self) -> set[str]:
        """Return what practice software sees."""
        return {one.name for one in self.folder.iterdir() if not one.name.startswith(".")}

    def needs(self) -> set[str]:
        """Return the kinds of what needs a person."""
        return {one.code for one in OutboxSource(self.outbox, self.clock).items()}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a house with an empty outbox."""
    made = House(tmp_path)
    yield made
    made.database.close()


def test_nothing_leaves_until_it_is_resumed(house: House) -> None:
    """What is put during a pause waits over a restart, and leaves in order at its end."""
    house.outbox.pause("gdt", WHY, "Anna")
    house.put("1")
    house.restarted()
    house.put("2")
    assert house.outbox.deliver_due("gdt") == 0
    assert house.files() == set()
    (status,) = house.outbox.status()
    assert status.pause is not None
    assert (status.pause.who, status.pause.why, status.pending) == ("Anna", WHY, 2)
    house.outbox.resume("gdt")
    assert house.outbox.deliver_due("gdt") == 2
    assert house.files() == {"1.gdt", "2.gdt"}


def test_what_waits_during_a_pause_alarms_nobody(house: House) -> None:
    """Neither age nor a missing folder is told of; the sentence says paused, and never why."""
    house.put("1")
    assert house.outbox.deliver_due("gdt") == 1  # the place is proven
    house.outbox.pause("gdt", WHY, "Anna")
    house.put("2")
    house.folder.rename(house.folder.with_name("gone"))
    house.clock.turn(ALARM_SECONDS + 1)
    (status,) = house.outbox.status()
    assert not status.alarm
    assert status.state.ok
    assert "angehalten" in status.sentence
    assert WHY not in status.sentence
    assert house.needs() == set()


def test_patience_begins_anew_after_a_pause(house: House) -> None:
    """A message of days ago is no alarm in the minute after the pause, but five minutes later."""
    house.put("1")
    house.outbox.pause("gdt", WHY, "Anna")
    house.clock.turn(3 * 24 * 3600)
    house.folder.rmdir()
    house.outbox.resume("gdt")
    house.clock.turn(10)
    house.outbox.deliver_due("gdt")
    assert "outbox-stuck" not in house.needs()
    house.clock.turn(ALARM_SECONDS)
    assert house.needs() & {"outbox-stuck", PlaceProblem.MISSING}


def test_calls_whose_time_ends_are_left_out(house: House, httpserver: HTTPServer) -> None:
    """A lamp is not lit days later; nobody is asked about what was left out."""
    house.restarted(httpserver.url_for("/lit"))
    house.outbox.pause("lamp", "Lampe defekt", "Anna")
    house.put("1", "lamp")
    house.clock.turn(LIFETIME_SECONDS + 1)
    house.outbox.deliver_due("lamp")
    house.outbox.resume("lamp")
    house.outbox.deliver_due("lamp")
    (status,) = (one for one in house.outbox.status() if one.destination == "lamp")
    assert (status.pending, status.left_out, httpserver.log) == (0, 1, [])
    (state,) = WebhookCalls(house.database, house.outbox, house.clock).states()
    assert state.failed == 0


def test_an_interrupted_message_is_not_touched(house: House) -> None:
    """Of what a crash left half done nothing is finished or removed during a pause."""
    house.put("1")
    with house.database.write() as connection:
        values = {"state": "writing", "temporary_name": ".gdtbridge-1-0.tmp"}
        connection.execute(sa.update(table).values(values))
    (house.folder / ".gdtbridge-1-0.tmp").write_bytes(b"half")
    house.outbox.pause("gdt", WHY, "Anna")
    house.outbox.deliver_due("gdt")
    assert [one.name for one in house.folder.iterdir()] == [".gdtbridge-1-0.tmp"]
    house.outbox.resume("gdt")
    house.outbox.deliver_due("gdt")
    assert house.files() == {"1.gdt"}


def test_only_what_can_be_is_paused_or_resumed(house: House) -> None:
    """A second pause keeps the first one; a destination nobody knows cannot be paused."""
    house.outbox.pause("gdt", WHY, "Anna")
    with pytest.raises(TooLate):
        house.outbox.pause("gdt", "anders", "Bert")
    (status,) = house.outbox.status()
    assert status.pause is not None
    assert status.pause.who == "Anna"
    house.outbox.resume("gdt")
    with pytest.raises(TooLate):
        house.outbox.resume("gdt")
    with pytest.raises(NotFound):
        house.outbox.pause("nobody", WHY, "Anna")


def test_trying_now_ends_a_rest(house: House) -> None:
    """A worker that leaves a folder alone for a minute looks at once when a person says so."""
    house.folder.rmdir()
    outbox = Outbox(house.database, {"gdt": GdtDrop(house.folder)})
    house.outbox = outbox
    for number in range(4):
        house.put(str(number))
    outbox.start()
    try:
        wait_for(lambda: outbox.status()[0].last_error != "", what="a first attempt")
        with house.database.write() as connection:
            connection.execute(sa.update(table).values(next_at=table.c.next_at + 50))
        house.folder.mkdir()
        outbox.try_now("gdt")
        wait_for(lambda: len(house.files()) == 4, what="the files")
    finally:
        outbox.stop(5)


class Desk:
    """An installation, and somebody at its command line."""

    def __init__(self, base: Path) -> None:
        self.environ = {
            "GDTBRIDGE_STORAGE__ROOT": str(base / "root"),
            "GDTBRIDGE_DICOM__PORT": "0",
            "GDTBRIDGE_HTTP__PORT": "0",
        }

    def run(self, *arguments: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, arguments, env=self.environ)


def test_the_command_line_pauses_and_resumes(tmp_path: Path) -> None:
    """The list tells who, when and why; `check` says that it is paused, and is content."""
    desk = Desk(tmp_path)
    with open_core(load_settings(environ=desk.environ)):
        pass
    assert desk.run("outbox", "pause", "gdt", "--reason", WHY).exit_code == 0
    told = desk.run("outbox", "list").output
    assert "angehalten" in told
    assert WHY in told
    checked = desk.run("check")
    assert "angehalten" in checked.output
    assert desk.run("outbox", "pause", "gdt", "--reason", WHY).exit_code == 1
    assert desk.run("outbox", "resume", "gdt").exit_code == 0
    assert "angehalten" not in desk.run("outbox", "list").output
    assert desk.run("outbox", "pause", "nobody", "--reason", WHY).exit_code == 1
