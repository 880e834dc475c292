"""The DICOM server: puts policy, services and transport together, starts and stops them."""

from __future__ import annotations

import logging
import socket
import threading
import time
from pathlib import Path
from typing import Final, cast

from pynetdicom import AE
from pynetdicom.transport import AddressInformation

from gdtbridge.dicom import library, spool
from gdtbridge.dicom.association import Acceptor, House
from gdtbridge.dicom.command import CommandField
from gdtbridge.dicom.connections import Connections
from gdtbridge.dicom.policy import Policy
from gdtbridge.dicom.storage import MEGABYTE, Storage, StoragePort
from gdtbridge.dicom.transport import ASSOCIATE_SECONDS, MAX_PDU, Server
from gdtbridge.dicom.verification import Verification
from gdtbridge.dicom.worklist import WorklistPort, WorklistQuery
from gdtbridge.settings import DicomSettings

log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.2
_LOOK_AGAIN_SECONDS: Final = 0.05
_JOIN_SECONDS: Final = 5.0


class DicomServer:
    """Verification, Storage and Modality Worklist SCP on one port."""

    def __init__(
        self, settings: DicomSettings, spool: Path, storage: StoragePort, worklist: WorklistPort
    ) -> None:
        """Prepare a server; nothing listens yet. ``spool`` is on the archive's file system."""
        self._settings = settings
        self._spool = spool
        self._connections = Connections(settings.max_associations)
        self._house = House(
            services={
                CommandField.C_ECHO_RQ: Verification(),
                CommandField.C_STORE_RQ: Storage(storage, spool, settings.max_object_mb * MEGABYTE),
                CommandField.C_FIND_RQ: WorklistQuery(worklist),
            },
            policy=Policy.of(settings),
            connections=self._connections,
        )
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on; the one of the settings before it does."""
        return self._server.server_address[1] if self._server else self._settings.port

    @property
    def associations(self) -> int:
        """How many associations there are."""
        return self._connections.established

    @property
    def running(self) -> bool:
        """Whether it accepts associations."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Listen and serve in threads of its own; raise `OSError` when the port is taken.

        Once the port is ours, nobody else uses the spool: what lies there is deleted.
        """
        library.set_up()
        self._spool.mkdir(parents=True, exist_ok=True)
        address = (self._settings.host, self._settings.port)
        server = Server(self._make_ae(), address, self._house.policy, self._accept)
        spool.sweep(self._spool)
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(_POLL_SECONDS,), name="dicom-server", daemon=True
        )
        self._thread.start()

    def _make_ae(self) -> AE:
        ae = AE(self._settings.aet)
        ae.acse_timeout = ASSOCIATE_SECONDS
        ae.maximum_pdu_size = MAX_PDU
        ae.implementation_class_uid = library.IMPLEMENTATION_CLASS_UID
        ae.implementation_version_name = library.IMPLEMENTATION_VERSION_NAME
        return ae

    def _accept(
        self, client: socket.socket, local: AddressInformation, remote: AddressInformation
    ) -> None:
        ae = cast("Server", self._server).ae
        association = Acceptor(ae, self._house, client)
        association.introduce(local, remote)
        self._connections.admit(association)
        try:
            association.start()
        except RuntimeError:  # no thread can be started
            self._connections.forget(association)
            raise

    def stop(self, grace: float = 10) -> None:
        """Accept no more, let what is being received finish within ``grace`` seconds, abort."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join(_JOIN_SECONDS)
        self._dismiss_when_idle(grace)
        rest = self._everyone()
        for association in rest:
            association.dismiss()
        deadline = time.monotonic() + _JOIN_SECONDS
        for association in rest:
            association.join(max(0.0, deadline - time.monotonic()))
            association.drop()
        self._thread = None

    def _dismiss_when_idle(self, grace: float) -> None:
        deadline = time.monotonic() + grace
        while (everyone := self._everyone()) and time.monotonic() < deadline:
            for association in everyone:
                if not association.is_working:
                    association.dismiss()
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _everyone(self) -> list[Acceptor]:
        return [one for one in self._connections.everyone() if isinstance(one, Acceptor)]
