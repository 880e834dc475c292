"""From what a client says of a work item to the order it asks for, and what is kept beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gdtbridge.dataset.values import to_date, to_instant
from gdtbridge.durable.clock import local_time
from gdtbridge.errors import OrderError
from gdtbridge.orders.model import Order, OrderRequest
from gdtbridge.orders.schedule import PAST, TOO_FAR, furthest, start_of
from gdtbridge.people import Patient
from gdtbridge.work_items.attributes import NEVER_TOLD, of_order
from gdtbridge.work_items.form import PERFORMERS, PRIORITIES, REQUEST, STATIONS
from gdtbridge.work_items.model import WorkItemFault, WorkItemRefused, WorkItemState
from worklist import NO_DETAILS, EntryDetails, ProcedureCode
from worklist.item import (
    NOTHING,
    SPECIFIC_CHARACTER_SET,
    Element,
    Item,
    items_of,
    tag_of,
    text_of,
    texts_of,
)

NEEDED: Final = (
    "PatientID",
    "PatientName",
    "ProcedureStepState",
    "ScheduledProcedureStepPriority",
    "ScheduledProcedureStepStartDateTime",
    "ProcedureStepLabel",
    "InputReadinessState",
)
"""What a client has to say to create a work item (Type 1 of N-CREATE, PS3.4 Table CC.2.5-3), and
whom it is for. A Worklist Label is given where none is said."""
TERMS: Final = {
    "ScheduledProcedureStepPriority": frozenset(PRIORITIES.values()),
    "InputReadinessState": frozenset({"INCOMPLETE", "UNAVAILABLE", "READY"}),
}
PATIENT: Final = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
"""Who it is for never changes (N-SET: not allowed)."""
NO_BIRTH_DATE: Final = "Kein Datum (JJJJMMTT). / Not a date (YYYYMMDD)."
NO_TIME: Final = "Keine Zeit (JJJJMMTThhmmss). / Not a time (YYYYMMDDhhmmss)."
NUMBERS: Final = ("PatientSize", "PatientWeight")


def must_be_whole(item: Item) -> None:
    """Raise `WorkItemRefused` unless everything is there that makes a new work item."""
    missing = [keyword for keyword in NEEDED if not text_of(item, keyword)]
    if missing:
        raise WorkItemRefused(WorkItemFault.INVALID, *missing)
    must_be_possible(item)
    if text_of(item, NEVER_TOLD):
        raise WorkItemRefused(WorkItemFault.INVALID, NEVER_TOLD)
    if text_of(item, "ProcedureStepState") != WorkItemState.SCHEDULED:
        raise WorkItemRefused(WorkItemFault.NOT_SCHEDULED)


def must_be_possible(item: Item) -> None:
    """Raise `WorkItemRefused` for a term that is none of its attribute."""
    for keyword, terms in TERMS.items():
        text = text_of(item, keyword)
        if text and text not in terms:
            raise WorkItemRefused(WorkItemFault.INVALID, keyword)


def kept_of_said(said: Item) -> Item:
    """Return what of a dataset an order has no place for."""
    never = of_order() | {tag_of(NEVER_TOLD), SPECIFIC_CHARACTER_SET}
    return {tag: element for tag, element in said.items() if tag not in never}


def order_number_of(item: Item) -> str:
    """Return how who made a work item calls its order (Placer Order Number, else Accession)."""
    request = _first(item, REQUEST)
    placer = text_of(request, "PlacerOrderNumberImagingServiceRequest")
    return placer or text_of(request, "AccessionNumber") or text_of(item, "AccessionNumber")


def study_of(item: Item) -> str:
    """Return the study a work item is for; empty where that is left to us."""
    return text_of(item, "StudyInstanceUID") or text_of(_first(item, REQUEST), "StudyInstanceUID")


def wanted_request(item: Item, now: datetime, before: Order | None = None) -> OrderRequest:
    """Return the order a dataset asks for, at a local time; ``before`` is what it is to change.

    Raises `OrderError` for a value no order can have.
    """
    return OrderRequest(
        patient=_patient(item, before),
        modality=_modality(item),
        station="\\".join(text_of(one, "CodeValue") for one in items_of(item, STATIONS)),
        procedure=_label(item, before),
        physician=text_of(_first(item, PERFORMERS), "HumanPerformerName"),
        scheduled=_start(item, now, before),
        details=_details(item, before.details if before is not None else NO_DETAILS),
    )


def _patient(item: Item, before: Order | None) -> Patient:
    if before is not None:
        return before.patient
    born = text_of(item, "PatientBirthDate")
    if born and to_date(born) is None:
        raise OrderError("birth_date", NO_BIRTH_DATE)
    number, name, _, sex = (text_of(item, keyword) for keyword in PATIENT)
    if sex not in {"", "M", "F", "O"}:
        raise OrderError("sex", "Erlaubt / allowed: M, F, O.")
    return Patient.from_dicom(number, name, born, sex)


def _label(item: Item, before: Order | None) -> str:
    label = text_of(item, "ProcedureStepLabel")
    if before is not None and not before.procedure and label == before.modality:
        return ""  # it only stood for a procedure nobody named
    return label


def _start(item: Item, now: datetime, before: Order | None) -> datetime:
    """Return the local time a work item is for; of a day alone it is that of any other order."""
    said = text_of(item, "ScheduledProcedureStepStartDateTime")
    start = local_of(said)
    if start is None:
        raise OrderError("scheduled", NO_TIME)
    known = before.scheduled if before is not None else None
    is_day = len(said) == len("YYYYMMDD")
    if known is not None and (start.date() == known.date() if is_day else start == known):
        return known
    if start.date() < now.date():
        raise OrderError("scheduled", PAST)
    if start > furthest(now):
        raise OrderError("scheduled", TOO_FAR)
    return (start_of(start.date(), None, now) or start) if is_day else start


def local_of(text: str) -> datetime | None:
    """Return the local time of a DT value, to the second; None where it is none."""
    micros = to_instant(text)
    if micros is None:
        return None
    try:
        moment = datetime(1, 1, 1) + timedelta(microseconds=micros)  # noqa: DTZ001 - local, or UTC
        if "+" in text or "-" in text:
            moment = local_time(moment.replace(tzinfo=UTC).timestamp())
    except (OverflowError, ValueError, OSError):
        return None
    return moment.replace(microsecond=0)


def _details(item: Item, before: EntryDetails) -> EntryDetails:
    request = _first(item, REQUEST)
    pregnancy = item.get(tag_of("PregnancyStatus"), Element("US")).other
    return replace(
        before,
        RequestedProcedurePriority=_priority(item, before.RequestedProcedurePriority),
        ReferringPhysicianName=text_of(request, "ReferringPhysicianName")
        or text_of(item, "ReferringPhysicianName"),
        RequestingPhysician=text_of(request, "RequestingPhysician"),
        ReasonForTheRequestedProcedure=text_of(request, "ReasonForTheRequestedProcedure"),
        RequestedProcedureComments=text_of(item, "CommentsOnTheScheduledProcedureStep"),
        InstitutionName=text_of(item, "InstitutionName"),
        PatientSize=text_of(item, "PatientSize"),
        PatientWeight=text_of(item, "PatientWeight"),
        PregnancyStatus="" if pregnancy is None else str(pregnancy),
        LastMenstrualDate=text_of(item, "LastMenstrualDate"),
        Allergies=texts_of(item, "Allergies"),
        MedicalAlerts=texts_of(item, "MedicalAlerts"),
        procedure_code=_code(items_of(request, "RequestedProcedureCodeSequence")),
    )


def _priority(item: Item, before: str) -> str:
    """Return Requested Procedure Priority; what is shown alike as what is said stays."""
    said = text_of(item, "ScheduledProcedureStepPriority")
    return before if PRIORITIES.get(before, "MEDIUM") == said else said


def _code(items: Sequence[Item]) -> ProcedureCode | None:
    for one in items:
        value, scheme = text_of(one, "CodeValue"), text_of(one, "CodingSchemeDesignator")
        if value and scheme:
            return ProcedureCode(value, scheme, text_of(one, "CodeMeaning") or value)
    return None


def _first(item: Item, keyword: str) -> Item:
    return next(iter(items_of(item, keyword)), NOTHING)


def _modality(item: Item) -> str:
    station_class = text_of(_first(item, "ScheduledStationClassCodeSequence"), "CodeValue")
    return station_class or text_of(item, "Modality")
