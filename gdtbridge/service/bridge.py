"""The bridge: the core, its repeated jobs and its edges, started and stopped in order."""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from typing import Final

from gdtbridge.accounts.model import link_path
from gdtbridge.archive import spool
from gdtbridge.attention import KINDS
from gdtbridge.audit import Actor, ActorKind
from gdtbridge.core import open_core
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.errors import BridgeError, SettingsError
from gdtbridge.folders import OrderWatch
from gdtbridge.folders.watching import FolderLooker
from gdtbridge.health import Figure, Health, PartHistory, PartState
from gdtbridge.ownership import only_service
from gdtbridge.retrieve.peers import PeerView
from gdtbridge.scheduler import Scheduler
from gdtbridge.service.alone import alone
from gdtbridge.service.edges import dimse_services, pickup_watches, web_ports
from gdtbridge.service.jobs import ServiceJobs
from gdtbridge.service.probes import probes_of
from gdtbridge.settings import Settings
from gdtbridge.web import create_server

GRACE_SECONDS: Final = 10


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
        self._jobs = ServiceJobs(core, self._scheduler)
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
            self._jobs.renew_certificate()
            ownership = stopping.enter_context(only_service(self._core.database))
            self._jobs.hold(ownership.keep)
            self._core.order_book.reconcile()
            self._core.adopt()
            self._core.outbox.start()
            stopping.callback(self._core.outbox.stop, GRACE_SECONDS)
            self._core.silence.look()
            self._health.look()
            stopping.callback(self._keep_callers)
            self._jobs.start(self._look)
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

    def _look(self) -> None:
        self._health.look()
        if self._history.note(self._parts()):
            self._core.revision.notice()

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
