"""The core as a value: every room but the edges."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.accounts import Access
from gdtbridge.archive import Archive
from gdtbridge.archive.unsynced import sync_files
from gdtbridge.attention import Attention
from gdtbridge.attention.announcer import Announcer
from gdtbridge.attention.certificate_source import CertificateBook
from gdtbridge.attention.mailer import Mailer
from gdtbridge.attention.refusals import RefusalBook
from gdtbridge.attention.space import SpaceForecast
from gdtbridge.audit import AuditTrail
from gdtbridge.callers import CallerRegister
from gdtbridge.clarifying import ClarifyingDesk
from gdtbridge.clock_watch import ClockWatch
from gdtbridge.commitment import CommitmentBook
from gdtbridge.confirmation.book import Confirmations
from gdtbridge.database import Database
from gdtbridge.day import Day, EntryOutlook, PageRevision
from gdtbridge.day.exam import ExamSheets
from gdtbridge.day.search import Search
from gdtbridge.devices import DeviceDirectory
from gdtbridge.devices.answering import DeviceWorklist
from gdtbridge.dicom.commitment_report import CommitmentReporter
from gdtbridge.durable import SteadyClock
from gdtbridge.exams.adoption import adopt
from gdtbridge.exams.completion import DueSignal
from gdtbridge.exams.fetching import FetchBook
from gdtbridge.exams.held import HeldExams
from gdtbridge.exams.overview import ExamOverview
from gdtbridge.exams.receiving import InstanceReceiver
from gdtbridge.exams.renumbering import PatientRenumbering
from gdtbridge.exams.steps.keeping import PerformedSteps
from gdtbridge.exams.studies import StudyFinder
from gdtbridge.fhir.facade import FhirFacade
from gdtbridge.folders import OrderFiles
from gdtbridge.folders.silence import ExchangeSilence
from gdtbridge.forward.book import ForwardBook
from gdtbridge.handing_out import HandingDesk
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.editing import OrderEditor
from gdtbridge.orders.filler import OrderFiller
from gdtbridge.orders.folder_memory import FolderMemory
from gdtbridge.orders.known_patients import KnownPatients
from gdtbridge.outbox import Outbox
from gdtbridge.outbox.calls import WebhookCalls
from gdtbridge.overview.deliveries import DeliveryOverview
from gdtbridge.overview.devices import DeviceOverview
from gdtbridge.overview.exam_deliveries import ExamDeliveryOverview
from gdtbridge.queries.book import QueryBook
from gdtbridge.queries.report import QueryReports
from gdtbridge.results.corrections import ResultCorrections
from gdtbridge.results.reporting import ResultReporter
from gdtbridge.results.routing import Routing
from gdtbridge.retrieve.filling import IndexFilling
from gdtbridge.retrieve.finder import ArchiveFinder
from gdtbridge.retrieve.metadata import ObjectMetadata
from gdtbridge.retrieve.metadata_ahead import MetadataAhead
from gdtbridge.retrieve.peers import PeerDirectory
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.retrieve.web_archive import WebArchive
from gdtbridge.retrieve.web_frames import WebFrames
from gdtbridge.sample_audit.desk import SampleDesk
from gdtbridge.settings import Settings
from gdtbridge.settings.encryption import Encryption
from gdtbridge.trends import PatientTrends
from gdtbridge.viewing import StoredPictures
from gdtbridge.viewing.ahead import PicturesAhead
from gdtbridge.work_items.book import WorkItems
from gdtbridge.work_items.search import WorkItemSearch
from worklist import WorklistFolder


@dataclass(frozen=True, slots=True)
class Core:
    """Everything without the edges: enough for a command beside the service."""

    settings: Settings
    routing: Routing
    database: Database
    archive: Archive
    outbox: Outbox
    worklist: WorklistFolder
    devices: DeviceDirectory
    callers: CallerRegister
    device_worklist: DeviceWorklist
    order_book: OrderBook
    orders: OrderFiller
    order_files: OrderFiles
    receiving: InstanceReceiver
    steps: PerformedSteps
    held: HeldExams
    renumbering: PatientRenumbering
    overview: ExamOverview
    studies: StudyFinder
    reporting: ResultReporter
    corrections: ResultCorrections
    clarifying: ClarifyingDesk
    silence: ExchangeSilence
    attention: Attention
    announcer: Announcer
    mailer: Mailer
    refusals: RefusalBook
    queries: QueryBook
    query_reports: QueryReports
    forecast: SpaceForecast
    webhooks: WebhookCalls
    deliveries: DeliveryOverview
    device_overview: DeviceOverview
    filling: IndexFilling
    finder: ArchiveFinder
    peers: PeerDirectory
    forward: ForwardBook
    transcoder: Transcoder
    encryption: Encryption
    confirmations: Confirmations
    fetches: FetchBook
    certificates: CertificateBook
    commitments: CommitmentBook
    reporter: CommitmentReporter
    access: Access
    audit: AuditTrail
    due: DueSignal
    """Rings when an exam is due at this moment: have `ResultReporter.report_due` called."""
    clock: SteadyClock
    clock_watch: ClockWatch
    day: Day
    search: Search
    exams: ExamSheets
    pictures: StoredPictures
    web_archive: WebArchive
    web_frames: WebFrames
    pictures_ahead: PicturesAhead
    metadata: ObjectMetadata
    metadata_ahead: MetadataAhead
    revision: PageRevision
    editor: OrderEditor
    outlook: EntryOutlook
    known_patients: KnownPatients
    exam_deliveries: ExamDeliveryOverview
    sample: SampleDesk
    trends: PatientTrends
    handing: HandingDesk
    work_items: WorkItems
    work_item_search: WorkItemSearch
    fhir: FhirFacade

    def adopt(self) -> None:
        """Have every received file on the disk, and read whom those of an older program name.

        Before anything else runs: a power cut may have taken small files (`sync_files`).
        """
        self.sync_files()
        adopt(self.database, self.archive, self.clock)
        FolderMemory(self.database).adopt_receivers(self.settings.taken_folder)

    def sync_files(self) -> None:
        """Make the small files durable that were received lately; see `archive.unsynced`."""
        sync_files(self.database, self.archive.make_durable)
