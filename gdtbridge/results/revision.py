"""The values and statements of a report that were not sent of its exam before.

A practice's chart takes nothing back: what was sent stays there. So a later report of an exam sends
what is new in it: further values, and values that are others now beside what they were. A report
that lacks a value withdraws nothing, for devices also send reports in parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from gdtbridge.gdt.write.results import Revision
from gdtbridge.sr import Measurement, Report, plain
from gdtbridge.sr.model import ReportStatement
from gdtbridge.sr.ucum import convert


class SentValue(NamedTuple):
    """A value as it was sent: its number without trailing zeros, and its unit."""

    value: str
    unit: str


Values = Mapping[str, SentValue]
"""Sent values by the stable id of the measurement; statements by theirs behind `IN_WORDS`."""

IN_WORDS: Final = "text:"
"""First letters of the key of a statement; its value is the text, its unit empty."""


@dataclass(frozen=True, slots=True)
class NewValues:
    """Which measurements and statements of a report are to be sent."""

    revision: Revision
    indices: tuple[int, ...]
    """Indices into the report's measurements."""
    before: Mapping[int, SentValue]
    """What was sent before instead of a measurement, by index."""
    statements: tuple[int, ...] = ()
    """Indices into the report's statements."""
    statements_before: Mapping[int, str] = field(default_factory=dict)
    """The text that was sent before instead of a statement, by index."""


def values_of(report: Report) -> Values:
    """Return the values and statements of a report."""
    values = {one.id: _sent(one) for one in report.measurements}
    return values | {_key(one): SentValue(one.value, "") for one in report.statements}


def _key(one: ReportStatement) -> str:
    return f"{IN_WORDS}{one.id}"


def count_of(values: Values) -> int:
    """Return how many numbers there are."""
    return sum(not key.startswith(IN_WORDS) for key in values)


def _sent(one: Measurement) -> SentValue:
    return SentValue(plain(one.value.normalize()), one.unit)


def news_of(known: Values, report: Report, *, follows: bool = True) -> NewValues:
    """Return what ``report`` says that is not ``known``.

    ``follows`` says whether what is known was sent before this report came. Of reports that came
    together the second supplements the first only if it says some of it again.
    """
    rows = [(index, one.id, _sent(one)) for index, one in enumerate(report.measurements)]
    new = [
        (index, known.get(key)) for index, key, sent in rows if not _is_same(known.get(key), sent)
    ]
    before = {index: sent for index, sent in new if sent is not None}
    said = {index: known.get(_key(one)) for index, one in enumerate(report.statements)}
    stated = [
        index
        for index, sent in said.items()
        if sent is None or sent.value != report.statements[index].value
    ]
    stated_before = {index: sent.value for index in stated if (sent := said[index]) is not None}
    revision = Revision.FIRST
    if known and (follows or not known.keys().isdisjoint(values_of(report))):
        changed = before or stated_before
        revision = Revision.CORRECTION if changed else Revision.SUPPLEMENT
    indices = tuple(index for index, _ in new)
    return NewValues(revision, indices, before, tuple(stated), stated_before)


def _is_same(before: SentValue | None, now: SentValue) -> bool:
    """Return whether a value was sent already, in this unit or in one that is exactly as much."""
    if before is None or before == now:
        return before == now
    converted = convert(Decimal(before.value), before.unit, now.unit)
    return converted is not None and converted == Fraction(now.value)


def written(values: Values) -> str:
    """Return the values as text for the database."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def read(texts: Iterable[str]) -> Values:
    """Return the values of several texts, of which later ones count before earlier ones."""
    found: dict[str, SentValue] = {}
    for text in texts:
        if text:
            found |= {key: SentValue(*sent) for key, sent in json.loads(text).items()}
    return found
