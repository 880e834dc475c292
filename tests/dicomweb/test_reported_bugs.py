"""What broke other servers and their viewers, as it was reported: here it does not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread, uid
from werkzeug.test import TestResponse

from tests.dicomweb.conftest import OCTETS, STUDY, Archive, Services
from tests.dicomweb.test_retrieving import ALL, parts_of
from tests.pictures.builder import (
    PDF,
    document,
    grey_screen,
    image,
    jpeg,
    put_frames,
    screen,
    ybr,
)
from tests.sr import builder as report_builder
from tests.tools.web_objects import dirty, unchecked

pytestmark = pytest.mark.slow  # starts children with decoders

JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
CHROME = "text/html, application/xhtml+xml, application/xml;q=0.9, image/webp, */*;q=0.8"
Colours = tuple[int, int, int]
SERIES = f"/studies/{STUDY}/series/{STUDY}.1"
INSTANCE = f"{SERIES}/instances/{STUDY}.9.2"


def told(answer: TestResponse) -> list[dict[str, dict[str, list[object]]]]:
    """Return the JSON of an answer, read as strictly as a browser reads it."""

    def refuse(word: str) -> object:
        raise AssertionError(word)

    found = json.loads(answer.get_data().decode("utf-8"), parse_constant=refuse)
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/studies?PatientID=nobody",
        "/studies?StudyInstanceUID=2.25.9",
        f"/studies?PatientID=4711&StudyInstanceUID={STUDY}&offset=1",
        "/series?Modality=CT",
        "/instances?InstanceNumber=99",
        "/instances?offset=1000000000",
        "/studies/2.25.9/series",
        "/studies/2.25.9/instances",
        "/studies/2.25.9/series/2.25.9/instances",
        f"/studies/{STUDY}/series/2.25.9/instances",
        f"{SERIES}/instances?offset=2",
    ],
)
def test_nothing_found_is_an_empty_list(services: Services, path: str) -> None:
    """Never 404, a page of HTML or no bytes at all (dcm4chee-arc 3426, slim 51, arc-cdi 22)."""
    answer = services.get(path, "application/dicom+json")

    assert (answer.status_code, answer.data) == (200, b"[]")


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        (f"{SERIES}/metadata", JAVA, "application/dicom+json"),
        (f"{SERIES}/metadata", CHROME, "application/dicom+json"),
        (f"{SERIES}/metadata", "image/webp, */*;q=0.8, text/html", "application/dicom+json"),
        (f"{SERIES}/metadata", "application/json", "application/dicom+json"),
        (f"{SERIES}/metadata", "application/nope", None),
        (f"{SERIES}/metadata", 'multipart/related; type="application/nope"', None),
        (INSTANCE, JAVA, "multipart/related"),
        (INSTANCE, CHROME, "multipart/related"),
        (INSTANCE, "multipart/related", "multipart/related"),
        (INSTANCE, "multipart/related; transfer-syntax=*", "multipart/related"),
        (INSTANCE, "multipart/related; transfer-syntax=nope", None),
        (INSTANCE, "multipart/nope", None),
        (INSTANCE, "multipart/related; type=application/nope", None),
        (INSTANCE, "nope", "multipart/related"),  # no type at all is nothing said
    ],
)
def test_what_browsers_java_and_orthancs_tests_accept(
    services: Services, path: str, accept: str, kind: str | None
) -> None:
    """A type nobody knows beside a good one does no harm (Orthanc 96, 190, 216)."""
    answer = services.get(path, accept)

    if kind is None:
        assert answer.status_code == 406
    else:
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("character_set", "codec", "name", "asked"),
    [
        ("ISO_IR 100", "latin-1", "Äneas^Rüdiger", "äneas*"),
        ("ISO_IR 101", "iso8859-2", "Łuka^Bożena", "łuka*"),
        ("ISO_IR 144", "iso8859-5", "Люксембург", "люкс*"),
        ("ISO_IR 126", "iso8859-7", "Διονυσιος", "διον*"),
        ("ISO_IR 138", "iso8859-8", "שרון^דבורה", "שרון*"),
        ("ISO_IR 127", "iso8859-6", "قباني^لنزار", "قباني*"),
        ("ISO_IR 192", "utf-8", "Çelik^Şengül=王^小東", "çelik*"),
        ("GB18030", "gb18030", "Wang^XiaoDong=王^小东", "wang^xiao*"),
    ],
)
def test_names_in_every_character_set(
    services: Services, character_set: str, codec: str, name: str, asked: str
) -> None:
    """Found in small letters, told in UTF-8 by search and metadata (Orthanc 56, 113)."""
    study = f"2.25.7700{len(codec)}{sum(map(ord, codec))}"
    services.practice.send(
        StudyInstanceUID=study,
        SeriesInstanceUID=f"{study}.1",
        SOPInstanceUID=f"{study}.9",
        SpecificCharacterSet=character_set,
        PatientName=name.encode(codec),
        PatientID=study[-8:],
    )
    services.practice.wait()
    answer = services.client.get(
        "/dicom-web/studies", query_string={"PatientName": asked, "StudyInstanceUID": study}
    )
    (match,), (row,) = told(answer), told(services.get(f"/studies/{study}/metadata"))

    groups = dict(zip(("Alphabetic", "Ideographic"), name.split("="), strict=False))
    for one in (match, row):
        assert one["00100010"]["Value"] == [groups]
        assert one["00080005"]["Value"] == ["ISO_IR 192"]


def test_modalities_are_matched_before_pages_are_cut(services: Services) -> None:
    """So that each page is full, and no study is left out (OHIF 30, Orthanc 1.12.6)."""
    wanted = set()
    for number in range(8):
        study = f"2.25.88{number}0"
        services.practice.send(
            StudyInstanceUID=study,
            SeriesInstanceUID=f"{study}.1",
            SOPInstanceUID=f"{study}.9",
            Modality="CR" if number % 2 else "IVUS",
        )
        wanted |= {study} if number % 2 else set()
    services.practice.wait()

    found: list[str] = []
    for offset in (0, 2):
        page = services.found(f"/studies?ModalitiesInStudy=CR&limit=2&offset={offset}")
        assert len(page) == 2
        found += [row["0020000D"]["Value"][0] for row in page]
    assert sorted(found) == sorted(wanted)
    several = services.found("/studies?ModalitiesInStudy=CR%5CIVUS&limit=5")
    assert len(several) == 5
    assert len(services.found("/studies?ModalitiesInStudy=CR,IVUS")) == 8


# ------------------------------------------------------------------ what is told and sent


def keep_series(archive: Archive, *objects: Dataset) -> str:
    """Have objects of one series received; return the series' address."""
    study, series = uid.generate_uid(), uid.generate_uid()
    for made in objects:
        address = archive.keep(made, study, series)
    return address.rpartition("/instances")[0]


def test_one_dirty_object_spoils_no_series(archive: Archive) -> None:
    """NaN, 33,3 and empty name components are JSON, and the other objects are told."""
    spoils = dirty()
    spoils.add(unchecked("InstanceNumber", "eins"))
    series = keep_series(archive, image(screen(), "RGB"), spoils)

    rows = told(archive.get(f"{series}/metadata", "application/dicom+json"))

    assert len(rows) == 2
    (spoilt,) = (row for row in rows if "00101030" in row)
    assert spoilt["00101030"]["Value"] == ["33,3"]
    assert spoilt["00101020"]["Value"] == ["NaN"]
    assert spoilt["00081070"]["Value"] == [{"Alphabetic": "Arzt^Bodo"}, None]
    (region,) = spoilt["00186011"]["Value"]
    assert region == {
        "0018602C": {"vr": "FD", "Value": ["nan"]},
        "0018602E": {"vr": "FD", "Value": [0.01]},
    }
    found = told(archive.get(f"{series}/instances?includefield=all", "*/*"))
    assert [row["00200013"]["Value"] for row in found if "Value" in row["00200013"]] == [["eins"]]


def test_pixels_that_look_like_the_end_of_a_part(archive: Archive) -> None:
    """They end nothing: the boundary is drawn anew for each answer (DICOM-RST 59)."""
    pattern = b"\r\n--0123456789abcdef\r\n\r\n--\r\n"
    made = image(np.frombuffer(pattern * 2, np.uint8).reshape(7, -1), "MONOCHROME2")
    address = archive.keep(made)

    (whole,) = parts_of(archive.get(address, ALL))
    (frame,) = parts_of(archive.get(f"{address}/frames/1"))

    assert dcmread(io.BytesIO(whole.content)).PixelData == pattern * 2
    assert frame.content == pattern * 2


def test_each_frame_of_a_long_loop_is_its_own(archive: Archive) -> None:
    """Asked for one by one, as it is played, and at its speed (dicomweb-proxy 137, OHIF 2383)."""
    shades = [2 * number for number in range(110)]
    made = image(np.zeros((8, 8, 3), np.uint8), "YBR_FULL_422", FrameTime="33.3")
    streams = [jpeg(np.full((8, 8, 3), shade, np.uint8)) for shade in shades]
    put_frames(made, streams, uid.JPEGBaseline8Bit)
    address = archive.keep(made)

    for number in (1, 2, 55, 109, 110):
        (part,) = parts_of(archive.get(f"{address}/frames/{number}"))
        assert part.content.rstrip(b"\0") == streams[number - 1].rstrip(b"\0")
    whole = [part.content.rstrip(b"\0") for part in parts_of(archive.get(f"{address}/frames"))]
    assert whole == [stream.rstrip(b"\0") for stream in streams]
    (row,) = told(archive.get(f"{address}/metadata", "*/*"))
    assert (row["00280008"]["Value"], row["00181063"]["Value"]) == ([110], [33.3])


def test_a_frame_is_decoded_without_the_others(archive: Archive) -> None:
    """Each by itself, though nobody can decode the whole loop (Orthanc's list of what is to do)."""
    made = image(np.zeros((48, 64, 3), np.uint8), "YBR_FULL_422")
    good = jpeg(np.full((48, 64, 3), 90, np.uint8))
    put_frames(made, [b"\xff\xd8\xff\xd9", good, b"no stream"], uid.JPEGBaseline8Bit)
    address = archive.keep(made)
    native = OCTETS.replace("*", uid.ExplicitVRLittleEndian)

    (part,) = parts_of(archive.get(f"{address}/frames/2", native))

    assert np.abs(np.frombuffer(part.content, np.uint8).astype(int) - 90).max() <= 2
    assert archive.get(f"{address}/frames/1", native).status_code == 404


def test_a_series_of_stills_loops_and_reports(archive: Archive) -> None:
    """Metadata with numbers, and the picture of an object that has one (OHIF 2221, 5178)."""
    frames = [jpeg(screen())] * 3
    plain, uneven = (image(screen(), "YBR_FULL_422") for _ in range(2))
    for one in (plain, uneven):
        put_frames(one, frames, uid.JPEGBaseline8Bit)
    uneven.FrameTimeVector, uneven.FrameIncrementPointer = [0, 33.3, 50], 0x00181065
    findings = report_builder.container(report_builder.FINDINGS)
    report = report_builder.dataset(findings, PatientID="4711", SOPInstanceUID="2.25.6661")
    report.file_meta = image(screen(), "RGB").file_meta
    series = keep_series(archive, report, plain, uneven, image(screen(), "RGB"))

    rows = told(archive.get(f"{series}/metadata", "*/*"))
    picture = archive.get(f"{series}/rendered", "image/jpeg")

    assert sorted(row.get("00280008", {}).get("Value", []) for row in rows) == [[], [], [3], [3]]
    (vector,) = (row["00181065"]["Value"] for row in rows if "00181065" in row)
    assert vector == [0, 33.3, 50]
    assert picture.headers["Content-Type"] == "image/jpeg"


def test_one_series_uid_in_two_studies(archive: Archive) -> None:
    """Each study has its own objects, and no other's (orthanc-dicomweb 1.9)."""
    series, studies = uid.generate_uid(), [uid.generate_uid() for _ in range(2)]
    made = [image(screen(), "RGB") for _ in studies]
    for study, one in zip(studies, made, strict=True):
        archive.keep(one, study, series)

    for study, one in zip(studies, made, strict=True):
        address = f"/dicom-web/studies/{study}/series/{series}"
        (row,) = told(archive.get(f"{address}/metadata", "*/*"))
        (match,) = told(archive.get(f"{address}/instances", "*/*"))
        (part,) = parts_of(archive.get(address, ALL))
        assert row["00080018"]["Value"] == match["00080018"]["Value"] == [one.SOPInstanceUID]
        assert dcmread(io.BytesIO(part.content)).StudyInstanceUID == study


def by_plane() -> Dataset:
    """Return colours that stand plane by plane."""
    made = image(screen(), "RGB", PlanarConfiguration=1)
    made.PixelData = screen().transpose(2, 0, 1).tobytes()
    return made


def palette() -> Dataset:
    """Return an image whose values are numbers of colours."""
    numbers = (screen()[..., 0] // 255 + 2 * (screen()[..., 1] // 255)).astype(np.uint8)
    made = image(numbers, "PALETTE COLOR")
    for name, table in (("Red", [0, 255, 0, 255]), ("Green", [0, 0, 255, 255]), ("Blue", [0] * 4)):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [4, 0, 8])
        setattr(made, f"{name}PaletteColorLookupTableData", bytes(table))
    return made


RED, BLACK, WHITE = (255, 0, 0), (0, 0, 0), (255, 255, 255)
KINDS: dict[str, tuple[Callable[[], Dataset], Colours, Colours]] = {
    "inverted grey": (lambda: image(255 - grey_screen(), "MONOCHROME1"), BLACK, WHITE),
    "sixteen bits": (lambda: image(grey_screen().astype("<u2") * 256, "MONOCHROME2"), BLACK, WHITE),
    "luma and chroma": (lambda: image(ybr(screen()), "YBR_FULL"), RED, BLACK),
    "by plane": (by_plane, RED, BLACK),
    "palette": (palette, RED, BLACK),
}
"""What makes objects, and the colours of a pixel at the top left and of one at the bottom right."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_is_rendered(archive: Archive, kind: str) -> None:
    """In its colours (orthanc-dicomweb 1.1 to 1.24, Orthanc 164)."""
    make, *wanted = KINDS[kind]

    answer = archive.get(f"{archive.keep(make())}/rendered", "image/png")

    with Image.open(io.BytesIO(answer.data)) as picture:
        colours = picture.convert("RGB")
        found = [colours.getpixel((1, 1)), colours.getpixel((62, 46))]
    assert picture.size == (64, 48)
    assert np.abs(np.array(found) - np.array(wanted)).max() <= 8


def pdf() -> Dataset:
    """Return a document."""
    return document(PDF)


def video() -> Dataset:
    """Return a video."""
    made = image(screen(), "YBR_FULL_422")
    put_frames(made, [b"\0\0\0\x18ftypisom" + bytes(range(256)) * 4], uid.MPEG4HP41)
    return made


@pytest.mark.parametrize(
    ("make", "accept", "kind"),
    [
        (pdf, "application/pdf", "application/pdf"),
        (pdf, "*/*", "application/pdf"),
        (pdf, "image/jpeg", None),
        (video, "video/mp4", "video/mp4"),
        (video, JAVA, "video/mp4"),
        (video, "image/png", None),
    ],
)
def test_a_document_and_a_video_are_rendered_as_what_they_are(
    archive: Archive, make: Callable[[], Dataset], accept: str, kind: str | None
) -> None:
    """As OHIF wants them; who accepts pictures only is told so (orthanc-dicomweb 1.19, 1.23)."""
    answer = archive.get(f"{archive.keep(make())}/rendered", accept)

    if kind is None:
        assert answer.status_code == 406
    else:
        assert answer.headers["Content-Type"] == kind
        assert answer.data[:8] in {PDF[:8], b"\0\0\0\x18ftyp"}
