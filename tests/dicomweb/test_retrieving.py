"""WADO-RS: the objects as they leave, in what is accepted, and what they say."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from pydicom import DataElement, Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian
from werkzeug.test import TestResponse

from tests.dicomweb.conftest import STUDY, Services
from tests.pictures.builder import dataset, write
from tests.tools.elements import UNDEFINED, delimiter, element, item
from tests.tools.parts import Part, read_parts

INSTANCE = f"/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.9.2"
ALL = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def parts_of(answer: TestResponse) -> list[Part]:
    """Return the parts of an answer."""
    return read_parts(answer.headers["Content-Type"], answer.data)


def test_a_study_comes_whole_and_as_it_was_received(services: Services) -> None:
    """Each object in a part of its own, byte for byte where nothing was corrected."""
    answer = services.get(f"/studies/{STUDY}", ALL)

    parts = parts_of(answer)
    assert answer.status_code == 200
    assert len(parts) == 4
    archive = services.practice.core.archive.folder
    stored = {path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    assert all(part.content in stored for part in parts)
    assert {part.headers["Content-Type"] for part in parts} == {
        f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
    }
    assert (
        parts[0]
        .headers["Content-Location"]
        .startswith(f"http://localhost/dicom-web/studies/{STUDY}/")
    )


def test_the_boundary_is_another_each_time(services: Services) -> None:
    """So that no pixels can have been made to contain it."""
    kinds = {services.get(INSTANCE, ALL).headers["Content-Type"] for _ in range(3)}

    assert len(kinds) == 3


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "multipart/related"),
        ("*/*", "multipart/related"),
        (ALL, "multipart/related"),
        ("multipart/related; type=application/dicom", "multipart/related"),
        ("application/dicom", "application/dicom"),
        ("application/dicom; transfer-syntax=1.2.840.10008.1.2.1", "application/dicom"),
    ],
)
def test_an_instance_in_parts_or_by_itself(
    services: Services, accept: str | None, kind: str
) -> None:
    """As accepted; the object is the same."""
    answer = services.get(INSTANCE, accept)

    assert answer.headers["Content-Type"].startswith(kind)
    data = parts_of(answer)[0].content if kind.startswith("multipart") else answer.data
    assert dcmread(io.BytesIO(data)).SOPInstanceUID == f"{STUDY}.9.2"


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/studies/2.25.1", ALL, 404),
        (f"/studies/{STUDY}/series/2.25.1", ALL, 404),
        (f"/studies/2.25.99000/series/{STUDY}.1/instances/{STUDY}.9.2", ALL, 404),
        ("/studies/*", ALL, 404),
        ("/studies/x%2Fy", ALL, 404),
        (INSTANCE, "image/jpeg", 406),
        (INSTANCE, "multipart/related; type=application/dicom; transfer-syntax=1.2.3", 406),
        (f"/studies/{STUDY}", "application/dicom", 406),  # one file cannot hold four
    ],
)
def test_what_is_not_there_or_not_accepted(
    services: Services, path: str, accept: str, status: int
) -> None:
    """A wrong parent is as if there were nothing."""
    assert services.get(path, accept).status_code == status


def test_metadata_says_all_but_the_pixels(services: Services) -> None:
    """The same as the object as it leaves; asked again it is not read again."""
    for _ in range(2):
        answer = services.get(f"/studies/{STUDY}/metadata")
        rows = json.loads(answer.data)
        assert answer.headers["Content-Type"] == "application/dicom+json"
        assert sorted(row["00080018"]["Value"][0] for row in rows) == [
            f"{STUDY}.9.{number}" for number in range(1, 5)
        ]
        assert {row["00100010"]["Value"][0]["Alphabetic"] for row in rows} == {"Müller^Änne"}
        assert all("00020010" not in row for row in rows)


def test_long_values_are_had_where_the_metadata_says(services: Services, tmp_path: Path) -> None:
    """At the top and in an item; by itself and in an envelope, and nowhere else."""
    document, inner = bytes(range(256)) * 300, bytes(range(256)) * 5
    within = Dataset()
    within.add(DataElement(0x00420011, "OB", inner))
    made = dataset("1.2.840.10008.5.1.4.1.1.104.1")
    made.StudyInstanceUID, made.SeriesInstanceUID = "2.25.555", "2.25.556"
    made.EncapsulatedDocument = document
    made.ContentSequence = [Dataset(), within]
    path = write(made, tmp_path / "document.dcm")
    services.practice.send_file(path, made.SOPClassUID, made.SOPInstanceUID)

    base = f"/studies/2.25.555/series/2.25.556/instances/{made.SOPInstanceUID}"
    (row,) = json.loads(services.get(f"{base}/metadata").data)
    uris = [row["00420011"]["BulkDataURI"], row["0040A730"]["Value"][1]["00420011"]["BulkDataURI"]]
    paths = [uri.removeprefix("http://localhost/dicom-web") for uri in uris]
    assert [services.get(one).data for one in paths] == [document, inner]
    in_parts = services.get(paths[0], "multipart/related; type=application/octet-stream")
    assert parts_of(in_parts)[0].content == document
    part = services.get(paths[0], Range="bytes=1-2")
    assert (part.status_code, part.data) == (206, document[1:3])
    behind = services.get(paths[1], Range=f"bytes={len(inner)}-")
    assert (behind.status_code, behind.headers["Content-Range"]) == (416, f"bytes */{len(inner)}")
    looked = services.client.head(f"/dicom-web{paths[0]}", buffered=True)
    assert (looked.status_code, looked.data) == (200, b"")
    assert services.get(paths[0], "image/png").status_code == 406
    for wrong in ("0040A730/2/00420011", "0040A730/1", "0040A730/x/00420011", "00100010", "1"):
        assert services.get(f"{base}/bulkdata/{wrong}").status_code == 404


def test_of_items_too_deep_to_be_read_no_value_is_had(services: Services, tmp_path: Path) -> None:
    """That is no fault of the bridge (500); the object is told of, and had as it came."""
    made = dataset("1.2.840.10008.5.1.4.1.1.104.1")
    made.StudyInstanceUID, made.SeriesInstanceUID = "2.25.557", "2.25.558"
    path, deep = write(made, tmp_path / "deep.dcm"), b""
    for _ in range(400):
        deep = element(0x00700001, b"SQ", item(deep, undefined=True), length=UNDEFINED)
        deep += delimiter(0xE0DD)
    path.write_bytes(path.read_bytes() + deep)
    services.practice.send_file(path, made.SOPClassUID, made.SOPInstanceUID)

    base = f"/studies/2.25.557/series/2.25.558/instances/{made.SOPInstanceUID}"
    answers = [
        services.get(f"{base}{end}") for end in ("", "/metadata", "/bulkdata/00700001/0/00420011")
    ]
    assert [one.status_code for one in answers] == [200, 200, 404]


def test_a_corrected_identity_leaves_corrected(services: Services) -> None:
    """Metadata, object and search say the same; what the device said is in the object."""
    practice, study = services.practice, "2.25.31000"
    practice.send(
        StudyInstanceUID=study,
        SeriesInstanceUID=f"{study}.1",
        SOPInstanceUID=f"{study}.9.1",
        PatientID="NOTFALL7",
        PatientName="NOTFALL",
        PatientBirthDate="",
    )
    practice.wait()
    address = f"/studies/{study}/series/{study}.1/instances/{study}.9.1"
    before = services.get(address, "application/dicom").headers["ETag"]
    practice.core.held.release(study, "4711")
    practice.wait()
    after = services.get(address, "application/dicom", **{"If-None-Match": before})

    (row,) = json.loads(services.get(f"/studies/{study}/metadata").data)
    leaving = dcmread(io.BytesIO(parts_of(services.get(f"/studies/{study}", ALL))[0].content))
    (found,) = services.found(f"/studies?StudyInstanceUID={study}")
    assert leaving.PatientID == "4711"
    assert (after.status_code, "Accept-Ranges" in after.headers) == (200, False)
    assert after.headers["ETag"] not in {before, f"W/{before}"}  # nobody goes on showing the other
    for said in (row, found):
        assert said["00100020"]["Value"] == ["4711"]
        assert said["00100010"] == {"vr": "PN"}  # the device's name goes nowhere
    (original,) = leaving.OriginalAttributesSequence
    assert original.ModifiedAttributesSequence[0].PatientID == "NOTFALL7"
    assert row["04000561"]["Value"]


def test_an_object_is_had_in_parts(services: Services) -> None:
    """Where it leaves byte for byte: a connection that broke off is gone on with (RFC 9110 14)."""
    whole = services.get(INSTANCE, "application/dicom")
    tag = whole.headers["ETag"]
    rest = {"Range": "bytes=100-", "If-Range": tag}
    part = services.get(INSTANCE, "application/dicom", **rest)
    other = services.get(INSTANCE, "application/dicom", **rest | {"If-Range": '"another"'})

    assert whole.headers["Accept-Ranges"] == "bytes"
    assert int(whole.headers["Content-Length"]) == len(whole.data)
    assert (part.status_code, part.data) == (206, whole.data[100:])
    assert part.headers["Content-Range"] == f"bytes 100-{len(whole.data) - 1}/{len(whole.data)}"
    assert part.headers["Content-Location"] == whole.headers["Content-Location"]
    assert (other.status_code, other.data) == (200, whole.data)
