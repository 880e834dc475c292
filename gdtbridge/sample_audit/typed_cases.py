"""The list of a KV as a person types or pastes it: number or name and a day, one case a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from gdtbridge.dataset.text import one_line
from gdtbridge.typed_dates import TypedDateError, typed_day

LONGEST: Final = 100
"""Characters kept of a number or name."""
_SAID: Final = (
    r"(?:\b(?:geb(?:oren|\.)|Geburtsdatum|(?:[Uu]ntersuchung(?:sdatum|stag)?|untersucht))[:,]?\s*)?"
    r"(?:\b(?:am|vom)\s+)?"
)
"""What a letter writes before a date; no word of it is a name."""
_DAY: Final = re.compile(
    _SAID + r"\*?\s*(\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d\d-\d\d)(?!\d)"
)
_ENDS: Final = " \t;,|*·-"
_NUMBER: Final = re.compile(r"^(?:Pat(?:ienten|\.)?-?\s?)?(?:Nr\b\.?|[Nn]ummer)[:\s]*(?=\S*\d)")
"""What a letter writes before a patient number: ``Nr. 4711``."""
_NUMBERED: Final = re.compile(r"^\s*\d{1,2}[.)]\s+")
"""A number before a line of a pasted list: ``1. Öztürk, Emre 30.11.2026``."""
NO_DAY: Final = "Hier fehlt das Untersuchungsdatum. / The date of the exam is missing here."
NOBODY: Final = "Hier fehlt Nummer oder Name. / Number or name is missing here."


@dataclass(frozen=True, slots=True)
class TypedCase:
    """A line of the list: who and when, or what is wrong with it (``German / English``)."""

    line: str
    asked: str = ""
    day: date | None = None
    problem: str = ""


def typed_cases(text: str, today: date) -> list[TypedCase]:
    """Return the cases of a list. Of several dates in a line the last is the day of the exam."""
    lines = (one_line(line) for line in text.splitlines())
    return [_typed(line, today) for line in lines if line.strip(_ENDS)]


def _typed(line: str, today: date) -> TypedCase:
    found = list(_DAY.finditer(line))
    if not found:
        return TypedCase(line, problem=NO_DAY)
    try:
        day = typed_day(found[-1][1], today)
    except TypedDateError as error:
        return TypedCase(line, problem=str(error))
    who = _DAY.sub(" ", _NUMBERED.sub("", line))
    asked = " ".join(who.replace("\t", " ").replace(";", " ").split()).strip(_ENDS)
    asked = _NUMBER.sub("", asked)[:LONGEST]
    if not asked:
        return TypedCase(line, problem=NOBODY)
    return TypedCase(line, asked, day)
