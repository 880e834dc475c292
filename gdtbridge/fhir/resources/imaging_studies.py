"""ImagingStudy (R4 8.12): a study of one person, its series and objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gdtbridge.dataset.values import is_uid, to_date, to_time
from gdtbridge.fhir.coding import coding, own_system
from gdtbridge.fhir.elements import (
    OID,
    Json,
    accession_identifier,
    on,
    only,
    reference,
    said,
    tidy,
    uid_identifier,
)
from gdtbridge.fhir.resources.endpoints import ENDPOINTS
from gdtbridge.fhir.study_part import StudyPart
from gdtbridge.people import Patient
from gdtbridge.retrieve.store import ListedObject

OTHER: Final = "OT"
"""Modality of a series that names none: R4 demands one, PS3.3 C.7.3.1.1.1 has it for others."""
UNASSIGNED: Final = {"system": own_system("assignment"), "code": "not-assigned"}


def imaging_study_resource(part: StudyPart) -> Json:
    """Return a study as it is one person's.

    One that is not assigned has the status ``unknown``, a tag, and no Patient. A series whose UID
    is none cannot be named here (R4, data type id); it is counted.
    """
    exam, objects = part.study.exam, part.objects
    series: dict[str, list[ListedObject]] = {}
    for one in objects:
        series.setdefault(one.SeriesInstanceUID, []).append(one)
    orders = [accession_identifier(one, part.order_system) for one in part.accession_numbers]
    modalities = sorted({tidy(one.head["Modality"]) for one in objects} - {""}) or [OTHER]
    return said(
        resourceType="ImagingStudy",
        id=part.id,
        meta=part.meta() if part.chart else part.meta(UNASSIGNED),
        identifier=[uid_identifier(part.uid), *orders],
        status="available" if part.chart else "unknown",
        modality=[coding("DCM", one) for one in modalities],
        subject=part.subject(),
        started=part.started,
        basedOn=part.based_on(),
        referrer=said(display=_referrer(objects)),
        endpoint=[reference("Endpoint", one) for one in ENDPOINTS],
        numberOfSeries=len(series),
        numberOfInstances=len(objects),
        procedureCode=only(said(text=tidy(part.procedure))),
        description=tidy(exam.study_description),
        series=[_series(uid, of) for uid, of in series.items() if is_uid(uid)],
    )


def _series(uid: str, objects: Sequence[ListedObject]) -> Json:
    head = {
        word: next((text for one in objects if (text := tidy(one.head[word]))), "")
        for word in (
            *("Modality", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime"),
            "BodyPartExamined",
        )
    }
    return said(
        uid=uid,
        number=_count(head["SeriesNumber"]),
        modality=coding("DCM", head["Modality"] or OTHER),
        description=head["SeriesDescription"],
        numberOfInstances=len(objects),
        endpoint=[reference("Endpoint", one) for one in ENDPOINTS],
        bodySite=said(display=head["BodyPartExamined"]),
        started=on(to_date(head["SeriesDate"]), to_time(head["SeriesTime"])),
        instance=[_instance(one) for one in objects],
    )


def _instance(one: ListedObject) -> Json:
    return said(
        uid=one.SOPInstanceUID,
        sopClass={"system": "urn:ietf:rfc:3986", "code": OID + one.SOPClassUID},
        number=_count(one.head["InstanceNumber"]),
    )


def _count(text: str) -> int | None:
    """Return the number of an IS value as an unsignedInt; None for any other."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= 9 else None


def _referrer(objects: Sequence[ListedObject]) -> str:
    named = next((text for one in objects if (text := one.head["ReferringPhysicianName"])), "")
    return tidy(Patient.from_dicom("", named, None).listed_name)
