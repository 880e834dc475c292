"""The DICOM server: puts policy, services and transport together, starts and stops them."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from gdtbridge.archive import spool
from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.certificates import RenewedContext
from gdtbridge.dicom.callers import UNREGISTERED, UNREMEMBERED, CallerPort, CertificatePort
from gdtbridge.dicom.command import CommandField, DimseStatus
from gdtbridge.dicom.negotiation import MODALITY_WORKLIST
from gdtbridge.dicom.policy import AccessPolicy
from gdtbridge.dicom.refusals import UNNOTED, RefusalPort, noting_refusals
from gdtbridge.dicom.retrieve_contexts import NOTHING_STORED, StoredSyntaxPort
from gdtbridge.dicom.service import ANY_CONTEXT, NO_SERVICES, ServiceTable, StatusOperation
from gdtbridge.dicom.storage import StoragePort, StoreOperation
from gdtbridge.dicom.upper_layer.acceptor import AssociationAcceptor, ServerContext
from gdtbridge.dicom.upper_layer.connections import ConnectionTable
from gdtbridge.dicom.upper_layer.listener import POLL_SECONDS, ConnectionListener
from gdtbridge.dicom.worklist import WorklistPort, WorklistQuery
from gdtbridge.queries.model import UNNOTED_QUERIES, QueryPort
from gdtbridge.settings import MEGABYTE, DicomSettings

log = logging.getLogger(__name__)

_LOOK_AGAIN_SECONDS: Final = 0.05
_JOIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Observers:
    """Who is told whom and what a server refused, what was asked of it, and who did what.

    ``stored`` is asked in which transfer syntaxes objects are kept for who retrieves.
    """

    refusals: RefusalPort = UNNOTED
    queries: QueryPort = UNNOTED_QUERIES
    callers: CallerPort = UNREGISTERED
    stored: StoredSyntaxPort = NOTHING_STORED
    certificates: CertificatePort = UNREMEMBERED


UNOBSERVED: Final = Observers()


class DicomServer:
    """Verification, Storage and Modality Worklist SCP on one port or two, and further services."""

    def __init__(
        self,
        settings: DicomSettings,
        spool: Path,
        storage: StoragePort,
        worklist: WorklistPort,
        observers: Observers = UNOBSERVED,
        further: ServiceTable = NO_SERVICES,
        *,
        arrivals: Arrivals | None = None,
        tls: RenewedContext | None = None,
    ) -> None:
        """Prepare a server; nothing listens yet. ``spool`` is on the archive's file system.

        ``arrivals`` is told what is being received; ``further`` are further services; ``tls`` is
        what `dicom.tls_port` proves itself by.
        """
        self._settings = settings
        self._spool = spool
        self._connections = ConnectionTable(
            settings.max_associations, settings.max_associations_per_address
        )
        self._context = ServerContext(
            services={
                # Verification (PS3.4 Annex A): answered for whoever was let in
                (CommandField.C_ECHO_RQ, ANY_CONTEXT): partial(
                    StatusOperation, status=DimseStatus.SUCCESS
                ),
                # Storage (PS3.4 Annex B): refuses other contexts itself, whatever the object's size
                (CommandField.C_STORE_RQ, ANY_CONTEXT): noting_refusals(
                    partial(
                        StoreOperation,
                        storage,
                        spool,
                        settings.max_object_mb * MEGABYTE,
                        arrivals or Arrivals(),
                    ),
                    observers.refusals,
                ),
                (CommandField.C_FIND_RQ, MODALITY_WORKLIST): partial(
                    WorklistQuery, worklist, observers.queries
                ),
                **further,
            },
            policy=AccessPolicy.of(settings),
            connections=self._connections,
            refusals=observers.refusals,
            callers=observers.callers,
            stored=observers.stored,
            certificates=observers.certificates,
        )
        self._tls = tls
        self._listeners: list[ConnectionListener] = []
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """The TCP port listened on; before `start` that of the settings."""
        return self._listeners[0].port if self._listeners else self._settings.port

    @property
    def tls_port(self) -> int | None:
        """The TCP port of encrypted connections, None where there is none."""
        if self._tls is None:
            return None
        return self._listeners[1].port if self._listeners else self._settings.tls_port

    @property
    def associations(self) -> int:
        """The number of established associations."""
        return self._connections.established

    @property
    def running(self) -> bool:
        """Whether associations are accepted."""
        return bool(self._threads) and all(one.is_alive() for one in self._threads)

    def start(self) -> None:
        """Listen and serve in threads of its own; raise `OSError` when a port is taken.

        Once the ports are ours, nobody else uses the spool: what lies there is deleted.
        """
        self._spool.mkdir(parents=True, exist_ok=True)
        self._listeners = self._listening()
        spool.sweep(self._spool)
        self._threads = [
            threading.Thread(
                target=one.serve_forever, args=(POLL_SECONDS,), name="dicom-server", daemon=True
            )
            for one in self._listeners
        ]
        for thread in self._threads:
            thread.start()

    def _listening(self) -> list[ConnectionListener]:
        """Return who listens on each port, the unencrypted one first; raise `OSError`."""
        settings, context = self._settings, self._context
        plain = ConnectionListener(settings.aet, (settings.plain_host, settings.port), context)
        if self._tls is None:
            return [plain]
        try:
            address = settings.host, settings.tls_port or 0
            return [plain, ConnectionListener(settings.aet, address, context, self._tls)]
        except OSError:
            plain.server_close()
            raise

    def stop(self, grace: float = 10) -> None:
        """Accept no more, give running requests ``grace`` seconds to finish, abort the rest."""
        if not self._threads:
            return
        for listener in self._listeners:
            listener.stop()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        self._dismiss_when_idle(grace)
        rest = self._everyone()
        for association in rest:
            association.dismiss()
        deadline = time.monotonic() + _JOIN_SECONDS
        for association in rest:
            association.join(max(0.0, deadline - time.monotonic()))
            association.drop()
        self._threads = []

    def _dismiss_when_idle(self, grace: float) -> None:
        deadline = time.monotonic() + grace
        while (everyone := self._everyone()) and time.monotonic() < deadline:
            for association in everyone:
                if not association.is_working:
                    association.dismiss()
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _everyone(self) -> list[AssociationAcceptor]:
        return [one for one in self._connections.everyone() if isinstance(one, AssociationAcceptor)]
