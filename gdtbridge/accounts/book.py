"""The accounts: made, changed, stilled; their one-time links and passwords.

Each change is entered into the audit trail in its own transaction. There is always an active
account of `Role.ADMIN` once there was one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gdtbridge.accounts import store
from gdtbridge.accounts.errors import AccountError
from gdtbridge.accounts.memory import AccessMemory
from gdtbridge.accounts.model import (
    LINK_SECONDS,
    Account,
    LinkPurpose,
    OpenLink,
    Role,
    digest_of,
    new_secret,
)
from gdtbridge.accounts.passwords import PasswordHasher, must_be_good
from gdtbridge.audit import Actor, ActorKind, AuditTrail, DoneAct
from gdtbridge.audit.store import names_account
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound

LONGEST_NAME: Final = 64
MOST_ACCOUNTS: Final = 500
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_NAME: Final = re.compile(r"[^\s/\\?#&<>\"':;,]+")


@dataclass(frozen=True, slots=True)
class AccountParts:
    """What everything about accounts works with."""

    database: Database
    memory: AccessMemory
    hasher: PasswordHasher
    trail: AuditTrail
    clock: Clock


class AccountBook:
    """The accounts and their one-time links. Thread-safe; every call may raise `BridgeError`."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def all(self) -> list[Account]:
        """Return all accounts, in the order of their names to show."""
        return self._parts.memory.accounts

    def named(self, name: str) -> Account:
        """Return the account of a name to sign in; raise `NotFound`."""
        with self._parts.database.read() as connection:
            return _named(connection, name)

    # ------------------------------------------------------------------------ links

    def first_link(self, by: Actor) -> str:
        """Return the secret of a link that makes the first account, in place of an earlier one.

        Raises `AccountError` where somebody can sign in already.
        """
        with self._parts.database.write() as connection:
            _must_be_first(connection)
            return self._put_link(connection, None, "", by)

    def link(self, name: str, by: Actor) -> str:
        """Return the secret of a link by which a person sets the password, new or forgotten.

        It takes the place of an earlier one; the old password is good until the link is used.
        """
        with self._parts.database.write() as connection:
            account = _named(connection, name)
            if not account.is_active:
                raise AccountError(
                    "name", "Dieses Konto ist stillgelegt. / This account is deactivated."
                )
            return self._put_link(connection, account.id, account.name, by)

    def _put_link(
        self, connection: Connection, account_id: int | None, name: str, by: Actor
    ) -> str:
        secret, now = new_secret(), self._parts.clock.utc()
        store.put_link(connection, digest_of(secret), account_id, now, now + LINK_SECONDS)
        self._parts.trail.enter(connection, by, _done("made-link", name))
        return secret

    def opened(self, secret: str) -> OpenLink | None:
        """Return what a link is for; None where it is none, was used, or is too old."""
        with self._parts.database.read() as connection:
            return self._opened(connection, secret)

    def _opened(self, connection: Connection, secret: str) -> OpenLink | None:
        row = store.link(connection, digest_of(secret))
        if row is None or row.expires_at <= self._parts.clock.utc():
            return None
        accounts = store.accounts(connection)
        if row.account_id is None:
            unused = not any(one.has_password for one in accounts)
            return OpenLink(LinkPurpose.FIRST, None) if unused else None
        account = next((one for one in accounts if one.id == row.account_id), None)
        if account is None or not account.is_active:
            return None
        return OpenLink(LinkPurpose.PASSWORD, account)

    def use_first_link(
        self, secret: str, name: str, shown_name: str, password: str, address: str
    ) -> Account:
        """Make the first account; raise `AccountError`, and then the link is as good as before."""
        name, shown_name = _checked(name, shown_name)
        must_be_good(password, name)
        hashed = self._parts.hasher.hashed(password)
        with self._parts.database.write() as connection:
            self._must_open(connection, secret, LinkPurpose.FIRST)
            _must_be_free(connection, name)
            now = self._parts.clock.utc()
            made = store.add_account(connection, name, shown_name, Role.ADMIN, hashed, now)
            store.end_links(connection, None)
            by = Actor(ActorKind.ACCOUNT, made.shown_name, made.id, address)
            self._changed(connection, by, _done("made-account", made.name, made.role))
        self._parts.memory.follow()
        return made

    def use_link(self, secret: str, password: str, address: str) -> Account:
        """Set a password by a link, end every session of the account; raise `AccountError`."""
        opened = self.opened(secret)
        name = opened.account.name if opened is not None and opened.account is not None else ""
        must_be_good(password, name)
        hashed = self._parts.hasher.hashed(password)
        with self._parts.database.write() as connection:
            account = self._must_open(connection, secret, LinkPurpose.PASSWORD).account
            assert account is not None  # noqa: S101 - such a link has one
            store.end_links(connection, account.id)
            by = Actor(ActorKind.ACCOUNT, account.shown_name, account.id, address)
            changed = self._set_password(connection, account, hashed, by)
        self._parts.memory.follow()
        return changed

    def _must_open(self, connection: Connection, secret: str, purpose: LinkPurpose) -> OpenLink:
        opened = self._opened(connection, secret)
        if opened is None or opened.purpose is not purpose:
            raise AccountError(
                "link",
                "Dieser Link gilt nicht mehr. Bitte einen neuen erstellen lassen. / This link is "
                "not good any more; have a new one made.",
            )
        return opened

    # ------------------------------------------------------------------------ accounts

    def make(self, name: str, shown_name: str, role: Role, by: Actor) -> Account:
        """Make an account without a password; `link` lets its person set one."""
        name, shown_name = _checked(name, shown_name)
        with self._parts.database.write() as connection:
            if len(store.accounts(connection)) >= MOST_ACCOUNTS:
                problem = f"Mehr als {MOST_ACCOUNTS} Konten gehen nicht. / No more accounts fit."
                raise AccountError("name", problem)
            _must_be_free(connection, name)
            now = self._parts.clock.utc()
            made = store.add_account(connection, name, shown_name, role, "", now)
            self._changed(connection, by, _done("made-account", name, role))
        self._parts.memory.follow()
        return made

    def change(self, name: str, shown_name: str, role: Role, by: Actor) -> Account:
        """Change the name to show and the role; another role ends the account's sessions."""
        _, shown_name = _checked(name, shown_name)
        with self._parts.database.write() as connection:
            account = _named(connection, name)
            if role is not Role.ADMIN:
                _must_not_be_last(connection, account)
            changed = store.change_account(
                connection, account.id, role=role.value, shown_name=shown_name
            )
            if role is not account.role:
                store.end_sessions_of(connection, account.id)
            told = f"{account.shown_name} → {shown_name}"
            if role is not account.role:
                told = f"{account.role} → {role}"
            self._changed(connection, by, _done("changed-account", account.name, told))
        self._parts.memory.follow()
        return changed

    def deactivate(self, name: str, by: Actor) -> Account:
        """Let nobody sign in with an account any more; its sessions and links end."""
        with self._parts.database.write() as connection:
            account = _named(connection, name)
            _must_not_be_last(connection, account)
            changed = store.change_account(connection, account.id, is_active=False)
            store.end_sessions_of(connection, account.id)
            store.end_links(connection, account.id)
            self._changed(connection, by, _done("deactivated-account", account.name))
        self._parts.memory.follow()
        return changed

    def reactivate(self, name: str, by: Actor) -> Account:
        """Let a deactivated account sign in again, with the password it had."""
        with self._parts.database.write() as connection:
            account = _named(connection, name)
            changed = store.change_account(connection, account.id, is_active=True)
            self._changed(connection, by, _done("reactivated-account", account.name))
        self._parts.memory.follow()
        return changed

    def remove(self, name: str, by: Actor) -> bool:
        """Delete an account that did nothing yet; deactivate one that the audit trail names.

        Return whether it was deleted.
        """
        with self._parts.database.read() as connection:
            account = _named(connection, name)
            is_named = names_account(connection, account.id)
        if is_named:
            self.deactivate(name, by)
            return False
        with self._parts.database.write() as connection:
            _must_not_be_last(connection, account)
            store.end_sessions_of(connection, account.id)
            store.delete_account(connection, account.id)
            self._changed(connection, by, _done("removed-account", account.name))
        self._parts.memory.follow()
        return True

    def set_password(self, account: Account, password: str, by: Actor) -> Account:
        """Set a password whose old one was shown; every session of the account ends."""
        must_be_good(password, account.name)
        hashed = self._parts.hasher.hashed(password)
        with self._parts.database.write() as connection:
            changed = self._set_password(connection, account, hashed, by)
        self._parts.memory.follow()
        return changed

    def _set_password(
        self, connection: Connection, account: Account, hashed: str, by: Actor
    ) -> Account:
        changed = store.change_account(connection, account.id, password=hashed)
        store.end_sessions_of(connection, account.id)
        self._changed(connection, by, _done("set-password", account.name))
        return changed

    def _changed(self, connection: Connection, by: Actor, done: DoneAct) -> None:
        store.count_change(connection)
        self._parts.trail.enter(connection, by, done)


def _done(act: str, name: str, detail: str = "") -> DoneAct:
    return DoneAct(act, subject=f"account:{name}" if name else "", detail=detail)


def _named(connection: Connection, name: str) -> Account:
    found = store.account_named(connection, name)
    if found is None:
        raise NotFound("Dieses Konto gibt es nicht. / There is no such account.")
    return found


def _checked(name: str, shown_name: str) -> tuple[str, str]:
    """Return both names without blanks around them; raise `AccountError`."""
    name, shown_name = name.strip(), " ".join(shown_name.split())
    for field, value in (("name", name), ("shown_name", shown_name)):
        if not value:
            raise AccountError(field, "Bitte einen Namen eintragen. / Please give a name.")
        if len(value) > LONGEST_NAME:
            problem = f"Höchstens {LONGEST_NAME} Zeichen. / At most {LONGEST_NAME} characters."
            raise AccountError(field, problem)
        if _UNSEEN.search(value):
            problem = "Enthält unsichtbare Zeichen, bitte neu tippen. / Has invisible characters."
            raise AccountError(field, problem)
    if not _NAME.fullmatch(name):
        raise AccountError(
            "name",
            "Bitte ohne Leerzeichen und Satzzeichen, zum Beispiel anna. / No blanks and no "
            "punctuation, such as anna.",
        )
    return name, shown_name


def _must_be_free(connection: Connection, name: str) -> None:
    if store.account_named(connection, name) is not None:
        raise AccountError("name", "Diesen Namen hat schon ein Konto. / This name is taken.")


def _must_be_first(connection: Connection) -> None:
    if any(one.has_password for one in store.accounts(connection)):
        raise AccountError(
            "name",
            "Es gibt schon Konten: Bitte mit --account NAME sagen, für wen der Link ist. / There "
            "are accounts: name the one the link is for by --account NAME.",
        )


def _must_not_be_last(connection: Connection, account: Account) -> None:
    """Raise where nobody else could administer: no active admin with a password is left."""
    others = [
        one
        for one in store.accounts(connection)
        if one.role is Role.ADMIN and one.is_active and one.has_password and one.id != account.id
    ]
    is_admin = account.role is Role.ADMIN and account.is_active and account.has_password
    if is_admin and not others:
        raise AccountError(
            "role",
            "Das ist das letzte Konto mit Verwaltung, es muss eines geben. / This is the last "
            "account of administration; there has to be one.",
        )
