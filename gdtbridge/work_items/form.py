"""What a work item says: its order's values under the attributes of a Unified Procedure Step.

PS3.4 Table CC.2.5-3. What a client said is repeated where the order has no place for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Final

from gdtbridge.dataset.values import da_text, tm_text
from gdtbridge.durable.clock import local_time
from gdtbridge.exams.steps import PerformedStep, StepState
from gdtbridge.orders.model import Order
from gdtbridge.work_items.attributes import attributes
from gdtbridge.work_items.model import WorkItemState
from worklist import LONGEST_NAME, ProcedureCode
from worklist.attributes import ROOT
from worklist.item import (
    NOTHING,
    SPECIFIC_CHARACTER_SET,
    Element,
    Item,
    items_of,
    sequence_element,
    tag_of,
    text_element,
    text_of,
    values_element,
)

UPS_PUSH: Final = "1.2.840.10008.5.1.4.34.6.1"
"""SOP Class UID of every work item (PS3.4 CC.3.1)."""
WORKLIST_LABEL: Final = "gdtbridge"
STATION_SCHEME: Final = "99GDTBRIDGE"
"""Coding Scheme Designator of AE titles as names of stations: a private one begins with 99."""
MODALITY_SCHEME: Final = "DCM"
"""Of modalities as classes of stations (PS3.16 CID 29)."""
HIGH, MEDIUM, LOW = "HIGH", "MEDIUM", "LOW"
PRIORITIES: Final = {"STAT": HIGH, "HIGH": HIGH, "ROUTINE": MEDIUM, "MEDIUM": MEDIUM, "LOW": LOW}
"""Requested Procedure Priority (PS3.3 C.4.11) to Scheduled Procedure Step Priority (C.30.2)."""
REQUEST: Final = "ReferencedRequestSequence"
PERFORMERS: Final = "ScheduledHumanPerformersSequence"
STATIONS: Final = "ScheduledStationNameCodeSequence"
PERFORMED: Final = "UnifiedProcedureStepPerformedProcedureSequence"


def work_item_content(
    order: Order, uid: str, state: WorkItemState, said: Item, steps: Sequence[PerformedStep]
) -> Item:
    """Return what the work item of an order says; ``said`` is what clients did.

    ``steps`` are what devices performed of it, the oldest first: they count where no client has
    said what was performed.
    """
    known = {
        **_always(),
        **said,
        **dict(_scheduled(order, said)),
        **dict(_patient(order)),
        **dict(
            (
                text_element("SOPClassUID", UPS_PUSH),
                text_element("SOPInstanceUID", uid),
                text_element("ProcedureStepState", state),
                sequence_element(REQUEST, _request(order, said)),
            )
        ),
        SPECIFIC_CHARACTER_SET: Element("CS"),
    }
    if not items_of(said, PERFORMED) and steps:
        known |= dict((sequence_element(PERFORMED, _performed(order, steps[-1])),))
    return known


@cache
def _always() -> Item:
    """Return what is there even when nothing is known."""
    there = (one for one in attributes() if one.level == ROOT and one.is_always_there)
    label = text_element("WorklistLabel", WORKLIST_LABEL)
    readiness = text_element("InputReadinessState", "READY")
    return {**{one.tag: Element(one.VR) for one in there}, **dict((label, readiness))}


def _scheduled(order: Order, said: Item) -> Iterator[tuple[int, Element]]:
    changed = order.changed_at or order.ordered_at
    priority = PRIORITIES.get(order.details.RequestedProcedurePriority, MEDIUM)
    yield text_element("ScheduledProcedureStepPriority", priority)
    yield text_element("ScheduledProcedureStepModificationDateTime", dt_text(local_time(changed)))
    start = order.scheduled or local_time(order.ordered_at)
    yield text_element("ScheduledProcedureStepStartDateTime", dt_text(start))
    yield text_element("ProcedureStepLabel", order.procedure or order.modality)
    comments = order.details.RequestedProcedureComments
    yield text_element("CommentsOnTheScheduledProcedureStep", comments)
    stations = (_code(aet, STATION_SCHEME, aet) for aet in order.stations)
    yield sequence_element(STATIONS, *stations)
    modality = _code(order.modality, MODALITY_SCHEME, order.modality)
    yield sequence_element("ScheduledStationClassCodeSequence", modality)
    yield sequence_element(PERFORMERS, *_performers(order.physician, said))


def _performers(name: str, said: Item) -> list[Item]:
    """Return who is to do it, as a client said it as long as that is who the order names."""
    told = items_of(said, PERFORMERS)
    if told and text_of(told[0], "HumanPerformerName") == name:
        return list(told)
    performer = (
        sequence_element("HumanPerformerCodeSequence"),
        text_element("HumanPerformerName", name),
        text_element("HumanPerformerOrganization", ""),
    )
    return [dict(performer)] if name else []


def _patient(order: Order) -> Iterator[tuple[int, Element]]:
    patient, details = order.patient, order.details
    yield text_element("PatientName", patient.named_within(LONGEST_NAME).person_name)
    yield text_element("PatientID", patient.id)
    yield text_element("PatientBirthDate", da_text(patient.birth_date))
    yield text_element("PatientSex", patient.sex or "")
    yield text_element("StudyInstanceUID", order.study_instance_uid)
    for keyword in ("PatientSize", "PatientWeight", "LastMenstrualDate", "InstitutionName"):
        if text := getattr(details, keyword):
            yield text_element(keyword, text)
    for keyword in ("MedicalAlerts", "Allergies"):
        if texts := getattr(details, keyword):
            yield values_element(keyword, texts)
    if details.PregnancyStatus:
        yield tag_of("PregnancyStatus"), Element("US", other=int(details.PregnancyStatus))


def _request(order: Order, said: Item) -> Item:
    details, number = order.details, order.accession_number
    told = next(iter(items_of(said, REQUEST)), NOTHING)
    return {
        **dict((sequence_element("IssuerOfAccessionNumberSequence"),)),
        **told,
        **dict(
            (
                text_element("StudyInstanceUID", order.study_instance_uid),
                text_element("AccessionNumber", number),
                text_element("FillerOrderNumberImagingServiceRequest", number),
                text_element("PlacerOrderNumberImagingServiceRequest", order.reference.case_id),
                text_element("RequestedProcedureID", number),
                text_element("RequestedProcedureDescription", order.procedure),
                sequence_element("RequestedProcedureCodeSequence", *_codes(details.procedure_code)),
                text_element(
                    "ReasonForTheRequestedProcedure", details.ReasonForTheRequestedProcedure
                ),
                text_element("RequestingPhysician", details.RequestingPhysician),
                text_element("ReferringPhysicianName", details.ReferringPhysicianName),
            )
        ),
    }


def _performed(order: Order, step: PerformedStep) -> Item:
    """Return what a device performed, as it said by MPPS."""
    began, ended = dt_text(local_time(step.began_at)), ""
    if step.ended_at is not None and step.state is not StepState.IN_PROGRESS:
        ended = dt_text(local_time(step.ended_at))
    station = _code(step.device, STATION_SCHEME, step.device)
    modality = _code(order.modality, MODALITY_SCHEME, order.modality)
    return dict(
        (
            sequence_element("ActualHumanPerformersSequence"),
            sequence_element("PerformedStationNameCodeSequence", station),
            sequence_element("PerformedStationClassCodeSequence", modality),
            sequence_element("PerformedStationGeographicLocationCodeSequence"),
            sequence_element("PerformedWorkitemCodeSequence"),
            text_element("PerformedProcedureStepStartDateTime", began),
            text_element("PerformedProcedureStepEndDateTime", ended),
            sequence_element("OutputInformationSequence"),
        )
    )


def _codes(code: ProcedureCode | None) -> Iterable[Item]:
    if code is not None:
        yield _code(code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning)


def _code(value: str, scheme: str, meaning: str) -> Item:
    return dict(
        (
            text_element("CodeValue", value),
            text_element("CodingSchemeDesignator", scheme),
            text_element("CodeMeaning", meaning),
        )
    )


def dt_text(moment: datetime) -> str:
    """Return a local time as a DT value."""
    return da_text(moment) + tm_text(moment)
