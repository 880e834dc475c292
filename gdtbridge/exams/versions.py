"""Objects that come again with other bytes: the same by meaning, another content, or a correction.

A device that sends an object again in another transfer syntax says nothing new. One that sends
other content under the same UID means the new one: what was sent last replaces the others of the
same person. Where they name two, each counts for whom it names, and a person has to decide.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from gdtbridge.archive import Archive, ArchivedInstance, Standing
from gdtbridge.database import Connection
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.meaning import ObjectMeaning, mean_the_same, meaning_of
from gdtbridge.exams import claim_store, history_store, report_store
from gdtbridge.exams.model import Claim, EventKind, Exam, ExamEvent
from gdtbridge.sr import is_report

log = logging.getLogger(__name__)


def compare(versions: Sequence[ArchivedInstance]) -> dict[int, int | None]:
    """Return for each version not compared yet the id of an older one that means the same.

    None where it says something else, or cannot be understood. Reads files, so call it outside of a
    transaction.
    """
    meanings: dict[int, ObjectMeaning | None] = {}
    found: dict[int, int | None] = {}
    for one in versions:
        if one.standing is not Standing.UNCOMPARED:
            continue
        others = [
            other
            for other in versions
            if other.sop_instance_uid == one.sop_instance_uid
            and other.id != one.id
            and other.standing is not Standing.UNCOMPARED
        ]
        mine = _meaning(one, meanings)
        same = (other.id for other in others if _same(mine, _meaning(other, meanings)))
        found[one.id] = next(same, None)
    return found


def _meaning(one: ArchivedInstance, known: dict[int, ObjectMeaning | None]) -> ObjectMeaning | None:
    if one.id not in known:
        try:
            known[one.id] = meaning_of(one.path, one.transfer_syntax_uid)
        except (OSError, DatasetError):
            log.warning("instance %d cannot be compared: it counts as other content", one.id)
            known[one.id] = None
    return known[one.id]


def _same(one: ObjectMeaning | None, other: ObjectMeaning | None) -> bool:
    return one is not None and other is not None and mean_the_same(one, other)


def settle(
    connection: Connection,
    archive: Archive,
    exam: Exam,
    compared: Mapping[int, int | None],
    now: float,
) -> None:
    """Let each compared version count or not; within the caller's write transaction."""
    claims = {one.id: one for one in claim_store.claims_of(connection, exam.id)}
    counting: dict[str, list[ArchivedInstance]] = {}
    uncompared: list[ArchivedInstance] = []
    for one in archive.versions_of(connection, claims):
        if one.standing is Standing.CURRENT:
            counting.setdefault(one.sop_instance_uid, []).append(one)
        elif one.standing is Standing.UNCOMPARED and one.id in compared:
            uncompared.append(one)  # else somebody was quicker
    for one in sorted(uncompared, key=lambda version: version.last_sent):
        rivals = counting.setdefault(one.sop_instance_uid, [])
        if any(rival.id == compared[one.id] for rival in rivals):
            archive.set_standing(connection, one.id, Standing.REPEATED)
            continue
        if any(_replaces(rival, one, claims) for rival in rivals):
            archive.set_standing(connection, one.id, Standing.SUPERSEDED)
            continue
        replaced = _replace(connection, archive, exam, (one, rivals), claims, now)
        counting[one.sop_instance_uid] = [*(v for v in rivals if v not in replaced), one]


def _replace(
    connection: Connection,
    archive: Archive,
    exam: Exam,
    versions: tuple[ArchivedInstance, Sequence[ArchivedInstance]],
    claims: Mapping[int, Claim],
    now: float,
) -> list[ArchivedInstance]:
    """Let a version count instead of those of the same person; return them."""
    one, counting = versions
    person = _person(one, claims)
    archive.set_standing(connection, one.id, Standing.CURRENT)
    archive.tell(connection, [one.id], told=False)
    if is_report(one.sop_class_uid):
        report_store.want_report(connection, exam.id, one.id, one.sop_instance_uid)
    same_person = [v for v in counting if _person(v, claims) == person]
    for before in same_person:
        archive.set_standing(connection, before.id, Standing.SUPERSEDED)
        report_store.replace_report(connection, before.id)
    detail: dict[str, object] = {
        "sop_instance_uid": one.sop_instance_uid,
        "same_person": bool(same_person),
    }
    event = ExamEvent(now, "", EventKind.REPLACED, person, detail)
    history_store.note_event(connection, exam.id, event)
    log.info("exam %d: instance %d has other content than before", exam.id, one.id)
    return same_person


def _replaces(one: ArchivedInstance, other: ArchivedInstance, claims: Mapping[int, Claim]) -> bool:
    """Return whether a version came again after another one of the same person."""
    return one.last_sent > other.last_sent and _person(one, claims) == _person(other, claims)


def _person(one: ArchivedInstance, claims: Mapping[int, Claim]) -> int:
    claim = claims.get(one.claim_id or 0)
    return claim.person if claim is not None else 0
