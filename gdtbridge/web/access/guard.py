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
from typing import Final
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from gdtbridge.accounts.throttle import Throttle
from gdtbridge.addresses import address_of
from gdtbridge.settings import HttpSettings
from gdtbridge.settings.hosts import HOST
from gdtbridge.web.access.tokens import TokenCheck
from gdtbridge.web.forms import raw_values
from gdtbridge.web.problems import ADD_PATH, TEXT_PATHS, CallRefused, ProblemDetails, refuse

HEALTH_PATH: Final = "/healthz"
GUARDED_FROM_PAGES: Final = ("/worklist/", "/studies/", "/api/")
"""Where every call from a foreign page is refused; elsewhere those that change something are: a
page of ours may be opened by a link."""
READING: Final = frozenset({"GET", "HEAD"})

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

    def __init__(self, settings: HttpSettings, throttle: Throttle | None = None) -> None:
        self._networks = tuple(ipaddress.ip_network(n) for n in settings.allowed_networks)
        self._names = settings.names
        self._schemes = {"http", "https"} if settings.tls == "off" else {"https"}
        self._origin = _origin(settings.public_url)
        self._token = TokenCheck(settings.token.get_secret_value(), throttle)

    def check(self, request: Request) -> None:
        """Let the call pass or raise `CallRefused`."""
        self._check_network(request)
        self._check_host(request)
        self._check_scheme(request)
        if request.path != HEALTH_PATH:
            self._check_token(request)
        if request.path.startswith(GUARDED_FROM_PAGES) or request.method not in READING:
            self._check_page(request)

    def check_head(self, request: Request) -> None:
        """Raise `CallRefused` for what `check` would refuse whatever the body is.

        The token of a form may stand in its body: where none stands in the header or the address,
        only the body can tell.
        """
        self._check_network(request)
        self._check_host(request)
        self._check_scheme(request)
        if request.path != HEALTH_PATH and not self._token_may_follow(request):
            self._check_token(request)
        if request.path.startswith(GUARDED_FROM_PAGES) or request.method not in READING:
            self._check_page(request)

    @staticmethod
    def _token_may_follow(request: Request) -> bool:
        return (
            request.path in TEXT_PATHS
            and request.method == "POST"
            and "Authorization" not in request.headers
            and "token" not in request.args
        )

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

    def _check_token(self, request: Request) -> None:
        parameters: list[bytes] = []
        if request.path in TEXT_PATHS and "Authorization" not in request.headers:
            parameters = [v.value for v in raw_values(request) if v.name == "token"]
        self._token.check(
            request.remote_addr or "", request.headers.get("Authorization", ""), parameters
        )

    def _check_page(self, request: Request) -> None:
        headers = request.headers
        if headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
            raise refuse(403, BAD_ORIGIN)
        if self._must_be_unsuspicious(request) and not self._is_unsuspicious(request):
            raise refuse(403, BAD_ORIGIN)
        origin = headers.get("Origin")
        if origin is not None and not self._is_own(origin, headers.get("Host", "")):
            raise refuse(403, BAD_ORIGIN)
        purposes = headers.get("Sec-Purpose", "") + headers.get("Purpose", "")
        if "prefetch" in purposes.lower():
            raise refuse(403, PREFETCH)

    def _must_be_unsuspicious(self, request: Request) -> bool:
        """Return whether the call changes something; a page opened with the token has shown it."""
        if self._token.is_needed and is_page_view(request):
            return False
        return request.path == ADD_PATH or request.method not in READING

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


def _origin(url: str) -> str:
    """Return scheme and host of an address; empty where there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
