"""Instances an older program received: whom they name is read from their files once.

Schema 3 kept one patient for each exam. Where it knew that an exam has several, or that an object
was kept aside, only the objects themselves say whose they are.
"""

from __future__ import annotations

import logging

from gdtbridge.archive import Archive, ArchivedInstance, Standing
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import Header, read_header
from gdtbridge.durable.clock import Clock
from gdtbridge.exams import claim_store, intake, store
from gdtbridge.exams.model import Claim, ClaimState, HoldReason

log = logging.getLogger(__name__)


def adopt(database: Database, archive: Archive, clock: Clock) -> int:
    """Enter whom instances name that an older program left open; return how many there were.

    A file that cannot be read is taken for one of the exam's first patient. What names somebody
    else than was reported is held.
    """
    with database.read() as connection:
        waiting = archive.unclaimed(connection)
    if not waiting:
        return 0
    for one in waiting:
        try:
            header = read_header(one.path, one.transfer_syntax_uid)
        except (OSError, DatasetError):
            log.warning("instance %d cannot be read: it stays with its exam", one.id)
            header = None
        with database.write() as connection:
            _adopt(connection, archive, one, header, clock.utc())
    with database.write() as connection:
        claim_store.forget_empty_claims(connection)
    log.info("%d instances of an older program were entered anew", len(waiting))
    return len(waiting)


def _adopt(
    connection: Connection,
    archive: Archive,
    one: ArchivedInstance,
    header: Header | None,
    now: float,
) -> None:
    study = archive.study_of(connection, one.id)
    if not study and header is not None:
        study = intake.study_of(one.sop_instance_uid, header)
    exam = store.find_exam(connection, study)
    if exam is None:
        log.warning("instance %d has no exam", one.id)
        return
    claims = claim_store.claims_of(connection, exam.id)
    claim = claims[0] if header is None else intake.claim(connection, exam.id, header, now)
    archive.assign(connection, one.id, claim.id)
    if claim.id not in {known.id for known in claims}:
        _stand_as_before(connection, claim, claims)
    if one.standing is Standing.UNCOMPARED:
        store.wake(connection, [exam.id], now)


def _stand_as_before(connection: Connection, claim: Claim, claims: list[Claim]) -> None:
    """Let a claim that was part of an older claim stand where that one stands."""
    same = [one for one in claims if one.person == claim.person and not one.waits]
    if same:
        values = {"number": same[0].number, "order_number": same[0].order_number}
        claim_store.update_claims(connection, [claim.id], state=ClaimState.SETTLED, **values)
    elif any(not one.waits for one in claims) or any(one.held_because for one in claims):
        reason = HoldReason.SEVERAL_PATIENTS
        claim_store.update_claims(
            connection, [claim.id], state=ClaimState.HELD, held_because=reason
        )
