"""What the machine keeps from being read is waited for, and not told as unreadable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.clarifying import Assignment
from gdtbridge.errors import ProcessingFailure
from gdtbridge.exams.overview import OVERDUE_SECONDS
from gdtbridge.orders.model import OrderState
from gdtbridge.pictures import AttachmentReader
from gdtbridge.report_page import PagePrinter
from gdtbridge.results.patience import PATIENCE_SECONDS
from gdtbridge.sr import ReportHindered
from tests.tools.elements import still
from tests.tools.practice import Practice, Reports

WITH_FILES = (
    '[gdt]\ndialect = "medistar"\nattachments_folder = "pictures"\n'
    "attachments_path = '\\\\server\\bilder'\nreport_attachment = true\n"
)
STUDY = {"PatientID": "4711", "StudyInstanceUID": "2.25.1000", "AccessionNumber": "R42"}


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports."""
    return Reports(project, practice, tmp_path)


def send(reports: Reports) -> None:
    """Send a report with values."""
    reports.send("thyroid.dcm", **STUDY)


def values(practice: Practice) -> int:
    """Return how many values the practice software got."""
    return sum(len(one.all("8420")) for one in practice.records().values())


def test_a_report_is_read_once_the_machine_lets_it(practice: Practice, reports: Reports) -> None:
    """Until then nothing of the exam leaves, and after minutes a person is told."""
    practice.reader.fault = ReportHindered("busy")
    send(reports)
    practice.wait()
    assert practice.files() == []
    practice.wait(OVERDUE_SECONDS)
    assert practice.files() == []
    assert practice.core.overview.attention() == {"held": 0, "overdue": 1, "unreadable": 0}

    practice.reader.fault = None
    practice.wait(60 + 6)

    assert len(practice.files()) == 2
    assert values(practice) > 0
    assert practice.core.overview.attention() == {"held": 0, "overdue": 0, "unreadable": 0}


def test_it_is_tried_again_after_a_pause_that_grows(practice: Practice, reports: Reports) -> None:
    """A file that makes each try long keeps the other exams waiting now and then, not always."""
    practice.reader.fault = ReportHindered("busy")
    send(reports)
    practice.wait()
    for _ in range(60):
        practice.wait(1)
    assert 4 <= practice.reader.reads <= 7  # after 1, 2, 4, 8, 16 and 32 s


def test_after_a_day_the_exam_leaves_without_it(practice: Practice, reports: Reports) -> None:
    """A file that is lost takes the rest of its exam with it for a day, and no longer."""
    practice.reader.fault = ReportHindered("lost")
    send(reports)
    practice.wait()
    for _ in range(47):
        practice.wait(PATIENCE_SECONDS / 48)
    assert practice.files() == []
    for _ in range(2):
        practice.wait(PATIENCE_SECONDS / 48)

    assert len(practice.files()) == 2
    assert values(practice) == 0
    assert [one.kind for one in practice.core.overview.problems()] == ["ReportHindered"]


def test_a_disk_that_is_away_makes_no_report_unreadable(
    practice: Practice, reports: Reports
) -> None:
    """The archive comes back, and the values leave."""
    send(reports)
    away = practice.archive.folder.rename(practice.folder / "away")
    practice.wait()
    assert practice.files() == []

    away.rename(practice.archive.folder)
    practice.wait()
    assert values(practice) > 0


def test_what_an_act_would_do_is_not_told_of_half_an_exam(
    practice: Practice, reports: Reports
) -> None:
    """Whoever decides is asked to look again, and then sees what will leave."""
    reports.send("thyroid.dcm", **STUDY | {"PatientID": ""})
    practice.wait()
    practice.reader.fault = ReportHindered("busy")
    acts, chosen = practice.core.clarifying.acts, [Assignment(1, "4711")]
    with pytest.raises(ProcessingFailure, match="busy"):
        acts.foresee(1, chosen)
    practice.reader.fault = None
    assert acts.foresee(1, chosen).consequences.charts[0].values > 0


@pytest.mark.slow  # starts children
class TestFiles:
    """Pictures and pages for the chart."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings of a practice that wants both."""
        return WITH_FILES

    @pytest.mark.parametrize(
        ("part", "opener"), [("renderer", AttachmentReader), ("printer", PagePrinter)]
    )
    def test_none_is_left_out_because_a_service_ends(
        self,
        practice: Practice,
        reports: Reports,
        part: str,
        opener: Callable[[], AttachmentReader | PagePrinter],
    ) -> None:
        """An exam that is being read then is reported by the next service, with its files."""
        (practice.folder / "pictures").mkdir()
        uid = {"SOPInstanceUID": "2.25.7"}
        practice.send_dataset(still(90, **uid, **STUDY), **uid)
        send(reports)
        getattr(practice, part).close()
        practice.wait()
        assert practice.files() == []

        setattr(practice, part, opener())
        gatherer = practice.core.reporting.gatherer
        files = {part: getattr(practice, part)}
        gatherer._attachments = replace(gatherer._attachments, **files)
        practice.wait()
        practice.outbox.deliver_due("attachments")
        practice.wait(1)
        kinds = sorted(path.suffix for path in (practice.folder / "pictures").iterdir())
        assert kinds == [".jpg", ".pdf"]
        assert values(practice) > 0


def test_a_later_exam_does_not_take_its_order(practice: Practice, reports: Reports) -> None:
    """Nothing names the order: as long as the first exam cannot be read, it may be that one's."""
    entry = practice.core.orders.place(practice.order()).entry
    practice.reader.fault = ReportHindered("busy")
    person = {"PatientName": "Müller^Änne", "PatientBirthDate": "19581224"}
    reports.send("thyroid.dcm", **STUDY | person | {"AccessionNumber": ""})
    practice.wait()
    practice.send(StudyInstanceUID="2.25.2000", AccessionNumber="")
    practice.wait()
    (later,) = practice.records().values()
    assert entry.AccessionNumber not in str(later)

    practice.reader.fault = None
    practice.wait(60 + 6)
    told = [name for name, one in practice.records().items() if entry.AccessionNumber in str(one)]
    assert len(told) == 2
    assert practice.core.order_book.order_of(entry).state is OrderState.DONE
