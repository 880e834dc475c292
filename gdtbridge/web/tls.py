"""TLS of one HTTP connection (RFC 8446, RFC 5246): from bytes to bytes, it waits for nobody.

OpenSSL never reads the socket itself. So a client that sends nothing but messages of TLS is heard
a few kilobytes at a time, like every other, and holds up no one.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable
from typing import Final

RECORD_BYTES: Final = 16 * 1024
"""Largest content of a record (RFC 8446 5.1)."""
MOST_OVERHEAD: Final = 4 * RECORD_BYTES
"""Bytes in which a client says nothing but TLS itself, at most: no handshake needs as many, and who
renews keys without end (KeyUpdate, RFC 8446 4.6.3) only keeps us busy."""
HANDSHAKE: Final = b"\x16"
"""How a client of TLS begins: a record of type handshake. No method of HTTP does."""

RawSend = Callable[[memoryview], int]
"""Sends bytes on a socket and returns how many; raises `BlockingIOError` or another `OSError`."""


class TlsSession:
    """The server's side of one connection. Thread-safe."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._lock = threading.Lock()
        self._leaving = memoryview(b"")
        """Encrypted bytes the socket has not taken."""
        self._overhead = 0
        """Bytes that came since the client last said something."""
        self._sealed = 0
        """How many bytes of the answer these stand for."""
        self.is_up = False
        """Whether the handshake is done."""
        self.is_over = False
        """Whether the client has said that it sends no more (close_notify)."""

    @property
    def is_leaving(self) -> bool:
        """Whether the socket has not taken all there is to send."""
        return bool(self._leaving) or bool(self._outgoing.pending)

    def received(self, data: bytes) -> bytes:
        """Take what came and return what of it is the client's, perhaps nothing yet.

        Raises `ssl.SSLError`, an `OSError`, for what is no TLS or none that is spoken here, and for
        too much of TLS alone (`MOST_OVERHEAD`).
        """
        with self._lock:
            self._incoming.write(data)
            said = self._read() if self._shaken() else b""
            self._overhead = 0 if said else self._overhead + len(data)
            if self._overhead > MOST_OVERHEAD:
                raise ssl.SSLError("nothing but TLS")
            return said

    def _shaken(self) -> bool:
        """Go on with the handshake as far as it goes; return whether it is done."""
        if not self.is_up:
            with contextlib.suppress(ssl.SSLWantReadError):
                self._tls.do_handshake()
                self.is_up = True
        return self.is_up

    def _read(self) -> bytes:
        parts = []
        with contextlib.suppress(ssl.SSLWantReadError):
            while part := self._tls.read(RECORD_BYTES):
                parts.append(part)
            self.is_over = True
        return b"".join(parts)

    def send(self, data: bytes, raw: RawSend) -> int:
        """Send the beginning of ``data`` and return how much has left; 0 where the socket is full.

        Then ``data`` has to begin the same at the next call: it is encrypted already. Raises
        `OSError`.
        """
        with self._lock:
            if not self._flushed(raw):
                return 0
            if not self._sealed:
                self._sealed = self._tls.write(data[:RECORD_BYTES])
                if not self._flushed(raw):
                    return 0
            done, self._sealed = self._sealed, 0
            return done

    def flush(self, raw: RawSend) -> None:
        """Send what TLS itself has to say, as far as the socket takes it; raise `OSError`."""
        with self._lock:
            self._flushed(raw)

    def _flushed(self, raw: RawSend) -> bool:
        if self._outgoing.pending:
            self._leaving = memoryview(bytes(self._leaving) + self._outgoing.read())
        try:
            while self._leaving:
                self._leaving = self._leaving[raw(self._leaving) :]
        except BlockingIOError:
            return False
        return True

    def say_goodbye(self, raw: RawSend) -> None:
        """Tell the client that nothing more comes (close_notify), if the socket takes it."""
        with self._lock, contextlib.suppress(OSError):
            if self.is_up and not self._sealed and self._flushed(raw):
                with contextlib.suppress(ssl.SSLError):
                    self._tls.unwrap()
                self._flushed(raw)
