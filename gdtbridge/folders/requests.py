"""What a record asks for, in the words of the orders; `OrderError` names the GDT field."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from gdtbridge.errors import OrderError
from gdtbridge.exams.study_query import DIFFERENT, NO_PATIENT, UNREADABLE, says_no_number
from gdtbridge.folders.procedures import RequestedProcedure, text_of, word_for_procedure
from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.read.name_flaws import NAME_FLAWS
from gdtbridge.gdt.read.record import UNREADABLE_CODES, Record
from gdtbridge.gdt.tables.dates import read_birth_date, read_date, read_time, time_of
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.tables.patient_fields import BIRTH_DATES, FAMILY_NAMES, GIVEN_NAMES, PATIENT_IDS
from gdtbridge.gdt.text import printable
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import OrderRequest
from gdtbridge.orders.schedule import start_of
from gdtbridge.people import Patient
from worklist import EntryDetails

_IDENTIFYING: Final = (*PATIENT_IDS, *FAMILY_NAMES, *GIVEN_NAMES, *BIRTH_DATES)
_A_YEAR: Final = timedelta(days=366)
_NAMES: Final = frozenset({*FAMILY_NAMES, *GIVEN_NAMES})
_TOLD: Final = NAME_FLAWS - {"replacement-character"}  # that is refused
"""Warnings of the reader a person should know of: the name on the device looks odd."""
_COUNTS: Final = frozenset({"record-length-wrong", "line-count-wrong", "object-count-wrong"})

NO_DAY: Final = (
    "6200 ist kein Datum und gilt als Kürzel der Untersuchung; der Auftrag ist für jetzt. / 6200 "
    "is no date and is taken for a code of the procedure; the order is for now."
)
OTHER_TESTS: Final = (
    "Ein weiterer Test steht im Satz und nicht auf der Liste (orders.entries): {tests} / A further "
    "test of the record is not on the list (orders.entries)."
)
FAR: Final = "Der Auftrag ist für {day:%d.%m.%Y}. / The order is for {day:%Y-%m-%d}."

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
    if says_no_number(patient.id):
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
        if field in BIRTH_DATES:
            try:
                read_birth_date(said)
            except GdtDateError as error:
                raise OrderError(field, str(error)) from error


def _certain(record: Record, field: str) -> str:
    """Return what a field says of the patient, if anything; raise `OrderError` if not certain."""
    lines = [line for line in record.patient_lines if line.id == field]
    if len({line.value.strip() for line in lines}) > 1:
        raise OrderError(field, DIFFERENT)
    unreadable = record.lines_with(*UNREADABLE_CODES)
    if any(line.line in unreadable for line in lines):
        raise OrderError(field, UNREADABLE)
    return lines[0].value.strip() if lines else ""


def reference_of(record: Record, echo: Collection[str] = ()) -> OrderReference:
    """Return how the practice software names the order, but for its tests.

    ``echo`` are fields results repeat.
    """
    wanted = (line for line in record.lines if line.id in echo)
    repeated = (f"{line.id}{text}" for line in wanted if (text := printable(line.value)))
    return OrderReference(
        case_id=text_of(record, "8310"),
        request_uid=text_of(record, "8314"),
        ordered_by=text_of(record, "8316"),
        addressed_to=text_of(record, "8315"),
        number_field=_number_field(record),
        echo="\n".join(repeated),
    )


def _number_field(record: Record) -> str:
    """Return the field that has the patient's number, empty where it is 3000."""
    first = next((field for field in PATIENT_IDS if _certain(record, field).strip("0")), "")
    return "" if first == PATIENT_IDS[0] else first


def request_of(
    patient: Patient,
    procedure: RequestedProcedure,
    scheduled: datetime | None,
    details: EntryDetails,
) -> OrderRequest:
    """Return the order of a patient for one procedure."""
    return OrderRequest(
        patient=patient,
        modality=procedure.modality,
        station=procedure.station,
        procedure=procedure.description,
        scheduled=scheduled,
        details=details,
    )


def scheduled_of(record: Record, now: datetime) -> datetime | None:
    """Return when the procedure shall be done (6200, 6201); None: now, also for a past day.

    A word where the day belongs is no day (`word_for_procedure`). Raises `OrderError`.
    """
    if any(word_for_procedure(record)):
        return None
    try:
        day = read_date(text_of(record, "6200"))
    except GdtDateError as error:
        raise OrderError("6200", str(error)) from error
    return start_of(day, _time_of(record), now)


def _time_of(record: Record) -> time | None:
    """Return the time of day an order is for; what is none is as if it were not said."""
    try:
        return time_of(read_time(text_of(record, "6201")))
    except GdtDateError:
        return None


def remarks_of(record: Record, scheduled: datetime | None, now: datetime) -> tuple[str, ...]:
    """Return what a person should look at in an order that is taken: its names, its day."""
    remarks = [
        f"Feld {line.id} ({FIELDS[line.id].name}): {warning.message}"
        for line in record.patient_lines
        for warning in record.warnings
        if warning.line == line.line and warning.code in _TOLD and line.id in _NAMES
    ]
    if scheduled is not None and scheduled > now + _A_YEAR:
        remarks.append(FAR.format(day=scheduled))
    return tuple(dict.fromkeys(remarks))


def notes_of(record: Record, procedures: Sequence[RequestedProcedure]) -> tuple[str, ...]:
    """Return what is told beside the filed order, and needs nobody."""
    notes = [one.message for one in record.warnings if one.code in _COUNTS]
    code, _ = word_for_procedure(record)
    if code:
        notes.append(NO_DAY)
    notes += [
        OTHER_TESTS.format(tests=", ".join(filter(None, (one.test_id, one.name, one.device_code))))
        for procedure in procedures
        for one in procedure.others
    ]
    return tuple(dict.fromkeys(notes))
