"""Objects that leave uncompressed decode to what was stored, and say what they are now."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread, uid
from pydicom.pixels.utils import pixel_array

from gdtbridge.dataset.inflate import deflate
from gdtbridge.dataset.part10 import file_meta
from gdtbridge.errors import OutOfResources
from gdtbridge.pictures import AttachmentError
from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.pictures.model import NativeFrames
from gdtbridge.retrieve import transcoding
from gdtbridge.retrieve.transcoding import NATIVE, NotTranscodable, Transcoder, leaving_syntaxes
from tests.pictures.builder import (
    Array,
    grey_screen,
    image,
    jpeg,
    put_frames,
    screen,
    without_marks,
    write,
    ybr,
)

EXPLICIT, IMPLICIT = NATIVE
BIG, DEFLATED = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
MPEG4 = "1.2.840.10008.1.2.4.102"


@pytest.fixture(scope="module")
def frames() -> Iterator[FrameReader]:
    """Return the children that decode."""
    with FrameReader() as reader:
        yield reader


@pytest.fixture
def transcoder(frames: FrameReader, tmp_path: Path) -> Transcoder:
    """Return a transcoder whose copies lie in a folder of their own."""
    return Transcoder(frames, tmp_path / "spool", lambda _: None)


@contextmanager
def left(transcoder: Transcoder, made: Dataset | Path, syntax: str) -> Iterator[Dataset]:
    """Yield an object as it leaves."""
    folder = transcoder._folder.parent
    path = made if isinstance(made, Path) else write(made, folder / "image.dcm")
    with transcoder.transcoded(path, syntax) as file:
        found = dcmread(file)
        assert found.file_meta.TransferSyntaxUID == syntax
        yield found
    assert list(transcoder._folder.iterdir()) == []


def compressed(pixels: Array, photometric: str, syntax: str) -> Dataset:
    """Return an image compressed without loss by a library the project has."""
    made = image(pixels, photometric)
    made.compress(syntax, encoding_plugin="pydicom" if "2.5" in syntax else "pylibjpeg")
    return made


def loop(streams: list[bytes], photometric: str = "YBR_FULL_422") -> Dataset:
    """Return a loop of JPEG streams."""
    made = image(screen(), photometric)
    put_frames(made, streams, uid.JPEGBaseline8Bit)
    return made


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize("stored", [uid.RLELossless, uid.JPEG2000Lossless])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_what_is_lossless_stays_what_it_was(
    transcoder: Transcoder, stored: str, photometric: str, syntax: str
) -> None:
    """Sample by sample, colours too; the UID stays, and nothing is said to be lossy."""
    pixels = screen() if photometric == "RGB" else ybr(screen())
    made = compressed(pixels, photometric, stored)

    with left(transcoder, made, syntax) as found:
        assert np.array_equal(pixel_array(found, raw=True), pixels)
        assert (found.SOPInstanceUID, found.PatientName) == (made.SOPInstanceUID, made.PatientName)
        said = found.PhotometricInterpretation, found.PlanarConfiguration, found.SamplesPerPixel
        assert said == (photometric, 0, 3)
        assert "LossyImageCompression" not in found


@pytest.mark.parametrize("stored", [uid.RLELossless, uid.JPEG2000Lossless])
def test_sixteen_bits_stay(transcoder: Transcoder, stored: str) -> None:
    """Grey of more than eight bits."""
    pixels = grey_screen().astype(np.uint16) * 257

    with left(transcoder, compressed(pixels, "MONOCHROME2", stored), EXPLICIT) as found:
        assert np.array_equal(found.pixel_array, pixels)
        assert (found["PixelData"].VR, found.BitsAllocated) == ("OW", 16)
        assert "PlanarConfiguration" not in found


@pytest.mark.parametrize(
    ("stream", "label"),
    [
        (jpeg(screen()), "YBR_FULL"),
        (jpeg(screen(), subsampling=2), "YBR_FULL_422"),
        (jpeg(screen(), keep_rgb=True), "RGB"),
        (without_marks(jpeg(screen(), keep_rgb=True)), "RGB"),
        (jpeg(screen()), "RGB"),  # the stream's own mark is right, not the label
    ],
)
def test_jpeg_becomes_red_green_and_blue(transcoder: Transcoder, stream: bytes, label: str) -> None:
    """Frame by frame, under a label that says so; what was lost is said."""
    with left(transcoder, loop([stream] * 3, label), EXPLICIT) as found:
        assert found.PhotometricInterpretation == "RGB"
        shown = pixel_array(found, raw=True).astype(int)
        assert shown.shape == (3, *screen().shape)
        assert np.abs(shown - screen()).mean() < 4
        assert (found.LossyImageCompression, found.NumberOfFrames) == ("01", 3)
        assert found.LossyImageCompressionMethod == "ISO_10918_1"
        assert 1 < float(found.LossyImageCompressionRatio) < 100


def test_a_grey_stream_of_a_coloured_device_is_grey(transcoder: Transcoder) -> None:
    """One sample, and a label for one."""
    with left(transcoder, loop([jpeg(grey_screen(), "L")]), EXPLICIT) as found:
        said = found.PhotometricInterpretation, found.SamplesPerPixel
        assert said == ("MONOCHROME2", 1)
        assert np.abs(found.pixel_array.astype(int) - grey_screen()).max() < 4


def test_a_long_loop_comes_in_batches(
    transcoder: Transcoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every frame once and in order, however many are decoded at a time."""
    levels = [40 * number for number in range(7)]
    streams = [jpeg(np.full((512, 1024, 3), level, np.uint8)) for level in levels]
    made = loop(streams)
    made.Rows, made.Columns = 512, 1024
    asked: list[int] = []
    frames = transcoder.frames
    decode = frames.native_frames

    def noted(path: Path, first: int, most: int = 0) -> NativeFrames:
        asked.append(first)
        return decode(path, first, most)

    monkeypatch.setattr(frames, "native_frames", noted)

    with left(transcoder, made, EXPLICIT) as found:
        assert [int(frame[256, 512, 0]) for frame in found.pixel_array] == levels
    assert asked == [1, 6]


@pytest.mark.parametrize("syntax", NATIVE)
def test_what_follows_the_pixels_follows_them(transcoder: Transcoder, syntax: str) -> None:
    """Private elements of a device as well as padding."""
    made = loop([jpeg(screen())])
    made.add_new(0x7FE10010, "LO", "MAKER")
    made.add_new(0x7FE11001, "LO", "Zahl")
    icon = image(screen(), "YBR_FULL_422")
    put_frames(icon, [jpeg(screen())], uid.JPEGBaseline8Bit)
    del icon.file_meta
    made.IconImageSequence = [icon]

    with left(transcoder, made, syntax) as found:
        assert found[0x7FE10010].value == "MAKER"
        assert found[0x7FE11001].value in {"Zahl", b"Zahl"}  # implicit: nobody says its VR
        assert "IconImageSequence" not in found  # nobody could read its pixels any more


def in_syntax(made: Dataset, syntax: str, folder: Path) -> Path:
    """Return an object in one of the syntaxes that do not compress pixels."""
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    path = folder / "stored.dcm"
    if syntax != DEFLATED:
        made.save_as(
            path,
            enforce_file_format=True,
            implicit_vr=syntax == IMPLICIT,
            little_endian=syntax != BIG,
        )
        return path
    made.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    plain = io.BytesIO()
    made.save_as(plain, enforce_file_format=True)
    dataset = plain.getvalue()[plain.getvalue().index(b"\x08\0\x05\0CS") :]
    meta = file_meta(str(made.SOPClassUID), str(made.SOPInstanceUID), DEFLATED)
    path.write_bytes(meta + deflate(dataset))
    return path


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize("stored", [EXPLICIT, IMPLICIT, BIG, DEFLATED])
def test_what_is_not_compressed_is_encoded_anew(
    transcoder: Transcoder, tmp_path: Path, stored: str, syntax: str
) -> None:
    """Numbers, texts, words of pixels and of palettes, whatever the order of their bytes."""
    pixels = grey_screen().astype(np.uint16) * 257
    made = image(pixels, "MONOCHROME2", PixelSpacing=[0.5, 0.25], SmallestImagePixelValue=7)
    table = struct.pack(">4H" if stored == BIG else "<4H", 1, 2, 3, 258)
    made.add_new(0x00281201, "OW", table)
    if stored == BIG:
        made.PixelData = pixels.byteswap().tobytes()
    path = in_syntax(made, stored, tmp_path)

    with left(transcoder, path, syntax) as found:
        assert np.array_equal(found.pixel_array, pixels)
        assert found.PixelSpacing == [0.5, 0.25]
        assert found.SmallestImagePixelValue == 7
        assert found[0x00281201].value == struct.pack("<4H", 1, 2, 3, 258)
        assert str(found.PatientName) == "Müller^Erika"


def test_a_report_has_no_pixels(transcoder: Transcoder, tmp_path: Path) -> None:
    """And is encoded anew all the same."""
    made = image(screen(), "RGB")
    del made.PixelData

    with left(transcoder, in_syntax(made, IMPLICIT, tmp_path), EXPLICIT) as found:
        assert str(found.PatientName) == "Müller^Erika"


def video() -> Dataset:
    """Return an object in MPEG-4."""
    made = loop([b"\0\0\0\1" * 4])
    made.file_meta.TransferSyntaxUID = uid.UID(MPEG4)
    return made


def another_size() -> Dataset:
    """Return an object whose stream is of another size than it says."""
    made = loop([jpeg(screen())])
    made.Rows = 17
    return made


def too_few_frames() -> Dataset:
    """Return an object that says it has very many frames."""
    made = loop([jpeg(screen())] * 2)
    made.NumberOfFrames = 2_000_000_000
    return made


def some_frames_missing() -> Dataset:
    """Return an object that says it has more frames than it has."""
    made = loop([jpeg(screen())] * 2)
    made.NumberOfFrames = 3
    return made


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (video, NotTranscodable),
        (another_size, AttachmentError),
        (too_few_frames, (NotTranscodable, AttachmentError)),
        (some_frames_missing, AttachmentError),
        (lambda: loop([jpeg(screen())[:300]]), AttachmentError),
        (lambda: loop([jpeg(screen()), jpeg(grey_screen(), "L")]), AttachmentError),
    ],
    ids=["video", "size", "billions", "missing", "damaged", "mixed"],
)
def test_what_cannot_be_decoded_fails_by_itself(
    transcoder: Transcoder,
    tmp_path: Path,
    make: Callable[[], Dataset],
    error: type[Exception] | tuple[type[Exception], ...],
) -> None:
    """A video, and whatever lies; nothing is left behind."""
    path = write(make(), tmp_path / "bad.dcm")

    with pytest.raises(error), transcoder.transcoded(path, EXPLICIT):
        pass
    assert list(transcoder._folder.iterdir()) == []


def test_a_full_disk_is_told_before_it_is_full(frames: FrameReader, tmp_path: Path) -> None:
    """The room an object takes uncompressed is asked for."""
    asked: list[int] = []

    def room_for(size: int) -> None:
        asked.append(size)
        raise OutOfResources("")

    path = write(loop([jpeg(screen())] * 5), tmp_path / "loop.dcm")
    full = Transcoder(frames, tmp_path / "spool", room_for)
    with pytest.raises(OutOfResources), full.transcoded(path, EXPLICIT):
        pass
    assert asked == [5 * screen().nbytes]


def test_a_deflated_object_asks_for_room_too(frames: FrameReader, tmp_path: Path) -> None:
    """However large it will be: nobody says."""

    def room_for(_: int) -> None:
        raise OutOfResources("")

    path = in_syntax(image(screen(), "RGB"), DEFLATED, tmp_path)
    full = Transcoder(frames, tmp_path / "spool", room_for)
    with pytest.raises(OutOfResources), full.transcoded(path, EXPLICIT):
        pass
    assert list((tmp_path / "spool").iterdir()) == []


def test_an_object_may_take_so_long(
    transcoder: Transcoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no longer, however many frames it has."""
    monkeypatch.setattr(transcoding, "SECONDS", -1.0)
    streams = [jpeg(np.zeros((1024, 1536, 3), np.uint8))] * 3
    made = loop(streams)
    made.Rows, made.Columns = 1024, 1536
    path = write(made, tmp_path / "loop.dcm")

    with pytest.raises(NotTranscodable, match="Dauert"), transcoder.transcoded(path, EXPLICIT):
        pass


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        (EXPLICIT, (EXPLICIT, IMPLICIT)),
        (IMPLICIT, (IMPLICIT, EXPLICIT)),
        (str(uid.JPEGBaseline8Bit), (str(uid.JPEGBaseline8Bit), *NATIVE)),
        (DEFLATED, (DEFLATED, *NATIVE)),
        (MPEG4, (MPEG4,)),
        ("1.2.3.4", ("1.2.3.4",)),
    ],
)
def test_an_object_leaves_as_it_is_or_uncompressed(stored: str, wanted: tuple[str, ...]) -> None:
    """The stored form first; a video only so."""
    assert leaving_syntaxes(stored) == wanted
