"""The books of a practice for a week, kept by somebody who never asks the bridge.

They know what each device was answered, each order that was placed, what each person said, and what
the practice software found in its folders.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path, PureWindowsPath

from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from tests.tools.marked import MarkedObject, MarkedPerson, shades_in, values_in

STUDY = "EXTPACS"
"""Field 8410 of a study record."""
LATER = re.compile("^(Nachtrag|Korrektur)")
TAKEN_BACK = re.compile("^Irrtümlich übermittelt")
CORRECTED = re.compile("^(Korrektur|Korrigierter Bericht)")
SEX_CODES = {"M": "1", "F": "2"}
"""GDT field 3110."""


class OrderEnd(StrEnum):
    """What became of an order, as far as people in the practice know."""

    OPEN = "open"
    EXAMINED = "examined"


@dataclass
class WrittenOrder:
    """An order as the practice software placed it; times are local."""

    number: str
    """Of the patient, who has no other order."""
    station: str
    placed: datetime
    end: OrderEnd = OrderEnd.OPEN

    @property
    def day_over(self) -> datetime:
        """When the day it is for is over."""
        return datetime.combine(self.placed.date(), datetime.min.time()) + timedelta(days=1)


@dataclass(frozen=True)
class Books:
    """How many objects there are at one moment, each once."""

    received: int
    reported: int
    held: int
    waiting: int

    def __str__(self) -> str:
        return (
            f"{self.received} received, {self.reported} reported, {self.held} held, "
            f"{self.waiting} waiting"
        )


@dataclass
class Ledger:
    """What everybody around the bridge knows."""

    folders: dict[str, Path]
    """Folder of attachments by route."""
    charts: dict[int, MarkedPerson] = field(default_factory=dict)
    """In whose chart an object belongs, by its mark, once the device has its 0000."""
    routes: dict[int, str] = field(default_factory=dict)
    """The route an object takes, by its mark."""
    taken: dict[int, MarkedObject] = field(default_factory=dict)
    """What devices were answered 0000 for, by mark."""
    held: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    """What a person has to decide, by study and by the number the device says."""
    replaced: set[int] = field(default_factory=set)
    """Marks of what the device corrected later: a correction may name them once more."""
    seen: Counter[int] = field(default_factory=Counter)
    """How often an object was found in a chart, but for what a correction repeats."""
    orders: dict[str, WrittenOrder] = field(default_factory=dict)
    """By the patient's number."""
    to_take_back: Counter[str] = field(default_factory=Counter)
    """Charts which people had something taken back from."""
    taken_back: Counter[str] = field(default_factory=Counter)
    """Charts that were told so."""
    refused: Counter[int] = field(default_factory=Counter)
    """Answers to devices that were no 0000."""
    records: int = 0
    _texts: set[bytes] = field(default_factory=set)
    _firsts: set[str] = field(default_factory=set)

    def answered(self, one: MarkedObject, status: int, route: str) -> None:
        """Enter what a device was answered."""
        if status != 0:
            self.refused[status] += 1
            return
        self.taken[one.mark] = one
        self.charts.setdefault(one.mark, one.person)
        self.routes[one.mark] = route

    def wait_for_a_person(self, one: MarkedObject) -> None:
        """Enter that somebody has to say whose an object is that is taken."""
        key = (one.study, one.words["PatientID"])
        self.held.setdefault(key, set()).add(one.mark)

    def decided(self, key: tuple[str, str], person: MarkedPerson) -> None:
        """Enter a person's word for what was held."""
        for mark in self.held.pop(key):
            self.charts[mark] = person

    # ------------------------------------------------------------------ the practice software

    def collected(self, data: bytes, route: str) -> None:
        """Judge a file the practice software took: whole, new, of the right person."""
        (record,) = read_records(data)
        assert record.warnings == (), record.warnings
        assert data not in self._texts, f"twice: {data!r}"
        self._texts.add(data)
        self.records += 1
        texts = [one.value for one in record.lines if one.id == "6228"]
        chart = record.first("3000") or ""
        if any(TAKEN_BACK.match(text) for text in texts):
            self.taken_back[chart] += 1
            assert self.taken_back[chart] <= self.to_take_back[chart], f"{chart} lost {data!r}"
            return
        if record.first("8410") == STUDY and not any(LATER.match(text) for text in texts):
            assert chart not in self._firsts, f"two first records for {chart}: {data!r}"
            self._firsts.add(chart)
        corrects = any(CORRECTED.match(text) for text in texts)
        for mark in self._marks_in(record, data, route):
            self._found(mark, record, route, corrects=corrects)

    def _found(self, mark: int, record: Record, route: str, *, corrects: bool) -> None:
        one = self.taken.get(mark)
        assert one is not None, f"nobody sent {mark}"
        if corrects and mark in self.replaced and self.seen[mark]:
            return
        self.seen[mark] += 1
        assert self.seen[mark] == 1, f"{one} was told twice: {record.lines}"
        assert self.routes[mark] == route, f"{one} left by {route or 'gdt'}"
        person = self.charts[mark]
        key = (one.study, one.words["PatientID"])
        assert mark not in self.held.get(key, ()), f"{one} left though nobody said whose it is"
        assert record.first("3000") == person.number, f"{one} in {record.first('3000')}"
        described = {
            "3101": person.family,
            "3102": person.given,
            "3103": f"{person.born:%d%m%Y}",
            "3110": SEX_CODES[person.sex],
        }
        for name, right in described.items():
            assert record.first(name) in {right, None}, f"{name} of {one} in {record.lines}"

    def _marks_in(self, record: Record, data: bytes, route: str) -> Iterator[int]:
        values = values_in(data.decode("iso8859-1"))
        for mark, one in self.taken.items():
            if one.kind == "report" and not values.isdisjoint(one.values):
                assert values.issuperset(one.values), f"half of {one}"
                yield mark
        pictures = {one.shades: mark for mark, one in self.taken.items() if one.kind == "picture"}
        for path in record.all("6305"):
            file = self.folders[route] / PureWindowsPath(path).name
            yield pictures[shades_in(file.read_bytes())]

    # ------------------------------------------------------------------ the books

    @property
    def books(self) -> Books:
        """The balance, by who was answered, who collected and who was asked."""
        held = {mark for marks in self.held.values() for mark in marks}
        waiting = set(self.waiting())
        assert not held & self.seen.keys()
        assert not waiting & self.seen.keys()
        return Books(len(self.taken), len(self.seen), len(held), len(waiting))

    def waiting(self) -> Iterable[int]:
        """Return the marks of what was taken, is in no chart, and nobody is asked about."""
        held = {mark for marks in self.held.values() for mark in marks}
        return [mark for mark in self.taken if mark not in self.seen and mark not in held]
