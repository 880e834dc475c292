"""What a record asks for, in the words of the orders; `OrderError` names the GDT field."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gdtbridge.errors import OrderError
from gdtbridge.exams.study_query import DIFFERENT, NO_NUMBER, NO_PATIENT, UNREADABLE
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.dates import parse_date, parse_time
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.tables.patient_fields import BIRTH_DATES, FAMILY_NAMES, GIVEN_NAMES, PATIENT_IDS
from gdtbridge.gdt.text import printable
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import OrderRequest
from gdtbridge.people import Patient
from gdtbridge.settings import OrderCodeRule

_IDENTIFYING: Final = (*PATIENT_IDS, *FAMILY_NAMES, *GIVEN_NAMES, *BIRTH_DATES)
_CODES: Final = ("8410", "8402", "8411", "6205")
"""Fields in which a rule's code may stand."""
_DESCRIPTIONS: Final = ("8411", "6205", "6220", "8410", "8402")
"""Where the name of the procedure stands, the best first."""
_DESCRIPTION_BYTES: Final = 64
"""Requested Procedure Description is an LO (PS3.5 Table 6.2-1)."""
_FURTHEST: Final = timedelta(days=366)

FIELD_OF: Final = {
    "patient_id": "3000",
    "family_name": "3101",
    "given_name": "3102",
    "birth_date": "3103",
    "sex": "3110",
    "scheduled": "6200",
    "procedure": "8411",
    "modality": "8402",
    "station": "8402",
    "device_code": "8402",
    "case_id": "8310",
}
"""The GDT field of each field of an order."""


def sentence(error: OrderError) -> str:
    """Return what a person is told: the GDT field and what is wrong with it."""
    number = FIELD_OF.get(error.field, error.field)
    name = f" ({FIELDS[number].name})" if number in FIELDS else ""
    return f"Feld {number}{name}: {error.problem}"


def patient_of(record: Record) -> Patient:
    """Return whom the record is about, when that is certain."""
    _must_be_certain(record)
    patient = record.patient
    if patient.id in NO_NUMBER:
        raise OrderError("3000", NO_PATIENT)
    return patient


def named(patient: Patient) -> Patient:
    """Return the patient, who must have a name."""
    if not patient.family_name:
        raise OrderError("3101", "Der Name fehlt. / The name is missing.")
    return patient


def former_number_of(record: Record, field: str) -> str:
    """Return the number a record says its patient had before; empty where it says none.

    ``field`` is the GDT field it stands in, empty where there is none. Raises `OrderError`.
    """
    number = printable(_certain(record, field)) if field else ""
    return "" if not number.strip("0") or number == record.patient.id else number


def _must_be_certain(record: Record) -> None:
    """Refuse a record that names two patients or one that cannot be read."""
    for field in _IDENTIFYING:
        said = _certain(record, field)
        if field in BIRTH_DATES and said.strip("0") and parse_date(said) is None:
            raise OrderError(field, "Das ist kein Datum (TTMMJJJJ). / This is no date.")


def _certain(record: Record, field: str) -> str:
    """Return what a field says of the patient, if anything; raise `OrderError` if not certain."""
    lines = [line for line in record.patient_lines if line.id == field]
    if len({line.value.strip() for line in lines}) > 1:
        raise OrderError(field, DIFFERENT)
    unreadable = {w.line for w in record.warnings if w.code == "undecodable"}
    if any(line.line in unreadable for line in lines):
        raise OrderError(field, UNREADABLE)
    return lines[0].value.strip() if lines else ""


def reference_of(record: Record, echo: Collection[str] = ()) -> OrderReference:
    """Return how the practice software names the order; ``echo`` are fields results repeat."""
    said = (line for line in record.lines if line.id in echo)
    repeated = (f"{line.id}{text}" for line in said if (text := printable(line.value)))
    return OrderReference(
        case_id=_text(record, "8310"),
        request_uid=_text(record, "8314"),
        device_code=_text(record, "8402"),
        test_id=_text(record, "8410"),
        ordered_by=_text(record, "8316"),
        addressed_to=_text(record, "8315"),
        number_field=_number_field(record),
        echo="\n".join(repeated),
    )


def _number_field(record: Record) -> str:
    """Return the field that has the patient's number, empty where it is 3000."""
    first = next((field for field in PATIENT_IDS if _certain(record, field).strip("0")), "")
    return "" if first == PATIENT_IDS[0] else first


@dataclass(frozen=True, slots=True)
class RequestedProcedure:
    """What shall be done where (Requested Procedure, PS3.3 C.4.11); None and empty: defaults."""

    modality: str | None
    station: str | None
    description: str


def procedure_of(record: Record, rules: tuple[OrderCodeRule, ...]) -> RequestedProcedure:
    """Return what the first rule says that fits a code of the record, else what the record says."""
    codes = {_text(record, field).casefold() for field in _CODES}
    own = _description(record)
    for rule in rules:
        if rule.code.strip().casefold() in codes:
            return RequestedProcedure(rule.modality, rule.station, rule.procedure or own)
    return RequestedProcedure(None, None, own)


def _description(record: Record) -> str:
    texts = (_text(record, field) for field in _DESCRIPTIONS)
    found = next((text for text in texts if text), "").replace("\\", "/")
    return found.encode()[:_DESCRIPTION_BYTES].decode(errors="ignore").strip()


def request_of(
    record: Record, patient: Patient, rules: tuple[OrderCodeRule, ...], now: datetime
) -> OrderRequest:
    """Return the order of a 6302."""
    procedure = procedure_of(record, rules)
    return OrderRequest(
        patient=patient,
        modality=procedure.modality,
        station=procedure.station,
        procedure=procedure.description,
        scheduled=_scheduled(record, now),
    )


def _scheduled(record: Record, now: datetime) -> datetime | None:
    """Return when the procedure shall be done (6200, 6201); None: now, also for a past day."""
    said = _text(record, "6200")
    if not said.strip("0"):
        return None
    day = parse_date(said)
    if day is None:
        raise OrderError("6200", "Das ist kein Datum (TTMMJJJJ). / This is no date.")
    if day > (now + _FURTHEST).date():
        raise OrderError(
            "6200", "Das Datum liegt zu weit in der Zukunft. / The date is too far in the future."
        )
    if day < now.date():
        return None
    at = parse_time(_text(record, "6201")) or now.time()
    return datetime.combine(day, at).replace(microsecond=0)


def _text(record: Record, field: str) -> str:
    return printable(" ".join(value.strip() for value in record.all(field))).strip()
