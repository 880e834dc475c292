"""Mails of what needs a person: what is new, once a day what still waits, and that all is done."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gdtbridge.attention import store
from gdtbridge.attention.kinds import KINDS, AttentionLevel
from gdtbridge.attention.store import OpenItem
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.outbox import MAIL, MailText, Message, Outbox
from gdtbridge.settings import MailSettings

REMINDER_SECONDS: Final = 24 * 3600
"""What waits is told again after so long."""
MAIL_REFUSED: Final = "mail-refused"
"""The kind no mail tells of: that mails do not arrive."""
KEY: Final = "attention:"
"""What the keys of these messages in the outbox begin with."""


class MailOccasion(Enum):
    """Why a mail is written."""

    NEW = auto()
    REMINDER = auto()
    RESOLVED = auto()


@dataclass(frozen=True, slots=True)
class Mailer:
    """Puts mails into the outbox; who and what is said of no patient."""

    database: Database
    outbox: Outbox
    settings: MailSettings
    clock: Clock

    @property
    def is_on(self) -> bool:
        """Whether there is a mail server."""
        return bool(self.settings.host)

    def mail(self) -> None:
        """Write a mail when there is an occasion; one that still waits is replaced by it."""
        if not self.is_on:
            return
        with self.database.read() as connection:
            if self._occasion(connection) is None:
                return
        with self.database.write() as connection:
            occasion = self._occasion(connection)  # another source's look may have been faster
            if occasion is not None:
                self._put(connection, occasion)
        self.outbox.wake()

    def _occasion(self, connection: Connection) -> MailOccasion | None:
        found = store.open_items(connection, without=MAIL_REFUSED)
        last = store.last_mail(connection)
        age = self.clock.utc() - last.written_at if last is not None else None
        if age is not None and 0 <= age < self.settings.pause_minutes * 60:
            return None  # a last mail of tomorrow does not count: the clock was put back
        if any(not item.mailed for item in found):
            return MailOccasion.NEW
        if last is None or not last.waiting:
            return None
        if not found:
            return MailOccasion.RESOLVED
        return None if age is not None and 0 <= age < REMINDER_SECONDS else MailOccasion.REMINDER

    def _put(self, connection: Connection, occasion: MailOccasion) -> None:
        now = self.clock.utc()
        found = store.open_items(connection, without=MAIL_REFUSED)
        text = mail_text(occasion, found, now)
        number = store.enter_mail(connection, now, found)
        self.outbox.drop_waiting(connection, [KEY])
        message = Message(MAIL, MAIL, key=f"{KEY}{number}", name="mail", payload=text.payload())
        self.outbox.put(connection, message)


def mail_text(occasion: MailOccasion, found: Collection[OpenItem], now: float) -> MailText:
    """Return the mail: how much of which kind since when, German first, of nobody."""
    new = [item for item in found if not item.mailed]
    old = [item for item in found if item.mailed]
    host = socket.gethostname()
    subject = f"gdtbridge {host}: {_subject(occasion, new, old)}"
    parts = [
        *_paragraph("Neu / New", new),
        *_paragraph("Wartet noch / Still waiting", old),
        *([] if found else ["Alles erledigt. / All is done.", ""]),
        f"Auf / on {host}: gdtbridge attention list",
        "Was jede Meldung bedeutet / What each means: docs/praxis/betrieb.md",
        "",
    ]
    return MailText(subject, "\n".join(parts), now)


def trial_text(now: float) -> MailText:
    """Return a mail that says it is a test."""
    subject = f"gdtbridge {socket.gethostname()}: Test"
    text = "Dies ist ein Test, nichts ist geschehen. / This is a test, nothing has happened.\n"
    return MailText(subject, text, now)


def _subject(occasion: MailOccasion, new: Collection[OpenItem], old: Collection[OpenItem]) -> str:
    if occasion is MailOccasion.RESOLVED:
        return "alles erledigt / all done"
    if occasion is MailOccasion.REMINDER:
        return f"{len(old)} offen / open"
    fault = any(KINDS[item.code].level is AttentionLevel.FAULT for item in new)
    return f"{'Störung / fault, ' if fault else ''}{len(new)} neu / new"


def _paragraph(heading: str, items: Collection[OpenItem]) -> Iterable[str]:
    """Yield a heading and a line for each kind, faults first."""
    if not items:
        return
    yield f"{heading}:"
    for code, kind in sorted(KINDS.items(), key=lambda one: one[1].level.value):
        since = [item.since for item in items if item.code == code]
        if since:
            first = f"{local_time(min(since)):%d.%m.%Y %H:%M}"
            yield f"  {len(since)} {kind.text(len(since))} [{code}], seit / since {first}"
    yield ""
