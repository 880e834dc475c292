"""TLS of one connection (RFC 8446, RFC 5246), over a socket that does not block.

The socket stays as it is: who waits for it, acknowledges on it or ends it need not know of TLS.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from gdtbridge.dicom.upper_layer.waiting import send_all

FLUSH_SECONDS: Final = 30.0
"""How long a peer may take for what TLS itself has to say to it."""
_READ_SIZE: Final = 64 * 1024
_RECORD: Final = 16 * 1024
"""Largest content of a record (RFC 8446 5.1)."""
_RECORD_TYPES: Final = range(0x14, 0x18)
ALERT: Final = b"\x15\x03"
"""How an alert begins that is not encrypted."""
_UNEXPECTED_MESSAGE: Final = ALERT + b"\x03\x00\x02\x02\x0a"
"""The alert for a first message that is none of TLS (RFC 8446 6.2)."""
CLIENT_HELLO: Final = b"\x16\x03"
"""How a client of TLS begins: a handshake record, and its legacy version."""

_NOT_TRUSTED_BY_PEER: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    }
)
"""OpenSSL's names of alerts (RFC 8446 6.2) by which a peer refuses our certificate."""


class TlsProblem(StrEnum):
    """Why no encrypted connection came about."""

    PLAIN = "tls-missing"
    """The peer does not speak TLS."""
    UNEXPECTED = "tls-unexpected"
    """The peer speaks TLS where it is not spoken."""
    CERTIFICATE = "tls-certificate"
    """The peer has no certificate we trust, or that of another."""
    UNTRUSTED = "tls-untrusted"
    """The peer does not trust our certificate, or wants one."""
    PROTOCOL = "tls-failed"
    """No common version or cipher suite, or the protocol was broken."""


class TlsFailure(OSError):
    """No encrypted connection; ``detail`` is OpenSSL's word for it, nothing of the peer's."""

    def __init__(self, problem: TlsProblem, detail: str) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail


Wrap = Callable[[ssl.MemoryBIO, ssl.MemoryBIO], ssl.SSLObject]
"""Returns the TLS of a connection between what came and what is to be sent."""


class TlsConnection:
    """Reads and writes as its socket would, encrypted; the handshake goes along. Thread-safe."""

    def __init__(self, connection: socket.socket, wrap: Wrap) -> None:
        """Begin nothing: ``wrap`` is called when the peer has said something, or by `handshake`."""
        self._socket = connection
        self._wrap = wrap
        self._lock = threading.RLock()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object: ssl.SSLObject | None = None
        self._received = memoryview(bytearray(_READ_SIZE))
        self._ahead = memoryview(b"")
        self._is_up = self._is_over = self._has_begun = False
        self._failure: TlsFailure | None = None

    @property
    def version(self) -> str:
        """The version of TLS, such as ``TLSv1.3``; empty before the handshake is done."""
        return (self._object.version() or "") if self._object is not None and self._is_up else ""

    @property
    def failure(self) -> TlsFailure | None:
        """Why there is no encrypted connection; None while there may be one."""
        return self._failure

    @property
    def peer_certificate(self) -> bytes | None:
        """The peer's certificate (DER); None where it has shown none."""
        return None if self._object is None or not self._is_up else self._object.getpeercert(True)

    def handshake(self, wait: Callable[[], None]) -> None:
        """Shake hands as the client; ``wait`` waits for the peer, and raises when that is late.

        Raises `TlsFailure` or another `OSError`.
        """
        with self._lock:
            while not self._step():
                if self._is_over:
                    raise ConnectionResetError("closed by the peer")
                if not self._fetched():
                    wait()

    def recv_into(self, view: memoryview) -> int:
        """Read what has come, as `socket.recv_into` does: 0 at the end.

        Raises `BlockingIOError` where nothing has, `TlsFailure` or another `OSError`.
        """
        with self._lock:
            while True:
                if count := self._decrypted(view):
                    return count
                if self._is_over:
                    return 0
                if not self._fetched():
                    raise BlockingIOError

    @property
    def has_plain(self) -> bool:
        """Whether `recv_into` would return or raise at once, by what was read already."""
        with self._lock:
            if not self._ahead and not self._is_over and self._has_unread:
                ahead = bytearray(_RECORD)
                with contextlib.suppress(OSError):  # `recv_into` comes upon it again
                    self._ahead = memoryview(ahead)[: self._decrypted(memoryview(ahead))]
            return bool(self._ahead) or self._is_over or self._failure is not None

    def look(self) -> bool:
        """Return whether `recv_into` would return or raise at once, after reading what has come."""
        with self._lock:
            while not self.has_plain:
                try:
                    if not self._fetched():
                        return False
                except TlsFailure:
                    return True
            return True

    def sealed(self, data: memoryview) -> memoryview:
        """Return what is to be sent for ``data``; raise `OSError` before the handshake is done."""
        with self._lock:
            if self._object is None or not self._is_up:
                raise OSError("no handshake yet")
            while data:
                data = data[self._object.write(data) :]
            return memoryview(self._outgoing.read())

    def say_goodbye(self) -> None:
        """Tell the peer that nothing more comes (close_notify), unless that would have to wait."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._object is not None and self._is_up and self._failure is None:
                with contextlib.suppress(OSError):  # of the peer's own goodbye, too
                    self._object.unwrap()
                with contextlib.suppress(OSError):
                    self._socket.send(self._outgoing.read())
        finally:
            self._lock.release()

    @property
    def _has_unread(self) -> bool:
        """Whether something came that was not decrypted, or not all of it taken."""
        inner = self._object.pending() if self._object is not None else 0
        return bool(self._incoming.pending or self._incoming.eof or inner)

    def _fetched(self) -> bool:
        """Take what has come; return whether there was anything, if only the end."""
        try:
            count = self._socket.recv_into(self._received)
        except BlockingIOError:
            return False
        if not count:
            self._incoming.write_eof()
            self._is_over = self._object is None
            return True
        if not self._has_begun:
            self._has_begun = True
            if self._received[0] not in _RECORD_TYPES:
                self._failure = TlsFailure(TlsProblem.PLAIN, "not TLS")
                if self._object is None:  # as a server: a client with ears for it hears why
                    with contextlib.suppress(OSError):
                        self._socket.send(_UNEXPECTED_MESSAGE)
                raise self._failure
        self._incoming.write(self._received[:count])
        return True

    def _decrypted(self, view: memoryview) -> int:
        """Fill ``view`` as far as what was read goes."""
        if self._failure is not None:
            raise self._failure
        done = min(len(self._ahead), len(view))
        view[:done] = self._ahead[:done]
        self._ahead = self._ahead[done:]
        if self._is_over or not self._has_unread:
            return done
        if not self._is_up:
            self._step()
        if self._is_up and self._object is not None:
            done += self._records(self._object, view[done:])
        return done

    def _records(self, tls: ssl.SSLObject, view: memoryview) -> int:
        done = 0
        with contextlib.suppress(ssl.SSLWantReadError):
            while done < len(view):
                count = self._read(tls, view[done:])
                if not count:
                    self._is_over = True
                    break
                done += count
        self._flush()
        return done

    def _read(self, tls: ssl.SSLObject, view: memoryview) -> int:
        try:
            return tls.read(len(view), view)  # type: ignore[return-value]
        except ssl.SSLWantReadError:
            raise
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return 0  # with or without close_notify: DICOM says itself when it is through
        except ssl.SSLError as error:
            raise self._failed(error) from error

    def _step(self) -> bool:
        """Go on with the handshake as far as it goes; return whether it is done."""
        if self._object is None:
            self._object = self._wrap(self._incoming, self._outgoing)
        try:
            self._object.do_handshake()
            self._is_up = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            self._is_over = True
        except ssl.SSLError as error:
            raise self._failed(error) from error
        self._flush()
        return self._is_up

    def _failed(self, error: ssl.SSLError) -> TlsFailure:
        with contextlib.suppress(OSError):
            self._flush()  # the alert that tells the peer why
        self._failure = failure_of(error)
        return self._failure

    def _flush(self) -> None:
        if self._outgoing.pending:
            data = memoryview(self._outgoing.read())
            send_all(self._socket, data, time.monotonic() + FLUSH_SECONDS)


def failure_of(error: ssl.SSLError) -> TlsFailure:
    """Return what an error of OpenSSL means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailure(TlsProblem.CERTIFICATE, error.verify_message)
    reason = str(error.reason or type(error).__name__)
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return TlsFailure(TlsProblem.CERTIFICATE, "no certificate")
    told = reason.lower().replace("_", " ")
    if reason in _NOT_TRUSTED_BY_PEER:
        return TlsFailure(TlsProblem.UNTRUSTED, told)
    return TlsFailure(TlsProblem.PROTOCOL, told)
