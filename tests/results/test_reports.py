"""Structured Reports: one value record for each that says something new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pydicom
import pytest
import sqlalchemy as sa
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from gdtbridge.errors import OrderError
from gdtbridge.exams import ExamState, evidence
from gdtbridge.exams.evidence import ListedEntries
from gdtbridge.exams.model import Claim, Exam
from gdtbridge.gdt.read.record import Record
from gdtbridge.schema import instance, outbox
from tests.sr.builder import measured
from tests.tools.elements import element, identification
from tests.tools.practice import Change, Practice, Reports
from worklist import WorklistFolder

ECHO = "echo.dcm"
THYROID = "thyroid.dcm"


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports."""
    return Reports(project, practice, tmp_path)


def walked(dataset: pydicom.Dataset) -> Iterator[pydicom.Dataset]:
    """Yield the root and every item of a report."""
    yield dataset
    for item in dataset.get("ContentSequence", []):
        yield from walked(item)


def values(practice: Practice) -> Iterable[list[tuple[str, str, str]]]:
    """Return the values of every value record."""
    return values_of(practice).values()


def values_of(practice: Practice) -> dict[str, list[tuple[str, str, str]]]:
    """Return test id, value and unit (empty for none) of every value record."""
    return {
        name: [tuple_of(group) for group in groups(record)]
        for name, record in practice.records().items()
        if "-sr-" in name
    }


def groups(record: Record) -> list[dict[str, str]]:
    """Return the fields of each test; one begins with its id (8410)."""
    found: list[dict[str, str]] = []
    for line in record.lines:
        if line.id == "8410":
            found.append({})
        if found:
            found[-1][line.id] = line.value
    return found


def tuple_of(group: dict[str, str]) -> tuple[str, str, str]:
    """Return id, value and unit of a test."""
    return group["8410"], group["8420"], group.get("8421", "")


def test_a_report_gives_a_study_and_a_value_record(practice: Practice, reports: Reports) -> None:
    """Measurements reach the practice software with value and unit."""
    reports.send(ECHO)
    practice.wait()

    ((name, values),) = values_of(practice).items()
    assert len(practice.files()) == 2
    assert name.endswith(".gdt")
    assert len(values) > 10
    assert all(value.replace(".", "").lstrip("-").isdigit() for _, value, _ in values)
    ids = [number for number, _, _ in values]
    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) <= 20


def test_test_ids_are_the_same_every_time(practice: Practice, reports: Reports) -> None:
    """The practice software can map them once."""
    reports.send(ECHO, StudyInstanceUID="2.25.1", SOPInstanceUID="2.25.11")
    reports.send(ECHO, StudyInstanceUID="2.25.2", SOPInstanceUID="2.25.12")
    practice.wait()

    first, second = values_of(practice).values()
    assert first == second


def test_a_report_that_says_nothing_new_is_not_repeated(
    practice: Practice, reports: Reports
) -> None:
    """A device that sends its report again under a new UID makes no second record."""
    reports.send(ECHO)
    practice.wait()
    reports.send(ECHO, SOPInstanceUID=generate_uid())
    practice.wait()

    assert len(values_of(practice)) == 1


def numbers_in(dataset: pydicom.Dataset) -> Iterator[pydicom.Dataset]:
    """Yield every Measured Value item of a report."""
    for item in dataset.get("ContentSequence", []):
        yield from item.get("MeasuredValueSequence", [])
        yield from numbers_in(item)


class TestLaterReports:
    """What a further report of the same exam sends."""

    SAME: ClassVar = {"PatientID": "4711", "StudyInstanceUID": "2.25.1000"}

    def later(self, practice: Practice) -> Record:
        """Return the record of the later report."""
        names = [name for name in practice.records() if name.endswith("-sr-2.25.2.gdt")]
        return practice.records()[names[0]]

    def test_a_changed_value_is_sent_as_a_correction(
        self, practice: Practice, reports: Reports
    ) -> None:
        """Only what is another value now, with what it was; the record says what it is."""

        def change(dataset: pydicom.Dataset) -> None:
            next(numbers_in(dataset)).NumericValue = "99"

        reports.send(ECHO, SOPInstanceUID="2.25.1", **self.SAME)
        practice.wait()
        before = {number: (value, unit) for number, value, unit in next(iter(values(practice)))}
        reports.send(ECHO, change, SOPInstanceUID="2.25.2", **self.SAME)
        practice.wait()

        record = self.later(practice)
        assert record.first("6228") == "Korrigierter Bericht"
        (changed,) = groups(record)
        value, unit = before[changed["8410"]]
        assert changed["8420"] == "99"
        assert changed["8470"].startswith(f"vorher {value} {unit}")

    def test_a_correction_that_is_taken_back_is_sent(
        self, practice: Practice, reports: Reports
    ) -> None:
        """The chart's last word is the device's last word, also when that was said before."""

        def change(dataset: pydicom.Dataset) -> None:
            next(numbers_in(dataset)).NumericValue = "99"

        reports.send(ECHO, SOPInstanceUID="2.25.1", **self.SAME)
        practice.wait()
        before = {number: value for number, value, _ in next(iter(values(practice)))}
        reports.send(ECHO, change, SOPInstanceUID="2.25.3", **self.SAME)
        practice.wait()
        reports.send(ECHO, SOPInstanceUID="2.25.2", **self.SAME)
        practice.wait()
        (changed,) = groups(self.later(practice))
        assert changed["8420"] == before[changed["8410"]]
        assert changed["8470"].startswith("vorher 99 ")

    def test_what_was_measured_last_counts_whenever_it_comes(
        self, practice: Practice, reports: Reports
    ) -> None:
        """A report that failed on the way and comes later is told in words, and corrects nothing.

        Of two that come together the one made first is the first.
        """

        def measured(value: str) -> Change:
            def change(dataset: pydicom.Dataset) -> None:
                next(numbers_in(dataset)).NumericValue = value

            return change

        for uid, value, clock in (("2.25.1", "97", "1030"), ("2.25.2", "99", "1100")):
            reports.send(ECHO, measured(value), SOPInstanceUID=uid, ContentTime=clock, **self.SAME)
        reports.send(ECHO, measured("96"), SOPInstanceUID="2.25.3", ContentTime="1000", **self.SAME)
        practice.wait()
        _, *later = (groups(one) for one in self.in_order(practice))
        assert [len(one) for one in later] == [1, 1]
        assert [one["8470"][:9] for (one,) in later] == ["vorher 96", "vorher 97"]
        reports.send(ECHO, measured("95"), SOPInstanceUID="2.25.4", ContentTime="1045", **self.SAME)
        practice.wait()
        *_, late = self.in_order(practice)
        assert groups(late) == []
        said = " ".join(line.value for line in late.lines)
        assert "erst jetzt angekommen; es gilt der neuere" in said
        assert "(neuer: 99 " in said
        reports.send(ECHO, measured("94"), SOPInstanceUID="2.25.5", ContentTime="1200", **self.SAME)
        practice.wait()
        *_, newest = self.in_order(practice)
        assert groups(newest)[0]["8470"].startswith("vorher 99 ")

    def in_order(self, practice: Practice) -> list[Record]:
        """Return the value records in the order in which they left."""
        with practice.database.read() as connection:
            query = sa.select(outbox.c.final_name).order_by(outbox.c.id)
            names = connection.execute(query.where(outbox.c.final_name.contains("-sr-"))).scalars()
            return [practice.records()[name] for name in names]

    def test_further_values_are_sent_as_a_supplement(
        self, practice: Practice, reports: Reports
    ) -> None:
        """Of reports in parts, each with all so far, the chart gets each value once."""

        def cut(dataset: pydicom.Dataset) -> None:
            *_, last = (item for item in walked(dataset) if item.ValueType == "NUM")
            for item in walked(dataset):
                if last in item.get("ContentSequence", []):
                    item.ContentSequence.remove(last)

        reports.send(ECHO, cut, SOPInstanceUID="2.25.1", **self.SAME)
        reports.send(ECHO, SOPInstanceUID="2.25.2", **self.SAME)
        practice.wait()

        record = self.later(practice)
        assert record.first("6228") == "Ergänzender Bericht"
        assert len(groups(record)) == 1

    def test_fewer_values_withdraw_nothing(self, practice: Practice, reports: Reports) -> None:
        """An empty report, or a part of an earlier one, is no news."""

        def empty(dataset: pydicom.Dataset) -> None:
            dataset.ContentSequence = []

        reports.send(ECHO, SOPInstanceUID="2.25.1", **self.SAME)
        practice.wait()
        reports.send(ECHO, empty, SOPInstanceUID="2.25.2", **self.SAME)
        practice.wait()
        assert len(values_of(practice)) == 1

    def test_the_same_number_in_another_unit_is_a_correction(
        self, practice: Practice, reports: Reports
    ) -> None:
        """4 cm is not 4 mm."""

        def change(dataset: pydicom.Dataset) -> None:
            unit = next(numbers_in(dataset)).MeasurementUnitsCodeSequence[0]
            unit.CodeValue = "mm" if unit.CodeValue != "mm" else "cm"

        reports.send(ECHO, SOPInstanceUID="2.25.1", **self.SAME)
        reports.send(ECHO, change, SOPInstanceUID="2.25.2", **self.SAME)
        practice.wait()
        assert self.later(practice).first("6228") == "Korrigierter Bericht"

    def test_released_for_another_patient_everything_is_new(
        self, practice: Practice, reports: Reports
    ) -> None:
        """What went to the wrong chart does not count as sent."""
        reports.send(ECHO, SOPInstanceUID="2.25.1", PatientID="", StudyInstanceUID="2.25.1000")
        practice.wait()
        practice.core.held.release("2.25.1000", "4711")
        practice.wait()
        reports.send(ECHO, SOPInstanceUID="2.25.2", PatientID="9", StudyInstanceUID="2.25.1000")
        practice.core.held.release("2.25.1000", "9")
        practice.wait()
        first, second = values(practice)
        assert first == second
        assert self.later(practice).patient.id == "9"
        assert self.later(practice).first("6228") is None


def test_what_comes_while_the_worklist_is_asked_is_not_passed_over(
    practice: Practice, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder may take seconds; a report and a picture that arrive meanwhile leave as well."""

    def another_picture() -> None:
        practice.send(SOPInstanceUID="2.25.50")

    def report() -> None:
        reports.send(ECHO, PatientID="4711", StudyInstanceUID="2.25.1000")

    arriving, real = [another_picture, report], evidence.look_up

    def slow(exam: Exam, claims: Sequence[Claim], folder: WorklistFolder) -> ListedEntries:
        found = real(exam, claims, folder)
        practice.clock.turn(1)
        if arriving:
            arriving.pop()()
        return found

    monkeypatch.setattr(evidence, "look_up", slow)
    practice.send(SOPInstanceUID="2.25.51")
    for _ in range(4):
        practice.wait()
    assert len(values_of(practice)) == 1
    with practice.database.read() as connection:
        assert all(connection.execute(sa.select(instance.c.told)).scalars())


def test_a_late_report_is_reported(practice: Practice, reports: Reports) -> None:
    """The study record is there already; the values follow."""
    reports.send(ECHO, PatientID="4711", StudyInstanceUID="2.25.1000")
    practice.wait()
    reports.send(THYROID, PatientID="4711", StudyInstanceUID="2.25.1000")
    practice.wait()

    assert len(values_of(practice)) == 2
    assert len(practice.files()) == 3


def test_a_report_of_another_patient_holds_the_exam(practice: Practice, reports: Reports) -> None:
    """Nothing of it is sent, and a release sends only what is the named patient's."""
    practice.send(PatientID="4711")
    reports.send(ECHO, PatientID="1", StudyInstanceUID="2.25.1000")
    practice.wait()
    assert practice.files() == []

    practice.core.held.release("2.25.1000", "4711")
    practice.wait()
    assert values_of(practice) == {}
    assert len(practice.files()) == 1


def test_only_the_named_patients_reports_leave(practice: Practice, reports: Reports) -> None:
    """However often an exam of two patients is held, the other's report stays and is shown."""
    practice.send(PatientID="4711")
    reports.send(ECHO, PatientID="1", StudyInstanceUID="2.25.1000")
    reports.send(THYROID, PatientID="4711", StudyInstanceUID="2.25.1000")
    with pytest.raises(OrderError):
        practice.core.held.release("2.25.1000", "日本")  # no GDT character set has it
    practice.wait()
    practice.core.held.release("2.25.1000", "4711")
    practice.wait()

    assert len(values_of(practice)) == 1
    (problem,) = practice.core.overview.problems()
    assert problem.kind == "held"
    assert (practice.archive.folder / problem.file).is_file()
    assert practice.core.overview.attention()["held"] == 1


def test_a_late_report_after_a_release(practice: Practice, reports: Reports) -> None:
    """The device goes on sending the number it has; a person has said whose it is."""
    placed = practice.core.orders.place(practice.order())
    number = placed.entry.AccessionNumber
    practice.send(PatientID="004711", AccessionNumber=number)
    practice.wait()
    practice.core.held.release("2.25.1000", "4711")
    practice.wait()
    reports.send(ECHO, PatientID="004711", AccessionNumber=number, StudyInstanceUID="2.25.1000")
    practice.wait()

    assert len(values_of(practice)) == 1
    assert {record.patient.id for record in practice.records().values()} == {"4711"}


def test_a_report_of_a_held_exam_leaves_with_its_release(
    practice: Practice, reports: Reports
) -> None:
    """Nothing is read or sent before, everything after."""
    practice.send(PatientID="")
    practice.wait()
    reports.send(ECHO, PatientID="", StudyInstanceUID="2.25.1000")
    practice.wait()
    assert practice.files() == []

    practice.core.held.release("2.25.1000", "4711")
    practice.wait()
    assert len(values_of(practice)) == 1
    assert len(practice.files()) == 2


def test_another_version_of_a_report_replaces_it(practice: Practice, reports: Reports) -> None:
    """The device's last word is read, the one before stays in the archive, the history tells."""
    uid = generate_uid()
    reports.send(ECHO, SOPInstanceUID=uid)
    reports.send(ECHO, SOPInstanceUID=uid, SeriesDescription="corrected")
    practice.wait()

    assert practice.core.overview.problems() == []
    (exam,) = practice.core.overview.exams()
    events = practice.core.overview.dossier(exam.study_instance_uid).events
    assert [event.detail["sop_instance_uid"] for event in events if event.what == "replaced"] == [
        uid
    ]
    assert len(list(practice.archive.folder.rglob("*.dcm"))) == 2
    assert len(values_of(practice)) == 1


def test_a_report_that_was_cut_off_is_a_problem(practice: Practice) -> None:
    """Where the end is missing, no measurement does not mean that nothing was measured."""
    content = element(0x0040A730, b"SQ", b"", length=4000)
    uid, sop_class = "2.25.77", "1.2.840.10008.5.1.4.1.1.88.33"
    data = identification(SOPInstanceUID=uid, SOPClassUID=sop_class) + content
    practice.send_dataset(data, SOPInstanceUID=uid, SOPClassUID=sop_class)
    practice.wait()

    assert [problem.kind for problem in practice.core.overview.problems()] == ["incomplete"]


def test_a_report_that_was_cut_off_after_what_is_known_is_a_problem(
    practice: Practice, reports: Reports, tmp_path: Path
) -> None:
    """What was sent already is in it; what is new in it may be missing."""
    reports.send(ECHO, StudyInstanceUID="2.25.1", SOPInstanceUID="2.25.11")
    whole = (tmp_path / "report.dcm").read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(whole.replace(b"2.25.11", b"2.25.12")[: len(whole) - 100])
    practice.send_file(cut, str(pydicom.dcmread(tmp_path / "report.dcm").SOPClassUID), "2.25.12")
    practice.wait()

    sent = values_of(practice)
    assert sent["R0000000044-sr-2.25.12.gdt"] == []
    record = practice.records()["R0000000044-sr-2.25.12.gdt"]
    assert "Der Bericht des Geräts bricht ab: Werte können fehlen." in record.all("6228")
    assert len(sent) == 2
    assert [problem.kind for problem in practice.core.overview.problems()] == ["incomplete"]


def test_what_cannot_be_read_is_named_in_the_chart_and_to_a_person(
    practice: Practice, reports: Reports
) -> None:
    """The other values leave; a lost number has its name in the record and an entry for staff."""

    def change(dataset: pydicom.Dataset) -> None:
        value = dataset.ContentSequence[4].ContentSequence[1].ContentSequence[3]
        value.MeasuredValueSequence = [measured("1,234", "cm")]

    reports.send(ECHO, change)
    practice.wait()

    assert [problem.kind for problem in practice.core.overview.problems()] == ["losses"]
    (record,) = [record for name, record in practice.records().items() if "-sr-" in name]
    text = " ".join(line.value for line in record.lines)
    assert "Messwert nicht lesbar, am Gerät nachsehen: " in text
    assert "1,234" not in text
    assert len(groups(record)) > 3


def test_what_nobody_has_is_named_in_the_chart_and_no_problem(
    practice: Practice, reports: Reports
) -> None:
    """A sentinel is no result and nobody's loss: the chart says that it was sent."""

    def change(dataset: pydicom.Dataset) -> None:
        value = dataset.ContentSequence[4].ContentSequence[1].ContentSequence[3]
        value.MeasuredValueSequence = [measured("-9999", "cm")]

    reports.send(ECHO, change)
    practice.wait()

    assert practice.core.overview.problems() == []
    (record,) = [record for name, record in practice.records().items() if "-sr-" in name]
    text = " ".join(line.value for line in record.lines)
    assert "Unmöglicher Wert, nicht übernommen: " in text
    assert "9999" not in text


def test_an_unreadable_report_does_not_stop_the_study(practice: Practice) -> None:
    """The study record leaves, and a person can see that a report is unreadable."""
    practice.send(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")
    practice.wait()

    assert practice.files() == ["R0000000042-sr-2.25.1.gdt", "R0000000042.gdt"]
    assert practice.core.overview.exams()[0].state is ExamState.REPORTED
    assert practice.core.overview.attention()["unreadable"] == 1


def in_other_units(dataset: pydicom.Dataset) -> None:
    """Let the device send lengths in cm instead of mm and velocities in m/s instead of cm/s."""
    others = {"mm": ("cm", -1), "cm": ("mm", 1), "cm/s": ("m/s", -2)}
    for item in numbers_in(dataset):
        (unit,) = item.MeasurementUnitsCodeSequence
        if unit.CodeValue in others:
            unit.CodeValue, power = others[unit.CodeValue]
            item.NumericValue = format(Decimal(str(item.NumericValue)).scaleb(power), "f")[:16]


def test_settings_of_the_device_do_not_reach_the_chart(
    practice: Practice, reports: Reports
) -> None:
    """An exam sent in cm and in mm gives the same tests, values and units."""
    reports.send(ECHO, StudyInstanceUID="2.25.1", SOPInstanceUID="2.25.11")
    reports.send(ECHO, in_other_units, StudyInstanceUID="2.25.2", SOPInstanceUID="2.25.12")
    practice.wait()

    first, second = (
        [(*tuple_of(group), group["8411"]) for group in groups(record)]
        for name, record in practice.records().items()
        if "-sr-" in name
    )
    assert ("IVSD", "9.4", "mm", "Septumdicke enddiastolisch (IVSd)") in first
    assert ("IVSD0MM", "9.5", "mm", "Septumdicke enddiastolisch (IVSd), M-Mode") in first
    assert first == second


class TestTheDevicesOwnWords:
    """``stable``: nothing is renamed and nothing converted."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Leave the catalogue out."""
        return '[gdt]\ntest_ids = "stable"\n'

    def test_names_numbers_and_units_are_as_sent(
        self, practice: Practice, reports: Reports
    ) -> None:
        """The septum in M-mode came in cm."""
        reports.send(ECHO)
        practice.wait()

        (sent,) = values(practice)
        assert ("0.95", "cm") in {(value, unit) for _, value, unit in sent}
        assert not any(number == "LVIDD" for number, _, _ in sent)


def unheard_of(report: Dataset) -> None:
    """Give the private measurements of a report codes no catalogue has."""
    for row in report.ContentSequence[0].ContentSequence:
        code = row.ContentSequence[0]
        code.TextValue = code.TextValue.replace("THY_", "XYZ_")


class TestHeldBack:
    """``unknown = "hold"``: only what the catalogue has leaves."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Hold back what is unknown; name one of the device's private codes."""
        return (
            '[gdt]\nunknown = "hold"\n[[catalogue.rows]]\nid = "THYV0R"\n'
            'concept = "SONOSCAPE:XYZ_R_VOL"\nwhere = "mode=2D"\n'
        )

    def test_what_a_row_of_ones_own_names_leaves(
        self, practice: Practice, reports: Reports
    ) -> None:
        """Of ten private measurements the practice named one."""
        reports.send(THYROID, unheard_of)
        practice.wait()

        assert list(values(practice)) == [[("THYV0R", "6.5", "ml")]]

    def test_the_standard_codes_leave(self, practice: Practice, reports: Reports) -> None:
        """The catalogue has all of the echo."""
        reports.send(ECHO)
        practice.wait()

        (sent,) = values(practice)
        assert len(sent) > 20
        assert {"LVIDD", "LVEF0BP", "AOVMAX", "MVE", "TAPSE"} <= {number for number, _, _ in sent}


class TestNothingToSend:
    """All of a report is held back."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Hold back what is unknown."""
        return '[gdt]\nunknown = "hold"\n'

    def test_no_value_record_is_written(self, practice: Practice, reports: Reports) -> None:
        """The study record leaves, and nothing is left for a person to mend."""
        reports.send(THYROID, unheard_of)
        practice.wait()

        assert practice.files() == ["R0000000043.gdt"]
        assert practice.core.overview.exams()[0].state is ExamState.REPORTED
        assert practice.core.overview.attention()["unreadable"] == 0


class TestMedicalOffice:
    """A practice that used the seed system changes nothing."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Write as the seed system did."""
        return '[gdt]\ndialect = "medical-office"\ntest_ids = "seed"\n'

    def test_the_seed_ids_come_back(self, practice: Practice, reports: Reports) -> None:
        """SonoScape: SO and the name; TID 5200: SOEC, mode and initials."""
        reports.send(THYROID)
        reports.send(ECHO)
        practice.wait()

        ids = {number for values in values_of(practice).values() for number, _, _ in values}
        assert any(number.startswith("SOEC2") for number in ids)
        assert any(number.startswith("SOSCHILD") or number == "SOTHYROIDLLENGTH" for number in ids)

    def test_a_ratio_keeps_the_unit_the_seed_wrote(
        self, practice: Practice, reports: Reports
    ) -> None:
        """UCUM 1 was written as it is, and the practice software knows the value by it."""
        reports.send(ECHO)
        practice.wait()

        (values,) = values_of(practice).values()
        assert "1" in {unit for _, _, unit in values}

    def test_the_remarks_name_the_source(self, practice: Practice, reports: Reports) -> None:
        """8470 says where the value comes from, as it always did."""
        reports.send(THYROID)
        practice.wait()

        records = [r for name, r in practice.records().items() if "-sr-" in name]
        assert any(text.startswith("Quelle: ") for text in records[0].all("8470"))
        assert any(text.startswith("Id: ") for text in records[0].all("8470"))
