"""Frames as a browser shows them: the device's own where that is right, else made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from gdtbridge.pictures.looking import (
    AS_STORED,
    FrameLook,
    FrameSpan,
    GreyWindow,
    PictureForm,
)
from gdtbridge.pictures.picture_reader import PictureReader
from gdtbridge.pictures.showing import describe
from tests.pictures.builder import (
    COLUMNS,
    ROWS,
    assert_screen,
    browsed,
    drawn,
    grey_screen,
    image,
    jpeg,
    put_frames,
    put_pixels,
    screen,
    without_marks,
    write,
)


def of_jpeg(stream: bytes, photometric: str, **elements: Any) -> Dataset:
    """Return an image whose only frame is a JPEG."""
    made = image(screen(), photometric, **elements)
    put_frames(made, [stream], uid.JPEGBaseline8Bit)
    return made


JPEGS: dict[str, tuple[Callable[[], bytes], str]] = {
    "marked and labelled": (lambda: jpeg(screen()), "YBR_FULL"),
    "thinned out": (lambda: without_marks(jpeg(screen(), subsampling=1)), "YBR_FULL_422"),
    "not marked": (lambda: without_marks(jpeg(screen())), "YBR_FULL"),
    "red, green and blue": (lambda: jpeg(screen(), keep_rgb=True), "RGB"),
    "not marked, labelled RGB, is not": (lambda: without_marks(jpeg(screen())), "RGB"),
    "not marked, labelled YBR, is RGB": (
        lambda: without_marks(jpeg(screen(), keep_rgb=True)),
        "YBR_FULL",
    ),
    "thinned out, labelled RGB": (lambda: jpeg(screen(), subsampling=2), "RGB"),
}


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_of_the_device_is_handed_on_in_its_colours(name: str, tmp_path: Path) -> None:
    """Whatever it is marked and labelled: compressed pixels stay, a mark says what they are."""
    stream, photometric = JPEGS[name]
    frame = browsed(write(of_jpeg(stream(), photometric), tmp_path / "image.dcm"))
    assert (frame.media_type, frame.is_own) == ("image/jpeg", True)
    assert_screen(drawn(frame), tolerance=40)
    scan = stream()[stream().index(b"\xff\xda") :]
    assert frame.data.endswith(scan)


def with_overlay(made: Dataset, left: int = 1, rows: int = 8) -> Dataset:
    """Return an image with a plane of 8 by 16 set pixels in its 17th row."""
    group = 0x6000
    for element, vr, value in (
        (0x10, "US", rows),
        (0x11, "US", 16),
        (0x40, "CS", "G"),
        (0x50, "SS", [17, left]),
        (0x100, "US", 1),
        (0x102, "US", 0),
        (0x3000, "OW", b"\xff" * 16),
    ):
        made.add_new(group << 16 | element, vr, value)
    return made


CHANGED: dict[str, tuple[Callable[[], Dataset], FrameLook]] = {
    "another size": (lambda: of_jpeg(jpeg(screen()), "YBR_FULL", Rows=40), AS_STORED),
    "pixels that are not square": (
        lambda: of_jpeg(jpeg(screen()), "YBR_FULL", PixelAspectRatio=[2, 1]),
        AS_STORED,
    ),
    "an overlay": (lambda: with_overlay(of_jpeg(jpeg(screen()), "YBR_FULL")), AS_STORED),
    "smaller": (lambda: of_jpeg(jpeg(screen()), "YBR_FULL"), FrameLook(edge=32)),
    "as PNG": (lambda: of_jpeg(jpeg(screen()), "YBR_FULL"), FrameLook(form=PictureForm.PNG)),
    "progressive": (lambda: of_jpeg(jpeg(screen(), progressive=True), "YBR_FULL"), AS_STORED),
    "inverse grey": (lambda: of_jpeg(jpeg(grey_screen(), "L"), "MONOCHROME1"), AS_STORED),
    "a window": (
        lambda: of_jpeg(jpeg(grey_screen(), "L"), "MONOCHROME2"),
        FrameLook(window=GreyWindow(128, 64)),
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_is_to_be_shown_otherwise_is_made_here(name: str, tmp_path: Path) -> None:
    """Then it is no JPEG of the device any more."""
    made, look = CHANGED[name]
    frame = browsed(write(made(), tmp_path / "image.dcm"), look=look)
    assert not frame.is_own
    assert drawn(frame).size


def test_overlays_are_drawn(tmp_path: Path) -> None:
    """Where they lie, cut at the edge, over colours and over grey."""
    plain = drawn(browsed(write(image(screen(), "RGB"), tmp_path / "plain.dcm")))
    for left, columns in ((41, slice(40, 56)), (COLUMNS - 3, slice(COLUMNS - 4, COLUMNS))):
        path = write(with_overlay(image(screen(), "RGB"), left), tmp_path / "drawn.dcm")
        wanted = plain.copy()
        wanted[16:24, columns] = 255
        assert (drawn(browsed(path)) == wanted).all()
    grey = write(with_overlay(image(grey_screen(), "MONOCHROME2")), tmp_path / "grey.dcm")
    assert (drawn(browsed(grey))[16:24, :16] == 255).all()


def test_a_smaller_picture_keeps_its_shape(tmp_path: Path) -> None:
    """Pixels are square, the longer side is the edge, and nothing is made larger."""
    path = write(image(screen(), "RGB", PixelAspectRatio=[3, 1]), tmp_path / "image.dcm")
    facts = describe(path)
    assert (facts.columns, facts.rows) == (COLUMNS, 3 * ROWS)
    small = browsed(path, look=FrameLook(edge=72, form=PictureForm.JPEG))
    assert (small.columns, small.rows, small.media_type) == (32, 72, "image/jpeg")
    assert browsed(path, look=FrameLook(edge=5000)).rows == 3 * ROWS


def test_frames_of_a_loop_have_one_scale_of_grey(tmp_path: Path) -> None:
    """Of many bits without a window the frame that stands for the loop says what is white."""
    ramp = grey_screen().astype(np.uint16)
    loop = image(ramp, "MONOCHROME2", NumberOfFrames=3, BitsStored=12, HighBit=11)
    put_pixels(loop, b"".join((ramp * part).tobytes() for part in (2, 8, 4)))
    path = write(loop, tmp_path / "loop.dcm")
    brightest = [int(drawn(browsed(path, number)).max()) for number in (1, 2, 3)]
    assert brightest == pytest.approx([64, 255, 128], abs=2)


HOSTILE: dict[str, Callable[[], Dataset]] = {
    "huge": lambda: image(screen(), "RGB", Rows=65535, Columns=65535),
    "no samples": lambda: image(screen(), "RGB", BitsAllocated=0),
    "unknown colours": lambda: image(screen(), "HSV"),
    "no JPEG": lambda: of_jpeg(b"no JPEG at all", "YBR_FULL"),
    "a JPEG that says it is giant": lambda: of_jpeg(
        jpeg(screen()).replace(b"\0\x30\0\x40", b"\xfd\xe8\xfd\xe8", 1), "YBR_FULL"
    ),
    "two billion frames": lambda: image(screen(), "RGB", NumberOfFrames="2147483647"),
    "an overlay that is cut off": lambda: with_overlay(image(screen(), "RGB"), rows=9000),
}


@pytest.mark.slow  # starts a child with decoders
def test_hostile_objects_cost_no_more_than_themselves(tmp_path: Path) -> None:
    """A problem or a picture each; one child for all of them."""
    found = {}
    with PictureReader(seconds=10) as reader:
        for name, made in HOSTILE.items():
            path = write(made(), tmp_path / "hostile.dcm")
            facts = reader.describe(path)
            frame = None
            if not facts.problem and not facts.spans:
                (frame,) = reader.show(path, (FrameSpan(1),), AS_STORED, is_loop=False)
            found[name] = facts.problem or (frame.problem if frame is not None else "")
        assert len(reader.processes()) == 1
    assert found["huge"] in {"too-large", "damaged"}
    assert found["unknown colours"] == "colours"
    assert found["two billion frames"] == ""
