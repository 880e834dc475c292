"""The lines of a day: which there are, in which state, why, and what may be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pytest
from pydicom.uid import UID

from gdtbridge.day import DayFilter, DayLine, LineAct, LineState, ReasonCode
from gdtbridge.devices import Caller
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.orders import OrderState
from gdtbridge.orders import changes as order_changes
from gdtbridge.outbox.collecting import LONGEST_SECONDS
from gdtbridge.queries.model import AskedQuery
from tests.queries.conftest import query_of
from tests.tools.elements import IMPLICIT
from tests.tools.practice import Practice
from tests.tools.steps import StepDevice, begun
from worklist import Entry

DAY = 86400.0
STATION = "US01"


def place(practice: Practice, **changes: object) -> Entry:
    """Put the patient of the tests on the list."""
    return practice.core.orders.place(practice.order(**changes)).entry


def sheet(practice: Practice, day: date | None = None) -> Sequence[DayLine]:
    """Return the lines of a day, today unless said."""
    return practice.core.day.lines(day or practice.core.day.today).lines


def only(practice: Practice) -> DayLine:
    """Return the one line of today."""
    (line,) = sheet(practice)
    return line


def send(practice: Practice, entry: Entry, **values: str) -> None:
    """Send an image of the exam an entry is for."""
    practice.send(
        StudyInstanceUID=entry.StudyInstanceUID,
        AccessionNumber=entry.AccessionNumber,
        StudyDate=f"{practice.core.day.today:%Y%m%d}",
        **values,
    )


def ask(practice: Practice, *answered: str, aet: str = STATION, **keys: str) -> None:
    """Let a device ask the worklist and get these entries."""
    query = AskedQuery(
        Caller(aet, "127.0.0.1"),
        encode_dataset(query_of(**keys), UID(IMPLICIT)),
        IMPLICIT,
        0,
        len(answered),
        answered,
        0.01,
    )
    practice.core.queries.note(query)
    practice.core.queries.keep()


def collect(practice: Practice) -> None:
    """Let the practice software take its files, and the bridge see it."""
    for path in practice.out.iterdir():
        path.unlink()
    practice.wait(LONGEST_SECONDS + 1)


def test_an_order_waits_until_its_result_is_in_the_chart(practice: Practice) -> None:
    """One line goes through all the states of an exam without changing its key."""
    device, entry = StepDevice(practice), place(practice)
    assert only(practice).state is LineState.WAITING
    ask(practice, entry.AccessionNumber)
    seen = only(practice)
    assert (seen.reason.code, seen.reason.device and seen.reason.device.aet) == ("seen", STATION)
    device.begin(begun(entry.StudyInstanceUID, entry.AccessionNumber))
    assert only(practice).state is LineState.IN_EXAMINATION
    send(practice, entry)
    receiving = only(practice)
    assert (receiving.state, receiving.reason.pictures) == (LineState.RECEIVING, 1)
    device.end()
    practice.wait()
    lying = only(practice)
    assert (lying.state, lying.reason.code) == (LineState.ON_ITS_WAY, ReasonCode.LYING)
    collect(practice)
    done = only(practice)
    assert (done.state, done.reason.code) == (LineState.IN_CHART, ReasonCode.COLLECTED)
    assert done.key == seen.key == f"order:{entry.AccessionNumber}"
    assert (done.order_number, done.person) == (entry.AccessionNumber, 1)
    assert done.patient.listed_name == "Müller, Änne"


def test_an_exam_without_an_order_is_a_line_of_its_own(practice: Practice) -> None:
    """It shows what the device said, at the time it said."""
    today = f"{practice.core.day.today:%Y%m%d}"
    practice.send(AccessionNumber="", StudyDate=today, StudyTime="091500")
    line = only(practice)
    assert line.key == f"exam:{line.exam_id}:1"
    assert line.at == datetime.combine(practice.core.day.today, time(9, 15))
    assert [one.aet for one in line.devices] == [STATION]


def test_what_a_person_has_to_decide_is_said_first(practice: Practice) -> None:
    """A held exam needs a person, with the reason it is held for."""
    practice.send(PatientID="", AccessionNumber="")
    practice.wait()
    line = only(practice)
    assert (line.state, line.reason.code) == (LineState.NEEDS_YOU, ReasonCode.HELD)
    assert line.reason.detail == "no-patient-id"
    assert LineAct.CLARIFY in line.acts


def test_of_another_patients_order_both_have_a_line(practice: Practice) -> None:
    """The order of the one still waits; the exam that names the other needs a person."""
    entry = place(practice)
    send(practice, entry, PatientID="815", PatientName="Schulz^Ida", PatientBirthDate="19900101")
    practice.wait()
    states = {one.patient.family_name: one.state for one in sheet(practice)}
    assert states == {"Müller": LineState.WAITING, "Schulz": LineState.NEEDS_YOU}


def test_two_people_of_one_exam_have_a_line_each(practice: Practice) -> None:
    """A line is one patient's."""
    for number, name in (("4711", "Müller^Änne"), ("815", "Schulz^Ida")):
        born = "19581224" if number == "4711" else "19900101"
        practice.send(PatientID=number, PatientName=name, PatientBirthDate=born)
    practice.wait()
    keys = [one.key for one in sheet(practice)]
    assert len(set(keys)) == 2
    assert {one.reason.detail for one in sheet(practice)} == {"several-patients"}


def test_an_exam_of_two_orders_is_a_line_of_each(practice: Practice) -> None:
    """What went into the chart for one order says nothing of the other."""
    first, second = place(practice), place(practice, procedure="Schilddrüse")
    assert first.AccessionNumber != second.AccessionNumber
    send(practice, first)
    practice.send(StudyInstanceUID=first.StudyInstanceUID, AccessionNumber=second.AccessionNumber)
    practice.wait()
    lines = sheet(practice)
    assert {one.order_number for one in lines} == {first.AccessionNumber, second.AccessionNumber}
    assert {one.exam_id for one in lines} == {lines[0].exam_id}
    assert {one.state for one in lines} == {LineState.ON_ITS_WAY}


class TestAWaitingRecord:
    """How long a record may wait until a person is told."""

    def test_it_needs_a_person_after_five_minutes(self, practice: Practice) -> None:
        """Before that it is on its way."""
        entry = place(practice)
        send(practice, entry)
        practice.out.rmdir()
        practice.wait()
        assert only(practice).state is LineState.ON_ITS_WAY
        practice.wait(301)
        line = only(practice)
        assert (line.state, line.reason.code) == (LineState.NEEDS_YOU, ReasonCode.DELIVERY_STUCK)

    def test_a_file_that_others_are_taken_beside_needs_one_after_a_day(
        self, practice: Practice
    ) -> None:
        """Where files are collected, one that lies for a day was not."""
        send(practice, place(practice))
        practice.wait()
        collect(practice)
        practice.send(PatientID="4711", StudyInstanceUID="2.25.77", AccessionNumber="")
        practice.wait()
        left = practice.core.day.today
        practice.clock.turn(DAY + 60)
        (line,) = [one for one in sheet(practice, left) if not one.order_number]
        assert (line.state, line.reason.code) == (LineState.NEEDS_YOU, ReasonCode.UNCOLLECTED)

    def test_software_that_leaves_files_lying_has_got_them(self, practice: Practice) -> None:
        """After a day nothing more can be seen; later results are handed over at once."""
        entry = place(practice)
        send(practice, entry)
        practice.wait()
        left = practice.core.day.today
        practice.clock.turn(DAY + 60)
        (line,) = sheet(practice, left)
        assert (line.state, line.reason.code) == (LineState.HANDED_OVER, ReasonCode.DELIVERED)
        practice.send(StudyInstanceUID="2.25.78", AccessionNumber="", StudyDate="")
        practice.wait()
        assert only(practice).state is LineState.HANDED_OVER


class TestASight:
    """What a waiting line says of the devices."""

    def test_nobody_has_asked(self, practice: Practice) -> None:
        """Before the first query nobody knows more."""
        place(practice)
        assert only(practice).reason.code is ReasonCode.UNASKED

    def test_an_entry_no_device_would_show(self, practice: Practice) -> None:
        """Every device that asked leaves it out: it asks for another modality."""
        ask(practice, Modality="CT")
        place(practice)
        assert only(practice).reason.code is ReasonCode.UNSHOWN

    def test_one_device_that_would_show_it_is_enough(self, practice: Practice) -> None:
        """Then it will be seen as soon as that one asks."""
        ask(practice, Modality="CT")
        ask(practice, aet="US02")
        place(practice)
        assert only(practice).reason.code is ReasonCode.UNASKED

    def test_a_search_for_one_patient_tells_nothing_of_others(self, practice: Practice) -> None:
        """Somebody looked for another patient: the list is not empty for that."""
        ask(practice, PatientID="99")
        place(practice)
        assert only(practice).reason.code is ReasonCode.UNASKED

    def test_what_was_changed_was_not_seen_so(self, practice: Practice) -> None:
        """A device has the entry as it was; that says nothing of the present one."""
        entry = place(practice)
        ask(practice, entry.AccessionNumber)
        practice.clock.turn(60)
        moved = practice.order(procedure="Schilddrüse")
        practice.core.orders.change(entry.AccessionNumber, moved)
        assert only(practice).reason.code is ReasonCode.UNASKED


class TestADay:
    """Which lines a day has."""

    def test_tomorrow_has_its_entries(self, practice: Practice) -> None:
        """An appointment is of its day, and says nothing of devices that ask for today."""
        tomorrow = practice.core.day.today + timedelta(days=1)
        place(practice, scheduled=datetime.combine(tomorrow, time(9)))
        assert not sheet(practice)
        (line,) = sheet(practice, tomorrow)
        assert (line.state, line.reason.code) == (LineState.WAITING, ReasonCode.NONE)

    def test_an_exam_told_late_is_of_its_day(self, practice: Practice) -> None:
        """What a device kept over night is yesterday's."""
        yesterday = practice.core.day.today - timedelta(days=1)
        practice.send(StudyDate=f"{yesterday:%Y%m%d}", AccessionNumber="")
        assert not sheet(practice)
        assert len(sheet(practice, yesterday)) == 1

    @pytest.mark.parametrize("said", ["", "20000101", "20991231", "yesterday"])
    def test_a_date_that_cannot_be_believed_is_that_of_the_receipt(
        self, practice: Practice, said: str
    ) -> None:
        """An exam of a device whose clock is wrong is not lost in another year."""
        practice.send(StudyDate=said, AccessionNumber="")
        assert len(sheet(practice)) == 1

    def test_a_date_the_record_has_is_shown_however_long_ago(self, practice: Practice) -> None:
        """Chart and list say the same; the line stays on the day of the receipt, to be seen."""
        practice.send(StudyDate="20240115", StudyTime="093000", AccessionNumber="")
        (waiting,) = sheet(practice)
        assert waiting.at.date() == practice.core.day.today
        practice.wait()
        (line,) = sheet(practice)
        assert line.at == datetime(2024, 1, 15, 9, 30)  # noqa: DTZ001 - local
        (record,) = practice.records().values()
        assert record.first("6200") == "15012024"

    def test_an_order_whose_exam_was_another_day_is_there(self, practice: Practice) -> None:
        """One patient is one line, on the day of the exam."""
        entry = place(practice)
        ordered = practice.core.day.today
        practice.clock.turn(DAY)
        send(practice, entry)
        assert not sheet(practice, ordered)
        assert only(practice).order_number == entry.AccessionNumber

    def test_it_counts_all_and_shows_what_is_wanted(self, practice: Practice) -> None:
        """A filter hides lines, never numbers."""
        place(practice)
        practice.send(PatientID="", AccessionNumber="", StudyDate="")
        practice.wait()
        day = practice.core.day
        found = day.lines(day.today, DayFilter(frozenset({LineState.WAITING})))
        assert [one.state for one in found.lines] == [LineState.WAITING]
        assert (found.total, found.patients) == (2, 2)
        assert found.counts == {LineState.WAITING: 1, LineState.NEEDS_YOU: 1}
        assert not day.lines(day.today, DayFilter(device="RAUM9")).lines

    def test_lines_are_sorted_by_time(self, practice: Practice) -> None:
        """A line does not move when its state changes."""
        for hour in (11, 9, 10):
            at = datetime.combine(practice.core.day.today, time(hour))
            place(practice, scheduled=at, patient_id=str(hour), birth_date=date(1950, 1, hour))
        assert [one.patient.id for one in sheet(practice)] == ["9", "10", "11"]


@pytest.mark.parametrize(
    ("state", "shown"),
    [(OrderState.CANCELLED, LineState.CANCELLED), (OrderState.EXPIRED, LineState.EXPIRED)],
)
def test_an_order_that_is_over_is_told(
    practice: Practice, state: OrderState, shown: LineState
) -> None:
    """Who was taken off the list is still on the day's sheet, and may be put there again."""
    entry = place(practice)
    with practice.database.write() as connection:
        order_changes.set_order_state(connection, entry.AccessionNumber, state)
    line = only(practice)
    assert line.state is shown
    assert line.acts == {LineAct.OPEN, LineAct.AGAIN}


def test_a_step_without_an_order_is_a_line(practice: Practice) -> None:
    """A device examines somebody nobody ordered: it is seen before the first image."""
    device = StepDevice(practice)
    device.begin(begun("2.25.9"))
    line = only(practice)
    assert (line.state, line.key) == (LineState.IN_EXAMINATION, "step:1")
    device.end(state="DISCONTINUED", reason=("110500", "DCM", "Doctor cancelled procedure"))
    line = only(practice)
    assert (line.state, line.reason.detail) == (
        LineState.DISCONTINUED,
        "Doctor cancelled procedure",
    )


def test_a_discarded_exam_is_told(practice: Practice) -> None:
    """Nothing of it goes into a chart, and it can still be found."""
    practice.send(PatientID="", AccessionNumber="")
    practice.wait()
    practice.core.held.discard(only(practice).study_instance_uid, "Test", who="Anna")
    assert only(practice).state is LineState.DISCARDED


def test_an_open_order_may_be_changed_and_a_done_one_not(practice: Practice) -> None:
    """As soon as objects are here, the entry is the device's business no more."""
    entry = place(practice)
    assert only(practice).acts >= {LineAct.EDIT, LineAct.MOVE, LineAct.REMOVE}
    before = only(practice).order_revision
    practice.core.orders.change(entry.AccessionNumber, practice.order(procedure="Hals"))
    assert only(practice).order_revision != before
    send(practice, entry)
    assert only(practice).acts == {LineAct.OPEN, LineAct.AGAIN}


class TestNames:
    """What the practice calls its devices."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return a device with a name."""
        return '[[device]]\naet = "us01"\nname = "Raum 1"\n'

    def test_a_device_is_shown_by_its_name(self, practice: Practice) -> None:
        """And its AE title is there, too."""
        place(practice)
        (device,) = only(practice).devices
        assert (device.aet, device.shown) == (STATION, "Raum 1")
