"""A report that could not be sent, and that its device sends again as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.results.gathering import ExamGatherer, GatheredExam, SeenExam
from gdtbridge.sr import UnreadableReportError
from tests.tools.practice import Practice, Reports

ECHO = "echo.dcm"
UID = "2.25.11"
UNREADABLE = "UnreadableReportError"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports."""
    return Reports(project, practice, tmp_path)


@pytest.fixture
def study(practice: Practice, reports: Reports) -> str:
    """Return the study of a report that could not be read."""
    practice.reader.fault = UnreadableReportError("broken")
    send(practice, reports)
    (exam,) = practice.core.overview.exams()
    assert problems(practice) == [UNREADABLE]
    return exam.study_instance_uid


def send(practice: Practice, reports: Reports) -> None:
    """Send the report, the same bytes each time, and let everything happen that is due."""
    reports.send(ECHO, SOPInstanceUID=UID)
    practice.wait()


def problems(practice: Practice) -> list[str]:
    """Return why reports wait for a person."""
    return [one.kind for one in practice.core.overview.problems()]


def counts(practice: Practice) -> list[int]:
    """Return how many values each value record has, the smallest first."""
    sent = [record for name, record in practice.records().items() if "-sr-" in name]
    return sorted(len(record.all("8410")) for record in sent)


@pytest.mark.usefixtures("study")
def test_what_can_be_read_now_is_sent_once(practice: Practice, reports: Reports) -> None:
    """As after an update of gdtbridge: the values follow the notice, and nothing waits."""
    assert counts(practice) == [0]
    practice.reader.fault = None
    send(practice, reports)
    notice, values = counts(practice)
    assert (notice, problems(practice)) == (0, [])
    assert values > 10

    reads = practice.reader.reads
    send(practice, reports)
    assert counts(practice) == [notice, values]
    assert practice.reader.reads == reads


@pytest.mark.usefixtures("study")
def test_what_comes_again_while_its_exam_is_reported_is_read(
    practice: Practice, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures take seconds; the report that came meanwhile is none of theirs."""
    practice.reader.fault = None
    real = practice.core.reporting.gatherer.read

    def slow(seen: SeenExam) -> GatheredExam:
        monkeypatch.undo()
        practice.clock.turn(1)
        reports.send(ECHO, SOPInstanceUID=UID)
        return real(seen)

    monkeypatch.setattr(ExamGatherer, "read", lambda _, seen: slow(seen))
    (exam,) = practice.core.overview.exams()
    practice.send(StudyInstanceUID=exam.study_instance_uid, PatientID=exam.sent_patient_id)
    for _ in range(3):
        practice.wait()
    assert problems(practice) == []
    assert len(counts(practice)) == 2


@pytest.mark.usefixtures("study")
def test_what_still_cannot_be_read_is_told_as_before(practice: Practice, reports: Reports) -> None:
    """One more reading for each time it is sent, and no second notice in the chart."""
    for _ in range(2):
        reads, files = practice.reader.reads, practice.files()
        send(practice, reports)
        practice.wait()
        assert practice.reader.reads == reads + 1
        assert practice.files() == files
        assert problems(practice) == [UNREADABLE]


@pytest.mark.usefixtures("study")
def test_it_is_told_while_it_waits_to_be_read_again(practice: Practice, reports: Reports) -> None:
    """Until it is known that the values are there, a person is asked for."""
    reports.send(ECHO, SOPInstanceUID=UID)
    assert problems(practice) == [UNREADABLE]


def test_what_a_person_has_seen_comes_back_only_as_values(
    practice: Practice, reports: Reports, study: str
) -> None:
    """Whoever dismissed it is not asked again; what is readable now is sent all the same."""
    practice.core.corrections.accept(study)
    send(practice, reports)
    assert problems(practice) == []
    assert counts(practice) == [0]

    practice.reader.fault = None
    send(practice, reports)
    assert problems(practice) == []
    assert len(counts(practice)) == 2


def test_it_is_read_although_a_person_sees_it_meanwhile(
    practice: Practice, reports: Reports, study: str
) -> None:
    """The device was quicker: its values are sent."""
    reports.send(ECHO, SOPInstanceUID=UID)
    practice.core.corrections.accept(study)
    practice.reader.fault = None
    practice.wait()
    assert len(counts(practice)) == 2
    assert problems(practice) == []


@pytest.mark.usefixtures("study")
def test_a_second_one_of_its_exam_comes_back_too(practice: Practice, reports: Reports) -> None:
    """The chart was told once for both; each is read again when it is sent again."""

    def send_other() -> None:
        reports.send(ECHO, SOPInstanceUID="2.25.13")
        practice.wait()

    send_other()
    assert problems(practice) == [UNREADABLE, UNREADABLE]
    send_other()
    assert problems(practice) == [UNREADABLE, UNREADABLE]
    practice.reader.fault = None
    send_other()
    assert problems(practice) == [UNREADABLE]
    assert len(counts(practice)) == 2


@pytest.mark.usefixtures("study")
def test_the_devices_other_content_replaces_it_before_it_is_read(
    practice: Practice, reports: Reports
) -> None:
    """What is superseded is not sent after what supersedes it."""
    reports.send(ECHO, SOPInstanceUID=UID)
    reports.send(ECHO, SOPInstanceUID=UID, SeriesDescription="neu")
    practice.reader.fault = None
    practice.wait()
    assert len(counts(practice)) == 2


def test_one_that_broke_off_gets_what_was_missing_when_it_comes_whole(
    practice: Practice, reports: Reports, tmp_path: Path
) -> None:
    """The same bytes add nothing; the whole report adds the rest, and no value twice."""
    reports.send(ECHO, StudyInstanceUID="2.25.20", SOPInstanceUID="2.25.12")
    practice.wait()
    (whole,) = counts(practice)
    bytes_of = (tmp_path / "report.dcm").read_bytes().replace(b"2.25.20\0", b"2.25.30\0")
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(bytes_of.replace(b"2.25.12\0", b"2.25.13\0")[: len(bytes_of) * 3 // 4])
    for _ in range(2):
        practice.send_file(cut, COMPREHENSIVE_SR, "2.25.13")
        practice.wait()
        part, every = counts(practice)
        assert 0 < part < every == whole
        assert problems(practice) == ["incomplete"]

    reports.send(ECHO, StudyInstanceUID="2.25.30", SOPInstanceUID="2.25.13")
    practice.wait()
    assert counts(practice) == sorted([part, whole - part, whole])
