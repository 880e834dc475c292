"""Performed procedure steps in the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import NOT_SENT
from gdtbridge.database import Connection
from gdtbridge.exams.steps.model import PerformedStep, ScheduledStep, StepMessage, StepState
from gdtbridge.schema import (
    claim,
    exam,
    exam_result,
    instance,
    performed_step,
    step_instance,
    step_message,
    step_study,
)
from gdtbridge.statement import InsertStatement, Statement

_STEP: Final = [performed_step.c[field.name] for field in fields(PerformedStep)]
_NAMES: Final = [column.name for column in _STEP]
_OF_STUDY: Final = Statement(
    sa.select(*_STEP)
    .where(
        performed_step.c.id.in_(
            sa.select(step_study.c.step_id).where(
                step_study.c.study_instance_uid == sa.bindparam("study")
            )
        )
    )
    .order_by(performed_step.c.id)
)
_STUDIES: Final = Statement(
    sa.select(step_study.c.study_instance_uid).where(
        step_study.c.step_id == sa.bindparam("step"), step_study.c.study_instance_uid != ""
    )
)
_ANNOUNCING: Final = Statement(
    sa.select(step_instance.c.step_id)
    .distinct()
    .where(step_instance.c.sop_instance_uid == sa.bindparam("uid"))
)
_OF_STEP: Final = step_instance.c.step_id.in_(sa.bindparam("steps", expanding=True))
_ANNOUNCED: Final = Statement(
    sa.select(step_instance.c.step_id, sa.func.count())
    .where(_OF_STEP)
    .group_by(step_instance.c.step_id)
)
_MISSING: Final = Statement(
    sa.select(step_instance.c.step_id, step_instance.c.sop_instance_uid)
    .where(
        _OF_STEP,
        ~sa.exists().where(
            instance.c.sop_instance_uid == step_instance.c.sop_instance_uid,
            instance.c.standing.not_in(NOT_SENT),
        ),
    )
    .order_by(step_instance.c.id)
)
_ENTER: Final = InsertStatement(performed_step)


def _step(row: Sequence[Any]) -> PerformedStep:
    values = dict(zip(_NAMES, row, strict=True))
    return PerformedStep(**{**values, "state": StepState(values["state"])})


def find(connection: Connection, sop_instance_uid: str) -> PerformedStep | None:
    """Return the step with that UID."""
    query = sa.select(*_STEP).where(performed_step.c.sop_instance_uid == sop_instance_uid)
    row = connection.execute(query).first()
    return _step(row) if row is not None else None


def insert(connection: Connection, **values: object) -> int:
    """Enter a new step; return its number."""
    return _ENTER.run(connection, **values)


def update(connection: Connection, step_id: int, **values: object) -> None:
    """Change columns of a step."""
    connection.execute(
        sa.update(performed_step).where(performed_step.c.id == step_id).values(**values)
    )


def keep(connection: Connection, step_id: int, message: StepMessage, now: float) -> None:
    """Keep a message of a step as it came."""
    connection.execute(
        sa.insert(step_message).values(
            step_id=step_id,
            transfer_syntax_uid=message.transfer_syntax_uid,
            content=message.content,
            received_at=now,
        )
    )


def messages_of(connection: Connection, step_id: int) -> list[StepMessage]:
    """Return what came of a step, the N-CREATE first."""
    query = (
        sa.select(step_message.c.content, step_message.c.transfer_syntax_uid)
        .where(step_message.c.step_id == step_id)
        .order_by(step_message.c.id)
    )
    return [StepMessage(*row) for row in connection.execute(query)]


def schedule(connection: Connection, step_id: int, scheduled: Iterable[ScheduledStep]) -> None:
    """Remember for which studies and orders a step is, each once."""
    here = step_study.c.step_id == step_id
    query = sa.select(step_study.c.study_instance_uid, step_study.c.accession_number).where(here)
    known = {ScheduledStep(*row) for row in connection.execute(query)}
    for one in scheduled:
        if one not in known:
            values = {
                "study_instance_uid": one.study_instance_uid,
                "accession_number": one.accession_number,
            }
            connection.execute(sa.insert(step_study).values(step_id=step_id, **values))


def scheduled_as(connection: Connection, step_ids: Iterable[int]) -> list[ScheduledStep]:
    """Return for which studies and orders some steps are."""
    query = (
        sa.select(step_study.c.study_instance_uid, step_study.c.accession_number)
        .where(step_study.c.step_id.in_(list(step_ids)))
        .order_by(step_study.c.id)
    )
    return [ScheduledStep(*row) for row in connection.execute(query)]


def announce(connection: Connection, step_id: int, instances: Iterable[str]) -> None:
    """Let a step announce these instances instead of those before."""
    connection.execute(sa.delete(step_instance).where(step_instance.c.step_id == step_id))
    rows = [{"step_id": step_id, "sop_instance_uid": uid} for uid in instances]
    if rows:
        connection.execute(sa.insert(step_instance), rows)


def studies_of(connection: Connection, step_id: int) -> Sequence[str]:
    """Return the Study Instance UIDs a step is known to be for."""
    return list(dict.fromkeys(_STUDIES.values(connection, step=step_id)))


def of_study(connection: Connection, study_instance_uid: str) -> list[PerformedStep]:
    """Return the steps of a study, oldest first."""
    return [_step(row) for row in _OF_STUDY.rows(connection, study=study_instance_uid)]


def of_device(connection: Connection, device: str, before: float, most: int) -> list[PerformedStep]:
    """Return the newest steps a device began before a moment (UTC seconds), newest first."""
    query = (
        sa.select(*_STEP)
        .where(performed_step.c.device == device, performed_step.c.began_at < before)
        .order_by(performed_step.c.id.desc())
        .limit(most)
    )
    return [_step(row) for row in connection.execute(query)]


def announcing(connection: Connection, sop_instance_uid: str) -> Sequence[int]:
    """Return the ids of the steps that announce an instance."""
    return _ANNOUNCING.values(connection, uid=sop_instance_uid)


def silent(connection: Connection, step_ids: Iterable[int]) -> set[int]:
    """Return those of some steps that announce no instance at all."""
    wanted = list(step_ids)
    return set(wanted) - set(announced(connection, wanted))


def announced(connection: Connection, step_ids: Iterable[int]) -> dict[int, int]:
    """Return how many instances some steps announce; without those that announce none."""
    wanted = list(step_ids)
    rows = _ANNOUNCED.rows(connection, steps=wanted) if wanted else []
    return {one[0]: one[1] for one in rows}


def missing(connection: Connection, step_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Return step and UID of each announced instance of some steps that is not here."""
    wanted = list(step_ids)
    rows = _MISSING.rows(connection, steps=wanted) if wanted else []
    return [(step_id, uid) for step_id, uid in rows]


def studies_of_instances(connection: Connection, step_id: int) -> Sequence[str]:
    """Return the studies of the instances a step announces, as far as they are here."""
    query = (
        sa.select(instance.c.study_instance_uid)
        .distinct()
        .join(step_instance, step_instance.c.sop_instance_uid == instance.c.sop_instance_uid)
        .where(step_instance.c.step_id == step_id, instance.c.standing.not_in(NOT_SENT))
    )
    return connection.execute(query).scalars().all()


def begun_since(connection: Connection, since: float, most: int) -> list[PerformedStep]:
    """Return the newest steps begun since a moment (UTC) that no person has accepted."""
    query = (
        sa.select(*_STEP)
        .where(performed_step.c.began_at >= since, sa.not_(performed_step.c.accepted))
        .order_by(performed_step.c.began_at.desc())
        .limit(most)
    )
    return [_step(row) for row in connection.execute(query)]


def begun_between(
    connection: Connection, begin: float, end: float, most: int
) -> list[PerformedStep]:
    """Return the newest steps begun in a time (UTC seconds), the oldest of them first."""
    query = (
        sa.select(*_STEP)
        .where(performed_step.c.began_at >= begin, performed_step.c.began_at < end)
        .order_by(performed_step.c.began_at.desc())
        .limit(most)
    )
    return [_step(row) for row in connection.execute(query)][::-1]


def scheduled_of(connection: Connection, step_ids: Iterable[int]) -> dict[int, list[ScheduledStep]]:
    """Return for which studies and orders each of some steps is, by step."""
    query = (
        sa.select(
            step_study.c.step_id, step_study.c.study_instance_uid, step_study.c.accession_number
        )
        .where(step_study.c.step_id.in_(list(step_ids)))
        .order_by(step_study.c.id)
    )
    found: dict[int, list[ScheduledStep]] = {}
    for step_id, *said in connection.execute(query):
        found.setdefault(step_id, []).append(ScheduledStep(*said))
    return found


def results_beside(connection: Connection, step_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the patient numbers results of the studies of some steps went to, by step.

    Exams a person said something of are left out, and what was withdrawn.
    """
    said = sa.exists().where(claim.c.exam_id == exam.c.id, claim.c.word != "")
    query = (
        sa.select(step_study.c.step_id, exam_result.c.patient_id)
        .join(exam, exam.c.study_instance_uid == step_study.c.study_instance_uid)
        .join(exam_result, exam_result.c.exam_id == exam.c.id)
        .where(
            step_study.c.step_id.in_(list(step_ids)), exam_result.c.withdrawn_at.is_(None), ~said
        )
    )
    found: dict[int, list[str]] = {}
    for step_id, number in connection.execute(query):
        found.setdefault(step_id, []).append(number)
    return found
