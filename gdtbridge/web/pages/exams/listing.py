"""``/untersuchungen``: exams, and what a search finds; ``/patient``: those of one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from flask import Response, request

from gdtbridge.day import STATES, DayLine, ShownDevice
from gdtbridge.day.search import (
    Condition,
    ConditionKind,
    OtherReading,
    SearchPage,
    SearchQuery,
    patient_query,
)
from gdtbridge.trends import Curve
from gdtbridge.typed_dates import TypedDateError, typed_past_day
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.exams.drawing import CurveDrawing, sparkline
from gdtbridge.web.pages.exams.paths import curve_path
from gdtbridge.web.pages.exams.values import SPARK
from gdtbridge.web.pages.exams.wording import reading_text
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.today.wording import ShownLine, shown
from gdtbridge.web.ports import CorePorts

PATH: Final = "/untersuchungen"
PATIENT_PATH: Final = "/patient"
MODALITIES: Final = ("US", "CT", "MR", "CR", "DX", "XA", "OT")
CHIPS: Final = tuple(dict.fromkeys(look.chip for look in STATES.values()))
FILTERS: Final = ("patient", "tag", "geraet", "art", "zustand", "werte")
"""Names of the filters in an address."""
LONGEST: Final = 100
"""Characters of a search that are read."""


@dataclass(frozen=True, slots=True)
class ShownReading:
    """Another reading of a word: its words, what it finds, and where all of that is."""

    heading: str
    lines: tuple[ShownLine, ...]
    patients: tuple[object, ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter of the list that holds: in words, and the address without it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A series of a patient, its small curve where it has several values, and where it is."""

    curve: Curve
    spark: CurveDrawing | None
    href: str


@dataclass(frozen=True, slots=True)
class ListPages:
    """Shows lists of exams, found by words and filters."""

    frame: Frame
    core: CorePorts

    def show(self) -> Response:
        """Show what ``suche`` and the filters find, a page of it from ``ab`` on."""
        words = request.args.get("suche", "").strip()[:LONGEST]
        given = {name: request.args.get(name, "").strip()[:LONGEST] for name in FILTERS}
        query = self.core.search.read(words)
        day, wrong = self._day(given["tag"])
        query = SearchQuery(query.tokens, tuple(self._filters(given, day)))
        found = self.core.search.find(query, request.args.get("ab", ""))
        texts = self.frame.texts
        return self.frame.show(
            "exams/list.html",
            texts("exams.searched", words=words) if words else texts("nav.exams"),
            Area.EXAMS,
            keys=("list",),
            searched=words,
            filters=given,
            active=self._active(words, given, day),
            wrong_day=wrong,
            page=found,
            lines=self._shown(found.lines),
            others=[self._other(one) for one in found.others],
            without=[
                (text, count, self._address({**given, "suche": _left(words, text)}))
                for text, count in found.without
            ],
            similar=[(name, self._address({"suche": name})) for name in found.similar],
            understood=[reading_text(one, self.frame.formats) for one in _told(found)],
            next=self._address({**given, "suche": words, "ab": found.cursor}),
            first=self._address({**given, "suche": words}),
            is_first=not request.args.get("ab"),
            every=PATH,
            devices=self._devices(),
            modalities=MODALITIES,
            chips=CHIPS,
            patient_path=patient_path,
        )

    def patient(self) -> Response:
        """Show the exams of the patient with the number ``nr``, by day, the newest first."""
        number = request.args.get("nr", "").strip()[:LONGEST]
        found = self.core.search.find(patient_query(number), request.args.get("ab", ""))
        concerns(number)
        owner = self.core.patients.owner(number)
        known = [one.patient for one in found.lines]
        patient = owner.patient if owner is not None else next(iter(known), None)
        texts = self.frame.texts
        days = groupby(found.lines, key=lambda one: one.at.date())
        orders = [one.order_number for one in found.lines if one.order_number]
        return self.frame.show(
            "exams/patient.html",
            patient.listed_name if patient is not None else texts("patient.number", number=number),
            Area.EXAMS,
            status=200 if patient is not None else 404,
            keys=("list",),
            number=number,
            patient=patient,
            days=[(day, self._shown(lines)) for day, lines in days],
            over_time=self._over_time(number) if not request.args.get("ab") else [],
            again=_again_path(next(iter(orders), ""), number if patient is not None else ""),
            next=f"{patient_path(number)}&{urlencode({'ab': found.cursor})}"
            if found.cursor
            else "",
        )

    def _day(self, typed: str) -> tuple[date | None, str]:
        """Return the day that was typed, and what is wrong with it."""
        if not typed:
            return None, ""
        try:
            return typed_past_day(typed, self.core.day.today), ""
        except TypedDateError as error:
            return None, self.frame.texts.half(str(error))

    def _filters(self, given: Mapping[str, str], day: date | None) -> Iterator[Condition]:
        """Yield the conditions of the filters an address has; what is none of ours is left out."""
        if device := given["geraet"]:
            yield Condition(kind=ConditionKind.DEVICE, devices=frozenset({device}))
        if given["art"] in MODALITIES:
            yield Condition(kind=ConditionKind.MODALITY, word=given["art"])
        states = frozenset(one for one, look in STATES.items() if look.chip == given["zustand"])
        if states:
            yield Condition(kind=ConditionKind.STATE, states=states)
        if given["werte"]:
            yield Condition(kind=ConditionKind.VALUES)
        if day is not None:
            yield Condition(kind=ConditionKind.DAY, days=(day,))
        for token in self.core.search.read(given["patient"]).tokens:
            yield token.usual

    def _active(self, words: str, given: Mapping[str, str], day: date | None) -> list[ActiveFilter]:
        """Return each filter that holds, in words, and where the list is without it."""
        texts, names = self.frame.texts, {one.aet: one.shown for one in self._devices()}
        told = {
            "suche": texts("exams.searched", words=words),
            "patient": f"{texts('today.patient')}: {given['patient']}",
            "tag": f"{texts('exams.date')}: {self.frame.formats.day(day)}" if day else "",
            "geraet": f"{texts('today.device')}: {names.get(given['geraet'], given['geraet'])}",
            "art": f"{texts('exams.kind')}: {given['art']}",
            "zustand": f"{texts('today.state')}: {self._state(given['zustand'])}",
            "werte": texts("exams.with_values"),
        }
        said = {**given, "suche": words}
        return [
            ActiveFilter(told[name], self._address({**said, name: ""}))
            for name in told
            if said[name] and told[name]
        ]

    def _state(self, chip: str) -> str:
        return self.frame.texts(f"today.chips.{chip}") if chip in CHIPS else chip

    def _devices(self) -> Sequence[ShownDevice]:
        return self.core.outlook.stations()

    def _over_time(self, number: str) -> list[tuple[str, list[CurveRow]]]:
        """Return every series of a patient by its group."""
        rows = [
            CurveRow(
                curve,
                sparkline(curve, *SPARK) if len(curve.points) > 1 else None,
                curve_path(number, curve.series),
            )
            for curve in self.core.trends.of_patient(number)
        ]
        groups: dict[str, list[CurveRow]] = {}
        for one in rows:
            groups.setdefault(one.curve.heading, []).append(one)
        return list(groups.items())

    def _shown(self, lines: Sequence[DayLine] | Iterator[DayLine]) -> list[ShownLine]:
        return [shown(one, self.frame.formats) for one in lines]

    def _other(self, one: OtherReading) -> ShownReading:
        heading = reading_text(one.reading, self.frame.formats)
        return ShownReading(heading, tuple(self._shown(one.lines)), one.patients, one.is_cut)

    def _address(self, values: Mapping[str, str]) -> str:
        said = {name: value for name, value in values.items() if value}
        return PATH + (f"?{urlencode(said)}" if said else "")


def _again_path(order_number: str, number: str) -> str:
    """Return the form that puts a patient on the list: like an order, else by the number."""
    known = {"wie": order_number} if order_number else {"nr": number}
    return f"/eintrag?{urlencode(known)}" if number or order_number else ""


def patient_path(number: str) -> str:
    """Return where the exams of a patient number are."""
    return f"{PATIENT_PATH}?{urlencode({'nr': number})}"


def _told(found: SearchPage) -> list[Condition]:
    """Return the readings worth telling: of those that are no plain words."""
    return [one.usual for one in found.query.tokens if one.usual.kind is not ConditionKind.WORD]


def _left(words: str, text: str) -> str:
    """Return a search without one of its parts."""
    return " ".join(words.replace(text, " ", 1).split())
