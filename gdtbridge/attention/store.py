"""What was announced, in the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import (
    announced,
    attention_mail,
    attention_note,
    dismissed_refusal,
    free_space,
    mailed,
    peer_certificate,
    refusal,
)
from gdtbridge.statement import Statement

_ANNOUNCED: Final = Statement(
    sa.select(announced.c.kind, announced.c.subject).where(
        announced.c.kind.in_(sa.bindparam("codes", expanding=True))
    )
)
_UNNOTED: Final = Statement(sa.select(sa.exists().where(announced.c.noted.is_(sa.false()))))
_LAST_NOTE: Final = Statement(
    sa.select(attention_note.c.written_at).order_by(attention_note.c.id.desc()).limit(1)
)


class AnnouncedItem(NamedTuple):
    """An item as far as announcing goes: kind and subject."""

    code: str
    subject: str


def announced_of(connection: Connection, codes: Iterable[str]) -> set[AnnouncedItem]:
    """Return the announced items of these kinds."""
    return {AnnouncedItem(*row) for row in _ANNOUNCED.rows(connection, codes=sorted(codes))}


def announce(connection: Connection, one: AnnouncedItem, now: float) -> None:
    """Remember that an item was announced at ``now`` (UTC seconds)."""
    values = {"kind": one.code, "subject": one.subject, "announced_at": now}
    connection.execute(sa.insert(announced).values(values))


def forget(connection: Connection, one: AnnouncedItem) -> None:
    """Forget an item that is gone: what comes again is announced again."""
    connection.execute(
        sa.delete(announced).where(announced.c.kind == one.code, announced.c.subject == one.subject)
    )


def unnoted(connection: Connection) -> bool:
    """Return whether no note has told yet of something announced."""
    return bool(_UNNOTED.value(connection))


def counts(connection: Connection) -> dict[str, int]:
    """Return how many items are announced and not gone, by kind."""
    query = sa.select(announced.c.kind, sa.func.count()).group_by(announced.c.kind)
    return {row[0]: row[1] for row in connection.execute(query)}


def last_note(connection: Connection) -> float | None:
    """Return when the newest note was written, in UTC seconds."""
    newest: float | None = _LAST_NOTE.value(connection)
    return newest


def enter_note(connection: Connection, now: float) -> int:
    """Remember that a note tells of everything announced; return the note's number."""
    connection.execute(sa.update(announced).values(noted=True))
    statement = sa.insert(attention_note).values(written_at=now).returning(attention_note.c.id)
    return int(connection.execute(statement).scalar_one())


class RefusalRow(NamedTuple):
    """A row of the table ``refusal``."""

    subject: str
    reason: str
    caller: str
    times: int
    first_at: float
    last_at: float


def refusals(connection: Connection) -> list[RefusalRow]:
    """Return what was refused lately."""
    columns = (refusal.c[name] for name in RefusalRow._fields)
    return [RefusalRow(*row) for row in connection.execute(sa.select(*columns))]


def keep_refusals(connection: Connection, rows: Iterable[RefusalRow]) -> None:
    """Let the table hold these rows and no others."""
    connection.execute(sa.delete(refusal))
    for row in rows:
        connection.execute(sa.insert(refusal).values(row._asdict()))


def dismissed(connection: Connection) -> set[str]:
    """Return the subjects of refusals that a person dismissed."""
    return set(connection.execute(sa.select(dismissed_refusal.c.subject)).scalars())


def dismiss(connection: Connection, subject: str, now: float, who: str) -> None:
    """Remember that a person need not be told of a refusal any more."""
    recall(connection, subject)
    values = {"subject": subject, "at": now, "who": who}
    connection.execute(sa.insert(dismissed_refusal).values(values))


def recall(connection: Connection, subject: str) -> None:
    """Let a refusal be told again."""
    here = dismissed_refusal.c.subject == subject
    connection.execute(sa.delete(dismissed_refusal).where(here))


class PeerCertificateRow(NamedTuple):
    """A row of the table ``peer_certificate``."""

    who: str
    subject: str
    not_after: float
    fingerprint: str


def peer_certificates(connection: Connection) -> list[PeerCertificateRow]:
    """Return what peers have shown last."""
    columns = (peer_certificate.c[name] for name in PeerCertificateRow._fields)
    query = sa.select(*columns).order_by(peer_certificate.c.who)
    return [PeerCertificateRow(*row) for row in connection.execute(query)]


def keep_peer_certificates(
    connection: Connection, rows: Iterable[PeerCertificateRow], before: float
) -> None:
    """Keep what peers have shown instead of what they had before; drop what ended ``before``."""
    table = peer_certificate
    for row in rows:
        connection.execute(sa.delete(table).where(table.c.who == row.who))
        connection.execute(sa.insert(table).values(row._asdict()))
    connection.execute(sa.delete(table).where(table.c.not_after < before))


class FreeSpace(NamedTuple):
    """What was free on a disk (bytes) at a moment (UTC seconds)."""

    at: float
    free: int


def free_space_of(connection: Connection, since: float, until: float) -> FreeSpace | None:
    """Return the oldest measurement between two moments."""
    query = (
        sa.select(free_space.c.at, free_space.c.free)
        .where(free_space.c.at >= since, free_space.c.at <= until)
        .order_by(free_space.c.at)
        .limit(1)
    )
    row = connection.execute(query).first()
    return FreeSpace(*row) if row is not None else None


def has_day(connection: Connection, day: int) -> bool:
    """Return whether a day (since 1970) was measured."""
    query = sa.select(sa.exists().where(free_space.c.day == day))
    return bool(connection.execute(query).scalar_one())


def enter_free_space(connection: Connection, day: int, measured: FreeSpace, oldest: int) -> None:
    """Enter the measurement of a day, and forget what is older than the day ``oldest``."""
    outside = (free_space.c.day < oldest) | (free_space.c.day >= day)
    connection.execute(sa.delete(free_space).where(outside))
    connection.execute(sa.insert(free_space).values(day=day, **measured._asdict()))


class OpenItem(NamedTuple):
    """An announced item: since when (UTC seconds), and whether a mail told of it."""

    code: str
    since: float
    mailed: bool


class WrittenMail(NamedTuple):
    """When the newest mail was written (UTC seconds), and how much it said was waiting."""

    written_at: float
    waiting: int


def open_items(connection: Connection, *, without: str) -> list[OpenItem]:
    """Return what is announced and not gone, but for one kind; the oldest first."""
    told = sa.exists().where(
        mailed.c.kind == announced.c.kind, mailed.c.subject == announced.c.subject
    )
    query = (
        sa.select(announced.c.kind, announced.c.announced_at, told)
        .where(announced.c.kind != without)
        .order_by(announced.c.announced_at)
    )
    return [OpenItem(kind, at, bool(told)) for kind, at, told in connection.execute(query)]


def last_mail(connection: Connection) -> WrittenMail | None:
    """Return the newest mail; None before the first."""
    query = (
        sa.select(attention_mail.c.written_at, attention_mail.c.waiting)
        .order_by(attention_mail.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return WrittenMail(*row) if row is not None else None


def enter_mail(connection: Connection, now: float, told: Collection[OpenItem]) -> int:
    """Remember that a mail tells of everything announced; return the mail's number."""
    connection.execute(sa.delete(mailed))
    everything = sa.select(announced.c.kind, announced.c.subject)
    connection.execute(sa.insert(mailed).from_select(["kind", "subject"], everything))
    statement = (
        sa.insert(attention_mail)
        .values(written_at=now, waiting=len(told))
        .returning(attention_mail.c.id)
    )
    return int(connection.execute(statement).scalar_one())
