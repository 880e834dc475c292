"""The DICOM upper layer of one association (PS3.8 9.2): pynetdicom's, on the monotonic clock.

pynetdicom's reactor sleeps a millisecond between looks at its socket and its queues. An acceptor's
waits for whichever comes first: bytes from the peer, something to send, or a timer. Once associated
it takes data itself, as views of what was read; every other PDU is pynetdicom's.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, Protocol

from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.timer import Timer

from gdtbridge.dicom.upper_layer.buffer import p_data_tf
from gdtbridge.dicom.upper_layer.sockets import GuardedSocket
from gdtbridge.dicom.upper_layer.waiting import readable
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.5
"""How late a timer may be noticed."""
BACKLOG_SECONDS: Final = 0.02
LINGER_SECONDS: Final = 0.5
"""How long the peer may take to close the connection after our last word."""
IDLE_SECONDS: Final = 300.0
"""How long an association may do nothing: devices keep one open during an exam."""
STALL_SECONDS: Final = 60.0
"""How long a message may pause half-way."""
SEND_BYTES: Final = 128 * 1024
"""Bytes of data that are sent in one call, and must be gone in the time of one PDU."""
MAX_WAITING: Final = 32
"""PDUs waiting to be sent before their producer has to wait; keeps a cine out of memory."""
CONGESTED_SECONDS: Final = 0.0002
"""How long a producer sleeps then: less than what is queued takes to be sent."""


_DATA_TRANSFER: Final = "Sta6"
_CLOSING: Final = "Sta13"
_CLOSED: Final = "Evt17"
"""States and event of PS3.8 Tables 9-1 to 9-5."""


class DataReceiver(Protocol):
    """Takes the data of one association."""

    @property
    def is_full(self) -> bool:
        """Whether nothing is to be read: requests came faster than they are served."""

    @property
    def is_receiving(self) -> bool:
        """Whether a message has begun and is not complete."""

    @property
    def is_serving(self) -> bool:
        """Whether a request waits or is being served: the peer may be silent."""

    def receive(self, content: memoryview) -> None:
        """Take the content of one P-DATA-TF PDU."""


class SignallingQueue(queue.Queue[Any]):
    """A queue that sets an event whenever something is put into it."""

    def __init__(self, signal: threading.Event) -> None:
        super().__init__()
        self._signal = signal

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ANN401, FBT001, FBT002
        """Put an item and set the event."""
        super().put(item, block, timeout)
        self._signal.set()


class MonotonicTimer(Timer):
    """pynetdicom's timer on the monotonic clock: steps of the wall clock do not matter."""

    @property
    def remaining(self) -> float:
        """Seconds left; the whole time before the start, 1 for a timer without end."""
        if self.timeout is None:
            return 1
        if self._start_time is None:
            return self.timeout
        end = time.monotonic() if self._end_time is None else self._end_time
        return self.timeout - (end - self._start_time)

    def start(self) -> None:
        """Start, or start again from the whole time."""
        self._start_time = time.monotonic()
        self._end_time = None

    def stop(self) -> None:
        """Stop where it is."""
        self._end_time = time.monotonic()


class UpperLayer(DULServiceProvider):
    """The DUL service provider on the monotonic clock; what it has to send never piles up."""

    def __init__(self, assoc: Association) -> None:
        super().__init__(assoc)
        self._idle_timer = MonotonicTimer(assoc.network_timeout)
        self.artim_timer = MonotonicTimer(assoc.acse_timeout)

    def send_pdu(self, primitive: Any) -> None:  # noqa: ANN401
        """Queue something to send; waits while a lot of data is queued already."""
        while isinstance(primitive, P_DATA) and self._is_congested():
            time.sleep(CONGESTED_SECONDS)
        super().send_pdu(primitive)

    def _process_recv_primitive(self) -> bool:
        """Send something that is queued; return whether there was anything.

        Data goes by itself until none is left, as many PDUs in one call as are small (action DT-1
        of PS3.8 Table 9-7 does no more, one by one); everything else goes through the state
        machine.
        """
        found = False
        if self.state_machine.current_state == _DATA_TRANSFER and self.socket is not None:
            while self.event_queue.empty() and (pdus := b"".join(self._queued_data())):
                self.socket.send(pdus)
                found = True
        return found or super()._process_recv_primitive()

    def _queued_data(self) -> Iterator[bytes]:
        """Take data from the front of the queue and yield its PDUs."""
        waiting, size = self.to_provider_queue.queue, 0
        while size < SEND_BYTES and waiting and isinstance(primitive := waiting[0], P_DATA):
            self.to_provider_queue.get_nowait()
            for context_id, value in primitive.presentation_data_value_list:
                pdu = p_data_tf(context_id, value[0], value[1:])
                size += len(pdu)
                yield pdu

    def _is_congested(self) -> bool:
        return self.to_provider_queue.qsize() >= MAX_WAITING and self.is_alive()


class AcceptorUpperLayer(UpperLayer):
    """The reactor of one accepted association, driven by events.

    ``signal`` is set when the association's thread has something to look at.
    """

    def __init__(self, assoc: Association, signal: threading.Event, receiver: DataReceiver) -> None:
        super().__init__(assoc)
        self.daemon = True
        self._signal = signal
        self._receiver = receiver
        self._run_loop_delay = 0
        self.to_user_queue: queue.Queue[Any] = SignallingQueue(signal)
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def wake(self) -> None:
        """Have the reactor look at its queues now."""
        with contextlib.suppress(OSError):  # full: it will wake up; closed: it has ended
            self._waker.send(b"\0")

    def _is_transport_event(self) -> bool:
        guarded = self.socket if isinstance(self.socket, GuardedSocket) else None
        if self._receiver.is_full and self.event_queue.empty():
            self._wait(None, BACKLOG_SECONDS)
            return False
        if guarded is not None and self.state_machine.current_state == _DATA_TRANSFER:
            return self._transfer(guarded)
        if self.event_queue.empty() and not (guarded is not None and guarded.has_buffered):
            self._wait(guarded, self._patience())
        return super()._is_transport_event()

    def _transfer(self, guarded: GuardedSocket) -> bool:
        """Take data until there is something else to do; return whether that was another PDU."""
        while not self._has_other_work():
            for content in guarded.data():
                self._receiver.receive(content)
                self._idle_timer.restart()
                if self._has_other_work():
                    return False
            if guarded.has_other:
                return super()._is_transport_event()
            if guarded.is_overdue:
                self.event_queue.put(_CLOSED)
            elif not self._wait(guarded, self._patience()):
                return False
        return False

    def _has_other_work(self) -> bool:
        return (
            not self.event_queue.empty()
            or not self.to_provider_queue.empty()
            or self._kill_thread
            or self._receiver.is_full
        )

    def _patience(self) -> float:
        if self.state_machine.current_state == _CLOSING:
            return LINGER_SECONDS
        return max(0.0, min(TICK_SECONDS, self.artim_timer.remaining))

    def _wait(self, guarded: GuardedSocket | None, seconds: float) -> bool:
        """Wait for the peer or for `wake`; return whether the peer has something to read."""
        sockets = [self._woken]
        if guarded is not None and guarded.socket is not None:
            guarded.acknowledge_at_once()
            sockets.append(guarded.socket)
        with contextlib.suppress(OSError, ValueError):
            ready = readable(sockets, seconds)
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
            return any(one != self._woken.fileno() for one in ready)
        return False

    def _process_recv_primitive(self) -> bool:
        """Look for something to send; sending counts as activity."""
        found = super()._process_recv_primitive()
        if found:
            self._idle_timer.restart()
        return found

    def idle_timer_expired(self) -> bool:
        """Return whether the peer has been silent for too long; while it is served it may be."""
        if self._receiver.is_serving:
            self._idle_timer.restart()
        self._idle_timer.timeout = STALL_SECONDS if self._receiver.is_receiving else IDLE_SECONDS
        return super().idle_timer_expired()

    def send_pdu(self, primitive: Any) -> None:  # noqa: ANN401
        """Queue something to send and have it looked at."""
        super().send_pdu(primitive)
        self.wake()

    def send_data(self, context_id: int, control: int, fragment: bytes) -> None:
        """Send one fragment: the thread that receives at once, others in turn."""
        is_ours = threading.get_ident() == self.ident
        if is_ours and self.socket is not None and self.to_provider_queue.empty():
            self.socket.send(p_data_tf(context_id, control, fragment))
            return
        primitive = data_primitive(context_id, control, fragment)
        if is_ours:  # who empties the queue cannot wait for room in it
            self.to_provider_queue.put(primitive)
        else:
            self.send_pdu(primitive)

    def queue_data(self, context_id: int, control: int, fragment: bytes) -> None:
        """Have one fragment sent in turn; never waits, so the caller's message must be bounded."""
        self.to_provider_queue.put(data_primitive(context_id, control, fragment))
        self.wake()

    def kill_dul(self) -> None:
        """End the reactor."""
        super().kill_dul()
        self.wake()

    def stop_dul(self) -> bool:
        """End the reactor if there is no connection any more; return whether it has ended."""
        if self.state_machine.current_state != "Sta1":
            return False
        self.kill_dul()
        self.join(TICK_SECONDS)
        return not self.is_alive()

    def run_reactor(self) -> None:
        """Run until the association is over; whatever ends it, the association is told."""
        try:
            super().run_reactor()
        except Exception as error:  # noqa: BLE001 - the thread ends here, the process goes on
            log.warning("association ended: %s", describe(error))
        finally:
            self._kill_thread = True
            if isinstance(self.socket, GuardedSocket):
                self.socket.drop()
            self.to_user_queue.put(None)  # who waits for a request waits no longer

    def close(self) -> None:
        """Free what the ended reactor used."""
        self._waker.close()
        self._woken.close()


def data_primitive(context_id: int, control: int, fragment: bytes) -> P_DATA:
    """Return a P-DATA request with one presentation data value (PS3.8 9.1)."""
    primitive = P_DATA()
    value = control.to_bytes(1, "big") + fragment
    primitive.presentation_data_value_list.append((context_id, value))
    return primitive
