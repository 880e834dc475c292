"""Every room but the edges, wired. Nothing is wired anywhere else."""

from __future__ import annotations

from functools import partial

from gdtbridge.accounts import Access
from gdtbridge.attention.announcer import Announcer
from gdtbridge.attention.certificate_source import CertificateBook
from gdtbridge.attention.confirmation_source import ConfirmationSource
from gdtbridge.attention.forward_source import ForwardSource
from gdtbridge.attention.mailer import Mailer
from gdtbridge.attention.refusals import RefusalBook
from gdtbridge.attention.space import SpaceForecast
from gdtbridge.audit import AuditTrail
from gdtbridge.clock_watch import ClockWatch
from gdtbridge.core.attention import (
    attention_of,
    busy_folders,
    commitment_sources,
    left_file_sources,
)
from gdtbridge.core.copies import commitment_book, confirmations_of, forward_book, reporter_of
from gdtbridge.core.core import Core
from gdtbridge.core.desks import (
    clarifying_desk_of,
    fhir_names,
    handing_desk_of,
    picture_checks_of,
    sample_desk,
)
from gdtbridge.core.devices import device_parts
from gdtbridge.core.exams import exam_parts
from gdtbridge.core.pictures import picture_parts
from gdtbridge.core.stores import Stores
from gdtbridge.day import Day, EntryOutlook, PageRevision
from gdtbridge.day.exam import ExamSheets, RecentReports
from gdtbridge.day.search import Search
from gdtbridge.durable import SteadyClock
from gdtbridge.exams.completion import DueSignal
from gdtbridge.exams.fetching import FetchBook
from gdtbridge.exams.overview import ExamOverview
from gdtbridge.exams.receiving import InstanceReceiver
from gdtbridge.exams.steps.keeping import PerformedSteps
from gdtbridge.exams.studies import StudyFinder
from gdtbridge.fhir.facade import FhirFacade
from gdtbridge.fhir.sources import ResourceSources
from gdtbridge.folders import OrderFiles, OrderPorts
from gdtbridge.folders.silence import ExchangeSilence, SilenceSource
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.editing import OrderEditor
from gdtbridge.orders.filler import OrderFiller
from gdtbridge.orders.folder_memory import FolderMemory
from gdtbridge.orders.gdt_orders import GdtOrders
from gdtbridge.orders.known_patients import KnownPatients
from gdtbridge.orders.master_data import MasterData
from gdtbridge.outbox.calls import WebhookCalls
from gdtbridge.overview.deliveries import DeliveryOverview
from gdtbridge.overview.devices import DeviceOverview
from gdtbridge.overview.exam_deliveries import ExamDeliveryOverview
from gdtbridge.parts import exchanges_of
from gdtbridge.results.routing import OrderAnswers, Routing
from gdtbridge.results.sent_records import SentRecords
from gdtbridge.retrieve.filling import IndexFilling
from gdtbridge.retrieve.finder import ArchiveFinder
from gdtbridge.settings import MEGABYTE, Settings
from gdtbridge.settings.folders import shared_folders
from gdtbridge.trends import PatientTrends
from gdtbridge.work_items.book import WorkItems
from gdtbridge.work_items.search import WorkItemSearch


def wire(settings: Settings, routing: Routing, stores: Stores, clock: SteadyClock) -> Core:
    """Return the core on ``stores``; nothing is opened, nothing runs."""
    database, archive, outbox = stores.database, stores.archive, stores.outbox
    worklist, due, openers = stores.worklist, DueSignal(), stores.openers
    answers = OrderAnswers(routing, clock)
    book = OrderBook(settings, database, outbox, worklist, answers, clock)
    editor = OrderEditor(book, database, worklist)
    devices = device_parts(settings, stores, clock)
    finder = ArchiveFinder(database, archive.folder, settings.dicom.aet)
    forward = forward_book(settings, stores, finder, clock)
    exams = exam_parts(settings, routing, stores, book, forward, due, clock)
    confirmations = confirmations_of(settings, stores, forward, devices.peers, clock)
    commitments = commitment_book(settings, stores, forward, clock)
    fetches = FetchBook(database, clock, settings.dicom.aet, devices.peers.title_of)
    studies = StudyFinder(database, worklist, exams.maker, settings.orders.encoding)
    ports = OrderPorts(
        GdtOrders(book, database, clock),
        MasterData(database, outbox, answers, clock),
        FolderMemory(database),
        exams.renumbering.renumber_by_record,
        studies.find,
        exams.reporting.results_arrived,
    )
    silence = ExchangeSilence(
        shared_folders(settings), settings.root, clock, partial(busy_folders, outbox, worklist)
    )
    refusals = RefusalBook(database, clock)
    certificates = CertificateBook(database, stores.encryption, clock)
    forecast = SpaceForecast(
        database, archive.folder, settings.storage.min_free_mb * MEGABYTE, clock
    )
    attention = attention_of(
        settings,
        stores,
        (
            SilenceSource(silence),
            refusals,
            certificates,
            forecast,
            *left_file_sources(settings, database, clock),
            devices.empty_lists,
            ForwardSource(forward, outbox, clock),
            *commitment_sources(settings, stores, commitments, clock),
            ConfirmationSource(database, confirmations, clock),
        ),
        clock,
    )
    audit = AuditTrail(database, clock, days=settings.access.audit_days)
    webhooks = WebhookCalls(database, outbox, clock)
    picture_checks = picture_checks_of(settings, database, clock)
    pictures = picture_parts(
        settings, stores, finder, lambda: bool(commitments.arrivals.now()), clock
    )
    day = Day(database, devices.sight, devices.directory, exams.maker.dates, clock)
    search = Search(database, day, devices.directory)
    recent = RecentReports(openers.reports)
    sheets = ExamSheets(database, archive, recent, routing.catalogue, day)
    return Core(
        settings=settings,
        routing=routing,
        database=database,
        archive=archive,
        outbox=outbox,
        worklist=worklist,
        devices=devices.directory,
        callers=devices.callers,
        device_worklist=devices.worklist,
        order_book=book,
        orders=OrderFiller(
            book, database, worklist, clock, min_age_hours=settings.worklist.min_age_hours
        ),
        order_files=OrderFiles(settings, ports, exchanges_of(routing, settings), clock),
        receiving=InstanceReceiver(
            database,
            archive,
            outbox,
            exams.completion,
            due,
            clock,
            fetches,
            book.images_received if tells_of_receipt(settings) else None,
            picture_checks.check,
        ),
        steps=PerformedSteps(
            database, book, exams.completion, due, clock, devices.directory, archive.room_for
        ),
        held=exams.held,
        renumbering=exams.renumbering,
        overview=ExamOverview(database, archive, clock),
        studies=studies,
        reporting=exams.reporting,
        corrections=exams.corrections,
        clarifying=clarifying_desk_of(
            stores, exams, attention, search, devices.directory, sheets, clock
        ),
        silence=silence,
        attention=attention,
        announcer=Announcer(
            database,
            outbox,
            routing.default,
            settings.attention,
            clock,
            mails=bool(settings.mail.host),
        ),
        mailer=Mailer(database, outbox, settings.mail, clock),
        refusals=refusals,
        queries=devices.queries,
        query_reports=devices.query_reports,
        forecast=forecast,
        webhooks=webhooks,
        deliveries=DeliveryOverview(
            database, outbox, forward, confirmations, webhooks, routing, silence.folders, clock
        ),
        device_overview=DeviceOverview(
            database,
            devices.callers,
            devices.directory,
            refusals,
            devices.query_reports,
            devices.sight,
            devices.empty_lists,
            devices.peers.knows,
            clock,
        ),
        filling=IndexFilling(database, archive.folder, exams.values, openers.reports),
        finder=finder,
        peers=devices.peers,
        forward=forward,
        transcoder=stores.transcoder,
        encryption=stores.encryption,
        confirmations=confirmations,
        fetches=fetches,
        certificates=certificates,
        commitments=commitments,
        reporter=reporter_of(outbox),
        access=Access.of(database, audit, clock, idle_minutes=settings.access.idle_minutes),
        audit=audit,
        due=due,
        clock=clock,
        clock_watch=ClockWatch(database, clock),
        day=day,
        search=search,
        exams=sheets,
        pictures=pictures.stored,
        web_archive=pictures.web_archive,
        web_frames=pictures.web_frames,
        pictures_ahead=pictures.ahead,
        metadata=pictures.metadata,
        metadata_ahead=pictures.metadata_ahead,
        revision=PageRevision(database, clock),
        editor=editor,
        outlook=EntryOutlook(
            database,
            devices.sight,
            devices.directory,
            devices.callers,
            settings.worklist.station,
        ),
        known_patients=KnownPatients(database),
        exam_deliveries=ExamDeliveryOverview(
            database, outbox, forward, routing, SentRecords(database, outbox, clock)
        ),
        sample=sample_desk(
            settings, stores, routing, finder, pictures.stored, audit, picture_checks, clock
        ),
        trends=PatientTrends(database),
        handing=handing_desk_of(settings, stores, finder, routing.catalogue),
        work_items=WorkItems(database, book, editor, clock),
        work_item_search=WorkItemSearch(database, finder.broad),
        fhir=FhirFacade(
            ResourceSources(database, finder, recent, fhir_names(settings)), clock.local
        ),
    )


def tells_of_receipt(settings: Settings) -> bool:
    """Return whether a practice software wants to be told that images of an order came."""
    return any("received" in exchange.gdt.states for exchange in settings.exchanges)
