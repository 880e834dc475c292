"""The tokens of programs: made for some scopes, shown once, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gdtbridge.accounts import store
from gdtbridge.accounts.book import LONGEST_NAME, AccountParts
from gdtbridge.accounts.errors import AccountError
from gdtbridge.accounts.model import (
    SCOPES,
    TITLED_SCOPES,
    AccessToken,
    NewToken,
    digest_of,
    new_secret,
)
from gdtbridge.audit import Actor, DoneAct
from gdtbridge.dataset.values import is_ae_title
from gdtbridge.errors import NotFound

MOST_TOKENS: Final = 200
PREFIX: Final = "gdtb_"
"""How a token begins, so that a person or a scanner of secrets knows it when it lies somewhere."""
_TITLED: Final = sorted(TITLED_SCOPES)


class TokenBook:
    """The tokens. Thread-safe; every call may raise `BridgeError`."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def all(self) -> list[AccessToken]:
        """Return all tokens, revoked ones too, those made first first."""
        return self._parts.memory.tokens

    def make(self, name: str, scopes: Iterable[str], by: Actor, aet: str = "") -> NewToken:
        """Make a token; its secret is in the answer and nowhere else. Raises `AccountError`.

        With an ``aet`` its program stands for that device, and for no other (`TITLED_SCOPES`).
        """
        name, chosen, aet = " ".join(name.split()), sorted(set(scopes)), aet.strip()
        if not name or len(name) > LONGEST_NAME:
            raise AccountError(
                "name",
                "Bitte einen Namen, an dem man ihn erkennt, zum Beispiel „Praxissoftware Raum 1“. "
                "/ Please give a name to know it by.",
            )
        if not chosen or not SCOPES.keys() >= set(chosen):
            raise AccountError(
                "scopes",
                f"Bitte wählen, wofür er gilt: {', '.join(SCOPES)}. / Say what it is for.",
            )
        if aet and (not is_ae_title(aet) or TITLED_SCOPES.isdisjoint(chosen)):
            german, english = " oder ".join(_TITLED), " or ".join(_TITLED)
            raise AccountError(
                "aet",
                f"Bitte einen AE-Titel (1 bis 16 Zeichen, nur mit {german}), oder keinen. / "
                f"Please give an AE title (1 to 16 characters, with {english} only), or none.",
            )
        if len([one for one in self.all() if one.revoked_at is None]) >= MOST_TOKENS:
            raise AccountError("name", "Zu viele Zugangsschlüssel. / Too many access tokens.")
        secret, now = PREFIX + new_secret(), self._parts.clock.utc()
        digest, made_by = digest_of(secret), by.name or by.kind.value
        with self._parts.database.write() as connection:
            made = store.add_token(connection, digest, name, chosen, made_by, now, aet)
            store.count_change(connection)
            told = DoneAct("made-token", subject=f"token:{made.id}", detail=_told(made))
            self._parts.trail.enter(connection, by, told)
        self._parts.memory.follow()
        return NewToken(made, secret)

    def revoke(self, token_id: int, by: Actor) -> AccessToken:
        """Let a token open nothing any more; raise `NotFound`. Once more it is no error."""
        self._parts.memory.follow()
        token = next((one for one in self.all() if one.id == token_id), None)
        if token is None:
            raise NotFound(
                "Diesen Zugangsschlüssel gibt es nicht; gdtbridge access tokens zeigt sie. / There "
                "is no such token; gdtbridge access tokens lists them."
            )
        if token.revoked_at is not None:
            return token
        with self._parts.database.write() as connection:
            now = self._parts.clock.utc()
            store.change_token(connection, token.id, revoked_at=now)
            store.count_change(connection)
            told = DoneAct("revoked-token", subject=f"token:{token.id}", detail=_told(token))
            self._parts.trail.enter(connection, by, told)
        self._parts.memory.follow()
        return token


def _told(token: AccessToken) -> str:
    title = f", AET {token.aet}" if token.aet else ""
    return f"{token.name}: {', '.join(sorted(token.scopes))}{title}"
