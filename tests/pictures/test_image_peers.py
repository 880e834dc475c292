"""DCMTK compresses, DCMTK decompresses: both of us see the same picture."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread, uid
from pydicom.pixels.utils import pixel_array

from gdtbridge.pictures.render import render
from tests.pictures.builder import (
    Array,
    assert_screen,
    browsed,
    drawn,
    grey_screen,
    image,
    pixels_of,
    screen,
    shown,
    write,
    ybr,
)

TOOLS = ("dcmcjpeg", "dcmcjpls", "dcmcrle", "dcmj2pnm")

pytestmark = [
    pytest.mark.slow,  # asks DCMTK
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore:Incorrect value for Specific Character Set"),
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="needs DCMTK"),
]

COMPRESSED = {
    # DCMTK's tool and options, and the transfer syntax that makes.
    "baseline 4:2:2": (["dcmcjpeg", "+eb", "+q", "95"], uid.JPEGBaseline8Bit),
    "baseline 4:4:4": (["dcmcjpeg", "+eb", "+q", "95", "+s4"], uid.JPEGBaseline8Bit),
    "baseline RGB": (["dcmcjpeg", "+eb", "+q", "95", "+cr"], uid.JPEGBaseline8Bit),
    "extended": (["dcmcjpeg", "+ee", "+q", "95", "+be"], uid.JPEGExtended12Bit),
    "lossless": (["dcmcjpeg", "+el"], uid.JPEGLossless),
    "lossless SV1": (["dcmcjpeg", "+e1"], uid.JPEGLosslessSV1),
    "JPEG-LS": (["dcmcjpls", "+el"], uid.JPEGLSLossless),
    "JPEG-LS near": (["dcmcjpls", "+en"], uid.JPEGLSNearLossless),
    "RLE": (["dcmcrle"], uid.RLELossless),
}


def run(*command: object) -> None:
    """Run a program of DCMTK."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def compressed(plain: Path, kind: str) -> Path:
    """Return the object compressed by DCMTK."""
    command, syntax = COMPRESSED[kind]
    path = plain.with_suffix(".compressed.dcm")
    run(*command, plain, path)
    assert dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax
    return path


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("kind", COMPRESSED)
def test_colours_compressed_by_dcmtk(kind: str, photometric: str, tmp_path: Path) -> None:
    """Every scheme DCMTK knows, from both kinds of samples."""
    pixels = screen() if photometric == "RGB" else ybr(screen())
    plain = write(image(pixels, photometric), tmp_path / "plain.dcm")
    assert_screen(shown(compressed(plain, kind), tmp_path), tolerance=12)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("kind", [kind for kind in COMPRESSED if "RGB" not in kind])
def test_grey_compressed_by_dcmtk(kind: str, photometric: str, tmp_path: Path) -> None:
    """One sample, in both senses of the scale."""
    plain = write(image(grey_screen(), photometric), tmp_path / "plain.dcm")
    wanted = grey_screen() if photometric == "MONOCHROME2" else 255 - grey_screen()
    found = shown(compressed(plain, kind), tmp_path)
    assert np.abs(found.astype(int) - wanted).max() <= 12


@pytest.mark.parametrize("kind", ["lossless SV1", "JPEG-LS", "RLE"])
def test_sixteen_bits_compressed_by_dcmtk(kind: str, tmp_path: Path) -> None:
    """Grey of more than eight bits."""
    made = image(grey_screen().astype(np.uint16) * 16, "MONOCHROME2", BitsStored=12, HighBit=11)
    plain = write(made, tmp_path / "plain.dcm")
    found = shown(compressed(plain, kind), tmp_path)
    assert np.abs(found.astype(int) - grey_screen()).max() <= 6


def as_dcmtk_shows(path: Path, frame: int, folder: Path) -> Array | None:
    """Return the frame as DCMTK shows it; None where it cannot."""
    dataset = dcmread(path, stop_before_pixels=True)
    window = ["+Wi", "1"] if "WindowCenter" in dataset else []
    picture = folder / "picture.png"
    done = subprocess.run(
        ["dcmj2pnm", "+on", "--frame", str(frame), *window, str(path), str(picture)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        return None
    with Image.open(picture) as opened:
        return np.asarray(opened.convert("RGB"))


def test_real_images_look_as_in_dcmtk(corpus: Path, tmp_path: Path) -> None:
    """Stills and loops of six vendors: files differ by less than compression does, pages by 2."""
    compared = 0
    for path in sorted((corpus / "images").glob("*.dcm")):
        frames = int(dcmread(path, stop_before_pixels=True).get("NumberOfFrames") or 1)
        wanted = as_dcmtk_shows(path, (frames + 1) // 2, tmp_path)
        found = pixels_of(render(path, None).data)
        if wanted is not None:
            found = found if found.ndim == 3 else np.stack([found] * 3, axis=-1)
            assert np.abs(found.astype(int) - wanted).mean() < 1.5, path.name
            on_page = Image.fromarray(drawn(browsed(path, (frames + 1) // 2))).convert("RGB")
            assert np.abs(np.asarray(on_page).astype(int) - wanted).max() <= 2, path.name
            compared += 1
    assert compared >= 7


def test_what_dcmtk_cannot_show_looks_as_elsewhere(corpus: Path) -> None:
    """JPEG 2000 is the picture it was made of; JPEG-LS and odd fragments are as GDCM has them."""
    images = corpus / "images"
    lossless, plain = (drawn(browsed(images / f"{name}.dcm")) for name in ("US1_J2KR", "US1_UNCR"))
    assert (lossless == plain).all()
    fragmented = images / "IM00001.fragmented_no_bot_jpeg_baseline.50.dcm"
    for number in (1, 5, 8):
        found = drawn(browsed(fragmented, number)).astype(int)
        wanted = pixel_array(fragmented, index=number - 1, decoding_plugin="gdcm")
        assert np.abs(found - wanted).max() <= 3
    grey = images / "GH364.dcm"  # its window, 127 and 254, is nearly none
    stored = pixel_array(grey, decoding_plugin="gdcm").astype(int)
    assert np.abs(drawn(browsed(grey)) - stored).max() <= 2


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("US1_UNCR.dcm", "YBR_FULL"),
        ("YBR_FULL-RLE.dcm", "RGB"),
        ("color3d_jpeg_baseline.dcm", "RGB"),
        ("IM00001.fragmented_no_bot_jpeg_baseline.50.dcm", "RGB"),
        ("US1_J2KR.dcm", "RGB"),
        ("US1_J2KR.dcm", "YBR_FULL"),
    ],
)
def test_real_image_under_a_wrong_label(
    name: str, label: str, corpus: Path, tmp_path: Path
) -> None:
    """The picture is the same, whatever the device calls its colours."""
    right = pixels_of(render(corpus / "images" / name, 1).data)
    mislabelled = dcmread(corpus / "images" / name)
    mislabelled.PhotometricInterpretation = label
    wrong = shown(mislabelled, tmp_path, 1)
    assert np.abs(right.astype(int) - wrong).mean() < 1
