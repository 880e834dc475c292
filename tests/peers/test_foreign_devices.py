"""Devices made by others against the whole bridge: dcmjs-dimse, tiny_pacs and Orthanc.

None of them shares a line with our server, nor with the library it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.filereader import read_file_meta_info
from pydicom.sequence import Sequence
from pydicom.uid import UID

from gdtbridge.simulator.exam import sample_folder
from tests.tools.foreign import ForeignDevice, Orthanc, dcmjs_device, orthanc, tiny_device
from tests.tools.ports import free_port
from tests.tools.service import Service, service
from tests.tools.surgery import Surgery, person

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # starts peers and a whole service

MUELLER = person("4711", "Müller^Änne", "12.03.1958")
SEEN = ("PatientName", "PatientID", "AccessionNumber", "RequestedProcedureDescription")


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a running service."""
    with service(tmp_path_factory.mktemp("bridge")) as running:
        yield running


@pytest.fixture(scope="module")
def accession(bridge: Service) -> str:
    """Return the number of the one order on the list."""
    return Surgery(bridge).order(MUELLER, procedure="Schilddrüse")


@pytest.fixture(scope="module")
def orthanc_peer(bridge: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Return an Orthanc that knows the bridge."""
    with orthanc(tmp_path_factory.mktemp("orthanc"), free_port()) as peer:
        peer.know(bridge.ports["DICOM"])
        yield peer


@pytest.fixture
def dcmjs() -> ForeignDevice:
    """Return a device made of dcmjs-dimse."""
    return dcmjs_device()


@pytest.fixture
def tiny() -> ForeignDevice:
    """Return a device made of tiny_pacs."""
    return tiny_device()


def copies(folder: Path, study: int) -> list[Path]:
    """Write an image and a report of an exam of nobody's order; return the files."""
    files = []
    for number, sample in enumerate(("images/echo-1.dcm", "sr/abdomen.dcm"), start=1):
        ds = dcmread(sample_folder() / sample)
        ds.StudyInstanceUID = UID(f"2.25.{study}")
        ds.SeriesInstanceUID = UID(f"2.25.{study}.{number}")
        ds.SOPInstanceUID = UID(f"2.25.{study}.{number}.1")
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        files.append(folder / f"{number}.dcm")
        ds.save_as(files[-1])
    return files


def is_kept(bridge: Service, files: list[Path]) -> bool:
    """Return whether the bridge has every one of the files."""
    uids = [read_file_meta_info(file).MediaStorageSOPInstanceUID for file in files]
    return all(bridge.has(uid) for uid in uids)


def query_of(*elements: str) -> Dataset:
    """Return a worklist query for today's ultrasound that asks for ``elements``."""
    query, step = Dataset(), Dataset()
    query.SpecificCharacterSet = "ISO_IR 192"
    for keyword in (*elements, "StudyInstanceUID"):
        setattr(query, keyword, None)
    step.Modality = "US"
    step.ScheduledProcedureStepStartDate = None
    query.ScheduledProcedureStepSequence = Sequence([step])
    return query


def expected(accession: str) -> list[str]:
    """Return what every device shows of the order."""
    return ["Müller^Änne", "4711", accession, "Schilddrüse"]


def test_dcmjs_dimse_asks_the_worklist(
    bridge: Service, accession: str, dcmjs: ForeignDevice
) -> None:
    """The entry is found, its letters are right, and the end is a success."""
    query = {
        "SpecificCharacterSet": "ISO_IR 192",
        **dict.fromkeys((*SEEN, "StudyInstanceUID"), ""),
        "ScheduledProcedureStepSequence": [{"Modality": "US", "ScheduledStationAETitle": ""}],
    }
    ((pending, done),) = dcmjs.play(bridge.ports["DICOM"], ("worklist", {"query": query}))

    assert (pending["status"], done["status"]) == (0xFF00, 0)
    found = pending["elements"]
    name = found["PatientName"][0]["Alphabetic"]
    assert [name, *(found[keyword] for keyword in SEEN[1:])] == expected(accession)
    (step,) = found["ScheduledProcedureStepSequence"]
    assert step["ScheduledStationAETitle"] == "US01"
    assert found["StudyInstanceUID"].startswith("2.25.")


def test_dcmjs_dimse_sends_an_exam(bridge: Service, dcmjs: ForeignDevice, tmp_path: Path) -> None:
    """Image and report of one association are kept."""
    files = copies(tmp_path, 711001)
    names = [str(file) for file in files]

    echo, sent = dcmjs.play(bridge.ports["DICOM"], ("echo", {}), ("store", {"files": names}))

    assert [one["status"] for one in (*echo, *sent)] == [0, 0, 0]
    assert is_kept(bridge, files)


def test_tiny_pacs_asks_the_worklist(bridge: Service, accession: str, tiny: ForeignDevice) -> None:
    """The entry is found with pynetdicom2, its letters are right, and the end is a success."""
    query = query_of(*SEEN).to_json_dict()

    ((pending, done),) = tiny.play(bridge.ports["DICOM"], ("worklist", {"query": query}))

    assert (pending[0], done[0]) == (0xFF00, 0)
    found = Dataset.from_json(pending[1])
    assert [str(found[keyword].value) for keyword in SEEN] == expected(accession)


def test_tiny_pacs_sends_an_exam(bridge: Service, tiny: ForeignDevice, tmp_path: Path) -> None:
    """Image and report, each in an association of its own, are kept."""
    files = copies(tmp_path, 711002)
    names = [str(file) for file in files]

    echo, sent = tiny.play(bridge.ports["DICOM"], ("echo", {}), ("store", {"files": names}))

    assert (echo, sent) == ([0], [0, 0])
    assert is_kept(bridge, files)


def test_orthanc_asks_the_worklist(accession: str, orthanc_peer: Orthanc) -> None:
    """Orthanc's find-worklist shows the entry with its letters."""
    step: dict[str, Any] = {"Modality": "US", "ScheduledStationAETitle": ""}
    query = dict.fromkeys(SEEN, "") | {"ScheduledProcedureStepSequence": [step]}

    (found,) = orthanc_peer.post("/modalities/bridge/find-worklist", query)

    assert [found[keyword] for keyword in SEEN] == expected(accession)
    assert found["ScheduledProcedureStepSequence"][0]["ScheduledStationAETitle"] == "US01"


def test_orthanc_sends_an_exam(bridge: Service, orthanc_peer: Orthanc, tmp_path: Path) -> None:
    """What Orthanc forwards is kept."""
    files = copies(tmp_path, 711003)

    orthanc_peer.post("/modalities/bridge/echo", {})
    done = orthanc_peer.post("/modalities/bridge/store", orthanc_peer.keep(files))

    assert (done["InstancesCount"], done["FailedInstancesCount"]) == (2, 0)
    assert is_kept(bridge, files)
