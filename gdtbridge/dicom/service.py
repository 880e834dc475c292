"""Requests and operations: all that a DIMSE service and an association know of each other.

The thread that receives calls a `ServiceProvider` and `DimseOperation.write`; it or the
association's own thread calls `DimseOperation.run`. Both may call `DimseOperation.discard`, never
at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, ClassVar, Final, Protocol, TypeAlias

from gdtbridge.devices import Caller
from gdtbridge.dicom.command import (
    NO_DETAIL,
    CommandSet,
    DimseStatus,
    FailureDetail,
    SubOperations,
    response_to,
)

MAX_IDENTIFIER: Final = 64 * 1024
"""Bytes of a dataset that is kept in memory: a query, never an object. Devices send up to 4 KiB."""


Fragment: TypeAlias = bytes | memoryview
"""A piece of a message as it lies in the connection's buffer."""


class ProtocolViolation(Exception):
    """A peer breaks the protocol as no device does; its association is aborted."""


@dataclass(frozen=True, slots=True)
class AcceptedContext:
    """An accepted presentation context (PS3.8 9.3.3.2)."""

    id: int
    abstract_syntax: str
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class DimseRequest:
    """A DIMSE request: command set, context, who asks, and the way to answer.

    ``send`` may be called several times (pending responses); it raises nothing when the peer has
    gone. ``is_cancelled`` tells whether the peer sent a C-CANCEL, or has gone. ``ask`` sends a
    request of ours on the same association and waits so many seconds for the status of its
    response; None when there was none.

    ``provided`` are the contexts in which who asks takes objects (C-GET, PS3.4 C.4.3). ``store``
    sends the rest of a file as the dataset of a C-STORE in one of them and returns the status of
    its response; None when the peer takes or answers nothing. `DimseOperation.run` alone calls it.
    """

    command: CommandSet
    context: AcceptedContext
    caller: Caller
    send: Callable[[CommandSet, bytes], None]
    is_cancelled: Callable[[], bool]
    called_aet: str = ""
    ask: Callable[[CommandSet, bytes, float], int | None] = lambda *_: None
    provided: Sequence[AcceptedContext] = ()
    store: Callable[[AcceptedContext, CommandSet, BinaryIO], int | None] = lambda *_: None

    @property
    def calling_aet(self) -> str:
        """The calling AE title as sent."""
        return self.caller.aet

    @property
    def peer(self) -> str:
        """The IP address of who asks."""
        return self.caller.address

    def answer(
        self,
        status: int,
        comment: str | None = None,
        dataset: bytes = b"",
        *,
        sop_instance: str | None = None,
        detail: FailureDetail = NO_DETAIL,
        counts: SubOperations | None = None,
    ) -> None:
        """Send the response to the request."""
        response = response_to(
            self.command,
            status,
            comment,
            has_dataset=bool(dataset),
            sop_instance=sop_instance,
            detail=detail,
            counts=counts,
        )
        self.send(response, dataset)


class DimseOperation(Protocol):
    """A request on its way: its dataset arrives in pieces, then it is answered."""

    @property
    def is_served_at_once(self) -> bool:
        """Whether the thread that receives serves it, if nothing waits before it.

        Nothing is received meanwhile, no C-CANCEL either; its answer is one small message.
        """

    def write(self, fragment: Fragment) -> None:
        """Take the next piece of the dataset; raise `ProtocolViolation` when it must end here.

        The piece is valid until this returns.
        """

    def run(self) -> None:
        """Serve the request and answer, now that the dataset is complete."""

    def discard(self) -> None:
        """Let go of everything; called exactly once, whatever happened before."""


ServiceProvider = Callable[[DimseRequest], DimseOperation]
"""Makes the operation of a request whose dataset is still to come: a DIMSE service (PS3.7 7.5)."""

ANY_CONTEXT: Final = ""
"""Stands for every abstract syntax in a `ServiceTable`."""

ServiceTable: TypeAlias = Mapping[tuple[int, str], ServiceProvider]
"""Services by Command Field and the abstract syntax of the context (PS3.7 9, 10; PS3.4)."""
NO_SERVICES: Final[ServiceTable] = MappingProxyType({})


def begin(services: ServiceTable, request: DimseRequest) -> DimseOperation:
    """Return the operation that serves ``request``, or refuses it.

    An operation that nobody offers is answered 0211, one not offered in this context 0122.
    """
    field, abstract_syntax = request.command.CommandField, request.context.abstract_syntax
    service = services.get((field, abstract_syntax)) or services.get((field, ANY_CONTEXT))
    if service is not None:
        return service(request)
    if any(field == offered for offered, _ in services):
        status = DimseStatus.SOP_CLASS_NOT_SUPPORTED
        return StatusOperation(request, status, "SOP class not supported")
    return StatusOperation(request, DimseStatus.UNRECOGNIZED_OPERATION, "Operation not supported")


class BufferedOperation:
    """An operation whose dataset is kept in memory, at most `limit` bytes of it."""

    is_served_at_once = False
    limit: ClassVar[int] = MAX_IDENTIFIER

    def __init__(self, request: DimseRequest) -> None:
        self.request = request
        self._data = bytearray()
        self._size = 0

    @property
    def is_too_large(self) -> bool:
        """Whether more came than is kept."""
        return self._size > self.limit

    @property
    def dataset(self) -> bytes:
        """The dataset as it came; not whole when it is too large."""
        return bytes(self._data)

    def write(self, fragment: Fragment) -> None:
        """Keep a piece; raise `ProtocolViolation` for sixteen times the limit."""
        self._size += len(fragment)
        if self._size > 16 * self.limit:
            raise ProtocolViolation("dataset without end")
        if not self.is_too_large:
            self._data += fragment

    def discard(self) -> None:
        """Let go of nothing."""


class StatusOperation(BufferedOperation):
    """An operation that looks at no dataset and answers one status."""

    def __init__(
        self, request: DimseRequest, status: DimseStatus, comment: str | None = None
    ) -> None:
        super().__init__(request)
        self._status = status
        self._comment = comment

    def run(self) -> None:
        """Answer with the status."""
        self.request.answer(self._status, self._comment)


class IgnoredDataset:
    """The dataset of a response to a request of ours, which nobody needs."""

    is_served_at_once = True

    def write(self, fragment: Fragment) -> None:
        """Drop a piece."""

    def run(self) -> None:
        """Answer nothing: a response is not answered."""

    def discard(self) -> None:
        """Let go of nothing."""
