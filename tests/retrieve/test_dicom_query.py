"""DCMTK's findscu asks a running bridge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest

from tests.tools.dcmtk import find
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.service import Service
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # asks DCMTK

SETTINGS = """
[[peer]]
aet = "PACS"
host = "localhost"

[[peer]]
aet = "DOCTOR"
host = "127.0.0.1"
sees_held = true

[[peer]]
aet = "ELSEWHERE"
host = "192.0.2.7"
"""
STUDY = "2.25.4711000"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a bridge with one exam that was reported and one that is held."""
    root = tmp_path_factory.mktemp("query")
    (root / "gdtbridge.toml").write_text(SETTINGS)
    with Service(root) as service:
        for patient, study in (("4711", STUDY), ("", "2.25.9000")):
            values = {"PatientID": patient, "StudyInstanceUID": study, "AccessionNumber": ""}
            dataset = identification(**values, SOPInstanceUID=f"{study}.1")
            instance = (US_IMAGE, f"{study}.1", EXPLICIT, dataset)
            assert send_raw(service.ports["DICOM"], [instance]) == [0]
        wait_for(lambda: any(service.gdt_out.glob("*.gdt")), what="the record")
        yield service


def found(service: Service, model: str, *keys: str, aet: str = "PACS") -> list[str]:
    """Return the final status of DCMTK's query and the UIDs of its answers."""
    status, answers = find(service.ports["DICOM"], model, keys, "-aet", aet)
    return [status, *(answer.StudyInstanceUID for answer in answers)]


def test_what_is_held_is_for_those_who_may_see_it(service: Service) -> None:
    """The same query, by another peer."""
    keys = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID=2.25.9000")

    assert found(service, "-S", *keys) == ["Success"]
    assert found(service, "-S", *keys, aet="DOCTOR") == ["Success", "2.25.9000"]


@pytest.mark.parametrize("aet", ["US01", "ELSEWHERE"])
def test_who_is_no_peer_is_refused_and_shown(service: Service, aet: str) -> None:
    """A device that may store may not ask, nor a peer from another address."""
    keys = ("QueryRetrieveLevel=STUDY", "StudyInstanceUID")

    (status,) = found(service, "-S", *keys, aet=aet)

    assert status == "Unknown Status: 0x124"  # Refused: not authorized
    told = partial(service.command, "attention", "list")
    wait_for(lambda: re.search(rf"{aet}.*nicht abfragen", told().stdout), what="the refusal")
