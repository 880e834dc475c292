"""An entry's DICOM form: the dataset in a ``.wl`` file and in an answer (PS3.4 Table K.6-1).

The form is complete enough for DCMTK's ``wlmscpfs``: every type 1 attribute has a value, both
referenced sequences are there, and a procedure without a description carries a code instead, since
that server refuses a file with neither (and one with an empty description).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, time
from io import BytesIO
from uuid import NAMESPACE_OID, uuid5

from pydicom import dcmwrite
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from gdtbridge.dataset.encoding import DEFLATED, EXPLICIT_BIG_ENDIAN, is_explicit
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.dataset.values import da_text, titles_in, tm_text, to_date, to_time, uid_from
from worklist.attributes import ROOT, SPS, TYPE_1
from worklist.details import DETAIL_RULES, NO_DETAILS, EntryDetails, ProcedureCode
from worklist.entry import SEPARATOR, STATION, Entry, StepStatus
from worklist.errors import EntryError
from worklist.item import (
    NOTHING,
    Element,
    Item,
    dataset_from,
    item_from,
    items_of,
    sequence_element,
    tag_of,
    text_element,
    text_of,
    texts_of,
    values_element,
)

MODALITY_WORKLIST_FIND = UID("1.2.840.10008.5.1.4.31")
"""SOP class of a worklist dataset (PS3.4 K.3)."""

TEXTS_OF_ROOT = (
    "AccessionNumber", "PatientID", "PatientName", "RequestedProcedureID", "StudyInstanceUID",
)  # fmt: skip
STATUS = "ScheduledProcedureStepStatus"
TEXTS_OF_STEP = (
    "Modality",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepID",
)
"""Attributes of `Entry` that stand under the same keyword, as they are, in its dataset."""
TYPE_2 = ("ReferringPhysicianName", "RequestingPhysician", "RequestedProcedurePriority")
"""Attributes of `EntryDetails` that are there even when nothing is known (``wlmscpfs`` looks)."""
DETAIL_TEXTS = tuple(name for name, rule in DETAIL_RULES.items() if rule.VR != "US")
DETAIL_NUMBERS = tuple(name for name, rule in DETAIL_RULES.items() if rule.VR == "US")
CODES = (
    ("procedure_code", "RequestedProcedureCodeSequence"),
    ("protocol_code", "ScheduledProtocolCodeSequence"),
)
"""The codes of `EntryDetails` and the sequences they stand in."""


def to_dataset(entry: Entry) -> Dataset:
    """Return the entry as a dataset, labelled ISO_IR 100 or ISO_IR 192 only where it must be."""
    return dataset_from(item_of(entry))


def from_dataset(dataset: Dataset) -> Entry:
    """Return the entry a dataset describes, as tolerantly as its type 1 attributes allow.

    Ids nobody gave are derived from the accession number, unreadable optional dates are unknown.
    Raises :class:`EntryError` naming the attribute without which there is no entry.
    """
    item = item_from(dataset)
    return entry_of(next(steps_of(item), item))


def entry_number(item: Item) -> str:
    """Return what names an entry: its accession number, else its Study Instance UID."""
    return text_of(item, "AccessionNumber") or text_of(item, "StudyInstanceUID")


def item_of(entry: Entry) -> Item:
    """Return the content of the entry's dataset."""
    return dict(
        (
            *_issued(entry.created),
            *(text_element(keyword, getattr(entry, keyword)) for keyword in TEXTS_OF_ROOT),
            *_details(entry.details),
            sequence_element("ReferencedStudySequence"),
            sequence_element("ReferencedPatientSequence"),
            text_element("PatientBirthDate", da_text(entry.PatientBirthDate)),
            text_element("PatientSex", entry.PatientSex),
            *_described(
                entry,
                "RequestedProcedureDescription",
                "RequestedProcedureCodeSequence",
                entry.details.procedure_code,
            ),
            sequence_element("ScheduledProcedureStepSequence", _step(entry)),
        )
    )


def _step(entry: Entry) -> Item:
    return dict(
        (
            *(text_element(keyword, getattr(entry, keyword)) for keyword in TEXTS_OF_STEP),
            text_element(STATUS, entry.ScheduledProcedureStepStatus),
            values_element(STATION, titles_in(entry.ScheduledStationAETitle)),
            text_element("ScheduledProcedureStepStartDate", da_text(entry.scheduled)),
            text_element("ScheduledProcedureStepStartTime", tm_text(entry.scheduled)),
            *_described(
                entry,
                "ScheduledProcedureStepDescription",
                "ScheduledProtocolCodeSequence",
                entry.details.protocol_code,
            ),
        )
    )


def _details(details: EntryDetails) -> Iterator[tuple[int, Element]]:
    for keyword in DETAIL_TEXTS:
        value = getattr(details, keyword)
        if value or keyword in TYPE_2:
            yield values_element(keyword, value if isinstance(value, tuple) else (value,))
    for keyword in DETAIL_NUMBERS:
        if number := getattr(details, keyword):
            yield tag_of(keyword), Element("US", other=int(number))


def _described(
    entry: Entry, description: str, codes: str, code: ProcedureCode | None
) -> Iterator[tuple[int, Element]]:
    """Yield description and code; where there is neither, the modality as a code (CID 29)."""
    if entry.RequestedProcedureDescription:
        yield text_element(description, entry.RequestedProcedureDescription)
        if code is None:
            return
    code = code or _modality_code(entry.Modality)
    values = ((field.name, getattr(code, field.name)) for field in fields(code))
    yield sequence_element(codes, dict(text_element(keyword, text) for keyword, text in values))


def _modality_code(modality: str) -> ProcedureCode:
    return ProcedureCode(modality, "DCM", modality)


def _issued(created: datetime | None) -> Iterator[tuple[int, Element]]:
    if created is not None:
        yield text_element("IssueDateOfImagingServiceRequest", da_text(created))
        yield text_element("IssueTimeOfImagingServiceRequest", tm_text(created))


def encoded(entry: Entry) -> bytes:
    """Return the bytes of the entry's ``.wl`` file (PS3.10), the same for the same entry."""
    dataset = to_dataset(entry)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = MODALITY_WORKLIST_FIND
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(
        uid_from(uuid5(NAMESPACE_OID, entry.StudyInstanceUID).int)
    )
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with BytesIO() as buffer:
        dcmwrite(buffer, dataset, enforce_file_format=True)
        return buffer.getvalue()


def item_from_file(data: bytes) -> Item:
    """Return the dataset of a ``.wl`` file; raises one of :data:`worklist.item.UNREADABLE`."""
    file = BytesIO(data)
    syntax = read_file_meta(file)
    if syntax in DEFLATED:
        raise NotImplementedError("deflated")  # a few kilobytes can unpack to gigabytes
    implicit = not is_explicit(data[file.tell() :][:8])
    return item_from(read_dataset(file, implicit, syntax != EXPLICIT_BIG_ENDIAN))


def steps_of(item: Item) -> Iterator[Item]:
    """Yield the dataset once per scheduled procedure step, each with the ids it needs.

    An answer holds exactly one step (PS3.4 K.6.1.2.2); a file may hold several.
    """
    fallback = text_of(item, "AccessionNumber")
    procedure = _filled(item, "RequestedProcedureID", fallback)
    for step in items_of(item, "ScheduledProcedureStepSequence"):
        timed = _filled(step, "ScheduledProcedureStepStartTime", "000000")
        identified = _filled(
            timed, "ScheduledProcedureStepID", text_of(procedure, "RequestedProcedureID")
        )
        yield {**procedure, SPS: Element("SQ", items=(identified,))}


def _filled(item: Item, keyword: str, value: str) -> Item:
    if text_of(item, keyword) or not value:
        return item
    return {**item, **dict((text_element(keyword, value),))}


def missing_in(item: Item) -> str | None:
    """Return the first type 1 attribute ``item`` has no value for, ``None`` when it is complete."""
    step = next(iter(items_of(item, "ScheduledProcedureStepSequence")), NOTHING)
    for level, part in ((ROOT, item), (SPS, step)):
        for tag in sorted(TYPE_1[level]):
            if tag not in part or part[tag].is_empty:
                return keyword_for_tag(tag)
    return None


def entry_of(item: Item) -> Entry:
    """Return the entry in ``item``; raises :class:`EntryError` as :func:`from_dataset` does."""
    missing = missing_in(item)
    if missing is not None:
        raise _unusable(missing)
    step = items_of(item, "ScheduledProcedureStepSequence")[0]
    return Entry(
        **{keyword: text_of(item, keyword) for keyword in TEXTS_OF_ROOT},
        **{keyword: text_of(step, keyword) for keyword in TEXTS_OF_STEP},
        ScheduledStationAETitle=SEPARATOR.join(texts_of(step, STATION)),
        ScheduledProcedureStepStatus=text_of(step, STATUS) or StepStatus.SCHEDULED,
        PatientBirthDate=to_date(text_of(item, "PatientBirthDate")),
        PatientSex=_sex(text_of(item, "PatientSex")),
        RequestedProcedureDescription=_description(item, step),
        scheduled=_scheduled(step),
        created=_moment(
            item, "IssueDateOfImagingServiceRequest", "IssueTimeOfImagingServiceRequest"
        ),
        details=_details_of(item, step),
    )


def _details_of(item: Item, step: Item) -> EntryDetails:
    """Return what an entry says beyond who, what, where and when."""
    said: dict[str, object] = {
        keyword: texts if isinstance(getattr(NO_DETAILS, keyword), tuple) else texts[0]
        for keyword in DETAIL_TEXTS
        if (texts := texts_of(item, keyword))
    }
    for keyword in DETAIL_NUMBERS:
        number = item.get(tag_of(keyword), Element("US")).other
        if isinstance(number, int):
            said[keyword] = str(number)
    for (name, keyword), part in zip(CODES, (item, step), strict=True):
        code = _code_of(part, keyword)
        if code not in (None, _modality_code(text_of(step, "Modality"))):
            said[name] = code
    return EntryDetails(**said) if said else NO_DETAILS  # type: ignore[arg-type]


def _code_of(item: Item, keyword: str) -> ProcedureCode | None:
    for one in items_of(item, keyword):
        return ProcedureCode(*(text_of(one, field.name) for field in fields(ProcedureCode)))
    return None


def _sex(text: str) -> str:
    return text if text in ("M", "F", "O") else ""


def _description(item: Item, step: Item) -> str:
    return text_of(item, "RequestedProcedureDescription") or text_of(
        step, "ScheduledProcedureStepDescription"
    )


def _scheduled(step: Item) -> datetime:
    scheduled = _moment(step, "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime")
    if scheduled is None:
        raise _unusable("ScheduledProcedureStepStartDate")
    return scheduled


def _moment(item: Item, date_keyword: str, time_keyword: str) -> datetime | None:
    day = to_date(text_of(item, date_keyword))
    if day is None:
        return None
    return datetime.combine(day, to_time(text_of(item, time_keyword)) or time(0))


def _unusable(keyword: str) -> EntryError:
    return EntryError(
        keyword,
        "Pflichtangabe fehlt oder ist unlesbar. / A required value is missing or unreadable.",
        "Der Eintrag wird nicht angeboten. / The entry is not offered.",
    )
