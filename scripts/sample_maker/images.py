"""The pictures of the echo study: drawn, not scanned.

A sector with speckle, a few walls and a dark chamber, in arithmetic that IEEE 754 rounds alike
everywhere (no trigonometry); the loop shows the chamber beating.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from sample_maker.cast import ECHO
from sample_maker.part10 import add_equipment, add_series, new_instance

SECTOR_SLOPE: Final = 0.9
"""Tangent of half the sector's angle (42 degrees)."""
FRAME_TIME: Final = "40"
"""Milliseconds between two frames of the loop (0018,1063)."""


class Chamber(NamedTuple):
    """A dark ellipse with a bright wall; measures are fractions of the picture's height."""

    x: float
    y: float
    width: float
    height: float


STILLS: Final = (
    ("still 1", (Chamber(-0.06, 0.45, 0.17, 0.11), Chamber(0.16, 0.62, 0.12, 0.09))),
    ("still 2", (Chamber(-0.10, 0.40, 0.10, 0.17), Chamber(0.12, 0.40, 0.09, 0.15))),
    ("still 3", (Chamber(0.0, 0.52, 0.16, 0.16),)),
)
HEART_BEAT: Final = (17, 17, 16, 14, 12, 11, 11, 11, 12, 14, 16, 17)
"""Width of the chamber in each frame of the loop, in hundredths of the height."""


def echo_images() -> list[Dataset]:
    """Return three stills of 320 x 240 and one loop of twelve frames of 160 x 120."""
    stills = [
        _instance(number, name, 320, 240, [draw(320, 240, chambers, seed=number)])
        for number, (name, chambers) in enumerate(STILLS, start=1)
    ]
    frames = [
        draw(160, 120, (Chamber(0.0, 0.5, width / 100, width / 80),), seed=40 + frame)
        for frame, width in enumerate(HEART_BEAT)
    ]
    return [*stills, _instance(4, "loop", 160, 120, frames)]


def draw(columns: int, rows: int, chambers: tuple[Chamber, ...], seed: int) -> bytes:
    """Return one 8 bit picture, row by row; ``seed`` chooses the speckle."""
    pixels = bytearray(columns * rows)
    noise = seed * 2654435761 % 2**32
    for y in range(rows):
        for x in range(columns):
            noise = (1664525 * noise + 1013904223) % 2**32
            across, below = (x + 0.5 - columns / 2) / rows, (y + 0.5) / rows - 0.03
            if abs(across) < SECTOR_SLOPE * below:
                grey = _grey(across, below, chambers)
                pixels[y * columns + x] = min(255, grey * (64 + (noise >> 24)) // 256)
    return bytes(pixels)


def _grey(x: float, y: float, chambers: tuple[Chamber, ...]) -> int:
    """Return the mean grey (0-255) at ``x`` beside the sector's axis and ``y`` below its tip."""
    radius = math.sqrt(x * x + y * y)
    if radius > 0.94:
        return 0
    grey = 120 - int(70 * radius)
    for chamber in chambers:
        across, down = (x - chamber.x) / chamber.width, (y - chamber.y) / chamber.height
        distance = across * across + down * down
        if distance < 1:
            return 10
        if distance < 1.3:
            grey = 250
    return grey


def _instance(number: int, name: str, columns: int, rows: int, frames: list[bytes]) -> Dataset:
    """Return an ultrasound image, multi-frame when there is more than one frame (PS3.3 A.6)."""
    several = len(frames) > 1
    sop_class = UltrasoundMultiFrameImageStorage if several else UltrasoundImageStorage
    ds = new_instance(ECHO, sop_class, name, minutes=number)
    add_series(ds, ECHO, "US", 1)
    # The series began with its first image.
    ds.SeriesTime = ds.StudyTime
    add_equipment(ds, "Invented Ultrasound", "Example 1", "1.0")
    ds.InstanceNumber = number
    ds.PatientOrientation = ""
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.LossyImageCompression = "00"
    if several:
        ds.NumberOfFrames = len(frames)
        ds.FrameTime = FRAME_TIME
        ds.FrameIncrementPointer = 0x00181063
    _add_pixels(ds, columns, rows, b"".join(frames))
    ds.SequenceOfUltrasoundRegions = Sequence([_region(columns, rows)])
    return ds


def _add_pixels(ds: Dataset, columns: int, rows: int, pixels: bytes) -> None:
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows = rows
    ds.Columns = columns
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelRepresentation = 0
    ds.add_new("PixelData", "OB", pixels)


def _region(columns: int, rows: int) -> Dataset:
    """Return the calibrated region: 16 cm deep, tissue, 2D (PS3.3 C.8.5.5)."""
    region = Dataset()
    region.RegionSpatialFormat = 1
    region.RegionDataType = 1
    region.RegionFlags = 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1 = columns - 1
    region.RegionLocationMaxY1 = rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 16 / rows
    return region
