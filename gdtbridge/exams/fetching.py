"""Studies that are being fetched from another archive: what of them arrives is no result.

Who fetches opens a study here before anything is asked for. Whatever process an object reaches, and
whoever dies meanwhile: the transaction of its arrival knows that it was fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import IncomingInstance
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.header import Header
from gdtbridge.dataset.values import folded_title
from gdtbridge.devices import Caller
from gdtbridge.durable.clock import DAY_SECONDS, Clock
from gdtbridge.errors import NotAskedFor
from gdtbridge.schema import awaited_study
from gdtbridge.statement import Statement

AWAITED_SECONDS: Final = 3600.0
"""How long after the last sign of life of who fetches objects may still come of it."""
LATE_SECONDS: Final = 7 * DAY_SECONDS
"""How long what names us the originator of its C-MOVE may: archives with tapes have queues."""
_OF_STUDY: Final = Statement(
    sa.select(
        awaited_study.c.id,
        awaited_study.c.peer,
        awaited_study.c.patient_id,
        awaited_study.c.reported,
        sa.and_(awaited_study.c.is_open, awaited_study.c.expires_at > sa.bindparam("now")),
    )
    .where(
        awaited_study.c.study_instance_uid == sa.bindparam("study"),
        awaited_study.c.expires_at > sa.bindparam("late"),
    )
    .order_by(awaited_study.c.id.desc())
)


@dataclass(frozen=True, slots=True)
class AwaitedStudy:
    """A study that is being fetched from a peer, and the patient the peer lists it under.

    Its objects are results only where it is ``reported``. Once it is not ``is_open`` nobody is at
    it any more.
    """

    id: int
    peer: str
    patient_id: str
    reported: bool
    is_open: bool

    def must_be_of(self, header: Header) -> None:
        """Raise `NotAskedFor` for an object of another patient than the one that was listed."""
        if header.PatientID.strip() != self.patient_id.strip():
            raise NotAskedFor("another patient than the archive lists")


@dataclass(frozen=True, slots=True)
class FetchOrigin:
    """What of a received object may show that it was fetched.

    It came on an association of our own (``is_own``), or by a C-MOVE of ours (``is_moved``), or
    from a ``peer`` without a word on whose behalf.
    """

    is_own: bool
    is_moved: bool
    peer: str

    def is_of(self, awaited: AwaitedStudy) -> bool:
        """Return whether an object with this origin, of the awaited study, was fetched."""
        if self.is_own or self.is_moved:
            return True
        return awaited.is_open and folded_title(self.peer) == folded_title(awaited.peer)


class FetchBook:
    """Which studies are awaited, and which objects are theirs. Thread-safe."""

    def __init__(
        self, database: Database, clock: Clock, aet: str, peer_of: Callable[[Caller], str]
    ) -> None:
        """Keep the studies in ``database``; ``aet`` is the AE title we ask other archives under.

        ``peer_of`` returns the AE title of the peer that calls, empty for anybody else.
        """
        self._database, self._clock = database, clock
        self._aet, self._peer_of = aet, peer_of

    def origin_of(self, incoming: IncomingInstance) -> FetchOrigin | None:
        """Return what may show that an object was fetched; None where nothing does.

        An originator that is the sender itself (as pynetdicom's archives say) is none. It may look
        up host names: not for within a transaction.
        """
        if incoming.is_fetched:
            return FetchOrigin(is_own=True, is_moved=False, peer=incoming.calling_aet)
        originator = folded_title(incoming.move_originator)
        if originator and originator != folded_title(incoming.calling_aet):
            is_ours = originator == folded_title(self._aet)
            return FetchOrigin(is_own=False, is_moved=True, peer="") if is_ours else None
        peer = self._peer_of(Caller(incoming.calling_aet, incoming.peer))
        return FetchOrigin(is_own=False, is_moved=False, peer=peer) if peer else None

    def awaited(
        self, connection: Connection, origin: FetchOrigin | None, study: str
    ) -> AwaitedStudy | None:
        """Return the awaited study an object of this origin is of; None where it is an arrival.

        Raises `NotAskedFor` for one that came on an association of ours and is of no such study.
        """
        if origin is None:
            return None
        now = self._clock.utc()
        rows = _OF_STUDY.rows(connection, study=study, now=now, late=now - LATE_SECONDS)
        found = next((one for one in map(_awaited, rows) if origin.is_of(one)), None)
        if found is None and origin.is_own:
            raise NotAskedFor("of a study nobody asked for")
        return found

    def open(self, study: str, peer: str, patient_id: str, *, reported: bool) -> int:
        """Await a study from a peer, and no longer as before; return the number to close it by."""
        now = self._clock.utc()
        same = awaited_study.c.study_instance_uid == study
        values = {
            "study_instance_uid": study,
            "peer": peer,
            "patient_id": patient_id,
            "reported": reported,
            "is_open": True,
            "expires_at": now + AWAITED_SECONDS,
        }
        with self._database.write() as connection:
            over = sa.or_(same, awaited_study.c.expires_at <= now - LATE_SECONDS)
            connection.execute(sa.delete(awaited_study).where(over))
            entered = connection.execute(
                sa.insert(awaited_study).values(values).returning(awaited_study.c.id)
            )
            return int(entered.scalar_one())

    def keep(self, number: int) -> None:
        """Tell that somebody is still at it: its time begins anew."""
        self._change(number, expires_at=self._clock.utc() + AWAITED_SECONDS)

    def close(self, number: int) -> None:
        """Tell that nobody is at it any more; only what names us its originator may still come."""
        self._change(number, is_open=False)

    def _change(self, number: int, **values: object) -> None:
        with self._database.write() as connection:
            here = awaited_study.c.id == number
            connection.execute(sa.update(awaited_study).where(here).values(values))


def _awaited(row: Sequence[Any]) -> AwaitedStudy:
    number, peer, patient_id, reported, is_open = row
    return AwaitedStudy(number, peer, patient_id, bool(reported), bool(is_open))
