"""The bridge's DICOMweb beside that of Orthanc's plugin, on the same objects.

Both answer the same, but for what the tables of docs/reference/dicomweb.md have a row for; a row
for what is no longer so fails as well.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pytest
import requests
from PIL import Image
from pydicom import Dataset, dcmread, uid
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.pixels.utils import pixel_array

from tests.tools.foreign import Orthanc, orthanc, orthanc_dicomweb
from tests.tools.ports import free_port
from tests.tools.reading_room import ReadingRoom
from tests.tools.web_objects import STUDIES, kept_objects

pytestmark = [
    pytest.mark.peer,
    pytest.mark.slow,  # starts Orthanc and decodes
    pytest.mark.filterwarnings("ignore:Incorrect value for Specific Character Set"),
]

PLUGIN_VERSION: Final = "1.7"
JSON: Final = "application/dicom+json"
LEVELS: Final = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}
"""UIDs an answer is known by, by what is searched for."""


@dataclass(frozen=True, slots=True)
class Twins:
    """Two servers with the same objects, and the objects' addresses by the kind of each."""

    room: ReadingRoom
    peer: Orthanc
    addresses: dict[str, str] = field(default_factory=dict)

    def keep(self, path: Path) -> str:
        """Have both receive a file; return the object's address."""
        made = dcmread(path, stop_before_pixels=True)
        self.room.practice.arriving = {"TransferSyntaxUID": str(made.file_meta.TransferSyntaxUID)}
        self.room.practice.send_file(path, str(made.SOPClassUID), str(made.SOPInstanceUID))
        self.peer.keep([path])
        study, series = made.StudyInstanceUID, made.SeriesInstanceUID
        return f"/studies/{study}/series/{series}/instances/{made.SOPInstanceUID}"

    def both(self, path: str, accept: str) -> Iterator[requests.Response]:
        """Yield the bridge's answer, then Orthanc's."""
        for server in (self.room.url, self.peer.url):
            yield requests.get(f"{server}/dicom-web{path}", headers={"Accept": accept}, timeout=60)

    def rows(self, path: str) -> Iterator[list[dict[str, Any]] | int]:
        """Yield what both find, addresses without the server's; the status where it is refused."""
        for answer in self.both(path, JSON):
            root = answer.url.partition("/dicom-web")[0] + "/dicom-web"
            text = answer.content.decode().replace(root, "")
            yield json.loads(text) if answer.ok else answer.status_code


@contextmanager
def empty_twins(folder: Path) -> Iterator[Twins]:
    """Run both, without an object."""
    plugins = [str(orthanc_dicomweb())]
    with (
        ReadingRoom(folder) as room,
        orthanc(folder, free_port(), Plugins=plugins) as peer,
    ):
        version = peer.get("/plugins/dicom-web")["Version"]
        if version != PLUGIN_VERSION:
            pytest.skip(f"the tables are about the plugin {PLUGIN_VERSION}, not {version}")
        yield Twins(room, peer)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Twins]:
    """Return both with the objects of `web_objects`."""
    folder = tmp_path_factory.mktemp("twins")
    with empty_twins(folder) as twins:
        for name, path in kept_objects(folder, project).items():
            twins.addresses[name] = twins.keep(path)
        twins.room.practice.wait()
        yield twins


Row: TypeAlias = tuple[str, ...]


def documented(project: Path, title: str) -> dict[Row, str]:
    """Return the rows below a title of the page, and why it is so."""
    page = (project / "docs" / "reference" / "dicomweb.md").read_text("utf-8")
    section = page.partition(f"\n### {title}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert all(len(row) >= 4 and row[-1] for row in cells)
    return {tuple(one.strip("`") for one in row[:-1]): row[-1] for row in cells}


def listed(text: str) -> list[str]:
    """Return the words of a cell."""
    return [one.strip("` ") for one in text.split(",")]


# ---------------------------------------------------------------------------- searching

STUDY, OTHER = STUDIES
SEARCHES: Final = (
    "/studies",
    "/studies?PatientName=*rika*",
    "/studies?PatientName=meier*",
    "/studies?PatientName=*",
    "/studies?PatientName=",
    "/studies?PatientName=Nobody",
    "/studies?00100020=471?",
    "/studies?PatientID=4712",
    "/studies?PatientBirthDate=19600203",
    "/studies?PatientSex=M",
    "/studies?StudyDate=20240115",
    "/studies?StudyDate=20240115-",
    "/studies?StudyDate=-20240115",
    "/studies?StudyDate=20240115-20240116",
    "/studies?StudyTime=1030-11",
    "/studies?AccessionNumber=R1",
    "/studies?AccessionNumber=R*",
    "/studies?StudyID=S1",
    "/studies?StudyDescription=Abd*",
    "/studies?ReferringPhysicianName=Arzt*",
    "/studies?ModalitiesInStudy=SR",
    "/studies?ModalitiesInStudy=DOC,SR",
    f"/studies?StudyInstanceUID={STUDY},{OTHER}",
    "/studies?NoSuchKeyword=1",
    "/studies?00091001=x",
    "/studies?limit=1",
    "/studies?offset=1",
    "/studies?offset=7",
    "/series",
    "/series?Modality=US",
    "/series?SeriesNumber=2",
    "/series?SeriesDescription=Befund",
    "/series?PatientID=4711",
    f"/series?SeriesInstanceUID={STUDY}.1",
    f"/studies/{STUDY}/series",
    f"/studies/{STUDY}/series?Modality=US",
    "/studies/2.25.9/series",
    "/instances",
    "/instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.6.1",
    "/instances?InstanceNumber=1",
    "/instances?NumberOfFrames=3",
    "/instances?Rows=48&Columns=64",
    "/instances?Rows=49",
    "/instances?PatientID=4711&limit=2",
    f"/instances?SOPInstanceUID={STUDY}.1.3",
    f"/studies/{STUDY}/instances",
    f"/studies/{STUDY}/series/{STUDY}.1/instances",
    f"/studies/{OTHER}/series/{STUDY}.1/instances",
)
"""What both find alike."""


def outcome(path: str, rows: list[dict[str, Any]] | int) -> str | set[str]:
    """Return the UIDs that were found, or how a search was refused."""
    if isinstance(rows, int):
        return f"refused ({rows})"
    tag = LEVELS[path.partition("?")[0].rpartition("/")[2]]
    return {str(row[tag]["Value"][0]) for row in rows}


def test_both_find_the_same(twins: Twins) -> None:
    """At each level, by each kind of key; pages are as long."""
    for path in SEARCHES:
        ours, theirs = (outcome(path, rows) for rows in twins.rows(path))
        if "limit" in path or "offset" in path:  # each in its own order
            ours, theirs = str(len(ours)), str(len(theirs))
        assert ours == theirs, path


def test_searches_that_find_otherwise_are_documented(twins: Twins, project: Path) -> None:
    """Each as the page says: how many are found, or how it is refused."""
    rows = documented(project, "Searches")
    for path, *told in rows:
        found = [outcome(path, one) for one in twins.rows(path)]
        assert [one if isinstance(one, str) else str(len(one)) for one in found] == told, path
    assert rows


# ---------------------------------------------------------------------------- what is said

ANSWERS: Final = {
    "studies": "/studies",
    "series": "/series",
    "series of a study": f"/studies/{STUDY}/series",
    "instances": "/instances",
    "instances of a study": f"/studies/{STUDY}/instances",
    "instances of a series": f"/studies/{STUDY}/series/{STUDY}.1/instances",
    "metadata": "",
}


def told(attribute: dict[str, Any] | None) -> str:
    """Return how an attribute is told."""
    if attribute is None:
        return "nothing"
    words = {"Value": "a value", "BulkDataURI": "an address", "InlineBinary": "its bytes"}
    return next((word for key, word in words.items() if key in attribute), "empty")


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the attributes, within items too, that are told otherwise, and how by each."""
    for tag in sorted(ours.keys() | theirs.keys()):
        pair = ours.get(tag), theirs.get(tag)
        name = keyword_for_tag(int(tag, 16)) or tag
        here, there = map(told, pair)
        values = [(one or {}).get("Value", []) for one in pair]
        items = [one for value in values for one in value if isinstance(one, dict)]
        if here != there:
            yield name, here, there
        elif (pair[0] or {}).get("vr") == "SQ" and items and len(values[0]) == len(values[1]):
            for left, right in zip(*values, strict=True):
                yield from differences(left, right)
        elif here != "an address" and pair[0] != pair[1]:
            yield name, here, "another value"


def test_what_is_said_differs_as_documented(twins: Twins, project: Path) -> None:
    """Attribute by attribute: of each level's matches, and in the metadata of each object."""
    found = set()
    for answer, path in ANSWERS.items():
        paths = [path] if path else [f"{one}/metadata" for one in twins.addresses.values()]
        for ours, theirs in (twins.rows(one) for one in paths):
            assert isinstance(ours, list)
            assert isinstance(theirs, list)
            by_name = [{known(row): row for row in rows} for rows in (ours, theirs)]
            assert by_name[0].keys() == by_name[1].keys()
            for name, row in by_name[0].items():
                found |= {(answer, *one) for one in differences(row, by_name[1][name])}
    rows = documented(project, "Attributes")
    told_of = {
        (answer, attribute, *states)
        for answers, attributes, *states in rows
        for answer in listed(answers)
        for attribute in listed(attributes)
    }
    assert found - told_of == set()
    assert told_of - found == set()


def known(row: dict[str, Any]) -> str:
    """Return the UIDs a match is known by."""
    return " ".join(row[tag]["Value"][0] for tag in LEVELS.values() if tag in row)


# ---------------------------------------------------------------------------- what is sent

IN_PARTS: Final = 'multipart/related; type="{}"; transfer-syntax={}'
BYTES, DICOM = "application/octet-stream", "application/dicom"
ASKED: Final[dict[str, tuple[str, str]]] = {
    "object as stored": ("", IN_PARTS.format(DICOM, "*")),
    "object uncompressed": ("", IN_PARTS.format(DICOM, uid.ExplicitVRLittleEndian)),
    "object without a transfer syntax": ("", f"multipart/related; type={DICOM}"),
    "object by itself": ("", DICOM),
    "frame as stored": ("/frames/1", IN_PARTS.format(BYTES, "*")),
    "frame uncompressed": ("/frames/1", IN_PARTS.format(BYTES, uid.ExplicitVRLittleEndian)),
    "frame without a transfer syntax": ("/frames/1", f"multipart/related; type={BYTES}"),
    "frame as image/jpeg": ("/frames/1", IN_PARTS.format("image/jpeg", uid.JPEGBaseline8Bit)),
    "frame 0": ("/frames/0", IN_PARTS.format(BYTES, "*")),
    "frame 99": ("/frames/99", IN_PARTS.format(BYTES, "*")),
    "picture": ("/rendered", "image/png"),
    "picture of a frame": ("/frames/1/rendered", "image/jpeg"),
    "picture in 32 x 32": ("/rendered?viewport=32,32", "image/jpeg"),
}
"""Ends of an object's address, and what is accepted."""


def part_of(answer: requests.Response) -> tuple[str, bytes]:
    """Return type and bytes of what an answer has one of."""
    kind = answer.headers["Content-Type"]
    if not kind.startswith("multipart"):
        return kind, answer.content
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    head, _, body = answer.content.split(b"--" + boundary)[1].partition(b"\r\n\r\n")
    (said,) = re.findall(rb"(?i)content-type: (.*)", head)
    return said.decode().strip(), body.removesuffix(b"\r\n")


def sent(answer: requests.Response) -> tuple[str, str, object]:
    """Return status or type, transfer syntax, and what is to be the same."""
    if not answer.ok:
        return f"{answer.status_code}", "", None
    kind, data = part_of(answer)
    media_type, _, syntax = kind.partition("; transfer-syntax=")
    if media_type.startswith("image/") and "/rendered" in answer.url:
        with Image.open(io.BytesIO(data)) as picture:
            return media_type, "", " x ".join(map(str, picture.size))
    if media_type != DICOM:
        return media_type, syntax, data.rstrip(b"\0")
    made = dcmread(io.BytesIO(data))
    return media_type, str(made.file_meta.TransferSyntaxUID), comparable(made, data)


def comparable(made: Dataset, data: bytes) -> object:
    """Return what an object says and shows, however its pixels are laid out."""
    if "PixelData" not in made:
        return data
    return np.asarray(pixel_array(made, raw=True)).tobytes()


def told_apart(ours: requests.Response, theirs: requests.Response) -> tuple[str, str] | None:
    """Return the first in which two answers differ, or None."""
    for here, there in zip(sent(ours), sent(theirs), strict=True):
        if here != there:
            if isinstance(here, str) and isinstance(there, str):
                return here, there
            return "bytes", "other bytes"
    return None


def test_what_is_sent_differs_as_documented(twins: Twins, project: Path) -> None:
    """Status, type, transfer syntax, bytes of frames and objects, sizes of pictures."""
    found = set()
    for asked, (end, accept) in ASKED.items():
        for name, address in twins.addresses.items():
            ours, theirs = twins.both(address + end, accept)
            if (told := told_apart(ours, theirs)) is not None:
                found.add((asked, name, *told))
    rows = documented(project, "Objects, frames and pictures")
    told_of = {
        (asked, name, *states)
        for several, names, *states in rows
        for asked in listed(several)
        for name in listed(names)
    }
    assert found - told_of == set()
    assert told_of - found == set()


PIXELS: Final = (
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames"),
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("FrameTime", "FrameTimeVector", "WindowCenter", "WindowWidth", "PixelSpacing"),
)


def alone(rows: list[dict[str, Any]] | int) -> dict[str, Any]:
    """Return the one object that is told of."""
    assert isinstance(rows, list)
    (row,) = rows
    return row


def test_real_images_are_told_and_sent_alike(tmp_path: Path, corpus: Path) -> None:
    """What a viewer needs of the pixels, and the first frame and the last, as they are stored."""
    compared = 0
    with empty_twins(tmp_path) as twins:
        for path in sorted((corpus / "images").glob("*.dcm")):
            if path.stem != "GH364":  # Orthanc takes it for no DICOM file
                compared += compare_frames(twins, twins.keep(path), path.name)
    assert compared >= 8


def compare_frames(twins: Twins, address: str, name: str) -> int:
    """Compare an image's pixels as both tell and send them; return how many frames both sent."""
    compared = 0
    ours, theirs = (alone(rows) for rows in twins.rows(f"{address}/metadata"))
    for keyword in PIXELS:
        tag = f"{tag_for_keyword(keyword):08X}"
        assert ours.get(tag) == theirs.get(tag), (name, keyword)
    last = dict(ours.get("00280008", {})).get("Value", [1])[0]
    for number in (1, last):
        here, there = twins.both(f"{address}/frames/{number}", IN_PARTS.format(BYTES, "*"))
        assert here.ok, name
        if there.ok:  # of pixels in odd fragments Orthanc finds no frames
            compared += 1
            assert sent(here)[1:] == sent(there)[1:], name
    return compared
