"""What the practice software is told of an order before its result (``gdt.states``)."""

from __future__ import annotations

import pytest

from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.tools.conformance import check_record
from tests.tools.practice import Practice
from tests.tools.reception import Reception, record

ALL = '["accepted", "received", "cancelled"]'
FIELD = {"x-comfort": "6227"}


@pytest.fixture(params=["gdt21", "gdt30", "gdt31", "x-comfort", "medical-office"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Return a dialect of each form."""
    return str(request.param)


@pytest.fixture
def settings_text(dialect: str) -> str:
    """Return the settings of a practice that wants to know."""
    return f'[gdt]\ndialect = "{dialect}"\nsender = "GDTBRIDG"\nstates = {ALL}\n'


def told(practice: Practice) -> list[Record]:
    """Return the records of states so far, in their order."""
    practice.wait(1)
    return [found for name, found in practice.records().items() if name.startswith("state-")]


def order(record_type: str = "6302") -> bytes:
    """Return an order that has names of its own."""
    return record(record_type, f8310="F-1", f8402="SONO01", f8410="ABD", f8411="Abdomen")


def test_an_order_is_accepted_and_its_images_are_received(
    reception: Reception, dialect: str
) -> None:
    """Each is told once, under the order's names and without a test; then comes the result."""
    practice = reception.practice
    reception.drop(order())
    reception.look()
    practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
    practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
    practice.wait()
    states = told(practice)
    if dialect == "medical-office":
        assert states == []
        return
    field = FIELD.get(dialect, "6228")
    texts = [one.all(field)[-1] for one in states]
    assert texts == ["Auftrag angenommen: Abdomen", "Erste Bilder empfangen: Abdomen"]
    for one in states:
        assert (one.first("8310"), one.first("8402")) == ("F-1", "SONO01")
        assert one.patient.id == "4711"
        assert one.all("8410") == ()
        assert check_record(one, DIALECTS[dialect]) == ()
    assert len(practice.records()) == len(states) + 1


def test_a_cancelled_order_is_told(reception: Reception, dialect: str) -> None:
    """A 6303 of the practice is confirmed."""
    reception.drop(order())
    reception.look()
    reception.drop(order("6303"), "CANCEL.GDT")
    reception.look()
    texts = [one.all(FIELD.get(dialect, "6228"))[-1] for one in told(reception.practice)]
    wanted = ["Auftrag angenommen: Abdomen", "Auftrag storniert: Abdomen"]
    assert texts == ([] if dialect == "medical-office" else wanted)


def test_an_order_that_came_back_is_told_again(reception: Reception, dialect: str) -> None:
    """Who removes an order and brings it back leaves the practice software with what is so."""
    reception.drop(order())
    reception.look()
    practice = reception.practice
    number = reception.entry.AccessionNumber
    for act in (practice.core.editor.remove, practice.core.editor.restore) * 2:
        practice.clock.turn(2)
        act(number)
    texts = [one.all(FIELD.get(dialect, "6228"))[-1] for one in told(practice)]
    accepted, cancelled = "Auftrag angenommen: Abdomen", "Auftrag storniert: Abdomen"
    wanted = [accepted, cancelled, accepted, cancelled, accepted]
    assert sorted(texts) == ([] if dialect == "medical-office" else sorted(wanted))


def test_images_of_another_patient_are_not_told(reception: Reception) -> None:
    """A study under the order's UID with another number says nothing in the order's chart."""
    practice = reception.practice
    reception.drop(order())
    reception.look()
    before = len(told(practice))
    practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4712")
    practice.wait()
    assert len(told(practice)) == before


class TestOff:
    """By default nothing is told."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings of a practice that said nothing."""
        return ""

    def test_nothing_is_told(self, reception: Reception) -> None:
        """Order and images make the result alone."""
        practice = reception.practice
        reception.drop(order())
        reception.look()
        practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
        practice.wait()
        assert told(practice) == []
        assert len(practice.records()) == 1
