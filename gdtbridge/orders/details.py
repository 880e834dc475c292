"""What else an order may say: its fields as callers name them, read and told.

One table for every way an order comes in (URL, JSON, command, GDT): the field's name, the attribute
of the worklist it becomes, and how its text is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from gdtbridge.dataset.values import da_text, to_date
from gdtbridge.errors import OrderError
from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.tables.dates import read_date
from worklist import DETAIL_RULES, NO_DETAILS, EntryDetails, ProcedureCode

_NUMBER: Final = re.compile(r"[0-9]{1,4}([.,][0-9]{1,3})?")
_CENTIMETRES: Final = (Decimal(20), Decimal(260))
_KILOGRAMS: Final = (Decimal("0.2"), Decimal(500))
_METRE: Final = 100

_PRIORITIES: Final[Mapping[str, str]] = {
    "stat": "STAT", "notfall": "STAT",
    "high": "HIGH", "urgent": "HIGH", "dringend": "HIGH", "eilig": "HIGH", "cito": "HIGH",
    "routine": "ROUTINE", "normal": "ROUTINE",
    "medium": "MEDIUM", "low": "LOW",
}  # fmt: skip
_PREGNANCIES: Final[Mapping[str, str]] = {
    "no": "1", "nein": "1", "possible": "2", "möglich": "2",
    "yes": "3", "ja": "3", "unknown": "4", "unbekannt": "4",
}  # fmt: skip
"""Pregnancy Status (PS3.3 C.7.1.4)."""
_GERMAN: Final = {
    ("priority", "stat"): "Notfall",
    ("priority", "high"): "dringend",
    ("priority", "routine"): "Routine",
    ("priority", "medium"): "normal",
    ("priority", "low"): "nachrangig",
    ("pregnancy", "no"): "nein",
    ("pregnancy", "possible"): "möglich",
    ("pregnancy", "yes"): "ja",
    ("pregnancy", "unknown"): "unbekannt",
}
_PREGNANCY_WORDS: Final = {"1": "no", "2": "possible", "3": "yes", "4": "unknown"}


@dataclass(frozen=True, slots=True)
class DetailField:
    """A field of an order: its keyword in the worklist, how its text is read and told again.

    ``read`` raises `ValueError` with what is wrong, German first.
    """

    keyword: str
    read: Callable[[str], Any] = str
    tell: Callable[[Any], str] = str


def _priority(text: str) -> str:
    return _term(_PRIORITIES, text, "notfall, dringend, routine (stat, high, routine, medium, low)")


def _pregnancy(text: str) -> str:
    return _term(_PREGNANCIES, text, "ja, nein, möglich, unbekannt (yes, no, possible, unknown)")


def _pregnancy_told(number: str) -> str:
    return _PREGNANCY_WORDS.get(number, number)


def _term(terms: Mapping[str, str], text: str, allowed: str) -> str:
    try:
        return terms[text.casefold()]
    except KeyError:
        raise ValueError(f"Erlaubt / allowed: {allowed}.") from None


def _metres(text: str) -> str:
    return _plain(_measure(text, _CENTIMETRES, "cm") / _METRE)


def _kilograms(text: str) -> str:
    return _plain(_measure(text, _KILOGRAMS, "kg"))


def _measure(text: str, limits: tuple[Decimal, Decimal], unit: str) -> Decimal:
    number = Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
    low, high = limits
    if number is None or not low <= number <= high:
        raise ValueError(f"Eine Zahl von {low} bis {high} {unit}. / A number in {unit}.")
    return number


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _centimetres_of(metres: str) -> str:
    try:
        return _plain(Decimal(metres) * _METRE)
    except ArithmeticError:  # a file of ours that somebody else wrote in
        return metres


def _day(text: str) -> str:
    try:
        day = read_date(text)
    except GdtDateError as error:
        raise ValueError(str(error)) from error
    return da_text(day)


def _day_told(text: str) -> str:
    day = to_date(text)
    return day.isoformat() if day is not None else text


def _values(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (value.strip() for value in re.split(r"[;\n]", text))))


DETAILS: Final[Mapping[str, DetailField]] = MappingProxyType(
    {
        "priority": DetailField("RequestedProcedurePriority", _priority, str.lower),
        "referrer": DetailField("ReferringPhysicianName"),
        "requester": DetailField("RequestingPhysician"),
        "height": DetailField("PatientSize", _metres, _centimetres_of),
        "weight": DetailField("PatientWeight", _kilograms),
        "pregnancy": DetailField("PregnancyStatus", _pregnancy, _pregnancy_told),
        "lmp": DetailField("LastMenstrualDate", _day, _day_told),
        "allergies": DetailField("Allergies", _values, "; ".join),
        "alerts": DetailField("MedicalAlerts", _values, "; ".join),
        "reason": DetailField("ReasonForTheRequestedProcedure"),
        "comment": DetailField("RequestedProcedureComments"),
        "institution": DetailField("InstitutionName"),
    }
)
"""By the name callers use. ``height`` is in cm, ``weight`` in kg."""

DETAIL_FIELDS: Final = {field.keyword: name for name, field in DETAILS.items()}
"""The callers' names of the attributes."""


def details_of(said: Mapping[str, str]) -> EntryDetails:
    """Return what fields say, those not said being empty; raise `OrderError` naming a wrong one."""
    values: dict[str, Any] = {}
    for name, text in said.items():
        if not text.strip():
            continue
        try:
            values[DETAILS[name].keyword] = DETAILS[name].read(text.strip())
        except ValueError as error:
            raise OrderError(name, str(error)) from error
    return replace(NO_DETAILS, **values) if values else NO_DETAILS


def completed_details(said: EntryDetails, known: EntryDetails) -> EntryDetails:
    """Return details with those known before where they say nothing; codes are made anew."""
    keywords = DETAIL_FIELDS if known != NO_DETAILS else ()
    return replace(said, **{one: getattr(said, one) or getattr(known, one) for one in keywords})


def told_details(details: EntryDetails) -> dict[str, str]:
    """Return the fields that say something, in the words `details_of` reads."""
    return {
        name: field.tell(value)
        for name, field in DETAILS.items()
        if (value := getattr(details, field.keyword))
    }


def told_in_german(details: EntryDetails) -> Iterator[tuple[str, str]]:
    """Yield name and content of what is said, for people."""
    for name, text in told_details(details).items():
        rule = DETAIL_RULES[DETAILS[name].keyword]
        yield rule.german, _GERMAN.get((name, text), text)


def details_stored(details: EntryDetails) -> str:
    """Return details as the database keeps them: a JSON object of what is said; empty for none."""
    if details == NO_DETAILS:
        return ""
    said = {name: value for name, value in asdict(details).items() if value}
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def stored_details(text: str) -> EntryDetails:
    """Return what `details_stored` wrote."""
    if not text:
        return NO_DETAILS
    values = {name: _restored(value) for name, value in json.loads(text).items()}
    return EntryDetails(**values)


def _restored(value: object) -> Any:  # noqa: ANN401 - of any of the fields' types
    if isinstance(value, dict):
        return ProcedureCode(**value)
    return tuple(value) if isinstance(value, list) else value
