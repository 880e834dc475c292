"""What leaves uncompressed is what DCMTK makes of the same object."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels.utils import pixel_array

from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.retrieve.transcoding import NATIVE, Transcoder
from tests.pictures.builder import grey_screen, image, screen, write, ybr
from tests.pictures.test_image_peers import COMPRESSED, compressed

DECOMPRESSORS = {"4.5": "dcmdjpeg", "4.7": "dcmdjpeg", "4.8": "dcmdjpls", "5": "dcmdrle"}
"""DCMTK's tools by how the transfer syntax goes on after 1.2.840.10008.1.2."""

MOST_FRAMES = 10

pytestmark = [
    pytest.mark.slow,  # asks DCMTK
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore:Incorrect value for Specific Character Set"),
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in {*DECOMPRESSORS.values(), "dcmcjpeg"}),
        reason="needs DCMTK",
    ),
]


@pytest.fixture(scope="module")
def transcoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transcoder]:
    """Return what makes the copies."""
    with FrameReader() as frames:
        yield Transcoder(frames, tmp_path_factory.mktemp("spool"), lambda _: None)


def decompressed(path: Path, folder: Path) -> Path | None:
    """Return the object as DCMTK decompresses it; None where no tool of it can."""
    rest = str(dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID)
    rest = rest.removeprefix("1.2.840.10008.1.2.")
    tool = next((tool for start, tool in DECOMPRESSORS.items() if rest.startswith(start)), None)
    out = folder / f"dcmtk-{path.name}"
    if tool is None or subprocess.run([tool, path, out], check=False, timeout=60).returncode:
        return None
    return out


def assert_equal(transcoder: Transcoder, path: Path, folder: Path) -> bool:
    """Fail unless both are the same sample by sample; return whether DCMTK could tell."""
    theirs = decompressed(path, folder)
    if theirs is None:
        return False
    for syntax in NATIVE:
        with transcoder.transcoded(path, syntax) as ours:
            found, wanted = dcmread(ours), dcmread(theirs)
            label = "PhotometricInterpretation"
            if found[label] == wanted[label]:
                assert np.array_equal(pixel_array(found, raw=True), pixel_array(wanted, raw=True))
            else:  # DCMTK rounds to red, green and blue what was not lost
                difference = pixel_array(found).astype(int) - pixel_array(wanted)
                assert np.abs(difference).max() <= 2
    return True


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "MONOCHROME2"])
@pytest.mark.parametrize("kind", COMPRESSED)
def test_what_dcmtk_compressed(
    transcoder: Transcoder, kind: str, photometric: str, tmp_path: Path
) -> None:
    """In every scheme it knows, from samples of each kind."""
    samples = {"RGB": screen(), "YBR_FULL": ybr(screen()), "MONOCHROME2": grey_screen()}
    plain = write(image(samples[photometric], photometric), tmp_path / "plain.dcm")

    assert assert_equal(transcoder, compressed(plain, kind), tmp_path)


@pytest.mark.parametrize("kind", ["lossless SV1", "JPEG-LS", "RLE"])
def test_sixteen_bits(transcoder: Transcoder, kind: str, tmp_path: Path) -> None:
    """Grey of more than eight bits."""
    made = image(grey_screen().astype(np.uint16) * 16, "MONOCHROME2", BitsStored=12, HighBit=11)
    path = compressed(write(made, tmp_path / "plain.dcm"), kind)

    assert assert_equal(transcoder, path, tmp_path)


def test_images_of_real_devices(transcoder: Transcoder, corpus: Path, tmp_path: Path) -> None:
    """Those DCMTK reads, but for long loops, which take it a minute."""
    told = [
        assert_equal(transcoder, path, tmp_path)
        for path in (corpus / "images").glob("*.dcm")
        if int(dcmread(path, stop_before_pixels=True).get("NumberOfFrames") or 1) <= MOST_FRAMES
    ]
    assert sum(told) >= 3
