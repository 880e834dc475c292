"""What is asked to know whether objects have arrived; every call works inside a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.forward.model import CopyState
from gdtbridge.forward.rules import ForwardFacts
from gdtbridge.outbox.model import OPEN
from gdtbridge.schema import claim, exam, instance, instance_head, outbox
from gdtbridge.schema import forward_copy as table

_AT_ONCE: Final = 500
"""Ids named in one statement."""


@dataclass(frozen=True, slots=True)
class KeptObject:
    """An object with what says whether it is to go anywhere; ``is_due``: its exam is looked at."""

    instance_id: int
    exam_id: int
    facts: ForwardFacts
    standing: str
    claim_state: str
    is_due: bool


def kept_objects(connection: Connection, instances: Iterable[int]) -> list[KeptObject]:
    """Return instances that belong to an exam."""
    query = (
        sa.select(
            instance.c.id,
            claim.c.exam_id,
            instance.c.calling_aet,
            instance.c.called_aet,
            sa.func.coalesce(instance_head.c.modality, ""),
            instance.c.sop_class_uid,
            instance.c.standing,
            claim.c.state,
            exam.c.due_at.is_not(None),
        )
        .join(claim, claim.c.id == instance.c.claim_id)
        .join(exam, exam.c.id == claim.c.exam_id)
        .outerjoin(instance_head, instance_head.c.instance_id == instance.c.id)
    )
    return [
        KeptObject(number, exam_id, ForwardFacts(*facts), standing, state, bool(due))
        for part in _parts(instances)
        for number, exam_id, *facts, standing, state, due in connection.execute(
            query.where(instance.c.id.in_(part))
        )
    ]


def states_of(connection: Connection, instances: Iterable[int]) -> dict[tuple[int, str], CopyState]:
    """Return the states of the copies of instances, by instance and archive."""
    query = sa.select(table.c.instance_id, table.c.destination, table.c.state)
    return {
        (number, to): CopyState(state)
        for part in _parts(instances)
        for number, to, state in connection.execute(query.where(table.c.instance_id.in_(part)))
    }


def exams_under_way(
    connection: Connection, destination: str, exam_ids: Collection[int]
) -> frozenset[int]:
    """Return those of some exams a message for a destination of the outbox waits for."""
    if not exam_ids:
        return frozenset()
    query = sa.select(outbox.c.payload)
    here = outbox.c.destination == destination, outbox.c.state.in_(OPEN)
    found = connection.execute(query.where(*here)).scalars()
    return frozenset(int(bytes(one).split()[0]) for one in found) & frozenset(exam_ids)


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while part := list(islice(rest, _AT_ONCE)):
        yield part
