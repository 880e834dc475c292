"""Accounts, sessions, tokens and links in memory: what a request is judged by without the database.

Whatever changes them counts the change in the database; who remembers them reads all again when
the count is another one. So a call of each page every two seconds costs no reading, and what the
command line changes is known within `FOLLOW_SECONDS`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.accounts import store, study_link_store
from gdtbridge.accounts.model import AccessToken, Account, SignedIn, digest_of
from gdtbridge.accounts.store import SessionRow
from gdtbridge.accounts.study_link import StudyLink
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock

FOLLOW_SECONDS: Final = 2.0
"""How often is looked whether another process changed something."""
NOTE_SECONDS: Final = 30.0
"""A use is written down when the one written down is so much older."""


@dataclass(slots=True)
class _KeptSession:
    """A session with times of the monotonic clock, which does not jump."""

    row: SessionRow
    seen: float
    ends: float
    written: float
    """What of ``seen`` the database knows."""


@dataclass(frozen=True, slots=True)
class _KeptLink:
    """A link to a study; when it ends by the monotonic clock."""

    link: StudyLink
    ends: float


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Everything as it was when changes had been counted so often; -1 for never read."""

    number: int
    accounts: Mapping[int, Account]
    sessions: Mapping[str, _KeptSession]
    """By the digest of the cookie's value, as are tokens by that of their secret."""
    tokens: Mapping[str, AccessToken]
    links: Mapping[str, _KeptLink]


class AccessMemory:
    """What is known of accounts, sessions and tokens. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, *, idle_seconds: float) -> None:
        """Know nothing yet: the first question reads. A session idles for ``idle_seconds``."""
        self._database = database
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._reading = threading.Lock()
        self._known = _Snapshot(-1, {}, {}, {}, {})
        self._used: dict[int, float] = {}
        """Tokens that were used and not noted yet, when (UTC seconds)."""
        self._opened: dict[int, float] = {}
        """The same of links to studies."""

    def follow(self) -> None:
        """Read everything again where it was changed; raise a `BridgeError` where that fails."""
        with self._reading, self._database.read() as connection:
            number = store.change_number(connection)
            if number == self._known.number:
                return
            accounts = {one.id: one for one in store.accounts(connection)}
            rows = store.sessions(connection)
            tokens = dict(store.tokens(connection))
            before = self._known.sessions
            sessions = {row.digest: self._kept(row, before.get(row.digest)) for row in rows}
            ahead = self._clock.monotonic() - self._clock.utc()
            links = {
                digest: _KeptLink(one, one.expires_at + ahead)
                for digest, one in study_link_store.study_links(connection)
            }
            self._known = _Snapshot(number, accounts, sessions, tokens, links)

    def _kept(self, row: SessionRow, before: _KeptSession | None) -> _KeptSession:
        if before is not None:
            return before
        ahead = self._clock.monotonic() - self._clock.utc()
        seen = row.seen_at + ahead
        return _KeptSession(row, seen, row.expires_at + ahead, seen)

    @property
    def _now(self) -> _Snapshot:
        if self._known.number < 0:
            self.follow()
        return self._known

    @property
    def accounts(self) -> list[Account]:
        """All accounts, in the order of their names to show."""
        return list(self._now.accounts.values())

    @property
    def tokens(self) -> list[AccessToken]:
        """All tokens, revoked ones too."""
        return list(self._now.tokens.values())

    @property
    def study_links(self) -> list[StudyLink]:
        """All links to studies, those that ended too for a while."""
        return [_opened(one.link, self._opened) for one in self._now.links.values()]

    @property
    def has_accounts(self) -> bool:
        """Whether anybody ever set a password: from then on people sign in."""
        return any(one.has_password for one in self._now.accounts.values())

    def signed_in(self, cookie: str, *, acting: bool) -> SignedIn | None:
        """Return whose session the value of a cookie belongs to, None where it is over or none.

        ``acting``: the person did something, which a page that asks again by itself did not.
        """
        kept = self._session(cookie)
        if kept is None:
            return None
        account = self._now.accounts.get(kept.row.account_id)
        if account is None or not account.is_active:
            return None
        if acting:
            kept.seen = self._clock.monotonic()
        return SignedIn(kept.row.id, account, kept.row.began_at)

    def seconds_left(self, cookie: str) -> float:
        """Return in how many seconds a session ends if its person does nothing; 0: it is over."""
        kept = self._session(cookie)
        now = self._clock.monotonic()
        return 0.0 if kept is None else min(kept.seen + self._idle_seconds, kept.ends) - now

    def is_over(self, cookie: str) -> bool:
        """Return whether there was such a session that ended by itself, a day ago at most."""
        kept = self._now.sessions.get(digest_of(cookie)) if cookie else None
        return kept is not None and self._session(cookie) is None

    def _session(self, cookie: str) -> _KeptSession | None:
        kept = self._now.sessions.get(digest_of(cookie)) if cookie else None
        if kept is None:
            return None
        now = self._clock.monotonic()
        over = now >= kept.ends or now - kept.seen >= self._idle_seconds
        return None if over else kept

    def token(self, secret: str) -> AccessToken | None:
        """Return the token of a secret, None where it is none or revoked."""
        found = self._now.tokens.get(digest_of(secret))
        if found is None or found.revoked_at is not None:
            return None
        self._used[found.id] = self._clock.utc()
        return found

    def study_link(self, secret: str) -> StudyLink | None:
        """Return the link to a study of a secret, None where it is none, ended or revoked."""
        kept = self._now.links.get(digest_of(secret)) if secret else None
        is_over = kept is None or self._clock.monotonic() >= kept.ends
        if kept is None or is_over or kept.link.revoked_at is not None:
            return None
        self._opened[kept.link.id] = self._clock.utc()
        return kept.link

    def note_uses(self) -> None:
        """Write down when sessions, tokens and links were used last; nothing where nobody came."""
        now, ahead = self._clock.monotonic(), self._clock.utc() - self._clock.monotonic()
        seen = [
            one
            for one in self._known.sessions.values()
            if one.seen - one.written >= NOTE_SECONDS and now < one.ends
        ]
        used, self._used = self._used, {}
        opened, self._opened = self._opened, {}
        if not (seen or used or opened):
            return
        with self._database.write(synced=False) as connection:
            for one in seen:
                store.note_seen(connection, one.row.id, one.seen + ahead)
            for token_id, at in used.items():
                store.change_token(connection, token_id, used_at=at)
            for link_id, at in opened.items():
                study_link_store.change_study_link(connection, link_id, opened_at=at)
        for one in seen:
            one.written = one.seen
        self._remember_uses(used, opened)

    def _remember_uses(self, used: Mapping[int, float], opened: Mapping[int, float]) -> None:
        with self._reading:
            tokens = {
                digest: replace(one, used_at=used.get(one.id, one.used_at))
                for digest, one in self._known.tokens.items()
            }
            links = {
                digest: replace(kept, link=_opened(kept.link, opened))
                for digest, kept in self._known.links.items()
            }
            self._known = replace(self._known, tokens=tokens, links=links)


def _opened(link: StudyLink, opened: Mapping[int, float]) -> StudyLink:
    return replace(link, opened_at=opened.get(link.id, link.opened_at))
