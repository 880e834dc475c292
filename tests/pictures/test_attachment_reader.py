"""The reading process: what survives the way, and what hostile objects cost."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from gdtbridge.pictures import (
    AttachmentCandidate,
    AttachmentError,
    AttachmentHindered,
    AttachmentLimit,
    AttachmentReader,
    NotRenderable,
    RenderedFile,
)
from tests.pictures.builder import (
    PDF,
    US_IMAGE,
    US_LOOP,
    assert_screen,
    document,
    grey_screen,
    image,
    jpeg,
    pixels_of,
    put_frames,
    put_pixels,
    screen,
    selection,
    write,
)

pytestmark = pytest.mark.slow  # starts children with decoders

MOST_MEMORY = 420
"""MiB a child may ever have used; its own libraries take 80, the biggest frame does the rest."""


def peak_megabytes(reader: AttachmentReader) -> int:
    """Return the most memory the reader's one child ever had."""
    (pid,) = reader.processes()
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def test_files_arrive_from_the_child(tmp_path: Path) -> None:
    """Picture, document and titles survive the way between the processes."""
    picture = write(image(screen(), "RGB", SeriesDescription="Schilddrüse"), tmp_path / "ä.dcm")
    letter = write(document(PDF, DocumentTitle="Brief"), tmp_path / "letter.dcm")
    with AttachmentReader() as reader:
        rendered = reader.render(picture, None)
        assert (rendered.format, rendered.title) == ("JPG", "Schilddrüse")
        assert_screen(pixels_of(rendered.data))
        assert reader.render(letter, None) == RenderedFile("PDF", "Brief", PDF)
        assert len(reader.processes()) == 1


def test_frames_are_looked_up(tmp_path: Path) -> None:
    """A loop's class may hold a still; what cannot be read stays unknown."""
    still = write(image(grey_screen(), "MONOCHROME2", NumberOfFrames="1"), tmp_path / "still.dcm")
    loop = image(grey_screen(), "MONOCHROME2", NumberOfFrames="3")
    put_pixels(loop, bytes(3 * loop.Rows * loop.Columns))
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"no DICOM")
    candidates = [
        AttachmentCandidate(still, US_LOOP, "1"),
        AttachmentCandidate(write(loop, tmp_path / "loop.dcm"), US_LOOP, "2"),
        AttachmentCandidate(broken, US_IMAGE, "3"),
        AttachmentCandidate(tmp_path / "missing.dcm", "1.2.840.10008.5.1.4.1.1.104.1", "4"),
        AttachmentCandidate(tmp_path / "missing.dcm", US_IMAGE, "5", frames=7),
    ]
    with AttachmentReader() as reader:
        found = [candidate.frames for candidate in reader.with_frames(candidates)]
    assert found == [1, 3, None, None, 7]


def test_a_file_the_disk_does_not_give_is_no_fault_of_the_object(tmp_path: Path) -> None:
    """It may be there later: nothing is said of its frames, of a choice, or of a picture."""
    missing = tmp_path / "missing.dcm"
    with AttachmentReader() as reader:
        for ask in (
            lambda: reader.with_frames([AttachmentCandidate(missing, US_IMAGE, "1")]),
            lambda: reader.key_objects([missing]),
            lambda: reader.render(missing, None),
        ):
            with pytest.raises(AttachmentHindered):
                ask()


def test_threads_share_a_reader(tmp_path: Path) -> None:
    """Many callers, two processes, every answer to its caller."""
    paths = [
        write(image(grey_screen() // part, "MONOCHROME2"), tmp_path / f"{part}.dcm")
        for part in (1, 2, 3)
    ]
    with AttachmentReader(processes=2) as reader, ThreadPoolExecutor(6) as pool:
        rendered = list(pool.map(lambda path: reader.render(path, 1).data, paths * 6))
        assert rendered == rendered[:3] * 6
        assert len(set(rendered[:3])) == 3


def test_late_child_costs_its_object_only(tmp_path: Path) -> None:
    """A pipe nobody writes to takes for ever; the next object does not."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    good = write(image(grey_screen(), "MONOCHROME2"), tmp_path / "good.dcm")
    with AttachmentReader(seconds=4) as reader:
        with pytest.raises(AttachmentLimit):
            reader.render(pipe, None)
        assert reader.render(good, None).format == "JPG"


def test_closed_reader_is_a_limit(tmp_path: Path) -> None:
    """After the end there are no files."""
    reader = AttachmentReader()
    reader.close()
    with pytest.raises(AttachmentLimit):
        reader.render(tmp_path / "any.dcm", None)


def test_error_holds_nothing_of_the_object(tmp_path: Path) -> None:
    """What a decoder complains about may be a patient's."""
    made = image(screen(), "MUELLER ERIKA")
    with AttachmentReader() as reader, pytest.raises(NotRenderable) as raised:
        reader.render(write(made, tmp_path / "image.dcm"), None)
    assert "ELLER" not in str(raised.value)


def test_service_loads_no_image_library() -> None:
    """Neither the room's own face nor the whole service has numpy or Pillow in its memory."""
    script = (
        "import sys\n"
        "import gdtbridge.pictures\n"
        "assert 'pydicom' not in sys.modules\n"
        "from gdtbridge.dataset.image_libraries import IMAGE_LIBRARIES, keep_image_libraries_out\n"
        "keep_image_libraries_out()\n"
        "import gdtbridge.service, gdtbridge.dicom, gdtbridge.web\n"
        "assert not [name for name in IMAGE_LIBRARIES if sys.modules[name]]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("command", [["worklist", "list"], ["exams", "list"]])
def test_command_loads_no_image_library(command: list[str], tmp_path: Path) -> None:
    """No command gets slower because pictures can be made."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gdtbridge", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pydicom" in loaded
    assert not {"numpy._core", "PIL.Image", "_gdcm", "_openjpeg"} & loaded


def test_a_decoder_is_loaded_when_a_frame_needs_it(tmp_path: Path) -> None:
    """Who shows what is not compressed pays for no library of others."""
    plain, packed = image(screen(), "RGB"), image(screen(), "RGB")
    packed.compress(uid.JPEG2000Lossless, encoding_plugin="pylibjpeg")
    with AttachmentReader() as reader:
        for made, is_packed in ((plain, False), (packed, True)):
            reader.render(write(made, tmp_path / "image.dcm"), None)
            (child,) = reader.processes()
            mapped = Path(f"/proc/{child}/maps").read_text("utf-8")
            assert ("_openjpeg" in mapped, "_gdcm" in mapped) == (is_packed, False)


def without(keyword: str) -> Dataset:
    """Return an image without one element."""
    made = image(screen(), "RGB")
    delattr(made, keyword)
    return made


def bomb(size: int) -> Dataset:
    """Return an object that inflates to many bytes; the pixels are what is deflated."""
    made = image(screen(), "RGB", uid.DeflatedExplicitVRLittleEndian)
    made.PixelData = bytes(size)
    return made


def giant_codestream() -> Dataset:
    """Return a JPEG 2000 whose stream claims 60,000 by 60,000 pixels."""
    made = image(screen(), "RGB")
    made.compress(uid.JPEG2000Lossless, encoding_plugin="pylibjpeg")
    size = struct.pack(">II", made.Columns, made.Rows)
    assert size in made.PixelData
    made.PixelData = made.PixelData.replace(size, struct.pack(">II", 60_000, 60_000))
    return made


def giant_jpeg() -> Dataset:
    """Return a JPEG whose stream claims 65,000 by 65,000 pixels."""
    made = image(screen(), "YBR_FULL")
    stream = jpeg(screen())
    put_frames(
        made,
        [stream.replace(struct.pack(">HH", 48, 64), struct.pack(">HH", 65_000, 65_000), 1)],
        uid.JPEGBaseline8Bit,
    )
    return made


def compressed(syntax: str, stream: bytes) -> Dataset:
    """Return an image whose only frame is this stream."""
    made = image(screen(), "RGB")
    put_frames(made, [stream], syntax)
    return made


def with_bits(bits: int) -> Dataset:
    """Return an image of 8 bits that says it has so many."""
    return image(screen(), "RGB", BitsAllocated=bits, BitsStored=bits)


FORGOTTEN = ("Rows", "Columns", "BitsAllocated", "PhotometricInterpretation", "PixelData")


def endless_item(at: int) -> Dataset:
    """Return a JPEG whose item there, 0 for the table of offsets, claims 4 GiB."""
    made = compressed(uid.JPEGBaseline8Bit, jpeg(screen()))
    made.PixelData = made.PixelData[: at + 4] + b"\xfe\xff\xff\xff" + made.PixelData[at + 8 :]
    made["PixelData"].is_undefined_length = True
    return made


HOSTILE: dict[str, Callable[[], Dataset]] = {
    **{f"without {keyword}": partial(without, keyword) for keyword in FORGOTTEN},
    **{f"{bits} bits": partial(with_bits, bits) for bits in (0, 1, 7, 12, 16, 32, 64, 65535)},
    "huge": lambda: image(screen(), "RGB", Rows=65535, Columns=65535),
    "huge thinned out": lambda: image(screen(), "YBR_FULL_422", Rows=65535, Columns=65535),
    "no rows": lambda: image(screen(), "RGB", Rows=0),
    "two samples": lambda: image(screen(), "RGB", SamplesPerPixel=2),
    "cut off": lambda: image(screen(), "RGB", Rows=49),
    "cut off thinned out": lambda: image(grey_screen(), "YBR_FULL_422"),
    "unknown colours": lambda: image(screen(), "HSV"),
    "no palette": lambda: image(grey_screen(), "PALETTE COLOR"),
    "video": lambda: compressed(uid.MPEG4HP41, b"\0\0\1\xba" * 99),
    "no JPEG": lambda: compressed(uid.JPEGBaseline8Bit, b"no JPEG at all"),
    "no lossless JPEG": lambda: compressed(uid.JPEGLosslessSV1, jpeg(screen())[:400]),
    "no JPEG-LS": lambda: compressed(uid.JPEGLSLossless, b"\xff\xd8\xff\xf7" + bytes(60)),
    "no JPEG 2000": lambda: compressed(uid.JPEG2000, b"\xff\x4f\xff\x51" + bytes(60)),
    "no RLE": lambda: compressed(uid.RLELossless, b"\x0f\0\0\0" + b"\xff" * 96),
    "giant JPEG 2000": giant_codestream,
    "giant JPEG": giant_jpeg,
    "giant table of offsets": partial(endless_item, 0),
    "giant fragment": partial(endless_item, 12),
    "bomb": lambda: bomb(100_000_000),
    "frames that are not there": lambda: image(screen(), "RGB", NumberOfFrames="2147483647"),
    "selection": lambda: selection("113000", ("1.2.3", ())),
    "PDF without end": lambda: document(b"%PD" + bytes(3_000_000)),
}


@pytest.fixture(scope="module")
def hardened() -> Iterator[AttachmentReader]:
    """Return one reader for all that is hostile."""
    with AttachmentReader(seconds=10) as reader:
        yield reader


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_object_is_an_error_soon(
    name: str, hardened: AttachmentReader, tmp_path: Path
) -> None:
    """One error, within seconds, in bounded memory; the child that had to die is replaced."""
    path = write(HOSTILE[name](), tmp_path / "hostile.dcm")
    started = time.monotonic()
    with pytest.raises(AttachmentError):
        hardened.render(path, None)
    assert time.monotonic() - started < 30
    if hardened.processes():
        assert peak_megabytes(hardened) < MOST_MEMORY


def test_syntax_that_pydicom_does_not_know(tmp_path: Path) -> None:
    """JPEG XL, and whatever else comes, is one clear error."""
    path = write(compressed("1.2.840.10008.1.2.4.201", b"\xff\x0a" * 99), tmp_path / "xl.dcm")
    path.write_bytes(path.read_bytes().replace(b"10008.1.2.4.201", b"10008.1.2.4.111"))
    with AttachmentReader() as reader, pytest.raises(NotRenderable, match="transfer syntax"):
        reader.render(path, None)


@pytest.mark.slow
def test_biggest_frame_fits(tmp_path: Path) -> None:
    """What the limits allow the child can do."""
    made = image(screen(), "YBR_FULL", Rows=3600, Columns=3700)
    put_pixels(made, b"\x40\x80\x80" * (3600 * 3700))
    with AttachmentReader(seconds=60) as reader:
        assert reader.render(write(made, tmp_path / "big.dcm"), None).format == "JPG"


def test_hostile_corpus(corpus: Path) -> None:
    """Objects that broke other systems: an error each, one child for all, little memory."""
    with AttachmentReader(seconds=10) as reader:
        for path in sorted((corpus / "hostile").glob("*.dcm")):
            started = time.monotonic()
            with pytest.raises(AttachmentError):
                reader.render(path, None)
            assert time.monotonic() - started < 30
            assert reader.key_objects([path]).unreadable == 1
        assert peak_megabytes(reader) < MOST_MEMORY
