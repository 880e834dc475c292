"""Requests of ours that a peer answers in several messages, and its requests in between.

C-FIND, C-GET and C-MOVE are answered by many responses; within a C-GET the peer also sends objects.
Everything that comes is bounded here, and nothing is waited for without an end.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider

from gdtbridge.dicom.command import CommandSet, encode_command
from gdtbridge.dicom.service import (
    MAX_IDENTIFIER,
    AcceptedContext,
    DimseOperation,
    Fragment,
    ProtocolViolation,
)
from gdtbridge.dicom.upper_layer.messages import MessageReceiver, fragments_of
from gdtbridge.dicom.upper_layer.reactor import TICK_SECONDS, UpperLayer, data_primitive
from gdtbridge.dicom.upper_layer.sockets import MAX_PDU

MAX_UNREAD: Final = 32 * 1024 * 1024
"""Bytes of responses that may wait to be read: no peer has so much to say at once."""
_COMMAND_BYTES: Final = 200
"""What a response counts for beside its dataset."""
_PDV_HEADER: Final = 6

Begin = Callable[[AcceptedContext, CommandSet], DimseOperation]
"""Makes the operation of a request of the peer's."""


@dataclass(frozen=True, slots=True)
class ReceivedResponse:
    """A response: its command set, and its dataset in a transfer syntax."""

    command: CommandSet
    dataset: bytes
    transfer_syntax: str


class Conversation:
    """Sends requests on an association of ours and takes what comes, until it is over."""

    def __init__(self, association: Association, begin: Begin) -> None:
        """Take over an association that has just been made; ``begin`` serves the peer's requests.

        From now on only this sends and receives messages on it.
        """
        self._association = association
        self._responses: queue.SimpleQueue[ReceivedResponse | None] = queue.SimpleQueue()
        self._taken = self._read = 0  # bytes, each counted by one thread
        self._sending = threading.Lock()
        self._receiver = _ResponseReceiver(begin, self._take, self._abort)
        self._receiver.contexts = {
            int(one.context_id or 0): AcceptedContext(
                int(one.context_id or 0), str(one.abstract_syntax), str(one.transfer_syntax[0])
            )
            for one in association.accepted_contexts
        }
        association.network_timeout = None  # who waits here has a deadline of its own
        association.dimse = _Provider(association, self._receiver, self._responses)

    @property
    def contexts(self) -> list[AcceptedContext]:
        """The accepted presentation contexts."""
        return list(self._receiver.contexts.values())

    @property
    def received(self) -> int:
        """How many pieces of messages came until now: it grows as long as the peer sends."""
        return self._receiver.pieces

    def send(self, context_id: int, command: CommandSet, dataset: bytes = b"") -> None:
        """Have a message sent; returns at once. Any thread may call it."""
        limit = self._association.acceptor.maximum_length or MAX_PDU
        size = max(_PDV_HEADER, min(limit, MAX_PDU) - _PDV_HEADER)
        dul = cast("UpperLayer", self._association.dul)
        with self._sending:
            for control, fragment in fragments_of(encode_command(command), dataset, size):
                dul.to_provider_queue.put(data_primitive(context_id, control, fragment))

    def response(self, seconds: float) -> ReceivedResponse | None:
        """Return the next response; None when none comes in time, or when the association ends."""
        end = time.monotonic() + seconds
        while True:
            left = max(0.0, min(TICK_SECONDS, end - time.monotonic()))
            try:
                found = self._responses.get(timeout=left)
            except queue.Empty:
                if time.monotonic() < end and not self.is_over:
                    continue
                return None
            if found is not None:
                self._read += len(found.dataset) + _COMMAND_BYTES
            return found

    @property
    def is_over(self) -> bool:
        """Whether nothing can come any more."""
        return not self._association.dul.is_alive() or not self._association.is_established

    def close(self) -> None:
        """Discard what is half received; the association is for its owner to end."""
        self._receiver.close()

    def abort(self) -> None:
        """End the association without waiting for the peer."""
        self._association.abort(block=False)
        self._association.is_established = False

    def _abort(self, event: str) -> None:
        self._association.dul.event_queue.put(event)

    def _take(self, response: ReceivedResponse) -> None:
        self._taken += len(response.dataset) + _COMMAND_BYTES
        if self._taken - self._read > MAX_UNREAD:
            raise ProtocolViolation("more responses than anybody reads")
        self._responses.put(response)


class _Response:
    """A response on its way; its dataset is an identifier, and as small."""

    is_served_at_once = True

    def __init__(
        self, command: CommandSet, syntax: str, take: Callable[[ReceivedResponse], None]
    ) -> None:
        self._command, self._syntax, self._take = command, syntax, take
        self._data = bytearray()

    def write(self, fragment: Fragment) -> None:
        self._data += fragment
        if len(self._data) > MAX_IDENTIFIER:
            raise ProtocolViolation("response without end")

    def run(self) -> None:
        self._take(ReceivedResponse(self._command, bytes(self._data), self._syntax))

    def discard(self) -> None:
        """Let go of nothing."""


class _ResponseReceiver(MessageReceiver):
    """Receives responses whole, and has requests of the peer's served."""

    def __init__(
        self,
        begin: Begin,
        take: Callable[[ReceivedResponse], None],
        abort: Callable[[str], None],
    ) -> None:
        super().__init__(begin, abort, threading.Event())
        self._take_whole = take
        self.pieces = 0

    def _take_response(self, response: CommandSet) -> DimseOperation | None:
        syntax = self.contexts[self._context_id].transfer_syntax
        self._operation = _Response(response, syntax, self._take_whole)
        return None if response.has_dataset else self._complete(self._operation)


class _Provider(DIMSEServiceProvider):
    """The DIMSE provider pynetdicom's reactor hands data to; it keeps nothing itself."""

    def __init__(
        self,
        association: Association,
        receiver: _ResponseReceiver,
        responses: queue.SimpleQueue[ReceivedResponse | None],
    ) -> None:
        super().__init__(association)
        self._receiver = receiver
        self.msg_queue = _EndQueue(responses)

    def receive_primitive(self, primitive: Any) -> None:  # noqa: ANN401
        """Take the presentation data values of one P-DATA."""
        values = primitive.presentation_data_value_list
        self._receiver.pieces += len(values)
        self._receiver.take(lambda: [(key, data[0], memoryview(data)[1:]) for key, data in values])

    def get_msg(self, block: bool = False) -> tuple[None, None]:  # noqa: ARG002, FBT001, FBT002
        """Return that there is no message for pynetdicom: all are taken as they come."""
        return None, None


class _EndQueue(queue.Queue[Any]):
    """What pynetdicom puts where it ends an association; who waits for a response is told."""

    def __init__(self, responses: queue.SimpleQueue[ReceivedResponse | None]) -> None:
        super().__init__()
        self._responses = responses

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002
        """Tell who waits that nothing more comes."""
        self._responses.put(None)
