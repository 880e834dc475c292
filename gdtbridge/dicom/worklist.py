"""Modality Worklist (C-FIND, PS3.4 Annex K): decodes the query, encodes what matches."""

from __future__ import annotations

import logging
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

    def __init__(self, port: WorklistPort, request: DimseRequest) -> None:
        super().__init__(request)
        self._port = port

    def run(self) -> None:
        """Answer the query; whatever fails becomes a failure status."""
        request = self.request
        try:
            self._find()
        except IdentifierError:
            log.warning("query from %r cannot be read", request.calling_aet)
            request.answer(DimseStatus.IDENTIFIER_MISMATCH, "Identifier cannot be understood")
        except StoreError as error:
            log.warning("query not answered: %s", type(error).__name__)
            request.answer(error.status, error.comment)
        except FolderError:
            log.warning("query not answered: the worklist's folder cannot be used")
            request.answer(DimseStatus.OUT_OF_RESOURCES, "Worklist not available")
        except Exception as error:  # noqa: BLE001 - the device is told, whatever it is
            log.error("query not answered: %s", describe(error))
            request.answer(DimseStatus.UNABLE_TO_PROCESS, "Unable to process")

    def _find(self) -> None:
        request = self.request
        syntax = UID(request.context.transfer_syntax)
        if self.is_too_large:
            raise IdentifierError("too large")
        query = decode_dataset(self.dataset, syntax)
        for match in self._port.find(query, caller=request.caller):
            if request.is_cancelled():
                request.answer(DimseStatus.CANCEL)
                return
            self._answer(match, syntax)
        request.answer(DimseStatus.SUCCESS)

    def _answer(self, match: Match, syntax: UID) -> None:
        try:
            encoded = encode_dataset(match.dataset, syntax)
        except Exception as error:  # noqa: BLE001 - one bad entry must not hide the others
            log.error("worklist entry left out: %s", describe(error))
            return
        unsupported = match.unsupported_keys
        status = DimseStatus.PENDING_UNSUPPORTED_KEYS if unsupported else DimseStatus.PENDING
        self.request.answer(status, dataset=encoded)


def decode_dataset(data: bytes, syntax: UID) -> Dataset:
    """Return the dataset encoded in ``data``; raise `IdentifierError`.

    A deflated one is inflated to at most `MAX_IDENTIFIER` bytes.
    """
    try:
        if syntax.is_deflated:
            data = b"".join(InflatedStream(BytesIO(data), MAX_IDENTIFIER).pieces())
        if data.count(b"\\") > MAX_VALUES:
            raise IdentifierError("too many values")
        return read_dataset(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian)
    except IdentifierError:
        raise
    except Exception as error:
        raise IdentifierError("not a dataset") from error


def encode_dataset(dataset: Dataset, syntax: UID) -> bytes:
    """Return ``dataset`` in one of the transfer syntaxes we accept for answers."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = syntax.is_implicit_VR
    buffer.is_little_endian = syntax.is_little_endian
    write_dataset(buffer, dataset)
    encoded = bytes(buffer.getvalue())
    return deflate(encoded) if syntax.is_deflated else encoded
