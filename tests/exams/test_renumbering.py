"""Charts that got another number: what is open or comes later follows, what was sent stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gdtbridge.errors import NeedsConfirmation, OrderError, ProcessingFailure
from gdtbridge.exams import ExamState, StudyQuery
from gdtbridge.exams.model import EventKind, ExamEvent
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import OrderRecord
from gdtbridge.orders import store as order_store
from gdtbridge.orders.patient_moves import enter_move
from gdtbridge.people import Patient
from tests.tools.practice import Practice, Reports

MULLER = {"PatientName": "Müller^Änne", "PatientBirthDate": "19581224"}
STUDY = "2.25.7000"


def move(practice: Practice, old: str = "4711", new: str = "815") -> None:
    """Let a person say that a number became another one."""
    practice.core.renumbering.renumber(old, new, confirmed=True, who="Frau Lang")


def listed(practice: Practice) -> list[tuple[str, str]]:
    """Return accession number and patient number of each entry of the worklist."""
    entries = practice.core.orders.all()
    return sorted((entry.AccessionNumber, entry.PatientID) for entry in entries)


def numbers(practice: Practice) -> dict[str, str]:
    """Return the patient number of each record, by file."""
    return {name: record.patient.id for name, record in practice.records().items()}


def studies(practice: Practice, number: str) -> list[str]:
    """Return the UIDs of the studies that a patient number opens."""
    found = practice.core.studies.find(StudyQuery(number))
    return [exam.study_instance_uid for exam in found]


def events(practice: Practice, study: str = STUDY) -> list[ExamEvent]:
    """Return when the number of an exam's patient changed."""
    found = practice.core.overview.dossier(study).events
    return [event for event in found if event.what is EventKind.MOVED]


class TestOrders:
    """An order is open when the chart gets its new number."""

    def test_the_entry_bears_the_new_number(self, practice: Practice) -> None:
        """Accession number and Study Instance UID stay, so the device finds its way back."""
        entry = practice.core.orders.place(practice.order()).entry
        move(practice)
        after = practice.core.orders.get(entry.AccessionNumber)
        assert after.PatientID == "815"
        assert after.StudyInstanceUID == entry.StudyInstanceUID
        assert after.PatientName == entry.PatientName

    @pytest.mark.parametrize("sent", ["4711", "815"])
    def test_the_result_is_for_the_new_number(self, practice: Practice, sent: str) -> None:
        """Whichever number the device has stored."""
        entry = practice.core.orders.place(practice.order()).entry
        move(practice)
        practice.send(StudyInstanceUID=entry.StudyInstanceUID, PatientID=sent, **MULLER)
        practice.wait()
        assert numbers(practice) == {f"{entry.AccessionNumber}.gdt": "815"}
        (exam,) = practice.core.overview.exams()
        assert (exam.state, exam.patient_id, exam.sent_patient_id) == (
            ExamState.REPORTED,
            "815",
            sent,
        )
        practice.core.orders.clean()
        assert listed(practice) == []

    @pytest.mark.parametrize("by", ["master data", "order"])
    def test_the_new_charts_name(self, practice: Practice, by: str) -> None:
        """The practice software has another name under the new number; the way back is open."""
        entry = practice.core.orders.place(practice.order()).entry
        married = practice.order(patient_id="815", family_name="Neumann", procedure="Herz")
        if by == "order":
            practice.core.orders.place(married)
        else:
            record = OrderRecord("t1", 1, "h1", "A.GDT", "6301")
            practice.master_data.keep(record, married.patient)
        move(practice)
        assert practice.core.orders.get(entry.AccessionNumber).PatientName == "Neumann^Änne"
        move(practice, "815", "4711")
        assert practice.core.orders.get(entry.AccessionNumber) == entry
        move(practice)
        practice.send(StudyInstanceUID=entry.StudyInstanceUID, PatientID="4711", **MULLER)
        practice.wait()
        (record_of,) = practice.records().values()
        assert (record_of.patient.id, record_of.patient.family_name) == ("815", "Neumann")

    def test_an_order_that_was_done_is_found(self, practice: Practice) -> None:
        """A later object of its study is no other patient's."""
        entry = practice.core.orders.place(practice.order()).entry
        values = {"StudyInstanceUID": entry.StudyInstanceUID, **MULLER}
        practice.send(PatientID="4711", **values)
        practice.wait()
        move(practice)
        practice.send(PatientID="815", **values)
        practice.wait()
        (exam,) = practice.core.overview.exams()
        assert exam.state is ExamState.REPORTED
        assert numbers(practice) == {f"{entry.AccessionNumber}.gdt": "4711"}

    def test_an_order_for_the_former_number(self, practice: Practice) -> None:
        """It was on its way when the charts were merged: it is placed for the new number."""
        practice.core.orders.place(practice.order())
        move(practice)
        entry = practice.core.orders.place(practice.order(procedure="Herz")).entry
        assert entry.PatientID == "815"

    def test_an_order_for_another_person_under_the_former_number(self, practice: Practice) -> None:
        """The number was given away again, or the merger undone: nobody guesses which."""
        practice.core.orders.place(practice.order())
        move(practice)
        other = practice.order(family_name="Schmidt", birth_date=date(1970, 1, 1))
        with pytest.raises(OrderError, match="umgezogen"):
            practice.core.orders.place(other)
        assert len(listed(practice)) == 1

    def test_a_cancellation_for_the_former_number(self, practice: Practice) -> None:
        """It means the order that has the new number since."""
        reference = OrderReference(case_id="F1")
        placed = OrderRecord("t1", 1, "h1", "A.GDT", "6302")
        practice.filed.order(placed, practice.order(), reference)
        move(practice)
        cancelled = OrderRecord("t2", 1, "h2", "B.GDT", "6303")
        practice.filed.cancel(cancelled, practice.order().patient, reference, "")
        assert listed(practice) == []

    def test_a_worklist_out_of_reach(self, practice: Practice) -> None:
        """Nothing is moved: whoever asked is told, and asks again."""
        entry = practice.core.orders.place(practice.order()).entry
        away = practice.worklist.path.rename(practice.folder / "away")
        with pytest.raises(ProcessingFailure):
            move(practice)
        away.rename(practice.worklist.path)
        assert practice.core.renumbering.moves() == []
        assert listed(practice.again()) == [(entry.AccessionNumber, "4711")]

    def test_a_crash_before_the_list_follows(self, practice: Practice) -> None:
        """The database has the move, the entry not yet: the next start finishes it."""
        entry = practice.core.orders.place(practice.order()).entry
        with practice.database.write() as connection:
            enter_move(connection, "4711", "815", "", practice.clock.utc())
        assert listed(practice) == [(entry.AccessionNumber, "4711")]
        assert listed(practice.again()) == [(entry.AccessionNumber, "815")]

    def test_an_entry_that_somebody_removed(self, practice: Practice) -> None:
        """It does not come back."""
        entry = practice.core.orders.place(practice.order()).entry
        practice.worklist.remove(entry.AccessionNumber)
        move(practice)
        assert listed(practice) == []


class TestExams:
    """Exams of the former number are here."""

    @pytest.mark.parametrize("number", ["4711", "815"])
    def test_both_numbers_open_them(self, practice: Practice, number: str) -> None:
        """The chart has records with either."""
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.send(StudyInstanceUID="2.25.7001", PatientID="815", **MULLER)
        practice.wait()
        move(practice)
        assert sorted(studies(practice, number)) == [STUDY, "2.25.7001"]
        practice.send(StudyInstanceUID="2.25.7002", PatientID="4711", **MULLER)
        assert "2.25.7002" in studies(practice, number)

    def test_only_news_follows_a_reported_exam(
        self, practice: Practice, project: Path, tmp_path: Path
    ) -> None:
        """The chart has the values already: the same report, sent again, is no news."""
        reports = Reports(project, practice, tmp_path)
        said = {"PatientID": "4711", "StudyInstanceUID": STUDY}
        reports.send("echo.dcm", **said)
        practice.wait()
        before = numbers(practice)
        assert set(before.values()) == {"4711"}
        move(practice)
        reports.send("echo.dcm", SOPInstanceUID="2.25.7100", **said)
        practice.wait()
        assert numbers(practice) == before
        reports.send("thyroid.dcm", SOPInstanceUID="2.25.7101", **said)
        practice.wait()
        new = {name: number for name, number in numbers(practice).items() if name not in before}
        assert list(new.values()) == ["815"]
        assert ["-sr-" in name for name in new] == [True]

    def test_what_is_held_is_decided_again(self, practice: Practice) -> None:
        """The order was the new number's, the device had the old one."""
        entry = practice.core.orders.place(practice.order(patient_id="815")).entry
        practice.send(StudyInstanceUID=entry.StudyInstanceUID, PatientID="4711", **MULLER)
        practice.wait()
        assert practice.core.overview.exams()[0].held_because == "order-of-other-patient"
        move(practice)
        practice.core.reporting.report_due()
        practice.wait(0)
        assert numbers(practice) == {f"{entry.AccessionNumber}.gdt": "815"}
        dossier = practice.core.overview.dossier(entry.StudyInstanceUID)
        grounds = dossier.events[-1].detail["evidence"]
        assert isinstance(grounds, list)
        assert {"source": "move", "reference": "815", "patient_id": "4711"}.items() <= next(
            one for one in grounds if one["source"] == "move"
        ).items()

    def test_both_numbers_in_one_study_are_one_person(self, practice: Practice) -> None:
        """The device got the new number in the middle of the exam."""
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.send(StudyInstanceUID=STUDY, PatientID="815", **MULLER)
        practice.wait()
        assert {exam.held_because for exam in practice.core.overview.exams()} == {
            "several-patients"
        }
        move(practice)
        practice.core.reporting.report_due()
        practice.wait(0)
        assert list(numbers(practice).values()) == ["815"]

    def test_a_release_to_the_former_number(self, practice: Practice) -> None:
        """Whoever still knows the old number means the chart it became."""
        move(practice)
        practice.send(StudyInstanceUID=STUDY, PatientID="", **MULLER)
        practice.wait()
        practice.core.held.release(STUDY, "4711")
        practice.wait()
        assert list(numbers(practice).values()) == ["815"]

    @pytest.mark.parametrize("said", ["4711", "815"])
    def test_a_release_says_whose_by_either_number(self, practice: Practice, said: str) -> None:
        """Of several people it is the one whose chart has or had the number."""
        other = {"PatientName": "Schmidt^Jo", "PatientBirthDate": "19700101"}
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.send(StudyInstanceUID=STUDY, PatientID="5", **other)
        practice.wait()
        move(practice)
        practice.core.held.release(STUDY, said)
        practice.wait()
        (record,) = practice.records().values()
        assert (record.patient.id, record.patient.family_name) == ("815", "Müller")

    @pytest.mark.usefixtures("believed")
    def test_the_list_of_what_waits(self, practice: Practice) -> None:
        """It has the number the chart has now, as the list of exams does."""
        other = {"PatientName": "Schmidt^Jo", "PatientBirthDate": "19700101"}
        practice.core.orders.place(practice.order())
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **other)
        practice.wait()
        move(practice)
        (item,) = practice.core.attention.items()
        assert item.whose == "815 Schmidt, Jo 01.01.1970"

    def test_whose_a_former_number_is(self, practice: Practice) -> None:
        """Who releases to the old number sees the person of the chart it became."""
        practice.core.orders.place(practice.order())
        move(practice)
        practice.send(StudyInstanceUID=STUDY, PatientName="Schmidt^Jo", PatientBirthDate="19700101")
        practice.wait()
        with pytest.raises(NeedsConfirmation) as asked:
            practice.core.held.release(STUDY, "4711")
        assert "815 Müller, Änne 24.12.1958" in asked.value.found

    def test_another_person_under_the_former_number(self, practice: Practice) -> None:
        """The former number was given away again: what names it is held, not sent along."""
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.wait()
        move(practice)
        other = {"PatientName": "Schmidt^Jo", "PatientBirthDate": "19700101"}
        practice.send(StudyInstanceUID="2.25.7001", PatientID="4711", **other)
        practice.wait()
        held = [exam.held_because for exam in practice.core.overview.exams(held=True)]
        assert held == ["number-of-other-person"]

    def test_the_history_tells(self, practice: Practice) -> None:
        """Which number became which, who said so and when; others' exams are not concerned."""
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.send(StudyInstanceUID="2.25.7001", PatientID="815", **MULLER)
        practice.wait()
        move(practice)
        (event,) = events(practice)
        assert (event.who, event.at) == ("Frau Lang", practice.clock.utc())
        assert event.detail == {"from": "4711", "to": "815"}
        assert events(practice, "2.25.7001") == []

    def test_a_withdrawal_goes_to_the_new_chart(self, practice: Practice) -> None:
        """The wrong record moved with the chart, so what takes it back goes there."""
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.wait()
        practice.collect()
        before = practice.files()
        move(practice)
        practice.core.corrections.withdraw(STUDY, "4711", "Verwechselt.")
        practice.wait(0)
        found = {name: number for name, number in numbers(practice).items() if name not in before}
        assert list(found.values()) == ["815"]


class TestMoves:
    """Numbers that move on, back, or nowhere."""

    def test_a_chain(self, practice: Practice) -> None:
        """Every number on the way leads to the last one."""
        entry = practice.core.orders.place(practice.order()).entry
        move(practice, "4711", "815")
        move(practice, "815", "90")
        assert listed(practice) == [(entry.AccessionNumber, "90")]
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.wait()
        assert set(numbers(practice).values()) == {"90"}
        assert [studies(practice, number) for number in ("4711", "815", "90")] == [[STUDY]] * 3

    @pytest.mark.parametrize(
        ("old", "new"), [("90", "4711"), ("4711", "90"), ("4711", "5"), ("7", "7"), ("7", "")]
    )
    def test_what_cannot_be(self, practice: Practice, old: str, new: str) -> None:
        """A circle, a number that moved already, the number itself, none."""
        move(practice, "4711", "815")
        move(practice, "815", "90")
        with pytest.raises(OrderError):
            move(practice, old, new)
        assert len(practice.core.renumbering.moves()) == 2

    def test_said_twice(self, practice: Practice) -> None:
        """It is one move."""
        move(practice)
        move(practice)
        assert len(practice.core.renumbering.moves()) == 1

    def test_two_people(self, practice: Practice) -> None:
        """Whoever mistyped the number is asked, and sees whom it belongs to; nothing is moved."""
        practice.core.orders.place(practice.order())
        other = practice.order(patient_id="815", family_name="Schmidt", birth_date=date(1970, 1, 1))
        practice.core.orders.place(other)
        before = listed(practice)
        with pytest.raises(NeedsConfirmation) as asked:
            practice.core.renumbering.renumber("4711", "815")
        assert asked.value.found == ("4711 Müller, Änne 24.12.1958", "815 Schmidt, Änne 01.01.1970")
        assert listed(practice) == before
        practice.core.renumbering.renumber("4711", "815", confirmed=True)
        assert {number for _, number in listed(practice)} == {"815"}

    @pytest.mark.parametrize("known", ["4711", "815"])
    def test_a_number_nobody_knows(self, practice: Practice, known: str) -> None:
        """It may be mistyped."""
        practice.core.orders.place(practice.order(patient_id=known))
        with pytest.raises(NeedsConfirmation) as asked:
            practice.core.renumbering.renumber("4711", "815")
        assert asked.value.found == (f"{known} Müller, Änne 24.12.1958",)

    def test_the_same_person_needs_no_confirmation(self, practice: Practice) -> None:
        """Both numbers have one name and birth date."""
        practice.core.orders.place(practice.order())
        practice.core.orders.place(practice.order(patient_id="815"))
        practice.core.renumbering.renumber("4711", "815")
        assert {number for _, number in listed(practice)} == {"815"}

    def test_master_data_follow(self, practice: Practice) -> None:
        """Unless the new number has its own."""
        record = OrderRecord("t1", 1, "h1", "A.GDT", "6301")
        practice.master_data.keep(record, Patient("4711", "Müller", "Änne"))
        move(practice)
        assert practice.master_data.completed(Patient("815")).family_name == "Müller"
        record = OrderRecord("t2", 1, "h2", "B.GDT", "6301")
        practice.master_data.keep(record, Patient("815", "Neumann", "Änne"))
        assert practice.master_data.completed(Patient("815")).family_name == "Neumann"

    def test_taken_back(self, practice: Practice) -> None:
        """A merger of two people was a mistake: everything is whose it was before."""
        first = practice.core.orders.place(practice.order()).entry
        own = practice.core.orders.place(practice.order(patient_id="815")).entry
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.wait()
        move(practice)
        during = practice.core.orders.place(practice.order(procedure="Herz")).entry
        practice.send(StudyInstanceUID=STUDY, PatientID="4711", **MULLER)
        practice.wait()
        move(practice, "815", "4711")
        with practice.database.read() as connection:
            found = [
                order_store.order_by_number(connection, entry.AccessionNumber)
                for entry in (own, during, first)
            ]
        assert [one.patient.id for one in found if one] == ["815", "4711", "4711"]
        assert dict(listed(practice))[during.AccessionNumber] == "4711"
        assert (studies(practice, "4711"), studies(practice, "815")) == ([STUDY], [])
        assert [one.undone_at is None for one in practice.core.renumbering.moves()] == [False]
        assert [event.detail["to"] for event in events(practice)] == ["815", "4711"]
