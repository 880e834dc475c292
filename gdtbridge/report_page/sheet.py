"""The texts of a readable report, before they are HTML or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

LANGUAGE: Final = "de"
"""What sheets are written in (BCP 47), whatever the language of the pages."""


class PageFormat(StrEnum):
    """The kind of file a sheet is printed to."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class SheetFact:
    """A word (``Gerät``, ``Lage des Kindes``) and a text: a line of the head, or what a group says.

    A line that goes on with the text above has no word.
    """

    word: str
    text: str


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One measurement; ``value`` has a decimal comma.

    ``number`` is greater than 1 where there are several of one measurement.
    """

    name: str
    value: str
    unit: str
    remark: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """Measurements that stand together, below what is said of them in words."""

    name: str
    rows: tuple[SheetRow, ...]
    facts: tuple[SheetFact, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetPicture:
    """A picture below the values, and the line below it.

    ``file`` is a JPEG: for a PDF one of this machine, for HTML the place beside the page.
    """

    file: Path
    caption: str


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """The whole report in German.

    All texts are data: one line each without control characters, of bounded length, never markup.
    ``title`` and ``day`` name the report (``Messwerte Echokardiographie``, ``15.01.2024``),
    ``patient`` says in one line on every page whose it is. ``notes`` are sentences, ``foot`` lines
    below every page.
    """

    title: str
    day: str
    patient: str
    facts: tuple[tuple[SheetFact, ...], tuple[SheetFact, ...]]
    groups: tuple[SheetGroup, ...]
    notes: tuple[str, ...]
    foot: tuple[str, ...]
    pictures: tuple[SheetPicture, ...] = ()

    @property
    def heading(self) -> str:
        """Title and day in one line (``Messwerte Echokardiographie 15.01.2024``)."""
        return f"{self.title} {self.day}".rstrip()
