"""The listening socket of the DICOM server: refuses addresses, makes an association of the rest."""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
import socketserver
import sys
import time
from typing import Any, Final

from pynetdicom import AE
from pynetdicom.transport import AddressInformation

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.callers import ActKind
from gdtbridge.certificates import RenewedContext
from gdtbridge.dataset import part10
from gdtbridge.devices import Caller
from gdtbridge.dicom.upper_layer import library
from gdtbridge.dicom.upper_layer.acceptor import AssociationAcceptor, ServerContext
from gdtbridge.dicom.upper_layer.sockets import ASSOCIATE_SECONDS
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 0.05
COLLECT_AFTER: Final = 50
"""Connections between two collections."""


class ConnectionListener(socketserver.TCPServer):
    """The listening socket and its loop, which never waits for a peer.

    With ``tls`` every connection is encrypted. Raises `OSError` when the address is taken and
    `RuntimeError` for a pynetdicom with a known hole.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        aet: str,
        address: tuple[str, int],
        context: ServerContext,
        tls: RenewedContext | None = None,
    ) -> None:
        library.set_up()
        self._tls = tls
        self._context = context
        self._ae = AE(aet)
        self._ae.acse_timeout = ASSOCIATE_SECONDS
        self._ae.implementation_class_uid = part10.IMPLEMENTATION_CLASS_UID
        self._ae.implementation_version_name = part10.IMPLEMENTATION_VERSION_NAME
        self._served = 0
        self._is_stopping = False
        self.address_family = AddressInformation.from_tuple(address).address_family
        super().__init__(address, socketserver.BaseRequestHandler)
        self.socket.settimeout(POLL_SECONDS)

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; when that fails (no descriptors left), let others finish first."""
        try:
            return super().get_request()
        except OSError:
            if not self._is_stopping:
                time.sleep(RETRY_SECONDS)
            raise

    def verify_request(self, request: object, client_address: Any) -> bool:  # noqa: ANN401, ARG002
        """Return whether that address may connect; otherwise it is disconnected."""
        address = str(client_address[0])
        if self._context.policy.admits_address(address):
            return True
        self._context.refusals.note(RefusalReason.NETWORK, "", address)
        reason = RefusalReason.NETWORK
        self._context.callers.note(Caller("", address), ActKind.ASSOCIATION, "", reason)
        log.warning("connection from %s refused: not in dicom.allowed_networks", address)
        return False

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Start the association of an accepted socket; its own threads do the rest."""
        self._served += 1
        association = AssociationAcceptor(self._ae, self._context, request, self._tls)
        association.introduce(
            AddressInformation.from_tuple(self.socket.getsockname()),
            AddressInformation.from_tuple(client_address),
        )
        self._context.connections.admit(association)
        try:
            association.start()
        except RuntimeError:  # no thread can be started
            self._context.connections.forget(association)
            raise

    def handle_error(self, request: object, client_address: Any) -> None:  # noqa: ANN401, ARG002
        """Log where accepting failed; the caller closes the socket."""
        error = sys.exception()
        if error is not None:
            log.error("connection not served: %s", describe(error))

    def service_actions(self) -> None:
        """Collect what finished associations leave behind: their objects refer to each other."""
        if self._served >= COLLECT_AFTER:
            self._served = 0
            gc.collect()

    def stop(self) -> None:
        """End the loop and close the listening socket; established associations go on."""
        self._is_stopping = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes the loop
        self.shutdown()
        self.server_close()
