"""One frame of Pixel Data to samples, whatever its transfer syntax (PS3.5 8 and annex A).

Only the wanted frame is read and decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import as_pixel_options

from gdtbridge.dataset import jpeg
from gdtbridge.dataset.errors import UnreadableDataset
from gdtbridge.dataset.jpeg import LABELS, JpegCodestream
from gdtbridge.pictures.arrays import Integers
from gdtbridge.pictures.decoders import decoder_of
from gdtbridge.pictures.frame_index import FrameIndex, encoded, index_frames
from gdtbridge.pictures.looking import FrameSpan, PictureProblem
from gdtbridge.pictures.model import NO_IMAGE, NO_SUCH_FRAME, AttachmentLimit, NotRenderable
from gdtbridge.pictures.opened_object import OpenedObject, PixelData
from gdtbridge.pictures.transfer_syntaxes import DECODERS

MAX_SAMPLES: Final = 40_000_000
"""Samples of one frame; a colour photograph of 13 megapixels."""


@dataclass(frozen=True, slots=True)
class FrameSamples:
    """A decoded frame: its values, and Photometric Interpretation after decoding."""

    values: Integers
    photometric: str


def number_of_frames(dataset: Dataset) -> int:
    """Return Number of Frames (0028,0008), 1 where missing or senseless."""
    return max(int(dataset.get("NumberOfFrames") or 1), 1)


def samples_per_pixel(dataset: Dataset) -> int:
    """Return Samples per Pixel (0028,0002), by the kind of colours where missing."""
    implied = 3 if str(dataset.get("PhotometricInterpretation")) in LABELS else 1
    return int(dataset.get("SamplesPerPixel") or implied)


def chosen_frame(dataset: Dataset, frame: int | None) -> int:
    """Return the frame to show, counted from 1; raise `NotRenderable` for one there is not.

    Without ``frame``: Representative Frame Number, else the middle frame, because a loop may begin
    on the way to the view and end on the way off.
    """
    frames = number_of_frames(dataset)
    if frame is None:
        stands_for = int(dataset.get("RepresentativeFrameNumber") or 0)
        return stands_for if 1 <= stands_for <= frames else (frames + 1) // 2
    if not 1 <= frame <= frames:
        raise NotRenderable(NO_SUCH_FRAME, PictureProblem.NO_FRAME)
    return frame


def frame_index(source: OpenedObject) -> FrameIndex | None:
    """Return where the frames are; None for pixel data that is not encapsulated."""
    if pixel_data_of(source).length is not None:
        return None
    return index_frames(source, number_of_frames(source.dataset))


def span_of(source: OpenedObject, frame: int) -> FrameSpan:
    """Return where a frame is, counted from 1; raise `NotRenderable` for one there is not.

    Of pixel data that is not encapsulated the length says later whether it is there.
    """
    index = frame_index(source)
    return FrameSpan(frame) if index is None else index.span(frame)


def jpeg_stream(source: OpenedObject, span: FrameSpan) -> JpegCodestream:
    """Return a frame of JPEG Baseline or Extended taken apart; raise `AttachmentError`.

    It has one component or three, of 8 bits; nobody here decodes 12.
    """
    try:
        stream = jpeg.parse_codestream(encoded(source.stream, span))
    except UnreadableDataset as error:
        raise NotRenderable(str(error)) from error
    check_size(stream.rows, stream.columns, len(stream.components))
    if len(stream.components) not in {1, 3} or stream.precision != 8:
        raise NotRenderable(
            "Dieses JPEG wird nicht unterstützt. / Unsupported kind of JPEG.", PictureProblem.BITS
        )
    return stream


def decoded_frame(source: OpenedObject, span: FrameSpan) -> FrameSamples:
    """Return the samples of a frame; raise `AttachmentError` for what nobody here decodes.

    JPEG Baseline and Extended are not decoded here (`jpeg_stream`).
    """
    dataset, pixels = source.dataset, pixel_data_of(source)
    decoder = DECODERS.get(source.syntax)
    if decoder is None:
        raise NotRenderable(
            "Diese Kompression wird nicht unterstützt. / Unsupported transfer syntax.",
            PictureProblem.SYNTAX,
        )
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    samples = samples_per_pixel(dataset)
    check_size(rows, columns, samples)
    if dataset.get("BitsAllocated") not in ({8, 16} if samples > 1 else {1, 8, 16}):
        raise NotRenderable(
            "Diese Bittiefe gibt es nicht. / Unsupported number of bits.", PictureProblem.BITS
        )
    if pixels.length is not None and str(dataset.PhotometricInterpretation) == "YBR_FULL_422":
        return _thinned_colours(source, span.number)
    options = _frame_options(source)
    stream: BinaryIO | bytes = source.stream
    if pixels.length is None:
        stream = encapsulate([encoded(source.stream, span)])
        options["number_of_frames"] = 1
        options.pop("extended_offsets", None)
    else:
        source.stream.seek(pixels.at)
    values, properties = decoder_of(source.syntax, decoder).as_array(
        stream,
        index=0 if pixels.length is None else span.number - 1,
        raw=True,
        decoding_plugin=decoder,
        **options,
    )
    return FrameSamples(values, str(properties["photometric_interpretation"]))


def check_size(rows: int, columns: int, samples: int) -> None:
    """Raise `AttachmentLimit` for a frame too big to decode, `NotRenderable` for none."""
    if min(rows, columns, samples) < 1:
        raise NotRenderable("Das Bild hat keine Fläche. / The image has no pixels.")
    if rows * columns * samples > MAX_SAMPLES:
        raise AttachmentLimit("Das Bild ist zu groß. / The image is too large.")


def pixel_data_of(source: OpenedObject) -> PixelData:
    """Return where the pixels are; raise `NotRenderable` where there are none."""
    if source.pixel_data is None:
        raise NotRenderable(
            NO_IMAGE,
            PictureProblem.NO_PICTURE,
        )
    return source.pixel_data


def _frame_options(source: OpenedObject) -> dict[str, Any]:
    """Return pydicom's options of a frame; what devices forget is filled in."""
    pixels = pixel_data_of(source)
    options = as_pixel_options(source.dataset)
    options.setdefault("pixel_representation", 0)
    options.setdefault("planar_configuration", 0)
    options["samples_per_pixel"] = samples_per_pixel(source.dataset)
    options.setdefault("bits_stored", options.get("bits_allocated"))
    options["pixel_keyword"] = "PixelData"
    if pixels.vr:
        options["pixel_vr"] = pixels.vr
    return options


def _thinned_colours(source: OpenedObject, frame: int) -> FrameSamples:
    """Return a frame of uncompressed YBR_FULL_422 (PS3.3 C.7.6.3.1.2) with chroma for each pixel.

    The standard wants an even width. Of an odd one the last pair of a row is either whole, or its
    second luma is the next row's first. A frame with three bytes for each pixel is not thinned out,
    whatever it is called.
    """
    dataset, pixels = source.dataset, pixel_data_of(source)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    pairs = (columns + 1) // 2
    room = (pixels.length or 0) // number_of_frames(dataset)
    if room >= 3 * rows * columns:
        values = np.frombuffer(_bytes(source, frame, 3 * rows * columns), np.uint8)
        return FrameSamples(values.reshape(rows, columns, 3), "YBR_FULL")
    whole_pairs = room >= 4 * pairs * rows
    length = 4 * pairs * rows if whole_pairs else 2 * (rows * columns + rows * columns % 2)
    packed = np.frombuffer(_bytes(source, frame, length), np.uint8).reshape(-1, 4)
    values = np.empty((len(packed), 2, 3), np.uint8)
    values[..., 0] = packed[:, :2]
    values[..., 1:] = packed[:, np.newaxis, 2:]
    if whole_pairs:
        values = values.reshape(rows, 2 * pairs, 3)[:, :columns]
    else:
        values = values.reshape(-1, 3)[: rows * columns].reshape(rows, columns, 3)
    return FrameSamples(values, "YBR_FULL")


def _bytes(source: OpenedObject, frame: int, length: int) -> bytes:
    """Return the bytes of an uncompressed frame of 8 bits; raise `NotRenderable` if cut off."""
    pixels = pixel_data_of(source)
    if int(source.dataset.BitsAllocated) != 8:
        raise NotRenderable(
            "Nur 8 Bit je Farbe. / Only 8 bits for each sample.", PictureProblem.BITS
        )
    source.stream.seek(pixels.at + (frame - 1) * length)
    data = source.stream.read(length)
    if len(data) < length:
        raise NotRenderable("Das Bild ist abgeschnitten. / The image is cut off.")
    is_swapped = pixels.vr == "OW" and not source.dataset.original_encoding[1]
    return np.frombuffer(data, ">u2").astype("<u2").tobytes() if is_swapped else data
