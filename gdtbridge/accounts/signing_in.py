"""Signing in and out: names, passwords, sessions, and how often somebody may try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.accounts import store
from gdtbridge.accounts.book import AccountBook, AccountParts
from gdtbridge.accounts.errors import SignInRefused, TooManyTries
from gdtbridge.accounts.model import (
    LONGEST_SESSION,
    Account,
    SignedIn,
    digest_of,
    folded_name,
    new_secret,
)
from gdtbridge.accounts.throttle import Throttle
from gdtbridge.audit import Actor, ActorKind, DoneAct
from gdtbridge.durable.clock import DAY_SECONDS

MOST_SESSIONS: Final = 500
"""Of more, those begun first end."""
TRIES_HERE: Final = 5
"""Wrong passwords in a row for one name from one address; then one more each minute."""
TRIES_OF_NAME: Final = 20
"""The same from all addresses: who guesses from many does not lock the person out at once."""
TRIES_OF_ADDRESS: Final = 30
"""Wrong passwords of one address for all names; a terminal server is one address."""
MINUTE: Final = 60.0
ADDRESS_REFILL: Final = 10.0


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun, with the value of its cookie, which is given this once."""

    cookie: str
    account: Account


class SignInDesk:
    """Lets people in and out. Thread-safe; every call may raise `BridgeError`."""

    def __init__(self, parts: AccountParts, book: AccountBook, *, idle_seconds: float) -> None:
        self._parts = parts
        self._book = book
        self._idle_seconds = idle_seconds
        clock = parts.clock.monotonic
        self._here = Throttle(TRIES_HERE, MINUTE, clock)
        self._of_name = Throttle(TRIES_OF_NAME, MINUTE, clock)
        self._of_address = Throttle(TRIES_OF_ADDRESS, ADDRESS_REFILL, clock)

    def sign_in(self, name: str, password: str, address: str, before: str = "") -> NewSession:
        """Begin a session; ``before`` is the cookie the browser has, whose session ends.

        Raises `SignInRefused`, `TooManyTries` or `SignInBusy`; unknown names take as long.
        """
        return self.begin(self._must_know(name, password, address), address, before)

    def begin(self, account: Account, address: str, before: str = "") -> NewSession:
        """Begin a session of somebody who has proven who they are just now."""
        cookie, by = new_secret(), Actor(ActorKind.ACCOUNT, account.shown_name, account.id, address)
        parts, now = self._parts, self._parts.clock.utc()
        with parts.database.write() as connection:
            if before:
                store.end_session(connection, digest_of(before))
            store.add_session(
                connection, digest_of(cookie), account.id, address, now, now + LONGEST_SESSION
            )
            store.end_oldest_sessions(connection, MOST_SESSIONS)
            account = store.change_account(connection, account.id, signed_in_at=now)
            store.count_change(connection)
            parts.trail.enter(connection, by, _done("signed-in", account))
        parts.memory.follow()
        return NewSession(cookie, account)

    def _must_know(self, name: str, password: str, address: str) -> Account:
        """Return the account name and password belong to; raise what `sign_in` raises."""
        here = f"{folded_name(name)[:100]}\n{address}"
        self._take_tries(name, here, address)
        with self._parts.database.read() as connection:
            account = store.account_named(connection, name)
            kept = store.password_of(connection, account.id) if account is not None else ""
        if account is not None and not account.is_active:
            kept = ""
        hasher = self._parts.hasher
        if not hasher.is_right(password, kept) or account is None:
            self._note_refused(account, address)
            raise SignInRefused(min(self._here.left(here), self._of_address.left(address)))
        self._here.forget(here)
        self._of_name.give_back(folded_name(name))
        self._of_address.give_back(address)
        if hasher.is_outdated(kept):
            with self._parts.database.write() as connection:
                hashed = hasher.hashed(password)
                store.change_account(connection, account.id, password=hashed)
        return account

    def _take_tries(self, name: str, here: str, address: str) -> None:
        """Count a try by each key; raise `TooManyTries` where one has none left."""
        taken: list[tuple[Throttle, str]] = []
        for throttle, key in (
            (self._here, here),
            (self._of_address, address),
            (self._of_name, folded_name(name)),
        ):
            if seconds := throttle.take(key):
                for other, counted in taken:
                    other.give_back(counted)
                raise TooManyTries(seconds)
            taken.append((throttle, key))

    def _note_refused(self, account: Account | None, address: str) -> None:
        """Enter a refused try; a name nobody has may be a password typed into the wrong field."""
        by = Actor(ActorKind.NOBODY, address=address)
        self._parts.trail.write(by, _done("failed-sign-in", account))

    def change_password(self, who: SignedIn, old: str, new: str, address: str) -> NewSession:
        """Set a person's own password, end all sessions, and begin a new one here.

        Raises what `sign_in` raises where the old one is wrong, and `AccountError`.
        """
        account = self._must_know(who.account.name, old, address)
        by = Actor(ActorKind.ACCOUNT, account.shown_name, account.id, address)
        return self.begin(self._book.set_password(account, new, by), address)

    def sign_out(self, cookie: str, address: str) -> None:
        """End a session; a cookie of none is no error."""
        found = self._parts.memory.signed_in(cookie, acting=False)
        with self._parts.database.write() as connection:
            if store.end_session(connection, digest_of(cookie)) is None:
                return
            store.count_change(connection)
            if found is not None:
                account = found.account
                by = Actor(ActorKind.ACCOUNT, account.shown_name, account.id, address)
                self._parts.trail.enter(connection, by, _done("signed-out", account))
        self._parts.memory.follow()

    def sign_out_everywhere(self, account: Account, by: Actor) -> None:
        """End every session of an account."""
        with self._parts.database.write() as connection:
            store.end_sessions_of(connection, account.id)
            store.count_change(connection)
            self._parts.trail.enter(connection, by, _done("signed-out", account))
        self._parts.memory.follow()

    def forget_over(self) -> None:
        """Delete sessions that have been over for a day: until then it can be said why."""
        yesterday = self._parts.clock.utc() - DAY_SECONDS
        with self._parts.database.write(synced=False) as connection:
            if store.forget_sessions(connection, yesterday - self._idle_seconds, yesterday):
                store.count_change(connection)


def _done(act: str, account: Account | None) -> DoneAct:
    return DoneAct(act, subject=f"account:{account.name}" if account is not None else "")
