"""The core: every room but the edges, opened and wired. Nothing is wired anywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path

from gdtbridge.accounts import Access
from gdtbridge.archive import Archive
from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.archive.picked_files import PickupMemory
from gdtbridge.archive.unsynced import sync_files
from gdtbridge.attention import Attention, AttentionSource
from gdtbridge.attention.announcer import Announcer
from gdtbridge.attention.certificate_source import CertificateBook
from gdtbridge.attention.clock_source import ClockSource
from gdtbridge.attention.commitment_source import (
    CommitmentSource,
    DamagedObjectSource,
    OnlyCopySource,
)
from gdtbridge.attention.confirmation_source import ConfirmationSource
from gdtbridge.attention.forward_source import ForwardSource
from gdtbridge.attention.left_source import LeftFileSource
from gdtbridge.attention.mailer import Mailer
from gdtbridge.attention.pickup_source import PickupSource
from gdtbridge.attention.refusals import RefusalBook
from gdtbridge.attention.sources import (
    BacklogSource,
    DatabaseSource,
    DiskSource,
    ExamSource,
    HeldExamSource,
    MasterDataSource,
    OrderFileSource,
    OrderRemarkSource,
    OrderSilenceSource,
    OutboxSource,
    WorklistSource,
)
from gdtbridge.attention.space import SpaceForecast
from gdtbridge.attention.step_source import StepSource
from gdtbridge.attention.webhook_source import WebhookSource
from gdtbridge.audit import AuditTrail
from gdtbridge.callers import CallerRegister
from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.clarifying import Clarifier, ClarifyingDesk, ClarifyingQueue, ExamLook
from gdtbridge.clarifying.candidates import CandidateRule
from gdtbridge.clarifying.people import PeopleFinder
from gdtbridge.clock_watch import ClockWatch
from gdtbridge.commitment import CommitmentBook
from gdtbridge.confirmation.book import Confirmations
from gdtbridge.database import Database
from gdtbridge.dataset.hardening import harden_pydicom
from gdtbridge.day import Day, EntryOutlook, PageRevision
from gdtbridge.day.exam import ExamSheets, RecentReports
from gdtbridge.day.search import Search
from gdtbridge.devices import DeviceDirectory
from gdtbridge.devices.answering import DeviceWorklist
from gdtbridge.dicom.commitment_report import CommitmentReporter
from gdtbridge.dicom.confirming import ArchiveNetwork
from gdtbridge.durable import Clock, SteadyClock, SystemClock
from gdtbridge.durable.modes import shared_file_mode
from gdtbridge.errors import NoInstallation
from gdtbridge.exams.adoption import adopt
from gdtbridge.exams.completion import CompletionRule, DueSignal
from gdtbridge.exams.dates import DateRule
from gdtbridge.exams.decision import DecisionMaker
from gdtbridge.exams.fetching import FetchBook
from gdtbridge.exams.held import HeldExams
from gdtbridge.exams.overview import ExamOverview
from gdtbridge.exams.patient_numbers import NumberRule
from gdtbridge.exams.receiving import InstanceReceiver
from gdtbridge.exams.renumbering import PatientRenumbering
from gdtbridge.exams.steps.keeping import PerformedSteps
from gdtbridge.exams.studies import StudyFinder
from gdtbridge.fhir.facade import FhirFacade
from gdtbridge.fhir.sources import FhirNames, ResourceSources
from gdtbridge.first_start import make_database, must_not_be_lost
from gdtbridge.folders import OrderFiles, OrderPorts
from gdtbridge.folders.silence import ExchangeSilence, SilenceSource
from gdtbridge.forward.book import ForwardBook
from gdtbridge.forward.gathering import ObjectGatherer
from gdtbridge.handing_out import AssignedExams, ExamReports, HandingDesk, PatientCopies
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.editing import OrderEditor
from gdtbridge.orders.filler import OrderFiller
from gdtbridge.orders.folder_memory import FolderMemory
from gdtbridge.orders.gdt_orders import GdtOrders
from gdtbridge.orders.known_patients import KnownPatients
from gdtbridge.orders.master_data import MasterData
from gdtbridge.outbox import (
    COMMITMENT,
    Outbox,
)
from gdtbridge.outbox.calls import WebhookCalls
from gdtbridge.overview.deliveries import DeliveryOverview
from gdtbridge.overview.devices import DeviceOverview
from gdtbridge.overview.exam_deliveries import ExamDeliveryOverview
from gdtbridge.parts import (
    addresses_of,
    archive_peer,
    arrival_of,
    asks_about_master_data,
    confirming_archives,
    directory_of,
    exchanges_of,
    forward_senders,
    forward_targets,
    gatherer_of,
    senders_of,
)
from gdtbridge.pictures import AttachmentReader
from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.pictures.picture_reader import AheadReader, PictureReader
from gdtbridge.queries.book import QueryBook
from gdtbridge.queries.history import ListHistory
from gdtbridge.queries.report import QueryReports
from gdtbridge.queries.sight import ListSight
from gdtbridge.queries.source import EmptyListSource
from gdtbridge.report_page import PagePrinter
from gdtbridge.results.corrections import ResultCorrections
from gdtbridge.results.gathering import ExamGatherer, ObjectOpeners
from gdtbridge.results.rehearsal import Rehearsal
from gdtbridge.results.reporting import ResultReporter
from gdtbridge.results.retracting import Retractor
from gdtbridge.results.routing import OrderAnswers, Routing
from gdtbridge.results.sent_records import SentRecords
from gdtbridge.results.settling import ExamSettler
from gdtbridge.retrieve import metadata_ahead
from gdtbridge.retrieve.filling import IndexFilling
from gdtbridge.retrieve.finder import ArchiveFinder
from gdtbridge.retrieve.metadata import ObjectMetadata
from gdtbridge.retrieve.metadata_ahead import MetadataAhead
from gdtbridge.retrieve.metadata_memory import SHARE_OF_PICTURES, MetadataMemory
from gdtbridge.retrieve.metadata_room import AheadMetadataReader, MetadataReader
from gdtbridge.retrieve.peers import PeerDirectory
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.retrieve.web_archive import WebArchive
from gdtbridge.retrieve.web_frames import WebFrames
from gdtbridge.retrieve.web_search import WebSearch
from gdtbridge.sample_audit.check_list import CaseChecker
from gdtbridge.sample_audit.checks import PictureChecks
from gdtbridge.sample_audit.constancy import ConstancyFinder
from gdtbridge.sample_audit.desk import SampleDesk
from gdtbridge.sample_audit.exports import HOUR_SECONDS, SampleExports
from gdtbridge.sample_audit.finding import CaseFinder
from gdtbridge.sample_audit.package import SetParts
from gdtbridge.settings import MEGABYTE, Settings
from gdtbridge.settings.encryption import Encryption
from gdtbridge.settings.folders import find_installation, make_folders, shared_folders
from gdtbridge.sr import ReportReader
from gdtbridge.trends import PatientTrends
from gdtbridge.trends.keeping import ValueKeeper
from gdtbridge.viewing import StoredPictures
from gdtbridge.viewing.ahead import PicturesAhead
from gdtbridge.viewing.arrived import ArrivedObjects
from gdtbridge.viewing.cache import DiskCache
from gdtbridge.viewing.memory import PictureMemory
from gdtbridge.work_items.book import WorkItems
from gdtbridge.work_items.search import WorkItemSearch
from worklist import WorklistFolder, night_before


class Opening(Enum):
    """What may change when an installation is opened."""

    MAKING = auto()
    """Everything: what is missing is made, an older schema is upgraded. The service."""
    WORKING = auto()
    """What an installation that is there keeps. A command beside the service."""
    LOOKING = auto()
    """Nothing: no file appears, and none changes."""


@dataclass(frozen=True, slots=True)
class PictureReaders:
    """Who opens objects that are looked at: at once, and ahead of anybody's wish."""

    at_once: PictureReader
    ahead: AheadReader


@dataclass(frozen=True, slots=True)
class HeadReaders:
    """Who reads the metadata of objects: at once, and ahead of anybody's wish."""

    at_once: MetadataReader
    ahead: AheadMetadataReader


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the core keeps its facts, and who opens received files; the maker closes them."""

    database: Database
    archive: Archive
    outbox: Outbox
    worklist: WorklistFolder
    openers: ObjectOpeners
    transcoder: Transcoder
    pictures: PictureReaders
    heads: HeadReaders
    encryption: Encryption


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


@contextmanager
def open_core(settings: Settings, opening: Opening = Opening.MAKING) -> Iterator[Core]:
    """Open the database and the folders, making what ``opening`` says; close them after.

    Raises `SettingsError`, `NoInstallation`, `DatabaseError` (`DatabaseLost` where there was one)
    or `worklist.FolderError`, and then nothing is open.
    """
    harden_pydicom()
    routing = Routing(settings)
    with ExitStack() as opened:
        database = opened.enter_context(closing(_open_database(settings, opening)))
        clock = SteadyClock(SystemClock())
        encryption = Encryption.of(settings)
        archive = Archive(settings.archive_folder, reserve=settings.storage.min_free_mb * MEGABYTE)
        frames = opened.enter_context(closing(FrameReader()))
        transcoder = Transcoder(frames, settings.spool_folder, archive.room_for)
        senders = senders_of(routing, settings, encryption, clock)
        forwarding = forward_senders(
            forward_targets(settings, encryption),
            gatherer_of(settings, database, archive),
            database,
            transcoder,
            clock,
        )
        outbox = Outbox(database, {**senders, **forwarding}, clock=clock)
        worklist = WorklistFolder(
            settings.worklist_folder,
            looking=opening is Opening.LOOKING,
            file_mode=shared_file_mode() if settings.worklist.folder is not None else None,
        )
        openers = ObjectOpeners(
            opened.enter_context(closing(ReportReader())),
            opened.enter_context(closing(AttachmentReader())),
            opened.enter_context(closing(PagePrinter())),
        )
        heads = HeadReaders(
            opened.enter_context(closing(MetadataReader())),
            opened.enter_context(closing(AheadMetadataReader())),
        )
        pictures = PictureReaders(
            opened.enter_context(closing(PictureReader(processes=2))),
            opened.enter_context(closing(AheadReader())),
        )
        stores = Stores(
            database,
            archive,
            outbox,
            worklist,
            openers,
            transcoder,
            pictures,
            heads,
            encryption,
        )
        yield wire(settings, routing, stores, clock)


def _open_database(settings: Settings, opening: Opening) -> Database:
    """Open the database; folders are made by the service, or where an installation was found."""
    if opening is Opening.MAKING:
        must_not_be_lost(settings)
        make_database(settings)
        return Database(settings.database_url)
    find_installation(settings)
    try:
        found = Database(settings.database_url, looking=True)
    except NoInstallation:
        must_not_be_lost(settings)
        raise
    if opening is Opening.LOOKING:
        return found
    found.close()
    make_folders(settings)
    return Database(settings.database_url)


def wire(settings: Settings, routing: Routing, stores: Stores, clock: SteadyClock) -> Core:
    """Return the core on ``stores``; nothing is opened, nothing runs."""
    database, archive, outbox = stores.database, stores.archive, stores.outbox
    worklist, due, encryption = stores.worklist, DueSignal(), stores.encryption
    completion, devices = CompletionRule(settings.exam), directory_of(settings)
    maker = DecisionMaker(
        settings.exam, NumberRule(settings.exam.patient_id_pattern), DateRule(settings.exam)
    )
    answers = OrderAnswers(routing, clock)
    silence = ExchangeSilence(
        shared_folders(settings), settings.root, clock, partial(busy_folders, outbox, worklist)
    )
    book = OrderBook(settings, database, outbox, worklist, answers, clock)
    editor = OrderEditor(book, database, worklist)
    wanted = any("received" in exchange.gdt.states for exchange in settings.exchanges)
    began = book.images_received if wanted else None
    values = ValueKeeper(routing.catalogue)
    gatherer = ExamGatherer(
        routing, database, archive, worklist, stores.openers, (maker, completion), values, clock
    )
    finder = ArchiveFinder(database, archive.folder, settings.dicom.aet)
    forward = ForwardBook(
        database,
        outbox,
        ObjectGatherer(database, finder),
        forward_targets(settings, encryption),
        clock,
    )
    settler = ExamSettler(archive, outbox, values, forward.settled if forward.targets else None)
    reporting = ResultReporter(database, outbox, gatherer, settler, completion, clock)
    held = HeldExams(database, archive, outbox, worklist, maker, due, clock)
    retractor = Retractor(outbox, routing, gatherer, clock)
    renumbering = PatientRenumbering(database, book, held, due, clock, forward.moved)
    refusals = RefusalBook(database, clock)
    certificates = CertificateBook(database, encryption, clock)
    queries = QueryBook(database, worklist, clock, days=settings.worklist.query_days)
    device_worklist = DeviceWorklist(
        worklist, devices, lambda: night_before(clock.local(), settings.worklist.min_age_hours)
    )
    unknown = settings.dicom.unknown_devices
    peers = PeerDirectory([archive_peer(one, encryption) for one in settings.peer])
    callers = CallerRegister(
        database, devices, clock, refuses_unknown=unknown == "refuse", is_peer=peers.knows
    )
    history = ListHistory(database, worklist)
    query_reports = QueryReports(queries, history, device_worklist, devices, clock)
    sight = ListSight(query_reports, clock)
    day = Day(database, sight, devices, maker.dates, clock)
    empty_lists = EmptyListSource(query_reports)
    search = Search(database, day, devices)
    recent = RecentReports(stores.openers.reports)
    sheets = ExamSheets(database, archive, recent, routing.catalogue, day)
    forecast = SpaceForecast(
        database, archive.folder, settings.storage.min_free_mb * MEGABYTE, clock
    )
    confirmations = Confirmations(
        database,
        confirming_archives(settings, forward.targets),
        ArchiveNetwork(peers),
        peers.is_peer,
        forward,
        clock,
    )
    commitments = CommitmentBook(
        database,
        archive,
        outbox,
        Arrivals(),
        settings.commitment,
        clock,
        arrival_of(settings, forward.targets),
    )
    webhooks = WebhookCalls(database, outbox, clock)
    studies = StudyFinder(database, worklist, maker, settings.orders.encoding)
    ports = OrderPorts(
        GdtOrders(book, database, clock),
        MasterData(database, outbox, answers, clock),
        FolderMemory(database),
        renumbering.renumber_by_record,
        studies.find,
        reporting.results_arrived,
    )
    fetches = FetchBook(database, clock, settings.dicom.aet, peers.title_of)
    audit = AuditTrail(database, clock, days=settings.access.audit_days)
    attention = attention_of(
        settings,
        stores,
        (
            SilenceSource(silence),
            refusals,
            certificates,
            forecast,
            _left_files(settings, database),
            PickupSource.of(
                PickupMemory(database), [one.folder for one in settings.pickups], clock
            ),
            empty_lists,
            ForwardSource(forward, outbox, clock),
            *commitment_sources(settings, stores, commitments, clock),
            ConfirmationSource(database, confirmations, clock),
        ),
        clock,
    )
    picture_checks = PictureChecks(
        database,
        settings.sample.check_list,
        settings.practice.name,
        settings.exam.date_remark_days,
        clock,
    )
    pictures, ahead = stored_pictures(settings, stores)
    metadata, heads_ahead = object_metadata(settings, stores)

    def is_receiving() -> bool:
        return bool(commitments.arrivals.now())

    corrections = ResultCorrections(database, archive, outbox, retractor, held, due, clock)
    rehearsal = Rehearsal(database, archive, worklist, gatherer, settler, clock)
    return Core(
        settings,
        routing,
        database,
        archive,
        outbox,
        worklist,
        devices,
        callers,
        device_worklist,
        book,
        OrderFiller(book, database, worklist, clock, min_age_hours=settings.worklist.min_age_hours),
        OrderFiles(settings, ports, exchanges_of(routing, settings), clock),
        InstanceReceiver(
            database,
            archive,
            outbox,
            completion,
            due,
            clock,
            fetches,
            began,
            picture_checks.check,
        ),
        PerformedSteps(database, book, completion, due, clock, devices, archive.room_for),
        held,
        renumbering,
        ExamOverview(database, archive, clock),
        studies,
        reporting,
        corrections,
        ClarifyingDesk(
            ClarifyingQueue(database, attention, clock),
            ExamLook(database, archive, worklist, maker, CandidateRule(maker.numbers)),
            Clarifier(database, outbox, held, corrections, rehearsal),
            PeopleFinder(database, search),
            outbox,
            devices,
            sheets,
        ),
        silence,
        attention,
        Announcer(
            database,
            outbox,
            routing.default,
            settings.attention,
            clock,
            mails=bool(settings.mail.host),
        ),
        Mailer(database, outbox, settings.mail, clock),
        refusals,
        queries,
        query_reports,
        forecast,
        webhooks,
        DeliveryOverview(
            database, outbox, forward, confirmations, webhooks, routing, silence.folders, clock
        ),
        DeviceOverview(
            database,
            callers,
            devices,
            refusals,
            query_reports,
            sight,
            empty_lists,
            peers.knows,
            clock,
        ),
        IndexFilling(database, archive.folder, values, stores.openers.reports),
        finder,
        peers,
        forward,
        stores.transcoder,
        encryption,
        confirmations,
        fetches,
        certificates,
        commitments,
        _reporter_of(outbox),
        Access.of(database, audit, clock, idle_minutes=settings.access.idle_minutes),
        audit,
        due,
        clock,
        ClockWatch(database, clock),
        day,
        search,
        sheets,
        pictures,
        WebArchive(WebSearch(finder), finder, metadata, stores.transcoder),
        WebFrames(pictures, stores.transcoder.frames, metadata),
        PicturesAhead(ArrivedObjects(database, is_receiving, clock), ahead),
        metadata,
        MetadataAhead(
            ArrivedObjects(
                database,
                is_receiving,
                clock,
                back=metadata_ahead.BACK,
                quiet=metadata_ahead.QUIET_SECONDS,
            ),
            database,
            archive.folder,
            heads_ahead,
        ),
        PageRevision(database, clock),
        editor,
        EntryOutlook(database, sight, devices, callers, settings.worklist.station),
        KnownPatients(database),
        ExamDeliveryOverview(
            database, outbox, forward, routing, SentRecords(database, outbox, clock)
        ),
        sample_desk(settings, stores, routing, finder, pictures, audit, picture_checks, clock),
        PatientTrends(database),
        handing_desk_of(settings, stores, finder, routing.catalogue),
        WorkItems(database, book, editor, clock),
        WorkItemSearch(database),
        FhirFacade(ResourceSources(database, finder, recent, fhir_names(settings))),
    )


def fhir_names(settings: Settings) -> FhirNames:
    """Return what the practice and its numbers are called in FHIR."""
    fhir = settings.fhir
    return FhirNames(
        fhir.patient_system, fhir.order_system, settings.practice.name, settings.gdt.fetal_sex
    )


def sample_desk(
    settings: Settings,
    stores: Stores,
    routing: Routing,
    finder: ArchiveFinder,
    pictures: StoredPictures,
    audit: AuditTrail,
    checks: PictureChecks,
    clock: Clock,
) -> SampleDesk:
    """Return the sample audit."""
    practice, database = settings.practice.name, stores.database
    near_days = settings.exam.date_remark_days
    openers = stores.openers
    checker = CaseChecker(database, CaseFinder(database, finder), checks.items, practice, near_days)
    return SampleDesk(
        database,
        clock,
        audit,
        checks,
        checker,
        ConstancyFinder(checker, directory_of(settings)),
        SetParts(
            pictures,
            openers.sheets,
            openers.reports.read,
            routing.catalogue,
            practice,
            settings.spool_folder,
            stores.archive.room_for,
        ),
        SampleExports(settings.export_folder, settings.sample.keep_hours * HOUR_SECONDS, clock),
    )


def handing_desk_of(
    settings: Settings, stores: Stores, finder: ArchiveFinder, catalogue: Catalogue
) -> HandingDesk:
    """Return who makes what people take along."""
    openers = stores.openers
    reports = ExamReports(
        openers.reports,
        openers.pictures,
        openers.sheets,
        catalogue,
        PatientTrends(stores.database),
        settings.practice.name,
        settings.spool_folder,
        settings.gdt.fetal_sex,
        settings.letter.template,
    )
    copies = PatientCopies(reports, settings.spool_folder, stores.archive.room_for)
    return HandingDesk(AssignedExams(stores.database, finder), reports, copies)


def stored_pictures(settings: Settings, stores: Stores) -> tuple[StoredPictures, StoredPictures]:
    """Return what can be looked at, for who looks now and for who makes pictures ahead."""
    most = settings.pictures.cache_mb * MEGABYTE
    memory = PictureMemory(DiskCache(settings.picture_folder, most, stores.archive.room_for))
    at_once, ahead = (
        StoredPictures(stores.database, stores.archive, reader, stores.openers.pictures, memory)
        for reader in (stores.pictures.at_once, stores.pictures.ahead)
    )
    return at_once, ahead


def object_metadata(settings: Settings, stores: Stores) -> tuple[ObjectMetadata, ObjectMetadata]:
    """Return the metadata of objects, for who asks now and for who reads ahead."""
    most = settings.pictures.cache_mb * MEGABYTE // SHARE_OF_PICTURES
    cache = DiskCache(settings.metadata_folder, most, stores.archive.room_for)
    memory = MetadataMemory(cache)
    at_once, ahead = (
        ObjectMetadata(reader, memory, settings.spool_folder)
        for reader in (stores.heads.at_once, stores.heads.ahead)
    )
    return at_once, ahead


def attention_of(
    settings: Settings, stores: Stores, further: Sequence[AttentionSource], clock: Clock
) -> Attention:
    """Return who looks for what needs a person; the worklist comes last, its folder may hang.

    ``further`` are sources that somebody else tells what they know.
    """
    reserve = settings.storage.min_free_mb * MEGABYTE
    return Attention(
        (
            HeldExamSource(stores.database),
            ExamSource(stores.database, clock),
            StepSource(stores.database, clock),
            OrderFileSource(stores.database, settings.refused_folder, clock),
            OutboxSource(stores.outbox, clock),
            WebhookSource(WebhookCalls(stores.database, stores.outbox, clock)),
            DiskSource(stores.archive.folder, reserve, clock),
            DatabaseSource(stores.database, clock),
            BacklogSource(stores.database, stores.outbox, clock),
            OrderRemarkSource(stores.database, clock),
            MasterDataSource(stores.database, clock, is_told=asks_about_master_data(settings)),
            OrderSilenceSource(stores.database, settings.attention.orders_silent_days, clock),
            ClockSource(stores.database, clock),
            *further,
            WorklistSource(stores.worklist, clock),
        ),
        clock,
    )


def commitment_sources(
    settings: Settings, stores: Stores, book: CommitmentBook, clock: Clock
) -> Sequence[AttentionSource]:
    """Return who looks for what of storage commitment needs a person."""
    addresses = addresses_of(settings, stores.encryption)
    is_told = settings.commitment.only_copy == "tell"
    return (
        CommitmentSource(book, lambda aet, peer: addresses(aet, peer).configured, clock),
        DamagedObjectSource(stores.database, stores.archive),
        OnlyCopySource(stores.database, is_told, clock),
    )


def _left_files(settings: Settings, database: Database) -> LeftFileSource:
    inboxes = {one.route: one.inbox for one in settings.exchanges if one.inbox is not None}
    return LeftFileSource(FolderMemory(database), inboxes)


def busy_folders(outbox: Outbox, worklist: WorklistFolder) -> Mapping[Path, float]:
    """Return the folders of others a call is under way in, since when (monotonic seconds)."""
    since = worklist.busy_since
    return {**outbox.busy(), **({worklist.path: since} if since is not None else {})}


def _reporter_of(outbox: Outbox) -> CommitmentReporter:
    """Return the sender of answers to devices; `senders_of` made it."""
    reporter = outbox.sender(COMMITMENT)
    assert isinstance(reporter, CommitmentReporter)  # noqa: S101 - see above
    return reporter
