"""Reports that replace earlier ones (Predecessor Documents Sequence, PS3.3 C.17.2.3).

What a later report tells again counts there alone. What it does not tell counts as it was told, for
devices also send reports in parts: a later one takes nothing back (`gdtbridge.results.revision`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.write.results import Revision
from gdtbridge.results.message_keys import digest
from gdtbridge.results.revision import NewValues, Values, news_of, values_of
from gdtbridge.sr import Measurement, Report
from gdtbridge.sr.model import ReportStatement

STATUSES: Final[Mapping[Revision, str]] = MappingProxyType(
    {Revision.FIRST: "final", Revision.SUPPLEMENT: "appended", Revision.CORRECTION: "amended"}
)
"""What a report is to the one it replaces, as diagnostic-report-status.

Whether the earlier one was wrong (``corrected``) no device says.
"""
WITHDRAWN: Final = "entered-in-error"
"""Status of what is told elsewhere now: R4 has none for what was replaced."""


def value_key(one: Measurement) -> str:
    """Return what names a value in every report of an exam."""
    return f"value:{one.id}"


def statement_key(one: ReportStatement) -> str:
    """Return what names a statement in every report of an exam."""
    return f"statement:{one.id}"


QUANTITY: Final = "quantity:"
"""First letters of the key of a quantity, which is no id of an Observation."""


def quantity_key(one: Measurement) -> str:
    """Return what names all readings of one thing, also one whose number cannot be read."""
    return f"{QUANTITY}{digest(*one.identity)}"


@dataclass(frozen=True, slots=True)
class Succession:
    """What a report is to the others of its exam that are in the same chart.

    ``status`` is its diagnostic-report-status. ``changed`` are keys of what was told otherwise
    before, ``again`` of what later reports tell anew. ``replaced`` are by key the UIDs of the
    reports that told it before, ``replaces`` those of which nothing counts any more.
    """

    status: str = "final"
    changed: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()
    replaced: Mapping[str, Sequence[str]] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()

    def status_of(self, key: str) -> str:
        """Return the observation-status of what a key names."""
        if key in self.again:
            return WITHDRAWN
        return "amended" if key in self.changed else "final"


NO_SUCCESSION: Final = Succession()


def successions(reports: Mapping[str, Report]) -> Mapping[str, Succession]:
    """Return what reports, by SOP Instance UID in the order received, are to each other.

    Those of a circle, in which each would replace itself, replace nothing.
    """
    named = {uid: list(_earlier(uid, reports)) for uid in reports}
    before = {
        uid: [other for other in reversed(named[uid]) if uid not in named[other]] for uid in reports
    }
    if not any(before.values()):
        return dict.fromkeys(reports, NO_SUCCESSION)
    keys = {uid: frozenset(_keys(report)) for uid, report in reports.items()}
    again: dict[str, frozenset[str]] = {}
    for uid, others in before.items():
        told = keys[uid] | {*map(quantity_key, reports[uid].measurements)}
        again |= {other: again.get(other, told) | told for other in others}
    gone = {uid for uid, told in again.items() if keys[uid] <= told}
    found = {}
    for uid, report in reports.items():
        news = news_of(_known(reports[other] for other in before[uid]), report)
        found[uid] = Succession(
            status=WITHDRAWN if uid in gone else _status(news),
            changed=frozenset(_changed(report, news)),
            again=again.get(uid, frozenset()),
            replaced={
                key: [other for other in before[uid] if key in keys[other]] for key in keys[uid]
            },
            replaces=tuple(other for other in before[uid] if other in gone),
        )
    return found


def _earlier(uid: str, reports: Mapping[str, Report]) -> Iterator[str]:
    """Yield the reports one names, then those that these name, and so on; each once."""
    seen: set[str] = set()
    waiting = deque([uid])
    while waiting:
        for one in reports[waiting.popleft()].predecessors:
            if one in reports and one not in seen:
                seen.add(one)
                waiting.append(one)
                yield one


def _known(reports: Iterable[Report]) -> Values:
    """Return what reports told, the last one what counts."""
    known: Values = {}
    for one in reports:
        known = {**known, **values_of(one)}
    return known


def _status(news: NewValues) -> str:
    return STATUSES[news.revision if news.is_any else Revision.FIRST]


def _keys(report: Report) -> Iterator[str]:
    """Yield the keys of all that a report tells."""
    yield from map(value_key, report.measurements)
    yield from (quantity_key(one.measurement) for one in report.lost)
    yield from map(statement_key, report.statements)


def _changed(report: Report, news: NewValues) -> Iterator[str]:
    yield from (value_key(report.measurements[index]) for index in news.before)
    yield from (statement_key(report.statements[index]) for index in news.statements_before)
