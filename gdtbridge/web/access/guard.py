"""The guard: what is checked before a call is looked at.

In this order: the caller's network, the host name of the call (DNS rebinding), that it is encrypted
where it has to be, the token, and that no foreign web page sent it. ``GET /worklist/add`` places an
order, so reading is guarded as well.

Which page sent a call, browsers say in Sec-Fetch-Site, -Mode and -Dest (W3C Fetch Metadata), Origin
(RFC 6454) and Referer; programs send none of them. What only reads is refused for what surely comes
from elsewhere, since a browser keeps the answer from a foreign page; what changes something must
come from elsewhere by no sign at all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from io import BytesIO
from typing import Final, TypeGuard
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from gdtbridge.addresses import address_of
from gdtbridge.settings import HttpSettings
from gdtbridge.settings.hosts import HOST
from gdtbridge.web.access.admission import Admission
from gdtbridge.web.access.foreign_pages import ForeignPages
from gdtbridge.web.access.principal import PRINCIPAL, Principal
from gdtbridge.web.pages.routing import PREFIX
from gdtbridge.web.problems import ADD_PATH, READING, CallRefused, ProblemDetails, refuse

HEALTH_PATH: Final = "/healthz"
GUARDED_FROM_PAGES: Final = ("/worklist/", "/studies/", "/api/", "/dicom-web/", "/wado", "/fhir/")
"""Where every call from a foreign page is refused; elsewhere those that change something are: a
page of ours may be opened by a link."""

BAD_NETWORK: Final = (
    "Aus diesem Netz nicht erlaubt (http.allowed_networks)."
    " / Not allowed from this network (http.allowed_networks)."
)
BAD_HOST: Final = (
    "Unter diesem Namen nicht erreichbar; http.allowed_hosts nennt die erlaubten."
    " / Not to be reached by this name; http.allowed_hosts lists the permitted ones."
)
BAD_ORIGIN: Final = (
    "Aufrufe von fremden Webseiten sind nicht erlaubt."
    " / Calls from foreign web pages are not allowed."
)
NOT_ENCRYPTED: Final = (
    "Hier wird nur verschlüsselt gesprochen, die Adresse beginnt mit {address}"
    " / Only HTTPS is spoken here, the address begins with {address}"
)
PREFETCH: Final = "Vorab-Aufrufe sind nicht erlaubt. / Prefetching is not allowed."

_OWN_SITES: Final = frozenset({"", "none", "same-origin"})
"""Sec-Fetch-Site of programs, of an address somebody typed, of our own pages."""
_OWN_DESTINATIONS: Final = frozenset({"", "document", "empty"})
"""Sec-Fetch-Dest of programs, of a page of its own, of our own scripts; no picture, no frame."""


class Guard:
    """Raises `CallRefused` for a call that must not go on."""

    def __init__(self, settings: HttpSettings, admission: Admission | None = None) -> None:
        """Without an ``admission`` nobody is asked who they are."""
        self._networks = tuple(ipaddress.ip_network(n) for n in settings.allowed_networks)
        self._names = settings.names
        self._schemes = {"http", "https"} if settings.tls == "off" else {"https"}
        self._origin = _origin(settings.public_url)
        self._foreign = ForeignPages(frozenset(settings.allowed_origins))
        self._admission = admission
        self._called: Callable[[str, str], str] = _nothing

    def learn(self, called: Callable[[str, str], str]) -> None:
        """Know which endpoint a path and a method lead to, before the application is asked.

        ``called`` raises `CallRefused` (404, 405) for none.
        """
        self._called = called

    def endpoint_of(self, request: Request) -> str | None:
        """Return the endpoint of a request; None for none."""
        try:
            return self._called(request.path, request.method)
        except CallRefused:
            return None

    def check_called(self, request: Request) -> None:
        """Raise `CallRefused` (404, 405) for a call there is not."""
        self._called(request.path, request.method)

    def check(self, request: Request) -> None:
        """Let the call pass as that of somebody (`principal`) or raise `CallRefused`."""
        self._check(request, whole=True)

    def check_head(self, request: Request) -> None:
        """Raise `CallRefused` for what `check` would refuse whatever the body is.

        The forms of pages are short, and who sends one is answered by a page: what is wrong with
        the person is told when the form is there.
        """
        endpoint = self.endpoint_of(request)
        if endpoint is not None and endpoint.startswith(PREFIX):
            self._check_place(request)
        else:
            self._check(request, whole=False)

    def lasting(self, request: Request) -> Callable[[], Principal | None]:
        """Return what tells who makes a call that lasts; None where it would not pass any more.

        Nor where it would pass as somebody else's. It may be asked in any thread, as often as
        wanted; a person does nothing by that, so that a session nobody uses ends.
        """
        who = request.environ.get(PRINCIPAL)
        environ = {key: said for key, said in request.environ.items() if isinstance(said, str)}

        def caller() -> Principal | None:
            again = Request({**environ, "wsgi.input": BytesIO()})
            try:
                self.check_head(again)
            except CallRefused:
                return None
            found = again.environ.get(PRINCIPAL)
            return found if _is_same(who, found) else None

        return caller

    def _check(self, request: Request, *, whole: bool) -> None:
        self._check_place(request)
        found = self._check_principal(request, whole=whole)
        showed_token = found is not None and found.showed_token
        if request.path.startswith(GUARDED_FROM_PAGES) or request.method not in READING:
            self._check_page(request, showed_token=showed_token)

    def _check_place(self, request: Request) -> None:
        """Raise `CallRefused` for a call from where, to which name or how none may come."""
        self._check_network(request)
        self._check_host(request)
        self._check_scheme(request)

    def _check_principal(self, request: Request, *, whole: bool) -> Principal | None:
        """Return who makes a call they may make; None where nobody is asked, or the body tells."""
        if self._admission is None:
            return None
        endpoint = self.endpoint_of(request)
        found = self._admission.identify(request, endpoint, whole=whole)
        if found is not None:
            request.environ[PRINCIPAL] = found
            self._admission.must_be_permitted(found, request, endpoint)
            if whole:
                self._admission.must_be_ours(found, request, endpoint)
        return found

    def _check_network(self, request: Request) -> None:
        address = address_of(request.remote_addr or "")
        if not self._networks or (
            address is not None and any(address in n for n in self._networks)
        ):
            return
        if request.path == HEALTH_PATH and address is not None and address.is_loopback:
            return  # the machine's own watchdog
        raise refuse(403, BAD_NETWORK)

    def _check_host(self, request: Request) -> None:
        host = request.environ.get("HTTP_HOST")
        if host is None and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
            return  # an old script; a browser always names the host
        match = HOST.fullmatch(str(host or ""))
        if match is None:
            raise refuse(400)
        name = match["name"].strip("[]").rstrip(".").lower()
        # Rebinding needs a name that can be made to point here; a number cannot.
        if name not in self._names and address_of(name) is None:
            raise refuse(421, BAD_HOST)

    def _check_scheme(self, request: Request) -> None:
        if request.scheme not in self._schemes:
            # a name of ours, or a number: `_check_host` let it pass
            address = f"https://{request.environ.get('HTTP_HOST', '…')}"
            told = NOT_ENCRYPTED.format(address=address)
            # a page's style would be refused as well
            raise CallRefused(ProblemDetails(400, told, in_a_line=True))

    def _check_page(self, request: Request, *, showed_token: bool) -> None:
        headers = request.headers
        if self._foreign.lets_in(request):
            return
        if headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
            raise refuse(403, BAD_ORIGIN)
        # a page opened with the token has shown it
        is_change = request.path == ADD_PATH or request.method not in READING
        is_trusted = showed_token and is_page_view(request)
        if is_change and not is_trusted and not self._is_unsuspicious(request):
            raise refuse(403, BAD_ORIGIN)
        origin = headers.get("Origin")
        if origin is not None and not self._is_own(origin, headers.get("Host", "")):
            raise refuse(403, BAD_ORIGIN)
        purposes = headers.get("Sec-Purpose", "") + headers.get("Purpose", "")
        if "prefetch" in purposes.lower():
            raise refuse(403, PREFETCH)

    def _is_unsuspicious(self, request: Request) -> bool:
        headers = request.headers
        site, destination, referer = (
            headers.get(name, "").strip().lower()
            for name in ("Sec-Fetch-Site", "Sec-Fetch-Dest", "Referer")
        )
        if site not in _OWN_SITES or destination not in _OWN_DESTINATIONS:
            return False
        return not referer or self._is_own(_origin(referer), headers.get("Host", ""))

    def _is_own(self, origin: str, host: str) -> bool:
        origin = origin.lower()
        if self._origin and origin == self._origin:
            return True
        scheme, mark, authority = origin.partition("://")
        return bool(mark) and scheme in self._schemes and authority == host.lower()


def _nothing(_path: str, _method: str) -> str:
    raise refuse(404)


def is_page_view(request: Request) -> bool:
    """Return whether a browser opens the address as a page of its own.

    Browsers send Sec-Fetch-Mode over HTTPS and to their own machine only, but
    Upgrade-Insecure-Requests with each page; programs send neither.
    """
    headers = request.headers
    if headers.get("Sec-Fetch-Dest", "document").lower() != "document":
        return False
    mode = headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode.lower() == "navigate"
    return headers.get("Upgrade-Insecure-Requests", "") == "1"


def _is_same(who: object, again: object) -> TypeGuard[Principal]:
    """Return whether both are somebody, and the same one."""
    if not isinstance(who, Principal) or not isinstance(again, Principal):
        return False
    return who.actor == again.actor


def _origin(url: str) -> str:
    """Return scheme and host of an address; empty where there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
