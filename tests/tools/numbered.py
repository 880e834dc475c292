"""Loops whose frames carry their number, and who reads it back from what a browser drew."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from tests.tools.practice import Practice

BITS: Final = 9
SIDE: Final = 16
"""Pixels of a square that is a bit of the number."""
SIZE: Final = (BITS * SIDE, 3 * SIDE)
"""Columns and rows of a frame."""
US_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.6.1"
US_LOOP: Final = "1.2.840.10008.5.1.4.1.1.3.1"

READ: Final = f"""(canvas) => {{
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit += 1) {{
    const at = ({SIDE // 2} * pixels.width + bit * {SIDE} + {SIDE // 2}) * 4;
    if (pixels.data[at] > 127) number |= 1 << bit;
  }}
  return number;
}}"""
"""A function of JavaScript that returns the number a canvas shows."""


def numbered(number: int) -> Image.Image:
    """Return the picture of a frame: its number as white squares, the lowest bit on the left."""
    made = Image.new("RGB", SIZE)
    pencil = ImageDraw.Draw(made)
    for bit in (one for one in range(BITS) if number >> one & 1):
        pencil.rectangle((bit * SIDE, 0, (bit + 1) * SIDE - 1, SIDE - 1), fill="white")
    return made


def as_jpeg(number: int) -> bytes:
    """Return a frame as JPEG Baseline."""
    file = io.BytesIO()
    numbered(number).save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue()


def _object(sop_class: str, syntax: str) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = uid.UID(sop_class)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    made.Modality = "US"
    made.Columns, made.Rows = SIZE
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    return made


def native_loop(numbers: Iterable[int]) -> Dataset:
    """Return a loop that is not compressed."""
    made = _object(US_LOOP, uid.ExplicitVRLittleEndian)
    frames = [numbered(one).convert("L").tobytes() for one in numbers]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.NumberOfFrames = len(frames)
    made.PixelData = b"".join(frames)
    made["PixelData"].VR = "OB"
    return made


def jpeg_loop(frames: Iterable[bytes]) -> Dataset:
    """Return a loop of JPEG frames."""
    found = list(frames)
    made = _object(US_LOOP, uid.JPEGBaseline8Bit)
    made.SamplesPerPixel, made.PhotometricInterpretation = 3, "YBR_FULL_422"
    made.PlanarConfiguration = 0
    made.NumberOfFrames = len(found)
    made.PixelData = encapsulate(found)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return made


def deep_still() -> Dataset:
    """Return a still of 16 bits, whose grey values are those of a window."""
    made = _object(US_IMAGE, uid.ExplicitVRLittleEndian)
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    columns, rows = SIZE
    values = [min(column * 28, 4095) for column in range(columns)] * rows
    made.PixelData = b"".join(one.to_bytes(2, "little") for one in values)
    made["PixelData"].VR = "OW"
    made.WindowCenter, made.WindowWidth = 2048, 4096
    return made


Change = Callable[[Dataset], None]


def receive(practice: Practice, made: Dataset, folder: Path, **said: object) -> str:
    """Have an object received as one of 4711's; ``said`` are elements. Return its UID."""
    person = {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": "Müller^Änne",
        "PatientID": "4711",
        "PatientBirthDate": "19581224",
        "PatientSex": "F",
        "StudyTime": "103015",
        "StudyDescription": "Abdomen",
        "SeriesInstanceUID": "2.25.2000",
    }
    for keyword, value in {**person, **said}.items():
        setattr(made, keyword, value)
    path = folder / "incoming.dcm"
    made.save_as(path, enforce_file_format=True)
    number = str(made.SOPInstanceUID)
    command = (str(made.SOPClassUID), number, str(made.file_meta.TransferSyntaxUID))
    incoming = IncomingInstance(path, *command, practice.device, "127.0.0.1")
    assert practice.core.receiving.receive(incoming) is ReceiptStatus.NEW
    return number
