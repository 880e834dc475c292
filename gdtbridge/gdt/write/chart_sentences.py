"""German sentences a chart shows about a record: supplement, correction, retraction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Date  # noqa: N812 - as in the results
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.text import printable
from gdtbridge.gdt.write.encoder import split_title
from gdtbridge.gdt.write.results import RetractedTest, RetractionResult, Revision, StudyResult

MAX_TESTS: Final = 30
"""Tests a retraction names; the others are counted."""

_LONGEST_NAME: Final = 60
"""Characters of a test's name in a retraction."""

RETRACTED: Final = "Irrtümlich übermittelt, gehört nicht zu diesem Patienten."
"""The remark of a retraction's test, for software that shows tests only."""

_HEADINGS: Final[Mapping[Revision, tuple[str, str, str]]] = MappingProxyType(
    {
        Revision.FIRST: ("", "", ""),
        Revision.SUPPLEMENT: (
            "Nachtrag zur Untersuchung",
            "Nachtrag: 1 weiteres Bild",
            "Nachtrag: {} weitere Bilder",
        ),
        Revision.CORRECTION: (
            "Korrektur zur Untersuchung",
            "Korrektur: 1 ersetztes Bild",
            "Korrektur: {} ersetzte Bilder",
        ),
    }
)
"""Heading of a study record by revision: pictures not counted, one, several."""


def study_heading(result: StudyResult) -> str:
    """Return what a later study record is ("Nachtrag: 2 weitere Bilder"), empty for the first."""
    return _HEADINGS[result.revision][min(result.pictures, 2)].format(result.pictures)


def retraction_sentence(result: RetractionResult) -> str:
    """Return what was sent in error, when, of which examination, and what to do about it."""
    parts = (
        "Irrtümlich übermittelt: Die",
        _sent(result.sent, result.sent_until),
        "übermittelten Ergebnisse",
        _what(result),
        "der Untersuchung",
        f"vom {_day(result.date)}" if result.date else "",
        "gehören nicht zu diesem Patienten.",
        "Bitte nicht verwenden und aus der Akte entfernen.",
    )
    return " ".join(part for part in parts if part)


def retraction_remarks(result: RetractionResult) -> tuple[str, ...]:
    """Return the sentences below it: the tests by name and id, the reason."""
    reason = printable(result.reason)
    remarks = (_tests(result.tests), f"Grund: {reason}" if reason else "")
    return tuple(remark for remark in remarks if remark)


def _day(day: Date) -> str:
    """Return a day as TT.MM.JJJJ."""
    return f"{day:%d.%m.}{day.year:04}"


def _sent(first: datetime | None, last: datetime | None) -> str:
    """Return the time of sending to the minute, a span where it took longer."""
    if first is None:
        return ""
    begun = f"{_day(first)} um {first:%H:%M}"
    ended = f"{_day(last)} um {last:%H:%M}" if last else begun
    return f"am {begun}" if ended == begun else f"vom {begun} bis {ended}"


def _what(result: RetractionResult) -> str:
    """Return what was sent, in brackets: the entry of the study, values, pictures, documents."""
    parts = (
        "Untersuchungseintrag" if result.study_record else "",
        _counted(max(result.values, len(result.tests)), "Messwert", "Messwerte"),
        _counted(result.pictures, "Bild", "Bilder"),
        _counted(result.documents, "Dokument", "Dokumente"),
    )
    told = ", ".join(part for part in parts if part)
    return f"({told})" if told else ""


def _counted(count: int, one: str, several: str) -> str:
    """Return a count with its noun, nothing for none."""
    return f"{count} {one if count == 1 else several}" if count else ""


def _tests(tests: tuple[RetractedTest, ...]) -> str:
    """Return the tests as one sentence, at most :data:`MAX_TESTS` of them."""
    if not tests:
        return ""
    more = len(tests) - MAX_TESTS
    ending = f" und {more} weitere" if more > 0 else ""
    return f"Betroffene Messwerte: {'; '.join(map(_test, tests[:MAX_TESTS]))}{ending}."


def _test(test: RetractedTest) -> str:
    """Return name and id of one test."""
    name, _ = split_title(printable(test.name), _LONGEST_NAME)
    return f"{name} ({test.test_id})" if name else test.test_id
