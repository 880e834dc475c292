"""The register of callers: what is noted, kept, and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gdtbridge.callers import ActKind, CallerRegister
from gdtbridge.callers.model import ACCEPTED
from gdtbridge.callers.register import MOST_ACTS, MOST_CALLERS
from gdtbridge.database import Database
from gdtbridge.devices import Caller, ConfiguredDevice, DeviceDirectory
from gdtbridge.errors import DatabaseError
from gdtbridge.retrieve.peers import ArchivePeer, PeerDirectory
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database

LOGIQ = Caller("LOGIQ", "10.0.0.7", "1.2.840.113619.6.323", "LOGIQS8_1")
WORKLIST = "1.2.840.10008.5.1.4.31"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return an empty database."""
    with closing(open_database(tmp_path / "x.sqlite")) as opened:
        yield opened


@pytest.fixture
def clock() -> HandClock:
    """Return a clock that stands still."""
    return HandClock()


@pytest.fixture
def register(database: Database, clock: HandClock) -> CallerRegister:
    """Return a register in which everyone may come in."""
    return CallerRegister(database, DeviceDirectory(), clock, refuses_unknown=False)


def test_what_a_caller_did_is_counted(
    register: CallerRegister, database: Database, clock: HandClock
) -> None:
    """Over several notes and several times of keeping, for other processes to see."""
    began = clock.utc()
    for _ in range(3):
        register.note(LOGIQ, ActKind.ASSOCIATION, "", ACCEPTED)
        register.note(LOGIQ, ActKind.REQUEST, f"C-FIND {WORKLIST}", "0000")
        register.keep()
        clock.turn(10)
    register.note(Caller("LOGIQ", "10.0.0.7"), ActKind.REQUEST, f"C-FIND {WORKLIST}", "A700")
    register.keep()
    register.keep()

    (known,) = CallerRegister(database, DeviceDirectory(), clock, refuses_unknown=False).callers()
    assert known.caller == LOGIQ
    assert (known.first_at, known.last_at) == (began, began + 30)
    assert {one.key: one.times for one in known.acts} == {
        ("association", "", "accepted"): 3,
        ("request", f"C-FIND {WORKLIST}", "0000"): 3,
        ("request", f"C-FIND {WORKLIST}", "A700"): 1,
    }


def test_a_database_that_refuses_loses_nothing(
    register: CallerRegister, database: Database, clock: HandClock
) -> None:
    """What could not be kept is kept the next time, with what came meanwhile."""
    register.note(LOGIQ, ActKind.ASSOCIATION, "", ACCEPTED)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE known_caller RENAME TO away")
    with pytest.raises(DatabaseError):
        register.keep()
    clock.turn(5)
    register.note(LOGIQ, ActKind.ASSOCIATION, "", ACCEPTED)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO known_caller")
    register.keep()
    (known,) = register.callers()
    assert [one.times for one in known.acts] == [2]


def test_strangers_push_no_device_out(register: CallerRegister, clock: HandClock) -> None:
    """Whoever tries titles finds room only at the cost of other strangers."""
    register.note(LOGIQ, ActKind.ASSOCIATION, "", ACCEPTED)
    register.keep()
    for number in range(MOST_CALLERS + 10):
        clock.turn(1)
        register.note(Caller(f"X{number}", "10.0.0.66"), ActKind.ASSOCIATION, "", "title")
        if number % 50 == 0 or number > MOST_CALLERS:
            register.keep()
    known = register.callers()
    assert len(known) == MOST_CALLERS
    assert LOGIQ in [one.caller for one in known]
    assert known[0].caller.aet == f"X{MOST_CALLERS + 9}"


def test_one_caller_does_not_fill_the_register(register: CallerRegister) -> None:
    """Different UIDs without end are not all remembered."""
    for round_ in range(2):
        for number in range(MOST_ACTS + 50):
            register.note(LOGIQ, ActKind.CONTEXT, f"1.2.{round_}.{number}", "x")
        register.keep()
    (known,) = register.callers()
    assert len(known.acts) == MOST_ACTS


def test_only_devices_of_the_settings_may_come_in(database: Database, clock: HandClock) -> None:
    """By title or address, where the practice says so."""
    devices = DeviceDirectory([ConfiguredDevice(aet="LOGIQ"), ConfiguredDevice(host="10.0.0.8")])
    register = CallerRegister(database, devices, clock, refuses_unknown=True)
    assert register.admits(LOGIQ)
    assert register.admits(Caller("ANY", "10.0.0.8"))
    assert not register.admits(Caller("ANY", "10.0.0.7"))


def test_peers_may_come_in_where_only_devices_may(database: Database, clock: HandClock) -> None:
    """An archive that asks, or reports what it keeps, is described by its own table."""
    peers = PeerDirectory([ArchivePeer("PACS", "10.0.0.9", 104, None)])
    register = CallerRegister(
        database, DeviceDirectory(), clock, refuses_unknown=True, is_peer=peers.knows
    )
    assert register.admits(Caller("PACS", "10.0.0.9"))
    assert not register.admits(Caller("PACS", "10.0.0.8"))
    assert not register.admits(Caller("OTHER", "10.0.0.9"))
