"""Modality Worklist (C-FIND, PS3.4 Annex K): decodes the query, encodes what matches."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Protocol

from pydicom import Dataset

from gdtbridge.devices import Caller
from gdtbridge.dicom.identifier import read_identifier
from gdtbridge.dicom.identifier_operation import FinalResponse, FindOperation
from gdtbridge.dicom.service import DimseRequest
from gdtbridge.logs import describe
from gdtbridge.queries.model import MOST_NAMED, AskedQuery, QueryPort
from worklist import Match

log = logging.getLogger(__name__)


class WorklistPort(Protocol):
    """The worklist as the Modality Worklist SCP needs it."""

    def find(self, query: Dataset, *, caller: Caller) -> Iterator[Match]:
        """Yield what ``caller`` gets for ``query``; raise a `StoreError` or `FolderError`."""


class WorklistQuery(FindOperation):
    """One C-FIND of the worklist, noted with what it was answered."""

    unavailable = "Worklist not available"

    def __init__(self, port: WorklistPort, queries: QueryPort, request: DimseRequest) -> None:
        super().__init__(request)
        self._port = port
        self._queries = queries
        self._began = time.monotonic()
        self._identifier = b""
        self._answers = 0
        self._answered: list[str] = []

    def run(self) -> None:
        """Answer the query and have it noted; whatever fails becomes a failure status."""
        self._began = time.monotonic()
        super().run()

    def finish(self, final: FinalResponse) -> None:
        """Have the query noted, then send the last response."""
        self._queries.note(self._asked(final.status, time.monotonic() - self._began))
        super().finish(final)

    def serve(self) -> FinalResponse:
        """Answer with what the caller gets."""
        identifier = self.identifier()
        query = read_identifier(identifier, self.syntax)
        self._identifier = identifier
        return self.answer_all(self._port.find(query, caller=self.request.caller))

    def answer_match(self, match: Match) -> None:
        """Send one entry; a bad one must not hide the others."""
        try:
            super().answer_match(match)
        except Exception as error:  # noqa: BLE001 - whatever an entry of others provokes
            log.error("worklist entry left out: %s", describe(error))
            return
        self._answers += 1
        if len(self._answered) < MOST_NAMED:
            self._answered.append(match.number)

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
