"""The JSON of a worklist entry: what is read, strictly, and what is written.

Dates are ``YYYY-MM-DD``, times local without offset. An unknown key, a key given twice, a wrong
type or a control character is an error that names its place (``patient.birth_date``), an unknown
key the object it stands in: the key may be what somebody pasted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.tables.dates import BirthDate, read_birth_date
from gdtbridge.orders import OrderRequest
from gdtbridge.orders.details import DETAILS, details_of, told_details
from gdtbridge.people import Patient
from gdtbridge.web.parameters import EMPTY, FUTURE, MISSING, fault_of, without_invisible
from gdtbridge.web.problems import CallRefused, FieldProblem, refuse, refuse_fields
from worklist import Entry, EntryDetails

FIELD_NAMES: Final[Mapping[str, str]] = {
    "patient_id": "patient.id",
    "family_name": "patient.family_name",
    "given_name": "patient.given_name",
    "birth_date": "patient.birth_date",
    "sex": "patient.sex",
    **{name: f"details.{name}" for name in DETAILS},
}
"""The core's field names to the places in the JSON; the others are called alike."""

NO_DATE: Final = "Kein gültiges Datum (JJJJ-MM-TT). / Not a valid date (YYYY-MM-DD)."
NO_TIME: Final = (
    "Kein gültiger Zeitpunkt (JJJJ-MM-TTThh:mm:ss, Ortszeit)."
    " / Not a valid time (YYYY-MM-DDThh:mm:ss, local time)."
)
NOT_JSON: Final = "Das ist kein gültiges JSON. / This is not valid JSON."
REPEATED: Final = "Ein Schlüssel kommt mehrfach vor. / A key is given more than once."

MESSAGES: Final[Mapping[str, str]] = {
    "missing": MISSING,
    "extra_forbidden": "Unbekannter Schlüssel. / Unknown key.",
    "string_type": "Muss Text sein. / Must be a string.",
    "literal_error": "Kein erlaubter Wert. / Not one of the permitted values.",
    "model_type": "Muss ein Objekt sein. / Must be an object.",
    "model_attributes_type": "Muss ein Objekt sein. / Must be an object.",
}
"""pydantic's error types in our words; `OUR_OWN` errors carry theirs."""

OUR_OWN: Final = "gdtbridge"
OTHER: Final = "Ungültiger Wert. / Invalid value."

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def _clean(text: str) -> str:
    text = without_invisible(text)
    fault = fault_of(text)
    if fault is not None:
        raise PydanticCustomError(OUR_OWN, fault)
    return text


def _not_empty(text: str) -> str:
    if not text:
        raise PydanticCustomError(OUR_OWN, EMPTY)
    return text


def _local_time(value: object) -> datetime:
    """Return a time in exactly that form of ISO 8601."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    raise PydanticCustomError(OUR_OWN, NO_TIME)


def _birth_date(value: object) -> BirthDate:
    """Return a birth date in ISO 8601, with zeros where it is not known (``1950-00-00``)."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(GdtDateError):
            if (born := read_birth_date(value)) != BirthDate():
                return born
    raise PydanticCustomError(OUR_OWN, NO_DATE)


Text = Annotated[str, AfterValidator(_clean)]
Name = Annotated[Text, AfterValidator(_not_empty)]
BirthDay = Annotated[
    BirthDate,
    BeforeValidator(_birth_date),
    WithJsonSchema({"type": "string", "pattern": f"^{_DATE.pattern}$"}),
]
LOCAL_TIME: Final = WithJsonSchema({"type": "string", "pattern": f"^{_TIME.pattern}$"})
"""No ``date-time`` of RFC 3339, which has an offset: a practice means its own time."""
LocalTime = Annotated[datetime, BeforeValidator(_local_time), LOCAL_TIME]
Sex = Literal["M", "F", "O", ""]


class RequestBody(BaseModel):
    """A JSON object read strictly."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PatientBody(RequestBody):
    """Whose examination it is."""

    id: Name
    family_name: Name
    given_name: Text
    birth_date: BirthDay | None
    sex: Sex

    def patient(self) -> Patient:
        """Return the person in the core's words."""
        born = self.birth_date or BirthDate()
        return Patient(
            self.id,
            self.family_name,
            self.given_name,
            born.day,
            self.sex or None,
            birth_date_as_sent=born.partial,
        )


class DetailsBody(RequestBody):
    """What else an order may say; ``height`` is in cm, ``weight`` in kg, lists have ``; ``."""

    priority: Text = ""
    referrer: Text = ""
    requester: Text = ""
    height: Text = ""
    weight: Text = ""
    pregnancy: Text = ""
    lmp: Text = ""
    allergies: Text = ""
    alerts: Text = ""
    reason: Text = ""
    comment: Text = ""
    institution: Text = ""

    def details(self) -> EntryDetails:
        """Return them in the core's words; raise `OrderError` naming a wrong one."""
        return details_of(self.model_dump())


class OrderBody(RequestBody):
    """What is asked for; what is left out or null gets the installation's default."""

    patient: PatientBody
    modality: Text | None = None
    station: Text | None = None
    procedure: Text = ""
    physician: Text = ""
    scheduled: LocalTime | None = None
    details: DetailsBody = DetailsBody()

    def request(self) -> OrderRequest:
        """Return the order as the core takes orders."""
        return OrderRequest(
            patient=self.patient.patient(),
            modality=self.modality or None,
            station=self.station or None,
            procedure=self.procedure,
            physician=self.physician,
            scheduled=self.scheduled,
            details=self.details.details(),
        )


class OrderChangeBody(OrderBody):
    """What replaces an entry; its identifiers and status may be sent along but not changed."""

    accession_number: str | None = None
    study_instance_uid: str | None = None
    status: str | None = None


class PatientView(BaseModel):
    """The patient of an entry; foreign entries may lack anything but their place in the list."""

    id: str
    family_name: str
    given_name: str
    birth_date: date | None
    sex: str


class EntryView(BaseModel):
    """An entry of the worklist."""

    accession_number: str
    study_instance_uid: str
    patient: PatientView
    modality: str
    station: str
    procedure: str
    physician: str
    scheduled: Annotated[datetime, LOCAL_TIME]
    details: dict[str, str]
    """What else the order says, as `DetailsBody` takes it."""
    status: str
    """Scheduled Procedure Step Status."""


class ListView(BaseModel):
    """A page of the worklist; ``total`` counts the entries of all pages."""

    total: int
    entries: list[EntryView]


def view(entry: Entry) -> EntryView:
    """Return the JSON form of an entry."""
    patient = entry.patient
    return EntryView(
        accession_number=entry.AccessionNumber,
        study_instance_uid=entry.StudyInstanceUID,
        patient=PatientView(
            id=entry.PatientID,
            family_name=patient.family_name,
            given_name=patient.given_names,
            birth_date=entry.PatientBirthDate,
            sex=entry.PatientSex,
        ),
        modality=entry.Modality,
        station=entry.ScheduledStationAETitle,
        procedure=entry.RequestedProcedureDescription,
        physician=entry.ScheduledPerformingPhysicianName,
        scheduled=entry.scheduled.replace(microsecond=0),
        details=told_details(entry.details),
        status=entry.ScheduledProcedureStepStatus,
    )


BodyT = TypeVar("BodyT", bound=RequestBody)


def read(shape: type[BodyT], body: bytes, today: date) -> BodyT:
    """Return the object a body describes; raise `CallRefused` naming every wrong place."""
    read = parse(shape, body)
    born = read.patient.birth_date if isinstance(read, OrderBody) else None
    if born is not None and born.day is not None and born.day > today:
        raise refuse_fields(FieldProblem("patient.birth_date", FUTURE))
    return read


def parse(shape: type[BodyT], body: bytes) -> BodyT:
    """Return the object a body describes, whatever its dates; raise `CallRefused`."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        parsed = shape.model_validate_json(body)
    except ValidationError as error:
        raise _explain(error) from None
    json.loads(body, object_pairs_hook=_no_key_twice)
    return parsed


def _no_key_twice(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise refuse(400, REPEATED)


def _explain(error: ValidationError) -> CallRefused:
    problems = []
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        if detail["type"] == "json_invalid":
            return refuse(400, NOT_JSON)
        text = detail["msg"] if detail["type"] == OUR_OWN else MESSAGES.get(detail["type"], OTHER)
        invented = detail["type"] == "extra_forbidden"
        problems.append(FieldProblem(_place(detail["loc"][: -1 if invented else None]), text))
    return refuse_fields(*problems)


def _place(location: tuple[int | str, ...]) -> str:
    """Return ``patient.sex``: our own names only, nothing of the caller's is repeated."""
    return ".".join(str(part) for part in location) or "body"
