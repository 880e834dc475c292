"""N-EVENT-REPORTs of a provider (PS3.7 10.1.1), on an association of ours or of the provider's."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, cast

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.transport import ThreadedAssociationServer

from gdtbridge.dataset import part10
from gdtbridge.dicom.negotiation import VERIFICATION
from gdtbridge.dicom.upper_layer import library
from gdtbridge.dicom.upper_layer.requestor import ResponseReceiver
from gdtbridge.errors import BridgeError
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

SUCCESS: Final = 0x0000
PROCESSING_FAILURE: Final = 0x0110


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An N-EVENT-REPORT: Event Type ID, Event Information as it came, its transfer syntax."""

    event_type: int
    information: bytes
    transfer_syntax: str


def success(event: ReceivedEvent, /) -> int:  # noqa: ARG001
    """Return the status that takes any event."""
    return SUCCESS


class EventReceiver:
    """Answers N-EVENT-REPORTs and hands them to who waits for them."""

    def __init__(self, status_of: Callable[[ReceivedEvent], int] = success) -> None:
        """Answer each event with its status by ``status_of``."""
        self._status_of = status_of
        self._events: queue.Queue[ReceivedEvent] = queue.Queue()
        self._unanswered: list[ReceivedEvent] | None = None

    def hear(self, association: Association) -> None:
        """Receive on an association of ours, from now on.

        An event is handed over once its answer is on its way: who has it may release then.
        """
        self._unanswered = []
        cast("ResponseReceiver", association.dimse).on_sent = self._hand_over
        association.bind(evt.EVT_N_EVENT_REPORT, self._take)

    def _hand_over(self) -> None:
        while self._unanswered:
            self._events.put(self._unanswered.pop(0))

    def _take(self, event: evt.Event) -> tuple[int, None]:
        said = cast("N_EVENT_REPORT", event.request).EventInformation
        information = said.getvalue() if said is not None else b""
        received = ReceivedEvent(
            event.event_type or 0, information, str(event.context.transfer_syntax)
        )
        try:
            status = self._status_of(received)
        except Exception as error:  # noqa: BLE001 - the peer is told, whatever it is
            log.error("event not taken: %s", describe(error))
            return PROCESSING_FAILURE, None
        if self._unanswered is None:
            self._events.put(received)
        else:
            self._unanswered.append(received)
        return status, None

    def next_event(self, seconds: float) -> ReceivedEvent | None:
        """Return the next event; None when none comes."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None


class EventListener(EventReceiver):
    """A server for one SOP class and C-ECHO that takes reports.

    A peer is the provider of the class although it calls: it should propose that role (PS3.7
    D.3.3.4). One that does not is heard all the same.
    """

    def __init__(self, aet: str, port: int, sop_class: str, host: str = "") -> None:
        """Raise `RuntimeError` for a pynetdicom with a known hole."""
        super().__init__()
        library.set_up()
        self._address = host, port
        self._ae = AE(aet)
        self._ae.implementation_class_uid = part10.IMPLEMENTATION_CLASS_UID
        self._ae.implementation_version_name = part10.IMPLEMENTATION_VERSION_NAME
        self._ae.add_supported_context(sop_class, scu_role=True, scp_role=True)
        self._ae.add_supported_context(VERIFICATION)
        self._server: ThreadedAssociationServer | None = None

    def __enter__(self) -> Self:
        """Listen; raise `BridgeError` where the port is taken."""
        try:
            self._server = self._ae.start_server(
                self._address, block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._take)]
            )
        except OSError as error:
            port = self._address[1]
            raise BridgeError(
                f"Port {port} ist belegt oder nicht erlaubt. / Port {port} is taken or not allowed."
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.shutdown()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1]) if self._server else self._address[1]
