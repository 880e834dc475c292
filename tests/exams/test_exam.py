"""The life of an exam: when it is complete, whose it is, what is reported."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gdtbridge.archive import ReceiptStatus
from gdtbridge.errors import NotFound, NotUnderstood, OrderError, SopClassMismatch
from gdtbridge.exams import ExamState
from gdtbridge.exams.intake import MOST_CLAIMS
from tests.tools.practice import Practice

REPORT = "1.2.840.10008.5.1.4.1.1.88.33"


def only(practice: Practice) -> tuple[ExamState, str]:
    """Return state and reason of the only exam of only one person."""
    (standing,) = people(practice).values()
    return standing


def people(practice: Practice) -> dict[str, tuple[ExamState, str]]:
    """Return state and reason of each of the people of the exams, by the number they were sent."""
    exams = practice.core.overview.exams()
    return {one.sent_patient_id: (one.state, one.held_because) for one in exams}


def test_one_study_gives_one_record(practice: Practice) -> None:
    """Many instances, one file, when the device is silent."""
    for _ in range(5):
        practice.send()
        practice.wait(15)
        assert practice.files() == []

    practice.wait()
    practice.wait()

    (record,) = practice.records().values()
    assert practice.files() == ["R0000000042.gdt"]
    assert record.record_type == "6310"
    assert record.patient.id == "4711"
    assert record.patient.family_name == "Müller"
    assert record.first("8410") == "EXTPACS"
    assert "US: Abdomen" in record.all("6228")


@pytest.mark.slow
def test_the_limit_ends_a_long_exam(practice: Practice) -> None:
    """A device that never stops sending is reported after an hour."""
    for _ in range(250):
        practice.send()
        practice.wait(15)

    assert practice.files() == ["R0000000042.gdt"]


def test_a_deadline_survives_a_restart(practice: Practice) -> None:
    """The waiting is in the database, not in the process."""
    practice.send()
    again = practice.again()
    again.wait()

    assert again.files() == ["R0000000042.gdt"]


def test_a_clock_set_back_delays_nothing(practice: Practice) -> None:
    """A deadline a year ahead was set before the clock was corrected."""
    practice.send()
    practice.clock.seconds -= 365 * 86400
    practice.wait(1)

    assert practice.files() == ["R0000000042.gdt"]


def test_the_same_instance_again_changes_nothing(practice: Practice) -> None:
    """A resent study is acknowledged and not reported twice."""
    assert practice.send(SOPInstanceUID="2.25.7") is ReceiptStatus.NEW
    practice.wait()
    assert practice.send(SOPInstanceUID="2.25.7") is ReceiptStatus.SAME
    practice.wait()

    assert practice.files() == ["R0000000042.gdt"]
    assert practice.core.overview.exams()[0].instances == 1


def test_a_late_image_makes_no_second_study_record(practice: Practice) -> None:
    """One study record per exam, and the late image is kept."""
    practice.send()
    practice.wait()
    practice.send()
    practice.wait()

    assert practice.files() == ["R0000000042.gdt"]
    assert practice.core.overview.exams()[0].instances == 2


def test_two_studies_with_one_accession_number_get_two_files(practice: Practice) -> None:
    """Nothing overwrites a result."""
    practice.send(StudyInstanceUID="2.25.1001")
    practice.send(StudyInstanceUID="2.25.1002")
    practice.wait()

    assert practice.files() == ["R0000000042-2.gdt", "R0000000042.gdt"]


def test_no_accession_number_and_no_description(practice: Practice) -> None:
    """Our own number names the file; the comment says what is known."""
    practice.send(AccessionNumber="", StudyDescription="")
    practice.wait()

    ((name, record),) = practice.records().items()
    assert name == "E0000000001.gdt"
    assert record.all("6228") == ("US",)


def test_an_object_without_a_study_is_a_study_of_its_own(practice: Practice) -> None:
    """Broken devices lose nothing either."""
    practice.send(StudyInstanceUID="")
    practice.send(StudyInstanceUID="")
    practice.wait()

    assert len(practice.files()) == 2


def test_blanks_are_filled_by_later_instances(practice: Practice) -> None:
    """Devices name the accession number in the report only."""
    practice.send(AccessionNumber="", StudyDescription="*", Modality="SR", PatientSex="")
    practice.send(AccessionNumber="A7", StudyDescription="Echo", Modality="US")
    practice.wait()

    ((name, record),) = practice.records().items()
    assert name == "A7.gdt"
    assert "US: Echo" in record.all("6228")
    assert record.patient.sex == "F"


@pytest.mark.parametrize("time", ["", "1030", "10:30:15", "103015.123456789", "999999", "noon"])
def test_odd_times_give_a_sensible_record(practice: Practice, time: str) -> None:
    """A time that is none is left out, never invented."""
    practice.send(StudyTime=time)
    practice.wait()

    (record,) = practice.records().values()
    assert record.first("6201") in {None, "103000", "103015"}
    assert record.first("6200") == "15012024"


class TestHeld:
    """What is not certain is not sent."""

    def test_without_a_patient_number(self, practice: Practice) -> None:
        """An empty PatientID could be anybody."""
        practice.send(PatientID="")
        practice.wait()

        assert practice.files() == []
        assert only(practice) == (ExamState.HELD, "no-patient-id")

    def test_an_order_of_another_patient(self, practice: Practice) -> None:
        """The accession number leads to an order for somebody else."""
        placed = practice.core.orders.place(practice.order(patient_id="1"))
        practice.send(AccessionNumber=placed.entry.AccessionNumber)
        practice.wait()

        assert practice.files() == []
        assert only(practice) == (ExamState.HELD, "order-of-other-patient")

    def test_a_study_of_another_patients_order(self, practice: Practice) -> None:
        """The Study Instance UID came from the worklist entry of somebody else."""
        placed = practice.core.orders.place(practice.order(patient_id="1"))
        practice.send(StudyInstanceUID=placed.entry.StudyInstanceUID)
        practice.wait()

        assert only(practice) == (ExamState.HELD, "order-of-other-patient")

    def test_several_patients_in_one_study(self, practice: Practice) -> None:
        """Measurements are never merged across patients."""
        practice.send()
        practice.send(PatientID="1")
        practice.wait()

        assert practice.files() == []
        held = (ExamState.HELD, "several-patients")
        assert people(practice) == {"4711": held, "1": held}

    def test_a_person_releases(self, practice: Practice) -> None:
        """With a patient number from a person the result leaves once."""
        practice.send(PatientID="")
        practice.wait()
        practice.core.held.release("2.25.1000", "4711")
        practice.wait()
        practice.wait()

        (record,) = practice.records().values()
        assert record.patient.id == "4711"
        assert only(practice)[0] is ExamState.REPORTED

    @pytest.mark.parametrize("sent", ["04711", "4711A", "47 11"])
    def test_a_number_that_is_almost_the_same(self, practice: Practice, sent: str) -> None:
        """Similar is not the same: a person looks. What follows needs no second release."""
        placed = practice.core.orders.place(practice.order())
        values = {"PatientID": sent, "AccessionNumber": placed.entry.AccessionNumber}
        practice.send(**values)
        practice.wait()
        assert only(practice) == (ExamState.HELD, "order-of-other-patient")

        practice.core.held.release("2.25.1000", "4711")
        practice.wait()
        practice.send(**values)
        practice.wait()

        assert only(practice)[0] is ExamState.REPORTED
        (record,) = practice.records().values()
        assert record.patient.id == "4711"

    @pytest.mark.parametrize("sent", ["4711 ", " 4711", "4711\0"])
    def test_padding_is_no_difference(self, practice: Practice, sent: str) -> None:
        """Leading and trailing blanks of an LO mean nothing (PS3.5 6.2)."""
        placed = practice.core.orders.place(practice.order(patient_id=" 4711 "))
        practice.send(PatientID=sent, AccessionNumber=placed.entry.AccessionNumber)
        practice.wait()

        assert only(practice)[0] is ExamState.REPORTED

    def test_the_numbers_of_two_orders(self, practice: Practice) -> None:
        """The UID is of the patient's order, the accession number of somebody else's."""
        own = practice.core.orders.place(practice.order())
        other = practice.core.orders.place(practice.order(patient_id="1"))
        practice.send(
            StudyInstanceUID=own.entry.StudyInstanceUID,
            AccessionNumber=other.entry.AccessionNumber,
        )
        practice.wait()

        assert practice.files() == []
        assert only(practice) == (ExamState.HELD, "order-of-other-patient")

    def test_two_orders_of_one_patient(self, practice: Practice) -> None:
        """The study has the UID of one order, its objects name the other: both are answered."""
        first = practice.core.orders.place(practice.order())
        second = practice.core.orders.place(practice.order(procedure="Herz"))
        practice.send(
            StudyInstanceUID=first.entry.StudyInstanceUID,
            AccessionNumber=second.entry.AccessionNumber,
        )
        practice.wait()

        numbers = [one.entry.AccessionNumber for one in (first, second)]
        assert practice.files() == [f"{number}.gdt" for number in numbers]

    def test_a_late_image_of_another_patient(self, practice: Practice) -> None:
        """Released for the other one, the exam is reported for that one too, once."""
        practice.send()
        practice.wait()
        practice.send(PatientID="1")
        practice.wait()
        assert people(practice) == {
            "4711": (ExamState.REPORTED, ""),
            "1": (ExamState.HELD, "other-patient-after-report"),
        }
        assert len(practice.files()) == 1

        for _ in range(2):
            practice.core.held.release("2.25.1000", "1")
            practice.wait()
            practice.send(PatientID="2")
            practice.wait()

        patients = [record.patient.id for record in practice.records().values()]
        assert sorted(patients) == ["1", "4711"]

    def test_released_as_the_patient_it_was_reported_for(self, practice: Practice) -> None:
        """The study record is there already; no second one leaves."""
        practice.send()
        practice.wait()
        practice.send(PatientID="1")
        practice.core.held.release("2.25.1000", "4711")
        practice.wait()

        assert len(practice.files()) == 1
        assert {state for state, _ in people(practice).values()} == {ExamState.REPORTED}

    @pytest.mark.parametrize("late", ["1", "", "4711"])
    def test_a_number_that_comes_after_the_release(self, practice: Practice, late: str) -> None:
        """What an object says never replaces what a person said."""
        practice.send(PatientID="")
        practice.wait()
        practice.core.held.release("2.25.1000", " 4711 ")
        practice.send(PatientID=late)
        practice.wait()

        states = [state for state, _ in people(practice).values()]
        assert (ExamState.HELD in states) == (late == "1")
        assert [r.patient.id for r in practice.records().values()] == ["4711"]

    def test_a_release_needs_a_number(self, practice: Practice) -> None:
        """Nobody is no patient."""
        practice.send(PatientID="")
        practice.wait()
        with pytest.raises(OrderError):
            practice.core.held.release("2.25.1000", "  ")

        assert only(practice) == (ExamState.HELD, "no-patient-id")

    def test_a_uid_of_another_study(self, practice: Practice) -> None:
        """A device counts from one again: the second patient's exam is not lost but held."""
        practice.send(SOPInstanceUID="2.25.1", StudyInstanceUID="2.25.1001")
        practice.wait()
        practice.send(
            SOPInstanceUID="2.25.1", StudyInstanceUID="2.25.1002", PatientID="1", AccessionNumber=""
        )
        practice.wait()
        newest = practice.core.overview.exams()[0]
        assert (newest.state, newest.held_because) == (ExamState.HELD, "uid-taken")
        assert len(practice.files()) == 1

        practice.core.held.release("2.25.1002", "1")
        practice.wait()

        assert [record.patient.id for record in practice.records().values()] == ["1", "4711"]

    def test_only_what_is_held_can_be_released(self, practice: Practice) -> None:
        """A reported exam keeps its patient."""
        practice.send()
        practice.wait()
        with pytest.raises(NotFound):
            practice.core.held.release("2.25.1000", "1")

    def test_more_instances_do_not_release(self, practice: Practice) -> None:
        """An exam stays held whatever arrives."""
        practice.send(PatientID="")
        practice.wait()
        practice.send(PatientID="")
        practice.wait()

        assert practice.files() == []
        assert practice.core.overview.attention()["held"] == 1


def test_the_order_gives_its_number_and_procedure(practice: Practice) -> None:
    """A study matched by UID is reported under the order's accession number."""
    placed = practice.core.orders.place(practice.order(procedure="Schilddrüse"))
    practice.send(
        StudyInstanceUID=placed.entry.StudyInstanceUID, AccessionNumber="", StudyDescription=""
    )
    practice.wait()

    ((name, record),) = practice.records().items()
    assert name == f"{placed.entry.AccessionNumber}.gdt"
    assert "US: Schilddrüse" in record.all("6228")


@pytest.mark.parametrize("typed", [False, True])
def test_an_order_number_stays_out_of_the_chart_of_somebody_else(
    practice: Practice, *, typed: bool
) -> None:
    """The device kept the number of the patient before: neither record nor file bears it."""
    number = practice.core.orders.place(practice.order()).entry.AccessionNumber
    sent = number.lower() if typed else number
    other = {"PatientName": "Maier^Karl", "PatientBirthDate": "19481102", "PatientID": "4712"}
    practice.send(StudyInstanceUID="2.25.1000", AccessionNumber=sent, **other)
    practice.wait()
    if not typed:
        practice.core.held.release("2.25.1000", "4712")
        practice.wait()
    ((name, record),) = practice.records().items()
    assert record.first("3000") == "4712"
    assert number.lower() not in name.lower()
    assert number.lower().encode() not in record.data.lower()


def test_an_order_is_remembered_after_its_entry_is_gone(practice: Practice) -> None:
    """A study sent the next morning still meets its order."""
    placed = practice.core.orders.place(practice.order())
    practice.core.orders.cancel(placed.entry.AccessionNumber)
    practice.send(StudyInstanceUID=placed.entry.StudyInstanceUID, AccessionNumber="")
    practice.wait()

    assert practice.files() == [f"{placed.entry.AccessionNumber}.gdt"]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"SOPClassUID": "1.2.3"}, SopClassMismatch),
        ({"SOPInstanceUID": "2.25.99"}, SopClassMismatch),
    ],
)
def test_what_was_not_announced_is_refused(
    practice: Practice, values: dict[str, str], error: type[Exception]
) -> None:
    """A dataset that is not what the command said leaves no trace."""
    with pytest.raises(error):
        practice.send_dataset(
            _identified(SOPInstanceUID="2.25.1"), **{"SOPInstanceUID": "2.25.1", **values}
        )
    assert practice.core.overview.exams() == []
    assert list(practice.archive.folder.rglob("*.dcm")) == []


def _identified(**values: str) -> bytes:
    from tests.tools.elements import identification

    return identification(**values)


def test_what_cannot_be_read_is_refused(practice: Practice) -> None:
    """A broken dataset is the device's to send again."""
    whole = _identified()
    broken = whole[: whole.index(b"\x10\x00\x10\x00")] + b"\x10\x00\x10\x00PN\xff\x00short"
    with pytest.raises(NotUnderstood):
        practice.send_dataset(broken, SOPInstanceUID="2.25.1")


class TestFirstInstance:
    """``trigger = "first_instance"`` reports as the seed system did."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Report at once."""
        return '[exam]\ntrigger = "first_instance"\n'

    def test_it_is_reported_at_once(self, practice: Practice) -> None:
        """The first image makes the record, the others none."""
        practice.send()
        practice.wait(0)
        practice.send()
        practice.wait(0)

        assert practice.files() == ["R0000000042.gdt"]


class TestFailing:
    """One exam's fault is its own."""

    def test_an_exam_that_fails_stops_no_other(
        self, practice: Practice, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Its fault is logged once, a person is told, and it is reported when the fault is gone."""
        practice.send(StudyInstanceUID="2.25.1001", PatientID="13")
        practice.send(StudyInstanceUID="2.25.1002")
        practice.reader.fault = RuntimeError("patient 13")
        practice.send(StudyInstanceUID="2.25.1001", PatientID="13", SOPClassUID=REPORT)
        for _ in range(13):
            practice.wait(30)

        assert len(practice.files()) == 1
        assert practice.core.overview.attention()["overdue"] == 1
        (told,) = [message for message in caplog.messages if "cannot be reported" in message]
        assert told.startswith("exam 1 cannot be reported, trying again: RuntimeError at ")
        practice.reader.fault = None
        practice.wait()
        assert len(practice.files()) == 3  # the chart is told that the report is unreadable
        assert practice.core.overview.attention()["overdue"] == 0

    def test_a_report_is_read_again_where_the_machine_was_busy(self, practice: Practice) -> None:
        """A limit reached once says nothing of the file."""
        practice.reader.limits_left = 1
        practice.send(SOPClassUID=REPORT)
        practice.wait()

        assert practice.reader.reads == 2
        assert [problem.kind for problem in practice.core.overview.problems()] == [
            "NotAReportError"
        ]

    def test_a_worklist_that_is_away_delays(self, practice: Practice) -> None:
        """Whose the order is cannot be known; the exam waits and loses nothing."""
        practice.send()
        away = practice.worklist.path.rename(practice.folder / "away")
        monotonic = practice.worklist._scanned_at
        practice.worklist._scanned_at = monotonic - 3600
        practice.wait()
        assert practice.files() == []

        away.rename(practice.worklist.path)
        practice.wait()
        assert len(practice.files()) == 1

    def test_late_reports_are_not_put_off_for_ever(self, practice: Practice) -> None:
        """A device that never is quiet for long has its first report read in time."""
        practice.send()
        practice.wait()
        for _ in range(4):
            practice.send(SOPClassUID=REPORT)
            practice.wait(practice.settings.exam.quiet_seconds / 2)

        assert practice.reader.reads >= 2


def test_no_second_record_when_the_process_dies_after_the_commit(practice: Practice) -> None:
    """The outbox knows what it was given, whatever else the database says."""
    practice.send()
    practice.wait()
    with sqlite3.connect(practice.folder / "db.sqlite") as connection:
        connection.execute("UPDATE exam SET state='receiving', due_at=1")
        connection.execute("UPDATE claim SET state='open', number=''")
        connection.execute("DELETE FROM exam_result")
    connection.close()
    practice.wait()

    assert practice.files() == ["R0000000042.gdt"]


def test_nothing_leaves_the_folder(practice: Practice, tmp_path: Path) -> None:
    """Accession numbers that are paths make files in the folder like all others."""
    before = {path for path in tmp_path.rglob("*") if "out" not in path.parts}
    for number, accession in enumerate(["../../x", "/var/x", "..\\..\\x:ads", "CON", "..", "a\nb"]):
        practice.send(AccessionNumber=accession, StudyInstanceUID=f"2.25.{number}")
    practice.wait()

    assert len(practice.files()) == 6
    strange = {path for path in tmp_path.rglob("*.gdt") if path.parent != practice.out}
    assert strange - before == set()


def test_a_study_of_endless_patients_costs_no_more_than_one_of_many(practice: Practice) -> None:
    """A device gone mad names a new patient with each object: all are held, none is lost."""
    for number in range(MOST_CLAIMS + 20):
        practice.send(PatientID=f"M{number}", PatientName=f"Mad^{number}")
    practice.wait()

    assert practice.files() == []
    exams = practice.core.overview.exams(held=True)
    assert len(exams) == MOST_CLAIMS + 1
    assert sum(one.instances for one in exams) == MOST_CLAIMS + 20
    assert [one.instances for one in exams if not one.sent_patient_id] == [20]
