"""The GDT records of exams on their way: what became of each in the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.outbox.collection_store import DAYS
from gdtbridge.outbox.model import ALARM_SECONDS, OPEN, UNCOLLECTED_SECONDS, DeliveryState
from gdtbridge.outbox.recall_store import RECALLED_KEY
from gdtbridge.outbox.store import begins
from gdtbridge.results.message_keys import (
    first_key,
    order_of,
    retraction_prefix,
    study_prefix,
    turn_of,
    values_prefix,
)
from gdtbridge.results.routing import destination_of
from gdtbridge.schema import exam, exam_result, outbox, outbox_uncollected, report

MOST_TROUBLED: Final = 500
"""Records that are looked at."""
_GDT: Final = "gdt"
_PARTS_OF_STUDY: Final = 5
"""A study record's key has so many parts; that of a supplement has one more."""


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    """A GDT record of an exam and what became of it; times are UTC in seconds."""

    exam_id: int
    key: str
    destination: str
    state: DeliveryState
    last_error: str
    created_at: float
    delivered_at: float | None
    collected_at: float | None
    """When its file was seen to be gone from the folder."""
    id: int
    name: str
    """File name as proposed; `final_name` may have a number behind it, or be empty as yet."""
    final_name: str

    @property
    def chart(self) -> str:
        """Digest of the patient number (`message_keys.digest`)."""
        return self.key.split(":")[2]

    @property
    def accession_number(self) -> str | None:
        """Number of the order it is for, empty for none; None where its key does not say it."""
        kind, _, _, *rest = self.key.split(":")
        return None if kind == "values" or not rest else order_of(self.key)

    @property
    def is_retraction(self) -> bool:
        """Whether it says that a result does not belong into the chart."""
        return self.key.startswith(retraction_prefix("").rstrip(":"))

    @property
    def turn(self) -> int:
        """How often results of the exam had been taken back from the chart before it was put."""
        return turn_of(self.key)

    @property
    def is_supplement(self) -> bool:
        """Whether it brings what came after the result."""
        parts = self.key.split(":")
        return parts[0] == "study" and len(parts) > _PARTS_OF_STUDY


def deliveries_of(connection: Connection, exam_ids: Iterable[int]) -> list[RecordDelivery]:
    """Return the records of some exams, the oldest first, whatever became of them.

    But for those whose files are taken back, and what is to leave where that comes too late.
    """
    ids = list(exam_ids)
    destinations = _destinations(connection, ids)
    if not destinations:
        return []
    rows = connection.execute(_QUERY, {"exams": ids, "destinations": destinations})
    found = (_delivery(row) for row in rows)
    return sorted(found, key=lambda one: one.created_at)


def last_sendings(records: Iterable[RecordDelivery]) -> list[RecordDelivery]:
    """Return each record as it was sent last: what became of that is what counts."""
    return list({first_key(one.key): one for one in records}.values())


def recalls_of(connection: Connection, study_instance_uid: str) -> list[float]:
    """Return when records of a study were taken back out of their folder (UTC seconds)."""
    ours = begins(f"{RECALLED_KEY}{study_prefix(study_instance_uid)}")
    query = sa.select(outbox.c.recalled_at).where(ours, outbox.c.recalled_at.is_not(None))
    return list(connection.execute(query).scalars())


def exams_in_trouble(connection: Connection, now: float) -> set[int]:
    """Return the exams with a record that has not left for minutes, or lies for a day.

    Of each at most `MOST_TROUBLED`, the newest. ``now`` is UTC seconds.
    """
    here = outbox.c.destination.in_(_all_destinations(connection))
    undelivered = sa.and_(
        here,
        outbox.c.kind == _GDT,
        outbox.c.state.in_((*OPEN, DeliveryState.QUESTION, DeliveryState.FAILED)),
        sa.or_(outbox.c.state.not_in(OPEN), outbox.c.created_at < now - ALARM_SECONDS),
    )
    lying = sa.and_(
        here,
        outbox_uncollected,
        outbox.c.delivered_at < now - UNCOLLECTED_SECONDS,
        outbox.c.delivered_at > now - DAYS * DAY_SECONDS,
    )
    studies: set[str] = set()
    instances: set[int] = set()
    for troubled in (undelivered, lying):
        query = sa.select(outbox.c.key).where(troubled).order_by(outbox.c.id.desc())
        for key in connection.execute(query.limit(MOST_TROUBLED)).scalars():
            kind, subject = key.split(":")[:2]
            if kind == "values":
                instances.add(int(subject))
            else:
                studies.add(subject)
    queries = (
        sa.select(exam.c.id).where(exam.c.study_instance_uid.in_(studies)),
        sa.select(report.c.exam_id).where(report.c.instance_id.in_(instances)),
    )
    return {number for query in queries for number in connection.execute(query).scalars()}


def _all_destinations(connection: Connection) -> list[str]:
    """Return every destination of the outbox, each by one look into an index."""
    found: list[str] = []
    query = sa.select(sa.func.min(outbox.c.destination))
    first = connection.execute(query).scalar()
    while first is not None:
        found.append(first)
        first = connection.execute(query.where(outbox.c.destination > first)).scalar()
    return found


def _destinations(connection: Connection, exam_ids: Sequence[int]) -> list[str]:
    """Return where anything of some exams went."""
    query = sa.select(exam_result.c.route).distinct().where(exam_result.c.exam_id.in_(exam_ids))
    return [destination_of(route) for route in connection.execute(query).scalars()]


def _delivery(row: Sequence[Any]) -> RecordDelivery:
    exam_id, key, destination, state, *rest = row
    return RecordDelivery(exam_id, key, destination, DeliveryState(state), *rest)


def _beginning(prefix: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return whether a key begins with a prefix that ends with a colon: a range of its index."""
    return sa.and_(outbox.c.key >= prefix.concat(":"), outbox.c.key < prefix.concat(";"))


def _records(
    of: sa.FromClause, exam_id: sa.ColumnElement[int], prefix: sa.ColumnElement[str]
) -> sa.Select[Any]:
    return (
        sa.select(
            exam_id,
            outbox.c.key,
            outbox.c.destination,
            outbox.c.state,
            outbox.c.last_error,
            outbox.c.created_at,
            outbox.c.delivered_at,
            outbox.c.collected_at,
            outbox.c.id,
            outbox.c.name,
            outbox.c.final_name,
        )
        .select_from(of.join(outbox, _beginning(prefix)))
        .where(
            exam_id.in_(sa.bindparam("exams", expanding=True)),
            outbox.c.destination.in_(sa.bindparam("destinations", expanding=True)),
            outbox.c.kind == _GDT,
            outbox.c.state != DeliveryState.RESERVED,
        )
    )


def _prefix(written: str, value: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return a prefix of `message_keys`, made of a column instead of a value."""
    before, after = written.split("\0")
    return sa.literal(before).concat(value).concat(after.removesuffix(":"))


_QUERY: Final = sa.union_all(
    *(
        _records(exam, exam.c.id, _prefix(written, exam.c.study_instance_uid))
        for written in (study_prefix("\0"), retraction_prefix("\0"))
    ),
    _records(
        report,
        report.c.exam_id,
        _prefix(values_prefix("\0"), sa.cast(report.c.instance_id, sa.Text)),
    ),
)
