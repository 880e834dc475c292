"""Storage Commitment Push Model (N-EVENT-REPORT, PS3.4 J.3.3): tells devices what is kept.

The report goes to the device's address on an association of its own, or on the one the device
asked on, where it wants that, or nobody knows its address, and it has kept it open.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.uid import UID

from gdtbridge.certificates import ClientTls
from gdtbridge.commitment import CommitmentReport
from gdtbridge.dicom.command import CommandField, CommandSet, DimseStatus
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.dicom.negotiation import COMMITMENT_INSTANCE, STORAGE_COMMITMENT
from gdtbridge.dicom.service import DimseRequest
from gdtbridge.durable import Clock
from gdtbridge.outbox import COMMITMENT, FileNaming
from gdtbridge.outbox.model import Attempt, AttemptResult, DeliveryJournal, OutgoingMessage
from gdtbridge.outbox.retry import LONGEST_RETRY

ALL_KEPT: Final = 1
NOT_ALL_KEPT: Final = 2
"""Event Type IDs: Storage Commitment Request Successful, and Complete - Failures Exist."""
SAME_ASSOCIATION_SECONDS: Final = 10.0
"""How long a device may take to answer on its own association."""
FIRST_PAUSE: Final = 5.0
MOST_REMEMBERED: Final = 10_000
"""Reports of which is remembered how often they were tried."""
LONGEST_PAUSE: Final = 900.0
"""Seconds between two attempts at a report: 5, 10, 20 … 900."""


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """Where a device listens; ``configured``: the settings say so, else it is guessed.

    ``tls`` is None where it is not called encrypted.
    """

    host: str
    port: int
    configured: bool
    tls: ClientTls | None = None


AddressBook = Callable[[str, str], DeviceAddress]
"""Returns where the device of an AE title and an address listens."""


class CommitmentChannels:
    """The associations on which devices asked, as long as they are open. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[DimseRequest] = []
        self._message_ids = itertools.cycle(range(1, 0xFFFF))

    def add(self, request: DimseRequest) -> None:
        """Remember the association of a request."""
        with self._lock:
            self._prune()
            self._open.append(request)

    def report(self, report: CommitmentReport) -> int | None:
        """Report on the association a device asked on last; return the status of the answer.

        None where none is open, or the device did not answer.
        """
        with self._lock:
            self._prune()
            who = report.calling_aet, report.peer
            mine = [one for one in self._open if (one.calling_aet, one.peer) == who]
            message_id = next(self._message_ids)
        if not mine:
            return None
        request = mine[-1]
        command = CommandSet(
            CommandField=CommandField.N_EVENT_REPORT_RQ,
            CommandDataSetType=0x0001,
            AffectedSOPClassUID=STORAGE_COMMITMENT,
            MessageID=message_id,
            AffectedSOPInstanceUID=COMMITMENT_INSTANCE,
            EventTypeID=event_type_of(report),
        )
        dataset = encode_dataset(information_of(report), UID(request.context.transfer_syntax))
        return request.ask(command, dataset, SAME_ASSOCIATION_SECONDS)

    def _prune(self) -> None:
        self._open = [one for one in self._open if not one.is_cancelled()]


def event_type_of(report: CommitmentReport) -> int:
    """Return the Event Type ID of a report (PS3.4 J.3.3.1)."""
    return NOT_ALL_KEPT if report.failed else ALL_KEPT


def information_of(report: CommitmentReport) -> Dataset:
    """Return the Event Information of a report (PS3.4 Table J.3-2); UIDs are as they were sent."""
    found = transaction_of(report.transaction_uid, report.committed)
    if report.failed:
        found.FailedSOPSequence = [_failed(*said) for said in report.failed]
    return found


def transaction_of(uid: str, instances: Iterable[tuple[str, str]]) -> Dataset:
    """Return a transaction about instances, given by SOP class and instance (PS3.4 Table J.3-1)."""
    found = Dataset()
    found.add(_element("TransactionUID", "UI", uid))
    referenced = [_referenced(*pair) for pair in instances]
    if referenced:
        found.ReferencedSOPSequence = referenced
    return found


def _referenced(sop_class: str, sop_instance: str) -> Dataset:
    item = Dataset()
    item.add(_element("ReferencedSOPClassUID", "UI", sop_class))
    item.add(_element("ReferencedSOPInstanceUID", "UI", sop_instance))
    return item


def _failed(sop_class: str, sop_instance: str, reason: int) -> Dataset:
    item = _referenced(sop_class, sop_instance)
    item.FailureReason = reason
    return item


def _element(keyword: str, vr: str, value: str) -> DataElement:
    return DataElement(keyword, vr, value, validation_mode=IGNORE)


@dataclass(frozen=True, slots=True)
class _Silence:
    """What did not work: how often, until when (monotonic) it is not tried again, and why."""

    failures: int
    until: float
    reason: str


class CommitmentReporter:
    """Delivers reports, each to its device, again and again until the device takes it.

    A device that does not answer is called ever more seldom for each report, and by one report of
    several: it may be off for days. After a restart each is tried at once.
    """

    kind: Final = COMMITMENT
    naming: Final = FileNaming.NONE
    keeps_payload: Final = False
    lifetime: Final = None

    def __init__(self, addresses: AddressBook, clock: Clock) -> None:
        """Call devices at their ``addresses``."""
        self._addresses = addresses
        self._clock = clock
        self._messages: dict[int, _Silence] = {}
        self._devices: dict[DeviceAddress, _Silence] = {}
        self.channels = CommitmentChannels()

    def deliver(
        self,
        messages: Sequence[OutgoingMessage],
        journal: DeliveryJournal,  # noqa: ARG002
        /,
    ) -> Mapping[int, Attempt]:
        """Report each, whose payload is that of a `CommitmentReport`."""
        return {one.id: self._attempt(one.id, CommitmentReport.of(one.payload)) for one in messages}

    def _attempt(self, number: int, report: CommitmentReport) -> Attempt:
        address = self._addresses(report.calling_aet, report.peer)
        if report.same_association or not address.configured:
            status = self.channels.report(report)
            if status is not None and is_taken(status):
                return self._delivered(number, address)
        now = self._clock.monotonic()
        for silence in (self._messages.get(number), self._devices.get(address)):
            if silence is not None and silence.until > now:
                return _later(silence.reason, silence.until - now)
        return self._call(number, address, report)

    def _call(self, number: int, address: DeviceAddress, report: CommitmentReport) -> Attempt:
        from gdtbridge.dicom.client import PeerError  # its library is slow to import

        try:
            status = send_report(address, report)
        except PeerError as error:
            reason = f"{address.host}:{address.port} {str(error).rpartition(' / ')[2]}"
            before = self._devices.get(address)
            self._devices[address] = self._silence(before, reason, LONGEST_RETRY)
        else:
            if is_taken(status):
                return self._delivered(number, address)
            reason = f"{address.host}:{address.port} answers with status {status:04X}"
        silence = self._silence(self._messages.get(number), reason, LONGEST_PAUSE)
        if len(self._messages) >= MOST_REMEMBERED:
            self._messages.clear()  # of reports a person ended nobody tells
        self._messages[number] = silence
        return _later(reason, silence.until - self._clock.monotonic())

    def _delivered(self, number: int, address: DeviceAddress) -> Attempt:
        self._messages.pop(number, None)
        self._devices.pop(address, None)
        return Attempt(AttemptResult.DELIVERED)

    def _silence(self, before: _Silence | None, reason: str, longest: float) -> _Silence:
        """Return that something failed once more: each pause is twice as long as the last."""
        failures = before.failures + 1 if before is not None else 1
        pause = min(longest, FIRST_PAUSE * 2.0 ** min(failures - 1, 16))
        return _Silence(failures, self._clock.monotonic() + pause, reason)

    def clear(self, message: OutgoingMessage, /) -> None:
        """Do nothing: a report leaves nothing."""

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Do nothing: a report leaves nothing."""


def is_taken(status: int) -> bool:
    """Return whether a device has a report: success, or a warning (PS3.7 C.3)."""
    return status == DimseStatus.SUCCESS or status in {0x0001, 0x0107, 0x0116}


def send_report(address: DeviceAddress, report: CommitmentReport) -> int:
    """Report on a new association, by the title the device knows us by; raise `PeerError`."""
    from gdtbridge.dicom.client import EventReport, Peer, report_event

    peer = Peer(address.host, address.port, report.calling_aet, report.called_aet, address.tls)
    event = EventReport(
        STORAGE_COMMITMENT, COMMITMENT_INSTANCE, event_type_of(report), information_of(report)
    )
    return report_event(peer, event)


def _later(reason: str, seconds: float) -> Attempt:
    """Return that it is to be tried again then; the queue asks once a minute at least."""
    return Attempt(AttemptResult.LATER, reason, after=min(seconds, LONGEST_RETRY))
