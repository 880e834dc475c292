"""The exam as PDF/A and as the text of a letter: values of its reports, pictures of its objects."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.errors import BridgeError
from gdtbridge.handing_out.assigned import AssignedExam
from gdtbridge.handing_out.earlier import earlier_values
from gdtbridge.pictures import (
    AttachmentCandidate,
    AttachmentError,
    AttachmentHindered,
    AttachmentReader,
    RenderedFile,
    choose,
    is_key_object,
)
from gdtbridge.pictures.kinds import ObjectKind, kind_of
from gdtbridge.report_page import (
    USUAL_LETTER,
    PageFormat,
    PagePrinter,
    ReportSheet,
    SheetPicture,
    SheetSubject,
    exam_sheet_of,
    letter_text,
    picture_files,
)
from gdtbridge.results.gathering import ReportOpener
from gdtbridge.retrieve.store import ListedObject
from gdtbridge.sr import Report, ReportError, ReportHindered, is_report
from gdtbridge.trends import PatientTrends

log = logging.getLogger(__name__)

MOST_PICTURES: Final = 40
"""Pictures of one report."""
USUAL_PICTURES: Final = 12
"""Pictures that are chosen where nobody chooses."""
MOST_SECONDS: Final = 60.0
"""For all pictures of one report."""
MOST_SHOWN_SECONDS: Final = 180.0
"""For all pictures of an exam on the page of a copy."""
CLIP_WORDS: Final = ("Anfang des Clips", "Mitte des Clips", "Ende des Clips")
MOST_REPORTS: Final = 20
"""Structured Reports of an exam that are read, the newest."""
MOST_VALUES: Final = 5000
"""Measurements and statements of several reports together, 87 pages; a single report is whole."""
MOST_READING_SECONDS: Final = 60.0
"""For all reports of an exam."""
BUSY: Final = (
    "Der Rechner ist gerade zu beschäftigt. Bitte noch einmal versuchen. / The machine is too busy "
    "at the moment. Please try again."
)
UNREAD: Final = "Ein Messbericht ließ sich nicht lesen; seine Werte fehlen hier."


class NotPrintable(BridgeError):
    """The exam cannot be printed as it is."""


class PrintingHindered(NotPrintable):
    """The machine was too busy to print; trying again helps."""

    retriable = True


@dataclass(frozen=True, slots=True)
class ExamPicture:
    """A picture of an exam that can be printed; ``number`` is the one its page has."""

    instance_id: int
    number: int
    kind: ObjectKind
    """Image, or clip, of which one frame is printed."""
    clock: str
    """When it was made (``09:42``), local; empty where the device does not say."""
    frames: int
    """0 where the object does not say."""
    is_usual: bool
    """Whether it is printed where nobody chooses."""
    file: Path


@dataclass(frozen=True, slots=True)
class PrintedPicture:
    """A picture as JPEG, and the line below it."""

    data: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class ExamReports:
    """Makes the report of an exam. Thread-safe; the work is done in guarded child processes.

    Files lie in ``folder`` as long as they are needed.
    """

    reports: ReportOpener
    renderer: AttachmentReader
    printer: PagePrinter
    catalogue: Catalogue
    trends: PatientTrends
    practice: str
    folder: Path
    fetal_sex: bool = False
    letter_template: str = ""
    monotonic: Callable[[], float] = time.monotonic

    def pictures(self, exam: AssignedExam) -> tuple[ExamPicture, ...]:
        """Return what can be printed; usual are those a chart would get, at most 12."""
        images = list(_images(exam))
        candidates = [
            AttachmentCandidate(file, one.SOPClassUID, one.SOPInstanceUID, _frames(one) or None)
            for _, one, file in images
        ]
        keys = [left.file for one, left in exam.objects if is_key_object(one.SOPClassUID)]
        try:
            named = self.renderer.key_objects(keys)
        except AttachmentError as error:
            raise PrintingHindered(BUSY) from error
        chosen = choose(candidates, named, USUAL_PICTURES).choices
        usual = {one.candidate.sop_instance_uid for one in chosen}
        return tuple(
            ExamPicture(
                one.instance_id,
                number,
                kind_of(one.SOPClassUID, _frames(one)),
                _clock(one.head["ContentTime"]),
                _frames(one),
                one.SOPInstanceUID in usual,
                file,
            )
            for number, one, file in images
        )

    def pdf(self, exam: AssignedExam, chosen: Collection[int] | None = None) -> bytes:
        """Return the report as PDF/A with the ``chosen`` pictures (instances), else the usual.

        Raises `NotPrintable`.
        """
        wanted = [
            one
            for one in self.pictures(exam)
            if (one.is_usual if chosen is None else one.instance_id in chosen)
        ][:MOST_PICTURES]
        with picture_files(self.folder, self._rendered(wanted)) as made:
            missing = len(wanted) - len(made)
            notes = [_missing(missing)] if missing else []
            return self._printed(self.sheet(exam, made, notes))

    def sheet(
        self,
        exam: AssignedExam,
        pictures: Sequence[SheetPicture] = (),
        notes: Sequence[str] = (),
        *,
        values: bool = True,
    ) -> ReportSheet:
        """Return the sheet of an exam; a report that cannot be read is told in a note.

        Without ``values`` there are pictures only, and nothing says that there were none.
        """
        found, unread = self._read(exam) if values else ((), ())
        return exam_sheet_of(
            self.facts(exam),
            found,
            self.catalogue,
            pictures=pictures,
            notes=(*notes, *unread),
            fetal_sex=self.fetal_sex,
            values=values,
            earlier=earlier_values(self.trends, exam) if values else {},
        )

    def shown(self, exam: AssignedExam, most: int) -> Iterator[PrintedPicture]:
        """Yield the pictures of an exam, ``most`` at most, of a clip its first, middle and last.

        What cannot be shown is left out.
        """
        until = self.monotonic() + MOST_SHOWN_SECONDS
        for one in self.pictures(exam)[:most]:
            for frame, word in _frames_shown(one):
                if self.monotonic() > until:
                    return
                made = self._made(one.file, frame)
                if made is not None:
                    yield PrintedPicture(made.data, caption(one, made.title, word))

    def printed_together(self, sheets: Sequence[ReportSheet]) -> bytes:
        """Return one HTML page of several sheets; raise `NotPrintable`."""
        with _printing():
            return self.printer.print_together(sheets)

    def letter(self, exam: AssignedExam) -> str:
        """Return the text for a doctor's letter; raise `NotPrintable`."""
        template = self.letter_template or USUAL_LETTER
        return letter_text(template, self.facts(exam), self.sheet(exam))

    def facts(self, exam: AssignedExam) -> SheetSubject:
        """Return what is said of an exam beside its values."""
        one = exam.exam
        return SheetSubject(
            patient=exam.patient,
            procedure=exam.procedure,
            day=to_date(one.study_date),
            time=to_time(one.study_time),
            device=_device(exam),
            practice=self.practice,
            order_number=one.accession_number,
            study_instance_uid=one.study_instance_uid,
            is_corrected=exam.is_corrected,
        )

    def _read(self, exam: AssignedExam) -> tuple[Sequence[Report], Sequence[str]]:
        """Return the reports in their order, and notes of those that are not among them.

        The newest are read first, as many as fit (`MOST_REPORTS`, `MOST_VALUES`) and can be read in
        time.
        """
        files = [left.file for one, left in exam.objects if is_report(one.SOPClassUID)]
        until = self.monotonic() + MOST_READING_SECONDS
        found: list[Report] = []
        unread: list[str] = []
        rows = 0
        while files and len(found) < MOST_REPORTS and self.monotonic() < until:
            report = self._opened(exam, files[-1])
            if report is None:
                unread = [UNREAD]
            else:
                rows += len(report.measurements) + len(report.statements)
                if found and rows > MOST_VALUES:
                    break
                found.append(report)
            files.pop()
        return found[::-1], [*unread, *([_left_out(len(files))] if files else [])]

    def _opened(self, exam: AssignedExam, file: Path) -> Report | None:
        """Return a report; None where it cannot be read."""
        try:
            return self.reports.read(file) if file.is_file() else None
        except ReportHindered as error:
            raise PrintingHindered(BUSY) from error
        except (ReportError, OSError) as error:
            log.warning("exam %d: a report is not printed: %s", exam.exam.id, error)
            return None

    def _rendered(self, wanted: Sequence[ExamPicture]) -> Iterator[tuple[bytes, str]]:
        """Yield the pictures with their captions; what cannot be made in time is left out."""
        until = self.monotonic() + MOST_SECONDS
        for one in wanted:
            if self.monotonic() > until:
                return
            if (made := self._made(one.file, None)) is not None:
                yield made.data, caption(one, made.title)

    def _made(self, file: Path, frame: int | None) -> RenderedFile | None:
        """Return a frame, or the one that stands for the object; None where it cannot be made."""
        if not file.is_file():  # which would pass for a machine in the way
            return None
        try:
            return self.renderer.render(file, frame)
        except AttachmentHindered as error:
            raise PrintingHindered(BUSY) from error
        except AttachmentError as error:
            log.warning("a picture is left out: %s", type(error).__name__)
            return None

    def _printed(self, sheet: ReportSheet) -> bytes:
        with _printing():
            return self.printer.print(sheet, PageFormat.PDF)


@contextmanager
def _printing() -> Iterator[None]:
    try:
        yield
    except ReportHindered as error:
        raise PrintingHindered(BUSY) from error
    except ReportError as error:
        raise NotPrintable(str(error)) from error


def _frames_shown(one: ExamPicture) -> Sequence[tuple[int | None, str]]:
    """Return the frames of a picture a page shows, and the word for each."""
    if one.kind is not ObjectKind.CLIP or one.frames < len(CLIP_WORDS):
        return ((None, ""),)
    return tuple(zip((1, (one.frames + 1) // 2, one.frames), CLIP_WORDS, strict=True))


def caption(picture: ExamPicture, title: str, place: str = "") -> str:
    """Return the line below a picture: ``Bild 2, 09:42: Abdomen``; ``place`` is that in a clip."""
    still = "Standbild aus Clip" if picture.kind is ObjectKind.CLIP else ""
    named = ", ".join(filter(None, (f"Bild {picture.number}", place or still, picture.clock)))
    return f"{named}: {title}" if title else named


def _images(exam: AssignedExam) -> Iterator[tuple[int, ListedObject, Path]]:
    """Yield what can be printed, with its number among all that is looked at, from 1."""
    number = 0
    for one, leaving in exam.objects:
        kind = kind_of(one.SOPClassUID, _frames(one))
        number += kind not in {ObjectKind.REPORT, ObjectKind.DOCUMENT}
        if kind in {ObjectKind.IMAGE, ObjectKind.CLIP}:
            yield number, one, leaving.file


def _frames(one: ListedObject) -> int:
    said = one.head["NumberOfFrames"].strip()
    return int(said) if said.isascii() and said.isdecimal() else 0


def _clock(said: str) -> str:
    moment = to_time(said)
    return f"{moment:%H:%M}" if moment is not None else ""


def _device(exam: AssignedExam) -> str:
    """Return manufacturer and model of the first object that names them."""
    for one, _ in exam.objects:
        maker, model = one.head["Manufacturer"].strip(), one.head["ManufacturerModelName"].strip()
        if maker or model:
            return maker if model.casefold() in maker.casefold() else f"{maker} {model}".strip()
    return ""


def _missing(count: int) -> str:
    if count == 1:
        return "Ein gewähltes Bild fehlt: Es ließ sich nicht lesen oder war zu groß."
    return f"{count} gewählte Bilder fehlen: Sie ließen sich nicht lesen oder waren zu groß."


def _left_out(count: int) -> str:
    told = "Ein älterer Messbericht fehlt" if count == 1 else f"{count} ältere Messberichte fehlen"
    return f"{told} hier: Alle zusammen wären zu viel für ein Blatt."
