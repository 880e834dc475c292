"""Wires the rooms together and starts and stops them in order."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gdtbridge.archive import Archive
from gdtbridge.database import Database
from gdtbridge.dataset.hardening import harden_pydicom
from gdtbridge.dicom import DicomServer
from gdtbridge.durable import FileLock, FolderUnusable, LockBusy, SystemClock
from gdtbridge.errors import SettingsError
from gdtbridge.exams.service import ExamService
from gdtbridge.folders import OrderFiles, OrderWatch
from gdtbridge.health import LOOK_SECONDS, Health, PartState
from gdtbridge.outbox import GdtDrop, Naming, Outbox, Sender, Webhook
from gdtbridge.pictures import AttachmentReader
from gdtbridge.report_page import Printer
from gdtbridge.results.attaching import ATTACHMENT
from gdtbridge.results.gathering import Openers
from gdtbridge.results.routing import Routing
from gdtbridge.scheduler import Scheduler
from gdtbridge.settings import Settings
from gdtbridge.sr import ReportReader
from gdtbridge.web import WebServer, create_app
from worklist import WorklistFolder

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 1
GRACE_SECONDS: Final = 10
MEGABYTE: Final = 1024 * 1024
SERVICE_LOCK: Final = "service.lock"


@dataclass(frozen=True, slots=True)
class Core:
    """Everything without the edges: enough for a command line beside the service."""

    settings: Settings
    database: Database
    archive: Archive
    outbox: Outbox
    worklist: WorklistFolder
    reader: ReportReader
    renderer: AttachmentReader
    printer: Printer
    exams: ExamService

    def close(self) -> None:
        """Let go of the database and the child processes."""
        self.reader.close()
        self.renderer.close()
        self.printer.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_core(settings: Settings) -> Core:
    """Open the database and the folders, making what the defaults say is ours.

    Raises `SettingsError`, `DatabaseError` or `worklist.FolderError`, and then nothing is open.
    """
    harden_pydicom()
    _make_folders(settings)
    with ExitStack() as opened:
        database = Database(settings.database_url)
        opened.callback(database.close)
        outbox = Outbox(database, senders_of(settings))
        worklist = WorklistFolder(settings.worklist_folder)
        archive = Archive(settings.archive_folder, reserve=settings.storage.min_free_mb * MEGABYTE)
        reader = ReportReader()
        opened.callback(reader.close)
        renderer = AttachmentReader()
        opened.callback(renderer.close)
        printer = Printer(settings.catalogue.cells)
        opened.callback(printer.close)
        openers = Openers(reader, renderer, printer)
        exams = ExamService(settings, database, archive, outbox, worklist, openers, SystemClock())
        opened.pop_all()
    return Core(settings, database, archive, outbox, worklist, reader, renderer, printer, exams)


def _make_folders(settings: Settings) -> None:
    """Make our own folders; one the practice named is never made, or results go where nobody looks.

    A results folder that is away is waited for by the outbox: images are received all the same.
    """
    if settings.worklist.folder is not None and not settings.worklist_folder.is_dir():
        raise SettingsError(_missing("worklist.folder", settings.worklist_folder))
    for folder in (
        settings.root,
        settings.archive_folder,
        settings.spool_folder,
        settings.order_spool,
        settings.taken_folder,
        settings.refused_folder,
    ):
        _make("storage.root", folder)
    _make("worklist.folder", settings.worklist_folder)
    if settings.gdt.out is None:
        _make("gdt.out", settings.gdt_out)
    if settings.gdt.in_ is None:
        _make("gdt.in", settings.gdt_in)
    for key, folder in exchange_folders(settings):
        if not folder.is_dir():
            log.warning("%s", _missing(key, folder))


def exchange_folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the folders shared with practice software, each with the setting that names it."""
    for target in Routing(settings).targets:
        place = f"gdt.routes ({target.name})" if target.name else "gdt"
        yield f"{place}.out", target.out
        if target.inbox is not None:
            yield f"{place}.in", target.inbox
        if target.attachments is not None:
            yield f"{place}.attachments_folder", target.attachments.folder


def _missing(key: str, folder: Path) -> str:
    return (
        f"{key}: Der Ordner {folder} ist nicht da. Bitte anlegen oder die Freigabe verbinden. / "
        f"Folder {folder} does not exist; make it or mount the share."
    )


def _make(key: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{key}: Der Ordner {folder} lässt sich nicht anlegen. / Folder {folder} cannot be "
            f"made: {error.strerror}."
        ) from error
    if not _writable(folder):
        raise SettingsError(
            f"{key}: In den Ordner {folder} darf nicht geschrieben werden. / Folder {folder} is "
            "not writable."
        )


def _writable(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def senders_of(settings: Settings) -> Mapping[str, Sender]:
    """Return how each destination of an installation is served."""
    senders: dict[str, Sender] = {}
    for target in Routing(settings).targets:
        senders[target.destination] = GdtDrop(target.out, target.naming)
        if (place := target.attachments) is not None:
            drop = GdtDrop(place.folder, Naming.REUSED, ATTACHMENT)
            senders[target.attachments_destination] = drop
    for event in ("worklist_added", "gdt_written"):
        if url := getattr(settings.webhooks, event):
            senders[event] = Webhook(url)
    return senders


class Bridge:
    """The running service: the core, its scheduler and its edges."""

    def __init__(self, settings: Settings) -> None:
        """Open everything; nothing runs yet. Raises what `open_core` raises."""
        self._settings = settings
        self._core = open_core(settings)
        self._scheduler = Scheduler()
        self._health = Health(
            {
                "database": self._database_state,
                "disk": self._disk_state,
                "outbox": self._outbox_states,
                "worklist": self._worklist_state,  # last: its folder may be on a share that hangs
            }
        )
        self._dicom = DicomServer(
            settings.dicom, settings.spool_folder, self._core.exams, self._core.exams
        )
        files = OrderFiles(settings, self._core.exams, SystemClock())
        self._orders = {
            f"folders:{target.name}" if target.name else "folders": OrderWatch(files, inbox)
            for inbox, target in files.inboxes.items()
        }
        app = create_app(settings, self._core.exams, self._core.exams.studies, self.readiness)
        self._web = WebServer(app, settings.http.host, settings.http.port)
        self._stopping = ExitStack()

    @property
    def dicom_port(self) -> int:
        """The port the DICOM server really has."""
        return self._dicom.port

    @property
    def http_port(self) -> int:
        """The port the web server really has."""
        return self._web.port

    def start(self) -> None:
        """Start the outbox, the scheduler and then the edges.

        Raises `SettingsError` when a port is taken or a service runs here, and then nothing runs.
        """
        with ExitStack() as stopping:
            stopping.callback(self._core.close)
            stopping.enter_context(_alone(self._settings.root))
            self._core.outbox.start()
            stopping.callback(self._core.outbox.stop, GRACE_SECONDS)
            self._health.look()
            self._start_scheduler()
            stopping.callback(self._scheduler.stop)
            for watch in self._orders.values():
                watch.start()
                stopping.callback(watch.stop, GRACE_SECONDS)
            self._web.start()
            stopping.callback(self._web.stop, GRACE_SECONDS)
            self._start_dicom()
            stopping.callback(self._dicom.stop, GRACE_SECONDS)
            self._stopping = stopping.pop_all()

    def stop(self) -> None:
        """Stop the edges, finish what is being received, then the rest."""
        self._stopping.close()

    def keep_time(self) -> None:
        """Notice that the wall clock was set back; call it about once a second."""
        self._scheduler.keep_time()

    def _start_scheduler(self) -> None:
        exams, scheduler = self._core.exams, self._scheduler
        exams.when_due = scheduler.every(TICK_SECONDS, "reporting", exams.report_due)
        scheduler.every(LOOK_SECONDS, "looking at the parts", self._health.look)
        if seconds := self._settings.worklist.cleanup_seconds:
            scheduler.every(seconds, "cleaning the worklist", exams.clean_worklist)
        scheduler.start()

    def _start_dicom(self) -> None:
        host, port = self._settings.dicom.host, self._settings.dicom.port
        try:
            self._dicom.start()
        except OSError as error:
            raise SettingsError(
                f"dicom.host = {host}, dicom.port = {port}: nicht verfügbar, vielleicht läuft dort "
                "schon ein Programm. / not available, perhaps another program uses it: "
                f"{error.strerror}."
            ) from error

    def readiness(self) -> dict[str, PartState]:
        """Return the state of each part, for people and monitors; without patient data."""
        return {
            "dicom": PartState(self._dicom.running, f"{self._dicom.associations} associations"),
            "scheduler": PartState(self._scheduler.running),
            **{name: one.state() for name, one in self._orders.items()},
            **self._health.parts(),
        }

    def _database_state(self) -> dict[str, PartState]:
        waiting = self._core.exams.attention()
        told = ", ".join(f"{count} {kind}" for kind, count in waiting.items())
        return {"database": PartState(ok=True), "exams": PartState(not waiting["overdue"], told)}

    def _disk_state(self) -> dict[str, PartState]:
        free = shutil.disk_usage(self._core.archive.folder).free // MEGABYTE
        enough = free >= self._settings.storage.min_free_mb
        ours = (self._settings.archive_folder, self._settings.spool_folder)
        told = f"{free} MB free" if all(map(_writable, ours)) else "not writable"
        return {"disk": PartState(enough and all(map(_writable, ours)), told)}

    def _worklist_state(self) -> dict[str, PartState]:
        problems = len(self._core.worklist.problems())
        count = len(self._core.worklist.entries())
        told = f"{count} entries, {problems} unreadable files"
        return {"worklist": PartState(_writable(self._core.worklist.path), told)}

    def _outbox_states(self) -> dict[str, PartState]:
        return {f"outbox:{one.destination}": one.state for one in self._core.outbox.status()}


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep a second service off the same files; raise `SettingsError` where one runs."""
    lock = FileLock(root / SERVICE_LOCK, timeout=1)  # `is_running` may hold it for a moment
    with ExitStack() as held:
        try:
            held.enter_context(lock.hold())
        except LockBusy as error:
            raise SettingsError(
                f"storage.root: In {root} läuft schon ein Dienst. / A service is already running "
                f"in {root}."
            ) from error
        yield


def is_running(root: Path) -> bool:
    """Return whether a service holds the files below ``root``."""
    try:
        with FileLock(root / SERVICE_LOCK, timeout=0).hold():
            return False
    except FolderUnusable:
        return True


def serve(settings: Settings, stop: threading.Event) -> None:
    """Run the bridge until ``stop`` is set; raise what keeps it from starting."""
    bridge = Bridge(settings)
    bridge.start()
    log.info("DICOM %s port %d", settings.dicom.host, bridge.dicom_port)
    log.info("HTTP %s port %d", settings.http.host, bridge.http_port)
    log.info("bereit, Strg+C beendet / ready, Ctrl+C stops")
    while not stop.wait(TICK_SECONDS):
        bridge.keep_time()
    log.info("stopping")
    bridge.stop()
