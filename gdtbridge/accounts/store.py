"""Accounts, links, sessions and tokens in the database, each call in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.accounts.model import AccessToken, Account, Role, folded_name
from gdtbridge.database import Connection
from gdtbridge.schema import (
    access_change,
    access_link,
    access_token,
    account,
    account_session,
    study_link,
)

_CHANGE: Final = 1
"""The one row that counts changes."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as it is kept; times in UTC seconds."""

    id: int
    digest: str
    account_id: int
    began_at: float
    seen_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A one-time link as it is kept."""

    account_id: int | None
    expires_at: float


# ---------------------------------------------------------------------------- changes


def change_number(connection: Connection) -> int:
    """Return how often anything of this was changed; 0 for never."""
    query = sa.select(access_change.c.number).where(access_change.c.id == _CHANGE)
    return int(connection.execute(query).scalar() or 0)


def count_change(connection: Connection) -> None:
    """Have everybody who remembers accounts, sessions or tokens look again."""
    counted = (
        sa.update(access_change)
        .where(access_change.c.id == _CHANGE)
        .values(number=access_change.c.number + 1)
    )
    if not connection.execute(counted).rowcount:
        connection.execute(sa.insert(access_change).values(id=_CHANGE, number=1))


# ---------------------------------------------------------------------------- accounts


def accounts(connection: Connection) -> list[Account]:
    """Return all accounts, in the order of their names to show."""
    query = sa.select(account).order_by(account.c.shown_name, account.c.id)
    return [_account(row) for row in connection.execute(query)]


def account_named(connection: Connection, name: str) -> Account | None:
    """Return the account of a name to sign in, however it is written."""
    query = sa.select(account).where(account.c.folded_name == folded_name(name))
    row = connection.execute(query).first()
    return _account(row) if row is not None else None


def password_of(connection: Connection, account_id: int) -> str:
    """Return the hash of an account's password; empty where it has none."""
    query = sa.select(account.c.password).where(account.c.id == account_id)
    return str(connection.execute(query).scalar() or "")


def add_account(
    connection: Connection, name: str, shown_name: str, role: Role, password: str, at: float
) -> Account:
    """Enter an account made ``at`` (UTC seconds); ``password`` is a hash or empty."""
    entered = sa.insert(account).values(
        name=name,
        folded_name=folded_name(name),
        shown_name=shown_name,
        role=role.value,
        is_active=True,
        password=password,
        made_at=at,
    )
    row = connection.execute(entered.returning(account)).one()
    return _account(row)


def change_account(connection: Connection, account_id: int, **values: object) -> Account:
    """Change columns of an account; return it as it is then."""
    changed = sa.update(account).where(account.c.id == account_id).values(values)
    return _account(connection.execute(changed.returning(account)).one())


def delete_account(connection: Connection, account_id: int) -> None:
    """Delete an account with its links; its sessions must have ended."""
    connection.execute(sa.delete(access_link).where(access_link.c.account_id == account_id))
    connection.execute(sa.delete(account).where(account.c.id == account_id))


def _account(row: sa.Row[Any]) -> Account:
    return Account(
        row.id,
        row.name,
        row.shown_name,
        Role(row.role),
        row.is_active,
        bool(row.password),
        row.made_at,
        row.signed_in_at,
    )


# ---------------------------------------------------------------------------- links


def put_link(
    connection: Connection, digest: str, account_id: int | None, at: float, until: float
) -> None:
    """Enter a link good ``until`` (UTC seconds) in place of the one for the same account."""
    end_links(connection, account_id)
    connection.execute(
        sa.insert(access_link).values(
            digest=digest, account_id=account_id, made_at=at, expires_at=until
        )
    )


def link(connection: Connection, digest: str) -> LinkRow | None:
    """Return the link of a digest, good or not."""
    query = sa.select(access_link).where(access_link.c.digest == digest)
    row = connection.execute(query).first()
    return LinkRow(row.account_id, row.expires_at) if row is not None else None


def end_links(connection: Connection, account_id: int | None) -> None:
    """Delete the links for an account, or for the first one."""
    same = access_link.c.account_id == account_id
    here = access_link.c.account_id.is_(None) if account_id is None else same
    connection.execute(sa.delete(access_link).where(here))


# ---------------------------------------------------------------------------- sessions


def sessions(connection: Connection) -> list[SessionRow]:
    """Return all sessions, those begun first first."""
    query = sa.select(account_session).order_by(account_session.c.id)
    return [
        SessionRow(row.id, row.digest, row.account_id, row.began_at, row.seen_at, row.expires_at)
        for row in connection.execute(query)
    ]


def add_session(
    connection: Connection, digest: str, account_id: int, address: str, at: float, until: float
) -> int:
    """Enter a session begun ``at`` that ends at the latest ``until`` (UTC seconds)."""
    entered = sa.insert(account_session).values(
        digest=digest,
        account_id=account_id,
        address=address,
        began_at=at,
        seen_at=at,
        expires_at=until,
    )
    return int(connection.execute(entered.returning(account_session.c.id)).scalar_one())


def note_seen(connection: Connection, session_id: int, at: float) -> None:
    """Enter when the person of a session did something last (UTC seconds)."""
    seen = sa.update(account_session).where(account_session.c.id == session_id).values(seen_at=at)
    connection.execute(seen)


def end_session(connection: Connection, digest: str) -> int | None:
    """Delete a session; return its account's id, None where there is no such session."""
    ended = sa.delete(account_session).where(account_session.c.digest == digest)
    found = connection.execute(ended.returning(account_session.c.account_id)).scalar()
    return int(found) if found is not None else None


def end_sessions_of(connection: Connection, account_id: int) -> None:
    """Delete every session of an account."""
    connection.execute(sa.delete(account_session).where(account_session.c.account_id == account_id))


def end_everything(connection: Connection) -> None:
    """Delete every session and every link: those of a copy may have ended since it was made."""
    connection.execute(sa.delete(account_session))
    connection.execute(sa.delete(access_link))
    connection.execute(sa.delete(study_link))
    count_change(connection)


def forget_sessions(connection: Connection, idle_since: float, over_since: float) -> int:
    """Delete sessions nobody used since then, or that ended then (UTC seconds); return how many."""
    c = account_session.c
    over = sa.or_(c.expires_at <= over_since, c.seen_at <= idle_since)
    return connection.execute(sa.delete(account_session).where(over)).rowcount


def end_oldest_sessions(connection: Connection, most: int) -> None:
    """Delete the oldest sessions above ``most``."""
    c = account_session.c
    oldest = sa.select(c.id).order_by(c.id.desc()).offset(most).limit(1).scalar_subquery()
    connection.execute(sa.delete(account_session).where(c.id <= oldest))


# ---------------------------------------------------------------------------- tokens


def tokens(connection: Connection) -> list[tuple[str, AccessToken]]:
    """Return the digest of each token and the token, those made first first."""
    query = sa.select(access_token).order_by(access_token.c.id)
    return [(row.digest, _token(row)) for row in connection.execute(query)]


def add_token(
    connection: Connection,
    digest: str,
    name: str,
    scopes: Sequence[str],
    made_by: str,
    at: float,
    aet: str,
) -> AccessToken:
    """Enter a token made ``at`` (UTC seconds)."""
    entered = sa.insert(access_token).values(
        digest=digest, name=name, scopes=" ".join(scopes), made_at=at, made_by=made_by, aet=aet
    )
    return _token(connection.execute(entered.returning(access_token)).one())


def change_token(connection: Connection, token_id: int, **values: object) -> None:
    """Change columns of a token."""
    connection.execute(sa.update(access_token).where(access_token.c.id == token_id).values(values))


def _token(row: sa.Row[Any]) -> AccessToken:
    return AccessToken(
        row.id,
        row.name,
        frozenset(row.scopes.split()),
        row.made_at,
        row.made_by,
        row.used_at,
        row.revoked_at,
        row.aet,
    )
