"""What is to be said of a form before it is saved: errors, warnings, and what devices will show."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from gdtbridge.day import DeviceOutlook, ShownDevice
from gdtbridge.errors import OrderError
from gdtbridge.gdt.tables.dates import read_birth_date
from gdtbridge.language import Language
from gdtbridge.orders import Order, OrderRequest
from gdtbridge.orders.editing import DraftEntry
from gdtbridge.orders.entries import NO_BIRTH_DATE
from gdtbridge.orders.known_patients import KnownPatient
from gdtbridge.people import Patient, are_two, are_written_alike
from gdtbridge.queries.words import Words
from gdtbridge.web.pages.entry.fields import FormFields, birth_text
from gdtbridge.web.pages.entry.reading import EntryReader, ReadEntry
from gdtbridge.web.pages.formats import Formats
from gdtbridge.web.ports import EditPort, KnownPatientPort, OutlookPort
from worklist import Entry, Exclusion

FIELD_OF: Final = {
    "scheduled": "time",
    "modality": "procedure",
    "physician": "procedure",
    "case_id": "patient_id",
}
"""Fields of an `OrderError` the form has not, and where it shows what is wrong with them."""
STAND_INS: Final = FormFields(family_name="-", patient_id="0")
"""Stand for what is not typed yet where devices are asked all the same."""
STATION: Final = "ScheduledStationAETitle"
DAY: Final = "ScheduledProcedureStepStartDate"
MODALITY: Final = "Modality"


@dataclass(frozen=True, slots=True)
class Offer:
    """A button that puts values into fields: its text, and value by field."""

    text: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DeviceSentence:
    """What one device will show, in a sentence."""

    name: str
    shows: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class OutlookView:
    """What devices will show: a sentence for each, and the warning where it is none of them."""

    devices: Sequence[DeviceSentence] = ()
    warning: str = ""
    offer: Offer | None = None
    is_known: bool = False
    """Whether any device asked lately."""


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """A form with everything that is to be said of it.

    ``errors`` keep it from being saved; ``warnings`` have to be seen first. Both are sentences by
    field, ``offers`` buttons by field.
    """

    read: ReadEntry
    errors: Mapping[str, str]
    warnings: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, Sequence[Offer]] = field(default_factory=dict)
    outlook: OutlookView = OutlookView()

    @property
    def request(self) -> OrderRequest | None:
        """What is wanted; None where there are errors."""
        return None if self.errors else self.read.request

    @property
    def doubts(self) -> str:
        """Names the warnings: a form that was shown them carries this; empty without any."""
        told = [*sorted(self.warnings.items()), self.outlook.warning]
        if told == [""]:
            return ""
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class EntryChecker:
    """Checks forms against what is known of patients, orders and devices."""

    editing: EditPort
    patients: KnownPatientPort
    outlook: OutlookPort
    formats: Formats
    now: Callable[[], datetime]

    def check(
        self, reader: EntryReader, sent: FormFields, known: Order | None = None
    ) -> CheckedEntry:
        """Return what is to be said of a form; ``known`` is the order it corrects.

        Raises a `BridgeError` where nobody can be asked.
        """
        read = reader.read(sent, known)
        errors, warnings = dict(read.errors), dict[str, str]()
        offers: dict[str, list[Offer]] = {}
        owner = self.patients.owner(read.fields.patient_id)
        if owner is not None:
            self._compare(owner, read, errors, warnings, offers)
        draft = self._draft(reader, read, errors, known)
        station = read.fields.station
        warnings |= self._of_station(read, known)
        if draft is not None and not errors:
            warnings |= self._of_remarks(draft.remarks)
        view = self._outlook_of(draft.entry, station) if draft is not None else OutlookView()
        return CheckedEntry(read, errors, warnings, offers, view)

    # ------------------------------------------------------------------ whose number it is

    def _compare(
        self,
        owner: KnownPatient,
        read: ReadEntry,
        errors: dict[str, str],
        warnings: dict[str, str],
        offers: dict[str, list[Offer]],
    ) -> None:
        """Say whose the number is where the form names another person."""
        texts, known, said = self.formats.texts, owner.patient, read.fields
        if "birth_date" in errors and known.birth_date is not None:
            born = birth_text(known)
            told = texts(f"entry.owner.{owner.source.value}.birth", number=known.id, born=born)
            errors["birth_date"] += " " + told
            take = Offer(texts("entry.take_birth", born=born), {"birth_date": born})
            offers["birth_date"] = [take]
        if not said.family_name:
            self._offer(known, offers)
            return
        typed = _patient_of(read)
        path = f"entry.owner.{owner.source.value}"
        values = {
            "number": known.id,
            "name": known.listed_name,
            "born": self.formats.born(known),
            "day": self.formats.day(owner.told_at),
        }
        if are_two(typed, known):
            errors.setdefault("patient_id", texts(f"{path}.other", **values))
        elif not are_written_alike(typed, known):
            warnings["patient_id"] = texts(f"{path}.differs", **values)
        else:
            return
        self._offer(known, offers)

    def _offer(self, known: Patient, offers: dict[str, list[Offer]]) -> None:
        fields = FormFields.of_patient(known)
        names = ("family_name", "given_name", "birth_date", "sex")
        values = {name: getattr(fields, name) for name in names}
        take = self.formats.texts("entry.take_patient", name=known.listed_name)
        offers.setdefault("patient_id", []).append(Offer(take, values))

    # ------------------------------------------------------------------ the entry

    def _draft(
        self,
        reader: EntryReader,
        read: ReadEntry,
        errors: dict[str, str],
        known: Order | None,
    ) -> DraftEntry | None:
        """Return the entry that would be made, of stand-ins where something is wrong yet."""
        if read.request is not None:
            try:
                return self.editing.draft(read.request)
            except OrderError as error:
                name = FIELD_OF.get(error.field, error.field)
                errors.setdefault(name, self.formats.texts.half(error.problem))
        blank = {name: getattr(STAND_INS, name) for name in errors}
        tried = reader.read(replace(read.fields, **blank), known).request
        try:
            return self.editing.draft(tried) if tried is not None else None
        except OrderError:
            return None

    def _of_remarks(self, remarks: Iterable[str]) -> dict[str, str]:
        """Return the warnings of what a person should know of an order."""
        texts = self.formats.texts
        of_name = " ".join(texts.half(one) for one in remarks if one != NO_BIRTH_DATE)
        of_birth = texts("entry.birth_needed") if NO_BIRTH_DATE in remarks else ""
        told = {"family_name": of_name, "birth_date": of_birth}
        return {name: sentence for name, sentence in told.items() if sentence}

    # ------------------------------------------------------------------ devices

    def _of_station(self, read: ReadEntry, known: Order | None) -> dict[str, str]:
        """Return the warnings of the device: never asked, or there is such an entry already."""
        texts, said = self.formats.texts, read.fields
        day = said.scheduled_day or self.now().date()
        for order in self.patients.waiting(said.patient_id):
            if (known is None or order.id != known.id) and _is_at(order, said.station, day):
                told = texts(
                    "entry.on_station_already",
                    device=self._name_of(said.station),
                    time=self.formats.clock(order.scheduled),
                    procedure=order.procedure or texts("entry.some_procedure"),
                )
                return {"station": told}
        return {}

    def _outlook_of(self, entry: Entry, station: str) -> OutlookView:
        texts, told = self.formats.texts, self.outlook.of(entry)
        sentences = [self._sentence(one, station) for one in told]
        if any(one.shows for one in told) or not told:
            return OutlookView(sentences, is_known=bool(told))
        name = self._name_of(station)
        cause = texts("entry.outlook.other_keys")
        if not self._asks(station, told):
            path = "never_asked" if not self.outlook.has_ever_asked(station) else "silent"
            cause = texts(f"entry.outlook.{path}", device=name)
        return OutlookView(sentences, cause, self._repair(entry, station), is_known=True)

    def _asks(self, station: str, told: Iterable[DeviceOutlook]) -> bool:
        stations = {one.casefold() for one in station.split("\\")}
        return any(one.device.aet.casefold() in stations for one in told)

    def _repair(self, entry: Entry, station: str) -> Offer | None:
        """Return the first other device that would show the entry, were it for that."""
        for one in self.outlook.stations():
            if one.aet == station:
                continue
            moved = replace(entry, ScheduledStationAETitle=one.aet)
            if any(device.shows for device in self.outlook.of(moved)):
                text = self.formats.texts("entry.outlook.choose", device=one.shown)
                return Offer(text, {"station": one.aet})
        return None

    def _sentence(self, one: DeviceOutlook, station: str) -> DeviceSentence:
        texts, name = self.formats.texts, one.device.shown
        if one.shows:
            return DeviceSentence(name, True, texts("entry.outlook.yes"))
        reasons = [self._reason(key, station) for key in one.exclusions]
        return DeviceSentence(
            name, False, texts("entry.outlook.no", reason=" ".join(dict.fromkeys(reasons)))
        )

    def _reason(self, key: Exclusion, station: str) -> str:
        """Return in words for staff why a key keeps an entry from a device."""
        texts = self.formats.texts
        words = Words(texts.language, self.now().date())
        asked = words.values(key.keyword, key.asked)
        if key.keyword == STATION:
            return texts("entry.outlook.of_station", device=self._name_of(station))
        if key.keyword in {DAY, MODALITY}:
            path = "of_day" if key.keyword == DAY else "of_modality"
            stored = words.values(key.keyword, key.stored)
            return texts(f"entry.outlook.{path}", asked=asked, stored=stored)
        return texts("entry.outlook.of_key", key=words.key_name(key.keyword), asked=asked)

    def _name_of(self, station: str) -> str:
        """Return devices by the practice's names: Raum 1 oder Raum 2."""
        return device_names(self.formats.texts.language, self.outlook.stations(station), station)


def device_names(language: Language, devices: Iterable[ShownDevice], station: str) -> str:
    """Return what the stations of an order are called, of several: any of them."""
    names = {one.aet.casefold(): one.shown for one in devices}
    word = (" oder ", " or ")[language]
    return word.join(names.get(one.casefold(), one) for one in station.split("\\"))


def _is_at(order: Order, station: str, day: date) -> bool:
    """Return whether an order is for a device on a day."""
    is_of_day = order.scheduled is not None and order.scheduled.date() == day
    return is_of_day and order.station == station


def _patient_of(read: ReadEntry) -> Patient:
    """Return the person of a form, also of one that is not complete."""
    if read.request is not None:
        return read.request.patient
    said = read.fields
    born = None if "birth_date" in read.errors else read_birth_date(said.birth_date).day
    return Patient(said.patient_id, said.family_name, said.given_name, born, said.sex or None)
