"""What one tries first with an archive, command by command, with DCMTK's tools.

Verification, storing with and without the JPEG contexts, queries of each model at each level,
moving to ``storescp`` and to another archive, getting by a query file that ``dump2dcm`` made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import UID

from gdtbridge.simulator.exam import read_sample, sample_folder
from tests.tools.dcmtk import by_uid, dataset_bytes, dcmtk, final_status, find, storescp
from tests.tools.elements import US_IMAGE
from tests.tools.ports import free_port
from tests.tools.service import Service, service
from tests.tools.surgery import QUICK, TODAY, Surgery, da, person
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # asks DCMTK and starts a whole service

PATIENT = person("4711", "Müller^Änne", "24.12.1958")
STUDY = "2.25.4711000"
SERIES = (f"{STUDY}.1", f"{STUDY}.2")
IMAGE = f"{STUDY}.1.1"
"""The image, stored in JPEG Lossless; the report is the only object of the other series."""
PEER = '[[peer]]\naet = "{aet}"\nhost = "127.0.0.1"\nport = {port}\n'
MODELS = {"-P": "Patient Root", "-S": "Study Root", "-O": "Patient/Study Only"}
LEVELS = {
    "PATIENT": ("PatientID=4711",),
    "STUDY": ("PatientID=4711", f"StudyInstanceUID={STUDY}"),
    "SERIES": ("PatientID=4711", f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={SERIES[0]}"),
    "IMAGE": (
        *("PatientID=4711", f"StudyInstanceUID={STUDY}", f"SeriesInstanceUID={SERIES[0]}"),
        f"SOPInstanceUID={IMAGE}",
    ),
}
"""The unique keys down to each level."""
ASKED: dict[str, dict[str, object]] = {
    "PATIENT": {"PatientName": "Müller^Änne", "NumberOfPatientRelatedInstances": 2},
    "STUDY": {"ModalitiesInStudy": ["SR", "US"], "NumberOfStudyRelatedInstances": 2},
    "SERIES": {"Modality": "US", "NumberOfSeriesRelatedInstances": 1},
    "IMAGE": {
        "Modality": "US",
        "PatientName": "Müller^Änne",
        "SOPClassUID": US_IMAGE,
        "PerformedProcedureStepDescription": "",  # no key of ours
    },
}
"""What each level is asked beside its unique keys, and what is answered."""
OBJECTS = {"PATIENT": 2, "STUDY": 2, "SERIES": 1, "IMAGE": 1}
"""How many objects those name."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A running bridge with an exam that was sent by ``storescu``, and where it may send to."""

    bridge: Service
    sent: dict[str, Path]
    destination: int

    @property
    def port(self) -> int:
        """Where the bridge speaks DICOM."""
        return self.bridge.ports["DICOM"]

    def keys(self, level: str, *more: str) -> list[str]:
        """Return the keys of a query or retrieval at a level."""
        return [f"QueryRetrieveLevel={level}", *LEVELS[level], *more]

    def move(self, model: str, level: str) -> str:
        """Have the bridge send to ``STORESCP``; return how movescu names the last response."""
        keys = [word for key in self.keys(level) for word in ("-k", key)]
        to = ("-aem", "STORESCP", "127.0.0.1", self.port)
        return final_status(dcmtk("movescu", "-v", model, *keys, *to))

    def compare(self, folder: Path, count: int) -> None:
        """Find in ``folder`` so many objects of the exam, each as it is kept, byte for byte."""
        arrived, kept = by_uid(folder), by_uid(self.bridge.archive)
        assert len(arrived) == count
        for uid, path in arrived.items():
            assert dataset_bytes(path) == dataset_bytes(kept[uid]), uid


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the files of an exam by SOP Instance UID: a JPEG image, and a report."""
    folder = tmp_path_factory.mktemp("sent")
    made = {}
    for number, sample in enumerate(("images/echo-1.dcm", "sr/echo.dcm")):
        dataset = read_sample(sample_folder() / sample)
        uid = f"{SERIES[number]}.1"
        named = {"PatientID": PATIENT.id, "PatientName": PATIENT.person_name, "PatientSex": "F"}
        named |= {"PatientBirthDate": PATIENT.birth_date_da, "StudyDate": da(TODAY)}
        named |= {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES[number]}
        named |= {
            "SpecificCharacterSet": "ISO_IR 100",
            "AccessionNumber": "",
            "SOPInstanceUID": uid,
        }
        for keyword, value in named.items():
            setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
        dataset.save_as(folder / f"{number}.dcm")
        made[uid] = folder / f"{number}.dcm"
    plain = made[IMAGE].rename(folder / "plain.dcm")
    assert dcmtk("dcmcjpeg", plain, made[IMAGE]).returncode == 0
    return made


@pytest.fixture(scope="module")
def tried(sent: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """Return a bridge whose peers are the titles DCMTK's tools call themselves by."""
    root, port = tmp_path_factory.mktemp("bridge"), free_port()
    titles = {"FINDSCU": 104, "MOVESCU": 104, "GETSCU": 104, "STORESCP": port}
    peers = [PEER.format(aet=aet, port=at) for aet, at in titles.items()]
    (root / "gdtbridge.toml").write_text("\n".join(peers), encoding="utf-8")
    with service(root, **QUICK) as bridge:
        stored = dcmtk("storescu", "-v", "-xs", "127.0.0.1", bridge.ports["DICOM"], *sent.values())
        assert (stored.returncode, stored.stderr.count("Response (Success)")) == (0, 2)
        wait_for(bridge.settled, what="the end of the exam")
        yield Tried(bridge, sent, port)


def test_echoscu_is_answered(tried: Tried) -> None:
    """Without a word, or with all of them."""
    quiet = dcmtk("echoscu", "localhost", tried.port)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    told = dcmtk("echoscu", "-v", "localhost", tried.port)
    assert "Received Echo Response (Success)" in told.stderr + told.stdout


def test_storescu_stores_jpeg_only_where_it_proposes_it(tried: Tried, tmp_path: Path) -> None:
    """Without ``-xs`` it converts nothing and says so; with it the object is kept as it is."""
    other = dcmread(tried.sent[IMAGE])
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = UID("2.25.4711001")
    other.save_as(tmp_path / "other.dcm")
    refused = dcmtk("storescu", "127.0.0.1", tried.port, tmp_path / "other.dcm")
    assert refused.returncode != 0
    assert not tried.bridge.has("2.25.4711001")

    kept = by_uid(tried.bridge.archive)
    assert sorted(kept) == sorted(tried.sent)
    for uid, path in tried.sent.items():
        had, has = dcmread(path), dcmread(kept[uid])
        assert has == had
        assert has.file_meta.TransferSyntaxUID == had.file_meta.TransferSyntaxUID
    assert dcmread(kept[IMAGE]).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.70"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("level", LEVELS)
def test_findscu_finds_at_each_level(tried: Tried, model: str, level: str) -> None:
    """The one entity its unique keys name; what is asked for beside them is told."""
    wanted = ASKED[level]

    status, (found,) = find(tried.port, model, tried.keys(level, *wanted))

    assert status == "Success"
    assert {word: found[word].value for word in wanted} == wanted
    assert (found.QueryRetrieveLevel, found.RetrieveAETitle) == (level, "GDTBRIDGE")


def test_findscu_takes_tags_names_and_wildcards(tried: Tried) -> None:
    """The patient by number, by the beginning of the name, and nobody by another one."""
    level = "(0008,0052)=PATIENT"
    latin = "SpecificCharacterSet=ISO_IR 100"
    for keys, count in (
        ([level, "PatientID=4711"], 1),
        ([level, "0010,0020=4711", "PatientName"], 1),
        ([level, "PatientID", "PatientName=M*", latin], 1),
        ([level, "PatientID", "PatientName=A*"], 0),
    ):
        status, found = find(tried.port, "-P", keys)
        assert (status, [one.PatientID for one in found]) == ("Success", ["4711"] * count), keys


def test_findscu_is_refused_until_it_is_entered(tried: Tried) -> None:
    """As a peer of the settings; by the title it calls itself."""
    status, found = find(tried.port, "-P", tried.keys("PATIENT"), "-aet", "STRANGER")
    assert (status, found) == ("Unknown Status: 0x124", [])


def test_findscu_asks_the_worklist(tried: Tried) -> None:
    """An order is on it, whatever the level: a worklist has none."""
    number = Surgery(tried.bridge).order(PATIENT, procedure="Schilddrüse")
    keys = ["PatientID=4711", "AccessionNumber", "ScheduledProcedureStepSequence[0].Modality=US"]

    status, (found,) = find(tried.port, "-W", keys)

    assert (status, found.AccessionNumber) == ("Success", number)


@pytest.mark.parametrize(
    ("model", "level"),
    [*((model, level) for model in ("-P", "-S") for level in LEVELS), ("-O", "STUDY")],
)
def test_movescu_has_the_bridge_send(tried: Tried, tmp_path: Path, model: str, level: str) -> None:
    """To ``storescp``, which takes JPEG too: so many objects, byte for byte as they are kept."""
    with storescp(tmp_path / "moved", tried.destination, "STORESCP", "+xs") as folder:
        assert tried.move(model, level) == "Success"
        tried.compare(folder, OBJECTS[level])


def query_file(folder: Path, level: str) -> Path:
    """Return a query that ``dump2dcm`` made of a text."""
    tags = ("0010,0020) LO", "0020,000d) UI", "0020,000e) UI", "0008,0018) UI")
    values = [key.partition("=")[2] for key in LEVELS[level]]
    lines = [f"(0008,0052) CS [{level}]  # QueryRetrieveLevel"]
    lines += [f"({tag} [{value}]" for tag, value in zip(tags, values, strict=False)]
    (folder / "query.txt").write_text("\n".join(["# all of it", *sorted(lines), ""]))
    assert dcmtk("dump2dcm", folder / "query.txt", folder / "query.dcm").returncode == 0
    return folder / "query.dcm"


@pytest.mark.parametrize("model", ["", "-S"])
@pytest.mark.parametrize("level", LEVELS)
def test_getscu_gets_what_a_query_file_names(
    tried: Tried, tmp_path: Path, model: str, level: str
) -> None:
    """So many objects by its count, byte for byte as they are kept; Patient Root unless told."""
    (tmp_path / "got").mkdir()
    options = ("-v", "+xs", "+B", "-od", "got", *filter(None, [model]))
    where = ("127.0.0.1", tried.port, query_file(tmp_path, level))

    told = dcmtk("getscu", *options, *where, folder=tmp_path)

    counts = re.findall(r"Number of (\w+) Suboperations *: (\d+)", told.stdout + told.stderr)
    done = {"Completed": str(OBJECTS[level]), "Failed": "0", "Warning": "0", "Remaining": "0"}
    assert (final_status(told), dict(counts)) == ("Success", done)
    tried.compare(tmp_path / "got", OBJECTS[level])


def test_getscu_that_takes_no_jpeg_gets_the_same_picture(tried: Tried, tmp_path: Path) -> None:
    """It proposes uncompressed syntaxes only unless told; DCMTK decodes the kept one alike."""
    where = ("127.0.0.1", tried.port, query_file(tmp_path, "IMAGE"))
    told = dcmtk("getscu", "-v", "-od", tmp_path, *where, folder=tmp_path)
    assert final_status(told) == "Success"
    kept = by_uid(tried.bridge.archive)[IMAGE]
    assert dcmtk("dcmdjpeg", kept, tmp_path / "decoded.dcm").returncode == 0

    got = dcmread(next(tmp_path.glob("US.*")))

    assert got.file_meta.TransferSyntaxUID.is_compressed is False
    assert got.PixelData == dcmread(tmp_path / "decoded.dcm").PixelData
