"""Patient (R4 8.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from gdtbridge.dataset.values import PersonName
from gdtbridge.fhir.coding import hl7
from gdtbridge.fhir.elements import Json, changed_at, reference, said, tidy
from gdtbridge.fhir.ids import patient_id
from gdtbridge.people import Patient

GENDERS: Final[Mapping[str, str]] = MappingProxyType({"M": "male", "F": "female", "O": "other"})
"""Patient's Sex (PS3.3 C.7.1.1) to AdministrativeGender (R4 value set administrative-gender)."""
REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
GROUPS: Final = ("ABC", "IDE", "SYL")
"""The component groups of a PN (PS3.5 6.2.1.1) as ISO 21090 names them."""


def patient_resource(
    patient: Patient,
    former: Iterable[str] = (),
    system: str = "",
    practice: str = "",
    changed: float = 0.0,
) -> Json:
    """Return a patient of the practice, and the numbers the chart had before.

    ``system`` is the URI of the practice's patient numbers, if any; ``changed`` is when what is
    known changed last (UTC seconds).
    """
    old = [patient_identifier(one, system, practice) | {"use": "old"} for one in former]
    return said(
        resourceType="Patient",
        id=patient_id(patient.id),
        meta=changed_at(changed),
        identifier=[patient_identifier(patient.id, system, practice), *old],
        active=True,
        name=list(_names(patient)),
        gender=GENDERS.get(patient.sex or "", "unknown"),
        birthDate=birth_date(patient),
        managingOrganization=said(display=tidy(practice)),
    )


def merged_resource(former: str, now: str, system: str = "", practice: str = "") -> Json:
    """Return what is left of a patient whose chart is that of another number now (R4 8.1.4)."""
    link = {"other": reference("Patient", patient_id(now)), "type": "replaced-by"}
    return said(
        resourceType="Patient",
        id=patient_id(former),
        identifier=[patient_identifier(former, system, practice) | {"use": "old"}],
        active=False,
        link=[link],
    )


def patient_identifier(number: str, system: str = "", practice: str = "") -> Json:
    """Return the number of a patient in the practice software (HL7 v2-0203 MR)."""
    return said(
        use="usual",
        type=hl7("v2-0203", "MR", "Medical record number"),
        system=system,
        value=tidy(number),
        assigner=said(display=tidy(practice)),
    )


def birth_date(patient: Patient) -> str:
    """Return a date, of a partial one (``00031950``) month and year, or the year."""
    if patient.birth_date is not None:
        return patient.birth_date.isoformat()
    partial = patient.partial_birth_date
    month, year = partial[2:4], partial[4:]
    return "-".join((year, month) if month != "00" else (year,)) if partial else ""


def _names(patient: Patient) -> Iterator[Json]:
    """Yield the name; of one with several component groups each, the first as the official one."""
    groups = PersonName.of(patient.person_name).groups
    written = [
        (kind, group) for kind, group in zip(GROUPS, groups, strict=False) if any(group.parts)
    ]
    for place, (kind, group) in enumerate(written):
        family, given, middle, prefix, suffix = map(tidy, group.parts)
        called = " ".join(filter(None, (prefix, given, middle)))
        several = {"extension": [{"url": REPRESENTATION, "valueCode": kind}]}
        name = said(
            use="usual" if place else "official",
            text=", ".join(filter(None, (family, called))),
            family=family,
            given=[*given.split(), *middle.split()],
            prefix=[prefix] if prefix else [],
            suffix=[suffix] if suffix else [],
        )
        yield (several if len(written) > 1 else {}) | name
