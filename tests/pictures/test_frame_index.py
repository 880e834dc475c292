"""Each frame is found where it is, whatever tables say and however it is cut into fragments."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended

from gdtbridge.pictures.frame_index import FrameIndex, encoded, index_frames
from gdtbridge.pictures.frames import number_of_frames
from gdtbridge.pictures.opened_object import open_object
from tests.pictures.builder import image, jpeg, put_frames, screen, write

FRAMES = [jpeg(screen() // part, subsampling=1) for part in (1, 2, 3, 4, 5)]
"""Five streams of different lengths."""


def loop(frames: Sequence[bytes] = FRAMES, said: int = len(FRAMES)) -> Dataset:
    """Return a loop with a table of offsets."""
    made = image(screen(), "YBR_FULL_422")
    put_frames(made, frames, uid.JPEGBaseline8Bit)
    made.NumberOfFrames = said
    return made


def with_pixels(data: bytes, said: int = len(FRAMES)) -> Dataset:
    """Return a loop whose pixel data are these items."""
    made = loop(said=said)
    made.PixelData = data
    made["PixelData"].is_undefined_length = True
    return made


def extended() -> Dataset:
    """Return a loop with an Extended Offset Table."""
    data, offsets, lengths = encapsulate_extended([one + b"\0" * (len(one) % 2) for one in FRAMES])
    made = with_pixels(data)
    made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = offsets, lengths
    return made


def wrongly_extended() -> Dataset:
    """Return a loop whose Extended Offset Table points into frames."""
    made = extended()
    made.ExtendedOffsetTable = struct.pack("<5Q", 0, 3, 6, 9, 12)
    return made


def wrongly_tabled() -> Dataset:
    """Return a loop whose Basic Offset Table goes back."""
    data = bytearray(encapsulate(FRAMES))
    data[8:28] = struct.pack("<5L", 0, 500, 400, 600, 700)
    return with_pixels(bytes(data))


MADE: dict[str, Callable[[], Dataset]] = {
    "basic table": loop,
    "extended table": extended,
    "no table": lambda: with_pixels(encapsulate(FRAMES, has_bot=False)),
    "fragments": lambda: with_pixels(encapsulate(FRAMES, fragments_per_frame=3, has_bot=False)),
    "fragments and table": lambda: with_pixels(encapsulate(FRAMES, fragments_per_frame=3)),
    "wrong extended table": wrongly_extended,
    "wrong basic table": wrongly_tabled,
}


def streams(made: Dataset, folder: Path) -> list[bytes]:
    """Return the codestreams of all frames that are there."""
    with open_object(write(made, folder / "loop.dcm")) as source:
        index = index_frames(source, number_of_frames(source.dataset))
        assert FrameIndex.unpacked(index.packed()).bounds == tuple(index.bounds)
        spans = [index.span(number) for number in range(1, len(index) + 1)]
        return [encoded(source.stream, span) for span in spans]


@pytest.mark.parametrize("name", MADE)
def test_every_frame_is_found(name: str, tmp_path: Path) -> None:
    """By the tables where they are right, by the items where not."""
    found = streams(MADE[name](), tmp_path)
    assert [one.rstrip(b"\0") for one in found] == FRAMES


@pytest.mark.parametrize(("said", "there"), [(9, 5), (5, 5), (3, 3), (2_147_483_647, 5)])
@pytest.mark.parametrize("table", ["table", ""])
def test_frames_that_are_said_and_not_there(
    said: int, there: int, table: str, tmp_path: Path
) -> None:
    """What is there counts, and no more than is said."""
    made = with_pixels(encapsulate(FRAMES, has_bot=bool(table)), said)
    assert [one.rstrip(b"\0") for one in streams(made, tmp_path)] == FRAMES[:there]


def test_one_frame_of_many_fragments(tmp_path: Path) -> None:
    """All of them are the frame."""
    made = with_pixels(encapsulate(FRAMES[:1], fragments_per_frame=7, has_bot=False), 1)
    assert [one.rstrip(b"\0") for one in streams(made, tmp_path)] == FRAMES[:1]
