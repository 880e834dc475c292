"""The page of a report: printed for the exam's patient, written and named beside its values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.gdt.read.record import Record
from gdtbridge.report_page import PageFormat, ReportSheet
from gdtbridge.results.routing import Routing
from gdtbridge.settings import load_settings
from gdtbridge.sr import ReportLimitError
from tests.tools.elements import still
from tests.tools.practice import Practice, Reports

pytestmark = pytest.mark.slow  # starts children with typesetting

STUDY = "2.25.1000"
ECHO, THYROID = "echo.dcm", "thyroid.dcm"
WANTED = (
    '[gdt]\ndialect = "medistar"\nattachments_folder = "pictures"\n'
    "attachments_path = '\\\\server\\bilder'\nreport_attachment = true\n"
)


@pytest.fixture
def settings_text() -> str:
    """Return the settings of a practice that wants the pages."""
    return WANTED


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports; the folder of attachments is there."""
    (practice.folder / "pictures").mkdir()
    return Reports(project, practice, tmp_path)


class BrokenPrinter:
    """Prints nothing."""

    def print(self, sheet: ReportSheet, page_format: PageFormat) -> bytes:
        """Fail as a child does that is out of its limits."""
        raise ReportLimitError("late")


def finish(practice: Practice) -> list[Record]:
    """Let everything leave, pages first; return the value records, oldest first."""
    practice.wait()
    practice.outbox.deliver_due("attachments")
    practice.wait(1)
    records = practice.records()
    return [records[name] for name in sorted(records) if "-sr-" in name]


def pages(practice: Practice) -> list[Path]:
    """Return the PDF files in the folder of attachments."""
    return sorted((practice.folder / "pictures").glob("*.pdf"))


def test_the_value_record_names_the_page(
    practice: Practice, reports: Reports, poppler: Callable[..., str]
) -> None:
    """The file lies where the record says and holds every value; the study names none."""
    reports.send(ECHO, StudyInstanceUID=STUDY, AccessionNumber="R42")
    (record,) = finish(practice)
    (page,) = pages(practice)
    assert record.all("6302") == ("Messwerte Echokardiographie 21.03.2024",)
    assert record.all("6303") == ("PDF",)
    assert record.all("6305") == (f"\\\\server\\bilder\\{page.name}",)
    assert page.name.startswith("R42-")
    assert record.warnings == ()
    text = poppler(page.read_bytes(), "pdftotext", "-layout")
    for value in record.all("8420"):
        assert value.replace(".", ",") in text
    assert record.patient.family_name in text
    assert "R42" in text
    assert practice.records()["R42.gdt"].all("6302") == ()


def test_values_wait_for_their_page(practice: Practice, reports: Reports) -> None:
    """Software that copies the file when it imports the record finds it."""
    reports.send(ECHO)
    folder = practice.folder / "pictures"
    away = folder.rename(practice.folder / "away")
    assert finish(practice) == []
    away.rename(folder)
    practice.clock.seconds += 120
    assert len(finish(practice)) == 1
    assert len(pages(practice)) == 1


def test_a_late_report_brings_its_own_page(practice: Practice, reports: Reports) -> None:
    """The study record has left long ago; each value record names the page of its report."""
    reports.send(ECHO, StudyInstanceUID=STUDY)
    finish(practice)
    reports.send(THYROID, StudyInstanceUID=STUDY, PatientID="20815")
    named = [record.all("6305") for record in finish(practice)]
    assert len(named) == len(set(named)) == len(pages(practice)) == 2


def test_a_report_without_news_makes_no_file(practice: Practice, reports: Reports) -> None:
    """A device that sends its report again leaves nothing in the folder."""
    reports.send(ECHO, StudyInstanceUID=STUDY)
    finish(practice)
    reports.send(ECHO, StudyInstanceUID=STUDY, SOPInstanceUID="2.25.991")
    assert len(finish(practice)) == len(pages(practice)) == 1


def test_the_page_names_whom_a_person_named(
    practice: Practice, reports: Reports, poppler: Callable[..., str]
) -> None:
    """A number typed wrong at the device is on no page of the chart."""
    number = practice.core.orders.place(practice.order()).entry.AccessionNumber
    reports.send(ECHO, StudyInstanceUID=STUDY, PatientID="990011", AccessionNumber=number)
    practice.wait()
    practice.core.held.release(STUDY, "4711")
    (record,) = finish(practice)
    assert record.patient.id == "4711"
    text = poppler(pages(practice)[0].read_bytes(), "pdftotext")
    assert "4711" in text
    assert "990011" not in text
    assert "andere Patientennummer" in text


def test_the_other_patients_report_is_not_printed(practice: Practice, reports: Reports) -> None:
    """Of an exam of two patients only the named one's values and page leave."""
    practice.send(PatientID="4711")
    reports.send(ECHO, PatientID="1", StudyInstanceUID=STUDY)
    reports.send(THYROID, PatientID="4711", StudyInstanceUID=STUDY)
    practice.core.held.release(STUDY, "4711")
    assert len(finish(practice)) == len(pages(practice)) == 1


def test_what_cannot_be_printed_stops_no_value(
    practice: Practice, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values are what matters."""
    monkeypatch.setattr(practice.printer, "print", BrokenPrinter().print)
    reports.send(ECHO)
    (record,) = finish(practice)
    assert record.all("8420")
    assert record.all("6302") == ()


class TestOddPath:
    """A path the character set lacks."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return a path with a letter no German software can write."""
        return WANTED.replace("bilder", "Łódź")

    def test_values_leave_without_their_page(self, practice: Practice, reports: Reports) -> None:
        """A reference with another letter would lead elsewhere: none is written."""
        reports.send(ECHO)
        (record,) = finish(practice)
        assert record.all("8420")
        assert record.all("6305") == ()


class TestUnwanted:
    """A practice that has attachments and did not ask for pages."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings without the wish."""
        return WANTED.replace("report_attachment = true\n", "")

    def test_nothing_is_printed(self, practice: Practice, reports: Reports) -> None:
        """The value record is as it always was."""
        reports.send(ECHO)
        (record,) = finish(practice)
        assert record.all("6302") == ()
        assert pages(practice) == []
        assert practice.printer.processes() == ()


def test_a_route_may_want_pages_of_its_own(tmp_path: Path) -> None:
    """The wish of a route counts for it alone."""
    file = tmp_path / "gdtbridge.toml"
    route = '[[gdt.routes]]\nname = "{}"\nout = "{}"\nwhen.code = ["X"]\nreport_attachment = {}\n'
    plain = WANTED.replace("report_attachment = true\n", "")
    file.write_text(
        plain + route.format("a", "a", "true") + route.format("b", "b", "false"), encoding="utf-8"
    )
    places = [target.attachments for target in Routing(load_settings(file, {})).targets]
    assert [place is not None and place.reports for place in places] == [False, True, False]


def test_pages_need_a_folder(tmp_path: Path) -> None:
    """The way out is named."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text("[gdt]\nreport_attachment = true\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"^gdt\.report_attachment: .*attachments_folder"):
        load_settings(file, {})


class TestOnePageForAnExam:
    """``exam_attachment``: the study record brings everything along, and nothing comes twice."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Both are wanted."""
        return f'{WANTED}exam_attachment = true\n[practice]\nname = "Praxis Dr. Sommer"\n'

    def test_values_and_pictures_are_on_it(
        self, practice: Practice, reports: Reports, poppler: Callable[..., str]
    ) -> None:
        """Under the patient of the chart; what comes later brings a page of its own."""
        person = {"PatientID": "4711", "StudyInstanceUID": STUDY, "AccessionNumber": "R42"}
        practice.send_dataset(still(80, SOPInstanceUID="2.25.9", **person), SOPInstanceUID="2.25.9")
        reports.send(ECHO, **person)
        (values,) = finish(practice)
        study = practice.records()["R42.gdt"]
        assert study.all("6303") == ("PDF", "JPG")
        assert study.all("6302")[0] == "Untersuchung Abdomen 15.01.2024"
        assert values.all("6303") == ()
        (page,) = pages(practice)
        assert study.all("6305")[0].endswith(page.name)
        text = poppler(page.read_bytes(), "pdftotext", "-layout")
        assert all(value.replace(".", ",") in text for value in values.all("8420"))
        assert "Praxis Dr. Sommer" in text
        assert "Bild 1" in text
        assert list(practice.settings.spool_folder.glob("*.part")) == []
        reports.send(THYROID, **person)
        assert sorted(one.all("6303") for one in finish(practice)) == [(), ("PDF",)]
        assert len(pages(practice)) == 2
