"""A DICOM server with a core that records, and how to wait for it and talk to it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom import Dataset

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.commitment import CommitmentRequest
from gdtbridge.confirmation.model import CommitmentResult, ReportOutcome
from gdtbridge.devices import Caller
from gdtbridge.dicom.server import DicomServer
from gdtbridge.exams.steps import StepMessage
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.peers import ArchivePeer
from worklist import Match


@dataclass
class Recorder:
    """The core as the DICOM edge sees it: keeps what it gets, raises or waits when told to."""

    kept: Path
    received: list[IncomingInstance] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    queries: list[tuple[Dataset, str]] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    given: int = 0
    steps: list[StepMessage] = field(default_factory=list)
    followed: int = 0
    asked: list[CommitmentRequest] = field(default_factory=list)
    rung: int = 0
    reports: list[tuple[Caller, CommitmentResult]] = field(default_factory=list)
    outcome: ReportOutcome = ReportOutcome.TAKEN
    refuses_queries: bool = False
    objects: list[LeavingObject] = field(default_factory=list)
    destination: ArchivePeer | None = None
    syntaxes: Sequence[str] = ()
    error: Exception | None = None
    room_error: Exception | None = None
    gate: threading.Event | None = None
    entered: threading.Event = field(default_factory=threading.Event)

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        self.entered.set()
        if self.gate is not None:
            self.gate.wait(60)
        if self.error is not None:
            raise self.error
        incoming.path.rename(self.kept / f"{len(self.received):06d}.dcm")
        self.received.append(incoming)
        return ReceiptStatus.NEW

    def room_for(self, size: int) -> None:
        self.sizes.append(size)
        if self.room_error is not None:
            raise self.room_error

    def viewer_of(self, caller: Caller) -> Viewer | None:
        return None if self.refuses_queries else Viewer()

    def stored_syntaxes(
        self, caller: Caller, sop_classes: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        return dict.fromkeys(sop_classes, self.syntaxes)

    def named(self, aet: str) -> ArchivePeer | None:
        return self.destination

    def leaving(self, query: Dataset, *, viewer: Viewer) -> Iterator[LeavingObject]:
        if self.error is not None:
            raise self.error
        return iter(self.objects)

    def find(self, query: Dataset, *, caller: Caller) -> Iterator[Match]:
        self.queries.append((query, caller.aet))
        if self.error is not None:
            raise self.error
        for match in self.matches:
            self.given += 1
            yield match
            if self.gate is not None:
                self.gate.wait(60)

    def create(self, message: StepMessage, sop_instance_uid: str | None) -> str:
        if self.error is not None:
            raise self.error
        self.steps.append(message)
        return sop_instance_uid or "2.25.1"

    def update(self, message: StepMessage, sop_instance_uid: str) -> None:
        self.create(message, sop_instance_uid)

    def messages(self, sop_instance_uid: str) -> list[StepMessage]:
        if self.error is not None:
            raise self.error
        return self.steps

    def follow(self) -> None:
        self.followed += 1

    def request(self, asked: CommitmentRequest) -> None:
        self.asked.append(asked)
        if self.error is not None:
            raise self.error

    def take_report(self, caller: Caller, result: CommitmentResult) -> ReportOutcome:
        if self.error is not None:
            raise self.error
        self.reports.append((caller, result))
        return self.outcome

    def ring(self) -> None:
        self.rung += 1

    def files(self) -> list[Path]:
        """Return what was kept, in the order of its arrival."""
        return sorted(self.kept.iterdir())


@dataclass
class ArchiveRecorder:
    """The archive as the DICOM edge sees it: finds what the worklist of ``core`` finds."""

    core: Recorder

    def find(
        self, query: Dataset, *, viewer: Viewer, is_cancelled: Callable[[], bool]
    ) -> Iterator[Match]:
        return self.core.find(query, caller=Caller("", "127.0.0.1"))


@dataclass
class Bridge:
    """A running server with what stands behind it."""

    server: DicomServer
    core: Recorder
    spool: Path

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def tls_port(self) -> int:
        return self.server.tls_port or 0

    def spooled(self) -> list[Path]:
        """Return what lies in the spool."""
        return list(self.spool.iterdir())


StartServer = Callable[..., Bridge]


def run_peer(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a DCMTK program, or skip the test where there is none."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    command = [path, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=60, check=False
    )
