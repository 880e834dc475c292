"""The DICOMDIR of a File-set (PS3.10 8, PS3.3 F): a record for each object, under 8-letter names.

What records say is what the index knows, under the identity that was decided; of reports and
presentation states also what their record must have of themselves. Objects are not held.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite, write_dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from gdtbridge.dataset.encoding import DEFLATED
from gdtbridge.dataset.text import character_set_for
from gdtbridge.dataset.values import da_text, new_uid, tm_text, to_date, to_time
from gdtbridge.durable.clock import local_time
from gdtbridge.handing_out.assigned import AssignedExam
from gdtbridge.pictures.sop_classes import is_image
from gdtbridge.retrieve.leaving import LeavingObject, read_head
from gdtbridge.retrieve.store import ListedObject
from gdtbridge.tsv import table

MAX_READ: Final = 16 * 1024 * 1024
"""Bytes of an object that is read for what its record has of itself."""
IN_USE: Final = 0xFFFF
"""Record In-use Flag (0004,1410)."""
_OF_ITSELF: Final = (
    *("CompletionFlag", "VerificationFlag", "ConceptNameCodeSequence"),
    *("PresentationCreationDate", "PresentationCreationTime", "ContentLabel"),
)
_WITHOUT: Final[Mapping[str, str]] = MappingProxyType(
    # What a record must have (type 1) where the object does not say it
    {
        "CompletionFlag": "PARTIAL",
        "VerificationFlag": "UNVERIFIED",
        "ContentLabel": "UNNAMED",
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
    }
)
_ITEM: Final = 8
"""Bytes before an item's content (PS3.5 7.5)."""


@dataclass(frozen=True, slots=True)
class RecordKind:
    """A kind of directory record: its type, how its files' names begin, and its elements."""

    name: str
    letters: str
    sop_class: str
    keywords: tuple[str, ...]

    def fits(self, sop_class: str) -> bool:
        """Return whether an object of a SOP class may have such a record."""
        if self.sop_class.endswith("."):
            return sop_class.startswith(self.sop_class)
        return self.sop_class in {"*", sop_class}


@cache
def record_kinds() -> Mapping[str, RecordKind]:
    """Return every kind by its type."""
    rows = table("handing_out/records.tsv")
    return {row[0]: RecordKind(row[0], row[1], row[2], tuple(row[3].split())) for row in rows}


def kind_of_object(sop_class: str) -> RecordKind:
    """Return the kind of record an object of a SOP class has."""
    fitting = (kind for kind in record_kinds().values() if kind.fits(sop_class))
    return max(fitting, key=lambda kind: len(kind.sop_class))


@dataclass(slots=True)
class DirectoryRecord:
    """A record: its elements, its File ID so far, and the records below it by what they are of."""

    content: Dataset
    file_id: str
    begins: int = 0
    """At which byte of the DICOMDIR."""
    below: dict[str, DirectoryRecord] = field(default_factory=dict)

    def walk(self) -> Iterator[DirectoryRecord]:
        """Yield it and everything below, each before what is below it."""
        yield self
        for one in self.below.values():
            yield from one.walk()

    def added(self, key: str, kind: RecordKind, said: Mapping[str, object]) -> DirectoryRecord:
        """Return the record of a key below this one; make it of what is said where it is new."""
        if key in self.below:
            return self.below[key]
        content = Dataset()
        content.OffsetOfTheNextDirectoryRecord = 0
        content.RecordInUseFlag = IN_USE
        content.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        content.DirectoryRecordType = kind.name
        values = {keyword: said.get(keyword, "") for keyword in kind.keywords}
        texts = [text for value in values.values() for text in _texts(value)]
        if charset := character_set_for(texts).value:
            content.SpecificCharacterSet = charset
        for keyword, value in values.items():
            setattr(content, keyword, value)
        name = f"{kind.letters}{len(self.below):06}"
        file_id = f"{self.file_id}/{name}" if self.file_id else name
        made = self.below[key] = DirectoryRecord(content, file_id)
        return made


class FileSetDirectory:
    """A DICOMDIR being made. Not thread-safe."""

    def __init__(self) -> None:
        self._root = DirectoryRecord(Dataset(), "")
        self._uid = new_uid()
        self._known: set[str] = set()
        self._series: dict[str, int] = {}

    def add(self, exam: AssignedExam, one: ListedObject, leaving: LeavingObject) -> str | None:
        """Enter an object; return its File ID (``PT000000/ST000000/SE000000/IM000000``).

        None where its SOP Instance UID has a file already.
        """
        if one.SOPInstanceUID in self._known:
            return None
        self._known.add(one.SOPInstanceUID)
        said, record = self._said(exam, one, leaving), self._root
        for name, key in (
            ("PATIENT", leaving.decided["PatientID"]),
            ("STUDY", exam.exam.study_instance_uid),
            ("SERIES", one.SeriesInstanceUID),
        ):
            record = record.added(key, record_kinds()[name], said)
        leaf = record.added(one.SOPInstanceUID, kind_of_object(one.SOPClassUID), said)
        leaf.content.ReferencedFileID = leaf.file_id.split("/")
        leaf.content.ReferencedSOPClassUIDInFile = one.SOPClassUID
        leaf.content.ReferencedSOPInstanceUIDInFile = one.SOPInstanceUID
        leaf.content.ReferencedTransferSyntaxUIDInFile = leaving.TransferSyntaxUID
        return leaf.file_id

    def content(self) -> bytes:
        """Return the file; each record tells where the next one, and those below it, begin."""
        records = list(self._root.walk())[1:]
        lengths = [_ITEM + _length(one.content) for one in records]
        begins = len(self._written(records)) - sum(lengths)
        for one, length in zip(records, lengths, strict=True):
            one.begins = begins
            begins += length
        _link(self._root)
        return self._written(records)

    def _written(self, records: list[DirectoryRecord]) -> bytes:
        tops = [one.begins for one in self._root.below.values()] or [0]
        found = Dataset()
        found.FileSetID = ""
        found.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = tops[0]
        found.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = tops[-1]
        found.FileSetConsistencyFlag = 0
        found.DirectoryRecordSequence = Sequence([one.content for one in records])
        found.file_meta = FileMetaDataset()
        found.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
        found.file_meta.MediaStorageSOPInstanceUID = UID(self._uid)
        found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        file = io.BytesIO()
        dcmwrite(file, found, enforce_file_format=True)
        return file.getvalue()

    def _said(
        self, exam: AssignedExam, one: ListedObject, leaving: LeavingObject
    ) -> dict[str, object]:
        """Return what records of an object may say, by keyword."""
        day, moment = _day_of(exam), _tm(exam.exam.study_time) or "000000"
        series = self._series.setdefault(one.SeriesInstanceUID, len(self._series) + 1)
        said: dict[str, object] = {
            **_WITHOUT,
            **leaving.decided,
            "StudyInstanceUID": exam.exam.study_instance_uid,
            "StudyDate": day,
            "StudyTime": moment,
            "StudyID": one.head["StudyID"].strip()[:16] or str(exam.exam.id),
            "StudyDescription": exam.exam.study_description,
            "SeriesInstanceUID": one.SeriesInstanceUID,
            "Modality": one.head["Modality"].strip()[:16] or "OT",
            "SeriesNumber": _number(one.head["SeriesNumber"], series),
            "InstanceNumber": _number(one.head["InstanceNumber"], len(self._known)),
            "ContentDate": da_text(to_date(one.head["ContentDate"])) or day,
            "ContentTime": _tm(one.head["ContentTime"]) or moment,
            "PresentationCreationDate": day,
            "PresentationCreationTime": moment,
            "ConceptNameCodeSequence": Sequence([_untitled()]),
        }
        return said if is_image(one.SOPClassUID) else said | _of_itself(leaving)


def _link(root: DirectoryRecord) -> None:
    for parent in root.walk():
        below = list(parent.below.values())
        followers = [*(one.begins for one in below[1:]), 0]
        for one, following in zip(below, followers, strict=False):
            one.content.OffsetOfTheNextDirectoryRecord = following
        if parent is not root:
            first = below[0].begins if below else 0
            parent.content.OffsetOfReferencedLowerLevelDirectoryEntity = first


def _length(content: Dataset) -> int:
    """Return the bytes of a record in Explicit VR Little Endian."""
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, False
    write_dataset(file, content)
    return len(file.getvalue())


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of a record's value, of codes those of their items.

    What was read is text from then on, and written in the character set of the record.
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, Sequence):
        yield from (text for item in value for one in item for text in _texts(one.value))


def _untitled() -> Dataset:
    """Return the title of a document that names none (PS3.16 Annex D)."""
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator = "121144", "DCM"
    title.CodeMeaning = "Document Title"
    return title


def _of_itself(leaving: LeavingObject) -> dict[str, object]:
    """Return what a report or presentation state says of itself, as far as it is read."""
    if leaving.TransferSyntaxUID in DEFLATED or leaving.file.stat().st_size > MAX_READ:
        return {}
    with leaving.file.open("rb") as file:
        head = read_head(file)
    return {keyword: head[keyword].value for keyword in _OF_ITSELF if head.get(keyword)}


def _number(said: str, otherwise: int) -> str:
    text = said.strip()
    return text if text.isascii() and text.isdecimal() and len(text) <= 9 else str(otherwise)


def _day_of(exam: AssignedExam) -> str:
    day = to_date(exam.exam.study_date)
    return da_text(day or local_time(exam.exam.claims[0].first_at))


def _tm(said: str) -> str:
    moment = to_time(said)
    return tm_text(moment) if moment is not None else ""
