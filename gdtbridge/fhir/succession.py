"""Reports of an exam of which a later one tells again what an earlier one told.

What a later report tells again counts there alone, and which is later is said as for the chart
(`gdtbridge.archive.heads.made_at`). What it does not tell counts as it was told, for devices also
send reports in parts: a later one takes nothing back (`gdtbridge.results.revision`).
"""

from __future__ import annotations

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
    """Return what reports of an exam for one order are to each other.

    They are by SOP Instance UID, what the device made first, first.
    """
    keys = {uid: frozenset(_keys(report)) for uid, report in reports.items()}
    told = {
        uid: keys[uid] | {*map(quantity_key, report.measurements)}
        for uid, report in reports.items()
    }
    before: dict[str, list[str]] = {}
    for uid in reports:
        before[uid] = [other for other in before if not told[uid].isdisjoint(keys[other])]
    if not any(before.values()):
        return dict.fromkeys(reports, NO_SUCCESSION)
    again: dict[str, frozenset[str]] = {}
    for uid, others in before.items():
        again |= {other: again.get(other, told[uid]) | told[uid] for other in others}
    gone = {uid for uid, anew in again.items() if keys[uid] <= anew}
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
