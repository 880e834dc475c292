"""Modality Worklist (C-FIND, PS3.4 Annex K): decodes the query, encodes what matches."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Final, Protocol

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from gdtbridge.dataset.inflate import InflatedStream, deflate
from gdtbridge.devices import Caller
from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.service import MAX_IDENTIFIER, BufferedOperation, DimseRequest
from gdtbridge.errors import StoreError
from gdtbridge.logs import describe
from gdtbridge.queries.model import MOST_NAMED, AskedQuery, QueryPort
from worklist import FolderError, Match

log = logging.getLogger(__name__)

MAX_VALUES: Final = 256
"""Backslashes, which separate values, in a whole query: each value is compared with each entry."""


class WorklistPort(Protocol):
    """The worklist as the Modality Worklist SCP needs it."""

    def find(self, query: Dataset, *, caller: Caller) -> Iterator[Match]:
        """Yield what ``caller`` gets for ``query``; raise a `StoreError` or `FolderError`."""


class IdentifierError(ValueError):
    """The identifier of a request cannot be read."""


class WorklistQuery(BufferedOperation):
    """One C-FIND: its identifier, then the matches one by one until cancelled."""

    def __init__(self, port: WorklistPort, queries: QueryPort, request: DimseRequest) -> None:
        super().__init__(request)
        self._port = port
        self._queries = queries
        self._identifier = b""
        self._answers = 0
        self._answered: list[str] = []

    def run(self) -> None:
        """Answer the query and have it noted; whatever fails becomes a failure status."""
        began = time.monotonic()
        status, comment = self._status()
        self._queries.note(self._asked(status, time.monotonic() - began))
        self.request.answer(status, comment)

    def _status(self) -> tuple[int, str | None]:
        """Send the answers; return what the last response says."""
        try:
            return self._find(), None
        except IdentifierError:
            log.warning("query from %r cannot be read", self.request.calling_aet)
            return DimseStatus.IDENTIFIER_MISMATCH, "Identifier cannot be understood"
        except StoreError as error:
            log.warning("query not answered: %s", type(error).__name__)
            return error.status, error.comment
        except FolderError:
            log.warning("query not answered: the worklist's folder cannot be used")
            return DimseStatus.OUT_OF_RESOURCES, "Worklist not available"
        except Exception as error:  # noqa: BLE001 - the device is told, whatever it is
            log.error("query not answered: %s", describe(error))
            return DimseStatus.UNABLE_TO_PROCESS, "Unable to process"

    def _find(self) -> DimseStatus:
        request = self.request
        syntax = UID(request.context.transfer_syntax)
        if self.is_too_large:
            raise IdentifierError("too large")
        identifier = plain_identifier(self.dataset, syntax)
        query = _read(identifier, syntax)
        self._identifier = identifier
        for match in self._port.find(query, caller=request.caller):
            if request.is_cancelled():
                return DimseStatus.CANCEL
            self._answer(match, syntax)
        return DimseStatus.SUCCESS

    def _asked(self, status: int, seconds: float) -> AskedQuery:
        return AskedQuery(
            self.request.caller,
            self._identifier,
            self.request.context.transfer_syntax,
            int(status),
            self._answers,
            tuple(self._answered),
            seconds,
        )

    def _answer(self, match: Match, syntax: UID) -> None:
        try:
            encoded = encode_dataset(match.dataset, syntax)
        except Exception as error:  # noqa: BLE001 - one bad entry must not hide the others
            log.error("worklist entry left out: %s", describe(error))
            return
        unsupported = match.unsupported_keys
        status = DimseStatus.PENDING_UNSUPPORTED_KEYS if unsupported else DimseStatus.PENDING
        self.request.answer(status, dataset=encoded)
        self._answers += 1
        if len(self._answered) < MOST_NAMED:
            self._answered.append(match.number)


def decode_dataset(data: bytes, syntax: UID) -> Dataset:
    """Return the dataset encoded in ``data``; raise `IdentifierError`.

    A deflated one is inflated to at most `MAX_IDENTIFIER` bytes.
    """
    return _read(plain_identifier(data, syntax), syntax)


def plain_identifier(data: bytes, syntax: UID) -> bytes:
    """Return the bytes of a dataset, inflated where they are deflated; raise `IdentifierError`."""
    if not syntax.is_deflated:
        return data
    try:
        return _inflated(data, MAX_IDENTIFIER)
    except Exception as error:
        raise IdentifierError("not deflated") from error


def _read(data: bytes, syntax: UID) -> Dataset:
    if data.count(b"\\") > MAX_VALUES:
        raise IdentifierError("too many values")
    try:
        return read_dataset(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian)
    except Exception as error:
        raise IdentifierError("not a dataset") from error


def dataset_in(data: bytes, syntax: UID, *, most: int) -> Dataset:
    """Return the dataset encoded in ``data``, inflated to at most ``most`` bytes.

    Raises whatever the reader does.
    """
    if syntax.is_deflated:
        data = _inflated(data, most)
    return read_dataset(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian)


def _inflated(data: bytes, most: int) -> bytes:
    return b"".join(InflatedStream(BytesIO(data), most).pieces())


def encode_dataset(dataset: Dataset, syntax: UID) -> bytes:
    """Return ``dataset`` in one of the transfer syntaxes we accept for answers."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = syntax.is_implicit_VR
    buffer.is_little_endian = syntax.is_little_endian
    write_dataset(buffer, dataset)
    encoded = bytes(buffer.getvalue())
    return deflate(encoded) if syntax.is_deflated else encoded
