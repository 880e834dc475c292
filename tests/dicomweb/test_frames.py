"""Frames as stored and uncompressed, and pictures of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from tests.dicomweb.conftest import OCTETS, Archive
from tests.dicomweb.test_retrieving import parts_of
from tests.pictures.builder import (
    grey_screen,
    image,
    jpeg,
    put_frames,
    screen,
    without_marks,
    ybr,
)

pytestmark = [
    pytest.mark.slow,  # starts children with decoders
    pytest.mark.filterwarnings("ignore:Incorrect value for Specific Character Set"),
]

NATIVE = "multipart/related; type=application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
JPEG = "1.2.840.10008.1.2.4.50"


def loop(*streams: bytes, maker: str = "", photometric: str = "YBR_FULL_422") -> Dataset:
    """Return a loop of JPEG frames."""
    made = image(np.zeros((48, 64, 3), np.uint8), photometric)
    put_frames(made, streams, uid.JPEGBaseline8Bit)
    made.Manufacturer = maker
    return made


def shades(*levels: int) -> list[bytes]:
    """Return a JPEG frame of each shade."""
    return [jpeg(np.full((48, 64, 3), level, np.uint8)) for level in levels]


def test_compressed_frames_come_as_they_are_stored(archive: Archive) -> None:
    """In the order asked, each with its transfer syntax and its address; without fragments."""
    streams = shades(10, 90, 170)
    address = archive.keep(loop(*streams))

    answer = archive.get(f"{address}/frames/3,1")

    parts = parts_of(answer)
    assert [part.content.rstrip(b"\0") for part in parts] == [streams[2], streams[0]]
    assert parts[0].headers["Content-Type"] == f"application/octet-stream; transfer-syntax={JPEG}"
    assert [part.headers["Content-Location"].rpartition("/")[2] for part in parts] == ["3", "1"]
    assert len(parts_of(archive.get(f"{address}/frames"))) == 3
    assert len(parts_of(archive.get(f"{address}/bulkdata/7FE00010"))) == 3


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (OCTETS, f"application/octet-stream; transfer-syntax={JPEG}"),
        ('multipart/related; type="application/octet-stream"; transfer-syntax="*"', None),
        ("multipart/related; type=application/octet-stream", None),  # lossy, so it stays
        (f"multipart/related; type=image/jpeg; transfer-syntax={JPEG}; transfer-syntax=*", ""),
        ("multipart/related; type=image/jpeg", f"image/jpeg; transfer-syntax={JPEG}"),
        ("multipart/related; type=image/x-jls, */*;q=0.1", None),
        ("image/jpeg", f"image/jpeg; transfer-syntax={JPEG}"),
        (NATIVE, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"),
    ],
)
def test_one_frame_in_what_is_accepted(archive: Archive, accept: str, kind: str | None) -> None:
    """As each viewer writes it."""
    (stream,) = shades(60)
    made = image(np.zeros((48, 64, 3), np.uint8), "YBR_FULL_422")
    put_frames(made, [stream], uid.JPEGBaseline8Bit)
    address = archive.keep(made)

    answer = archive.get(f"{address}/frames/1", accept)

    assert answer.status_code == 200
    is_alone = not answer.headers["Content-Type"].startswith("multipart")
    data = answer.data if is_alone else parts_of(answer)[0].content
    said = (
        answer.headers["Content-Type"] if is_alone else parts_of(answer)[0].headers["Content-Type"]
    )
    assert not kind or said == kind
    if accept == NATIVE:
        assert np.abs(np.frombuffer(data, np.uint8).astype(int) - 60).max() <= 2
    else:
        assert data.rstrip(b"\0") == stream


def test_a_loop_that_is_not_compressed_is_cut_where_its_frames_are(archive: Archive) -> None:
    """Each frame is another."""
    pixels = np.stack([np.full((6, 8), level, np.uint16) for level in (1, 700, 40000)])
    made = image(pixels[0], "MONOCHROME2")
    made.NumberOfFrames, made.PixelData = 3, pixels.tobytes()
    address = archive.keep(made)

    found = [part.content for part in parts_of(archive.get(f"{address}/frames/1,2,3"))]

    assert found == [frame.tobytes() for frame in pixels]


def test_an_image_is_found_by_what_its_pixels_are(archive: Archive) -> None:
    """By numbers that are binary in the object; each match says them."""
    address = archive.keep(image(np.zeros((7, 9), np.uint16), "MONOCHROME2"))
    study = address.partition("/series")[0]

    def found(query: str) -> list[list[int]]:
        rows = archive.get(f"{study}/instances?{query}", "*/*").json or []
        return [[row[tag]["Value"][0] for tag in ("00280010", "00280100")] for row in rows]

    assert found("Rows=7&Columns=9") == found("BitsAllocated=16") == found("Rows=*") == [[7, 16]]
    assert found("Rows=9") == found("00280100=8") == []


def as_labelled(kind: str) -> tuple[Dataset, bytes]:
    """Return an object that is sent uncompressed, and what its one frame is then."""
    if kind == "plane by plane":
        made = image(screen(), "RGB")
        made.compress(uid.RLELossless, encoding_plugin="pydicom")
        made.PlanarConfiguration = 1  # as devices say of it: RLE is by planes anyway
        return made, screen().transpose(2, 0, 1).tobytes()
    if kind == "big endian":
        made = image(grey_screen().astype(">u2"), "MONOCHROME2", uid.ExplicitVRBigEndian)
        return made, grey_screen().astype("<u2").tobytes()
    colour = np.full((48, 64, 3), (10, 90, 200), np.uint8)
    made = image(colour, "YBR_FULL")
    put_frames(made, [jpeg(colour)], uid.JPEGBaseline8Bit)
    return made, ybr(colour).tobytes()


@pytest.mark.parametrize("kind", ["plane by plane", "big endian", "luma and chroma"])
def test_samples_are_as_the_metadata_says(archive: Archive, kind: str) -> None:
    """No header travels with a frame: colours and order are those of the object's own."""
    made, wanted = as_labelled(kind)

    (frame,) = parts_of(archive.get(f"{archive.keep(made)}/frames/1", NATIVE))

    found, meant = (np.frombuffer(one, np.uint8).astype(int) for one in (frame.content, wanted))
    assert np.abs(found - meant).max() <= (2 if "luma" in kind else 0)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("/frames/0", 404),
        ("/frames/4", 404),
        ("/frames/1,4", 404),
        ("/frames/1,2,3,1,2,3,1", 400),
        ("/frames/a", 400),
        ("/frames/1,", 400),
        ("/frames/" + ",".join(["1"] * 10_001), 400),
        ("/frames/2%2C1", 200),
        ("/frames/9/rendered", 404),
        ("/rendered?viewport=0,10", 400),
        ("/rendered?viewport=abc", 400),
        ("/rendered?viewport=100000,100000", 200),
        ("/rendered?window=10,0,linear", 400),
        ("/rendered?window=nan,5,linear", 400),
        ("/rendered?quality=101", 400),
        ("/rendered?quality=1&annotation=patient", 200),
        ("/rendered?quality=0", 400),
        ("/rendered?window=9,9,square", 400),
        ("/rendered?window=9,0.5,linear-exact", 200),
        ("/rendered?viewport=9,9,64,0", 400),
        ("/rendered?viewport=9,9,0,0,0,9", 400),
        ("/rendered?viewport=9,9,0,0,9,9,9", 400),
    ],
)
def test_numbers_that_mean_nothing(archive: Archive, end: str, status: int) -> None:
    """There is nothing at 0 or behind the last; what is no number is refused."""
    address = archive.keep(loop(*shades(1, 2, 3)))
    assert archive.get(address + end, "*/*").status_code == status


@pytest.mark.parametrize(
    ("end", "accept", "size"),
    [
        ("/rendered", "image/jpeg", (64, 48)),
        ("/rendered?viewport=32,32", "image/jpeg", (32, 24)),
        ("/rendered?viewport=32%2C12", "image/png", (16, 12)),
        ("/rendered?viewport=640,1000", "image/jpeg", (640, 480)),
        ("/rendered?viewport=100000,100000", "image/jpeg", (2048, 1536)),
        ("/frames/2/rendered?accept=image%2Fpng", "text/html", (64, 48)),
        ("/thumbnail", "image/jpeg", (64, 48)),
        ("/frames/2/thumbnail?viewport=16,16", "*/*", (16, 12)),
    ],
)
def test_pictures_for_a_browser(
    archive: Archive, end: str, accept: str, size: tuple[int, int]
) -> None:
    """Fitted into the viewport; the middle frame stands for a loop."""
    answer = archive.get(archive.keep(loop(*shades(0, 200, 0))) + end, accept)

    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == size
        assert abs(picture.convert("L").getpixel((3, 3)) - 200) <= 4  # type: ignore[operator]


def test_what_was_not_done_is_said(archive: Archive) -> None:
    """An annotation that was asked for and is not there; what is done needs no word."""
    address = archive.keep(loop(*shades(1)))
    answer = archive.get(f"{address}/rendered?annotation=patient", "image/jpeg")
    assert answer.headers["Warning"].endswith(": The annotation parameter is not supported.")
    done = "viewport=9,9,1,1,4,4&window=9,9,sigmoid&quality=50"
    assert "Warning" not in archive.get(f"{address}/rendered?{done}", "image/jpeg").headers


@pytest.fixture(scope="module")
def quarters(archive: Archive) -> str:
    """Return the address of a picture of four quarters, of 32 by 24 pixels each."""
    made = np.zeros((48, 64, 3), np.uint8)
    made[:24, :32], made[:24, 32:], made[24:, :32], made[24:, 32:] = 40, 90, 140, 190
    return archive.keep(image(made, "RGB"))


@pytest.mark.parametrize(
    ("viewport", "size", "corners"),
    [
        ("64,48,,,-64", (64, 48), (90, 40, 190, 140)),
        ("64,48,0,0,64,-48", (64, 48), (140, 190, 40, 90)),
        ("64,48,,,-64,-48", (64, 48), (190, 140, 90, 40)),
        ("32,24,32,24,32,24", (32, 24), (190,) * 4),
        ("64,64,32,24", (64, 48), (190,) * 4),
        ("8,8,16,12,32,24", (8, 6), (40, 90, 140, 190)),
        ("100,10,0,24,1000,1000", (26, 10), (140, 190, 140, 190)),
    ],
)
def test_a_part_of_a_picture(
    archive: Archive,
    quarters: str,
    viewport: str,
    size: tuple[int, int],
    corners: tuple[int, int, int, int],
) -> None:
    """Cut out, turned where its width or height is negative, then fitted (PS3.18 8.3.5.1.3)."""
    answer = archive.get(f"{quarters}/rendered?viewport={viewport}", "image/png")

    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == size
        found = np.asarray(picture.convert("L")).astype(int)[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert np.abs(found - corners).max() <= 6
    small = archive.get(f"{quarters}/thumbnail?viewport={viewport}", "image/jpeg")
    with Image.open(io.BytesIO(small.data)) as thumbnail:
        assert abs(thumbnail.convert("L").getpixel((0, 0)) - 40) <= 6  # type: ignore[operator]


@pytest.mark.parametrize(
    ("window", "shades_of"),
    [
        ("100,64,linear", {68: 0, 100: 130, 131: 255}),
        ("100,64,linear-exact", {68: 0, 100: 128, 131: 251}),
        ("100,64,sigmoid", {36: 5, 100: 128, 131: 223}),
        ("100,64", {68: 0, 100: 130, 131: 255}),
    ],
)
def test_a_window_has_the_function_that_is_said(
    archive: Archive, ramp: str, window: str, shades_of: dict[int, int]
) -> None:
    """Linear, linear exact or sigmoid (PS3.3 C.11.2.1), whatever the object's own is."""
    answer = archive.get(f"{ramp}/rendered?window={window}", "image/png")

    with Image.open(io.BytesIO(answer.data)) as picture:
        found = {value: picture.getpixel((value, 0)) for value in shades_of}
    assert found == pytest.approx(shades_of, abs=1)


@pytest.fixture(scope="module")
def ramp(archive: Archive) -> str:
    """Return the address of a grey picture of each value once, with a sigmoid of its own."""
    made = image(np.tile(np.arange(256, dtype=np.uint8), (16, 1)), "MONOCHROME2")
    made.WindowCenter, made.WindowWidth, made.VOILUTFunction = "10", "20", "SIGMOID"
    return archive.keep(made)


def test_a_quality_is_that_of_the_picture(archive: Archive) -> None:
    """Lower is smaller, of a picture that is compressed here and of the device's own JPEG."""
    noise = np.random.default_rng(4711).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    for made in (image(noise, "RGB"), loop(jpeg(noise))):
        address = archive.keep(made)
        sizes = [
            len(archive.get(f"{address}/rendered?quality={quality}", "image/jpeg").data)
            for quality in (5, 50, 99)
        ]
        assert sizes == sorted(set(sizes))


def test_an_object_nobody_can_decode(archive: Archive) -> None:
    """Is refused before anything of it is sent, and had as it came."""
    address = archive.keep(loop(b"\xff\xd8\xff\xd9"))
    asked = "application/dicom; transfer-syntax="
    assert archive.get(address, f"{asked}1.2.840.10008.1.2.1").status_code == 406
    assert archive.get(address, f"{asked}*").status_code == 200


def test_series_and_study_are_known_by_one_picture(archive: Archive) -> None:
    """A thumbnail at every level."""
    address = archive.keep(loop(*shades(90)))
    for level in (address, address.rpartition("/instances")[0], address.partition("/series")[0]):
        for end in ("/thumbnail", "/rendered"):
            assert archive.get(level + end, "image/jpeg").headers["Content-Type"] == "image/jpeg"


def test_colours_are_those_the_metadata_names(archive: Archive) -> None:
    """A maker's frames without a mark are red, green and blue where its label says so."""
    bare = without_marks(jpeg(np.full((48, 64, 3), 90, np.uint8)))
    address = archive.keep(loop(bare, maker="SONOSCAPE", photometric="RGB"))

    frame = parts_of(archive.get(f"{address}/frames/1"))[0].content

    assert b"Adobe" not in bare
    assert b"Adobe" in frame


def test_every_image_of_the_corpus_frame_by_frame(archive: Archive, corpus: Path) -> None:
    """Codestreams as pydicom finds them, samples byte for byte, and a picture of each."""
    seen = set()
    for path in sorted((corpus / "images").glob("*.dcm")):
        made = dcmread(path)
        syntax = made.file_meta.TransferSyntaxUID
        address = archive.keep_file(path, made)
        count = int(made.get("NumberOfFrames") or 1)
        if path.stem == "GH364" or made.SOPInstanceUID in seen:  # not readable as a whole
            continue
        seen.add(made.SOPInstanceUID)
        assert archive.get(f"{address}/rendered", "image/jpeg").status_code == 200, path.name
        parts = parts_of(archive.get(f"{address}/frames/1,{count}"))
        if syntax.is_encapsulated:
            frames = list(generate_frames(made.PixelData, number_of_frames=count))
            wanted = [frames[0], frames[-1]]
        else:
            length = made.Rows * made.Columns * made.SamplesPerPixel * made.BitsAllocated // 8
            wanted = [made.PixelData[:length], made.PixelData[length * (count - 1) :][:length]]
        assert [part.content.rstrip(b"\0") for part in parts] == [
            frame.rstrip(b"\0") for frame in wanted
        ], path.name
    assert len(seen) >= 8


def test_a_picture_by_parameters(archive: Archive) -> None:
    """WADO-URI: a frame, fitted into rows and columns, with a word about what was not done."""
    uid_ = archive.keep(loop(*shades(0, 200, 0))).rpartition("/")[2]
    named = f"/wado?requestType=WADO&studyUID=&seriesUID=&objectUID={uid_}"

    answer = archive.get(
        f"{named}&frameNumber=2&rows=12&columns=100&imageQuality=9&region=0,0,1,1", "*/*"
    )

    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == (16, 12)
        assert picture.format == "JPEG"
    assert answer.headers["Warning"].endswith(": The region parameter is not supported.")
    refused = archive.get(f"{named}&imageQuality=900", "*/*")
    assert (refused.status_code, "imageQuality" in refused.text) == (400, True)
    assert archive.get(f"{named}&contentType=image/png", "*/*").data[:4] == b"\x89PNG"
    assert archive.get(f"{named}&contentType=text/html", "*/*").status_code == 406


@pytest.mark.parametrize(
    ("end", "accept"),
    [
        ("", "application/dicom"),
        ("", "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"),
        *(("/frames/1", kind) for kind in (OCTETS, "application/octet-stream")),
        *((end, "*/*") for end in ("/rendered", "/thumbnail", "/bulkdata/7FE00010")),
    ],
)
def test_what_a_viewer_has_it_does_not_get_again(archive: Archive, end: str, accept: str) -> None:
    """It asks each time, and is told by a few bytes (RFC 9110 13.1.2)."""
    one, another = (archive.keep(loop(*shades(shade))) + end for shade in (90, 120))
    first = archive.get(one, accept)
    known = {"Accept": accept, "If-None-Match": first.headers["ETag"]}
    again = archive.client.get(one, headers=known, buffered=True)

    assert (first.status_code, first.headers["Cache-Control"]) == (200, "private, no-cache")
    assert (again.status_code, again.data) == (304, b"")
    assert archive.client.get(another, headers=known, buffered=True).status_code == 200
