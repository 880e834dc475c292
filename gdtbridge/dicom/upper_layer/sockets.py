"""Sockets of an association: what a peer can do before it has said who it is ends here.

A PDU has a size limit and one deadline for all of its bytes (PS3.8 9.3).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Final

from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket

from gdtbridge.dataset.values import received_title
from gdtbridge.dicom.upper_layer.buffer import HEADER, PduBuffer
from gdtbridge.dicom.upper_layer.request import (
    CALLED_TITLE,
    CALLING_TITLE,
    TITLES,
    implementation_of,
    readable_request,
)
from gdtbridge.dicom.upper_layer.tls import (
    CLIENT_HELLO,
    TlsConnection,
    TlsFailure,
    TlsProblem,
    Wrap,
)
from gdtbridge.dicom.upper_layer.waiting import readable, send_all

MAX_PDU: Final = 128 * 1024
"""Largest PDU we take (we announce it); bytes after the header."""
MAX_REQUEST: Final = 512 * 1024
"""Largest A-ASSOCIATE-RQ: 128 contexts with more than 50 of the longest transfer syntaxes each."""
ASSOCIATE_SECONDS: Final = 10.0
"""From the connection to the complete A-ASSOCIATE-RQ."""
PDU_SECONDS: Final = 30.0
"""From the first to the last byte of one PDU, either way."""

_ASSOCIATE_RQ: Final = 0x01
_ASSOCIATE_AC: Final = 0x02
_P_DATA_TF: Final = 0x04
_PDU_TYPES: Final = range(0x01, 0x08)
_QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class BoundedSocket(AssociationSocket):
    """A socket that never waits for its peer without end, encrypted where it has a ``tls``.

    It is closed even where shutting it down fails (a peer that has gone).
    """

    tls: TlsConnection | None = None
    _deadline = 0.0
    """Until when (monotonic) what is being read has to be complete."""

    def prepare(self, connection: socket.socket) -> None:
        """Have a connected socket wait for nothing by itself."""
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    @property
    def ready(self) -> bool:
        """Whether there is something to read, or the end of the connection to notice."""
        if self.socket is None or not self._is_connected:
            return False
        if self.has_buffered:
            return True
        try:
            return self.tls.look() if self.tls is not None else bool(readable([self.socket], 0))
        except (OSError, ValueError):
            self.event_queue.put("Evt17")
            return False

    @property
    def has_buffered(self) -> bool:
        """Whether `recv` would return something without waiting: nobody waits for the peer then."""
        return self.tls is not None and self.tls.has_plain

    def acknowledge_at_once(self) -> None:
        """Have the next segment acknowledged without delay.

        DCMTK sends a command and waits for its acknowledgement before it sends the dataset; Linux
        would delay that by 40 ms. The option does not last, so it is set before each wait.
        """
        if _QUICK_ACK is not None and self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def read(self, nr_bytes: int) -> bytearray:
        """Return so many bytes, fewer at the end of the connection; raise `OSError` when late."""
        data = bytearray(nr_bytes)
        done = 0
        with memoryview(data) as view:
            while done < nr_bytes:
                got = self._read_some(view[done:])
                if not got:
                    return data[:done]
                done += got
        return data

    def _read_some(self, view: memoryview) -> int:
        while True:
            left = self._deadline - time.monotonic()
            if self.socket is None or left <= 0:
                raise TimeoutError("PDU not complete in time")
            try:
                return (self.tls or self.socket).recv_into(view)
            except BlockingIOError:
                self.wait_to_read(self.socket, left)

    def wait_to_read(self, connection: socket.socket, seconds: float) -> None:
        """Wait for the peer, at most so long; raise `OSError` where the socket is closed."""
        self.acknowledge_at_once()
        try:
            readable([connection], seconds)
        except ValueError as error:
            raise OSError("closed") from error

    def send(self, bytestream: bytes) -> None:
        """Send one PDU; a failure ends the association (Evt17)."""
        deadline = time.monotonic() + PDU_SECONDS
        try:
            if self.socket is None:
                raise OSError("closed")
            rest = memoryview(bytestream)
            send_all(self.socket, rest if self.tls is None else self.tls.sealed(rest), deadline)
        except (OSError, ValueError):
            self.event_queue.put("Evt17")

    def _shutdown_socket(self) -> None:
        if self.tls is not None and self.socket is not None:
            self.tls.say_goodbye()
        self.drop()
        if self.socket is not None:
            self.socket.close()

    def drop(self) -> None:
        """End the connection from any thread; who waits for it wakes up."""
        with contextlib.suppress(OSError, AttributeError):
            self.socket.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


class GuardedSocket(BoundedSocket):
    """An accepted socket that bounds each PDU in size and time and reads it in one piece.

    `data` reads ahead; `recv` first returns what is left of that. It also makes the association
    request such as pynetdicom can read; ``calling_aet``, ``called_aet`` and ``implementation``
    (class UID, version name) are what the device really sent. The answer repeats the titles byte
    for byte (PS3.8 9.3.3). ``failed`` is told, once, why a peer did not get as far as that.
    """

    def __init__(
        self,
        assoc: Association,
        client_socket: socket.socket,
        tls: Wrap | None = None,
        failed: Callable[[TlsProblem, str], None] | None = None,
    ) -> None:
        super().__init__(assoc, client_socket=client_socket)
        self.called_aet = self.calling_aet = ""
        self.implementation = ("", "")
        self._deadline = time.monotonic() + ASSOCIATE_SECONDS
        self._is_associated = False
        self._is_within_pdu = False
        self._request = bytearray()
        self._titles = b""
        self._buffer: PduBuffer | None = None
        self._pdu_until: float | None = None
        self._is_over = False
        self._failed = failed
        self.prepare(client_socket)
        if tls is not None:
            self.tls = TlsConnection(client_socket, tls)

    @property
    def has_buffered(self) -> bool:
        """Whether `recv` would return something without waiting: nobody waits for the peer then."""
        return self._is_over or bool(self._buffer) or super().has_buffered

    @property
    def has_other(self) -> bool:
        """Whether what comes next is for `recv`: no data, too large a PDU, or the end."""
        if self._is_over or self._buffer is None:
            return self._is_over
        header = self._buffer.header()
        return header is not None and not _is_data(*header)

    @property
    def is_overdue(self) -> bool:
        """Whether a PDU has begun and was not complete in time."""
        return self._pdu_until is not None and time.monotonic() > self._pdu_until

    def data(self) -> Iterator[memoryview]:
        """Yield the content of each P-DATA-TF PDU that can be read without waiting.

        Each is valid until the next one is asked for.
        """
        if self._buffer is None:
            self._buffer = PduBuffer(MAX_PDU)
        while size := self._size_of_data(self._buffer):
            self._pdu_until = None
            yield self._buffer.take(size)[HEADER.size :]
        if self._buffer and self._pdu_until is None:
            self._pdu_until = time.monotonic() + PDU_SECONDS

    def _size_of_data(self, buffer: PduBuffer) -> int:
        """Return the bytes of the P-DATA-TF that is next; 0 while it is not whole, or is none."""
        while True:
            header = buffer.header()
            if header is not None:
                if not _is_data(*header):
                    return 0
                if len(buffer) >= (size := HEADER.size + header[1]):
                    return size
            if not self._has_more(buffer):
                return 0

    def _has_more(self, buffer: PduBuffer) -> bool:
        """Read what has come; return whether there was anything."""
        if self.socket is None:
            self._is_over = True
            return False
        try:
            count = buffer.fill(self.tls or self.socket)
        except BlockingIOError:
            return False
        except OSError:
            count = 0
        self._is_over = not count
        self.acknowledge_at_once()  # the peer sends on while this is written and hashed
        return bool(count)

    def recv(self, nr_bytes: int) -> bytearray:
        """Return the header of the next PDU, or when that was returned, the rest of the PDU.

        Shorter at the end of the connection. Raises `OSError` for a PDU that is too large, too slow
        or comes after the time for associating, `AssociationRequestError` for an association
        request that is none.
        """
        if not self._is_within_pdu:
            return self._read_header(nr_bytes)
        self._is_within_pdu = False
        request, self._request = self._request, bytearray()
        return request or self.read(nr_bytes)

    def _read_header(self, nr_bytes: int) -> bytearray:
        if self._is_associated:
            self._deadline = self._pdu_until or time.monotonic() + PDU_SECONDS
            self._pdu_until = None
        header = self._read_first(nr_bytes)
        if len(header) < nr_bytes:
            return header
        pdu_type, length = HEADER.unpack(header)
        is_request = pdu_type == _ASSOCIATE_RQ and not self._is_associated
        if length > (MAX_REQUEST if is_request else MAX_PDU):
            raise OSError(f"PDU of {length} bytes")
        self._is_within_pdu = pdu_type in _PDU_TYPES
        return self._read_request(length) if is_request else header

    def _read_request(self, length: int) -> bytearray:
        """Return the header of the request as pynetdicom shall read it; its body comes next."""
        body = bytes(self.read(length))
        if len(body) < length:
            raise OSError("connection closed within the association request")
        self._request = bytearray(readable_request(body))
        self._titles = body[TITLES]
        self.called_aet = received_title(body[CALLED_TITLE])
        self.calling_aet = received_title(body[CALLING_TITLE])
        self.implementation = implementation_of(body)
        return bytearray(struct.pack(">BxL", _ASSOCIATE_RQ, len(self._request)))

    def _read_first(self, nr_bytes: int) -> bytearray:
        """Return the header of a PDU, and tell of a peer that does not speak as this port does."""
        try:
            header = self.read(nr_bytes)
        except TlsFailure as failure:
            self._tell(failure.problem, failure.detail)
            raise
        if not self._is_associated and self.tls is None and header.startswith(CLIENT_HELLO):
            self._tell(TlsProblem.UNEXPECTED, "TLS where none is spoken")
            raise OSError("TLS where none is spoken")
        return header

    def _tell(self, problem: TlsProblem, detail: str) -> None:
        if self._failed is not None and not self._is_associated:
            self._failed(problem, detail)
            self._failed = None

    def _read_some(self, view: memoryview) -> int:
        if self._buffer:
            taken = self._buffer.take(len(view))
            view[: len(taken)] = taken
            return len(taken)
        return super()._read_some(view)

    def send(self, bytestream: bytes) -> None:
        """Send one PDU; a failure ends the association (Evt17)."""
        if bytestream[0] == _ASSOCIATE_AC:
            bytestream = bytestream[:10] + self._titles + bytestream[74:]
            self._is_associated = True
        super().send(bytestream)


def _is_data(pdu_type: int, length: int) -> bool:
    return pdu_type == _P_DATA_TF and length <= MAX_PDU
