"""The values and statements of a report that were not sent of its exam before.

A practice's chart takes nothing back: what was sent stays there. So a later report of an exam sends
what is new in it: further values, and values that are others now beside what they were. A report
that lacks a value withdraws nothing, for devices also send reports in parts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, NamedTuple

from gdtbridge.catalogue.untold import IMPOSSIBLE, LOST, untold_reasons
from gdtbridge.gdt.write.results import Revision
from gdtbridge.results.message_keys import digest
from gdtbridge.sr import Measurement, Report, plain
from gdtbridge.sr.model import REPEAT, ReportStatement
from gdtbridge.sr.ucum import convert


class SentValue(NamedTuple):
    """A value as it was sent: its number without trailing zeros, and its unit."""

    value: str
    unit: str


Values = Mapping[str, SentValue]
"""Sent values by the stable id of the measurement; statements by theirs behind `IN_WORDS`, what
the chart was told it does not get behind `UNTOLD`."""

NOTHING: Final[Values] = MappingProxyType({})
IN_WORDS: Final = "text:"
"""First letters of the key of a statement; its value is the text, its unit empty."""


UNTOLD: Final = "untold:"
"""First letters of the key of what a chart was told it does not get: reason and identity follow.

The value is how many numbers of that identity the report has, read or not; the unit is empty.
"""


@dataclass(frozen=True, slots=True)
class NewValues:
    """Which measurements and statements of a report are to be sent.

    ``untold`` says that the chart does not know yet of something it does not get.
    """

    revision: Revision
    indices: tuple[int, ...]
    """Indices into the report's measurements."""
    before: Mapping[int, SentValue]
    """What was sent before instead of a measurement, by index."""
    statements: tuple[int, ...] = ()
    """Indices into the report's statements."""
    statements_before: Mapping[int, str] = field(default_factory=dict)
    """The text that was sent before instead of a statement, by index."""
    untold: bool = False
    overtaken: Mapping[int, SentValue] = field(default_factory=dict)
    """What counts instead of a measurement that is not sent, by index: of a newer report."""

    @property
    def is_any(self) -> bool:
        """Return whether there is anything to send."""
        return bool(self.indices or self.statements or self.untold or self.overtaken)


def values_of(report: Report) -> Values:
    """Return the values and statements of a report, and what it does not tell."""
    values = {one.id: _sent(one) for one in report.measurements}
    values |= {_key(one): SentValue(one.value, "") for one in report.statements}
    return values | untold_of(report)


def untold_of(report: Report) -> dict[str, SentValue]:
    """Return what the chart is told that it does not get of a report."""
    told = Counter(one.identity for one in report.measurements)
    found: dict[str, SentValue] = {}
    for reason, numbers in untold_reasons(report).items():
        if not numbers:
            found |= untold(reason)
        for identity, count in Counter(one.measurement.identity for one in numbers).items():
            key = f"{UNTOLD}{reason}:{digest(*identity)}"
            found[key] = SentValue(str(count + told[identity]), "")
    return found


def untold(reason: str) -> Values:
    """Return what is remembered where a chart is told that it gets nothing of a whole report."""
    return {f"{UNTOLD}{reason}": SentValue("1", "")}


def is_made_up_for(before: Values, report: Report) -> bool:
    """Return whether ``report`` has the numbers that could not be read when ``before`` was sent.

    Where all of those could be read, the impossible ones. Of repeats there are as many as then, or
    one that the device chose or computed.
    """
    wanted = _missing_in(before, LOST) or _missing_in(before, IMPOSSIBLE)
    has = Counter(digest(*one.identity) for one in report.measurements)
    settled = {digest(*one.identity) for one in report.measurements if one.precedence < REPEAT}
    return bool(wanted) and all(
        identity in settled or has[identity] >= count for identity, count in wanted.items()
    )


def _missing_in(before: Values, reason: str) -> dict[str, int]:
    """Return identities of what is missing for a reason, and how many numbers there were."""
    prefix = f"{UNTOLD}{reason}:"
    return {
        key.removeprefix(prefix): int(sent.value)
        for key, sent in before.items()
        if key.startswith(prefix)
    }


def _key(one: ReportStatement) -> str:
    return f"{IN_WORDS}{one.id}"


def count_of(values: Values) -> int:
    """Return how many numbers there are."""
    return sum(not key.startswith((IN_WORDS, UNTOLD)) for key in values)


def _sent(one: Measurement) -> SentValue:
    return SentValue(plain(one.value.normalize()), one.unit)


def news_of(
    known: Values, report: Report, later: Values = NOTHING, *, follows: bool = True
) -> NewValues:
    """Return what ``report`` says that is not ``known``.

    ``later`` is what of it reports say that the device made after this one: that counts, whenever
    this one comes.
    ``follows`` says whether what is known was sent before this report came. Of reports that came
    together the second supplements the first only if it says some of it again.
    """
    rows = [(index, one.id, _sent(one)) for index, one in enumerate(report.measurements)]
    other = [(index, key) for index, key, sent in rows if not _is_same(known.get(key), sent)]
    new = [(index, known.get(key)) for index, key in other if key not in later]
    before = {index: sent for index, sent in new if sent is not None}
    said = {index: known.get(_key(one)) for index, one in enumerate(report.statements)}
    stated = [
        index
        for index, sent in said.items()
        if (sent is None or sent.value != report.statements[index].value)
        and _key(report.statements[index]) not in later
    ]
    stated_before = {index: sent.value for index in stated if (sent := said[index]) is not None}
    left_out = untold_of(report)
    revision = Revision.FIRST
    if known and (follows or not known.keys().isdisjoint(values_of(report).keys() - left_out)):
        changed = before or stated_before
        revision = Revision.CORRECTION if changed else Revision.SUPPLEMENT
    indices = tuple(index for index, _ in new)
    return NewValues(
        revision,
        indices,
        before,
        tuple(stated),
        stated_before,
        untold=any(not _is_told(known.get(key), sent) for key, sent in left_out.items()),
        overtaken={index: later[key] for index, key in other if key in later},
    )


def _is_told(before: SentValue | None, now: SentValue) -> bool:
    return before is not None and int(before.value) >= int(now.value)


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
