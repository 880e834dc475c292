"""Files for the chart, where a workstation can open them: pictures, documents, pages of reports."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Final

from gdtbridge.archive import ArchivedInstance
from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.exams.model import PatientExam
from gdtbridge.exams.plan import PlannedResult
from gdtbridge.gdt.tables.fields import field_length
from gdtbridge.gdt.write.results import Attachment
from gdtbridge.people import agree
from gdtbridge.pictures import (
    AttachmentCandidate,
    AttachmentError,
    AttachmentHindered,
    AttachmentReader,
    KeyObjects,
    RenderedFile,
    choose,
    is_candidate,
    is_document,
    is_key_object,
)
from gdtbridge.report_page import (
    PageFormat,
    PagePrinter,
    ReportSheet,
    SheetSubject,
    exam_sheet_of,
    picture_files,
    sheet_of,
)
from gdtbridge.results.file_names import own_number, safe_part
from gdtbridge.results.patience import ReadingPatience
from gdtbridge.sr import Report, ReportError

log = logging.getLogger(__name__)

ATTACHMENT: Final = "attachment"
"""The kind of messages in the outbox."""
MOST_SECONDS: Final = 120.0
"""Seconds for all attachments of one exam: other exams wait meanwhile."""

_USUAL_NAME: Final = "R0000000001-0123456789abcdef.jpg"

LONGEST_NAME: Final = field_length("6302")


@dataclass(frozen=True, slots=True)
class ExamPaper:
    """What the page of a whole exam is made with."""

    practice: str
    """Name of the practice; empty where the settings have none."""
    spool: Path
    """Folder for pictures while they are printed."""


@dataclass(frozen=True, slots=True)
class AttachmentPlace:
    """Where one practice software's attachments go."""

    folder: Path
    shown: str
    """The same folder as workstations know it: a UNC path, a drive, or a path of this machine."""
    most: int
    reports: bool = False
    """Whether each value record brings the page of its report along."""
    fetal_sex: bool = False
    """Whether that page tells the sex of a fetus."""
    exam: ExamPaper | None = None
    """Whether, and with what, the first record of an exam brings all of it along as one page."""

    @property
    def usual_path_length(self) -> int:
        """Characters of the path of a file of an exam with an accession number of ours."""
        return len(self.path_of(_USUAL_NAME))

    def path_of(self, name: str) -> str:
        """Return how a workstation opens a file of the folder."""
        if "\\" in self.shown:
            return str(PureWindowsPath(self.shown) / name)
        return f"{self.shown.rstrip('/')}/{name}"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file for the chart, and the fields of the GDT record that name the file."""

    name: str
    data: bytes
    attachment: Attachment


@dataclass(frozen=True)
class AttachmentBuilder:
    """Chooses and makes the attachments of an exam; waits for nobody but its own processes.

    Its methods raise what ``patience`` does not bear.
    """

    renderer: AttachmentReader
    printer: PagePrinter
    catalogue: Catalogue
    patience: ReadingPatience
    monotonic: Callable[[], float] = time.monotonic

    def files(
        self,
        planned: PlannedResult,
        kept: Sequence[ArchivedInstance],
        place: AttachmentPlace,
        already: int = 0,
    ) -> tuple[tuple[AttachedFile, ...], int]:
        """Return the attachments for objects that were not told, and how many cannot be made.

        ``kept`` are all objects of the result, ``already`` counts the pictures the chart has. A
        late document comes whatever the chart has; where key images were chosen before, of late
        pictures only key images do.
        """
        end = self.monotonic() + MOST_SECONDS
        keys = [one.path for one in kept if is_key_object(one.sop_class_uid)]
        candidates = [
            AttachmentCandidate(one.path, one.sop_class_uid, one.sop_instance_uid)
            for one in kept
            if is_candidate(one.sop_class_uid) and not one.told
        ]
        if not candidates:
            return (), 0
        exam = planned.exam
        key = self._key_objects(exam, keys)
        if _were_chosen(kept, key):
            candidates = [one for one in candidates if _is_wanted(one, key)]
        looked = [found for one in candidates for found in self._with_frames(exam, one, end)]
        documents = sum(is_document(one.sop_class_uid) for one in candidates)
        selection = choose(looked, key, max(place.most - already, documents))
        rendered = [
            self._rendered(exam, choice.candidate.path, choice.frame, end)
            for choice in selection.choices
        ]
        if selection.left_out:
            log.info("exam %d: %d pictures more than are attached", exam.id, selection.left_out)
        made = [one for one in rendered if one is not None]
        return tuple(_files(planned, made, place, already)), len(rendered) - len(made)

    def sheet(
        self, planned: PlannedResult, report: Report, place: AttachmentPlace
    ) -> AttachedFile | None:
        """Return the page of one Structured Report; None where it cannot be printed.

        The page names whom the record names: a person may have said that the exam is of another
        patient than the device thought.
        """
        sheet = sheet_of(
            report,
            self.catalogue,
            planned.patient,
            planned.shown_accession,
            fetal_sex=place.fetal_sex,
        )
        return self._printed(planned, sheet, place, "Messwerte")

    def exam(
        self,
        planned: PlannedResult,
        reports: Sequence[Report],
        pictures: Sequence[AttachedFile],
        place: AttachmentPlace,
    ) -> AttachedFile | None:
        """Return the page of a whole exam: the values of its reports, and its pictures.

        None where there is nothing of either, or it cannot be printed.
        """
        chosen = [one for one in pictures if one.attachment.format == "JPG"]
        if place.exam is None or not (reports or chosen):
            return None
        named = ((one.data, one.attachment.name) for one in chosen)
        with picture_files(place.exam.spool, named) as laid:
            sheet = exam_sheet_of(
                _subject(planned, reports, place.exam),
                reports,
                self.catalogue,
                pictures=laid,
                fetal_sex=place.fetal_sex,
            )
            return self._printed(planned, sheet, place, "Untersuchung")

    def _printed(
        self, planned: PlannedResult, sheet: ReportSheet, place: AttachmentPlace, short: str
    ) -> AttachedFile | None:
        """Return the PDF of a sheet; ``short`` is its name where the chart has no room for it."""
        try:
            data = self.printer.print(sheet, PageFormat.PDF)
        except ReportError as error:
            self.patience.bear(planned.exam.id, error)
            log.warning("exam %d: a page is left out: %s", planned.exam.id, error)
            return None
        title = sheet.heading if len(sheet.heading) <= LONGEST_NAME else short
        return _file(planned, RenderedFile("PDF", title, data), place, "Bericht")

    def _key_objects(self, exam: PatientExam, paths: Sequence[Path]) -> KeyObjects:
        """Return what Key Object Selections say; nothing where they cannot be read."""
        try:
            return self.renderer.key_objects(paths)
        except AttachmentHindered as error:
            self.patience.bear(exam.id, error)
            return KeyObjects((), (), len(paths))

    def _with_frames(
        self, exam: PatientExam, candidate: AttachmentCandidate, end: float
    ) -> Sequence[AttachmentCandidate]:
        """Return the candidate with its number of frames; without it when time is over."""
        if self.monotonic() >= end:
            return (candidate,)
        try:
            return self.renderer.with_frames((candidate,))
        except AttachmentHindered as error:
            self.patience.bear(exam.id, error)
            return (candidate,)

    def _rendered(
        self, exam: PatientExam, path: Path, frame: int | None, end: float
    ) -> RenderedFile | None:
        if self.monotonic() >= end:
            log.warning("exam %d: an attachment is left out: they took too long", exam.id)
            return None
        try:
            return self.renderer.render(path, frame)
        except AttachmentError as error:
            self.patience.bear(exam.id, error)
            log.warning("exam %d: an attachment is left out: %s", exam.id, type(error).__name__)
            return None


def unmade_remark(count: int) -> str:
    """Return what a record says of pictures and documents that could not be made."""
    if count == 1:
        return "1 Bild oder Dokument ließ sich nicht übernehmen: bitte in den Bildern nachsehen."
    return (
        f"{count} Bilder oder Dokumente ließen sich nicht übernehmen: bitte in den Bildern "
        "nachsehen."
    )


def _subject(planned: PlannedResult, reports: Sequence[Report], paper: ExamPaper) -> SheetSubject:
    exam = planned.exam
    makers = (f"{one.manufacturer} {one.model}".strip() for one in reports)
    return SheetSubject(
        patient=planned.patient,
        procedure=(planned.order.procedure if planned.order else "") or exam.study_description,
        day=to_date(exam.study_date) or planned.received,
        time=to_time(exam.study_time),
        device=next(filter(None, makers), ""),
        practice=paper.practice,
        order_number=planned.shown_accession,
        study_instance_uid=exam.study_instance_uid,
        is_corrected=not all(agree(one.patient, planned.patient) for one in exam.claims),
    )


def _were_chosen(kept: Sequence[ArchivedInstance], key: KeyObjects) -> bool:
    """Return whether pictures that a Key Object Selection names were told before."""
    named = {one.sop_instance_uid for one in key.named}
    return any(one.told and one.sop_instance_uid in named for one in kept)


def _is_wanted(candidate: AttachmentCandidate, key: KeyObjects) -> bool:
    named = {one.sop_instance_uid for one in key.named}
    return is_document(candidate.sop_class_uid) or candidate.sop_instance_uid in named


def _files(
    planned: PlannedResult, made: Sequence[RenderedFile], place: AttachmentPlace, already: int
) -> Iterator[AttachedFile]:
    """Yield the files, the pictures with their number in the chart before their title."""
    pictures = already
    for one in made:
        pictures += one.format == "JPG"
        title = shown = one.title or "Dokument"
        if one.format == "JPG":
            shown = f"Bild {pictures}"
            title = f"{shown}: {one.title}" if one.title else shown
        yield _file(planned, replace(one, title=title), place, shown)


def _file(
    planned: PlannedResult, made: RenderedFile, place: AttachmentPlace, shown: str
) -> AttachedFile:
    """Return the file under a name made of its content, which no other file has.

    ``shown`` tells its description from those of the exam's other files.
    """
    exam = planned.exam
    stem = safe_part(planned.shown_accession, own_number(exam.id))
    digest = hashlib.sha256(made.data).hexdigest()[:16]
    name = f"{stem}-{digest}.{made.format.lower()}"
    described = ": ".join(part for part in (exam.modality, exam.study_description) if part)
    content = f"{shown}, {described}" if described else shown
    attachment = Attachment(made.title, made.format, content, place.path_of(name))
    return AttachedFile(name, made.data, attachment)
