"""Storage (C-STORE, PS3.4 Annex B): an object goes to the spool as it comes, then to the archive.

Success is answered when the archive has made the object durable, and only then.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Final, Protocol

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.archive.spool import SpoolFile, failure_of, spooled_meta
from gdtbridge.dataset.sop_classes import is_storage
from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.service import DimseRequest, Fragment, ProtocolViolation
from gdtbridge.errors import (
    NotUnderstood,
    OutOfResources,
    ProcessingFailure,
    SopClassNotSupported,
    StoreError,
)
from gdtbridge.logs import describe
from gdtbridge.settings import MEGABYTE

log = logging.getLogger(__name__)

ROOM_INTERVAL: Final = 64 * MEGABYTE
"""How much of a large object is taken before the disk is looked at again."""
DRAIN_BYTES: Final = 256 * MEGABYTE
DRAIN_SECONDS: Final = 60.0
"""How much of a refused object is read, and for how long, so that the status can be answered."""


class StoragePort(Protocol):
    """The archive as the Storage SCP needs it."""

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        """Take an object; durable when it returns. Raises a `StoreError`."""

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` when an object of ``size`` bytes finds no room."""


class StoreOperation:
    """One C-STORE. Once something went wrong, the rest of the object is read and dropped."""

    is_served_at_once = True

    def __init__(
        self,
        port: StoragePort,
        spool: Path,
        max_object: int,
        arrivals: Arrivals,
        request: DimseRequest,
    ) -> None:
        """Receive into ``spool`` (the archive's file system), at most ``max_object`` bytes."""
        self._port = port
        self._arrivals = arrivals
        self._arrival = arrivals.begin(request.command.AffectedSOPInstanceUID or "")
        self._folder = spool
        self._max_object = max_object
        self._request = request
        self._file: SpoolFile | None = None
        self._size = 0
        self._room_until = 0
        self._failure: StoreError | None = None
        self._drain_until = 0.0
        self._drained = 0

    def write(self, fragment: Fragment) -> None:
        """Spool a piece of the dataset; raise `ProtocolViolation` for a refused one without end."""
        if not fragment:
            return  # an object of empty fragments is none
        if self._failure is None:
            try:
                self._spool(fragment)
            except StoreError as error:
                self._fail(error)
            except OSError as error:
                self._fail(failure_of(error))
            except Exception as error:  # noqa: BLE001 - the device is told, whatever it is
                log.error("object not received: %s", describe(error))
                self._fail(ProcessingFailure("spool"))
        else:
            self._drain(fragment)

    def _spool(self, fragment: Fragment) -> None:
        self._size += len(fragment)
        if self._size > self._max_object:
            raise OutOfResources("the object is larger than dicom.max_object_mb")
        if self._size > self._room_until:
            self._port.room_for(len(fragment))
            self._room_until = self._size + ROOM_INTERVAL
        if self._file is None:
            self._file = SpoolFile(self._folder, self._file_meta())
        self._file.write(fragment)

    def _file_meta(self) -> bytes:
        command, context = self._request.command, self._request.context
        sop_class, sop_instance = command.AffectedSOPClassUID, command.AffectedSOPInstanceUID
        if sop_class is None or sop_instance is None:
            raise NotUnderstood("the command lacks a UID")
        meta = spooled_meta(sop_class, sop_instance, context.transfer_syntax)
        if not is_storage(context.abstract_syntax):
            raise SopClassNotSupported("not a storage SOP class")
        return meta

    def _fail(self, failure: StoreError) -> None:
        self._failure = failure
        self._drain_until = time.monotonic() + DRAIN_SECONDS
        self.discard()

    def _drain(self, fragment: Fragment) -> None:
        self._drained += len(fragment)
        if self._drained > DRAIN_BYTES or time.monotonic() > self._drain_until:
            raise ProtocolViolation("a refused object does not end")

    def run(self) -> None:
        """Hand the object to the archive and answer with the status (PS3.4 B.2.3)."""
        try:
            self._hand_over()
        except StoreError as error:
            title, kind = self._request.calling_aet, type(error).__name__
            log.warning("object from %r refused: %s (%04X)", title, kind, error.status)
            self._request.answer(error.status, error.comment)
        except Exception as error:  # noqa: BLE001 - the device is told, whatever it is
            log.error("object not stored: %s", describe(error))
            failure = ProcessingFailure
            self._request.answer(failure.status, failure.comment)
        else:
            self._request.answer(DimseStatus.SUCCESS)

    def _hand_over(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._file is None:
            raise NotUnderstood("C-STORE without a dataset")
        try:
            dataset = self._file.finish()
        except OSError as error:
            raise failure_of(error) from error
        command = self._request.command
        self._port.receive(
            IncomingInstance(
                path=self._file.path,
                SOPClassUID=command.AffectedSOPClassUID or "",
                SOPInstanceUID=command.AffectedSOPInstanceUID or "",
                TransferSyntaxUID=self._request.context.transfer_syntax,
                calling_aet=self._request.calling_aet,
                peer=self._request.peer,
                dataset=dataset,
                move_originator=command.MoveOriginatorApplicationEntityTitle or "",
                called_aet=self._request.called_aet,
            )
        )
        self._file.let_go()
        self._file = None

    def discard(self) -> None:
        """Remove the spool file, unless the archive took it."""
        self._arrivals.end(self._arrival)
        if self._file is not None:
            self._file.remove()
            self._file = None
