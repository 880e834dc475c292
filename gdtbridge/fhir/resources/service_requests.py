"""ServiceRequest (R4 12.16): an order as the worklist has, or had, it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from gdtbridge.fhir.coding import coding
from gdtbridge.fhir.elements import (
    Json,
    accession_identifier,
    at,
    changed_at,
    only,
    reference,
    said,
    tidy,
    uid_identifier,
)
from gdtbridge.fhir.ids import patient_id, uid_id
from gdtbridge.orders.model import Order, OrderState
from gdtbridge.people import Patient

STATUSES: Final[Mapping[OrderState, str]] = MappingProxyType(
    {
        OrderState.ORDERED: "active",
        OrderState.DONE: "completed",
        OrderState.EXPIRED: "revoked",
        OrderState.CANCELLED: "revoked",
    }
)
"""What became of an order as request-status: one that expired was ended without being done."""
PRIORITIES: Final[Mapping[str, str]] = MappingProxyType(
    {"STAT": "stat", "HIGH": "urgent", "ROUTINE": "routine", "MEDIUM": "routine", "LOW": "routine"}
)
"""Requested Procedure Priority (PS3.3 C.4.11) as request-priority."""


def service_request_resource(
    order: Order, chart: str, order_system: str = "", moved: float = 0.0
) -> Json:
    """Return an order; ``chart`` is the patient's number now, since ``moved`` (UTC seconds)."""
    details, code = order.details, order.details.procedure_code
    coded = (
        only(coding(code.CodingSchemeDesignator, code.CodeValue, code.CodeMeaning)) if code else []
    )
    ordered = datetime.fromtimestamp(order.ordered_at, UTC)
    return said(
        resourceType="ServiceRequest",
        id=uid_id(order.study_instance_uid),
        meta=changed_at(
            max(order.ordered_at, order.changed_at or 0.0, order.unlisted_at or 0.0, moved)
        ),
        identifier=[
            accession_identifier(order.accession_number, order_system),
            uid_identifier(order.study_instance_uid),
        ],
        status=STATUSES[order.state],
        intent="order",
        category=[{"coding": [coding("SCT", "363679005", "Imaging")]}],
        priority=PRIORITIES.get(details.RequestedProcedurePriority, ""),
        code=said(coding=coded, text=tidy(order.procedure)),
        orderDetail=only(
            said(coding=only(coding("DCM", order.modality) if order.modality else {}))
        ),
        subject=reference("Patient", patient_id(chart), order.patient.listed_name),
        occurrenceDateTime=at(order.scheduled),
        authoredOn=at(ordered) if order.ordered_at else "",
        requester=said(
            display=_named(details.RequestingPhysician or details.ReferringPhysicianName)
        ),
        performer=only(said(display=_named(order.physician))),
        reasonCode=only(said(text=tidy(details.ReasonForTheRequestedProcedure))),
        note=only(said(text=tidy(details.RequestedProcedureComments))),
    )


def _named(person_name: str) -> str:
    """Return a PN as people read it."""
    return tidy(Patient.from_dicom("", person_name, None).listed_name)
