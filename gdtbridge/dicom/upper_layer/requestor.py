"""Association requestor (PS3.8 7.1): makes one association and closes its socket in any case."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any, Final, cast

from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation

from gdtbridge.dataset import part10
from gdtbridge.dicom.upper_layer import library
from gdtbridge.dicom.upper_layer.buffer import p_data_tf
from gdtbridge.dicom.upper_layer.reactor import UpperLayer
from gdtbridge.dicom.upper_layer.sockets import MAX_PDU, MAX_REQUEST, ClosingSocket

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0
_FRAGMENT: Final = 8 * 1024
"""Bytes of a fragment every peer takes; the least maximum PDU seen is 16 KB."""


class ResponseReceiver(DIMSEServiceProvider):
    """The DIMSE provider of a requestor: only who waits for a response is given one.

    pynetdicom's reactor looks for requests without waiting, also in the moment after it was told to
    pause; a response it took there would be lost, and its request would end with the timeout.
    """

    def __init__(self, assoc: Association) -> None:
        super().__init__(assoc)
        self.answered_instance = ""
        """Affected SOP Instance UID of the last response: N-CREATE may leave it to the peer."""

    def get_msg(self, block: bool = False) -> tuple[int, Any] | tuple[None, None]:  # noqa: FBT001, FBT002
        """Return context id and response; (None, None) unless ``block``, and after a loss."""
        if not block:
            return None, None
        context_id, message = super().get_msg(block=True)
        self.answered_instance = str(getattr(message, "AffectedSOPInstanceUID", None) or "")
        return (None, None) if context_id is None else (context_id, message)


class BoundedSocket(ClosingSocket):
    """A socket of ours that takes no PDU larger than a peer may send; the connection ends there."""

    @property
    def ready(self) -> bool:
        """Whether there is something to read; asked again and again by who waits for a response."""
        self.acknowledge_at_once()
        return super().ready

    def recv(self, nr_bytes: int) -> bytearray:
        """Return so many bytes, fewer where the connection ends; raise `OSError`."""
        data = bytearray(nr_bytes if nr_bytes <= MAX_REQUEST else 0)
        view, size = memoryview(data), 0
        while size < len(data) and self.socket is not None:
            read = self.socket.recv_into(view[size:])
            if not read:
                break
            size += read
        return data[:size]


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
        self._closing_socket: ClosingSocket | None = None

    def request(
        self,
        host: str,
        port: int,
        called_aet: str,
        contexts: list[PresentationContext],
        provided: Sequence[str] = (),
    ) -> Association:
        """Return the association, established or not; raise `OSError` for an unknown host.

        For the SOP classes ``provided`` the role of the provider is proposed (PS3.7 D.3.3.4).
        `is_connected` then tells whether anyone listened.
        """
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
    ) -> ClosingSocket:
        """Return the socket of a new association; pynetdicom's hook to give it our providers."""
        assoc.dimse = ResponseReceiver(assoc)
        assoc.dul = UpperLayer(assoc)
        self._closing_socket = BoundedSocket(assoc, address=address)
        if self._closing_socket.socket is not None:
            self._closing_socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._closing_socket

    def send_half(self, context_id: int, command: bytes, dataset: bytes) -> None:
        """Send a command set and the first half of its dataset (PS3.8 E.2), and no more."""
        if self._closing_socket is None:
            return
        half = dataset[: min(len(dataset) // 2, _FRAGMENT)]
        for pdu in (p_data_tf(context_id, 3, command), p_data_tf(context_id, 0, half)):
            self._closing_socket.send(pdu)

    def hang_up(self) -> None:
        """Close the connection; its threads end."""
        if self._closing_socket is not None:
            self._closing_socket.drop()
            reactor = self._closing_socket.assoc.dul
            if reactor.is_alive():
                reactor.join(CONNECT_SECONDS)
            self._closing_socket.close()


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
