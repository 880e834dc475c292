"""What a stored object has to show, and frames of it as a browser shows them, in this process."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from gdtbridge.dataset.encoding import DEFLATED, EXPLICIT_BIG_ENDIAN
from gdtbridge.dataset.jpeg import LABELS
from gdtbridge.pictures.frame_index import MAX_ITEMS, encoded_start, index_frames
from gdtbridge.pictures.frames import (
    chosen_frame,
    decoded_frame,
    frame_index,
    number_of_frames,
    pixel_data_of,
    samples_per_pixel,
)
from gdtbridge.pictures.grey import grey_range, is_stretched, own_window
from gdtbridge.pictures.looking import (
    FrameBatch,
    FrameFacts,
    FrameLook,
    FrameSpan,
    PictureFacts,
    PictureProblem,
    ShownFrame,
)
from gdtbridge.pictures.model import AttachmentLimit, NotRenderable
from gdtbridge.pictures.opened_object import OpenedObject, open_object
from gdtbridge.pictures.painting import GreyEnds, shape_of
from gdtbridge.pictures.picture import shown_frame
from gdtbridge.pictures.speed import CINE_ELEMENTS, PlaybackSpeed, playback_speed
from gdtbridge.pictures.transfer_syntaxes import ALWAYS_LOSSY, VIDEOS, is_decodable

BATCH_BYTES: Final = 8 * 1024 * 1024
"""Bytes of frames that are handed over at a time, or one frame."""
TURN_SECONDS: Final = 1.5
"""After so long what is done is handed over, however much was asked for."""
_COLOURS: Final = frozenset({*LABELS, "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
_MP4: Final = b"ftyp"
"""The first box of a file of ISO/IEC 14496-12, behind its length."""


def describe(path: Path) -> PictureFacts:
    """Return what the object in a file has to show; raise `AttachmentLimit`."""
    try:
        with open_object(path) as source:
            return _described(source)
    except NotRenderable as error:
        return PictureFacts(problem=error.problem)


def show(
    path: Path,
    spans: tuple[FrameSpan, ...],
    look: FrameLook,
    is_loop: bool,  # noqa: FBT001 - by name, from another process
    reference: FrameSpan | None,
) -> FrameBatch:
    """Return the first of some frames as a browser shows them, one at least.

    One that cannot be shown has its problem and stops no other. ``reference`` is the frame that
    says what is black and white where the object does not.
    """
    until, shown, data = time.monotonic() + TURN_SECONDS, list[FrameFacts](), bytearray()
    with open_object(path) as source:
        ends = _ends(source, reference) if reference is not None else None
        for span in spans:
            frame = _shown(source, span, look, ends, is_loop=is_loop)
            shown.append(
                FrameFacts(
                    frame.number,
                    frame.media_type,
                    len(frame.data),
                    frame.columns,
                    frame.rows,
                    frame.is_own,
                    frame.problem,
                )
            )
            data += frame.data
            if len(data) > BATCH_BYTES or time.monotonic() > until:
                break
    return FrameBatch(tuple(shown), bytes(data))


def _shown(
    source: OpenedObject,
    span: FrameSpan,
    look: FrameLook,
    ends: GreyEnds | None,
    *,
    is_loop: bool,
) -> ShownFrame:
    try:
        return shown_frame(source, span, look, is_loop=is_loop, ends=ends)
    except NotRenderable as error:
        problem = error.problem
    except (AttachmentLimit, MemoryError):
        problem = PictureProblem.TOO_LARGE
    except Exception:  # noqa: BLE001 - whatever a frame provokes is about that frame only
        problem = PictureProblem.DAMAGED
    return ShownFrame(span.number, "", b"", 0, 0, is_own=False, problem=problem)


def _ends(source: OpenedObject, reference: FrameSpan) -> GreyEnds | None:
    """Return the least and the greatest value of a frame; None where it cannot be decoded."""
    try:
        values = decoded_frame(source, reference).values
    except (AttachmentLimit, NotRenderable, ValueError, RuntimeError):
        return None
    return int(values.min()), int(values.max())


def _described(source: OpenedObject) -> PictureFacts:
    dataset = source.dataset
    pixel_data_of(source)
    if source.syntax in VIDEOS:
        return _video(source)
    if not is_decodable(source.syntax):
        return PictureFacts(problem=PictureProblem.SYNTAX)
    photometric = str(dataset.get("PhotometricInterpretation") or "")
    if photometric not in _COLOURS:
        return PictureFacts(problem=PictureProblem.COLOURS)
    index, said = frame_index(source), number_of_frames(dataset)
    frames = _native_frames(source, said) if index is None else len(index)
    if not frames:
        return PictureFacts(problem=PictureProblem.DAMAGED)
    size = shape_of(int(dataset.get("Columns") or 0), int(dataset.get("Rows") or 0), dataset)
    is_grey = photometric.startswith("MONOCHROME") and samples_per_pixel(dataset) == 1
    return PictureFacts(
        frames=frames,
        said_frames=said,
        columns=size[0],
        rows=size[1],
        representative=min(chosen_frame(dataset, None), frames),
        speed=_speed(dataset, frames) if frames > 1 else None,
        is_lossy=_is_lossy(source),
        window=own_window(dataset) if is_grey else None,
        grey_range=grey_range(dataset) if is_grey else None,
        needs_reference=is_grey and frames > 1 and is_stretched(dataset),
        spans=b"" if index is None else index.packed(),
        first_frame=pixel_data_of(source).at,
        frame_bytes=_bytes_of_frame(source) if index is None else 0,
    )


def _video(source: OpenedObject) -> PictureFacts:
    """Return what a video is: its stream is all fragments together."""
    index = index_frames(source, 1)
    dataset = source.dataset
    facts = PictureFacts(
        said_frames=number_of_frames(dataset),
        columns=int(dataset.get("Columns") or 0),
        rows=int(dataset.get("Rows") or 0),
        is_lossy=True,
        problem=PictureProblem.VIDEO,
    )
    if not len(index) or encoded_start(source.stream, index.span(1), 8)[4:] != _MP4:
        return facts
    return replace(facts, video="video/mp4", problem="", spans=index.packed())


def _native_frames(source: OpenedObject, said: int) -> int:
    """Return how many whole frames there are of pixel data that is not encapsulated."""
    dataset, pixels = source.dataset, pixel_data_of(source)
    source.stream.seek(0, io.SEEK_END)
    there = min(pixels.length or 0, source.stream.tell() - pixels.at)
    bits = _bits_of_frame(dataset)
    return min(said, there * 8 // bits, MAX_ITEMS) if bits else 0


def _bits_of_frame(dataset: Dataset) -> int:
    """Return the bits of a frame that is not encapsulated."""
    pixels = int(dataset.get("Rows") or 0) * int(dataset.get("Columns") or 0)
    if str(dataset.get("PhotometricInterpretation")) == "YBR_FULL_422":
        return pixels * 16  # two samples for a pixel, of 8 bits
    return pixels * samples_per_pixel(dataset) * int(dataset.get("BitsAllocated") or 8)


def _bytes_of_frame(source: OpenedObject) -> int:
    """Return the bytes of a frame in the file; 0 where it is not there as it is.

    That is where it is deflated, in big endian, or ends within a byte (PS3.5 8.1.1).
    """
    length, rest = divmod(_bits_of_frame(source.dataset), 8)
    return 0 if rest or source.syntax in {*DEFLATED, EXPLICIT_BIG_ENDIAN} else length


def _is_lossy(source: OpenedObject) -> bool:
    said = str(source.dataset.get("LossyImageCompression") or "").strip()
    return said == "01" or source.syntax in ALWAYS_LOSSY


def _speed(dataset: Dataset, frames: int) -> PlaybackSpeed:
    said = {keyword: _numbers(dataset, keyword) for keyword in CINE_ELEMENTS}
    pointer = dataset.get("FrameIncrementPointer")
    try:
        keyword = keyword_for_tag(pointer) if pointer is not None else ""
    except (TypeError, ValueError):  # several, or none
        keyword = ""
    return playback_speed(said, keyword, frames)


def _numbers(dataset: Dataset, keyword: str) -> Sequence[float]:
    """Return the numbers of an element of one value or many; none where one is none."""
    try:
        value = dataset.get(keyword)
        if value is None or value == "":
            return ()
        several = hasattr(value, "__iter__") and not isinstance(value, str)
        return tuple(float(one) for one in (value if several else (value,)))
    except (ArithmeticError, OSError, TypeError, ValueError):
        return ()
