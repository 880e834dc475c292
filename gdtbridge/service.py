"""The running service: starts and stops the core and its edges in order."""

from __future__ import annotations

import gc
import logging
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from gdtbridge.accounts.memory import FOLLOW_SECONDS, NOTE_SECONDS
from gdtbridge.accounts.model import link_path
from gdtbridge.administration import setup_of, system_of
from gdtbridge.archive import spool
from gdtbridge.archive.picked_files import PickupMemory
from gdtbridge.archive.taking import ObjectTaker
from gdtbridge.attention import KINDS, AttentionSource, counts, has_fault
from gdtbridge.attention.announcer import LOOK_SECONDS as ANNOUNCE_SECONDS
from gdtbridge.attention.sources import free_inodes
from gdtbridge.audit import Actor, ActorKind
from gdtbridge.clock_watch import WATCH_SECONDS
from gdtbridge.core import Core, open_core
from gdtbridge.database import sqlite_file
from gdtbridge.day.revision import LOOK_SECONDS as REVISION_SECONDS
from gdtbridge.dicom.archive_get import get_services
from gdtbridge.dicom.archive_move import MoveParts, move_services
from gdtbridge.dicom.archive_query import query_services
from gdtbridge.dicom.commitment import commitment_services
from gdtbridge.dicom.commitment_result import result_services
from gdtbridge.dicom.device_echo import DeviceEcho
from gdtbridge.dicom.performed_step import step_services
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.dicom.service import ServiceTable
from gdtbridge.durable import FileLock, FolderUnusable, LockBusy
from gdtbridge.durable.clock import local_time
from gdtbridge.durable.modes import PRIVATE_FILE, become_private, set_mode
from gdtbridge.errors import BridgeError, SettingsError
from gdtbridge.first_start import COMPANIONS, begin_anew
from gdtbridge.folders import OrderWatch
from gdtbridge.folders.pickup import PickupWatch
from gdtbridge.folders.silence import LOOK_SECONDS as SILENCE_SECONDS
from gdtbridge.folders.watching import FolderLooker
from gdtbridge.forward import CopyState
from gdtbridge.forward.sender import NOT_LATE
from gdtbridge.health import LOOK_SECONDS, Figure, Health, PartHistory, PartState, Probe
from gdtbridge.logs import keep_tail
from gdtbridge.ohif import OhifFolder
from gdtbridge.outbox import FORWARD
from gdtbridge.ownership import only_service
from gdtbridge.retrieve.metadata_ahead import LOOK_SECONDS as HEADS_SECONDS
from gdtbridge.retrieve.peers import PeerView
from gdtbridge.scheduler import Scheduler
from gdtbridge.settings import MEGABYTE, Settings
from gdtbridge.settings.folders import is_writable
from gdtbridge.viewing.ahead import LOOK_SECONDS as AHEAD_SECONDS
from gdtbridge.web import CorePorts, create_server
from gdtbridge.web.ports import DeliveryPorts, DevicePorts, ExamSendingPorts, WorkItemPorts
from gdtbridge.work_items.subscriptions import WorkItemSubscriptions

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 1
"""How often it is looked for due exams, told of one or not."""
RECONSIDER_SECONDS: Final = 10
"""How often held exams are looked at again: an order or master data may have come meanwhile."""
KEEP_SECONDS: Final = 5
"""How often refusals and callers are written down, for commands beside the service."""
KEEP_QUERIES_SECONDS: Final = 2
"""How often what devices asked is written down, unsynced, where they asked anything."""
AUDIT_SECONDS: Final = 2
"""How often what people saw is written down, unsynced, where they saw anything."""
FORECAST_SECONDS: Final = 600
"""How often is looked whether the day's free space was measured."""
SYNC_SECONDS: Final = 10
FILL_SECONDS: Final = 5
"""How often received small files are made durable; until then the index keeps their bytes."""
VERIFY_SECONDS: Final = 3
"""How often is looked for commitments a command wants verified; a device's are at once."""
ASK_SECONDS: Final = 5
"""How often is looked for copies an archive is to be asked about."""
RENEW_SECONDS: Final = 3600
"""How often is looked whether our own certificate has to be renewed."""
FORGET_SECONDS: Final = 3600
"""How often commitments are forgotten that were answered long ago."""
SWEEP_SECONDS: Final = 3600
"""How often is looked what the cache of pictures really has."""
GRACE_SECONDS: Final = 10
SWITCH_SECONDS: Final = 0.0005
"""How long a thread that computes keeps the interpreter when others wait: eight devices that send
at once must not make a page wait for each of them (Python's default is 0.005)."""
SERVICE_LOCK: Final = "service.lock"


class Bridge:
    """The running service: the core, its scheduler and its edges."""

    def __init__(self, settings: Settings) -> None:
        """Open everything; nothing runs yet. Raises what `open_core` raises."""
        self._settings = settings
        self._stopping = ExitStack()
        self.again = threading.Event()
        """Set when a person wants the service to end and to begin anew."""
        self._core = core = self._stopping.enter_context(open_core(settings))
        core.encryption.check()
        self._scheduler = Scheduler()
        self._health = Health(probes_of(core))
        self._history = PartHistory(core.clock.utc)
        self._dicom = DicomServer(
            settings.dicom,
            settings.spool_folder,
            core.receiving,
            core.device_worklist,
            Observers(
                core.refusals,
                core.queries,
                core.callers,
                PeerView(core.finder, core.peers),
                core.certificates,
            ),
            dimse_services(core),
            arrivals=core.commitments.arrivals,
            tls=core.encryption.server.context if core.encryption.server else None,
        )
        self._watches: dict[str, FolderLooker] = {
            **{
                f"folders:{route}" if route else "folders": OrderWatch(core.order_files, inbox)
                for inbox, route in core.order_files.inboxes.items()
            },
            **pickup_watches(core),
        }
        web_tls = core.encryption.web
        self._web = create_server(
            settings,
            web_ports(core, self.again.set, lambda: self.dicom_port),
            self.readiness,
            tls=web_tls.context if web_tls is not None else None,
        )

    @property
    def dicom_port(self) -> int:
        """The port the DICOM server really has."""
        return self._dicom.port

    @property
    def dicom_tls_port(self) -> int | None:
        """The port of encrypted connections, None where there is none."""
        return self._dicom.tls_port

    @property
    def http_port(self) -> int:
        """The port the web server really has."""
        return self._web.port

    @property
    def has_accounts(self) -> bool:
        """Whether people have accounts to sign in with."""
        return self._core.access.memory.has_accounts

    def first_link(self) -> str:
        """Return the path of a one-time link that makes the first account."""
        by = Actor(ActorKind.COMMAND, "gdtbridge serve")
        return link_path(self._core.access.accounts.first_link(by))

    @property
    def words(self) -> frozenset[str]:
        """What of the log may leave the house: AE titles of settings, destinations, kinds."""
        settings = self._settings
        titles = [one.aet for one in settings.peer]
        titles += [one.aet for one in settings.device if one.aet is not None]
        destinations = [one.destination for one in self._core.outbox.status()]
        return frozenset((settings.dicom.aet, *titles, *destinations, *KINDS))

    def start(self) -> None:
        """Finish the orders a crash interrupted; start the outbox, the scheduler, then the edges.

        Raises `SettingsError` when a port is taken or a service runs here, and then nothing runs.
        """
        with self._stopping.pop_all() as stopping:
            stopping.enter_context(alone(self._settings.root))
            self._renew_certificate()
            ownership = stopping.enter_context(only_service(self._core.database))
            self._scheduler.every(TICK_SECONDS, "holding the database", ownership.keep)
            self._core.order_book.reconcile()
            self._core.adopt()
            self._core.outbox.start()
            stopping.callback(self._core.outbox.stop, GRACE_SECONDS)
            self._core.silence.look()
            self._health.look()
            stopping.callback(self._keep_callers)
            self._start_scheduler()
            stopping.callback(self._core.revision.close)
            stopping.callback(self._core.queries.close)
            stopping.callback(self._core.audit.close)
            stopping.callback(self._scheduler.stop, GRACE_SECONDS)
            stopping.callback(self._core.reporting.stop)
            stopping.callback(self._core.commitments.stop)
            stopping.callback(self._core.confirmations.stop)
            stopping.callback(self._stop_watches)
            self._start_watches()
            self._web.start()
            stopping.callback(self._web.stop, GRACE_SECONDS)
            self._start_dicom()
            stopping.callback(self._dicom.stop, GRACE_SECONDS)
            self._stopping = stopping.pop_all()

    def stop(self) -> None:
        """Stop the edges, finish what is being received, then the rest."""
        self._stopping.close()

    def _start_scheduler(self) -> None:
        core, scheduler = self._core, self._scheduler
        core.due.connect(scheduler.every(TICK_SECONDS, "reporting", self._report))
        scheduler.every(WATCH_SECONDS, "watching the clock", core.clock_watch.look)
        scheduler.every(REVISION_SECONDS, "looking for changes of others", core.revision.look)
        scheduler.every(RECONSIDER_SECONDS, "looking at what is held", self._reconsider)
        scheduler.every(LOOK_SECONDS, "looking at the parts", self._look)
        scheduler.every(SILENCE_SECONDS, "asking the exchange folders", core.silence.look)
        if seconds := self._settings.worklist.cleanup_seconds:
            scheduler.plan(seconds, "cleaning the worklist", core.orders.clean)
        scheduler.every(KEEP_SECONDS, "keeping what was refused", core.refusals.keep)
        scheduler.every(KEEP_SECONDS, "keeping peers' certificates", core.certificates.keep)
        scheduler.every(KEEP_QUERIES_SECONDS, "keeping what devices asked", core.queries.keep)
        scheduler.every(KEEP_SECONDS, "keeping who called", core.callers.keep)
        self._start_access()
        scheduler.every(FORECAST_SECONDS, "measuring the disk", core.forecast.keep)()
        verify = scheduler.every(
            VERIFY_SECONDS, "verifying commitments", core.commitments.verify_due
        )
        core.commitments.connect(verify)
        verify()
        scheduler.every(FORGET_SECONDS, "forgetting commitments", core.commitments.forget_old)
        self._start_asking()
        scheduler.every(RENEW_SECONDS, "renewing the certificate", self._renew_certificate)
        scheduler.every(SYNC_SECONDS, "syncing received files", core.sync_files)
        scheduler.every(FILL_SECONDS, "filling the index", core.filling.work)
        self._start_pictures()
        scheduler.every(FORGET_SECONDS, "removing sets", core.sample.exports.sweep)()
        self._announce()
        scheduler.start()

    def _start_pictures(self) -> None:
        """Keep what is made of objects small, and make it ahead where that is wanted."""
        core, scheduler = self._core, self._scheduler
        scheduler.every(SWEEP_SECONDS, "sweeping pictures", core.pictures.sweep)()
        scheduler.every(SWEEP_SECONDS, "sweeping metadata", core.metadata.sweep)()
        if self._settings.pictures.ahead:
            scheduler.every(AHEAD_SECONDS, "making pictures ahead", core.pictures_ahead.work)()
            scheduler.every(HEADS_SECONDS, "reading metadata ahead", core.metadata_ahead.work)()

    def _start_access(self) -> None:
        """Know who may come in, and keep who did what."""
        access, audit, scheduler = self._core.access, self._core.audit, self._scheduler
        scheduler.every(FOLLOW_SECONDS, "following accounts", access.memory.follow)()
        scheduler.every(NOTE_SECONDS, "noting who was here", access.memory.note_uses)
        scheduler.every(FORGET_SECONDS, "forgetting sessions", access.desk.forget_over)
        scheduler.every(AUDIT_SECONDS, "keeping who did what", audit.keep)
        scheduler.every(FORGET_SECONDS, "forgetting who did what", audit.forget_old)

    def _start_asking(self) -> None:
        """Have each archive asked what it keeps, by a thread of its own: one may not answer."""
        confirmations = self._core.confirmations
        for one in confirmations.archives:
            what = f"asking {one.aet} what it keeps"
            self._scheduler.every(ASK_SECONDS, what, partial(confirmations.ask_due, one))
        self._scheduler.every(FORGET_SECONDS, "forgetting inquiries", confirmations.forget_old)

    def _renew_certificate(self) -> None:
        """Make or renew the certificate of the web server; raise `CertificateError`."""
        if (self_made := self._core.encryption.self_made) is not None:
            self_made.keep(self._core.clock.utc())

    def _look(self) -> None:
        self._health.look()
        if self._history.note(self._parts()):
            self._core.revision.notice()

    def _report(self) -> float | None:
        """Report what is due; return in how many seconds the next exam is."""
        self._core.reporting.report_due()
        return self._core.reporting.next_due_in()

    def _reconsider(self) -> None:
        self._core.reporting.reconsider()
        self._core.order_book.follow_marked()

    def _keep_callers(self) -> None:
        """Write down who called in the last seconds; a database that is gone ends no stop."""
        with suppress(BridgeError):
            self._core.callers.keep()

    def _start_watches(self) -> None:
        spool.sweep(self._settings.file_spool)
        for watch in self._watches.values():
            watch.start()

    def _stop_watches(self) -> None:
        for watch in self._watches.values():
            watch.tell_to_stop()
        for watch in self._watches.values():
            watch.stop(GRACE_SECONDS)

    def _announce(self) -> None:
        """Have what needs a person told: each source by itself, so that none waits for another."""
        announcer = self._core.announcer

        def look(source: AttentionSource) -> None:
            announcer.look(source)
            announcer.note()
            self._core.mailer.mail()

        for source in self._core.attention.sources:
            what = f"telling what needs a person ({source.name})"
            at_once = self._scheduler.every(ANNOUNCE_SECONDS, what, partial(look, source))
            at_once()

    def _start_dicom(self) -> None:
        dicom = self._settings.dicom
        ports = f"dicom.host = {dicom.host}, dicom.port = {dicom.port}"
        if dicom.tls_port is not None:
            ports += f", dicom.tls_port = {dicom.tls_port}"
        try:
            self._dicom.start()
        except OSError as error:
            raise SettingsError(
                f"{ports}: nicht verfügbar, vielleicht läuft dort "
                "schon ein Programm. / not available, perhaps another program uses it: "
                f"{error.strerror}."
            ) from error

    def readiness(self) -> dict[str, PartState]:
        """Return the state of each part, for people and monitors; without patient data."""
        return self._history.dated(self._parts())

    def _parts(self) -> dict[str, PartState]:
        return {
            "dicom": self._dicom_state(),
            "scheduler": PartState(self._scheduler.running),
            "exchange": self._core.silence.state(),
            **{name: one.state() for name, one in self._watches.items()},
            **self._health.parts(),
        }

    def _dicom_state(self) -> PartState:
        count = self._dicom.associations
        refused = self._core.refusals.totals()
        figures = {
            Figure("gdtbridge_associations"): count,
            **{Figure("gdtbridge_refusals_total", why): number for why, number in refused.items()},
        }
        return PartState(self._dicom.running, f"{count} associations", figures=figures)


def dimse_services(core: Core) -> ServiceTable:
    """Return the services beside storage and worklist."""
    devices = core.devices
    commitment = commitment_services(
        core.commitments,
        core.reporter.channels,
        lambda caller: devices.profile_of(caller).commitment == "same",
    )
    queries = query_services(core.finder, core.peers, core.refusals)
    aet = core.settings.dicom.aet
    moves = move_services(MoveParts(core.finder, core.peers, core.refusals, core.transcoder, aet))
    gets = get_services(core.finder, core.peers, core.refusals, core.transcoder)
    results = result_services(core.confirmations, core.refusals)
    return {**step_services(core.steps), **commitment, **results, **queries, **moves, **gets}


def object_taker(core: Core) -> ObjectTaker:
    """Return who takes objects that come as files."""
    settings, titles = core.settings, {core.settings.dicom.aet}
    return ObjectTaker(
        core.receiving,
        core.commitments.arrivals,
        settings.file_spool,
        settings.dicom.max_object_mb * MEGABYTE,
        frozenset(titles.union(one.aet for one in settings.peer)),
    )


def pickup_watches(core: Core) -> dict[str, PickupWatch]:
    """Return who takes files from the folders of ``[[pickup]]``, by its part of readiness."""
    settings, taker = core.settings, object_taker(core)
    memory = PickupMemory(core.database)
    return {
        f"pickup:{number}": PickupWatch(f"pickup:{number}", one, taker, memory, core.clock)
        for number, one in enumerate(settings.pickups, 1)
    }


def _do_nothing() -> None:
    """Stand for a restart where nothing runs."""


def web_ports(
    core: Core, restart: Callable[[], None] = _do_nothing, port: Callable[[], int] = int
) -> CorePorts:
    """Return what the web server asks of the core; ``port`` is that of the DICOM server."""
    echo = DeviceEcho(core.devices, core.encryption, core.settings.dicom.aet)
    return CorePorts(
        core.orders,
        core.routing.default.records,
        core.studies,
        core.query_reports,
        deliveries=DeliveryPorts(core.deliveries, core.outbox, core.webhooks, core.forward),
        devices=DevicePorts(core.device_overview, core.refusals, echo, core.clock.utc, port),
        system=system_of(core),
        access=core.access,
        audit=core.audit,
        setup=setup_of(core, restart, port),
        editing=core.editor,
        day=core.day,
        outlook=core.outlook,
        patients=core.known_patients,
        clarifying=core.clarifying,
        search=core.search,
        exams=core.exams,
        trends=core.trends,
        sending=ExamSendingPorts(core.exam_deliveries, core.exam_deliveries.records, core.forward),
        pictures=core.pictures,
        sample=core.sample,
        archive=core.web_archive,
        frames=core.web_frames,
        taker=object_taker(core),
        commitments=core.commitments,
        work_items=WorkItemPorts(
            core.work_items, core.work_item_search, WorkItemSubscriptions(core.database)
        ),
        handing=core.handing,
        ohif=OhifFolder(core.settings.ohif_folder),
        fhir=core.fhir,
        revision=lambda: core.revision.number,
    )


def probes_of(core: Core) -> Mapping[str, Probe]:
    """Return a probe for each part; the worklist comes last, for its folder may hang."""
    *sources, worklist = core.attention.sources
    return {
        "database": lambda: _database(core),
        "disk": lambda: _disk(core),
        "outbox": lambda: _outbox(core),
        "forward": lambda: _forward(core),
        "attention": lambda: _attention(core, "attention", *sources),
        "certificates": core.certificates.parts,
        "worklist": lambda: _worklist(core) | _attention(core, "attention:worklist", worklist),
    }


def _database(core: Core) -> dict[str, PartState]:
    waiting = core.overview.attention()
    told = ", ".join(f"{count} {kind}" for kind, count in waiting.items())
    core.database.try_lock()
    if not core.database.is_owned:
        return {"database": _lock_state(core)}
    return {"database": _lock_state(core), "exams": PartState(not waiting["overdue"], told)}


def _lock_state(core: Core) -> PartState:
    """Return whether the database can be written."""
    if not core.database.is_owned:
        return PartState(ok=False, detail="out of reach, or another service has it")
    lock = core.database.lock
    if not lock.is_long:
        return PartState(ok=True)
    since = local_time(core.clock.utc() - lock.seconds)
    return PartState(ok=False, detail=f"locked by another program since {since:%H:%M}")


def _disk(core: Core) -> dict[str, PartState]:
    settings = core.settings
    free = shutil.disk_usage(core.archive.folder).free // MEGABYTE
    writable = is_writable(settings.archive_folder) and is_writable(settings.spool_folder)
    told = f"{free} MB free" if writable else "not writable"
    well = free >= settings.storage.min_free_mb and writable
    return {"disk": PartState(well, told, figures=_disk_figures(core.archive.folder))}


def _disk_figures(folder: Path) -> dict[Figure, float]:
    figures: dict[Figure, float] = {
        Figure("gdtbridge_disk_free_bytes"): shutil.disk_usage(folder).free
    }
    inodes = free_inodes(folder)
    if inodes is not None:
        figures[Figure("gdtbridge_disk_free_inodes")] = inodes
    return figures


def _outbox(core: Core) -> dict[str, PartState]:
    """Return how each destination is; that an archive takes nothing is told of forwarding."""
    return {
        f"outbox:{one.destination}": replace(one.state, waits=one.waits and one.kind != FORWARD)
        for one in core.outbox.status()
    }


def _forward(core: Core) -> dict[str, PartState]:
    """Return how many copies wait and failed; nothing where nothing is forwarded."""
    found = core.forward.unsent()
    figures = {
        Figure(f"gdtbridge_forward_{state}", aet): count
        for aet, states in found.items()
        for state, count in states.items()
    }
    for aet, count in core.confirmations.unconfirmed().items():
        figures[Figure("gdtbridge_forward_unconfirmed", aet)] = count
    told = ", ".join(f"{aet}: {states[CopyState.WAITING]}" for aet, states in found.items())
    senders = [one for one in core.outbox.status() if one.kind == FORWARD]
    waits = any(one.waits and one.last_error not in NOT_LATE - {""} for one in senders)
    return {"forward": PartState(True, told, figures=figures, waits=waits)} if found else {}


def _worklist(core: Core) -> dict[str, PartState]:
    problems = len(core.worklist.problems())
    count = len(core.worklist.entries())
    told = f"{count} entries, {problems} unreadable files"
    writable = core.worklist.ask(partial(is_writable, core.worklist.path))
    return {"worklist": PartState(writable, told)}


def _attention(core: Core, part: str, *sources: AttentionSource) -> dict[str, PartState]:
    waiting = counts(item for source in sources for item in core.attention.of(source))
    told = ", ".join(f"{count} {code}" for code, count in waiting.items())
    return {part: PartState(not has_fault(waiting), told, waiting)}


@contextmanager
def alone(root: Path) -> Iterator[None]:
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
    """Return whether a service holds the files below ``root``; no file is made to find out."""
    if not (root / SERVICE_LOCK).exists():
        return False
    try:
        with FileLock(root / SERVICE_LOCK, timeout=0).hold():
            return False
    except FolderUnusable:
        return True


def _close_files(settings: Settings) -> None:
    """Keep the database and the settings an older program or a person left open to ourselves."""
    file = sqlite_file(settings.database_url)
    if file is not None:
        for ending in (*COMPANIONS, ".lock"):
            set_mode(file.with_name(file.name + ending), PRIVATE_FILE)
    set_mode(Path(settings.origin), PRIVATE_FILE)


def serve(
    settings: Settings,
    stop: threading.Event,
    *,
    anew: bool = False,
    invite: Callable[[str], None] | None = None,
) -> bool:
    """Run the bridge until ``stop`` is set, ``anew`` without the database that is lost.

    Returns whether it ended because a person wants it to begin again with changed settings.

    While there is no account, ``invite`` is given the path of a one-time link that makes the first
    one; it shows it to a person and writes it nowhere. Raises what keeps it from starting.
    """
    become_private()
    _close_files(settings)
    if anew:
        # A service that runs would lose the name of its database; without a root there is none.
        with alone(settings.root) if settings.root.is_dir() else nullcontext():
            begin_anew(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    bridge = Bridge(settings)
    keep_tail(settings.log_tail, bridge.words)
    bridge.start()
    gc.freeze()  # what lives as long as the service is not looked through again and again
    log.info("DICOM %s port %d", settings.dicom.plain_host, bridge.dicom_port)
    if (tls_port := bridge.dicom_tls_port) is not None:
        log.info("DICOM-TLS %s port %d", settings.dicom.host, tls_port)
    log.info("%s %s port %d", settings.http.scheme.upper(), settings.http.host, bridge.http_port)
    if not bridge.has_accounts:
        log.info("no account yet: gdtbridge access link makes a one-time link for the first one")
        if invite is not None:
            invite(bridge.first_link())
    log.info("bereit, Strg+C beendet / ready, Ctrl+C stops")
    while not (stop.wait(TICK_SECONDS) or bridge.again.is_set()):
        pass  # Windows interrupts no wait without an end
    log.info("stopping")
    bridge.stop()
    return not stop.is_set()
