"""Accounts, sessions, one-time links and tokens as values."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.tsv import sentences

STORE_SCOPE: Final = "dicomweb-store"
"""The scope of programs that bring objects."""
WORKLIST_SCOPE: Final = "worklist"
"""The scope of programs that read and change the worklist, and are told of it."""
TITLED_SCOPES: Final = frozenset({STORE_SCOPE, WORKLIST_SCOPE})
"""Those for which a program may stand for a device, by its AE title."""
SCOPES: Final[Mapping[str, str]] = sentences("accounts/scopes.tsv")
"""What a token may be for: code to ``German / English``."""
LINK_SECONDS: Final = 24 * 3600.0
"""How long a one-time link is good."""
LONGEST_SESSION: Final = 12 * 3600.0
"""Seconds after which somebody signs in anew, however busy."""


class Role(StrEnum):
    """What somebody may do."""

    ADMIN = "admin"
    """Everything: accounts, tokens, settings, the audit trail."""
    PRACTICE = "practice"
    """The work of the practice: orders, exams, deliveries."""
    READER = "reader"
    """Looking only."""


ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.ADMIN: "Verwaltung / administration",
    Role.PRACTICE: "Praxis / practice",
    Role.READER: "nur lesen / read only",
}


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in."""

    id: int
    name: str
    """What is typed to sign in."""
    shown_name: str
    """What others read: "Anna Krüger"."""
    role: Role
    is_active: bool
    has_password: bool
    """Not before the person has used the one-time link."""
    made_at: float
    """UTC seconds, as is the next."""
    signed_in_at: float | None
    """The last time."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person in a session: what a request with a good cookie comes from."""

    session_id: int
    account: Account
    began_at: float
    """UTC seconds."""


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    FIRST = "first"
    """Making the first account, which is an `Role.ADMIN`."""
    PASSWORD = "password"  # noqa: S105 - a purpose, no secret
    """Setting the password of an account that is there, new or forgotten."""


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that is good: what for, and whose; no account yet for the first one."""

    purpose: LinkPurpose
    account: Account | None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token of a program, without its secret."""

    id: int
    name: str
    scopes: frozenset[str]
    made_at: float
    """UTC seconds, as are the next."""
    made_by: str
    used_at: float | None
    revoked_at: float | None
    aet: str = ""
    """AE title of the device the program stands for; empty where none is said."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made, with its secret, which is shown this once."""

    token: AccessToken
    secret: str


def link_path(secret: str) -> str:
    """Return the path of the page a one-time link opens."""
    return f"/zugang/{secret}"


def new_secret() -> str:
    """Return 256 random bits as text for an address, a cookie or a header."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is kept of a random secret: SHA-256, hexadecimal (it cannot be guessed)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def folded_name(name: str) -> str:
    """Return the form by which a name to sign in is compared: "Anna" and "anna" are one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
