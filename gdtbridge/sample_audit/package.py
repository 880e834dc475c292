"""The set that is handed in: one ZIP, encrypted by AES-256 (WinZip AE-2), written piece by piece.

What is in it: the directory, the check list, and a folder for each case with its chosen pictures as
they are stored, the same with a strip of labels outside of the picture, measurements, and DICOM.
Nothing of anybody else, no other day: objects leave under the identity that was decided, without a
word of the one that was said before.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.durable.modes import PRIVATE_FILE
from gdtbridge.encrypted_zip import encrypted_zip
from gdtbridge.errors import BridgeError
from gdtbridge.people import Patient
from gdtbridge.picture_labels import Asked
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.pictures.looking import FrameLook, PictureForm
from gdtbridge.report_page import PageFormat, PagePrinter, sheet_of
from gdtbridge.retrieve.leaving import file_to_send
from gdtbridge.sample_audit.model import CaseOutcome, CasePicture, CaseSheet
from gdtbridge.sample_audit.papers import (
    WrittenCase,
    check_sheet,
    directory_sheet,
    label_lines,
)
from gdtbridge.sr import Report, ReportError
from gdtbridge.transliteration import transliterated
from gdtbridge.viewing import StoredPictures

LONGEST_NAME: Final = 40
"""Characters of a family name in the name of a folder."""
_JPEG: Final = FrameLook(form=PictureForm.JPEG)
_SAFE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SetParts:
    """What a set is made with."""

    pictures: StoredPictures
    printer: PagePrinter
    read: Callable[[Path], Report]
    catalogue: Catalogue
    practice: str
    spool: Path
    """Folder for what is written on the way."""
    room_for: Callable[[int], None]
    """Raises an `OutOfResources` where so many bytes would fill the disk."""


@dataclass(slots=True)
class SampleSet:
    """A set being written into ``target``; call `write` once."""

    parts: SetParts
    target: Path
    password: str = field(repr=False)
    """Empty for a set that is not encrypted."""
    now: datetime
    asked: Asked = Asked.SAMPLE
    """By whom: the sample audit, or the constancy test."""

    def write(
        self, sheets: Sequence[CaseSheet], noted: Callable[[int], None] = lambda _: None
    ) -> list[WrittenCase]:
        """Write the set; tell ``noted`` how many cases are done.

        A picture or report that cannot be shown is named in the directory and stops no other.
        Raises `BridgeError`, `ReportError` or `OSError`, and then nothing is left of the file.
        """
        self.parts.spool.mkdir(parents=True, exist_ok=True)
        try:
            with self._opened() as archive:
                return self._written(archive, sheets, noted)
        except BaseException:
            self.target.unlink(missing_ok=True)
            raise

    def _written(
        self,
        archive: Any,  # noqa: ANN401
        sheets: Sequence[CaseSheet],
        noted: Callable[[int], None],
    ) -> list[WrittenCase]:
        written = []
        for number, sheet in enumerate(sheets, 1):
            written.append(self._case(archive, number, sheet))
            noted(number)
        about = (self.parts.practice, self.now.date(), self.asked)
        papers = (
            ("Verzeichnis.pdf", directory_sheet(written, *about)),
            ("Pruefliste.pdf", check_sheet(written, *about)),
        )
        for name, paper in papers:
            page = self.parts.printer.print(paper, PageFormat.PDF)
            archive.writestr(name, page)
        return written

    def _opened(self) -> Any:  # noqa: ANN401 - pyzipper has no types
        self.target.touch(PRIVATE_FILE)
        if not self.password:
            return ZipFile(self.target, "w")
        return encrypted_zip(self.target, self.password)

    # ------------------------------------------------------------------ a case

    def _case(self, archive: Any, number: int, sheet: CaseSheet) -> WrittenCase:  # noqa: ANN401
        if sheet.outcome is not CaseOutcome.FOUND or sheet.patient is None:
            return WrittenCase(sheet)
        folder = f"{number}_{safe_name(sheet)}_{sheet.case.day.isoformat()}"
        one = WrittenCase(sheet, folder)
        self.parts.room_for(sum(_size(picture.leaving.file) for picture in sheet.chosen))
        for picture in sheet.chosen:  # by the numbers that the check list tells them by
            if picture.kind is ObjectKind.IMAGE:
                self._still(archive, one, picture, f"Bild_{picture.number:02}")
            else:
                self._clip(archive, one, picture, f"Clip_{picture.number:02}")
        self._measurements(archive, one)
        if not sheet.chosen:
            one.problems.append("Bilder (keines ausgewählt)")
        return one

    def _still(self, archive: Any, one: WrittenCase, picture: CasePicture, name: str) -> None:  # noqa: ANN401
        self._frame(archive, one, picture, 1, name)
        self._dicom(archive, one, picture, name)

    def _clip(self, archive: Any, one: WrittenCase, picture: CasePicture, name: str) -> None:  # noqa: ANN401
        """Write a clip as DICOM, and three stills of it: the first, the middle, the last frame."""
        count = self.parts.pictures.describe(picture.instance_id).frames
        frames = {"Anfang": 1, "Mitte": (count + 1) // 2, "Ende": count}
        for word, frame in frames.items() if count else ():
            self._frame(archive, one, picture, frame, f"{name}_{word}")
        if not count:
            one.problems.append(f"{name}: Standbilder (lässt sich nicht als Bild zeigen)")
        self._dicom(archive, one, picture, name)

    def _frame(
        self,
        archive: Any,  # noqa: ANN401
        one: WrittenCase,
        picture: CasePicture,
        frame: int,
        name: str,
    ) -> None:
        """Write a frame as it is stored where that is a JPEG, and with its labels beside it."""
        try:
            shown = next(self.parts.pictures.frames(picture.instance_id, frame, 1, _JPEG))
            if shown.problem:
                one.problems.append(f"{name}.jpg (lässt sich nicht als Bild zeigen)")
                return
            labelled = self._labelled(one.sheet, picture, shown.data)
        except (BridgeError, ReportError):
            one.problems.append(f"{name}.jpg (ließ sich nicht lesen)")
            return
        _put(archive, one, f"{name}.jpg", shown.data)
        _put(archive, one, f"{name}_mit_Angaben.jpg", labelled)

    def _labelled(self, sheet: CaseSheet, picture: CasePicture, data: bytes) -> bytes:
        device = next((answer.value for answer in picture.answers if answer.item == "device"), "")
        lines = label_lines(sheet, self.parts.practice, device)
        with tempfile.NamedTemporaryFile(dir=self.parts.spool, suffix=".part") as file:
            file.write(data)
            file.flush()
            return self.parts.printer.with_strip(Path(file.name), lines)

    def _dicom(self, archive: Any, one: WrittenCase, picture: CasePicture, name: str) -> None:  # noqa: ANN401
        """Write the object as it leaves, without what was said before of whom it is."""
        place = f"DICOM/{name}.dcm"
        try:
            with (
                file_to_send(
                    picture.leaving, self.parts.spool, self.now, with_history=False
                ) as path,
                path.open("rb") as source,
                archive.open(f"{one.folder}/{place}", "w", force_zip64=True) as target,
            ):
                shutil.copyfileobj(source, target, _CHUNK)
        except FileNotFoundError:
            one.problems.append(f"{place} (die Datei fehlt im Archiv)")
            return
        one.files.append(place)

    def _measurements(self, archive: Any, one: WrittenCase) -> None:  # noqa: ANN401
        for place, (sheet, problem) in enumerate(self._pages(one.sheet), 1):
            name = "Messwerte.pdf" if place == 1 else f"Messwerte_{place}.pdf"
            if problem:
                one.problems.append(f"{name} ({problem})")
            else:
                _put(archive, one, name, sheet)

    def _pages(self, sheet: CaseSheet) -> Iterator[tuple[bytes, str]]:
        patient = sheet.patient or Patient("")
        for one in sheet.reports:
            try:
                report = self.parts.read(one.leaving.file)
                page = sheet_of(report, self.parts.catalogue, patient, one.accession_number)
                yield self.parts.printer.print(page, PageFormat.PDF), ""
            except (ReportError, OSError):
                yield b"", "der Messbericht lässt sich nicht lesen"


def safe_name(sheet: CaseSheet) -> str:
    """Return what a case is called in letters that every file system takes: ``Oeztuerk``."""
    patient = sheet.patient or Patient("")
    named = sheet.heading or patient.family_name or patient.id
    written = transliterated(named, str.isascii)
    letters = (letter if letter in _SAFE else "-" for letter in written)
    return "".join(letters)[:LONGEST_NAME].strip("-") or "Patient"


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _put(archive: Any, one: WrittenCase, name: str, data: bytes) -> None:  # noqa: ANN401
    archive.writestr(f"{one.folder}/{name}", data)
    one.files.append(name)
