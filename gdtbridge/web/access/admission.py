"""Admission: who a request comes from, and whether that one may make this call.

Looked at in this order: a token that is shown, the cookie of a session, whether there are accounts
at all, whether it is a program on this machine that may call without any.
"""

from __future__ import annotations

import hmac
from typing import Final

from werkzeug.wrappers import Request

from gdtbridge.accounts import StudyLink
from gdtbridge.accounts.memory import AccessMemory
from gdtbridge.accounts.throttle import Throttle
from gdtbridge.addresses import address_of
from gdtbridge.audit import Actor, ActorKind
from gdtbridge.settings import Settings
from gdtbridge.settings.hosts import is_loopback
from gdtbridge.web.access.calls import CallRule, HereRule, call_table, method_of
from gdtbridge.web.access.cookie import SessionCookie
from gdtbridge.web.access.principal import Principal
from gdtbridge.web.access.tokens import CHALLENGE, TokenCheck, shown_token
from gdtbridge.web.forms import MULTIPART, URLENCODED, raw_values
from gdtbridge.web.problems import READING, TEXT_PATHS, refuse

FOLLOWS: Final = "X-Live-Revision"
"""Header of a page that asks by itself whether it is still right: the revision it shows."""
UNATTENDED: Final = frozenset(
    (f"page_{name}", "GET")
    for name in (
        *("still_here", "clarify_who", "setup_file", "setup_line", "setup_queries"),
        *("picture_facts", "picture_thumbnail", "picture_frames"),
        "sample_set",
    )
)
"""Further calls that pages make by themselves: their person need not be there."""
FORM_TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
FORM_TOKEN_HEADER: Final = "X-Form-Token"  # noqa: S105 - the name of a header
STALE: Final = (
    "Die Seite ist zu alt. Bitte neu laden; es wurde nichts geändert. / The page is too old. Please"
    " load it again; nothing was changed."
)
NO_RIGHT: Final = (
    "Dafür fehlt Ihnen das Recht. Wer hier Verwaltung hat, kann es geben. / You have no right to do"
    " this; somebody of the administration can give it."
)
FORM_TYPES: Final = frozenset({URLENCODED, MULTIPART})
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
"""Headers of a reverse proxy: the caller is not on this machine, only the proxy is."""


class Admission:
    """Tells whom requests come from, and refuses calls that are not for them."""

    def __init__(
        self, settings: Settings, memory: AccessMemory, throttle: Throttle | None = None
    ) -> None:
        http = settings.http
        self._memory = memory
        self._calls = call_table()
        self._tokens = TokenCheck(http.token.get_secret_value(), memory.token, throttle)
        self._has_token = bool(http.token.get_secret_value())
        self._may_be_open = (
            is_loopback(http.host) and not self._has_token and not settings.access.required
        )
        self._open_worklist_add = http.open_worklist_add
        self._cookie = SessionCookie.of(http)
        self._link_cookie = SessionCookie.for_links(http)

    def rule(self, endpoint: str | None, method: str) -> CallRule | None:
        """Return who may make a call; None where there is no such call."""
        return self._calls.get((endpoint or "", method_of(method)))

    def identify(
        self, request: Request, endpoint: str | None, *, whole: bool = True
    ) -> Principal | None:
        """Return who makes a request; raise `CallRefused` for a wrong token.

        Not ``whole``: only its header is there; None where its body may hold a token.
        """
        rule = self.rule(endpoint, request.method)
        if rule is None or not rule.is_for_everyone:
            if not whole and _token_may_follow(request):
                return None
            if (token := _token_of(request)) is not None:
                return self._of_token(token, request)
        cookie = request.cookies.get(self._cookie.name, "")
        call = (endpoint or "", method_of(request.method))
        acting = FOLLOWS not in request.headers and call not in UNATTENDED
        session = self._memory.signed_in(cookie, acting=acting and whole)
        if session is not None:
            account = session.account
            actor = _actor(ActorKind.ACCOUNT, account.shown_name, request, account.id)
            return Principal(actor, session, cookie)
        if rule is not None and rule.permits_links and not self.is_open:
            link = self._memory.study_link(request.cookies.get(self._link_cookie.name, ""))
            if link is not None:
                return _of_link(link, request)
        return self._unnamed(request, rule)

    def must_be_permitted(self, found: Principal, request: Request, endpoint: str | None) -> None:
        """Raise `CallRefused` for a call that is not for who makes it (403), or nobody (401)."""
        rule = self.rule(endpoint, request.method)
        if not self._permits(found, rule, request, endpoint):
            if found.is_known:
                raise refuse(403, NO_RIGHT)
            raise refuse(401, "", CHALLENGE)

    def must_be_ours(self, found: Principal, request: Request, endpoint: str | None) -> None:
        """Raise `CallRefused` for a change that a cookie allows and no form of ours asks for."""
        rule = self.rule(endpoint, request.method)
        by_cookie = found.form_token and not (rule is not None and rule.is_for_everyone)
        if request.method not in READING and by_cookie:
            shown = _form_token_of(request)
            if not hmac.compare_digest(shown.encode(), found.form_token.encode()):
                raise refuse(403, STALE)

    def _of_token(self, shown: bytes, request: Request) -> Principal:
        if self._tokens.is_owners(shown):
            return Principal(_actor(ActorKind.TOKEN, "http.token", request), owns=True)
        named = self._tokens.named(shown)
        if named is not None:
            actor = _actor(ActorKind.TOKEN, named.name, request)
            return Principal(actor, scopes=named.scopes, aet=named.aet)
        if (link := self._memory.study_link(shown.decode("latin-1"))) is not None:
            return _of_link(link, request)
        if not self.is_open:
            self._tokens.refuse(request.remote_addr or "")
        return self._unnamed(request, None)

    @property
    def is_open(self) -> bool:
        """Whether everybody on this machine may do everything: there are no accounts yet."""
        return self._may_be_open and not self._memory.has_accounts

    def _unnamed(self, request: Request, rule: CallRule | None) -> Principal:
        if self.is_open:
            return Principal(_actor(ActorKind.NOBODY, "", request), owns=True)
        if rule is not None and rule.here is not HereRule.NEVER and self._is_here(request, rule):
            return Principal(_actor(ActorKind.SOFTWARE, "", request))
        return Principal(_actor(ActorKind.NOBODY, "", request))

    def _permits(
        self, found: Principal, rule: CallRule | None, request: Request, endpoint: str | None
    ) -> bool:
        if rule is None:  # who may come in at all is told that there is no such call
            return found.owns or (endpoint is None and found.is_known)
        if found.actor.kind is ActorKind.SOFTWARE:
            return self._is_here(request, rule)
        return found.may(rule)

    def _is_here(self, request: Request, rule: CallRule) -> bool:
        """Return whether a program on this machine may make a call without showing anything."""
        if rule.here is HereRule.NEVER or self._has_token:
            return False
        if rule.here is HereRule.SETTING and not self._open_worklist_add:
            return False
        address = address_of(request.remote_addr or "")
        return address is not None and address.is_loopback and not is_forwarded(request)


def is_forwarded(request: Request) -> bool:
    """Return whether a proxy says that it stands between."""
    return any(name in request.headers for name in _FORWARDED)


def _of_link(link: StudyLink, request: Request) -> Principal:
    return Principal(_actor(ActorKind.LINK, link.name, request), shared=link.shared)


def _actor(kind: ActorKind, name: str, request: Request, account_id: int | None = None) -> Actor:
    return Actor(kind, name, account_id, request.remote_addr or "")


def _token_may_follow(request: Request) -> bool:
    """Return whether the token may stand in the body, which is not there yet."""
    return (
        request.path in TEXT_PATHS
        and request.method == "POST"
        and "Authorization" not in request.headers
        and "token" not in request.args
    )


def _token_of(request: Request) -> bytes | None:
    parameters: list[bytes] = []
    if request.path in TEXT_PATHS and "Authorization" not in request.headers:
        parameters = [v.value for v in raw_values(request) if v.name == "token"]
    return shown_token(request.headers.get("Authorization", ""), parameters)


def _form_token_of(request: Request) -> str:
    shown = request.headers.get(FORM_TOKEN_HEADER, "")
    if shown or request.mimetype not in FORM_TYPES:
        return shown
    values = (one.value.decode("latin-1") for one in raw_values(request) if one.name == FORM_TOKEN)
    return next(values, "")
