"""The contents of a record's fields, by source, for one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gdtbridge.gdt.tables.dates import date_text, time_text
from gdtbridge.gdt.tables.device_codes import device_code
from gdtbridge.gdt.tables.options import DialectOptions, LinkPlace
from gdtbridge.gdt.tables.patient_fields import NUMBER_ELSEWHERE, SEX_WRITTEN
from gdtbridge.gdt.tables.rows import ContentSource, RecordLayout
from gdtbridge.gdt.write.chart_sentences import (
    RETRACTED,
    retraction_remarks,
    retraction_sentence,
    study_heading,
)
from gdtbridge.gdt.write.results import (
    Attachment,
    Identification,
    MessageResult,
    OrderReference,
    RetractionResult,
    StudyResult,
    TestValue,
    ValueResult,
)

Contents = Mapping[ContentSource, Sequence[str]]
"""The contents of each source: none, one, or several."""

LINK_TEXT: Final = "Bilder der Untersuchung"
NO_ORDER: Final = OrderReference()


def study_contents(
    result: StudyResult, ids: Identification, layout: RecordLayout, options: DialectOptions
) -> Contents:
    """Return the contents of a study record or an order's answer."""
    accession, modality = result.accession.strip(), result.modality.strip()
    description = result.description.strip()
    comment = _joined(": ", modality, description)
    order = result.order or NO_ORDER
    ordered = order.test_id.strip()
    ordered_name = order.test_name.strip() if ordered else ""
    link = result.link.strip() if options.link is LinkPlace.URL else ""
    return {
        **_common(result, ids, layout, options),
        ContentSource.STUDY_HEADING: (study_heading(result),),
        ContentSource.RETRACTED: (),
        ContentSource.TEST_ID: (ordered or result.test_id,),
        ContentSource.TEST_NAME: (ordered_name or result.test_description,),
        ContentSource.ENTRY_TITLE: (ordered_name or result.test_description,),
        ContentSource.COMMENT: (comment,),
        ContentSource.DESCRIPTION: (description,),
        ContentSource.ACCESSION_AND_COMMENT: (_joined(" / ", accession, comment),),
        ContentSource.ACCESSION_AND_DESCRIPTION: (_joined(" / ", accession, description),),
        ContentSource.LINK: (link,),
        ContentSource.LINK_COUNT: ("0001" if link else "",),
        ContentSource.LINK_TEXT: (LINK_TEXT if link else "",),
    }


def retraction_contents(
    result: RetractionResult, ids: Identification, layout: RecordLayout, options: DialectOptions
) -> Contents:
    """Return the contents of a retraction: the study record's, with other sentences.

    Without a description the modality alone would tell nobody anything.
    """
    study = StudyResult(
        patient=result.patient,
        date=result.date,
        time=result.time,
        accession=result.accession,
        modality=result.modality,
        description=result.description,
        test_id=result.test_id,
        test_description=result.test_description,
        order=result.order,
        device_code=result.device_code,
        remarks=retraction_remarks(result),
    )
    bare: Contents = {
        ContentSource.COMMENT: (),
        ContentSource.ACCESSION_AND_COMMENT: (result.accession.strip(),),
    }
    return {
        **study_contents(study, ids, layout, options),
        **({} if result.description.strip() else bare),
        ContentSource.STUDY_HEADING: (retraction_sentence(result),),
        ContentSource.RETRACTED: (RETRACTED,),
    }


def message_contents(
    result: MessageResult, ids: Identification, layout: RecordLayout, options: DialectOptions
) -> Contents:
    """Return the contents of a message: a study record's, whose comment is the lines alone."""
    study = StudyResult(
        patient=result.patient,
        date=result.date,
        time=result.time,
        accession="",
        modality=result.modality,
        description="",
        test_id=result.test_id,
        test_description=result.test_description,
        remarks=result.lines,
    )
    return {
        **study_contents(study, ids, layout, options),
        ContentSource.COMMENT: (),
        ContentSource.ACCESSION_AND_COMMENT: (),
    }


def value_contents(
    result: ValueResult, ids: Identification, layout: RecordLayout, options: DialectOptions
) -> Contents:
    """Return the contents that stand once in the record of a report's values."""
    day = f"{result.date:%d.%m.%Y}" if result.date else ""
    measured = any(isinstance(value, TestValue) for value in result.values)
    title = _joined(" vom ", "Messwerte" if measured else "Angaben", day)
    return {
        **_common(result, ids, layout, options),
        ContentSource.CORRECTION: (result.revision.value,),
        ContentSource.VALUE_TITLE: (title if result.values else "",),
        ContentSource.FINDING_LINES: (title if result.values else "",),
        ContentSource.ENTRY_TITLE: (title,),
    }


def attachments_of(
    result: StudyResult | ValueResult, options: DialectOptions
) -> tuple[Attachment, ...]:
    """Return the attachments the dialect has a place for, a study's link where it is one."""
    attached = result.attachments if options.attachments else ()
    if isinstance(result, ValueResult):
        return attached
    if options.link is LinkPlace.ATTACHMENT and result.link.strip():
        link = Attachment(LINK_TEXT, "URL", result.description.strip(), result.link.strip())
        return (*attached, link)
    return attached


def attachment_contents(attachment: Attachment) -> dict[ContentSource, Sequence[str]]:
    """Return the contents of one attachment; 6303 to 6305 are never missing beside 6302."""
    name = attachment.name.strip() or LINK_TEXT
    return {
        ContentSource.ATTACHMENT_NAME: (name,),
        ContentSource.ATTACHMENT_FORMAT: (attachment.format.strip() or "?",),
        ContentSource.ATTACHMENT_DESCRIPTION: (attachment.description.strip() or name,),
        ContentSource.ATTACHMENT_PATH: (attachment.path,),
    }


def _common(
    result: StudyResult | ValueResult,
    ids: Identification,
    layout: RecordLayout,
    options: DialectOptions,
) -> dict[ContentSource, Sequence[str]]:
    """Return the contents every record has: ids, patient, time, device, order."""
    patient, order = result.patient, result.order or NO_ORDER
    accession = result.accession.strip()
    ordered = order.device_code.strip()
    code = ordered or result.device_code or options.device_code
    code = code or device_code(result.modality.strip())
    case_id = order.case_id.strip()
    elsewhere = order.number_field == NUMBER_ELSEWHERE
    return {
        ContentSource.CHART_REMARKS: result.remarks,
        ContentSource.RECEIVER: (ids.receiver or layout.receiver,),
        ContentSource.SENDER: (ids.sender or layout.sender,),
        ContentSource.PATIENT_ID: () if elsewhere else (patient.id,),
        ContentSource.PATIENT_ID_0193: (patient.id,) if elsewhere else (),
        ContentSource.PATIENT_ID_COPY: (patient.id,),
        ContentSource.FAMILY_NAME: (patient.family_name,),
        ContentSource.GIVEN_NAME: (patient.given_names,),
        ContentSource.BIRTH_DATE: (date_text(patient.birth_date) or patient.partial_birth_date,),
        ContentSource.SEX: (SEX_WRITTEN.get(patient.sex or "", ""),),
        ContentSource.CASE_ID: (case_id,),
        ContentSource.CASE_ID_OR_ACCESSION: (case_id or accession,),
        ContentSource.REQUEST_UID: (order.request_uid.strip() or accession,),
        ContentSource.DEVICE_CODE: (code,),
        ContentSource.ORDERED_DEVICE_CODE: (ordered,),
        ContentSource.ENTRY_CODE: (order.test_id.strip() or code,) if elsewhere else (),
        ContentSource.ECHO: order.echo.splitlines(),
        ContentSource.DATE: (date_text(result.date),),
        ContentSource.TIME: (time_text(result.time),),
        ContentSource.ACCESSION: (accession,),
        ContentSource.ACCESSION_REMARK: (f"Auftragsnummer: {accession}" if accession else "",),
    }


def _joined(separator: str, *parts: str) -> str:
    """Join the parts that are not empty."""
    return separator.join(part for part in parts if part)
