"""*Zugangsschlüssel*: tokens of programs; for who administers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.accounts import SCOPES, Access, AccountError
from gdtbridge.web.access.principal import principal
from gdtbridge.web.forms import raw_values
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD

HOME: Final = f"{PATHS[Area.SYSTEM]}/schluessel"
WRITE: Final = ("POST",)


@dataclass(frozen=True, slots=True)
class TokenPages:
    """Shows tokens without their secrets, makes and revokes them."""

    frame: Frame
    access: Access

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (HOME, "tokens", self.all, READ),
            (HOME, "token_make", self.make, WRITE),
            (f"{HOME}/<int:number>/sperren", "token_revoke", self.revoke, WRITE),
        )

    def all(self) -> Response:
        """Show every token, and the form of a new one."""
        return self._all("", "", frozenset(), {})

    def _all(
        self, name: str, aet: str, chosen: frozenset[str], errors: Mapping[str, str]
    ) -> Response:
        half = self.frame.texts.half
        return self.frame.show(
            "system/tokens.html",
            self.frame.texts("tokens.title"),
            Area.SYSTEM,
            status=422 if errors else 200,
            own=True,
            tokens=sorted(
                self.access.tokens.all(), key=lambda one: (one.revoked_at is not None, -one.id)
            ),
            scopes={code: half(words) for code, words in SCOPES.items()},
            home=HOME,
            name=name,
            aet=aet,
            chosen=chosen,
            errors=errors,
        )

    def make(self) -> Response:
        """Make a token and show its secret, this once."""
        fields = posted()
        return self.frame.submissions.once(fields.get(FIELD, ""), lambda: self._make(fields))

    def _make(self, fields: Mapping[str, str]) -> Response:
        name, aet = fields.get("name", ""), fields.get("aet", "")
        chosen = frozenset(
            one.value.decode("utf-8") for one in raw_values(request) if one.name == "scope"
        )
        try:
            made = self.access.tokens.make(name, chosen, principal().actor, aet)
        except AccountError as error:
            told = {error.field: self.frame.texts.half(error.problem)}
            return self._all(name, aet, chosen, told)
        return self.frame.show(
            "system/token.html",
            self.frame.texts("tokens.made_title"),
            Area.SYSTEM,
            own=True,
            made=made,
            home=HOME,
        )

    def revoke(self, number: int) -> Response:
        """Let a token open nothing any more."""
        fields = posted()

        def revoke() -> Response:
            token = self.access.tokens.revoke(number, principal().actor)
            return self.frame.go(HOME, Notice(self.frame.texts("tokens.revoked", name=token.name)))

        return self.frame.submissions.once(fields.get(FIELD, ""), revoke)
