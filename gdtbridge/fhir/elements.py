"""Small elements of resources: texts, references, identifiers, times (R4 2.24)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

Json = dict[str, Any]
"""A resource or an element as JSON has it; numbers with decimals are `decimal.Decimal`."""

DICOM_UID: Final = "urn:dicom:uid"
"""System of identifiers that are UIDs (R4 ImagingStudy.identifier), with `OID` before them."""
OID: Final = "urn:oid:"
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


def said(**values: Any) -> Json:  # noqa: ANN401 - JSON
    """Return an element of what is said; nothing in FHIR is empty (R4 2.1.0.3).

    Names that Python has itself have an underscore behind them.
    """
    return {name.rstrip("_"): one for name, one in values.items() if one not in _EMPTY}


def tidy(text: str) -> str:
    """Return a text without control characters and needless blanks (data type string)."""
    kept = (" " if unicodedata.category(one) == "Cc" else one for one in text)
    return " ".join("".join(kept).split())


def reference(kind: str, id_: str, display: str = "") -> Json:
    """Return a Reference to a resource of this server; without an id the words alone."""
    return said(reference=f"{kind}/{id_}" if id_ else "", type=kind, display=tidy(display))


def uid_identifier(uid: str) -> Json:
    """Return the identifier of a study (DCM 110180, as MADO and the EU imaging guide ask)."""
    kind = said(system="http://dicom.nema.org/resources/ontology/DCM", code="110180")
    return said(
        use="official",
        type={"coding": [kind | {"display": "Study Instance UID"}]},
        system=DICOM_UID,
        value=OID + uid,
    )


def accession_identifier(number: str, system: str) -> Json:
    """Return the identifier of an order (HL7 v2 ACSN, and DCM 121022)."""
    kinds = [
        said(system="http://terminology.hl7.org/CodeSystem/v2-0203", code="ACSN"),
        said(system="http://dicom.nema.org/resources/ontology/DCM", code="121022"),
    ]
    return said(type={"coding": kinds}, system=system, value=tidy(number))


def at(moment: datetime | None) -> str:
    """Return a dateTime with its zone; of a naive one that of the practice. Empty without one."""
    if moment is None:
        return ""
    try:
        return moment.astimezone().isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):  # a year no zone is known of
        return moment.date().isoformat()


def on(day: date | None, moment: time | None = None) -> str:
    """Return a local day, or a time of it with its zone, as a dateTime; empty without a day."""
    if day is None:
        return ""
    return day.isoformat() if moment is None else at(datetime.combine(day, moment))


def changed_at(seconds: float, tags: Sequence[Json] = ()) -> Json:
    """Return the meta element of what changed last then (UTC seconds; 0: nobody knows)."""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone() if seconds else None
    told = moment.isoformat(timespec="milliseconds") if moment is not None else ""
    return said(lastUpdated=told, tag=list(tags))


def only(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a list of an element that says something, else an empty one."""
    return [value] if value else []
