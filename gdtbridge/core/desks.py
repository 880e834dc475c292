"""What people ask for at a page of its own: sample audit, what is handed out, FHIR."""

from __future__ import annotations

from gdtbridge.attention import Attention
from gdtbridge.audit import AuditTrail
from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.clarifying import Clarifier, ClarifyingDesk, ClarifyingQueue, ExamLook
from gdtbridge.clarifying.candidates import CandidateRule
from gdtbridge.clarifying.people import PeopleFinder
from gdtbridge.core.exams import ExamParts
from gdtbridge.core.stores import Stores
from gdtbridge.database import Database
from gdtbridge.day.exam import ExamSheets
from gdtbridge.day.search import Search
from gdtbridge.devices import DeviceDirectory
from gdtbridge.durable import Clock
from gdtbridge.fhir.sources import FhirNames
from gdtbridge.handing_out import AssignedExams, ExamReports, HandingDesk, PatientCopies
from gdtbridge.parts import directory_of
from gdtbridge.results.routing import Routing
from gdtbridge.retrieve.finder import ArchiveFinder
from gdtbridge.sample_audit.check_list import CaseChecker
from gdtbridge.sample_audit.checks import PictureChecks
from gdtbridge.sample_audit.constancy import ConstancyFinder
from gdtbridge.sample_audit.desk import SampleDesk
from gdtbridge.sample_audit.exports import HOUR_SECONDS, SampleExports
from gdtbridge.sample_audit.finding import CaseFinder
from gdtbridge.sample_audit.package import SetParts
from gdtbridge.settings import Settings
from gdtbridge.trends import PatientTrends
from gdtbridge.viewing import StoredPictures


def picture_checks_of(settings: Settings, database: Database, clock: Clock) -> PictureChecks:
    """Return who checks the heads of arriving pictures."""
    return PictureChecks(
        database,
        settings.sample.check_list,
        settings.practice.name,
        settings.exam.date_remark_days,
        clock,
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


def fhir_names(settings: Settings) -> FhirNames:
    """Return what the practice and its numbers are called in FHIR."""
    fhir = settings.fhir
    return FhirNames(
        fhir.patient_system, fhir.order_system, settings.practice.name, settings.gdt.fetal_sex
    )


def clarifying_desk_of(
    stores: Stores,
    exams: ExamParts,
    attention: Attention,
    search: Search,
    devices: DeviceDirectory,
    sheets: ExamSheets,
    clock: Clock,
) -> ClarifyingDesk:
    """Return where people decide what the table leaves to them."""
    database, outbox, maker = stores.database, stores.outbox, exams.maker
    return ClarifyingDesk(
        ClarifyingQueue(database, attention, clock),
        ExamLook(database, stores.archive, stores.worklist, maker, CandidateRule(maker.numbers)),
        Clarifier(database, outbox, exams.held, exams.corrections, exams.rehearsal),
        PeopleFinder(database, search),
        outbox,
        devices,
        sheets,
    )
