"""The hands-on of FHIR and DICOMweb, start to end, with a whole service and DCMTK's ``storescu``.

A patient is found by FHIR, then the study, by its Endpoint the archive; there its structure, one
object, and in one answer all of it. What was sent is what is got: the bytes of the data sets are
compared. File meta information is the archive's own (PS3.10 7.1: who wrote the file says so).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from pydicom import Dataset, dcmread, uid

from tests.tools.dcmtk import dataset_bytes, dcmtk
from tests.tools.numbered import as_jpeg, deep_still, jpeg_loop, native_loop
from tests.tools.parts import read_parts
from tests.tools.service import service
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # sends with DCMTK to a whole service

STUDY, SERIES = "2.25.2017", "2.25.2018"
STILL, LOSSY, PLAIN = (f"{SERIES}.{number}" for number in (1, 2, 3))
"""A still in Explicit VR, a loop in JPEG Baseline, and one in Implicit VR."""
ALL: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
FILES: Final = 'multipart/related; type="application/dicom"'
SECONDS = 60
PRINTED: Final = "http://127.0.0.1:8080"
"""Where the service is in the documents' examples."""
FAILING_CURL: Final = 'curl() { command curl --silent --show-error --fail --max-time 60 "$@"; }\n'


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who knows where the service is, and has the files that were sent."""

    server: str
    sent: dict[str, Path]

    @property
    def fhir(self) -> str:
        """The base of FHIR."""
        return f"{self.server}/fhir"

    def find(self, query: str) -> list[dict[str, Any]]:
        """Return the resources a search finds."""
        answer = requests.get(f"{self.fhir}/{query}", timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        return [entry["resource"] for entry in answer.json().get("entry", ())]

    def archive(self) -> tuple[str, str]:
        """Return what leads from a name to the archive and to a study in it, by FHIR alone."""
        (patient,) = self.find("Patient?family=m%C3%BCller&birthdate=1958-12-24")
        studies = self.find(f"ImagingStudy?patient={patient['id']}&_include=ImagingStudy:endpoint")
        (study,) = (one for one in studies if one["resourceType"] == "ImagingStudy")
        (endpoint,) = self.find("Endpoint?connection-type=dicom-wado-rs")
        assert endpoint in studies  # beside the study, as it was asked for
        named = {one["reference"] for one in study["endpoint"]}
        assert f"Endpoint/{endpoint['id']}" in named
        (identifier,) = (one for one in study["identifier"] if one.get("system") == "urn:dicom:uid")
        return endpoint["address"], identifier["value"].removeprefix("urn:oid:")

    def same(self, got: bytes, folder: Path) -> str:
        """Fail unless an object has the data set that was sent, byte for byte; return its UID."""
        path = folder / "got.dcm"
        path.write_bytes(got)
        read = dcmread(path)
        number = str(read.SOPInstanceUID)
        if number == PLAIN:  # nothing leaves in Implicit VR (PS3.18 8.7.3)
            assert read.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
            assert values(read) == values(dcmread(self.sent[number]))
        else:
            assert dataset_bytes(path) == dataset_bytes(self.sent[number])
        return number


def values(made: Dataset) -> dict[int, object]:
    """Return what an object says, however it is encoded."""
    return {int(element.tag): element.value for element in made}


def written(made: Dataset, number: str, folder: Path) -> Path:
    """Write an object of the one study."""
    made.SpecificCharacterSet = "ISO_IR 100"
    made.PatientID, made.PatientName, made.PatientSex = "4711", "Müller^Änne", "F"
    made.PatientBirthDate, made.StudyDate, made.StudyTime = "19581224", "20171115", "103015"
    made.AccessionNumber = ""
    made.StudyInstanceUID, made.SeriesInstanceUID = STUDY, SERIES
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid.UID(number)
    made.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    return folder / f"{number}.dcm"


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Return a service that a device has sent a study to, in three transfer syntaxes."""
    folder = tmp_path_factory.mktemp("sent")
    implicit = native_loop(range(2))
    implicit.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian
    implicit["PixelData"].VR = "OW"
    sent = {
        STILL: written(deep_still(), STILL, folder),
        LOSSY: written(jpeg_loop(map(as_jpeg, range(1, 4))), LOSSY, folder),
        PLAIN: written(implicit, PLAIN, folder),
    }
    proposed = {STILL: "-xe", LOSSY: "-xy", PLAIN: "-xi"}
    with service(tmp_path_factory.mktemp("bridge"), exam__quiet_seconds="0.3") as bridge:
        for number, path in sent.items():
            done = dcmtk("storescu", proposed[number], "127.0.0.1", bridge.ports["DICOM"], path)
            assert done.returncode == 0, done.stderr
        wait_for(bridge.settled, what="the end of the exam")
        yield Newcomer(f"http://127.0.0.1:{bridge.ports['HTTP']}", sent)


def test_from_a_name_to_an_object(newcomer: Newcomer, tmp_path: Path) -> None:
    """FHIR leads to the archive, which tells the study's structure and gives one of its objects."""
    archive, study = newcomer.archive()
    assert study == STUDY

    series = requests.get(f"{archive}/studies/{study}/series", timeout=SECONDS).json()
    assert [one["0020000E"]["Value"] for one in series] == [[SERIES]]
    place = f"{archive}/studies/{study}/series/{SERIES}/instances"
    found = requests.get(place, timeout=SECONDS).json()
    assert {one["00080018"]["Value"][0] for one in found} == newcomer.sent.keys()

    for one in found:
        object_ = requests.get(
            one["00081190"]["Value"][0],
            headers={"Accept": "application/dicom; transfer-syntax=*"},
            timeout=SECONDS,
        )
        assert newcomer.same(object_.content, tmp_path) == one["00080018"]["Value"][0]


@pytest.mark.parametrize("accept", [ALL, FILES, None], ids=["as stored", "no syntax", "no word"])
def test_the_whole_study_is_what_was_sent(
    newcomer: Newcomer, tmp_path: Path, accept: str | None
) -> None:
    """In one answer, byte for byte; a loop that is there in lossy JPEG alone always comes so."""
    archive, study = newcomer.archive()
    headers = {"Accept": accept} if accept else {}
    answer = requests.get(f"{archive}/studies/{study}", headers=headers, timeout=SECONDS)

    assert answer.status_code == 200
    parts = read_parts(answer.headers["Content-Type"], answer.content)
    got = {newcomer.same(part.content, tmp_path): part for part in parts}
    assert got.keys() == newcomer.sent.keys()
    assert len(parts) == len(newcomer.sent)
    syntaxes = dict.fromkeys(got, uid.ExplicitVRLittleEndian) | {LOSSY: uid.JPEGBaseline8Bit}
    for number, part in got.items():
        assert part.headers["Content-Type"] == (
            f"application/dicom; transfer-syntax={syntaxes[number]}"
        )


@pytest.mark.parametrize("name", ["dicomweb", "fhir", "ups"])
def test_the_examples_of_the_documents_run(
    newcomer: Newcomer, project: Path, tmp_path: Path, name: str
) -> None:
    """As they are written, one after the other; what was fetched is what is stored again."""
    program = shutil.which("bash")
    if program is None or shutil.which("curl") is None:
        pytest.skip("bash or curl is not installed")
    text = (project / "docs" / "reference" / f"{name}.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    said = {"STUDY": STUDY, "SERIES": SERIES, "INSTANCE": STILL, "TOKEN": ""}
    done = subprocess.run(
        [program, "-euc", FAILING_CURL + "".join(blocks).replace(PRINTED, newcomer.server)],
        env={"PATH": os.environ["PATH"], **said},
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=2 * SECONDS,
    )
    assert blocks
    assert done.returncode == 0, done.stderr
