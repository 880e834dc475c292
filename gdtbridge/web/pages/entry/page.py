"""The pages of the form: a new entry, one that is corrected, and what is said while one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from urllib.parse import quote

from flask import Response, request

from gdtbridge.audit import AuditQuery
from gdtbridge.day.search import patient_query
from gdtbridge.errors import TooLate
from gdtbridge.orders import Order, OrderRequest
from gdtbridge.orders.editing import OFF_THE_LIST, EditedOrder
from gdtbridge.people import Patient
from gdtbridge.settings import Settings
from gdtbridge.web.access.principal import concerns, concerns_order
from gdtbridge.web.pages.entry.checking import CheckedEntry, EntryChecker, device_names
from gdtbridge.web.pages.entry.fields import BEFORE, FormFields, MergedFields, changed, merged
from gdtbridge.web.pages.entry.reading import EntryReader
from gdtbridge.web.pages.frame import Frame, Notice, Undo
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts

PATH: Final = "/eintrag"
CHECK_PATH: Final = f"{PATH}/pruefen"
ENTRY_PATH: Final = f"{PATH}/<path:number>"
FORM: Final = "entry/form.html"
ANOTHER: Final = "another"
"""Name of the button that saves and asks for the next patient."""
DOUBTS: Final = "doubts"
"""Name of the hidden field that says which warnings a person has seen."""
TOUCHED: Final = "touched"
"""Name of the hidden field that says which fields a person has left."""


class EditConflict(Exception):
    """Two people gave one field different values; nothing was changed."""

    def __init__(self, found: MergedFields, theirs: FormFields) -> None:
        super().__init__("two people changed one field")
        self.found = found
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Shows and takes the form of an entry."""

    frame: Frame
    core: CorePorts
    settings: Settings
    now: Callable[[], datetime]

    # ------------------------------------------------------------------ a new entry

    def new(self) -> Response:
        """Show the form of a new entry: of a day (``tag``), like another order (``wie``).

        Or of the patient with a number (``nr``) the practice knows.
        """
        sent = self._proposed()
        return self._show(self._check(sent), sent.scheduled_day)

    def add(self) -> Response:
        """Put a patient on the list."""
        fields = posted()
        return self.frame.submissions.once(fields.get(FIELD, ""), lambda: self._add(fields))

    def _add(self, fields: Mapping[str, str]) -> Response:
        checked = self._check(FormFields.sent(fields))
        if checked.request is None or _has_new_doubts(checked, fields):
            return self._show(checked, checked.read.fields.scheduled_day, status=422)
        placed = self.core.orders.place(checked.request)
        order = self.core.editing.read(placed.entry.AccessionNumber)
        concerns_order(order)
        path = "repeated" if placed.repeated else "added"
        notice = self._notice(path, order, "" if placed.repeated else "entfernen")
        if ANOTHER in fields:
            return self.frame.go(f"{PATH}?tag={placed.entry.scheduled.date()}", notice)
        return self.frame.go(row_of(order), notice)

    # ------------------------------------------------------------------ a known entry

    def edit(self, number: str) -> Response:
        """Show the form of an order."""
        order = self.waiting(number)
        concerns_order(order)
        return self._show(self._check(FormFields.of_order(order), order), None, order)

    def save(self, number: str) -> Response:
        """Correct an order."""
        fields = posted()
        act = lambda: self._save(number, fields)  # noqa: E731
        return self.frame.submissions.once(fields.get(FIELD, ""), act)

    def _save(self, number: str, fields: Mapping[str, str]) -> Response:
        order = self.waiting(number)
        before, mine = FormFields.sent(fields, BEFORE), FormFields.sent(fields)
        # What both say in another way is no change: the form is compared as it is understood.
        mine = self.reader().read(mine, order).fields
        checked = self._check(merged(before, mine, FormFields.of_order(order)).fields, order)
        if checked.request is None or _has_new_doubts(checked, fields):
            return self._show(checked, None, order, status=422, before=before)
        try:
            edited = self.core.editing.edit(number, lambda now: self._wanted(before, mine, now))
        except EditConflict as conflict:
            return self._show_conflict(conflict, order)
        return self._saved(edited, before, mine)

    def _wanted(self, before: FormFields, mine: FormFields, order: Order) -> OrderRequest:
        """Return what is wanted of an order as it is now; raise `EditConflict`."""
        theirs = FormFields.of_order(order)
        found = merged(before, mine, theirs)
        if found.conflicts:
            raise EditConflict(found, theirs)
        wanted = self.reader().read(found.fields, order).request
        if wanted is None:
            raise EditConflict(found, theirs)
        return wanted

    def _saved(self, edited: EditedOrder, before: FormFields, mine: FormFields) -> Response:
        was = FormFields.of_order(edited.before)
        theirs = merged(before, mine, was).theirs
        notice = self.changed_notice(edited)
        if theirs:
            who, fields = self.other(edited.after), self._told(theirs, was)
            told = self.frame.texts("entry.merged", who=who, fields=fields)
            notice = replace(notice, sentence=f"{notice.sentence} {told}")
        return self.frame.go(row_of(edited.after), notice)

    def _show_conflict(self, conflict: EditConflict, order: Order) -> Response:
        """Show the form with both values of each field two people changed."""
        checked = self._check(conflict.found.fields, order)
        texts, theirs = self.frame.texts, conflict.theirs
        errors = dict(checked.errors)
        for name in conflict.found.conflicts:
            told = self._value(name, theirs) or texts("entry.empty")
            errors[name] = texts("entry.conflict", who=self.other(order), value=told)
        return self._show(replace(checked, errors=errors), None, order, status=409, before=theirs)

    # ------------------------------------------------------------------ while one types

    def check(self) -> Response:
        """Answer what is to be said of a form as it is now: parts of the page, nothing saved."""
        fields = posted()
        number = fields.get("number", "")
        order = self.core.editing.read(number) if number else None
        checked = self._check(FormFields.sent(fields), order)
        touched = frozenset(fields.get(TOUCHED, "").split())
        return self.frame.show(
            "entry/checked.html",
            self.frame.texts("entry.title"),
            own=True,
            checked=checked,
            touched=touched,
            order=order,
        )

    # ------------------------------------------------------------------ what others use

    def changed_notice(self, edited: EditedOrder) -> Notice:
        """Return what is said of an order that was corrected, and how to take that back."""
        concerns_order(edited.after)
        was, now = FormFields.of_order(edited.before), FormFields.of_order(edited.after)
        undo = Undo(
            f"{PATH}/{quote(edited.after.accession_number)}/zurueck",
            {"revision": edited.after.revision, **was.before},
        )
        path = "moved" if set(changed(was, now)) <= {"station", "day", "time"} else "changed"
        values = {"name": _name(self.frame, edited.after), "when": self._when(edited.after)}
        return Notice(self.frame.texts(f"entry.{path}", **values), undo)

    def _when(self, order: Order) -> str:
        """Return where an order stands now: day if it is another, time, device."""
        said = FormFields.of_order(order)
        parts = [self._value("station", said), said.time]
        if said.scheduled_day not in {None, self.now().date()}:
            parts.insert(1, self.frame.formats.day(said.scheduled_day))
        return ", ".join(filter(None, parts))

    def _notice(self, path: str, order: Order, back: str) -> Notice:
        undo = Undo(f"{PATH}/{quote(order.accession_number)}/{back}", {"revision": order.revision})
        sentence = self.frame.texts(f"entry.{path}", name=_name(self.frame, order))
        return Notice(sentence, undo if back else None)

    # ------------------------------------------------------------------ parts

    def _proposed(self) -> FormFields:
        """Return what a new form begins with."""
        today = self.now().date()
        day = FormFields(day=request.args.get("tag", "")).scheduled_day or today
        said = FormFields(station=self._usual_station)
        like = request.args.get("wie", "")
        if like:
            order = self.core.editing.read(like)
            said = FormFields.of_order(order)
        elif number := request.args.get("nr", "").strip():
            patient = self._known_patient(number)
            concerns(patient.id)
            said = replace(FormFields.of_patient(patient), station=self._usual_station)
        day = max(day, today)
        time = f"{self.now():%H:%M}" if day == today else ""
        return replace(said, day=day.isoformat(), time=time)

    def _known_patient(self, number: str) -> Patient:
        """Return whose a patient number is, by the practice or the newest exam; else the number."""
        if (owner := self.core.patients.owner(number)) is not None:
            return owner.patient
        found = self.core.search.find(patient_query(number)).lines
        return next((one.patient for one in found if one.patient.id == number), Patient(number))

    @property
    def _usual_station(self) -> str:
        return self.settings.worklist.station.replace(",", "\\")

    def reader(self) -> EntryReader:
        """Return what reads forms now."""
        return EntryReader(self.frame.texts, self.settings.page.procedures, self.now())

    def _check(self, sent: FormFields, known: Order | None = None) -> CheckedEntry:
        checker = EntryChecker(
            self.core.editing,
            self.core.patients,
            self.core.outlook,
            self.frame.formats,
            self.now,
        )
        return checker.check(self.reader(), sent, known)

    def waiting(self, number: str) -> Order:
        """Return an order nobody has examined yet; raise `NotFound` or `TooLate`."""
        order = self.core.editing.read(number)
        concerns_order(order)
        if not order.is_open or order.arrived:
            raise TooLate(OFF_THE_LIST)
        return order

    def _show(
        self,
        checked: CheckedEntry,
        day: date | None,
        order: Order | None = None,
        *,
        status: int = 200,
        before: FormFields | None = None,
    ) -> Response:
        texts, fields = self.frame.texts, checked.read.fields
        if before is None:
            before = FormFields.of_order(order) if order is not None else FormFields()
        shown = day or fields.scheduled_day or self.now().date()
        return self.frame.show(
            FORM,
            texts("entry.edit" if order is not None else "entry.title"),
            Area.TODAY,
            status=status,
            keys=("form",),
            own=True,
            checked=checked,
            touched=None if status != 200 else frozenset[str](),
            order=order,
            before=before,
            day=shown,
            back=day_path(shown, self.now().date()),
            presets=self.settings.page.procedures,
            stations=self.stations(fields.station),
        )

    def stations(self, station: str) -> Mapping[str, str]:
        """Return the devices to choose from: name by the value of the field."""
        devices = self.core.outlook.stations(station)
        found = {one.aet: one.shown for one in devices}
        for several in (self._usual_station, station):
            if "\\" in several:
                language = self.frame.texts.language
                found[several] = device_names(language, devices, several)
        return found

    def _told(self, names: tuple[str, ...], fields: FormFields) -> str:
        texts = self.frame.texts
        told = (f"{texts(f'entry.{name}')}: {self._value(name, fields)}" for name in names)
        return ", ".join(told)

    def other(self, order: Order) -> str:
        """Return who changed an order last, as far as the audit trail knows."""
        about = AuditQuery(
            subject=f"order:{order.accession_number}", acts=("changed", "moved"), most=1
        )
        found = next(iter(self.core.audit.entries(about)), None)
        known = found.actor.name if found is not None else ""
        return known or self.frame.texts("entry.somebody")

    def _value(self, name: str, fields: FormFields) -> str:
        """Return the value of a field as people read it."""
        value = str(getattr(fields, name))
        if name == "station":
            devices = self.core.outlook.stations(value)
            return device_names(self.frame.texts.language, devices, value)
        if name == "sex" and value:
            return self.frame.texts(f"entry.sexes.{value}")
        return value


def row_of(order: Order) -> str:
    """Return the address of an order's row on its day."""
    day = order.scheduled.date() if order.scheduled is not None else None
    return f"{day_path(day, date.today())}#order:{quote(order.accession_number)}"  # noqa: DTZ011


def day_path(day: date | None, today: date) -> str:
    """Return the address of a day."""
    return "/heute" if day in {None, today} else f"/heute?tag={day}"


def _has_new_doubts(checked: CheckedEntry, fields: Mapping[str, str]) -> bool:
    return checked.doubts not in {"", fields.get(DOUBTS, "")}


def _name(frame: Frame, order: Order) -> str:
    return order.patient.listed_name or frame.texts("patient.no_name")
