"""Frames of compressed pixel data as native samples (PS3.5 8.1): what a decompressed object holds.

What is lossless stays exactly what it was, colours too; JPEG that thins colours out becomes red,
green and blue, for which every receiver has a place (PS3.3 C.7.6.3.1.2), unless they are to stay
luma and chroma. Samples of a pixel stand together (Planar Configuration 0).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from gdtbridge.dataset.jpeg import LABELS, JpegColours
from gdtbridge.pictures.arrays import Integers
from gdtbridge.pictures.frames import (
    FrameSamples,
    decoded_frame,
    frame_index,
    jpeg_stream,
    number_of_frames,
)
from gdtbridge.pictures.looking import FrameSpan
from gdtbridge.pictures.model import NO_IMAGE, NO_SUCH_FRAME, NativeFrames, NotRenderable
from gdtbridge.pictures.opened_object import OpenedObject, open_object
from gdtbridge.pictures.transfer_syntaxes import JPEG_8_BIT

LUMA_CHROMA: Final = "YBR_FULL"
"""Photometric Interpretation of colours that are luma and chroma, for each pixel."""
BATCH_BYTES: Final = 8 * 1024 * 1024
"""Bytes of frames that are decoded at a time, or one frame."""


@dataclass(frozen=True, slots=True)
class _FrameKind:
    """What all frames of an object have in common."""

    samples: int
    bits: int
    photometric: str
    length: int


def native_frames(path: Path, first: int, most: int = 0, label: str = "") -> NativeFrames:
    """Return the frames of an object from ``first``, counted from 1, up to a batch, or ``most``.

    ``label`` is the Photometric Interpretation the receiver was told: with `LUMA_CHROMA` colours of
    a JPEG stay that. Raises `AttachmentError` for what nobody here decodes, and anything for a bad
    object.
    """
    with open_object(path) as source:
        last = number_of_frames(source.dataset)
        if not 1 <= first <= last:
            raise NotRenderable(NO_SUCH_FRAME)
        last = min(last, first + most - 1) if most else last
        return _batch(_frames(source, first, last, label))


def _batch(frames: Iterator[FrameSamples]) -> NativeFrames:
    data, count, kind = bytearray(), 0, None
    for frame in frames:
        kind = kind or _kind_of(frame)
        if _kind_of(frame) != kind:
            raise NotRenderable("Die Einzelbilder sind verschieden. / The frames differ in kind.")
        data += _little_endian(frame.values).tobytes()
        count += 1
        if len(data) + kind.length > BATCH_BYTES:
            break
    if kind is None:
        raise NotRenderable(NO_IMAGE)
    return NativeFrames(count, kind.samples, kind.bits, kind.photometric, bytes(data))


def _kind_of(frame: FrameSamples) -> _FrameKind:
    values = frame.values
    samples = values.shape[2] if values.ndim == 3 else 1
    return _FrameKind(samples, 8 * values.itemsize, frame.photometric, values.nbytes)


def _little_endian(values: Integers) -> Integers:
    return np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False))


def _frames(source: OpenedObject, first: int, last: int, label: str) -> Iterator[FrameSamples]:
    rows, columns = int(source.dataset.get("Rows") or 0), int(source.dataset.get("Columns") or 0)
    index = frame_index(source)
    for number in range(first, last + 1):
        span = FrameSpan(number) if index is None else index.span(number)
        jpeg_8_bit = source.syntax in JPEG_8_BIT
        frame = _from_jpeg(source, span, label) if jpeg_8_bit else _from_decoder(source, span)
        if frame.values.shape[:2] != (rows, columns):
            raise NotRenderable(
                "Das Bild hat eine andere Größe, als das Objekt sagt. / The image is of another "
                "size than the object says."
            )
        yield frame


def _from_decoder(source: OpenedObject, span: FrameSpan) -> FrameSamples:
    if int(source.dataset.get("BitsAllocated") or 0) == 1:
        raise NotRenderable("Diese Bittiefe gibt es nicht. / Unsupported number of bits.")
    frame = decoded_frame(source, span)
    if frame.photometric == "YBR_FULL_422":  # as decoded no colour is thinned out
        return FrameSamples(frame.values, LUMA_CHROMA)
    return frame


def _from_jpeg(source: OpenedObject, span: FrameSpan, label: str) -> FrameSamples:
    """Return a frame of JPEG Baseline or Extended, colours as red, green and blue or as kept.

    The stream's own marks say which colours it has; without one the label is believed.
    """
    photometric = str(source.dataset.get("PhotometricInterpretation", ""))
    stream = jpeg_stream(source, span)
    colours = stream.colours or LABELS.get(photometric, JpegColours.LUMA_CHROMA)
    keeps_colours = label == LUMA_CHROMA and colours is JpegColours.LUMA_CHROMA
    with Image.open(io.BytesIO(stream.clean(colours)), formats=("JPEG",)) as image:
        if keeps_colours and image.mode == "RGB":
            image.draft("YCbCr", image.size)
        values = np.asarray(image)
    if values.ndim == 3:
        return FrameSamples(values, LUMA_CHROMA if keeps_colours else "RGB")
    # a grey stream of a device that calls all its images coloured
    return FrameSamples(values, "MONOCHROME2" if photometric in LABELS else photometric)
