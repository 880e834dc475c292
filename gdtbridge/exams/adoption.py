"""Instances an older program received: whom they name is read from their files once.

Schema 3 kept one patient for each exam. Where it knew that an exam has several, or that an object
was kept aside, only the objects themselves say whose they are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gdtbridge.archive import Archive, ArchivedInstance, Standing
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import Header, read_header
from gdtbridge.durable.clock import Clock
from gdtbridge.exams import claim_store, intake, store
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, ClaimState, Exam, ExamState

log = logging.getLogger(__name__)


def adopt(database: Database, archive: Archive, clock: Clock) -> int:
    """Enter whom instances name that an older program left open; return how many there were.

    A file that cannot be read is taken for one of the exam's first patient. What names somebody
    else than was reported is held. Each exam is entered in one transaction: after a crash the rest
    is read again.
    """
    with database.read() as connection:
        waiting = archive.unclaimed(connection)
        studies = {one.id: archive.study_of(connection, one.id) for one in waiting}
    exams: dict[str, list[_Object]] = {}
    for one in waiting:
        study = studies[one.id] or intake.study_alone(one.sop_instance_uid)
        exams.setdefault(study, []).append((one, _header(one)))
    for study, objects in exams.items():
        with database.write() as connection:
            _adopt(connection, archive, study, objects, clock.utc())
    if waiting:
        log.info("%d instances of an older program were entered anew", len(waiting))
    return len(waiting)


_UNDECIDED: Final[Mapping[str, object]] = MappingProxyType(
    {
        "state": ClaimState.OPEN,
        **dict.fromkeys(("held_because", "number", "order_number", "word"), ""),
    }
)
"""Where a claim stands of which nothing is known, by column."""
_Object = tuple[ArchivedInstance, Header | None]
"""An instance, and its header where the file can be read."""


def _header(one: ArchivedInstance) -> Header | None:
    try:
        return read_header(one.path, one.transfer_syntax_uid)
    except (OSError, DatasetError):
        log.warning("instance %d cannot be read: it stays with its exam", one.id)
        return None


def _adopt(
    connection: Connection, archive: Archive, study: str, objects: Sequence[_Object], now: float
) -> None:
    exam = store.find_exam(connection, study)
    if exam is None:
        log.warning("%d instances have no exam", len(objects))
        return
    first = claim_store.claims_of(connection, exam.id)[0]
    claim_store.update_claims(connection, [first.id], **_UNDECIDED)  # what it says groups nobody
    for one, header in objects:
        claim = first if header is None else intake.claim(connection, exam.id, header, now)
        archive.assign(connection, one.id, claim.id)
    _stand_as_before(connection, exam, first)
    claim_store.forget_empty_claims(connection, exam.id)
    if any(one.standing is Standing.UNCOMPARED for one, _ in objects):
        store.wake(connection, [exam.id], now)


def _stand_as_before(connection: Connection, exam: Exam, first: Claim) -> None:
    """Let the claims of an exam stand where the exam stood, as ``first`` says.

    What it was reported or released as is said of those who have that number; without any, of its
    first patient. Nobody else is reported or released with them.
    """
    claims = claim_store.claims_of(connection, exam.id)
    said = first.number or first.word
    named = (one.person for one in claims if said and one.patient_id == said)
    meant = next(named, next(one.person for one in claims if one.id == first.id))
    others = _standing_of_others(first)
    for one in claims:
        values = _standing(first) if one.person == meant else others
        claim_store.update_claims(connection, [one.id], **values)
    held = others["state"] is ClaimState.HELD and any(one.person != meant for one in claims)
    if held:
        store.update_exam(connection, exam.id, state=ExamState.HELD)


def _standing(first: Claim) -> dict[str, object]:
    return {name: getattr(first, name) for name in _UNDECIDED}


def _standing_of_others(first: Claim) -> dict[str, object]:
    reported = first.state is ClaimState.SETTLED
    reason = HoldReason.AFTER_REPORT if reported else HoldReason.SEVERAL_PATIENTS
    state = ClaimState.OPEN if first.state is ClaimState.OPEN else ClaimState.HELD
    held_because = reason if state is ClaimState.HELD else ""
    return {**_UNDECIDED, "state": state, "held_because": held_because}
