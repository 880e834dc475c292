"""What a readable report says, before it is HTML or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class Form(StrEnum):
    """How a sheet is printed."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Printed:
    """A sheet: ``title`` names it in German (``Messwerte Echokardiographie 15.01.2024``)."""

    title: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Whose the measurements are, and by which order; what is not known is empty or None.

    ``name`` is as a chart has it (``Müller, Änne``), ``accession`` the order's number.
    """

    id: str
    name: str
    birth_date: date | None
    accession: str


@dataclass(frozen=True, slots=True)
class Head:
    """What the file says of the person, the exam and the device; the day is local."""

    person: Person
    day: date | None
    clock: time | None
    manufacturer: str
    model: str
    station: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the head: ``Gerät`` and what it is."""

    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement; ``value`` has a decimal comma.

    ``number`` counts repeats; a name that repeats ends in it.
    """

    name: str
    value: str
    unit: str
    remark: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Measurements that stand together."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole report in German.

    All texts are data: one line each without control characters, of bounded length, never markup.
    ``title`` and ``day`` name the report (``Messwerte Echokardiographie``, ``15.01.2024``),
    ``patient`` says in one line on every page whose it is. ``notes`` are sentences.
    """

    title: str
    day: str
    patient: str
    facts: tuple[tuple[Fact, ...], tuple[Fact, ...]]
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    foot: str
