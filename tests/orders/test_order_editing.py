"""Orders in the hands of people: corrected, taken off the list, brought back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gdtbridge.errors import NotFound, TooLate
from gdtbridge.orders import Order, OrderRequest, OrderState
from gdtbridge.orders.known_patients import PatientSource
from gdtbridge.people import Patient
from tests.day.test_day_lines import ask
from tests.tools.practice import Practice
from worklist import EntryDetails


def request_of(order: Order, **changes: object) -> OrderRequest:
    """Return a request that says what an order says, with changes."""
    said = OrderRequest(
        order.patient,
        order.modality,
        order.station,
        order.procedure,
        order.physician,
        order.scheduled,
        order.details,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


def placed(practice: Practice, **changes: object) -> str:
    """Put the patient of the tests on the list; return the accession number."""
    return practice.core.orders.place(practice.order(**changes)).entry.AccessionNumber


def test_an_edit_changes_what_it_says_and_nothing_else(practice: Practice) -> None:
    """Numbers, details and the state stay; list and database say the same."""
    number = placed(practice, details=EntryDetails(Allergies=("Latex",)))
    editor = practice.core.editor
    edited = editor.edit(number, lambda order: request_of(order, station="US02"))
    assert edited.before.station != edited.after.station == "US02"
    entry = practice.core.orders.get(number)
    assert entry.ScheduledStationAETitle == "US02"
    assert entry.details.Allergies == ("Latex",)
    assert editor.read(number).revision == edited.after.revision != edited.before.revision


def test_what_an_edit_raises_changes_nothing(practice: Practice) -> None:
    """Whoever decides on the order as it is now can refuse."""
    number = placed(practice)

    def refuse(order: Order) -> OrderRequest:
        raise TooLate(order.accession_number)

    before = practice.core.editor.read(number)
    with pytest.raises(TooLate):
        practice.core.editor.edit(number, refuse)
    assert practice.core.editor.read(number) == before


def test_an_order_is_removed_and_brought_back(practice: Practice) -> None:
    """The same order with the same numbers waits again, and devices find it."""
    number, editor = placed(practice), practice.core.editor
    was = editor.remove(number)
    assert editor.read(number).state is OrderState.CANCELLED
    with pytest.raises(NotFound):
        practice.core.orders.get(number)
    editor.restore(number)
    assert practice.core.orders.get(number).StudyInstanceUID == was.study_instance_uid
    assert editor.read(number).revision == was.revision
    assert editor.restore(number).is_open


def test_a_changed_order_is_not_removed_unseen(practice: Practice) -> None:
    """Who looked at an older version is told."""
    number, editor = placed(practice), practice.core.editor
    seen = editor.read(number).revision
    editor.edit(number, lambda order: request_of(order, station="US02"))
    with pytest.raises(TooLate):
        editor.remove(number, seen)
    assert editor.read(number).is_open
    editor.remove(number, editor.read(number).revision)


def test_an_examined_order_is_not_touched(practice: Practice) -> None:
    """Once objects are here nobody waits any more."""
    number, editor = placed(practice), practice.core.editor
    entry = practice.core.orders.get(number)
    practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber=number)
    for act in (
        lambda: editor.edit(number, request_of),
        lambda: editor.remove(number),
    ):
        with pytest.raises(TooLate):
            act()
    with pytest.raises(NotFound):
        editor.read("R9999999999")


def test_whose_a_number_is(practice: Practice) -> None:
    """Master data count before orders; the newest order before older ones."""
    known = practice.core.known_patients
    assert known.owner("4711") is None
    placed(practice, patient=Patient("4711", "Müller", "Sabine"))
    owner = known.owner("4711")
    assert owner is not None
    assert (owner.source, owner.patient.family_name) == (PatientSource.ORDER, "Müller")
    assert [one.procedure for one in known.waiting("4711")] == [practice.order().procedure]
    assert known.waiting("") == []


def test_what_devices_will_show(practice: Practice) -> None:
    """Each device's last query is asked once more, as on the day of the entry."""
    outlook, editor = practice.core.outlook, practice.core.editor
    entry = editor.draft(practice.order(station="US02")).entry
    assert outlook.of(entry) == ()
    ask(practice, aet="US01", ScheduledStationAETitle="US01")
    ask(practice, aet="US02", ScheduledStationAETitle="US02")
    today = f"{practice.core.day.today:%Y%m%d}"
    ask(practice, aet="US03", ScheduledProcedureStepStartDate=today)
    told = {one.device.aet: [key.keyword for key in one.exclusions] for one in outlook.of(entry)}
    assert told == {"US01": ["ScheduledStationAETitle"], "US02": [], "US03": []}
    tomorrow = editor.draft(
        practice.order(station="US04", scheduled=practice.clock.local() + timedelta(days=1))
    ).entry
    assert [one.device.aet for one in outlook.of(tomorrow) if one.shows] == ["US03"]
    assert [one.aet for one in outlook.stations("US09")] == ["US01", "US02", "US03", "US09"]
    assert not outlook.has_ever_asked("US02")  # the register of callers heard of no association
