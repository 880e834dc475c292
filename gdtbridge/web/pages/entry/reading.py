"""From the form of an entry to what is wanted: each field read as people type, or told why not."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Final

from gdtbridge.errors import OrderError
from gdtbridge.gdt.tables.dates import BirthDate
from gdtbridge.orders import Order, OrderRequest
from gdtbridge.orders.schedule import start_of
from gdtbridge.people import Patient
from gdtbridge.settings.page import ProcedurePreset
from gdtbridge.typed_dates import TypedDateError, typed_birth_date, typed_time
from gdtbridge.web.pages.entry.fields import FormFields, birth_text, clock_text
from gdtbridge.web.pages.texts import Texts

UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """A form that was read: its fields as they are shown, sentences by field, and the request.

    ``errors`` keep it from being saved, ``hints`` tell how a field was understood. ``request`` is
    None where there are errors.
    """

    fields: FormFields
    errors: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    request: OrderRequest | None = None


@dataclass(frozen=True, slots=True)
class EntryReader:
    """Reads forms at a moment (local time) with the words of a language."""

    texts: Texts
    presets: tuple[ProcedurePreset, ...]
    now: datetime

    def read(self, sent: FormFields, known: Order | None = None) -> ReadEntry:
        """Return what a form says; ``known`` is the order it corrects."""
        return _Reading(self, sent, known).done()

    def preset(self, procedure: str) -> ProcedurePreset | None:
        """Return what the settings say of a procedure."""
        name = procedure.casefold()
        return next((one for one in self.presets if one.name.casefold() == name), None)

    def age(self, born: date) -> str:
        """Return an age as a practice tells it: in months below two years."""
        months = (self.now.year - born.year) * 12 + self.now.month - born.month
        months -= self.now.day < born.day
        if months < 24:
            return self.texts("entry.months", n=max(months, 0))
        return self.texts("entry.years", n=months // 12)


class _Reading:
    """One form being read."""

    def __init__(self, reader: EntryReader, sent: FormFields, known: Order | None) -> None:
        self._reader = reader
        self._texts = reader.texts
        self._known = known
        self._shown = FormFields.of_order(known) if known is not None else FormFields()
        self._fields = sent
        self._errors: dict[str, str] = {}
        self._hints: dict[str, str] = {}

    def done(self) -> ReadEntry:
        self._name("family_name", self._fields.family_name, is_needed=True)
        self._name("given_name", self._fields.given_name, is_needed=False)
        born = self._birth_date()
        if not self._fields.patient_id:
            self._wrong("patient_id", "number_missing")
        elif UNREADABLE in self._fields.patient_id:
            self._wrong("patient_id", "unreadable", sign=UNREADABLE)
        scheduled = self._scheduled()
        if not self._fields.station:
            self._wrong("station", "station_missing")
        request = None
        if not self._errors:
            request = self._request(born, scheduled)
        return ReadEntry(self._fields, self._errors, self._hints, request)

    def _wrong(self, field_name: str, text: str, **values: object) -> None:
        self._errors.setdefault(field_name, self._texts(f"entry.wrong.{text}", **values))

    def _name(self, field_name: str, text: str, *, is_needed: bool) -> None:
        if is_needed and not text:
            self._wrong(field_name, "family_missing")
        sign = next((one for one in text if one == UNREADABLE or _is_control(one)), None)
        if sign is not None:
            self._wrong(field_name, "unreadable", sign=UNREADABLE)
        if set("^=") & set(text):
            self._wrong(field_name, "signs")

    def _birth_date(self) -> BirthDate:
        text = self._fields.birth_date
        if not text:
            return BirthDate()
        try:
            born = typed_birth_date(text, self._reader.now.date())
        except TypedDateError as error:
            self._errors["birth_date"] = self._texts.half(str(error))
            return BirthDate()
        patient = Patient("", birth_date=born.day, birth_date_as_sent=born.partial)
        shown = birth_text(patient)
        self._fields = replace(self._fields, birth_date=shown)
        told = f"{shown} · {self._reader.age(born.day)}" if born.day else shown
        self._hints["birth_date"] = told
        return born

    def _scheduled(self) -> datetime | None:
        now = self._reader.now
        day = self._fields.scheduled_day
        if self._fields.day and day is None:
            self._wrong("day", "no_day")
            return None
        moment = self._time(day or now.date())
        unchanged = self._known is not None and self._fields.day == self._shown.day
        if day is not None and day < now.date() and not unchanged:
            self._over(now.date())
        if moment is None or "day" in self._errors:
            return None
        if unchanged and day is not None:
            return datetime.combine(day, moment)
        try:
            return start_of(day or now.date(), moment, now)
        except OrderError as error:
            self._errors["day"] = self._texts.half(error.problem)
            return None

    def _over(self, today: date) -> None:
        """Refuse a day that is over; a form that was open since then is for today the next time."""
        if self._known is not None:
            self._wrong("day", "past")
            return
        self._wrong("day", "over")
        self._fields = replace(self._fields, day=today.isoformat())

    def _time(self, day: date) -> time | None:
        text, now = self._fields.time, self._reader.now
        if not text and day == now.date():
            moment = now.time().replace(second=0, microsecond=0)
        else:
            try:
                moment = typed_time(text)
            except TypedDateError as error:
                self._errors["time"] = self._texts.half(str(error))
                return None
        self._fields = replace(self._fields, time=clock_text(moment))
        return moment

    def _request(self, born: BirthDate, scheduled: datetime | None) -> OrderRequest:
        said, known = self._fields, self._known
        preset = self._reader.preset(said.procedure)
        modality = preset.modality if preset is not None else ""
        if known is None:
            return OrderRequest(
                self._patient(Patient(said.patient_id), born),
                modality or None,
                said.station,
                said.procedure,
                scheduled=scheduled,
            )
        is_same = said.procedure == known.procedure
        details = known.details
        if not is_same:  # its codes are those of another procedure
            details = replace(details, procedure_code=None, protocol_code=None)
        return OrderRequest(
            self._patient(known.patient, born),
            known.modality if is_same or not modality else modality,
            said.station,
            said.procedure,
            known.physician,
            scheduled,
            details,
        )

    def _patient(self, known: Patient, born: BirthDate) -> Patient:
        """Return the patient of the form; what it has no field for stays where nothing changed."""
        said, shown = self._fields, self._shown
        patient = replace(known, id=said.patient_id, sex=said.sex or None)
        if (said.family_name, said.given_name) != (shown.family_name, shown.given_name):
            patient = replace(
                patient,
                family_name=said.family_name,
                given_name=said.given_name,
                middle_name="",
                name_as_sent="",
            )
        return replace(patient, birth_date=born.day, birth_date_as_sent=born.partial)


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Co", "Cs"}
