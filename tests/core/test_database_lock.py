"""Another program locks the database: all who wait give up together, and go on when it is free."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.database import Database
from gdtbridge.errors import DatabaseUnavailable, StoreSuspended
from gdtbridge.schema import instance
from gdtbridge.service import probes_of
from tests.tools.judgement import Judged, each_once
from tests.tools.practice import Practice
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.usefixtures("believed")

PATIENCE = 0.6
"""Seconds all writers wait in these tests."""
DEVICES, OBJECTS = 8, 2
"""So many send at once, each so many objects."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait be short."""
    monkeypatch.setattr("gdtbridge.database.writer_lock.BUSY_SECONDS", PATIENCE)
    monkeypatch.setattr("gdtbridge.database.writer_lock.LATE_SECONDS", 0.05)
    monkeypatch.setattr("gdtbridge.database.writer_lock.LONG_SECONDS", PATIENCE / 2)
    monkeypatch.setattr("gdtbridge.database.writer_lock.STEP_SECONDS", 0.05)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Lock a database as a backup program does."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def seconds_of_refusal(database: Database) -> float:
    """Return how long one who wants to write waits for the refusal."""
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match="locked"), database.write():
        pass
    return time.monotonic() - began


def test_all_give_up_together(tmp_path: Path) -> None:
    """Eight writers wait as long as one; who comes later hardly waits; then all goes on."""
    database = Database(f"sqlite:///{tmp_path / 'db'}")
    waited: list[float] = []
    writers = [
        threading.Thread(target=lambda: waited.append(seconds_of_refusal(database)))
        for _ in range(8)
    ]
    with locked(tmp_path / "db"):
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        late = seconds_of_refusal(database)

    assert len(waited) == 8
    assert max(waited) < 2 * PATIENCE
    assert late < PATIENCE / 2
    with database.write():
        pass
    assert database.lock.seconds == 0
    database.close()


class Devices:
    """Devices that send each object until it is taken, and what they were answered."""

    def __init__(self, practice: Practice) -> None:
        self._practice = practice
        self.taken: list[str] = []
        self.refused: list[tuple[str, StoreSuspended]] = []
        self.again = threading.Event()

    def send(self, study: str) -> None:
        """Send the objects of a study one after the other."""
        for number in range(OBJECTS):
            uid = f"{study}.{number}"
            while not self._is_taken(study, uid):
                self.again.wait(60)
            self.taken.append(uid)

    def _is_taken(self, study: str, uid: str) -> bool:
        try:
            self._practice.send(StudyInstanceUID=study, SOPInstanceUID=uid)
        except StoreSuspended as answer:
            self.refused.append((uid, answer))
            return False
        return True


def stored(practice: Practice) -> list[str]:
    """Return the UID of each object in the index whose file is in the archive."""
    with practice.database.read() as connection:
        rows = connection.execute(sa.select(instance.c.file, instance.c.sop_instance_uid)).all()
    return [uid for file, uid in rows if (practice.archive.folder / file).is_file()]


def test_devices_are_told_to_try_again(practice: Practice, judged: Judged) -> None:
    """A700 with a comment for all who sent; what they were told is stored is there, once."""
    devices = Devices(practice)
    senders = [threading.Thread(target=devices.send, args=(f"2.25.{n}",)) for n in range(DEVICES)]
    with locked(practice.folder / "db.sqlite"):
        for one in senders:
            one.start()
        wait_for(lambda: len(devices.refused) >= DEVICES, what="an answer for each device")
        assert devices.taken == stored(practice) == []
    devices.again.set()
    for one in senders:
        one.join()

    refused = {uid for uid, _ in devices.refused}
    judged("locked database", *each_once("object", sorted(refused), stored(practice)))
    assert len(refused) >= DEVICES
    assert {answer.status for _, answer in devices.refused} == {0xA700}
    assert all("again" in answer.comment for _, answer in devices.refused)
    assert sorted(stored(practice)) == sorted(devices.taken)
    assert len(devices.taken) == DEVICES * OBJECTS


def test_a_lock_is_a_state(practice: Practice) -> None:
    """Not ready since when, and a fault on the list; ready by itself when the lock is gone."""
    look = probes_of(practice.core)["database"]
    codes: list[str] = []
    with locked(practice.folder / "db.sqlite"):
        seconds_of_refusal(practice.database)
        told = look()["database"]
        codes += [one.code for one in practice.core.attention.items()]

    assert not told.ok
    assert "locked by another program since" in told.detail
    assert codes == ["database-locked"]
    wait_for(lambda: look()["database"].ok, what="readiness")
    after = [one.code for one in practice.core.attention.items()]
    assert after == ["database-locked"]  # for two minutes: while it lasted nobody could be told


def test_a_short_wait_is_no_state(practice: Practice) -> None:
    """A command beside the service that writes for a moment is nobody's trouble."""
    written = threading.Event()

    def write() -> None:
        with practice.database.write():
            written.set()

    writer = threading.Thread(target=write)
    with locked(practice.folder / "db.sqlite"):
        writer.start()
        wait_for(lambda: practice.database.lock.seconds, what="the writer")
    writer.join()

    assert written.is_set()
    assert practice.core.attention.items() == []
