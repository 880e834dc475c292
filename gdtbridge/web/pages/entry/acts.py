"""What is done with an entry without its form: taken off, brought back, moved, and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from flask import Response

from gdtbridge.errors import TooLate
from gdtbridge.orders import Order, OrderRequest
from gdtbridge.orders.editing import STANDS
from gdtbridge.typed_dates import TypedDateError, typed_day
from gdtbridge.web.access.principal import concerns_order
from gdtbridge.web.pages.entry.fields import BEFORE, FormFields
from gdtbridge.web.pages.entry.page import ENTRY_PATH, PATH, EntryPage, day_path, row_of
from gdtbridge.web.pages.frame import Notice, Undo
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.submissions import FIELD

REMOVE_PATH: Final = f"{ENTRY_PATH}/entfernen"
RESTORE_PATH: Final = f"{ENTRY_PATH}/wieder"
MOVE_PATH: Final = f"{ENTRY_PATH}/verschieben"
UNDO_PATH: Final = f"{ENTRY_PATH}/zurueck"
MOVED: Final = ("day", "time", "station")
"""The fields of the form that moves an entry."""
ROW: Final = re.compile(r"(order|exam|step):[\w.:-]{1,64}")
"""The key of a row (`gdtbridge.day.DayLine.key`)."""


class WrongFields(Exception):
    """An entry cannot be so; ``errors`` are sentences by field."""

    def __init__(self, fields: FormFields, errors: Mapping[str, str]) -> None:
        super().__init__("wrong fields")
        self.fields = fields
        self.errors = errors


@dataclass(frozen=True, slots=True)
class EntryActs:
    """Does with entries what a row of the day offers."""

    page: EntryPage

    def remove(self, number: str) -> Response:
        """Take an entry off the list; it can be brought back."""
        return self._once(lambda fields: self._remove(number, fields))

    def restore(self, number: str) -> Response:
        """Bring an entry back."""
        return self._once(lambda _: self._restore(number))

    def move(self, number: str) -> Response:
        """Put an entry to another device or another day."""
        return self._once(lambda fields: self._move(number, fields))

    def undo(self, number: str) -> Response:
        """Let an entry say again what it said before, if nobody changed it since."""
        return self._once(lambda fields: self._undo(number, fields))

    def _once(self, act: Callable[[Mapping[str, str]], Response]) -> Response:
        fields = posted()
        return self.page.frame.submissions.once(fields.get(FIELD, ""), lambda: act(fields))

    def _remove(self, number: str, fields: Mapping[str, str]) -> Response:
        order = self.page.core.editing.remove(number, fields.get("revision", ""))
        concerns_order(order)
        undo = Undo(f"{PATH}/{quote(number)}/wieder")
        notice = Notice(self._said("entry.removed", order), undo)
        day = order.scheduled.date() if order.scheduled is not None else None
        path, following = day_path(day, self.page.now().date()), fields.get("next", "")
        if ROW.fullmatch(following):
            path += f"#{quote(following, safe=':')}"
        return self.page.frame.go(path, notice)

    def _restore(self, number: str) -> Response:
        order = self.page.core.editing.restore(number)
        concerns_order(order)
        return self.page.frame.go(row_of(order), Notice(self._said("entry.restored", order)))

    def where(self, number: str) -> Response:
        """Show the form that moves an entry."""
        order = self.page.waiting(number)
        return self._show_where(order, FormFields.of_order(order), {})

    def _move(self, number: str, fields: Mapping[str, str]) -> Response:
        wanted = {one: fields[one] for one in MOVED if one != "day" and fields.get(one)}
        try:
            if fields.get("day"):
                today = self.page.now().date()
                wanted["day"] = typed_day(fields["day"], today).isoformat()
        except TypedDateError as error:
            said = {one: fields.get(one, "") for one in MOVED}
            shown = replace(FormFields.of_order(self.page.waiting(number)), **said)
            told = {"day": self.page.frame.texts.half(str(error))}
            return self._show_where(self.page.waiting(number), shown, told)

        before = FormFields.sent(fields, BEFORE)

        def moved(order: Order) -> OrderRequest:
            theirs = FormFields.of_order(order)
            mine = {one: said for one, said in wanted.items() if said != getattr(before, one)}
            told = self._conflicts(before, mine, theirs, order)
            if told:
                raise WrongFields(replace(theirs, **mine), told)
            return self._request(replace(theirs, **mine), order)

        try:
            edited = self.page.core.editing.edit(number, moved)
        except WrongFields as wrong:
            return self._show_where(self.page.waiting(number), wrong.fields, wrong.errors)
        concerns_order(edited.after)
        return self.page.frame.go(row_of(edited.after), self.page.changed_notice(edited))

    def _conflicts(
        self, before: FormFields, mine: Mapping[str, str], theirs: FormFields, order: Order
    ) -> Mapping[str, str]:
        """Return a sentence for each field that somebody else changed since the form was shown."""
        told = {}
        for name, said in mine.items():
            was, now = getattr(before, name), getattr(theirs, name)
            if was and now not in {was, said}:
                day = theirs.scheduled_day
                shown = self.page.frame.formats.day(day) if name == "day" and day else now
                if name == "station":
                    shown = self.page.stations(now).get(now, now)
                who = self.page.other(order)
                told[name] = self.page.frame.texts("entry.conflict", who=who, value=shown)
        return told

    def _show_where(self, order: Order, said: FormFields, errors: Mapping[str, str]) -> Response:
        """Show the form that moves an entry, with what is wrong beside its field."""
        frame, day = self.page.frame, said.scheduled_day
        if day is not None:
            said = replace(said, day=frame.formats.day(day))
        listed = order.scheduled.date() if order.scheduled is not None else None
        return frame.show(
            "entry/move.html",
            frame.texts("keys.move"),
            Area.TODAY,
            status=422 if errors else 200,
            keys=("form",),
            own=True,
            order=order,
            before={name: FormFields.of_order(order).before[BEFORE + name] for name in MOVED},
            said=said,
            errors=errors,
            back=day_path(listed, self.page.now().date()),
            stations=self.page.stations(order.station),
        )

    def _undo(self, number: str, fields: Mapping[str, str]) -> Response:
        before = FormFields.sent(fields, BEFORE)

        def as_before(order: Order) -> OrderRequest:
            if order.revision != fields.get("revision"):
                raise TooLate(STANDS)
            return self._request(before, order)

        try:
            edited = self.page.core.editing.edit(number, as_before)
        except WrongFields as wrong:
            raise TooLate(STANDS) from wrong
        concerns_order(edited.after)
        concerns_order(edited.after)
        notice = Notice(self._said("entry.undone", edited.after))
        return self.page.frame.go(row_of(edited.after), notice)

    def _request(self, said: FormFields, order: Order) -> OrderRequest:
        """Return what is wanted; raise `WrongFields`."""
        read = self.page.reader().read(said, order)
        if read.request is None:
            raise WrongFields(read.fields, read.errors)
        return read.request

    def _said(self, path: str, order: Order) -> str:
        name = order.patient.listed_name or self.page.frame.texts("patient.no_name")
        return self.page.frame.texts(path, name=name)
