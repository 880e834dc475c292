"""What queries need of the index; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import SHOWN
from gdtbridge.archive.heads import KEYWORDS
from gdtbridge.database import Connection
from gdtbridge.exams.model import Exam
from gdtbridge.exams.store import EXAM_COLUMNS, exam_from
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people.folding import LONGEST_KEY, after, sought_keys
from gdtbridge.schema import (
    claim,
    exam,
    exam_event,
    exam_result,
    instance,
    instance_head,
    study_name,
)

PAGE: Final = 128
"""Exams looked at together."""
_MOST_WORDS: Final = 8
"""Words of a name that are looked up; the others are compared."""
_LAST: Final = "\U0010ffff"
_SHOWN: Final = instance.c.standing.in_(SHOWN)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which exams can match a query at all; what is empty or None narrows nothing.

    ``days`` are first and last (YYYYMMDD, either may be empty), ``name`` is the beginning of a key
    of `study_name`, and ``words`` are those of a name one may have instead (`sought_words`).
    ``changed_since`` is since when something came or was decided (UTC seconds).
    """

    studies: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    accessions: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    days: tuple[str, str] | None = None
    name: str = ""
    words: tuple[str, ...] = ()
    changed_since: float | None = None


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as the index lists it; ``head`` has what it says, by DICOM keyword."""

    instance_id: int
    exam_id: int
    claim_id: int
    SOPInstanceUID: str
    SOPClassUID: str
    SeriesInstanceUID: str
    TransferSyntaxUID: str
    file: str
    """Relative to the archive folder."""
    PatientID: str
    """As the device said it, whatever the number became since."""
    head: Mapping[str, str]
    sha256: str
    """Of the dataset's bytes."""


@dataclass(frozen=True, slots=True)
class StoredHead:
    """What reading an object's file needs, and what names its bytes; ``file`` as above."""

    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    sha256: str
    file: str
    Manufacturer: str


def exams_to_look_at(
    connection: Connection, narrowing: Narrowing, before: int | None
) -> list[Exam]:
    """Return the newest exams that can match, `PAGE` at most, older than the one ``before``."""
    conditions = list(_conditions(connection, narrowing))
    if before is not None:
        conditions.append(exam.c.id < before)
    query = sa.select(*EXAM_COLUMNS).where(*conditions).order_by(exam.c.id.desc()).limit(PAGE)
    return [exam_from(row) for row in connection.execute(query)]


def _conditions(connection: Connection, narrowing: Narrowing) -> Iterator[sa.ColumnElement[bool]]:
    if narrowing.studies:
        yield exam.c.study_instance_uid.in_(narrowing.studies)
    if narrowing.patients:
        yield exam.c.id.in_(_of_patients(connection, narrowing.patients))
    if narrowing.accessions:
        yield exam.c.id.in_(_of_orders(narrowing.accessions))
    for column, uids in (
        (instance.c.series_instance_uid, narrowing.series),
        (instance.c.sop_instance_uid, narrowing.instances),
    ):
        if uids:
            yield exam.c.id.in_(
                sa.select(claim.c.exam_id)
                .join(instance, instance.c.claim_id == claim.c.id)
                .where(column.in_(uids))
            )
    if narrowing.days is not None:
        first, last = narrowing.days
        days = claim.c.study_date.between(first or "0", last or "9" * 8)
        yield exam.c.id.in_(sa.select(claim.c.exam_id).where(days))
    if narrowing.changed_since is not None:
        yield exam.c.id.in_(_changed(narrowing.changed_since))
    if narrowing.name:
        yield exam.c.id.in_(_named(narrowing.name, narrowing.words))


def _named(name: str, words: Sequence[str]) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    found = sa.select(study_name.c.exam_id)
    literally = found.where(_begins(name))
    if not words:
        return literally
    each = sa.intersect(*(found.where(_has(word)) for word in words[:_MOST_WORDS])).subquery()
    return sa.union(literally, sa.select(each.c.exam_id))


def _has(word: str) -> sa.ColumnElement[bool]:
    """Return what finds the keys that begin with a word, or that are its sound."""
    beginning, sound = sought_keys(word)
    key = study_name.c.key
    begins = sa.and_(key >= beginning, key < after(beginning))
    return sa.or_(begins, key == sound) if sound else begins


def _begins(name: str) -> sa.ColumnElement[bool]:
    """Return what finds the keys that begin like ``name``; empty components at the end say nothing.

    So a key without them is found, too: of `MÜLLER^` there are `MÜLLER` and `MÜLLER^EVA`, but not
    `MÜLLERS`.
    """
    key, first = study_name.c.key, name[:LONGEST_KEY]
    begins = key.between(first, first + _LAST)
    bare = first.rstrip("^")
    return begins if bare == first else sa.or_(begins, key == bare)


def _changed(since: float) -> sa.CompoundSelect[Any]:
    return sa.union(
        sa.select(exam.c.id).where(exam.c.last_instance_at >= since),
        sa.select(exam_event.c.exam_id).where(exam_event.c.at >= since),
    )


def _of_patients(connection: Connection, numbers: Sequence[str]) -> sa.CompoundSelect[Any]:
    moves = moves_of(connection, numbers)
    all_of = sorted({one for number in numbers for one in (number, *moves.all_of(number))})
    return sa.union(
        *(
            sa.select(claim.c.exam_id).where(column.in_(all_of))
            for column in (claim.c.patient_id, claim.c.number)
        )
    )


def _of_orders(accessions: Sequence[str]) -> sa.CompoundSelect[Any]:
    return sa.union(
        sa.select(claim.c.exam_id).where(claim.c.accession_number.in_(accessions)),
        sa.select(exam_result.c.exam_id).where(exam_result.c.accession_number.in_(accessions)),
    )


def syntaxes_of(connection: Connection, sop_class: str) -> list[str]:
    """Return the transfer syntaxes of all that was received of a SOP class.

    One look into an index for each: the cost does not grow with what is stored.
    """
    found: list[str] = []
    while True:
        further = sa.select(sa.func.min(instance.c.transfer_syntax_uid)).where(
            instance.c.sop_class_uid == sop_class,
            instance.c.transfer_syntax_uid > (found[-1] if found else ""),
        )
        syntax = connection.execute(further).scalar()
        if syntax is None:
            return found
        found.append(str(syntax))


def objects_of(connection: Connection, exam_ids: Iterable[int]) -> list[ListedObject]:
    """Return the objects that count of some exams, in the order received."""
    heads = [instance_head.c[name] for name in KEYWORDS]
    query = (
        sa.select(
            instance.c.id,
            claim.c.exam_id,
            claim.c.id,
            instance.c.sop_instance_uid,
            instance.c.sop_class_uid,
            instance.c.series_instance_uid,
            instance.c.transfer_syntax_uid,
            instance.c.file,
            claim.c.patient_id,
            instance.c.sha256,
            *heads,
        )
        .join(claim, claim.c.id == instance.c.claim_id)
        .outerjoin(instance_head, instance_head.c.instance_id == instance.c.id)
        .where(claim.c.exam_id.in_(list(exam_ids)), _SHOWN)
        .order_by(instance.c.id)
    )
    return [_object(tuple(row)) for row in connection.execute(query)]


def _object(row: tuple[Any, ...]) -> ListedObject:
    number, exam_id, claim_id, uid, sop_class, series, syntax, file, patient, sha256, *said = row
    head = dict(zip(KEYWORDS.values(), (text or "" for text in said), strict=True))
    return ListedObject(
        number, exam_id, claim_id, uid, sop_class, series, syntax, file, patient, head, sha256
    )


def heads_of(connection: Connection, numbers: Sequence[int]) -> list[StoredHead]:
    """Return those of some objects that count, by the ids of their instances."""
    query = (
        sa.select(
            instance.c.sop_class_uid,
            instance.c.sop_instance_uid,
            instance.c.transfer_syntax_uid,
            instance.c.sha256,
            instance.c.file,
            sa.func.coalesce(instance_head.c.manufacturer, ""),
        )
        .outerjoin(instance_head, instance_head.c.instance_id == instance.c.id)
        .where(instance.c.id.in_(numbers), _SHOWN)
        .order_by(instance.c.id)
    )
    return [StoredHead(*row) for row in connection.execute(query)]


def versions_of_study(connection: Connection, study: str) -> dict[str, list[tuple[int, str]]]:
    """Return id and standing of each version of a study's objects, by SOP Instance UID."""
    query = sa.select(instance.c.sop_instance_uid, instance.c.id, instance.c.standing).where(
        instance.c.study_instance_uid == study
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for uid, number, standing in connection.execute(query):
        found.setdefault(uid, []).append((number, standing))
    return found
