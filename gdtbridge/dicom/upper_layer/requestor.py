"""Association requestor (PS3.8 7.1): makes one association and closes its socket in any case."""

from __future__ import annotations

import queue
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import T_CONNECT, AddressInformation

from gdtbridge.certificates import ClientTls
from gdtbridge.dataset import part10
from gdtbridge.dicom.upper_layer import library
from gdtbridge.dicom.upper_layer.buffer import HEADER, p_data_tf
from gdtbridge.dicom.upper_layer.reactor import UpperLayer
from gdtbridge.dicom.upper_layer.sockets import MAX_PDU, MAX_REQUEST, PDU_SECONDS, BoundedSocket
from gdtbridge.dicom.upper_layer.tls import ALERT, TlsConnection, TlsFailure, TlsProblem

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0
_FRAGMENT: Final = 8 * 1024
"""Bytes of a fragment every peer takes; the least maximum PDU seen is 16 KB."""
MAX_UNREAD: Final = 32 * 1024 * 1024
"""Bytes a peer may have sent that nobody has read, a message of any length among them."""
MAX_UNASKED: Final = 100
"""Requests of the peer's on an association of ours: each has a thread of its own."""
_MESSAGE_BYTES: Final = 200
"""What a message counts for beside its bytes."""


class _CountedQueue(queue.Queue[Any]):
    """Messages for who waits for them; pynetdicom serves requests of the peer's elsewhere."""

    handed_over = 0

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        """Put a message and count it."""
        self.handed_over += 1
        super().put(item, block, timeout)


class ResponseReceiver(DIMSEServiceProvider):
    """The DIMSE provider of a requestor: only who waits for a response is given one.

    pynetdicom's reactor looks for requests without waiting, also in the moment after it was told to
    pause; a response it took there would be lost, and its request would end with the timeout.
    A peer that sends without end is hung up on.
    """

    def __init__(self, assoc: Association) -> None:
        super().__init__(assoc)
        self.answered_instance = ""
        """Affected SOP Instance UID of the last response: N-CREATE may leave it to the peer."""
        self.on_sent: Callable[[], None] | None = None
        """Called when a message is on its way to the peer."""
        self.msg_queue: _CountedQueue = _CountedQueue()
        self._unread = self._unasked = 0

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take a piece of a message; after too much of them none, which is as a lost response."""
        for _, data in primitive.presentation_data_value_list:
            self._unread += len(data)
        if self._unread > MAX_UNREAD or self._unasked > MAX_UNASKED:
            if self.msg_queue.empty():
                self.msg_queue.put((None, None))  # who waits ends the association
            return
        handed_over = self.msg_queue.handed_over
        super().receive_primitive(primitive)
        if self.message is None:
            self._unread += _MESSAGE_BYTES
            self._unasked += self.msg_queue.handed_over == handed_over

    def send_msg(self, primitive: Any, context_id: int) -> None:  # noqa: ANN401
        """Send a message, and tell who wants to know that nothing can overtake it any more."""
        super().send_msg(primitive, context_id)
        if self.on_sent is not None:
            self.on_sent()

    def get_msg(self, block: bool = False) -> tuple[int, Any] | tuple[None, None]:  # noqa: FBT001, FBT002
        """Return context id and response; (None, None) unless ``block``, and after a loss."""
        if not block:
            return None, None
        context_id, message = super().get_msg(block=True)
        if context_id is not None and self.msg_queue.empty():
            self._unread = 0
        self.answered_instance = str(getattr(message, "AffectedSOPInstanceUID", None) or "")
        return (None, None) if context_id is None else (context_id, message)


class RequestorSocket(BoundedSocket):
    """The socket of an association of ours, which shakes hands before anything is requested.

    It takes no PDU larger than a peer may send; the connection ends there.
    """

    def __init__(self, assoc: Association, address: AddressInformation) -> None:
        super().__init__(assoc, address=address)
        self.client_tls: ClientTls | None = None
        self.server_name = ""
        self.failure: TlsFailure | None = None
        """Why nobody can be spoken to, where the peer was reached."""

    def connect(self, primitive: T_CONNECT) -> None:
        """Connect and, where that is wanted, encrypt; a failure is the result of ``primitive``."""
        super().connect(primitive)
        if self.socket is None:
            return
        self.prepare(self.socket)
        if self.client_tls is None:
            return
        try:
            self._encrypt(self.socket, self.client_tls)
        except OSError as error:
            silent = TlsFailure(TlsProblem.PLAIN, "no answer")
            self.failure = error if isinstance(error, TlsFailure) else silent
            self._shutdown_socket()
            self.socket, self._is_connected = None, False
            primitive.result = "Evt17"

    def _encrypt(self, connection: socket.socket, tls: ClientTls) -> None:
        deadline = time.monotonic() + CONNECT_SECONDS
        context = tls.context.current()

        def wrap(incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
            return context.wrap_bio(incoming, outgoing, server_hostname=self.server_name)

        def wait() -> None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no handshake in time")
            self.wait_to_read(connection, left)

        encrypted = TlsConnection(connection, wrap)
        encrypted.handshake(wait)
        self.tls, tls.shown = encrypted, encrypted.peer_certificate

    @property
    def ready(self) -> bool:
        """Whether there is something to read; asked again and again by who waits for a response."""
        self.acknowledge_at_once()
        return super().ready

    def recv(self, nr_bytes: int) -> bytearray:
        """Return so many bytes, fewer where the connection ends; raise `OSError` when late."""
        if nr_bytes > MAX_REQUEST:
            return bytearray()
        self._deadline = time.monotonic() + PDU_SECONDS
        received = self.read(nr_bytes)
        if self.tls is None and nr_bytes == HEADER.size and received.startswith(ALERT):
            self.failure = TlsFailure(TlsProblem.UNEXPECTED, "TLS alert")
        return received


class Requestor(AE):
    """An application entity that makes one association."""

    def __init__(self, calling_aet: str) -> None:
        """Raise `RuntimeError` for a pynetdicom with a known hole."""
        library.set_up()
        super().__init__(calling_aet)
        self.connection_timeout = self.acse_timeout = CONNECT_SECONDS
        self.dimse_timeout = self.network_timeout = ANSWER_SECONDS
        self.implementation_class_uid = part10.IMPLEMENTATION_CLASS_UID
        self.implementation_version_name = part10.IMPLEMENTATION_VERSION_NAME
        self.is_connected = False
        self._socket: RequestorSocket | None = None
        self._tls: ClientTls | None = None
        self._server_name = ""

    def request(
        self,
        host: str,
        port: int,
        called_aet: str,
        contexts: list[PresentationContext],
        provided: Sequence[str] = (),
        tls: ClientTls | None = None,
    ) -> Association:
        """Return the association, established or not; raise `OSError` for an unknown host.

        With ``tls`` it is encrypted, or not made; then certificates that cannot be used raise
        `CertificateError`.

        For the SOP classes ``provided`` the role of the provider is proposed (PS3.7 D.3.3.4).
        `is_connected` then tells whether anyone listened.
        """
        if tls is not None:
            tls.context.current()  # raises here, not in a thread of the library
            self._tls, self._server_name = tls, tls.server_name or host
        return self.associate(
            host,
            port,
            contexts,
            ae_title=called_aet,
            max_pdu=MAX_PDU,
            ext_neg=[build_role(one, scp_role=True) for one in provided],
            evt_handlers=[(evt.EVT_CONN_OPEN, self._connected)],
        )

    def _connected(self, _event: object) -> None:
        self.is_connected = True

    def _create_socket(
        self, assoc: Association, address: AddressInformation, _tls_args: object
    ) -> RequestorSocket:
        """Return the socket of a new association; pynetdicom's hook to give it our providers."""
        assoc.dimse = ResponseReceiver(assoc)
        assoc.dul = UpperLayer(assoc)
        self._socket = RequestorSocket(assoc, address)
        self._socket.client_tls, self._socket.server_name = self._tls, self._server_name
        return self._socket

    @property
    def tls_failure(self) -> TlsFailure | None:
        """Why a peer that was reached could not be spoken to encrypted; None where it could."""
        if self._socket is None:
            return None
        return self._socket.failure or (self._socket.tls.failure if self._socket.tls else None)

    def send_half(self, context_id: int, command: bytes, dataset: bytes) -> None:
        """Send a command set and the first half of its dataset (PS3.8 E.2), and no more."""
        if self._socket is None:
            return
        half = dataset[: min(len(dataset) // 2, _FRAGMENT)]
        for pdu in (p_data_tf(context_id, 3, command), p_data_tf(context_id, 0, half)):
            self._socket.send(pdu)

    def hang_up(self) -> None:
        """Close the connection; its threads end."""
        if self._socket is not None:
            self._socket.drop()
            reactor = self._socket.assoc.dul
            if reactor.is_alive():
                reactor.join(CONNECT_SECONDS)
            self._socket.close()


def answered_instance(association: Association) -> str:
    """Return the Affected SOP Instance UID of the last response of a requestor's association."""
    return cast("ResponseReceiver", association.dimse).answered_instance


SERVICE_USER: Final = 1
"""Source of a rejection that is about titles (PS3.8 Table 9-21)."""


def rejection_of(association: Association) -> int:
    """Return the reason of a rejection by the peer's service user (PS3.8 9.3.4); 0 for others."""
    answer = association.acceptor.primitive
    if answer is None or answer.result_source != SERVICE_USER:
        return 0
    return int(answer.diagnostic or 0)
