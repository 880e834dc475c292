"""Codes of DICOM as Coding and CodeableConcept (R4 2.24.0.5, 2.24.0.6), as sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from gdtbridge.dataset.values import uid_from
from gdtbridge.fhir.elements import Json, said, tidy
from gdtbridge.sr.codes import normal
from gdtbridge.sr.model import Code
from gdtbridge.sr.ucum import is_ucum
from gdtbridge.tsv import table

NAMESPACE: Final = UUID("6d0a53c4-6f0c-4f5e-9a57-2f1f7c0a6d1b")
"""Of the names this bridge makes URIs of (RFC 9562 5.5)."""
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem/"
"""What the URIs of HL7's own code systems begin with."""


@cache
def _systems() -> Mapping[str, str]:
    return MappingProxyType({name: uri for name, uri, _ in table("fhir/code_systems.tsv")})


def own_system(name: str) -> str:
    """Return the URI of a name of ours: ``urn:oid:2.25.…`` of the UUID it has in `NAMESPACE`.

    One private designator has one URI wherever this bridge runs, and nobody else uses it.
    """
    return f"urn:oid:{uid_from(uuid5(NAMESPACE, name).int)}"


def system_of(designator: str) -> str:
    """Return the URI of a Coding Scheme Designator (0008,0102); of a private one a URI of ours."""
    plain = tidy(designator)
    return _systems().get(plain) or own_system(plain) if plain else ""


def coding(designator: str, code: str, display: str = "") -> Json:
    """Return a Coding; without a code, or the scheme it is of, the display alone."""
    value, shown = tidy(code), tidy(display)
    if not (value and designator.strip()):
        return said(display=shown or value)
    return said(system=system_of(designator), code=value, display=shown)


def concept(code: Code) -> Json:
    """Return a CodeableConcept: the code as sent; of SNOMED RT the SNOMED CT one before it."""
    scheme, value = normal(code)
    codings = [coding(code.scheme, code.value, code.meaning)]
    if (scheme, value) != (code.scheme.upper(), code.value):
        codings.insert(0, coding(scheme, value))
    coded = [one for one in codings if "code" in one]
    return said(coding=coded, text=tidy(code.text))


def hl7(system: str, code: str, display: str = "") -> Json:
    """Return a CodeableConcept of one of HL7's own code systems."""
    return {"coding": [said(system=TERMINOLOGY + system, code=code, display=display)]}


def quantity(value: Decimal, unit: str, unit_code: str = "") -> Json:
    """Return a Quantity; a unit that is not of UCUM is told as text alone."""
    code = tidy(unit_code or unit)
    if not code:
        return {"value": value}
    if not is_ucum(code):
        return {"value": value, "unit": code}
    return {"value": value, "unit": unit or code, "system": system_of("UCUM"), "code": code}
