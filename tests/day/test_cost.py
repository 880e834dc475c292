"""What a day and a search cost: a bounded number of statements, however much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa

from tests.exams.test_cost import plans
from tests.tools.practice import Practice


@contextmanager
def counted(practice: Practice) -> Iterator[list[str]]:
    """Yield the statements that are run meanwhile."""
    run: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        run.append(text)

    engine = practice.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield run
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def people(practice: Practice, first: int, last: int) -> None:
    """Have so many more patients, each with an order and an exam."""
    for number in range(first, last):
        born = date(1950, 1, 1 + number)
        order = practice.order(
            patient_id=str(number), family_name=f"Müller{number}", birth_date=born
        )
        entry = practice.core.orders.place(order).entry
        practice.send(
            StudyInstanceUID=entry.StudyInstanceUID,
            AccessionNumber=entry.AccessionNumber,
            PatientID=str(number),
            PatientName=f"Müller{number}^Änne",
            PatientBirthDate=f"{born:%Y%m%d}",
            StudyDate=f"{practice.core.day.today:%Y%m%d}",
        )
    practice.wait()


LOOKS: dict[str, Callable[[Practice], object]] = {
    "a day": lambda practice: practice.core.day.lines(practice.core.day.today).lines[0],
    "a search": lambda practice: practice.core.search.find(practice.core.search.read("müller")),
    "typing": lambda practice: practice.core.search.suggestions("mü"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_statements_do_not_grow_with_what_is_shown(practice: Practice, look: str) -> None:
    """Twelve patients are read with no more statements than two."""
    people(practice, 1, 3)
    LOOKS[look](practice)
    with counted(practice) as few:
        LOOKS[look](practice)
    people(practice, 3, 13)
    with counted(practice) as many:
        LOOKS[look](practice)
    assert len(many) <= len(few)


ROWS_OF_QUERIES = ("SCAN (", "SCAN anon", "SCAN CONST")
"""What another query of the statement has found."""
SEARCHES = (
    "müller",
    "müller, s",
    "raum ct",
    "4711",
    "12.3.58",
    "27.11.",
    "r118",
    "braucht",
    "xy z",
)


@pytest.mark.parametrize("words", ["", *SEARCHES])
def test_no_look_reads_a_whole_table(practice: Practice, words: str) -> None:
    """Neither a day nor a search; each table is found into by an index."""
    people(practice, 1, 3)
    core = practice.core
    with plans(practice.database) as found:
        if words:
            core.search.find(core.search.read(words))
        else:
            core.day.lines(core.day.today)
    whole = [step for step in found if step.startswith("SCAN") and " USING " not in step]
    assert [
        step for step in whole if not step.startswith(("SCAN (", "SCAN anon", "SCAN CONST"))
    ] == []
