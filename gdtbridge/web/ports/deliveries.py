"""What leaves the house."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from gdtbridge.outbox import PlaceQuestion
from gdtbridge.outbox.pauses import DeliveryPause
from gdtbridge.overview.deliveries import DeliveryReport
from gdtbridge.overview.exam_deliveries import ExamDeliveries, RecordSheet


class DeliveryReportPort(Protocol):
    """What leaves the house; `gdtbridge.overview` puts it together."""

    def report(self) -> DeliveryReport:
        """Return every question and every destination; raise a `BridgeError`."""


class OutboxPort(Protocol):
    """What people do about what leaves; `gdtbridge.outbox` does it."""

    def answer(self, outbox_id: int, *, arrived: bool) -> None:
        """Settle a question; raise `NotFound` where none is open."""

    def pause(self, destination: str, why: str, who: str) -> DeliveryPause:
        """Let nothing leave for a destination; raise `NotFound` or `TooLate`."""

    def resume(self, destination: str) -> DeliveryPause:
        """Let what waits leave; raise `NotFound` or `TooLate`."""

    def try_now(self, destination: str) -> None:
        """Have what waits tried at once; raise `NotFound`."""

    def accept_places(self, route: str | None = None) -> Sequence[PlaceQuestion]:
        """Let files go where the folders are now; raise `NotFound` where nothing is asked."""


class CallPort(Protocol):
    """The calls of webhooks that did not arrive."""

    def again(self, name: str) -> int:
        """Have them made again; return how many; raise `NotFound`."""

    def discard(self, name: str) -> int:
        """Forget them; return how many; raise `NotFound`."""


class ForwardPort(Protocol):
    """The copies for other archives; `gdtbridge.forward` has them."""

    def again(self, numbers: Collection[int] = (), *, to: str = "") -> int:
        """Send again what was given up; return how many; raise `NotFound`."""

    def end(self, numbers: Collection[int] = (), *, to: str = "") -> int:
        """Give up what has not arrived; return how many; raise `NotFound`."""

    def corrected(self, number: int) -> None:
        """Note that a person has seen to a wrong copy; raise `NotFound`."""

    def send_study(self, study_instance_uid: str, *, to: str = "") -> dict[str, int]:
        """Send a study (again), to one archive if named; return how many objects, by AE title.

        Raises `NotFound`.
        """


class ExamDeliveryPort(Protocol):
    """What left of an exam; `gdtbridge.overview` puts it together."""

    def of(self, exam_id: int) -> ExamDeliveries:
        """Return what left of an exam; raise `NotFound`."""

    def record(self, exam_id: int, number: int) -> RecordSheet:
        """Return a record by its id in the outbox; raise `NotFound`."""

    def study_of(self, exam_id: int) -> str:
        """Return the Study Instance UID of an exam; raise `NotFound`."""


class SentRecordPort(Protocol):
    """The records of exams; `gdtbridge.results` sends them again."""

    def send_again(self, exam_id: int, record: int, sending: int, who: str) -> None:
        """Send a record for the ``sending``-th time; raise `NotFound` or `TooLate`."""


@dataclass(frozen=True, slots=True)
class ExamSendingPorts:
    """What the pages of what left of an exam ask."""

    deliveries: ExamDeliveryPort
    records: SentRecordPort
    copies: ForwardPort


@dataclass(frozen=True, slots=True)
class DeliveryPorts:
    """What the page of deliveries asks."""

    report: DeliveryReportPort
    outbox: OutboxPort
    calls: CallPort
    copies: ForwardPort
