"""Tells of what is new: a webhook for each item, a GDT record for each new state."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.attention import store
from gdtbridge.attention.journal import AttentionJournal
from gdtbridge.attention.kinds import KINDS
from gdtbridge.attention.model import (
    LOOK_ERRORS,
    NOT_LOOKED,
    AttentionItem,
    AttentionSource,
    not_looked,
)
from gdtbridge.attention.store import AnnouncedItem
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.outbox import Message, Outbox
from gdtbridge.people import Patient
from gdtbridge.results.routing import ResultTarget
from gdtbridge.settings import AttentionSettings
from gdtbridge.webhooks import HouseEvent

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 60
NOTE_SECONDS: Final = 3600
"""A practice gets at most one note in so many seconds."""
MOST_CALLS: Final = 20
"""Calls of one look; what is new beyond them stands on the list without a call of its own."""
ATTENTION: Final = "attention"
RESOLVED: Final = "resolved"
"""The events of what is new, and of what is gone."""
HEADING: Final = "Ultraschall"
TEST_NOTE: Final = f"{HEADING}: Test, nichts ist geschehen"


@dataclass(frozen=True, slots=True)
class Announcer:
    """Puts what is new into the outbox, once; what is gone and comes again is new."""

    database: Database
    outbox: Outbox
    target: ResultTarget
    """Whose practice software gets the notes."""
    settings: AttentionSettings
    clock: Clock
    mails: bool = False
    """Whether mails are sent; `Mailer` writes them of what is announced here."""
    journal: AttentionJournal = field(default_factory=AttentionJournal)

    @property
    def is_on(self) -> bool:
        """Whether anybody wants to be told."""
        return self.outbox.listens(ATTENTION, RESOLVED) or self.writes or self.mails

    @property
    def writes(self) -> bool:
        """Whether notes are written into a chart."""
        return bool(self.settings.gdt_patient_id)

    def look(self, source: AttentionSource) -> None:
        """Log what is new at a source, and announce it to whoever wants to be told.

        Raises what the source raises. Then what it told before stays, and a second time in a row
        it is told that the part does not answer.

        Looking at one source at a time lets a folder that hangs silence no other source.
        """
        part = f"part:{source.name}"
        try:
            items = source.items()
        except LOOK_ERRORS as error:
            if self.journal.failed_before(source.name):
                silent = not_looked(source.name, error, self.clock.utc())
                self._tell(part, frozenset({NOT_LOOKED}), [silent])
            raise
        self.journal.looked(source.name)
        self._tell(source.name, source.codes, items)
        self._tell(part, frozenset({NOT_LOOKED}), [])

    def _tell(self, teller: str, codes: frozenset[str], items: Sequence[AttentionItem]) -> None:
        """Log and announce how the items of one who tells of these kinds differ from before."""
        self.journal.tell(teller, items)
        if not self.is_on:
            return
        found = {AnnouncedItem(item.code, item.subject): None for item in items}
        with self.database.read() as connection:
            if _announced(connection, teller, codes) == found.keys():
                return
        with self.database.write() as connection:
            known = _announced(connection, teller, codes)
            gone = sorted(known - found.keys())
            for one in gone:
                store.forget(connection, one)
            self._call(connection, RESOLVED, gone)
            self._announce(connection, [one for one in found if one not in known])
        self.outbox.wake()

    def _announce(self, connection: Connection, new: list[AnnouncedItem]) -> None:
        now = self.clock.utc()
        for one in new:
            store.announce(connection, one, now)
        self._call(connection, ATTENTION, new)

    def _call(self, connection: Connection, name: str, items: Sequence[AnnouncedItem]) -> None:
        """Tell the webhooks that items are new, or gone."""
        now = self.clock.utc()
        for one in items[:MOST_CALLS]:
            self.outbox.tell(connection, _event(name, one, now))

    def note(self) -> None:
        """Put a note into the outbox when something is new since the last, an hour after that.

        A chart the dialect cannot write is told to the log, once for each note there would be.
        """
        if not self.writes:
            return
        now = self.clock.utc()
        with self.database.read() as connection:
            if not _is_due(connection, now):
                return
        with self.database.write() as connection:
            if not _is_due(connection, now):  # another source's look was faster
                return
            counted = store.counts(connection)
            number = store.enter_note(connection, now)
            try:
                text = note_text(counted)
                self.outbox.put(connection, self.message(f"attention-{number}", text))
            except GdtWriteError as error:
                log.error("attention.gdt_patient_id: no record can be written: %s", error)
        self.outbox.wake()

    def try_note(self) -> None:
        """Put a test record into the outbox; raise `NotFound` where no chart is named."""
        if not self.writes:
            raise NotFound(
                "attention.gdt_patient_id ist nicht gesetzt. / attention.gdt_patient_id is not set."
            )
        with self.database.write() as connection:
            key = self.outbox.next_key(connection, self.target.destination, "attention-test")
            self.outbox.put(connection, self.message(key, TEST_NOTE))
        self.outbox.wake()

    def message(self, key: str, text: str) -> Message:
        """Return a record for the chart that messages go to; raise `GdtWriteError`."""
        local = self.clock.local()
        return Message(
            "gdt",
            self.target.destination,
            key=key,
            name=self.target.names.other(key, local),
            payload=self.target.records.message(self._chart(), text, local),
        )

    def _chart(self) -> Patient:
        """Return the patient whose chart the practice uses for messages."""
        said = self.settings
        return Patient(
            said.gdt_patient_id,
            said.gdt_family_name,
            said.gdt_given_name,
            said.gdt_birth_date,
        )


def _announced(connection: Connection, teller: str, codes: frozenset[str]) -> set[AnnouncedItem]:
    """Return what was announced of these kinds; that a part does not answer, of that part alone."""
    known = store.announced_of(connection, codes)
    return {one for one in known if one.code != NOT_LOOKED or one.subject == teller}


def _event(name: str, one: AnnouncedItem, now: float) -> HouseEvent:
    """Return the event of an item: its kind in words, nothing of whom it is about."""
    kind = KINDS[one.code]
    facts = {
        "kind": one.code,
        "level": kind.level.value,
        "text": kind.german,
        "english": kind.english,
    }
    return HouseEvent(name, f"{one.code}:{one.subject}@{now:.3f}", facts)


def _is_due(connection: Connection, now: float) -> bool:
    """Return whether something is not noted yet, and the last note is an hour old."""
    last = store.last_note(connection)
    recent = last is not None and 0 <= now - last < NOTE_SECONDS
    return not recent and store.unnoted(connection)


def note_text(counted: Mapping[str, int]) -> str:
    """Return the German sentence of a note: how much of each kind, nobody's name."""
    parts = (
        f"{counted[code]} {kind.german_for(counted[code])}"
        for code, kind in KINDS.items()
        if counted.get(code)
    )
    return f"{HEADING}: {', '.join(parts)}"
