"""Servers on free ports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.certificates import ServerTls
from gdtbridge.dicom.archive_get import get_services
from gdtbridge.dicom.archive_move import MoveParts, move_services
from gdtbridge.dicom.archive_query import query_services
from gdtbridge.dicom.commitment import commitment_services
from gdtbridge.dicom.commitment_report import CommitmentChannels
from gdtbridge.dicom.commitment_result import result_services
from gdtbridge.dicom.performed_step import step_services
from gdtbridge.dicom.refusals import UNNOTED, RefusalPort
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.settings import DicomSettings
from tests.tools.dicom_server import ArchiveRecorder, Bridge, Recorder, StartServer


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Return a function that starts a server with the given settings."""
    bridges: list[Bridge] = []
    frames = FrameReader()

    def start_server(
        *, tls: ServerTls | None = None, refusals: RefusalPort = UNNOTED, **settings: object
    ) -> Bridge:
        kept, spool = tmp_path / f"kept{len(bridges)}", tmp_path / f"spool{len(bridges)}"
        kept.mkdir()
        core = Recorder(kept)
        dicom = DicomSettings.model_validate({"port": 0, "tls_port": 0, **settings})
        commitment = commitment_services(core, CommitmentChannels(), lambda _: False)
        results = result_services(core)
        queries = query_services(ArchiveRecorder(core), core, UNNOTED)
        files = Transcoder(frames, spool, core.room_for)
        moves = move_services(MoveParts(core, core, UNNOTED, files, "GDTBRIDGE"))
        retrieving = {**moves, **get_services(core, core, UNNOTED, files)}
        further = {**step_services(core), **commitment, **results, **queries, **retrieving}
        context = tls.context if tls is not None else None
        observers = Observers(refusals, stored=core)
        server = DicomServer(dicom, spool, core, core, observers, further, tls=context)
        bridge = Bridge(server, core, spool)
        bridges.append(bridge)
        bridge.server.start()
        return bridge

    yield start_server
    for bridge in bridges:
        bridge.server.stop(grace=0)
    frames.close()


@pytest.fixture
def bridge(start: StartServer) -> Bridge:
    """Return a server with the default settings."""
    return start()
