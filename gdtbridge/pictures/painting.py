"""A frame to an image in its right colours and shape, whatever its transfer syntax."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from gdtbridge.dataset.jpeg import LABELS, JpegCodestream, JpegColours
from gdtbridge.pictures.arrays import Bytes, Integers
from gdtbridge.pictures.colour import believed, labelled, palette_to_rgb, to_rgb
from gdtbridge.pictures.frames import check_size, decoded_frame, jpeg_stream
from gdtbridge.pictures.grey import grey_table, to_grey
from gdtbridge.pictures.looking import (
    AS_STORED,
    WHOLE,
    FrameLook,
    FrameSpan,
    PictureProblem,
    PictureRegion,
)
from gdtbridge.pictures.model import NotRenderable
from gdtbridge.pictures.opened_object import OpenedObject
from gdtbridge.pictures.overlays import draw_overlays, has_overlays
from gdtbridge.pictures.transfer_syntaxes import JPEG_8_BIT

SMALL: Final = 128
"""Pixels that are enough to tell which kind of colours a JPEG has."""

GreyEnds = tuple[int, int]


def jpeg_of(source: OpenedObject, span: FrameSpan) -> JpegCodestream | None:
    """Return a frame of JPEG Baseline or Extended; None for every other."""
    return jpeg_stream(source, span) if source.syntax in JPEG_8_BIT else None


def colours_of(stream: JpegCodestream, dataset: Dataset) -> JpegColours | None:
    """Return the kind of colours of a JPEG; None for grey.

    Where marks in the stream and Photometric Interpretation agree, that is it. Else the marks, then
    the label, are believed as far as the picture, decoded small, lets them be (`colour.believed`).
    """
    if len(stream.components) == 1:
        return None
    label = LABELS.get(str(dataset.get("PhotometricInterpretation")))
    if stream.colours is not None and stream.colours is label:
        return label
    said = stream.colours or label or JpegColours.LUMA_CHROMA
    clean = io.BytesIO(stream.clean(JpegColours.RED_GREEN_BLUE))  # nothing is converted
    with Image.open(clean, formats=("JPEG",)) as image:
        image.draft(None, (SMALL, SMALL))
        return believed(said, np.asarray(image))


def shows_as_it_is(dataset: Dataset) -> bool:
    """Return whether the grey values of a JPEG of one component are shown unchanged."""
    return _photometric(dataset) != "PALETTE COLOR" and bool(
        np.array_equal(grey_table(dataset, 0, 255), np.arange(256))
    )


def painted(
    source: OpenedObject,
    span: FrameSpan,
    look: FrameLook = AS_STORED,
    ends: GreyEnds | None = None,
) -> Image.Image:
    """Return a frame in grey or in red, green and blue, overlays drawn, pixels square.

    ``ends`` are black and white of an object that does not say them (`grey.is_stretched`).
    """
    stream = jpeg_of(source, span)
    if stream is not None:
        return painted_jpeg(source, span, stream, colours_of(stream, source.dataset), look)
    samples = decoded_frame(source, span)
    picture = _picture(samples.values, samples.photometric, source.dataset, look, ends)
    return _finished(picture, source, span, look)


def painted_jpeg(
    source: OpenedObject,
    span: FrameSpan,
    stream: JpegCodestream,
    colours: JpegColours | None,
    look: FrameLook = AS_STORED,
) -> Image.Image:
    """Return a frame that is a JPEG of 8 bits as `painted` does; damage shows here."""
    dataset = source.dataset
    clean = stream.clean(colours or JpegColours.RED_GREEN_BLUE)
    with Image.open(io.BytesIO(clean), formats=("JPEG",)) as image:
        if colours is None:
            photometric = _photometric(dataset)
            picture = _one_sample(np.asarray(image), photometric, dataset, look, None)
            return _finished(picture, source, span, look)
        if look.is_fitted and look.region == WHOLE and not has_overlays(source):
            size = look.size(*shape_of(image.width, image.height, dataset))
            image.draft(None, size)
            return _resized(image, size)
        return _finished(np.asarray(image), source, span, look)


def shape_of(columns: int, rows: int, dataset: Dataset) -> tuple[int, int]:
    """Return columns and rows as if pixels were square; raise `AttachmentLimit` for too many."""
    high, wide = aspect(dataset)
    if high > wide:
        rows = round(rows * high / wide)
    elif wide > high:
        columns = round(columns * wide / high)
    check_size(rows, columns, 3)
    return columns, rows


def aspect(dataset: Dataset) -> tuple[int, int]:
    """Return height and width of a pixel (PS3.3 C.7.6.3.1.7); square where it makes no sense."""
    value = dataset.get("PixelAspectRatio")
    high, wide = (int(one) for one in value) if value and len(value) == 2 else (1, 1)
    makes_sense = high > 0 and wide > 0 and high != wide and max(high, wide) <= 4 * min(high, wide)
    return (high, wide) if makes_sense else (1, 1)


def _finished(
    picture: Bytes, source: OpenedObject, span: FrameSpan, look: FrameLook
) -> Image.Image:
    picture = _cut(draw_overlays(picture, source, span.number), look.region)
    rows, columns = picture.shape[:2]
    size = look.size(*shape_of(columns, rows, source.dataset))
    return _resized(Image.fromarray(picture), size)


def _cut(picture: Bytes, region: PictureRegion) -> Bytes:
    if region == WHOLE:
        return picture
    rows, columns = picture.shape[:2]
    left, top, right, bottom = region.bounds(columns, rows)
    across, down = (-1 if region.is_mirrored else 1), (-1 if region.is_turned_over else 1)
    return np.ascontiguousarray(picture[top:bottom, left:right][::down, ::across])


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        image.load()
        return image
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _photometric(dataset: Dataset) -> str:
    """Return the Photometric Interpretation of a grey stream; some devices call all coloured."""
    photometric = str(dataset.PhotometricInterpretation)
    return "MONOCHROME2" if photometric in LABELS else photometric


def _picture(
    values: Integers, photometric: str, dataset: Dataset, look: FrameLook, ends: GreyEnds | None
) -> Bytes:
    """Return rows and columns of grey, or of red, green and blue."""
    if values.ndim == 2:
        return _one_sample(values, photometric, dataset, look, ends)
    if values.shape[-1] != 3:
        raise NotRenderable(
            "Nur 1 oder 3 Werte je Bildpunkt. / Only 1 or 3 samples per pixel.",
            PictureProblem.BITS,
        )
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    samples = (values >> max(bits - 8, 0)).astype(np.uint8)
    return to_rgb(samples, believed(labelled(photometric), samples))


def _one_sample(
    values: Integers, photometric: str, dataset: Dataset, look: FrameLook, ends: GreyEnds | None
) -> Bytes:
    if photometric == "PALETTE COLOR":
        return palette_to_rgb(values, dataset)
    if photometric not in {"MONOCHROME1", "MONOCHROME2"}:
        raise NotRenderable(
            "Es fehlen Farbwerte. / Colours need three samples.", PictureProblem.COLOURS
        )
    return to_grey(values, dataset, look.window, ends)
