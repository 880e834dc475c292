"""What each source of a dialect's rows has to say about one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Final

from gdtbridge.gdt.results import (
    Attachment,
    Identification,
    OrderReference,
    StudyResult,
    ValueResult,
)
from gdtbridge.gdt.tables.codes import DEVICE_CODE_UNSPECIFIED, DEVICE_CODES, SEX_WRITTEN
from gdtbridge.gdt.tables.rows import Layout, Source
from gdtbridge.gdt.tables.traits import LinkPlace, Traits

Contents = Mapping[Source, Sequence[str]]
"""What each source has to say: nothing, one content, or several."""

LINK_TEXT: Final = "Bilder der Untersuchung"
NO_ORDER: Final = OrderReference()


def study_contents(
    result: StudyResult, ids: Identification, layout: Layout, traits: Traits
) -> Contents:
    """Return what a study record or an order's answer says."""
    accession, modality = result.accession.strip(), result.modality.strip()
    description = result.description.strip()
    comment = _joined(": ", modality, description)
    ordered = (result.order or NO_ORDER).test_id.strip()
    link = result.link.strip() if traits.link is LinkPlace.URL else ""
    return {
        **_common(result, ids, layout, traits),
        Source.TEST_ID: (ordered or result.test_id,),
        Source.TEST_NAME: (result.test_description,),
        Source.COMMENT: (comment,),
        Source.DESCRIPTION: (description,),
        Source.ACCESSION_AND_COMMENT: (_joined(" / ", accession, comment),),
        Source.ACCESSION_AND_DESCRIPTION: (_joined(" / ", accession, description),),
        Source.LINK: (link,),
        Source.LINK_COUNT: ("0001" if link else "",),
        Source.LINK_TEXT: (LINK_TEXT if link else "",),
    }


def value_contents(
    result: ValueResult, ids: Identification, layout: Layout, traits: Traits
) -> Contents:
    """Return what stands once in the record of a report's values."""
    day = f"{result.date:%d.%m.%Y}" if result.date else ""
    title = _joined(" ", "Messwerte vom", day) if day else "Messwerte"
    return {
        **_common(result, ids, layout, traits),
        Source.CORRECTION: (result.revision.value,),
        Source.VALUE_TITLE: (title if result.values else "",),
    }


def attachments_of(result: StudyResult | ValueResult, traits: Traits) -> tuple[Attachment, ...]:
    """Return the attachments the dialect has a place for, a study's link where it is one."""
    attached = result.attachments if traits.attachments else ()
    if isinstance(result, ValueResult):
        return attached
    if traits.link is LinkPlace.ATTACHMENT and result.link.strip():
        link = Attachment(LINK_TEXT, "URL", result.description.strip(), result.link.strip())
        return (*attached, link)
    return attached


def attachment_contents(attachment: Attachment) -> dict[Source, Sequence[str]]:
    """Return what one attachment says; 6303 to 6305 are never missing beside 6302."""
    name = attachment.name.strip() or LINK_TEXT
    return {
        Source.ATTACHMENT_NAME: (name,),
        Source.ATTACHMENT_FORMAT: (attachment.format.strip() or "?",),
        Source.ATTACHMENT_DESCRIPTION: (attachment.description.strip() or name,),
        Source.ATTACHMENT_PATH: (attachment.path,),
    }


def _common(
    result: StudyResult | ValueResult, ids: Identification, layout: Layout, traits: Traits
) -> dict[Source, Sequence[str]]:
    """Return what every record has: ids, patient, time, device, order."""
    patient, order = result.patient, result.order or NO_ORDER
    accession = result.accession.strip()
    device = DEVICE_CODES.get(result.modality.strip(), DEVICE_CODE_UNSPECIFIED)
    ordered = order.device_code.strip()
    case_id = order.case_id.strip()
    return {
        Source.RECEIVER: (ids.receiver or layout.receiver,),
        Source.SENDER: (ids.sender or layout.sender,),
        Source.PATIENT_ID: (patient.id,),
        Source.FAMILY_NAME: (patient.family_name,),
        Source.GIVEN_NAME: (patient.given_names,),
        Source.BIRTH_DATE: (_date(patient.birth_date),),
        Source.SEX: (SEX_WRITTEN.get(patient.sex or "", ""),),
        Source.CASE_ID: (case_id,),
        Source.CASE_ID_OR_ACCESSION: (case_id or accession,),
        Source.REQUEST_UID: (order.request_uid.strip() or accession,),
        Source.DEVICE_CODE: (ordered or traits.device_code or device,),
        Source.ORDERED_DEVICE_CODE: (ordered,),
        Source.DATE: (_date(result.date),),
        Source.TIME: (_time(result.time),),
        Source.ACCESSION: (accession,),
        Source.ACCESSION_REMARK: (f"Auftragsnummer: {accession}" if accession else "",),
    }


def _joined(separator: str, *parts: str) -> str:
    """Join the parts that are not empty."""
    return separator.join(part for part in parts if part)


def _date(day: date | None) -> str:
    """Return TTMMJJJJ."""
    return f"{day.day:02}{day.month:02}{day.year:04}" if day else ""


def _time(moment: time | None) -> str:
    """Return HHMMSS."""
    return "" if moment is None else f"{moment.hour:02}{moment.minute:02}{moment.second:02}"
