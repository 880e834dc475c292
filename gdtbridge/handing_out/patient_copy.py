"""A patient's exams as one ZIP: a File-set with its DICOMDIR, the report, and a page to look at.

Made for a stick or a CD: unpacked into its root it opens in any DICOM viewer, and ``INDEX.HTM`` in
any browser, without a server.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Final
from zipfile import ZipFile, ZipInfo

from gdtbridge.encrypted_zip import encrypted_zip
from gdtbridge.errors import BridgeError
from gdtbridge.handing_out.assigned import AssignedExam
from gdtbridge.handing_out.exam_report import ExamReports
from gdtbridge.handing_out.file_set import FileSetDirectory
from gdtbridge.report_page import ReportSheet, SheetPicture
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send
from gdtbridge.retrieve.store import ListedObject
from gdtbridge.sr import is_report

PICTURES: Final = "BILDER"
INDEX: Final = "INDEX.HTM"
MOST_PICTURES: Final = 300
"""Pictures of one exam that its page shows; all are in the File-set."""
SHORTEST: Final = 10
"""Characters of a password."""
_CHUNK: Final = 1024 * 1024


class CopyRefused(BridgeError):
    """A copy cannot be made of this; the text says why."""


class CopyBusy(CopyRefused):
    """Another copy is being made; trying again helps."""

    retriable = True


BUSY: Final = (
    "Gerade wird schon eine Kopie gemacht. Bitte gleich noch einmal versuchen. / A copy is being "
    "made already. Please try again in a moment."
)
SEVERAL: Final = (
    "Eine Kopie ist für eine Person: Diese Untersuchungen sind von mehreren. / A copy is for one "
    "person: these exams are of several."
)
WEAK: Final = (
    f"Das Kennwort ist zu kurz: mindestens {SHORTEST} Zeichen. / The password is too short: at "
    f"least {SHORTEST} characters."
)
NOTHING: Final = "Es ist nichts gewählt. / Nothing is chosen."


@dataclass(frozen=True, slots=True)
class PatientCopies:
    """Makes copies, one at a time. Thread-safe."""

    reports: ExamReports
    folder: Path
    """Where files lie as long as they are needed."""
    room_for: Callable[[int], None]
    """Raises where so many bytes would fill the disk."""
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def made(
        self,
        exams: Sequence[AssignedExam],
        now: datetime,
        *,
        values: bool = True,
        password: str = "",
    ) -> IO[bytes]:
        """Return a file with the ZIP, at its beginning; it is gone when it is closed.

        ``now`` is local; without ``values`` there are neither measurements nor measurement reports.
        With a ``password`` (`SHORTEST` characters at least) it is encrypted.
        Raises `CopyRefused`, `NotPrintable`, an `OutOfResources` and what reading files raises.
        """
        if not exams:
            raise CopyRefused(NOTHING)
        if password and len(password) < SHORTEST:
            raise CopyRefused(WEAK)
        if len({one.exam.patient_id for one in exams}) > 1:
            raise CopyRefused(SEVERAL)
        if not self._turn.acquire(blocking=False):
            raise CopyBusy(BUSY)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.room_for(sum(_size(left) for exam in exams for _, left in exam.objects))
            file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115 - the caller closes it
            try:
                archive = encrypted_zip(file, password) if password else ZipFile(file, "w")
                _CopyWriting(self, archive, now, values=values).write(exams)
                file.seek(0)
            except BaseException:
                file.close()
                raise
            return file
        finally:
            self._turn.release()


class _CopyWriting:
    """One copy being written into a file."""

    def __init__(
        self, copies: PatientCopies, archive: ZipFile, now: datetime, *, values: bool
    ) -> None:
        self._copies, self._zip, self._now, self._values = copies, archive, now, values
        # A library's own class, where it has one
        self._entry: type[ZipInfo] = getattr(archive, "zipinfo_cls", ZipInfo)
        self._directory = FileSetDirectory()
        self._shown = 0

    def write(self, exams: Sequence[AssignedExam]) -> None:
        """Write everything, the DICOMDIR and the page last."""
        with self._zip:
            sheets = [self._exam(number, exam) for number, exam in enumerate(exams, start=1)]
            self._put(INDEX, self._copies.reports.printed_together(sheets))
            self._put("DICOMDIR", self._directory.content())

    def _exam(self, number: int, exam: AssignedExam) -> ReportSheet:
        """Write the objects, pictures and report of an exam; return its sheet for the page."""
        missing = sum(not self._object(exam, one, left) for one, left in self._wanted(exam))
        notes = [_missing(missing)] if missing else []
        reports = self._copies.reports
        if self._values:
            self._put(f"BERICHT{number}.PDF" if number > 1 else "BERICHT.PDF", reports.pdf(exam))
        pictures = tuple(self._pictures(exam))
        return reports.sheet(exam, pictures, notes, values=self._values)

    def _wanted(self, exam: AssignedExam) -> Iterator[tuple[ListedObject, LeavingObject]]:
        for one, leaving in exam.objects:
            if self._values or not is_report(one.SOPClassUID):
                yield one, leaving

    def _object(self, exam: AssignedExam, one: ListedObject, leaving: LeavingObject) -> bool:
        """Write an object as it leaves; return whether its file was there."""
        if not leaving.file.is_file():
            return False
        name = self._directory.add(exam, one, leaving)
        if name is None:
            return True
        leaves = file_to_send(leaving, self._copies.folder, self._now, with_history=False)
        with leaves as path, path.open("rb") as source, self._opened(name) as target:
            shutil.copyfileobj(source, target, _CHUNK)
        return True

    def _pictures(self, exam: AssignedExam) -> Iterator[SheetPicture]:
        """Write the pictures of the page, of a clip its first, middle and last frame."""
        for made in self._copies.reports.shown(exam, MOST_PICTURES):
            self._shown += 1
            name = f"{PICTURES}/B{self._shown:07}.JPG"
            self._put(name, made.data)
            yield SheetPicture(Path(name), made.caption)

    def _put(self, name: str, content: bytes) -> None:
        with self._opened(name) as target:
            target.write(content)

    def _opened(self, name: str) -> IO[bytes]:
        entry = self._entry(name, self._now.timetuple()[:6])
        entry.external_attr = 0o644 << 16
        return self._zip.open(entry, "w", force_zip64=True)


def _size(leaving: LeavingObject) -> int:
    return leaving.file.stat().st_size if leaving.file.is_file() else 0


def _missing(count: int) -> str:
    if count == 1:
        return "Eine Datei der Untersuchung fehlt im Archiv und in dieser Kopie."
    return f"{count} Dateien der Untersuchung fehlen im Archiv und in dieser Kopie."
