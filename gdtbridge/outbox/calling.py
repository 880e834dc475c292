"""One HTTP call within limits; no redirect, proxy or ``.netrc``, little of the answer."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from gdtbridge.outbox.model import Attempt, AttemptResult
from gdtbridge.outbox.retry import LONGEST_RETRY

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
LIFETIME_SECONDS: Final = 600.0
CUT_AGAIN_SECONDS: Final = 0.5
MOST_BODY: Final = 64 * 1024
MOST_WORDS: Final = 160
"""Characters of an answer's text that are kept for a person."""
WORTH_REPEATING: Final = frozenset({408, 425, 429})
"""Client errors that ask for another attempt (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4)."""

_UNTRUSTED: Final = ("CERTIFICATE_VERIFY_FAILED", "CertificateError")
"""What the libraries say of a certificate nobody vouches for, or of another name."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Seconds for connecting, for each read, and for a call in all."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    total: float = TOTAL_SECONDS


@dataclass(frozen=True, slots=True)
class HttpCall:
    """What is asked of whom; ``address`` is where the host was found, else it is looked up.

    ``verify`` is a file of certificates to trust instead of those of the system.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    auth: tuple[str, str] | None = None
    verify: str | bool = True
    address: str = ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status of an answer and its first words, which may repeat what was asked: never logged.

    ``retry_after`` are the seconds it wants to be left alone (RFC 9110 10.2.3), 0 if it says none.
    """

    status: int
    words: str = ""
    retry_after: float = 0.0

    @property
    def phrase(self) -> str:
        """Return number and name of the status, in the standard's words."""
        try:
            return f"HTTP {self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"HTTP {self.status}"


class _PinnedAdapter(HTTPAdapter):
    """Connects to one address, and knows the connections of one call to cut them when it is late.

    The time limits of the library are per read: a server that sends a byte now and then would be
    waited for without end.
    """

    def __init__(self, address: str) -> None:
        super().__init__(max_retries=0)
        self._address = address
        self._connections: list[HTTPConnection] = []

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,  # noqa: FBT001 - as the library calls it
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> HTTPConnectionPool:
        """Return the pool of the URL, made to show its connections here."""
        if self._address:
            pool = self._pool_at_address(request, verify, cert)
        else:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        if not isinstance(pool, HTTPConnectionPool):  # pragma: no cover - it is no other
            raise TypeError("not an HTTP connection pool")
        make = cast("Callable[..., HTTPConnection]", pool.ConnectionCls)

        def shown(*arguments: object, **options: object) -> HTTPConnection:
            connection = make(*arguments, **options)
            self._connections.append(connection)
            return connection

        pool.ConnectionCls = shown  # type: ignore[assignment]  # only ever called
        return pool

    def _pool_at_address(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,  # noqa: FBT001 - as the library calls it
        cert: tuple[str, str] | str | None,
    ) -> object:
        """Return a pool of the address that proves itself by the name in the URL."""
        where, trust = self.build_connection_pool_key_attributes(request, bool(verify), cert)
        how: dict[str, object] = dict(trust)
        host = str(where["host"])
        if where["scheme"] == "https":
            how |= {"server_hostname": host, "assert_hostname": host}
            how |= {"ca_certs": verify} if isinstance(verify, str) else {}
        return self.poolmanager.connection_from_host(
            self._address, port=where["port"], scheme=str(where["scheme"]), pool_kwargs=how
        )

    def cut_after(self, seconds: float, done: threading.Event) -> None:
        """Wait for ``done``; from ``seconds`` on make whoever waits for a connection fail."""
        while not done.wait(seconds):
            for connection in self._connections:
                _cut(connection)
            # Again: a connection may have been without a socket, still asking for an address.
            seconds = CUT_AGAIN_SECONDS


def _cut(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            # Past TLS, whose state belongs to the waiting thread.
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def answer_to(call: HttpCall, limits: CallLimits) -> HttpAnswer:
    """Make a call and return its answer; raise `requests.RequestException` where there is none."""
    headers = {"User-Agent": "gdtbridge", "Accept": "*/*", "Accept-Encoding": "identity"}
    if call.address:
        headers["Host"] = urlsplit(call.url).netloc
    with (
        _session(call.address, limits.total) as session,
        session.request(
            call.method,
            call.url,
            headers={name: _in_bytes(value) for name, value in {**headers, **call.headers}.items()},
            data=call.body,
            auth=HTTPBasicAuth(*(part.encode() for part in call.auth)) if call.auth else None,
            verify=call.verify,
            timeout=(min(limits.connect, limits.total), min(limits.read, limits.total)),
            allow_redirects=False,
            stream=True,
        ) as response,
    ):
        wait = _seconds_of(response.headers.get("Retry-After", ""))
        return HttpAnswer(response.status_code, _words_of(response), wait)


def _in_bytes(value: str) -> str | bytes:
    """Return a header's value as it is sent: UTF-8 where it is no ASCII (RFC 7617 2.1)."""
    return value if value.isascii() else value.encode()


@contextmanager
def _session(address: str, total: float) -> Iterator[requests.Session]:
    """Yield a session whose connections are cut when the total time is over."""
    adapter, done = _PinnedAdapter(address), threading.Event()
    guard = threading.Thread(
        target=adapter.cut_after, args=(total, done), name="webhook guard", daemon=True
    )
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        guard.start()
        try:
            yield session
        finally:
            done.set()


def _words_of(response: requests.Response) -> str:
    """Read a small answer to its end, for the sake of servers that mind; return its first words."""
    with suppress(Exception):  # whatever a body does, it changes nothing
        body = response.raw.read(MOST_BODY, decode_content=False)
        text = body[: 4 * MOST_WORDS].decode("utf-8", "replace")
        if "<html" in text.lower():
            text = re.sub(r"<[^<>]*>", " ", text)
        return " ".join(re.sub(r"[^\w\s!-~]", "?", text).split())[:MOST_WORDS]
    return ""


def _seconds_of(retry_after: str) -> float:
    """Return how long a receiver wants to be left alone, at most as long as we ever wait."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(LONGEST_RETRY, float(retry_after[:9]))
    with suppress(ValueError, TypeError):
        at = parsedate_to_datetime(retry_after)
        seconds = (at - datetime.now(UTC)).total_seconds()
        return min(LONGEST_RETRY, max(0.0, seconds))
    return 0.0


def judged(answer: HttpAnswer) -> Attempt:
    """Return what an answer means: 2xx is success, what may pass is tried again."""
    if 200 <= answer.status < 300:
        return Attempt(AttemptResult.DELIVERED, answer.phrase, words=answer.words)
    if answer.status >= 500 or answer.status in WORTH_REPEATING:
        result, away = AttemptResult.LATER, True
    else:
        result, away = AttemptResult.FAILED, False
    return Attempt(result, answer.phrase, away, answer.retry_after, answer.words)


def unanswered(error: requests.RequestException) -> Attempt:
    """Return what it means that there was no answer: try again, unless that cannot help.

    The text of the exception would quote the URL, which may carry a password.
    """
    if any(sign in str(error) for sign in _UNTRUSTED):
        return Attempt(AttemptResult.FAILED, "the certificate is not trusted")
    permanent = isinstance(error, requests.exceptions.InvalidURL)
    result = AttemptResult.FAILED if permanent else AttemptResult.LATER
    return Attempt(result, type(error).__name__, away=not permanent)
