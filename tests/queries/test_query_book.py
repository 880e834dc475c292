"""What devices ask is kept for days, bounded, without keeping them waiting."""

from __future__ import annotations

import logging

import pytest

from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.queries import book
from gdtbridge.queries.model import LONGEST_IDENTIFIER
from tests.queries.conftest import AskedPractice
from tests.tools.elements import EXPLICIT, IMPLICIT

UNREADABLE = b"\x10\x00\x10\x00\x2c\x01\x00\x00" + b"\\" * 300
DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED])
def test_a_query_is_kept_with_what_became_of_it(asked: AskedPractice, syntax: str) -> None:
    """Who asked, when, for what, and which entries were the answers, however it was encoded."""
    asked.order(patient_id="1", station="US02")
    number = asked.order(patient_id="2")

    asked.ask("US01", syntax, ScheduledStationAETitle="US01")

    (record,) = asked.core.queries.recent()
    query = record.query
    assert (query.caller.aet, query.caller.address) == ("US01", "127.0.0.1")
    assert (query.status, query.answers, query.answered) == (0, 1, (number,))
    assert (record.listed, record.times) == (2, 1)
    assert record.first_at == record.last_at == asked.practice.clock.utc()
    assert "Gefragt nach:    Station „US01“\n" in asked.why()


def test_the_same_again_is_one_row(asked: AskedPractice) -> None:
    """A device that asks every half minute fills nothing; what changes its answer is a new row."""
    for _ in range(3):
        asked.ask()
        asked.practice.clock.turn(30)
    asked.order()
    asked.ask()

    new, old = asked.core.queries.recent()
    assert (old.times, old.last_at - old.first_at) == (3, 60)
    assert (new.times, new.query.answers) == (1, 1)
    assert "Davor:           09:31 kein Eintrag" in asked.why()


def test_the_same_on_another_day_is_another_row(asked: AskedPractice) -> None:
    """What a device asked today is told of today."""
    asked.ask()
    asked.practice.clock.turn(DAY_SECONDS)
    asked.ask()
    assert [one.times for one in asked.core.queries.recent()] == [1, 1]


def test_noting_touches_neither_database_nor_log(
    asked: AskedPractice, caplog: pytest.LogCaptureFixture
) -> None:
    """A device is not kept waiting for a disk, and nobody in the log is named."""
    caplog.set_level(logging.DEBUG)
    with asked.core.database.write():  # whoever writes now would wait
        asked.ask_bytes(b"", "US01")
        asked.ask_bytes(b"\x10\x00\x10\x00\x04\x00\x00\x00Mei*", "US01")
        assert asked.core.queries.recent() == []
    asked.core.queries.keep()
    assert len(asked.core.queries.recent()) == 2
    assert "Mei" not in caplog.text


@pytest.mark.parametrize(
    ("identifier", "said", "kept"),
    [
        (
            b"\x10\x00\x10\x00\x2c\x01\x00\x00" + b"\\" * 300,
            "Fehler A900: die Abfrage war nicht lesbar",
            0,
        ),
        (b"\x10\x00\x00\x40" + (9000).to_bytes(4, "little") + b"x" * 9000, "kein Eintrag", 0),
        (b"\x10\x00\x10\x00\x04\x00\x00\x00Mei*", "kein Eintrag", 12),
    ],
    ids=["unreadable", "very long", "usual"],
)
def test_what_cannot_be_kept_is_told_all_the_same(
    asked: AskedPractice, identifier: bytes, said: str, kept: int
) -> None:
    """A query that nobody can read, or that is too long to keep, was asked all the same."""
    asked.ask_bytes(identifier, "US01")
    asked.core.queries.keep()
    (record,) = asked.core.queries.recent()
    assert len(record.query.identifier) == kept <= LONGEST_IDENTIFIER
    assert said in asked.why()


def test_old_and_too_many_are_forgotten(
    asked: AskedPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The days of the setting, so many in all, and of one device fewer, so that others stay."""
    monkeypatch.setattr(book, "MOST_KEPT", 6)
    monkeypatch.setattr(book, "MOST_OF_DEVICE", 3)
    monkeypatch.setattr(book, "LOOK_EVERY", 1)
    asked.ask("US02")
    for number in range(5):
        asked.ask("US01", PatientID=str(number))
    kept = [one.query.caller.aet for one in asked.core.queries.recent()]
    assert kept == ["US01"] * 3 + ["US02"]

    asked.practice.clock.turn(7 * DAY_SECONDS - 1)
    asked.ask("EKG")
    assert len(asked.core.queries.recent()) == 5
    asked.practice.clock.turn(700)
    asked.core.queries.keep()
    assert [one.query.caller.aet for one in asked.core.queries.recent()] == ["EKG"]


@pytest.mark.parametrize("settings_text", ["[worklist]\nquery_days = 0\n"])
def test_nothing_is_kept_where_nobody_wants_it(asked: AskedPractice) -> None:
    """The setting switches it off, and who asks why is told so."""
    asked.ask()
    assert asked.core.queries.recent() == []
    assert "worklist.query_days = 0" in asked.why()
