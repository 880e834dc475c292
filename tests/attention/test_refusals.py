"""Refusals are counted without the database, and kept by it."""

from __future__ import annotations

import sqlite3

import pytest

from gdtbridge.attention.refusals import CALLER_SECONDS, MOST_CALLERS, RefusalReason
from gdtbridge.attention.space import days_left
from gdtbridge.attention.store import FreeSpace
from gdtbridge.durable.clock import DAY_SECONDS as DAY
from gdtbridge.errors import DatabaseError
from tests.tools.practice import Practice


def details(practice: Practice) -> list[str]:
    """Return what the book tells now."""
    return [item.detail for item in practice.core.refusals.items()]


def test_repetitions_are_counted_and_survive_a_restart(practice: Practice) -> None:
    """A command beside the service, or the next start, tells the same."""
    book = practice.core.refusals
    for _ in range(3):
        book.note_status(0xA700, "VOLUSON", "192.168.1.5")
    before = details(practice)
    book.keep()
    book.keep()

    assert before[0].startswith("VOLUSON (192.168.1.5): 3x kein Platz")
    assert details(practice) == before
    again = practice.again()
    assert details(again) == before
    again.core.refusals.note_status(0xA700, "VOLUSON", "192.168.1.5")
    assert "4x" in details(again)[0]
    again.close()


def test_what_is_old_is_forgotten(practice: Practice) -> None:
    """By the table as well, which stays small."""
    practice.core.refusals.note(RefusalReason.NETWORK, "", "10.0.0.9")
    practice.core.refusals.keep()
    practice.clock.turn(CALLER_SECONDS + 1)
    practice.core.refusals.keep()
    practice.clock.turn(-CALLER_SECONDS)

    assert details(practice) == []


def test_a_title_from_the_wire_is_shown_harmless(practice: Practice) -> None:
    """Sixteen printable characters, whatever was sent."""
    practice.core.refusals.note(RefusalReason.TITLE, "A\r\n\x1b[31mB\\" + "C" * 99, "10.0.0.9")

    assert details(practice)[0].startswith("A[31mBCCCCCCCCCC (10.0.0.9): ")


def test_a_flood_of_strangers_hides_no_refused_object(practice: Practice) -> None:
    """Each reason has its own bounded room."""
    for number in range(MOST_CALLERS * 3):
        practice.core.refusals.note(RefusalReason.TITLE, f"T{number}", "10.0.0.9")
    practice.core.refusals.note_status(0x0110, "US01", "10.0.0.1")

    found = [item.code for item in practice.core.refusals.items()]
    assert found.count("device-refused") == MOST_CALLERS
    assert found.count("stores-refused") == 1


def test_a_database_that_is_away_hides_no_refusal(practice: Practice) -> None:
    """It may be the very reason; what was not written is written when it is back."""
    file = practice.folder / "db.sqlite"
    practice.core.refusals.note_status(0x0110, "US01", "10.0.0.1")
    practice.database.close()
    file.rename(file.with_name("away"))
    with pytest.raises(DatabaseError):
        practice.core.refusals.keep()
    assert len(details(practice)) == 1

    file.with_name("away").rename(file)
    practice.core.refusals.keep()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT times FROM refusal").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("days", "used", "left"),
    [(2, 20, 8.0), (10, 50, 16.0), (2, 0, None), (2, -5, None), (0, 5, None)],
)
def test_days_left(days: int, used: int, left: float | None) -> None:
    """At the pace of ``days`` days with ``used`` bytes; 100 bytes free, 20 kept as the reserve."""
    before, now = FreeSpace(0, 100 + used), FreeSpace(days * DAY, 100)
    assert days_left(before, now, 20) == left


def test_free_space_is_measured_once_a_day_and_forgotten(practice: Practice) -> None:
    """A row a day, of the last two weeks; a clock set back leaves none of the days to come."""
    forecast = practice.core.forecast
    for _ in range(20):
        forecast.keep()
        forecast.keep()
        practice.clock.turn(DAY)
    with sqlite3.connect(practice.folder / "db.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM free_space").fetchone() == (15,)
        practice.clock.step(-10.5 * DAY)
        practice.core.clock_watch.look()
        forecast.keep()
        practice.clock.step(-DAY * 5000)
        practice.core.clock_watch.look()
        forecast.keep()
        assert connection.execute("SELECT count(*) FROM free_space").fetchone() == (1,)
