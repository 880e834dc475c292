"""Sending copies of one exam on one association, and noting what becomes of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.forward import store
from gdtbridge.forward.model import ForwardCopy
from gdtbridge.forward.outcome import StoreOutcome, meaning_of
from gdtbridge.forward.ports import CopyPort, DestinationAway, LeavingCopy, OpenLeaving
from gdtbridge.logs import describe
from gdtbridge.retrieve.peers import ArchivePeer

log = logging.getLogger(__name__)

MOST_TRIES: Final = 50
"""How often one object is tried that an archive does not take now, or over which it breaks off."""
NOTE_SECONDS: Final = 1.0
"""How long what an archive answered is kept in memory; lost in a crash, the object is sent again,
which is harmless: same UID, same bytes."""
UNREADABLE: Final = (
    "Es lässt sich nicht lesen, oder nicht so umwandeln, wie der Empfänger es annimmt. / It cannot "
    "be read, or not be made into what the archive accepts."
)
OVERTAKEN: Final = "Es wurde anders entschieden. / It was decided otherwise."
BROKEN_OFF: Final = (
    "Bei diesem Objekt bricht die Verbindung ab. / The association breaks at this object."
)


class CopyOvertaken(Exception):
    """What was decided of an object changed while it waited for its turn; it is planned anew."""


@dataclass(frozen=True, slots=True)
class TransferParts:
    """What every transfer works with."""

    database: Database
    port: CopyPort
    opened: OpenLeaving
    clock: Clock
    is_stopping: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class TransferEnd:
    """How a transfer ended: why objects wait (empty: none does).

    ``is_away`` says that nothing else need be tried there now.
    """

    reason: str
    is_away: bool


class CopyTransfer:
    """One association with one archive."""

    def __init__(
        self,
        parts: TransferParts,
        peer: ArchivePeer,
        calling_aet: str,
        copies: Sequence[LeavingCopy],
    ) -> None:
        """Send ``copies``, those first that were tried least."""
        self._parts = parts
        self._peer = peer
        self._calling_aet = calling_aet
        self._copies = sorted(copies, key=lambda one: (one.copy.attempts, one.copy.id))
        self._unanswered = {one.copy.id for one in copies}
        self._answers: list[tuple[LeavingCopy, int]] = []
        self._noted_at = parts.clock.monotonic()
        self._unreadable: dict[int, str] = {}
        """What is wrong with our own file, by the id of the copy."""
        self._overtaken: set[int] = set()
        self._begun = False
        self._refused = 0
        self._under_way: LeavingCopy | None = None

    def run(self) -> TransferEnd:
        """Send until all is sent, the archive goes away or the service stops."""
        reason, refused = "", False
        sent = self._parts.port(self._peer, self._calling_aet, self._copies, self._opened)
        try:
            with closing(cast("Generator[tuple[LeavingCopy, int]]", sent)) as statuses:
                for one, status in statuses:
                    reason = self._take(one, status) or reason
                    refused = meaning_of(status).outcome is StoreOutcome.AWAY
                    if refused or self._parts.is_stopping():
                        break
        except DestinationAway as error:
            reason = str(error)
        finally:
            self._note()
            self._forget_unreached()
            self._tell()
        nothing = len(self._unanswered) == len(self._copies)
        away = (refused or nothing) and not self._parts.is_stopping()
        return TransferEnd(reason, is_away=away and not self._overtaken)

    @contextmanager
    def _opened(self, one: LeavingCopy, syntax: str) -> Generator[Path]:
        """Give the file of a copy; raise `CopyOvertaken` where it is to leave otherwise by now."""
        if not self._begun:
            self._begin()
        with self._parts.database.read() as connection:
            if not store.stands(connection, one.object.claim_id, one.object.standing):
                self._overtaken.add(one.copy.id)
                raise CopyOvertaken
        with ExitStack() as opened:
            try:
                now = local_time(one.copy.entered_at)  # sent again, it is the same bytes
                leaving = self._parts.opened(one.object.leaving, syntax, now)
                path = opened.enter_context(leaving)
            except Exception as error:
                self._unreadable[one.copy.id] = describe(error)
                raise
            self._under_way = one
            yield path

    def _begin(self) -> None:
        """Note as whose everything leaves: from now on it may be there."""
        self._begun = True
        with self._parts.database.write() as connection:
            by_identity: dict[int, list[int]] = {}
            for one in self._copies:
                number = store.identity_id(connection, one.object.identity)
                by_identity.setdefault(number, []).append(one.copy.id)
            for number, ids in by_identity.items():
                store.change(connection, ids, identity_id=number)

    def _take(self, one: LeavingCopy, status: int) -> str:
        """Take an answer; return why something is to be sent later, if it is."""
        self._under_way = None
        if one.copy.id in self._overtaken:
            return OVERTAKEN
        self._unanswered.discard(one.copy.id)
        self._answers.append((one, status))
        if self._parts.clock.monotonic() - self._noted_at > NOTE_SECONDS:
            self._note()
        meaning = meaning_of(status)
        self._refused += meaning.outcome is not StoreOutcome.SENT
        waits = meaning.outcome in {StoreOutcome.LATER, StoreOutcome.AWAY}
        return f"{self._peer.aet} {meaning.reason(status)}" if waits else ""

    def _note(self) -> None:
        """Write down what was answered; a crash before it lets the same be sent again."""
        answers, self._answers = self._answers, []
        self._noted_at = self._parts.clock.monotonic()
        with self._parts.database.write(synced=False) as connection:
            for one, status in answers:
                if one.copy.id in self._unreadable:
                    reason = f"{UNREADABLE} [{self._unreadable[one.copy.id]}]"
                    store.note_refused(connection, one.copy, reason, gives_up=True)
                else:
                    self._note_answer(connection, one.copy, status)

    def _note_answer(self, connection: Connection, copy: ForwardCopy, status: int) -> None:
        meaning = meaning_of(status)
        reason = meaning.reason(status) if status else ""
        if meaning.outcome is StoreOutcome.SENT:
            store.note_sent(connection, copy, self._parts.clock.utc(), reason)
            return
        gives_up = meaning.outcome is StoreOutcome.FAILED or (
            meaning.outcome is StoreOutcome.LATER and copy.attempts + 1 >= MOST_TRIES
        )
        store.note_refused(connection, copy, reason, gives_up=gives_up)

    def _tell(self) -> None:
        answered = len(self._copies) - len(self._unanswered)
        if answered:
            exam, aet = self._copies[0].copy.exam_id, self._peer.aet
            told = f"forwarding to {aet}: exam {exam}: {answered} objects, {self._refused} refused"
            log.log(logging.WARNING if self._refused else logging.INFO, "%s", told)

    def _forget_unreached(self) -> None:
        """Note that what was not reached cannot be there; at what the archive broke off, it may."""
        if not self._begun or not self._unanswered:
            return
        broken = self._under_way
        unreached = [
            one.copy
            for one in self._copies
            if one.copy.id in self._unanswered and one is not broken
        ]
        with self._parts.database.write(synced=False) as connection:
            store.note_unreached(connection, unreached)
            if broken is not None:
                gives_up = broken.copy.attempts + 1 >= MOST_TRIES
                store.note_broken_off(connection, broken.copy, BROKEN_OFF, gives_up=gives_up)
