"""The pages by which people come in: signing in, the one-time link, signing out, their account."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from flask import Response, request

from gdtbridge.accounts import (
    Access,
    Account,
    AccountError,
    LinkPurpose,
    OpenLink,
    SignedIn,
    SignInRefused,
    TooManyTries,
)
from gdtbridge.accounts.memory import AccessMemory
from gdtbridge.accounts.passwords import SHORTEST
from gdtbridge.accounts.signing_in import NewSession
from gdtbridge.web.access.cookie import SessionCookie
from gdtbridge.web.access.principal import principal
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import PageRoute
from gdtbridge.web.problems import READING

START: Final = "/heute"
FORM: Final = ("GET", "HEAD", "POST")
LONGEST_PATH: Final = 2000


class SignInPages:
    """The ways in and out; no answer names an account the caller did not name."""

    def __init__(self, frame: Frame, access: Access, cookie: SessionCookie, idle: float) -> None:
        """``idle`` is after how many minutes a session ends that nobody uses."""
        self._frame = frame
        self._texts = frame.texts
        self._access = access
        self._cookie = cookie
        self._idle = idle

    @property
    def memory(self) -> AccessMemory:
        """What is known of who is signed in."""
        return self._access.memory

    def routes(self) -> Iterator[PageRoute]:
        """Yield the pages."""
        yield "/anmelden", "sign_in", self.sign_in, FORM
        yield "/zugang/<secret>", "link", self.link, FORM
        yield "/abmelden", "sign_out", self.sign_out, ("POST",)
        yield "/konto", "account", self.account, FORM
        yield "/konto/da", "still_here", self.still_here, FORM

    # ------------------------------------------------------------------ signing in

    def sign_in(self) -> Response:
        """Ask for name and password, or begin a session and go where the person wanted to."""
        if request.method in READING:
            return self._frame.go(START) if principal().is_known else self._ask(200, START)
        fields = posted()
        wanted = local_path(fields.get("wanted", ""))
        name, before = fields.get("name", ""), request.cookies.get(self._cookie.name, "")
        try:
            begun = self._access.desk.sign_in(name, fields.get("password", ""), _address(), before)
        except SignInRefused as refused:
            told = self._texts("sign_in.wrong")
            return self._ask(422, wanted, name, told, self._texts("sign_in.left", n=refused.left))
        except TooManyTries as refused:
            told = self._texts("sign_in.wait", n=refused.minutes)
            answer = self._ask(429, wanted, name, told)
            answer.headers["Retry-After"] = str(int(refused.seconds) + 1)
            return answer
        return self._let_in(begun, wanted)

    def ask_instead(self) -> Response:
        """Return the sign-in page in the place of a page nobody may see: its address stays (401).

        What was sent is not done; afterwards the person is at the page it was sent from.
        """
        if request.method in READING:
            return self._ask(401, local_path(request.full_path.removesuffix("?")))
        return self._ask(401, local_path(_path_of(request.headers.get("Referer", ""))))

    def _ask(
        self, status: int, wanted: str, name: str = "", told: str = "", more: str = ""
    ) -> Response:
        was_here = self._access.memory.is_over(request.cookies.get(self._cookie.name, ""))
        if was_here and not told and status == 401:
            told = self._texts("sign_in.idle", n=int(self._idle))
        return self._frame.show(
            "sign_in.html",
            self._texts("sign_in.title"),
            status=status,
            own=True,
            wanted=wanted,
            name=name,
            told=told,
            more=more,
            idle=int(self._idle),
            has_accounts=self._access.memory.has_accounts,
        )

    def _let_in(self, begun: NewSession, path: str, notice: Notice | None = None) -> Response:
        return self._cookie.give(self._frame.go(path, notice), begun.cookie)

    # ------------------------------------------------------------------ one-time links

    def link(self, secret: str) -> Response:
        """Let a person make the first account or set a password, and sign them in."""
        opened = self._access.accounts.opened(secret)
        if opened is None:
            return self._frame.show(
                "link_over.html", self._texts("link.over"), status=410, own=True
            )
        if request.method in READING:
            return self._ask_password(opened)
        fields = posted()
        try:
            _must_match(fields, self._texts("link.not_same"))
            account = self._used(opened, secret, fields)
        except AccountError as error:
            return self._ask_password(opened, fields, error)
        before = request.cookies.get(self._cookie.name, "")
        begun = self._access.desk.begin(account, _address(), before)
        return self._let_in(begun, START, Notice(self._texts("link.done", name=account.shown_name)))

    def _used(self, opened: OpenLink, secret: str, fields: Mapping[str, str]) -> Account:
        password = fields.get("password", "")
        if opened.purpose is LinkPurpose.PASSWORD:
            return self._access.accounts.use_link(secret, password, _address())
        name, shown_name = fields.get("name", ""), fields.get("shown_name", "")
        accounts = self._access.accounts
        return accounts.use_first_link(secret, name, shown_name, password, _address())

    def _ask_password(
        self,
        opened: OpenLink,
        fields: Mapping[str, str] | None = None,
        error: AccountError | None = None,
    ) -> Response:
        first = opened.purpose is LinkPurpose.FIRST
        title = "link.first" if first else "link.password"
        return self._frame.show(
            "link.html",
            self._texts(title),
            status=200 if error is None else 422,
            own=True,
            account=opened.account,
            fields=fields or {},
            errors=self._errors(error),
            shortest=SHORTEST,
        )

    def _errors(self, error: AccountError | None) -> Mapping[str, str]:
        return {} if error is None else {error.field: self._texts.half(error.problem)}

    # ------------------------------------------------------------------ being in

    def sign_out(self) -> Response:
        """End the session."""
        self._access.desk.sign_out(principal().cookie, _address())
        return self._cookie.take(self._frame.go("/anmelden"))

    def account(self) -> Response:
        """Show the person's account; set another password, or sign out everywhere."""
        who = principal().session
        if who is None:
            return self._frame.go(START)
        if request.method in READING:
            return self._show_account()
        fields = posted()
        if fields.get("act") == "everywhere":
            self._access.desk.sign_out_everywhere(who.account, principal().actor)
            return self._cookie.take(self._frame.go("/anmelden"))
        return self._change_password(who, fields)

    def _change_password(self, who: SignedIn, fields: Mapping[str, str]) -> Response:
        old, new = fields.get("old", ""), fields.get("password", "")
        try:
            _must_match(fields, self._texts("link.not_same"))
            begun = self._access.desk.change_password(who, old, new, _address())
        except AccountError as error:
            return self._show_account(self._errors(error))
        except SignInRefused:
            return self._show_account({"old": self._texts("account.old_wrong")})
        except TooManyTries as refused:
            return self._show_account({"old": self._texts("sign_in.wait", n=refused.minutes)})
        return self._let_in(begun, "/konto", Notice(self._texts("account.changed")))

    def _show_account(self, errors: Mapping[str, str] | None = None) -> Response:
        return self._frame.show(
            "account.html",
            self._texts("account.title"),
            status=422 if errors else 200,
            own=True,
            signed_in=principal().session,
            errors=errors or {},
            shortest=SHORTEST,
        )

    def still_here(self) -> Response:
        """Tell in how many seconds the session ends; POST says that the person is there."""
        left = self._access.memory.seconds_left(principal().cookie)
        return Response(json.dumps({"left": int(left)}), content_type="application/json")


def local_path(wanted: str) -> str:
    """Return a path of ours to go to; the start for what leads elsewhere (open redirect)."""
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not parts.scheme and not parts.netloc
    is_plain = wanted.isprintable() and "\\" not in wanted and not wanted.startswith("//")
    is_way_in = parts.path.startswith(("/anmelden", "/abmelden", "/zugang"))
    if is_ours and is_plain and not is_way_in and len(wanted) <= LONGEST_PATH:
        return wanted
    return START


def _path_of(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _must_match(fields: Mapping[str, str], problem: str) -> None:
    if fields.get("password", "") != fields.get("again", ""):
        raise AccountError("again", problem)


def _address() -> str:
    return request.remote_addr or ""
