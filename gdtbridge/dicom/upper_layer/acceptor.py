"""One accepted association: lets the services answer, cleans up after itself.

pynetdicom keeps the state machine and the PDUs; who comes in is decided in `association_control`.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, cycle
from typing import Any, BinaryIO, Final, cast

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.transport import AddressInformation

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.callers import ActKind
from gdtbridge.certificates import RenewedContext
from gdtbridge.devices import Caller
from gdtbridge.dicom.callers import (
    UNREGISTERED,
    UNREMEMBERED,
    CallerPort,
    CertificatePort,
    note_response,
)
from gdtbridge.dicom.command import CommandSet, encode_command
from gdtbridge.dicom.policy import AccessPolicy
from gdtbridge.dicom.refusals import UNNOTED, RefusalPort
from gdtbridge.dicom.retrieve_contexts import NOTHING_STORED, StoredSyntaxPort
from gdtbridge.dicom.service import (
    AcceptedContext,
    DimseOperation,
    DimseRequest,
    ServiceTable,
    begin,
)
from gdtbridge.dicom.upper_layer.association_control import AssociationControl
from gdtbridge.dicom.upper_layer.connections import ConnectionTable
from gdtbridge.dicom.upper_layer.messages import MessageReceiver, fragments_of, fragments_of_file
from gdtbridge.dicom.upper_layer.reactor import TICK_SECONDS, AcceptorUpperLayer
from gdtbridge.dicom.upper_layer.sockets import MAX_PDU, GuardedSocket
from gdtbridge.dicom.upper_layer.tls import TlsProblem
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

_PDV_HEADER: Final = 6
_MIN_FRAGMENT: Final = 128
_JOIN_SECONDS: Final = 5.0
_MOST_MESSAGES: Final = 0x10000
"""Message IDs there are, 0 among them (VR US)."""
ANSWER_SECONDS: Final = 60.0
"""How long a peer may take to answer what it was sent."""


@dataclass(frozen=True, slots=True)
class ServerContext:
    """Services, access policy and connections of one server."""

    services: ServiceTable
    policy: AccessPolicy
    connections: ConnectionTable
    refusals: RefusalPort = UNNOTED
    callers: CallerPort = UNREGISTERED
    stored: StoredSyntaxPort = NOTHING_STORED
    certificates: CertificatePort = UNREMEMBERED


class AssociationAcceptor(Association):
    """An association that a peer requested (PS3.8 7.1), from its socket to its last answer."""

    def __init__(
        self,
        ae: AE,
        server: ServerContext,
        client_socket: socket.socket,
        tls: RenewedContext | None = None,
    ) -> None:
        super().__init__(ae, "acceptor")
        self.server = server
        self._sending = threading.Lock()  # the parts of a message are not mixed with another's
        self._message_ids = cycle(range(1, _MOST_MESSAGES))
        self.provided: tuple[AcceptedContext, ...] = ()
        """Contexts in which the peer is the provider of Storage: it takes what it retrieves."""
        self._signal = threading.Event()
        self.receiver = MessageReceiver(self._begin, self._trigger, self._signal)
        self.upper_layer = AcceptorUpperLayer(self, self._signal, self.receiver)
        self.dul = self.upper_layer
        self.dimse = cast("DIMSEServiceProvider", self.receiver)
        self.acse = AssociationControl(self)
        wrap = partial(_encrypted, tls) if tls is not None else None
        self.guarded = GuardedSocket(self, client_socket, wrap, self._tls_failed)
        self.set_socket(self.guarded)

    def introduce(self, local: AddressInformation, remote: AddressInformation) -> None:
        """Say who the two sides are."""
        self.name = f"dicom-{remote.address}:{remote.port}"
        self.dul.name = f"{self.name}-transport"
        self.acceptor.maximum_length = MAX_PDU
        self.acceptor.ae_title = self.ae.ae_title
        self.acceptor.address_info = local
        self.acceptor.implementation_class_uid = self.ae.implementation_class_uid
        self.acceptor.implementation_version_name = self.ae.implementation_version_name
        self.requestor.address_info = remote

    @property
    def peer(self) -> str:
        """The IP address of the peer."""
        return cast("AddressInformation", self.requestor.address_info).address

    @property
    def caller(self) -> Caller:
        """Who associates; without a title until the request has come."""
        uid, version = self.guarded.implementation
        return Caller(self.guarded.calling_aet, self.peer, uid, version)

    @property
    def is_working(self) -> bool:
        """Whether a request is being received or served."""
        return self.receiver.is_working

    def drop(self) -> None:
        """Close the connection without a word; the threads end."""
        self.guarded.drop()

    def dismiss(self) -> None:
        """Abort the association after what is queued to be sent.

        Where the thread that would send it serves a request, the connection ends without a word.
        """
        if self.is_established and not self.receiver.is_serving_at_once:
            self.abort(block=False)
        else:
            self.drop()

    def _tls_failed(self, problem: TlsProblem, detail: str) -> None:
        reason = RefusalReason(problem)
        self.server.refusals.note(reason, "", self.peer)
        self.server.callers.note(self.caller, ActKind.ASSOCIATION, "", reason)
        log.warning("connection from %s refused: %s (%s)", self.peer, reason, detail)

    def _trigger(self, event: str) -> None:
        self.dul.event_queue.put(event)

    def _begin(self, context: AcceptedContext, command: CommandSet) -> DimseOperation:
        def send(response: CommandSet, dataset: bytes) -> None:
            note_response(self.server.callers, request, response)
            self._send(context.id, response, dataset)

        request = DimseRequest(
            command=command,
            context=context,
            caller=self.caller,
            send=send,
            is_cancelled=lambda: self._is_over(command.MessageID),
            called_aet=self.guarded.called_aet,
            ask=lambda command, dataset, seconds: self._ask(context.id, command, dataset, seconds),
            provided=self.provided,
            store=self._store,
        )
        return begin(self.server.services, request)

    def _is_over(self, message_id: int | None) -> bool:
        return self.receiver.is_cancelled(message_id) or not self.dul.is_alive()

    def _serve_request(self, msg: Any, context_id: int) -> None:  # noqa: ANN401, ARG002
        operation = cast("DimseOperation", msg)
        try:
            operation.run()
        except Exception as error:  # noqa: BLE001 - a service that cannot answer
            log.error("association aborted: %s", describe(error))
            self.abort(block=False)
        finally:
            self.receiver.done(operation)

    def _send(self, context_id: int, command: CommandSet, dataset: bytes) -> None:
        with self._sending:
            for control, fragment in self._parts(command, dataset):
                self.upper_layer.send_data(context_id, control, fragment)

    def _parts(self, command: CommandSet, dataset: bytes) -> Iterator[tuple[int, bytes]]:
        return fragments_of(encode_command(command), dataset, self._fragment_size())

    def _fragment_size(self) -> int:
        limit = self.requestor.maximum_length or MAX_PDU
        return max(_MIN_FRAGMENT, min(limit, MAX_PDU) - _PDV_HEADER)

    def _store(self, context: AcceptedContext, command: CommandSet, file: BinaryIO) -> int | None:
        """Send a C-STORE with the rest of a file and return the status of its response.

        The association's own thread calls it, while it serves. None when the peer takes or answers
        nothing, or the file breaks off; the association then ends.
        """
        command = replace(command, MessageID=next(self._message_ids))
        with self.receiver.expecting(command.MessageID or 0) as answer:
            try:
                if not self._send_file(context.id, command, file):
                    return None
            except OSError as error:
                log.error("association aborted: %s", describe(error))
                self.abort(block=False)
                return None
            return self._awaited(answer, ANSWER_SECONDS)

    def _send_file(self, context_id: int, command: CommandSet, file: BinaryIO) -> bool:
        """Send a message from a file, as fast as the peer takes it; return whether it is whole."""
        with self._sending:
            dataset = fragments_of_file(file, self._fragment_size())
            for control, fragment in chain(self._parts(command, b""), dataset):
                if not self.dul.is_alive():
                    return False
                self.upper_layer.send_data(context_id, control, fragment)
        return True

    def _awaited(self, answer: Callable[[float], int | None], seconds: float) -> int | None:
        """Wait for a response as long as the association lives."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.dul.is_alive():
            status = answer(min(left, TICK_SECONDS))
            if status is not None:
                return status
        return None

    def _ask(
        self, context_id: int, command: CommandSet, dataset: bytes, seconds: float
    ) -> int | None:
        """Send a request and return the status of its response; None when none comes in time.

        Any thread but those of the association may call it. All of the request is queued at once,
        for who receives may have to answer meanwhile, and must not wait.
        """
        command = replace(command, MessageID=next(self._message_ids))
        with self.receiver.expecting(command.MessageID or 0) as answer:
            with self._sending:
                for control, fragment in self._parts(command, dataset):
                    self.upper_layer.queue_data(context_id, control, fragment)
            return answer(seconds)

    def run_reactor(self) -> None:
        """Run the association to its end; nothing of it is left behind."""
        try:
            super().run_reactor()
        except Exception as error:  # noqa: BLE001 - the thread ends here, the process goes on
            log.warning("association ended: %s", describe(error))
        finally:
            self._clean_up()

    def _clean_up(self) -> None:
        self.guarded.drop()
        self.dul.kill_dul()
        self.dul.join(_JOIN_SECONDS)
        self.receiver.close()
        self.guarded.close()
        self.upper_layer.close()
        if self.receiver.contexts:
            title, count = self.guarded.calling_aet, self.receiver.served
            log.info("association of %r from %s is over: %d requests", title, self.peer, count)
        self.server.connections.forget(self)


def _encrypted(
    tls: RenewedContext, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
) -> ssl.SSLObject:
    """Return the server's side of TLS, by the certificate as it is now."""
    return tls.current().wrap_bio(incoming, outgoing, server_side=True)
