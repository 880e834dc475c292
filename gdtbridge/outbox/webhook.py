"""The webhook: a URL of the practice's own network, called with GET when something happened."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from typing import Final, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from gdtbridge.outbox.model import (
    Attempt,
    AttemptResult,
    DeliveryJournal,
    FileNaming,
    OutgoingMessage,
)

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
LIFETIME_SECONDS: Final = 600.0
CUT_AGAIN_SECONDS: Final = 0.5
MOST_BODY: Final = 64 * 1024
WORTH_REPEATING: Final = frozenset({408, 425, 429})
"""Client errors that ask for another attempt (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4)."""


class _CuttableAdapter(HTTPAdapter):
    """Knows the connections of one call, to cut them when its time is over.

    The time limits of the library are per read: a server that sends a byte now and then would be
    waited for without end.
    """

    def __init__(self) -> None:
        super().__init__(max_retries=0)
        self._connections: list[HTTPConnection] = []

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,  # noqa: FBT001 - as the library calls it
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> HTTPConnectionPool:
        """Return the pool of the URL, made to show its connections here."""
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


class Webhook:
    """Calls one URL; redirects, proxies and ``.netrc`` are not followed, the answer is not used."""

    kind: Final = "webhook"
    naming: Final = FileNaming.NONE
    keeps_payload: Final = True

    def __init__(
        self,
        url: str,
        *,
        lifetime: float | None = LIFETIME_SECONDS,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        total: float = TOTAL_SECONDS,
    ) -> None:
        """Take an http or https URL; raise `ValueError` for another, without quoting it.

        ``timeouts`` are for connecting and for each read, ``total`` for one call, in seconds.
        """
        parts = urlsplit(url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            raise ValueError("a webhook needs an http or https URL")
        self._url = url
        self.lifetime = lifetime
        self._timeouts = timeouts
        self._total = total

    def deliver(self, message: OutgoingMessage, journal: DeliveryJournal, /) -> Attempt:  # noqa: ARG002
        """Call the URL once; 2xx is success."""
        try:
            with self._session() as session, self._call(session) as response:
                return _judge(response.status_code)
        except requests.RequestException as error:
            permanent = isinstance(error, requests.exceptions.InvalidURL)
            result = AttemptResult.FAILED if permanent else AttemptResult.LATER
            # The text of the exception would quote the URL, which may carry a password.
            return Attempt(result, type(error).__name__, away=not permanent)

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """Yield a session whose connections are cut when the total time is over."""
        adapter, done = _CuttableAdapter(), threading.Event()
        guard = threading.Thread(
            target=adapter.cut_after, args=(self._total, done), name="webhook guard", daemon=True
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

    @contextmanager
    def _call(self, session: requests.Session) -> Iterator[requests.Response]:
        """Yield the answer after as much of its body as is worth waiting for."""
        with session.get(
            self._url,
            headers={"User-Agent": "gdtbridge", "Accept": "*/*"},
            timeout=self._timeouts,
            allow_redirects=False,
            stream=True,
        ) as response:
            _discard(response)
            yield response

    def clear(self, message: OutgoingMessage, /) -> None:
        """Do nothing: a call leaves nothing."""

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Do nothing: a call leaves nothing."""


def _discard(response: requests.Response) -> None:
    """Read a small answer to its end, for the sake of servers that mind; the status is known."""
    with suppress(Exception):  # whatever a body does, it changes nothing
        response.raw.read(MOST_BODY, decode_content=False)


def _judge(status: int) -> Attempt:
    if 200 <= status < 300:
        return Attempt(AttemptResult.DELIVERED)
    if status >= 500 or status in WORTH_REPEATING:
        return Attempt(AttemptResult.LATER, f"HTTP {status}", away=True)
    return Attempt(AttemptResult.FAILED, f"HTTP {status}")
