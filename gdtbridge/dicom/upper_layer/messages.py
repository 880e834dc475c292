"""DIMSE messages put together from the fragments of P-DATA (PS3.7 6.3, PS3.8 Annex E).

A dataset is never gathered here: each fragment goes to its operation as it lies in the buffer.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from gdtbridge.dicom.command import CommandField, CommandSet, CommandSetError, parse_command
from gdtbridge.dicom.service import (
    AcceptedContext,
    DimseOperation,
    Fragment,
    IgnoredDataset,
    ProtocolViolation,
)
from gdtbridge.dicom.upper_layer.buffer import presentation_data_values
from gdtbridge.dicom.upper_layer.reactor import TICK_SECONDS, SignallingQueue
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

MAX_COMMAND: Final = 16 * 1024
MAX_PENDING: Final = 4
"""Requests that may wait for their turn; we grant one at a time (PS3.7 D.3.3.3)."""
MAX_CANCELLED: Final = 16

_IS_COMMAND: Final = 0x01
_IS_LAST: Final = 0x02
_INVALID_PDU: Final = "Evt19"


class MessageReceiver:
    """The DIMSE provider of one association, for the receiving direction.

    The reactor calls `receive` and serves there what may be served at once, if nothing waits before
    it; the association's thread calls `get_msg` and `done`, and serves the rest.
    """

    def __init__(
        self,
        begin: Callable[[AcceptedContext, CommandSet], DimseOperation],
        abort: Callable[[str], None],
        signal: threading.Event,
    ) -> None:
        """Make operations with ``begin``; end the association by ``abort`` (an FSM event)."""
        self.contexts: Mapping[int, AcceptedContext] = {}
        self.served = 0
        self.msg_queue: queue.Queue[Any] = SignallingQueue(signal)
        self._begin = begin
        self._abort = abort
        self._signal = signal
        self._lock = threading.Lock()
        self._command = bytearray()
        self._operation: DimseOperation | None = None
        self._context_id = 0
        self._pending = 0
        self._cancelled: set[int] = set()
        self._expected: dict[int, queue.SimpleQueue[int | None]] = {}
        self._is_closed = False
        self.is_serving_at_once = False

    @property
    def is_receiving(self) -> bool:
        """Whether a message has begun and is not complete."""
        return bool(self._command) or self._operation is not None

    @property
    def is_working(self) -> bool:
        """Whether a request is being received, waits or is being served."""
        return self._pending > 0 or self.is_receiving

    @property
    def is_serving(self) -> bool:
        """Whether a request waits or is being served."""
        return self._pending > 0

    @property
    def is_full(self) -> bool:
        """Whether no further request should be read now."""
        return self._pending >= MAX_PENDING

    def is_cancelled(self, message_id: int | None) -> bool:
        """Return whether the peer cancelled that request, or the association is over."""
        return self._is_closed or message_id in self._cancelled

    def receive(self, content: memoryview) -> None:
        """Take the content of one P-DATA-TF PDU; nonsense ends the association."""
        self.take(lambda: presentation_data_values(content))

    def take(self, values: Callable[[], Iterable[tuple[int, int, Fragment]]]) -> None:
        """Take presentation data values: context id, control header, fragment (PS3.8 9.3.5)."""
        try:
            for context_id, control, fragment in values():
                with self._lock:
                    operation = self._take(context_id, control, fragment)
                if operation is not None:
                    self._serve(operation)
        except (CommandSetError, ProtocolViolation) as error:
            log.warning("association aborted: %s", error)
            self._abort(_INVALID_PDU)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the process
            log.error("association aborted: %s", describe(error))
            self._abort(_INVALID_PDU)

    @contextlib.contextmanager
    def expecting(self, message_id: int) -> Iterator[Callable[[float], int | None]]:
        """Take the response to a request of ours inside the block.

        Yields what waits so many seconds for its status; None when none comes.
        """
        answers: queue.SimpleQueue[int | None] = queue.SimpleQueue()

        def wait(seconds: float) -> int | None:
            try:
                return answers.get(timeout=seconds)
            except queue.Empty:
                return None

        with self._lock:
            self._expected[message_id] = answers
            if self._is_closed:
                answers.put(None)
        try:
            yield wait
        finally:
            with self._lock:
                self._expected.pop(message_id, None)

    def _take_response(self, response: CommandSet) -> DimseOperation | None:
        """Hand a response to who waits for it; what it says beside its status is passed over."""
        answers = self._expected.pop(response.MessageIDBeingRespondedTo or 0, None)
        if answers is None:
            raise ProtocolViolation("response to nothing")
        answers.put(response.Status)
        if response.has_dataset:
            self._operation = IgnoredDataset()
        return None

    def _serve(self, operation: DimseOperation) -> None:
        self.is_serving_at_once = True
        try:
            operation.run()
        finally:
            self.is_serving_at_once = False
            self.done(operation)

    def _take(self, context_id: int, control: int, fragment: Fragment) -> DimseOperation | None:
        """Take a fragment; return the operation it completes where that is served at once."""
        if self._is_closed:
            return None
        if not self.is_receiving:
            self._context_id = context_id
        elif context_id != self._context_id:  # PS3.8 E.1; another context is another encoding
            raise ProtocolViolation("message in more than one context")
        if control & _IS_COMMAND:
            return self._take_command(fragment, is_last=bool(control & _IS_LAST))
        return self._take_dataset(fragment, is_last=bool(control & _IS_LAST))

    def _take_command(self, fragment: Fragment, *, is_last: bool) -> DimseOperation | None:
        if self._operation is not None:
            raise ProtocolViolation("command within a dataset")
        self._command += fragment
        if len(self._command) > MAX_COMMAND:
            raise ProtocolViolation("command set without end")
        if not is_last:
            return None
        command = parse_command(bytes(self._command))
        self._command.clear()
        return self._start(command)

    def _start(self, command: CommandSet) -> DimseOperation | None:
        context = self.contexts.get(self._context_id)
        if context is None:
            raise ProtocolViolation("message in no accepted context")
        if command.is_response:
            return self._take_response(command)
        if command.CommandField == CommandField.C_CANCEL_RQ:
            cancelled = command.MessageIDBeingRespondedTo
            if cancelled is not None and len(self._cancelled) < MAX_CANCELLED:
                self._cancelled.add(cancelled)
            return None
        if command.MessageID is not None:
            self._cancelled.discard(command.MessageID)
        self._operation = self._begin(context, command)
        return None if command.has_dataset else self._complete(self._operation)

    def _take_dataset(self, fragment: Fragment, *, is_last: bool) -> DimseOperation | None:
        if self._operation is None:
            raise ProtocolViolation("dataset without a command")
        self._operation.write(fragment)
        return self._complete(self._operation) if is_last else None

    def _complete(self, operation: DimseOperation) -> DimseOperation | None:
        """Return the operation if it is to be served at once; those before it come first."""
        self._pending += 1
        self._operation = None
        if operation.is_served_at_once and self._pending == 1:
            return operation
        self.msg_queue.put((self._context_id, operation))
        return None

    def get_msg(self, block: bool = False) -> tuple[int, DimseOperation] | tuple[None, None]:  # noqa: ARG002, FBT001, FBT002
        """Return the next complete request; waits a moment for one, or for anything else to do."""
        self._signal.wait(TICK_SECONDS)
        self._signal.clear()
        try:
            message = self.msg_queue.get_nowait()
        except queue.Empty:
            return None, None
        if not self.msg_queue.empty():
            self._signal.set()
        return message  # type: ignore[no-any-return]

    def done(self, operation: DimseOperation) -> None:
        """Discard an operation that has been served."""
        with contextlib.suppress(OSError):
            operation.discard()
        with self._lock:
            self._pending -= 1
            self.served += 1

    def close(self) -> None:
        """Discard what has not been served; what still comes is ignored."""
        with self._lock:
            self._is_closed = True
            for answers in self._expected.values():
                answers.put(None)
            waiting = [self._operation] if self._operation is not None else []
            self._operation = None
        while not self.msg_queue.empty():
            waiting.append(self.msg_queue.get_nowait()[1])
        for operation in waiting:
            if operation is not None:
                with contextlib.suppress(OSError):
                    operation.discard()


def fragments_of_file(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the rest of a file as the fragments of a dataset; raise `OSError` where it shrinks."""
    left = os.fstat(file.fileno()).st_size - file.tell()
    while left > 0:
        fragment = file.read(min(size, left))
        if not fragment:
            raise OSError("file cut off")
        left -= len(fragment)
        yield (0 if left else _IS_LAST), fragment


def fragments_of(command: bytes, dataset: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield message control headers with their fragments, the command's first (PS3.8 E.2)."""
    for kind, data in ((_IS_COMMAND, command), (0, dataset)):
        for start in range(0, len(data), size):
            is_last = start + size >= len(data)
            yield kind | (_IS_LAST if is_last else 0), data[start : start + size]
