"""Devices made by others against the whole bridge: dcmjs-dimse, tiny_pacs and Orthanc.

None of them shares a line with our server, nor with the library it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.sequence import Sequence
from pydicom.uid import UID

from gdtbridge.simulator.exam import read_sample, sample_folder
from tests.tools.foreign import ForeignDevice, Orthanc, dcmjs_device, orthanc, tiny_device
from tests.tools.ports import free_port
from tests.tools.service import Service, service
from tests.tools.surgery import QUICK, TODAY, Surgery, da, person
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # starts peers and a whole service

JOERG = person("4712", "Müller^Jörg", "13.03.1958", "M")
MUELLER = person("4711", "Müller^Änne", "12.03.1958")
DEVICE = '[[device]]\naet = "{aet}"\nhost = "127.0.0.1"\nport = {port}\n'
SAME_ASSOCIATION = '[[device]]\naet = "DCMJS2"\ncommitment = "same"\n'
MISSING = "2.25.404"
"""SOP Instance UID of an object nobody sent."""
SEEN = ("PatientName", "PatientID", "AccessionNumber", "RequestedProcedureDescription")


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """Return the port each device that asks for commitment listens on, by its AE title."""
    return {aet: free_port() for aet in ("DCMJS", "TINY", "ORTHANC")}


@pytest.fixture(scope="module")
def bridge(ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a running service that knows where the devices are."""
    root = tmp_path_factory.mktemp("bridge")
    tables = [DEVICE.format(aet=aet, port=port) for aet, port in ports.items()]
    (root / "gdtbridge.toml").write_text("\n".join([*tables, SAME_ASSOCIATION]), encoding="utf-8")
    with service(root, **QUICK, commitment__wait_seconds="1") as running:
        yield running


@pytest.fixture(scope="module")
def accession(bridge: Service) -> str:
    """Return the number of an order on the list."""
    return Surgery(bridge).order(MUELLER, procedure="Schilddrüse")


@pytest.fixture(scope="module")
def orthanc_peer(
    bridge: Service, ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Orthanc]:
    """Return an Orthanc that knows the bridge."""
    with orthanc(tmp_path_factory.mktemp("orthanc"), ports["ORTHANC"]) as peer:
        peer.know(bridge.ports["DICOM"])
        yield peer


@pytest.fixture
def dcmjs(ports: dict[str, int]) -> ForeignDevice:
    """Return a device made of dcmjs-dimse."""
    return dcmjs_device("DCMJS", ports["DCMJS"])


@pytest.fixture
def tiny(ports: dict[str, int]) -> ForeignDevice:
    """Return a device made of tiny_pacs."""
    return tiny_device("TINY", ports["TINY"])


def copies(folder: Path, study: str, **elements: str) -> list[Path]:
    """Write an image and a report of one study; return the files."""
    files = []
    for number, sample in enumerate(("images/echo-1.dcm", "sr/abdomen.dcm"), start=1):
        ds = read_sample(sample_folder() / sample)
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.StudyDate = da(TODAY)
        ds.StudyInstanceUID = UID(study)
        ds.SeriesInstanceUID = UID(f"{study}.{number}")
        ds.SOPInstanceUID = UID(f"{study}.{number}.1")
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        for keyword, value in elements.items():
            setattr(ds, keyword, value)
        files.append(folder / f"{number}.dcm")
        ds.save_as(files[-1])
    return files


def referenced(files: list[Path], *missing: str) -> list[tuple[str, str]]:
    """Return SOP class and UID of each file, and of images nobody sent."""
    metas = [read_file_meta_info(file) for file in files]
    kept = [(str(m.MediaStorageSOPClassUID), str(m.MediaStorageSOPInstanceUID)) for m in metas]
    return [*kept, *((kept[0][0], uid) for uid in missing)]


def named(references: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Return references as dcmjs writes and reads them."""
    keywords = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")
    return [dict(zip(keywords, one, strict=True)) for one in references]


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
    files = copies(tmp_path, "2.25.711001")
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
    files = copies(tmp_path, "2.25.711002")
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
    files = copies(tmp_path, "2.25.711003")

    orthanc_peer.post("/modalities/bridge/echo", {})
    done = orthanc_peer.post("/modalities/bridge/store", orthanc_peer.keep(files))

    assert (done["InstancesCount"], done["FailedInstancesCount"]) == (2, 0)
    assert is_kept(bridge, files)


def test_dcmjs_dimse_tells_of_a_step(bridge: Service, dcmjs: ForeignDevice, tmp_path: Path) -> None:
    """A step begun and completed by N-CREATE and N-SET ends its order; its objects are a result."""
    surgery = Surgery(bridge)
    number = surgery.order(JOERG, procedure="Abdomen")
    study = surgery.study_of(number)
    who = {"PatientID": JOERG.id, "PatientName": JOERG.person_name}
    files = copies(tmp_path, study, **who, PatientBirthDate=JOERG.birth_date_da)
    uid = "2.25.711004"
    begun = {
        "SpecificCharacterSet": "ISO_IR 192",
        **who,
        "PerformedProcedureStepStatus": "IN PROGRESS",
        "PerformedProcedureStepID": "1",
        "Modality": "US",
        "ScheduledStepAttributesSequence": [
            {"StudyInstanceUID": study, "AccessionNumber": number, "RequestedProcedureID": number}
        ],
    }
    images, reports = ([one] for one in named(referenced(files)))
    series = {
        "SeriesInstanceUID": f"{study}.1",
        "ReferencedImageSequence": images,
        "ReferencedNonImageCompositeSOPInstanceSequence": reports,
    }
    ended = {"PerformedProcedureStepStatus": "COMPLETED", "PerformedSeriesSequence": [series]}
    port = bridge.ports["DICOM"]

    (begins,) = dcmjs.play(port, ("create", {"uid": uid, "elements": begun}))
    names = [str(file) for file in files]
    change = ("set", {"uid": uid, "elements": ended})
    ends, again, _ = dcmjs.play(port, change, change, ("store", {"files": names}))
    wait_for(lambda: len(surgery.chart(JOERG.id)) == 2, what="both records of the exam")

    assert surgery.held(study) == []
    assert [(one["status"], one["uid"]) for one in (*begins, *ends, *again)] == [(0, uid)] * 3
    assert surgery.order_state(number) == "done"


@pytest.mark.parametrize("same", [False, True], ids=["new association", "same association"])
def test_dcmjs_dimse_asks_for_commitment(
    bridge: Service, ports: dict[str, int], tmp_path: Path, *, same: bool
) -> None:
    """What was kept is told apart from what was not, on the association the device is told by."""
    device = dcmjs_device("DCMJS2") if same else dcmjs_device("DCMJS", ports["DCMJS"])
    files = copies(tmp_path, f"2.25.71100{5 + same}")
    asked = referenced(files, MISSING)
    transaction = f"2.25.71105{same:d}"
    elements = {"TransactionUID": transaction, "ReferencedSOPSequence": named(asked)}

    sent, (answer, report) = device.play(
        bridge.ports["DICOM"],
        ("store", {"files": [str(file) for file in files]}),
        ("commit", {"elements": elements, "same": same}),
    )

    assert [one["status"] for one in (*sent, answer)] == [0, 0, 0]
    assert (report["type"], report["TransactionUID"]) == (2, transaction)
    kept = [one["ReferencedSOPInstanceUID"] for one in report["ReferencedSOPSequence"]]
    (failed,) = report["FailedSOPSequence"]
    assert sorted(kept) == sorted(uid for _, uid in asked[:-1])
    assert (failed["ReferencedSOPInstanceUID"], failed["FailureReason"]) == (MISSING, 0x0112)


def test_tiny_pacs_asks_for_commitment(
    bridge: Service, tiny: ForeignDevice, tmp_path: Path
) -> None:
    """pynetdicom2 takes the report on an association of the bridge's."""
    files = copies(tmp_path, "2.25.711007")
    asked = referenced(files, MISSING)

    sent, (status, report) = tiny.play(
        bridge.ports["DICOM"],
        ("store", {"files": [str(file) for file in files]}),
        ("commit", {"transaction": "2.25.711057", "references": asked}),
    )

    assert (sent, status) == ([0, 0], 0)
    assert report["transaction"] == "2.25.711057"
    assert sorted(map(tuple, report["kept"])) == sorted(asked[:-1])
    assert report["failed"] == [[*asked[-1], 0x0112]]


def test_orthanc_asks_for_commitment(
    bridge: Service, orthanc_peer: Orthanc, tmp_path: Path
) -> None:
    """Orthanc's own report says that all of it is kept, and of an object that is not."""
    files = copies(tmp_path, "2.25.711008")
    orthanc_peer.post("/modalities/bridge/store", orthanc_peer.keep(files))
    asked = [list(one) for one in referenced(files, MISSING)]

    began = orthanc_peer.post("/modalities/bridge/storage-commitment", {"DicomInstances": asked})

    def report() -> Any:
        return orthanc_peer.get(f"/storage-commitment/{began['ID']}")

    wait_for(lambda: report()["Status"] != "Pending", what="the report at Orthanc")
    found = report()
    assert found["Status"] == "Failure"
    assert sorted(one["SOPInstanceUID"] for one in found["Success"]) == sorted(
        uid for _, uid in asked[:-1]
    )
    assert [one["SOPInstanceUID"] for one in found["Failures"]] == [MISSING]
