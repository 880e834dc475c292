"""Takes requests, reads the instances back from the disk, puts the answers into the outbox."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

from gdtbridge.archive import Archive
from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.archive.unsynced import sync_files
from gdtbridge.archive.verifying import StoredVersion, commit, counting_versions, fault_of
from gdtbridge.commitment import store
from gdtbridge.commitment.model import (
    REASON_OF_FAULT,
    CommitmentOverview,
    CommitmentReport,
    CommitmentRequest,
    CommitmentState,
    DuplicateTransaction,
    FailureReason,
    InstanceVerdict,
    ReferencedInstance,
    TooManyCommitments,
)
from gdtbridge.commitment.store import KnownCommitment, WaitingDevice
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import DAY_SECONDS, Clock
from gdtbridge.errors import NotFound
from gdtbridge.outbox import COMMITMENT, Message, Outbox
from gdtbridge.scheduler import Bell
from gdtbridge.settings import CommitmentSettings

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often is looked for instances that are waited for."""
MOST_WAIT_SECONDS: Final = 3600.0
"""How long a device that goes on sending is waited for, at most."""
ARRIVAL_LOOK_SECONDS: Final = 15.0
"""How often is looked whether what is forwarded has arrived."""
MOST_OPEN: Final = 1000
"""Requests of one device that may be without an answer."""
KEPT_DAYS: Final = 30
"""How long a request is shown after it was answered."""
_FORGOTTEN_AT_ONCE: Final = 100
_REFERENCE_BYTES: Final = 512
"""What an instance of a request needs on the disk, at most."""


class ArrivalPort(Protocol):
    """Whoever knows whether instances have got to the other archives they go to."""

    def outstanding(self, connection: Connection, instances: Collection[int], /) -> Collection[int]:
        """Return those that have not, by their ids."""


class CommitmentBook:
    """All requests of all devices. Thread-safe."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        outbox: Outbox,
        arrivals: Arrivals,
        settings: CommitmentSettings,
        clock: Clock,
        arrival: ArrivalPort | None = None,
    ) -> None:
        """Promise what is whole on the disk and, with ``arrival``, in other archives too."""
        self._database = database
        self._archive = archive
        self._outbox = outbox
        self.arrivals = arrivals
        self._wait = float(settings.wait_seconds)
        self._clock = clock
        self._arrival = arrival
        self._arrival_wait = settings.forwarding_hours * 3600.0
        self._bell: Bell | None = None
        self._stopping = threading.Event()
        self._answered = threading.Condition()

    def connect(self, bell: Bell) -> None:
        """Have ``bell`` rung when there is something to verify."""
        self._bell = bell

    def stop(self) -> None:
        """End a verification under way after the present file."""
        self._stopping.set()
        with self._answered:
            self._answered.notify_all()

    def request(self, asked: CommitmentRequest) -> None:
        """Take a request; it is on the disk when this returns.

        The same one again is looked at anew, and its answer sent again. Raises
        `DuplicateTransaction` where the UID is that of another request without an answer yet,
        `TooManyCommitments`, `OutOfResources` and `DatabaseError`.
        """
        self._archive.room_for(len(asked.references) * _REFERENCE_BYTES)
        now = self._clock.utc()
        with self._database.write() as connection:
            find = store.last_by_web if asked.is_by_web else store.open_one
            known = find(connection, asked.transaction_uid, asked.calling_aet)
            if known is not None:
                if known.asked != asked.asked:
                    raise DuplicateTransaction("the transaction is under way for other instances")
                self._ask_again(connection, known, now)
                store.change(
                    connection,
                    known.id,
                    peer=asked.peer,
                    called_aet=asked.called_aet,
                    same_association=asked.same_association,
                )
            else:
                if store.count_open(connection, asked.calling_aet) >= MOST_OPEN:
                    raise TooManyCommitments("too many requests of this device without an answer")
                store.enter(connection, asked, now, self._until(now, by_web=asked.is_by_web))

    def _until(self, now: float, *, by_web: bool) -> float:
        """Return until when missing instances are waited for.

        A program that asks by the web has got its answers to all it brought.
        """
        return now if by_web else now + self._wait

    def answer(
        self, transaction_uid: str, aet: str, seconds: float = 0.0
    ) -> CommitmentReport | None:
        """Return what a request by the web is answered, waiting so long for it; None: not yet.

        Raises `NotFound` where ``aet`` has not asked under that UID.
        """

        def is_over() -> bool:
            return self._stopping.is_set() or self._answer(transaction_uid, aet) is not None

        with self._answered:
            self._answered.wait_for(is_over, seconds)
        return self._answer(transaction_uid, aet)

    def _answer(self, transaction_uid: str, aet: str) -> CommitmentReport | None:
        with self._database.read() as connection:
            known = store.last_by_web(connection, transaction_uid, aet)
            if known is None or known.state == CommitmentState.ENDED:
                raise NotFound(
                    "Unter dieser Transaction UID wurde nichts gefragt. / Nothing was asked under "
                    "this Transaction UID."
                )
            if known.state != CommitmentState.VERIFIED:
                return None
            references = store.references(connection, known.id)
        verdicts = {n: InstanceVerdict(one.failure) for n, one in enumerate(references)}
        return _report(known, references, verdicts, {})

    def ring(self) -> None:
        """Have requests verified; returns at once."""
        if self._bell is not None:
            self._bell()

    def _ask_again(self, connection: Connection, known: KnownCommitment, now: float) -> None:
        if known.message_id is not None:
            store.change(connection, known.id, message_id=None)
            self._outbox.remove(connection, known.message_id)
        store.again(connection, known.id, now, self._until(now, by_web=known.is_by_web))

    # ------------------------------------------------------------------------ verifying

    def verify_due(self) -> float | None:
        """Verify what is due; return in how many seconds something will be, or None."""
        while not self._stopping.is_set():
            with self._database.read() as connection:
                known = store.first_due(connection, self._clock.utc())
            if known is None:
                break
            self._verify(known)
        with self._database.read() as connection:
            due_at = store.next_due(connection)
        return None if due_at is None else max(0.0, due_at - self._clock.utc())

    def _verify(self, known: KnownCommitment) -> None:
        """Answer a request, or wait for what is missing of it."""
        arriving = self.arrivals.now()  # first: what has arrived by then is in the index
        references, kept = self._look_up(known)
        missing = [
            one.sop_instance_uid
            for one in references
            if one.failure is None and one.sop_instance_uid not in kept
        ]
        if missing and self._is_waited_for(known, missing, arriving):
            return
        outstanding = self._outstanding(kept)
        if outstanding and self._is_forwarding(known):
            return
        verdicts = {
            position: self._verdict_on(one, kept.get(one.sop_instance_uid, ()), outstanding)
            for position, one in enumerate(references)
        }
        if not self._stopping.is_set():
            self._conclude(known, references, verdicts, kept)

    def _look_up(
        self, known: KnownCommitment
    ) -> tuple[list[ReferencedInstance], Mapping[str, Sequence[StoredVersion]]]:
        """Return what is asked and what of it is kept; small files are made durable before."""
        with self._database.read() as connection:
            references = store.references(connection, known.id)
            uids = {one.sop_instance_uid for one in references}
            kept = counting_versions(connection, uids)
        if any(one.unsynced for versions in kept.values() for one in versions):
            sync_files(self._database, self._archive.make_durable)
            with self._database.read() as connection:
                kept = counting_versions(connection, uids)
        return references, kept

    def _is_waited_for(
        self, known: KnownCommitment, missing: Sequence[str], arriving: frozenset[str]
    ) -> bool:
        """Return whether missing instances may yet come, and note until when they are waited for.

        Until the time of the settings is over since the request, or since the last one came; and
        while one is being received, however long that takes.
        """
        now, until = self._clock.utc(), known.expires_at
        if len(missing) < known.missing and not known.is_by_web:
            until = max(until, min(now + self._wait, known.requested_at + MOST_WAIT_SECONDS))
        if now >= until and arriving.isdisjoint(missing):
            return False
        with self._database.write(synced=False) as connection:
            store.change(
                connection,
                known.id,
                due_at=now + LOOK_SECONDS,
                expires_at=until,
                missing=len(missing),
            )
        return True

    def _outstanding(self, kept: Mapping[str, Sequence[StoredVersion]]) -> Collection[int]:
        """Return what of the instances has not arrived at other archives."""
        if self._arrival is None:
            return ()
        ids = [one.id for versions in kept.values() for one in versions]
        with self._database.read() as connection:
            return self._arrival.outstanding(connection, ids)

    def _is_forwarding(self, known: KnownCommitment) -> bool:
        """Return whether other archives are still waited for, and look again in a while."""
        now, until = self._clock.utc(), known.requested_at + self._arrival_wait
        if now >= until:
            return False
        with self._database.write(synced=False) as connection:
            store.change(connection, known.id, due_at=min(until, now + ARRIVAL_LOOK_SECONDS))
        return True

    def _verdict_on(
        self,
        one: ReferencedInstance,
        versions: Sequence[StoredVersion],
        outstanding: Collection[int],
    ) -> InstanceVerdict:
        """Return whether an instance is committed.

        A SOP class that is none of storage is no reason where the instance is there.
        """
        if not versions:
            return InstanceVerdict(one.failure or FailureReason.NO_SUCH_INSTANCE)
        for version in versions:
            if one.sop_class_uid not in {"", version.sop_class_uid}:
                return InstanceVerdict(FailureReason.CLASS_INSTANCE_CONFLICT)
            if version.unsynced or self._stopping.is_set():
                return InstanceVerdict(FailureReason.PROCESSING_FAILURE)
            if (fault := fault_of(self._archive, version)) is not None:
                failure = REASON_OF_FAULT[fault]
                log.error("instance %d is not committed: %04X", version.id, failure)
                return InstanceVerdict(failure, version.id)
            if version.id in outstanding:
                return InstanceVerdict(FailureReason.RESOURCE_LIMITATION)
        return InstanceVerdict()

    def _conclude(
        self,
        known: KnownCommitment,
        references: Sequence[ReferencedInstance],
        verdicts: Mapping[int, InstanceVerdict],
        kept: Mapping[str, Sequence[StoredVersion]],
    ) -> None:
        """Enter what was found and put the answer, unless the request has changed meanwhile."""
        now = self._clock.utc()
        promised = [
            version.id
            for position, one in enumerate(references)
            if verdicts[position].reason is None
            for version in kept[one.sop_instance_uid]
        ]
        with self._database.write() as connection:
            found = store.by_id(connection, known.id)
            if found is None or (found.state, found.round) != (known.state, known.round):
                return
            store.note_verdicts(connection, known.id, verdicts)
            commit(connection, promised, now)
            report = _report(found, references, verdicts, kept)
            number = None
            if not found.is_by_web:
                key = f"{COMMITMENT}:{known.id}:{known.round}"
                message = Message(COMMITMENT, COMMITMENT, key, "report", report.payload())
                number = self._outbox.put(connection, message)
            store.change(
                connection,
                known.id,
                state=CommitmentState.VERIFIED,
                due_at=None,
                verified_at=now,
                message_id=number,
            )
        with self._answered:
            self._answered.notify_all()
        self._outbox.wake()
        log.info(
            "commitment %d: %d instances kept, %d not",
            known.id,
            len(report.committed),
            len(report.failed),
        )

    # ------------------------------------------------------------------------ for people

    def overview(self, *, only_open: bool = False) -> list[CommitmentOverview]:
        """Return the requests of the last weeks, the oldest first."""
        with self._database.read() as connection:
            return store.overview(connection, only_open=only_open)

    def waiting_devices(self, most: int) -> list[WaitingDevice]:
        """Return the devices that have not taken answers, the longest waiting first."""
        with self._database.read() as connection:
            return store.waiting_devices(connection, most)

    def end(self, number: int) -> None:
        """Send no answer to a request any more; raise `NotFound` where none is open."""
        with self._database.write() as connection:
            known = self._open(connection, number)
            store.change(
                connection, number, state=CommitmentState.ENDED, due_at=None, message_id=None
            )
            if known.message_id is not None:
                self._outbox.remove(connection, known.message_id)

    def retry(self, number: int) -> None:
        """Verify anew what was not answered, and answer it now; raise `NotFound`."""
        with self._database.write() as connection:
            self._ask_again(connection, self._open(connection, number), self._clock.utc())
        self.ring()

    def _open(self, connection: Connection, number: int) -> KnownCommitment:
        known = store.by_id(connection, number)
        if known is None or not store.overview(connection, only_open=True, number=number):
            raise NotFound(
                f"Es gibt keine offene Bestätigung {number}. / There is no open commitment "
                f"{number}."
            )
        return known

    def forget_old(self) -> None:
        """Remove requests that were answered long ago."""
        before = self._clock.utc() - KEPT_DAYS * DAY_SECONDS
        with self._database.write(synced=False) as connection:
            store.forget(connection, before, _FORGOTTEN_AT_ONCE)


def _report(
    found: KnownCommitment,
    references: Sequence[ReferencedInstance],
    verdicts: Mapping[int, InstanceVerdict],
    kept: Mapping[str, Sequence[StoredVersion]],
) -> CommitmentReport:
    """Return the answer; a SOP class that the device left out is that of what is kept."""
    committed, failed = [], []
    for position, one in enumerate(references):
        versions = kept.get(one.sop_instance_uid, ())
        kind = one.sop_class_uid or (versions[0].sop_class_uid if versions else "")
        reason = verdicts[position].reason
        if reason is None:
            committed.append((kind, one.sop_instance_uid))
        else:
            failed.append((kind, one.sop_instance_uid, int(reason)))
    return CommitmentReport(
        found.id,
        found.transaction_uid,
        found.calling_aet,
        found.called_aet,
        found.peer,
        found.same_association,
        tuple(committed),
        tuple(failed),
    )
