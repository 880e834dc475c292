"""Objects for the tests: a small ultrasound screen in known colours, a PDF, a selection."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space

from gdtbridge.pictures import showing
from gdtbridge.pictures.frame_index import FrameIndex
from gdtbridge.pictures.looking import AS_STORED, FrameLook, FrameSpan, ShownFrame
from gdtbridge.pictures.render import render
from gdtbridge.pictures.showing import describe

US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
US_LOOP = "1.2.840.10008.5.1.4.1.1.3.1"
PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
SELECTION_CLASS = "1.2.840.10008.5.1.4.1.1.88.59"

Array = NDArray[Any]

ROWS, COLUMNS, SIDE = 48, 64, 16

COLOURS = {
    # Column and row of a square of `SIDE` pixels, and its colour.
    (0, 0): (255, 0, 0),
    (1, 0): (0, 255, 0),
    (2, 0): (0, 0, 255),
    (3, 0): (255, 255, 0),
    (0, 1): (255, 255, 255),
    (1, 1): (128, 128, 128),
}
"""Red, green, blue, yellow, white and grey; all else is black, as on a screen."""


def screen() -> Array:
    """Return the screen in red, green and blue."""
    pixels = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    for (column, row), colour in COLOURS.items():
        pixels[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = colour
    return pixels


def grey_screen() -> Array:
    """Return a ramp from black to white, left to right."""
    ramp = np.linspace(0, 255, COLUMNS).round().astype(np.uint8)
    return np.broadcast_to(ramp, (ROWS, COLUMNS)).copy()


def ybr(pixels: Array) -> Array:
    """Return luma and chroma as pydicom computes them."""
    return convert_color_space(pixels, "RGB", "YBR_FULL")


def dataset(sop_class: str = US_IMAGE, syntax: str = uid.ExplicitVRLittleEndian) -> Dataset:
    """Return an object of Erika Müller without content."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    made.SpecificCharacterSet = "ISO_IR 100"
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = uid.UID(sop_class)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    made.PatientName = "Müller^Erika"
    made.PatientID = "4711"
    made.PatientBirthDate = "19600203"
    return made


def image(
    pixels: Array, photometric: str, syntax: str = uid.ExplicitVRLittleEndian, **elements: object
) -> Dataset:
    """Return an image object of the pixels as they are: rows, columns, and samples if several."""
    made = dataset(syntax=syntax)
    made.PhotometricInterpretation = photometric
    made.Rows, made.Columns = pixels.shape[:2]
    made.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = pixels.dtype.itemsize * 8
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    put_pixels(made, pixels.tobytes())
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def put_pixels(made: Dataset, data: bytes) -> None:
    """Make the bytes the pixel data, which is not compressed."""
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OB" if made.BitsAllocated <= 8 else "OW"


def put_frames(made: Dataset, frames: Sequence[bytes], syntax: str) -> None:
    """Make the codestreams the pixel data; more than one makes a loop of it."""
    made.file_meta.TransferSyntaxUID = uid.UID(syntax)
    if len(frames) > 1:
        made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = uid.UID(US_LOOP)
        made.NumberOfFrames = len(frames)
    made.PixelData = encapsulate(list(frames))
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True


def write(made: Dataset, path: Path) -> Path:
    """Write the object as a Part 10 file."""
    made.save_as(path, enforce_file_format=True)
    return path


def shown(made: Dataset | Path, folder: Path, frame: int | None = None) -> Array:
    """Return what a workstation shows of the object's picture."""
    path = made if isinstance(made, Path) else write(made, folder / "image.dcm")
    rendered = render(path, frame)
    assert rendered.format == "JPG"
    return pixels_of(rendered.data)


def pixels_of(picture: bytes) -> Array:
    """Return the pixels of a JPEG."""
    with Image.open(io.BytesIO(picture), formats=("JPEG",)) as opened:
        return np.asarray(opened)


def browsed(path: Path, number: int = 1, look: FrameLook = AS_STORED) -> ShownFrame:
    """Return a frame as it is shown, in this process."""
    facts = describe(path)
    assert facts.problem == ""
    index = FrameIndex.unpacked(facts.spans) if facts.spans else None

    def span(one: int) -> FrameSpan:
        return FrameSpan(one) if index is None else index.span(one)

    reference = span(facts.representative) if facts.needs_reference else None
    batch = showing.show(path, (span(number),), look, facts.frames > 1, reference)
    (one,) = batch.frames
    shape = one.columns, one.rows
    return ShownFrame(one.number, one.media_type, batch.data, *shape, one.is_own, one.problem)


def drawn(frame: ShownFrame) -> Array:
    """Return what a browser draws."""
    assert frame.problem == ""
    with Image.open(io.BytesIO(frame.data)) as opened:
        assert opened.size == (frame.columns, frame.rows)
        return np.asarray(opened)


def assert_screen(pixels: Array, tolerance: int = 6) -> None:
    """Fail unless every square of the screen has its colour, and the rest is black."""
    assert pixels.shape == (ROWS, COLUMNS, 3)
    for row in range(ROWS // SIDE):
        for column in range(COLUMNS // SIDE):
            middle = pixels[row * SIDE + SIDE // 2, column * SIDE + SIDE // 2].astype(int)
            wanted = COLOURS.get((column, row), (0, 0, 0))
            assert np.abs(middle - wanted).max() <= tolerance, (column, row, middle, wanted)


def jpeg(pixels: Array, mode: str = "RGB", **options: Any) -> bytes:
    """Return the pixels as a JPEG of Pillow; ``keep_rgb`` leaves out the way to luma and chroma."""
    file = io.BytesIO()
    options = {"quality": 95, "subsampling": 0, **options}
    Image.fromarray(pixels, mode=None).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def without_marks(stream: bytes) -> bytes:
    """Return a JPEG without JFIF and Adobe segments, as many devices write it."""
    kept, at = [stream[:2]], 2
    while stream[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at + 1] not in range(0xE0, 0xF0):
            kept.append(stream[at:end])
        at = end
    return b"".join((*kept, stream[at:]))


def with_segment(stream: bytes, marker: int, content: bytes) -> bytes:
    """Return a JPEG with one more segment after its start."""
    head = struct.pack(">BBH", 0xFF, marker, len(content) + 2)
    return stream[:2] + head + content + stream[2:]


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def document(data: bytes, **elements: object) -> Dataset:
    """Return an encapsulated document."""
    made = dataset(PDF_CLASS)
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def selection(title: str, *named: tuple[str, Sequence[int]], nested: bool = False) -> Dataset:
    """Return a Key Object Selection of that title naming instances and frames."""
    made = dataset(SELECTION_CLASS)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = title, "DCM", "title"
    made.ConceptNameCodeSequence = [code]
    items = []
    for sop_instance_uid, frames in named:
        reference = Dataset()
        reference.ReferencedSOPClassUID = US_LOOP
        reference.ReferencedSOPInstanceUID = sop_instance_uid
        if frames:
            reference.ReferencedFrameNumber = list(frames)
        item = Dataset()
        item.ValueType = "IMAGE"
        item.ReferencedSOPSequence = [reference]
        items.append(item)
    if nested:
        container = Dataset()
        container.ValueType = "CONTAINER"
        container.ContentSequence = items
        items = [container]
    made.ContentSequence = items
    return made
