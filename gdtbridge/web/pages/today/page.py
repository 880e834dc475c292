"""``/heute``: the lines of a day, filtered as the address says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from flask import Response, request

from gdtbridge.clarifying import ClarifyingLine
from gdtbridge.day import STATES, DayFilter, DaySheet, LineState, ShownDevice
from gdtbridge.web.pages.entry.page import day_path
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.sample.labels import ToldLabels, told_labels
from gdtbridge.web.pages.today.wording import ShownLine, shown
from gdtbridge.web.ports import CorePorts

PATH: Final = "/heute"
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200
"""Days of other years are not shown: there is nothing, and no day before the first."""
MOST_NEEDS: Final = 3
"""Lines of the box that says what needs a person."""
CHIPS: Final = (
    *("needs-you", "waiting", "at-device", "on-its-way", "in-chart"),
    *("over", "fetched"),
)
"""The groups of states a day is filtered by (`gdtbridge.day.StateLook.chip`), in their order."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter: its group of states, its look, how many lines it has, and its address."""

    name: str
    icon: str
    count: int
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class TodayPage:
    """Shows a day."""

    frame: Frame
    core: CorePorts
    now: Callable[[], datetime]

    def show(self) -> Response:
        """Show the day of ``tag``, today without one; the lines of ``zustand`` and ``geraet``."""
        today = self.now().date()
        day = _day(request.args.get("tag", "")) or today
        chip, device = request.args.get("zustand", ""), request.args.get("geraet", "")
        states = frozenset(one for one, look in STATES.items() if look.chip == chip)
        sheet = self.core.day.lines(day, DayFilter(states, device))
        formats = self.frame.formats
        lines = [shown(one, formats) for one in sheet.lines]
        texts = self.frame.texts
        title = texts("nav.today") if day == today else formats.day(day)
        needed = self._needed(sheet, lines, is_whole=not chip and not device)
        elsewhere = self._elsewhere(sheet, states) if day == today else ()
        needs = sheet.counts.get(LineState.NEEDS_YOU, 0) + len(elsewhere)
        return self.frame.show(
            "today/today.html",
            f"({needs}) {title}" if needs else title,
            Area.TODAY,
            keys=("list",),
            day=day,
            today=today,
            before=day_path(day - timedelta(days=1), today),
            after=day_path(day + timedelta(days=1), today),
            sheet=sheet,
            lines=lines,
            needed=needed,
            elsewhere=elsewhere[: MOST_NEEDS - len(needed)],
            device_name=self.core.clarifying.device_name,
            needs=needs,
            chips=self._chips(sheet, day, chip, device),
            chosen=chip,
            every=self._address(day),
            device=self._device(device),
            counts=self._counts(sheet),
            stations=(stations := self.core.outlook.stations()),
            unlabelled=self._unlabelled(stations) if day == today else (),
        )

    def _unlabelled(self, stations: Sequence[ShownDevice]) -> Sequence[ToldLabels]:
        """Return what the devices leave out of their pictures today."""
        return told_labels(self.core.sample.checks.of_today(), stations, self.frame.texts)

    def _needed(
        self, sheet: DaySheet, lines: Sequence[ShownLine], *, is_whole: bool
    ) -> Sequence[ShownLine]:
        """Return the first lines that need a person, whatever is filtered."""
        if not sheet.counts.get(LineState.NEEDS_YOU):
            return ()
        if not is_whole:
            only = DayFilter(frozenset({LineState.NEEDS_YOU}))
            found = self.core.day.lines(sheet.day, only).lines
            lines = [shown(one, self.frame.formats) for one in found]
        need = [one for one in lines if one.line.state is LineState.NEEDS_YOU]
        return need[:MOST_NEEDS]

    def _elsewhere(self, sheet: DaySheet, states: frozenset[LineState]) -> Sequence[ClarifyingLine]:
        """Return what is held of exams of other days, the newest first."""
        every = self.core.day.lines(sheet.day) if states else sheet
        here = {one.exam_id for one in every.lines}
        waiting = self.core.clarifying.queue.lines()
        return [one for one in waiting if one.reason.is_hold and one.exam_id not in here]

    def _chips(self, sheet: DaySheet, day: date, chosen: str, device: str) -> Sequence[Chip]:
        counts = _by_chip(sheet)
        looks = {look.chip: look for look in reversed(list(STATES.values()))}
        return [
            Chip(
                name,
                looks[name].icon,
                counts[name],
                self._address(day, zustand=name, geraet=device),
                name == chosen,
            )
            for name in CHIPS
            if counts[name] or name == chosen
        ]

    def _counts(self, sheet: DaySheet) -> str:
        """Return ``9 Patienten · 3 warten · 2 am Gerät · 2 in der Akte``."""
        texts, counts = self.frame.texts, _by_chip(sheet)
        parts = [texts("today.patients", n=sheet.patients)]
        named = (name for name in ("waiting", "at-device", "in-chart") if counts[name])
        parts.extend(texts(f"today.counts.{name}", n=counts[name]) for name in named)
        return " · ".join(parts)

    def _address(self, day: date, **filters: str) -> str:
        values = {} if day == self.now().date() else {"tag": day.isoformat()}
        values |= {name: value for name, value in filters.items() if value}
        return PATH + (f"?{urlencode(values)}" if values else "")

    def _device(self, aet: str) -> ShownDevice | None:
        if not aet:
            return None
        known = {one.aet: one for one in self.core.outlook.stations(aet)}
        return known.get(aet, ShownDevice(aet))


def _by_chip(sheet: DaySheet) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for state, count in sheet.counts.items():
        counts[STATES[state].chip] += count
    return counts


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
