"""Whole bridges and real archives: killed in the middle, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tools.dcmtk import storescp
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.foreign import Orthanc, orthanc
from tests.tools.ports import free_port
from tests.tools.service import Service
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]
MANY = 200
RULE = """
[[peer]]
aet = "{aet}"
host = "127.0.0.1"
port = {port}
[[forward]]
to = "{aet}"
"""


def send(service: Service, study: str, count: int, **values: str) -> list[str]:
    """Have a device send an exam; return the UIDs of its objects."""
    uids = [f"{study}.{number}" for number in range(1, count + 1)]
    said = {"StudyInstanceUID": study, "AccessionNumber": "", **values}
    objects = [
        (US_IMAGE, uid, EXPLICIT, identification(**said, SOPInstanceUID=uid)) for uid in uids
    ]
    assert set(send_raw(service.ports["DICOM"], objects)) == {0}
    return uids


def kept(archive: Orthanc) -> Sequence[str]:
    """Return the SOP Instance UIDs an Orthanc has, each as often as it has it."""
    found = archive.get("/instances?expand")
    return sorted(one["MainDicomTags"]["SOPInstanceUID"] for one in found)


def done(service: Service, count: int) -> bool:
    """Return whether so many copies are where they should be."""
    sent = service.rows("SELECT id, state FROM forward_copy WHERE state IN ('sent', 'confirmed')")
    return len(sent) == count


def test_orthanc_and_the_bridge_are_killed_while_objects_leave(tmp_path: Path) -> None:
    """All are there in the end, none twice."""
    port = free_port()
    (tmp_path / "archive").mkdir()
    (tmp_path / "bridge").mkdir()
    (tmp_path / "bridge" / "gdtbridge.toml").write_text(RULE.format(aet="ORTHANC", port=port))
    with Service(tmp_path / "bridge") as service:
        with orthanc(tmp_path / "archive", port) as archive:
            uids = send(service, "2.25.4711", MANY)
            wait_for(lambda: len(kept(archive)) > MANY // 10, 60, "the first objects")
        # Orthanc was killed
        before = len(service.rows("SELECT id, state FROM forward_copy WHERE state = 'sent'"))
        assert before < MANY
        with orthanc(tmp_path / "archive", port) as archive:
            begun = len(kept(archive))
            wait_for(lambda: len(kept(archive)) > begun, 60, "more objects")
            service.kill()
            service.start()
            wait_for(lambda: done(service, MANY), 90, "all objects")
            assert kept(archive) == sorted(uids)


def test_a_chain_of_bridges_reaches_the_last_archive(tmp_path: Path) -> None:
    """From the device to the PACS and by its rule to the VNA, under the decided number."""
    ports = [free_port(), free_port()]
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    settings = RULE.format(aet="VNA", port=ports[1]) + 'modalities = ["US"]\ncalled = "PACS"\n'
    (tmp_path / "second" / "gdtbridge.toml").write_text(settings)
    with (
        storescp(tmp_path / "kept", ports[1], "VNA") as kept_there,
        Service(tmp_path / "second") as second,
    ):
        first_settings = RULE.format(aet="PACS", port=second.ports["DICOM"]) + 'as = "FIRST"\n'
        (tmp_path / "first" / "gdtbridge.toml").write_text(first_settings)
        with Service(tmp_path / "first") as first:
            send(first, "2.25.4712", 3)
            send(first, "2.25.4713", 2, Modality="SR")
            wait_for(lambda: len(list(kept_there.iterdir())) == 3, 90, "the objects at the VNA")
            assert done(first, 5)
            assert {row[1] for row in second.rows("SELECT id, calling_aet FROM instance")} == {
                "FIRST"
            }
