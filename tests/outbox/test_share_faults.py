"""A share that fails at any call, in any way, before or after it did what it was asked."""

from __future__ import annotations

from pathlib import Path
from random import Random

from gdtbridge.outbox import GdtDrop, Message, Outbox
from gdtbridge.outbox.model import DeliveryState
from gdtbridge.outbox.retry import LONGEST_RETRY
from gdtbridge.schema import outbox as table
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database
from tests.tools.judgement import Judged, each_once
from tests.tools.share import Share, share
from tests.tools.waiting import wait_for

CALLS = (
    *("create", "create.done", "write", "write.done", "flush", "fsync", "fsyncdir"),
    *("rename", "rename.done", "unlink", "unlink.done", "getattr", "open", "opendir", "read"),
    *("chmod", "utimens", "truncate", "statfs", "readdir", "access"),
)
ERRORS = ("EIO", "ENOSPC", "EACCES", "ESTALE", "EHOSTDOWN", "EROFS", "ETIMEDOUT")
FAULTS = [(call, error) for call in CALLS for error in ERRORS]
SAMPLE = 50
"""Faults of an ordinary run; ``--exhaustive`` tries all."""
SEED = 10


class Office:
    """An outbox before a share, and the practice software behind it."""

    def __init__(self, mounted: Share, base: Path) -> None:
        self.share = mounted
        self.clock = HandClock()
        self.database = open_database(base / "db.sqlite")
        self.collected: list[str] = []
        self.restart()

    def restart(self) -> None:
        """Begin a new life of the service."""
        self.outbox = Outbox(self.database, {"gdt": GdtDrop(self.share.place)}, clock=self.clock)

    def put(self, number: int) -> None:
        """Let a result of its own leave."""
        with self.database.write() as connection:
            text = str(number)
            self.outbox.put(connection, Message("gdt", "gdt", text, f"{text}.gdt", text.encode()))

    def deliver(self) -> None:
        """Try what waits."""
        self.clock.turn(LONGEST_RETRY * 1.2)
        self.outbox.deliver_due("gdt")

    def collect(self) -> None:
        """Take away what has a name an importer knows; each file is whole."""
        for path in self.share.behind.glob("[!.]*.gdt"):
            assert path.read_text() == path.stem
            self.collected.append(path.stem)
            path.unlink()

    def clean(self) -> None:
        """Let the worker of a new life remove what could not be removed."""
        self.restart()
        self.outbox.start()
        try:
            wait_for(lambda: not list(self.share.behind.iterdir()), what="a clean folder")
        finally:
            self.outbox.stop(10)

    def waiting(self) -> list[str]:
        """Return the messages that did not arrive, with their state."""
        with self.database.read() as connection:
            rows = connection.execute(table.select()).all()
        return [f"{row.key}: {row.state}" for row in rows if row.state != DeliveryState.DELIVERED]


def test_each_result_arrives_once_whatever_fails(
    memory: Path, judged: Judged, *, exhaustive: bool
) -> None:
    """Two attempts meet the fault, in one life of the service or in two; the next gets through."""
    faults = FAULTS if exhaustive else Random(SEED).sample(FAULTS, SAMPLE)
    with share(memory / "share", memory / "behind") as mounted:
        office = Office(mounted, memory)
        office.put(0)
        office.deliver()
        for number, (call, error) in enumerate(faults, 1):
            office.put(number)
            with mounted.at(call, error):
                office.deliver()
                office.collect()
                if number % 2:
                    office.restart()
                office.deliver()
                office.collect()
            office.deliver()
            office.collect()
        office.clean()
        waiting = office.waiting()
        office.database.close()
    numbers = [str(number) for number, _ in enumerate(faults, 1)]
    judged("share faults", *each_once("result", numbers, office.collected))
    assert (waiting, office.collected.count("0")) == ([], 1)
