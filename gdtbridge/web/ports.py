"""What the HTTP edge needs of the rest of the bridge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from gdtbridge.accounts import Access
from gdtbridge.audit import AuditTrail
from gdtbridge.clarifying import ClarifyingDesk
from gdtbridge.day import EVERY_LINE, DayFilter, DaySheet, DeviceOutlook, ShownDevice
from gdtbridge.day.exam import ExamSheet
from gdtbridge.day.search import SearchPage, SearchQuery
from gdtbridge.devices import Caller
from gdtbridge.exams import PatientExam, StudyQuery
from gdtbridge.handing_out import HandingDesk
from gdtbridge.health import PartState
from gdtbridge.orders import Order, OrderRequest, PlacedOrder
from gdtbridge.orders.editing import DraftEntry, EditedOrder
from gdtbridge.orders.known_patients import KnownPatient
from gdtbridge.outbox import PlaceQuestion
from gdtbridge.outbox.pauses import DeliveryPause
from gdtbridge.overview.deliveries import DeliveryReport
from gdtbridge.overview.devices import Device, DeviceSheet, EmptyList
from gdtbridge.overview.exam_deliveries import ExamDeliveries, RecordSheet
from gdtbridge.people import Patient
from gdtbridge.queries.report import DeviceQueries, ListPreview
from gdtbridge.retrieve.dicom_json import JsonDataset
from gdtbridge.retrieve.web_archive import WebObject
from gdtbridge.retrieve.web_search import WebQuery
from gdtbridge.sample_audit.desk import SampleDesk
from gdtbridge.settings import SettingInForce
from gdtbridge.setup import SetupDesk
from gdtbridge.system import SystemReport
from gdtbridge.trends import Curve, ExamTrends
from gdtbridge.viewing import AS_STORED, FrameLook, MediaContent, PictureDescription, ShownFrame
from worklist import Entry


class OrderPort(Protocol):
    """The orders of the worklist; `gdtbridge.orders` has them."""

    def place(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; raise `OrderError`, and then nothing is written."""

    def all(self) -> tuple[Entry, ...]:
        """Return everything on the worklist."""

    def get(self, accession_number: str) -> Entry:
        """Return one entry; raise `NotFound`."""

    def change(self, accession_number: str, request: OrderRequest) -> Entry:
        """Replace what an entry says; raise `NotFound` or `OrderError`."""

    def cancel(self, accession_number: str) -> None:
        """Take an entry off the worklist; raise `NotFound`."""


class AnswerPort(Protocol):
    """The GDT records practice software gets at once; `gdtbridge.results` writes them."""

    @property
    def encoding(self) -> str:
        """Python name of the encoding `answer` writes."""

    def answer(self, entry: Entry, patient: Patient) -> bytes:
        """Return the GDT record an order of a patient is answered with."""


class StudyPort(Protocol):
    """The studies of patients; `gdtbridge.exams` finds them."""

    def asked_by_file(self, data: bytes) -> StudyQuery:
        """Return what a GDT file asks for; raise `OrderError` naming what is wrong with it."""

    def find(self, query: StudyQuery) -> Sequence[PatientExam]:
        """Return the patient's studies the query fits, the newest first.

        Raises `AnotherPerson` when the query names somebody else than the person they are of.
        """


class QueryReportPort(Protocol):
    """What devices asked the worklist; `gdtbridge.queries` tells of it."""

    def why(self, device: str, about: str) -> Sequence[DeviceQueries]:
        """Return the last query of each device, or of one, with what became of each entry."""

    def preview(self, device: str, about: str) -> ListPreview:
        """Return what a device would see now."""


class SystemPort(Protocol):
    """How the installation is; `gdtbridge.system` finds it out."""

    def report(self, kinds: Collection[str]) -> SystemReport:
        """Return how everything is now, and what of these kinds needs a person."""

    def settings_in_force(self, words: str = "") -> Sequence[SettingInForce]:
        """Return the settings that have every one of the words; no secret."""

    def diagnosis(self, parts: Mapping[str, PartState]) -> bytes:
        """Return the file for support (ZIP), without patient data."""


class EditPort(Protocol):
    """Orders in the hands of people; `gdtbridge.orders.editing` has them."""

    def read(self, accession_number: str) -> Order:
        """Return an order, open or not; raise `NotFound`."""

    def draft(self, request: OrderRequest) -> DraftEntry:
        """Return the entry a request would get; raise `OrderError`. Nothing is written."""

    def edit(self, accession_number: str, wanted: Callable[[Order], OrderRequest]) -> EditedOrder:
        """Let an order say what ``wanted`` makes of it as it is now; raise what that raises.

        Raises `NotFound`, `TooLate` or `OrderError`.
        """

    def remove(self, accession_number: str, revision: str = "") -> Order:
        """Take an order off the list; return it as it was. Raises `NotFound` or `TooLate`."""

    def restore(self, accession_number: str) -> Order:
        """Bring a cancelled order back. Raises `NotFound` or `TooLate`."""


class DayPort(Protocol):
    """The lines of a day; `gdtbridge.day` has them."""

    @property
    def today(self) -> date:
        """The day it is in the practice."""

    def lines(self, day: date, wanted: DayFilter = EVERY_LINE) -> DaySheet:
        """Return the sheet of a day, of the ``wanted`` lines."""

    def shown_device(self, aet: str) -> ShownDevice:
        """Return the device of an AE title as it is shown."""


class OutlookPort(Protocol):
    """What devices will show of an entry; `gdtbridge.day` tells it."""

    def of(self, entry: Entry) -> Sequence[DeviceOutlook]:
        """Return every device that asked lately, with what keeps the entry from it."""

    def stations(self, *further: str) -> Sequence[ShownDevice]:
        """Return the devices an entry may be for, those of ``further`` stations among them."""

    def has_ever_asked(self, aet: str) -> bool:
        """Return whether a device of that AE title ever asked for its list."""


class KnownPatientPort(Protocol):
    """Whom the practice knows; `gdtbridge.orders` remembers them."""

    def owner(self, number: str) -> KnownPatient | None:
        """Return whose a patient number is; None where nobody said."""

    def waiting(self, number: str) -> Sequence[Order]:
        """Return the open orders under a number, the newest first."""


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


class SearchPort(Protocol):
    """The search over the whole stock; `gdtbridge.day.search` has it."""

    def read(self, text: str) -> SearchQuery:
        """Return how a search is read; never raises."""

    def find(self, query: SearchQuery, cursor: str = "") -> SearchPage:
        """Return a page of hits; without any condition that is everything."""

    def suggestions(self, text: str, most: int) -> SearchPage:
        """Return the first hits of what is being typed."""


class ExamSheetPort(Protocol):
    """Exams as a person looks at them; `gdtbridge.day.exam` has them."""

    def sheet(self, exam_id: int) -> ExamSheet:
        """Return everything a page shows of an exam; raise `NotFound`."""


class PicturePort(Protocol):
    """What of stored objects can be looked at; `gdtbridge.viewing` has it.

    Whether the caller may look is asked by ``exam_id`` and ``person`` of the description.
    """

    def describe(self, instance_id: int) -> PictureDescription:
        """Return what an object has to show; raise `NotFound` or `PictureUnavailable`."""

    def frames(
        self, instance_id: int, first: int = 1, count: int = 1, look: FrameLook = AS_STORED
    ) -> Iterator[ShownFrame]:
        """Return frames from ``first`` on, counted from 1, a few made ahead of being taken.

        No more than there are; one that cannot be shown has its problem. Raises as `describe`, also
        while they are taken.
        """

    def thumbnail(self, instance_id: int, size: int = 320) -> ShownFrame:
        """Return the frame that stands for an object as a small JPEG; raises as `describe`."""

    def content(self, instance_id: int) -> MediaContent:
        """Return a video or a document whole; raises as `describe`."""


class WebArchivePort(Protocol):
    """The archive for DICOMweb; `gdtbridge.retrieve` has it."""

    def find(self, query: WebQuery, *, sees_held: bool) -> Iterator[JsonDataset]:
        """Return the matches of a search; raise `QueryRefused`."""

    def objects(self, path: Mapping[str, str], *, sees_held: bool) -> Sequence[WebObject]:
        """Return the objects below what UIDs by keyword name; raise `QueryRefused`."""

    def opened(self, one: WebObject, syntax: str) -> AbstractContextManager[Path]:
        """Open the file of an object in a transfer syntax."""

    def metadata_of(self, objects: Sequence[WebObject], base: str) -> Iterator[str]:
        """Return the metadata of objects below a base URI, as DICOM JSON."""


class TrendPort(Protocol):
    """The values of patients over time; `gdtbridge.trends` has them."""

    def of_patient(self, number: str) -> Sequence[Curve]:
        """Return every series of a patient."""

    def curve(self, number: str, series: str) -> Curve | None:
        """Return one series of a patient; None where there is none."""

    def patient(self, number: str) -> Patient | None:
        """Return whom the newest record of the patient's exams names; None where there is none."""

    def of_exam(self, exam_id: int) -> Mapping[int, ExamTrends]:
        """Return what stands beside an exam, for each of its people of whom it is decided whose."""


class WebFramePort(Protocol):
    """Single frames for DICOMweb; `gdtbridge.retrieve` has them."""

    def count(self, one: WebObject) -> int:
        """Return how many frames an object has."""

    def frame(self, one: WebObject, number: int, syntax: str) -> Iterator[bytes]:
        """Return a frame in a transfer syntax it can be had in; raise `NotFound`."""


class DeviceReportPort(Protocol):
    """The devices of the practice; `gdtbridge.overview` puts together what is known."""

    def sheet(self) -> DeviceSheet:
        """Return every device and who was refused."""

    def device(self, key: str) -> Device:
        """Return one device by AE title or address; raise `NotFound`."""

    def why(self, device: Device) -> EmptyList | None:
        """Return what became of each entry in its last query; None where it never asked."""

    def preview(self, device: Device) -> ListPreview:
        """Return what it would see now."""


class DismissalPort(Protocol):
    """Refusals a person need not be told of."""

    def dismiss(self, subject: str, who: str) -> None:
        """Tell nobody any more."""

    def recall(self, subject: str) -> None:
        """Tell of it again."""


class EchoPort(Protocol):
    """Asks devices whether they answer; `gdtbridge.dicom` does it."""

    def verify_within(self, caller: Caller, seconds: float) -> str:
        """Return where a device answered; raise a `BridgeError` after ``seconds`` at the latest."""


@dataclass(frozen=True, slots=True)
class DevicePorts:
    """What the pages of devices ask."""

    overview: DeviceReportPort
    refusals: DismissalPort
    echo: EchoPort
    now: Callable[[], float]
    """Tells the time; UTC seconds."""
    port: Callable[[], int]
    """Tells which port the DICOM server listens at; 0 where it does not run."""


@dataclass(frozen=True, slots=True)
class CorePorts:
    """All the HTTP edge asks."""

    orders: OrderPort
    answers: AnswerPort
    studies: StudyPort
    queries: QueryReportPort
    editing: EditPort
    day: DayPort
    outlook: OutlookPort
    patients: KnownPatientPort
    clarifying: ClarifyingDesk
    """What waits for a person."""
    search: SearchPort
    exams: ExamSheetPort
    trends: TrendPort
    pictures: PicturePort
    revision: Callable[[], int]
    """Tells, at once, a number that is another when what pages show may have changed."""
    system: SystemPort
    deliveries: DeliveryPorts
    access: Access
    audit: AuditTrail
    devices: DevicePorts
    setup: SetupDesk
    sending: ExamSendingPorts
    sample: SampleDesk
    """What a sample audit asks of pictures."""
    archive: WebArchivePort
    frames: WebFramePort
    handing: HandingDesk
    """What people take along."""


Readiness = Callable[[], Mapping[str, PartState]]
"""Tells the state of each part by its name; answers at once."""
