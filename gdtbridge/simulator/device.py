"""The simulated device: asks the worklist, examines a patient, sends images, then reports.

It behaves as ultrasound devices do (IHE SWF: echo, query, images before the report) and talks to
any DICOM server.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from pydicom.dataset import Dataset

from gdtbridge.dicom import client
from gdtbridge.dicom.client import Peer, PeerError
from gdtbridge.simulator.choice import Pick, own_entry
from gdtbridge.simulator.exam import (
    SimulationError,
    make_exam,
    read_sample,
    text_of,
    without_order,
)
from gdtbridge.simulator.query import worklist_query

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


class DicomClient(Protocol):
    """What the device needs of the network; `gdtbridge.dicom.client` is one."""

    def echo(self, peer: Peer) -> None:
        """Verify the connection; raise `PeerError`."""

    def find_worklist(self, peer: Peer, query: Dataset) -> list[Dataset]:
        """Return the worklist's answers; raise `PeerError`."""

    def store(self, peer: Peer, files: Sequence[Path]) -> list[tuple[Path, int]]:
        """Send the files and return the status of each; raise `PeerError`."""


def is_kept(status: int | None) -> bool:
    """Return whether a C-STORE answer is success or a warning (PS3.4 Table B.2-1)."""
    return status is not None and (status == 0x0000 or status & 0xF000 == 0xB000)


@dataclass(frozen=True, slots=True)
class SentInstance:
    """One instance and the last answer to it; ``sample`` is the name of the file it was made of."""

    sample: str
    SOPInstanceUID: str
    status: int

    @property
    def stored(self) -> bool:
        """Whether the peer keeps it."""
        return is_kept(self.status)


@dataclass(frozen=True, slots=True)
class SimulatedExam:
    """One simulated exam; ``AccessionNumber`` is empty when there was no order."""

    AccessionNumber: str
    StudyInstanceUID: str
    sent: tuple[SentInstance, ...]

    @property
    def ok(self) -> bool:
        """Whether the peer keeps every instance."""
        return all(one.stored for one in self.sent)


@dataclass(frozen=True, slots=True)
class SimulatedInstance:
    """One instance of the exam, ready to be sent."""

    path: Path
    sample: str
    SOPInstanceUID: str
    is_report: bool


@dataclass(frozen=True, slots=True)
class SimulatedDevice:
    """An ultrasound device in front of ``peer``; ``attempts`` is how often it tries what failed."""

    peer: Peer
    station: str
    report: Report
    attempts: int = 1
    link: DicomClient = client
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = datetime.now

    def examine(self, samples: Sequence[Path], pick: Pick | None) -> SimulatedExam:
        """Play one exam with ``samples`` as what the device produces; no ``pick``, no worklist.

        Whom it examines, ``pick`` says; without an entry it is the test patient.
        """
        instances = [read_sample(path) for path in samples]
        if not instances:
            raise SimulationError(
                "Keine Beispieldateien zum Senden. / There are no sample files to send."
            )
        self._until_connected(lambda: self.link.echo(self.peer))
        self.report(f"C-ECHO {self.peer.aet}: 0000")
        entry = (self._order(pick) if pick else None) or without_order(instances[0])
        self.report(_examined(entry))
        make_exam(instances, entry, self.now())
        with tempfile.TemporaryDirectory(prefix="gdtbridge-device-") as folder:
            sent = self._send(_write(instances, samples, Path(folder)))
        return SimulatedExam(text_of(entry, "AccessionNumber"), instances[0].StudyInstanceUID, sent)

    def _order(self, pick: Pick) -> Dataset | None:
        """Return the entry to examine, after showing the list to the person at the device."""
        query = worklist_query(self.station, self.now())
        entries = self._until_connected(lambda: self.link.find_worklist(self.peer, query))
        self.report(f"Arbeitsliste / Worklist {self.station}: {len(entries)}")
        for entry in entries:
            self.report(f"  {_line(entry)}")
        chosen = pick(entries)
        if chosen is None:
            self.report(LEFT_ALONE)
        return chosen

    def _send(self, files: Sequence[SimulatedInstance]) -> tuple[SentInstance, ...]:
        """Send images, then reports, each kind on an association of its own."""
        statuses: dict[Path, int] = {}
        for kind in (False, True):
            statuses |= self._store([made.path for made in files if made.is_report == kind])
        sent = [
            SentInstance(made.sample, made.SOPInstanceUID, statuses[made.path]) for made in files
        ]
        for one in sent:
            self.report(f"C-STORE {one.sample}: {one.status:04X}")
        return tuple(sent)

    def _store(self, files: list[Path]) -> dict[Path, int]:
        """Return the last status of each file; what was refused is sent again while it may be."""
        statuses: dict[Path, int] = {}
        for attempt in range(1, self.attempts + 1):
            left = [path for path in files if not is_kept(statuses.get(path))]
            if not left:
                break
            if attempt > 1:
                self._wait(attempt)
            try:
                statuses.update(self.link.store(self.peer, left))
            except PeerError:
                if attempt == self.attempts:
                    raise
        return statuses

    def _until_connected(self, action: Callable[[], T]) -> T:
        """Return what the first attempt without a `PeerError` returns; raise that of the last."""
        for attempt in range(1, self.attempts):
            try:
                return action()
            except PeerError:
                self._wait(attempt + 1)
        return action()

    def _wait(self, attempt: int) -> None:
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
) -> SimulatedExam:
    """Play one exam against ``peer`` and return what was sent with its last statuses.

    ``pick`` chooses whom to examine, by default the test patient: by an entry of theirs on the
    worklist, else, as always with ``pick=None``, without an order and accession number.
    Raises `SimulationError` when a named entry is not listed and `PeerError` when ``peer`` cannot
    be reached in ``attempts`` attempts.
    """
    device = SimulatedDevice(peer, station, report, attempts=max(1, attempts))
    return device.examine(samples, pick)


def _write(
    instances: Sequence[Dataset], samples: Sequence[Path], folder: Path
) -> list[SimulatedInstance]:
    made = []
    for number, (ds, sample) in enumerate(zip(instances, samples, strict=True), start=1):
        path = folder / f"{number:03d}.dcm"
        ds.save_as(path, enforce_file_format=True)
        is_report = "ContentSequence" in ds
        made.append(SimulatedInstance(path, sample.name, ds.SOPInstanceUID, is_report))
    return made


def _examined(entry: Dataset) -> str:
    if text_of(entry, "AccessionNumber"):
        return f"Untersuche / Examining: {_line(entry)}"
    return f"Untersuche ohne Auftrag / Examining without an order: {_line(entry)}"


def _line(entry: Dataset) -> str:
    """Return the entry as the device shows it; a person asked to see the patient."""
    shown = ("AccessionNumber", "PatientID", "PatientName", "PatientBirthDate")
    columns = [text_of(entry, keyword) for keyword in (*shown, "RequestedProcedureDescription")]
    return "  ".join(column or "-" for column in columns)
