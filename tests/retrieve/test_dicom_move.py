"""DCMTK's movescu has a running bridge send to storescp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.tools.dcmtk import dcmtk, final_status, storescp
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.ports import free_port
from tests.tools.service import Service
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # asks DCMTK

STUDY, HELD = "2.25.4711000", "2.25.9000"
SETTINGS = """
[[peer]]
aet = "STORE"
host = "127.0.0.1"
port = {port}

[[peer]]
aet = "DOCTOR"
host = "127.0.0.1"
port = {port}
sees_held = true

[[peer]]
aet = "GONE"
host = "127.0.0.1"
port = {nobody}
"""


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port storescp listens on."""
    return free_port()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Service]:
    """Return a bridge with an exam of three objects that was reported and one that is held."""
    root = tmp_path_factory.mktemp("move")
    (root / "gdtbridge.toml").write_text(SETTINGS.format(port=port, nobody=free_port()))
    with Service(root) as service:
        for patient, study, count in (("4711", STUDY, 3), ("", HELD, 1)):
            values = {"PatientID": patient, "StudyInstanceUID": study, "AccessionNumber": ""}
            objects = [
                (
                    US_IMAGE,
                    f"{study}.{number}",
                    EXPLICIT,
                    identification(**values, SOPInstanceUID=f"{study}.{number}"),
                )
                for number in range(count)
            ]
            assert set(send_raw(service.ports["DICOM"], objects)) == {0}
        wait_for(lambda: any(service.gdt_out.glob("*.gdt")), what="the record")
        yield service


def moved(service: Service, *arguments: str, to: str = "STORE", aet: str = "STORE") -> str:
    """Return the final status of DCMTK's retrieval."""
    who = ("-v", "-S", "-aet", aet, "-aem", to, "127.0.0.1", service.ports["DICOM"])
    return final_status(dcmtk("movescu", *who, *arguments))


def of_study(study: str) -> tuple[str, ...]:
    """Return movescu's keys for a study."""
    return ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}")


def test_a_study_arrives_byte_for_byte(service: Service, port: int, tmp_path: Path) -> None:
    """Every object of it, as the device sent it."""
    with storescp(tmp_path / "kept", port, "STORE") as kept:
        assert moved(service, *of_study(STUDY)) == "Success"
        found = {dcmread(path).SOPInstanceUID: path.read_bytes() for path in kept.iterdir()}

    stored = {dcmread(path).SOPInstanceUID: path for path in service.archive.rglob("*.dcm")}
    assert sorted(found) == [f"{STUDY}.{number}" for number in range(3)]
    for uid, content in found.items():
        whole = stored[uid].read_bytes()
        assert content.endswith(whole[whole.index(b"\x08\x00\x05\x00CS") :])


def test_one_object_is_moved_by_its_uid(service: Service, port: int, tmp_path: Path) -> None:
    """Below study and series, also without naming the series."""
    keys = ("-k", "QueryRetrieveLevel=IMAGE", "-k", f"SOPInstanceUID={STUDY}.1")
    with storescp(tmp_path / "kept", port, "STORE") as kept:
        assert moved(service, *keys) == "Success"
        assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize("study", [HELD, "2.25.1"])
def test_what_is_held_or_unknown_goes_nowhere(service: Service, study: str) -> None:
    """No association to the destination, which is not even there, and no failure."""
    assert moved(service, *of_study(study), to="GONE") == "Success"


def test_what_is_held_goes_where_both_may_see_it(
    service: Service, port: int, tmp_path: Path
) -> None:
    """Who may see it cannot have it sent to somebody who may not."""
    with storescp(tmp_path / "kept", port, "DOCTOR") as kept:
        assert moved(service, *of_study(HELD), to="STORE", aet="DOCTOR") == "Success"
        assert list(kept.iterdir()) == []
        assert moved(service, *of_study(HELD), to="DOCTOR", aet="DOCTOR") == "Success"
        assert len(list(kept.iterdir())) == 1


def test_a_destination_nobody_named_is_refused(service: Service) -> None:
    """Whatever the caller wants."""
    assert moved(service, *of_study(STUDY), to="OTHER") == "Refused: MoveDestinationUnknown"


def test_a_destination_that_is_away_fails_every_object(service: Service) -> None:
    """And is told so."""
    status = moved(service, *of_study(STUDY), to="GONE")
    assert status == "Refused: OutOfResourcesSubOperations"


def test_who_is_no_peer_may_not_retrieve(service: Service) -> None:
    """As with queries."""
    assert moved(service, *of_study(STUDY), aet="US01") == "Unknown Status: 0x124"


def test_nothing_is_left_in_the_spool(service: Service) -> None:
    """Copies live as long as they are sent."""
    assert service.spooled == []
