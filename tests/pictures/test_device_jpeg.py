"""The JPEG of a device: right colours under any label; samples kept, metadata not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import uid

from gdtbridge.pictures import NotRenderable
from gdtbridge.pictures.render import render
from tests.pictures.builder import (
    Array,
    assert_screen,
    grey_screen,
    image,
    jpeg,
    pixels_of,
    put_frames,
    screen,
    shown,
    with_segment,
    without_marks,
    write,
)

SYNTAX = uid.JPEGBaseline8Bit

LABELS = ["RGB", "YBR_FULL", "YBR_FULL_422"]

ADOBE_RGB, ADOBE_YCBCR = (b"Adobe\0\x64\0\0\0\0" + transform for transform in (b"\0", b"\1"))


def without_names(pixels: Array) -> bytes:
    """Return a JPEG of red, green and blue, called 1, 2 and 3, without marks."""
    stream = without_marks(jpeg(pixels, keep_rgb=True))
    for number, name in enumerate(b"RGB", start=1):
        for after in (b"\x11", b"\0"):  # in the headers of frame and scan
            stream = stream.replace(bytes([name]) + after, bytes([number]) + after, 1)
    return stream


STREAMS = {
    "JFIF": jpeg(screen()),
    "JFIF 4:2:2": jpeg(screen(), subsampling=1),
    "JFIF 4:2:0": jpeg(screen(), subsampling=2),
    "YCbCr without marks": without_marks(jpeg(screen())),
    "YCbCr 4:2:2 without marks": without_marks(jpeg(screen(), subsampling=1)),
    "Adobe YCbCr": with_segment(without_marks(jpeg(screen())), 0xEE, ADOBE_YCBCR),
    "Adobe RGB": jpeg(screen(), keep_rgb=True),
    "RGB without marks": without_marks(jpeg(screen(), keep_rgb=True)),
    "progressive": jpeg(screen(), progressive=True),
}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("kind", STREAMS)
def test_colours(kind: str, label: str, tmp_path: Path) -> None:
    """Red is red: whatever the label says, and whether the stream tells or not."""
    made = image(screen(), label)
    put_frames(made, [STREAMS[kind]], SYNTAX)
    assert_screen(shown(made, tmp_path), tolerance=12)


def colourful() -> Array:
    """Return a picture without a grey pixel, which proves no label wrong."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32], pixels[:, 32:] = (200, 40, 40), (40, 60, 220)
    return pixels


@pytest.mark.parametrize(
    ("stream", "label"),
    [
        (jpeg(colourful()), "RGB"),
        (without_marks(jpeg(colourful(), subsampling=1)), "RGB"),
        (with_segment(without_marks(jpeg(colourful())), 0xEE, ADOBE_YCBCR), "RGB"),
        (jpeg(colourful(), keep_rgb=True), "YBR_FULL"),
        (with_segment(without_names(colourful()), 0xEE, ADOBE_RGB), "YBR_FULL"),
        (without_marks(jpeg(colourful(), keep_rgb=True)), "YBR_FULL"),
        (without_marks(jpeg(colourful())), "YBR_FULL"),
        (without_marks(jpeg(colourful())), "MONOCHROME2"),
        (without_names(colourful()), "RGB"),
    ],
    ids=[
        "JFIF",
        "thinned out",
        "Adobe YCbCr",
        "Adobe RGB",
        "Adobe RGB without names",
        "names",
        "label YBR",
        "label of something else",
        "label RGB",
    ],
)
def test_marks_come_before_the_label(stream: bytes, label: str, tmp_path: Path) -> None:
    """JFIF, Adobe, thinned out components, their names; the label where there is none of these."""
    made = image(colourful(), label)
    put_frames(made, [stream], SYNTAX)
    found = shown(made, tmp_path).astype(int)
    assert np.abs(found[24, 8] - (200, 40, 40)).max() <= 8
    assert np.abs(found[24, -8] - (40, 60, 220)).max() <= 8


def test_samples_of_the_device_are_kept(tmp_path: Path) -> None:
    """What a workstation shows is exactly what the device compressed, in no more bytes."""
    stream = jpeg(screen(), quality=30, subsampling=1)
    made = image(screen(), "YBR_FULL_422")
    put_frames(made, [stream], SYNTAX)
    rendered = render(write(made, tmp_path / "image.dcm"), None)
    assert np.array_equal(pixels_of(rendered.data), pixels_of(stream))
    assert len(rendered.data) <= len(stream)


def test_metadata_of_the_device_is_not_kept(tmp_path: Path) -> None:
    """Segments for applications and comments may name the patient; so may what follows the end."""
    stream = jpeg(screen())
    for marker in (0xE1, 0xEF, 0xFE):
        stream = with_segment(stream, marker, b"Mueller^Erika")
    made = image(screen(), "YBR_FULL")
    put_frames(made, [stream + b"Mueller^Erika"], SYNTAX)
    rendered = render(write(made, tmp_path / "image.dcm"), None)
    assert b"Mueller" not in rendered.data
    assert rendered.data.startswith(b"\xff\xd8\xff\xe0\x00\x10JFIF\0")
    assert rendered.data.endswith(b"\xff\xd9")
    assert_screen(pixels_of(rendered.data))


@pytest.mark.parametrize(
    ("photometric", "elements", "wanted"),
    [
        ("MONOCHROME2", {}, grey_screen()),
        ("MONOCHROME1", {}, 255 - grey_screen()),
        ("YBR_FULL_422", {"SamplesPerPixel": 3}, grey_screen()),
        ("MONOCHROME2", {"WindowCenter": "64", "WindowWidth": "2"}, (grey_screen() > 63) * 255),
    ],
)
def test_grey(photometric: str, elements: dict[str, Any], wanted: Array, tmp_path: Path) -> None:
    """A stream of one component; the window and the sense of the scale count."""
    made = image(grey_screen(), photometric, **elements)
    put_frames(made, [jpeg(grey_screen(), "L", quality=100)], SYNTAX)
    assert np.abs(shown(made, tmp_path).astype(int) - wanted).max() <= 8


def test_pixels_become_square(tmp_path: Path) -> None:
    """A stream that would look squeezed is not kept."""
    made = image(screen(), "YBR_FULL", PixelAspectRatio=[2, 1])
    put_frames(made, [STREAMS["JFIF"]], SYNTAX)
    assert shown(made, tmp_path).shape == (96, 64, 3)


@pytest.mark.parametrize("frame", [1, 2, 3])
@pytest.mark.parametrize("offsets", ["in a table", "nowhere"])
def test_frame_of_a_loop(frame: int, offsets: str, tmp_path: Path) -> None:
    """The frame is found by the table of offsets, or by counting."""
    greys = [np.full((48, 64), grey, np.uint8) for grey in (40, 120, 200)]
    made = image(greys[0], "MONOCHROME2")
    put_frames(made, [jpeg(grey, "L") for grey in greys], SYNTAX)
    if offsets == "nowhere":
        head = b"\xfe\xff\x00\xe0\x0c\x00\x00\x00"
        assert made.PixelData.startswith(head)
        made.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00" + made.PixelData[20:]
        made["PixelData"].is_undefined_length = True
    assert np.abs(shown(made, tmp_path, frame).astype(int) - greys[frame - 1]).max() <= 2


@pytest.mark.parametrize("kept", [2, 3, 100, 300, 600, 700, -2])
def test_stream_that_is_cut_off_is_no_picture(kept: int, tmp_path: Path) -> None:
    """Half a picture, the rest grey, would look like a finding."""
    stream = STREAMS["JFIF"]
    made = image(screen(), "YBR_FULL")
    put_frames(made, [stream[:kept]], SYNTAX)
    with pytest.raises(NotRenderable):
        shown(made, tmp_path)


def test_fill_bytes_and_leading_bytes_are_passed_over(tmp_path: Path) -> None:
    """Markers may be preceded by any number of 0xFF (T.81 B.1.1.2)."""
    stream = STREAMS["JFIF"]
    made = image(screen(), "YBR_FULL")
    put_frames(made, [b"\0" + stream[:2] + b"\xff\xff" + stream[2:]], SYNTAX)
    assert_screen(shown(made, tmp_path))
