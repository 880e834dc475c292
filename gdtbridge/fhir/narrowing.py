"""What of a search an index has: which studies can be meant at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, Literal

from gdtbridge.database import Connection
from gdtbridge.dataset.values import da_text, is_uid
from gdtbridge.fhir.date_range import DatePrefix
from gdtbridge.fhir.elements import DICOM_UID, OID
from gdtbridge.fhir.ids import uid_of
from gdtbridge.fhir.patient_index import PatientIndex
from gdtbridge.fhir.query import (
    LAST_UPDATED,
    ResourceQuery,
    SearchCondition,
    SearchValue,
    changed_since,
)
from gdtbridge.orders.store import order_of_study
from gdtbridge.retrieve.store import Narrowing

Days = tuple[str, str] | None
"""First and last day (YYYYMMDD), either may be empty."""
UidField = Literal["studies", "series", "instances"]
_OF_REPORTS: Final = frozenset({"DiagnosticReport", "Observation"})
"""What is made of a Structured Report: its id has the UID of that, not of a study."""


def narrowing_of(
    connection: Connection, index: PatientIndex, query: ResourceQuery
) -> Narrowing | None:
    """Return which studies can have what a search is for; None where none can."""
    found = Narrowing()
    for one in query.conditions:
        if not one.is_plain:
            continue
        narrowed = _narrowed(connection, index, query.kind, one)
        if narrowed is None:
            return None
        said = {name: value for name in _FIELDS if (value := getattr(narrowed, name))}
        days, since = (
            _both(found.days, narrowed.days),
            (found.changed_since, narrowed.changed_since),
        )
        latest = max((one for one in since if one is not None), default=None)
        found = replace(found, **said, days=days, changed_since=latest)
    return found


def _both(one: Days, other: Days) -> Days:
    """Return the days that are in two spans."""
    if one is None or other is None:
        return one or other
    ends = tuple(filter(None, (one[1], other[1])))
    return max(one[0], other[0]), min(ends, default="")


_FIELDS: Final = ("studies", "patients", "accessions", "series", "instances")


def _narrowed(
    connection: Connection, index: PatientIndex, kind: str, condition: SearchCondition
) -> Narrowing | None:
    """Return what one condition narrows; None where it names nothing that can be."""
    name, texts = condition.parameter.name, condition.texts
    ids = [one.rpartition("/")[2] for one in texts]
    if name in {"patient", "subject"}:
        numbers = tuple(index.numbers(connection, ids).values())
        return Narrowing(patients=numbers) if numbers else None
    if name in {"based-on", "basedon"}:
        orders = [order_of_study(connection, uid) for one in ids if (uid := uid_of(one))]
        numbers = tuple(one.accession_number for one in orders if one is not None)
        return Narrowing(accessions=numbers) if numbers else None
    if name in {"part-of", "related"} and all(one.startswith("ImagingStudy/") for one in texts):
        return _by_uid(map(uid_of, ids), "studies")
    if name == LAST_UPDATED:
        return Narrowing(changed_since=changed_since([condition]))
    if name == "_id":
        return _by_uid(map(uid_of, ids), "instances" if kind in _OF_REPORTS else "studies")
    made = _SIMPLE.get((kind, name))
    return made(condition.values) if made is not None else Narrowing()


def _by_uid(uids: Iterable[str], field: UidField) -> Narrowing | None:
    known = tuple(dict.fromkeys(filter(is_uid, uids)))
    if not known:
        return None
    match field:
        case "studies":
            return Narrowing(studies=known)
        case "series":
            return Narrowing(series=known)
        case "instances":
            return Narrowing(instances=known)


def _of_identifier(values: Iterable[SearchValue]) -> Narrowing:
    """Return the studies, or the orders, that identifiers name; nothing where they name both."""
    uids: list[str] = []
    numbers: list[str] = []
    for one in values:
        plain = one.text.removeprefix(OID)
        is_study = one.system == DICOM_UID or plain != one.text or ("." in plain and is_uid(plain))
        (uids if is_study else numbers).append(plain)
    if uids and numbers:
        return Narrowing()
    return Narrowing(studies=tuple(uids), accessions=tuple(filter(None, numbers)))


def _of_days(values: Iterable[SearchValue]) -> Narrowing:
    """Return the days a single date may be about."""
    (first, *more) = values
    if more or first.range is None:
        return Narrowing()
    begin, end = map(da_text, first.range.days)
    match first.prefix:
        case DatePrefix.EQ:
            return Narrowing(days=(begin, end))
        case DatePrefix.GE | DatePrefix.GT | DatePrefix.SA:
            return Narrowing(days=(begin, ""))
        case DatePrefix.LE | DatePrefix.LT | DatePrefix.EB:
            return Narrowing(days=("", end))
        case _:
            return Narrowing()


def _of_uids(field: UidField) -> Callable[[Iterable[SearchValue]], Narrowing | None]:
    return lambda values: _by_uid((one.text.removeprefix(OID) for one in values), field)


_SIMPLE: Final[Mapping[tuple[str, str], Callable[[Iterable[SearchValue]], Narrowing | None]]] = (
    MappingProxyType(
        {
            ("ImagingStudy", "identifier"): _of_identifier,
            ("ImagingStudy", "series"): _of_uids("series"),
            ("ImagingStudy", "instance"): _of_uids("instances"),
            ("ImagingStudy", "started"): _of_days,
            ("DiagnosticReport", "identifier"): _of_uids("instances"),
            ("DocumentReference", "period"): _of_days,
        }
    )
)
"""What values say by themselves, by resource and parameter."""
