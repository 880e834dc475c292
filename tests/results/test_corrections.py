"""What was sent to a wrong chart: withdrawn, replaced by a correction, or taken back in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.errors import NeedsConfirmation, NotFound, OrderError, TooLate
from gdtbridge.exams import ExamState
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders.model import OrderState
from tests.tools.practice import Practice, Reports

STUDY = "2.25.1000"
WEISS = {"PatientID": "815", "PatientName": "Weiß^Jo", "PatientBirthDate": "19700101"}


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports, sent as a device would."""
    return Reports(project, practice, tmp_path)


@pytest.fixture(autouse=True)
def collects(practice: Practice) -> None:
    """Let the practice software collect what it gets."""
    practice.collects = True


def of(practice: Practice, number: str) -> list[Record]:
    """Return the records of a chart, in the order of their file names."""
    return [one for one in practice.records().values() if one.patient.id == number]


def text(record: Record) -> str:
    """Return what a doctor reads in a record, in one line."""
    return " ".join(line.value for line in record.lines if line.id in {"6220", "6227", "6228"})


def states(practice: Practice) -> dict[str, ExamState]:
    """Return the state of each of the exam's people, by the number they were sent."""
    return {one.sent_patient_id: one.state for one in practice.core.overview.exams()}


class TestWithdraw:
    """A person's word: it does not belong there."""

    def test_the_wrong_chart_is_told_and_the_right_one_gets_it(
        self, practice: Practice, reports: Reports
    ) -> None:
        """A plain retraction there, study and values here, each under its own name only."""
        practice.send()
        reports.send("echo.dcm", PatientID="4711", StudyInstanceUID=STUDY)
        practice.wait()
        practice.core.corrections.withdraw(STUDY, "4711", "Falsche Zeile gewählt", to="815")
        practice.wait()

        (retraction,) = (one for one in of(practice, "4711") if "Irrtümlich" in text(one))
        assert "Falsche Zeile gewählt" in text(retraction)
        assert "Messwert" in text(retraction)
        assert retraction.patient.family_name in {"", None}
        assert not any("815" in line.value for line in retraction.lines)
        right = of(practice, "815")
        assert len(right) == 2
        assert all(one.patient.family_name in {"", None} for one in right)
        assert len([one for one in right if one.all("8420")]) == 1
        assert states(practice) == {"4711": ExamState.REPORTED}

    def test_objects_that_still_wait_name_nobody_in_the_wrong_chart(
        self, practice: Practice
    ) -> None:
        """They are of the very person whose result is withdrawn there."""
        practice.send()
        practice.wait()
        practice.send(AccessionNumber="GERAET2")
        practice.core.corrections.withdraw(STUDY, "4711", "Falsche Zeile gewählt")
        practice.wait()

        (retraction,) = (one for one in of(practice, "4711") if "Irrtümlich" in text(one))
        assert retraction.patient.family_name in {"", None}
        assert retraction.patient.birth_date is None

    def test_without_the_right_number_it_is_held(self, practice: Practice) -> None:
        """Nothing goes back into the wrong chart by itself, whatever comes later."""
        practice.send()
        practice.wait()
        practice.core.corrections.withdraw(STUDY, "4711", "Nicht die Patientin")
        practice.wait()
        practice.send()
        practice.wait()
        assert len(of(practice, "4711")) == 2
        assert states(practice) == {"4711": ExamState.HELD}

        practice.core.held.release(STUDY, "815")
        practice.wait()
        assert len(of(practice, "815")) == 1

    def test_back_into_the_same_chart(self, practice: Practice, reports: Reports) -> None:
        """The withdrawal was the mistake: everything is sent once more."""
        practice.send()
        reports.send("echo.dcm", PatientID="4711", StudyInstanceUID=STUDY)
        practice.wait()
        before = len(of(practice, "4711"))
        practice.core.corrections.withdraw(STUDY, "4711", "Verwechselt")
        practice.wait()
        practice.core.held.release(STUDY, "4711")
        practice.wait()
        assert len(of(practice, "4711")) == before * 2 + 1

    def test_its_order_waits_again(self, practice: Practice) -> None:
        """The patient of the order was not examined after all."""
        entry = practice.core.orders.place(practice.order()).entry
        practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber="")
        practice.wait()
        practice.core.order_book.follow_marked()
        assert practice.core.orders.all() == ()
        practice.core.corrections.withdraw(entry.StudyInstanceUID, "4711", "Falsch")
        practice.core.order_book.follow_marked()

        (again,) = practice.core.orders.all()
        assert again.AccessionNumber == entry.AccessionNumber
        assert practice.core.order_book.order_of(again).state is OrderState.ORDERED

    def test_what_cannot_be_withdrawn(self, practice: Practice) -> None:
        """Nothing was sent there, no reason, a number that is none, the same number."""
        practice.send()
        practice.wait()
        withdraw = practice.core.corrections.withdraw
        with pytest.raises(NotFound):
            withdraw(STUDY, "815", "Falsch")
        with pytest.raises(NotFound):
            withdraw("2.25.9", "4711", "Falsch")
        for reason, to in (("", ""), ("Falsch", "4711"), ("Falsch", "a^b")):
            with pytest.raises(OrderError):
                withdraw(STUDY, "4711", reason, to=to)

    def test_to_a_number_of_somebody_else(self, practice: Practice) -> None:
        """The same question as with a release."""
        practice.core.orders.place(
            practice.order(patient_id="70", family_name="Alpha", birth_date=None)
        )
        order = practice.order(patient_id="71", family_name="Alpha")
        practice.core.orders.place(order)
        practice.send(PatientName="Omega^Olga", PatientBirthDate="19500101")
        practice.wait()
        with pytest.raises(NeedsConfirmation) as asked:
            practice.core.corrections.withdraw(STUDY, "4711", "Falsch", to="71")
        assert asked.value.found[0] == "4711 Omega, Olga 01.01.1950"
        assert len(practice.files()) == 1


@pytest.mark.usefixtures("believed")
class TestAccept:
    """The device sends its objects again for somebody else, after the report."""

    def test_the_same_objects_for_somebody_else(self, practice: Practice, reports: Reports) -> None:
        """Accepted: the result in the chart the device names now, a retraction in the other."""
        uid = "2.25.77"
        practice.send(SOPInstanceUID="2.25.1")
        reports.send("echo.dcm", PatientID="4711", StudyInstanceUID=STUDY, SOPInstanceUID=uid)
        practice.wait()
        practice.send(SOPInstanceUID="2.25.1", **WEISS)
        reports.send("echo.dcm", StudyInstanceUID=STUDY, SOPInstanceUID=uid, **WEISS)
        practice.wait()
        assert states(practice) == {"4711": ExamState.REPORTED, "815": ExamState.HELD}
        assert of(practice, "815") == []

        practice.core.corrections.accept(STUDY)
        practice.wait()
        (retraction,) = (one for one in of(practice, "4711") if "Irrtümlich" in text(one))
        assert not any("Weiß" in line.value for line in retraction.lines)
        right = of(practice, "815")
        assert len(right) == 2
        assert {one.patient.family_name for one in right} == {"Weiß"}
        assert practice.core.attention.items() == []

    def test_some_of_the_objects(self, practice: Practice) -> None:
        """The chart keeps what is still its own, and is told what is not."""
        for number in (1, 2, 3):
            practice.send(SOPInstanceUID=f"2.25.{number}")
        practice.wait()
        practice.send(SOPInstanceUID="2.25.2", **WEISS)
        practice.wait()
        practice.core.corrections.accept(STUDY, person=2)
        practice.wait()

        first, retraction = sorted(of(practice, "4711"), key=lambda one: "Irrtümlich" in text(one))
        assert "Irrtümlich" not in text(first)
        assert "1 Bild" in text(retraction)
        assert len(of(practice, "815")) == 1
        practice.send(SOPInstanceUID="2.25.4")
        practice.wait()
        assert states(practice) == {"4711": ExamState.REPORTED, "815": ExamState.REPORTED}

    def test_discarded_it_stays_as_it_was(self, practice: Practice) -> None:
        """The device was wrong; what comes later is not discarded unseen."""
        practice.send(SOPInstanceUID="2.25.1")
        practice.wait()
        practice.send(SOPInstanceUID="2.25.1", **WEISS)
        practice.wait()
        practice.core.held.discard(STUDY, "Am Gerät vertippt", person=2)
        practice.wait()
        assert len(practice.files()) == 1
        assert practice.core.attention.items() == []

        practice.send(SOPInstanceUID="2.25.2", **WEISS)
        practice.wait()
        assert states(practice)["815"] is ExamState.HELD

    def test_what_is_no_correction(self, practice: Practice) -> None:
        """Nothing waits, or it waits for a release."""
        practice.send(PatientID="")
        practice.wait()
        with pytest.raises(OrderError):
            practice.core.corrections.accept(STUDY)
        with pytest.raises(NotFound):
            practice.core.corrections.accept("2.25.9")

    def test_a_report_that_could_not_be_sent_has_been_seen(self, practice: Practice) -> None:
        """It leaves the list; the file stays in the archive."""
        practice.send(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")
        practice.wait()
        assert [item.code for item in practice.core.attention.items()] == ["report-unreadable"]
        practice.core.corrections.accept(STUDY)
        assert practice.core.attention.items() == []
        with pytest.raises(NotFound):
            practice.core.corrections.accept(STUDY)


class TestUndo:
    """A release is taken back until something has left."""

    def test_before_it_is_reported(self, practice: Practice) -> None:
        """It is held as before."""
        practice.send(PatientID="")
        practice.wait()
        practice.core.held.release(STUDY, "4711")
        practice.core.corrections.undo(STUDY)
        practice.wait()
        assert practice.files() == []
        assert states(practice) == {"": ExamState.HELD}

    def test_while_the_share_is_away(self, practice: Practice) -> None:
        """What waits in the outbox is removed, and a second release sends everything once."""
        practice.send(PatientID="")
        practice.wait()
        practice.core.held.release(STUDY, "4711")
        practice.core.reporting.report_due()
        practice.core.corrections.undo(STUDY)
        practice.wait()
        assert practice.files() == []

        practice.core.held.release(STUDY, "815")
        practice.wait()
        assert [one.patient.id for one in practice.records().values()] == ["815"]

    @pytest.mark.parametrize("to", ["", "815"])
    def test_what_was_withdrawn_does_not_return_to_the_wrong_chart(
        self, practice: Practice, to: str
    ) -> None:
        """The withdrawal is a word of its own: it stays when the number is taken back."""
        practice.send()
        practice.wait()
        practice.core.corrections.withdraw(STUDY, "4711", "Nicht die Patientin", to=to)
        if not to:
            practice.core.held.release(STUDY, "815")
        practice.core.corrections.undo(STUDY)
        practice.wait()

        assert states(practice) == {"4711": ExamState.HELD}
        assert len(of(practice, "4711")) == 2  # the result and its retraction
        assert of(practice, "815") == []

    def test_once_something_has_left_it_is_too_late(self, practice: Practice) -> None:
        """Then it is a withdrawal."""
        practice.send(PatientID="")
        practice.wait()
        with pytest.raises(NotFound):
            practice.core.corrections.undo(STUDY)
        practice.core.held.release(STUDY, "4711")
        practice.wait()
        with pytest.raises(TooLate, match="withdraw"):
            practice.core.corrections.undo(STUDY)
        assert states(practice) == {"": ExamState.REPORTED}


class TestUnmatch:
    """An open order was met by number, person, station and day alone."""

    def test_the_order_is_open_again(self, practice: Practice) -> None:
        """Met, then not meant: listed again, and not met a second time by a late image."""
        entry = practice.core.orders.place(practice.order()).entry
        practice.send(AccessionNumber="")
        practice.wait()
        practice.core.order_book.follow_marked()
        assert practice.core.orders.all() == ()
        practice.core.held.unmatch(STUDY)
        practice.core.order_book.follow_marked()
        practice.send(AccessionNumber="")
        practice.wait()
        practice.core.orders.clean()

        assert [one.AccessionNumber for one in practice.core.orders.all()] == [
            entry.AccessionNumber
        ]
        assert len(practice.files()) == 1

    def test_what_the_objects_name_is_no_guess(self, practice: Practice) -> None:
        """The study UID or the number is the device's word."""
        entry = practice.core.orders.place(practice.order()).entry
        practice.send(StudyInstanceUID=entry.StudyInstanceUID)
        practice.wait()
        with pytest.raises(NotFound):
            practice.core.held.unmatch(entry.StudyInstanceUID)
        with pytest.raises(NotFound):
            practice.core.held.unmatch("2.25.9")


@pytest.mark.usefixtures("believed")
def test_of_three_people_only_the_correction_is_accepted(practice: Practice) -> None:
    """One of two is released, then corrected at the device: the third person's waits as before."""
    practice.send(SOPInstanceUID="2.25.1")
    practice.send(SOPInstanceUID="2.25.2", **WEISS)
    practice.wait()
    practice.core.held.release(STUDY, "815")
    practice.wait()
    third = {"PatientID": "900", "PatientName": "Dora^D", "PatientBirthDate": "19800808"}
    practice.send(SOPInstanceUID="2.25.2", **third)
    practice.wait()
    reasons = {one.sent_patient_id: one.held_because for one in practice.core.overview.exams()}
    assert reasons == {"4711": "other-patient-after-report", "815": "", "900": "correction"}
    codes = sorted(item.code for item in practice.core.attention.items())
    assert codes == ["correction-waiting", "held-exam"]

    practice.core.corrections.accept(STUDY, person=3)
    practice.wait()
    assert [one.patient.family_name for one in of(practice, "900")] == ["Dora"]
    assert len(of(practice, "815")) == 2
    assert of(practice, "4711") == []
    assert [item.code for item in practice.core.attention.items()] == ["held-exam"]


def test_the_number_of_another_person_of_the_exam_is_asked_for(practice: Practice) -> None:
    """Zenzi's images released for Erna's number: the exam itself says whose that is."""
    practice.send()
    practice.send(**WEISS)
    practice.wait()
    with pytest.raises(NeedsConfirmation) as asked:
        practice.core.held.release(STUDY, "4711", person=2)
    assert asked.value.found == ("815 Weiß, Jo 01.01.1970", "4711 Müller, Änne 24.12.1958")
