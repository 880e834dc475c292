"""DiagnosticReport (R4 10.3): one for each Structured Report; DocumentReference: an exam's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gdtbridge.fhir.coding import coding, hl7
from gdtbridge.fhir.elements import DICOM_UID, OID, Json, reference, said, tidy
from gdtbridge.fhir.resources.observation_groups import observations_of
from gdtbridge.fhir.resources.observations import ReportPart, content_time, issued
from gdtbridge.fhir.study_part import StudyPart
from gdtbridge.report_page import LANGUAGE
from gdtbridge.retrieve.store import ListedObject

IMAGING: Final = coding("LN", "18748-4", "Diagnostic imaging study")
REPLACES: Final = "http://hl7.org/fhir/StructureDefinition/diagnosticReport-replaces"
"""Extension of R4 that leads to an earlier report."""
PDF: Final = "application/pdf"


def diagnostic_report_resource(one: ReportPart, page: str) -> Json:
    """Return a report with its Observations; ``page`` is the address of the exam's page.

    Of what a later report replaces, only what nothing but this one tells counts.
    """
    report, succession = one.report, one.succession
    results = [reference("Observation", fact.id) for fact in observations_of(one) if fact.counts]
    return _report(one.part, one.listed, page) | said(
        extension=[
            {"url": REPLACES, "valueReference": reference("DiagnosticReport", id_)}
            for id_ in map(one.part.report_id, succession.replaces)
        ],
        status=succession.status,
        effectiveDateTime=content_time(report) or one.part.started,
        issued=issued(report),
        result=results,
    )


def unread_report_resource(part: StudyPart, one: ListedObject, page: str) -> Json:
    """Return a report that cannot be read: that it is there, and nothing of what it holds."""
    return _report(part, one, page) | said(status="unknown", effectiveDateTime=part.started)


def _report(part: StudyPart, one: ListedObject, page: str) -> Json:
    uid, number = one.SOPInstanceUID, part.number_of(one)
    return said(
        resourceType="DiagnosticReport",
        id=part.report_id(uid),
        meta=part.meta(),
        identifier=[said(system=DICOM_UID, value=OID + uid)],
        basedOn=part.based_on_order(number),
        category=[hl7("v2-0074", "RUS", "Radiology Ultrasound")],
        code=said(coding=[IMAGING], text=tidy(part.procedure_of(number))),
        subject=part.subject(),
        imagingStudy=[part.imaging_study()],
        presentedForm=[_attachment(part, page)],
    )


def document_reference_resource(part: StudyPart, page: str, practice: str = "") -> Json:
    """Return the page of an exam, a PDF that is made when it is fetched."""
    return said(
        resourceType="DocumentReference",
        id=part.id,
        meta=part.meta(),
        status="current",
        type={"coding": [IMAGING]},
        category=[said(coding=[coding("LN", "18748-4")], text="Ultraschall / Ultrasound")],
        subject=part.subject(),
        custodian=said(display=tidy(practice)),
        description=tidy(part.procedure),
        content=[{"attachment": _attachment(part, page)}],
        context=said(
            period=said(start=part.started),
            related=_related(part),
        ),
    )


def _related(part: StudyPart) -> Sequence[Json]:
    return [part.imaging_study(), *part.based_on()]


def _attachment(part: StudyPart, page: str) -> Json:
    return said(contentType=PDF, language=LANGUAGE, url=page, title=tidy(part.procedure))
