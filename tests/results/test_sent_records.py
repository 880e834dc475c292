"""A record of an exam is sent once more when a person says so, and never into a wrong chart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.errors import NotFound, TooLate
from gdtbridge.results.sent_records import ResendObstacle, SentRecord
from gdtbridge.settings import load_settings
from tests.tools.practice import Practice

STUDY = "2.25.1000"


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """Return a practice that has sent the result of one exam."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text("", "utf-8")
    opened = Practice(tmp_path, load_settings(file, {}))
    opened.core.orders.place(opened.order())
    opened.send(PatientID="4711", AccessionNumber="R0000000001")
    opened.wait()
    yield opened
    opened.close()


def sent(practice: Practice) -> list[SentRecord]:
    """Return the records of the exam."""
    records = practice.core.exam_deliveries.records
    with practice.database.read() as connection:
        return list(records.of(connection, 1))


def again(practice: Practice, sending: int = 2) -> None:
    """Send the first record once more, as Dr. Sommer."""
    number = sent(practice)[0].sendings[0].id
    practice.core.exam_deliveries.records.send_again(1, number, sending, "Dr. Sommer")
    practice.wait(0)


def collect(practice: Practice) -> None:
    """Let practice software take every file, and be seen to."""
    for path in practice.out.glob("*.gdt"):
        path.unlink()
    practice.wait(60)


def test_what_was_collected_is_sent_once_more_as_it_was(practice: Practice) -> None:
    """The same bytes under another name; said twice, as by a double click, it is sent once."""
    (before,) = (path.read_bytes() for path in practice.out.glob("*.gdt"))
    collect(practice)
    again(practice)
    again(practice)
    (after,) = practice.out.glob("*.gdt")
    assert after.read_bytes() == before
    (one,) = sent(practice)
    assert [part.is_supplement for part in one.sendings] == [False, False]
    assert one.sendings[0].final_name != one.sendings[1].final_name == after.name
    told = [entry.who for entry in practice.core.exams.sheet(1).history if entry.who]
    assert told == ["Dr. Sommer"]
    with pytest.raises(TooLate):
        again(practice, 4)


def test_a_file_that_lies_where_others_are_collected_is_not_doubled(practice: Practice) -> None:
    """It is in the chart as soon as it is collected; a folder nobody empties says nothing."""
    assert [one.obstacle for one in sent(practice)] == [None]
    collect(practice)
    again(practice)
    assert [one.obstacle for one in sent(practice)] == [ResendObstacle.LIES]
    with pytest.raises(TooLate):
        again(practice, 3)


def test_what_was_withdrawn_does_not_go_into_that_chart_again(practice: Practice) -> None:
    """Nor while nobody has said whose it is; the withdrawal itself may be repeated."""
    collect(practice)
    corrections = practice.core.corrections
    corrections.withdraw(STUDY, "4711", "falsche Akte", who="Dr. Sommer")
    practice.wait()
    collect(practice)
    assert {one.obstacle for one in sent(practice)} == {ResendObstacle.UNCLEAR}
    with pytest.raises(TooLate):
        again(practice)
    practice.core.held.release(STUDY, "4712", who="Dr. Sommer", confirmed=True)
    practice.wait()
    collect(practice)
    result, retraction, right = sent(practice)
    assert result.obstacle is ResendObstacle.TAKEN_BACK
    assert retraction.sendings[0].is_retraction
    assert (retraction.obstacle, right.obstacle) == (None, None)


def test_a_record_under_a_former_number_stays(practice: Practice) -> None:
    """The chart has another number now: the record would make, or meet, somebody else."""
    collect(practice)
    practice.core.renumbering.renumber("4711", "9000", confirmed=True)
    assert [one.obstacle for one in sent(practice)] == [ResendObstacle.RENUMBERED]


def test_a_record_of_another_exam_is_not_found(practice: Practice) -> None:
    """An exam's page sends its own records alone."""
    with pytest.raises(NotFound):
        practice.core.exam_deliveries.records.send_again(1, 99, 2, "")
