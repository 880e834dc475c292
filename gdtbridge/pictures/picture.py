"""A frame to a JPEG file that every workstation opens.

An 8-bit JPEG of the device stays the JPEG it is: its compressed samples are copied, so nothing gets
worse, and only the metadata around them is replaced. Everything else is compressed here, without
thinning out colours, so that thin coloured text stays readable.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from gdtbridge.dataset import jpeg
from gdtbridge.dataset.errors import UnreadableDataset
from gdtbridge.dataset.jpeg import LABELS, JpegCodestream, JpegColours
from gdtbridge.pictures.arrays import Bytes, Integers
from gdtbridge.pictures.colour import believed, labelled, palette_to_rgb, to_rgb
from gdtbridge.pictures.frames import (
    check_size,
    chosen_frame,
    decoded_frame,
    encoded_frame,
)
from gdtbridge.pictures.grey import grey_table, to_grey
from gdtbridge.pictures.model import AttachmentLimit, NotRenderable
from gdtbridge.pictures.opened_object import OpenedObject
from gdtbridge.pictures.transfer_syntaxes import JPEG_8_BIT

MAX_PICTURE: Final = 10 * 1024 * 1024
"""Bytes of a picture."""

QUALITIES: Final = (92, 80, 60)
"""The first whose picture is not too big counts."""


def render_picture(source: OpenedObject, frame: int | None) -> bytes:
    """Return a frame, counted from 1, as JPEG; None picks the frame (`chosen_frame`)."""
    number = chosen_frame(source.dataset, frame)
    if source.syntax in JPEG_8_BIT:
        return _from_jpeg(source, number)
    samples = decoded_frame(source, number)
    return _compressed(
        _picture(samples.values, samples.photometric, source.dataset), source.dataset
    )


def _from_jpeg(source: OpenedObject, frame: int) -> bytes:
    """Return the device's JPEG cleaned, or a new one where colours or shades must change."""
    dataset, stream = source.dataset, _codestream(encoded_frame(source, frame))
    if stream.precision != 8 or len(stream.components) not in {1, 3}:
        raise NotRenderable("Dieses JPEG wird nicht unterstützt. / Unsupported kind of JPEG.")
    check_size(stream.rows, stream.columns, len(stream.components))
    samples = _decoded(stream)  # damage shows here
    photometric = str(dataset.PhotometricInterpretation)
    if len(stream.components) == 1:
        if photometric in LABELS:  # a grey stream of a device that calls all its images coloured
            photometric = "MONOCHROME2"
        return _own(stream, dataset, stays=_shows_as_it_is(photometric, dataset)) or _compressed(
            _one_sample(samples, photometric, dataset), dataset
        )
    said = stream.colours or LABELS.get(photometric, JpegColours.LUMA_CHROMA)
    colours = believed(said, samples)
    return _own(stream, dataset, stays=colours is JpegColours.LUMA_CHROMA) or _compressed(
        to_rgb(samples, colours), dataset
    )


def _codestream(data: bytes) -> JpegCodestream:
    try:
        return jpeg.parse_codestream(data)
    except UnreadableDataset as error:
        raise NotRenderable(str(error)) from error


def _decoded(stream: JpegCodestream) -> Bytes:
    """Return the samples as they are in the stream, their colours not converted."""
    clean = io.BytesIO(stream.clean(JpegColours.RED_GREEN_BLUE))
    with Image.open(clean, formats=("JPEG",)) as image:
        return np.asarray(image)


def _own(stream: JpegCodestream, dataset: Dataset, *, stays: bool) -> bytes | None:
    """Return the device's JPEG without metadata; None where colours or shape must change."""
    if not stays or stream.process != jpeg.BASELINE or _aspect(dataset) != (1, 1):
        return None
    clean = stream.clean(JpegColours.LUMA_CHROMA)
    return clean if len(clean) <= MAX_PICTURE else None


def _shows_as_it_is(photometric: str, dataset: Dataset) -> bool:
    """Return whether grey values of 8 bits are shown unchanged."""
    return photometric != "PALETTE COLOR" and bool(
        np.array_equal(grey_table(dataset, 0, 255), np.arange(256))
    )


def _picture(values: Integers, photometric: str, dataset: Dataset) -> Bytes:
    """Return rows and columns of grey, or of red, green and blue."""
    if values.ndim == 2:
        return _one_sample(values, photometric, dataset)
    if values.shape[-1] != 3:
        raise NotRenderable("Nur 1 oder 3 Werte je Bildpunkt. / Only 1 or 3 samples per pixel.")
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    samples = (values >> max(bits - 8, 0)).astype(np.uint8)
    return to_rgb(samples, believed(labelled(photometric), samples))


def _one_sample(values: Integers, photometric: str, dataset: Dataset) -> Bytes:
    if photometric == "PALETTE COLOR":
        return palette_to_rgb(values, dataset)
    if photometric not in {"MONOCHROME1", "MONOCHROME2"}:
        raise NotRenderable("Es fehlen Farbwerte. / Colours need three samples.")
    return to_grey(values, dataset)


def _compressed(picture: Bytes, dataset: Dataset) -> bytes:
    """Return the picture as JPEG with square pixels."""
    image = _square(Image.fromarray(picture), dataset)
    for quality in QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=0, optimize=True)
        if file.tell() <= MAX_PICTURE:
            return file.getvalue()
    raise AttachmentLimit("Das Bild ist zu groß. / The picture is too large.")


def _square(image: Image.Image, dataset: Dataset) -> Image.Image:
    """Return the image stretched to square pixels."""
    high, wide = _aspect(dataset)
    if high == wide:
        return image
    columns, rows = image.size
    if high > wide:
        rows = round(rows * high / wide)
    else:
        columns = round(columns * wide / high)
    check_size(rows, columns, len(image.getbands()))
    return image.resize((columns, rows), Image.Resampling.BICUBIC)


def _aspect(dataset: Dataset) -> tuple[int, int]:
    """Return height and width of a pixel (PS3.3 C.7.6.3.1.7); square where it makes no sense."""
    value = dataset.get("PixelAspectRatio")
    high, wide = (int(one) for one in value) if value and len(value) == 2 else (1, 1)
    makes_sense = high > 0 and wide > 0 and high != wide and max(high, wide) <= 4 * min(high, wide)
    return (high, wide) if makes_sense else (1, 1)
