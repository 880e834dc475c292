"""The simulated device: asks the worklist, examines a patient, sends images, then reports.

It behaves as ultrasound devices do (IHE SWF: echo, query, performed procedure step, images before
the report, storage commitment), with the bad habits it is told to have, and talks to any DICOM
server.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from pydicom.dataset import Dataset

from gdtbridge.dicom.client import Peer, PeerError
from gdtbridge.dicom.device_client import CommitmentListener
from gdtbridge.simulator import network
from gdtbridge.simulator.choice import Pick, own_entry
from gdtbridge.simulator.exam import (
    LATIN_1,
    UTF_8,
    SimulationError,
    read_sample,
    text_of,
    without_order,
)
from gdtbridge.simulator.examination import Examination
from gdtbridge.simulator.habits import WELL_BEHAVED, Behaviour
from gdtbridge.simulator.network import DicomClient
from gdtbridge.simulator.query import worklist_query
from gdtbridge.simulator.result import SimulatedExam

T = TypeVar("T")

Report = Callable[[str], None]
"""Takes one line for the person at the terminal."""

LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts, at most; the first pause is one second."""

LEFT_ALONE: Final = (
    "Kein Auftrag des Testpatienten; Aufträge anderer nimmt das Gerät nur, wenn sie genannt werden "
    "(--accession, --patient). / No order of the test patient; those of others are taken only when "
    "named (--accession, --patient)."
)


@dataclass(frozen=True, slots=True)
class SimulatedDevice:
    """An ultrasound device in front of ``peer``; ``attempts`` is how often it tries what failed."""

    peer: Peer
    station: str
    report: Report
    attempts: int = 1
    behaviour: Behaviour = WELL_BEHAVED
    link: DicomClient = network
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = datetime.now

    def examine(self, samples: Sequence[Path], pick: Pick | None) -> SimulatedExam:
        """Play one exam with ``samples`` as what the device produces; no ``pick``, no worklist.

        Whom it examines, ``pick`` says; without an entry it is the test patient.
        """
        objects = [read_sample(path) for path in samples]
        if not objects:
            raise SimulationError(
                "Keine Beispieldateien zum Senden. / There are no sample files to send."
            )
        self.until_connected(lambda: self.link.echo(self.peer))
        self.report(f"C-ECHO {self.peer.aet}: 0000")
        entry = (self._order(pick) if pick else None) or without_order(objects[0])
        self.report(_examined(entry))
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gdtbridge-")))
            listener = self._listener()
            if listener:
                stack.enter_context(listener)
            exam = Examination(self, entry, folder, listener)
            return exam.play(objects, [path.name for path in samples])

    def _listener(self) -> CommitmentListener | None:
        wanted = self.behaviour.commitment
        if wanted is None or wanted.port is None:
            return None
        return CommitmentListener(self.station, wanted.port, wanted.host)

    def _order(self, pick: Pick) -> Dataset | None:
        """Return the entry to examine, after showing the list to the person at the device."""
        query = worklist_query(self.station, self.now(), self._charset())
        entries = self.until_connected(lambda: self.link.find_worklist(self.peer, query))
        self.report(f"Arbeitsliste / Worklist {self.station}: {len(entries)}")
        for entry in entries:
            self.report(f"  {_line(entry)}")
        chosen = pick(entries)
        if chosen is None:
            self.report(LEFT_ALONE)
        return chosen

    def _charset(self) -> str:
        """Return the Specific Character Set the device asks in; empty: it names none."""
        if "utf-8" in self.behaviour.habits:
            return UTF_8
        return "" if "undeclared-latin-1" in self.behaviour.habits else LATIN_1

    def until_connected(self, action: Callable[[], T]) -> T:
        """Return what the first attempt without a `PeerError` returns; raise that of the last."""
        for attempt in range(1, self.attempts):
            try:
                return action()
            except PeerError:
                self.wait(attempt + 1)
        return action()

    def wait(self, attempt: int) -> None:
        """Pause before an attempt, the longer the more there were."""
        seconds = min(2.0 ** (attempt - 2), LONGEST_PAUSE)
        self.report(
            f"Versuch {attempt} von {self.attempts} in {seconds:g} s / "
            f"attempt {attempt} of {self.attempts} in {seconds:g} s"
        )
        self.pause(seconds)


def simulate(
    peer: Peer,
    *,
    station: str,
    samples: Sequence[Path],
    report: Report,
    pick: Pick | None = own_entry,
    attempts: int = 1,
    behaviour: Behaviour = WELL_BEHAVED,
) -> SimulatedExam:
    """Play one exam against ``peer`` and return what was sent with its last statuses.

    ``pick`` chooses whom to examine, by default the test patient: by an entry of theirs on the
    worklist, else, as always with ``pick=None``, without an order and accession number.
    Raises `SimulationError` when a named entry is not listed and `PeerError` when ``peer`` cannot
    be reached in ``attempts`` attempts.
    """
    device = SimulatedDevice(peer, station, report, attempts=max(1, attempts), behaviour=behaviour)
    return device.examine(samples, pick)


def _examined(entry: Dataset) -> str:
    if text_of(entry, "AccessionNumber"):
        return f"Untersuche / Examining: {_line(entry)}"
    return f"Untersuche ohne Auftrag / Examining without an order: {_line(entry)}"


def _line(entry: Dataset) -> str:
    """Return the entry as the device shows it; a person asked to see the patient."""
    shown = ("AccessionNumber", "PatientID", "PatientName", "PatientBirthDate")
    columns = [text_of(entry, keyword) for keyword in (*shown, "RequestedProcedureDescription")]
    return "  ".join(column or "-" for column in columns)
