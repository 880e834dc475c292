"""A wall clock that jumps moves no deadline, and what a wrong clock has stamped is put right."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gdtbridge.clock_watch import DEADLINES, STAMPS
from gdtbridge.outbox import Message
from gdtbridge.schema import clock_jump, exam, metadata, order_file, outbox, placed_order
from tests.tools.clock import TO_BELIEVED
from tests.tools.judgement import Judged, each_once
from tests.tools.practice import Practice

HOUR = 3600.0
DAY = 24 * HOUR
JUMPS = [
    pytest.param(sign * seconds, id=f"{sign * timedelta(seconds=seconds)}")
    for seconds in (1.0, HOUR, 30 * DAY, 30 * 365 * DAY)
    for sign in (1, -1)
]
IN_1970 = 600.0


@pytest.fixture
def practice(practice: Practice) -> Practice:
    """Return a practice whose clock shows a year that is believed."""
    practice.clock.turn(TO_BELIEVED)
    practice.core.clock_watch.look()
    return practice


def jump(practice: Practice, seconds: float) -> None:
    """Let the wall clock jump, and have it noticed."""
    practice.clock.step(seconds)
    practice.core.clock_watch.look()


def codes(practice: Practice) -> list[str]:
    """Return the kinds of what needs a person."""
    return [item.code for item in practice.core.attention.items()]


def listed(practice: Practice) -> list[str]:
    """Return the accession numbers on the worklist after a clean-up."""
    practice.core.orders.clean()
    return [entry.AccessionNumber for entry in practice.core.orders.all()]


def order(practice: Practice, **changes: object) -> str:
    """Order for a patient; return the accession number."""
    return practice.core.orders.place(practice.order(**changes)).entry.AccessionNumber


@pytest.mark.parametrize("seconds", JUMPS)
def test_an_exam_is_reported_when_its_pause_is_over(
    practice: Practice, judged: Judged, seconds: float
) -> None:
    """Neither earlier nor later, whenever the clock jumps; a second one begins as ever."""
    patients = ("1000", "2000")
    for number in patients:
        practice.send(StudyInstanceUID=f"2.25.{number}", PatientID=number)
        practice.clock.turn(practice.quiet - 6)
        practice.clock.step(seconds)
        assert practice.core.reporting.report_due() == 0
        practice.core.clock_watch.look()
        assert practice.core.reporting.report_due() == 0
        assert practice.core.reporting.next_due_in() == pytest.approx(5, abs=0.01)
        practice.clock.turn(5.1)
        assert practice.core.reporting.report_due() == 1
    practice.wait()
    charts = [str(record.first("3000")) for record in practice.records().values()]
    judged("clock jumps", *each_once("result", patients, charts))


@pytest.mark.parametrize("seconds", JUMPS)
def test_the_longest_wait_for_a_device_that_goes_on_sending_holds(
    practice: Practice, seconds: float
) -> None:
    """An exam under way at a jump is waited for in pauses, as before it."""
    practice.send()
    practice.clock.turn(5)
    jump(practice, seconds)
    practice.send()

    assert practice.core.reporting.report_due() == 0
    assert practice.core.reporting.next_due_in() == pytest.approx(practice.quiet - 1, abs=0.01)


@pytest.mark.parametrize("seconds", JUMPS)
def test_entries_stay_for_their_day(practice: Practice, judged: Judged, seconds: float) -> None:
    """What was ordered today is on the list until tomorrow morning, jump or none; not for ever."""
    number = order(practice)
    jump(practice, seconds)
    judged("clock jumps", *each_once("entry", [number], listed(practice)))
    practice.clock.turn(10 * HOUR)
    again = order(practice, patient_id="4712")
    assert number in listed(practice)
    if seconds > 0:
        practice.clock.turn(25 * HOUR)
        assert listed(practice) == []
    else:
        assert set(listed(practice)) == {number, again}


def test_a_clean_up_may_be_faster_than_the_watch(practice: Practice) -> None:
    """It keeps today's entries before anybody has noticed the jump."""
    number = order(practice)
    practice.clock.step(30 * DAY)

    assert listed(practice) == [number]


def test_an_entry_stays_after_there_and_back(practice: Practice) -> None:
    """A month ahead by mistake and back again: today's entries, before and between, are there."""
    first = order(practice)
    jump(practice, 30 * DAY)
    second = order(practice, patient_id="4712")
    jump(practice, -30 * DAY)

    assert set(listed(practice)) == {first, second}


def test_a_restart_after_a_jump_keeps_entries(practice: Practice) -> None:
    """What the service knew of the jump it knows again."""
    number = order(practice)
    jump(practice, 30 * DAY)

    assert listed(practice.again()) == [number]


@pytest.mark.parametrize("placed_at", [IN_1970, IN_1970 + HOUR - 60])
def test_a_start_in_1970_is_put_right(practice: Practice, placed_at: float) -> None:
    """Entries of 1970, the first and the last, are of today then, and so are receipt and order."""
    right = practice.clock.seconds + HOUR
    practice.clock.step(IN_1970 - practice.clock.seconds)
    practice.core.clock_watch.look()
    practice.clock.turn(placed_at - IN_1970)
    number = order(practice)
    later = datetime(2027, 6, 1, 8, 0)  # noqa: DTZ001 - local time
    asked = order(practice, patient_id="4712", scheduled=later)
    practice.send()
    assert "clock-jumped" in codes(practice)
    practice.clock.turn(IN_1970 + HOUR - placed_at)
    jump(practice, right - practice.clock.seconds)
    practice.core.order_book.follow_marked()

    assert set(listed(practice)) == {number, asked}
    entry = practice.core.orders.get(number)
    assert entry.scheduled.year == 2027
    assert entry.created is not None
    assert right - entry.created.replace(tzinfo=UTC).timestamp() == pytest.approx(
        IN_1970 + HOUR - placed_at, abs=2
    )
    assert practice.core.orders.get(asked).scheduled == later
    with practice.database.read() as connection:
        columns = exam.c.first_instance_at, placed_order.c.ordered_at
        stamps = [at for one in columns for at in connection.execute(sa.select(one)).scalars()]
    assert all(right - HOUR <= stamp <= right for stamp in stamps)


def test_a_believed_clock_that_jumps_changes_no_date(practice: Practice) -> None:
    """Nobody can tell which of the two was right."""
    practice.send()
    number = order(practice)
    before = dates(practice)
    scheduled = practice.core.orders.get(number).scheduled
    jump(practice, 30 * DAY)
    practice.core.order_book.follow_marked()

    assert dates(practice) == before
    assert practice.core.orders.get(number).scheduled == scheduled


def dates(practice: Practice) -> list[float]:
    """Return when exam and order came."""
    with practice.database.read() as connection:
        columns = exam.c.first_instance_at, placed_order.c.ordered_at
        return [connection.execute(sa.select(one)).scalar_one() for one in columns]


def test_a_jump_is_told_for_a_day(practice: Practice, caplog: pytest.LogCaptureFixture) -> None:
    """With what the clock showed, once in the log; a second jump makes it no older."""
    jump(practice, 1)
    assert codes(practice) == []
    with caplog.at_level(logging.WARNING):
        jump(practice, 30 * DAY)
    (item,) = practice.core.attention.items()
    assert item.code == "clock-jumped"
    assert "von 15.01.2027 " in item.detail
    assert "auf 14.02.2027 " in item.detail
    assert caplog.text.count("jumped from 2027-01-15") == 1

    practice.clock.turn(DAY - 60)
    jump(practice, -30 * DAY)
    assert codes(practice) == ["clock-jumped"] * 2
    practice.clock.turn(61)
    assert codes(practice) == ["clock-jumped"]
    practice.clock.turn(DAY)
    assert codes(practice) == []


def test_a_clock_that_jumps_all_the_time_fills_no_disk(practice: Practice) -> None:
    """The newest hundred jumps are remembered."""
    for _ in range(60):
        jump(practice, 10)
        jump(practice, -10)
    with practice.database.read() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(clock_jump)).scalar_one()
    assert count == 100


def test_a_refused_order_file_stays_on_the_list(practice: Practice) -> None:
    """It came a minute ago, whatever the year is now."""
    now = practice.clock.seconds
    with practice.database.write() as connection:
        empty = dict.fromkeys(("sha256", "name", "record_type", "accession_number", "reason"), "")
        for position, age in enumerate((60, 8 * DAY)):
            row = {"token": "T", "position": position, "received_at": now - age, "outcome": "x"}
            connection.execute(sa.insert(order_file).values(**empty, **row))
    jump(practice, 365 * DAY)

    with practice.database.read() as connection:
        query = sa.select(order_file.c.received_at).order_by(order_file.c.position)
        ages = [practice.clock.seconds - at for at in connection.execute(query).scalars()]
    assert ages == pytest.approx([60, 373 * DAY])


def test_every_time_of_the_schema_is_known_to_the_watch() -> None:
    """A new one that is compared with now, to the second, belongs to the deadlines."""
    deadlines = {str(column) for column, _ in DEADLINES}
    every = {
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.Double) and table is not clock_jump
    }
    written_by_others = {"peer_certificate.not_after"}
    assert every == deadlines | {str(column) for column in STAMPS} | written_by_others


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_message_is_tried_and_expires_by_elapsed_time(practice: Practice, seconds: float) -> None:
    """Its next attempt, its end and its age are as far away after the jump as before."""
    message = Message("gdt", "gdt", key="k", name="k.gdt", payload=b"")
    with practice.database.write() as connection:
        practice.outbox.put(connection, message)
        times = {"next_at": practice.clock.seconds + 30, "expires_at": practice.clock.seconds + 600}
        connection.execute(sa.update(outbox).values(times))
    jump(practice, seconds)

    columns = outbox.c.next_at, outbox.c.expires_at, outbox.c.created_at
    with practice.database.read() as connection:
        row = connection.execute(sa.select(*columns)).one()
    assert [at - practice.clock.seconds for at in row] == pytest.approx([30, 600, 0], abs=0.01)
