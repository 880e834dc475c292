"""Many at once: associations, the scheduler, people and command lines, on one database."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest
import sqlalchemy as sa

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.archive.spool import START_BYTES
from gdtbridge.dataset.part10 import file_meta
from gdtbridge.errors import DatabaseError, NotFound, ProcessingFailure
from gdtbridge.exams import ExamState
from gdtbridge.schema import instance, report
from tests.tools.elements import EXPLICIT, PERSON, US_IMAGE, element, identification
from tests.tools.forked import fork_command
from tests.tools.practice import Practice

DEVICES = 12


class AtWork:
    """Something that is done again and again in a thread until the block ends."""

    def __init__(self, job: Callable[[], object]) -> None:
        self._job = job
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.error: BaseException | None = None

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._job()
        except BaseException as error:  # noqa: BLE001 - shown where the block ends
            self.error = error

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self.error is not None:
            raise self.error


def all_at_once(jobs: Iterable[Callable[[], object]]) -> list[object]:
    """Run the jobs in threads and return what they returned; raise what one raised."""
    with ThreadPoolExecutor(DEVICES) as pool:
        return [running.result() for running in [pool.submit(job) for job in jobs]]


def sends(practice: Practice, **values: str) -> Callable[[], ReceiptStatus]:
    """Return the sending of one image."""
    return lambda: practice.send_dataset(identification(**values), **values)


def send_report(practice: Practice, sample: Path, number: int) -> ReceiptStatus:
    """Send the sample report as one of the study's under a UID of its own."""
    dataset = pydicom.dcmread(sample)
    dataset.PatientID, dataset.StudyInstanceUID = "4711", "2.25.1000"
    dataset.PatientName, dataset.PatientBirthDate = PERSON.values()
    dataset.SOPInstanceUID = f"2.25.9.{number}"
    path = practice.folder / f"report{number}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, implicit_vr=False, little_endian=True)
    uid = str(dataset.SOPInstanceUID)
    incoming = IncomingInstance(path, str(dataset.SOPClassUID), uid, EXPLICIT, "US01", "127.0.0.1")
    return practice.core.receiving.receive(incoming)


def kept(practice: Practice) -> set[str]:
    """Return the UIDs in the index; each must have its file."""
    with practice.database.read() as connection:
        rows = connection.execute(sa.select(instance.c.sop_instance_uid, instance.c.file)).all()
    assert all((practice.archive.folder / row.file).is_file() for row in rows)
    return {row.sop_instance_uid for row in rows}


class TestOneStudy:
    """Twelve associations into one study while the scheduler reports it."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Report as early and as often as can be."""
        return '[exam]\ntrigger = "first_instance"\n'

    def test_every_image_is_kept_and_one_record_leaves(self, practice: Practice) -> None:
        """Each image is sent twice by different devices; nothing is lost, nothing doubled."""
        uids = [f"2.25.{number}" for number in range(1, 61)] * 2
        random.Random(1).shuffle(uids)
        with AtWork(practice.core.reporting.report_due):
            standings = all_at_once(sends(practice, SOPInstanceUID=uid) for uid in uids)
        practice.wait()

        assert Counter(standings) == {ReceiptStatus.NEW: 60, ReceiptStatus.SAME: 60}
        assert kept(practice) == set(uids)
        assert practice.core.overview.exams()[0].instances == 60
        assert practice.files() == ["R0000000042.gdt"]

    def test_every_report_is_read_once(self, practice: Practice, project: Path) -> None:
        """Reports that arrive while others are read are not forgotten."""
        sample = project / "samples" / "sr" / "thyroid.dcm"
        jobs: list[Callable[[], object]] = [
            lambda number=number: send_report(practice, sample, number)  # type: ignore[misc]
            for number in range(12)
        ]
        jobs += [sends(practice, SOPInstanceUID=f"2.25.{number}") for number in range(1, 13)]
        with AtWork(practice.core.reporting.report_due):
            all_at_once(jobs)
        practice.wait()
        practice.wait()

        with practice.database.read() as connection:
            states = Counter(connection.execute(sa.select(report.c.state)).scalars())
        assert states == {"reported": 1, "unchanged": 11}
        assert len([name for name in practice.files() if "-sr-" in name]) == 1
        assert len(practice.files()) == 2

    def test_a_second_patient_is_never_missed(self, practice: Practice) -> None:
        """Whatever the order: after an image of somebody else nothing more leaves by itself."""
        jobs = [sends(practice, SOPInstanceUID=f"2.25.{number}") for number in range(1, 20)]
        jobs.insert(9, sends(practice, SOPInstanceUID="2.25.20", PatientID="1"))
        with AtWork(practice.core.reporting.report_due):
            all_at_once(jobs)
        practice.wait()

        exams = practice.core.overview.exams()
        assert sorted((one.sent_patient_id, one.instances) for one in exams) == [
            ("1", 1),
            ("4711", 19),
        ]
        assert {one.state for one in exams if one.sent_patient_id == "1"} == {ExamState.HELD}
        assert len(practice.files()) <= 1

    def test_people_release_while_devices_send(self, practice: Practice) -> None:
        """Four people release at once: one of them does, and one record leaves."""
        practice.send(PatientID="", SOPInstanceUID="2.25.1")
        practice.wait(0)

        def release() -> bool:
            try:
                practice.core.held.release("2.25.1000", "4711")
            except NotFound:
                return False
            return True

        jobs: list[Callable[[], object]] = [
            sends(practice, SOPInstanceUID=f"2.25.{number}", PatientID="") for number in range(2, 9)
        ]
        with AtWork(practice.core.reporting.report_due):
            done = all_at_once([release] * 4 + jobs)
        practice.wait()

        assert done[:4].count(True) == 1
        (record,) = practice.records().values()
        assert record.patient.id == "4711"


@pytest.mark.slow
def test_command_lines_beside_the_service(practice: Practice, tmp_path: Path) -> None:
    """Other processes place orders in the same folder and database: no number is given twice."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GDTBRIDGE_")} | {
        "GDTBRIDGE_STORAGE__ROOT": str(practice.folder / "var"),
        "GDTBRIDGE_STORAGE__DATABASE": f"sqlite:///{practice.folder / 'db.sqlite'}",
        "GDTBRIDGE_WORKLIST__FOLDER": str(practice.worklist.path),
    }

    def from_outside(number: int) -> str:
        order = ("--id", f"C{number}", "--lastname", "Weiß", "--birthdate", "24.12.1958")
        out, err = (tmp_path / f"{number}.{name}" for name in ("out", "err"))
        command = ("worklist", "add", *order)
        assert fork_command(command, tmp_path, environment, out, err).wait(60) == 0, err.read_text()
        return out.read_text("utf-8").strip()

    def from_inside(number: int) -> str:
        request = practice.order(patient_id=f"S{number}")
        return practice.core.orders.place(request).entry.AccessionNumber

    jobs: list[Callable[[], object]] = [
        lambda number=number: from_outside(number)  # type: ignore[misc]
        for number in range(3)
    ]
    jobs += [lambda number=number: from_inside(number) for number in range(20)]  # type: ignore[misc]
    first = from_outside(len(jobs))  # from now on a command starts in no time, beside the others
    with AtWork(practice.core.orders.clean), AtWork(practice.core.reporting.report_due):
        numbers = [first, *all_at_once(jobs)]

    practice.worklist.refresh()
    assert len(set(numbers)) == 24
    assert {entry.AccessionNumber for entry in practice.core.orders.all()} == set(numbers)


class TestInterrupted:
    """The process ends, or the database fails, between two steps."""

    def test_between_file_and_index(
        self, practice: Practice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing was acknowledged; the object sent again meets its file and is reported once."""
        one = {"SOPInstanceUID": "2.25.1"}
        padding = element(0xFFFCFFFC, b"OB", bytes(START_BYTES))  # too large for the index

        def fail() -> None:
            raise DatabaseError("gesperrt / locked")

        with monkeypatch.context() as patched:
            patched.setattr(practice.database, "write", fail)
            with pytest.raises(ProcessingFailure):
                practice.send_dataset(identification(**one) + padding, **one)
        assert len(list(practice.archive.folder.rglob("*.dcm"))) == 1
        again = practice.again()

        assert again.send_dataset(identification(**one) + padding, **one) is ReceiptStatus.NEW
        assert len(list(practice.archive.folder.rglob("*.dcm"))) == 1
        again.wait()
        assert again.files() == ["R0000000042.gdt"]
        again.database.close()

    def test_a_locked_database_is_a_failure_the_device_may_retry(
        self, practice: Practice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever SQLAlchemy raises becomes a status, and the index stays as it was."""
        with practice.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE exam RENAME TO away")
        with pytest.raises(ProcessingFailure, match="Datenbank"):
            practice.send(SOPInstanceUID="2.25.1")
        with practice.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO exam")

        assert kept(practice) == set()
        assert practice.send(SOPInstanceUID="2.25.1") is ReceiptStatus.NEW

    def test_an_unreadable_spool_file(self, practice: Practice, tmp_path: Path) -> None:
        """A file that cannot be opened is our fault, and is told as one."""
        gone = IncomingInstance(tmp_path / "gone", "1.2", "2.25.1", EXPLICIT, "US01", "127.0.0.1")
        with pytest.raises(ProcessingFailure):
            practice.core.receiving.receive(gone)

    def test_a_changed_order_is_written_by_the_next_attempt(
        self, practice: Practice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The list was written and the database failed: the same change again mends it."""
        number = practice.core.orders.place(practice.order(patient_id="1")).entry.AccessionNumber

        def fail() -> None:
            raise DatabaseError("gesperrt / locked")

        with monkeypatch.context() as patched:
            patched.setattr(practice.database, "write", fail)
            with pytest.raises(DatabaseError):
                practice.core.orders.change(number, practice.order(patient_id="4711"))
        practice.core.orders.change(number, practice.order(patient_id="4711"))
        practice.send(AccessionNumber=number)
        practice.wait()

        assert practice.files() == [f"{number}.gdt"]


def test_the_spool_is_empty_when_all_is_stored(practice: Practice) -> None:
    """A stored object was moved, not copied."""
    all_at_once(sends(practice, SOPInstanceUID=f"2.25.{number}") for number in range(1, 9))

    assert list((practice.folder / "spool").iterdir()) == []


def test_files_of_one_object_do_not_disturb_each_other(practice: Practice) -> None:
    """Many devices send the same object at the same moment: one file, whole."""
    data = identification(SOPInstanceUID="2.25.1")
    standings = all_at_once([sends(practice, SOPInstanceUID="2.25.1")] * 24)

    (file,) = practice.archive.folder.rglob("*.dcm")
    assert Counter(standings) == {ReceiptStatus.NEW: 1, ReceiptStatus.SAME: 23}
    assert file.read_bytes() == file_meta(US_IMAGE, "2.25.1", EXPLICIT) + data
