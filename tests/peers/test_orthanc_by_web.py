"""Orthanc's DICOMweb plugin as a client: it searches, fetches by a link, and brings objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from gdtbridge.accounts import SharedStudy
from gdtbridge.audit import Actor, ActorKind
from tests.tools.foreign import Orthanc, orthanc, orthanc_dicomweb
from tests.tools.numbered import as_jpeg, deep_still, jpeg_loop, native_loop, receive
from tests.tools.ports import free_port
from tests.tools.reading_room import ReadingRoom

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # starts Orthanc

STUDY: Final = "2.25.61"
OTHER: Final = "2.25.62"
BROUGHT: Final = "2.25.63"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The bridge, and an Orthanc that knows it by two names."""

    room: ReadingRoom
    peer: Orthanc

    def know(self, name: str, **headers: str) -> None:
        """Enter the bridge under a name, with what is sent along."""
        said = {"Url": f"{self.room.url}/dicom-web", "HttpHeaders": headers}
        answer = requests.put(f"{self.peer.url}/dicom-web/servers/{name}", json=said, timeout=60)
        assert answer.ok, answer.text

    def ask(self, name: str, what: str, **body: object) -> Any:
        """Have Orthanc ask the bridge something; return what it tells of it."""
        return self.peer.post(f"/dicom-web/servers/{name}/{what}", body)


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Return both; the bridge has two exams, and Orthanc a link to one of them."""
    folder = tmp_path_factory.mktemp("neighbours")
    plugins = [str(orthanc_dicomweb())]
    with ExitStack() as stack:
        room = stack.enter_context(ReadingRoom(folder))
        peer = stack.enter_context(orthanc(folder, free_port(), Plugins=plugins))
        practice = room.practice
        practice.settings.file_spool.mkdir(parents=True)
        for made in (jpeg_loop(map(as_jpeg, range(5))), native_loop(range(3)), deep_still()):
            receive(practice, made, folder, StudyInstanceUID=STUDY, StudyDate="20261130")
        receive(practice, deep_still(), folder, StudyInstanceUID=OTHER, StudyDate="20261130")
        practice.wait()
        both = Neighbours(room, peer)
        boss = Actor(ActorKind.COMMAND, "test")
        shared = SharedStudy(STUDY, "4711")
        made_link = practice.core.access.study_links.make(shared, 1, boss)
        both.know("linked", Authorization=f"Bearer {made_link.secret}")
        both.know("open")
        yield both


def test_it_fetches_what_its_link_shows(neighbours: Neighbours) -> None:
    """It finds that study alone, and gets all of it; another it asks for is not there."""
    found = neighbours.ask("linked", "qido", Uri="/studies", Arguments={})
    assert [one["0020000D"]["Value"] for one in found] == [STUDY]
    got = neighbours.ask("linked", "retrieve", Resources=[{"Study": STUDY}])
    assert int(got["ReceivedInstancesCount"]) == 3
    refused = requests.post(
        f"{neighbours.peer.url}/dicom-web/servers/linked/retrieve",
        json={"Resources": [{"Study": OTHER}]},
        timeout=60,
    )
    assert not refused.ok
    studies = neighbours.peer.post("/tools/find", {"Level": "Study", "Query": {}, "Expand": True})
    assert {one["MainDicomTags"]["StudyInstanceUID"] for one in studies} == {STUDY}


def test_it_brings_what_it_has(neighbours: Neighbours, tmp_path: Path) -> None:
    """By STOW-RS, as a program of this machine; the bridge finds it at once."""
    made = deep_still()
    made.StudyInstanceUID, made.SeriesInstanceUID, made.PatientID = BROUGHT, f"{BROUGHT}.1", "4711"
    made.save_as(tmp_path / "made.dcm", enforce_file_format=True)
    (kept,) = neighbours.peer.keep([tmp_path / "made.dcm"])
    neighbours.ask("open", "stow", Resources=[kept])
    found = neighbours.ask("open", "qido", Uri="/studies", Arguments={"StudyInstanceUID": BROUGHT})
    assert len(found) == 1
    requests.delete(f"{neighbours.peer.url}/instances/{kept}", timeout=60).raise_for_status()
