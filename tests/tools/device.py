"""A DICOM sender without scruples: any bytes as a dataset, any UIDs, any PDU.

It speaks just enough of PS3.7 and PS3.8 itself, so that nothing corrects what a test sends.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.tools.elements import IMPLICIT, element

VERIFICATION = "1.2.840.10008.1.1"
WORKLIST = "1.2.840.10008.5.1.4.31"

Instance = tuple[str, str, str, bytes]
"""SOP class, SOP instance UID, transfer syntax, dataset."""
Proposal = tuple[str, Sequence[str]]
"""Abstract syntax and transfer syntaxes, in order."""


class Closed(Exception):
    """The server aborted or closed the connection."""


@dataclass(frozen=True, slots=True)
class Rejected(Exception):
    """A-ASSOCIATE-RJ."""

    result: int
    source: int
    reason: int


def item(kind: int, data: bytes) -> bytes:
    """Return an item of an association PDU."""
    return struct.pack(">BxH", kind, len(data)) + data


def pdu(kind: int, data: bytes) -> bytes:
    """Return a PDU."""
    return struct.pack(">BxL", kind, len(data)) + data


def title(value: str | bytes) -> bytes:
    """Return an AE title field; bytes are taken as they are."""
    return value if isinstance(value, bytes) else value.encode("latin-1").ljust(16)


def associate_rq(
    proposals: Sequence[Proposal],
    calling: str | bytes = "RAW",
    called: str | bytes = "ANY",
    max_pdu: int = 16384,
    further: bytes = b"",
) -> bytes:
    """Return an A-ASSOCIATE-RQ PDU; ``further`` are sub-items of the user information."""
    contexts = b""
    for number, (abstract, transfers) in enumerate(proposals):
        syntaxes = b"".join(item(0x40, one.encode("latin-1")) for one in transfers)
        head = bytes([number * 2 + 1, 0, 0, 0])
        contexts += item(0x20, head + item(0x30, abstract.encode("latin-1")) + syntaxes)
    user = item(0x51, struct.pack(">L", max_pdu)) + item(0x52, b"1.2.3.4") + further
    return pdu(
        0x01,
        struct.pack(">Hxx", 1)
        + title(called)
        + title(calling)
        + bytes(range(32))
        + item(0x10, b"1.2.840.10008.3.1.1.1")
        + contexts
        + item(0x50, user),
    )


def command_element(number: int, value: bytes | str | int) -> bytes:
    """Return an element of a command set: a US where ``value`` is a number, a UI where a text."""
    if isinstance(value, int):
        return element(number, b"US", struct.pack("<H", value), ts=IMPLICIT)
    return element(number, b"UI", value, ts=IMPLICIT)


def command_set(*elements: bytes) -> bytes:
    """Return a command set with its group length."""
    body = b"".join(elements)
    return command_element(0, struct.pack("<L", len(body))) + body


def store_rq(sop_class: str, sop_uid: str, message_id: int = 1) -> bytes:
    """Return the command set of a C-STORE request."""
    return command_set(
        command_element(0x0002, sop_class),
        command_element(0x0100, 0x0001),
        command_element(0x0110, message_id),
        command_element(0x0700, 0),
        command_element(0x0800, 1),
        command_element(0x1000, sop_uid),
    )


def echo_rq(message_id: int = 1) -> bytes:
    """Return the command set of a C-ECHO request."""
    return command_set(
        command_element(0x0002, VERIFICATION),
        command_element(0x0100, 0x0030),
        command_element(0x0110, message_id),
        command_element(0x0800, 0x0101),
    )


def find_rq(message_id: int = 1, sop_class: str = WORKLIST) -> bytes:
    """Return the command set of a C-FIND request, of the worklist unless said."""
    return command_set(
        command_element(0x0002, sop_class),
        command_element(0x0100, 0x0020),
        command_element(0x0110, message_id),
        command_element(0x0700, 0),
        command_element(0x0800, 1),
    )


def cancel_rq(message_id: int = 1) -> bytes:
    """Return the command set of a C-CANCEL request."""
    return command_set(
        command_element(0x0100, 0x0FFF),
        command_element(0x0120, message_id),
        command_element(0x0800, 0x0101),
    )


def p_data(context_id: int, control: int, fragment: bytes) -> bytes:
    """Return a P-DATA-TF PDU with one fragment (control: 1 command, 2 last)."""
    value = bytes([context_id, control]) + fragment
    return pdu(0x04, struct.pack(">L", len(value)) + value)


def parse(command: bytes) -> dict[int, bytes]:
    """Return the elements of a command set by their number."""
    found, offset = {}, 0
    while offset < len(command):
        _, number, length = struct.unpack_from("<HHL", command, offset)
        found[number] = command[offset + 8 : offset + 8 + length]
        offset += 8 + length
    return found


@dataclass(frozen=True, slots=True)
class Response:
    """A response with its dataset."""

    elements: dict[int, bytes]
    dataset: bytes

    @property
    def status(self) -> int:
        return int.from_bytes(self.elements[0x0900], "little")

    @property
    def comment(self) -> str:
        return self.elements.get(0x0902, b"").decode("ascii").strip()


QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Option that acknowledges at once: a server that sends in small pieces must not wait for us."""


class RawAssociation:
    """A connection that speaks DICOM as the test wants it."""

    def __init__(self, port: int, timeout: float = 60, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.accepted: dict[int, str] = {}
        self.results: dict[int, int] = {}
        self.accept_pdu = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                if QUICK_ACK is not None:
                    self.socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
                piece = self.socket.recv(count - len(data))
            except ConnectionError as error:
                raise Closed from error
            if not piece:
                raise Closed
            data += piece
        return data

    def read_pdu(self) -> tuple[int, bytes]:
        """Return type and content of the next PDU; raise `Closed` at the end."""
        kind, length = struct.unpack(">BxL", self._exactly(6))
        return kind, self._exactly(length)

    def associate(
        self,
        proposals: Sequence[Proposal],
        calling: str | bytes = "RAW",
        called: str | bytes = "ANY",
        max_pdu: int = 16384,
        further: bytes = b"",
    ) -> Self:
        """Associate; raise `Rejected` or `Closed`."""
        self.send(associate_rq(proposals, calling, called, max_pdu, further))
        kind, body = self.read_pdu()
        if kind == 0x03:
            raise Rejected(body[1], body[2], body[3])
        if kind != 0x02:
            raise Closed
        self.accept_pdu = body
        self._note_results(body)
        return self

    def _note_results(self, body: bytes) -> None:
        offset = 68
        while offset < len(body):
            kind, length = struct.unpack_from(">BxH", body, offset)
            data = body[offset + 4 : offset + 4 + length]
            offset += 4 + length
            if kind == 0x21:
                self.results[data[0]] = data[2]
                if data[2] == 0:
                    self.accepted[data[0]] = data[8:].decode("ascii")

    def message(
        self, context_id: int, command: bytes, dataset: bytes | None = None, size: int = 16000
    ) -> None:
        """Send a message; ``None`` for no dataset at all."""
        self.send(p_data(context_id, 3, command))
        if dataset is not None:
            for start in range(0, len(dataset), size) or (0,):
                last = 2 if start + size >= len(dataset) else 0
                self.send(p_data(context_id, last, dataset[start : start + size]))

    def response(self) -> Response:
        """Return the next response; raise `Closed`."""
        command, dataset, is_complete = b"", b"", False
        while not is_complete:
            kind, body = self.read_pdu()
            if kind != 0x04:
                raise Closed
            for control, fragment in _fragments(body):
                if control & 1:
                    command += fragment
                    no_dataset = bool(control & 2) and parse(command)[0x0800] == b"\x01\x01"
                    is_complete = no_dataset
                else:
                    dataset += fragment
                    is_complete = bool(control & 2)
        return Response(parse(command), dataset)

    def release(self) -> None:
        """Release and wait for the answer."""
        self.send(pdu(0x05, bytes(4)))
        assert self.read_pdu()[0] == 0x06

    def ended(self) -> bool:
        """Return whether the server ends the connection, whatever it says before."""
        try:
            while True:
                self.read_pdu()
        except Closed:
            return True


def _fragments(body: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(body):
        length = int.from_bytes(body[offset : offset + 4], "big")
        yield body[offset + 5], body[offset + 6 : offset + 4 + length]
        offset += 4 + length


def send_raw(
    port: int, instances: Sequence[Instance], calling: str | bytes = "RAW", size: int = 16000
) -> list[int]:
    """Send datasets in one association and return their statuses; raise `Closed` or `Rejected`.

    An instance whose context was not accepted has status 0122, as DCMTK reports it.
    """
    proposals = list(dict.fromkeys((sop_class, (syntax,)) for sop_class, _, syntax, _ in instances))
    statuses = []
    with RawAssociation(port) as association:
        association.associate(proposals, calling)
        for sop_class, sop_uid, syntax, dataset in instances:
            context_id = proposals.index((sop_class, (syntax,))) * 2 + 1
            if context_id not in association.accepted:
                statuses.append(0x0122)
                continue
            association.message(context_id, store_rq(sop_class, sop_uid), dataset, size)
            statuses.append(association.response().status)
        association.release()
    return statuses
