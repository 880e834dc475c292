"""What a report says about a value (PS3.16 TID 310): normal range, normality, score, uncertainty.

As the device sent it; nothing is judged or converted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from gdtbridge.fhir.coding import concept, quantity
from gdtbridge.fhir.elements import Json, only, said, tidy
from gdtbridge.sr import Measurement
from gdtbridge.sr.codes import Concept, normal
from gdtbridge.sr.model import Code, MeasurementProperty

LIMITS: Final[Mapping[Concept, str]] = MappingProxyType(
    {("SCT", "385524004"): "low", ("SCT", "371933006"): "high"}
)
"""Normal Range Lower and Upper Limit (PS3.16 CID 223), and the element of referenceRange."""
POPULATION: Final[Concept] = ("DCM", "121405")
"""Population description."""
RANGE_WORDS: Final = frozenset({("DCM", "121406"), ("DCM", "121407"), ("DCM", "121408")})
"""What else is said of a normal range: description, authorities."""
NORMALITY: Final[Concept] = ("DCM", "121402")
_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)


def properties_of(measured: Measurement) -> Json:
    """Return the elements of an Observation that say something about its value."""
    found = [(_concept(one), one) for one in measured.properties]
    limits = {
        side: limit
        for kind, one in found
        if (side := LIMITS.get(kind)) and (limit := _limit(one, measured))
    }
    words = [
        f"{one.name}: {one.value} {one.unit}" if kind in LIMITS else one.value
        for kind, one in found
        if kind in RANGE_WORDS or (kind in LIMITS and LIMITS[kind] not in limits)
    ]
    text = tidy("; ".join(words))
    applies = [said(text=tidy(one.value)) for kind, one in found if kind == POPULATION]
    reference = said(appliesTo=applies, text=text, **limits) if limits or text else {}
    return said(
        referenceRange=only(reference),
        interpretation=[said(text=tidy(one.value)) for kind, one in found if kind == NORMALITY],
    )


def property_components(measured: Measurement) -> Iterator[Json]:
    """Yield a component for all that has no element of its own: a score, an uncertainty."""
    for one in measured.properties:
        kind = _concept(one)
        name = concept(Code(one.code, one.scheme, one.name))
        if kind in LIMITS or kind in RANGE_WORDS or kind in {POPULATION, NORMALITY} or not name:
            continue
        if _NUMBER.fullmatch(one.value):
            yield {"code": name, "valueQuantity": quantity(Decimal(one.value), one.unit)}
        elif text := tidy(one.value):
            yield {"code": name, "valueString": text}


def _concept(one: MeasurementProperty) -> Concept:
    return normal(Code(one.code, one.scheme, one.name))


def _limit(one: MeasurementProperty, measured: Measurement) -> Json:
    """Return a limit; none of one without the unit its value has, which words have to tell."""
    if not _NUMBER.fullmatch(one.value) or (measured.unit and not one.unit):
        return {}
    if one.unit == measured.unit:
        return quantity(Decimal(one.value), measured.unit, measured.unit_code)
    return quantity(Decimal(one.value), one.unit)
