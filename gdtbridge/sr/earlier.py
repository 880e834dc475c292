"""Values of earlier exams within a report: last month's head circumference is not today's.

A value is of an earlier exam where its container, a modifier or its own name says so, where its
container has the date or the UID of another study, and where it was observed on another day
(``earlier.tsv``). Today is from Study Date to Content Date, so that an exam goes past midnight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from gdtbridge.dataset.parser import Item
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.values import da_text, to_date, to_time
from gdtbridge.sr.codes import normal
from gdtbridge.sr.content import ContentReader, NumFinding, StatementFinding
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.model import Code
from gdtbridge.tsv import table

SECTION: Final = "section"
CONCEPT: Final = "concept"
VALUE: Final = "value"
DATE: Final = "date"
STUDY: Final = "study"

NIGHT: Final = timedelta(hours=6)
"""How long before its Study Time an exam may have begun: a study is opened when it is sent."""

_DATED: Final = frozenset({Tag.Date, Tag.DateTime, Tag.TextValue, Tag.UID})
"""Elements that may say a day or a study."""

_DAY_IN_WORDS: Final = re.compile(
    r"\b(?:(\d{4})[-./]?(\d{2})[-./]?(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{4}))\b"
)


@lru_cache(maxsize=1)
def _codes() -> frozenset[tuple[str, str]]:
    rows = table("sr/earlier.tsv")
    return frozenset((what, code) for what, code, _, _ in rows if not what.startswith("word-"))


@lru_cache(maxsize=1)
def _patterns() -> Mapping[str, re.Pattern[str]]:
    """Return the words of each kind as one pattern."""
    found: dict[str, list[str]] = {}
    for what, pattern, _, _ in table("sr/earlier.tsv"):
        if what.startswith("word-"):
            found.setdefault(what.removeprefix("word-"), []).append(pattern)
    return {
        what: re.compile(rf"\b(?:{'|'.join(several)})", re.IGNORECASE)
        for what, several in found.items()
    }


@lru_cache(maxsize=4096)
def _says(what: str, code: Code) -> bool:
    """Return whether the table has a code or its words; those of a concept begin its name."""
    if (what, ":".join(normal(code))) in _codes():
        return True
    pattern = _patterns().get(what)
    if pattern is None or not code.meaning:
        return False
    search = pattern.match if what == CONCEPT else pattern.search
    return search(code.meaning.strip()) is not None


def below_container(
    content: ContentReader, item: Item, name: Code, context: ModifierContext
) -> ModifierContext:
    """Return the context below a container with what it says of the day of its values."""
    if name.text and _says(SECTION, name):
        context = _before(context, _day_in(name.meaning))
    return _dated(content, item, context)


def at_number(
    content: ContentReader, item: Item, name: Code, context: ModifierContext
) -> ModifierContext:
    """Return the context of a value with what its name, its modifiers and its date say."""
    if _says(CONCEPT, name) or any(_says(VALUE, value) for _, value in context.further):
        context = _before(context, None)
    return _dated(content, item, context)


def settle(content: ContentReader) -> None:
    """Give every finding and statement of an earlier exam its day, once all was seen."""
    first, last = _exam(content)
    for at, finding in enumerate(content.findings):
        if finding.observed or finding.context.before is not None:
            earlier = _earlier(finding, first, last)
            if earlier is not None:
                content.findings[at] = replace(finding, earlier=earlier)
    for at, said in enumerate(content.statements):
        content.statements[at] = replace(said, earlier=_earlier(said, first, last))


def _earlier(
    finding: NumFinding | StatementFinding, first: datetime | None, last: date | None
) -> str | None:
    """Return the day of an earlier exam, empty where it is not known, None for today's."""
    before, moment = finding.context.before, _moment(finding.observed)
    if moment is None or first is None or last is None:
        return before
    day, at_latest = moment
    return before if first <= at_latest and day <= last else before or day.isoformat()


def _exam(content: ContentReader) -> tuple[datetime | None, date | None]:
    """Return when the exam may have begun, and its last day.

    Without a Study Date the newest observation is of today, if it is before Content Date.
    """
    study = to_date(content.string(content.root, Tag.StudyDate))
    written = to_date(content.string(content.root, Tag.ContentDate))
    clock = to_time(content.string(content.root, Tag.StudyTime)) if study is not None else None
    if study is None:
        moments = (_moment(one.observed) for one in content.findings if one.context.before is None)
        newest = max((moment[0] for moment in moments if moment is not None), default=None)
        study = min((day for day in (written, newest) if day is not None), default=None)
    if study is None:
        return None, None
    begun = datetime.combine(study, clock) - NIGHT if clock else datetime.combine(study, time())
    first = min(begun, datetime.combine(study, time()))
    if written is not None and written < study:
        first = min(first, datetime.combine(written, time()))
    return first, max(study, written or study)


def _moment(observed: str) -> tuple[date, datetime] | None:
    """Return the day of a DT value, and its last possible moment; None without a day."""
    day = to_date(observed[:8])
    if day is None:
        return None
    clock = to_time(observed[8:].partition("+")[0].partition("-")[0]) if observed[8:] else None
    return day, datetime.combine(day, clock or time.max)


def _before(context: ModifierContext, day: date | None) -> ModifierContext:
    """Return the context of an earlier exam; a day that is known stays."""
    if context.before or (context.before is not None and day is None):
        return context
    return replace(context, before=day.isoformat() if day is not None else "")


def _dated(content: ContentReader, item: Item, context: ModifierContext) -> ModifierContext:
    """Return the context with the day an item says its values were measured on."""
    for child, _ in content.children(item, ""):
        if not _DATED.isdisjoint(child.values):
            context = _said_by(content, child, context)
    observed = content.string(item, Tag.ObservationDateTime)
    return replace(context, observed=observed) if observed else context


def _said_by(content: ContentReader, child: Item, context: ModifierContext) -> ModifierContext:
    name = content.name(child)
    if _says(STUDY, name):
        uid = content.string(child, Tag.UID)
        own = content.string(content.root, Tag.StudyInstanceUID)
        return _before(context, None) if uid and uid != own else context
    if not _says(DATE, name):
        return context
    texts = (content.string(child, tag) for tag in (Tag.DateTime, Tag.Date, Tag.TextValue))
    text = next((text for text in texts if text), "")
    day = to_date(text[:8]) or _day_in(text)
    return replace(context, observed=da_text(day)) if day is not None else context


def _day_in(text: str) -> date | None:
    """Return the day a text names (``2023-12-15``, ``15.12.2023``), None where it names none."""
    found = _DAY_IN_WORDS.search(text)
    if found is None:
        return None
    year, month, day = found[1] or found[6], found[2] or found[5], found[3] or found[4]
    return to_date(f"{year}{int(month):02}{int(day):02}")
