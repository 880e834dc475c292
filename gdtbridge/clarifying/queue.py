"""What waits for a person, in lines: held exams first, then everything else of `attention`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gdtbridge.attention import Attention, AttentionItem, AttentionLevel
from gdtbridge.clarifying.looking import key_of
from gdtbridge.clarifying.model import ClarifyingLine, DecidedExam
from gdtbridge.clarifying.reasons import HELD_KINDS, REASONS, ReasonView
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound
from gdtbridge.exams import claim_store, history_store, store
from gdtbridge.exams.held import asks
from gdtbridge.exams.history import DECIDES, DECIDES_NOTHING
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, ClaimState, Exam, claims_by_person
from gdtbridge.people import Patient

MOST: Final = 1000
"""Held exams that are listed, the newest."""
PAGE: Final = 50
"""Lines of a page."""
NOT_WAITING: Final = "Das wartet nicht mehr. / This does not wait any more."


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A part of what waits, and how much there is in all."""

    lines: tuple[ClarifyingLine, ...]
    first: int
    """How many lines stand before."""
    total: int
    exams: int
    """How many exams are held."""
    decisions: int
    """How much a person has to decide or see to here, those exams among it."""

    def line(self, key: str) -> ClarifyingLine:
        """Return one line; raise `NotFound` where it is none of them."""
        found = next((one for one in self.lines if one.key == key), None)
        if found is None:
            raise NotFound(NOT_WAITING)
        return found

    @property
    def previous(self) -> int:
        """Where the page before begins."""
        return max(0, self.first - PAGE)

    @property
    def last(self) -> int:
        """How many lines stand before the next page."""
        return self.first + len(self.lines)


@dataclass(frozen=True, slots=True)
class ClarifyingQueue:
    """Lists what waits for a person; changes nothing."""

    database: Database
    attention: Attention
    clock: Clock

    def lines(self) -> tuple[ClarifyingLine, ...]:
        """Return everything that waits: what has to be decided, then the rest, newest first."""
        return self.page(most=0).lines

    def page(self, first: int = 0, most: int = PAGE, *, about: str = "") -> QueuePage:
        """Return the lines from ``first`` on, or the page with the line ``about``; all for 0.

        Whom an exam names is read for the lines of the page alone.
        """
        items = [_line(item) for item in self.attention.known() if item.code not in HELD_KINDS]
        with self.database.read() as connection:
            exams = store.list_exams(connection, MOST, held=True)
            waiting: list[Exam | ClarifyingLine] = [*exams, *items]
            waiting.sort(key=_rank)
            if about and most:
                keys = (key_of(one.id) if isinstance(one, Exam) else one.key for one in waiting)
                first = next((i for i, key in enumerate(keys) if key == about), 0) // most * most
            shown = waiting[first : first + most] if most else waiting
            held = {one.exam_id: one for one in _held_lines(connection, shown)}
        lines = (held.get(one.id) if isinstance(one, Exam) else one for one in shown)
        return QueuePage(
            tuple(one for one in lines if one is not None),
            first,
            len(waiting),
            len(exams),
            len(exams) + sum(one.reason.view is not ReasonView.NOTICE for one in items),
        )

    def line(self, key: str) -> ClarifyingLine:
        """Return one line; raise `NotFound` where that does not wait any more."""
        return self.page(about=key).line(key)

    def decided_today(self) -> tuple[DecidedExam, ...]:
        """Return what people decided since midnight in the practice, the newest first.

        Of each part the last word counts; what was undone waits again and is not told.
        """
        midnight = self.clock.local().replace(hour=0, minute=0, second=0, microsecond=0)
        since = midnight.timestamp()
        with self.database.read() as connection:
            words = history_store.latest_words(connection, since)
            ids = {exam_id for exam_id, _ in words}
            claims = claim_store.claims_of_exams(connection, ids)
        last = {
            (exam_id, event.person): event
            for exam_id, event in reversed(words)
            if event.what not in DECIDES_NOTHING
        }
        found = (
            DecidedExam(exam_id, event, _patients(claims, exam_id, person))
            for (exam_id, person), event in reversed(last.items())
            if event.what in DECIDES
        )
        return tuple(sorted(found, key=lambda one: -one.event.at))


def _patients(claims: Iterable[Claim], exam_id: int, person: int) -> tuple[Patient, ...]:
    """Return whom the objects of one of an exam's people name, each description once."""
    own = (one for one in claims if one.exam_id == exam_id and person in {0, one.person})
    return tuple(dict.fromkeys(one.patient for one in own))


def _rank(one: Exam | ClarifyingLine) -> tuple[int, float]:
    """Return where something stands: what is to be decided first, the newest first."""
    if isinstance(one, Exam):
        return (0, -one.last_instance_at)
    return ({ReasonView.SEEN: 1, ReasonView.NOTICE: 2}.get(one.reason.view, 0), -one.since)


def _held_lines(
    connection: Connection, waiting: Iterable[Exam | ClarifyingLine]
) -> Iterator[ClarifyingLine]:
    """Yield a line for each exam of which something is held."""
    exams = [one for one in waiting if isinstance(one, Exam)]
    claims = claim_store.claims_of_exams(connection, [one.id for one in exams])
    held = [one for one in claims if one.state is ClaimState.HELD and asks(one)]
    of_exam: dict[int, list[Claim]] = {}
    for one in claim_store.follow(connection, held):
        of_exam.setdefault(one.exam_id, []).append(one)
    for exam in exams:
        if exam.id in of_exam:
            yield _held_line(exam, of_exam[exam.id])


def _held_line(exam: Exam, claims: Iterable[Claim]) -> ClarifyingLine:
    people = claims_by_person(claims)
    first = [of_person[0] for of_person in people.values()]
    several = len(first) > 1
    reasons = {one.held_because for one in first}
    of_report = reasons == {HoldReason.REPORT_OF_OTHER}
    reason = first[0].held_because if of_report or not several else HoldReason.SEVERAL_PATIENTS
    return ClarifyingLine(
        key=key_of(exam.id),
        reason=REASONS[reason],
        level=AttentionLevel.NEEDS_PERSON,
        since=exam.last_instance_at,
        patients=tuple(one.patient for one in first),
        device=exam.device,
        objects=sum(one.instances for of_person in people.values() for one in of_person),
        exam_id=exam.id,
        person=0 if several else first[0].person,
    )


def _line(item: AttentionItem) -> ClarifyingLine:
    return ClarifyingLine(
        key=item_key(item),
        reason=REASONS[item.code],
        level=item.kind.level,
        since=item.since,
        item=item,
        person=int(item.names.get("person", 0)),
    )


def item_key(item: AttentionItem) -> str:
    """Return what an item is called in a URL: no name, no file."""
    what, _, number = item.subject.partition(":")
    if what in {"question", "object", "step"} and number.isdecimal():
        return f"{what}-{number}"
    said = f"{item.code}\n{item.subject}".encode()
    return f"item-{hashlib.sha256(said).hexdigest()[:16]}"
