"""A practice that devices ask over the network, each query noted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydicom import Dataset
from pydicom.uid import UID

from gdtbridge.commands.worklist_text import nothing_lines, preview_lines, why_lines
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.language import Language
from gdtbridge.queries.words import Words
from gdtbridge.settings import DicomSettings
from tests.tools.device import WORKLIST, RawAssociation, find_rq
from tests.tools.elements import IMPLICIT
from tests.tools.practice import Practice

PENDING = {0xFF00, 0xFF01}
STEP_KEYS = {"Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate"}


class AskedPractice:
    """A practice, its DICOM server, and the devices that ask it."""

    def __init__(self, practice: Practice) -> None:
        core = practice.core
        self.practice = practice
        self.core = core
        (practice.folder / "spool").mkdir()
        self.server = DicomServer(
            DicomSettings(port=0, allowed_aets=("US01", "US02", "EKG")),
            practice.folder / "spool",
            core.receiving,
            core.device_worklist,
            Observers(core.refusals, core.queries, core.callers),
        )
        self.server.start()

    def order(self, **changes: object) -> str:
        """Put a patient on the list; return the accession number."""
        placed = self.core.orders.place(self.practice.order(**changes))
        return placed.entry.AccessionNumber

    def ask(self, calling: str = "US01", syntax: str = IMPLICIT, **keys: str) -> list[bytes]:
        """Let a device ask, and return what it got; the query is written down."""
        answers = self.ask_bytes(encode_dataset(query_of(**keys), UID(syntax)), calling, syntax)
        self.core.queries.keep()
        return answers

    def ask_bytes(self, identifier: bytes, calling: str, syntax: str = IMPLICIT) -> list[bytes]:
        """Let a device ask with any bytes."""
        answers: list[bytes] = []
        with RawAssociation(self.server.port).associate([(WORKLIST, [syntax])], calling) as device:
            device.message(1, find_rq(), identifier)
            while (response := device.response()).status in PENDING:
                answers.append(response.dataset)
        return answers

    def why(self, device: str = "", about: str = "", *, english: bool = False) -> str:
        """Return what a person is told."""
        words = self._words(english=english)
        found = self.core.query_reports.why(device, about)
        lines = [line for one in found for line in why_lines(one, words)]
        return "\n".join([*lines, *nothing_lines(self.core, device, about, found, words)])

    def preview(self, device: str) -> str:
        """Return what a device would see now."""
        found = self.core.query_reports.preview(device)
        return "\n".join(preview_lines(found, self._words(english=False)))

    def _words(self, *, english: bool) -> Words:
        language = Language.ENGLISH if english else Language.GERMAN
        return Words(language, self.practice.clock.local().date())


def query_of(**keys: str) -> Dataset:
    """Return a query for the usual attributes, with a value for some."""
    query, step = Dataset(), Dataset()
    query.SpecificCharacterSet = "ISO_IR 100"
    usual = {"AccessionNumber", "PatientName", "PatientID", *STEP_KEYS}
    for keyword in sorted(usual | keys.keys()):
        target = step if keyword in STEP_KEYS else query
        setattr(target, keyword, keys.get(keyword, ""))
    query.ScheduledProcedureStepSequence = [step]
    return query


@pytest.fixture
def asked(practice: Practice) -> Iterator[AskedPractice]:
    """Return a practice nobody has asked yet."""
    opened = AskedPractice(practice)
    yield opened
    opened.server.stop(grace=0)
