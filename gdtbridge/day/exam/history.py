"""What happened to an exam, from everything that was noted of it, as codes with their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from gdtbridge.day.exam.model import ExamHistoryCode, HistoryEntry
from gdtbridge.day.linking import LineFacts
from gdtbridge.day.model import ShownDevice
from gdtbridge.exams.model import EventKind, ExamEvent
from gdtbridge.exams.steps import StepState
from gdtbridge.queries.sight import EntrySight

PAUSE_SECONDS: Final = 600.0
"""Objects that come so long after the last one are told by themselves."""
NameOf = Callable[[str], ShownDevice]
"""Returns the device of an AE title as it is shown."""


def history_of(
    lines: Sequence[LineFacts],
    objects: Sequence[tuple[float, bool, str]],
    events: Iterable[ExamEvent],
    copies: Iterable[Any],
    recalled: Iterable[float],
    seen: Iterable[EntrySight],
    name_of: NameOf,
) -> tuple[HistoryEntry, ...]:
    """Return what happened to an exam, the oldest first.

    ``objects`` are time of receipt, whether it is a report, and calling AE title; ``recalled`` are
    the times at which files were taken back out of a folder. Times are UTC in seconds.
    """
    found = [
        *_of_orders(lines),
        *_of_sights(seen, name_of),
        *_of_steps(lines, name_of),
        *_of_objects(objects, name_of),
        *_of_events(events),
        *_of_deliveries(lines, recalled),
        *_of_copies(copies),
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _of_orders(lines: Iterable[LineFacts]) -> Iterator[HistoryEntry]:
    for line in lines:
        if line.order is not None:
            code = ExamHistoryCode.ORDERED
            detail = line.order.accession_number
            yield HistoryEntry(at=line.order.ordered_at, code=code, detail=detail)


def _of_sights(seen: Iterable[EntrySight], name_of: NameOf) -> Iterator[HistoryEntry]:
    for one in seen:
        if one.at is not None:
            device = name_of(one.device)
            yield HistoryEntry(at=one.at, code=ExamHistoryCode.SEEN, device=device)


def _of_steps(lines: Iterable[LineFacts], name_of: NameOf) -> Iterator[HistoryEntry]:
    for step in (one.step for line in lines for one in line.steps):
        device = name_of(step.device)
        yield HistoryEntry(at=step.began_at, code=ExamHistoryCode.BEGUN, device=device)
        if step.ended_at is None:
            continue
        is_over = step.state is StepState.COMPLETED
        code = ExamHistoryCode.ENDED if is_over else ExamHistoryCode.BROKEN_OFF
        told = step.reason or step.reason_code
        yield HistoryEntry(at=step.ended_at, code=code, device=device, detail=told)


def _of_objects(
    objects: Sequence[tuple[float, bool, str]], name_of: NameOf
) -> Iterator[HistoryEntry]:
    """Yield an entry for each group of objects that came together."""
    groups: list[list[tuple[float, bool, str]]] = []
    for one in sorted(objects):
        if groups and one[0] - groups[-1][-1][0] <= PAUSE_SECONDS and one[2] == groups[-1][-1][2]:
            groups[-1].append(one)
        else:
            groups.append([one])
    for group in groups:
        reports = sum(is_report for _, is_report, _ in group)
        yield HistoryEntry(
            at=group[-1][0],
            code=ExamHistoryCode.RECEIVED,
            pictures=len(group) - reports,
            reports=reports,
            device=name_of(group[0][2]) if group[0][2] else None,
        )


def _of_events(events: Iterable[ExamEvent]) -> Iterator[HistoryEntry]:
    """Yield what somebody, or the decision table, did; the same decision again is told once."""
    last = ""
    for one in events:
        code, detail = _told(one)
        if one.what is EventKind.DECIDED and f"{code}{detail}{one.person}" == last:
            continue
        last = f"{code}{detail}{one.person}" if one.what is EventKind.DECIDED else ""
        yield HistoryEntry(at=one.at, code=code, who=one.who, detail=detail)


def _told(event: ExamEvent) -> tuple[ExamHistoryCode, str]:
    said = {name: str(value) for name, value in event.detail.items() if isinstance(value, str)}
    if event.what is EventKind.DECIDED:
        if reason := said.get("reason", ""):
            return ExamHistoryCode.HELD, reason
        return ExamHistoryCode.SENT, said.get("number", "")
    detail = next((said[name] for name in ("number", "reason", "new") if said.get(name)), "")
    return ExamHistoryCode(event.what), detail


def _of_deliveries(lines: Iterable[LineFacts], recalled: Iterable[float]) -> Iterator[HistoryEntry]:
    """Yield when records were put down, collected and taken back, those of one moment together."""
    records = {
        one.key: one for line in lines for part in line.parts for one in part.facts.deliveries
    }
    for code, moments in (
        (ExamHistoryCode.DELIVERED, [one.delivered_at for one in records.values()]),
        (ExamHistoryCode.COLLECTED, [one.collected_at for one in records.values()]),
        (ExamHistoryCode.RECALLED, list(recalled)),
    ):
        known = sorted(one for one in moments if one is not None)
        for _, group in groupby(known, key=lambda at: int(at // 60)):
            yield HistoryEntry(at=list(group)[-1], code=code)


def _of_copies(copies: Iterable[Any]) -> Iterator[HistoryEntry]:
    """Yield that an archive has all the objects, and that it confirmed them."""
    for destination, count, sent, sent_at, confirmed, confirmed_at in copies:
        if sent == count and sent_at is not None:
            code = ExamHistoryCode.ARCHIVED
            yield HistoryEntry(at=sent_at, code=code, detail=destination)
        if confirmed == count and confirmed_at is not None:
            code = ExamHistoryCode.CONFIRMED
            yield HistoryEntry(at=confirmed_at, code=code, detail=destination)
